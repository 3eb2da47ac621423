"""Taxonomies: the archive by severity, impact, cause, service and so on; years and quarters."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from pmsite.archive.fiscal import fiscal_year, quarter_start
from pmsite.archive.incident import Incident
from pmsite.cache import remembered
from pmsite.config import Config
from pmsite.site.urls import slug
from pmsite.vocabulary import LabelledUrl, Word


@dataclass(frozen=True, slots=True)
class Term:
    """A word that incidents are classified with, and those incidents, newest first."""

    slug: str
    label: str
    incidents: tuple[Incident, ...]
    description: str = ""
    owner: str = ""
    links: tuple[LabelledUrl, ...] = ()
    aliases: tuple[str, ...] = ()
    is_known: bool = True

    @property
    def count(self) -> int:
        return len(self.incidents)


_term = remembered(256)(Term)


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """A way to divide the archive. `name` is its place in URLs; terms come in the vocabulary's order, then by name."""

    name: str
    singular: str
    plural: str
    terms: tuple[Term, ...]

    def term(self, word: str) -> Term | None:
        wanted = slug(word, fallback="term")
        return next((term for term in self.terms if term.slug == wanted), None)


@dataclass(frozen=True, slots=True)
class _Kind:
    name: str
    singular: str
    plural: str
    words: Callable[[Incident], Iterable[str]]


def _one(text: str) -> tuple[str, ...]:
    return (text,) if text else ()


KINDS = (
    _Kind("severity", "Severity", "Severities", lambda incident: _one(incident.severity)),
    _Kind("impact", "Impact", "Impacts", lambda incident: incident.impact.types),
    _Kind("causes", "Root cause", "Root causes", lambda incident: _one(incident.root_cause)),
    _Kind("triggers", "Trigger", "Triggers", lambda incident: _one(incident.trigger)),
    _Kind("factors", "Contributing factor", "Contributing factors", lambda incident: incident.factors),
    _Kind("services", "Service", "Services", lambda incident: incident.services),
    _Kind("teams", "Team", "Teams", lambda incident: incident.teams),
    _Kind("regions", "Region", "Regions", lambda incident: incident.regions),
    _Kind("detection", "Detection", "Detection", lambda incident: _one(incident.detection)),
    _Kind("tags", "Tag", "Tags", lambda incident: incident.tags),
)


def words_of(taxonomy: str, incident: Incident) -> tuple[str, ...]:
    """The words that an incident is classified with in a taxonomy."""
    return next(tuple(kind.words(incident)) for kind in KINDS if kind.name == taxonomy)


@remembered(2)
def taxonomies(incidents: tuple[Incident, ...], config: Config) -> tuple[Taxonomy, ...]:
    """Every taxonomy with the terms that incidents use; known words without incidents have no term."""
    return tuple(_taxonomy(kind, incidents, config) for kind in KINDS)


def _taxonomy(kind: _Kind, incidents: tuple[Incident, ...], config: Config) -> Taxonomy:
    by_slug: dict[str, list[Incident]] = {}
    by_word: dict[str, list[Incident]] = {}
    names: dict[str, str] = {}
    for incident in incidents:
        for word in kind.words(incident):
            listed = by_word.get(word)
            if listed is None:
                key = slug(word, fallback="term")
                listed = by_word[word] = by_slug.setdefault(key, [])
                names[key] = min(names.get(key, word), word)
            if not listed or listed[-1] is not incident:
                listed.append(incident)
    known = {word.slug: word for word in config.vocabulary(kind.name)}
    order = [*(key for key in known if key in by_slug), *sorted(key for key in by_slug if key not in known)]
    terms = []
    for key in order:
        described = known.get(key) or Word(names[key])
        terms.append(
            _term(
                slug=key,
                label=described.label,
                incidents=tuple(by_slug[key]),
                description=described.description,
                owner=described.owner,
                links=described.links,
                aliases=described.aliases,
                is_known=key in known,
            )
        )
    return Taxonomy(kind.name, kind.singular, kind.plural, tuple(terms))


@dataclass(frozen=True, slots=True)
class Quarter:
    """A quarter of a (fiscal) year, with its incidents newest first; `start` is its first day."""

    number: int
    start: date
    end: date
    incidents: tuple[Incident, ...]


@dataclass(frozen=True, slots=True)
class Year:
    """A (fiscal) year. `slug` is `2023`, or `fy2024` for the fiscal year that ends in 2024."""

    slug: str
    label: str
    incidents: tuple[Incident, ...]
    quarters: tuple[Quarter, ...]


@remembered(2)
def years(incidents: tuple[Incident, ...], fiscal_year_start: int) -> tuple[Year, ...]:
    """The years that have dated incidents, the latest first."""
    by_year: dict[int, list[Incident]] = {}
    for incident in incidents:
        if incident.date is not None:
            by_year.setdefault(fiscal_year(incident.date, fiscal_year_start), []).append(incident)
    return tuple(_year(number, tuple(by_year[number]), fiscal_year_start) for number in sorted(by_year)[::-1])


def _year(number: int, incidents: tuple[Incident, ...], start: int) -> Year:
    quarters = []
    for index in range(4):
        first, after = quarter_start(number, index, start), quarter_start(number, index + 1, start)
        inside = tuple(item for item in incidents if item.date is not None and first <= item.date < after)
        quarters.append(Quarter(index + 1, first, date.fromordinal(after.toordinal() - 1), inside))
    fiscal = start > 1
    return Year(
        f"fy{number}" if fiscal else str(number),
        f"FY{number}" if fiscal else str(number),
        incidents,
        tuple(quarters),
    )
