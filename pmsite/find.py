"""`pmsite search`: the documents that hold some words, read from the sources, with the line that they stand in."""

import itertools
import json
import math
import operator
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from functools import partial
from pathlib import Path

from pmsite.archive.audience import visible
from pmsite.archive.incident import Visibility
from pmsite.cache import beside
from pmsite.config import Site
from pmsite.diagnostics import Diagnostic, configured, printable
from pmsite.load import Options, skim_site
from pmsite.source.credentials import covered
from pmsite.source.document import Facts, Skimmed
from pmsite.source.files import find_sources
from pmsite.source.redact import masked

MAX_WIDTH = 160
# Another process is worth its start beyond so many documents, and gets such a part of them.
_FEW, _SHARE = 1000, 0.9
# What may stand between the words of a phrase: blanks, a line's end, and the marks of Markdown.
_BETWEEN = r"[\s*_`~>]+"


class SearchFormat(Enum):
    TABLE = "table"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Hit:
    """A document that holds all words, or the most of any; `is_phrase` says that they stand together in it.

    `line` counts from 1; `at` is where in its `text` the first of the words stands.
    """

    document: Skimmed
    location: str
    is_phrase: bool
    line: int
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Found:
    """The best hits, how many there are in all, in how many documents, and which of these could not be read.

    `is_nearest` says that no document holds all the words, and that these hold most of them.
    """

    hits: tuple[Hit, ...]
    total: int
    documents: int
    diagnostics: tuple[Diagnostic, ...]
    is_nearest: bool = False


class Query:
    """Words to look for, whatever their capitals, also inside longer words."""

    def __init__(self, words: Iterable[str]) -> None:
        self.words = tuple(dict.fromkeys(" ".join(words).casefold().split()))
        spelled = " ".join(words).casefold().split()
        self._phrase = re.compile(_BETWEEN.join(map(re.escape, spelled)))

    def seen_in(self, folded: str) -> bytes:
        """A byte that is 1 if the words stand together in a text, 0 if not, and such a byte for each word."""
        return bytes([self.is_phrase_in(folded), *[word in folded for word in self.words]])

    def is_in(self, folded: str) -> bool:
        return all(word in folded for word in self.words)

    def is_phrase_in(self, folded: str) -> bool:
        """Whether the words stand together."""
        return self._phrase.search(folded) is not None

    def line(self, folded: str) -> int:
        """The line that says most, from 0: the one in which the phrase begins, else the first with most of the words."""
        phrase = self._phrase.search(folded)
        if phrase is not None:
            return folded.count("\n", 0, phrase.start())
        counts = [sum(word in line for word in self.words) for line in folded.split("\n")]
        return counts.index(max(counts))


def search(site: Site, options: Options, words: Iterable[str], limit: int) -> Found:
    """The documents that the site's audience may see and that hold all words, in their text, title, number or id.

    Those come first in which the words stand together, of these and of the others those that have them in title, number
    or id, then the newest. If no document holds all words, those that hold half of them or more, as a pasted error often
    has a number or a name that stands nowhere.
    """
    query = Query(words)
    keep = site.config.audience is not Visibility.PUBLIC
    sources = find_sources(site)
    locations = {file.path: file.location for file in sources.documents}
    # One process looks through most of the texts while this one learns what is known of the documents.
    files = [*locations.values()]
    share = int(_SHARE * len(files)) if len(files) > _FEW else 0
    look_through = partial(_look_through, query, keep)
    others = beside(partial(look_through, files[:share])) if share else bytes
    skimmed = skim_site(site, options, sources)
    mine = look_through(files[share:])
    seen = dict(zip(locations, _records(others() + mine, 1 + len(query.words)), strict=True))
    documents = visible(skimmed, site.config)
    ranked, having_some = [], []
    for document in documents:
        is_phrase, *are_there = map(operator.or_, seen[document.path], query.seen_in(_head(document)))
        if all(are_there):
            ranked.append((not is_phrase, *_rank(document, query), document))
        elif any(are_there):
            having_some.append((document, [*itertools.compress(query.words, are_there)]))
    ranked.sort(key=lambda item: item[:-1])
    found = [document for *_, document in ranked]
    near = () if found else _nearest(having_some, len(documents), query)
    problems = [*sources.diagnostics, *(problem for document in skimmed for problem in document.diagnostics)]
    return Found(
        tuple(
            _hit(document, locations[document.path], query, keep=keep) for document in [*found, *near][:limit]
        ),
        len(found) or len(near),
        len(documents),
        configured(problems, site.config.rules, strict=False),
        is_nearest=bool(near),
    )


def _look_through(query: Query, keep: bool, files: Iterable[str]) -> bytes:
    """What of the words stands in each of some files, as `Query.seen_in` says it."""
    seen = []
    for file in files:
        text = _text(file)
        folded = text.casefold()
        if not keep and "internal" in folded:
            folded = masked(text, keep=False).casefold()
        seen.append(query.seen_in(folded))
    return b"".join(seen)


def _records(content: bytes, size: int) -> Iterator[bytes]:
    return (content[start : start + size] for start in range(0, len(content), size))


def _nearest(having_some: Sequence[tuple[Skimmed, list[str]]], documents: int, query: Query) -> list[Skimmed]:
    """The documents with half of the words or more, at least two; a word counts for more the fewer documents have it.

    `having_some` are the documents that have any, with these.
    """
    counts = Counter(word for _, words in having_some for word in words)
    having = [item for item in having_some if len(item[1]) >= max(2, len(query.words) / 2)]
    weights = {word: math.log(1 + documents / count) for word, count in counts.items()}

    def rank(item: tuple[Skimmed, list[str]]) -> tuple[float, tuple[bool, int, str]]:
        return -sum(weights[word] for word in item[1]), _rank(item[0], query)

    return [document for document, _ in sorted(having, key=rank)]


def _text(location: str) -> str:
    """A file's text, internal blocks included."""
    try:
        file = os.open(location, os.O_RDONLY | getattr(os, "O_BINARY", 0))  # half the time of a file object
    except OSError:
        return ""  # that it cannot be read is among the problems
    try:
        content = os.read(file, os.fstat(file).st_size)
    except OSError:
        return ""
    finally:
        os.close(file)
    return content.decode("utf-8", "replace")


def _head(document: Skimmed) -> str:
    """What a document is known by, which need not stand in its text: the number and the id often come from its name."""
    number = document.incident.number if document.incident else ""
    return f"{document.title}\n{number}\n{document.id}".casefold()


def _rank(document: Skimmed, query: Query) -> tuple[bool, int, str]:
    facts = document.incident or Facts()
    return not query.is_in(_head(document)), -(facts.date or date.min).toordinal(), document.path


def _hit(document: Skimmed, location: str, query: Query, *, keep: bool) -> Hit:
    text = covered(masked(_text(location), keep=keep).removeprefix("\ufeff"))
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    folded = text.casefold()
    line = query.line(folded)
    shown = text.split("\n")[line].strip()
    at = min((place for word in query.words if (place := shown.casefold().find(word)) >= 0), default=0)
    return Hit(document, location, query.is_phrase_in(f"{_head(document)}\n{folded}"), line + 1, shown, at)


def shown(found: Found, kind: SearchFormat) -> str:
    """What was found, as text."""
    if kind is SearchFormat.JSON:
        value = {
            "documents": found.documents,
            "total": found.total,
            "nearest": found.is_nearest,
            "results": [_plain(hit) for hit in found.hits],
        }
        return json.dumps(value, ensure_ascii=False, indent=2) + "\n"
    if not found.hits:
        return f"nothing in {found.documents:,} document{'' if found.documents == 1 else 's'}\n"
    blocks = [_block(hit) for hit in found.hits]
    if found.is_nearest:
        blocks.insert(0, "no document has all these words; these have most of them\n")
    more = found.total - len(found.hits)
    return "\n".join(blocks) + (f"\nand {more:,} more; --limit shows them\n" if more else "")


def _plain(hit: Hit) -> dict[str, object]:
    facts = hit.document.incident or Facts()
    return {
        "id": hit.document.id,
        "title": hit.document.title,
        "date": facts.date.isoformat() if facts.date else None,
        "resolution": facts.resolution,
        "source": hit.document.path,
        "line": hit.line,
        "text": hit.text,
        "phrase": hit.is_phrase,
    }


def _block(hit: Hit) -> str:
    """Date and title; what fixed it; the place as editors understand it, and the line."""
    facts = hit.document.incident or Facts()
    day = facts.date.isoformat() if facts.date else "undated" if hit.document.incident else "page"
    start = max(0, min(hit.at - MAX_WIDTH // 4, len(hit.text) - MAX_WIDTH))
    excerpt = ("… " if start else "") + hit.text[start : start + MAX_WIDTH]
    excerpt += " …" if start + MAX_WIDTH < len(hit.text) else ""
    where = Path(os.path.relpath(hit.location)).as_posix()
    lines = [f"{day:<10}  {printable(hit.document.title)}"]
    if facts.resolution:
        lines.append(f"{'fix':<10}  {printable(facts.resolution)}")
    lines.append(f"{'':<10}  {printable(where)}:{hit.line}: {printable(excerpt)}")
    return "\n".join(lines) + "\n"
