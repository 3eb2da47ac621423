"""Know, show and check: every page that a site will have, and every problem that stands in its way."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from pmsite.archive.archive import Archive, build_archive
from pmsite.archive.audience import internal_in_text, shown, shown_config, visible
from pmsite.archive.incident import Visibility
from pmsite.cache import remembered
from pmsite.check import Checked, Findings, check_archive, check_outputs
from pmsite.config import Site
from pmsite.diagnostics import Diagnostic, Severity, configured, has_errors
from pmsite.load import Options
from pmsite.site.links import LinkResolver
from pmsite.site.pages import plan_pages
from pmsite.site.plan import Page, Plan, address_of
from pmsite.site.present import Presenter
from pmsite.site.search import Index, plan_index
from pmsite.site.theme import Theme, shown_template
from pmsite.site.views import Prose
from pmsite.source.collect import Collection
from pmsite.source.credentials import without_credentials
from pmsite.source.document import Document, Heading
from pmsite.source.tickets import load_tickets, tracked


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
