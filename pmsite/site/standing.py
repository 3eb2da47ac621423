"""A site that stands: where everything that it was made of is as it was, a build has nothing to plan or to render.

Nothing goes into a build but what `mark_of` takes in, so that equal marks mean an equal site and equal problems. What
lies in the output folder is looked at as well: a site stands only if every file of it is what was published.

Where only documents differ, it may be in their texts alone, and then nothing has to be planned either: what a build
noted of each document tells.
"""

import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path

from pydantic import TypeAdapter

import pmsite
from pmsite.cache import Produced, Store, fingerprint, program_digest
from pmsite.config import Site
from pmsite.diagnostics import Diagnostic
from pmsite.load import Options
from pmsite.site.search import FOLDER, Bundle, program_version
from pmsite.site.theme import Theme
from pmsite.site.write import PublishedSite, file_digest
from pmsite.source.collect import RECENT, Found

_SIZE = 16
_SMALL = 256 * 1024


@dataclass(frozen=True, slots=True)
class Standing:
    """What the build said that made a site: the number of documents, its problems, and of how many files the site is."""

    documents: int
    diagnostics: tuple[Diagnostic, ...]
    files: int = 0


@dataclass(frozen=True, slots=True)
class Mark:
    """Stands for everything that a site is made of: `frame` for all but what the documents hold, `whole` for that too."""

    frame: bytes
    whole: bytes


@dataclass(frozen=True, slots=True)
class Shown:
    """A document when a site was built: its key, its face and its text's places, and the key of its page.

    `page` is empty for a document that is not shown, and ELSEWHERE for one whose text is on a page of another kind.
    """

    key: str
    face: str
    places: str
    page: str


ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class Texts:
    """What a build left for one in which only texts are others: what pages say of the site, as JSON, the parts of the
    full-text index with the keys of what the store keeps for them, and each document by its path.
    """

    facts: str
    bundles: tuple[Bundle, ...]
    index_keys: tuple[str, ...]
    documents: Mapping[str, Shown]

    def changed(self, keys: Mapping[str, bytes]) -> list[str]:
        """The paths of the documents that now have other keys."""
        return [path for path, shown in self.documents.items() if shown.key != keys[path].hex()]


@cache
def _adapter() -> TypeAdapter[Standing]:
    return TypeAdapter(Standing)


@cache
def _texts_adapter() -> TypeAdapter[Texts]:
    return TypeAdapter(Texts)


def mark_of(site: Site, options: Options, found: Found, theme: Theme) -> Mark | None:
    """Stands for everything that a site is made of; None where a file of the theme cannot be read, as the build will say.

    - the documents: their keys hold place, content, and all that reading depends on;
    - other files of the content folders: documents link to them, and what they hold decides whether they are published;
    - the configuration as it is used and as it is written, since messages name places in it; names of folders that
      titles and messages have; the tickets;
    - the theme: where its layers are, every template, static file and option;
    - the day, the options, pmsite's code, the libraries' versions and Pagefind's.
    """
    files = found.sources.files.items()
    others = tuple((path, _state(location)) for path, location in files if path not in found.keys)
    layers = ((layer.name, os.path.relpath(layer.templates, site.root)) for layer in theme.layers)
    try:
        look = theme.name, tuple(layers), theme.digest(), tuple(_static(theme))
    except OSError:
        return None
    frame = fingerprint(
        (program_digest(), pmsite.__version__),
        program_version() if options.search else None,
        (options.today, options.strict, options.keep_going),
        (site.config, site.root.name, site.output.name, site.config_name, _content(site.file)),
        _content(site.root / site.config.tickets) if site.config.tickets else None,
        (tuple(found.keys), others, found.sources.diagnostics),
        look,
    )
    return Mark(frame, fingerprint(frame, b"".join(found.keys.values())))


def _static(theme: Theme) -> Iterator[tuple[str, bytes]]:
    for path, file in theme.static_files().items():
        yield path, file_digest(file)


def _state(location: str) -> tuple[int, int, int, int] | bytes | None:
    """A digest of a small file; size, times and inode of a large one, unless it changed so lately that they say nothing."""
    try:
        status = os.stat(location)  # noqa: PTH116  no path object is at hand
    except OSError:
        return None
    is_recent = time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) < RECENT
    if is_recent or status.st_size <= _SMALL:
        return _content(Path(location))
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _content(file: Path | None) -> bytes | None:
    try:
        return file_digest(file) if file is not None else None
    except OSError:
        return None


def _note_key(site: Site) -> bytes:
    """The key of what is noted of the site in this output folder."""
    return fingerprint("standing", str(site.output))


def _texts_key(site: Site) -> bytes:
    """The key of what is noted of the documents whose site is in this output folder."""
    return fingerprint("standing texts", str(site.output))


def note(
    site: Site, store: Store, mark: Mark, made: Mapping[str, bytes], standing: Standing, texts: Texts
) -> None:
    """Keep what a build said, and what of: its inputs by their mark, its output by the digests of the files `made`."""
    value = mark.whole + _digest(made) + _adapter().dump_json(standing)
    store.put(
        [
            (_note_key(site), Produced(value)),
            (_texts_key(site), Produced(mark.frame + _texts_adapter().dump_json(texts))),
        ]
    )


def find_standing(site: Site, store: Store, mark: Mark | None) -> Standing | None:
    """What the build said that made the site that stands in the output folder; None if it has to be built."""
    value = _noted(site, store)
    if mark is None or value[:_SIZE] != mark.whole:
        return None
    return what_stands(site, store, PublishedSite(site.output, store, site.config.audience))


def find_texts(site: Site, store: Store, mark: Mark | None) -> Texts | None:
    """What was noted of the documents; None if more than documents differ from what the last build found."""
    if mark is None:
        return None
    value = store.get([_texts_key(site)]).get(_texts_key(site), b"")
    return _texts_adapter().validate_json(value[_SIZE:]) if value[:_SIZE] == mark.frame else None


def what_stands(site: Site, store: Store, published: PublishedSite) -> Standing | None:
    """What the last build said, if all that it published is there; None if something of it is not, or something more."""
    value, made = _noted(site, store), published.made
    if value[_SIZE : 2 * _SIZE] != _digest(made):
        return None
    if any(published.digest(path) != digest for path, digest in made.items()):
        return None
    # The only folder whose own name is planned: a stranger's file in it is an error.
    if any(path.startswith(f"{FOLDER}/") for path, _ in published.foreign_files()):
        return None
    return _adapter().validate_json(value[2 * _SIZE :])


def _noted(site: Site, store: Store) -> bytes:
    return store.get([_note_key(site)]).get(_note_key(site), b"")


def _digest(made: Mapping[str, bytes]) -> bytes:
    paths = sorted(made)
    content = json.dumps(paths).encode() + b"".join([made[path] for path in paths])
    return blake2b(content, digest_size=_SIZE).digest()
