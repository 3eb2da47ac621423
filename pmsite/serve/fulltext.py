"""The preview's full-text index: made in the background, and again only where pages changed."""

import shutil
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pmsite.cache import fingerprint
from pmsite.serve.preview import KeyedPage, Preview
from pmsite.site import search
from pmsite.site.render import ProseMissing
from pmsite.site.search import FOLDER, Bundle, Index, PagefindFailed
from pmsite.site.templates import PageError

PATIENCE = 30.0
"""Seconds that a request waits for the first index."""
_LOOK = 0.05


@dataclass(frozen=True, slots=True)
class _Made:
    """A finished bundle: the key of what it was made from, its folder, and its files by their paths in the site."""

    key: bytes
    folder: Path
    files: Mapping[str, Path]


class _Outdated(Exception):
    """What is being indexed is no longer wanted."""


class FullText:
    """Makes the index that is wanted last, a bundle at a time, and gives its files.

    Files of an earlier index stay until those of the next one are there, and one index longer: a browser that has begun
    to search goes on with what it has.
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="pmsite-search-", ignore_cleanup_errors=True)
        self._news = threading.Condition()
        self._wanted: tuple[Index, Preview] | None = None
        self._current: tuple[Index, Preview] | None = None
        self._is_stopped = False
        self._names: frozenset[str] = frozenset()
        self._made: dict[str, tuple[_Made, ...]] = {}
        self._failed: set[str] = set()
        self._written: dict[str, dict[Path, bytes]] = {}
        self._count = 0
        self._thread = threading.Thread(target=self._loop, name="indexer", daemon=True)

    def want(self, preview: Preview) -> None:
        """Make the index of this site from now on, if it has one."""
        index = preview.index
        with self._news:
            self._names = frozenset(bundle.name for bundle in index.bundles) if index else frozenset()
            self._wanted = (index, preview) if index else None
            self._news.notify_all()
        if index and self._thread.ident is None:
            self._thread.start()

    def close(self) -> None:
        with self._news:
            self._is_stopped = True
            self._news.notify_all()
        if self._thread.ident is not None:
            self._thread.join(1)
        self._folder.cleanup()

    def content(self, path: str) -> bytes | None:
        """A file of the index, by its path in the site; waits for a bundle that was never made."""
        name = path.removeprefix(f"{FOLDER}/").partition("/")[0]
        with self._news:
            self._news.wait_for(lambda: self._is_settled(name), PATIENCE)
            made = self._made.get(name, ()) if name in self._names else ()
        for one in made:
            if (file := one.files.get(path)) is not None:
                with suppress(OSError):
                    return file.read_bytes()
        return None

    def _is_settled(self, name: str) -> bool:
        return self._is_stopped or name not in self._names or name in self._made or name in self._failed

    def _loop(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._is_stopped or self._wanted is not None)
                if self._is_stopped or self._wanted is None:
                    return
                self._current = self._wanted
            try:
                self._update(*self._current)
            except _Outdated:
                continue
            with self._news:
                if self._wanted is self._current:
                    self._wanted = None

    def _update(self, index: Index, preview: Preview) -> None:
        for bundle in index.bundles:
            pages = {name: preview.pages[search.page(name)] for name in bundle.ids}
            key = fingerprint(index.program.version, bundle, tuple(page.key for page in pages.values()))
            made = self._made.get(bundle.name, ())
            if made and made[0].key == key:
                continue
            try:
                new = self._make(index, bundle, preview, pages, key)
            except (PageError, ProseMissing, PagefindFailed, OSError):
                new = None  # whoever builds the pages says what is wrong
            with self._news:
                if new is not None:
                    self._made[bundle.name] = (new, *made[:1])
                    self._failed.discard(bundle.name)
                else:
                    self._failed.add(bundle.name)
                self._news.notify_all()
            for old in made[1:] if new is not None else ():
                shutil.rmtree(old.folder, ignore_errors=True)

    def _make(
        self, index: Index, bundle: Bundle, preview: Preview, pages: Mapping[str, KeyedPage], key: bytes
    ) -> _Made:
        source = Path(self._folder.name, "pages", bundle.name)
        self._write(source, preview, pages)
        self._count += 1
        folder = Path(self._folder.name, f"{bundle.name}-{self._count}")
        process = search.start(index.program, source, folder)
        try:
            while process.poll() is None:
                self._check()
                with self._news:
                    self._news.wait(_LOOK)
            files = search.finish(bundle, process, folder)
        except BaseException:
            process.kill()
            process.communicate()
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return _Made(key, folder, {search.file(bundle, folder, file): file for file in files})

    def _write(self, source: Path, preview: Preview, pages: Mapping[str, KeyedPage]) -> None:
        """Let a folder hold these pages and no others; what it holds already is not written again."""
        written = self._written.setdefault(source.name, {})
        wanted = {source / name / "index.html": page for name, page in pages.items()}
        for file in written.keys() - wanted.keys():
            shutil.rmtree(file.parent)
            del written[file]
        for file, page in wanted.items():
            self._check()
            if written.get(file) != page.key:
                content = preview.render(page)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
                written[file] = page.key

    def _check(self) -> None:
        """Raises _Outdated where there is something else to do."""
        if self._is_stopped or self._wanted is not self._current:
            raise _Outdated
