"""The published folder: the whole old site or the whole new one, whatever happens in between.

A new tree is built beside the published one: changed files are written, everything else is a hard link to what was
there, files that pmsite did not make included. Then the two trees change places in one step where the system can do
that (`renameat2` on Linux, `renamex_np` on macOS), so that no reader sees a mixture. A manifest in the published
folder names what pmsite made there; only that is ever removed.
"""

import ctypes
import errno
import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import IO

from pmsite.archive.incident import Visibility
from pmsite.cache import Produced, Store, fingerprint
from pmsite.config import Site
from pmsite.diagnostics import START, ConfigurationError, ContentError, diagnose
from pmsite.site.urls import short_hash

MANIFEST = ".pmsite-manifest.json"
_DIGEST_SIZE = 16
_MAX_NAME = 200
_SHOWN = 5
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_RENAME_SWAP = 2
State = tuple[int, int, int]


def refuse_unsafe_output(site: Site) -> None:
    """An output folder that is something else already must not be replaced. Raises ConfigurationError."""
    output = site.output
    sources = [site.root, site.home, Path.cwd(), *(site.root / folder.path for folder in site.config.content)]
    if len(output.name) > _MAX_NAME or "\0" in str(output):
        message = "is not a name that a folder can have"
    elif output.exists() and not output.is_dir():
        message = "is a file, not a folder"
    elif any(source.resolve().is_relative_to(output) for source in sources):
        message = "holds the site's sources, which the built site would replace"
    elif output == Path.home().resolve() or output.parent == output:
        message = "is not a folder to build into"
    else:
        return
    at = site.position(("output",))
    raise ConfigurationError(
        diagnose("E501", site.config_name, at, f"output: {output} {message}", "choose a folder of its own")
    )


def refuse_narrower_output(site: Site) -> None:
    """What was built for a wider audience is published to it, and must not become a site that it may not see.

    Raises ConfigurationError.
    """
    built_for = _built_for(site.output)
    if built_for is None or built_for.rank >= site.config.audience.rank:
        return
    at = site.position(("output",))
    message = f"output: {site.output.name} holds a {built_for.value} site, and this one is {site.config.audience.value}"
    hint = "choose another folder, or remove that site"
    raise ConfigurationError(diagnose("E501", site.config_name, at, message, hint))


def file_digest(path: Path) -> bytes:
    digest = blake2b(digest_size=_DIGEST_SIZE)
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.digest()


@dataclass(frozen=True, slots=True)
class Changes:
    """What a build did to the published folder: numbers of files, and the addresses of incidents' pages among them."""

    written: int
    unchanged: int
    removed: int
    new: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    @property
    def is_first(self) -> bool:
        """Whether no site was there before."""
        return not (self.unchanged or self.edited or self.removed)


def _incidents(paths: Iterable[str]) -> tuple[str, ...]:
    """The addresses of incidents' pages, in order, those of former ids included."""
    return tuple(
        sorted(
            path.removesuffix("index.html")
            for path in paths
            if path.startswith("incidents/") and path.endswith("/index.html") and path.count("/") == 2
        )
    )


class PublishedSite:
    """The output folder as it is: which of its files pmsite made, and what they hold."""

    def __init__(self, folder: Path, store: Store, audience: Visibility) -> None:
        self.folder = folder
        self.audience = audience
        self._folder = f"{folder}{os.sep}"
        self._store = store
        self._key = fingerprint("published", str(folder))
        _recover(folder)
        self.made: dict[str, bytes] = _read_manifest(folder)
        self._known: dict[str, tuple[State, bytes]] = self._remembered()

    def _remembered(self) -> dict[str, tuple[State, bytes]]:
        value = self._store.get([self._key]).get(self._key)
        if value is None:
            return {}
        with suppress(ValueError, TypeError, KeyError):
            return {
                path: ((size, mtime, inode), bytes.fromhex(digest))
                for path, (size, mtime, inode, digest) in json.loads(value).items()
            }
        return {}

    def digest(self, path: str) -> bytes | None:
        """What a file that pmsite made holds now; None if it is not there or was not made by pmsite."""
        if path not in self.made:
            return None
        state = self._state(path)
        if state is None:
            return None
        known = self._known.get(path)
        if known is not None and known[0] == state:
            return known[1]
        try:
            digest = file_digest(self.folder / path)
        except OSError:
            return None
        self._known[path] = (state, digest)
        return digest

    def remember(self, digests: Mapping[str, bytes]) -> bytes:
        """Note the state of the files, so that the next build need not read them; gives the note's key."""
        states = {}
        for path, digest in digests.items():
            if (state := self._state(path)) is not None:
                states[path] = (*state, digest.hex())
        self._store.put([(self._key, Produced(json.dumps(states).encode()))])
        return self._key

    def _state(self, path: str) -> State | None:
        """What tells whether a file was changed; None if it is not there. No path objects: sites have many files."""
        try:
            status = os.lstat(f"{self._folder}{path}")
        except OSError:
            return None
        return status.st_size, status.st_mtime_ns, status.st_ino

    def foreign_files(self) -> Iterator[tuple[str, Path]]:
        """Files below the folder that pmsite did not make, empty folders included, by their path."""
        pending = [""]
        while pending:
            inside = pending.pop()
            try:
                entries = list(os.scandir(f"{self._folder}{inside}"))
            except OSError:
                continue
            for entry in entries:
                path = f"{inside}{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    pending.append(f"{path}/")
                elif path not in self.made and path != MANIFEST:
                    yield path, self.folder / path
            if inside and not entries:
                yield inside[:-1], self.folder / inside


def _read_manifest(folder: Path) -> dict[str, bytes]:
    with suppress(OSError, ValueError, TypeError, AttributeError):
        value = json.loads((folder / MANIFEST).read_bytes())
        if value.get("format") == 1:
            return {str(path): bytes.fromhex(digest) for path, digest in value["files"].items()}
    return {}


def _built_for(folder: Path) -> Visibility | None:
    """The audience that the site in a folder was built for, if one is there."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        return Visibility(json.loads((folder / MANIFEST).read_bytes())["audience"])
    return None


def _manifest(digests: Mapping[str, bytes], audience: Visibility) -> bytes:
    files = {path: digests[path].hex() for path in sorted(digests)}
    value = {"format": 1, "audience": audience.value, "files": files}
    return json.dumps(value, indent=0).encode() + b"\n"


def _staging(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.pmsite-new")


def _aside(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.pmsite-old")


def _recover(folder: Path) -> None:
    """Clean up after a build that was ended: a site that was put aside comes back, half-built trees go."""
    aside = _aside(folder)
    if aside.exists() and not folder.exists():
        aside.rename(folder)
    for leftover in (aside, _staging(folder)):
        if leftover.exists():
            shutil.rmtree(leftover)


class NewSite:
    """The tree being built; use as a context manager, so that it is gone whatever happens."""

    def __init__(self, published: PublishedSite, planned: set[str]) -> None:
        self._published = published
        self._digests: dict[str, bytes] = {}
        self._kept: list[str] = []
        self._made_folders: set[str] = set()
        self.folder = _staging(published.folder)
        self._foreign = dict(published.foreign_files())
        self._refuse_collisions(planned)

    def _refuse_collisions(self, planned: set[str]) -> None:
        in_the_way = sorted(
            path
            for path in self._foreign
            if path in planned or any(str(parent) in planned for parent in Path(path).parents)
        )
        if in_the_way:
            hint = "move it, or choose another output folder"
            if len(in_the_way) > _SHOWN:
                name = self._published.folder.name
                message = f"holds {len(in_the_way)} files that pmsite did not make, such as {in_the_way[0]}"
                raise ContentError(
                    diagnose("E701", name, START, message, "empty it, or choose another output folder")
                )
            raise ContentError(
                *(
                    diagnose(
                        "E701", f"{self._published.folder.name}/{path}", START, "was not made by pmsite", hint
                    )
                    for path in in_the_way
                )
            )

    def __enter__(self) -> "NewSite":
        with _reported():
            self.folder.mkdir(parents=True)
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def rendered(self, path: str, digest: bytes) -> None:
        """A file that was written into the tree; equal bytes keep the published file."""
        self._digests[path] = digest
        if self._published.digest(path) == digest:
            with _reported():
                (self.folder / path).unlink()
            self._kept.append(path)

    def keep(self, path: str) -> None:
        """A file that is published already and stays."""
        digest = self._published.digest(path)
        if digest is None:
            message = "was changed by somebody else during the build"
            raise ContentError(diagnose("E702", path, START, message, "build again"))
        self._digests[path] = digest
        self._kept.append(path)

    def location(self, path: str) -> Path:
        """Where a file of the new site is while it is being made."""
        made = self.folder / path
        return made if made.is_file() else self._published.folder / path

    def digest(self, path: str) -> bytes:
        return self._digests[path]

    @property
    def digests(self) -> Mapping[str, bytes]:
        """What each file of the new site holds."""
        return self._digests

    def copy(self, path: str, source: Path) -> None:
        """A file of the source that travels along."""
        with _reported():
            digest = file_digest(source)
            self._digests[path] = digest
            if self._published.digest(path) == digest:
                self._kept.append(path)
            else:
                shutil.copyfile(source, self._place(path))

    def write(self, path: str, content: bytes) -> None:
        digest = blake2b(content, digest_size=_DIGEST_SIZE).digest()
        self._digests[path] = digest
        if self._published.digest(path) == digest:
            self._kept.append(path)
        else:
            with _reported():
                Path(self._place(path)).write_bytes(content)

    def _place(self, path: str) -> str:
        """Where a file of the new tree belongs, in a folder that is there."""
        location = f"{self.folder}{os.sep}{path}"
        parent = os.path.dirname(location)  # noqa: PTH120  sites have many files
        if parent not in self._made_folders:
            os.makedirs(parent, exist_ok=True)  # noqa: PTH103
            self._made_folders.add(parent)
        return location

    def link(self, source: Path | str, path: str) -> None:
        """Let `path` be the file `source`, by a hard link where the system makes one."""
        with _reported():
            location = self._place(path)
            try:
                os.link(source, location, follow_symlinks=False)
            except OSError as error:
                if error.errno not in (errno.EPERM, errno.EMLINK, errno.EXDEV, errno.ENOTSUP, errno.EACCES):
                    raise
                shutil.copy2(source, location, follow_symlinks=False)

    def publish(self) -> tuple[Changes, bytes]:
        """Put the tree in place of the published one; gives the counts and the key of the note about the files."""
        made = self._published.made
        changed = {path for path, digest in self._digests.items() if self._published.digest(path) != digest}
        removed = made.keys() - self._digests.keys()
        if len(changed) < 2 and made.keys() == self._digests.keys():
            if changed or self._digests != made:
                self._replace_files(*changed, MANIFEST)
        elif changed or removed or not (self._published.folder / MANIFEST).is_file():
            for path in self._kept:
                self.link(f"{self._published.folder}{os.sep}{path}", path)
            with _reported():
                self._carry_foreign_files()
                audience = self._published.audience
                (self.folder / MANIFEST).write_bytes(_manifest(self._digests, audience))
                _replace(self.folder, self._published.folder, made.keys() - self._digests.keys(), audience)
        note = self._published.remember(self._digests)
        changes = Changes(
            len(changed),
            len(self._digests) - len(changed),
            len(removed),
            new=_incidents(changed - made.keys()),
            edited=_incidents(changed & made.keys()),
            gone=_incidents(removed),
        )
        return changes, note

    def _replace_files(self, *paths: str) -> None:
        """The manifest and one file that readers see, which takes its place in one step by itself."""
        published = self._published
        with _reported():
            (self.folder / MANIFEST).write_bytes(_manifest(self._digests, published.audience))
            for path in paths:
                _move(self.folder / path, published.folder / path)

    def _carry_foreign_files(self) -> None:
        for path, location in self._foreign.items():
            if location.is_dir() and not location.is_symlink():
                (self.folder / path).mkdir(parents=True, exist_ok=True)
            else:
                self.link(location, path)


@contextmanager
def _reported() -> Iterator[None]:
    """Turns the system's errors into one clear problem."""
    try:
        yield
    except OSError as error:
        name = error.filename2 or error.filename or "the output folder"
        message = f"cannot be written: {error.strerror or error}"
        raise ContentError(
            diagnose("E702", str(name), START, message, "the published site is unchanged")
        ) from error


def _replace(
    new: Path, published: Path, orphans: "set[str] | Mapping[str, bytes]", audience: Visibility
) -> None:
    if not published.exists():
        published.parent.mkdir(parents=True, exist_ok=True)
        new.rename(published)
        return
    if _exchange(new, published):
        shutil.rmtree(new, ignore_errors=True)
        return
    aside = _aside(published)
    try:
        published.rename(aside)
    except OSError:  # a mount point cannot be renamed
        _replace_file_by_file(new, published, set(orphans), audience)
        return
    new.rename(published)
    shutil.rmtree(aside, ignore_errors=True)


def _exchange(first: Path, second: Path) -> bool:
    """Let two folders change places in one step; False where the system cannot."""
    library = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(first), os.fsencode(second)
    if sys.platform == "linux" and hasattr(library, "renameat2"):
        done: int = library.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE)
    elif sys.platform == "darwin" and hasattr(library, "renamex_np"):
        done = library.renamex_np(names[0], names[1], _RENAME_SWAP)
    else:
        return False
    return done == 0


def _replace_file_by_file(new: Path, published: Path, orphans: set[str], audience: Visibility) -> None:
    """For a folder that cannot change its name. Ended half-way, the next build puts everything right."""
    names = [
        path.relative_to(new).as_posix() for path in new.rglob("*") if path.is_file() or path.is_symlink()
    ]
    names.sort(key=lambda name: (name == MANIFEST, name.endswith(".html"), name))
    union = {**_read_manifest(published), **_read_manifest(new)}
    (new / ".pmsite-union").write_bytes(_manifest(union, audience))
    _move(new / ".pmsite-union", published / MANIFEST)
    for name in names:
        target = published / name
        if target.exists() and (new / name).exists() and target.samefile(new / name):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        _move(new / name, target)
    for name in orphans:
        (published / name).unlink(missing_ok=True)
        for parent in (published / name).parents:
            if parent == published or any(parent.iterdir()):
                break
            parent.rmdir()


def _move(source: Path, target: Path) -> None:
    """Replace a file in one step, also one on another file system."""
    try:
        source.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        partial = target.with_name(f".{target.name}.pmsite-part")
        shutil.copyfile(source, partial)
        partial.replace(target)


@contextmanager
def locked(output: Path, state: Path) -> Iterator[None]:
    """Only one build of an output at a time: a second one is told which process is at it.

    The lock is a file in the folder `state`; a dead process holds no lock, nor do the workers that it leaves behind.
    """
    try:
        import fcntl

        state.mkdir(parents=True, exist_ok=True)
        lock = (state / f"lock-{short_hash(str(output))}").open("a+", encoding="ascii")
    except (ImportError, OSError):
        yield
        return
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            message = f"another build of this site is running (process {holder})"
            raise ContentError(diagnose("E702", output.name, START, message, "wait until it ends")) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        _LOCKS.add(lock)
        try:
            yield
        finally:
            _LOCKS.remove(lock)


_LOCKS: set[IO[str]] = set()


def _let_go() -> None:
    """In a forked process: its parent holds the locks alone."""
    for lock in _LOCKS:
        lock.close()
    _LOCKS.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)


def clean(folder: Path) -> int:
    """Remove what pmsite made in a folder, and the folder if nothing else is in it; gives the number of files."""
    made = _read_manifest(folder)
    for path in (*made, MANIFEST):
        with suppress(OSError):
            (folder / path).unlink()
    for base, _, _ in sorted(os.walk(folder), reverse=True):
        with suppress(OSError):
            Path(base).rmdir()
    return len(made)
