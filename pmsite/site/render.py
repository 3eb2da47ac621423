"""Pages to bytes: Jinja for HTML and XML, in a sandbox, with autoescape everywhere and no undefined names."""

import re
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from hashlib import blake2b
from pathlib import Path
from typing import Any

from jinja2 import Template, TemplateError, TemplateNotFound, TemplateSyntaxError, pass_context
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from markupsafe import Markup
from pydantic import TypeAdapter

from pmsite.cache import Produced, Store, fingerprint, program_digest
from pmsite.site import format as formats
from pmsite.site import urls
from pmsite.site.data import serialised
from pmsite.site.deny import DenyEntries, deny_list, hits
from pmsite.site.linked_data import linked_data
from pmsite.site.plan import Page
from pmsite.site.stored import stored
from pmsite.site.templates import PageError, ThemeEnvironment, ThemeLoader, references
from pmsite.site.theme import Theme
from pmsite.site.views import Link, Prose, Row

DIGEST_SIZE = 16
_ABSOLUTE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//|#")
_LINK = re.compile(r'(<a(?:\s+[\w-]+="[^"]*")*?\s+)href="pmsite-link:(\d+)"')
_IMAGE = re.compile(r'<img(?:\s+[\w-]+="[^"]*")*?\s+src="pmsite-link:(\d+)"(?:\s+[\w-]+="[^"]*")*\s*/?>')
_MAX_ROWS = 50_000
# Stands for the way to the root while a row is made; no document can hold it.
_ANY_ROOT = "\x00"
_ALT = re.compile(r'\salt="([^"]*)"')


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """What every page says of the site; a change here renders every page again."""

    title: str
    description: str
    language: str
    base_url: str
    timezone: str
    audience: str
    navigation: tuple[Link, ...]
    version: str
    has_options_css: bool


@cache
def facts_adapter() -> TypeAdapter[SiteFacts]:
    """Makes JSON of a site's facts, and facts of that."""
    return TypeAdapter(SiteFacts)


class ProseMissing(Exception):
    """A document's prose is not in the store, or damaged there: the document has to be read again."""


class Renderer:
    """Renders pages with one environment."""

    def __init__(self, theme: Theme, facts: SiteFacts, deny: DenyEntries = ((), ())) -> None:
        self.theme = theme
        self.facts = facts
        self.deny = deny
        self._loader = ThemeLoader(theme)
        self._environment = self._make_environment()
        self._store: Store | None = None
        self._closures: dict[str, str] = {}
        self._bases: dict[str, bytes] = {}
        self._rows: dict[str, list[str]] = {}

    def _make_environment(self) -> ThemeEnvironment:
        environment = ThemeEnvironment(self._loader)
        zone = self.facts.timezone
        environment.filters.update(
            duration=formats.duration,
            offset=formats.offset,
            day=formats.day,
            short_day=formats.short_day,
            moment=lambda at: formats.moment(at, zone),
            parts=lambda at: formats.parts(at, zone),
            clock=lambda at: formats.clock(at, zone),
            zone=lambda at: formats.zone_label(formats.local(at, zone), zone) if at is not None else "",
            number=formats.number,
            share=formats.percent,
            plural=formats.plural,
            ordinal=formats.ordinal,
            action_state=formats.action_state,
            iso=lambda value: value.iso() if hasattr(value, "iso") else value.isoformat(),
            is_time=lambda value: hasattr(value, "iso"),
            canonical=lambda path: urls.encode(path.removesuffix("index.html")),
        )
        environment.globals.update(
            site=self.facts,
            options=self.theme.options,
            url=_url,
            asset=_asset,
            prose=self._prose,
            row=self._row,
            linked_data=self._linked_data,
        )
        environment.own_functions = frozenset((_url, _asset, self._prose, self._row, self._linked_data))
        return environment

    def __reduce__(self) -> tuple[type["Renderer"], tuple[Theme, SiteFacts, DenyEntries]]:
        """Another process that shares no memory makes its own from the same values."""
        return Renderer, (self.theme, self.facts, self.deny)

    def use(self, store: Store) -> None:
        """Where to fetch documents' prose from."""
        self._store = store

    def check(self) -> list[PageError]:
        """Compile every template of every layer; gives what is wrong with them."""
        problems = []
        for layer in self.theme.layers:
            for path in sorted(layer.templates.rglob("*")) if layer.templates.is_dir() else ():
                if path.suffix not in (".html", ".xml") or not path.is_file():
                    continue
                name = f"!{layer.name}/{path.relative_to(layer.templates).as_posix()}"
                try:
                    self.compile(name)
                    self.closure(name)
                except PageError as error:
                    problems.append(PageError(error.path or path, error.line, error.message))
        return problems

    def load(self) -> None:
        """Compile all templates, so that none is read later. What is wrong with one is said when it is used."""
        for layer in self.theme.layers:
            for path in layer.templates.rglob("*"):
                if path.suffix in (".html", ".xml"):
                    with suppress(PageError):
                        self.compile(path.relative_to(layer.templates).as_posix())

    def compile(self, template: str) -> Template:
        """Raises PageError."""
        compiled: Template = self._guarded(partial(self._environment.get_template, template))
        return compiled

    def closure(self, template: str) -> str:
        """A digest of a template and of all that it includes, extends or imports. Raises PageError."""
        digest = self._closures.get(template)
        if digest is None:
            digest = self._closures[template] = self._closure(template)
        return digest

    def _closure(self, template: str) -> str:
        digest = blake2b(digest_size=DIGEST_SIZE)
        seen: set[tuple[int, Path]] = set()

        def visit(name: str, above: tuple[tuple[int, Path], ...]) -> None:
            found = self._loader.locate(name)
            if found is None:
                raise PageError(None, 1, f'the template "{name}" does not exist')
            if found in seen:
                return
            seen.add(found)
            text = self._loader.text(found[1])
            digest.update(f"{found[0]}:{name}\0{text}\0".encode())
            for at, reference in references(text):
                line = text.count("\n", 0, at) + 1
                if reference is None:
                    raise PageError(found[1], line, "the name of another template must be written literally")
                other = self._environment.join_path(reference, name)
                place = self._loader.locate(other)
                if place is None:
                    raise PageError(found[1], line, f'the template "{reference}" does not exist')
                if place in (*above, found):
                    raise PageError(found[1], line, f'"{reference}" leads back here without end')
                visit(other, (*above, found))

        visit(template, ())
        return digest.hexdigest()

    def key(self, page: Page, digest: bytes | None = None) -> bytes:
        """Equal only if the page's bytes are: its place, value, templates, options and the site's facts.

        `digest` is that of `page_digest`, if it is known.
        """
        return fingerprint(self._basis(page.template), digest or page_digest(page))

    def _basis(self, template: str) -> bytes:
        """What all pages of one template depend on."""
        basis = self._bases.get(template)
        if basis is None:
            options = repr(sorted(self.theme.options.items()))
            facts = (self.closure(template), self.facts, options) if template else ()
            basis = fingerprint(program_digest(), self.deny, *facts)
            self._bases[template] = basis
        return basis

    def render(self, page: Page) -> bytes:
        """The page's bytes. Raises PageError."""
        if not page.template:
            return serialised(page.view)
        root = urls.root_of(page.path)
        template = self.compile(page.template)
        text: str = self._guarded(partial(template.render, page=page.view, root=root, path=page.path))
        return text.encode("utf-8", "replace")

    def denied(self, content: bytes) -> tuple[int, ...]:
        """The entries of the deny list that a page's bytes hold."""
        deny = deny_list(self.deny)
        return hits(deny, content) if deny else ()

    def _guarded(self, action: Callable[[], Any]) -> Any:
        try:
            return action()
        except TemplateNotFound as error:
            raise PageError(None, 1, f'the template "{error.name}" does not exist') from error
        except TemplateSyntaxError as error:
            raise PageError(
                Path(error.filename) if error.filename else None, error.lineno, error.message or ""
            ) from error
        except (
            TemplateError,
            SecurityError,
            TypeError,
            ValueError,
            AttributeError,
            ArithmeticError,
            LookupError,
        ) as error:
            path, line = self._place(error)
            if path is None:
                raise
            raise PageError(path, line, str(error)) from error
        except RecursionError as error:
            raise PageError(None, 1, "templates include each other without end") from error

    def _place(self, error: Exception) -> tuple[Path | None, int]:
        """The innermost template in an error's traceback."""
        folders = tuple(str(layer.templates) for layer in self.theme.layers)
        for frame in reversed(traceback.extract_tb(error.__traceback__)):
            if frame.filename.startswith(folders):
                return Path(frame.filename), frame.lineno or 1
        return None, 1

    @pass_context
    def _row(self, context: Context, item: Row) -> Markup:
        """An incident in a list, by the template row.html: the same in every list but for the way to the root."""
        parts = self._rows.get(item.digest)
        if parts is None:
            if len(self._rows) >= _MAX_ROWS:
                self._rows.clear()
            text = self._environment.get_template("row.html").render(item=item, root=_ANY_ROOT)
            parts = self._rows[item.digest] = text.split(_ANY_ROOT)
        root: str = context["root"]
        return Markup(root.join(parts))

    @pass_context
    def _linked_data(self, context: Context) -> Markup:
        """The page's data block for search engines; needs the site's address."""
        facts = self.facts
        text = linked_data(context["page"], context["path"], facts.base_url, facts.title, facts.language)
        return Markup(text)

    @pass_context
    def _prose(self, context: Context, prose: Prose) -> Markup:
        """A document's text as HTML, its links leading where they should from the page that shows it."""
        assert self._store is not None
        blob = self._store.blob(bytes.fromhex(prose.key))
        if blob is None:
            raise ProseMissing
        html = blob.decode("utf-8", "replace")
        root: str = context["root"]

        def image(found: re.Match[str]) -> str:
            target = prose.targets[int(found[1])]
            if target is None:
                alt = _ALT.search(found[0])
                return f'<span class="pm-missing">{alt[1] if alt and alt[1] else "missing image"}</span>'
            return found[0].replace(f"pmsite-link:{found[1]}", _attribute(target, root))

        def link(found: re.Match[str]) -> str:
            target = prose.targets[int(found[2])]
            if target is None:
                return f'{found[1]}role="link" aria-disabled="true" class="pm-broken"'
            return f'{found[1]}href="{_attribute(target, root)}"'

        if prose.targets:
            html = _LINK.sub(link, _IMAGE.sub(image, html))
        return Markup(html)


def page_digest(page: Page) -> bytes:
    """Stands for a page's place and value."""
    return fingerprint(page.path, page.view)


def _attribute(target: str, root: str) -> str:
    return str(Markup.escape(target if target.startswith("#") else f"{root}{urls.encode_link(target)}"))


def compile_templates(theme: Theme) -> None:
    """Compile all templates, so that processes forked later need not."""
    Renderer(theme, SiteFacts("", "", "", "", "", "", (), "", has_options_css=False)).load()


@pass_context
def _url(context: Context, address: str) -> str:
    """A link to an address below the site's root from the page being rendered; other addresses as they are."""
    inside = _page_link(address)
    return address if inside is None else f"{context['root']}{inside}"


@lru_cache(maxsize=65_536)
def _page_link(address: str) -> str | None:
    """The way from the root to the page of an address; None for an address elsewhere."""
    return None if _ABSOLUTE.match(address) else urls.encode(urls.page_file(address))


@pass_context
def _asset(context: Context, name: str) -> str:
    """A link to one of the theme's static files."""
    return f"{context['root']}assets/{name}"


def render_pages(
    renderer: Renderer, store_path: Path, staging: Path, pages: Iterator[Page]
) -> Iterator[Produced]:
    """Render and write one page after the other below `staging`; the value is `+` and the digest of the bytes, the blob
    what the page was made of, if it shows a text.

    A page that cannot be rendered gives `!` and the error instead, one that cannot be written `#` and the reason, one
    whose prose is missing `?`, and one that must not be published `^` and the entries of the deny list.
    """
    renderer.use(Store.at(store_path))
    made: set[Path] = set()
    for page in pages:
        try:
            content = renderer.render(page)
        except PageError as error:
            yield Produced(encode_error(error))
            continue
        except ProseMissing:
            yield Produced(b"?")
            continue
        if denied := renderer.denied(content):
            yield Produced(f"^{' '.join(map(str, denied))}".encode())
            continue
        path = staging / page.path
        try:
            if path.parent not in made:
                path.parent.mkdir(parents=True, exist_ok=True)
                made.add(path.parent)
            path.write_bytes(content)
        except OSError as error:
            yield Produced(f"#{page.path}: {error.strerror}".encode())
            continue
        yield Produced(b"+" + blake2b(content, digest_size=DIGEST_SIZE).digest(), stored(page))


def encode_error(error: PageError) -> bytes:
    return f"!{error.path or ''}\0{error.line}\0{error.message}".encode()


def decode_error(value: bytes) -> PageError:
    path, line, message = value[1:].decode().split("\0", 2)
    return PageError(Path(path) if path else None, int(line), message)
