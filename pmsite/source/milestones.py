"""What a timeline's entries say about when the incident began and ended, where nothing stated says otherwise."""

import itertools
import re
from collections.abc import Iterable
from datetime import timedelta

from pmsite.archive.incident import Precision, Timestamp
from pmsite.source import kinds
from pmsite.source.clock import LONGEST, Times, Told
from pmsite.source.facts import Fact
from pmsite.source.lengths import length_in
from pmsite.source.timeline import Found, Timeline

_BEGAN = re.compile(
    r"\b(start of (?:the )?(?:incident|outage)|(?:incident|outage|impact|disruption|issue|problem|downtime|failure)s? (?:was |were )?(?:start(?:s|ed)?|began|begins|initiated|occurr?ed|occurs)\b|(?:site|service|system|api|website|server|app|application|platform|database)s? (?:is |was |went |goes |go |were |are )+(?:hard )?(?:down|offline|unavailable)\b|^outage\W*$)|^発生\b",
    re.IGNORECASE,
)
_OVER = re.compile(
    r"\b((?:incident|outage|issue|problem|bug|everything)s? (?:is |was |were |has been |have been |now |officially |successfully |fully |declared )*(?:resolved|closed|fixed|over|ends?|ended)\b|(?:service|services|system|systems|site|website|functionality|access|operation|operations|traffic|restoration|api|application|platform|server|servers)\b.{0,40}\b(?:restored|recovered|restoration|back (?:up|online|to normal)|returned to normal|running normally|normal operation)\b|full(?:y)? (?:service )?(?:restor\w+|recover\w+|operational)\b|fully (?:restored|recovered|resolved)|(?:end of|end to) (?:the |this )?(?:incident|outage)|(?:incident|outage) to an end|^resolved\b|(?:normal|stable) (?:performance|operation|operations|service)\b.{0,20}(?:restored|resumed|returned)|back (?:up|online|to normal)\b|marked (?:as )?resolved)|^復旧\b",
    re.IGNORECASE,
)
_FAILING = re.compile(
    r"\b(detect\w*|alert\w*|alarm\w*|down|outage|fail\w*|error\w*|expire\w*|report\w*|unavailab\w*|slow|latency|crash\w*|issue|problem|discover\w*|notic\w*|spike\w*|degrad\w*|incident)\b",
    re.IGNORECASE,
)
_RIGHT = re.compile(
    r"\b(resolv\w*|restor\w*|recover\w*|fixed|back|normal\w*|working|online|operational|closed|confirmed|completed?|stable|running|able to|successful\w*|all clear|mitigated|deployed|validated)\b",
    re.IGNORECASE,
)
# An entry this many seconds from a stated time is the one that it speaks of.
_NEAR = 900
_NEGATED = re.compile(
    r"\b(?:no|not|nothing|never|without)\b[^,;]{0,60}\b(?:detect|identif|found|alert|declar)", re.IGNORECASE
)
_DETECTED = re.compile(
    r"\b((?:issue|incident|outage|problem|fault|failure|error|anomaly)s? (?:was |were |is |first |initially )*(?:detected|discovered|noticed)|alerts? (?:was |were )?(?:fired|fires|triggered|received|raised|detected|sent)|(?:monitoring|alerting)\b.{0,40}\b(?:detect\w*|alert\w*|trigger\w*|flag\w*|fir\w+)|detected\b|first report|pag(?:ed|ers?)\b)|^検知\b",
    re.IGNORECASE,
)
_MARKS = (
    ("detected", _DETECTED),
    ("declared", re.compile(r"\b(?:incident (?:was |is )?declared|declar\w+ (?:an |a |the )?incident)\b(?! (?:as |to be |is |was |fully |officially )*(?:mitigated|resolved|over|closed|contained|fixed|ended|finished|done))", re.IGNORECASE)),
    ("acknowledged", re.compile(r"\backnowledg(?:es|ed) (?:the |an )?(?:alert|alarm|page|incident)|(?:alert|alarm|page|incident) (?:was |is )?acknowledged", re.IGNORECASE)),
    ("identified", re.compile(r"\b(?:root )?cause (?:was |is |has been )?(?:identified|found|determined|discovered|located)\b(?! (?:later|afterwards))|(?:identified|found|determined|discovered) (?:the |as the )?(?:root )?cause|^原因特定\b", re.IGNORECASE)),
    ("mitigated", re.compile(r"\b(?:incident|impact|outage|issue|problem) (?:was |is |has been |fully |declared )*mitigated|mitigation (?:complete|confirmed|in place)", re.IGNORECASE)),
)  # fmt: skip


# Customers who complain, and people who see what goes on: "found" and "discovered" are said of causes too.
_COMPLAINED = re.compile(
    r"\b(?:customers?|users?|clients?|students)\b (?:[a-z]+ ){0,4}(?:report\w*|complain\w*|notic\w+)|\bcomplaints?\b|\b(?:tickets?|reports?) (?:[a-z]+ ){0,2}from (?:[a-z]+ ){0,2}(?:users?|customers?|clients?|students)\b",
    re.IGNORECASE,
)
# Whoever mends it knows of it already.
_MENDED = re.compile(
    r"\b(?:fix(?:ed|es)?|hotfix|mitigat\w+|workaround|revert\w*|roll(?:ed|ing|s)? ?back|rollback)\b",
    re.IGNORECASE,
)
_SEEN = re.compile(r"\b(?:notic\w+|observ\w+|spotted)\b", re.IGNORECASE)


def detecting(timeline: Timeline) -> tuple[str, Found] | None:
    """How the incident was detected, as the entry says that tells of it: `alert`, `customer-report` and so on.

    An entry that does not speak of detection in so many words counts only before any other tells of a failure.
    """
    is_first = True
    for entry in timeline.entries:
        text = entry.event[:160]
        if _NEGATED.search(text):
            continue
        if not _DETECTED.search(text) and _MENDED.search(text):
            return None
        kind = kinds.detection(text)
        if _DETECTED.search(text):
            return (kind, entry) if kind else None
        if is_first and (
            (kind == "customer-report" and _COMPLAINED.search(text))
            or (kind == "staff-noticed" and _SEEN.search(text))
        ):
            return kind, entry
        if _OVER.search(text):
            return None
        is_first = is_first and not _FAILING.search(text)
    return None


def from_timeline(times: Times, timeline: Timeline, facts: list[Fact]) -> None:
    entries = [entry for entry in timeline.entries if entry.has_clock and entry.is_dated]
    for name, mark in _MARKS:
        if name in times.told:
            continue
        for entry in entries:
            if mark.search(entry.event[:160]) and not _NEGATED.search(entry.event[:160]):
                _tell(times, name, entry)
                break
    if len(entries) < 2 or times.clocks is not None:
        return
    first, last = entries[0], entries[-1]
    began = next((entry for entry in entries if _BEGAN.search(entry.event[:200])), None)
    over = next((entry for entry in reversed(entries) if _OVER.search(entry.event[:300])), None)
    if "started" in times.told or "resolved" in times.told or "mitigated" in times.told:
        return
    if _by_statistics(times, entries, facts):
        return
    seconds = times.said.length.seconds if times.said else None
    if seconds is not None and times.said is not None:
        ends = ((began, over), (first, over), (began, last), (first, last))
        exact = (
            (entry, end)
            for end in (over, last)
            if end is not None and (end is over or _RIGHT.search(end.event))
            for entry in entries
            if abs(_apart(entry, end) - seconds) <= 60
        )
        stretch = (
            _agreeing(ends, seconds, vague=False)
            or next(exact, None)
            or (_agreeing(ends, seconds, vague=True) if times.said.length.is_vague else None)
        )
        if stretch is not None:
            _tell(times, "started", stretch[0])
            _tell(times, "resolved", stretch[1])
            return
        if began is not None:
            _tell(times, "started", began)
        return
    if began is None and _FAILING.search(first.event[:200]) and _is_whole(entries):
        began = first
    if over is not None and over not in entries[-3:]:
        over = None
    elif over is None and _RIGHT.search(last.event) and _is_whole(entries):
        over = last
    if began is not None and over is not None and 0 < _apart(began, over) <= LONGEST.total_seconds():
        _tell(times, "started", began)
        _tell(times, "resolved", over)


def _agreeing(
    ends: Iterable[tuple[Found | None, Found | None]], seconds: int, *, vague: bool
) -> tuple[Found, Found] | None:
    """The first two entries that lie as far apart as is said."""
    return next(
        ((start, end) for start, end in ends if start and end and agrees(_apart(start, end), seconds, vague)),
        None,
    )


def _is_whole(entries: list[Found]) -> bool:
    """Whether entries follow one another within days: not a release days before, nor a fix weeks after."""
    walls = [entry.wall for entry in entries if entry.wall is not None]
    in_order = all(earlier <= later for earlier, later in itertools.pairwise(walls))
    return (
        in_order
        and walls[-1] - walls[0] <= timedelta(days=14)
        and all(
            later - earlier <= timedelta(hours=24) or len(walls) == 2
            for earlier, later in itertools.pairwise(walls)
        )
    )


def _by_statistics(times: Times, entries: list[Found], facts: list[Fact]) -> bool:
    """`Time to detection: 88 minutes` and `Time to recovery: 122 minutes`: the entries that lie so far apart."""
    if times.said is None or times.said.length.seconds <= 0:
        return False
    detect = next(
        (length for fact in facts if fact.kind == "to_detect" and (length := length_in(fact.value))), None
    )
    if detect is None:
        return False
    for start in entries:
        ends = [
            entry for entry in entries if agrees(_apart(start, entry), times.said.length.seconds, True, 1200)
        ]
        seen = [entry for entry in entries if agrees(_apart(start, entry), detect.seconds, False)]
        if ends and (seen or detect.seconds < 60):
            _tell(times, "started", start)
            stated = times.said.length.seconds
            told = next(
                (end for end in ends if abs(_apart(start, end) - stated) <= 60 and _RIGHT.search(end.event)),
                None,
            )
            if told is not None:
                _tell(times, "resolved", told)
            elif abs(_apart(start, entries[-1]) - stated) <= 300:
                _tell(times, "resolved", entries[-1])
            if seen:
                nearest = min(
                    (abs(_apart(start, entry) - detect.seconds), number) for number, entry in enumerate(seen)
                )
                if nearest[0] <= _NEAR:
                    _tell(times, "detected", seen[nearest[1]])
            return True
    return True


def _tell(times: Times, name: str, entry: Found) -> None:
    assert entry.moment is not None and entry.wall is not None
    precision = Precision.APPROXIMATE if entry.moment.is_vague else Precision.EXACT
    at = Timestamp(entry.wall, entry.offset, precision)
    times.told[name] = Told(at, entry.moment, entry.line, entry.line.text[:120])


def _apart(first: Found, last: Found) -> float:
    return (last.wall - first.wall).total_seconds() if first.wall and last.wall else -1


def agrees(measured: float, stated: float, vague: bool, slack: float = 0) -> bool:
    """Within 10 % or five minutes; a quarter where the author says "about"."""
    apart = abs(measured - stated)
    return measured > 0 and (
        apart <= 300 or apart <= slack or apart <= (0.25 if vague else 0.1) * max(measured, stated)
    )
