"""When to look at the files again: events are a hint, and a slow look now and then catches what they miss."""

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from watchdog.observers.api import BaseObserver

# Saving a file is several events, a checkout thousands: the work begins once there was none for a while.
QUIET = 0.06
PATIENCE = 1.0
SLOW, FAST = 2.0, 0.4
# Looking takes at most this share of a processor, however large the archive is.
SLOW_SHARE, FAST_SHARE = 0.05, 0.2


class Root(NamedTuple):
    """A folder to watch, with all that is below it or alone."""

    folder: Path
    is_deep: bool = True


class Watcher:
    """Waits until something may have changed. What did change is for the look that follows to find out.

    Reading a file, hidden files and editors' backups are no hint. A folder that was removed and made again is watched
    again; where the system has no more watches to give, looking regularly takes their place.
    """

    def __init__(self, say: Callable[[str], None], *, poll: bool = False) -> None:
        self._say = say
        self._polls = poll
        self._roots: tuple[Root, ...] = ()
        self._ignored: tuple[Path, ...] = ()
        self._watched: tuple[object, ...] = ()
        self._observer: BaseObserver | None = None
        self._hint = threading.Event()
        self._last_hint = 0.0
        self.is_stopped = False

    def watch(self, roots: Iterable[Root], ignored: Iterable[Path]) -> None:
        """Watch these folders, but nothing below the ignored ones."""
        self._roots, self._ignored = tuple(dict.fromkeys(roots)), tuple(ignored)
        if not self._polls and (self._identities() != self._watched or not self._is_alive()):
            self._start()

    def wait(self, cost: float) -> None:
        """Until there are hints and no more come, or it is time for a look, or `stop` was called.

        `cost` is what a look takes, in seconds.
        """
        share, shortest = (FAST_SHARE, FAST) if self._polls else (SLOW_SHARE, SLOW)
        if self._hint.wait(max(shortest, cost / share)):
            patience = time.monotonic() + PATIENCE
            while not self.is_stopped and (now := time.monotonic()) < min(self._last_hint + QUIET, patience):
                time.sleep(min(self._last_hint + QUIET, patience) - now)
        self._hint.clear()

    @property
    def has_hint(self) -> bool:
        """Whether something may have changed since the last wait."""
        return self._hint.is_set()

    def hint(self) -> None:
        """Something may have changed."""
        self._last_hint = time.monotonic()
        self._hint.set()

    def stop(self) -> None:
        self.is_stopped = True
        self._hint.set()
        self._stop_observer()

    def _identities(self) -> tuple[object, ...]:
        """The folders that are there: one that was made again is another one."""
        found: list[object] = []
        for root in self._roots:
            with suppress(OSError):
                status = root.folder.stat()
                found.append((root, status.st_dev, status.st_ino))
        return tuple(found)

    def _is_alive(self) -> bool:
        observer = self._observer
        return (
            observer is not None
            and observer.is_alive()
            and all(emitter.is_alive() for emitter in observer.emitters)
        )

    def _start(self) -> None:
        from watchdog.events import FileSystemEventHandler
        from watchdog.observers import Observer

        self._stop_observer()
        self._watched = self._identities()
        handler = FileSystemEventHandler()
        handler.dispatch = self._on_event  # type: ignore[method-assign]
        observer = Observer()
        try:
            observer.start()
            for root in self._roots:
                if root.folder.is_dir():
                    observer.schedule(handler, str(root.folder), recursive=root.is_deep)
        except OSError as error:
            self._say(f"cannot watch for changes ({error.strerror or error}); looking regularly instead")
            self._polls = True
        self._observer = observer
        if self._polls:
            self._stop_observer()
        self.hint()  # what changed before the watch began gave no event

    def _stop_observer(self) -> None:
        observer, self._observer = self._observer, None
        if observer is not None and observer.is_alive():
            observer.stop()

    def _on_event(self, event: Any) -> None:
        if event.event_type in ("opened", "closed_no_write"):
            return
        places = (event.src_path, event.dest_path)
        if any(self._is_hint(Path(str(place))) for place in places if place):
            self.hint()

    def _is_hint(self, path: Path) -> bool:
        if any(path.is_relative_to(folder) for folder in self._ignored):
            return False
        root = next((root.folder for root in self._roots if path.is_relative_to(root.folder)), Path())
        names = path.parts[len(root.parts) :]
        return not any(name.startswith(".") or name.endswith("~") for name in names)
