"""Impact durations against the day: every incident a dot, or, where there are too many, every stretch of the scale."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from pmsite.archive.fiscal import QuarterName, quarter_of
from pmsite.archive.grouping import grouped
from pmsite.archive.incident import Incident, impact_duration
from pmsite.archive.insights import FEW, LogScale, Sample, log_scale, sample
from pmsite.site.urls import slug

Key = TypeVar("Key", bound=Hashable)
Dated = tuple[Incident, date]
# With more than MAX_DOTS values the scale is cut into so many bands, and the time into columns.
MAX_DOTS, BANDS, MAX_COLUMNS = 150, 12, 24


@dataclass(frozen=True, slots=True)
class Dot:
    """One incident, or those of a quarter (of a year, if `whole_year`) whose durations are nearly the same.

    `x` and `y` run from 0 to 1. `period` is None for one incident.
    """

    x: float
    y: float
    incidents: tuple[Incident, ...]
    period: QuarterName | None = None
    whole_year: bool = False

    @property
    def count(self) -> int:
        return len(self.incidents)


@dataclass(frozen=True, slots=True)
class Spread:
    """Known durations in seconds, where they lie in time, and what they are by (fiscal) year and by severity's slug.

    `years` are the first quarters of years on the axis of time. `undated` values are in the sample without a dot.
    """

    sample: Sample
    dots: tuple[Dot, ...] = ()
    undated: int = 0
    years: tuple[tuple[float, QuarterName], ...] = ()
    ticks: tuple[tuple[float, int], ...] = ()
    median_place: float = 0.0
    p90_place: float = 0.0
    by_year: tuple[tuple[QuarterName, Sample], ...] = ()
    by_severity: tuple[tuple[str, Sample], ...] = ()

    @property
    def is_few(self) -> bool:
        return len(self.dots) < FEW and not self.is_binned

    @property
    def is_binned(self) -> bool:
        return any(dot.period is not None for dot in self.dots)


def spread(incidents: Iterable[Incident], first_month: int) -> Spread:
    """The impact durations of the counted incidents against their days; `first_month` is that of fiscal years."""
    counted = tuple(incident for incident in incidents if incident.is_counted)
    figures = _sample(counted)
    known = [incident for incident in counted if impact_duration(incident).counted is not None]
    dated = [(incident, incident.date) for incident in known if incident.date is not None]
    if not dated:
        return Spread(figures, undated=len(known))

    def year(incident: Incident) -> tuple[QuarterName, ...]:
        return (_year(incident.date, first_month),) if incident.date is not None else ()

    def severity(incident: Incident) -> tuple[str, ...]:
        return (slug(incident.severity, fallback="term"),) if incident.severity else ()

    scale = log_scale(figures.values[0], figures.values[-1])
    axis = _axis([day for _, day in dated], first_month)
    return Spread(
        sample=figures,
        dots=_single(dated, scale, axis) if len(dated) <= MAX_DOTS else _binned(dated, scale, axis),
        undated=len(known) - len(dated),
        years=tuple((axis.place(name.start), name) for name in axis.years),
        ticks=scale.ticks,
        median_place=scale.place(figures.median or 0),
        p90_place=scale.place(figures.p90 or 0),
        by_year=tuple(sorted(_samples(counted, year), reverse=True)),
        by_severity=tuple(_samples(counted, severity)),
    )


def _sample(incidents: Iterable[Incident]) -> Sample:
    return sample(impact_duration(incident).counted for incident in incidents)


def _samples(
    incidents: Iterable[Incident], keys: Callable[[Incident], Iterable[Key]]
) -> Iterable[tuple[Key, Sample]]:
    return ((key, _sample(members)) for key, members in grouped(incidents, keys).items())


def _year(day: date, first_month: int) -> QuarterName:
    """A (fiscal) year by its first quarter."""
    return QuarterName(quarter_of(day, first_month).year, 1, first_month)


@dataclass(frozen=True, slots=True)
class _Axis:
    """Time from the first day of one (fiscal) year to the last day of another."""

    years: tuple[QuarterName, ...]

    def place(self, day: date) -> float:
        first, after = self.years[0].start, self.years[-1].moved(4).start
        return round((day - first).days / (after - first).days, 4)


def _axis(days: Iterable[date], first_month: int) -> _Axis:
    ordered = sorted(days)
    first, last = (_year(day, first_month) for day in (ordered[0], ordered[-1]))
    return _Axis(tuple(first.moved(4 * index) for index in range(last.year - first.year + 1)))


def _single(dated: Iterable[Dated], scale: LogScale, axis: _Axis) -> tuple[Dot, ...]:
    return tuple(
        Dot(axis.place(day), scale.place(_seconds(incident)), (incident,)) for incident, day in dated
    )


def _binned(dated: Iterable[Dated], scale: LogScale, axis: _Axis) -> tuple[Dot, ...]:
    """A dot for each column of time and band of the scale, in their middle."""
    first_month, whole_year = axis.years[0].first_month, 4 * len(axis.years) > MAX_COLUMNS
    column = _year if whole_year else quarter_of
    bins: dict[tuple[QuarterName, int], list[Incident]] = {}
    for incident, day in dated:
        band = min(int(scale.place(_seconds(incident)) * BANDS), BANDS - 1)
        bins.setdefault((column(day, first_month), band), []).append(incident)
    return tuple(
        Dot(
            round((axis.place(period.start) + axis.place(period.moved(4 if whole_year else 1).start)) / 2, 4),
            round((band + 0.5) / BANDS, 4),
            tuple(members),
            period,
            whole_year,
        )
        for (period, band), members in sorted(bins.items(), key=lambda item: item[0])
    )


def _seconds(incident: Incident) -> int:
    seconds = impact_duration(incident).counted
    assert seconds is not None
    return seconds
