"""Nothing internal reaches a public site: canaries in 25 places, each in six shapes, looked for in the decoded bytes.

The same decoding finds every canary in the internal site, so that what it does not find is not there.
"""

import base64
import binascii
import gzip
import html
import json
import re
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, expect

from .sites import build_site, tree
from .test_browser import browser  # noqa: F401  a fixture

IN_INTERNAL_DOCUMENTS = (
    "title", "summary", "body", "heading", "code block", "link", "number", "timeline event", "action item", "ticket",
    "owner in the file of tickets", "tag", "service", "configured owner of the service", "root cause", "file name",
    "attachment name", "attachment content",
)  # fmt: skip
IN_PUBLIC_DOCUMENTS = ("internal block", "author", "owner", "link of a public document", "related incident")
PLACES = (*IN_INTERNAL_DOCUMENTS, *IN_PUBLIC_DOCUMENTS, "draft", "plain page")


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


SHAPES: dict[str, Callable[[str], str]] = {
    "plain": str,
    "base64": lambda word: _base64(f"xx{word}xx".encode()),
    "gzip": lambda word: _base64(gzip.compress(word.encode(), mtime=0)),
    "escapes": lambda word: "".join(f"\\u{ord(letter):04x}" for letter in word),
    "entities": lambda word: "".join(f"&#{ord(letter)};" for letter in word),
    "tags": lambda word: f"{word[:4]}<b>{word[4:7]}<i>{word[7:]}",
}
_WORD = re.compile(r"zqkanari\d\d\dvx")


def canary(place: str, shape: str) -> str:
    """Letters that stand nowhere else, and the numbers of a place and a shape."""
    return f"zqkanari{PLACES.index(place):02d}{list(SHAPES).index(shape)}vx"


WORDS = {(place, shape): canary(place, shape) for place in PLACES for shape in SHAPES}


def readings(content: bytes) -> Iterator[str]:
    """A file in every way that somebody might read it: unpacked, unescaped, without tags, one after the other."""
    if content.startswith(b"\x1f\x8b"):
        content = gzip.decompress(content)
    waiting, seen = [(content.decode("utf-8", "replace"), 4)], set()
    while waiting:
        text, depth = waiting.pop()
        if text in seen:
            continue
        seen.add(text)
        yield text
        yield from _unpacked(text)
        if depth:
            waiting += [(way, depth - 1) for way in _ways(text)]


def _ways(text: str) -> Iterator[str]:
    yield html.unescape(text)
    yield re.sub(r"</?[a-zA-Z][^<>]*>", "", text)
    yield re.sub(r"\\+u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
    yield re.sub(r"%([0-9a-fA-F]{2})", lambda found: chr(int(found[1], 16)), text)


def _unpacked(text: str) -> Iterator[str]:
    for run in set(re.findall(r"[\w+/-]{16,}", text, re.ASCII)):
        run = run.translate(str.maketrans("-_", "+/"))
        for start in {0, 1, 2, 3, run.find("H4sI")} - {-1}:
            with suppress(binascii.Error, ValueError, OSError, EOFError, zlib.error):
                packed = base64.b64decode(run[start : start + (len(run) - start) // 4 * 4])
                packed += base64.b64decode(run[start + len(packed) // 3 * 4 :] + "==")
                yield packed.decode("latin-1")
                yield zlib.decompressobj(31).decompress(packed).decode("latin-1")


def found(folder: Path) -> set[tuple[str, str]]:
    """The canaries that are anywhere in a site's files or their names, in any capitals."""
    seen: set[str] = set()
    for path, content in tree(folder).items():
        for reading in (*readings(content), *readings(path.encode())):
            seen.update(_WORD.findall(reading.casefold()))
    return {place for place, word in WORDS.items() if word in seen}


def write_site(folder: Path) -> None:
    """For each shape an internal document that holds it everywhere, and what public documents hide."""
    config = [
        "base_url: https://example.org/pm",
        "source_url: https://example.org/source/{path}",
        "tickets: tickets.csv",
        "internal_fields: [authors, owners, links, tickets, source]",
        "services:",
    ]
    tickets = ["Key,Status,Assignee"]
    content = folder / "content"
    (content / "pages").mkdir(parents=True)
    (content / "index.md").write_text("---\nvisibility: public\n---\nWelcome.\n")
    for number, shape in enumerate(SHAPES):
        form = {place: SHAPES[shape](canary(place, shape)) for place in PLACES}
        text = {place: json.dumps(value) for place, value in form.items()}
        config.append(f"  {text['service']}: {{owner: {text['configured owner of the service']}}}")
        tickets.append(f"T-{number},open,{form['owner in the file of tickets']}")
        if shape == "gzip":
            attachment = f"{form['attachment name']}.gz"
            (content / attachment).write_bytes(gzip.compress(canary("attachment content", shape).encode()))
        else:
            attachment = f"{form['attachment name']}.txt"
            (content / attachment).write_text(form["attachment content"])
        (content / f"2024-01-0{number + 1}-{form['file name']}.md").write_text(f"""---
title: {text["title"]}
visibility: internal
summary: {text["summary"]}
id: zqslug-id-{number}
aliases: [zqslug-alias-{number}, zqslug-{number}/way.html]
number: {text["number"]}
services: [{text["service"]}]
tags: [{text["tag"]}]
root_cause: {text["root cause"]}
links: [{{label: {text["link"]}, url: https://example.org/x}}]
timeline: [{{at: 2024-01-01 10:00, event: {text["timeline event"]}}}]
action_items:
  - {{title: {text["action item"]}, status: open, due: 2026-12-24, ticket: {text["ticket"]}}}
  - {{title: Another one, ticket: T-{number}}}
---
## About {form["heading"]}

{form["body"]} and [{form["attachment name"]}]({quote(attachment)})

```yaml
key: {form["code block"]}
```
""")
        (content / f"related-{number}.md").write_text(
            f"---\ntitle: {text['related incident']}\nid: {text['related incident']}\nseverity: SEV1\n---\nText.\n"
        )
        (content / f"2024-02-0{number + 1}-public.md").write_text(f"""---
title: Public {number}
visibility: public
severity: SEV2
authors: [{text["author"]}]
action_items: [{{title: Do it, owner: {text["owner"]}, status: open, due: 2026-12-24}}]
links: [{{label: {text["link of a public document"]}, url: https://example.org/y}}]
related: [{{id: {text["related incident"]}}}]
---
Before. See [that one](related-{number}.md) and [the file name](2024-01-0{number + 1}-{quote(form["file name"])}.md).

- an item
  <!-- internal -->
  {form["internal block"]}
  <!-- /internal -->
- another
""")
        (content / f"2024-03-0{number + 1}-draft.md").write_text(
            f"---\ntitle: Draft\nvisibility: public\nstatus: draft\nseverity: SEV3\n---\n{form['draft']}\n"
        )
        (content / f"pages/page-{number}.md").write_text(f"# A page\n\n{form['plain page']}\n")
    (folder / "pmsite.yaml").write_text("\n".join(config) + "\n")
    (folder / "tickets.csv").write_text("\n".join(tickets) + "\n")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("canaries")
    write_site(folder)
    return folder


def test_there_are_150_of_them() -> None:
    assert (len(PLACES), len(SHAPES), len(set(WORDS.values()))) == (25, 6, 150)


def test_the_internal_site_holds_every_canary(site: Path) -> None:
    report = build_site(site, search=True)
    assert report.ok, report.diagnostics
    assert sorted(WORDS.keys() - found(site / "site")) == []
    assert {"incidents/zqslug-id-0", "incidents/zqslug-alias-0", "zqslug-0"} <= _folders(site / "site")


def test_the_public_site_holds_none(site: Path) -> None:
    report = build_site(site, audience="public", search=True)
    assert report.ok, report.diagnostics
    assert len(tree(site / "site-public")) > 20
    assert sorted(found(site / "site-public")) == []
    assert not any(
        b"zqslug" in path.encode() + content for path, content in tree(site / "site-public").items()
    )


def _folders(folder: Path) -> set[str]:
    return {path.rpartition("/")[0] for path in tree(folder)}


_SEARCH = """async words => {
  const index = await import("./../search/all/pagefind.js");
  const found = [];
  for (const word of words) if ((await index.search(`"${word}"`)).results.length) found.push(word);
  return found;
}"""


@pytest.fixture
def address(site: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_shipped_search_answers_for_internal_readers_only(
    site: Path,
    address: str,
    browser: Browser,  # noqa: F811
) -> None:
    """Every word, asked in a browser of the index that is published; and by the page that readers use."""
    for output, audience in (("site", "internal"), ("site-public", "public")):
        if not (site / output).exists():
            build_site(site, audience=audience, search=True, output=output)
    page = browser.new_page()
    plain = {place: canary(place, "plain") for place in PLACES}
    page.goto(f"{address}/site/incidents/index.html")
    answered = set(page.evaluate(_SEARCH, list(WORDS.values())))
    assert {
        plain[place] for place in ("body", "heading", "code block", "internal block", "draft")
    } <= answered
    page.goto(f"{address}/site-public/incidents/index.html")
    assert page.evaluate(_SEARCH, ["Public", *WORDS.values()]) == ["Public"]
    page.goto(f"{address}/site-public/incidents/index.html?q={plain['body']}")
    expect(page.get_by_role("status")).to_have_text("Nothing in 6 documents")
    page.close()
