"""Quarters: a page each for an executive, and the latest complete one at an address that stays."""

import re
from collections.abc import Iterator, Mapping
from heapq import nsmallest

from pmsite.archive.fiscal import QuarterName, latest_complete, quarter_of
from pmsite.archive.incident import Incident, impact_duration
from pmsite.archive.quarters import EARLIER, QuarterFigures, quarter_figures
from pmsite.cache import remembered
from pmsite.site import urls
from pmsite.site.format import day as day_label
from pmsite.site.plan import Page, Plan
from pmsite.site.present import Terms
from pmsite.site.views import (
    ComparedQuarter,
    Link,
    MinutesView,
    QuarterLine,
    QuarterView,
    RedirectView,
    Row,
    Severity,
)

# As many as fit on one printed page beside the figures.
LINES, MAX_LINE, MAX_COLUMNS = 9, 160, 6
_SENTENCE = re.compile(r".*?(?:[.!?](?=\s+[^\sa-z]|\s*\Z)|[。！？])", re.DOTALL)


def quarter_pages(plan: Plan) -> Iterator[Page]:
    """A page for each quarter with incidents; `/quarter/` leads to the latest complete one, or says that it has none."""
    start = plan.config.fiscal_year_start
    incidents = {
        quarter_of(quarter.start, start): quarter.incidents
        for year in plan.archive.years[::-1]
        for quarter in year.quarters
        if quarter.incidents
    }
    quarters = _Quarters(plan, incidents)
    for name in incidents:
        yield Page(urls.page_file(_address(name)), "quarter.html", quarters.view(name))
    latest = latest_quarter(plan)
    if latest in incidents:
        view = RedirectView(plan.head("The latest complete quarter", ""), _address(latest))
        yield Page("quarter/index.html", "redirect.html", view)
    elif latest is not None:
        yield Page("quarter/index.html", "quarter.html", quarters.view(latest))


def latest_quarter(plan: Plan) -> QuarterName | None:
    """The latest complete quarter, which may have no incidents; None before the first one that has."""
    start = plan.config.fiscal_year_start
    latest = latest_complete(plan.today, start)
    days = [incident.date for incident in plan.archive.incidents if incident.date is not None]
    return latest if days and latest >= quarter_of(min(days), start) else None


class _Quarters:
    """Makes the views; the figures of each quarter are computed once."""

    def __init__(self, plan: Plan, incidents: Mapping[QuarterName, tuple[Incident, ...]]) -> None:
        self._plan = plan
        self._incidents = incidents
        self._figures: dict[QuarterName, QuarterFigures] = {}
        self.names = tuple(incidents)
        self._places = {name: place for place, name in enumerate(self.names)}

    def view(self, name: QuarterName) -> QuarterView:
        plan, figures, incidents = self._plan, self._of(name), self._incidents.get(name, ())
        lines, others = _lines(incidents, plan.present.rows(incidents), plan.present.words)
        compared = [moved for back in range(EARLIER, -1, -1) if (moved := name.moved(-back)) >= self.names[0]]
        severities = self._compared_severities(compared)
        minutes = figures.minutes
        before, after = self._neighbours(name)
        years = (Link("Years", "years/"), Link(name.year_label, urls.year(name.year_slug)))
        return QuarterView(
            head=plan.head(
                name.label,
                f"Incidents from {day_label(name.start)} to {day_label(name.end)}.",
                *(years if incidents else years[:1]),
            ),
            label=name.label,
            start=name.start,
            end=name.end,
            counted=figures.counted,
            lines=lines,
            others=others,
            counts=plan.present.severities(incidents),
            compared=self._compared(compared, severities),
            severities=severities,
            minutes=MinutesView(
                minutes.total,
                plan.present.row(minutes.largest) if minutes.largest else None,
                minutes.largest_share,
                minutes.unknown,
            ),
            promises=figures.promises,
            drafts=figures.drafts,
            uncounted=len(incidents) - figures.counted - figures.drafts,
            previous=before,
            next=after,
        )

    def _of(self, name: QuarterName) -> QuarterFigures:
        figures = self._figures.get(name)
        if figures is None:
            found = self._incidents.get(name, ())
            figures = self._figures[name] = quarter_figures(name, found, self._plan.today)
        return figures

    def _neighbours(self, name: QuarterName) -> tuple[Link | None, Link | None]:
        """The quarters with incidents before and after; all are before one that has none."""
        place = self._places.get(name, sum(other < name for other in self.names))
        after = place + 1 if name in self._places else place
        return (
            _link(self.names[place - 1]) if place else None,
            _link(self.names[after]) if after < len(self.names) else None,
        )

    def _compared_severities(self, names: list[QuarterName]) -> tuple[Severity, ...]:
        """The worst MAX_COLUMNS severities to compare by; none unless two quarters state those of at least half of their incidents."""
        known = [figures for name in names if (figures := self._of(name)).counted and figures.has_severities]
        if len(known) < 2:
            return ()
        words = {word for figures in known for word, _ in figures.severities}
        found = [severity for word in words if (severity := self._plan.present.severity(word)) is not None]
        return tuple(sorted(found, key=lambda severity: (severity.rank or 99, severity.label))[:MAX_COLUMNS])

    def _compared(
        self, names: list[QuarterName], severities: tuple[Severity, ...]
    ) -> tuple[ComparedQuarter, ...]:
        quarters = [self._of(name) for name in names]
        highest = max((quarter.counted for quarter in quarters), default=0) or 1
        return tuple(
            ComparedQuarter(
                _link(quarter.name) if quarter.name in self._incidents else Link(quarter.name.label, ""),
                quarter.counted,
                _counts(quarter, severities),
                quarter.minutes.total,
                quarter.minutes.unknown,
                round(quarter.counted / highest, 4),
            )
            for quarter in quarters
        )


@remembered(256)
def _lines(
    incidents: tuple[Incident, ...], rows: tuple[Row, ...], words: Terms
) -> tuple[tuple[QuarterLine, ...], tuple[QuarterLine, ...]]:
    """The most severe, and of those the longest, as many as a sheet holds; and the others. Both newest first."""

    def weight(incident: Incident) -> tuple[bool, int, int, str]:
        rank = words.rank(urls.slug(incident.severity, fallback="term")) if incident.severity else 0
        return not incident.is_counted, rank or 99, -(impact_duration(incident).counted or 0), incident.id

    chosen = {incident.id for incident in nsmallest(LINES, incidents, key=weight)}
    lines = [
        (incident.id in chosen, QuarterLine(row, one_line(incident)))
        for incident, row in zip(incidents, rows, strict=True)
    ]
    return (
        tuple([line for is_first, line in lines if is_first]),
        tuple([line for is_first, line in lines if not is_first]),
    )


def _counts(quarter: QuarterFigures, severities: tuple[Severity, ...]) -> tuple[int, ...] | None:
    if not quarter.has_severities:
        return None
    counts = {urls.term("severity", word): count for word, count in quarter.severities}
    return tuple(counts.get(severity.url, 0) for severity in severities)


def one_line(incident: Incident) -> str:
    """The impact, else the first sentence of the summary, at most MAX_LINE characters."""
    text = " ".join((incident.impact.summary or incident.summary).split())
    sentence = _SENTENCE.match(text)
    text = sentence[0] if sentence is not None else text
    return text if len(text) <= MAX_LINE else text[:MAX_LINE].rsplit(" ", 1)[0].rstrip(" ,;:") + " …"


def _address(name: QuarterName) -> str:
    return urls.quarter(name.year_slug, name.number)


def _link(name: QuarterName) -> Link:
    return Link(name.label, _address(name))
