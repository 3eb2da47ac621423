"""Time zones by name and offset as people write them: `UTC`, `(PST)`, `+01:00`, `West Africa Time`, `GMT+2`."""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

# Offsets in minutes. Names that stand for several zones (IST: India, Ireland, Israel; CST: Chicago, China) are taken
# as they are most often meant in English texts about computers.
_FIXED = {
    "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WAT": 60, "CET": 60, "BST": 60, "WEST": 60, "CAT": 120, "SAST": 120,
    "EET": 120, "CEST": 120, "EAT": 180, "MSK": 180, "EEST": 180, "GST": 240, "PKT": 300, "IST": 330, "ICT": 420,
    "WIB": 420, "SGT": 480, "HKT": 480, "AWST": 480, "JST": 540, "KST": 540, "AEST": 600, "AEDT": 660, "NZST": 720,
    "NZDT": 780, "BRT": -180, "ART": -180, "VET": -240, "AST": -240, "EST": -300, "EDT": -240, "COT": -300,
    "CST": -360, "CDT": -300, "MST": -420, "MDT": -360, "PST": -480, "PDT": -420, "AKST": -540, "HST": -600,
}  # fmt: skip
# Names without a season: the offset follows from the day.
_SEASONAL = {
    "ET": "America/New_York",
    "CT": "America/Chicago",
    "MT": "America/Denver",
    "PT": "America/Los_Angeles",
}
# Names of one season, and the zone that says when that season is.
SEASON = {
    "EST": ("America/New_York", "EDT"), "EDT": ("America/New_York", "EST"),
    "CST": ("America/Chicago", "CDT"), "CDT": ("America/Chicago", "CST"),
    "MST": ("America/Denver", "MDT"), "MDT": ("America/Denver", "MST"),
    "PST": ("America/Los_Angeles", "PDT"), "PDT": ("America/Los_Angeles", "PST"),
    "CET": ("Europe/Paris", "CEST"), "CEST": ("Europe/Paris", "CET"),
    "BST": ("Europe/London", "GMT"),
}  # fmt: skip
_LONG = {
    "coordinated universal time": "UTC",
    "greenwich mean time": "GMT",
    "british summer time": "BST",
    "west africa time": "WAT",
    "west african time": "WAT",
    "central africa time": "CAT",
    "central african time": "CAT",
    "east africa time": "EAT",
    "east african time": "EAT",
    "central european time": "CET",
    "central european summer time": "CEST",
    "india standard time": "IST",
    "indian standard time": "IST",
    "eastern daylight time": "EDT",
    "eastern standard time": "EST",
    "eastern time": "ET",
    "central daylight time": "CDT",
    "central standard time": "CST",
    "central time": "CT",
    "mountain time": "MT",
    "pacific daylight time": "PDT",
    "pacific standard time": "PST",
    "pacific time": "PT",
}
# The offsets that are in use, in minutes.
WEST, EAST = -12 * 60, 14 * 60
_NAMES = "|".join(sorted({*_FIXED, *_SEASONAL} - {"Z"}, key=len, reverse=True))
_LONG_NAMES = "|".join(sorted(_LONG, key=len, reverse=True))
_OFFSET = r"[+−-]\d{1,2}(?::?[0-5]\d)?"
# Right after a time: at most a few marks between them.
ZONE = re.compile(
    rf"(?:\s?(?i:hours|hrs|h)\b\.?)?[\s*_`,]{{0,3}}[(\[]?\s?(?:(?P<name>{_NAMES})\b(?P<offset>\s?{_OFFSET}(?![\d:]))?"
    rf"|(?P<plain>[+−-]\d\d:?[0-5]\d)(?![\d:])|(?P<z>[Zz])(?![A-Za-z0-9])|(?P<long>(?i:{_LONG_NAMES}))\b)[)\]]?"
)
# Anywhere in a heading or a line about times: `(all times UTC)`, `All times in GMT+2`, `Time (IST)`.
_ANYWHERE = re.compile(
    rf"(?<![A-Za-z0-9-])(?:(?P<name>{_NAMES})(?P<offset>\s?{_OFFSET}(?![\d:]))?(?![A-Za-z0-9])|(?P<long>(?i:{_LONG_NAMES}))\b)"
)


@dataclass(frozen=True, slots=True)
class Zoned:
    """A zone as written, and where its name ends; `minutes` is None where it depends on the day."""

    name: str
    minutes: int | None
    end: int = 0

    def offset(self, wall: datetime) -> int:
        """Seconds from UTC at a wall clock time."""
        if self.minutes is not None:
            return self.minutes * 60
        shift = wall.replace(tzinfo=_zone(_SEASONAL[self.name])).utcoffset()
        return int(shift.total_seconds()) if shift is not None else 0

    def misfit(self, wall: datetime) -> str:
        """The name that the season asks for, where this one is of the other season; empty where it fits."""
        if self.name not in SEASON:
            return ""
        where, other = SEASON[self.name]
        shift = wall.replace(tzinfo=_zone(where)).utcoffset()
        return other if shift is not None and int(shift.total_seconds()) != self.offset(wall) else ""


@lru_cache(maxsize=16)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def zone_of(text: str, at: int) -> Zoned | None:
    """The zone that is written right behind a time."""
    found = ZONE.match(text, at)
    return _zoned(found) if found is not None else None


def zone_in(text: str) -> Zoned | None:
    """The zone that a line names anywhere, if it names one only."""
    found = list(_ANYWHERE.finditer(text[:300]))
    zones = [zone for one in found if (zone := _zoned(one)) is not None]
    distinct = {(zone.minutes, zone.name if zone.minutes is None else "") for zone in zones}
    return zones[0] if len(distinct) == 1 else None


def _zoned(found: "re.Match[str]") -> Zoned | None:
    groups = found.groupdict()
    if groups.get("plain"):
        return _shifted(groups["plain"], groups["plain"], found.end())
    if groups.get("z"):
        return Zoned("UTC", 0, found.end())
    name = _LONG[groups["long"].lower()] if groups.get("long") else groups["name"] or ""
    if (shift := groups.get("offset")) and _FIXED.get(name) == 0:
        return _shifted(name + shift.strip(), shift.strip(), found.end())
    return Zoned(name, _FIXED.get(name), found.end())


def _shifted(name: str, shift: str, end: int) -> Zoned | None:
    """A zone by its offset from UTC; none where no place on earth has that."""
    digits = shift[1:].replace(":", "")
    hours, minutes = (int(digits), 0) if len(digits) <= 2 else (int(digits[:-2]), int(digits[-2:]))
    total = (hours * 60 + minutes) * (1 if shift[0] == "+" else -1)
    return Zoned(name, total, end) if WEST <= total <= EAST else None
