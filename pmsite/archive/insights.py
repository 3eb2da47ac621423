"""Honest figures: how many values there are, how many are missing, every point, median and p90; never a bare mean.

Durations of incidents are heavily skewed, so that a mean says little (The VOID Report 2021 and 2022, which also find
no relation between severity and duration).
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from pmsite.archive.incident import Duration, Incident, impact_duration
from pmsite.cache import remembered

Measure = Callable[[Incident], Duration]

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


# A second to a hundred days: the marks of a logarithmic scale that people read without thinking.
_TICKS = (1, 10, 60, 600, 3600, 6 * 3600, 86400, 7 * 86400, 30 * 86400, 100 * 86400)


@dataclass(frozen=True, slots=True)
class LogScale:
    """Seconds from `low` to `high` on a logarithmic scale from 0 to 1."""

    low: int
    high: int

    def place(self, seconds: int) -> float:
        value = min(max(seconds, self.low), self.high)
        return round(math.log(value / self.low) / math.log(self.high / self.low), 4)

    @property
    def ticks(self) -> tuple[tuple[float, int], ...]:
        return tuple((self.place(tick), tick) for tick in _TICKS if self.low <= tick <= self.high)


def log_scale(smallest: int, largest: int) -> LogScale:
    """The scale between the round durations around two values."""
    low = max((tick for tick in _TICKS if tick <= smallest), default=1)
    high = min((tick for tick in _TICKS if tick >= largest), default=max(largest, 2))
    return LogScale(low, high if low < high else low * 10)


@dataclass(frozen=True, slots=True)
class Distribution:
    """Durations in seconds on a logarithmic scale, and where median and p90 lie."""

    sample: Sample
    points: tuple[Point, ...]
    median_place: float
    p90_place: float
    ticks: tuple[tuple[float, int], ...]

    @property
    def is_few(self) -> bool:
        """Too few points for a chart; a sentence says it better."""
        return self.sample.n < FEW


@remembered(256)
def distribution(
    incidents: Iterable[Incident], measure: Measure = impact_duration, most: int = MAX_POINTS
) -> Distribution:
    """The durations of the counted incidents among `incidents`: of their impact, unless `measure` says otherwise.

    Every value is a point, up to `most` of them.
    """
    durations = [(incident, measure(incident).counted) for incident in incidents if incident.is_counted]
    known = sorted(
        ((incident, seconds) for incident, seconds in durations if seconds is not None),
        key=lambda pair: (pair[1], pair[0].id),
    )
    figures = sample(seconds for _, seconds in durations)
    if not known:
        return Distribution(figures, (), 0.0, 0.0, ())
    scale = log_scale(known[0][1], known[-1][1])
    return Distribution(
        figures,
        tuple(_stacked(_thinned(known, most), scale)),
        scale.place(figures.median or 0),
        scale.place(figures.p90 or 0),
        scale.ticks,
    )


def _stacked(known: Iterable[tuple[Incident, int]], scale: LogScale) -> Iterator[Point]:
    """Points from left to right; those that would cover each other stand one above the other, up to STACK of them."""
    stack, height = -1.0, 0
    for incident, seconds in known:
        place = scale.place(seconds)
        if place - stack < WIDTH:
            height = (height + 1) % STACK
        else:
            stack, height = place, 0
        yield Point(incident.id, incident.title, seconds, place, height)


def _thinned(known: list[tuple[Incident, int]], most: int) -> list[tuple[Incident, int]]:
    """At most so many values, at equal distances in rank, the shortest and the longest among them."""
    if len(known) <= most:
        return known
    step = (len(known) - 1) / (most - 1)
    return [known[round(number * step)] for number in range(most)]


def number_counted(incidents: Iterable[Incident]) -> int:
    """How many of them belong in statistics."""
    return sum(incident.is_counted for incident in incidents)


@dataclass(frozen=True, slots=True)
class YearCount:
    year: int
    count: int
    share: float


@remembered(256)
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


@remembered(256)
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
