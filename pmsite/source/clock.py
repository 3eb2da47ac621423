"""Times that a document tells, and how its words become timestamps: with the document's day and zone where a moment
has none of its own, and with what one end of a stretch of time lends to the other.
"""

import itertools
import re
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from pmsite.archive.incident import Doubt, Precision, Timestamp
from pmsite.source.blocks import Line
from pmsite.source.lengths import Length
from pmsite.source.moments import Moment, moments
from pmsite.source.zones import Zoned

HALF_DAY = 12 * 3600
LONGEST = timedelta(days=60)
# What stands between the two ends of a stretch: a dash or "to", or a few words that speak of the end.
_RANGE = re.compile(
    r"\W*(?:[-–—~→〜～]|\b(?:to|until|till|through|up to))\W*(?:\w+\W+){0,3}\Z"
    r"|\W*(?:\w+\W+){0,4}(?:until|till|ending|ended|ends?|end time|finish\w*|resolved|restored|recover\w*)\W+(?:\w+\W+){0,3}\Z",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\bbetween\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Told:
    """A time that the document states: what was read, and the line that it stands in."""

    at: Timestamp | None
    moment: Moment
    line: Line
    text: str


@dataclass(frozen=True, slots=True)
class Said:
    """A length of time that the document states."""

    length: Length
    line: Line
    text: str


@dataclass(slots=True)
class Times:
    """Everything that a document says about when; `seconds` is the length of a stated stretch without a date."""

    day: date | None = None
    day_line: Line | None = None
    told: dict[str, Told] = field(default_factory=dict)
    said: Said | None = None
    clocks: tuple[Moment, Moment, Line] | None = None
    windows: list[tuple[Told, Told]] = field(default_factory=list)
    doubts: list[tuple[Doubt, Line, Line]] = field(default_factory=list)

    def seconds(self) -> int | None:
        """The length of a stretch of which only the times of day are stated."""
        if self.clocks is None or not self.clocks[0].clock or not self.clocks[1].clock:
            return None
        apart = self.clocks[1].clock.seconds - self.clocks[0].clock.seconds
        days = 0
        first, second = self.clocks[0].day, self.clocks[1].day
        if first is not None and second is not None:
            try:
                days = (date(2001, second.month, second.day) - date(2001, first.month, first.day)).days
            except ValueError:
                return None
            if days < 0 or days > 60:
                return None
            return apart + days * 86400 if apart + days * 86400 > 0 else None
        return apart if apart > 0 else apart + 86400 if apart < 0 else None


class Clock:
    """Turns moments into timestamps: with the document's day and zone where a moment has none of its own."""

    def __init__(self, day: date | None, zone: Zoned | None) -> None:
        self.day, self.zone = day, zone

    def timestamp(
        self, moment: Moment, day: date | None = None, zone: Zoned | None = None
    ) -> Timestamp | None:
        near = day or self.day
        known = moment.day.on(near.year if near else None) if moment.day is not None else near
        if known is None or moment.clock is None:
            return None
        if (
            moment.day is not None
            and moment.day.year is None
            and near is not None
            and abs((known - near).days) > 31
        ):
            return None
        wall = moment.wall(known)
        zoned = moment.zone or zone or self.zone
        precision = Precision.APPROXIMATE if moment.is_vague else Precision.EXACT
        return Timestamp(wall, zoned.offset(wall) if zoned else None, precision)


def span_in(text: str, first_day: bool | None) -> tuple[Moment, Moment] | None:
    """The first stretch of time in a text: `from 10:00 AM to 11:30 AM (UTC)`, `October 7, 10:00 - 11:30`."""
    found = [moment for moment in moments(text, day_first=first_day) if moment.clock is not None]
    for start, end in itertools.pairwise(found):
        between = text[start.end : end.start]
        if len(between) > 70 or not (
            _RANGE.match(between)
            or (" and " in between and _BETWEEN.search(text[max(0, start.start - 40) : start.start]))
        ):
            continue
        return alike(start, end)
    return None


def alike(start: Moment, end: Moment) -> tuple[Moment, Moment]:
    """What one end of a stretch says and the other does not holds for both."""
    if start.clock and end.clock and end.clock.is_twelve and not start.clock.half:
        moved = start.clock.seconds + HALF_DAY
        if start.clock.seconds < HALF_DAY and moved < end.clock.seconds:
            start = replace(start, clock=replace(start.clock, seconds=moved, half=True))
    if start.zone is None:
        start = replace(start, zone=end.zone)
    if end.zone is None:
        end = replace(end, zone=start.zone)
    return start, end


def tell_span(
    times: Times,
    start: Moment,
    end: Moment,
    line: Line,
    text: str,
    clock: Clock,
    *,
    overwrite: bool = False,
    end_line: Line | None = None,
    end_name: str = "resolved",
    end_text: str = "",
    day: date | None = None,
) -> None:
    told = span_of(start, end, line, text, clock, end_line, end_text, day)
    if told is None:
        times.clocks = (start, end, line)
        return
    for name, one in (("started", told[0]), (end_name, told[1])):
        if overwrite or name not in times.told:
            times.told[name] = one


def span_of(
    start: Moment,
    end: Moment,
    line: Line,
    text: str,
    clock: Clock,
    end_line: Line | None = None,
    end_text: str = "",
    day: date | None = None,
) -> tuple[Told, Told] | None:
    first = (
        clock.timestamp(start, day)
        if start.day is not None or end.day is None
        else clock.timestamp(replace(start, day=end.day), day)
    )
    if first is None:
        return None
    second = clock.timestamp(end, first.wall.date())
    if second is None:
        return None
    apart = second.seconds_since(first)
    if apart is not None and apart <= 0:
        if end.day is None or (end.clock and end.clock.seconds == 0 and apart > -86400):
            second = replace(second, wall=second.wall + timedelta(days=1))
        elif start.day is None:
            first = replace(first, wall=first.wall - timedelta(days=1))
    apart = second.seconds_since(first)
    if apart is None or not 0 < apart <= LONGEST.total_seconds() * 12:
        return None
    return Told(first, start, line, text[:200]), Told(second, end, end_line or line, (end_text or text)[:200])
