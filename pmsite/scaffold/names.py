"""Names that documents have in common where they say what an incident hit: what its services are probably called.

A wrong proposal is worse than none. A name has to look like one in several documents, must not be in most of them
(that is the organisation's own), and must not be one of those that every organisation's postmortems mention.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

# In how many documents a name stands at least, and in what share of them at most.
MIN_DOCUMENTS = 3
MAX_SHARE = 0.5
MAX_NAMES = 30
# How many candidates are looked at closely, those of most documents first.
MAX_CANDIDATES = 150
# The share of places without capitals from which on a name is a word.
MAX_SMALL = 0.4

# The share of a short name's documents that a longer name with it in has to be in, to stand for both.
MIN_COVER = 0.7

# Names by their form, wherever they stand: `JupyterHub`, `ci.jenkins.io`; `etcd-backup`, if it is set as code anywhere.
_COMPOUND = re.compile(r"(?<![\w./@:#$-])[A-Z][a-z0-9]+(?:[A-Z][a-z0-9]+)+(?![\w/@:(-]|\.\w)")
_HOST = re.compile(
    r"(?<![\w./@:-])(?:[a-z0-9-]+\.)+(?:com|org|net|io|dev|app|edu|gov|uk|de|fr|jp|eu|gg|social)(?![\w/@:-]|\.\w)"
)
_IDENTIFIER = re.compile(r"(?<![\w./@:#$-])[a-z][a-z0-9]*(?:-[a-z0-9]+){1,3}(?![\w./@:(-])", re.ASCII)
# English words with hyphens, and keys of protocols.
_HYPHENATED = re.compile(
    r"(?:non|multi|self|re|out|in|on|end|half|single|per|cross|read|write|fail|best|near|follow|long|short|high|low|real|hard"
    r"|soft|first|last|all|one|two|three|content|cache|max|min|x)-"
)
# One to three words with capitals; names where neither a sentence nor a title begins.
_CAPITALS = re.compile(r"(?<![\w./@:#$-])[A-Z][A-Za-z0-9]+(?: [A-Z][A-Za-z0-9]+){0,2}(?![\w@:(-]|[./]\w)")
_MIDDLE = re.compile(r"[a-z0-9,)] ")
_IDEOGRAPHS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")

_INNER = re.compile(r"[\w-]")
_COMMON = Path(__file__).parent / "common-names.txt"


@dataclass(frozen=True, slots=True)
class Told:
    """What one document says: the title and the lines in which a build looks for services, and all its lines.

    `code` are words set as code, `listed` those after a label such as "Affected services:", `people` its authors.
    """

    title: str
    lines: tuple[str, ...]
    text: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Name:
    """A name, and the number of documents in which a build finds it."""

    text: str
    documents: int


def frequent_names(documents: Sequence[Told]) -> tuple[Name, ...]:
    """Names that look like those of services, the most frequent first."""
    code = {text for told in documents for text in told.code if not _HYPHENATED.match(text)}
    spelled: dict[str, Counter[str]] = defaultdict(Counter)
    places: dict[str, set[int]] = defaultdict(set)
    for number, told in enumerate(documents):
        for name in _candidates(told, code):
            spelled[name.casefold()][name] += 1
            places[name.casefold()].add(number)
    people = " ".join(name for told in documents for name in told.people).split()
    excluded = _common() | {part.casefold() for part in people if part[0].isupper()}
    said = [_folded((told.title, *told.lines)) for told in documents]
    text = [_folded(told.text) for told in documents]
    candidates = []
    for key, where in places.items():
        name = spelled[key].most_common(1)[0][0]
        if len(where) >= MIN_DOCUMENTS and not name.isupper() and excluded.isdisjoint(key.split()):
            candidates.append((-len(where), name))
    found = []
    for _, name in sorted(candidates)[:MAX_CANDIDATES]:
        count = sum(next(_written(name, *pair), None) is not None for pair in said)
        if MIN_DOCUMENTS <= count <= MAX_SHARE * len(documents) and not _is_word(name, text):
            found.append(Name(name, count))
    found = [name for name in found if not any(_stands_for(other, name) for other in found)]
    return tuple(sorted(found, key=lambda name: (-name.documents, name.text.casefold()))[:MAX_NAMES])


def _common() -> set[str]:
    """Names that stand in postmortems of any organisation."""
    lines = _COMMON.read_text(encoding="utf-8").splitlines()
    return {word for line in lines if not line.startswith("#") for word in line.split()}


def _candidates(told: Told, code: set[str]) -> Iterator[str]:
    """What looks like a name in one document; `code` are words that are set as code in any."""
    yield from told.listed
    for text in (told.title, *told.text):
        yield from _COMPOUND.findall(text)
        yield from _HOST.findall(text)
        yield from (word for word in _IDENTIFIER.findall(text) if word in code)
        foreign = _IDEOGRAPHS.search(text) is not None
        for found in _CAPITALS.finditer(text):
            if foreign or _MIDDLE.fullmatch(text, max(0, found.start() - 2), found.start()):
                yield found[0].removeprefix("The ")


def _stands_for(other: Name, name: Name) -> bool:
    """Whether of two names, one within the other, the other one says more."""
    if other.text == name.text:
        return False
    short, long = sorted((name.text.casefold(), other.text.casefold()), key=len)
    if re.search(rf"(?<![\w.-]){re.escape(short)}(?![\w.-])", long) is None:
        return False
    longer, shorter = (name, other) if name.text.casefold() == long else (other, name)
    return (other is longer) == (longer.documents >= MIN_COVER * shorter.documents)


def _folded(lines: Iterable[str]) -> tuple[str, str]:
    """A text, and the same in small letters, in which a name is quickly looked for."""
    text = "\n".join(lines)
    small = text.lower()
    return (text, small) if len(small) == len(text) else (small, small)


def _is_word(name: str, texts: Iterable[tuple[str, str]]) -> bool:
    """Whether a name with capitals is often written without any."""
    if name.islower():
        return False
    written = [word for pair in texts for word in _written(name, *pair)]
    return sum(word.islower() for word in written) > MAX_SMALL * len(written)


def _written(name: str, text: str, small: str) -> Iterator[str]:
    """A name as a text writes it, wherever a build would find it."""
    key, end = name.lower(), 0
    while (start := small.find(key, end)) >= 0:
        end = start + len(key)
        if not (_INNER.match(small[start - 1 : start]) or _INNER.match(small[end : end + 1])):
            yield text[start:end]
