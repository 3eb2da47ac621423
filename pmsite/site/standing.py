"""A site that stands: where everything that it was made of is as it was, a build has nothing to plan or to render.

Nothing goes into a build but what `mark_of` takes in, so that equal marks mean an equal site and equal problems. What
lies in the output folder is looked at as well: a site stands only if every file of it is what was published.
"""

import json
import os
import time
from collections.abc import Iterator
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
from pmsite.site.search import FOLDER, program_version
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


@cache
def _adapter() -> TypeAdapter[Standing]:
    return TypeAdapter(Standing)


def mark_of(site: Site, options: Options, found: Found, theme: Theme) -> bytes | None:
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
    return fingerprint(
        (program_digest(), pmsite.__version__),
        program_version() if options.search else None,
        (options.today, options.strict, options.keep_going),
        (site.config, site.root.name, site.output.name, site.config_name, _content(site.file)),
        _content(site.root / site.config.tickets) if site.config.tickets else None,
        (tuple(found.keys), b"".join(found.keys.values()), others, found.sources.diagnostics),
        look,
    )


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


def note_key(site: Site) -> bytes:
    """The key of what is noted of the site in this output folder."""
    return fingerprint("standing", str(site.output))


def note(site: Site, store: Store, mark: bytes, standing: Standing) -> None:
    """Keep what a build said, and what of: its inputs by their mark, its output by the manifest that it left."""
    made = PublishedSite(site.output, store, site.config.audience).made
    value = mark + _digest(made) + _adapter().dump_json(standing)
    store.put([(note_key(site), Produced(value))])


def find_standing(site: Site, store: Store, mark: bytes | None) -> Standing | None:
    """What the build said that made the site that stands in the output folder; None if it has to be built."""
    value = store.get([note_key(site)]).get(note_key(site), b"")
    if mark is None or value[:_SIZE] != mark:
        return None
    published = PublishedSite(site.output, store, site.config.audience)
    made = published.made
    if value[_SIZE : 2 * _SIZE] != _digest(made):
        return None
    if any(published.digest(path) != digest for path, digest in made.items()):
        return None
    # The only folder whose own name is planned: a stranger's file in it is an error.
    if any(path.startswith(f"{FOLDER}/") for path, _ in published.foreign_files()):
        return None
    return _adapter().validate_json(value[2 * _SIZE :])


def _digest(made: dict[str, bytes]) -> bytes:
    return blake2b(json.dumps([*made]).encode() + b"".join(made.values()), digest_size=_SIZE).digest()
