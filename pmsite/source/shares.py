"""How many an incident hit: the share of users or requests, their number."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pmsite.source.blocks import Line
from pmsite.source.facts import Fact

_USERS = r"(?:user|customer|client|visitor|player|subscriber|employee|student|people|consumer|account)\w*"
_PERCENT = re.compile(
    rf"(?<![\w.,%])(?P<percent>\d{{1,3}}(?:\.\d{{1,2}})?)\s?(?:%|percent\b)(?P<between>[^.%\d]{{0,40}}?)\b(?P<of>{_USERS}|user ?base|requests?|traffic|evaluations?|transactions?|sessions?|latency)",
    re.IGNORECASE,
)
_AFFECTED_PERCENT = re.compile(
    rf"{_USERS}(?: \w+){{0,3}}?[:\s]{{1,3}}(?:approximately|about|around|roughly|~)?\s{{0,2}}(?P<percent>\d{{1,3}}(?:\.\d{{1,2}})?)\s?(?:%|percent\b)",
    re.IGNORECASE,
)
_ALL_USERS = re.compile(
    rf"\b(?:affect\w*|impact\w*|caus\w+|prevent\w*|for|leaving|to|and)\s+(?:all|every|100 ?%)(?: of)?(?: (?:the|our|its))?(?: (?:active|external|online|web|site))?\s{_USERS}\b(?! (?:in|of|on|using|with|from|who|whose)\b)|\ball (?:of )?(?:the |our )?{_USERS} (?:were|was|are|could|had|experienced|lost)",
    re.IGNORECASE,
)
_COUNT = re.compile(
    rf"(?<![\w.,>])(?P<count>\d{{1,3}}(?:,\d{{3}})+|\d{{2,9}})\+? (?:(?:of )?(?:our |the )?(?:active |registered |affected |unique |paying )?)(?P<of>{_USERS}(?! (?:request|ticket|report|complaint|each))|(?:user |failed |http )?requests?)\b",
    re.IGNORECASE,
)
_HIT = re.compile(r"affect|impact|experienc|unable|could not|couldn't|lost|fail|disrupt|saw\b", re.IGNORECASE)
_NOT_HIT = re.compile(
    r"\b(?:not|un|never|isn't|weren't|target|slo|uptime|availability|increase|decrease|drop|improv\w+|reduc\w+)\b[^.]{0,24}\Z",
    re.IGNORECASE,
)

_LABELLED = re.compile(r"(\d{1,3}(?:\.\d+)?)\s?(?:%|percent)")
_OF_OTHERS = re.compile(
    r"\b(request|traffic|latency|session|error|time|uptime|availability|success)s?\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Share:
    """A share of users or of requests, in percent, and the line that says so."""

    percent: float
    of: str
    line: Line
    text: str


def stated_shares(lines: list[Line], known: list[Fact]) -> Iterator[Share]:
    """Shares of what was hit, the surest first: labelled ones, those of sentences, "all users"."""
    for fact in known:
        if fact.kind == "percent" and (found := _LABELLED.search(fact.value[:80])):
            yield Share(float(found[1]), "users", fact.lines[0], fact.value)
    where = _telling(lines)
    told = [share for line in where if "%" in line.text or "percent" in line.text for share in _shares(line)]
    users = [share for share in told if share.of == "users"]
    # Of several shares of users the first is that of the whole only if it is the largest.
    if users and users[0].percent == max(share.percent for share in users):
        yield users[0]
    elif told and not users and len({share.percent for share in told}) == 1:
        yield told[0]
    for line in where:
        if _ALL_USERS.search(line.text):
            yield Share(100.0, "users", line, line.text)


def stated_counts(lines: list[Line]) -> Iterator[tuple[str, int, Line]]:
    """Numbers of `users` and of `requests` that were hit."""
    for line in _telling(lines):
        for count in _COUNT.finditer(line.text[:2000]) if _HIT.search(line.text) else ():
            name = "requests" if "request" in count["of"].lower() else "users"
            yield name, int(count["count"].replace(",", "")), line


def _telling(lines: list[Line]) -> list[Line]:
    return [
        line
        for line in lines
        if line.section in ("", "summary", "impact", "facts")
        and (line.section != "" or line.number < 14)
        and line.kind != "head"
    ]


def _shares(line: Line) -> Iterator[Share]:
    for found in (*_PERCENT.finditer(line.text[:2000]), *_AFFECTED_PERCENT.finditer(line.text[:2000])):
        before = line.text[max(0, found.start() - 40) : found.start()]
        if _NOT_HIT.search(before):
            continue
        groups = found.groupdict()
        of = (groups.get("of") or "users").lower()
        between = (groups.get("between") or "").lower()
        if _OF_OTHERS.search(between):
            of = "requests" if "request" in between else "other"
        if of.startswith(("request", "evaluation", "transaction")):
            yield Share(float(found["percent"]), "requests", line, line.text)
        elif of not in ("other", "traffic", "session", "sessions", "latency"):
            yield Share(float(found["percent"]), "users", line, line.text)
