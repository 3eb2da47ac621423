"""Honest figures, on worked examples."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from math import log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmsite.archive.incident import Incident, Kind, Precision, Timestamp
from pmsite.archive.insights import FEW, YearCount, distribution, impact_minutes, sample, trend

_START = datetime(2023, 10, 7, 10)


def lasting(seconds: int | None, name: str = "", *, year: int = 2023, **values: object) -> Incident:
    started = Timestamp(_START, 0)
    resolved = None if seconds is None else Timestamp(_START + timedelta(seconds=seconds), 0)
    identifier = name or f"i{seconds}"
    plain = Incident(
        identifier,
        f"{identifier}.md",
        identifier.title(),
        date(year, 1, 1),
        started=started,
        resolved=resolved,
    )
    return replace(plain, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "median", "p90"),
    [
        ([], None, None),
        ([7], 7, 7),
        ([1, 2], 1, 2),
        ([3, 1, 2], 2, 3),
        ([1, 2, 3, 4], 2, 4),
        ([10, 20, 30, 40, 50, 60, 70, 80, 90, 100], 50, 90),
        (range(1, 12), 6, 10),
        (range(1, 21), 10, 18),
        ([5, 5, 5, 1000], 5, 1000),
    ],
)
def test_nearest_rank_median_and_p90(values: list[int], median: int | None, p90: int | None) -> None:
    found = sample(values)
    assert (found.median, found.p90) == (median, p90)


def test_what_is_missing_is_counted() -> None:
    found = sample([3, None, 1, None, 2])
    assert (found.values, found.n, found.missing, found.total) == ((1, 2, 3), 3, 2, 5)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.integers(0, 100), min_size=1, max_size=60), st.integers(1, 100))
def test_a_percentile_is_the_smallest_value_that_enough_values_do_not_exceed(
    values: list[int], percent: int
) -> None:
    def enough(value: int) -> bool:
        return sum(other <= value for other in values) * 100 >= percent * len(values)

    assert sample(values).percentile(percent) == min(value for value in values if enough(value))


@pytest.mark.parametrize(
    ("percent", "count"), [(28, 25), (56, 25), (14, 50), (50, 1000), (90, 1000), (100, 7)]
)
def test_percentiles_are_exact_where_floats_are_not(percent: int, count: int) -> None:
    assert sample(range(1, count + 1)).percentile(percent) == percent * count // 100


def test_a_distribution_has_every_point_in_order() -> None:
    found = distribution([lasting(3600), lasting(60), lasting(None), lasting(600), lasting(60, "a")])
    assert [(point.id, point.value) for point in found.points] == [
        ("a", 60),
        ("i60", 60),
        ("i600", 600),
        ("i3600", 3600),
    ]
    assert found.sample.missing == 1
    assert found.points[0].title == "A"
    assert [point.place for point in found.points][0::3] == [0, 1]
    assert found.median_place == 0
    assert found.p90_place == 1
    assert found.ticks == ((0, 60), (round(log(10) / log(60), 4), 600), (1, 3600))


def test_what_does_not_count_is_in_no_figure() -> None:
    incidents = [
        lasting(60),
        lasting(600, kind=Kind.DRILL),
        lasting(None, kind=Kind.NEAR_MISS),
        lasting(5, exclude_from_metrics="x"),
    ]
    found = distribution(incidents)
    assert (found.sample.values, found.sample.missing) == ((60,), 0)
    assert [count.count for count in trend(incidents)] == [1]
    assert impact_minutes(incidents).total == 1


def test_what_is_in_doubt_is_missing_and_not_summed() -> None:
    doubtful = lasting(600, resolved=Timestamp(_START + timedelta(hours=1), 0, Precision.APPROXIMATE))
    assert distribution([doubtful, lasting(60)]).sample.values == (60,)
    found = impact_minutes([doubtful, lasting(60)])
    assert (found.total, found.unknown) == (1, 1)


def test_nothing_known_draws_nothing() -> None:
    for incidents in ([], [lasting(None)]):
        found = distribution(incidents)
        assert (found.points, found.ticks, found.is_few) == ((), (), True)
        assert found.sample.missing == len(incidents)


def test_few_points_are_no_chart() -> None:
    assert distribution([lasting(60 * (number + 1)) for number in range(FEW - 1)]).is_few
    assert not distribution([lasting(60 * (number + 1)) for number in range(FEW)]).is_few


@settings(deadline=None, max_examples=150)
@given(st.lists(st.integers(0, 2 * 10**7), min_size=1, max_size=12))
def test_places_lie_on_the_scale_and_in_order(seconds: list[int]) -> None:
    found = distribution([lasting(value, f"i{index}") for index, value in enumerate(seconds)])
    places = [point.place for point in found.points]
    assert places == sorted(places)
    assert all(
        0 <= place <= 1
        for place in [*places, found.median_place, found.p90_place, *(tick for tick, _ in found.ticks)]
    )
    assert found.median_place in places and found.p90_place in places


def test_a_trend_has_its_gaps() -> None:
    incidents = [lasting(1, year=2020), lasting(2, year=2020), lasting(3, year=2022), lasting(4, date=None)]
    assert trend(incidents) == (YearCount(2020, 2, 1), YearCount(2021, 0, 0), YearCount(2022, 1, 0.5))
    assert trend([]) == ()


def test_impact_minutes_name_the_largest_share() -> None:
    found = impact_minutes([lasting(600), lasting(5400), lasting(None), lasting(30)])
    assert (found.total, found.largest_share, found.unknown) == (100, 0.8955, 1)
    assert found.largest is not None and found.largest.id == "i5400"
    empty = impact_minutes([lasting(None)])
    assert (empty.total, empty.largest, empty.largest_share, empty.unknown) == (0, None, 0, 1)
