"""Write: the pages of a planned site rendered, and the new site put in place of the old one."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import pmsite
from pmsite.archive.archive import Archive, build_archive
from pmsite.archive.incident import Visibility
from pmsite.cache import Failure, Store, cached_map
from pmsite.config import Site
from pmsite.diagnostics import START, ContentError, Diagnostic, Position, configured, diagnose, has_errors
from pmsite.load import Options
from pmsite.planning import PlannedSite
from pmsite.site.deny import denied_files, denied_problems, deny_entries, deny_list
from pmsite.site.plan import Page, address_of
from pmsite.site.render import ProseMissing, Renderer, SiteFacts, decode_error, facts_adapter, render_pages
from pmsite.site.search import FOLDER, add_index
from pmsite.site.standing import ELSEWHERE, Mark, Shown, Standing, Texts, note
from pmsite.site.stored import is_stored
from pmsite.site.templates import PageError
from pmsite.site.theme import Theme, load_theme, shown_template
from pmsite.site.urls import page_file
from pmsite.site.views import Link
from pmsite.site.write import Changes, NewSite, PublishedSite
from pmsite.source.collect import Collection, notes
from pmsite.source.document import Document
from pmsite.stages import Stages


@dataclass(frozen=True, slots=True)
class Published:
    """What was written: addresses of the pages that were rendered, problems of the text index, changes of the folder."""

    rendered: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]
    changes: Changes


def publish(
    site: Site,
    options: Options,
    store: Store,
    theme: Theme,
    collection: Collection,
    planned: PlannedSite,
    mark: Mark | None,
    progress: Callable[[int, int], None] | None,
    stages: Stages,
) -> Published:
    """Render what changed and put the new site in place of the old one. Raises ContentError and ProseMissing.

    What the site was made of is noted with its mark, unless it lacks something that a later build may be able to make.
    """
    problems: tuple[Diagnostic, ...] = ()
    index_keys: list[bytes] = []
    options_css = theme.options_css()
    deny = deny_entries(site.config)
    renderer = Renderer(theme, site_facts(site, planned.archive, bool(options_css)), deny)
    published = PublishedSite(site.output, store, site.config.audience)
    pages = planned.pages
    try:
        keys = [renderer.key(page) for page in pages]
    except PageError as error:
        raise ContentError(template_problem(site, error)) from None
    with NewSite(published, {*(page.path for page in pages), *planned.files, FOLDER}) as new:
        values = cached_map(
            partial(render_pages, renderer, store.path, new.folder),
            pages,
            keys,
            store,
            rendered_value,
            workers=options.jobs,
            progress=progress,
            usable=lambda page, value: published.digest(page.path) == value[1:],
        )
        made = {"assets/options.css": options_css.encode()} if options_css else {}
        found = denied_files(deny_list(deny), (page.path for page in pages), planned.files, made)
        rendered = _collect_pages(planned, site, new, values, found)
        for path, source in planned.files.items():
            new.copy(path, source)
        for path, content in made.items():
            new.write(path, content)
        stages.ended("rendering")
        if planned.index:
            index_keys, troubles = add_index(planned.index, new, published, store, options.jobs)
            problems = configured(troubles, site.config.rules, strict=options.strict)
            if has_errors(problems):
                raise ContentError(*problems)
            stages.ended("full text")
        changes, states = new.publish()
    store.keep_only([*keys, *index_keys, *collection.keys.values(), *notes(), states])
    if mark is not None and not problems and options.search == (planned.index is not None):
        diagnostics = (*planned.diagnostics, *problems)
        standing = Standing(len(collection.documents), diagnostics, len(new.digests))
        page_keys = dict(zip((page.path for page in pages), keys, strict=True))
        texts = _texts(collection, planned, renderer.facts, page_keys, index_keys)
        note(site, store, mark, new.digests, standing, texts)
    return Published(rendered, problems, changes)


def _texts(
    collection: Collection,
    planned: PlannedSite,
    facts: SiteFacts,
    page_keys: Mapping[str, bytes],
    index_keys: Iterable[bytes],
) -> Texts:
    """What a build leaves for one in which only texts are others."""
    paths = {document.path: page_file(address_of(document)) for document in planned.documents}
    kept = {page.path for page in planned.pages if is_stored(page)}

    def page(document: Document) -> str:
        path = paths.get(document.path)
        return "" if path is None else page_keys[path].hex() if path in kept else ELSEWHERE

    return Texts(
        facts_adapter().dump_json(facts).decode(),
        planned.index.bundles if planned.index else (),
        tuple([key.hex() for key in index_keys]),
        {
            document.path: Shown(
                collection.keys[document.path].hex(), document.face, document.places, page(document)
            )
            for document in collection.documents
        },
    )


def rendered_value(_page: Page, value: bytes | Failure) -> bytes:
    """What `render_pages` said of a page."""
    assert isinstance(value, bytes)  # rendering has no limits
    return value


def check_theme(site: Site) -> Theme:
    """The site's theme, if it is whole. Raises PmsiteError with everything that is wrong with it."""
    theme = load_theme(site)
    renderer = Renderer(theme, site_facts(site, build_archive((), site.config), has_options_css=False))
    problems = [template_problem(site, error) for error in renderer.check()]
    if problems:
        raise ContentError(*dict.fromkeys(problems))
    return theme


def _collect_pages(
    planned: PlannedSite,
    site: Site,
    new: NewSite,
    values: Iterable[bytes],
    denied: dict[str, tuple[int, ...]],
) -> tuple[str, ...]:
    """Take rendered pages into the new tree and keep the others.

    Raises ContentError for broken templates, and for what is `denied` in these pages or the other files.
    """
    rendered, problems = [], []
    for page, value in zip(planned.pages, values, strict=True):
        if value.startswith(b"!"):
            problems.append(template_problem(site, decode_error(value)))
        elif value.startswith(b"^"):
            denied[page.path] = (*denied.get(page.path, ()), *map(int, value[1:].split()))
        elif value == b"?":
            raise ProseMissing
        elif value.startswith(b"#"):
            path, _, reason = value[1:].decode().rpartition(": ")
            hint = "the published site is unchanged"
            raise ContentError(diagnose("E702", path, START, f"cannot be written: {reason}", hint))
        elif (new.folder / page.path).is_file():
            new.rendered(page.path, value[1:])
            rendered.append(page.path)
        else:
            new.keep(page.path)
    problems += denied_problems(site, denied, planned.documents, planned.pages)
    if problems:
        raise ContentError(*dict.fromkeys(problems))
    return tuple(rendered)


def template_problem(site: Site, error: PageError) -> Diagnostic:
    """What is wrong with a template, at its place."""
    path = shown_template(site, error.path) if error.path else "templates"
    return diagnose("E601", path, Position(error.line), error.message, "correct the template")


def site_facts(site: Site, archive: Archive, has_options_css: bool) -> SiteFacts:
    """What every page says of the site."""
    config = site.config
    return SiteFacts(
        title=site.title,
        description=config.description,
        language=config.language,
        base_url=config.base_url,
        timezone=config.timezone,
        audience=config.audience.value,
        navigation=tuple(_navigation(archive, config.audience)),
        version=pmsite.__version__,
        has_options_css=has_options_css,
    )


def _navigation(archive: Archive, audience: Visibility) -> Iterator[Link]:
    yield Link("Incidents", "incidents/")
    yield Link("Years", "years/")
    for taxonomy in archive.taxonomies:
        if taxonomy.terms and taxonomy.name in ("severity", "impact", "causes", "services"):
            yield Link(taxonomy.plural, f"{taxonomy.name}/")
    yield Link("Insights", "insights/")
    yield Link("Action items", "actions/")
    if audience is not Visibility.PUBLIC:
        yield Link("Backlog", "backlog/")
    for page in archive.pages[:5]:
        if page.path.split("/")[-2:-1] == ["pages"]:
            yield Link(page.title, address_of(page))
