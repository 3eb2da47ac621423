"""The server: addresses to bytes for browsers on this machine, and nothing for anybody else."""

import ipaddress
import re
from collections.abc import Awaitable, Callable
from secrets import compare_digest
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pmsite.serve.live import PREFIX, SCRIPT, Live, Shown, with_script
from pmsite.serve.preview import Preview
from pmsite.site.render import ProseMissing
from pmsite.site.templates import PageError

TYPES = {
    "html": "text/html; charset=utf-8",
    "htm": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "tsv": "text/tab-separated-values; charset=utf-8",
    "xml": "application/xml",
    "ics": "text/calendar; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "log": "text/plain; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "avif": "image/avif",
    "ico": "image/x-icon",
    "pdf": "application/pdf",
    "mp4": "video/mp4",
    "webm": "video/webm",
    "woff2": "font/woff2",
    "wasm": "application/wasm",
    "zip": "application/zip",
    "gz": "application/gzip",
}
_HOST = re.compile(r"(?:\[(?P<six>[0-9a-f:.]+)\]|(?P<name>[a-z0-9.-]+))(?::\d{1,5})?")
HEADERS = {
    b"cache-control": b"no-store",
    b"x-content-type-options": b"nosniff",
    # Other sites may neither read pages, nor include their data as scripts or images, nor frame them.
    b"cross-origin-resource-policy": b"same-origin",
    b"x-frame-options": b"SAMEORIGIN",
    b"referrer-policy": b"same-origin",
}
_NOT_YET = (
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    '<meta name="color-scheme" content="light dark">\n<title>{title}</title>\n'
    "<style>body {{ max-width: 36rem; margin: 12vh auto; padding: 0 1.5rem; font: 1.0625rem/1.55 system-ui, sans-serif }}"
    "</style>\n</head>\n<body>\n<h1>{title}</h1>\n<p>{text}</p>\n</body>\n</html>\n"
)


def application(live: Live, host: str, broken: Callable[[Exception], None]) -> Starlette:
    """The server's application. `broken` is called when a page turns out to lack what it is made from."""

    async def stream(request: Request) -> Response:
        if not compare_digest(request.query_params.get("token", "").encode(), live.token.encode()):
            return PlainTextResponse("wrong token\n", 403)
        if request.method == "HEAD":
            return Response(media_type="text/event-stream")
        return StreamingResponse(live.stream(), media_type="text/event-stream")

    async def script(_request: Request) -> Response:
        return Response(await run_in_threadpool(SCRIPT.read_bytes), headers={"content-type": TYPES["js"]})

    async def page(request: Request) -> Response:
        shown = live.shown
        if shown.preview is None:
            text = "The site has errors; nothing has been built yet."
            return _html(_NOT_YET.format(title="Not built yet", text=text).encode(), 503, shown, live.token)
        try:
            return await _answer(shown, shown.preview, request.scope["path"], live.token)
        except (PageError, ProseMissing) as error:
            broken(error)
            text = "This page is being built again."
            return _html(_NOT_YET.format(title="A moment", text=text).encode(), 503, shown, live.token)

    return Starlette(
        routes=[
            Route(f"{PREFIX}live", stream),
            Route(f"{PREFIX}live.js", script),
            Route("/{path:path}", page),
        ],
        middleware=[Middleware(Guard, host=host)],
    )


async def _answer(shown: Shown, preview: Preview, path: str, token: str) -> Response:
    if path + "/" == preview.base or (path == "/" and preview.base != "/"):
        return RedirectResponse(quote(preview.base), 302)
    inside = path.removeprefix(preview.base) if path.startswith(preview.base) else None
    status = 200
    if inside is not None and (inside == "" or inside.endswith("/")):
        inside += "index.html"
    elif inside is not None and f"{inside}/index.html" in preview:
        return RedirectResponse(quote(f"{path}/"), 302)
    content = await run_in_threadpool(preview.content, inside) if inside is not None else None
    if content is None or inside is None:
        inside, status = "404.html", 404
        content = await run_in_threadpool(preview.content, inside) or b"not found\n"
    ending = inside.rpartition(".")[2].lower()
    if ending in ("html", "htm"):
        return _html(content, status, shown, token)
    return Response(content, status, {"content-type": TYPES.get(ending, "application/octet-stream")})


def _html(content: bytes, status: int, shown: Shown, token: str) -> Response:
    return Response(with_script(content, shown, token), status, {"content-type": TYPES["html"]})


class Guard:
    """Lets through only what this machine's browser asks for on its own account.

    A name that leads to this machine without being one of its own is an attack by DNS rebinding; a foreign `Origin`, or
    another site that includes something of this one, an attack from a page that is open beside the preview.
    """

    def __init__(self, app: ASGIApp, host: str) -> None:
        self._app = app
        self._names = {"localhost", host.strip("[]").lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        refusal = self._refusal(scope)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                names = {name.lower() for name, _ in message["headers"]}
                extra = [(name, value) for name, value in HEADERS.items() if name not in names]
                message = {**message, "headers": [*message["headers"], *extra]}
            await send(message)

        answer: Callable[[Scope, Receive, Send], Awaitable[None]] = refusal or self._app
        await answer(scope, receive, guarded)

    def _refusal(self, scope: Scope) -> Response | None:
        if scope["method"] not in ("GET", "HEAD"):
            return PlainTextResponse("only GET and HEAD\n", 405, {"allow": "GET, HEAD"})
        given: dict[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            given.setdefault(name, []).append(value)
        hosts = given.get(b"host", [])
        if len(hosts) != 1 or not self._is_own(hosts[0].decode("latin-1")):
            return PlainTextResponse("unknown host\n", 421)
        own = b"http://" + hosts[0]
        if any(origin.lower() != own.lower() for origin in given.get(b"origin", [])):
            return PlainTextResponse("foreign origin\n", 403)
        site = given.get(b"sec-fetch-site", [b"none"])[0]
        mode = given.get(b"sec-fetch-mode", [b"navigate"])[0]
        if site not in (b"none", b"same-origin") and mode != b"navigate":
            return PlainTextResponse("foreign site\n", 403)
        return None

    def _is_own(self, host: str) -> bool:
        """An address by number is never a matter of DNS; of names, those of this machine alone are its own."""
        found = _HOST.fullmatch(host.lower())
        if found is None:
            return False
        name = (found["six"] or found["name"]).removesuffix(".")
        if name in self._names or name.endswith(".localhost"):
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True
