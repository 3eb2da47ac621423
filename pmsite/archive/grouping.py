"""Counted incidents in groups: by term, by quarter, by hour, by two of these at once."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from pmsite.archive.incident import Incident
from pmsite.archive.taxonomy import Taxonomy

Key = TypeVar("Key", bound=Hashable)
# Terms that say that it was looked into and not found out: known, and no leader of a ranking.
NOT_ESTABLISHED = "unknown"
STANDING_OUT = 3


def grouped(
    incidents: Iterable[Incident], keys: Callable[[Incident], Iterable[Key]]
) -> dict[Key, tuple[Incident, ...]]:
    """The incidents of each key, in their order; an incident with several keys is in several groups."""
    groups: dict[Key, list[Incident]] = {}
    for incident in incidents:
        for key in keys(incident):
            groups.setdefault(key, []).append(incident)
    return {key: tuple(members) for key, members in groups.items()}


@dataclass(frozen=True, slots=True)
class Ranked:
    """A term and its counted incidents, newest first."""

    slug: str
    label: str
    incidents: tuple[Incident, ...]

    @property
    def count(self) -> int:
        return len(self.incidents)


@dataclass(frozen=True, slots=True)
class Ranking:
    """Terms with counted incidents, the most frequent first; `known` of `total` incidents have a term at all."""

    terms: tuple[Ranked, ...]
    known: int
    total: int

    @property
    def established(self) -> tuple[Ranked, ...]:
        return tuple(term for term in self.terms if term.slug != NOT_ESTABLISHED)

    @property
    def leaders(self) -> tuple[Ranked, ...]:
        """The terms that are more frequent than every other; none where nothing stands out."""
        return leaders(self.established, lambda term: term.count)


def ranking(taxonomy: Taxonomy, incidents: tuple[Incident, ...]) -> Ranking:
    """How often each term of a taxonomy is among counted `incidents`; of equal ones the vocabulary's first comes first."""
    wanted = {incident.id for incident in incidents}
    terms = [
        Ranked(term.slug, term.label, tuple(item for item in term.incidents if item.id in wanted))
        for term in taxonomy.terms
    ]
    known = {incident.id for term in terms for incident in term.incidents}
    ranked = sorted((term for term in terms if term.count), key=lambda term: -term.count)
    return Ranking(tuple(ranked), len(known), len(incidents))


Item = TypeVar("Item")


def leaders(items: Iterable[Item], count: Callable[[Item], int], least: float = 2) -> tuple[Item, ...]:
    """Those with the highest count, if it is `least` or more, at most three share it, and not all do."""
    known = [item for item in items if count(item)]
    highest = max(map(count, known), default=0)
    found = tuple(item for item in known if count(item) == highest)
    stands_out = highest >= max(least, 2) and len(found) <= STANDING_OUT
    return found if stands_out and (len(found) < len(known) or len(known) == 1) else ()
