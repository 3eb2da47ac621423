"""What browsers are told: which build is shown, and what is wrong. Each message says all of it, so none can be missed."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_urlsafe

from pmsite.diagnostics import Diagnostic
from pmsite.serve.preview import Preview

SCRIPT = Path(__file__).with_name("live.js")
PREFIX = "/__pmsite/"
_PING = 15.0
_MAX_PROBLEMS = 50
_POLICY = re.compile(
    rb'(<meta[^>]*http-equiv="Content-Security-Policy"[^>]*content=")([^"]*)(")', re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as the overlay shows it: `lines` are those around it, `first` the number of the first of them."""

    diagnostic: Diagnostic
    first: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What is shown now.

    `pages` is the number of the build that last changed a page, `styles` of the one that last changed a style sheet: a
    browser that shows an older one is behind.
    """

    preview: Preview | None = None
    pages: int = 0
    styles: int = 0
    problems: tuple[Problem, ...] = ()

    def message(self) -> str:
        problems = [
            {
                "code": f"{item.diagnostic.code} {item.diagnostic.name}",
                "place": f"{item.diagnostic.path}:{item.diagnostic.line}:{item.diagnostic.column}",
                "line": item.diagnostic.line,
                "column": item.diagnostic.column,
                "message": item.diagnostic.message,
                "hint": item.diagnostic.hint,
                "first": item.first,
                "lines": item.lines,
            }
            for item in self.problems[:_MAX_PROBLEMS]
        ]
        more = max(0, len(self.problems) - _MAX_PROBLEMS)
        return json.dumps({"pages": self.pages, "styles": self.styles, "problems": problems, "more": more})


@dataclass(slots=True)
class Live:
    """Tells every connected browser what is shown. To be used in the server's thread only."""

    shown: Shown = field(default_factory=Shown)
    token: str = field(default_factory=lambda: token_urlsafe(24))
    clients: int = 0
    is_closed: bool = False
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def show(self, shown: Shown) -> None:
        self.shown = shown
        self._wake()

    def close(self) -> None:
        self.is_closed = True
        self._wake()

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def stream(self) -> AsyncIterator[str]:
        """Server-sent events: what is shown, at once and whenever it changes.

        https://html.spec.whatwg.org/multipage/server-sent-events.html
        """
        self.clients += 1
        told = ""
        try:
            yield "retry: 500\n\n"
            while not self.is_closed:
                if (message := self.shown.message()) != told:
                    told = message
                    yield f"data: {message}\n\n"
                    continue
                try:
                    await asyncio.wait_for(self._news.wait(), _PING)
                except TimeoutError:
                    yield ": still here\n\n"
        finally:
            self.clients -= 1


def with_script(html: bytes, shown: Shown, token: str) -> bytes:
    """A page with the script that keeps it current, and with leave for that script in the page's policy."""
    tag = (
        f'<script src="{PREFIX}live.js" data-pages="{shown.pages}" data-styles="{shown.styles}"'
        f' data-token="{token}" defer></script>'
    ).encode()
    html = _POLICY.sub(lambda found: found[1] + _allowing(found[2]) + found[3], html, count=1)
    before, head, after = html.partition(b"</head>")
    return before + tag + head + after


def _allowing(policy: bytes) -> bytes:
    """A Content-Security-Policy that lets scripts of the server itself run and connect to it.

    https://www.w3.org/TR/CSP3/
    """
    directives: dict[bytes, list[bytes]] = {}
    for directive in policy.split(b";"):
        name, _, sources = directive.strip().partition(b" ")
        if name:
            directives.setdefault(name, sources.split())
    for name in (b"script-src", b"connect-src", b"worker-src"):
        known = directives.get(name) or directives.get(b"default-src", [])
        others = [source for source in known if source not in (b"'none'", b"'self'")]
        directives[name] = [b"'self'", *others]
    return b"; ".join(b" ".join([name, *sources]) for name, sources in directives.items())
