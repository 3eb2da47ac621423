"""Related incidents: what authors state, seen from both sides, and what else has much in common."""

import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pmsite.archive.incident import ActionItem, Incident, RelationType
from pmsite.archive.recurrence import (
    Occurrence,
    Past,
    Seen,
    causes_on_services,
    not_done,
    occurrence,
    series,
    times,
)
from pmsite.archive.similarity import alike
from pmsite.cache import remembered

MAX_ALIKE = 5
MAX_SIMILAR = 4
# Tried on collections of postmortems from elsewhere: below, what two texts share says little.
SIMILAR = 0.12
LIKELY = 0.2
LIKELY_WORDS = 3

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
    """A relation that an author wrote down, as seen from one of its two sides.

    `not_done` are the action items of an earlier incident that were not done when this one happened again.
    """

    label: str
    incident: Incident
    is_recurrence: bool = False
    not_done: tuple[ActionItem, ...] = ()

    @property
    def repeats(self) -> bool:
        """Whether it is this side that happened again."""
        return self.label == _HERE[RelationType.RECURRENCE_OF]


@dataclass(frozen=True, slots=True)
class Relations:
    """What one incident has to do with others.

    `alike` have its cause on one of its services, `similar` much of its words, factors and services. `time` says which
    time it happens, where that is stated. `likely` is an earlier incident that it seems to repeat, if it is related to
    none of those that it seems to repeat, and stated to repeat no other.
    """

    stated: tuple[Stated, ...] = ()
    alike: tuple[Incident, ...] = ()
    similar: tuple[Incident, ...] = ()
    seen: tuple[Seen, ...] = ()
    time: int = 1
    likely: Incident | None = None

    @property
    def recurs(self) -> Stated | None:
        """The first of the incidents that this one is stated to be a recurrence of."""
        return next((relation for relation in self.stated if relation.repeats), None)


def relations(incidents: Sequence[Incident], words: Mapping[str, str]) -> dict[str, Relations]:
    """The relations of every incident that has any, by id. Incidents come newest first, `words` are theirs by id.

    Stated recurrences stand first; then what is nearest in the list, and what is most similar.
    """
    stated = _stated(incidents)
    heads = series(incidents)
    counted = times(incidents, heads)
    history = _history(tuple(map(occurrence, incidents)))
    texts = [_words(words.get(incident.id, "")) for incident in incidents]
    features = [
        _features(text, item.factors, item.services, item.root_cause)
        for text, item in zip(texts, incidents, strict=True)
    ]
    matches = alike(features, SIMILAR)
    found = {}
    for place, incident in enumerate(incidents):
        said = stated.get(incident.id, ())
        known = {relation.incident.id for relation in said}
        repeated = [
            incidents[other]
            for other, score in matches[place]
            if score >= LIKELY
            and history.past.is_likely(place, other)
            and len(texts[place] & texts[other]) >= LIKELY_WORDS
        ]
        is_looked_at = any(relation.repeats for relation in said) or any(
            item.id in known for item in repeated
        )
        group = [
            incidents[other] for other in history.alike.get(place, ()) if incidents[other].id not in known
        ]
        known.update(other.id for other in group)
        similar = [incidents[other] for other, _ in matches[place] if incidents[other].id not in known]
        likely = repeated[0] if repeated and not is_looked_at else None
        time, seen = counted.get(incident.id, 1), history.seen[place]
        if said or group or similar or seen or likely or time != 1:
            found[incident.id] = _relations(
                said, tuple(group), tuple(similar[:MAX_SIMILAR]), seen, time, likely
            )
    return found


_relations = remembered(16_384)(Relations)


@dataclass(frozen=True, slots=True)
class _History:
    """What follows from occurrences alone, by their places: what was seen before each, and the same cause and service."""

    past: Past
    seen: tuple[tuple[Seen, ...], ...]
    alike: Mapping[int, Sequence[int]]


@remembered(1)
def _history(occurrences: tuple[Occurrence, ...]) -> _History:
    past = Past(occurrences)
    return _History(
        past, tuple(map(past.seen, range(len(occurrences)))), _same_cause_and_service(occurrences)
    )


@remembered(16_384)
def _words(text: str) -> frozenset[str]:
    return frozenset(map(sys.intern, text.split()))


@remembered(16_384)
def _features(
    words: frozenset[str], factors: tuple[str, ...], services: tuple[str, ...], cause: str
) -> frozenset[str]:
    """The words, and what the incident is classified with, as words that no text holds."""
    classes = [f"factor={factor}" for factor in factors] + [f"service={service}" for service in services]
    if cause and cause != "unknown":
        classes.append(f"cause={cause}")
    return words.union(classes)


_stated_one = remembered(4096)(Stated)


def _stated(incidents: Sequence[Incident]) -> dict[str, tuple[Stated, ...]]:
    by_id = {incident.id: incident for incident in incidents}
    found: dict[str, dict[tuple[str, str], Stated]] = defaultdict(dict)
    for incident in incidents:
        for relation in incident.related:
            other = by_id.get(relation.id)
            if other is None or other is incident:
                continue
            again = relation.type is RelationType.RECURRENCE_OF
            left = not_done(other, incident) if again else ()
            here, there = _HERE[relation.type], _THERE[relation.type]
            found[incident.id].setdefault((here, other.id), _stated_one(here, other, again, left))
            found[other.id].setdefault((there, incident.id), _stated_one(there, incident, again))
    return {
        key: tuple(
            sorted(
                relations.values(), key=lambda item: (not item.is_recurrence, item.label, item.incident.id)
            )
        )
        for key, relations in found.items()
    }


def _same_cause_and_service(incidents: Sequence[Occurrence]) -> dict[int, list[int]]:
    """Incidents with the same cause on the same service, by place: the nearest in the list, at most MAX_ALIKE."""
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index, incident in enumerate(incidents):
        for key in causes_on_services(incident):
            groups[key].append(index)
    near: dict[int, set[int]] = defaultdict(set)
    for members in groups.values():
        for place, index in enumerate(members):
            near[index].update(members[max(0, place - MAX_ALIKE) : place + MAX_ALIKE + 1])
    return {
        index: sorted(others - {index}, key=lambda other: (abs(other - index), other))[:MAX_ALIKE]
        for index, others in near.items()
        if len(others) > 1
    }
