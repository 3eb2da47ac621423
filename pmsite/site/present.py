"""Incidents as pages show them: rows, milestones to scale, timelines with offsets, action items with their age."""

from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import date
from itertools import pairwise

from pmsite.archive.archive import Archive
from pmsite.archive.incident import (
    MILESTONES,
    ActionItem,
    ActionStatus,
    Duration,
    Incident,
    Timestamp,
    impact_duration,
    time_to_acknowledge,
    time_to_detect,
    time_to_resolve,
)
from pmsite.archive.insights import impact_minutes
from pmsite.archive.taxonomy import KINDS, Taxonomy
from pmsite.cache import fingerprint
from pmsite.config import Config
from pmsite.site import urls
from pmsite.site.format import local
from pmsite.site.views import (
    Action,
    CountedLink,
    Entry,
    Facet,
    Group,
    Link,
    MinutesView,
    Row,
    Segment,
    Severity,
    SeverityCount,
    Stop,
)

MAX_LINE = 240
_MILESTONE_LABELS = {
    "started": "Started",
    "detected": "Detected",
    "acknowledged": "Acknowledged",
    "declared": "Declared",
    "identified": "Cause identified",
    "mitigated": "Mitigated",
    "resolved": "Resolved",
}
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
        self._ranks = {word.slug: rank for rank, word in enumerate(config.severities, 1)}
        self._terms: dict[str, dict[str, Link]] = {
            taxonomy.name: {
                term.slug: Link(term.label, urls.term(taxonomy.name, term.slug)) for term in taxonomy.terms
            }
            for taxonomy in archive.taxonomies
        }
        self._rows: dict[str, Row] = {}

    def term(self, taxonomy: str, word: str) -> Link:
        return self._terms[taxonomy][urls.slug(word, fallback="term")]

    def rank(self, severity_slug: str) -> int:
        return self._ranks.get(severity_slug, 0)

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


def durations(incident: Incident) -> dict[str, Duration]:
    return {
        "detect": time_to_detect(incident),
        "acknowledge": time_to_acknowledge(incident),
        "mitigate": impact_duration(incident),
        "resolve": time_to_resolve(incident),
    }


def stops(incident: Incident) -> tuple[Stop, ...]:
    """The milestones that the document gives, in the order of an incident's life."""
    found: list[Stop] = []
    last: Timestamp | None = None
    for name in MILESTONES:
        at = incident.milestone(name)
        if at is None:
            continue
        since_start = since_last = None
        if isinstance(at, Timestamp):
            since_start = _since(at, incident.started)
            since_last = _since(at, last)
            last = at
        found.append(Stop(name, _MILESTONE_LABELS[name], at, since_start, since_last))
    return tuple(found)


def _since(at: Timestamp, earlier: object) -> int | None:
    if (
        not isinstance(earlier, Timestamp)
        or earlier is at
        or "day" in (at.precision.value, earlier.precision.value)
    ):
        return None
    seconds = at.seconds_since(earlier)
    return seconds if seconds is not None and seconds >= 0 else None


def bar(incident: Incident) -> tuple[Segment, ...]:
    """The stretches between milestones, to scale; empty if fewer than two are known or their order is impossible."""
    points: list[tuple[str, int]] = [("started", 0)]
    if not isinstance(incident.started, Timestamp):
        return ()
    for name in MILESTONES[1:]:
        at = incident.milestone(name)
        if isinstance(at, Timestamp):
            seconds = _since(at, incident.started)
            if seconds is None:
                return ()
            points.append((name, seconds))
    total = points[-1][1]
    if len(points) < 2 or not total or any(a[1] > b[1] for a, b in pairwise(points)):
        return ()
    segments = []
    for (first, begin), (last, end) in pairwise(points):
        start, stop = round(begin * 1000 / total), round(end * 1000 / total)
        label = f"{_MILESTONE_LABELS[first]} to {_MILESTONE_LABELS[last].lower()}"
        segments.append(Segment(last, label, start, stop - start, end - begin))
    return tuple(segments)


def timeline(incident: Incident, zone: str) -> tuple[Entry, ...]:
    """The timeline with its offsets from the start of the incident, else from the first entry."""
    origin = incident.started if isinstance(incident.started, Timestamp) else None
    if origin is None or origin.precision.value == "day":
        origin = next((entry.at for entry in incident.timeline if entry.at is not None), None)
    entries: list[Entry] = []
    day: date | None = None
    for number, entry in enumerate(incident.timeline, 1):
        here = local(entry.at, zone).wall.date() if entry.at is not None else day
        new_day = here if here != day else None
        day = here
        since = None
        if (
            entry.at is not None
            and origin is not None
            and "day" not in (entry.at.precision.value, origin.precision.value)
        ):
            since = entry.at.seconds_since(origin)
        entries.append(Entry(f"pm-t{number}", entry.at, since, entry.event, entry.kind, new_day))
    return tuple(entries)
