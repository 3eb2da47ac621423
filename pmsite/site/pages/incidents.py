"""Incident pages, and the list of all incidents."""

from collections.abc import Iterator

from pmsite.archive.incident import Incident
from pmsite.archive.recurrence import MONTHS
from pmsite.archive.related import Relations
from pmsite.cache import remembered
from pmsite.site import urls
from pmsite.site.explorer import SAMPLE, facets_view, row_chunks
from pmsite.site.plan import Page, Plan, paginate
from pmsite.site.present import by_year
from pmsite.site.views import (
    CountedLink,
    Facet,
    IncidentView,
    Link,
    ListView,
    Prose,
    Relation,
    Row,
    Seen,
)

_PARTS = 100
_SMALLEST_PART = 20
_HERE = Link("Incidents", "incidents/")
_view = remembered(16_384)(IncidentView)


def incident_pages(plan: Plan) -> Iterator[Page]:
    incidents = plan.archive.incidents
    facts = plan.of_incidents()
    size = max(_SMALLEST_PART, -(-len(incidents) // _PARTS))
    for start in range(0, len(incidents), size):
        documents = [plan.archive.documents[incident.id] for incident in incidents[start : start + size]]
        prose = tuple([plan.prose[document.path] for document in documents])
        excerpts = tuple([document.body.excerpt for document in documents])
        sources = tuple([document.path for document in documents])
        yield from _part(facts, start, prose, excerpts, sources)


@remembered(_PARTS)
def _part(
    plan: Plan, start: int, prose: tuple[Prose, ...], excerpts: tuple[str, ...], sources: tuple[str, ...]
) -> tuple[Page, ...]:
    """The pages of some incidents in a row; a change in one text leaves the other parts as they are."""
    incidents = plan.archive.incidents
    row = plan.present.row
    pages = []
    for index, (text, excerpt, source) in enumerate(zip(prose, excerpts, sources, strict=True), start):
        incident = incidents[index]
        newer = row(incidents[index - 1]) if index else None
        older = row(incidents[index + 1]) if index + 1 < len(incidents) else None
        view = _incident(plan, incident, older, newer, text, excerpt)
        pages.append(Page(urls.page_file(urls.incident(incident.id)), "incident.html", view, source))
    return tuple(pages)


def _incident(
    plan: Plan, incident: Incident, older: Row | None, newer: Row | None, prose: Prose, excerpt: str
) -> IncidentView:
    row = plan.present.row
    related = plan.archive.relations.get(incident.id, Relations())
    return _view(
        head=plan.head(incident.title, incident.summary or excerpt, _HERE),
        incident=incident,
        row=row(incident),
        zone=plan.config.timezone,
        terms=plan.present.terms(incident),
        relations=tuple(
            Relation(item.label, row(item.incident), item.is_recurrence, item.not_done)
            for item in related.stated
        ),
        alike=plan.present.rows(related.alike),
        similar=plan.present.rows(related.similar),
        seen=tuple(
            Seen(plan.present.term("services", item.service), item.count, MONTHS) for item in related.seen
        ),
        time=related.time,
        previous=older,
        next=newer,
        prose=prose,
        source_url=plan.config.source_url.replace("{path}", urls.encode(incident.source)),
        edit_url=plan.config.edit_url.replace("{path}", urls.encode(incident.source)),
    )


def explorer_files(plan: Plan) -> Iterator[Page]:
    """The explorer's data; nothing for an archive without incidents."""
    incidents = plan.archive.incidents
    if incidents:
        yield Page("explorer/facets.js", "", facets_view(plan.archive, plan.config))
    for chunk in row_chunks(plan.present.rows(incidents), incidents):
        yield Page(f"explorer/rows-{chunk.number}.js", "", chunk)


def incident_list(plan: Plan) -> Iterator[Page]:
    rows = plan.present.rows(plan.archive.incidents)
    facets = plan.present.facets(8)
    years = plan.archive.years
    if years:
        links = tuple(
            CountedLink(year.label, urls.year(year.slug), len(year.incidents)) for year in years[:8]
        )
        facets = (Facet("Years", "years/", links, max(0, len(years) - 8)), *facets)
    for part, pagination, path in paginate(rows, "incidents/", plan.config.page_size):
        head = plan.head(
            "Incidents" if pagination.number == 1 else f"Incidents, page {pagination.number}",
            f"All incidents of {plan.title}, newest first.",
            Link("Incidents", "incidents/"),
        )
        is_explorer = pagination.number == 1 and bool(rows)
        view = ListView(
            head,
            by_year(part),
            pagination,
            facets,
            SAMPLE if is_explorer else None,
            plan.bundles if is_explorer else (),
        )
        yield Page(path, "incidents.html", view)
