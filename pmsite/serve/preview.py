"""The last good build, as a map from addresses to bytes. No request ever names a file on the disk."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pmsite.site.plan import Page
from pmsite.site.render import Renderer
from pmsite.site.search import FOLDER, Index

MAX_RENDERED = 48 * 1024 * 1024


class KeyedPage(NamedTuple):
    """A page, the digest that stands for its value, and the key that stands for its bytes."""

    page: Page
    digest: bytes
    key: bytes


class State(NamedTuple):
    """A file's state: if it is equal, so is what the file holds."""

    size: int
    modified: int
    changed: int
    inode: int

    @classmethod
    def of(cls, path: Path) -> "State | None":
        try:
            status = path.stat()
        except OSError:
            return None
        return cls(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


class Linked(NamedTuple):
    """A file that documents link, in the state in which it was found fit to be published."""

    location: Path
    state: State | None


class Rendered:
    """Bytes of pages by their keys, so many that memory stays bounded: the latest used."""

    def __init__(self, limit: int = MAX_RENDERED) -> None:
        self._limit = limit
        self._size = 0
        self._pages: OrderedDict[bytes, bytes] = OrderedDict()

    def get(self, key: bytes) -> bytes | None:
        content = self._pages.get(key)
        if content is not None:
            self._pages.move_to_end(key)
        return content

    def put(self, key: bytes, content: bytes) -> None:
        if key not in self._pages and len(content) <= self._limit:
            self._pages[key] = content
            self._size += len(content)
            while self._size > self._limit:
                _, dropped = self._pages.popitem(last=False)
                self._size -= len(dropped)

    def clear(self) -> None:
        self._pages.clear()
        self._size = 0


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """A build that is fit to be published: every path of the site, and what is there.

    Pages are rendered when they are first asked for, by the code and from the values that `pmsite build` renders
    them with. `lock` lets one thread at a time use the renderer.
    """

    pages: Mapping[str, KeyedPage]
    files: Mapping[str, bytes | Linked]
    renderer: Renderer
    rendered: Rendered
    lock: threading.Lock
    base: str = "/"
    index: Index | None = None
    index_file: Callable[[str], bytes | None] | None = None
    """Gives a file of the full-text index by its path, where the site has one."""

    def content(self, path: str) -> bytes | None:
        """What `pmsite build` would write to a path below the output folder, None if nothing.

        Raises PageError and ProseMissing.
        """
        found = self.pages.get(path)
        if found is not None:
            return self.render(found)
        if self.index_file is not None and path.startswith(f"{FOLDER}/"):
            return self.index_file(path)
        file = self.files.get(path)
        if isinstance(file, Linked):
            if State.of(file.location) != file.state:
                return None  # it has changed since it was checked; the next build looks at it again
            try:
                return file.location.read_bytes()
            except OSError:
                return None
        return file

    def render(self, found: KeyedPage) -> bytes:
        """A page's bytes. Raises PageError and ProseMissing."""
        with self.lock:
            content = self.rendered.get(found.key)
            if content is None:
                content = self.renderer.render(found.page)
                self.rendered.put(found.key, content)
        return content

    def __contains__(self, path: str) -> bool:
        return path in self.pages or path in self.files
