"""The pipeline: read, know, show, check, write."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pmsite
from pmsite.archive.archive import Archive, build_archive
from pmsite.archive.audience import internal_in_text, shown, shown_config, visible
from pmsite.archive.completeness import Coverage, coverage
from pmsite.archive.incident import Visibility
from pmsite.cache import Failure, Store, cached_map, remembered
from pmsite.check import Checked, Findings, check_archive, check_outputs
from pmsite.config import Site
from pmsite.diagnostics import (
    START,
    ContentError,
    Diagnostic,
    Position,
    Severity,
    configured,
    diagnose,
    has_errors,
)
from pmsite.load import Options, opened
from pmsite.site.deny import denied_files, denied_problems, deny_entries, deny_list
from pmsite.site.links import LinkResolver
from pmsite.site.pages import plan_pages
from pmsite.site.plan import Page, Plan, address_of
from pmsite.site.present import Presenter
from pmsite.site.render import (
    ProseMissing,
    Renderer,
    SiteFacts,
    compile_templates,
    decode_error,
    render_pages,
)
from pmsite.site.search import FOLDER, Index, add_index, plan_index
from pmsite.site.templates import PageError
from pmsite.site.theme import Theme, load_theme, shown_template
from pmsite.site.views import Link, Prose
from pmsite.site.write import (
    Changes,
    NewSite,
    PublishedSite,
    locked,
    refuse_narrower_output,
    refuse_unsafe_output,
)
from pmsite.source.collect import Collection, collect, notes
from pmsite.source.credentials import without_credentials
from pmsite.source.document import Document, Heading
from pmsite.source.evidence import Evidence
from pmsite.source.tickets import load_tickets, tracked
from pmsite.stages import Stage, Stages


@dataclass(frozen=True, slots=True)
class Report:
    """What a build or a check found and did; `changes` is None if nothing was published.

    `inferred` are the values that were read out of prose, each with its document's path; they, `coverage` and
    `archive`, what was checked, are what a check tells beyond problems.
    """

    documents: int
    diagnostics: tuple[Diagnostic, ...]
    inferred: tuple[tuple[str, Evidence], ...] = ()
    coverage: Coverage | None = None
    archive: Archive | None = None
    rendered: tuple[str, ...] = ()
    changes: Changes | None = None
    stages: tuple[Stage, ...] = ()

    @property
    def ok(self) -> bool:
        return not has_errors(self.diagnostics)


@dataclass(frozen=True, slots=True)
class PlannedSite:
    """Every file that the site will have, before any is made; `files` are copied from where they are."""

    documents: tuple[Document, ...]
    archive: Archive
    pages: tuple[Page, ...]
    files: dict[str, Path]
    index: Index | None
    diagnostics: tuple[Diagnostic, ...]
    is_blocked: bool


def build(site: Site, options: Options, progress: Callable[[str, int, int], None] | None = None) -> Report:
    """Build a site and publish it, unless it has errors. Raises PmsiteError where it cannot go on at all."""
    refuse_unsafe_output(site)
    refuse_narrower_output(site)
    stages = Stages()
    with locked(site.output, site.state.parent), opened(site) as store:
        try:
            report = _build(site, options, store, progress, stages)
        except ProseMissing:
            store.clear()
            report = _build(site, options, store, progress, stages)
    return replace(report, stages=stages.found)


def _build(
    site: Site,
    options: Options,
    store: Store,
    progress: Callable[[str, int, int], None] | None,
    stages: Stages,
) -> Report:
    theme = load_theme(site)
    reading = progress and partial(progress, "reading")
    collection = collect(site, store, options.jobs, reading, partial(compile_templates, theme))
    stages.ended("reading")
    planned = plan_site(site, options, collection, theme)
    stages.ended("planning")
    if planned.is_blocked:
        return Report(len(collection.documents), planned.diagnostics)
    rendering = progress and partial(progress, "rendering")
    return _publish(site, options, store, theme, collection, planned, rendering, stages)


def check(site: Site, options: Options) -> Report:
    """Find every problem that a build would find before writing."""
    with opened(site) as store:
        collection = collect(site, store, options.jobs)
        planned = plan_site(site, options, collection, load_theme(site))
        shown = planned.archive.documents.values()
        inferred = tuple(
            (document.path, item)
            for document in sorted(shown, key=lambda document: document.path)
            for item in document.evidence
        )
        return Report(
            len(collection.documents),
            planned.diagnostics,
            inferred,
            coverage(planned.archive.incidents),
            planned.archive,
        )


def plan_site(
    site: Site,
    options: Options,
    collection: Collection,
    theme: Theme,
    findings: Findings | None = None,
) -> PlannedSite:
    """Decide every page and find every problem; `findings` are those of an earlier round."""
    unreadable = {document.path for document in collection.documents if has_errors(document.diagnostics)}
    unreadable |= {problem.path for problem in collection.sources.diagnostics}
    tickets = load_tickets(site)
    seen = tuple(
        document
        for document in visible(tracked(collection.documents, tickets), site.config)
        if not (options.keep_going and document.path in unreadable)
    )
    documents, config = shown(seen, site.config), shown_config(site.config)
    archive = build_archive(documents, config)
    links = LinkResolver(
        {document.path: (address_of(document), document) for document in documents},
        collection.sources.files,
        site.config,
    )
    problems = [*site.warnings, *collection.sources.diagnostics, *tickets.diagnostics]
    for document in collection.documents:
        problems += document.diagnostics
    prose = {}
    for document in documents:
        resolved = links.resolve(document)
        problems += resolved.diagnostics
        key = collection.keys[document.path].hex()
        prose[document.path] = _prose(key, document.body.digest, resolved.targets, document.body.headings)
    present = Presenter.of(archive, config)
    index, troubles = plan_index(archive.incidents, site.output.name) if options.search else (None, ())
    problems += troubles
    bundles = tuple(bundle.name for bundle in index.bundles) if index else ()
    pages = plan_pages(Plan(archive, config, site.title, options.today, present, prose, bundles))
    files = {**{f"assets/{path}": file for path, file in theme.static_files().items()}, **links.attachments}
    problems += check_archive(Checked(seen, archive, site.config, options.today), findings)
    problems += internal_in_text(seen, site.config)
    problems += _credentials_beside_documents(site, theme)
    problems += check_outputs(pages, ((path, str(source)) for path, source in files.items()))
    diagnostics = configured(problems, site.config.rules, strict=options.strict)
    is_blocked = any(
        problem.severity is Severity.ERROR and not (options.keep_going and problem.path in unreadable)
        for problem in diagnostics
    )
    return PlannedSite(documents, archive, tuple(pages), files, index, diagnostics, is_blocked)


def _credentials_beside_documents(site: Site, theme: Theme) -> Iterator[Diagnostic]:
    """Documents are looked at when they are read. What stands in the configuration, the site's own theme files and the
    tickets goes to pages as it is.
    """
    if not site.config.looks_for_credentials:
        return
    files = [site.file, site.root / site.config.tickets if site.config.tickets else None, *theme.own_files()]
    severity = Severity.ERROR if site.config.audience is Visibility.PUBLIC else Severity.WARNING
    for file in filter(None, files):
        with suppress(OSError, UnicodeDecodeError):  # whoever uses the file says so
            text = file.read_text(encoding="utf-8-sig")
            path = site.config_name if file == site.file else shown_template(site, file)
            hint = "revoke it, and write a placeholder"
            for problem in without_credentials(text, path)[1]:
                yield replace(problem, severity=severity, hint=hint)


@remembered(16_384)
def _prose(key: str, body: str, targets: tuple[str | None, ...], headings: tuple[Heading, ...]) -> Prose:
    return Prose(key, body, targets, headings)


def _publish(
    site: Site,
    options: Options,
    store: Store,
    theme: Theme,
    collection: Collection,
    planned: PlannedSite,
    progress: Callable[[int, int], None] | None,
    stages: Stages,
) -> Report:
    """Render what changed and put the new site in place of the old one."""
    problems: tuple[Diagnostic, ...] = ()
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
            _value,
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
            search_keys, troubles = add_index(planned.index, new, published, store, options.jobs)
            problems = configured(troubles, site.config.rules, strict=options.strict)
            if has_errors(problems):
                raise ContentError(*problems)
            keys += search_keys
            stages.ended("full text")
        changes, note = new.publish()
    store.keep_only([*keys, *collection.keys.values(), *notes(), note])
    stages.ended("publishing")
    return Report(
        len(collection.documents), (*planned.diagnostics, *problems), rendered=rendered, changes=changes
    )


def _value(_page: Page, value: bytes | Failure) -> bytes:
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
