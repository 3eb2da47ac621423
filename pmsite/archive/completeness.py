"""How complete postmortems are: which of the fields that matter they state, leave to be inferred, or lack."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter

from pmsite.archive.incident import Incident

# What readers look for, in the order in which they ask for it, and the facts that answer it: any of them is enough.
# A title is not among them: every incident has one, be it the name of its file.
FIELDS = {
    "date": ("date",),
    "severity": ("severity",),
    "summary": ("summary",),
    "services": ("services",),
    "impact": (
        "impact.summary",
        "impact.users",
        "impact.percent",
        "impact.requests",
        "impact.windows",
        "impact.types",
    ),
    "started": ("started", "impact.windows"),
    "detected": ("detected",),
    "resolved": ("resolved", "mitigated", "duration", "impact.windows"),
    "detection": ("detection",),
    "root_cause": ("root_cause",),
    "resolution": ("resolution",),
    "timeline": ("timeline",),
    "action_items": ("action_items",),
}
_FACTS = tuple(dict.fromkeys(fact for facts in FIELDS.values() for fact in facts))
_values = attrgetter(*_FACTS)
_NOTHING = (None, "", ())


@dataclass(frozen=True, slots=True)
class Completeness:
    """The fields that matter of one incident, each in one of three groups, in the order of `FIELDS`.

    `stated`: an author wrote it, be it that it is unknown or does not apply. `inferred`: it is there, and nobody has
    confirmed it: it was read out of the prose, or the document contradicts it. `missing`: nothing is known.
    """

    stated: tuple[str, ...]
    inferred: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def percent(self) -> int:
        """The share of fields that are there, stated or inferred."""
        return _percent(len(self.stated) + len(self.inferred), len(self.missing))


@dataclass(frozen=True, slots=True)
class FieldCoverage:
    """In how many incidents a field is stated, inferred, and missing."""

    field: str
    stated: int
    inferred: int
    missing: int

    @property
    def percent(self) -> int:
        """The share of incidents that have the field."""
        return _percent(self.stated + self.inferred, self.missing)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How complete an archive is.

    `lacking` are the incidents that lack something, those that lack most first, among equals in the archive's order.
    """

    incidents: int
    fields: tuple[FieldCoverage, ...]
    lacking: tuple[tuple[Incident, Completeness], ...]

    @property
    def stated(self) -> int:
        return sum(field.stated for field in self.fields)

    @property
    def inferred(self) -> int:
        return sum(field.inferred for field in self.fields)

    @property
    def missing(self) -> int:
        return sum(field.missing for field in self.fields)

    @property
    def percent(self) -> int:
        """The share of all fields of all incidents that are there."""
        return _percent(self.stated + self.inferred, self.missing)


def completeness(incident: Incident) -> Completeness:
    """Which of the fields that matter an incident has.

    A field is stated if any fact that answers it is, and inferred if all of them are, or if one is contradicted.
    An approximate time is stated: its author knew no better. Zero is an answer too.
    """
    given = tuple([value not in _NOTHING for value in _values(incident)])
    return _grouped(given, incident.inferred, tuple([doubt.field for doubt in incident.doubts]))


def coverage(incidents: Iterable[Incident]) -> Coverage:
    """What the completeness of all incidents comes to."""
    found = [(incident, completeness(incident)) for incident in incidents]
    stated, inferred, missing = Counter[str](), Counter[str](), Counter[str]()
    for _, one in found:
        stated.update(one.stated)
        inferred.update(one.inferred)
        missing.update(one.missing)
    lacking = sorted((pair for pair in found if pair[1].missing), key=_need, reverse=True)
    return Coverage(
        incidents=len(found),
        fields=tuple(FieldCoverage(name, stated[name], inferred[name], missing[name]) for name in FIELDS),
        lacking=tuple(lacking),
    )


def _need(pair: tuple[Incident, Completeness]) -> tuple[int, int]:
    return len(pair[1].missing), len(pair[1].inferred)


def _percent(there: int, missing: int) -> int:
    """A whole percentage, rounded down: 100 means that nothing is missing."""
    return 100 * there // (there + missing) if there else 0


@lru_cache(maxsize=4096)
def _grouped(given: tuple[bool, ...], inferred: tuple[str, ...], doubted: tuple[str, ...]) -> Completeness:
    """Many incidents of an archive lack the same: each pattern is worked out once."""
    there = {fact for fact, is_given in zip(_FACTS, given, strict=True) if is_given}
    stated = {fact for fact in there if fact not in inferred and fact.partition(".")[0] not in inferred}
    groups: dict[str, list[str]] = {"stated": [], "inferred": [], "missing": []}
    for field, facts in FIELDS.items():
        if there.isdisjoint(facts):
            groups["missing"].append(field)
        elif stated.isdisjoint(facts) or not set(facts).isdisjoint(doubted):
            groups["inferred"].append(field)
        else:
            groups["stated"].append(field)
    return Completeness(**{name: tuple(fields) for name, fields in groups.items()})
