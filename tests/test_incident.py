"""What an incident is: timestamps, derived durations with their reasons, and digests."""

from dataclasses import fields, replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmsite.archive.incident import (
    Absence,
    ActionItem,
    ActionStatus,
    Doubt,
    Duration,
    Impact,
    ImpactWindow,
    Incident,
    Kind,
    Link,
    Precision,
    Relation,
    Status,
    TimelineEntry,
    Timestamp,
    Visibility,
    between,
    doubted,
    impact_duration,
    misplaced,
    time_to_acknowledge,
    time_to_detect,
    time_to_resolve,
)
from pmsite.source.document import with_digest


def at(
    hour: int,
    minute: int = 0,
    *,
    day: int = 7,
    offset: int | None = 0,
    precision: Precision = Precision.EXACT,
) -> Timestamp:
    return Timestamp(datetime(2023, 10, day, hour, minute), offset, precision)


def later(days: int) -> Timestamp:
    return Timestamp(datetime(2023, 10, 7, 10) + timedelta(days=days), 0, Precision.EXACT)


DAY = at(0, offset=None, precision=Precision.DAY)
ABOUT = Precision.APPROXIMATE


def incident(**values: object) -> Incident:
    return Incident(id="x", source="x.md", title="X", **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("timestamp", "text"),
    [
        (at(10), "2023-10-07T10:00:00Z"),
        (at(10, offset=None), "2023-10-07T10:00:00"),
        (at(10, offset=7200), "2023-10-07T10:00:00+02:00"),
        (at(10, offset=-12600), "2023-10-07T10:00:00-03:30"),
        (at(10, offset=0, precision=ABOUT), "2023-10-07T10:00:00Z"),
        (DAY, "2023-10-07"),
    ],
)
def test_iso(timestamp: Timestamp, text: str) -> None:
    assert timestamp.iso() == text


@pytest.mark.parametrize(
    ("first", "second", "seconds"),
    [
        (at(10), at(11), 3600),
        (at(10, offset=None), at(11, offset=None), 3600),
        (at(10, offset=7200), at(10), 7200),
        (at(10), at(10, offset=7200), -7200),
        (at(10), at(11, offset=None), None),
        (at(10, offset=None), at(11), None),
    ],
)
def test_seconds_between_two_timestamps(first: Timestamp, second: Timestamp, seconds: int | None) -> None:
    assert second.seconds_since(first) == seconds


def test_the_day_at_another_offset() -> None:
    assert at(23, offset=0).day_in(7200) == date(2023, 10, 8)
    assert at(1, offset=0).day_in(-7200) == date(2023, 10, 6)
    assert at(23, offset=None).day_in(7200) == date(2023, 10, 7)
    assert DAY.day_in(86000) == date(2023, 10, 7)
    assert Timestamp(datetime.max, 0).day_in(7200) == date.max


@pytest.mark.parametrize(
    ("started", "resolved", "expected"),
    [
        (at(10), at(12), Duration(7200)),
        (at(23), at(1, day=8), Duration(7200)),
        (at(10), at(10), Duration(0)),
        (at(10, offset=None), at(12, offset=None), Duration(7200)),
        (at(10, precision=ABOUT), at(12), Duration(7200, doubt="approximate")),
        (None, at(12), Duration(None, "started is not recorded")),
        (at(10), None, Duration(None, "resolved is not recorded")),
        (at(10), Absence.UNKNOWN, Duration(None, "resolved is unknown")),
        (Absence.NOT_APPLICABLE, at(12), Duration(None, "started does not apply")),
        (DAY, at(12, offset=None), Duration(None, "started and resolved are known to the day only")),
        (
            at(10),
            at(12, offset=None),
            Duration(None, "only one of started and resolved states its time zone"),
        ),
        (at(12), at(10), Duration(None, "started and resolved are in an impossible order")),
    ],
)
def test_a_duration_or_the_reason_why_there_is_none(
    started: object, resolved: object, expected: Duration
) -> None:
    assert between(incident(started=started, resolved=resolved), "started", "resolved") == expected


def test_what_is_in_doubt_is_not_counted() -> None:
    assert Duration(60).counted == 60
    assert Duration(60, doubt="approximate").counted is None
    assert Duration(None, "unknown").counted is None


def test_the_four_durations() -> None:
    found = incident(
        started=at(10), detected=at(10, 5), acknowledged=at(10, 15), mitigated=at(11), resolved=at(13)
    )
    assert time_to_detect(found).seconds == 300
    assert time_to_acknowledge(found).seconds == 600
    assert impact_duration(found).seconds == 3600
    assert time_to_resolve(found).seconds == 10800


def test_declared_and_identified_may_come_when_all_is_over() -> None:
    found = incident(
        started=at(10),
        detected=at(10, 5),
        mitigated=at(11),
        resolved=at(12),
        declared=at(11, 30),
        identified=at(14),
    )
    assert misplaced(found) == {}
    assert misplaced(replace(found, identified=at(9))) == {"identified": "earlier than detected"}
    assert misplaced(replace(found, resolved=at(10, 30))) == {"resolved": "earlier than mitigated"}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"mitigated": at(11), "resolved": at(12)}, Duration(3600)),
        ({"resolved": at(12)}, Duration(7200)),
        ({"mitigated": Absence.NOT_APPLICABLE, "resolved": at(12)}, Duration(7200)),
        ({"detected": at(9), "resolved": at(12)}, Duration(7200)),
        ({"started": None, "identified": at(13), "resolved": at(12), "duration": Duration(60)}, Duration(60)),
        ({"identified": at(13), "resolved": at(12)}, Duration(7200)),
        ({"mitigated": at(11), "resolved": None}, Duration(3600)),
        ({}, Duration(None, "resolved is not recorded")),
        (
            {"resolved": at(20), "impact": Impact(windows=(ImpactWindow(at(10), at(11)), ImpactWindow(at(12), at(12, 30))))},
            Duration(5400),
        ),
        (
            {"impact": Impact(windows=(ImpactWindow(at(10), at(11)), ImpactWindow(at(12, precision=ABOUT), at(13))))},
            Duration(7200, doubt="approximate"),
        ),
        (
            {"impact": Impact(windows=(ImpactWindow(at(10), at(11)), ImpactWindow(at(13), at(12))))},
            Duration(None, "the ends of an impact window are in an impossible order"),
        ),
    ],
)  # fmt: skip
def test_how_long_users_were_affected(values: dict[str, object], expected: Duration) -> None:
    assert impact_duration(incident(**{"started": at(10), **values})) == expected


@pytest.mark.parametrize(
    ("values", "counted"),
    [
        ({}, True),
        ({"status": Status.FINAL}, True),
        ({"status": Status.REVIEW}, True),
        ({"status": Status.DRAFT}, False),
        ({"exclude_from_metrics": "a test"}, False),
        *(({"kind": kind}, kind is Kind.INCIDENT) for kind in Kind),
    ],
)
def test_what_counts(values: dict[str, object], counted: bool) -> None:
    assert incident(**values).is_counted is counted


@pytest.mark.parametrize(
    ("status", "due", "overdue"),
    [
        (ActionStatus.OPEN, date(2023, 10, 6), True),
        (ActionStatus.IN_PROGRESS, date(2023, 10, 6), True),
        (ActionStatus.OPEN, date(2023, 10, 7), False),
        (ActionStatus.OPEN, None, False),
        (ActionStatus.DONE, date(2023, 10, 6), False),
        (ActionStatus.WONT_DO, date(2023, 10, 6), False),
        (ActionStatus.UNKNOWN, date(2023, 10, 6), False),
    ],
)
def test_overdue_actions(status: ActionStatus, due: date | None, overdue: bool) -> None:
    assert ActionItem("x", due=due, status=status).is_overdue(date(2023, 10, 7)) is overdue


def test_open_actions_are_open_or_in_progress() -> None:
    items = tuple(ActionItem(status.value, status=status) for status in ActionStatus)
    assert [item.title for item in incident(action_items=items).open_actions] == ["open", "in-progress"]


def test_audiences_are_ordered() -> None:
    assert sorted(Visibility, key=lambda item: item.rank) == [
        Visibility.PUBLIC,
        Visibility.INTERNAL,
        Visibility.RESTRICTED,
    ]


_OTHER: dict[str, object] = {
    "date": date(2023, 1, 1),
    "published": date(2023, 1, 1),
    "updated": date(2023, 1, 1),
    "status": Status.FINAL,
    "kind": Kind.DRILL,
    "impact": Impact(users=1),
    "visibility": Visibility.PUBLIC,
    "timeline": (TimelineEntry(at(1), "other"),),
    "action_items": (ActionItem("other"),),
    "related": (Relation("other"),),
    "links": (Link("other", "https://example.org/"),),
    "duration": Duration(60),
    "doubts": (Doubt("duration", "says 1 h"),),
    **dict.fromkeys(
        ["started", "detected", "acknowledged", "declared", "identified", "mitigated", "resolved"], at(1)
    ),
}


def test_equal_facts_have_equal_digests_and_every_fact_counts() -> None:
    plain = with_digest(incident())
    assert plain.digest and plain == with_digest(incident())
    without_effect = []
    for item in fields(Incident):
        if item.name in ("digest", "measured", "out_of_place"):
            continue
        value = getattr(plain, item.name)
        other = _OTHER.get(item.name, "other" if isinstance(value, str) else ("other",))
        if with_digest(replace(incident(), **{item.name: other})).digest == plain.digest:
            without_effect.append(item.name)
    assert without_effect == []


def test_completing_measures_the_impact_and_changes_no_fact() -> None:
    found = incident(started=at(10), resolved=at(12))
    completed = found.completed()
    assert impact_duration(completed) == impact_duration(found) == completed.measured == Duration(7200)
    assert replace(completed, measured=None, out_of_place=None) == found


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({"started": at(10), "detected": at(10, 5), "resolved": at(12)}, ()),
        ({"started": at(10), "detected": at(9), "resolved": at(12)}, ("detected",)),
        ({"started": at(10, precision=ABOUT), "resolved": at(12)}, ("started",)),
        ({"started": at(10), "detected": Absence.UNKNOWN, "resolved": at(9)}, ("resolved",)),
        ({"started": at(10), "identified": at(12), "declared": at(13), "acknowledged": at(14)}, ()),
        ({"mitigated": at(10), "resolved": later(60)}, ()),
        (
            {"started": at(10), "detected": later(366), "resolved": at(12), "inferred": ("detected",)},
            ("detected",),
        ),
        (
            {"started": at(10), "detected": at(9), "acknowledged": at(9, 30), "resolved": at(12)},
            ("detected", "acknowledged"),
        ),
        ({"mitigated": at(10), "resolved": later(60), "inferred": ("resolved",)}, ("resolved",)),
        ({"mitigated": at(10), "resolved": later(20), "inferred": ("resolved",)}, ()),
        ({"started": at(10), "resolved": at(9, offset=None)}, ()),
        ({}, ()),
    ],
)
def test_milestones_in_doubt(values: dict[str, object], names: tuple[str, ...]) -> None:
    assert doubted(incident(**values)) == names


@settings(deadline=None, max_examples=100)
@given(
    st.datetimes(datetime(1900, 1, 1), datetime(2199, 1, 1)),
    st.integers(-50_000, 50_000),
    st.integers(-900, 900).map(lambda minutes: minutes * 60),
    st.integers(0, 10**7),
)
def test_durations_do_not_depend_on_the_zones_that_times_are_written_in(
    wall: datetime, first: int, second: int, seconds: int
) -> None:
    start = Timestamp(wall, 0)
    moved = Timestamp(wall + timedelta(seconds=first), first)
    end = Timestamp(wall + timedelta(seconds=seconds + second), second)
    assert end.seconds_since(start) == end.seconds_since(moved) == seconds
