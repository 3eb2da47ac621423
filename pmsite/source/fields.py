"""What authors write in a field, to values: timestamps, dates, numbers, words of vocabularies.

Every converter takes text and raises ValueError with a message that says what is accepted.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from functools import lru_cache
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from pmsite.archive.incident import APPROXIMATE, Absence, Duration, Milestone, Precision, Timestamp
from pmsite.config import Config
from pmsite.source.lengths import is_vague, seconds_of
from pmsite.vocabulary import Word

_UNKNOWN = {"unknown", "not known", "?", "tbd", "true", "yes", "false", "no"}
_NOT_APPLICABLE = {"n/a", "na", "not applicable", "none", "-", "nil"}
FIRST_YEAR, LAST_YEAR = 1900, 2199

# RFC 3339 section 5.6, with a space for the T, an hour of one digit, and seconds and offset optional.
_TIMESTAMP = re.compile(
    r"(?P<date>\d{4}-\d{1,2}-\d{1,2})"
    r"(?:(?:[Tt]|\s+)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"\s*(?P<zone>[Zz]|UTC|GMT|[+-]\d{2}:?\d{2})?)?\Z"
)
_CLOCK = re.compile(
    r"[Tt]?(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?\s*(?P<zone>[Zz]|UTC|GMT|[+-]\d{2}:?\d{2})?\Z"
)
# Marks stand between groups of three digits only, and a fraction before k or M only: whether `1.200`, `12,34` or
# `1,2k` has thousands or decimals depends on the country.
_NUMBER = re.compile(
    r"[~≈]?\s*(?:(?P<digits>\d+|\d{1,3}(?P<mark>[,_ ])\d{3}(?:(?P=mark)\d{3})*)"
    r"|(?P<scaled>\d+(?:\.\d+)?)\s*(?P<unit>[kKmM]))\+?\Z"
)
_PERCENT = re.compile(r"[~≈<>]?\s*(\d+(?:[.,]\d+)?)\s*%?\Z")

_LINK = re.compile(r"\[([^\[\]]*)\]\([^()\s]*\)")
_CODE = re.compile(r"(?<!`)(``?)(?!`)([^`]{1,200})\1(?!`)")
_BOLD = re.compile(r"\*\*(?=\S)([^*]{1,300})(?<=\S)\*\*")
# Marks within marks, such as a link's text in bold.
_DEEPEST = 4

_BETWEEN_WORDS = re.compile(r"[\s_-]+")

E_ = TypeVar("E_", bound=Enum)


@dataclass(frozen=True, slots=True)
class Zone:
    """The site's time zone; without one, times that state no zone stay without one."""

    name: str = ""

    def offset(self, wall: datetime) -> int | None:
        """The zone's offset from UTC in seconds at a wall clock time, None without a zone."""
        if not self.name:
            return None
        offset = wall.replace(tzinfo=_zone(self.name)).utcoffset()
        return int(offset.total_seconds()) if offset is not None else None


@lru_cache(maxsize=4)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def milestone(text: str, zone: Zone, day: date | None = None) -> Milestone:
    """A timestamp, `unknown` or `n/a`. `day` is the day that a bare clock time belongs to."""
    folded = text.strip().casefold()
    if folded in _UNKNOWN:
        return Absence.UNKNOWN
    if folded in _NOT_APPLICABLE:
        return Absence.NOT_APPLICABLE
    return timestamp(text, zone, day)


@lru_cache(maxsize=4096)  # a document's milestones stand again in its timeline
def timestamp(text: str, zone: Zone, day: date | None = None) -> Timestamp:
    """`2023-10-07T10:00:00Z`, `2023-10-07 10:00` (the site's zone), `2023-10-07` (a day), `~` before: approximate."""
    stripped = text.strip()
    approximate = stripped.startswith(("~", "≈"))
    stripped = stripped.lstrip("~≈ ")
    found = _TIMESTAMP.match(stripped)
    if found is not None:
        day = _day(found["date"])
    else:
        found = _CLOCK.match(stripped)
        if found is None:
            raise ValueError(f'"{text[:60]}" is not a time; write 2023-10-07T10:00:00Z or 2023-10-07 10:00')
        if day is None:
            raise ValueError(f'"{text[:60]}" has no date; write 2023-10-07 {stripped[:20]}')
    if found["hour"] is None:
        return Timestamp(datetime(day.year, day.month, day.day), None, Precision.DAY)
    wall = _wall(day, found["hour"], found["minute"], found["second"])
    offset = _offset(found["zone"]) if found["zone"] else zone.offset(wall)
    return Timestamp(wall, offset, Precision.APPROXIMATE if approximate else Precision.EXACT)


_ZONE_AT_END = re.compile(r"(?:[Zz]|UTC|GMT|[+-]\d\d:?\d\d)\s*\Z")


def states_zone(text: str) -> bool:
    """Whether a timestamp has a zone of its own."""
    return _ZONE_AT_END.search(text) is not None


@lru_cache(maxsize=1024)
def _day(text: str) -> date:
    year, month, day = map(int, text.split("-"))
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"the year {year} is not between {FIRST_YEAR} and {LAST_YEAR}")
    try:
        return date(year, month, day)
    except ValueError:
        raise ValueError(f'"{text}" is not a day of the calendar') from None


def _wall(day: date, hour: str, minute: str, second: str | None) -> datetime:
    """24:00 is the next day's beginning (ISO 8601); a leap second (RFC 3339) is taken as the second before."""
    hours, minutes, seconds = int(hour), int(minute), min(int(second or 0), 59)
    if hours > 24 or minutes > 59 or int(second or 0) > 60 or (hours == 24 and minutes + seconds):
        raise ValueError(f"{hour}:{minute}{':' + second if second else ''} is not a time of day")
    midnight = datetime(day.year, day.month, day.day)
    return midnight + timedelta(hours=hours, minutes=minutes, seconds=seconds)


def _offset(zone: str) -> int:
    if zone in ("Z", "z", "UTC", "GMT"):
        return 0
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    if hours > 15 or minutes > 59:
        raise ValueError(f'"{zone}" is not an offset from UTC')
    seconds = hours * 3600 + minutes * 60
    return -seconds if zone[0] == "-" else seconds


def day(text: str) -> date:
    """`2023-10-07`; of a whole timestamp the day as written."""
    found = _TIMESTAMP.match(text.strip().lstrip("~≈ "))
    if found is None:
        raise ValueError(f'"{text[:60]}" is not a date; write 2023-10-07')
    return _day(found["date"])


def whole_number(text: str) -> int:
    """`1200`, `1,200`, `~1200`, `1.2k`, `3M`."""
    found = _NUMBER.match(text.strip())
    if found is None:
        raise ValueError(f'"{text[:60]}" is not a whole number; write digits, such as 1200')
    digits = found["scaled"] or re.sub(r"[,_ ]", "", found["digits"])
    if len(digits.partition(".")[0]) > 15:
        raise ValueError(f'"{text[:60]}" is too large a number')
    if found["unit"] is None:
        return int(digits)
    return round(float(digits) * {"k": 1_000, "m": 1_000_000}[found["unit"].lower()])


def span(text: str) -> Duration:
    """`45m`, `1 h 30 min`, `2 days`, `PT1H30M`, `01:30:00`, `~5 h`: a length of time, approximate or not."""
    seconds = seconds_of(text)
    if seconds is None:
        raise ValueError(f'"{text[:60]}" is not a length of time; write 45 min or 1 h 30 min')
    return Duration(seconds, doubt=APPROXIMATE if is_vague(text) else "")


def percentage(text: str) -> float:
    """`80`, `80 %`, `0.5`: a share from 0 to 100."""
    found = _PERCENT.match(text.strip())
    value = float(found[1].replace(",", ".")) if found else -1
    if not 0 <= value <= 100:
        raise ValueError(f'"{text[:60]}" is not a percentage; write a number from 0 to 100')
    return value


@lru_cache(maxsize=4096)
def word(text: str) -> str:
    """A word for comparison: folded, with hyphens for spaces and underscores."""
    return _BETWEEN_WORDS.sub("-", text.strip().casefold())


def closed(text: str, kind: type[E_], synonyms: Mapping[str, E_]) -> E_ | None:
    """A word of a closed vocabulary, or None."""
    folded = word(text)
    try:
        return kind(folded)
    except ValueError:
        return synonyms.get(folded)


class Vocabulary:
    """Finds the canonical form of a word that may be written in several ways."""

    def __init__(self, terms: Iterable[Word]) -> None:
        self._canonical: dict[str, str] = {}
        for term in terms:
            for name in (term.name, term.title, *term.aliases):
                if name:
                    self._canonical.setdefault(_key(name), term.name)

    def canonical(self, text: str) -> str:
        """The known word that `text` stands for, else the text itself."""
        return self._canonical.get(_key(text), text.strip())

    def known(self, text: str) -> str:
        """The known word that `text` stands for, or nothing."""
        return self._canonical.get(_key(text), "")


class Vocabularies:
    """The vocabularies of a site by taxonomy."""

    def __init__(self, config: Config) -> None:
        self._by_taxonomy = {
            taxonomy: Vocabulary(config.vocabulary(taxonomy))
            for taxonomy in (
                "severity",
                "impact",
                "causes",
                "triggers",
                "factors",
                "detection",
                "services",
                "teams",
                "regions",
                "tags",
            )
        }

    def __getitem__(self, taxonomy: str) -> Vocabulary:
        return self._by_taxonomy[taxonomy]


@lru_cache(maxsize=4096)
def _key(text: str) -> str:
    return _BETWEEN_WORDS.sub("", text.casefold())


def names(value: Any, *, split: bool = True) -> list[str]:
    """One name, names separated by commas, or a list of names."""
    if isinstance(value, str):
        value = value.split(",") if split else [value]
    if not isinstance(value, list):
        raise ValueError("write a list of names, such as [web, database]")
    found = []
    for item in value:
        if isinstance(item, dict):
            item = item.get("name")
        if isinstance(item, list | dict):
            raise ValueError("a name in the list is itself a list or fields; write plain names")
        if item is not None and item.strip():
            found.append(item.strip())
    return found


def unmarked(text: str) -> str:
    """Text without the marks of Markdown, which say nothing where it is shown as it is: `code`, **bold**, links."""
    for _ in range(_DEEPEST):
        plainer = _BOLD.sub(r"\1", _CODE.sub(r"\2", _LINK.sub(r"\1", text)))
        if plainer == text:
            break
        text = plainer
    return text
