"""The explorer's data, as classic scripts that a page can load from `file://` too.

`explorer/facets.js` holds what facets and sorting need of every incident, in columns. The texts of rows come in chunks,
`explorer/rows-0.js` and on, which the page loads as it shows or searches them. Chunks count from the oldest incident,
so that a new one changes the last chunk only.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pmsite.archive.archive import Archive
from pmsite.archive.incident import Duration, Incident, Kind, Status, impact_duration
from pmsite.archive.taxonomy import KINDS, years
from pmsite.config import Config
from pmsite.site import format as formats
from pmsite.site import urls
from pmsite.site.views import Row, Severity

CHUNK = 250
# The order of the facets on the page: what most people look for first.
_ORDER = ("severity", "impact", "causes", "triggers", "services", "teams", "tags")
_LAST = ("detection", "factors", "regions")
_NOT_STATED = "not stated"
# The browser makes rows from the row template of the theme, which is rendered for this row, with every part.
SAMPLE = Row(
    id="",
    url="incidents/",
    title="",
    date=date(2000, 1, 1),
    severity=Severity("", "", 1),
    status="",
    kind=Kind.INCIDENT.value,
    line="-",
    duration=Duration(60),
    users=None,
    services=("",),
    cause="-",
    open_actions=0,
    digest="sample",
)


@dataclass(frozen=True, slots=True)
class Facet:
    """A way to divide the archive, with the slug and label of every term; `name` is its parameter in addresses."""

    name: str
    label: str
    terms: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class FacetsView:
    """What `facets.js` is made of; incidents newest first, undated ones last."""

    incidents: tuple[Incident, ...]
    facets: tuple[Facet, ...]
    page_size: int
    fiscal_year_start: int


@dataclass(frozen=True, slots=True)
class RowsView:
    """A chunk of rows, oldest first, with their incidents."""

    number: int
    rows: tuple[Row, ...]
    incidents: tuple[Incident, ...]


def facets_view(archive: Archive, config: Config) -> FacetsView:
    incidents = archive.incidents
    by_name = {
        item.name: Facet(item.name, item.singular, tuple((term.slug, term.label) for term in item.terms))
        for item in archive.taxonomies
    }
    found = [
        Facet("year", "Year", tuple((year.slug, year.label) for year in archive.years)),
        *(by_name[name] for name in _ORDER),
        Facet("status", "Status", _used([item.value for item in Status], map(_status, incidents))),
        *(by_name[name] for name in _LAST),
        Facet("kind", "Kind", _used([item.value for item in Kind], (item.kind.value for item in incidents))),
    ]
    facets = tuple(facet for facet in found if facet.terms)
    return FacetsView(incidents, facets, config.page_size, config.fiscal_year_start)


def _status(incident: Incident) -> str:
    return incident.status.value if incident.status else _NOT_STATED


def _used(values: Sequence[str], given: Iterable[str]) -> tuple[tuple[str, str], ...]:
    used = set(given)
    return tuple(
        (urls.slug(value), value.replace("-", " ")) for value in (*values, _NOT_STATED) if value in used
    )


def row_chunks(rows: Sequence[Row], incidents: Sequence[Incident]) -> Iterator[RowsView]:
    """The rows of incidents, which come newest first, in chunks of CHUNK from the oldest on."""
    oldest_rows, oldest = tuple(reversed(rows)), tuple(reversed(incidents))
    for number, start in enumerate(range(0, len(oldest), CHUNK)):
        yield RowsView(number, oldest_rows[start : start + CHUNK], oldest[start : start + CHUNK])


def facets_script(view: FacetsView) -> bytes:
    """The incidents in columns, in one order."""
    spans = [impact_duration(item).counted for item in view.incidents]
    value = {
        "ids": [item.id for item in view.incidents],
        "dated": sum(item.date is not None for item in view.incidents),
        "size": view.page_size,
        "chunk": CHUNK,
        "facets": [
            facet_data(facet, column_of(facet, view.incidents, view.fiscal_year_start))
            for facet in view.facets
        ],
        "duration": spans,
        "users": [item.impact.users for item in view.incidents],
        "rows": {},
    }
    return b"var pmExplorer=" + compact(value) + b";\n"


def facet_data(facet: Facet, column: Sequence[int | list[int]]) -> dict[str, Any]:
    """A facet as scripts have it, with its column."""
    return {"name": facet.name, "label": facet.label, "terms": facet.terms, "of": column}


def column_of(facet: Facet, incidents: tuple[Incident, ...], fiscal_year_start: int) -> list[int | list[int]]:
    """Each incident's terms of a facet by their places in it: one, a list of them, or -1 for none."""
    place = {slug: number for number, (slug, _) in enumerate(facet.terms)}
    if facet.name == "year":
        slugs = {
            item.id: year.slug for year in years(incidents, fiscal_year_start) for item in year.incidents
        }
        return [place.get(slugs.get(item.id, ""), -1) for item in incidents]
    if facet.name == "status":
        return [place[urls.slug(_status(item))] for item in incidents]
    if facet.name == "kind":
        return [place[urls.slug(item.kind.value)] for item in incidents]
    words = next(kind.words for kind in KINDS if kind.name == facet.name)
    found: list[int | list[int]] = []
    for item in incidents:
        terms = list(dict.fromkeys(place[urls.slug(word, fallback="term")] for word in words(item)))
        found.append(terms if len(terms) > 1 else terms[0] if terms else -1)
    return found


def rows_script(view: RowsView) -> bytes:
    rows = [_row(row, incident) for row, incident in zip(view.rows, view.incidents, strict=True)]
    return f"pmExplorer.rows[{view.number}]=".encode() + compact(rows) + b";\n"


def _row(row: Row, incident: Incident) -> dict[str, Any]:
    """A row's words as pages print them, and what else is searched; empty ones are left out."""
    duration = formats.duration(row.duration.seconds)
    summary = " ".join(incident.summary.split())
    parts = {
        "title": row.title,
        "date": row.date.isoformat() if row.date else "",
        "day": formats.short_day(row.date),
        "severity": row.severity.label if row.severity else "",
        "rank": min(row.severity.rank, 4) if row.severity else 0,
        "labels": [
            *(["draft"] if row.status == Status.DRAFT.value else []),
            *([row.kind] if row.kind != Kind.INCIDENT.value else []),
        ],
        "line": row.line,
        "cause": row.cause,
        "services": row.services,
        "actions": formats.plural(row.open_actions, "open action") if row.open_actions else "",
        "duration": f"≈ {duration}" if duration and row.duration.doubt else duration,
        "number": incident.number,
        "summary": "" if summary == row.line else summary,
        "resolution": " ".join(incident.resolution.split()),
    }
    return {name: value for name, value in parts.items() if value or name == "title"}


def compact(value: object) -> bytes:
    """A value as JSON without blanks; what is not UTF-8 becomes a question mark."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
