"""Results by key in a file, from build to build."""

import sqlite3
import tempfile
import zlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_SCHEMA = 1
_ROWS_PER_QUERY = 500


class Produced(NamedTuple):
    """A result, and a larger part of it that the parent never needs and later workers fetch by the job's key."""

    value: bytes
    blob: bytes = b""


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
                    if type(value) is bytes and zlib.crc32(value, zlib.crc32(key)) == checksum
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
        if row is None or type(row[1]) is not bytes or zlib.crc32(row[1], zlib.crc32(key)) != row[0]:
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

    def forget(self, keys: Iterable[bytes]) -> None:
        """Drop the rows of these keys."""
        with suppress(sqlite3.Error), self._database:
            self._database.executemany("DELETE FROM entry WHERE key = ?", ((key,) for key in keys))

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
