"""What is said of a quarter: counts by severity, impact minutes, what was promised and kept, what is unwritten."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from pmsite.archive.fiscal import QuarterName, quarter_of
from pmsite.archive.grouping import grouped
from pmsite.archive.incident import Incident, Status
from pmsite.archive.insights import Minutes, impact_minutes
from pmsite.archive.promises import Promises, items_of, promises
from pmsite.cache import remembered
from pmsite.site.urls import slug

EARLIER = 4


@dataclass(frozen=True, slots=True)
class QuarterFigures:
    """A quarter's counted incidents, by severity's slug too, and the promises and drafts of all its documents."""

    name: QuarterName
    counted: int
    severities: tuple[tuple[str, int], ...]
    minutes: Minutes
    promises: Promises
    drafts: int

    @property
    def has_severities(self) -> bool:
        """Whether enough is known to compare: the severity of at least half of the incidents."""
        return 2 * sum(count for _, count in self.severities) >= self.counted


@remembered(256)
def quarter_figures(name: QuarterName, incidents: Iterable[Incident], today: date) -> QuarterFigures:
    """The figures of a quarter whose incidents these are; overdue is what is due before `today`."""
    incidents = tuple(incidents)
    counted = [incident for incident in incidents if incident.is_counted]
    severities = grouped(
        counted, lambda item: (slug(item.severity, fallback="term"),) if item.severity else ()
    )
    return QuarterFigures(
        name=name,
        counted=len(counted),
        severities=tuple(sorted((word, len(members)) for word, members in severities.items())),
        minutes=impact_minutes(counted),
        promises=promises(items_of(incidents), today),
        drafts=sum(incident.status is Status.DRAFT for incident in incidents),
    )


def by_quarter(incidents: Iterable[Incident], first_month: int) -> dict[QuarterName, tuple[Incident, ...]]:
    """Dated incidents by (fiscal) quarter; quarters without any are not there."""
    return grouped(
        incidents, lambda item: (quarter_of(item.date, first_month),) if item.date is not None else ()
    )
