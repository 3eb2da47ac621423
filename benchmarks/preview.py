"""How long after a save a browser is told: `pmsite serve` beside `hugo server`, on the same documents.

`python -m benchmarks.preview [--size 10000] [--edits 30] [--pmsite PATH] [--hugo PATH]`
"""

import argparse
import http.client
import json
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, Queue
from statistics import median, quantiles

from benchmarks import measure, tools
from benchmarks.generate import generate
from benchmarks.run import machine
from benchmarks.tools import HUGO_SITE, STATIC_FILES, Workplace

PATIENCE = 600.0
"""Seconds until a server that says nothing is given up."""
_QUIET = 0.5
_IDLE_SHARE = 0.1


class Heard:
    """The moments at which a connected client was told that something changed."""

    def __init__(self) -> None:
        self._moments: Queue[float] = Queue()

    def now(self) -> None:
        self._moments.put(time.perf_counter())

    def next(self) -> float:
        try:
            return self._moments.get(timeout=PATIENCE)
        except Empty:
            raise SystemExit("no event came") from None

    def forget(self) -> None:
        with suppress(Empty):
            while True:
                self._moments.get_nowait()


def hear_pmsite(port: int, heard: Heard) -> None:
    """Listen to server-sent events, as the preview's script does."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("GET", "/")
    token = re.search(rb'data-token="([\w-]+)"', connection.getresponse().read())
    if token is None:
        raise SystemExit("the preview's pages have no token")
    connection.request("GET", f"/__pmsite/live?token={token[1].decode()}")
    answer, last = connection.getresponse(), None

    def listen() -> None:
        nonlocal last
        with suppress(OSError, ValueError, http.client.HTTPException):
            for line in answer:
                if line.startswith(b"data: "):
                    told = json.loads(line[6:])
                    shown = (told["pages"], told["styles"])
                    if last is not None and shown != last:
                        heard.now()
                    last = shown

    threading.Thread(target=listen, daemon=True).start()


def hear_hugo(port: int, heard: Heard) -> None:
    """Listen to LiveReload's messages: a WebSocket (RFC 6455) whose frames are JSON texts."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    connection.sendall(
        f"GET /livereload HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: cG1zaXRlIGJlbmNobWFyaw==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    stream = connection.makefile("rb")
    while stream.readline().strip():
        pass  # the answer's headers

    def listen() -> None:
        with suppress(OSError, ValueError, struct.error):
            while True:
                _, size = struct.unpack("!BB", stream.read(2))
                if size == 126:
                    (size,) = struct.unpack("!H", stream.read(2))
                elif size == 127:
                    (size,) = struct.unpack("!Q", stream.read(8))
                if b'"reload"' in stream.read(size):
                    heard.now()

    threading.Thread(target=listen, daemon=True).start()


def settle(pid: int) -> None:
    """Wait until a server has nothing more to do."""
    before = measure.cpu_of(pid)
    while True:
        time.sleep(_QUIET)
        after = measure.cpu_of(pid)
        if after - before < _IDLE_SHARE * _QUIET:
            return
        before = after


Edit = Callable[[int], None]
"""Saves a change; the number says which one."""


def edits(place: Workplace, template: Path, style: Path) -> dict[str, Edit]:
    """What an author does, on another document each time."""
    documents = sorted((place.archive / "content").iterdir())

    def document(number: int) -> Path:
        return documents[(number * 7919 + len(documents) // 2) % len(documents)]

    def body(number: int) -> None:
        path = document(number)
        path.write_text(f"{path.read_text()}\nSentence {number} was added here.\n")

    def title(number: int) -> None:
        path = document(number)
        path.write_text(path.read_text().replace("\ntitle: ", f"\ntitle: Revised {number} times, ", 1))

    def severity(number: int) -> None:
        path = document(number)
        path.write_text(re.sub(r"\nseverity: SEV(\d)", _other_severity, path.read_text(), count=1))

    def layout(number: int) -> None:
        text = re.sub(r"<p>edit \d+</p>", f"<p>edit {number + 1}</p>", template.read_text())
        template.write_text(text)

    def css(number: int) -> None:
        style.write_text(f"{style.read_text()}\n.edit-{number} {{ color: red }}\n")

    return {"body": body, "title": title, "severity": severity, "template": layout, "style sheet": css}


def _other_severity(found: "re.Match[str]") -> str:
    return f"\nseverity: SEV{int(found[1]) % 3 + 1}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _running(command: list[str], port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """A server that answers, until the end of the block."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + PATIENCE
        while True:
            with suppress(OSError, http.client.HTTPException):
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
                connection.request("GET", "/")
                if connection.getresponse().status == 200:
                    break
            if process.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"does not serve: {' '.join(command)}")
            time.sleep(0.1)
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()
        process.wait()


def measured(
    command: list[str], port: int, hear: Callable[[int, Heard], None], changes: dict[str, Edit], count: int
) -> tuple[dict[str, list[float]], list[int]]:
    """Seconds from save to event for each kind of edit, and the server's bytes before the edits and after each kind."""
    with _running(command, port) as process:
        heard = Heard()
        hear(port, heard)
        settle(process.pid)
        memory = [measure.memory_of(process.pid)]
        found: dict[str, list[float]] = {}
        for name, change in changes.items():
            for number in range(count + 1):  # the first one warms up
                heard.forget()
                begun = time.perf_counter()
                change(number)
                found.setdefault(name, []).append(heard.next() - begun)
                settle(process.pid)
            memory.append(measure.memory_of(process.pid))
            print(f"{Path(command[0]).name}: {name}", file=sys.stderr)  # it takes minutes
        return {name: seconds[1:] for name, seconds in found.items()}, memory


def of_pmsite(pmsite: str, place: Workplace, count: int) -> tuple[dict[str, list[float]], list[int]]:
    templates, static = place.archive / "templates", place.archive / "static"
    templates.mkdir()
    static.mkdir()
    template, style = templates / "incident.html", static / "style.css"
    template.write_text(
        '{% extends "!parent/incident.html" %}\n{% block content %}{{ super() }}<p>edit 0</p>{% endblock %}\n'
    )
    shutil.copy(STATIC_FILES / "style.css", style)
    port = _free_port()
    command = [pmsite, "serve", "-c", str(place.archive / "pmsite.yaml"), "--port", str(port)]
    return measured(command, port, hear_pmsite, edits(place, template, style), count)


def of_hugo(hugo: str, place: Workplace, count: int) -> tuple[dict[str, list[float]], list[int]]:
    source, static = place.folder / "hugo", place.folder / "static"
    shutil.copytree(HUGO_SITE, source)
    shutil.copytree(STATIC_FILES, static)
    template = source / "layouts" / "incidents" / "page.html"
    template.write_text(template.read_text().replace("</article>", "<p>edit 0</p></article>", 1))
    place.write_mounts(static)
    port = _free_port()
    command = [
        hugo,
        "server",
        f"--source={source}",
        f"--config=hugo.yaml,{place.hugo_mounts}",
        f"--cacheDir={place.folder / 'hugo-cache'}",
        f"--port={port}",
        "--renderToMemory",
        "--noBuildLock",
    ]
    return measured(command, port, hear_hugo, edits(place, template, static / "style.css"), count)


def report(name: str, found: dict[str, list[float]], memory: list[int]) -> str:
    """Medians and 95th percentiles in milliseconds, and megabytes."""
    lines = [f"{name:8}{'median ms':>12}{'p95 ms':>10}{'memory MB':>12}"]
    lines.append(f"  {'start':16}{'':>14}{memory[0] / 1e6:>12,.0f}")
    for (kind, seconds), size in zip(found.items(), memory[1:], strict=True):
        high = quantiles(seconds, n=20)[-1] if len(seconds) > 1 else seconds[0]
        lines.append(f"  {kind:16}{median(seconds) * 1000:>4.0f}{high * 1000:>10.0f}{size / 1e6:>12,.0f}")
    return "\n".join(lines)


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.preview", description=__doc__)
    parser.add_argument(
        "--size", type=int, default=10_000, help="number of postmortems (default: %(default)s)"
    )
    parser.add_argument(
        "--edits", type=int, default=30, help="timed edits of each kind (default: %(default)s)"
    )
    parser.add_argument("--pmsite", default=tools.find_pmsite(), help="the pmsite command")
    parser.add_argument("--hugo", default=tools.find_hugo(), help="the Hugo binary")
    return parser.parse_args()


def main() -> None:
    given = _given()
    print(machine(given.pmsite, given.hugo))
    print(
        f"\n{given.size:,} postmortems, {given.edits} edits of each kind, from saved to a connected client told\n"
    )
    for name, command, of in (("pmsite", given.pmsite, of_pmsite), ("Hugo", given.hugo, of_hugo)):
        if not command:
            print(f"{name} is not installed.")
            continue
        with tempfile.TemporaryDirectory(prefix="pmsite-bench-") as folder:
            place = Workplace(Path(folder))
            generate(place.archive, given.size)
            print(report(name, *of(command, place, given.edits)), flush=True)
    sys.exit(0)


if __name__ == "__main__":
    main()
