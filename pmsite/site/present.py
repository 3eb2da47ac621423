"""Incidents as pages show them: rows, milestones to scale, timelines with offsets, action items with their age."""

from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import date

from pmsite.archive.archive import Archive
from pmsite.archive.incident import (
    ActionItem,
    ActionStatus,
    Incident,
    impact_duration,
)
from pmsite.archive.insights import impact_minutes
from pmsite.archive.taxonomy import KINDS, Taxonomy
from pmsite.cache import fingerprint
from pmsite.config import Config
from pmsite.site import urls
from pmsite.site.views import (
    Action,
    CountedLink,
    Facet,
    Group,
    Link,
    MinutesView,
    Row,
    Severity,
    SeverityCount,
)

MAX_LINE = 240
_ACTION_ORDER = {
    ActionStatus.OPEN: 1,
    ActionStatus.IN_PROGRESS: 1,
    ActionStatus.UNKNOWN: 2,
    ActionStatus.DONE: 3,
    ActionStatus.WONT_DO: 4,
}


class Presenter:
    """Makes views of incidents; each incident's row is made once."""

    def __init__(self, archive: Archive, config: Config) -> None:
        self.archive = archive
        self.ranks = {word.slug: rank for rank, word in enumerate(config.severities, 1)}
        self._terms: dict[str, dict[str, Link]] = {
            taxonomy.name: {
                term.slug: Link(term.label, urls.term(taxonomy.name, term.slug)) for term in taxonomy.terms
            }
            for taxonomy in archive.taxonomies
        }
        self._links: dict[tuple[str, str], Link] = {}
        self._rows: dict[str, Row] = {}

    def term(self, taxonomy: str, word: str) -> Link:
        link = self._links.get((taxonomy, word))
        if link is None:
            link = self._terms[taxonomy][urls.slug(word, fallback="term")]
            self._links[taxonomy, word] = link
        return link

    def rank(self, severity_slug: str) -> int:
        return self.ranks.get(severity_slug, 0)

    def severity(self, word: str) -> Severity | None:
        if not word:
            return None
        link = self.term("severity", word)
        return Severity(link.label, link.url, self.rank(urls.slug(word, fallback="term")))

    def row(self, incident: Incident) -> Row:
        row = self._rows.get(incident.id)
        if row is None:
            row = self._rows[incident.id] = self._new_row(incident)
        return row

    def rows(self, incidents: Iterable[Incident]) -> tuple[Row, ...]:
        return tuple(self.row(incident) for incident in incidents)

    def _new_row(self, incident: Incident) -> Row:
        row = Row(
            id=incident.id,
            url=urls.incident(incident.id),
            title=incident.title,
            date=incident.date,
            severity=self.severity(incident.severity),
            status=incident.status.value if incident.status else "",
            kind=incident.kind.value,
            line=self._line(incident),
            duration=impact_duration(incident),
            users=incident.impact.users,
            services=tuple(self.term("services", name).label for name in incident.services),
            cause=self.term("causes", incident.root_cause).label if incident.root_cause else "",
            open_actions=len(incident.open_actions),
            digest="",
        )
        return replace(row, digest=fingerprint(*(getattr(row, item.name) for item in fields(row))).hex())

    def _line(self, incident: Incident) -> str:
        """One line about an incident: its impact, else its summary, else its first paragraph."""
        text = incident.impact.summary or incident.summary
        if not text and incident.id in self.archive.documents:
            text = self.archive.documents[incident.id].body.excerpt
        text = " ".join(text.split())
        return text if len(text) <= MAX_LINE else text[:MAX_LINE].rsplit(" ", 1)[0].rstrip(" ,;:") + " …"

    def terms(self, incident: Incident) -> dict[str, tuple[Link, ...]]:
        """Links to the pages of everything that the incident is classified with, by taxonomy."""
        return {
            kind.name: tuple(self.term(kind.name, word) for word in dict.fromkeys(kind.words(incident)))
            for kind in KINDS
        }

    def facets(self, limit: int, names: Iterable[str] | None = None) -> tuple[Facet, ...]:
        """The taxonomies that have terms, the most frequent terms of each first but for severities."""
        chosen = [
            taxonomy
            for taxonomy in self.archive.taxonomies
            if taxonomy.terms and (names is None or taxonomy.name in names)
        ]
        return tuple(self._facet(taxonomy, limit) for taxonomy in chosen)

    def _facet(self, taxonomy: Taxonomy, limit: int) -> Facet:
        terms = list(taxonomy.terms)
        if taxonomy.name != "severity":
            terms.sort(key=lambda term: (-term.count, term.label.casefold()))
        links = tuple(
            CountedLink(term.label, urls.term(taxonomy.name, term.slug), term.count) for term in terms[:limit]
        )
        return Facet(taxonomy.plural, f"{taxonomy.name}/", links, max(0, len(terms) - limit))

    def severities(self, incidents: Iterable[Incident]) -> tuple[SeverityCount, ...]:
        """Counted incidents by severity, the worst first; what has none is not in it."""
        counts: dict[str, int] = {}
        for incident in incidents:
            if incident.is_counted and incident.severity:
                counts[incident.severity] = counts.get(incident.severity, 0) + 1
        found = [(self.severity(word), count) for word, count in counts.items()]
        known = [SeverityCount(severity, count) for severity, count in found if severity is not None]
        return tuple(sorted(known, key=lambda item: (item.severity.rank or 99, item.severity.label)))

    def minutes(self, incidents: Iterable[Incident]) -> MinutesView:
        figures = impact_minutes(incidents)
        largest = self.row(figures.largest) if figures.largest else None
        return MinutesView(figures.total, largest, figures.largest_share, figures.unknown)

    def actions(self, today: date) -> tuple[Action, ...]:
        """All action items: overdue ones first, then open, unknown, done and dropped ones."""
        actions = [
            Action(item, self.row(incident), item.is_overdue(today), self._age(item, incident, today))
            for incident in self.archive.incidents
            for item in incident.action_items
        ]
        return tuple(sorted(actions, key=_action_order))

    def _age(self, item: ActionItem, incident: Incident, today: date) -> int | None:
        if not item.status.is_open or incident.date is None:
            return None
        return max(0, (today - incident.date).days)


def _action_order(action: Action) -> tuple[bool, int, date, str, str]:
    """Overdue ones first, then open ones by due date, then unknown, done and dropped ones."""
    item = action.item
    return (
        not action.is_overdue,
        _ACTION_ORDER[item.status],
        item.due or date.max,
        action.row.id,
        item.title,
    )


def by_year(rows: Iterable[Row]) -> tuple[Group, ...]:
    """Rows in their order, grouped by calendar year; undated ones under a heading of their own."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(str(row.date.year) if row.date else "Undated", []).append(row)
    return tuple(Group(label, tuple(members)) for label, members in groups.items())
