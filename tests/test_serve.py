"""The preview server: real processes, real files, real connections."""

import os
import random
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .serving import Client, Server, serving
from .sites import ARCHIVE, ROOT, build_site, pmsite, tree, write_files
from .test_rounds import FIRST, Edits, clean_build

FIRST_PAGE = "incidents/2024-01-10-first/"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return write_files(tmp_path / "archive", ARCHIVE)


@pytest.fixture
def server(archive: Path) -> Iterator[Server]:
    with serving(archive) as server:
        yield server


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    client = Client(server)
    client.next()
    yield client
    client.close()


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose files nobody changes."""
    with serving(write_files(tmp_path_factory.mktemp("still") / "archive", ARCHIVE)) as server:
        yield server


def append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


class TestWhatIsServed:
    def test_every_file_as_it_is_built(self, still: Server, tmp_path: Path) -> None:
        archive = write_files(tmp_path / "archive", ARCHIVE)
        build_site(archive)
        site = tree(archive / "site")
        assert len(site) > 50
        assert [path for path, content in site.items() if not still.is_like({path: content})] == []

    def test_below_the_base_path(self, still: Server) -> None:
        assert still.base == "/pm/"
        for path in ("/", "/pm"):
            status, headers, _ = still.get(path)
            assert (status, headers["location"]) == (302, "/pm/")
        assert still.get("/incidents/")[0] == 404

    def test_a_folder_leads_to_its_page(self, still: Server) -> None:
        status, headers, _ = still.get("incidents")
        assert (status, headers["location"]) == (302, "/pm/incidents/")

    @pytest.mark.parametrize(
        ("path", "kind"),
        [
            ("", "text/html; charset=utf-8"),
            ("assets/style.css", "text/css; charset=utf-8"),
            ("assets/page.js", "text/javascript; charset=utf-8"),
            ("assets/icon.svg", "image/svg+xml"),
            ("incidents.json", "application/json"),
            ("incidents.csv", "text/csv; charset=utf-8"),
            ("feed.xml", "application/xml"),
            ("robots.txt", "text/plain; charset=utf-8"),
            ("/__pmsite/live.js", "text/javascript; charset=utf-8"),
        ],
    )
    def test_types_and_headers(self, still: Server, path: str, kind: str) -> None:
        status, headers, body = still.get(path)
        assert (status, headers["content-type"]) == (200, kind)
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert not [name for name in headers if name.startswith("access-control")]
        again, same, nothing = still.get(path, "HEAD")
        assert (again, nothing) == (200, b"")
        assert same["content-length"] == str(len(body))

    def test_what_is_not_there(self, still: Server) -> None:
        status, headers, body = still.get("nothing/")
        assert (status, headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert b"Page not found" in body

    def test_queries_do_not_matter(self, still: Server) -> None:
        assert still.get("assets/style.css?pm=3")[0] == 200


# Requests that must give nothing away: what they ask for, in every spelling that has worked somewhere.
SECRETS = ("pmsite.yaml", "content/index.md", ".pmsite/internal/cache.sqlite", "etc/passwd")
WAYS = (
    "/../{}", "/pm/../{}", "/pm/../../../../../../../{}", "/pm/%2e%2e/{}", "/pm/%2e%2e%2f{}", "/pm/..%2f{}",
    "/pm/%252e%252e/{}", "/pm/..%5c{}", "/pm/..\\{}", "/pm/assets/../../{}", "/pm//{}", "//{}", "/pm/./{}",
    "/pm/files/content/../../{}", "/@fs/{}", "/pm/{}?raw", "/pm/{}%00.html", "/{}#x", "file:///{}", "{}",
)  # fmt: skip
HOSTILE = [
    *(f"GET {way.format(secret)} HTTP/1.1\r\nHost: localhost\r\n\r\n" for way in WAYS for secret in SECRETS),
    "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /pm/ HTTP/1.1\r\n\r\n",
    "GET /pm/ HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
    *(
        f"GET /pm/ HTTP/1.1\r\nHost: {host}\r\n\r\n"
        for host in (
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.nip.io",
            "localhost@evil",
            "",
            "[::1",
            "a b",
        )
    ),
    *(
        f"GET /pm/ HTTP/1.1\r\nHost: localhost\r\nOrigin: {origin}\r\n\r\n"
        for origin in (
            "http://evil.example",
            "null",
            "https://localhost",
            "http://localhost:1",
            "http://localhost.evil",
        )
    ),
    "GET /pm/incidents.json HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n\r\n",
    *(
        f"{method} /pm/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
        for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get")
    ),
    "GET /__pmsite/live HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /__pmsite/live?token=x HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /__pmsite/live?token=%C3%A9 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /__pmsite/../server.py HTTP/1.1\r\nHost: localhost\r\n\r\n",
    f"GET /{'a' * 100_000} HTTP/1.1\r\nHost: localhost\r\n\r\n",
    f"GET /pm/ HTTP/1.1\r\nHost: localhost\r\nX: {'a' * 100_000}\r\n\r\n",
    "GET /pm/ HTTP/1.1\r\nHost: localhost\r\n" + "X: a\r\n" * 20_000 + "\r\n",
    "\0\0\0\0",
    "GET\r\n\r\n",
    "GET /pm/ HTTP/9.9\r\nHost: localhost\r\n\r\n",
    "GET /pm/\0 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /pm/ HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nZZZ",
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
]


def test_hostile_requests_get_nothing(still: Server) -> None:
    assert len(HOSTILE) > 100
    for request in HOSTILE:
        answer = still.raw(request.encode("latin-1"))
        head, _, body = answer.partition(b"\r\n\r\n")
        assert not answer or head.split(b" ")[1][:1] in b"34", (request[:200], head)
        if b" 404 " not in head.partition(b"\r\n")[0]:
            assert len(body) < 200, (request[:200], answer[:400])
        assert b"title: Small archive" not in answer and b"root:" not in answer and b"SQLite" not in answer
        assert b"access-control" not in answer.lower()
    assert still.get("")[0] == 200
    assert "Traceback" not in still.text


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:99", "127.0.0.1", "[::1]:8000", "x.localhost", "10.1.2.3"]
)
def test_own_names_are_served(still: Server, host: str) -> None:
    assert still.get("", Host=host)[0] == 200
    assert still.get("", Host=host, Origin=f"http://{host}")[0] == 200


def test_the_stream_needs_the_token(still: Server) -> None:
    assert still.get("/__pmsite/live")[0] == 403
    assert still.get(f"/__pmsite/live?token={still.token}", "HEAD")[0] == 200


class TestEdits:
    def test_a_save_is_told_and_served(self, archive: Path, server: Server, client: Client) -> None:
        begun = client.last["pages"]
        append(archive / FIRST, "\nOne more sentence.\n")
        told = client.until(lambda told: told["pages"] > begun)
        assert told["problems"] == []
        assert b"One more sentence." in server.get(FIRST_PAGE)[2]
        server.wait_for_line(rf"{FIRST} changed: 1 page to render")

    def test_a_style_sheet_is_told_apart(self, archive: Path, server: Server, client: Client) -> None:
        begun = dict(client.last)
        write_files(archive, "-- static/style.css --\nbody { margin: 1px }\n")
        told = client.until(lambda told: told["styles"] > begun["styles"])
        assert told["pages"] == begun["pages"]
        assert server.get("assets/style.css")[2] == b"body { margin: 1px }\n"

    def test_reading_and_other_files_cause_no_build(self, archive: Path, client: Client) -> None:
        for name in ("content/.first.swp", "content/first.md~", "content/_x.md", ".git/HEAD", "other.txt"):
            write_files(archive, f"-- {name} --\nx\n")
        for path in archive.rglob("*.md"):
            path.read_bytes()
        build_site(archive)
        assert client.is_quiet(3)

    def test_a_burst_of_saves_is_one_build(self, archive: Path, server: Server, client: Client) -> None:
        begun = client.last["pages"]
        for number in range(40):
            append(archive / FIRST, f"\nSentence {number}.\n")
            (archive / f"content/2025-01-01-n{number}.md").write_text(f"# Outage {number}\n\n## Timeline\n")
        site = clean_build(archive)
        assert site is not None
        server.wait_until_like(site)
        while not client.is_quiet(2):
            pass
        assert begun < client.last["pages"] <= begun + 2

    def test_a_save_during_a_build_is_one_more(self, archive: Path, server: Server, client: Client) -> None:
        begun = client.last["pages"]
        append(archive / FIRST, "\nOne.\n")
        client.until(lambda told: told["pages"] == begun + 1)
        append(archive / FIRST, "\nTwo.\n")
        client.until(lambda told: told["pages"] == begun + 2)
        assert b"<p>Two.</p>" in server.get(FIRST_PAGE)[2]
        assert client.is_quiet(3)

    @pytest.mark.parametrize("editor", ["vim", "vscode", "jetbrains", "sed"])
    def test_editors_save_in_their_ways(
        self, archive: Path, server: Server, client: Client, editor: str
    ) -> None:
        path, begun = archive / FIRST, client.last["pages"]
        text = path.read_text(encoding="utf-8") + "\nAnother sentence.\n"
        if editor == "vim":
            (path.parent / "4913").touch()
            (path.parent / "4913").unlink()
            path.rename(f"{path}~")
            path.write_text(text, encoding="utf-8")
            Path(f"{path}~").unlink()
        elif editor == "vscode":
            with path.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        elif editor == "jetbrains":
            Path(f"{path}___jb_tmp___").write_text(text, encoding="utf-8")
            path.rename(f"{path}___jb_old___")
            Path(f"{path}___jb_tmp___").rename(path)
            Path(f"{path}___jb_old___").unlink()
        else:
            subprocess.run(["sed", "-i", "$aAnother sentence.", str(path)], check=True)
        client.until(lambda told: told["pages"] > begun and b"Another sentence." in server.get(FIRST_PAGE)[2])

    def test_the_content_folder_goes_and_comes(self, archive: Path, server: Server, client: Client) -> None:
        shutil.move(archive / "content", archive / "away")
        told = client.until(lambda told: told["problems"])
        assert "does not exist" in told["problems"][0]["message"]
        assert server.get(FIRST_PAGE)[0] == 200
        shutil.copytree(archive / "away", archive / "content")
        client.until(lambda told: not told["problems"])
        begun = client.last["pages"]
        append(archive / FIRST, "\nAfter the move.\n")
        client.until(lambda told: told["pages"] > begun)
        assert b"After the move." in server.get(FIRST_PAGE)[2]

    def test_random_edits(self, archive: Path, server: Server) -> None:
        edits = Edits(archive, random.Random().randrange(10**9))
        for _ in range(int(os.environ.get("PMSITE_ROUNDS", "5"))):
            for _ in range(edits.random.randrange(1, 4)):
                edits.step()
            while edits.broken is not None:
                edits.step()
            site = clean_build(archive)
            if site is not None:
                server.wait_until_like(site)


class TestErrors:
    def test_a_broken_document_and_its_mending(self, archive: Path, server: Server, client: Client) -> None:
        path, page = archive / FIRST, server.get(FIRST_PAGE)[2]
        good = path.read_text(encoding="utf-8")
        for number in range(3):
            path.write_text(
                good.replace("severity: SEV1", f"severity: SEV1\nstarted: {number}-02-31"), encoding="utf-8"
            )
            problem = client.until(lambda told: told["problems"])["problems"][0]
            assert problem["place"].startswith(FIRST)
            assert problem["lines"][problem["line"] - problem["first"]].startswith("started:")
            assert problem["hint"]
            assert server.get(FIRST_PAGE)[2] == page
            path.write_text(good, encoding="utf-8")
            client.until(lambda told: not told["problems"])
        assert server.text.count("-->") == 3

    def test_a_broken_template_and_a_broken_configuration(
        self, archive: Path, server: Server, client: Client
    ) -> None:
        write_files(archive, "-- templates/home.html --\n{{ nothing.at.all }}\n")
        assert (
            client.until(lambda told: told["problems"])["problems"][0]["place"] == "templates/home.html:1:1"
        )
        (archive / "templates/home.html").unlink()
        client.until(lambda told: not told["problems"])
        good = (archive / "pmsite.yaml").read_text(encoding="utf-8")
        append(archive / "pmsite.yaml", "page_size: none\n")
        problem = client.until(lambda told: told["problems"])["problems"][0]
        assert problem["place"].startswith("pmsite.yaml:")
        (archive / "pmsite.yaml").write_text(good.replace("Small archive", "Large archive"), encoding="utf-8")
        client.until(lambda told: not told["problems"])
        assert b"Large archive" in server.get("")[2]

    def test_errors_from_the_beginning(self, archive: Path) -> None:
        good = (archive / FIRST).read_text(encoding="utf-8")
        (archive / FIRST).write_text("---\ntitle: [\n---\n", encoding="utf-8")
        with serving(archive) as server:
            status, _, body = server.get("/")
            assert status == 503 and b"live.js" in body
            client = Client(server)
            assert client.next()["problems"]
            (archive / FIRST).write_text(good, encoding="utf-8")
            client.until(lambda told: not told["problems"])
            assert server.get("/pm/")[0] == 200
            client.close()

    def test_text_of_documents_does_not_steer_the_terminal(
        self, archive: Path, server: Server, client: Client
    ) -> None:
        append(archive / "pmsite.yaml", 'theme: "\\e[31mred"\n')
        assert "\x1b" not in str(client.until(lambda told: told["problems"]))
        assert "\x1b" not in server.text


class TestConnections:
    def test_fifty_clients_hear_all(self, archive: Path, server: Server) -> None:
        clients = [Client(server) for _ in range(50)]
        begun = max(client.next()["pages"] for client in clients)
        append(archive / FIRST, "\nFor all.\n")
        for client in clients:
            client.until(lambda told: told["pages"] > begun)
            client.close()
        late = Client(server)
        assert late.next()["pages"] > begun
        late.close()

    @pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
    @pytest.mark.usefixtures("client")
    def test_it_stops_with_clients_connected(self, server: Server, how: int) -> None:
        assert server.stop(how) == 0
        assert "Traceback" not in server.text

    def test_a_taken_port(self, archive: Path) -> None:
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen(1)
            port = other.getsockname()[1]
            with serving(archive, "--port", str(port)) as server:
                assert server.port > port
                server.wait_for_line(f"port {port} is taken; this is port {server.port}")

    def test_a_warning_for_others_on_the_network(self, archive: Path) -> None:
        with serving(archive, "--host", "0.0.0.0") as server:
            server.wait_for_line(r"warning: --host 0\.0\.0\.0 lets others")
            assert server.get("")[0] == 200

    def test_polling(self, archive: Path) -> None:
        with serving(archive, "--poll") as server:
            client = Client(server)
            begun = client.next()["pages"]
            append(archive / FIRST, "\nSeen by looking.\n")
            client.until(lambda told: told["pages"] > begun)
            client.close()

    def test_an_address_that_cannot_be_used(self, archive: Path) -> None:
        done = pmsite("serve", "--host", "256.1.1.1", cwd=archive)
        assert done.returncode == 2 and "--host 256.1.1.1" in done.stderr

    def test_a_browser_is_opened(self, archive: Path, tmp_path: Path) -> None:
        browser = tmp_path / "browser"
        browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n', encoding="utf-8")
        browser.chmod(0o755)
        with serving(archive, "--open", BROWSER=str(browser)) as server:
            while not (opened := tmp_path / "opened").exists() or not opened.read_text():
                assert server.process.poll() is None
            assert opened.read_text(encoding="utf-8").strip() == server.url


def test_new_opens_the_editor(archive: Path, tmp_path: Path) -> None:
    editor = tmp_path / "my editor"
    editor.write_text('#!/bin/sh\necho "edited $1" >> "$2"\n', encoding="utf-8")
    editor.chmod(0o755)
    done = pmsite("new", "It broke", "--edit", cwd=archive, VISUAL=f"'{editor}' twice", EDITOR="false")
    assert done.returncode == 0, done.stderr
    assert Path(archive, done.stdout.strip()).read_text(encoding="utf-8").endswith("edited twice\n")
    for given in ({"EDITOR": ""}, {"EDITOR": "/nothing/here"}):
        done = pmsite("new", f"Again {given}", "--edit", cwd=archive, **{"VISUAL": "", **given})
        assert done.returncode == 2 and "--edit" in done.stderr


def test_the_dependencies_are_imported_when_needed() -> None:
    again = pmsite("--help", cwd=ROOT, PYTHONPROFILEIMPORTTIME="1")
    names = {line.rpartition("|")[2].strip() for line in again.stderr.splitlines()}
    assert not names & {"uvicorn", "starlette", "watchdog", "jinja2", "asyncio", "pydantic"}
