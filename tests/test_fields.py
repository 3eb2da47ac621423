"""Converters: every accepted form of a value, and an error for everything that could be misread."""

import string
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmsite.archive.incident import Absence, ActionStatus, Precision, Status, Timestamp, Visibility
from pmsite.config import Config
from pmsite.source import fields
from pmsite.source.fields import Vocabularies, Vocabulary, Zone
from pmsite.source.synonyms import ACTION_STATUS_SYNONYMS, STATUS_SYNONYMS
from pmsite.vocabulary import Word

NOWHERE = Zone()
COPENHAGEN = Zone("Europe/Copenhagen")
_HOUR = 3600


def at(*parts: int, offset: int | None = None, precision: Precision = Precision.EXACT) -> Timestamp:
    return Timestamp(datetime(*parts), offset, precision)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023-10-07T10:00:00Z", at(2023, 10, 7, 10, offset=0)),
        ("2023-10-07t10:00:00z", at(2023, 10, 7, 10, offset=0)),
        ("2023-10-07 10:00:42 UTC", at(2023, 10, 7, 10, 0, 42, offset=0)),
        ("2023-10-07 10:00 GMT", at(2023, 10, 7, 10, offset=0)),
        ("2023-10-07T10:00:00.123456789Z", at(2023, 10, 7, 10, offset=0)),
        ("2023-10-07T10:00:00,5Z", at(2023, 10, 7, 10, offset=0)),
        ("2023-10-07T10:00+02:00", at(2023, 10, 7, 10, offset=2 * _HOUR)),
        ("2023-10-07T10:00 +0530", at(2023, 10, 7, 10, offset=5 * _HOUR + 1800)),
        ("2023-10-07T10:00-03:30", at(2023, 10, 7, 10, offset=-(3 * _HOUR + 1800))),
        ("2023-10-07T10:00+14:00", at(2023, 10, 7, 10, offset=14 * _HOUR)),
        ("2023-10-07T10:00-00:00", at(2023, 10, 7, 10, offset=0)),
        ("2023-10-07 10:00", at(2023, 10, 7, 10)),
        ("  2023-10-07   9:05 ", at(2023, 10, 7, 9, 5)),
        ("2023-1-7 9:05", at(2023, 1, 7, 9, 5)),
        ("2023-10-07", at(2023, 10, 7, precision=Precision.DAY)),
        ("~2023-10-07 10:00", at(2023, 10, 7, 10, precision=Precision.APPROXIMATE)),
        ("~ 2023-10-07T10:00Z", at(2023, 10, 7, 10, offset=0, precision=Precision.APPROXIMATE)),
        ("≈2023-10-07 10:00", at(2023, 10, 7, 10, precision=Precision.APPROXIMATE)),
        ("~2023-10-07", at(2023, 10, 7, precision=Precision.DAY)),
        ("2023-12-31 24:00", at(2024, 1, 1)),
        ("2023-12-31T24:00:00Z", at(2024, 1, 1, offset=0)),
        ("2016-12-31T23:59:60Z", at(2016, 12, 31, 23, 59, 59, offset=0)),
        ("1900-01-01", at(1900, 1, 1, precision=Precision.DAY)),
        ("2199-12-31T23:59:59Z", at(2199, 12, 31, 23, 59, 59, offset=0)),
        ("2024-02-29 00:00", at(2024, 2, 29)),
    ],
)
def test_timestamps(text: str, expected: Timestamp) -> None:
    assert fields.timestamp(text, NOWHERE) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not a time"),
        ("yesterday", "is not a time"),
        ("2023/10/07", "is not a time"),
        ("07.10.2023", "is not a time"),
        ("2023-10-07T10", "is not a time"),
        ("2023-10-07 10.00", "is not a time"),
        ("2023-10-07T10:00:00 CEST", "is not a time"),
        ("2023-10-07 10:00 PM", "is not a time"),
        ("2023-10-07T10:00Z trailing", "is not a time"),
        ("2023-10-07T10:00Z\n2023", "is not a time"),
        ("14:05", "has no date"),
        ("2024-02-30", "is not a day of the calendar"),
        ("2023-02-29T10:00Z", "is not a day of the calendar"),
        ("2023-13-01", "is not a day of the calendar"),
        ("2023-00-10", "is not a day of the calendar"),
        ("2023-10-00", "is not a day of the calendar"),
        ("0000-01-01", "the year 0 is not between 1900 and 2199"),
        ("0001-01-01T00:00:00+14:00", "the year 1 is not"),
        ("1899-12-31", "the year 1899 is not"),
        ("2200-01-01", "the year 2200 is not"),
        ("9999-12-31T23:59:59-12:00", "the year 9999 is not"),
        ("2023-10-07 24:01", "24:01 is not a time of day"),
        ("2023-10-07 24:00:01", "24:00:01 is not a time of day"),
        ("2023-10-07 25:00", "25:00 is not a time of day"),
        ("2023-10-07 10:60", "10:60 is not a time of day"),
        ("2023-10-07 10:00:61", "10:00:61 is not a time of day"),
        ("2023-10-07T10:00+16:00", '"+16:00" is not an offset'),
        ("2023-10-07T10:00+02:60", '"+02:60" is not an offset'),
    ],
)
def test_what_is_not_a_timestamp(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words.replace("+", r"\+")):
        fields.timestamp(text, NOWHERE)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("2023-01-15 12:00", 1),
        ("2023-07-15 12:00", 2),
        ("2023-03-26 01:59", 1),
        ("2023-03-26 03:00", 2),
        ("2023-10-29 01:59", 2),
        ("2023-10-29 03:00", 1),
    ],
)
def test_a_time_without_offset_is_in_the_sites_zone_summer_time_included(text: str, hours: int) -> None:
    assert fields.timestamp(text, COPENHAGEN).offset == hours * _HOUR


def test_a_stated_offset_wins_over_the_sites_zone_and_a_day_has_none() -> None:
    assert fields.timestamp("2023-07-15T12:00Z", COPENHAGEN).offset == 0
    assert fields.timestamp("2023-07-15", COPENHAGEN) == at(2023, 7, 15, precision=Precision.DAY)


def test_a_bare_clock_takes_the_day_that_it_is_given() -> None:
    day = date(2023, 10, 7)
    assert fields.timestamp("14:05", NOWHERE, day) == at(2023, 10, 7, 14, 5)
    assert fields.timestamp("T14:05:09Z", NOWHERE, day) == at(2023, 10, 7, 14, 5, 9, offset=0)
    assert fields.timestamp("24:00", NOWHERE, day) == at(2023, 10, 8)
    assert fields.timestamp("~ 14:05", COPENHAGEN, day) == at(
        2023, 10, 7, 14, 5, offset=2 * _HOUR, precision=Precision.APPROXIMATE
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("unknown", Absence.UNKNOWN),
        (" Unknown ", Absence.UNKNOWN),
        ("?", Absence.UNKNOWN),
        ("TBD", Absence.UNKNOWN),
        ("true", Absence.UNKNOWN),
        ("n/a", Absence.NOT_APPLICABLE),
        ("N/A", Absence.NOT_APPLICABLE),
        ("none", Absence.NOT_APPLICABLE),
        ("-", Absence.NOT_APPLICABLE),
        ("2023-10-07 10:00", at(2023, 10, 7, 10)),
    ],
)
def test_milestones(text: str, expected: object) -> None:
    assert fields.milestone(text, NOWHERE) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023-10-07", date(2023, 10, 7)),
        ("2023-1-7", date(2023, 1, 7)),
        ("2023-10-07T23:30:00-08:00", date(2023, 10, 7)),
        ("~2023-10-07", date(2023, 10, 7)),
        ("2024-02-29", date(2024, 2, 29)),
    ],
)
def test_days(text: str, expected: date) -> None:
    assert fields.day(text) == expected


@pytest.mark.parametrize(
    "text", ["", "soon", "2024-02-30", "7.10.2023", "2023-10", "2023-10-07 and later", "0000-01-01"]
)
def test_what_is_not_a_day(text: str) -> None:
    with pytest.raises(ValueError):
        fields.day(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1200", 1200),
        ("0", 0),
        ("1,200", 1200),
        ("1,234,567", 1234567),
        ("1_200", 1200),
        ("1 200", 1200),
        ("~1200", 1200),
        ("≈ 1200", 1200),
        ("100+", 100),
        ("1.2k", 1200),
        ("1.5M", 1500000),
        ("3m", 3000000),
    ],
)
def test_whole_numbers(text: str, expected: int) -> None:
    assert fields.whole_number(text) == expected


@pytest.mark.parametrize(
    "text", ["", "many", "-3", "1e6", "12 users", "10-20", "9" * 16, "1/2", "nan", "inf", "½"]
)
def test_what_is_not_a_whole_number(text: str) -> None:
    with pytest.raises(ValueError):
        fields.whole_number(text)


@pytest.mark.parametrize(
    "text", ["1.200", "1.5", "0.5", "1,2k", "1,5M", "1,200k", "12,34", "1,2", "1,2345", "1,200 300"]
)
def test_a_number_that_could_mean_two_things_is_refused_and_not_guessed(text: str) -> None:
    with pytest.raises(ValueError):
        fields.whole_number(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("80", 80),
        ("80 %", 80),
        ("80%", 80),
        ("0.5", 0.5),
        ("0,5 %", 0.5),
        ("~12.5%", 12.5),
        ("0", 0),
        ("100", 100),
        ("<1%", 1),
    ],
)
def test_percentages(text: str, expected: float) -> None:
    assert fields.percentage(text) == expected


@pytest.mark.parametrize(
    "text", ["", "most", "100.1", "101", "-1", "50%%", "1/2", "nan", "5 percent", "80 % of users"]
)
def test_what_is_not_a_percentage(text: str) -> None:
    with pytest.raises(ValueError, match="is not a percentage"):
        fields.percentage(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("final", Status.FINAL),
        (" FINAL ", Status.FINAL),
        ("Completed", Status.FINAL),
        ("In Review", Status.REVIEW),
        ("in_review", Status.REVIEW),
        ("wip", Status.DRAFT),
        ("finished-ish", None),
        ("", None),
    ],
)
def test_a_closed_vocabulary(text: str, expected: Status | None) -> None:
    assert fields.closed(text, Status, STATUS_SYNONYMS) is expected


def test_every_member_of_a_closed_vocabulary_is_accepted_in_capitals_and_with_spaces() -> None:
    for member in ActionStatus:
        assert (
            fields.closed(member.value.upper().replace("-", " "), ActionStatus, ACTION_STATUS_SYNONYMS)
            is member
        )
    for audience in Visibility:
        assert fields.closed(f" {audience.value.title()} ", Visibility, {}) is audience


def test_an_open_vocabulary_knows_names_titles_and_aliases_and_keeps_other_words() -> None:
    vocabulary = Vocabulary(
        [Word("code-defect", "Code defect", aliases=("bug",)), Word("bugs", aliases=("bug",))]
    )
    for text in ("code-defect", "Code Defect", "code_defect", "CODEDEFECT", " bug ", "BUG"):
        assert vocabulary.canonical(text) == "code-defect"
    assert vocabulary.canonical("  Gremlins ") == "Gremlins"


def test_the_sites_vocabularies_hold_the_built_in_words_and_its_own() -> None:
    known = Vocabularies(Config(causes=(Word("gremlins", aliases=("imps",)),), severities=(Word("Sev 1"),)))
    assert known["causes"].canonical("database") == "data-store"
    assert known["causes"].canonical("Imps") == "gremlins"
    assert known["severity"].canonical("SEV1") == "Sev 1"
    assert known["severity"].canonical("critical") == "critical"
    assert Vocabularies(Config())["severity"].canonical("critical") == "SEV1"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("web", ["web"]),
        ("web, database", ["web", "database"]),
        (" web ,, ", ["web"]),
        (["web", " db "], ["web", "db"]),
        (["a, b"], ["a, b"]),
        ([None, "", "web"], ["web"]),
        ([{"name": "web"}, {"title": "x"}], ["web"]),
        ([], []),
        ("", []),
    ],
)
def test_names(value: Any, expected: list[str]) -> None:
    assert fields.names(value) == expected


def test_names_of_people_keep_their_commas() -> None:
    assert fields.names("Doe, Jane", split=False) == ["Doe, Jane"]


@pytest.mark.parametrize("value", [{"a": "b"}, [["a"]], [{"name": ["a"]}], [{"name": {"a": "b"}}]])
def test_what_is_not_a_list_of_names(value: Any) -> None:
    with pytest.raises(ValueError):
        fields.names(value)


_WRITTEN = st.one_of(
    st.text(max_size=30),
    st.text(string.digits + "-:TZ+~., %kM", max_size=30),
    st.from_regex(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.{0,8}"),
)


@settings(deadline=None, max_examples=150)
@given(_WRITTEN, st.sampled_from([NOWHERE, COPENHAGEN, Zone("Asia/Kathmandu")]))
def test_any_text_is_a_value_or_a_value_error(text: str, zone: Zone) -> None:
    for convert in (fields.day, fields.whole_number, fields.percentage):
        try:
            convert(text)
        except ValueError as error:
            assert len(str(error)) < 200
    try:
        found = fields.milestone(text, zone, date(2023, 10, 7))
    except ValueError as error:
        assert len(str(error)) < 250
    else:
        assert isinstance(found, Absence) or 1900 <= found.wall.year <= 2200  # type: ignore[union-attr]


@settings(deadline=None, max_examples=100)
@given(
    st.datetimes(datetime(1900, 1, 1), datetime(2199, 12, 31)).map(lambda wall: wall.replace(microsecond=0)),
    st.one_of(st.none(), st.integers(-15 * 60, 15 * 60).map(lambda minutes: minutes * 60)),
)
def test_what_is_printed_is_read_back(wall: datetime, offset: int | None) -> None:
    written = Timestamp(wall, offset)
    assert fields.timestamp(written.iso(), NOWHERE) == written
