"""Related incidents: what authors state, seen from both sides, and what shares cause and service."""

from collections import defaultdict
from dataclasses import dataclass

from pmsite.archive.incident import Incident, RelationType

MAX_ALIKE = 5

_HERE = {
    RelationType.RELATED: "Related to",
    RelationType.RECURRENCE_OF: "Recurrence of",
    RelationType.DUPLICATE_OF: "Duplicate of",
    RelationType.CAUSED_BY: "Caused by",
    RelationType.FOLLOW_UP: "Follow-up to",
}
_THERE = {
    RelationType.RELATED: "Related to",
    RelationType.RECURRENCE_OF: "Happened again as",
    RelationType.DUPLICATE_OF: "Duplicated by",
    RelationType.CAUSED_BY: "Caused",
    RelationType.FOLLOW_UP: "Followed up by",
}


@dataclass(frozen=True, slots=True)
class Stated:
    """A relation that an author wrote down, as seen from one of its two sides."""

    label: str
    incident: Incident
    is_recurrence: bool = False


@dataclass(frozen=True, slots=True)
class Relations:
    stated: tuple[Stated, ...] = ()
    alike: tuple[Incident, ...] = ()


def relations(incidents: tuple[Incident, ...]) -> dict[str, Relations]:
    """The relations of every incident that has any, by id; recurrences first, then the nearest in the list."""
    by_id = {incident.id: incident for incident in incidents}
    stated = _stated(incidents, by_id)
    alike = _alike(incidents)
    return {
        incident.id: Relations(
            tuple(stated.get(incident.id, ())),
            tuple(
                other
                for other in alike.get(incident.id, ())
                if other.id not in {relation.incident.id for relation in stated.get(incident.id, ())}
            ),
        )
        for incident in incidents
        if incident.id in stated or incident.id in alike
    }


def _stated(incidents: tuple[Incident, ...], by_id: dict[str, Incident]) -> dict[str, list[Stated]]:
    found: dict[str, dict[tuple[str, str], Stated]] = defaultdict(dict)
    for incident in incidents:
        for relation in incident.related:
            other = by_id.get(relation.id)
            if other is None or other is incident:
                continue
            again = relation.type is RelationType.RECURRENCE_OF
            here, there = _HERE[relation.type], _THERE[relation.type]
            found[incident.id].setdefault((here, other.id), Stated(here, other, again))
            found[other.id].setdefault((there, incident.id), Stated(there, incident, again))
    return {
        key: sorted(
            relations.values(), key=lambda item: (not item.is_recurrence, item.label, item.incident.id)
        )
        for key, relations in found.items()
    }


def _alike(incidents: tuple[Incident, ...]) -> dict[str, list[Incident]]:
    """Incidents with the same cause on the same service: the nearest in time, at most MAX_ALIKE each."""
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index, incident in enumerate(incidents):
        if incident.root_cause and incident.root_cause != "unknown":
            for service in incident.services:
                groups[incident.root_cause, service].append(index)
    near: dict[int, set[int]] = defaultdict(set)
    for members in groups.values():
        for place, index in enumerate(members):
            near[index].update(members[max(0, place - MAX_ALIKE) : place + MAX_ALIKE + 1])
    return {
        incidents[index].id: [
            incidents[other]
            for other in sorted(others - {index}, key=lambda other: (abs(other - index), other))[:MAX_ALIKE]
        ]
        for index, others in near.items()
        if len(others) > 1
    }
