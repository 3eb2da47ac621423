"""Which section of a postmortem each line stands in: by headings, bold lines, and plain lines that name a section."""

import re
from functools import lru_cache

from pmsite.source.blocks import Line

# Names of sections, in the languages that archives were found in. The first that matches the beginning counts.
_NAMES = (
    (
        "timeline",
        r"(incident |event |outage |detailed |full |the )*time ?line( of (the )?(events?|incident|outage))?\b|chronology|sequence of events"
        r"|タイムライン|타임라인|时间线|時系列|cronolog[ií]a|l[ií]nea de tiempo|chronologie|zeitverlauf|zeitleiste",
    ),
    # What was done is told, and is nothing to do.
    (
        "done",
        r"what (we|i|they|was|has been|have we|did we) (did|done|do)\b.*|what (we|i) have done\b.*|what we've done\b.*"
        r"|((immediate|remediation|recovery|response|mitigation) )?(actions?|steps|measures) (that were |we )?taken( during .*| so far| to (fix|resolve|mitigate|recover|restore)\b.*)?$",
    ),
    (
        "actions",
        r"(\w+ )?action (items?|points?|plan)|(resulting|review|remediation|remedial|corrective|preventat?ive|follow[- ]?up|immediate|long[- ]term|short[- ]term|future)"
        r" (and preventat?ive )?(actions?|improvements?|measures?|tasks?|steps?|fix(es)?|changes|work)\b"
        r"|corrective\b|preventat?ive\b|preventat?ion\b|prevention\b|(suggested |recommended )?next steps|follow[- ]?ups?\b|to[- ]?dos?\b"
        r"|(specific |list of |a list of |remediation |the )?tasks?( list| to (address|be|do|fix|resolve)\b.*)?$"
        r"|(specific|list of|a list of) (tasks|actions|measures)\b.*|(general |suggested |proposed |potential )?improvements?\b.*"
        r"|can be (improved|fixed)\b.*|things (to|that can be) (improve|fix).*|remediations?\b|recommendations?\b"
        r"|measures (against|to|for)\b.*|measures taken to (prevent|avoid)\b.*|actions? (taken )?(to prevent|going forward)\b.*|what (will we|we will|are we going to) do\b.*"
        r"|how (do|will|can) we prevent\b.*|future (work|prevention|plans?)|moving forward|going forward$|actions?$"
        r"|アクション|再発防止|改善(?!が必要|すべき|点)|恒久対策|재발 ?방지|后续|改进|maßnahmen|prevenci[oó]n|acciones|mesures (correctives|pr[ée]ventives)|actions correctives",
    ),
    (
        "summary",
        r"(issue|incident|executive|event|outage|general|brief|the )?[ -]?(summary|overview|synopsis|abstract)\b|tl;?dr|概要|サマリー|摘要|요약|resumen|r[ée]sum[ée]\b|zusammenfassung",
    ),
    (
        "cause",
        r"(the )?(primary |main |underlying |blameless |technical )?root[- ]?causes?\b|causes?\b|根本原因|原因|근본 ?원인|확정 원인|원인|根因|ursache|causa|cause racine|root of the problem|the root cause",
    ),
    (
        "resolution",
        r"resolution\b|recovery\b|resolved$|(the |permanent |temporary |immediate )?(fix|solution|mitigation)\b|how (it|was it|the (issue|incident)) (was )?(fixed|resolved)\b.*|해결|조치|対応(?!の評価)|soluci[oó]n|lösung",
    ),
    (
        "impact",
        r"((user|customer|business|service|client)s? )?impact\b|affected (services?|users|systems?|customers)|影響|영향|影响|impacto|auswirkung|what was affected",
    ),
    (
        "detection",
        r"(issue |time of |incident )?detection\b|how (was it|it was|was the issue|the issue was|did we find out)\b.*|identified$|検知",
    ),
    ("trigger", r"trigger\b"),
    (
        "lessons",
        r"lessons?\b|(key )?(takeaways?|learnings?)|what (went|did we learn|we learned|worked|didn't)\b.*|where we got (lucky|unlucky)|things that went\b.*|what's next|교훈|教訓|対応の評価|うまくい|運が|改善が必要|改善すべき|改善点",
    ),
    (
        "facts",
        r"stats\b|statistics|metrics|key (events|facts|details|information)|incident (details?|information|metadata|facts)|details$|duration\b|metadata",
    ),
    (
        "other",
        r"conclusions?\b|outcomes?$|authors?\b|references?\b|resources\b|requirements\b|background\b|(general )?context\b|attendees|atendees"
        r"|participants|appendix|contributing factors?|introduction|contact|acknowledge?ments?|files\b|links?$|related\b|glossary|license"
        r"|status$|incident status|sign-?off|scope|learning objectives|tasks$|contributing$|example\b|reporting|communication|カテゴリの説明|参考|関連|寄与要因|five whys",
    ),
)
_SECTION = re.compile("|".join(rf"(?P<{kind}>{names})" for kind, names in _NAMES), re.IGNORECASE)
_NUMBERING = re.compile(r"[\W_]*(?:(?:\d{1,2}|[ivx]{1,4})[.):][\s.]*)?[\W_]*")
_EMOJI_NAME = re.compile(r":[a-z0-9_+-]{2,40}:")
_TAIL = re.compile(r"[\W_]+\Z")
MAX_NAME = 90
MAX_LABEL = 48


@lru_cache(maxsize=2048)
def named(text: str) -> str:
    """The kind of section that a heading names, or nothing."""
    bare = _TAIL.sub("", _NUMBERING.sub("", _EMOJI_NAME.sub("", text[:MAX_NAME]), count=1))
    found = _SECTION.match(bare)
    return found.lastgroup or "" if found is not None else ""


@lru_cache(maxsize=2048)
def is_section_name(text: str) -> bool:
    """Whether a line is the name of a section and nothing more: `Timeline:`, `Root cause and resolution`."""
    if len(text) > MAX_LABEL:
        return False
    bare = _TAIL.sub("", _NUMBERING.sub("", _EMOJI_NAME.sub("", text), count=1))
    found = _SECTION.match(bare)
    if found is None or found.lastgroup == "done":
        return False  # within a timeline that is a step of it
    rest = bare[found.end() :]
    return not rest or _REST.fullmatch(rest) is not None


# What may follow a section's name in the line that is its heading.
_REST = re.compile(
    r"(?:\s*(?:[,/&+-]|and|of|to|the|for|in|on|all|times?|are|this|that|what|we|these|explanation|details?|analysis"
    r"|needed|required|resolution|recovery|root|causes?|preventat?ive|prevention|corrective|measures?|actions?|items?|steps"
    r"|improvements?|fix(?:es|ed)?|tasks?|list|issues?|incident|outage|events?|utc|gmt|[a-z]{2,4}t|address|learned|learnt|summary"
    r"|impact|users?|reliability|taken|statement|follow-?ups?|plan|proposed|specific|problem|\([^()]{0,40}\)))+",
    re.IGNORECASE,
)


# Sections that were meant as headings and run into their text: `Issue SummaryDuration of the outage: ...`.
_GLUED = re.compile(
    r"(Issue Summary|Root Cause and Resolution|Corrective and Prevent(?:at)?ive Measures|Timeline|Impact|Root Cause|Resolution)(?=[A-Z][a-z])"
)
# Levels below those of headings: a label in the text, and labels in lists by their depth.
_LABEL_LEVEL, _LIST_LEVEL = 7, 8


def divide(found: list[Line]) -> None:
    """Give each line the kind of its section.

    A heading's kind holds for everything below it, headings of lower rank included, unless they name a kind of their
    own. Bold and plain lines that are a section's name count as headings below all real ones.
    """
    stack: list[tuple[int, str]] = []
    is_timed = False
    for line in found:
        if line.kind == "heading":
            level, kind = line.depth, named(line.text)
        elif line.kind in ("text", "item") and _is_label(line) and not _continues(line, stack, is_timed):
            level, kind = _LIST_LEVEL + line.depth if line.depth else _LABEL_LEVEL, named(line.text)
            line.is_label = True
        elif line.kind == "text" and line.text.endswith(":") and _introduces(line.text):
            level, kind = _LABEL_LEVEL, named(line.text)
            line.is_label = True
        elif (
            line.kind == "text" and line.text[:1] in "IRCT" and (glued := _GLUED.match(line.text)) is not None
        ):
            level, kind = _LABEL_LEVEL, named(glued[1])
        else:
            # What stands beside a label of a list, or below the list, is no longer the label's.
            above = (
                _LIST_LEVEL + line.depth if line.kind == "item" else _LIST_LEVEL + 1 if not line.depth else 99
            )
            while stack and stack[-1][0] >= above:
                stack.pop()
            line.section = stack[-1][1] if stack else ""
            is_timed = is_timed or line.text[:1].isdigit()
            continue
        while stack and stack[-1][0] >= level:
            stack.pop()
        stack.append((level, kind or (stack[-1][1] if stack else "")))
        line.section = stack[-1][1]
        is_timed = False


def _is_label(line: Line) -> bool:
    """Whether a line stands as a heading: the name of a section, and not a sentence's last words."""
    text = line.text
    return is_section_name(text) and (
        bool(line.lead) or (text[-1] != "." and not text.lstrip("_* #0123456789.)-")[:1].islower())
    )


def _introduces(text: str) -> bool:
    """`Corrective actions: the team proposes several solutions:`."""
    name, _, rest = text.partition(":")
    return bool(rest) and is_section_name(name)


def _continues(line: Line, stack: list[tuple[int, str]], is_timed: bool) -> bool:
    """Within a timeline of labels, `Resolution:` is one of them."""
    return (
        bool(stack)
        and stack[-1][1] == "timeline"
        and not is_timed
        and line.text.rstrip(" :").count(" ") < 2
        and named(line.text) in ("resolution", "detection", "impact")
    )
