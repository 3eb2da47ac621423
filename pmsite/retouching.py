"""A site of which only texts changed: their pages are rendered again, and nothing is planned.

What a page shows follows from what is known of all documents, and from the text that stands on it. Documents with the
faces that they had when the site was built are known by the same facts, so that every value that was planned then would
be planned again, but for the texts in it. The values of pages with texts are kept in the store; one that comes back
other than it was, as its page's key tells, is not used.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from pmsite.cache import Store, cached_map
from pmsite.config import Site
from pmsite.diagnostics import START, Diagnostic, Position
from pmsite.load import Options
from pmsite.planning import PlannedSite
from pmsite.publishing import rendered_value
from pmsite.site.deny import deny_entries
from pmsite.site.plan import Page, address_of
from pmsite.site.render import Renderer, facts_adapter, render_pages
from pmsite.site.search import FOLDER, Index, add_index, find_program
from pmsite.site.standing import ELSEWHERE, Mark, Shown, Standing, Texts, note, what_stands
from pmsite.site.stored import is_stored, restored
from pmsite.site.theme import Theme
from pmsite.site.urls import page_file
from pmsite.site.write import Changes, NewSite, PublishedSite
from pmsite.source.collect import Collection, Found, same_files
from pmsite.source.document import Document
from pmsite.stages import Stages


@dataclass(frozen=True, slots=True)
class Retouched:
    """What the build said that planned the site, which holds still; the pages that were rendered, and what changed."""

    standing: Standing
    rendered: tuple[str, ...]
    changes: Changes


def retouch(
    site: Site,
    options: Options,
    store: Store,
    theme: Theme,
    found: Found,
    mark: Mark,
    texts: Texts,
    documents: Sequence[Document],
    stages: Stages,
) -> Retouched | None:
    """Publish the site again with the texts of these documents, which are new; `texts` is what was noted of all.

    None, and nothing done, where more than texts is new, where the site is not as it was published, or where it is not to
    be published with these texts.
    """
    before = [texts.documents[document.path] for document in documents]
    if not _have_same_faces(before, documents):
        return None
    published = PublishedSite(site.output, store, site.config.audience)
    standing = what_stands(site, store, published)
    if standing is None or not _are_where_they_were(standing.diagnostics, before, documents):
        return None
    stages.ended("reading")
    renderer = Renderer(theme, facts_adapter().validate_json(texts.facts), deny_entries(site.config))
    pages = _pages(renderer, store, texts, found, documents)
    if pages is None:
        return None
    keys = {path: renderer.key(page) for path, page in pages.items()}
    with NewSite(published, {*published.made, FOLDER}) as new:
        values = cached_map(
            partial(render_pages, renderer, store.path, new.folder),
            [*pages.values()],
            [*keys.values()],
            store,
            rendered_value,
            workers=options.jobs,
            usable=lambda page, value: published.digest(page.path) == value[1:],
        )
        if not all(value.startswith(b"+") for value in values):
            return None  # a text that is gone, or must not be published: the whole build says what to do
        rendered = _put(new, published, pages.values(), values, is_indexed=bool(texts.bundles))
        stages.ended("rendering")
        index_keys = [*map(bytes.fromhex, texts.index_keys)]
        if texts.bundles:
            index = Index(find_program(), texts.bundles)
            index_keys, troubles = add_index(index, new, published, store, options.jobs)
            if troubles:
                return None
            stages.ended("full text")
        changes, _ = new.publish()
        digests = new.digests
    shown = {
        document.path: replace(
            texts.documents[document.path],
            key=found.keys[document.path].hex(),
            places=document.places,
            page=keys[document.path].hex() if document.path in keys else texts.documents[document.path].page,
        )
        for document in documents
    }
    new_texts = replace(
        texts,
        documents={**texts.documents, **shown},
        index_keys=tuple([key.hex() for key in index_keys]),
    )
    note(site, store, mark, digests, standing, new_texts)
    store.forget(_keys(texts) - _keys(new_texts))
    stages.ended("publishing")
    return Retouched(standing, rendered, changes)


def with_texts(planned: PlannedSite, before: Collection, now: Collection) -> PlannedSite | None:
    """The site that was planned for an earlier collection, with the texts that are new; None where more than texts is."""
    if before.keys.keys() != now.keys.keys() or not same_files(before.sources, now.sources):
        return None
    pairs = [pair for pair in zip(before.documents, now.documents, strict=True) if pair[0] is not pair[1]]
    old, new = [one for one, _ in pairs], [other for _, other in pairs]
    if not _have_same_faces(old, new) or not _are_where_they_were(planned.diagnostics, old, new):
        return None
    shown = {document.path for document in planned.documents}
    texts = {page_file(address_of(document)): document for document in new if document.path in shown}
    pages = []
    for page in planned.pages:
        document = texts.pop(page.path, None)
        if document is not None:
            if not is_stored(page):
                return None
            page = _with_text(page, document, now.keys[document.path])
        pages.append(page)
    return replace(planned, pages=tuple(pages)) if not texts else None


def _have_same_faces(before: Iterable[Shown | Document], now: Iterable[Document]) -> bool:
    """Whether what is known of documents is what was known of them."""
    return all(one.face == other.face for one, other in zip(before, now, strict=True))


def _are_where_they_were(
    said: Iterable[Diagnostic], before: Iterable[Shown | Document], now: Iterable[Document]
) -> bool:
    """Whether the problems that were found still hold: none is in a text in which something has moved."""
    moved = {
        document.path: {START, *(at for _, at in (*document.positions, *document.unknown_fields))}
        for one, document in zip(before, now, strict=True)
        if document.places != one.places
    }
    return not moved or all(
        Position(problem.line, problem.column) in moved[problem.path]
        for problem in said
        if problem.path in moved
    )


def _with_text(page: Page, document: Document, key: bytes) -> Page:
    prose = replace(page.view.prose, key=key.hex(), body=document.body.digest)
    return replace(page, view=replace(page.view, prose=prose), source=document.path)


def _pages(
    renderer: Renderer, store: Store, texts: Texts, found: Found, documents: Sequence[Document]
) -> dict[str, Page] | None:
    """The pages of documents by their paths, with the new texts; None where one is not to be had."""
    pages = {}
    for document in documents:
        key = texts.documents[document.path].page
        if not key:
            continue
        blob = store.blob(bytes.fromhex(key)) if key != ELSEWHERE else None
        template = "incident.html" if document.incident else "page.html"
        page = restored(page_file(address_of(document)), template, blob) if blob is not None else None
        if page is None or renderer.key(page).hex() != key:
            return None
        pages[document.path] = _with_text(page, document, found.keys[document.path])
    return pages


def _put(
    new: NewSite,
    published: PublishedSite,
    pages: Iterable[Page],
    values: Sequence[bytes],
    *,
    is_indexed: bool,
) -> tuple[str, ...]:
    """Take these pages into the new tree and keep all that is published beside them, but for the full-text index."""
    rendered = []
    kept = dict.fromkeys(published.made)
    for page, value in zip(pages, values, strict=True):
        if (new.folder / page.path).is_file():
            new.rendered(page.path, value[1:])
            rendered.append(page.path)
            del kept[page.path]
    for path in kept:
        if not (is_indexed and path.startswith(f"{FOLDER}/")):
            new.keep(path)
    return tuple(rendered)


def _keys(texts: Texts) -> set[bytes]:
    """The keys of what the store keeps for these texts."""
    names = {name for shown in texts.documents.values() for name in (shown.key, shown.page)}
    return {bytes.fromhex(name) for name in (names | {*texts.index_keys}) - {"", ELSEWHERE}}
