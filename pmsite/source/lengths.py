"""Lengths of time, to words and from words as people write them: `45m`, `1 h 30 min`, `2 hours and 30 minutes`, `half an hour`, `01:30:00`."""

import re
from typing import NamedTuple

_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1, "w": 604800, "日": 86400, "時": 3600, "分": 60, "秒": 1}
_WORDS = {
    "a": 1.0,
    "an": 1.0,
    "one": 1.0,
    "two": 2.0,
    "three": 3.0,
    "four": 4.0,
    "five": 5.0,
    "six": 6.0,
    "seven": 7.0,
    "eight": 8.0,
    "nine": 9.0,
    "ten": 10.0,
    "twelve": 12.0,
    "half": 0.5,
}
_LONG = r"weeks?|days?|hours?|hrs?|minutes?|mins?|seconds?|secs?|日|時間|分|秒"
_UNIT = rf"({_LONG}|[wdhms])"
# A number and a unit: `90 minutes`, `1.5h`, `1-hour`, `two hours`, `half an hour`. The lengths are limited, so that
# no run of digits or blanks is looked at twice.
_PART = re.compile(
    rf"(?<![\w.,:/])(?:(\d{{1,6}}(?:\.\d{{1,3}})?)(?:[ \t\xa0]{{0,3}}|-){_UNIT}"
    rf"|(half|an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve)[ \t\xa0-]{{1,3}}(?:an?[ \t]{{1,3}})?({_LONG}))(?![a-z])",
    re.IGNORECASE,
)
# What no length of time can do without, quickly looked for.
_HINT = re.compile(
    r"\d[ \t\xa0-]{0,3}(?:[wdhmsWDHMS](?![A-Za-z])|[日時分秒])"
    r"|[\d \t\xa0-](?:[Ww]eek|[Dd]ay|[Hh](?:ou)?r|[Mm]in|[Ss]ec|WEEK|DAY|H(?:OU)?R|MIN|SEC)"
)
_GLUED = re.compile(rf"(\d{{1,6}})(?:[ \t\xa0]{{0,3}}|-){_UNIT}(?![a-z])", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s,;&]{0,3}(?:and[\s-]{0,3})?\Z", re.IGNORECASE)
_ISO = re.compile(r"P(?:(\d{1,4})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,7})S)?)?\Z")
_CLOCK = re.compile(r"(\d{1,4}):([0-5]\d):([0-5]\d)(?![\d:])")
_ABOUT = re.compile(r"[~≈]|about\b|approx|around\b|roughly\b|circa\b", re.IGNORECASE)
_CLEAN = re.compile(r"[~≈\s]*(?:about|approximately|approx\.?|around|roughly|circa)?\s*", re.IGNORECASE)
APPROXIMATE = re.compile(
    r"[~≈]|\b(about|approx(imately|\.)?|around|roughly|circa|nearly|almost|over|more than|less than|some|up to)\s*\Z|(?:約|およそ|推定)\s*\Z",
    re.IGNORECASE,
)


class Length(NamedTuple):
    """Seconds, and where in the text they were said; `is_vague` where the author says "about"."""

    seconds: int
    start: int
    end: int
    is_vague: bool = False


def length_in(text: str, begin: int = 0) -> Length | None:
    """The first length of time in a text, of all its parts: `2 hours, 45-minute`."""
    if _HINT.search(text, begin) is None:
        return None
    first = _PART.search(text, begin)
    if first is None:
        return None
    number, unit = _part(first)
    total, end = number * unit, first.end()
    while (following := _next(text, end)) is not None:
        number, smaller = _part(following)
        if smaller >= unit:
            break
        total, end, unit = total + number * smaller, following.end(), smaller
    vague = APPROXIMATE.search(text[max(0, first.start() - 16) : first.start()]) is not None
    return Length(round(total), first.start(), end, vague)


def _next(text: str, end: int) -> "re.Match[str] | None":
    """The part that continues a length: `1 h 30 min`, `1h30m`, `2 hours and a half`."""
    glued = _GLUED.match(text, end)
    if glued is not None:
        return glued
    found = _PART.search(text, end, end + 40)
    return found if found is not None and _BETWEEN.match(text[end : found.start()]) else None


def _part(found: "re.Match[str]") -> tuple[float, int]:
    """How many of which unit, in seconds."""
    if found[1] is not None:
        return float(found[1]), _UNITS[found[2][0].lower()]
    return _WORDS[found[3].lower()], _UNITS[found[4][0].lower()]


def seconds_of(text: str) -> int | None:
    """The seconds that a text says if it says a length of time and nothing else; None otherwise."""
    text = text.strip()
    if (iso := _ISO.match(text)) is not None and any(iso.groups()):
        days, hours, minutes, seconds = (int(part or 0) for part in iso.groups())
        return days * 86400 + hours * 3600 + minutes * 60 + seconds
    if (clock := _CLOCK.fullmatch(text)) is not None:
        return int(clock[1]) * 3600 + int(clock[2]) * 60 + int(clock[3])
    begin = _CLEAN.match(text)
    found = length_in(text, begin.end() if begin else 0)
    if found is None or found.start != (begin.end() if begin else 0) or found.end != len(text.rstrip(".")):
        return None
    return found.seconds


def is_vague(text: str) -> bool:
    """Whether words before a length that is all of a text say that it is no exact one."""
    return _ABOUT.match(text.strip()) is not None


def duration(seconds: int | None) -> str:
    """`45 s`, `1 h 30 min`, `26 h 10 min`, `3 d 4 h`: the two largest units, days from two on."""
    if seconds is None:
        return ""
    seconds = abs(int(seconds))
    if 0 < seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        minutes, rest = divmod(seconds, 60)
        return f"{minutes} min {rest} s" if rest and minutes < 10 else f"{minutes} min"
    if seconds < 2 * 86400:
        hours, rest = divmod(seconds, 3600)
        return f"{hours} h {rest // 60} min" if rest >= 60 else f"{hours} h"
    days, rest = divmod(seconds, 86400)
    return f"{days} d {rest // 3600} h" if rest >= 3600 else f"{days} d"


def offset(seconds: int | None) -> str:
    """The distance from the start on a clock: `T+00:17`, `T-00:05`, `T+26:10`."""
    if seconds is None:
        return ""
    sign = "-" if seconds < 0 else "+"
    minutes = abs(seconds) // 60
    return f"T{sign}{minutes // 60:02d}:{minutes % 60:02d}"
