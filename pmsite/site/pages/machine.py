"""Files for machines: JSON, CSV, feeds, sitemap, robots.txt."""

from collections.abc import Iterable, Iterator, Sequence

from pmsite.archive.incident import Incident, Kind, Visibility
from pmsite.cache import remembered
from pmsite.site import urls
from pmsite.site.data import stable_id
from pmsite.site.incidents_schema import incidents_schema_text
from pmsite.site.plan import FEEDS, Page, Plan
from pmsite.site.views import (
    CsvView,
    FeedEntry,
    FeedView,
    JsonView,
    SitemapEntry,
    SitemapIndexView,
    SitemapView,
    TextView,
)

FEED_LENGTH = 20
MAX_SITEMAP = 50_000  # https://www.sitemaps.org/protocol.html


@remembered(1)
def machine_files(plan: Plan) -> tuple[Page, ...]:
    """Everything but sitemaps."""
    return tuple(_files_of_incidents(plan))


def _files_of_incidents(plan: Plan) -> Iterator[Page]:
    incidents = plan.archive.incidents
    yield Page("incidents.json", "", JsonView(incidents, plan.title, plan.today))
    yield Page("incidents.csv", "", CsvView(incidents))
    yield Page("schema.json", "", TextView(f"{incidents_schema_text()}\n"))
    yield Page("robots.txt", "", TextView(_robots(plan)))
    yield Page("feed.xml", "feed.xml", _feed(plan, plan.title, "", incidents))
    for taxonomy in plan.archive.taxonomies:
        for term in taxonomy.terms if taxonomy.name in FEEDS else ():
            address = urls.term(taxonomy.name, term.slug)
            title = f"{plan.title}: {term.label}"
            yield Page(f"{address}feed.xml", "feed.xml", _feed(plan, title, address, term.incidents))


def _robots(plan: Plan) -> str:
    """Search engines index public sites only (RFC 9309)."""
    lines = ["User-agent: *"]
    if plan.config.audience is not Visibility.PUBLIC:
        lines.append("Disallow: /")
    else:
        lines.append("Allow: /")
        if plan.config.base_url:
            lines.append(f"Sitemap: {plan.config.base_url}/sitemap.xml")
    return "\n".join(lines) + "\n"


def _feed(plan: Plan, title: str, address: str, incidents: Sequence[Incident]) -> FeedView:
    base = f"{plan.config.base_url}/" if plan.config.base_url else urls.root_of(f"{address}feed.xml")
    dated = [item for item in incidents if item.date is not None and item.kind is not Kind.DRILL]
    entries = tuple(_entry(plan, item, base) for item in dated[:FEED_LENGTH])
    return FeedView(
        id=stable_id(f"feed:{address}"),
        title=title,
        url=f"{base}{urls.encode(address)}",
        feed_url=f"{base}{urls.encode(address)}feed.xml",
        updated=max((entry.updated for entry in entries), default=None),
        entries=entries,
    )


def _entry(plan: Plan, incident: Incident, base: str) -> FeedEntry:
    assert incident.date is not None
    published = incident.published or incident.date
    row = plan.present.row(incident)
    return FeedEntry(
        id=stable_id(f"incident:{incident.id}"),
        url=f"{base}{urls.encode(row.url)}",
        title=incident.title,
        summary=incident.summary or row.line,
        updated=max(incident.updated or published, published),
        published=published,
        authors=incident.authors,
        terms=tuple(word for word in (incident.severity, row.cause, *row.services) if word),
    )


def sitemaps(plan: Plan, pages: Iterable[Page]) -> tuple[Page, ...]:
    """The map of all pages, where the site's address is known."""
    if not plan.config.base_url:
        return ()
    listed = tuple(
        page.path
        for page in pages
        if page.path.endswith("index.html")
        and page.template not in ("404.html", "redirect.html", "backlog.html")
    )
    return _sitemaps(plan.of_incidents(), listed)


@remembered(1)
def _sitemaps(plan: Plan, paths: tuple[str, ...]) -> tuple[Page, ...]:
    changed = {
        urls.incident(item.id): item.updated or item.published or item.date for item in plan.archive.incidents
    }
    entries = []
    for path in paths:
        address = path.removesuffix("index.html")
        url = f"{plan.config.base_url}/{urls.encode(address)}"
        entries.append(SitemapEntry(url, changed.get(address)))
    if len(entries) <= MAX_SITEMAP:
        return (Page("sitemap.xml", "sitemap.xml", SitemapView(tuple(entries))),)
    parts = [entries[start : start + MAX_SITEMAP] for start in range(0, len(entries), MAX_SITEMAP)]
    names = [f"sitemap-{number}.xml" for number in range(1, len(parts) + 1)]
    index = SitemapIndexView(tuple(f"{plan.config.base_url}/{name}" for name in names))
    return (
        *(
            Page(name, "sitemap.xml", SitemapView(tuple(part)))
            for name, part in zip(names, parts, strict=True)
        ),
        Page("sitemap.xml", "sitemap-index.xml", index),
    )
