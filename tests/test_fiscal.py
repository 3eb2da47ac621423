"""Quarters of calendar and fiscal years."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmsite.archive.fiscal import QuarterName, latest_complete, quarter_of

DAYS = st.dates(date(1901, 1, 1), date(2198, 12, 31))
MONTHS = st.integers(1, 12)


@pytest.mark.parametrize(
    ("day", "first_month", "label", "slug"),
    [
        (date(2023, 10, 7), 1, "Q4 2023", "2023"),
        (date(2023, 10, 7), 7, "Q2 FY2024", "fy2024"),
        (date(2023, 6, 30), 7, "Q4 FY2023", "fy2023"),
        (date(2024, 1, 31), 2, "Q4 FY2024", "fy2024"),
        (date(2024, 2, 1), 2, "Q1 FY2025", "fy2025"),
    ],
)
def test_the_quarter_of_a_day(day: date, first_month: int, label: str, slug: str) -> None:
    name = quarter_of(day, first_month)
    assert (name.label, name.year_slug) == (label, slug)


@given(DAYS, MONTHS)
def test_a_day_lies_in_its_quarter_and_quarters_meet(day: date, first_month: int) -> None:
    name = quarter_of(day, first_month)
    assert name.start <= day <= name.end
    assert name.moved(1).start == name.end + timedelta(days=1)
    assert quarter_of(name.start, first_month) == quarter_of(name.end, first_month) == name


@given(DAYS, MONTHS, st.integers(-40, 40))
def test_moving_counts_quarters(day: date, first_month: int, quarters: int) -> None:
    name = quarter_of(day, first_month)
    assert name.moved(quarters).since(name) == quarters
    assert (name.moved(quarters) < name) == (quarters < 0)


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2026, 9, 30), QuarterName(2026, 2)),
        (date(2026, 10, 1), QuarterName(2026, 3)),
        (date(2026, 1, 1), QuarterName(2025, 4)),
    ],
)
def test_the_latest_complete_quarter_is_over(today: date, expected: QuarterName) -> None:
    assert latest_complete(today, 1) == expected
    assert latest_complete(today, 1).end < today
