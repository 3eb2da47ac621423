"""Labelled facts: `**Duration:** 90 min`, `Start time: ...`, `| Severity | High |`, and labels with the text below them."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from pmsite.source.blocks import Line, joined, wrapped
from pmsite.source.sections import is_section_name

MAX_BELOW = 8
MAX_FACTS = 300
_OF = r"(?: (?:of|to|for) (?:the )?(?:outage|incident|impact|issue|event|problem|downtime))?"
_WHAT = r"(?:(?:outage|incident|impact|issue|event|problem|service|fault|total|approximate|estimated|overall) ){0,2}"
_KINDS = (
    (
        "started",
        rf"{_WHAT}(?:start(?:ed|s|ing)?|began|begins?|beginning|onset|occurred|occurs)(?:[ -]?(?:time|date|at|on|date and time))?{_OF}|time (?:of )?(?:start|occurrence)|time started|from",
    ),
    ("mitigated", rf"{_WHAT}(?:mitigated|repaired)(?:[ -]?(?:time|date|at|on))?|time mitigated"),
    (
        "resolved",
        rf"{_WHAT}(?:end(?:ed|s|ing)?|finish(?:ed)?|resolved|restored|recovered|fixed|closed)(?:[ -]?(?:time|date|at|on))?{_OF}|time (?:of )?(?:resolution|resolved)|(?:resolution|recovery|restoration) time|until|to",
    ),
    (
        "duration",
        rf"{_WHAT}(?:duration|down ?time|outage time|length)(?:[ -]?time)?{_OF}|time to (?:repair|recover(?:y)?|restore|restoration|mitigate|mitigation)|ttr|how long(?: did it last)?",
    ),
    ("to_resolve", r"time to (?:resolve|resolution)|mttr"),
    ("to_detect", r"time to (?:detect(?:ion)?)|ttd|mttd"),
    (
        "detected",
        rf"(?:first |initially )?{_WHAT}(?:detected|discovered|noticed)(?:[ -]?(?:time|date|at|on))?|detection (?:time|date)|time of detection",
    ),
    ("declared", r"(?:incident )?declared(?: at| on)?"),
    ("acknowledged", r"(?:incident )?acknowledged(?: at| on)?"),
    (
        "date",
        rf"{_WHAT}dates?(?: and time| ?/ ?time)?{_OF}|when|date of (?:the )?(?:incident|outage|event)|day",
    ),
    (
        "severity",
        r"(?:incident |impact )?(?:severity|sev|priority)(?: level| rating)?|sev(?:erity)? ?/ ?priority",
    ),
    ("status", r"(?:document |postmortem |post-mortem |report )?status"),
    ("title", r"(?:incident |postmortem |report )?(?:title|name)"),
    ("number", r"(?:(?:incident|post-?mortem|report|reference|case)[ -](?:id|number|no\.?|nr\.?|#))|id"),
    ("ticket", r"ticket (?:id|number)"),
    (
        "percent",
        r"(?:percentage|percent|share|proportion|%)(?: of)? (?:the )?(?:affected )?(?:users?|customers?)(?: (?:affected|impacted))?|(?:users?|customers?) (?:affected|impacted)",
    ),
    (
        "impact",
        rf"(?:{_WHAT}|user |customer |users? and )?impact(?:s)?(?: on .{{2,30}}| summary| statement)?|symptoms?",
    ),
    (
        "cause",
        r"(?:the )?(?:primary |main )?root[- ]?causes?(?: explanation| analysis| summary| details?)?|causes?",
    ),
    (
        "resolution",
        r"(?:final |incident )?(?:resolution|solution|fix|recovery)(?: details?| steps?| summary| and recovery)?|how (?:it )?(?:was )?(?:fixed|resolved)",
    ),
    (
        "detection",
        r"(?:issue |incident )?detection(?: method| source)?|detected by|identified(?: by)?|how (?:was it |it was )?detected|method|reported by",
    ),
    ("trigger", r"triggers?|triggered by"),
    (
        "services",
        r"(?:affected |impacted )(?:services?|systems?|components?|products?|applications?)|(?:services?|systems?|components?|products?|applications?)(?: (?:affected|impacted|involved))?",
    ),
    ("summary", r"(?:incident |issue |executive )?summary|tl;?dr|overview"),
    ("authors", r"authors?|written by|prepared by"),
)
# Labels in Japanese, which archives were found in.
_JAPANESE = {
    "発生日時": "started", "発生時刻": "started", "開始日時": "started", "検知日時": "detected", "検知時刻": "detected",
    "復旧日時": "resolved", "復旧時刻": "resolved", "解決日時": "resolved", "終了日時": "resolved", "影響時間": "duration", "影響期間": "duration",
    "障害時間": "duration", "継続時間": "duration", "重大度": "severity", "深刻度": "severity", "ステータス": "status",
    "検知方法": "detection", "概要": "summary", "影響": "impact", "根本原因": "cause", "インシデントid": "number",
    "インシデント番号": "number", "障害番号": "number",
}  # fmt: skip
_KIND = re.compile("|".join(rf"(?P<{kind}>(?:{names}))" for kind, names in _KINDS), re.IGNORECASE)
# Labels of running text, which may go on in the next line.
_TEXTS = frozenset(("summary", "impact", "cause", "resolution", "detection", "trigger"))
# `Label: value` at a line's beginning; `-` and `=` only with blanks around them.
_LABEL = re.compile(
    r"[\W_]{0,6}([^\W\d_][^:：\n|]{0,44}?)[ *_`]{0,4}(?:[:：;]|[ ](?:[-–—=]|is)[ ])[\s*_:`-]{0,4}"
)
# Labels that stand within a line, behind another one's value or glued to a heading.
_WITHIN = re.compile(
    r"(?:(?<=[\s,;.()])|(?<=[a-z.)])(?=[A-Z]))"
    r"((?:(?i:(?:outage |incident )?(?:start|end) ?time)|Duration of the Outage|Impact|Root [Cc]ause|Duration|Resolution))[ *_]{0,3}[:：][\s*_]{0,3}"
)
_KEY_EVENT = re.compile(
    r"\W{0,4}((?:first |fault |incident )?(?:detected|occurs|declared|repaired|resolved|mitigated|started|acknowledged))\b[:\s*]{1,4}(?=\d)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Fact:
    """A label's kind, the value beside or below it, and where the value stands."""

    kind: str
    label: str
    value: str
    line: Line
    # The lines below, where the value does not stand beside its label.
    below: tuple[Line, ...] = ()

    @property
    def lines(self) -> tuple[Line, ...]:
        return self.below or (self.line,)


@lru_cache(maxsize=2048)
def kind_of(label: str) -> str:
    """What a label means, or nothing."""
    bare = label.strip(" \t*_`:;.-–—()[]#").removeprefix("The ").removeprefix("the ")
    found = _KIND.fullmatch(bare)
    return found.lastgroup or "" if found is not None else _JAPANESE.get(bare.lower(), "")


def facts(lines: list[Line]) -> list[Fact]:
    """The labelled values of a document in order, those that a timeline or a list of actions holds left out."""
    found: list[Fact] = []
    for line in lines:
        if line.section in ("actions", "lessons") or (line.kind == "code" and line.section != "summary"):
            continue
        found += _of_line(line, lines)
        if len(found) > MAX_FACTS:
            break
    return found


def _of_line(line: Line, lines: list[Line]) -> Iterator[Fact]:
    text = line.text
    if line.kind in ("row", "head"):
        if len(line.cells) == 2 and (kind := kind_of(line.cells[0])) and line.section != "timeline":
            yield Fact(kind, line.cells[0], line.cells[1], line)
        return
    if line.kind == "heading":
        if (kind := kind_of(text)) and not is_section_name(text):
            yield from _below(kind, text, line, lines)
        return
    if (event := _KEY_EVENT.match(text)) is not None and line.section != "timeline":
        label = event[1]
        kind = "started" if "occurs" in label.lower() else kind_of(label)
        yield Fact(kind, label, text[event.end() :], line)
        return
    label = (
        _LABEL.match(text)
        if ":" in text or "：" in text or ";" in text or " - " in text or " – " in text or " — " in text
        else None
    )
    if label is None:
        bare = text.strip(" *_")
        if len(bare) < 40 and (line.lead or line.is_label) and (kind := kind_of(bare)):
            yield from _below(kind, bare, line, lines)
        return
    kind = kind_of(label[1])
    value = text[label.end() :]
    if kind and value:
        if kind in _TEXTS:
            own = itertools.takewhile(
                lambda other: not other.lead and not _LABEL.match(other.text), wrapped(lines, line.number)
            )
            value = " ".join((value, *(other.text for other in own)))
        yield Fact(kind, label[1], value, line)
    elif kind:
        yield from _below(kind, label[1], line, lines)
    if line.section in ("summary", "facts", "") and len(text) > label.end():
        for within in _WITHIN.finditer(text, 1, 1500):
            if (inner := kind_of(within[1])) and within.start() > 0:
                following = _WITHIN.search(text, within.end())
                yield Fact(
                    inner, within[1], text[within.end() : following.start() if following else 1500], line
                )


def _below(kind: str, label: str, line: Line, lines: list[Line]) -> Iterator[Fact]:
    """The value of a label that stands alone: the lines below it up to the next label or heading."""
    below: list[Line] = []
    for other in lines[line.number + 1 : line.number + 1 + MAX_BELOW]:
        if other.kind in ("heading", "row", "head") or other.is_label:
            break
        if line.kind == "item" and other.kind == "item" and other.depth <= line.depth:
            break
        if (label_of := _LABEL.match(other.text)) is not None and kind_of(label_of[1]):
            if kind in ("duration", "date"):
                pass
            break
        if other.text.endswith(":") and len(other.text) < 60:
            break
        below.append(other)
    if below:
        yield Fact(kind, label, joined(below)[:2000], line, tuple(below))
