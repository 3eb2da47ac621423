"""Values to the words that pages show: durations, dates and times, numbers."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from pmsite.archive.incident import Absence, Milestone, Precision, Timestamp
from pmsite.source.lengths import duration as duration
from pmsite.source.lengths import offset as offset

MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


# What becomes of an action item; `overdue` is no state of its own.
_ACTION_STATES = {"in-progress": "in progress", "wont-do": "won’t do", "unknown": "not stated"}


def action_state(value: str) -> str:
    """`in progress` for `in-progress`."""
    return _ACTION_STATES.get(value, value)


def day(value: date | None) -> str:
    """`7 October 2023`."""
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}" if value else ""


def short_day(value: date | None) -> str:
    """`7 Oct 2023`."""
    return f"{value.day} {MONTHS[value.month - 1][:3]} {value.year}" if value else ""


def local(at: Timestamp, zone: str) -> Timestamp:
    """The same moment in the site's zone; unchanged where either states none, or only a day is known."""
    if not zone or at.offset is None or at.precision is Precision.DAY or (zone == "UTC" and at.offset == 0):
        return at
    try:
        utc = at.wall - timedelta(seconds=at.offset)
        moved = utc.replace(tzinfo=ZoneInfo("UTC")).astimezone(_zone(zone))
    except (OverflowError, ValueError):
        return at
    shift = moved.utcoffset() or timedelta()
    return Timestamp(moved.replace(tzinfo=None), int(shift.total_seconds()), at.precision)


@lru_cache(maxsize=4)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def zone_label(at: Timestamp, zone: str) -> str:
    """The name of the zone that a time is printed in: `UTC`, `CEST`, `+01:00`; nothing where none is stated."""
    if at.offset is None or at.precision is Precision.DAY:
        return ""
    if at.offset == 0 and zone in ("", "UTC", "Etc/UTC"):
        return "UTC"
    if zone:
        name = at.wall.replace(tzinfo=_zone(zone)).tzname() or ""
        if name and not name.startswith(("+", "-")):
            return name
    minutes = abs(at.offset) // 60
    return f"{'-' if at.offset < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}"


def clock(at: Timestamp | None, zone: str = "") -> str:
    """`10:00`, `10:00:42`, in the site's zone; nothing where only a day is known."""
    if at is None or at.precision is Precision.DAY:
        return ""
    return _clock(local(at, zone).wall)


def _clock(wall: datetime) -> str:
    minutes = f"{wall.hour:02d}:{wall.minute:02d}"
    return f"{minutes}:{wall.second:02d}" if wall.second else minutes


@dataclass(frozen=True, slots=True)
class TimeParts:
    """A time as pages take it apart: `clock` is empty where only a day is known, `zone` where none is stated."""

    iso: str
    day: str
    clock: str
    zone: str
    is_approximate: bool


def parts(at: Milestone, zone: str = "") -> TimeParts | None:
    """The parts of a time in the site's zone; None where there is no time."""
    if not isinstance(at, Timestamp):
        return None
    here = local(at, zone)
    return TimeParts(
        iso=here.iso(),
        day=day(here.wall.date()),
        clock="" if at.precision is Precision.DAY else _clock(here.wall),
        zone=zone_label(here, zone),
        is_approximate=at.precision is Precision.APPROXIMATE,
    )


def moment(at: Milestone, zone: str = "") -> str:
    """`7 October 2023, 10:00 UTC`, `about ...`, `unknown`, `does not apply`; the zone is named or said to be missing."""
    if at is None:
        return "not recorded"
    if isinstance(at, Absence):
        return "unknown" if at is Absence.UNKNOWN else "does not apply"
    if at.precision is Precision.DAY:
        return day(at.wall.date())
    here = local(at, zone)
    label = zone_label(here, zone)
    about = "about " if at.precision is Precision.APPROXIMATE else ""
    return f"{about}{day(here.wall.date())}, {_clock(here.wall)} {label or '(zone not stated)'}"


def number(value: float | int | None) -> str:
    """`1 200`, `0.5`, with thin spaces between thousands."""
    if value is None:
        return ""
    if isinstance(value, float) and not value.is_integer():
        return f"{value:g}"
    return f"{int(value):,}".replace(",", "\u202f")


def percent(share: float) -> str:
    """A share from 0 to 1 as a whole percentage; what is neither nothing nor all does not look so."""
    whole = round(share * 100)
    if whole == 0 and share > 0:
        return "<1 %"
    if whole == 100 and share < 1:
        return ">99 %"
    return f"{whole} %"


_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def ordinal(value: int) -> str:
    """`third`; from eleven on in figures, `21st`."""
    if 0 < value <= len(_ORDINALS):
        return _ORDINALS[value - 1]
    ending = "th" if value % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return f"{number(value)}{ending}"


def plural(count: int, one: str, many: str = "") -> str:
    """`1 incident`, `12 incidents`."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"
