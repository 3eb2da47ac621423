"""The build in a loop: each look at the files gives the site as `pmsite build` would publish it now.

The stages are those of a build. What an earlier round left is reused where it is the same; what it left never
says what a site is.
"""

import gc
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

from pmsite.cache import Produced, same, start_remembering
from pmsite.check import Findings
from pmsite.config import FILE_NAME, Site
from pmsite.diagnostics import ContentError, Diagnostic, PmsiteError, Severity
from pmsite.load import Options, opened
from pmsite.planning import PlannedSite, plan_site
from pmsite.publishing import site_facts, template_problem
from pmsite.retouching import with_texts
from pmsite.serve.fulltext import FullText
from pmsite.serve.preview import KeyedPage, Linked, Preview, Rendered, State
from pmsite.serve.watch import Root
from pmsite.site.deny import denied_problems, deny_entries
from pmsite.site.render import DIGEST_SIZE, Renderer, SiteFacts, page_digest
from pmsite.site.templates import PageError
from pmsite.site.theme import Theme, load_theme
from pmsite.source.collect import Collection, Memory, collect

# So many pages are rendered before a build is shown, and for so long; the others follow while it is looked at.
FIRST, SECONDS = 40, 0.1
_BATCH = 16


@dataclass(frozen=True, slots=True)
class Changed:
    """Paths of what is another, what is new, and what is gone."""

    edited: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.edited or self.new or self.gone)


@dataclass(frozen=True, slots=True)
class Round:
    """What a look at the files led to. Without a preview, the problems say why.

    `unproven` are the pages that have to be rendered before it is certain that the site can be published, in the
    order of urgency; `changed` the source files, `assets` the theme's and the site's static files that are new.
    """

    preview: Preview | None
    diagnostics: tuple[Diagnostic, ...]
    documents: int = 0
    changed: Changed = Changed()
    unproven: tuple[KeyedPage, ...] = ()
    differs: bool = True
    only_styles: bool = False

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(item for item in self.diagnostics if item.severity is Severity.ERROR)


@dataclass(slots=True)
class _Inputs:
    """What a site is made of. Two looks that find the same inputs make the same site."""

    site: Site | None = None
    options: Options | None = None
    theme: Theme | None = None
    templates: str = ""
    static: Mapping[str, bytes] = field(default_factory=dict)
    collection: Collection | None = None
    tickets: bytes | None = None
    linked: Mapping[str, Linked] = field(default_factory=dict)


class Workspace:
    """Looks at a site again and again.

    `find` gives the site, `options` how to build it; they are asked in every round, since the configuration and the
    day may be others.
    """

    def __init__(self, find: Callable[[], Site], options: Callable[[Site], Options]) -> None:
        start_remembering()
        self._find = find
        self._options = options
        self._site = find()
        self._stamp = self._config_stamp()
        self._open_stores = ExitStack()
        self._store = self._open_stores.enter_context(opened(self._site))
        self._memory = Memory()
        self._findings = Findings()
        self._inputs = _Inputs()
        self._planned: PlannedSite | None = None
        # These may be older than the last inputs: what cannot be planned leaves the plan as it was.
        self._planned_from = _Inputs()
        self._pages: dict[str, KeyedPage] = {}
        self._proven: set[bytes] = set()
        self._used: set[str] = set()
        self._renderer: tuple[Renderer, str] | None = None
        self._keyed_with: Renderer | None = None
        self._rendered = Rendered()
        self._lock = threading.Lock()
        self._good: Preview | None = None
        self._failed: tuple[Diagnostic, ...] = ()
        self._full_text = FullText()

    def close(self) -> None:
        self._full_text.close()
        self._open_stores.close()

    @property
    def site(self) -> Site:
        """The site as it was last understood."""
        return self._site

    def roots(self) -> Iterator[Root]:
        """The folders that hold what the site is made of."""
        yield Root(self._site.root, is_deep=False)
        if self._site.config.tickets:
            yield Root((self._site.root / self._site.config.tickets).parent, is_deep=False)
        for folder in self._site.config.content:
            path = (self._site.root / folder.path).resolve()
            yield Root(path) if path.is_dir() else Root(path.parent, is_deep=False)
        for layer in self._inputs.theme.layers if self._inputs.theme else ():
            if layer.templates.parent == self._site.root:
                yield Root(layer.templates)
                yield Root(layer.static)
            else:
                yield Root(layer.templates.parent)

    def ignored(self) -> tuple[Path, ...]:
        """The folders in which pmsite itself writes."""
        return self._site.output, self._site.state.parent

    def forget(self) -> None:
        """Let the next look begin with nothing: what is in memory or in the store has turned out to be incomplete."""
        self._store.clear()
        self._memory, self._findings, self._inputs = Memory(), Findings(), _Inputs()

    def look(self) -> Round | None:
        """Look at all files. None if they are what they were."""
        before = self._inputs
        try:
            now = self._look()
        except PmsiteError as error:
            if error.diagnostics == self._failed:
                return None
            self._failed, self._inputs = error.diagnostics, _Inputs()
            return Round(None, error.diagnostics)
        self._failed = ()
        if self._planned is not None and _are_same(before, now):
            return None
        self._inputs = now
        try:
            return self._build(before, now)
        except PmsiteError as error:
            return Round(None, error.diagnostics, changed=_changes(before, now))

    def prove(self, pages: Iterable[KeyedPage], preview: Preview) -> Iterator[int]:
        """Render pages, a few between two yields of how many are done.

        Raises ContentError for a template that cannot be rendered and for what must not be published, and ProseMissing.
        """
        left = iter(pages)
        done = 0
        while batch := list(islice(left, _BATCH)):
            rows = []
            denied: dict[str, tuple[int, ...]] = {}
            for found in batch:
                if found.key in self._proven:
                    continue
                try:
                    content = preview.render(found)
                except PageError as error:
                    raise ContentError(template_problem(self._site, error)) from None
                if entries := preview.renderer.denied(content):
                    denied[found.page.path] = entries
                    continue
                self._proven.add(found.key)
                self._used.add(found.page.template)
                digest = blake2b(content, digest_size=DIGEST_SIZE).digest()
                rows.append((found.key, Produced(b"+" + digest)))
            self._store.put(rows)
            if denied and self._planned is not None:
                planned = self._planned
                problems = denied_problems(self._site, denied, planned.documents, planned.pages)
                raise ContentError(*dict.fromkeys(problems))
            done += len(batch)
            yield done

    def _config_stamp(self) -> tuple[bytes | None, ...]:
        """What the configuration file holds, or the places where one may appear."""
        site = self._site
        files = [site.file] if site.file else [site.root / FILE_NAME, site.home / FILE_NAME]
        return tuple(map(_bytes_of, files))

    def _look(self) -> _Inputs:
        self._reload_site()
        site = self._site
        theme, templates = self._theme(site)
        options = self._options(site)
        if options == self._inputs.options:
            options = self._inputs.options or options
        collection = collect(site, self._store, options.jobs, memory=self._memory)
        static = {f"assets/{path}": _bytes_of(file) or b"" for path, file in theme.static_files().items()}
        linked = {
            path: Linked(at.location, State.of(at.location)) for path, at in self._inputs.linked.items()
        }
        tickets = _bytes_of(site.root / site.config.tickets) if site.config.tickets else None
        return _Inputs(site, options, theme, templates, static, collection, tickets, linked)

    def _reload_site(self) -> None:
        stamp = self._config_stamp()
        if stamp == self._stamp:
            return
        site = self._find()
        if site.state != self._site.state:
            self._open_stores.close()
            self._store = self._open_stores.enter_context(opened(site))
        if site != self._site:
            self._site, self._memory = site, Memory()
        self._stamp = stamp

    def _theme(self, site: Site) -> tuple[Theme, str]:
        theme = load_theme(site)
        digest = theme.digest()
        before = self._inputs
        if before.theme is not None and digest == before.templates and theme == before.theme:
            return before.theme, digest
        return theme, digest

    def _build(self, before: _Inputs, now: _Inputs) -> Round:
        assert now.site and now.options and now.theme and now.collection is not None
        planned, known = self._planned, self._planned_from
        if planned is None or not _are_planned_alike(known, now):
            retouched = None
            if planned is not None and known.collection is not None and _have_same_frame(known, now):
                retouched = with_texts(planned, known.collection, now.collection)
            planned = retouched or plan_site(now.site, now.options, now.collection, now.theme, self._findings)
        self._planned, self._planned_from = planned, now
        changed = _changes(before, now)
        documents = len(now.collection.documents)
        now.linked = {
            path: Linked(file, State.of(file))
            for path, file in planned.files.items()
            if path not in now.static
        }
        if planned.is_blocked:
            return Round(None, planned.diagnostics, documents, changed)
        options_css = now.theme.options_css()
        files: dict[str, bytes | Linked] = {**now.linked, **now.static}
        if options_css:
            files["assets/options.css"] = options_css.encode()
        renderer = self._renderer_for(now, site_facts(now.site, planned.archive, bool(options_css)))
        try:
            pages = self._keyed(planned, renderer)
        except PageError as error:
            raise ContentError(template_problem(now.site, error)) from None
        base = urlsplit(now.site.config.base_url).path.rstrip("/") + "/"
        index_file = self._full_text.content if planned.index else None
        preview = Preview(pages, files, renderer, self._rendered, self._lock, base, planned.index, index_file)
        differing = _differing(self._good, preview)
        return Round(
            preview,
            planned.diagnostics,
            documents,
            changed,
            self._unproven(pages, changed.edited),
            differs=bool(differing),
            only_styles=all(path.endswith(".css") for path in differing),
        )

    def accept(self, preview: Preview) -> None:
        """The preview is what is shown now."""
        self._good = preview
        if len(self._proven) > 4 * len(preview.pages):
            self._proven &= {found.key for found in preview.pages.values()}

    def index(self, preview: Preview) -> None:
        """Let the full-text index be that of the preview, whose pages can all be rendered; it is made in the background."""
        self._full_text.want(preview)

    def _renderer_for(self, now: _Inputs, facts: SiteFacts) -> Renderer:
        assert now.theme is not None and now.site is not None
        deny = deny_entries(now.site.config)
        if self._renderer is not None:
            renderer, templates = self._renderer
            if (
                templates == now.templates
                and renderer.theme == now.theme
                and renderer.facts == facts
                and renderer.deny == deny
            ):
                return renderer
        renderer = Renderer(now.theme, facts, deny)
        renderer.use(self._store)
        renderer.load()
        self._renderer, self._used = (renderer, now.templates), set()
        return renderer

    def _keyed(self, planned: PlannedSite, renderer: Renderer) -> dict[str, KeyedPage]:
        """Pages by path with their keys: an equal page of the round before has the same."""
        known = self._pages
        is_other_renderer = self._keyed_with is not renderer
        keyed = {}
        for page in planned.pages:
            before = known.get(page.path)
            if before is not None and before.page is page and not is_other_renderer:
                keyed[page.path] = before
            elif before is None or not same(before.page.view, page.view):
                digest = page_digest(page)
                keyed[page.path] = KeyedPage(page, digest, renderer.key(page, digest))
            elif is_other_renderer or before.page.template != page.template:
                keyed[page.path] = KeyedPage(page, before.digest, renderer.key(page, before.digest))
            else:
                keyed[page.path] = KeyedPage(page, before.digest, before.key)
        self._pages, self._keyed_with = keyed, renderer
        return keyed

    def _unproven(self, pages: Mapping[str, KeyedPage], edited: tuple[str, ...]) -> tuple[KeyedPage, ...]:
        """Pages that were never rendered with these inputs, those of documents that were `edited` before others.

        What no template makes cannot fail, unless there is text that must not be published.
        """
        has_deny = self._renderer is not None and any(self._renderer[0].deny)
        new = [
            found
            for found in pages.values()
            if found.key not in self._proven and (found.page.template or has_deny)
        ]
        if len(new) > FIRST:
            stored = self._store.get([found.key for found in new])
            self._proven |= {key for key, value in stored.items() if value.startswith(b"+")}
            new = [found for found in new if found.key not in self._proven]
        # One page of each template that was not used yet comes first: it shows most of what can be wrong.
        seen = set(self._used)
        first: list[KeyedPage] = []
        others: list[KeyedPage] = []
        for found in new:
            (others if found.page.template in seen else first).append(found)
            seen.add(found.page.template)
        return (*first, *sorted(others, key=lambda found: found.page.source not in edited))


def settle() -> None:
    """What lives after the first round lives on: looking among it for cycles would take seconds in every round."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def _bytes_of(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _are_planned_alike(one: _Inputs, other: _Inputs) -> bool:
    """Whether the same pages are planned; what templates and static files hold does not matter to that."""
    return one.collection is other.collection and _have_same_frame(one, other)


def _have_same_frame(one: _Inputs, other: _Inputs) -> bool:
    """Whether all that pages are planned from is the same, but for what is known of documents."""
    return (
        one.site is other.site
        and one.options is other.options
        and one.tickets == other.tickets
        and one.linked == other.linked
        and one.theme is not None
        and other.theme is not None
        and one.theme.layers == other.theme.layers
        and one.static.keys() == other.static.keys()
    )


def _are_same(one: _Inputs, other: _Inputs) -> bool:
    return _are_planned_alike(one, other) and one.theme is other.theme and one.static == other.static


def _changes(before: _Inputs, now: _Inputs) -> Changed:
    """The files that changed, for people; the configuration and the theme by their names."""
    if before.collection is None or now.collection is None or now.site is None:
        return Changed()
    edited: list[str] = []
    new: list[str] = []
    gone: list[str] = []
    if before.site is not now.site:
        edited.append(now.site.config_name)
    if before.tickets != now.tickets:
        edited.append(now.site.config.tickets)
    if before.theme is not now.theme:
        edited.append("templates")
    files: list[tuple[Mapping[str, object], Mapping[str, object]]] = [
        (before.static, now.static),
        (before.collection.keys, now.collection.keys),
        (before.linked, now.linked),
    ]
    for one, other in files:
        for path in _different(one, other):
            (gone if path not in other else new if path not in one else edited).append(path)
    return Changed(tuple(edited), tuple(new), tuple(gone))


def _different(one: Mapping[str, object], other: Mapping[str, object]) -> list[str]:
    return sorted(path for path in one.keys() | other.keys() if one.get(path) != other.get(path))


def _differing(good: Preview | None, preview: Preview) -> list[str]:
    """The paths at which something else is to be seen."""
    if good is None:
        return ["index.html"]
    if good.base != preview.base:
        return ["index.html"]
    pages = [
        path
        for path, found in preview.pages.items()
        if (before := good.pages.get(path)) is not found and (before is None or before.key != found.key)
    ]
    gone = [path for path in good.pages if path not in preview.pages]
    return pages + gone + _different(good.files, preview.files)
