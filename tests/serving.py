"""`pmsite serve` as a process of its own, and a client that hears what browsers are told."""

import http.client
import json
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pmsite.serve.live import Shown, with_script

from .sites import ROOT

PATIENCE = 60
_TAG = re.compile(
    rb'<script src="/__pmsite/live\.js" data-pages="(\d+)" data-styles="(\d+)" data-token="([\w-]+)" defer>'
)


class Server:
    """A running server: its port, its base path, and every line that it printed."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.lines: list[str] = []
        self._printed = threading.Condition()
        for stream in (process.stdout, process.stderr):
            threading.Thread(target=self._read, args=(stream,), daemon=True).start()
        address = self.wait_for_line(r"serving http://(\S+?):(\d+)(/\S*)")
        self.host, self.port, self.base = address[1].strip("[]"), int(address[2]), address[3]

    def _read(self, stream: Any) -> None:
        for line in stream:
            with self._printed:
                self.lines.append(line.rstrip("\n"))
                self._printed.notify_all()

    def wait_for_line(self, pattern: str) -> "re.Match[str]":
        end = time.monotonic() + PATIENCE
        with self._printed:
            while True:
                for line in self.lines:
                    if (found := re.search(pattern, line)) is not None:
                        return found
                left = end - time.monotonic()
                assert left > 0 and self.process.poll() is None, "\n".join(self.lines)
                self._printed.wait(min(left, 0.5))

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.base}"

    def get(self, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body; `path` is below the base path unless it begins with a slash."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            where = path if path.startswith("/") else f"{self.base}{path}"
            connection.request(
                method, where, headers={name.replace("_", "-"): value for name, value in headers.items()}
            )
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def raw(self, request: bytes) -> bytes:
        """Everything that the server answers to some bytes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as connection:
            with suppress(OSError):
                connection.sendall(request)
                connection.shutdown(socket.SHUT_WR)
            parts = []
            with suppress(OSError):
                while part := connection.recv(65_536):
                    parts.append(part)
            return b"".join(parts)

    @property
    def token(self) -> str:
        found = _TAG.search(self.get("")[2])
        assert found is not None
        return found[3].decode()

    def is_like(self, site: dict[str, bytes]) -> bool:
        """Whether what is served is what was built, the script aside."""
        return all(self._serves(path, content) for path, content in site.items())

    def _serves(self, path: str, content: bytes) -> bool:
        if path == "404.html":
            status, _, body = self.get("nothing/here")
            return status == 404 and body == _with_same_script(content, body)
        status, _, body = self.get(path.removesuffix("index.html"))
        return status == 200 and body == (
            _with_same_script(content, body) if path.endswith(".html") else content
        )

    def wait_until_like(self, site: dict[str, bytes]) -> None:
        end = time.monotonic() + PATIENCE
        while not self.is_like(site):
            assert time.monotonic() < end, [
                path for path, content in site.items() if not self._serves(path, content)
            ]
            time.sleep(0.1)

    def stop(self, how: int = signal.SIGINT) -> int:
        self.process.send_signal(how)
        return self.process.wait(PATIENCE)


def _with_same_script(content: bytes, body: bytes) -> bytes:
    found = _TAG.search(body)
    assert found is not None, body[:2000]
    return with_script(content, Shown(None, int(found[1]), int(found[2])), found[3].decode())


@contextmanager
def serving(folder: Path, *options: str, search: bool = False, **environment: str) -> Iterator[Server]:
    """A server in a folder, without full text unless `search` is set."""
    options = options if search else (*options, "--no-search")
    process = subprocess.Popen(
        [sys.executable, "-m", "pmsite", "serve", "--port", "0", "--now", "2026-11-01", *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield Server(process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


class Client:
    """A browser's stream: what it was told, in order."""

    def __init__(self, server: Server) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
        self._connection.request("GET", f"/__pmsite/live?token={server.token}")
        self._answer = self._connection.getresponse()
        self.status = self._answer.status
        self._told: queue.Queue[dict[str, Any]] = queue.Queue()
        self.last: dict[str, Any] = {}
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        with suppress(Exception):
            for line in self._answer:
                if line.startswith(b"data: "):
                    self._told.put(json.loads(line[6:]))
        self._answer.close()

    def next(self, timeout: float = PATIENCE) -> dict[str, Any]:
        self.last = self._told.get(timeout=timeout)
        return self.last

    def until(self, condition: Any) -> dict[str, Any]:
        """The first message, from the last one on, of which something is true."""
        while not (self.last and condition(self.last)):
            self.next()
        return self.last

    def is_quiet(self, seconds: float) -> bool:
        """Whether nothing is told for a while."""
        try:
            self.next(seconds)
        except queue.Empty:
            return True
        return False

    def close(self) -> None:
        with suppress(OSError):
            if self._connection.sock is not None:
                self._connection.sock.shutdown(socket.SHUT_RDWR)
        self._thread.join(PATIENCE)
        self._connection.close()
