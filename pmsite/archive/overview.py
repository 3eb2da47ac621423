"""The whole archive in figures: what the insights page draws and `pmsite stats` prints."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from pmsite.archive.fiscal import QuarterName, latest_complete, quarter_of
from pmsite.archive.grouping import Ranked, Ranking, grouped, leaders, ranking
from pmsite.archive.incident import Incident, Kind, Status, time_to_detect
from pmsite.archive.insights import Distribution, Sample, distribution, sample
from pmsite.archive.quarters import QuarterFigures, by_quarter, quarter_figures
from pmsite.archive.spread import MAX_DOTS, Spread, spread
from pmsite.archive.starts import Local, Starts, starts
from pmsite.archive.taxonomy import Taxonomy

# So many quarters are shown, the last ones; causes against quarters have fewer.
QUARTERS, CAUSE_QUARTERS = 24, 12
DIVISIONS = ("severity", "causes", "services", "detection")


@dataclass(frozen=True, slots=True)
class Pair:
    """A service and a cause, and the counted incidents that have both."""

    service: Ranked
    cause: Ranked
    incidents: tuple[Incident, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """Figures over the counted incidents; `left_out` says how many documents are not counted, and why.

    `quarters` are consecutive and end with the quarter of the latest incident that is not after `today`. Cells of
    `cause_quarters` and `pairs` that hold no incident are not there.
    """

    total: int
    counted: int
    left_out: tuple[tuple[str, int], ...]
    quarters: tuple[QuarterFigures, ...]
    complete: QuarterName
    severities: Ranking
    causes: Ranking
    cause_quarters: dict[tuple[str, QuarterName], tuple[Incident, ...]]
    services: Ranking
    pairs: dict[tuple[str, str], tuple[Incident, ...]]
    paired: int
    durations: Spread
    detect: Distribution
    detect_by: tuple[tuple[Ranked, Sample], ...]
    detection: Ranking
    starts: Starts

    @property
    def leading_pairs(self) -> tuple[Pair, ...]:
        """The services and established causes that occur together most often; none where nothing stands out."""
        services = {term.slug: term for term in self.services.terms}
        causes = {term.slug: term for term in self.causes.established}
        found = (
            Pair(services[service], causes[cause], incidents)
            for (service, cause), incidents in sorted(self.pairs.items())
            if cause in causes
        )
        return leaders(found, lambda pair: len(pair.incidents))


def overview(
    incidents: tuple[Incident, ...],
    taxonomies: Iterable[Taxonomy],
    today: date,
    first_month: int,
    local: Local,
) -> Overview:
    """The figures of incidents, newest first; `first_month` is that of fiscal years, `local` the site's clock."""
    counted = tuple(incident for incident in incidents if incident.is_counted)
    rankings = {
        taxonomy.name: ranking(taxonomy, counted) for taxonomy in taxonomies if taxonomy.name in DIVISIONS
    }
    causes, services = rankings["causes"], rankings["services"]
    cause_of = {item.id: term.slug for term in causes.terms for item in term.incidents}
    services_of: dict[str, list[str]] = {}
    for term in services.terms:
        for item in term.incidents:
            services_of.setdefault(item.id, []).append(term.slug)

    def cause_and_quarter(incident: Incident) -> Iterable[tuple[str, QuarterName]]:
        if incident.id in cause_of and incident.date is not None:
            yield cause_of[incident.id], quarter_of(incident.date, first_month)

    def service_and_cause(incident: Incident) -> Iterable[tuple[str, str]]:
        if incident.id in cause_of:
            for service in services_of.get(incident.id, ()):
                yield service, cause_of[incident.id]

    return Overview(
        total=len(incidents),
        counted=len(counted),
        left_out=_left_out(incidents),
        quarters=_quarters(incidents, today, first_month),
        complete=latest_complete(today, first_month),
        severities=rankings["severity"],
        causes=causes,
        cause_quarters=grouped(counted, cause_and_quarter),
        services=services,
        pairs=grouped(counted, service_and_cause),
        paired=sum(item.id in cause_of and item.id in services_of for item in counted),
        durations=spread(counted, first_month),
        detect=distribution(counted, time_to_detect, MAX_DOTS),
        detect_by=tuple(
            (term, sample(time_to_detect(item).counted for item in term.incidents))
            for term in rankings["detection"].terms
        ),
        detection=rankings["detection"],
        starts=starts(counted, local),
    )


def _left_out(incidents: Iterable[Incident]) -> tuple[tuple[str, int], ...]:
    """Why documents are not counted, the first reason of each: drafts, other kinds, those taken out."""
    reasons = Counter(_reason(incident) for incident in incidents if not incident.is_counted)
    return tuple(sorted(reasons.items(), key=lambda item: (-item[1], item[0])))


def _reason(incident: Incident) -> str:
    if incident.status is Status.DRAFT:
        return "draft"
    return incident.kind.value if incident.kind is not Kind.INCIDENT else "excluded from metrics"


def _quarters(incidents: Iterable[Incident], today: date, first_month: int) -> tuple[QuarterFigures, ...]:
    """The last QUARTERS quarters up to the latest incident, no earlier than the first one; those without any included."""
    groups = by_quarter(incidents, first_month)
    past = [
        name
        for name, members in groups.items()
        if name <= quarter_of(today, first_month) and any(item.is_counted for item in members)
    ]
    if not past:
        return ()
    first, last = min(past), max(past)
    names = [last.moved(-index) for index in range(min(last.since(first) + 1, QUARTERS))][::-1]
    return tuple(quarter_figures(name, groups.get(name, ()), today) for name in names)
