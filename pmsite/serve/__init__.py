"""`pmsite serve`: watch, build, reload."""

import asyncio
import logging
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from types import FrameType
from typing import Any

import uvicorn

from pmsite.cache import keep_workers_ready
from pmsite.config import Site
from pmsite.diagnostics import START, ConfigurationError, ContentError, Diagnostic, diagnose, has_errors
from pmsite.load import Options
from pmsite.report import source_lines
from pmsite.serve.live import Live, Problem, Shown
from pmsite.serve.preview import KeyedPage, Preview
from pmsite.serve.rounds import FIRST, SECONDS, Changed, Round, Workspace, settle
from pmsite.serve.server import application
from pmsite.serve.watch import Watcher
from pmsite.site.render import ProseMissing

PORTS_TRIED = 100
MAX_HEADERS = 16 * 1024
_SHOWN_FILES = 3
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Place:
    """Where to serve, and how to notice changes; port 0 is any free one."""

    host: str = "127.0.0.1"
    port: int = 8000
    poll: bool = False


@dataclass(frozen=True, slots=True)
class Console:
    """How to speak to whoever started the server: a line, problems, and the address once it answers."""

    say: Callable[[str], None]
    show: Callable[[Sequence[Diagnostic]], None]
    ready: Callable[[str], None]


def serve(
    find: Callable[[], Site], options: Callable[[Site], Options], place: Place, console: Console
) -> None:
    """Build, serve and build again until interrupted. Raises PmsiteError if that cannot begin."""
    listener = _listener(place, console)
    with closing(listener), closing(Workspace(find, options)) as workspace:
        live = Live()
        watcher = Watcher(console.say, poll=place.poll)
        builder = Builder(workspace, watcher, live, console)
        # Before there are other threads, workers are forked from here and share what is in memory.
        builder.turn()
        settle()
        # The command's own module too, since a worker imports what its parent began with.
        keep_workers_ready("pmsite.source.ready", "pmsite.cli")
        asyncio.run(_run(listener, place, console, live, builder))


async def _run(
    listener: socket.socket, place: Place, console: Console, live: Live, builder: "Builder"
) -> None:
    loop = asyncio.get_running_loop()
    builder.begin(lambda shown: loop.call_soon_threadsafe(live.show, shown))
    config = uvicorn.Config(
        application(live, place.host, builder.repair),
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        h11_max_incomplete_event_size=MAX_HEADERS,
        timeout_graceful_shutdown=1,
    )
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    server = _Server(config, live.close)
    listener.listen(config.backlog)
    # A browser that runs in the terminal comes back when it is left.
    address = _address(listener, place.host, live.shown.preview)
    threading.Thread(target=console.ready, args=(address,), name="opener", daemon=True).start()
    try:
        await server.serve([listener])
    finally:
        builder.end()


class _Server(uvicorn.Server):
    """Ends its streams when it is told to stop, and does not raise the signal again: stopping it is the normal end."""

    def __init__(self, config: uvicorn.Config, on_exit: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_exit = on_exit

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {name: signal.signal(name, self.handle_exit) for name in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for name, handler in before.items():
                signal.signal(name, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        asyncio.get_running_loop().call_soon_threadsafe(self._on_exit)


class Builder:
    """The loop: look at the files when they may have changed, and show what comes of it."""

    def __init__(self, workspace: Workspace, watcher: Watcher, live: Live, console: Console) -> None:
        self._workspace = workspace
        self._watcher = watcher
        self._console = console
        self._show: Callable[[Shown], Any] = live.show
        self._shown = live.shown
        self._proven: Preview | None = None
        self._left: tuple[KeyedPage, ...] = ()
        self._reported: frozenset[Diagnostic] = frozenset()
        self._is_incomplete = False
        self._cost = 0.0
        self._thread = threading.Thread(target=self._loop, name="builder", daemon=True)

    def begin(self, show: Callable[[Shown], Any]) -> None:
        """Go on in a thread of its own; `show` passes on what is to be shown."""
        self._show = show
        self._thread.start()

    def repair(self, error: Exception) -> None:
        """A page could not be made from what is in memory or in the store. May be called from any thread."""
        self._is_incomplete |= isinstance(error, ProseMissing)
        self._watcher.hint()

    def end(self) -> None:
        self._watcher.stop()
        self._thread.join(0.5)

    def _loop(self) -> None:
        try:
            while not self._watcher.is_stopped:
                self._watcher.watch(self._workspace.roots(), self._workspace.ignored())
                if self._watcher.has_hint:
                    self._watcher.wait(0)
                elif self._left:
                    self._prove_others()
                else:
                    self._watcher.wait(self._cost)
                    if self._watcher.is_stopped:
                        break
                if not self._left or self._watcher.has_hint:
                    self.turn()
        except Exception:
            if not self._watcher.is_stopped:
                logging.getLogger("uvicorn.error").exception("the preview has a bug; it shows the last build")

    def turn(self) -> None:
        """Look once, and show what is new."""
        begun = time.perf_counter()
        if self._is_incomplete:
            self._workspace.forget()
        found = self._workspace.look()
        self._cost = time.perf_counter() - begun
        if found is not None:
            self._take(found, begun)
        self._is_incomplete = False

    def _take(self, found: Round, begun: float) -> None:
        if found.preview is None:
            self._left = ()
            self._fail(found, found.diagnostics)
            return
        try:
            left = self._prove_first(found.unproven, found.preview)
        except ContentError as error:
            self._left = ()
            self._fail(found, error.diagnostics)
            return
        except ProseMissing as error:
            self.repair(error)
            return
        was_broken = bool(self._shown.problems)
        self._left = left
        self._workspace.accept(found.preview)
        self._publish(found.preview, found)
        if not self._left:
            self._finish(found.preview)
        if found.differs or was_broken:
            self._log(found, begun)
        self._report(found.diagnostics)

    def _prove_first(self, pages: tuple[KeyedPage, ...], preview: Preview) -> tuple[KeyedPage, ...]:
        """Render the pages that matter most; gives those that are left for later."""
        until, left = time.perf_counter() + SECONDS, pages
        for done in self._workspace.prove(pages[:FIRST], preview):
            left = pages[done:]
            if time.perf_counter() > until:
                break
        return left

    def _publish(self, preview: Preview, found: Round) -> None:
        pages, styles = self._shown.pages, self._shown.styles
        if self._is_incomplete or (found.differs and not found.only_styles):
            pages += 1
        elif found.differs:
            styles += 1
        self._tell(Shown(preview, pages, styles))

    def _fail(self, found: Round, diagnostics: tuple[Diagnostic, ...]) -> None:
        """The last good site stays, with what is wrong above it."""
        errors = [item for item in diagnostics if has_errors((item,))]
        root = self._workspace.site.root
        problems = tuple(Problem(item, *source_lines(root, item)) for item in errors)
        if found.changed:
            self._console.say(f"{_now()} {_told(found.changed)}: not built")
        self._report(diagnostics)
        self._tell(replace(self._shown, problems=problems))

    def _prove_others(self) -> None:
        """Render the pages that nobody has asked for yet, until something changes."""
        preview = self._shown.preview
        assert preview is not None
        begun, count, done = time.perf_counter(), len(self._left), 0
        left = self._left
        try:
            for done in self._workspace.prove(left, preview):
                self._left = left[done:]
                if self._watcher.has_hint or self._watcher.is_stopped:
                    return
        except ContentError as error:
            self._left = ()
            back = self._proven
            self._tell(Shown(back, self._shown.pages + 1, self._shown.styles))
            if back is not None:
                self._workspace.accept(back)
            self._fail(Round(None, error.diagnostics), error.diagnostics)
            return
        except ProseMissing as error:
            self._left = ()
            self.repair(error)
            return
        self._finish(preview)
        seconds = time.perf_counter() - begun
        self._console.say(f"{_now()} {count} more pages rendered in {seconds:.1f} s")

    def _finish(self, preview: Preview) -> None:
        """All pages of a preview can be rendered."""
        self._proven = preview
        self._workspace.index(preview)

    def _tell(self, shown: Shown) -> None:
        self._shown = shown
        self._show(shown)

    def _log(self, found: Round, begun: float) -> None:
        seconds = time.perf_counter() - begun
        count = len(found.unproven)
        later = f", {len(self._left)} of them later" if self._left else ""
        pages = f"{count} page{'' if count == 1 else 's'} to render{later}"
        documents = f"{found.documents} document{'' if found.documents == 1 else 's'}"
        what = _told(found.changed) if found.changed else documents
        self._console.say(f"{_now()} {what}: {pages}; {seconds:.2f} s")

    def _report(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        """Each problem once, as long as it lasts."""
        self._console.show([item for item in diagnostics if item not in self._reported])
        self._reported = frozenset(diagnostics)


def _now() -> str:
    return time.strftime("%H:%M:%S")


def _told(changed: Changed) -> str:
    parts = ((changed.edited, "changed"), (changed.new, "new"), (changed.gone, "gone"))
    return "; ".join(f"{_named(paths)} {word}" for paths, word in parts if paths)


def _named(paths: tuple[str, ...]) -> str:
    more = len(paths) - _SHOWN_FILES
    return ", ".join(paths[:_SHOWN_FILES]) + (f" and {more} more" if more > 0 else "")


def _listener(place: Place, console: Console) -> socket.socket:
    """A socket at the wanted port, or at the next free one. Raises ConfigurationError."""
    try:
        family, _, _, _, address = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise _unusable(f"--host {place.host}", error) from None
    if place.host not in _LOOPBACK:
        console.say(
            f"warning: --host {place.host} lets others on the network read this site, drafts and internal"
            " documents included"
        )
    for port in range(place.port, min(place.port + PORTS_TRIED, 65_536)):
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((address[0], port))
            listener.listen(1)
        except OSError as error:
            listener.close()
            last = error
            continue
        if port != place.port:
            console.say(f"port {place.port} is taken; this is port {port}")
        return listener
    raise _unusable(f"--port {place.port}", last)


def _unusable(option: str, error: OSError) -> ConfigurationError:
    message = f"cannot be used: {error.strerror or error}"
    return ConfigurationError(diagnose("E501", option, START, message, "choose another one"))


def _address(listener: socket.socket, host: str, preview: Preview | None) -> str:
    name = "localhost" if host in ("0.0.0.0", "::") else host
    name = f"[{name}]" if ":" in name else name
    return f"http://{name}:{listener.getsockname()[1]}{preview.base if preview else '/'}"
