"""Durations against days: every incident a dot, and bins where there are too many."""

from datetime import date, datetime, timedelta
from math import log

from hypothesis import given, settings
from hypothesis import strategies as st

from pmsite.archive.fiscal import QuarterName
from pmsite.archive.incident import Duration, Incident, Kind, Timestamp
from pmsite.archive.spread import BANDS, MAX_COLUMNS, MAX_DOTS, spread


def lasting(
    name: str, day: date, seconds: int | None, severity: str = "", kind: Kind = Kind.INCIDENT
) -> Incident:
    start = datetime(day.year, day.month, day.day, 10)
    end = None if seconds is None else Timestamp(start + timedelta(seconds=seconds), 0)
    return Incident(
        name, f"{name}.md", name, day, severity=severity, kind=kind, started=Timestamp(start, 0), resolved=end
    ).completed()


def test_a_worked_example() -> None:
    found = spread(
        (
            lasting("d", date(2024, 7, 1), 36000, "SEV1"),
            lasting("c", date(2023, 7, 2), None, "SEV1"),
            lasting("b", date(2023, 1, 1), 600, "SEV2"),
            lasting("drill", date(2023, 1, 1), 5, kind=Kind.DRILL),
        ),
        1,
    )
    assert (found.sample.values, found.sample.missing) == ((600, 36000), 1)
    assert [(dot.incidents[0].id, dot.x, dot.y) for dot in found.dots] == [
        ("d", round((365 + 182) / 731, 4), round(log(60) / log(144), 4)),
        ("b", 0.0, 0.0),
    ]
    assert found.ticks[0] == (0.0, 600) and found.ticks[-1] == (1.0, 86400)
    assert [(name.year_label, known.values, known.missing) for name, known in found.by_year] == [
        ("2024", (36000,), 0),
        ("2023", (600,), 1),
    ]
    assert {word: known.values for word, known in found.by_severity} == {"sev1": (36000,), "sev2": (600,)}
    assert found.is_few and not found.is_binned


def test_years_are_fiscal_ones() -> None:
    (name, _), *others = spread((lasting("a", date(2023, 7, 1), 60),), 7).by_year
    assert (name, others) == (QuarterName(2024, 1, 7), [])


def test_one_without_a_date_is_counted_and_not_drawn() -> None:
    undated = Incident("u", "u.md", "u", duration=Duration(600)).completed()
    found = spread((undated, lasting("a", date(2023, 7, 1), 60)), 1)
    assert (found.sample.values, found.undated, len(found.dots)) == ((60, 600), 1, 1)
    alone = spread((undated,), 1)
    assert (alone.sample.n, alone.undated, alone.dots) == (1, 1, ())


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 30), st.integers(MAX_DOTS - 2, MAX_DOTS + 60), st.integers(1, 12))
def test_bins_hold_every_incident_once_and_their_number_is_bounded(
    years: int, count: int, start: int
) -> None:
    days = [date(1990, 1, 1) + timedelta(days=index * (365 * years - 1) // count) for index in range(count)]
    incidents = tuple(lasting(f"i{index}", day, 60 + index * 37) for index, day in enumerate(days))
    found = spread(incidents, start)
    assert sum(dot.count for dot in found.dots) == count
    assert all(0 <= dot.x <= 1 and 0 <= dot.y <= 1 for dot in found.dots)
    assert found.is_binned == (count > MAX_DOTS)
    if found.is_binned:
        columns = {dot.x for dot in found.dots}
        assert len(columns) <= max(MAX_COLUMNS, years + 1)
        assert len(found.dots) <= len(columns) * BANDS
