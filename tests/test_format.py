"""Values to words."""

from datetime import date, datetime

import pytest

from pmsite.archive.incident import Absence, Milestone, Precision, Timestamp
from pmsite.site import format as words

COPENHAGEN = "Europe/Copenhagen"


def at(*parts: int, offset: int | None = None, precision: Precision = Precision.EXACT) -> Timestamp:
    return Timestamp(datetime(*parts), offset, precision)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "text"),
    [(1, "first"), (3, "third"), (10, "tenth"), (11, "11th"), (12, "12th"), (21, "21st"), (22, "22nd"), (111, "111th"), (123, "123rd")],
)  # fmt: skip
def test_ordinals(value: int, text: str) -> None:
    assert words.ordinal(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (0, "0 min"),
        (59, "59 s"),
        (60, "1 min"),
        (61, "1 min 1 s"),
        (599, "9 min 59 s"),
        (600, "10 min"),
        (659, "10 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (3659, "1 h"),
        (5400, "1 h 30 min"),
        (86399, "23 h 59 min"),
        (86400, "24 h"),
        (2 * 86400, "2 d"),
        (273600, "3 d 4 h"),
        (-90, "1 min 30 s"),
    ],
)
def test_durations(seconds: int | None, text: str) -> None:
    assert words.duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, ""), (0, "T+00:00"), (1020, "T+00:17"), (-300, "T-00:05"), (94200, "T+26:10"), (59, "T+00:00")],
)
def test_offsets(seconds: int | None, text: str) -> None:
    assert words.offset(seconds) == text


def test_days() -> None:
    assert words.day(date(2023, 10, 7)) == "7 October 2023"
    assert words.short_day(date(2023, 9, 30)) == "30 Sep 2023"
    assert words.day(None) == words.short_day(None) == ""


@pytest.mark.parametrize(
    ("value", "zone", "text"),
    [
        (None, "", "not recorded"),
        (Absence.UNKNOWN, "", "unknown"),
        (Absence.NOT_APPLICABLE, "", "does not apply"),
        (at(2023, 10, 7, 10, offset=0), "", "7 October 2023, 10:00 UTC"),
        (at(2023, 10, 7, 10, 0, 42, offset=0), "UTC", "7 October 2023, 10:00:42 UTC"),
        (at(2023, 10, 7, 10), "", "7 October 2023, 10:00 (zone not stated)"),
        (at(2023, 10, 7, 10), COPENHAGEN, "7 October 2023, 10:00 (zone not stated)"),
        (
            at(2023, 10, 7, 10, offset=0, precision=Precision.APPROXIMATE),
            "",
            "about 7 October 2023, 10:00 UTC",
        ),
        (at(2023, 10, 7, precision=Precision.DAY), COPENHAGEN, "7 October 2023"),
        (at(2023, 10, 7, 10, offset=19800), "", "7 October 2023, 10:00 +05:30"),
        (at(2023, 10, 7, 10, offset=-12600), "", "7 October 2023, 10:00 -03:30"),
        (at(2023, 10, 7, 10, offset=0), COPENHAGEN, "7 October 2023, 12:00 CEST"),
        (at(2023, 1, 7, 23, 30, offset=0), COPENHAGEN, "8 January 2023, 00:30 CET"),
        (at(2023, 10, 29, 0, 30, offset=0), COPENHAGEN, "29 October 2023, 02:30 CEST"),
        (at(2023, 10, 29, 1, 30, offset=0), COPENHAGEN, "29 October 2023, 02:30 CET"),
        (at(2023, 10, 7, 10, offset=0), "Asia/Kathmandu", "7 October 2023, 15:45 +05:45"),
        (at(2023, 10, 7, 10, offset=-28800), "UTC", "7 October 2023, 18:00 UTC"),
    ],
)
def test_moments(value: Milestone, zone: str, text: str) -> None:
    assert words.moment(value, zone) == text


def test_clocks() -> None:
    assert words.clock(None) == words.clock(at(2023, 10, 7, precision=Precision.DAY)) == ""
    assert words.clock(at(2023, 10, 7, 9, 5)) == "09:05"
    assert words.clock(at(2023, 10, 7, 9, 5, 1, offset=0), COPENHAGEN) == "11:05:01"


@pytest.mark.parametrize(
    "moment",
    [at(1900, 1, 1, offset=50400), at(2199, 12, 31, 23, 59, offset=-43200), at(1, 1, 1, offset=3600)],
)
def test_another_zone_is_the_same_moment_or_the_time_stays(moment: Timestamp) -> None:
    assert words.local(moment, COPENHAGEN).seconds_since(moment) == 0


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (0, "0"),
        (999, "999"),
        (1200, "1\u202f200"),
        (1234567, "1\u202f234\u202f567"),
        (50.0, "50"),
        (0.5, "0.5"),
        (12.25, "12.25"),
    ],
)
def test_numbers(value: float | int | None, text: str) -> None:
    assert words.number(value) == text


def test_shares_and_plurals() -> None:
    assert [words.percent(share) for share in (0, 0.124, 0.126, 1)] == ["0 %", "12 %", "13 %", "100 %"]
    assert [words.percent(share) for share in (0.004, 0.006, 0.994, 0.996)] == [
        "<1 %",
        "1 %",
        "99 %",
        ">99 %",
    ]
    assert words.plural(1, "incident") == "1 incident"
    assert words.plural(0, "incident") == "0 incidents"
    assert words.plural(1200, "entry", "entries") == "1\u202f200 entries"
