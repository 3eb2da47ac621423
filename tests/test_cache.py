"""The cache: results come from the store or from worker processes, and neither damage nor a bad job spoils them."""

import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pmsite.archive.incident import Absence, ActionStatus, Impact, Precision, Timestamp, Visibility
from pmsite.cache import Failure, Limits, Produced, Store, beside, cached_map, fingerprint, program_digest

MIB = 1024 * 1024
LIMITS = Limits(0.5, 50 * MIB)
ROWS = [
    (f"key {number}".encode(), Produced(b"value %d" % number, b"blob %d " % number * 50))
    for number in range(40)
]
KEYS = [key for key, _ in ROWS]
VALUES = {key: produced.value for key, produced in ROWS}


# fingerprint


class Colour(Enum):
    OPEN = "open"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Here:
    name: str
    parts: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class There:
    name: str
    parts: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Digested:
    digest: str
    rest: int = 0


_DIFFERENT = [
    None,
    "",
    "None",
    "1",
    b"",
    b"1",
    0,
    1,
    -1,
    1.5,
    True,
    False,
    (),
    ((),),
    ("",),
    (None,),
    ("a", "b"),
    ("ab",),
    ("a", ("b",)),
    (("a",), "b"),
    ("a,b",),
    {"a": 1},
    {"a": 2},
    {"a": {"b": 1}},
    Colour.OPEN,
    Colour.UNKNOWN,
    ActionStatus.OPEN,
    ActionStatus.UNKNOWN,
    Absence.UNKNOWN,
    Visibility.PUBLIC,
    Here("a"),
    Here("b"),
    There("a"),
    Here("a", ("b",)),
    Here("a", (Here("b"),)),
    Here("a", (There("b"),)),
    Digested("x"),
    Digested("y"),
    date(2023, 10, 7),
    datetime(2023, 10, 7),
    datetime(2023, 10, 7, 0, 0, 1),
    Timestamp(datetime(2023, 10, 7), None),
    Timestamp(datetime(2023, 10, 7), 0),
    Timestamp(datetime(2023, 10, 7), 0, Precision.APPROXIMATE),
    Impact(),
    Impact(users=0),
    Impact(percent=0.0),
    Path("a"),
]


def test_different_values_have_different_fingerprints() -> None:
    found: dict[bytes, Any] = {}
    for value in _DIFFERENT:
        for wrapped in (value, (value,), (value, value)):
            key = fingerprint(wrapped)
            assert len(key) == 16
            if key in found and found[key] != wrapped:
                pytest.fail(f"{wrapped!r} has the fingerprint of {found[key]!r}")
            found[key] = wrapped


def test_several_values_are_not_one() -> None:
    assert (
        len(
            {
                fingerprint(),
                fingerprint(()),
                fingerprint("ab"),
                fingerprint("a", "b"),
                fingerprint(("a", "b")),
            }
        )
        == 5
    )


def test_a_digest_stands_for_the_value() -> None:
    assert fingerprint(Digested("x", 1)) == fingerprint(Digested("x", 2))


def test_the_order_of_a_mapping_does_not_matter() -> None:
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})


_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | st.binary(max_size=5)
)
_PLAIN = st.recursive(
    _SCALARS | st.sampled_from(Colour) | st.sampled_from(ActionStatus),
    lambda inner: (
        st.lists(inner, max_size=3).map(tuple) | st.builds(Here, st.text(max_size=3), st.tuples(inner))
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=200)
@given(_PLAIN, _PLAIN)
def test_fingerprints_are_equal_only_for_equal_values(first: Any, second: Any) -> None:
    if fingerprint(first) == fingerprint(second):
        assert first == second
    if repr(first) == repr(second):
        assert fingerprint(first) == fingerprint(second)


def test_fingerprints_are_the_same_in_another_process() -> None:
    code = "from pmsite.cache import fingerprint; print(fingerprint('a', 1, (None, 2.5), {'b': 'c'}).hex())"
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert found == {fingerprint("a", 1, (None, 2.5), {"b": "c"}).hex()}


def test_the_programs_digest_is_stable() -> None:
    assert program_digest() == program_digest()
    assert len(bytes.fromhex(program_digest())) == 16


# Store


def filled(folder: Path) -> Path:
    store = Store(folder)
    store.put(ROWS)
    store.close()
    return store.path


def test_what_is_put_is_found_again(tmp_path: Path) -> None:
    filled(tmp_path)
    store = Store(tmp_path)
    assert store.get(KEYS) == VALUES
    assert store.get([b"other", KEYS[3]]) == {KEYS[3]: b"value 3"}
    assert store.get([]) == {}
    assert [store.blob(key) for key in KEYS] == [produced.blob for _, produced in ROWS]
    assert store.blob(b"other") is None
    store.put([(KEYS[3], Produced(b"new"))])
    assert (store.get([KEYS[3]]), store.blob(KEYS[3])) == ({KEYS[3]: b"new"}, b"")
    store.close()


def test_more_keys_than_a_query_may_have(tmp_path: Path) -> None:
    store = Store(tmp_path)
    rows = [(b"%d" % number, Produced(b"x%d" % number)) for number in range(2500)]
    store.put(rows)
    assert store.get([key for key, _ in rows]) == {key: produced.value for key, produced in rows}
    store.close()


def test_keep_only(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put(ROWS)
    for kept in (KEYS[:10], KEYS[5:15], []):
        before = store.get(KEYS)
        store.keep_only(iter([*kept, b"other"]))
        assert store.get(KEYS) == {key: value for key, value in before.items() if key in kept}
    store.put(ROWS[:1])
    assert store.get(KEYS) == {KEYS[0]: b"value 0"}
    store.close()


def test_another_process_reads_the_same_store(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put(ROWS)
    other = Store.at(store.path)
    assert other.blob(KEYS[7]) == ROWS[7][1].blob
    other.close()
    store.close()


def test_without_a_folder_a_store_lasts_for_this_run_only() -> None:
    store = Store(None)
    store.put(ROWS)
    assert store.get(KEYS) == VALUES
    folder = store.path.parent
    assert folder.is_dir()
    store.close()
    assert not folder.exists()


def test_a_folder_that_cannot_be_made_gives_a_store_for_this_run_only(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    store = Store(tmp_path / "file" / "cache")
    store.put(ROWS)
    assert store.get(KEYS) == VALUES
    assert not store.path.is_relative_to(tmp_path)
    store.close()
    assert (tmp_path / "file").read_text() == "x"


@pytest.mark.parametrize("is_filled", [True, False])
def test_a_read_only_folder_gives_a_store_for_this_run_only(is_filled: bool) -> None:
    """In a process of its own that becomes nobody, because for root no folder is read-only."""
    code = (
        "import os, sys; from pathlib import Path; from pmsite.cache import Produced, Store\n"
        "os.geteuid() or os.setuid(65534)\n"
        "store = Store(Path(sys.argv[1])); store.put([(b'k', Produced(b'v'))])\n"
        "print(store.get([b'k']), store.path.is_relative_to(sys.argv[1]))"
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if is_filled:
            filled(folder).chmod(0o444)
        before = sorted(path.name for path in folder.iterdir())
        folder.chmod(0o555)
        try:
            done = subprocess.run(
                [sys.executable, "-c", code, name],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
                capture_output=True,
                text=True,
                check=False,
            )
            after = sorted(path.name for path in folder.iterdir())
        finally:
            folder.chmod(0o755)
    assert done.stderr == ""
    assert done.stdout.split() == ["{b'k':", "b'v'}", "False"]
    assert after == before


@pytest.mark.parametrize(
    "content",
    [b"", b"x", b"not a database at all" * 100, b"SQLite format 3\0", b"SQLite format 3\0" + b"\xff" * 4000],
)
def test_a_foreign_file_is_replaced(tmp_path: Path, content: bytes) -> None:
    path = filled(tmp_path)
    path.write_bytes(content)
    store = Store(tmp_path)
    assert store.get(KEYS) == {}
    store.put(ROWS)
    assert store.get(KEYS) == VALUES
    store.close()


@pytest.mark.parametrize(
    "change",
    [
        "PRAGMA user_version = 99",
        "PRAGMA user_version = -1",
        "DROP TABLE entry",
        "ALTER TABLE entry RENAME COLUMN blob TO other",
        "ALTER TABLE entry ADD COLUMN more",
        "DROP TABLE entry; CREATE VIEW entry AS SELECT 1",
    ],
)
def test_another_versions_store_is_replaced(tmp_path: Path, change: str) -> None:
    path = filled(tmp_path)
    database = sqlite3.connect(path)
    database.executescript(change)
    database.close()
    store = Store(tmp_path)
    assert store.get(KEYS) == {}
    store.put(ROWS)
    assert store.get(KEYS) == VALUES
    store.close()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE entry SET value = x'00'",
        "UPDATE entry SET value = 'text'",
        "UPDATE entry SET value = NULL",
        "UPDATE entry SET checksum = checksum + 1",
        "UPDATE entry SET checksum = NULL",
        "UPDATE entry SET key = CAST(key AS TEXT)",
        "UPDATE entry SET value = (SELECT value FROM entry LIMIT 1) WHERE value != (SELECT value FROM entry LIMIT 1);"
        "DELETE FROM entry WHERE rowid = 1",
    ],
)
def test_rows_that_were_tampered_with_are_missing(tmp_path: Path, change: str) -> None:
    path = filled(tmp_path)
    database = sqlite3.connect(path)
    database.executescript(change)
    database.close()
    store = Store(tmp_path)
    assert store.get(KEYS) == {}
    store.close()


def test_a_damaged_blob_is_missing_and_its_value_is_not(tmp_path: Path) -> None:
    path = filled(tmp_path)
    database = sqlite3.connect(path)
    database.executescript("UPDATE entry SET blob = x'00'")
    database.close()
    store = Store(tmp_path)
    assert store.blob(KEYS[0]) is None
    assert store.get(KEYS) == VALUES
    store.close()


@pytest.fixture(scope="module")
def whole() -> bytes:
    with tempfile.TemporaryDirectory() as name:
        return filled(Path(name)).read_bytes()


@settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_damaged_store_never_gives_a_wrong_value_and_works_again(whole: bytes, data: st.DataObject) -> None:
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(0, 6), "flips")):
        at = data.draw(st.integers(0, len(damaged) - 1) | st.integers(0, 200), "at")
        damaged[at] ^= data.draw(st.integers(1, 255), "with")
    if data.draw(st.booleans(), "cut"):
        damaged = damaged[: data.draw(st.integers(0, len(damaged)), "length")]
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "cache.sqlite").write_bytes(damaged)
        store = Store(Path(name))
        assert store.get(KEYS).items() <= VALUES.items()
        for key, produced in ROWS:
            assert store.blob(key) in (None, produced.blob)
        store.put(ROWS)
        found = store.get(KEYS)
        assert found.items() <= VALUES.items()
        store.keep_only(KEYS)
        store.close()


def test_a_store_damaged_while_it_is_open_reads_as_empty(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put(ROWS)
    store._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store._database.execute("DROP TABLE entry")
    assert store.get(KEYS) == {}
    store.put(ROWS)
    assert store.get(KEYS) == VALUES
    store.close()


# cached_map

Job = tuple[str, int, str]


def work(jobs: Iterator[Job]) -> Iterator[Produced]:
    """Notes every call in a file, so that calls in other processes are counted too."""
    for folder, number, action in jobs:
        with Path(folder, "calls").open("a") as file:
            file.write(f"{number}\n")
        if action == "sleep":
            time.sleep(60)
        elif action == "spin":
            while True:
                pass
        elif action == "allocate":
            bytearray(500 * MIB)
        elif action == "hoard":
            hoard = []
            while True:
                hoard.append(bytes(MIB))
        elif action == "exit":
            os._exit(3)
        elif action == "recurse":
            work_deeper(0)
        elif action == "raise":
            raise ValueError(f"job {number} is odd")
        yield Produced(b"result %d" % number, b"blob %d" % number)


def work_deeper(depth: int) -> int:
    return work_deeper(depth + 1) + 1


def value(_job: object, given: bytes | Failure) -> bytes | Failure:
    return given


def die_before_the_first_job(jobs: Iterator[Job]) -> Iterator[Produced]:
    os._exit(3)
    yield from work(jobs)


class Bench:
    """Jobs with keys, a store, and the calls that were made."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = Store(folder / "store")

    def run(
        self, actions: list[str], *, start: int = 0, workers: int = 1, **options: Any
    ) -> list[bytes | Failure]:
        jobs = [(str(self.folder), start + index, action) for index, action in enumerate(actions)]
        keys = [b"%d" % (start + index) for index in range(len(actions))]
        return cached_map(work, jobs, keys, self.store, value, workers=workers, **options)

    def calls(self) -> list[int]:
        """The jobs that were called since the last time, in order of their numbers."""
        path = self.folder / "calls"
        found = sorted(int(line) for line in path.read_text().split()) if path.exists() else []
        path.unlink(missing_ok=True)
        return found


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.store.close()


def expected(count: int, start: int = 0) -> list[bytes]:
    return [b"result %d" % number for number in range(start, start + count)]


@pytest.mark.parametrize("count", [0, 1, 16, 17, 100, 300])
@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("limits", [None, Limits(30, 500 * MIB)], ids=["free", "limited"])
def test_results_come_in_order_however_many_work_on_them(
    bench: Bench, count: int, workers: int, limits: Limits | None
) -> None:
    assert bench.run([""] * count, workers=workers, limits=limits) == expected(count)
    assert bench.calls() == list(range(count))


@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_in_the_store_is_not_done_again(bench: Bench, workers: int) -> None:
    bench.run([""] * 50, workers=workers)
    assert bench.calls() == list(range(50))
    assert bench.run([""] * 50, workers=workers) == expected(50)
    assert bench.calls() == []
    assert bench.run([""] * 80, start=20, workers=workers) == expected(80, 20)
    assert bench.calls() == list(range(50, 100))
    assert bench.store.blob(b"7") == b"blob 7"


@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_not_usable_is_done_again(bench: Bench, workers: int) -> None:
    bench.run([""] * 40)
    bench.calls()
    found = bench.run(
        [""] * 40, workers=workers, usable=lambda job, value: job[1] % 2 == 0 and value.startswith(b"result")
    )
    assert found == expected(40)
    assert bench.calls() == list(range(1, 40, 2))


def test_values_are_finished_as_they_arrive_whether_stored_or_new(bench: Bench) -> None:
    bench.run([""] * 40)
    jobs = [(str(bench.folder), number, "") for number in range(80)]
    keys = [b"%d" % number for number in range(80)]
    found = cached_map(work, jobs, keys, bench.store, lambda job, given: (job[1], given), workers=2)
    assert found == list(enumerate(expected(80)))


def test_meanwhile_runs_once_and_only_where_workers_do(bench: Bench) -> None:
    ran: list[str] = []
    for _ in range(2):
        bench.run([""] * 100, workers=2, meanwhile=lambda _: ran.append("ran"))
    assert ran == ["ran"]


@pytest.mark.parametrize("workers", [1, 2])
def test_progress_counts_what_had_to_be_done(bench: Bench, workers: int) -> None:
    bench.run([""] * 10)
    seen: list[tuple[int, int]] = []
    bench.run([""] * 60, workers=workers, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (50, 50)
    assert seen == sorted(seen) and {total for _, total in seen} == {50}


@pytest.mark.parametrize(
    ("action", "limits", "reason"),
    [
        ("sleep", Limits(0.2, 50 * MIB), "took more than 0.2 s"),
        ("spin", LIMITS, "took more than 0.5 s"),
        ("allocate", Limits(20, 50 * MIB), "too much memory"),
        ("hoard", Limits(20, 50 * MIB), "too much memory"),
        ("exit", Limits(20, 50 * MIB), "crashed"),
    ],
)
@pytest.mark.parametrize("workers", [1, 2])
def test_a_job_beyond_its_limits_fails_alone(
    bench: Bench, action: str, limits: Limits, reason: str, workers: int
) -> None:
    actions = [""] * 40
    actions[7] = actions[21] = action
    found = bench.run(actions, workers=workers, limits=limits)
    for index in (7, 21):
        failure = found[index]
        assert isinstance(failure, Failure) and reason in failure.reason
    assert [value for index, value in enumerate(found) if index not in (7, 21)] == [
        value for index, value in enumerate(expected(40)) if index not in (7, 21)
    ]


@pytest.mark.parametrize("place", [0, 39])
def test_the_first_and_the_last_job_may_fail_too(bench: Bench, place: int) -> None:
    actions = [""] * 40
    actions[place] = "exit"
    found = bench.run(actions, workers=2, limits=Limits(20, 50 * MIB))
    assert [index for index, value in enumerate(found) if isinstance(value, Failure)] == [place]


def test_every_job_may_fail(bench: Bench) -> None:
    found = bench.run(["exit"] * 5, workers=2, limits=LIMITS)
    assert all(isinstance(value, Failure) for value in found)
    assert bench.calls() == list(range(5))


def test_failures_are_not_remembered(bench: Bench) -> None:
    bench.run(["", "exit", ""], limits=LIMITS)
    bench.calls()
    assert bench.run(["", "", ""], limits=LIMITS) == expected(3)
    assert bench.calls() == [1]


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("limits", [None, LIMITS])
def test_a_bug_in_a_job_is_raised_with_its_message(bench: Bench, workers: int, limits: Limits | None) -> None:
    actions = [""] * 40
    actions[5] = "raise"
    with pytest.raises((RuntimeError, ValueError), match="job 5 is odd"):
        bench.run(actions, workers=workers, limits=limits)


def test_a_worker_that_dies_before_its_first_job_does_not_make_an_endless_loop(tmp_path: Path) -> None:
    code = (
        "from pmsite.cache import Limits, Store, cached_map\n"
        "from tests.test_cache import die_before_the_first_job\n"
        "jobs = [('.', 1, ''), ('.', 2, '')]\n"
        "cached_map(die_before_the_first_job, jobs, [b'1', b'2'], Store(None), print, workers=1, limits=Limits(5, 100 << 20))\n"
    )
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent.parent), *sys.path]),
    }
    try:
        subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            timeout=10,
            check=False,
        )
    except subprocess.TimeoutExpired:
        pytest.fail("workers are replaced for ever")


def test_beside_other_threads_workers_are_made_in_another_way(bench: Bench) -> None:
    """Forking beside threads may deadlock; the jobs then travel to fresh processes."""
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        actions = [""] * 20
        actions[3] = "exit"
        found = bench.run(actions, workers=2, limits=Limits(30, 200 * MIB))
    finally:
        done.set()
        thread.join()
    assert [index for index, value in enumerate(found) if isinstance(value, Failure)] == [3]
    assert [value for value in found if not isinstance(value, Failure)] == [*expected(3), *expected(16, 4)]


def test_no_process_outlives_its_work(bench: Bench) -> None:
    import multiprocessing

    bench.run(["", "sleep", "exit", *[""] * 40], workers=2, limits=Limits(0.2, 50 * MIB))
    assert multiprocessing.active_children() == []


def test_a_store_that_cannot_keep_anything_costs_time_and_nothing_else(bench: Bench) -> None:
    bench.store._database.execute("PRAGMA query_only = ON")
    for _ in range(2):
        assert bench.run([""] * 3) == expected(3)
        assert bench.calls() == [0, 1, 2]


def test_results_of_any_bytes_travel_unchanged(tmp_path: Path) -> None:
    store = Store(tmp_path)
    jobs = [b"", b"!", b"=", b"\0" * 100, bytes(range(256)) * 5000]
    keys = [b"%d" % number for number in range(len(jobs))]
    for limits in (None, Limits(30, 500 * MIB)):
        store.keep_only([])
        assert cached_map(echo, jobs, keys, store, value, workers=1, limits=limits) == jobs
        assert [store.blob(key) for key in keys] == [job[::-1] for job in jobs]
    store.close()


def echo(jobs: Iterator[bytes]) -> Iterator[Produced]:
    for job in jobs:
        yield Produced(job, job[::-1])


def test_a_replaced_value_has_another_fingerprint() -> None:
    value = Timestamp(datetime(2023, 10, 7), 0)
    assert fingerprint(replace(value, offset=1)) != fingerprint(value)
    assert fingerprint(replace(value)) == fingerprint(value)


class TestBeside:
    def test_the_result_is_that_of_a_process_of_its_own(self) -> None:
        assert beside(lambda: b"")() == b""
        assert beside(lambda: bytes(range(256)) * 5_000)() == bytes(range(256)) * 5_000

    @pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux alone")
    def test_both_work_at_once_where_that_is_safe(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(threading, "active_count", lambda: 1)
        other = beside(lambda: str(os.getpid()).encode())
        assert int(other()) != os.getpid()
        monkeypatch.setattr(threading, "active_count", lambda: 2)
        assert int(beside(lambda: str(os.getpid()).encode())()) == os.getpid()

    @pytest.mark.parametrize("end", [lambda: os._exit(0), lambda: os.kill(os.getpid(), 9), lambda: 1 / 0])
    def test_a_process_that_ends_without_a_result_is_no_loss(
        self, monkeypatch: pytest.MonkeyPatch, end: Callable[[], object]
    ) -> None:
        monkeypatch.setattr(threading, "active_count", lambda: 1)
        here = os.getpid()
        assert beside(lambda: b"done" if os.getpid() == here else (end(), b"")[1])() == b"done"
