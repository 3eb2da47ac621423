"""Dates, clock times and zones as people write them in prose.

`moments` finds them in a line: `Oct 7, 2023, 10:00 AM (UTC)`, `2:20 PM (UTC) on May 8, 2024`, `2023-10-07T10:00Z`,
`13:20pm`, `1200 hours`. What is not there stays None: a clock without a date, a date without a year, no zone.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from pmsite.source.fields import FIRST_YEAR, LAST_YEAR
from pmsite.source.zones import Zoned, zone_of

# Longer lines are looked at up to here: a time that matters stands near a line's beginning.
MAX_LINE = 2000
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:r?uary|raury)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_YEAR = r"(?:19|20|21)\d\d"
_ORDINAL = r"(?:st|nd|rd|th)?"
_TOKEN = re.compile(
    rf"(?P<iso>(?<![\d.-])(?P<y>{_YEAR})[-/.](?P<m>\d{{1,2}})[-/.](?P<d>\d{{1,2}})(?![\d-]))"
    rf"|(?P<east>(?P<y3>{_YEAR})[年년][ ]?(?P<m3>\d{{1,2}})[月월][ ]?(?P<d3>\d{{1,2}})[日일])"
    rf"|(?P<mdy>(?<![a-z])(?P<mon1>{_MONTH})\.?[ ]{{0,2}}(?P<d1>\d{{1,2}})(?:(?:st|nd|rd|th)\b|(?![\d:]))"
    rf"(?:[ ]?[-–][ ]?\d{{1,2}}{_ORDINAL}(?![\d:]))?(?:,?[ ]{{0,2}}(?P<y1>{_YEAR})(?!\d))?)"
    rf"|(?P<dmy>(?<![\d:.])(?P<d2>\d{{1,2}}){_ORDINAL}[ ]{{0,2}}(?:of[ ])?(?P<mon2>{_MONTH})(?![a-z])\.?"
    rf"(?:,?[ ]{{0,2}}(?P<y2>{_YEAR})(?!\d))?)"
    rf"|(?P<num>(?<![\d./-])(?P<a>\d{{1,2}})(?P<mark>[-/.])(?P<b>\d{{1,2}})(?P=mark)(?P<y4>{_YEAR}|\d\d)(?![\d/-]|\.\d))"
    r"|(?P<clock>(?<![\d.,:/])(?P<hour>\d{1,2})(?:(?::|h(?=\d\d(?!\d)))(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d{1,9})?)?(?!\d)"
    r"(?:[ ]?(?P<half>[ap]\.?m\b\.?|(?<=\d)[ap]\b))?|(?:\.(?P<minute2>\d\d))?[ ]?(?P<half2>[ap]\.?m\b\.?)))"
    r"|(?P<hours>(?<![\d.,:/])(?P<hh>[01]\d|2[0-3])(?P<mm>[0-5]\d)[ ]?(?:hours|hrs)\b)",
    re.IGNORECASE,
)
# What a date or a time cannot do without, quickly looked for: most lines hold neither.
_HINT = re.compile(
    r"\d(?:[:.h]\d\d|[-/.]\d{1,2}[-/.]\d|[年년]| ?(?:[AaPp]\.?[Mm]\b|hours|hrs|Hrs|Hours|HRS))"
    r"|[JFMASONDjfmasond](?:an|eb|ar|pr|ay|un|ul|ug|ep|ct|ov|ec|AN|EB|AR|PR|AY|UN|UL|UG|EP|CT|OV|EC)[A-Za-z]{0,7}\.? {0,2}\d"
    r"|\d(?:st|nd|rd|th)? {0,2}(?:of )?[JFMASONDjfmasond](?:an|eb|ar|pr|ay|un|ul|ug|ep|ct|ov|ec)"
)
# What may stand between a date and a clock time that belong together, and between a time and the date after it.
_TO_CLOCK = re.compile(
    r"(?:[\s,;/@|T*`_([–-]{0,6}(?:(?:at|around|about|from|between|by|circa|ca\.?|approx(?:\.|imately)?)\s{1,2})?[~≈]?|[\s,]{0,2}at roughly\s)\Z",
    re.IGNORECASE,
)
_VAGUE = re.compile(
    r"(?:[~≈]|\b(?:roughly|around|about|circa|ca\.?|approx(?:\.|imately)?)\s)\Z", re.IGNORECASE
)
_VAGUE_BEHIND = re.compile(r"\s?(?:頃|ごろ|前後|以前|以降)")
_TO_DATE = re.compile(
    r"(?:\s{0,2}(?:hrs|hours|h)\.?)?[\s,)(\]]{0,4}(?:on\s{1,2}|of\s{1,2})?(?:the\s)?(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}[,.]?\s{0,2})?\Z",
    re.IGNORECASE,
)
_TO_END = re.compile(r" ?[−-]\d\d:\d\d")
_ISO_DATE = re.compile(rf"{_YEAR}-\d\d-\d\d[ T]\Z")
_COMPACT = re.compile(r"[ T](?P<hour>[01]\d|2[0-3])(?P<minute>[0-5]\d)(?![\d:.-])")


@dataclass(frozen=True, slots=True)
class DayOf:
    """A date as written; `year` is None where none is written, `other` the month where 07/10 may also be October 7."""

    year: int | None
    month: int
    day: int
    is_ambiguous: bool = False

    def on(self, year: int | None = None) -> date | None:
        """The day of the calendar, in the given year where none is written."""
        known = self.year or year
        try:
            return date(known, self.month, self.day) if known is not None else None
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day in seconds since midnight.

    `half` is False for `10:00`, which may be of either half of the day; `is_twelve` is True for `10:00 AM`.
    """

    seconds: int
    half: bool
    is_twelve: bool = False


@dataclass(frozen=True, slots=True)
class Moment:
    """A date, a time of day, or both, with the zone if one is written; where it stands in its line."""

    start: int
    end: int
    day: DayOf | None = None
    clock: Clock | None = None
    zone: Zoned | None = None
    is_vague: bool = False

    def wall(self, day: date) -> datetime:
        """The wall clock's reading on a day."""
        seconds = self.clock.seconds if self.clock else 0
        return datetime(day.year, day.month, day.day, seconds // 3600, seconds % 3600 // 60, seconds % 60)


def moments(text: str, *, day_first: bool | None = None) -> list[Moment]:
    """The dates and times of a line, in order; `day_first` says how `07/10/2023` is meant, None leaves it out."""
    text = text[:MAX_LINE]
    if _HINT.search(text) is None:
        return []
    found: list[Moment] = []
    for token in _TOKEN.finditer(text):
        if token.start() < (found[-1].end if found else 0):
            continue
        one = _moment(token, text, day_first)
        if one is None:
            continue
        last = found[-1] if found else None
        if last is not None and (joined := _joined(last, one, text[last.end : one.start])) is not None:
            found[-1] = joined
        else:
            found.append(one)
    return found


def _moment(token: "re.Match[str]", text: str, day_first: bool | None) -> Moment | None:
    start, end = token.span()
    kind = token.lastgroup
    if token["clock"] is not None or token["hours"] is not None:
        clock = _clock(token)
        if clock is None:
            return None
        zone = zone_of(text, end) if not _is_range(token, text) else None
        vague = (
            _VAGUE.search(text, max(0, start - 16), start) is not None
            or _VAGUE_BEHIND.match(text, zone.end if zone else end) is not None
        )
        return Moment(start, zone.end if zone else end, None, clock, zone, vague)
    day = _day(token, day_first)
    if day is None:
        return None
    if token["iso"] is not None and (compact := _COMPACT.match(text, end)) is not None:
        seconds = int(compact["hour"]) * 3600 + int(compact["minute"]) * 60
        zone = zone_of(text, compact.end())
        return Moment(start, zone.end if zone else compact.end(), day, Clock(seconds, True), zone)
    assert kind is not None
    return Moment(start, end, day)


def _is_range(token: "re.Match[str]", text: str) -> bool:
    """`17:00-18:00` is a stretch of time; `2024-03-05T17:00-08:00` and `17:00:00-08:00` state an offset."""
    if token["second"] is not None or _TO_END.match(text, token.end()) is None:
        return False
    return _ISO_DATE.match(text, max(0, token.start() - 11), token.start()) is None or (
        text[token.start() - 1] != "T" and text[token.end()] != " "
    )


def _day(token: "re.Match[str]", day_first: bool | None) -> DayOf | None:
    if token["iso"] is not None:
        return _checked(int(token["y"]), int(token["m"]), int(token["d"]))
    if token["east"] is not None:
        return _checked(int(token["y3"]), int(token["m3"]), int(token["d3"]))
    if token["mdy"] is not None:
        year = int(token["y1"]) if token["y1"] else None
        return _checked(year, _month(token["mon1"]), int(token["d1"]))
    if token["dmy"] is not None:
        year = int(token["y2"]) if token["y2"] else None
        return _checked(year, _month(token["mon2"]), int(token["d2"]))
    first, second, year = int(token["a"]), int(token["b"]), int(token["y4"])
    year += 2000 if year < 100 else 0
    if first > 12 and second <= 12:
        return _checked(year, second, first)
    if second > 12 and first <= 12:
        return _checked(year, first, second)
    if first == second:
        return _checked(year, first, second)
    if day_first is None:
        return None
    return _checked(year, second, first) if day_first else _checked(year, first, second)


def _month(name: str) -> int:
    return _MONTHS.index(name[:3].lower()) + 1


def _checked(year: int | None, month: int, day: int) -> DayOf | None:
    if year is not None and not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    try:
        date(year or 2000, month, day)
    except ValueError:
        return None
    return DayOf(year, month, day)


def _clock(token: "re.Match[str]") -> Clock | None:
    if token["hours"] is not None:
        return Clock(int(token["hh"]) * 3600 + int(token["mm"]) * 60, True)
    hour, minute = int(token["hour"]), int(token["minute"] or token["minute2"] or 0)
    second = int(token["second"] or 0)
    half = (token["half"] or token["half2"] or "")[:1].lower()
    if half == "p" and hour < 12:
        hour += 12
    elif half == "a" and hour == 12:
        hour = 0
    elif token["minute"] is None and hour > 12:
        return None
    if hour > 24 or minute > 59 or second > 59 or (hour == 24 and minute + second):
        return None
    return Clock((hour % 24) * 3600 + minute * 60 + second, bool(half) or hour > 12, bool(half))


def _joined(last: Moment, one: Moment, between: str) -> Moment | None:
    """A date and the time after it, or a time and the date after it, as one."""
    is_bare = (last.day is None or last.clock is None) and (one.day is None or one.clock is None)
    if is_bare and last.day is not None and one.clock is not None and _TO_CLOCK.match(between):
        vague = one.is_vague or "~" in between or "≈" in between
        return Moment(last.start, one.end, last.day, one.clock, one.zone, vague)
    if is_bare and last.clock is not None and one.day is not None and _TO_DATE.match(between):
        return Moment(last.start, one.end, one.day, last.clock, last.zone or one.zone, last.is_vague)
    return None


def day_first(texts: Iterable[str]) -> bool | None:
    """How a document means `07/10/2023`: by those of its dates that can only be meant one way. None if none decides."""
    text = "\n".join(texts)
    if _THREE_NUMBERS.search(text) is None:
        return None
    numbers = ((int(found[1]), int(found[3])) for found in _NUMERIC.finditer(text))
    votes = {first > 12 for first, second in numbers if (first > 12) != (second > 12)}
    return votes.pop() if len(votes) == 1 else None


_THREE_NUMBERS = re.compile(r"\d[-/.]\d{1,2}[-/.]\d\d")
_NUMERIC = re.compile(rf"(?<![\d./-])(\d{{1,2}})([-/.])(\d{{1,2}})\2(?:{_YEAR}|\d\d)(?![\d/-]|\.\d)")
