"""Severity, impact, causes, services and every other taxonomy: its own page, and one for each of its terms."""

from collections.abc import Iterator

from pmsite.archive.incident import Incident
from pmsite.archive.insights import Distribution, Sample, YearCount, distribution, trend
from pmsite.archive.reading import Reader
from pmsite.archive.taxonomy import KINDS, Taxonomy, Term
from pmsite.cache import remembered
from pmsite.config import Config
from pmsite.site import urls
from pmsite.site.plan import FEEDS, Page, Plan, page_head, paginate
from pmsite.site.present import Terms, by_year
from pmsite.site.views import CountedLink, Facet, Link, Reading, Row, TaxonomyView, TermLine, TermView

# Services have a reading list, unless their incidents are so few that all of them are one.
READ, SHORT = "services", 3


def taxonomy_pages(plan: Plan, taxonomy: Taxonomy) -> Iterator[Page]:
    """The taxonomy's own page and a paginated page for each of its terms; nothing for an unused taxonomy."""
    if not taxonomy.terms:
        return
    figures = [(distribution(term.incidents), trend(term.incidents)) for term in taxonomy.terms]
    view = TaxonomyView(
        head=plan.head(
            taxonomy.plural,
            f"{plan.title} by {taxonomy.singular.lower()}.",
            Link(taxonomy.plural, f"{taxonomy.name}/"),
        ),
        name=taxonomy.name,
        singular=taxonomy.singular,
        plural=taxonomy.plural,
        terms=tuple(
            _term_line(plan, taxonomy, term, durations.sample, years)
            for term, (durations, years) in zip(taxonomy.terms, figures, strict=True)
        ),
    )
    yield Page(f"{taxonomy.name}/index.html", "taxonomy.html", view)
    lists = _reading_lists(plan, taxonomy) if taxonomy.name == READ else {}
    names = taxonomy.name, taxonomy.singular, taxonomy.plural
    for term, (durations, years) in zip(taxonomy.terms, figures, strict=True):
        rows, reading = plan.present.rows(term.incidents), lists.get(term.slug, ())
        yield from _term_pages(plan.present.words, plan.config, names, term, rows, durations, years, reading)


def _reading_lists(plan: Plan, taxonomy: Taxonomy) -> dict[str, tuple[Reading, ...]]:
    """What to read of each term, by its slug; nothing of those with few incidents."""
    reader = Reader(plan.archive.incidents, plan.archive.relations, plan.present.ranks)
    return {
        term.slug: tuple(
            _reading(plan.present.row(item.incident), item.points, item.reasons)
            for item in reader.reading_list(term.incidents)
        )
        for term in taxonomy.terms
        if term.count > SHORT
    }


_reading = remembered(1024)(Reading)


def _term_line(
    plan: Plan, taxonomy: Taxonomy, term: Term, figures: Sample, years: tuple[YearCount, ...]
) -> TermLine:
    return TermLine(
        CountedLink(term.label, urls.term(taxonomy.name, term.slug), figures.total),
        term.count - figures.total,
        term.description,
        term.incidents[0].date,
        figures.median,
        figures.n,
        years,
        plan.present.rank(term.slug) if taxonomy.name == "severity" else 0,
    )


@remembered(256)
def _term_pages(
    words: Terms,
    config: Config,
    names: tuple[str, str, str],
    term: Term,
    rows: tuple[Row, ...],
    figures: Distribution,
    years: tuple[YearCount, ...],
    reading: tuple[Reading, ...],
) -> tuple[Page, ...]:
    """A term's pages. `names` are those of its taxonomy: in URLs, singular, plural."""
    name, singular, plural = names
    address = urls.term(name, term.slug)
    home = Link(plural, f"{name}/")
    pages = []
    for part, pagination, path in paginate(rows, address, config.page_size):
        is_first = pagination.number == 1
        title = term.label if is_first else f"{term.label}, page {pagination.number}"
        view = TermView(
            head=page_head(title, term.description or f"{singular}: {term.label}", home),
            taxonomy=home,
            singular=singular,
            label=term.label,
            rank=words.rank(term.slug) if name == "severity" else 0,
            description=term.description,
            owner=term.owner,
            links=tuple(Link(link.label, link.url) for link in term.links),
            total=term.count,
            uncounted=term.count - figures.sample.total,
            groups=by_year(part),
            pagination=pagination,
            trend=years if is_first else (),
            distribution=figures if is_first else None,
            together=_together(words, name, term) if is_first else (),
            reading=reading if is_first else (),
            feed=f"{address}feed.xml" if name in FEEDS else "",
        )
        pages.append(Page(path, "term.html", view))
    return tuple(pages)


def _together(words: Terms, taxonomy: str, term: Term) -> tuple[Facet, ...]:
    """What the term's incidents have in common: their most frequent causes and services."""
    facets = []
    for kind in KINDS:
        if kind.name == taxonomy or kind.name not in ("causes", "services", "severity"):
            continue
        counts = _counts(kind.name, term.incidents)
        links = []
        for word, count in counts[:6]:
            link = words.term(kind.name, word)
            links.append(CountedLink(link.label, link.url, count))
        if links:
            facets.append(Facet(kind.plural, f"{kind.name}/", tuple(links), max(0, len(counts) - 6)))
    return tuple(facets)


@remembered(256)
def _counts(taxonomy: str, incidents: tuple[Incident, ...]) -> tuple[tuple[str, int], ...]:
    """How many of the incidents each word of a taxonomy classifies, the most frequent first."""
    counts: dict[str, int] = {}
    words = next(kind.words for kind in KINDS if kind.name == taxonomy)
    for incident in incidents:
        for word in words(incident):
            counts[word] = counts.get(word, 0) + 1
    return tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
