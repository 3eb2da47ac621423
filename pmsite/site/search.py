"""Full-text search: Pagefind (https://pagefind.app), run over the finished pages of incidents.

Up to MAX_TOGETHER documents there is one bundle, beyond that one for each year, which the browser merges: a change then
indexes one year again, and years are indexed side by side. A bundle is kept as long as its pages are.
"""

import gzip
import json
import shutil
import subprocess
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from urllib.parse import unquote

from pmsite.archive.incident import Incident
from pmsite.cache import Failure, Produced, Store, cached_map, fingerprint, program_digest
from pmsite.diagnostics import START, Diagnostic, diagnose
from pmsite.site import urls
from pmsite.site.write import NewSite, PublishedSite, file_digest

FOLDER = "search"
MAX_TOGETHER = 2000
# What is on a page but not of its incident.
_NOT_INDEXED = (
    ".pm-skip,.pm-header,.pm-crumbs,.pm-footer,h1,.pm-kicker,.pm-toc,.pm-key,.pm-facts dt,.pm-guess,.pm-milestones,"
    ".pm-offset,.pm-actions thead,.pm-related,.pm-incident-foot"
)
# Pagefind's own mark before the data in each of its files.
_SIGNATURE = b"pagefind_dcd"
_PAGES = "pages.json"


class PagefindFailed(Exception):
    """Pagefind ended without an index, and said why."""


@dataclass(frozen=True, slots=True)
class Program:
    """Pagefind's executable and the version that it says it is."""

    path: Path
    version: str


@dataclass(frozen=True, slots=True)
class Bundle:
    """A part of the index: its name in addresses, and its incidents; the first one carries what runs in the browser."""

    name: str
    ids: tuple[str, ...]
    is_first: bool


@dataclass(frozen=True, slots=True)
class Index:
    """The index that a site will have."""

    program: Program
    bundles: tuple[Bundle, ...]


def plan_index(incidents: Sequence[Incident], output: str) -> tuple[Index | None, tuple[Diagnostic, ...]]:
    """The index of these incidents; None, and a warning, where Pagefind cannot run."""
    try:
        program = find_program()
    except (ImportError, OSError, subprocess.SubprocessError) as error:
        return None, (_trouble(output, f"Pagefind cannot run: {_first_line(str(error))}"),)
    return Index(program, bundles(incidents)), ()


def _first_line(complaint: str) -> str:
    return complaint.partition("\n")[0].removeprefix("Error: ").strip(" .")


def _trouble(output: str, reason: str) -> Diagnostic:
    hint = 'install it with pip install "pagefind[bin]", or build with --no-search'
    return diagnose("W703", output, START, f"full text is not searched: {reason}", hint)


def find_program() -> Program:
    """Raises ImportError, OSError or SubprocessError where Pagefind cannot run."""
    from pagefind_bin import get_executable  # type: ignore[import-untyped]  # it has no annotations

    path = get_executable()
    return Program(path, _version(path))


def program_version() -> str:
    """What Pagefind says that it is; nothing where it cannot run."""
    try:
        return find_program().version
    except (ImportError, OSError, subprocess.SubprocessError):
        return ""


@cache
def _version(path: Path) -> str:
    said = subprocess.run([path, "--version"], capture_output=True, check=True, timeout=30)
    return said.stdout.decode("utf-8", "replace").strip()


def bundles(incidents: Sequence[Incident]) -> tuple[Bundle, ...]:
    """All incidents in one bundle, or those of each calendar year in one of its own."""
    parts: dict[str, list[str]] = {}
    for incident in incidents:
        year = str(incident.date.year) if incident.date else "undated"
        parts.setdefault(year if len(incidents) > MAX_TOGETHER else "all", []).append(incident.id)
    return tuple(
        Bundle(name, tuple(sorted(ids)), number == 0) for number, (name, ids) in enumerate(parts.items())
    )


def add_index(
    index: Index, new: NewSite, published: PublishedSite, store: Store, jobs: int
) -> tuple[list[bytes], tuple[Diagnostic, ...]]:
    """Put the index into a new site whose pages are finished; gives the keys of what the store keeps for it.

    Where Pagefind fails, the site has no index and a warning says why.
    """
    keys = [_key(index.program, bundle, new) for bundle in index.bundles]
    try:
        made = cached_map(
            partial(_index_bundles, index.program, new, jobs),
            index.bundles,
            keys,
            store,
            _files,
            workers=1,  # each job is a process already
            usable=lambda bundle, value: all(
                published.digest(path) == digest for path, digest in _files(bundle, value)
            ),
        )
    except PagefindFailed as error:
        shutil.rmtree(new.folder / FOLDER, ignore_errors=True)
        return [], (_trouble(published.folder.name, f"Pagefind failed: {error}"),)
    for files in made:
        for path, digest in files:
            if (new.folder / path).is_file():
                new.rendered(path, digest)
            else:
                new.keep(path)
    return keys, ()


def _key(program: Program, bundle: Bundle, new: NewSite) -> bytes:
    pages = tuple(new.digest(page(identifier)) for identifier in bundle.ids)
    return fingerprint(FOLDER, program_digest(), program.version, bundle, pages)


def page(identifier: str) -> str:
    """The path of an incident's page below the output folder."""
    return urls.page_file(urls.incident(identifier))


def _files(bundle: Bundle, value: bytes | Failure) -> list[tuple[str, bytes]]:
    """The files of a bundle with their digests, as the store keeps them."""
    assert isinstance(value, bytes)  # indexing has no limits
    return [
        (f"{FOLDER}/{bundle.name}/{name}", bytes.fromhex(digest))
        for name, digest in json.loads(value).items()
    ]


def _index_bundles(program: Program, new: NewSite, jobs: int, wanted: Iterable[Bundle]) -> Iterator[Produced]:
    """Make bundles in the new site, `jobs` of them at a time; the values are their files with digests."""
    running: deque[tuple[Bundle, subprocess.Popen[bytes]]] = deque()
    try:
        for bundle in wanted:
            running.append((bundle, _start(program, bundle, new)))
            if len(running) == jobs:
                yield _finish(*running.popleft(), new)
        while running:
            yield _finish(*running.popleft(), new)
    finally:
        for bundle, process in running:
            process.kill()
            process.wait()
            shutil.rmtree(_source(bundle, new))


def _start(program: Program, bundle: Bundle, new: NewSite) -> "subprocess.Popen[bytes]":
    source = _source(bundle, new)
    for identifier in bundle.ids:
        new.link(new.location(page(identifier)), f"{source.name}/{identifier}/index.html")
    return start(program, source, new.folder / FOLDER / bundle.name)


def start(program: Program, pages: Path, folder: Path) -> "subprocess.Popen[bytes]":
    """Begin to index pages, each in a folder that is named by its incident's id."""
    return subprocess.Popen(
        [
            *(program.path, "--site", pages, "--output-path", folder),
            *("--exclude-selectors", _NOT_INDEXED, "--silent"),
        ],
        cwd=pages.parent,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def _source(bundle: Bundle, new: NewSite) -> Path:
    """Where a bundle's pages are gathered, which is gone before the site is published."""
    return new.folder / f".{FOLDER}-{bundle.name}"


def _finish(bundle: Bundle, process: "subprocess.Popen[bytes]", new: NewSite) -> Produced:
    folder = new.folder / FOLDER / bundle.name
    try:
        files = finish(bundle, process, folder)
    finally:
        shutil.rmtree(_source(bundle, new))
    value = {path.relative_to(folder).as_posix(): file_digest(path).hex() for path in files}
    return Produced(json.dumps(value).encode())


def finish(bundle: Bundle, process: "subprocess.Popen[bytes]", folder: Path) -> list[Path]:
    """The files of a bundle, once Pagefind has ended. Raises PagefindFailed."""
    complaint = process.communicate()[1].decode("utf-8", "replace").strip()
    if process.returncode != 0 or not (folder / "pagefind-entry.json").is_file():
        raise PagefindFailed(_first_line(complaint) or f"exit code {process.returncode}")
    _keep_needed(bundle, folder)
    pages = json.dumps(_pages(bundle, folder), ensure_ascii=False, separators=(",", ":"))
    (folder / _PAGES).write_text(pages, encoding="utf-8")
    return sorted(path for path in folder.rglob("*") if path.is_file())


def file(bundle: Bundle, folder: Path, path: Path) -> str:
    """Where a file of a bundle, which was made in `folder`, belongs below the output folder."""
    return f"{FOLDER}/{bundle.name}/{path.relative_to(folder).as_posix()}"


def _keep_needed(bundle: Bundle, folder: Path) -> None:
    """Remove what the explorer does not load: Pagefind's own user interface, and other languages' word stems."""
    languages = json.loads((folder / "pagefind-entry.json").read_bytes())["languages"]
    needed = {"pagefind-entry.json"}
    if bundle.is_first:
        stems = (language["wasm"] or "unknown" for language in languages.values())
        needed |= {"pagefind.js", *(f"wasm.{name}.pagefind" for name in stems)}
    for path in folder.iterdir():
        if path.is_file() and path.name not in needed and path.suffix != ".pf_meta":
            path.unlink()


def _pages(bundle: Bundle, folder: Path) -> dict[str, str]:
    """The incident of each page, by the name that Pagefind gave the page: only its file says which page it is."""
    ids = set(bundle.ids)
    pages = {}
    for path in sorted((folder / "fragment").iterdir()):
        fragment = json.loads(gzip.decompress(path.read_bytes()).removeprefix(_SIGNATURE))
        identifier = fragment["url"].strip("/")
        pages[path.stem] = identifier if identifier in ids else unquote(identifier)
    return pages
