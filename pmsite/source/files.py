"""Which files there are, and what each is: a postmortem, an introduction, a plain page, or something to link to."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from fnmatch import translate
from os.path import relpath
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any, NamedTuple

from pmsite.config import Site
from pmsite.diagnostics import START, ConfigurationError, Diagnostic, diagnose
from pmsite.site.urls import slug

INDEX_NAMES = ("index.md", "readme.md")
_UNREAD = (".markdown", ".mkd", ".mdown", ".mdx", ".rst", ".adoc", ".txt", ".org", "")
_LOOKS_LIKE_ONE = re.compile(r"post-?mortem|incident|outage|\d{4}-\d{2}-\d{2}", re.IGNORECASE)


class Role(Enum):
    """What a document is. An index is a bundle's postmortem or its folder's introduction: that depends on which other
    documents the audience may see, and is decided once that is known.
    """

    INDEX = "index"
    POSTMORTEM = "postmortem"
    INTRODUCTION = "introduction"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A document's file: where it is, what its place says of it, and the state that tells whether it changed.

    `path` is relative to the site's root, `inside` to its content folder; `name` is the id's origin, `prefix` the
    content folder's word before it. `location` is an absolute path: text, as ten thousand path objects take longer to
    make than the files take to find.
    """

    path: str
    inside: str
    name: str
    role: Role
    location: str
    state: tuple[int, int, int, int]
    defaults: tuple[tuple[str, Any], ...] = ()
    prefix: str = ""

    @property
    def id(self) -> str:
        """The id that the file gives its document, unless front matter gives one."""
        return identifier(f"{self.prefix}-{self.name}" if self.prefix else self.name)


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything that was found: documents in order, and where every file is by its path from the site's root."""

    documents: tuple[SourceFile, ...]
    files: dict[str, str]
    diagnostics: tuple[Diagnostic, ...]


class _Found(NamedTuple):
    inside: str
    location: str
    name: str
    state: tuple[int, int, int, int]


def find_sources(site: Site, known: Mapping[str, SourceFile] = MappingProxyType({})) -> Sources:
    """Walk the content folders. `known` are the documents of an earlier walk, which stand for themselves if nothing
    of them changed. Raises ConfigurationError if a content folder is missing.
    """
    documents: list[SourceFile] = []
    files: dict[str, str] = {}
    diagnostics: list[Diagnostic] = []
    ignored = {str(site.output)}
    for folder in site.config.content:
        base = (site.root / folder.path).resolve()
        prefix = PurePosixPath(relpath(base, site.root).replace(os.sep, "/"))
        defaults = tuple({**site.config.defaults, **folder.defaults}.items())
        if base.is_file():
            found = [_Found(base.name, str(base), base.name, _state(base.stat()))]
            prefix = prefix.parent
        elif base.is_dir():
            walk = _Walk(base, prefix, site.config.exclude, ignored)
            found = sorted(walk.files())
            diagnostics += walk.diagnostics
        else:
            name = site.file.name if site.file else folder.path
            raise ConfigurationError(
                diagnose("E501", name, START, f"content: {folder.path} does not exist", "create the folder")
            )
        start = "" if str(prefix) == "." else f"{prefix}/"
        for item in found:
            path = f"{start}{item.inside}"
            files[path] = item.location
            if item.name[-3:].lower() == ".md":
                document = known.get(path)
                if document is None or document.state != item.state or document.defaults != defaults:
                    role, name = _role(item.inside)
                    document = SourceFile(
                        path, item.inside, name, role, item.location, item.state, defaults, folder.prefix
                    )
                documents.append(document)
            elif (problem := _unread(item.inside, path)) is not None:
                diagnostics.append(problem)
    unique = {document.path: document for document in documents}
    return Sources(tuple(unique.values()), files, tuple(diagnostics))


def _state(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _unread(inside: str, path: str) -> Diagnostic | None:
    pure = PurePosixPath(inside)
    if pure.suffix.lower() not in _UNREAD or not _LOOKS_LIKE_ONE.search(pure.stem):
        return None
    return diagnose("W110", path, START, "looks like a postmortem and is not read", "rename it to end in .md")


class _Walk:
    """One content folder's files, excluded ones left out; nothing outside the folder is ever opened."""

    def __init__(
        self, base: Path, prefix: PurePosixPath, exclude: tuple[str, ...], ignored: set[str]
    ) -> None:
        self._base = base
        self._prefix = prefix
        patterns = [*exclude, *(pattern[:-3] for pattern in exclude if pattern.endswith("/**"))]
        self._excluded = re.compile("|".join(map(translate, patterns))) if patterns else None
        self._ignored = ignored
        self.diagnostics: list[Diagnostic] = []

    def files(self) -> Iterator[_Found]:
        pending = [("", str(self._base))]
        while pending:
            inside, folder = pending.pop()
            try:
                entries = list(os.scandir(folder))
            except OSError as error:
                self._refuse(inside or ".", f"cannot be read: {error.strerror}", "check its permissions")
                continue
            for entry in entries:
                name = entry.name
                if not name.isascii() and not _is_text(name):
                    shown = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
                    path = str(self._prefix / f"{inside}{shown}")
                    self.diagnostics.append(
                        diagnose("E101", path, START, "has a name that is not UTF-8", "rename it")
                    )
                    continue
                path = f"{inside}{name}"
                if (reason := self._exclusion(path, name)) is not None:
                    if name.lower().endswith(".md") and reason:
                        at = str(self._prefix / path)
                        message, hint = f"is left out: {reason}", "rename it if it should be on the site"
                        self.diagnostics.append(diagnose("N113", at, START, message, hint))
                    continue
                if entry.is_symlink() and not self._may_follow(entry, path):
                    continue
                if entry.is_dir():
                    if entry.path not in self._ignored:
                        pending.append((f"{path}/", entry.path))
                elif entry.is_file():
                    yield _Found(path, entry.path, name, _state(entry.stat()))

    def _exclusion(self, path: str, name: str) -> str | None:
        """Why an entry is left out, empty if it is hidden; None if it is not left out."""
        if name.startswith("."):
            return ""
        if name.startswith("_"):
            return "its name begins with _"
        if self._excluded is not None and (
            self._excluded.match(path) or (path != name and self._excluded.match(name))
        ):
            return "exclude: names it"
        return None

    def _may_follow(self, entry: "os.DirEntry[str]", path: str) -> bool:
        """A link to a file inside the folder is followed; a linked folder's files are read where they are."""
        target = Path(os.path.realpath(entry.path))
        if not target.is_relative_to(self._base):
            if not (entry.name.lower().endswith(".md") or target.is_dir()):
                return False  # nothing is lost unless a document shows it, and then its absence is said
            self._refuse(path, "is a symbolic link that leads out of the content folder", "copy the file")
            return False
        if not target.exists():
            if path.lower().endswith(".md"):
                self._refuse(path, "is a symbolic link to nothing", "remove or mend the link")
            return False
        return target.is_file()

    def _refuse(self, path: str, message: str, hint: str) -> None:
        self.diagnostics.append(diagnose("E112", str(self._prefix / path), START, message, hint))


def _is_text(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _role(inside: str) -> tuple[Role, str]:
    """What a Markdown file is, and the name that its id comes from."""
    parent, _, name = inside.rpartition("/")
    stem = os.path.splitext(name)[0]  # noqa: PTH122  a path object takes ten times as long
    if name.lower() in INDEX_NAMES:
        return Role.INDEX, parent.rpartition("/")[2] or stem
    return (Role.PAGE if parent == "pages" else Role.POSTMORTEM), stem


def identifier(name: str) -> str:
    """The id that a file's or folder's name gives."""
    return slug(name, fallback="incident")
