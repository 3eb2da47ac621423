"""Honest figures: how many values there are, how many are missing, every point, median and p90; never a bare mean.

Durations of incidents are heavily skewed, so that a mean says little (The VOID Report 2021 and 2022, which also find
no relation between severity and duration).
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pmsite.archive.incident import Incident, impact_duration

FEW = 5
MAX_POINTS = 300
# A dot's width as a share of the scale, and how many stand one above the other before the next lies on the first.
WIDTH, STACK = 0.014, 9


@dataclass(frozen=True, slots=True)
class Point:
    """One incident's value on a scale from 0 to 1, for drawing; `height` counts the points below it in its stack."""

    id: str
    title: str
    value: int
    place: float
    height: int


@dataclass(frozen=True, slots=True)
class Sample:
    """Known values in ascending order, and how many of all are unknown or in doubt."""

    values: tuple[int, ...]
    missing: int

    @property
    def n(self) -> int:
        return len(self.values)

    @property
    def total(self) -> int:
        return self.n + self.missing

    @property
    def median(self) -> int | None:
        return self.percentile(50)

    @property
    def p90(self) -> int | None:
        return self.percentile(90)

    def percentile(self, percent: int) -> int | None:
        """The nearest-rank percentile: the smallest value that at least `percent` % of the values do not exceed."""
        if not self.values:
            return None
        # In integers: 28 / 100 * 25 is a little more than 7 in floats, and would be the eighth value.
        rank = -(-percent * self.n // 100)
        return self.values[max(rank, 1) - 1]


def sample(values: Iterable[int | None]) -> Sample:
    """A sample of what is known; None counts as missing."""
    known, missing = [], 0
    for value in values:
        if value is None:
            missing += 1
        else:
            known.append(value)
    return Sample(tuple(sorted(known)), missing)


@dataclass(frozen=True, slots=True)
class Distribution:
    """Impact durations in seconds on a logarithmic scale, and where median and p90 lie.

    Every value is a point, up to MAX_POINTS of them.
    """

    sample: Sample
    points: tuple[Point, ...]
    median_place: float
    p90_place: float
    ticks: tuple[tuple[float, int], ...]

    @property
    def is_few(self) -> bool:
        """Too few points for a chart; a sentence says it better."""
        return self.sample.n < FEW


# A second to a hundred days: the marks of a logarithmic scale that people read without thinking.
_TICKS = (1, 10, 60, 600, 3600, 6 * 3600, 86400, 7 * 86400, 30 * 86400, 100 * 86400)


def distribution(incidents: Iterable[Incident]) -> Distribution:
    """The impact durations of the counted incidents among `incidents`."""
    durations = [
        (incident, impact_duration(incident).counted) for incident in incidents if incident.is_counted
    ]
    known = sorted(
        ((incident, seconds) for incident, seconds in durations if seconds is not None),
        key=lambda pair: (pair[1], pair[0].id),
    )
    figures = sample(seconds for _, seconds in durations)
    if not known:
        return Distribution(figures, (), 0.0, 0.0, ())
    low, high = _bounds(known[0][1], known[-1][1])
    return Distribution(
        figures,
        tuple(_stacked(_thinned(known), low, high)),
        _place(figures.median or 0, low, high),
        _place(figures.p90 or 0, low, high),
        tuple((_place(tick, low, high), tick) for tick in _TICKS if low <= tick <= high),
    )


def _stacked(known: Iterable[tuple[Incident, int]], low: int, high: int) -> Iterator[Point]:
    """Points from left to right; those that would cover each other stand one above the other, up to STACK of them."""
    stack, height = -1.0, 0
    for incident, seconds in known:
        place = _place(seconds, low, high)
        if place - stack < WIDTH:
            height = (height + 1) % STACK
        else:
            stack, height = place, 0
        yield Point(incident.id, incident.title, seconds, place, height)


def _thinned(known: list[tuple[Incident, int]]) -> list[tuple[Incident, int]]:
    """At most MAX_POINTS values, at equal distances in rank, the shortest and the longest among them."""
    if len(known) <= MAX_POINTS:
        return known
    step = (len(known) - 1) / (MAX_POINTS - 1)
    return [known[round(number * step)] for number in range(MAX_POINTS)]


def _bounds(smallest: int, largest: int) -> tuple[int, int]:
    low = max((tick for tick in _TICKS if tick <= smallest), default=1)
    high = min((tick for tick in _TICKS if tick >= largest), default=max(largest, 2))
    return (low, high) if low < high else (low, low * 10)


def _place(seconds: int, low: int, high: int) -> float:
    value = min(max(seconds, low), high)
    return round(math.log(value / low) / math.log(high / low), 4)


@dataclass(frozen=True, slots=True)
class YearCount:
    year: int
    count: int
    share: float


def trend(incidents: Iterable[Incident]) -> tuple[YearCount, ...]:
    """Counted incidents per year, gaps included; `share` is relative to the highest year."""
    counts: dict[int, int] = {}
    for incident in incidents:
        if incident.is_counted and incident.date is not None:
            counts[incident.date.year] = counts.get(incident.date.year, 0) + 1
    if not counts:
        return ()
    highest = max(counts.values())
    return tuple(
        YearCount(year, counts.get(year, 0), round(counts.get(year, 0) / highest, 4))
        for year in range(min(counts), max(counts) + 1)
    )


@dataclass(frozen=True, slots=True)
class Minutes:
    """Impact minutes of a period: their sum, the largest incident's share of it, and how many are unknown."""

    total: int
    largest: Incident | None
    largest_share: float
    unknown: int


def impact_minutes(incidents: Iterable[Incident]) -> Minutes:
    total, largest, longest, unknown = 0, None, 0, 0
    for incident in incidents:
        if not incident.is_counted:
            continue
        seconds = impact_duration(incident).counted
        if seconds is None:
            unknown += 1
            continue
        total += seconds
        if seconds > longest:
            largest, longest = incident, seconds
    return Minutes(total // 60, largest, round(longest / total, 4) if total else 0.0, unknown)
