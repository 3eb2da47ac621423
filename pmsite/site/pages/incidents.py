"""Incident pages, and the list of all incidents."""

from collections.abc import Iterator

from pmsite.archive.incident import Incident
from pmsite.archive.recurrence import MONTHS
from pmsite.archive.related import Relations
from pmsite.cache import remembered
from pmsite.config import Config
from pmsite.site import urls
from pmsite.site.explorer import SAMPLE, facets_view, row_chunks
from pmsite.site.plan import Page, Plan, page_head, paginate
from pmsite.site.present import Terms, by_year
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
        yield from _pages_from(
            facts,
            start,
            tuple([plan.prose[document.path] for document in documents]),
            tuple([document.body.excerpt for document in documents]),
            tuple([document.path for document in documents]),
        )


@remembered(_PARTS)
def _pages_from(
    plan: Plan, start: int, prose: tuple[Prose, ...], excerpts: tuple[str, ...], sources: tuple[str, ...]
) -> tuple[Page, ...]:
    """The pages of some incidents in a row: where no incident changed, those with other texts alone are looked at."""
    everyone, end = plan.archive.incidents, start + len(sources)
    incidents = everyone[start:end]
    related = [plan.archive.relations.get(incident.id, _NONE) for incident in incidents]
    return _part(
        plan.present.words,
        plan.config,
        incidents,
        plan.present.rows(incidents),
        plan.present.row(everyone[start - 1]) if start else None,
        plan.present.row(everyone[end]) if end < len(everyone) else None,
        tuple(related),
        tuple([_others(plan, one) for one in related]),
        prose,
        excerpts,
        sources,
    )


_NONE = Relations()


def _others(plan: Plan, related: Relations) -> tuple[Row, ...]:
    """The rows of all that an incident is related to, in their order."""
    return plan.present.rows((*(item.incident for item in related.stated), *related.alike, *related.similar))


@remembered(_PARTS)
def _part(
    words: Terms,
    config: Config,
    incidents: tuple[Incident, ...],
    rows: tuple[Row, ...],
    newer: Row | None,
    older: Row | None,
    related: tuple[Relations, ...],
    others: tuple[tuple[Row, ...], ...],
    prose: tuple[Prose, ...],
    excerpts: tuple[str, ...],
    sources: tuple[str, ...],
) -> tuple[Page, ...]:
    """The pages of some incidents in a row, which are between `newer` and `older`."""
    neighbours = (newer, *rows, older)
    pages = []
    for place, incident in enumerate(incidents):
        view = _incident(
            words,
            config,
            incident,
            neighbours[place : place + 3],
            related[place],
            others[place],
            prose[place],
            excerpts[place],
        )
        path = urls.page_file(urls.incident(incident.id))
        pages.append(Page(path, "incident.html", view, sources[place]))
    return tuple(pages)


def _incident(
    words: Terms,
    config: Config,
    incident: Incident,
    neighbours: tuple[Row | None, ...],
    related: Relations,
    others: tuple[Row, ...],
    prose: Prose,
    excerpt: str,
) -> IncidentView:
    newer, row, older = neighbours
    assert row is not None
    stated, alike = len(related.stated), len(related.stated) + len(related.alike)
    return _view(
        head=page_head(incident.title, incident.summary or excerpt, _HERE),
        incident=incident,
        row=row,
        zone=config.timezone,
        terms=words.of(incident),
        relations=tuple(
            Relation(item.label, other, item.is_recurrence, item.not_done)
            for item, other in zip(related.stated, others[:stated], strict=True)
        ),
        alike=others[stated:alike],
        similar=others[alike:],
        seen=tuple(Seen(words.term("services", item.service), item.count, MONTHS) for item in related.seen),
        time=related.time,
        previous=older,
        next=newer,
        prose=prose,
        source_url=config.source_url.replace("{path}", urls.encode(incident.source)),
        edit_url=config.edit_url.replace("{path}", urls.encode(incident.source)),
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
