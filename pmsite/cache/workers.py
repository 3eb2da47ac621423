"""Worker processes: jobs go in by their numbers, results come out a batch at a time, and no job ends the build.

What makes processes is imported once they are needed: most commands find all that they need in the store.
"""

import gc
import math
import os
import signal
import struct
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pmsite.cache.store import Produced

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

Job = TypeVar("Job")
_MAX_FAILED_STARTS = 3
PATIENCE = 10


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


Batch = Callable[[Iterator[Job]], Iterator[Produced]]


def produce(
    function: Batch[Job],
    jobs: Sequence[Job],
    missing: list[int],
    workers: int,
    limits: Limits | None,
    share: int,
    meanwhile: Callable[[int], None] | None,
) -> Iterator[tuple[list[int], list[Produced] | Failure]]:
    """The results of the jobs with these numbers, as they come; a job that goes beyond its limits has failed.

    There is a worker for each `share` of them. Fewer jobs without limits are done here.
    """
    if not missing:
        return
    if limits is None and (workers == 1 or len(missing) <= share):
        for start in range(0, len(missing), 256):
            indices = missing[start : start + 256]
            yield indices, list(function(jobs[index] for index in indices))
        return
    shared = jobs if _start_method() == "fork" else {index: jobs[index] for index in missing}
    pool = _Pool(function, shared, limits)
    try:
        pool.start(missing, min(workers, -(-len(missing) // share)))
        if meanwhile is not None:
            meanwhile(len(missing))
        yield from pool.results()
    finally:
        pool.close()


Jobs = Sequence[Job] | dict[int, Job]
"""Jobs by their numbers: all of them, or those that have to be done where they are copied for each worker."""


class _Worker(Generic[Job]):
    """A process, the pipe to it, and which jobs it has been given."""

    def __init__(self, function: Batch[Job], jobs: Jobs[Job], limits: Limits | None) -> None:
        from multiprocessing import get_context
        from multiprocessing.sharedctypes import RawArray

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


def beside(function: Callable[[], bytes]) -> Callable[[], bytes]:
    """Begin to work something out in a process of its own; the function that this gives waits for what comes of it.

    Where that is not safe, or the process ends without it, it is worked out by who waits. The process shares what is in
    memory and starts in a moment: this is for commands that are over in a second.
    """
    if sys.platform != "linux" or threading.active_count() > 1:
        return function
    readable, writable = os.pipe()
    with _uninterrupted():
        child = os.fork()
    if child == 0:
        with suppress(BaseException):
            os.close(readable)
            result = function()
            with open(writable, "wb") as pipe:  # noqa: PTH123  it has no path
                pipe.write(struct.pack("=Q", len(result)) + result)
        os._exit(0)
    os.close(writable)

    def wait() -> bytes:
        with open(readable, "rb") as pipe:  # noqa: PTH123
            said = pipe.read()
        os.waitpid(child, 0)
        size = struct.calcsize("=Q")
        is_whole = len(said) >= size and len(said) - size == struct.unpack_from("=Q", said)[0]
        return said[size:] if is_whole else function()

    return wait


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
    from multiprocessing import get_all_start_methods

    if sys.platform == "linux" and threading.active_count() == 1:
        return "fork"
    return "forkserver" if "forkserver" in get_all_start_methods() else "spawn"


def keep_workers_ready(*modules: str) -> None:
    """Let workers of a process with threads start with these modules imported; the process they come from starts now."""
    from multiprocessing import forkserver, get_all_start_methods

    if "forkserver" in get_all_start_methods():
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
        from multiprocessing import connection

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
    pipe: "Connection",
    progress: Any,
    limits: Limits | None,
) -> None:
    """A worker's life: jobs come in by their numbers, results go out a batch at a time."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What was made before the fork stays. What is made here lives for one job: to look for cycles among it is quick.
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
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
