"""What happens again: which time it is, what was seen before, and which actions were left undone in between."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from pmsite.archive.incident import ActionItem, ActionStatus, Incident, Kind, Relation, RelationType
from pmsite.cache import remembered

MONTHS = 24
_HAPPENS_BY_ITSELF = (Kind.INCIDENT, Kind.NEAR_MISS, Kind.SECURITY)


@dataclass(frozen=True, slots=True)
class Seen:
    """How many counted incidents had an incident's cause on one of its services in the MONTHS before it."""

    service: str
    count: int


@dataclass(frozen=True, slots=True)
class Occurrence:
    """What of an incident matters to what it repeats: neither its title nor any of its text."""

    id: str
    date: date | None
    kind: Kind
    is_counted: bool
    root_cause: str
    services: tuple[str, ...]
    related: tuple[Relation, ...]


_occurrence = remembered(16_384)(Occurrence)


def occurrence(incident: Incident) -> Occurrence:
    return _occurrence(
        incident.id,
        incident.date,
        incident.kind,
        incident.is_counted,
        incident.root_cause,
        incident.services,
        incident.related,
    )


class Past:
    """What came before each incident. Incidents are given newest first and known by their place in that order."""

    def __init__(self, incidents: Sequence[Occurrence]) -> None:
        self._incidents = incidents
        ids = {incident.id for incident in incidents}
        self._days = [-(incident.date or date.min).toordinal() for incident in incidents]
        self._is_duplicate = [
            any(item.type is RelationType.DUPLICATE_OF and item.id in ids for item in incident.related)
            for incident in incidents
        ]
        self._places: dict[tuple[str, str], list[int]] = defaultdict(list)
        for place, incident in enumerate(incidents):
            if incident.date is not None and incident.is_counted and not self._is_duplicate[place]:
                for key in causes_on_services(incident):
                    self._places[key].append(place)

    def seen(self, place: int) -> tuple[Seen, ...]:
        """The services on which its cause was seen before, the most frequent first."""
        incident = self._incidents[place]
        if incident.kind not in _HAPPENS_BY_ITSELF or self._is_duplicate[place]:
            return ()
        end = self._end(place)
        counts = (
            Seen(key[1], bisect_left(places, end) - bisect_right(places, place))
            for key in causes_on_services(incident)
            if (places := self._places.get(key, []))
        )
        return tuple(sorted((seen for seen in counts if seen.count > 0), key=lambda seen: -seen.count))

    def is_likely(self, place: int, earlier: int) -> bool:
        """Whether one incident may be the same as an earlier one again: recent, with its cause, on its service."""
        here, there = self._incidents[place], self._incidents[earlier]
        return (
            place < earlier < self._end(place)
            and here.kind in _HAPPENS_BY_ITSELF
            and there.kind in _HAPPENS_BY_ITSELF
            and not set(causes_on_services(here)).isdisjoint(causes_on_services(there))
        )

    def _end(self, place: int) -> int:
        """The place behind the last incident of the MONTHS before the one at `place`; its own if that has no date."""
        day = self._incidents[place].date
        return place if day is None else bisect_right(self._days, -_months_before(day).toordinal())


def causes_on_services(incident: Incident | Occurrence) -> Iterator[tuple[str, str]]:
    """Each of its services with the incident's cause, if that was found."""
    if incident.root_cause and incident.root_cause != "unknown":
        for service in dict.fromkeys(incident.services):
            yield incident.root_cause, service


def _months_before(day: date) -> date:
    """The same day MONTHS earlier; for the 29th of February the 28th."""
    years = MONTHS // 12
    if day.year <= years:
        return date.min
    return day.replace(year=day.year - years, day=28 if (day.month, day.day) == (2, 29) else day.day)


def series(incidents: Sequence[Incident]) -> dict[str, str]:
    """For incidents that are stated to be recurrences, or to have recurred: the id that stands for all of theirs."""
    heads = {incident.id: incident.id for incident in incidents}

    def head(name: str) -> str:
        while heads[name] != name:
            heads[name] = name = heads[heads[name]]
        return name

    named = set()
    for incident in incidents:
        for relation in incident.related:
            if relation.type is RelationType.RECURRENCE_OF and relation.id in heads:
                first, last = sorted((head(incident.id), head(relation.id)))
                heads[last] = first
                named |= {incident.id, relation.id}
    return {name: head(name) for name in named}


def times(incidents: Sequence[Incident], heads: dict[str, str]) -> dict[str, int]:
    """Which time it happens, counted from 1 in the order of days; drafts and the like count for themselves only."""
    counts: dict[str, int] = defaultdict(int)
    found = {}
    for incident in reversed(incidents):
        if incident.id in heads and incident.date is not None:
            found[incident.id] = counts[heads[incident.id]] + 1
            counts[heads[incident.id]] += incident.is_counted
    return found


def not_done(earlier: Incident, again: Incident) -> tuple[ActionItem, ...]:
    """The action items of an earlier incident that were not done when it happened again, as far as that is stated."""
    return tuple(item for item in earlier.action_items if _is_not_done(item, again.date))


def _is_not_done(item: ActionItem, day: date | None) -> bool:
    if item.status is ActionStatus.DONE:
        return item.closed is not None and day is not None and item.closed > day
    return item.status is not ActionStatus.UNKNOWN
