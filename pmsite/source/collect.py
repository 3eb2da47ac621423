"""All documents of a site, read from the store where nothing changed and by worker processes where it did."""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar

from pmsite.cache import Failure, Limits, Produced, Store, cached_map, fingerprint, program_digest
from pmsite.config import Config, Site
from pmsite.diagnostics import ConfigurationError, diagnose
from pmsite.source.document import Document, Skimmed, beyond_limits, decode, encode, skimmed
from pmsite.source.files import SourceFile, Sources, find_sources

Result = TypeVar("Result")
# Whatever a document holds: it is read within these, or named in an error.
LIMITS = Limits(seconds=5, memory=300 * 1024 * 1024)
_RECENT = 2_000_000_000  # file systems may keep times to two seconds only


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
    meanwhile: Callable[[], None] | None = None,
) -> Collection:
    """Read all documents; `meanwhile` runs while workers read. Raises ConfigurationError if a content folder is missing."""
    sources, documents, keys = _collected(site, store, workers, _document, progress, meanwhile)
    return Collection(sources, tuple(documents), keys)


def skim(site: Site, store: Store, workers: int) -> tuple[Sources, tuple[Skimmed, ...]]:
    """Read all documents as `collect` does, and give of each only what a search needs."""
    sources, documents, _ = _collected(site, store, workers, _skimmed, None, None)
    return sources, tuple(documents)


def _collected(
    site: Site,
    store: Store,
    workers: int,
    finish: Callable[[SourceFile, bytes | Failure], Result],
    progress: Callable[[int, int], None] | None,
    meanwhile: Callable[[], None] | None,
) -> tuple[Sources, list[Result], dict[str, bytes]]:
    """What `finish` makes of the stored form of each document, and the documents' keys by path."""
    _check_markup(site)
    sources = find_sources(site)
    files = sources.documents
    settings = _settings(site)
    digests = _digests(files, store)
    keys = [
        fingerprint(settings, file.path, file.name, file.prefix, file.role, file.defaults, digest)
        for file, digest in zip(files, digests, strict=True)
    ]
    documents = cached_map(
        partial(_read, site.config),
        files,
        keys,
        store,
        finish,
        workers=workers,
        limits=LIMITS,
        progress=progress,
        meanwhile=meanwhile,
    )
    return sources, documents, {file.path: key for file, key in zip(files, keys, strict=True)}


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


def _skimmed(file: SourceFile, value: bytes | Failure) -> Skimmed:
    return skimmed(encode(beyond_limits(file, value.reason)) if isinstance(value, Failure) else value)


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


def _digests(files: Iterable[SourceFile], store: Store) -> list[bytes]:
    """The digest of each file's content; a file whose size, times and inode are as they were is not read again."""
    note = fingerprint("source digests")
    known: dict[str, list[object]] = {}
    with suppress(ValueError, KeyError):
        known = json.loads(store.get([note])[note])
    found, noted = [], {}
    now = time.time_ns()
    for file in files:
        before = known.get(file.path)
        state = list(file.state)
        if before is not None and before[0] == state:
            digest = bytes.fromhex(str(before[1]))
        else:
            digest = _digest(file.location)
        if now - max(file.state[1], file.state[2]) > _RECENT:
            noted[file.path] = [state, digest.hex()]
        found.append(digest)
    if noted != known:
        store.put([(note, Produced(json.dumps(noted).encode()))])
    return found


def _digest(location: Path) -> bytes:
    try:
        with open(location, "rb", buffering=0) as file:  # noqa: PTH123  Path.open takes twice as long
            return blake2b(file.read(), digest_size=16).digest()
    except OSError as error:
        return repr(error).encode()  # reading it will say so


def notes() -> list[bytes]:
    """Keys of the store that are about files and not about documents."""
    return [fingerprint("source digests")]
