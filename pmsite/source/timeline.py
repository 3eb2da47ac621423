"""Timelines in prose: bullets, numbered lists, tables, a heading per time, paragraphs and plain lines.

What an entry says is left as its author wrote it; what it lacks (date, zone) is taken from what stands above it.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from pmsite.source.blocks import Line, wrapped
from pmsite.source.facts import kind_of
from pmsite.source.moments import DayOf, Moment, moments
from pmsite.source.zones import Zoned, zone_in

MAX_ENTRIES = 500
HALF_DAY = 12 * 3600
MADE_UP = date(2000, 1, 1)
# What may stand before an entry's time: marks of a list that Markdown did not take for one, and small words.
_BEFORE = re.compile(
    r"[\W_]{0,8}(?:(?:at|on|by|around|about|approximately|approx\.?|time:?|circa|ca\.?)[\s*~≈]{1,3})?(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}[.,]?\s)?[\W_]{0,3}\Z",
    re.IGNORECASE,
)
_AFTER = re.compile(r"[\s*_`)\]]*(?:hrs\b|hours\b)?[\s*_`)\]]*(?:[-–—:|,;.=>→]+[\s*_`-]*)?", re.IGNORECASE)
_RANGE = re.compile(r"[\s(*_`]*(?:[-–—~→〜～]|to|until|till)[\s*_`~≈]*\Z", re.IGNORECASE)
_TIME_COLUMN = re.compile(
    r"\W*(date|time|when|day|at\b|timestamp|hora|fecha|uhrzeit|zeit|heure|時刻|時間|日時|시간|时间)",
    re.IGNORECASE,
)
_LABEL = re.compile(r"\W{0,4}[^\W\d][\w /&'’()-]{2,48}?\s*:")
_STORY = re.compile(
    r"detect|escalat|action|resol|mislead|investigat|discover|identif|notic|notif|assum|path|root cause|start",
    re.IGNORECASE,
)
# Rows that sum the others up.
_LENGTHS = ("duration", "to_detect", "to_resolve")
# A list that Markdown did not take for one.
_MARKS = "=-*•+–"
_ALL_TIMES = re.compile(
    r"\b(all|the) (times?|events?|dates?)\b|\btimes? (are|is|in|zone)\b|\btime ?zone\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Found:
    """An entry of a timeline in its line.

    `wall` is what the wall clock says; `is_dated` is False where no date is known, and the day is made up so that
    entries can be counted from one another. `zone` is the entry's own, or that of the whole timeline.
    """

    line: Line
    event: str
    moment: Moment | None = None
    wall: datetime | None = None
    zone: Zoned | None = None
    is_dated: bool = False

    @property
    def offset(self) -> int | None:
        """Seconds from UTC; None where no zone is stated."""
        return self.zone.offset(self.wall) if self.zone is not None and self.wall is not None else None

    @property
    def has_clock(self) -> bool:
        return self.moment is not None and self.moment.clock is not None


@dataclass(frozen=True, slots=True)
class Timeline:
    entries: tuple[Found, ...] = ()
    # How many stretches of the document were timelines: several are several incidents, or one told in parts.
    parts: int = 0


def leading_moment(text: str, first_day: bool | None) -> tuple[Moment, int] | None:
    """The time that a line begins with, and where the text goes on behind it."""
    head = text[:160]
    found = moments(head, day_first=first_day)
    if not found or _BEFORE.match(head[: found[0].start]) is None:
        return None
    first, end = found[0], found[0].end
    if len(found) > 1 and first.clock is not None and _RANGE.match(head[first.end : found[1].start]):
        end = found[1].end
        if first.zone is None:
            first = replace(first, zone=found[1].zone)
        if first.clock and found[1].clock and not first.clock.half and found[1].clock.half:
            first = replace(
                first,
                clock=found[1].clock.__class__(_same_half(first.clock.seconds, found[1].clock.seconds), True),
            )
    after = _AFTER.match(text, end)
    return first, after.end() if after else end


def _same_half(first: int, second: int) -> int:
    """`9:15 - 11:45 PM`: the first in the half of the second, where that leaves it before it."""
    moved = first + HALF_DAY if second >= HALF_DAY and first < HALF_DAY else first
    return moved if moved <= second else first


@dataclass(frozen=True, slots=True)
class Part:
    """One timeline as it is written, before its entries have their days: its lines, entries and stated zone.

    `day` is the date of the heading that it stands below, where a document tells several days one after the other.
    """

    lines: list[Line]
    entries: list[Found]
    zone: Zoned | None
    day: DayOf | None = None


def gathered(lines: list[Line], first_day: bool | None) -> list[Part]:
    """The timelines of a document: its sections about one, else lines in a row that each begin with a time."""
    parts = list(_parts(lines)) or list(_runs(lines, first_day))
    found = []
    for part in parts:
        entries = [_whole(entry, lines, first_day) for entry in _entries(part, first_day)[:MAX_ENTRIES]]
        if entries:
            zone = _stated_zone(part) or _shared_zone(entries)
            found.append(Part(part, entries, zone, _heading_day(lines, part[0].number, first_day)))
    if any(entry.has_clock for part in found for entry in part.entries):
        # Headings that are dates are what the timelines with times stand below.
        return [part for part in found if any(_is_told(entry) for entry in part.entries)]
    return found


def _whole(entry: Found, lines: list[Line], first_day: bool | None) -> Found:
    """An entry with the lines that its author broke its text into, up to one that is an entry of its own."""
    place = entry.line.number
    if place + 1 < len(lines) and entry.event == lines[place + 1].text:
        place += 1  # the line holds the time alone
    own = itertools.takewhile(
        lambda line: (
            not line.is_label and line.text[:1] not in _MARKS and not leading_moment(line.text, first_day)
        ),
        wrapped(lines, place),
    )
    return replace(entry, event=" ".join((entry.event, *(line.text for line in own))))


def _is_told(entry: Found) -> bool:
    return entry.has_clock or entry.line.kind != "heading"


def _heading_day(lines: list[Line], before: int, first_day: bool | None) -> DayOf | None:
    """The date that the nearest dated heading above a line begins with; none where a day above is not of its kind."""
    for line in reversed(lines[1:before]):
        if line.kind == "heading" and (found := leading_moment(line.text, first_day)) is not None:
            return found[0].day if found[0].clock is None else None
    return None


def placed(parts: list[Part], day: date | None, zone: Zoned | None, first_day: bool | None) -> Timeline:
    """The entries with the moments that they mean.

    `day` is the day that times without a date belong to, `zone` the one that the document states beside other times,
    for a timeline that names none.
    """
    entries = [
        entry
        for part in parts
        for entry in _placed(part.entries, part.lines, _day_of(part, day), part.zone or zone, first_day)
    ]
    return Timeline(tuple(entries[:MAX_ENTRIES]), len(parts))


def _day_of(part: Part, day: date | None) -> date | None:
    if part.day is None:
        return day
    if part.day.year is None and day is None:
        return None
    return part.day.on(day.year if day is not None else MADE_UP.year) or day


def _parts(lines: list[Line]) -> Iterator[list[Line]]:
    """Stretches of lines that stand in a section about the timeline, its heading first."""
    part: list[Line] = []
    for line in lines:
        if line.section == "timeline":
            if part and line.is_label and line.number > part[0].number + 1:
                yield part
                part = []
            part.append(line)
        elif part:
            yield part
            part = []
    if part:
        yield part


def _runs(lines: list[Line], first_day: bool | None) -> Iterator[list[Line]]:
    """Without such a section: three or more lines in a row that each begin with a time of day, a table's head first."""
    run: list[Line] = []

    def is_long() -> bool:
        return len(run) - (bool(run) and run[0].kind == "head") >= 3

    for line in lines:
        if (
            line.text[:1].isdigit()
            and line.kind in ("text", "item", "row")
            and line.section not in ("actions", "facts")
            and (found := leading_moment(line.text, first_day)) is not None
            and found[0].clock is not None
        ):
            run.append(line)
        elif line.kind in ("heading", "head") or line.block != (run[-1].block if run else -1):
            if is_long():
                yield run
            run = [line] if line.kind == "head" else []
    if is_long():
        yield run


def _entries(part: list[Line], first_day: bool | None) -> list[Found]:
    rows = [line for line in part if line.kind == "row"]
    if len(rows) > 1 or (rows and len(part) < 6):
        entries = _from_rows(part, first_day)
        if entries:
            return entries
    timed: list[Found] = []
    headed: list[Found] = []
    for place, line in enumerate(part):
        if line.kind in ("row", "head", "code") or line.is_label:
            continue
        found = leading_moment(line.text, first_day)
        if found is None:
            continue
        moment, after = found
        if line.kind == "heading":
            event = line.text[after:] or (part[place + 1].text if place + 1 < len(part) else "")
            headed.append(Found(line, event, moment))
        elif line.kind == "item" or moment.clock is not None or line.lead:
            if line.kind == "text" and line.depth and not _is_own_line(line, after):
                continue
            timed.append(Found(line, line.text[after:], moment))
    with_clock = [entry for entry in timed if entry.has_clock]
    if len(headed) > 1 and (any(entry.has_clock for entry in headed) or not with_clock):
        return headed
    if with_clock:
        return [_told_below(entry, part) for entry in timed if entry.has_clock or not _carries(entry, part)]
    if len(timed) > 1:
        return [_told_below(entry, part) for entry in timed]
    return headed or _elapsed(part) or _labelled(part, first_day)


def _told_below(entry: Found, part: list[Line]) -> Found:
    """An entry whose line holds the time alone says below it what happened."""
    if entry.event:
        return entry
    below = entry.line.number - part[0].number + 1
    return replace(entry, event=part[below].text) if below < len(part) else entry


def _is_own_line(line: Line, after: int) -> bool:
    """Whether a line within an item is an entry of its own that lacks its mark, and not the item's text going on."""
    return line.text[:1] in _MARKS or line.text[max(0, after - 3) : after].strip(" ") in (
        ":",
        "-",
        "–",
        "—",
        "|",
    )


def _carries(entry: Found, part: list[Line]) -> bool:
    """A date alone, above entries of that day."""
    below = entry.line.number - part[0].number + 1
    return below < len(part) and len(entry.event) < 24 and part[below].kind in ("item", "text")


_HOURS = re.compile(r"\W{0,3}(?:hour|minute|day|t)[\s+]{0,2}[+]?\d{1,4}(?::\d\d)?\b[\s:–—-]*", re.IGNORECASE)


def _elapsed(part: list[Line]) -> list[Found]:
    """`Hour 06:00`, `T+5`: times since the beginning, which name no time of day."""
    found = [
        Found(line, line.text[match.end() :])
        for line in part
        if line.kind in ("item", "text") and (match := _HOURS.match(line.text)) is not None
    ]
    return found if len(found) > 1 else []


def _labelled(part: list[Line], first_day: bool | None) -> list[Found]:
    """`Detection: ...`, `Escalation: ...`: the story by its steps, with a time in some of them at most."""
    items = [
        line
        for line in part
        if line.kind == "item" or (line.kind == "text" and line.depth and line.text[:1] in "-*•")
    ]
    if items:
        top = min(line.depth for line in items)
        steps = [line for line in items if line.depth == top]
    else:
        steps = [
            line
            for line in part[1:]
            if line.kind == "text"
            and (line.text.endswith(":") or line.lead.endswith(":"))
            and len(line.text) < 60
        ]
    labelled = [line for line in steps if _LABEL.match(line.text)]
    if len(labelled) < 2 or 2 * len(labelled) < len(steps):
        return []
    if sum(_STORY.search(line.text[:60]) is not None for line in labelled) < 2:
        return []
    entries = []
    for line in steps:
        below = next(
            (other for other in part if other.number == line.number + 1 and other not in steps), None
        )
        time, where = _first_clock(line, first_day), line
        if time is None and below is not None and line.text.rstrip().endswith(":"):
            time, where = _first_clock(below, first_day), below
        entries.append(Found(where if time else line, line.text, time))
    return entries


def _first_clock(line: Line, first_day: bool | None) -> Moment | None:
    found = [moment for moment in moments(line.text[:200], day_first=first_day) if moment.clock is not None]
    return found[0] if len(found) == 1 else None


def _from_rows(part: list[Line], first_day: bool | None) -> list[Found]:
    rows = [line for line in part if line.kind == "row"]
    head = next((line for line in part if line.kind == "head"), None)
    columns = [number for number, name in enumerate(head.cells if head else ()) if _TIME_COLUMN.match(name)][
        :3
    ] or [0]
    width = max(len(row.cells) for row in rows)
    texts = [number for number in range(width) if number not in columns]
    heading_days = moments(" ".join(head.cells)[:200], day_first=first_day) if head else []
    entries: list[Found] = []
    for row in rows:
        told = " ".join(row.cells[number] for number in columns if number < len(row.cells))
        found = leading_moment(told, first_day)
        event = max((row.cells[number] for number in texts if number < len(row.cells)), key=len, default="")
        if found is None and (not event.strip() or kind_of(event) in _LENGTHS):
            continue
        entries.append(Found(row, event, found[0] if found else None))
    if sum(entry.moment is not None for entry in entries) * 2 < len(entries) or not entries:
        return []
    if (
        head is not None
        and heading_days
        and (given := heading_days[0].day) is not None
        and entries[0].moment
        and entries[0].moment.day is None
    ):
        entries[0] = replace(entries[0], moment=replace(entries[0].moment, day=given))
    return entries


def _stated_zone(part: list[Line]) -> Zoned | None:
    """The zone that a timeline's heading, its first line or its table's head names for all entries."""
    for place, line in enumerate(part[:6]):
        if line.kind == "head" or (place == 0 and line.section == "timeline"):
            zone = zone_in(line.text)
        elif line.kind == "text" and _ALL_TIMES.search(line.text[:200]):
            zone = zone_in(line.text[:200])
        else:
            continue
        if zone is not None:
            return zone
    return None


def _shared_zone(entries: list[Found]) -> Zoned | None:
    """The zone that entries name, if they name one only."""
    zones = {
        entry.moment.zone.name: entry.moment.zone for entry in entries if entry.moment and entry.moment.zone
    }
    return next(iter(zones.values())) if len(zones) == 1 else None


def _placed(
    entries: list[Found], part: list[Line], day: date | None, zone: Zoned | None, first_day: bool | None
) -> list[Found]:
    """Entries with the day that each belongs to: its own, one above it, the document's; past midnight the next."""
    days = iter(_days_above(part, first_day))
    upcoming = next(days, None)
    placed: list[Found] = []
    is_dated = day is not None
    current, last = day or MADE_UP, -1
    for entry in entries:
        moved = False
        while upcoming is not None and upcoming[0] <= entry.line.number:
            above = upcoming[1].day
            if above is not None and (given := above.on(current.year)) is not None:
                is_dated = is_dated or above.year is not None
                current, moved = given, True
            upcoming = next(days, None)
        moment = entry.moment
        if moment is None:
            placed.append(entry)
            continue
        if moment.day is not None and (given := moment.day.on(current.year)) is not None:
            is_dated = is_dated or moment.day.year is not None
            moved = moved or given != current
            current = given
        if moment.clock is not None:
            seconds = moment.clock.seconds
            if not moved and moment.day is None and last > seconds:
                if (
                    not moment.clock.half
                    and HALF_DAY > seconds >= 3600
                    and last < HALF_DAY + 3600
                    and 0 < seconds + HALF_DAY - last < 6 * 3600
                ):
                    moment = replace(moment, clock=replace(moment.clock, seconds=seconds + HALF_DAY))
                elif last - seconds > 6 * 3600:
                    current += timedelta(days=1)
            last = moment.clock.seconds if moment.clock else last
        elif moved:
            last = -1
        placed.append(
            replace(
                entry, moment=moment, wall=moment.wall(current), zone=moment.zone or zone, is_dated=is_dated
            )
        )
    return placed


def _days_above(part: list[Line], first_day: bool | None) -> list[tuple[int, Moment]]:
    """Dates that stand alone above entries: in the section's heading, in headings, items and lines of their own."""
    found = []
    for place, line in enumerate(part):
        if line.kind not in ("heading", "item", "text") or (
            line.kind != "heading" and place and len(line.text) > 60
        ):
            continue
        whens = moments(line.text[:160], day_first=first_day)
        if whens and whens[0].day is not None and whens[0].clock is None:
            found.append((line.number, whens[0]))
    return found
