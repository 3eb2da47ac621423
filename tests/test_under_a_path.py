"""A site at `/`, at `/repo/` and deeper: links, the page for missing addresses, redirects, and what others are told of it."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, unquote, urldefrag, urljoin, urlsplit
from urllib.request import urlopen
from xml.etree import ElementTree

import pytest
from playwright.sync_api import sync_playwright
from selectolax.lexbor import LexborHTMLParser

from tests.sites import ARCHIVE, build_site, tree, write_files
from tests.test_browser import Watched, chromium

PATHS = ["/", "/repo/", "/a/b%20c/"]
ODD = """
-- content/2024-06-06-odd.md --
---
title: 'A </script><script>alert(1)</script> & "quotes" \u2028 <b>'
summary: "x </script> y"
severity: SEV1
services: ["R&D <web>"]
authors: ["</script>"]
aliases: [é ü, old/deep/page.html]
number: "PM 2"
---
Text.
"""


class PagesHandler(SimpleHTTPRequestHandler):
    """Answers as GitHub Pages do: below one path, and with 404.html wherever nothing is."""

    prefix = "/"

    def translate_path(self, path: str) -> str:
        path = urlsplit(path).path
        inside = path.removeprefix(self.prefix) if path.startswith(self.prefix) else "outside/of/the/site"
        return super().translate_path("/" + inside)

    def send_error(self, code: int, *_: Any) -> None:
        body = (Path(self.directory) / "404.html").read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        pass


@contextmanager
def served(folder: Path, path: str, archive: str = ARCHIVE + ODD, **given: Any) -> Iterator[str]:
    """The site's address below a path of a server that knows it as its base URL; without a slash at the end."""
    handler = type("Handler", (PagesHandler,), {"prefix": path})
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder / "site")))
    base = f"http://127.0.0.1:{server.server_port}{path}".rstrip("/")
    assert build_site(write_files(folder, archive), base_url=base, **given).changes is not None
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield base
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def fetched(url: str) -> tuple[int, bytes]:
    try:
        with urlopen(url) as answer:
            return answer.status, answer.read()
    except HTTPError as error:
        with error:
            return error.code, error.read()


@pytest.mark.parametrize("path", PATHS)
def test_every_link_of_every_kind_of_file_arrives(tmp_path: Path, path: str) -> None:
    """Breadth first from the home page, the sitemap, the feeds and the JSON, as a reader and a crawler would go."""
    with served(tmp_path, path) as base:
        sitemap = ElementTree.fromstring(fetched(f"{base}/sitemap.xml")[1])
        queue = [f"{base}/", *(item.text or "" for item in sitemap.iter("{*}loc"))]
        queue += [
            f"{base}/{item['url']}" for item in json.loads(fetched(f"{base}/incidents.json")[1])["incidents"]
        ]
        for name in tree(tmp_path / "site"):
            if name.endswith("feed.xml"):
                atom = ElementTree.fromstring((tmp_path / "site" / name).read_bytes())
                queue += [link.get("href", "") for link in atom.iter("{*}link")]
        seen: dict[str, int] = {}
        while queue:
            url = urldefrag(queue.pop())[0]
            if url in seen or not url.startswith("http://127.0.0.1"):
                continue
            assert url.startswith(f"{base}/"), f"leads out of the site: {url}"
            seen[url], content = fetched(url)
            assert seen[url] == 200, url
            if url.endswith(("/", ".html")):
                queue += [urljoin(url, link) for link in links(content)]
        # Every page is reached, but for redirects, which nothing in the site needs.
        pages = {
            name
            for name, content in tree(tmp_path / "site").items()
            if name.endswith(".html") and b'http-equiv="refresh"' not in content
        }
        reached = {unquote(url.removeprefix(f"{base}/")) for url in seen}
        reached |= {f"{url}index.html" for url in reached}
        assert pages - reached <= {"404.html"}


def links(content: bytes) -> list[str]:
    page = LexborHTMLParser(content)
    return [node.attributes[name] or "" for name in ("href", "src") for node in page.css(f"[{name}]")]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("missing", ["x", "incidents/x/", "incidents/2024-01-10-first/x/y/z.html"])
def test_the_page_for_missing_addresses_leads_home_from_any_depth(
    tmp_path: Path, path: str, missing: str
) -> None:
    with served(tmp_path, path) as base:
        code, content = fetched(f"{base}/{missing}")
        assert code == 404 and b"Page not found" in content
        assert links(content) == [f"{base}/"] and fetched(f"{base}/")[0] == 200
        assert b"<style>" in content and b"stylesheet" not in content


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("incidents/old-first/", "incidents/2024-01-10-first/"),
        ("incidents/pm-1/", "incidents/2024-01-10-first/"),
        ("incidents/é-ü/", "incidents/2024-06-06-odd/"),
        ("old/deep/page.html", "incidents/2024-06-06-odd/"),
        ("incidents/pm-2/", "incidents/2024-06-06-odd/"),
    ],
)
@pytest.mark.parametrize("path", PATHS)
def test_former_addresses_lead_to_the_incident(tmp_path: Path, path: str, old: str, new: str) -> None:
    with served(tmp_path, path) as base:
        code, content = fetched(f"{base}/{quote(old)}")
        page = LexborHTMLParser(content)
        (refresh,) = [node.attributes["content"] or "" for node in page.css("meta[http-equiv=refresh]")]
        target = urljoin(f"{base}/{quote(old)}", refresh.removeprefix("0; url="))
        assert code == 200 and target == f"{base}/{new}index.html" and fetched(target)[0] == 200
        assert [node.attributes["href"] for node in page.css("link[rel=canonical]")] == [f"{base}/{new}"]
        assert page.css_first("meta[name=robots]").attributes["content"] == "noindex"


def meta(content: bytes) -> dict[str, str]:
    page = LexborHTMLParser(content)
    return {
        node.attributes["property"] or "": node.attributes["content"] or ""
        for node in page.css("meta[property]")
    }


def graph(content: bytes) -> list[dict[str, Any]]:
    (script,) = re.findall(rb'<script type="application/ld\+json">(.*?)</script>', content, re.DOTALL)
    assert not re.search(rb"[<>&]|\xe2\x80[\xa8\xa9]", script)
    value = json.loads(script)
    assert value["@context"] == "https://schema.org"
    found: list[dict[str, Any]] = value["@graph"]
    return found


def test_what_others_are_told_of_an_incident(tmp_path: Path) -> None:
    build_site(write_files(tmp_path, ARCHIVE))
    base = "https://example.org/pm"
    content = (tmp_path / "site/incidents/2024-01-10-first/index.html").read_bytes()
    url = f"{base}/incidents/2024-01-10-first/"
    assert meta(content) == {
        "og:type": "article",
        "og:site_name": "Small archive",
        "og:title": "First outage",
        "og:description": "Everything was down.",
        "og:url": url,
    }
    article, way = graph(content)
    assert article == {
        "@type": "TechArticle",
        "headline": "First outage",
        "description": "Everything was down.",
        "url": url,
        "inLanguage": "en",
        "datePublished": "2024-01-10",
        "dateModified": "2024-01-10",
        "author": [{"@type": "Person", "name": "A. Writer"}],
    }
    assert way["@type"] == "BreadcrumbList"
    assert [(item["position"], item["name"], item["item"]) for item in way["itemListElement"]] == [
        (1, "Home", f"{base}/"),
        (2, "Incidents", f"{base}/incidents/"),
        (3, "First outage", url),
    ]


def test_every_page_says_where_it_is(tmp_path: Path) -> None:
    """One canonical address, the same one for others, and breadcrumbs that end at the page itself."""
    build_site(write_files(tmp_path, ARCHIVE + ODD))
    for name, content in tree(tmp_path / "site").items():
        if not name.endswith("index.html") or b'http-equiv="refresh"' in content:
            continue
        page = LexborHTMLParser(content)
        (canonical,) = [node.attributes["href"] for node in page.css("link[rel=canonical]")]
        assert unquote(canonical or "") == f"https://example.org/pm/{name.removesuffix('index.html')}"
        assert meta(content)["og:url"] == canonical
        last = graph(content)[-1]
        assert (
            last["url"] if last["@type"] == "WebSite" else last["itemListElement"][-1]["item"]
        ) == canonical
        assert (last["@type"] == "WebSite") is (name == "index.html")


def test_without_an_address_nothing_is_claimed(tmp_path: Path) -> None:
    build_site(write_files(tmp_path, ARCHIVE.replace("base_url: https://example.org/pm\n", "")))
    for name, content in tree(tmp_path / "site").items():
        assert b"og:" not in content and b"ld+json" not in content, name


@pytest.mark.parametrize("audience", ["public", "internal", "restricted"])
def test_only_public_builds_may_be_indexed(tmp_path: Path, audience: str) -> None:
    archive = ARCHIVE.replace(
        "title: Small archive\n", "title: Small archive\ndefaults: {visibility: public}\n"
    )
    build_site(write_files(tmp_path, archive), audience=audience, output="out")
    pages = [
        content
        for name, content in tree(tmp_path / "out").items()
        if name.endswith("index.html") and b'http-equiv="refresh"' not in content
    ]
    assert {b'<meta name="robots" content="noindex">' in content for content in pages} == {
        audience != "public"
    }
    robots = (tmp_path / "out/robots.txt").read_text()
    assert ("Disallow: /" in robots) is (audience != "public")


def test_the_policy_of_a_page_has_nothing_against_its_data(tmp_path: Path) -> None:
    """In a real browser, below a path: no violation, no script of a document's making, and the data as it was written."""
    with served(tmp_path, "/repo/") as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        watched = Watched(browser.new_page())
        dialogs: list[str] = []
        watched.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        watched.page.goto(f"{base}/incidents/2024-06-06-odd/", wait_until="networkidle")
        text = watched.page.locator('script[type="application/ld+json"]').text_content()
        title = watched.page.locator("h1").first.text_content()
        faults = [
            *watched.faults
        ]  # a redirect names no icon, and a browser may ask for /favicon.ico meanwhile
        watched.page.goto(f"{base}/incidents/old-first/")
        watched.page.wait_for_url(f"{base}/incidents/2024-01-10-first/index.html")
        browser.close()
    assert faults == [] and dialogs == []
    article = json.loads(text or "")["@graph"][0]
    assert article["headline"] == (title or "").strip() and "</script><script>" in article["headline"]
    assert article["author"] == [{"@type": "Person", "name": "</script>"}]


# What `aliases:` may say, or `number:` beside them, and the page that leads on to the incident.
MOVED = [
    ("old-id", "incidents/old-id/index.html"),
    ("Old Id 2", "incidents/old-id-2/index.html"),
    ("/slash/", "incidents/slash/index.html"),
    ("été", "incidents/été/index.html"),
    ("障害", "incidents/障害/index.html"),
    ("old/way.html", "old/way.html"),
    ("/old/way2.html", "old/way2.html"),
    ("old/way3.htm", "old/way3.html"),
    ("old/folder/", "old/folder/index.html"),
    ("old/folder2", "old/folder2/index.html"),
    ("Deep/Path/To It/", "deep/path/to-it/index.html"),
    ("page.html", "page.html"),
    ("a/./b/", "a/b/index.html"),
    ("../../up/", "up/index.html"),
    ("../above.html", "above.html"),
    ("2024/01/10/", "2024/01/10/index.html"),
    ("post_mortem-1", "incidents/post-mortem-1/index.html"),
    ("a&b <c>", "incidents/a-b-c/index.html"),
    ("100%/x/", "100/x/index.html"),
    ("PM-2024/7.html", "pm-2024/7.html"),
]


def test_twenty_former_addresses_lead_on(tmp_path: Path) -> None:
    assert len(MOVED) == 20
    aliases = json.dumps([alias for alias, _ in MOVED], ensure_ascii=False)
    front = f"title: Moved\nseverity: SEV1\nnumber: PM2024-007\naliases: {aliases}\n"
    write_files(tmp_path, f"-- content/2024-01-10-new.md --\n---\n{front}---\nText.\n")
    build_site(tmp_path)
    site = tmp_path / "site"
    for path in [*(path for _, path in MOVED), "incidents/pm2024-007/index.html"]:
        page = LexborHTMLParser((site / path).read_bytes())
        (refresh,) = page.css('meta[http-equiv="refresh"]')
        for address in (
            (refresh.attributes["content"] or "").partition("url=")[2],
            page.css("a")[0].attributes["href"] or "",
        ):
            assert (site / path).parent.joinpath(unquote(address)).resolve() == (
                site / "incidents/2024-01-10-new/index.html"
            ), path
