"""Caching and processes: the only place that knows either.

`cached_map` turns jobs into results. A job whose key is in the store is not done again; the others are spread over
worker processes. Keys hold everything that a result depends on, so a stale result cannot be found.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from pmsite.cache.store import Produced, Store
from pmsite.cache.values import fingerprint, program_digest, remembered, same, start_remembering, unchanged
from pmsite.cache.workers import PATIENCE, Batch, Failure, Limits, beside, keep_workers_ready, produce

__all__ = [
    "PATIENCE",
    "Failure",
    "Limits",
    "Produced",
    "Store",
    "beside",
    "cached_map",
    "fingerprint",
    "keep_workers_ready",
    "program_digest",
    "remembered",
    "same",
    "start_remembering",
    "unchanged",
]

Job = TypeVar("Job")
Result = TypeVar("Result")


def cached_map(
    function: Batch[Job],
    jobs: Sequence[Job],
    keys: Sequence[bytes],
    store: Store,
    finish: Callable[[Job, bytes | Failure], Result],
    *,
    workers: int,
    limits: Limits | None = None,
    share: int = 16,
    progress: Callable[[int, int], None] | None = None,
    usable: Callable[[Job, bytes], bool] | None = None,
    meanwhile: Callable[[int], None] | None = None,
) -> list[Result]:
    """What `finish` makes of every job's value, in order; values come from the store, else from `function`.

    `function` takes an iterator of jobs and yields one value for each, in order: what is costly to make (a Markdown
    converter, a template environment) it makes once. It runs in worker processes; `finish` runs here, as values
    arrive, and `meanwhile` once the workers have been given work, with the number of jobs. `share` is how many jobs are
    worth the start of another worker. `usable` may refuse a stored value, where it stands
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
    for indices, produced in produce(function, jobs, missing, workers, limits, share, meanwhile):
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
