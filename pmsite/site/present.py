"""Incidents as pages show them: rows, milestones to scale, timelines with offsets, action items with their age."""

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from datetime import date
from itertools import takewhile
from operator import itemgetter

from pmsite.archive.archive import Archive
from pmsite.archive.incident import (
    ActionItem,
    ActionStatus,
    Incident,
    impact_duration,
)
from pmsite.archive.insights import impact_minutes
from pmsite.archive.taxonomy import KINDS, Taxonomy
from pmsite.cache import fingerprint, remembered, unchanged
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


class Terms:
    """Links to the pages of terms, and the ranks of severities; `labels` are (taxonomy, slug, label)."""

    def __init__(self, labels: tuple[tuple[str, str, str], ...], severities: tuple[str, ...]) -> None:
        self.ranks = {slug: rank for rank, slug in enumerate(severities, 1)}
        self._terms = {
            (taxonomy, slug): Link(label, urls.term(taxonomy, slug)) for taxonomy, slug, label in labels
        }
        self._links: dict[tuple[str, str], Link] = {}

    def term(self, taxonomy: str, word: str) -> Link:
        link = self._links.get((taxonomy, word))
        if link is None:
            link = self._terms[taxonomy, urls.slug(word, fallback="term")]
            self._links[taxonomy, word] = link
        return link

    def rank(self, severity_slug: str) -> int:
        return self.ranks.get(severity_slug, 0)

    def severity(self, word: str) -> Severity | None:
        if not word:
            return None
        link = self.term("severity", word)
        return Severity(link.label, link.url, self.rank(urls.slug(word, fallback="term")))

    def of(self, incident: Incident) -> Mapping[str, tuple[Link, ...]]:
        """Links to the pages of everything that the incident is classified with, by taxonomy."""
        return _terms_of(incident, self)


@remembered(16_384)
def _row(incident: Incident, excerpt: str, terms: Terms) -> Row:
    row = Row(
        id=incident.id,
        url=urls.incident(incident.id),
        title=incident.title,
        date=incident.date,
        severity=terms.severity(incident.severity),
        status=incident.status.value if incident.status else "",
        kind=incident.kind.value,
        line=_line(incident, excerpt),
        duration=impact_duration(incident),
        users=incident.impact.users,
        services=tuple(terms.term("services", name).label for name in incident.services),
        cause=terms.term("causes", incident.root_cause).label if incident.root_cause else "",
        open_actions=len(incident.open_actions),
        digest="",
    )
    return replace(row, digest=fingerprint(*(getattr(row, item.name) for item in fields(row))).hex())


def _line(incident: Incident, excerpt: str) -> str:
    """One line about an incident: its impact, else its summary, else its first paragraph."""
    text = " ".join((incident.impact.summary or incident.summary or excerpt).split())
    return text if len(text) <= MAX_LINE else text[:MAX_LINE].rsplit(" ", 1)[0].rstrip(" ,;:") + " …"


@remembered(16_384)
def _terms_of(incident: Incident, terms: Terms) -> Mapping[str, tuple[Link, ...]]:
    return {
        kind.name: tuple(terms.term(kind.name, word) for word in dict.fromkeys(kind.words(incident)))
        for kind in KINDS
    }


class Presenter:
    """Makes views of incidents; each incident's row is made once. `excerpts` are those of the incidents' documents."""

    def __init__(self, archive: Archive, config: Config, excerpts: tuple[str, ...]) -> None:
        self.archive = archive
        labels = tuple(
            (taxonomy.name, term.slug, term.label)
            for taxonomy in archive.taxonomies
            for term in taxonomy.terms
        )
        self.words = unchanged(Terms, labels, tuple(word.slug for word in config.severities))
        self.ranks = self.words.ranks
        self.term, self.rank, self.severity = self.words.term, self.words.rank, self.words.severity
        self._excerpts = {
            incident.id: text for incident, text in zip(archive.incidents, excerpts, strict=True)
        }
        self._rows: dict[str, Row] = {}
        self._actions: dict[date, tuple[Action, ...]] = {}

    @classmethod
    def of(cls, archive: Archive, config: Config) -> "Presenter":
        """The presenter of an archive; the same one for the same incidents and excerpts."""
        excerpts = tuple([archive.documents[incident.id].body.excerpt for incident in archive.incidents])
        return unchanged(cls, archive.of_incidents(), config, excerpts)

    def row(self, incident: Incident) -> Row:
        row = self._rows.get(incident.id)
        if row is None:
            row = _row(incident, self._excerpts.get(incident.id, ""), self.words)
            self._rows[incident.id] = row
        return row

    def rows(self, incidents: Iterable[Incident]) -> tuple[Row, ...]:
        known = self._rows
        return tuple([known.get(incident.id) or self.row(incident) for incident in incidents])

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
        if today not in self._actions:
            self._actions[today] = self._all_actions(today)
        return self._actions[today]

    def open_actions(self, today: date) -> tuple[Action, ...]:
        """Those that are open, with which all begin."""
        return tuple(takewhile(lambda action: action.item.status.is_open, self.actions(today)))

    def _all_actions(self, today: date) -> tuple[Action, ...]:
        ranked: list[tuple[_Urgency, Action]] = []
        for incident in self.archive.incidents:
            if incident.action_items:
                ranked += _actions_of(incident, self.row(incident), today)
        ranked.sort(key=itemgetter(0))
        return tuple([action for _, action in ranked])


_Urgency = tuple[bool, int, date, str, str]


@remembered(16_384)
def _actions_of(incident: Incident, row: Row, today: date) -> tuple[tuple[_Urgency, Action], ...]:
    actions = [
        Action(item, row, item.is_overdue(today), _age(item, incident, today))
        for item in incident.action_items
    ]
    return tuple((_urgency(action), action) for action in actions)


def _age(item: ActionItem, incident: Incident, today: date) -> int | None:
    if not item.status.is_open or incident.date is None:
        return None
    return max(0, (today - incident.date).days)


def _urgency(action: Action) -> _Urgency:
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
