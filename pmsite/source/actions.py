"""Action items in prose: lists, boxes to tick, tables, headings and plain lines of sections about what is to be done."""

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from pmsite.archive.incident import ActionItem, ActionStatus, ActionType
from pmsite.source.blocks import Line, wrapped
from pmsite.source.fields import closed
from pmsite.source.moments import moments
from pmsite.source.synonyms import ACTION_STATUS_SYNONYMS, ACTION_TYPE_SYNONYMS

MAX_ITEMS = 200
_VERBS = """
    add adopt adjust alert allow analyze analyse apply assign audit automate avoid back block build change check
    clean collect communicate conduct configure consider continue coordinate create cut decide define delete deploy
    design develop disable discuss distribute document don't do double drain educate enable encourage enforce engage
    enhance ensure establish evaluate examine execute expand explore extend finalize find fix follow formalize get
    give hold identify implement improve include increase inform install integrate introduce invest investigate keep
    learn limit log look maintain make migrate modify monitor move notify optimize optimise organize patch perform
    plan prepare prevent prioritize provide provision publish put raise read rebuild reconfigure record reduce
    refactor refine remove rename replace require research resize restrict rethink review revise rewrite roll rotate
    run scale schedule secure send separate set setup share simplify split standardize start stop strengthen switch
    take teach test tighten track train tune turn update upgrade use validate verify work write
    """
_IMPERATIVE = frozenset(_VERBS.split())
_MODAL = re.compile(r"\b(should|must|needs? to|will be|shall|ought to|have to|has to)\b", re.IGNORECASE)
_CLOSING = re.compile(
    r"(by (address|implement|learn|tak|follow|do|keep|apply|analy|conduct|understand)\w*ing|with (these|this|the above)|in (conclusion|summary|light of)|overall|this (post-?mortem|incident|report|document|experience|script)"
    r"|these (measures|actions|steps|improvements|changes|tasks|corrective)|we (apologi[sz]e|hope|remain|believe|are committed|deeply|regret)|thank|remember|going forward|moving forward|finally, we|https?:"
    r"|to (prevent|avoid|address|ensure|mitigate|minimi[sz]e|reduce|improve) .*(:|follow\w*|measures?\b.*|steps\b.*|actions\b.*)$|in order to\b.*:?$|the following|as a result|it('s| is) (important|crucial)|here is|note:?\b|conclusion)",
    re.IGNORECASE,
)
_EMPTY = re.compile(
    r"\W*(n/?a|none|nothing|tbd|to be (determined|done)|todo|-|\.{3}|no (further )?actions?.{0,30}|\{\{\s*\w*\s*\}\}.{0,40}|[^.]{0,200}\?)\W*\Z",
    re.IGNORECASE,
)
_INLINE = re.compile(
    r"(?:corrective (?:and|&) prevent(?:at)?ive (?:measures|actions)|action items|to-?do|next steps)\s*:\s*(?=\S)",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"\W{0,3}\d{1,2}[.)]\s")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
# Sections whose name says that what they list is to be done; the others may tell what was.
_TO_DO = re.compile(
    r"action|follow|to-?do|task|next|prevent|improve|recommend|correct|plan|future|forward|アクション|防止|改善",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"\W*(?:(?:we|i|they)(?: have|'ve| also| then)? )?(?:(?!need|embed|feed|speed|proceed|seed|shed)[a-z]{2,}ed|ran|made|wrote|built|took|set up|rebuilt|sent|found) ",
    re.IGNORECASE,
)
_TICKET = re.compile(r"\b[A-Z][A-Z0-9]{1,9}-\d{1,6}\b|(?<![\w&])#\d{2,7}\b|\b(?:issues|pull)/\d{1,7}\b")
_OWNER = re.compile(
    r"[\s(\[]*\b(?:owner|assignee|assigned to|responsible)\s*[:=]\s*([^;,)\]|]{2,60})", re.IGNORECASE
)
_MENTIONED = re.compile(r"(?<!\S)\(?(@[A-Za-z0-9][\w.-]{0,38})\)?\W{0,2}\Z")
_DUE = re.compile(r"\b(?:due|deadline|eta)(?: by| on| date)?\s*[:=]?\s", re.IGNORECASE)
_COLUMNS = (
    ("status", r"status|ステータス|状態|state|done|progress|complete"),
    ("owner", r"owner|assigne|responsib|who|team|lead|担当|담당"),
    ("due", r"due|deadline|date|eta|target|by when|when|期限|기한"),
    ("ticket", r"ticket|issue|bug|link|jira|tracking|pr\b|reference|github"),
    ("type", r"type|kind|category|カテゴリ|種別"),
    ("priority", r"prio|severity|p\b"),
    (
        "title",
        r"action|task|item|what|description|measure|todo|follow|improvement|title|step|アクション|対策|조치|내용",
    ),
)
_COLUMN = re.compile(
    "|".join(rf"(?P<{name}>\W*(?:\w+ )?(?:{words}))" for name, words in _COLUMNS), re.IGNORECASE
)
_DONE_MARK = re.compile(r"\s*(?:✅|☑️?|✔️?|\[x\])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FoundAction:
    """An action item and the line that it stands in."""

    line: Line
    item: ActionItem


def find_actions(lines: list[Line], first_day: bool | None) -> list[FoundAction]:
    """The action items of a document, each text once."""
    scopes = list(_scopes(lines))
    is_listed = any(line.kind in ("item", "row") for scope in scopes for line in scope)
    found = [one for scope in scopes for one in _of_scope(scope, first_day, is_listed)]
    found += _inline(lines)
    if not found and not any(line.section == "actions" for line in lines):
        found += _lessons(lines)
    unique: dict[str, FoundAction] = {}
    for one in found:
        if one.line.is_done is not None or _EMPTY.match(one.item.title) is None:
            unique.setdefault(one.item.title.casefold().rstrip("."), one)
    return list(unique.values())[:MAX_ITEMS]


def _scopes(lines: list[Line]) -> Iterator[list[Line]]:
    """Stretches below one heading or label of a section about actions; the heading comes first."""
    scope: list[Line] = []
    for line in lines:
        if line.section != "actions" or line.kind == "heading" or line.is_label or _is_group(line):
            if len(scope) > 1:
                yield scope
            scope = [line] if line.section == "actions" else []
        else:
            scope.append(line)
    if len(scope) > 1:
        yield scope


def _is_group(line: Line) -> bool:
    """A plain line that names what the lines below it are: `Specific tasks:`."""
    return (
        line.kind == "text"
        and not line.depth
        and len(line.text) < 60
        and line.text.endswith(":")
        and line.text.count(" ") < 7
    )


def _of_scope(scope: list[Line], first_day: bool | None, is_listed: bool) -> list[FoundAction]:
    heading = scope[0]
    is_done = "completed" in heading.text.lower() or "(done)" in heading.text.lower()
    rows = [line for line in scope if line.kind == "row"]
    if rows:
        return _from_rows(rows, next((line for line in scope if line.kind == "head"), None), first_day)
    items = [line for line in scope if line.kind == "item"]
    if items:
        if _tells(scope, items, is_done):
            return []
        return [_found(line, is_done, _whole(line, scope)) for line in _leaves(_listed(items, scope))]
    if heading.kind == "heading" and _NUMBERED.match(heading.text) and heading.depth > 2:
        return [FoundAction(heading, ActionItem(_NUMBERED.sub("", heading.text, count=1)))]
    units = list(_plain(scope))
    if is_listed and sum(
        _begins_with_verb(text) or _LABELLED.match(text) is not None for _, text in units
    ) * 2 <= len(units):
        return []  # where there are lists, running text beside them is no list
    return [_found(line, is_done, text) for line, text in units]


def _tells(scope: list[Line], items: list[Line], is_done: bool) -> bool:
    """Whether a list is part of a story of what was done: among paragraphs that tell it, or all in the past tense."""
    if any(line.is_done is not None for line in items):
        return False
    if is_done:
        return sum(line.kind == "text" and _NARRATIVE.match(line.text) is not None for line in scope) > 1
    if _TO_DO.search(scope[0].text):
        return False
    return 2 * sum(
        _PAST.match(line.text) is not None and not _LABELLED.match(line.text) for line in items
    ) > len(items)


def _whole(line: Line, lines: list[Line]) -> str:
    """The text of an item, whose author may have broken it into lines."""
    own = wrapped(lines, line.number - lines[0].number)
    if own and line.lead == line.text and own[0].text[:1].isupper():
        return line.text  # its name, and below it what is to be said about it
    return " ".join(one.text for one in (line, *own))


def _listed(items: list[Line], scope: list[Line]) -> list[Line]:
    """The items, less those of lists that an item's own text leads up to: `We plan to add alerts around:`."""
    details = set()
    for last, line in itertools.pairwise(items):
        above = scope[line.number - scope[0].number - 1]
        if line.list != last.list and above is not last and above.depth and above.text.endswith(":"):
            details.add(line.list)
    return [line for line in items if line.list not in details]


def _leaves(items: list[Line]) -> Iterator[Line]:
    """Items that say what to do: those with a text of their own, and below a label what it is a label of."""
    inside: int | None = None
    for place, line in enumerate(items):
        if inside is not None and line.depth > inside:
            continue
        inside = None
        following = items[place + 1] if place + 1 < len(items) else None
        has_children = following is not None and following.depth > line.depth
        if has_children and (
            line.text.rstrip().endswith(":")
            or line.is_label
            or line.lead.rstrip(": ") == line.text.rstrip(": ")
        ):
            continue
        if line.text.rstrip().endswith(":") and not has_children and line.text.count(" ") < 4:
            continue
        if has_children and not _is_flat(line, itertools.islice(items, place + 1, None)):
            inside = line.depth
        yield line


def _is_flat(line: Line, following: Iterable[Line]) -> bool:
    """Whether the items below an item are tasks beside it, one blank too far to the right: all of them sentences that
    begin with a verb, as it does.
    """
    below = itertools.takewhile(lambda other: other.depth > line.depth, following)
    return all(_begins_with_verb(one.text) and one.text.endswith(".") for one in (line, *below))


def _plain(scope: list[Line]) -> Iterator[tuple[Line, str]]:
    """Lines and paragraphs without any mark of a list, less those that introduce or conclude."""
    units = [
        unit
        for unit in _units([line for line in scope[1:] if line.kind == "text"])
        if not (unit[1].endswith(":") or _CLOSING.match(unit[1].lstrip("* ")))
    ]
    if len(units) > 1 and not _is_running_text(units):
        yield from units
        return
    for line, text in units:
        sentences = _SENTENCE.split(text)
        if all(_begins_with_verb(sentence) for sentence in sentences):
            yield from ((line, sentence) for sentence in sentences)
        elif len(sentences) == 1 and (_MODAL.search(text) or _LABELLED.match(text)):
            yield line, text


_LABELLED = re.compile(r"[A-Z][\w '/&-]{2,48}:\s")


def _is_running_text(units: list[tuple[Line, str]]) -> bool:
    """Paragraphs of several sentences that tell, and do not list."""
    listed = sum(
        bool(_LABELLED.match(text))
        or _begins_with_verb(text)
        or (len(_SENTENCE.split(text)) == 1 and not _NARRATIVE.match(text))
        for _, text in units
    )
    return listed * 2 <= len(units)


_NARRATIVE = re.compile(
    r"(we|i|it|this|that|they|most|in|as|while|although|our|chia|after|since|because|there)\b", re.IGNORECASE
)


def _units(lines: list[Line]) -> Iterator[tuple[Line, str]]:
    """Each line, or a paragraph as one where its lines were broken to fit a width."""
    block: list[Line] = []
    for line in [*lines, None]:
        if block and (line is None or line.block != block[0].block):
            if _is_wrapped(block):
                yield block[0], " ".join(other.text for other in block)
            else:
                yield from ((other, other.text) for other in block)
            block = []
        if line is not None:
            block.append(line)


def _is_wrapped(block: list[Line]) -> bool:
    if len(block) < 2:
        return False
    broken = sum(
        not line.text.endswith((".", "!", "?", ":", ";")) and following.text[:1].islower()
        for line, following in itertools.pairwise(block)
    )
    return broken * 2 >= len(block) - 1


def _begins_with_verb(text: str) -> bool:
    bare = text.lstrip("*_ ->•").split(None, 2)
    first = bare[0].strip(".,:;*_'").lower() if bare else ""
    if (
        first in ("to", "please", "also", "regularly", "automatically", "periodically", "finally", "finally,")
        and len(bare) > 1
    ):
        first = bare[1].strip(".,:;*_'").lower()
    return first in _IMPERATIVE


def _inline(lines: list[Line]) -> Iterator[FoundAction]:
    """`... Corrective and preventative measures: ...` in the middle of a line."""
    for line in lines:
        if line.kind != "text" or ":" not in line.text or line.section == "actions":
            continue
        found = _INLINE.search(line.text)
        if found is None or not found.start():
            continue
        text = line.text[found.end() :]
        if _begins_with_verb(text) or _MODAL.search(text):
            yield _found(line, False, text)


def _lessons(lines: list[Line]) -> list[FoundAction]:
    """Lessons that are all told as something to do, where nothing else is."""
    items = [line for line in lines if line.section == "lessons" and line.kind == "item" and line.depth == 1]
    if len(items) < 2 or not all(_begins_with_verb(line.text) for line in items):
        return []
    return [_found(line, False, _whole(line, lines)) for line in items]


def _found(line: Line, is_done: bool, text: str = "") -> FoundAction:
    text = text or line.text
    status = (
        ActionStatus.DONE
        if line.is_done or is_done
        else ActionStatus.UNKNOWN
        if line.is_done is None
        else ActionStatus.OPEN
    )
    if (mark := _DONE_MARK.match(text)) is not None:
        text, status = text[mark.end() :].strip(), ActionStatus.DONE
    elif text[:3] in ("[ ]", "[] "):
        text, status = text[3:].strip(), ActionStatus.OPEN
    text = text.lstrip("-–•* ").strip()
    owner = _OWNER.search(text) or _MENTIONED.search(text)
    ticket = _TICKET.search(text)
    return FoundAction(
        line,
        ActionItem(
            text, owner=owner[1].strip() if owner else "", status=status, ticket=ticket[0] if ticket else ""
        ),
    )


def _from_rows(rows: list[Line], head: Line | None, first_day: bool | None) -> list[FoundAction]:
    columns: dict[str, int] = {}
    for number, name in enumerate(head.cells if head else ()):
        if (found := _COLUMN.match(name)) is not None and found.lastgroup:
            columns.setdefault(found.lastgroup, number)
    if "title" not in columns:
        taken = set(columns.values())
        widths = {
            number: sum(len(row.cells[number]) for row in rows if number < len(row.cells))
            for number in range(max(len(row.cells) for row in rows))
            if number not in taken
        }
        if not widths:
            return []
        columns["title"] = max(widths, key=lambda number: widths[number])
    return [FoundAction(row, item) for row in rows if (item := _of_row(row, columns, first_day)) is not None]


def _of_row(row: Line, columns: dict[str, int], first_day: bool | None) -> ActionItem | None:
    def cell(name: str) -> str:
        number = columns.get(name, -1)
        text = row.cells[number].strip() if 0 <= number < len(row.cells) else ""
        return "" if text.lower() in ("-", "–", "—", "n/a", "tbd", "none", "?") else text

    title = cell("title")
    if not title:
        return None
    return ActionItem(
        title,
        owner=cell("owner"),
        due=_due(cell("due"), first_day),
        status=_status(cell("status")),
        type=closed(cell("type"), ActionType, ACTION_TYPE_SYNONYMS) if cell("type") else None,
        priority=cell("priority"),
        ticket=cell("ticket"),
    )


def _status(text: str) -> ActionStatus:
    bare = re.sub(r"[^\w' -]", "", text).strip()
    if text.startswith(("✅", "☑", "✔")):
        return ActionStatus.DONE
    return (
        closed(bare, ActionStatus, ACTION_STATUS_SYNONYMS) or ActionStatus.UNKNOWN
        if bare
        else ActionStatus.UNKNOWN
    )


def _due(text: str, first_day: bool | None) -> date | None:
    found = moments(text[:80], day_first=first_day) if text else []
    return found[0].day.on() if found and found[0].day is not None else None
