"""Caching and processes: the only place that knows either.

`cached_map` turns jobs into results. A job whose key is in the store is not done again; the others are spread over
worker processes. Keys hold everything that a result depends on, so a stale result cannot be found.
"""

import gc
import marshal
import math
import os
import signal
import sqlite3
import struct
import sys
import tempfile
import threading
import time
import traceback
import zlib
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from enum import Enum
from functools import cache, wraps
from hashlib import blake2b
from importlib.metadata import version
from multiprocessing import connection, get_all_start_methods, get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.sharedctypes import RawArray
from operator import attrgetter, is_
from pathlib import Path
from typing import Any, Generic, NamedTuple, ParamSpec, TypeVar

import pmsite

Job = TypeVar("Job")
Result = TypeVar("Result")
Given = ParamSpec("Given")
_SCHEMA = 1
_ROWS_PER_QUERY = 500
_SMALL = 16
_LONG = 64
_MAX_FAILED_STARTS = 3
PATIENCE = 10
_LIBRARIES = (
    "comrak",
    "Jinja2",
    "Markdown",
    "nh3",
    "pydantic",
    "Pygments",
    "pymdown-extensions",
    "PyYAML",
    "selectolax",
    "tzdata",
)


def fingerprint(*values: Any) -> bytes:
    """Sixteen bytes that are equal only for equal values of frozen dataclasses, enums, tuples and scalars.

    A value with a `digest` is represented by it.
    """
    return blake2b(marshal.dumps(_plain(values), 2), digest_size=16).digest()


_SCALARS = frozenset((str, int, float, bool, bytes, type(None)))


def _plain(value: Any) -> Any:
    """The value as nested tuples of scalars, each object's type among its parts."""
    kind = type(value)
    if kind in _SCALARS:
        return value
    if kind is tuple or kind is list:
        return tuple([item if type(item) in _SCALARS else _plain(item) for item in value])
    form = _FORMS.get(kind)
    if form is None:
        form = _FORMS[kind] = _plain_form(kind)
    return form(value)


_FORMS: dict[type, Callable[[Any], Any]] = {}


def _plain_form(kind: type) -> Callable[[Any], Any]:
    """How objects of one type are made plain; decided once per type."""
    name = kind.__name__
    if issubclass(kind, Enum):
        return lambda value: (name, value.name)
    if hasattr(kind, "digest"):
        return lambda value: (name, value.digest)
    if issubclass(kind, dict):
        return lambda value: (name, _plain(sorted(value.items())))
    if is_dataclass(kind):
        names = [item.name for item in fields(kind)]
        if len(names) == 1:
            only = attrgetter(names[0])
            return lambda value: (name, _plain(only(value)))
        parts = attrgetter(*names)
        return lambda value: (name, _plain(parts(value)))
    return lambda value: (name, str(value))


def remembered(size: int) -> Callable[[Callable[Given, Result]], Callable[Given, Result]]:
    """Lets a pure function give its earlier result for the very same arguments, so that a preview's next build does not
    work out again what did not change.

    Objects are the same if they are identical, not if they are equal; scalars if their types and values are; tuples
    if they hold the same. What may change (lists, dictionaries, iterators) is never the same. Between `size` and twice
    as many results are kept, the latest used.
    """

    def decorate(function: Callable[Given, Result]) -> Callable[Given, Result]:
        recent: dict[Any, tuple[Any, Result]] = {}
        older: dict[Any, tuple[Any, Result]] = {}

        @wraps(function)
        def wrapper(*args: Given.args, **kwargs: Given.kwargs) -> Result:
            nonlocal recent, older
            try:
                key = _identity((*args, *kwargs, *kwargs.values()) if kwargs else args)
            except _Changeable:
                return function(*args, **kwargs)
            found = recent.get(key)
            if found is None:
                # The arguments are kept too: as long as they live, nothing else has their identity.
                found = older.get(key) or ((args, kwargs), function(*args, **kwargs))
                if len(recent) >= size:
                    older, recent = recent, {}
                recent[key] = found
            return found[1]

        return wrapper

    return decorate


class _Changeable(Exception):
    """Something that is not a value is among the arguments."""


def _identity(values: tuple[Any, ...]) -> Any:
    if len(values) > _LONG and all(_IDENTITIES.get(kind) is id for kind in set(map(type, values))):
        return blake2b(array("Q", map(id, values)), digest_size=16).digest()
    return tuple([(_IDENTITIES.get(type(value)) or _identity_of(type(value)))(value) for value in values])


def _identity_of(kind: type) -> Callable[[Any], Any]:
    """What stands for an object of one type; decided once per type."""
    if issubclass(kind, list | dict | set) or hasattr(kind, "__next__"):
        raise _Changeable
    found = (lambda value: (kind, value)) if kind in _SCALARS or kind is date else id
    _IDENTITIES[kind] = found
    return found


_IDENTITIES: dict[type, Callable[[Any], Any]] = {str: str, tuple: _identity}


@remembered(6)
def unchanged(kind: Callable[..., Result], *parts: Any) -> Result:
    """What `kind` makes of the parts: the same object for the same parts."""
    return kind(*parts)


def same(one: Any, other: Any) -> bool:
    """Whether two values are made of the same parts, as `fingerprint` sees them, told without making a fingerprint.

    False may also mean that it cannot be told.
    """
    if one is other:
        return True
    kind = type(one)
    if kind is not type(other):
        return False
    if kind in _SCALARS or kind is date:
        return bool(one == other)
    if kind is tuple:
        return len(one) == len(other) and (all(map(is_, one, other)) or all(map(same, one, other)))
    parts = _PARTS.get(kind) or _parts_of(kind)
    return parts is not None and all(map(same, parts(one), parts(other)))


def _parts_of(kind: type) -> Callable[[Any], Iterable[Any]] | None:
    """What tells objects of one type apart: its digest, else its fields; None if that is not known."""
    names = ["digest"] if hasattr(kind, "digest") else []
    if not names and is_dataclass(kind):
        names = [item.name for item in fields(kind)]
    if not names:
        return None
    _PARTS[kind] = attrgetter(*names) if len(names) > 1 else lambda value: (getattr(value, names[0]),)
    return _PARTS[kind]


_PARTS: dict[type, Callable[[Any], Iterable[Any]]] = {}


@cache
def program_digest() -> str:
    """Stands for pmsite's own code and the versions of the libraries that results pass through."""
    digest = blake2b(digest_size=16)
    package = Path(pmsite.__file__).parent
    for path in sorted(package.rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes())
    for library in _LIBRARIES:
        digest.update(f"{library} {version(library)}\0".encode())
    return digest.hexdigest()


class Produced(NamedTuple):
    """A result, and a larger part of it that the parent never needs and later workers fetch by the job's key."""

    value: bytes
    blob: bytes = b""


@dataclass(frozen=True, slots=True)
class Failure:
    """A job that was ended because it took more time or memory than `Limits` allow."""

    reason: str


@dataclass(frozen=True, slots=True)
class Limits:
    """What one job may take: seconds of a processor, and bytes of memory beyond what the worker started with.

    The kernel counts processor time, so that a busy machine ends nobody's job; what waits instead of working may take
    PATIENCE times as long by the clock.
    """

    seconds: float
    memory: int

    @property
    def too_long(self) -> str:
        return f"took more than {self.seconds:g} s"


class Store:
    """Results by key in one SQLite file; whatever is damaged, foreign or older is thrown away silently.

    Every row carries checksums, so that a flipped bit reads as a missing row. A folder that cannot be written gives
    a store that lasts for this run only.
    """

    def __init__(self, folder: Path | None, name: str = "cache") -> None:
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self.path = Path()
        self._connection: sqlite3.Connection | None = None
        if folder is not None:
            with suppress(OSError, sqlite3.Error):
                folder.mkdir(parents=True, exist_ok=True)
                self._open(folder / f"{name}.sqlite")
        if self._connection is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="pmsite-")
            self._open(Path(self._temporary.name) / f"{name}.sqlite")

    def _open(self, path: Path) -> None:
        self.path = path
        try:
            self._connection = _connect(path)
        except sqlite3.DatabaseError:
            _remove(path)
            self._connection = _connect(path)

    @property
    def _database(self) -> sqlite3.Connection:
        assert self._connection is not None
        return self._connection

    def get(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """The values that are there and whole."""
        found: dict[bytes, bytes] = {}
        try:
            for start in range(0, len(keys), _ROWS_PER_QUERY):
                chunk = keys[start : start + _ROWS_PER_QUERY]
                marks = ",".join("?" * len(chunk))
                query = f"SELECT key, checksum, value FROM entry WHERE key IN ({marks})"
                rows = self._database.execute(query, chunk)
                found |= {
                    key: value
                    for key, checksum, value in rows
                    if _is_bytes(key, value) and zlib.crc32(value, zlib.crc32(key)) == checksum
                }
        except sqlite3.Error:
            self._start_over()
        return found

    def blob(self, key: bytes) -> bytes | None:
        """The blob of a key, or None if it is missing or damaged."""
        try:
            row = self._database.execute(
                "SELECT blob_checksum, blob FROM entry WHERE key = ?", (key,)
            ).fetchone()
        except sqlite3.Error:
            return None
        if row is None or not _is_bytes(row[1]) or zlib.crc32(row[1], zlib.crc32(key)) != row[0]:
            return None
        blob: bytes = row[1]
        return blob

    def put(self, rows: Iterable[tuple[bytes, Produced]]) -> None:
        with suppress(sqlite3.Error), self._database:
            self._database.executemany(
                "INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?, ?)",
                (
                    (
                        key,
                        zlib.crc32(value, zlib.crc32(key)),
                        value,
                        zlib.crc32(blob, zlib.crc32(key)),
                        blob,
                    )
                    for key, (value, blob) in rows
                ),
            )

    def keep_only(self, keys: Iterable[bytes]) -> None:
        """Drop every row whose key is not among `keys`, so that the file does not grow without end."""
        with suppress(sqlite3.Error), self._database:
            self._database.execute("CREATE TEMP TABLE used (key BLOB PRIMARY KEY)")
            self._database.executemany("INSERT OR IGNORE INTO used VALUES (?)", ((key,) for key in keys))
            self._database.execute("DELETE FROM entry WHERE key NOT IN (SELECT key FROM used)")
            self._database.execute("DROP TABLE used")

    def clear(self) -> None:
        """Forget everything."""
        with suppress(sqlite3.Error), self._database:
            self._database.execute("DELETE FROM entry")

    @classmethod
    def at(cls, path: Path) -> "Store":
        """The store in a file, for another process: SQLite's connections must not cross a fork."""
        store = cls.__new__(cls)
        store._temporary = None
        store.path = path
        store._connection = _connect(path)
        return store

    def close(self) -> None:
        self._database.close()
        if self._temporary is not None:
            self._temporary.cleanup()

    def _start_over(self) -> None:
        with suppress(sqlite3.Error):
            self._database.close()
        _remove(self.path)
        self._open(self.path)


def _connect(path: Path) -> sqlite3.Connection:
    # A store may pass from thread to thread; whoever shares one sees to it that only one uses it at a time.
    database = sqlite3.connect(path, timeout=30, check_same_thread=False)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        # A crash of the process loses nothing; a crash of the machine may, and then checksums and the
        # database's own checks lead to a fresh store.
        database.execute("PRAGMA synchronous = OFF")
        if database.execute("PRAGMA user_version").fetchone()[0] not in (0, _SCHEMA):
            raise sqlite3.DatabaseError("another version's store")
        database.execute(
            "CREATE TABLE IF NOT EXISTS entry"
            " (key BLOB PRIMARY KEY, checksum INTEGER, value BLOB, blob_checksum INTEGER, blob BLOB)"
        )
        database.execute(f"PRAGMA user_version = {_SCHEMA}")
        columns = [row[1] for row in database.execute("PRAGMA table_info(entry)")]
        if columns != ["key", "checksum", "value", "blob_checksum", "blob"]:
            raise sqlite3.DatabaseError("not a store")
    except sqlite3.DatabaseError:
        database.close()
        raise
    return database


def _remove(path: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        Path(f"{path}{ending}").unlink(missing_ok=True)


def _is_bytes(*values: object) -> bool:
    return all(isinstance(value, bytes) for value in values)


Batch = Callable[[Iterator[Job]], Iterator[Produced]]


def cached_map(
    function: Batch[Job],
    jobs: Sequence[Job],
    keys: Sequence[bytes],
    store: Store,
    finish: Callable[[Job, bytes | Failure], Result],
    *,
    workers: int,
    limits: Limits | None = None,
    progress: Callable[[int, int], None] | None = None,
    usable: Callable[[Job, bytes], bool] | None = None,
    meanwhile: Callable[[], None] | None = None,
) -> list[Result]:
    """What `finish` makes of every job's value, in order; values come from the store, else from `function`.

    `function` takes an iterator of jobs and yields one value for each, in order: what is costly to make (a Markdown
    converter, a template environment) it makes once. It runs in worker processes; `finish` runs here, as values
    arrive, and `meanwhile` once the workers have been given work. `usable` may refuse a stored value, where it stands
    for something that can be lost. With `limits`, a job that goes beyond them becomes a Failure.
    """
    stored = store.get(keys)
    results: dict[int, Result] = {}
    missing = []
    for index, (job, key) in enumerate(zip(jobs, keys, strict=True)):
        value = stored.get(key)
        if value is not None and (usable is None or usable(job, value)):
            results[index] = finish(job, value)
        else:
            missing.append(index)
    del stored
    report = progress or _silent
    done = 0
    for indices, produced in _produce(function, jobs, missing, workers, limits, meanwhile):
        done += len(indices)
        report(done, len(missing))
        if isinstance(produced, Failure):
            results[indices[0]] = finish(jobs[indices[0]], produced)
            continue
        store.put((keys[index], result) for index, result in zip(indices, produced, strict=True))
        for index, result in zip(indices, produced, strict=True):
            results[index] = finish(jobs[index], result.value)
    return [results[index] for index in range(len(jobs))]


def _silent(_done: int, _total: int) -> None:
    """Progress that nobody watches."""


def _produce(
    function: Batch[Job],
    jobs: Sequence[Job],
    missing: list[int],
    workers: int,
    limits: Limits | None,
    meanwhile: Callable[[], None] | None,
) -> Iterator[tuple[list[int], list[Produced] | Failure]]:
    if not missing:
        return
    if limits is None and (workers == 1 or len(missing) <= _SMALL):
        for start in range(0, len(missing), 256):
            indices = missing[start : start + 256]
            yield indices, list(function(jobs[index] for index in indices))
        return
    shared = jobs if _start_method() == "fork" else {index: jobs[index] for index in missing}
    pool = _Pool(function, shared, limits)
    try:
        pool.start(missing, min(workers, -(-len(missing) // _SMALL)))
        if meanwhile is not None:
            meanwhile()
        yield from pool.results()
    finally:
        pool.close()


Jobs = Sequence[Job] | dict[int, Job]
"""Jobs by their numbers: all of them, or those that have to be done where they are copied for each worker."""


class _Worker(Generic[Job]):
    """A process, the pipe to it, and which jobs it has been given."""

    def __init__(self, function: Batch[Job], jobs: Jobs[Job], limits: Limits | None) -> None:
        context = get_context(_start_method())
        self.connection, theirs = context.Pipe()
        self.progress = RawArray("d", (-1.0, 0.0))
        self.assigned: deque[list[int]] = deque()
        self.process: BaseProcess = context.Process(  # type: ignore[attr-defined]  # typeshed: BaseContext
            target=_work, args=(function, jobs, theirs, self.progress, limits), daemon=True
        )
        with _uninterrupted():
            self.process.start()
        theirs.close()

    def assign(self, indices: list[int]) -> None:
        self.assigned.append(indices)
        with suppress(OSError):
            self.connection.send_bytes(struct.pack(f"={len(indices)}q", *indices))

    def is_stuck(self, limits: Limits | None) -> bool:
        begun = self.progress[1]
        return limits is not None and begun > 0 and time.monotonic() - begun > limits.seconds * PATIENCE

    def end(self) -> None:
        self.connection.close()
        if self.process.is_alive():
            self.process.kill()
        self.process.join()


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Put Ctrl-C off: a process that is started and not yet known would never be ended."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start_method() -> str:
    """Fork shares the jobs with the workers for nothing, where it is safe: on Linux, without other threads.

    With other threads, workers are forked from a process that has none.
    """
    if sys.platform == "linux" and threading.active_count() == 1:
        return "fork"
    return "forkserver" if "forkserver" in get_all_start_methods() else "spawn"


def keep_workers_ready(*modules: str) -> None:
    """Let workers of a process with threads start with these modules imported; the process they come from starts now."""
    if "forkserver" in get_all_start_methods():
        from multiprocessing import forkserver

        forkserver.set_forkserver_preload(list(modules))
        forkserver.ensure_running()


class _Pool(Generic[Job]):
    """Hands batches of jobs to worker processes and replaces a worker that dies or has to be ended."""

    def __init__(self, function: Batch[Job], jobs: Jobs[Job], limits: Limits | None) -> None:
        self.function = function
        self.jobs = jobs
        self.limits = limits
        self.workers: list[_Worker[Job]] = []
        self.waiting: deque[list[int]] = deque()
        self.failed_starts = 0

    def start(self, missing: list[int], count: int) -> None:
        size = max(1, min(32, len(missing) // (count * 4)))
        self.waiting.extend(missing[start : start + size] for start in range(0, len(missing), size))
        for _ in range(count):
            self._start()

    def results(self) -> Iterator[tuple[list[int], list[Produced] | Failure]]:
        while any(worker.assigned for worker in self.workers):
            ready = set(connection.wait([worker.connection for worker in self.workers], timeout=0.25))
            for worker in list(self.workers):
                if worker.connection in ready:
                    yield self._receive(worker)
                elif worker.assigned and worker.is_stuck(self.limits):
                    assert self.limits is not None
                    yield self._replace(worker, self.limits.too_long)

    def _start(self) -> None:
        worker = _Worker(self.function, self.jobs, self.limits)
        self.workers.append(worker)
        for _ in range(2):  # the second batch waits in the pipe, so that the worker never does
            self._give(worker)

    def _give(self, worker: _Worker[Job]) -> None:
        if self.waiting:
            worker.assign(self.waiting.popleft())

    def _receive(self, worker: _Worker[Job]) -> tuple[list[int], list[Produced] | Failure]:
        try:
            message = worker.connection.recv_bytes()
        except (EOFError, OSError):
            worker.process.join(1)
            if self.limits is not None and worker.process.exitcode == -signal.SIGXCPU:
                return self._replace(worker, self.limits.too_long)
            return self._replace(worker, "used too much memory or crashed its process")
        if message[:1] == b"!":
            raise RuntimeError(message[1:].decode())
        indices = worker.assigned.popleft()
        self._give(worker)
        return indices, _unpack(message)

    def _replace(self, worker: _Worker[Job], reason: str) -> tuple[list[int], list[Produced] | Failure]:
        """End a worker; the job that it was at has failed, the others go to a new one."""
        culprit = int(worker.progress[0])
        worker.end()
        self.workers.remove(worker)
        if not any(culprit in batch for batch in worker.assigned):
            self.failed_starts += 1
            if self.failed_starts > _MAX_FAILED_STARTS:
                raise RuntimeError(f"worker processes end before their first job: {reason}")
            self.waiting.extend(worker.assigned)
            self._start()
            return [], []
        for batch in worker.assigned:
            others = [[index] for index in batch if index != culprit]
            self.waiting.extend(others)
        self._start()
        return [culprit], Failure(reason)

    def close(self) -> None:
        for worker in self.workers:
            worker.end()


def _work(
    function: Batch[Job],
    jobs: Jobs[Job],
    pipe: Connection,
    progress: Any,
    limits: Limits | None,
) -> None:
    """A worker's life: jobs come in by their numbers, results go out a batch at a time."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What was made before the fork stays, and what is made here lives for one job: looking for cycles seldom pays.
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
    if limits is not None:
        # A library that runs out of memory says so on its way out; the parent names the document instead.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        _limit_memory(limits.memory)
    done: list[Produced] = []

    def feed() -> Iterator[Job]:
        while True:
            try:
                order = pipe.recv_bytes()
            except (EOFError, OSError):
                return
            for (index,) in struct.iter_unpack("=q", order):
                progress[0], progress[1] = index, time.monotonic()
                if limits is not None:
                    _limit_time(limits.seconds)
                yield jobs[index]
            progress[1] = 0
            pipe.send_bytes(_pack(done))
            done.clear()

    try:
        for result in function(feed()):
            done.append(result)  # noqa: PERF402  feed() sends and clears the list between two results
    except MemoryError:
        os._exit(1)
    except Exception:
        with suppress(OSError):
            pipe.send_bytes(b"!" + traceback.format_exc().encode())
    os._exit(0)  # skips the interpreter's clean-up of memory that is shared with the parent


def _limit_time(seconds: float) -> None:
    """End this process with SIGXCPU once it has used so much processor time from now on, to the next whole second."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time() + seconds), hard))


def _limit_memory(extra: int) -> None:
    with suppress(ImportError, OSError, ValueError):
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + extra
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _pack(results: list[Produced]) -> bytes:
    parts = [b"="]
    for value, blob in results:
        parts += struct.pack("=QQ", len(value), len(blob)), value, blob
    return b"".join(parts)


def _unpack(message: bytes) -> list[Produced]:
    results, at = [], 1
    while at < len(message):
        value_size, blob_size = struct.unpack_from("=QQ", message, at)
        at += 16
        middle = at + value_size
        results.append(Produced(message[at:middle], message[middle : middle + blob_size]))
        at = middle + blob_size
    return results
