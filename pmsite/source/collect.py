"""All documents of a site, read from the store where nothing changed and by worker processes where it did."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from functools import partial
from hashlib import blake2b
from typing import TypeVar

from pmsite.archive.incident import Incident
from pmsite.cache import Failure, Limits, Produced, Store, cached_map, fingerprint, program_digest, same
from pmsite.config import Config, Site
from pmsite.diagnostics import ConfigurationError, diagnose
from pmsite.source.document import (
    Document,
    Skimmed,
    beyond_limits,
    decode,
    encode,
    skimmed,
    skimmed_part,
)
from pmsite.source.files import Role, SourceFile, Sources, find_sources

Result = TypeVar("Result")
# Whatever a document holds: it is read within these, or named in an error.
LIMITS = Limits(seconds=5, memory=300 * 1024 * 1024)
# A worker imports and makes ready what reading needs in the time that so many documents take.
_SHARE = 128
RECENT = 2_000_000_000  # file systems may keep times to two seconds only


@dataclass(slots=True)
class Memory:
    """What a round of a preview leaves for the next one; a build in a process of its own begins with nothing.

    Files by path, digests of their contents with the state they were in, and documents by key: as in the store, a key
    says everything that a document depends on.
    """

    files: dict[str, SourceFile] = field(default_factory=dict)
    digests: dict[str, list[object]] | None = None
    keys: dict[str, tuple[SourceFile, tuple[bytes, bytes], bytes]] = field(default_factory=dict)
    documents: dict[bytes, Document] = field(default_factory=dict)
    collection: "Collection | None" = None


@dataclass(frozen=True, slots=True)
class Found:
    """What there is to read, and a key for each document, by its path, that says all that its reading depends on."""

    sources: Sources
    keys: dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Collection:
    """Every document, and the key that finds its prose in the store."""

    sources: Sources
    documents: tuple[Document, ...]
    keys: dict[str, bytes]


def collect(
    site: Site,
    store: Store,
    workers: int,
    progress: Callable[[int, int], None] | None = None,
    meanwhile: Callable[[int], None] | None = None,
    memory: Memory | None = None,
    found: Found | None = None,
) -> Collection:
    """Read all documents; `meanwhile` runs while workers read, with the number of documents. Raises ConfigurationError if a content folder is missing.

    With the memory of an earlier round, the same collection where nothing changed, and the same documents. `found` is
    what a look at the files has found already.
    """
    memory = memory or Memory()
    found = found or look(site, store, memory)
    sources, keys = found.sources, [*found.keys.values()]
    wanted = [index for index, key in enumerate(keys) if key not in memory.documents]
    made = _made(site, store, workers, sources, keys, wanted, _document, progress, meanwhile)
    read = {keys[index]: document for index, document in zip(wanted, made, strict=True)}
    return _remembering(memory, sources, keys, read)


def read_some(
    site: Site,
    store: Store,
    workers: int,
    found: Found,
    paths: Iterable[str],
    progress: Callable[[int, int], None] | None = None,
    meanwhile: Callable[[int], None] | None = None,
) -> list[Document]:
    """Read the documents at some paths, as `collect` does."""
    places = {file.path: index for index, file in enumerate(found.sources.documents)}
    wanted = [places[path] for path in paths]
    return _made(
        site, store, workers, found.sources, [*found.keys.values()], wanted, _document, progress, meanwhile
    )


def skim(site: Site, store: Store, workers: int, sources: Sources) -> tuple[Skimmed, ...]:
    """Read all documents as `collect` does, and give of each only what a search needs.

    These parts are also stored as one value, because ten thousand take longer to fetch than to search.
    """
    keys = [*look(site, store, sources=sources).keys.values()]
    note, mark = fingerprint("skimmed"), fingerprint(*keys)
    stored = store.get([note]).get(note, b"")
    if stored.startswith(mark):
        return skimmed(stored[len(mark) :])
    parts = _made(site, store, workers, sources, keys, range(len(keys)), _skimmed_part, None, None)
    value = b"[" + b",".join(parts) + b"]"
    store.put([(note, Produced(mark + value))])
    return skimmed(value)


def look(site: Site, store: Store, memory: Memory | None = None, sources: Sources | None = None) -> Found:
    """See what there is; `sources` are the files, if they have been found already.

    Raises ConfigurationError if a content folder or an extension of Markdown is missing.
    """
    memory = memory or Memory()
    _check_markup(site)
    sources = sources or find_sources(site, memory.files)
    files = sources.documents
    settings = _settings(site)
    digests = _digests(files, store, memory)
    shared: dict[tuple[str, Role, int], bytes] = {}
    return Found(
        sources,
        {
            file.path: _key(settings, shared, file, digest, memory)
            for file, digest in zip(files, digests, strict=True)
        },
    )


def _made(
    site: Site,
    store: Store,
    workers: int,
    sources: Sources,
    keys: list[bytes],
    wanted: Sequence[int],
    finish: Callable[[SourceFile, bytes | Failure], Result],
    progress: Callable[[int, int], None] | None,
    meanwhile: Callable[[int], None] | None,
) -> list[Result]:
    """What `finish` makes of the stored form of the documents with these numbers, which are read if they have none."""
    return cached_map(
        partial(_read, site.config),
        [sources.documents[index] for index in wanted],
        [keys[index] for index in wanted],
        store,
        finish,
        workers=workers,
        limits=LIMITS,
        share=_SHARE,
        progress=progress,
        meanwhile=meanwhile,
    )


def _key(
    settings: bytes,
    shared: dict[tuple[str, Role, int], bytes],
    file: SourceFile,
    digest: bytes,
    memory: Memory,
) -> bytes:
    """Stands for a document: its place, its content, and all that its reading depends on.

    Files of a folder share its settings, of which `shared` keeps the fingerprint.
    """
    before = memory.keys.get(file.path)
    if before is not None and before[0] is file and before[1] == (settings, digest):
        return before[2]
    group = file.prefix, file.role, id(file.defaults)
    if group not in shared:
        shared[group] = fingerprint(settings, file.prefix, file.role, file.defaults)
    key = fingerprint(shared[group], file.path, file.name, digest)
    memory.keys[file.path] = file, (settings, digest), key
    return key


def _remembering(
    memory: Memory, sources: Sources, keys: list[bytes], read: dict[bytes, Document]
) -> Collection:
    """The collection, its parts those of the earlier one wherever they are equal."""
    before = memory.collection
    paths = [file.path for file in sources.documents]
    memory.files = dict(zip(paths, sources.documents, strict=True))
    if before is not None and not read and _is_same(sources, keys, before):
        return before
    if before is not None:
        earlier = {document.path: document for document in before.documents}
        read = {key: _sharing(document, earlier.get(document.path)) for key, document in read.items()}
    documents = tuple([read.get(key) or memory.documents[key] for key in keys])
    collection = Collection(sources, documents, dict(zip(paths, keys, strict=True)))
    memory.documents = dict(zip(keys, documents, strict=True))
    memory.keys = {path: memory.keys[path] for path in paths if path in memory.keys}
    memory.collection = collection
    return collection


def _is_same(sources: Sources, keys: list[bytes], before: Collection) -> bool:
    """Whether the same documents and files are there; keys say everything of a document but its file's times."""
    return keys == list(before.keys.values()) and same_files(sources, before.sources)


def same_files(one: Sources, other: Sources) -> bool:
    """Whether the same files were found, and the same problems with them."""
    return one.files == other.files and one.diagnostics == other.diagnostics


def _sharing(document: Document, earlier: Document | None) -> Document:
    """A document with the incident and excerpt of its earlier self, as far as those say the same."""
    if earlier is None:
        return document
    if document.incident and earlier.incident:
        document = replace(document, incident=_with_parts(document.incident, earlier.incident))
    if document.body.excerpt == earlier.body.excerpt:
        document = replace(document, body=replace(document.body, excerpt=earlier.body.excerpt))
    return document


def _with_parts(incident: Incident, earlier: Incident) -> Incident:
    """The earlier incident if it says the same; else this one, with those of its parts that did not change."""
    if incident.digest == earlier.digest:
        return earlier
    parts = {item.name: getattr(earlier, item.name) for item in fields(earlier)}
    return replace(
        incident, **{name: part for name, part in parts.items() if same(part, getattr(incident, name))}
    )


def _read(config: Config, files: Iterator[SourceFile]) -> Iterator[Produced]:
    """Where nothing changed nobody reads, and a build does without Markdown and all that belongs to it."""
    from pmsite.source.read import read_documents

    return read_documents(config, files)


def _check_markup(site: Site) -> None:
    """The extensions that a configuration names must exist. Raises ConfigurationError."""
    if site.config.markdown.flavor != "python":
        return
    from pmsite.source.markup import converter

    try:
        converter(site.config.markdown)
    except Exception as error:  # an extension may raise anything
        at = site.position(("markdown", "extensions"))
        message = f"markdown.extensions: cannot be used: {error}"
        raise ConfigurationError(
            diagnose("E501", site.config_name, at, message, "correct its name or its options")
        ) from None


def _document(file: SourceFile, value: bytes | Failure) -> Document:
    return beyond_limits(file, value.reason) if isinstance(value, Failure) else decode(value)


def _skimmed_part(file: SourceFile, value: bytes | Failure) -> bytes:
    return skimmed_part(encode(beyond_limits(file, value.reason)) if isinstance(value, Failure) else value)


def _settings(site: Site) -> bytes:
    """Everything but the document itself that its reading depends on."""
    config = site.config
    vocabularies = tuple(
        (name, tuple((word.name, word.title, word.aliases) for word in config.vocabulary(name)))
        for name in (
            "severity",
            "impact",
            "causes",
            "triggers",
            "factors",
            "detection",
            "services",
            "teams",
            "regions",
            "tags",
        )
    )
    return fingerprint(
        program_digest(),
        config.timezone,
        config.markdown,
        config.fields,
        config.audience,
        config.looks_for_credentials,
        vocabularies,
    )


def _digests(files: Iterable[SourceFile], store: Store, memory: Memory) -> list[bytes]:
    """The digest of each file's content; a file whose size, times and inode are as they were is not read again."""
    note = fingerprint("source digests")
    known = memory.digests
    if known is None:
        known = {}
        with suppress(ValueError, KeyError):
            known = json.loads(store.get([note])[note])
    found, noted = [], {}
    now = time.time_ns()
    for file in files:
        before = known.get(file.path)
        if before is not None and before[0] == list(file.state):
            digest = bytes.fromhex(str(before[1]))
        else:
            before = None
            digest = _digest(file.location)
        if now - max(file.state[1], file.state[2]) > RECENT:
            noted[file.path] = before or [list(file.state), digest.hex()]
        found.append(digest)
    if memory.digests is None and noted != known:
        store.put([(note, Produced(json.dumps(noted).encode()))])
    memory.digests = noted
    return found


def _digest(location: str) -> bytes:
    try:
        with open(location, "rb", buffering=0) as file:  # noqa: PTH123  Path.open takes twice as long
            return blake2b(file.read(), digest_size=16).digest()
    except OSError as error:
        return repr(error).encode()  # reading it will say so


def notes() -> list[bytes]:
    """Keys of the store that are about files and not about documents."""
    return [fingerprint("source digests"), fingerprint("skimmed")]
