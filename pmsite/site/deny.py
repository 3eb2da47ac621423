"""What a public site must not hold: looked for in the bytes that would be published, and named where authors wrote it."""

import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from html import unescape
from itertools import chain
from pathlib import Path
from urllib.parse import unquote

from pmsite.archive.incident import Visibility
from pmsite.config import Config, Site
from pmsite.diagnostics import START, Diagnostic, Position, diagnose
from pmsite.patterns import Denied, DenyList, beginning, denied
from pmsite.site.plan import Page
from pmsite.source.document import Document
from pmsite.source.redact import masked
from pmsite.strict_yaml import KeyPath

# Entries of `deny:`, and beginnings of tickets.
DenyEntries = tuple[tuple[str, ...], tuple[str, ...]]

MAX_UNPACKED = 64 * 1024 * 1024
_PLACES_NAMED = 20
# What is set within a word or a line, such as the parts of highlighted code.
_INLINE = re.compile(
    r"</?(?:a|abbr|b|bdi|bdo|cite|code|del|dfn|em|i|ins|kbd|mark|q|s|samp|small|span|strong|sub|sup|tspan|u|var|wbr)\b[^>]*>",
    re.IGNORECASE,
)
# What Markdown takes for marks: emphasis, code, and all of a link but for its text.
_MARKS = re.compile(r"\]\([^)\n]{0,500}\)|[*_`~\[\]]")
_BREAK = re.compile(r"<br\b[^>]*>", re.IGNORECASE)
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_PACKED = (b"\x1f\x8b", b"PK\x03\x04")


def deny_entries(config: Config) -> DenyEntries:
    """What may not be in the site: nothing is denied unless the site is public."""
    return (config.deny, config.internal_tickets) if config.audience is Visibility.PUBLIC else ((), ())


@cache
def deny_list(entries: DenyEntries) -> DenyList:
    words, tickets = entries
    return DenyList((*map(denied, words), *map(beginning, tickets)))


def hits(deny: DenyList, content: bytes) -> tuple[int, ...]:
    """The numbers of the entries that a file's content holds, however it is written there."""
    found: set[int] = set()
    for text in _texts(content):
        for reading in readings(text):
            found.update(deny.hits(reading))
    return tuple(sorted(found))


def readings(text: str) -> Iterator[str]:
    """A text as it is, and what readers of HTML, XML and JSON see of its tags and between them, where that differs."""
    yield text
    seen = {text}
    for part in (text, _INLINE.sub("", _BREAK.sub(" ", text)) if "<" in text else text):
        plain = _decoded(part)
        if plain not in seen:
            seen.add(plain)
            yield plain


def _decoded(text: str) -> str:
    text = unescape(text) if "&" in text else text
    if "\\u" in text:
        text = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
        text = text.encode("utf-8", "replace").decode()  # a lone surrogate matches nothing
    return unquote(text) if "%" in text else text


def _texts(content: bytes, depth: int = 2) -> Iterator[str]:
    """What a file holds as text; archives are unpacked."""
    yield content.decode("utf-8", "replace")
    if depth and content.startswith(_PACKED):
        for part in _unpacked(content):
            yield from _texts(part, depth - 1)


def _unpacked(content: bytes) -> Iterator[bytes]:
    with suppress(
        OSError, EOFError, ValueError, RuntimeError, NotImplementedError, zlib.error, zipfile.BadZipFile
    ):
        if content.startswith(_PACKED[0]):
            with gzip.open(io.BytesIO(content)) as file:
                yield file.read(MAX_UNPACKED)
            return
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.infolist():
                yield member.filename.encode("utf-8", "replace")
                with archive.open(member) as part:
                    yield part.read(MAX_UNPACKED)


def denied_files(
    deny: DenyList, pages: Iterable[str], copied: Mapping[str, Path], made: Mapping[str, bytes]
) -> dict[str, tuple[int, ...]]:
    """The entries that addresses of pages hold, and files other than pages, by where they would be published."""
    if not deny:
        return {}
    paths = [*pages, *copied]
    found = {}
    if deny.hits("\n".join(paths)):
        found = {path: numbers for path in paths if (numbers := deny.hits(path))}
    contents = chain(made.items(), ((path, location.read_bytes()) for path, location in copied.items()))
    for path, content in contents:
        if numbers := hits(deny, content):
            found[path] = tuple(sorted({*numbers, *found.get(path, ())}))
    return found


def denied_problems(
    site: Site, found: Mapping[str, tuple[int, ...]], documents: Iterable[Document], pages: Iterable[Page]
) -> tuple[Diagnostic, ...]:
    """A problem for each place in the sources that gives rise to a hit.

    Where none is found, the document of the page is named, or the file that would be published.
    """
    if not found:
        return ()
    documents = tuple(documents)
    sources = {page.path: page.source for page in pages if page.source}
    outputs: dict[int, list[str]] = {}
    for path in sorted(found, key=lambda path: (path not in sources, path)):
        for number in found[path]:
            outputs.setdefault(number, []).append(path)
    problems: list[Diagnostic] = []
    for number, paths in sorted(outputs.items()):
        key, entry = _entry(site, number)
        others = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        message = (
            f"{site.config_name}:{site.position(key).line} denies this, and {paths[0]}{others} would hold it"
        )
        hint = "take it out, or put it between <!-- internal --> and <!-- /internal -->"
        places = list(_places(site, DenyList([entry]), documents))[:_PLACES_NAMED]
        places = places or [(sources.get(paths[0], paths[0]), START)]
        problems += (diagnose("E801", path, place, message, hint) for path, place in places)
    return tuple(problems)


def _entry(site: Site, number: int) -> tuple[KeyPath, Denied]:
    words, tickets = deny_entries(site.config)
    if number < len(words):
        return ("deny", number), denied(words[number])
    return ("internal_tickets", number - len(words)), beginning(tickets[number - len(words)])


def _places(site: Site, deny: DenyList, documents: Iterable[Document]) -> Iterator[tuple[str, Position]]:
    """Lines of visible documents that hold an entry, internal blocks left out; then lines of the configuration."""
    for document in documents:
        text = masked(_read(site.root / document.path), keep=False)
        yield from ((document.path, Position(line, 1)) for line in _lines(deny, text))
        if deny.hits(document.path):
            yield document.path, START
    if site.file is not None:
        own = {
            site.position((key, number)).line
            for key in ("deny", "internal_tickets")
            for number in range(len(getattr(site.config, key)))
        }
        for line in _lines(deny, _read(site.file)):
            if line not in own:
                yield site.config_name, Position(line, 1)


def _lines(deny: DenyList, text: str) -> Iterator[int]:
    """The lines that hold an entry, by itself or with the next line."""
    if not _holds(deny, text):
        return
    lines = text.split("\n")
    held = [_holds(deny, line) for line in lines]
    for number, (line, after) in enumerate(zip(lines, [*lines[1:], ""], strict=True)):
        is_next_free = number + 1 < len(lines) and not held[number + 1]
        if held[number] or (is_next_free and _holds(deny, f"{line}\n{after}")):
            yield number + 1


def _holds(deny: DenyList, text: str) -> bool:
    """Whether a text of the sources holds an entry, as it is written or as Markdown shows it."""
    return any(deny.hits(reading) for part in (text, _MARKS.sub("", text)) for reading in readings(part))


def _read(location: Path) -> str:
    try:
        return location.read_bytes().decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")
    except OSError:
        return ""
