"""Pages in a real browser: nothing from elsewhere, no violation, readable at any width, in both modes and on paper."""

import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import axe_core_python
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from .sites import ARCHIVE, build_site, problems, tree, write_files

AXE = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
KINDS = {
    "home": "index.html",
    "incidents": "incidents/index.html",
    "incident": "incidents/2024-01-10-first/index.html",
    "incident without metadata": "incidents/2025-09-09-fourth/index.html",
    "draft": "incidents/2025-07-01-third/index.html",
    "years": "years/index.html",
    "year": "years/2024/index.html",
    "quarter": "years/2024/q1/index.html",
    "severities": "severity/index.html",
    "severity": "severity/sev1/index.html",
    "impact": "impact/availability/index.html",
    "causes": "causes/index.html",
    "cause": "causes/configuration/index.html",
    "trigger": "triggers/deployment/index.html",
    "factor": "factors/no-staged-rollout/index.html",
    "service": "services/web/index.html",
    "team": "teams/platform/index.html",
    "tag": "tags/dns/index.html",
    "insights": "insights/index.html",
    "latest quarter": "quarter/index.html",
    "actions": "actions/index.html",
    "backlog": "backlog/index.html",
    "plain page": "pages/about/index.html",
    "not found": "404.html",
}
# Odd content: a long title, words that do not break, many services, right-to-left and CJK, no day known, ten seconds.
ODD = """
-- content/2024-04-01-odd.md --
---
title: {long}
severity: SEV33
started: 2024-04-01T10:00:00Z
resolved: 2024-04-01T10:00:10Z
services: [{services}]
summary: {word}
---
# عنوان 障害報告

{word}

| {word} | b | c | d | e | f |
|---|---|---|---|---|---|
| 1 | 2 | 3 | 4 | 5 | 6 |

    {word}{word}
""".format(
    long="A title that goes on and on " * 7,
    services=", ".join(f"service-number-{number}" for number in range(40)),
    word="Donaudampfschifffahrtsgesellschaftskapitaen" * 3,
)


def chromium() -> str | None:
    names = (
        "chromium-headless-shell",
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
    )
    return next((path for name in names if (path := shutil.which(name))), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module", params=["default", "paper"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_files(tmp_path_factory.mktemp("archive"), ARCHIVE + ODD)
    report = build_site(folder, theme=request.param)
    assert report.ok, problems(report)
    return folder / "site"


class Watched:
    """A page whose errors, violations and requests are noted."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults: list[str] = []
        page.on("console", lambda message: self._note(message.type in ("error", "warning"), message.text))
        page.on("pageerror", lambda error: self._note(True, str(error)))
        # A page that is left or closed aborts what it was loading.
        page.on(
            "requestfailed",
            lambda request: self._note(request.failure != "net::ERR_ABORTED", f"failed: {request.url}"),
        )
        page.on(
            "request",
            lambda request: self._note(
                not request.url.startswith(("file://", "data:", "http://127.0.0.1")),
                f"elsewhere: {request.url}",
            ),
        )

    def _note(self, is_fault: bool, text: str) -> None:
        if is_fault:
            self.faults.append(text)


def violations(page: Page) -> list[str]:
    """What axe-core finds on a page in the mode it is shown in, and what of colours it finds in the dark."""
    page.evaluate(AXE)
    found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
    page.emulate_media(color_scheme="dark")
    found += page.evaluate("axe.run({resultTypes: ['violations'], runOnly: ['cat.color']})")["violations"]
    return [f"{violation['id']}: {violation['nodes'][0]['html'][:120]}" for violation in found]


def test_pages_are_accessible_and_quiet(browser: Browser, site: Path) -> None:
    """axe-core finds nothing in either mode, the console says nothing, and no request leaves.

    Modes differ in colours alone, so what does not depend on colours is looked for once.
    """
    context = browser.new_context(color_scheme="light", viewport={"width": 1280, "height": 900})
    found = {}
    for kind, path in KINDS.items():
        watched = Watched(context.new_page())
        watched.page.goto((site / path).as_uri())
        if faults := violations(watched.page) + watched.faults:
            found[kind] = faults
        watched.page.close()
    context.close()
    assert found == {}


def test_nothing_is_wider_than_a_narrow_screen(browser: Browser, site: Path) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 640})
    page = context.new_page()
    wide = {}
    for path in [*KINDS.values(), "incidents/2024-04-01-odd/index.html"]:
        page.goto((site / path).as_uri())
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > 320:
            wide[path] = width
    context.close()
    assert wide == {}


def test_an_incident_fits_on_paper(browser: Browser, site: Path) -> None:
    """Printed on A4 (at 96 px an inch, 794 px wide less margins) nothing is cut off at the side."""
    context = browser.new_context(viewport={"width": 718, "height": 1000})
    page = context.new_page()
    page.emulate_media(media="print")
    page.goto((site / KINDS["incident"]).as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 718
    assert page.pdf(format="A4").startswith(b"%PDF")
    context.close()


def test_without_javascript_pages_read_whole(browser: Browser, site: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((site / KINDS["incident"]).as_uri())
    text = page.inner_text("main")
    for part in (
        "First outage",
        "All users saw errors",
        "The alert fires",
        "A change went out",
        "Roll out in stages",
    ):
        assert part in text
    context.close()


def test_the_mode_can_be_chosen_and_is_kept(browser: Browser, site: Path) -> None:
    context = browser.new_context(color_scheme="light")
    page = context.new_page()
    page.goto((site / KINDS["incident"]).as_uri())
    light = page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
    button = page.locator("button[data-pm-mode]")
    button.click()
    button.click()
    dark = page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
    page.reload()
    kept = page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
    context.close()
    assert light != dark
    assert dark == kept


TIMES = """
-- content/2024-07-09-web.md --
---
title: Web
started: 2024-07-09T22:30:00Z
resolved: 2024-07-09T23:10:00Z
timeline: [{at: 2024-07-09T22:30:00Z, event: It begins}, {at: ~2024-07-09T23:00:00Z, event: It ends}]
---
Text.
-- content/2024-07-10-prose.md --
# Prose

## Timeline

- 2024-07-10 10:30 UTC: it begins
- 2024-07-10 11:10 UTC: it ends
"""


def test_times_can_be_read_on_the_readers_clock_too(browser: Browser, tmp_path: Path) -> None:
    write_files(tmp_path, TIMES)
    build_site(tmp_path)
    context = browser.new_context(timezone_id="Asia/Tokyo")
    page = context.new_page()
    page.goto((tmp_path / "site/incidents/2024-07-09-web/index.html").as_uri())
    button = page.locator("button[data-pm-zones]")
    written = page.locator("main").inner_text()
    assert button.inner_text() == "Times: as written"
    button.click()
    assert button.inner_text() == "Times: with yours (Asia/Tokyo)"
    found = page.locator(".pm-elsewhere").all_inner_texts()
    assert found == [
        "10 Jul, 07:30 GMT+9",
        "10 Jul, 08:10 GMT+9",
        "10 Jul, 07:30 GMT+9",
        "≈ 10 Jul, 08:00 GMT+9",
    ]
    button.click()
    assert page.locator("main").inner_text() == written
    button.click()
    page.goto((tmp_path / "site/incidents/2024-07-10-prose/index.html").as_uri())
    assert button.inner_text() == "Times: with yours (Asia/Tokyo)"  # the choice is kept
    assert page.locator(".pm-prose li").all_inner_texts() == [
        "2024-07-10 10:30 UTC (19:30 GMT+9): it begins",
        "2024-07-10 11:10 UTC (20:10 GMT+9): it ends",
    ]
    button.click()
    assert page.locator(".pm-prose li").first.inner_text() == "2024-07-10 10:30 UTC: it begins"
    context.close()


def test_times_that_are_the_readers_already_have_no_choice(browser: Browser, tmp_path: Path) -> None:
    write_files(tmp_path, TIMES)
    build_site(tmp_path)
    context = browser.new_context(timezone_id="UTC")
    page = context.new_page()
    page.goto((tmp_path / "site/incidents/2024-07-09-web/index.html").as_uri())
    assert page.locator("button[data-pm-zones]").is_hidden()
    context.close()


@pytest.fixture(scope="module")
def address(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The site below a path of a web server, as on a project's GitHub Pages."""
    root = tmp_path_factory.mktemp("www")
    shutil.copytree(site, root / "some" / "path")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(root)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/some/path/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_reader_walks_through_the_site(browser: Browser, address: str) -> None:
    """By date, by impact, by cause: from the home page to an incident and on to the next, below a path."""
    context = browser.new_context()
    watched = Watched(context.new_page())
    page = watched.page
    page.goto(address)
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Years").click()
    page.get_by_role("link", name="2024", exact=True).first.click()
    title = page.get_by_role("heading", level=1)
    expect(title).to_have_text("2024")
    page.get_by_role("link", name="First outage").first.click()
    expect(title).to_have_text("First outage")
    page.get_by_role("link", name="Configuration", exact=True).first.click()
    expect(title).to_have_text("Configuration")
    page.get_by_role("link", name="Second outage").first.click()
    expect(title).to_have_text("Second outage")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Action items").click()
    expect(page.locator("main")).to_contain_text("Roll out in stages")
    context.close()
    assert watched.faults == []


HOSTILE = """
-- pmsite.yaml --
title: "<script>alert(1)</script>"
-- content/2024-01-01-hostile.md --
---
title: "<img src=x onerror=alert(1)>"
severity: "<svg onload=alert(1)>"
summary: "\\"><script>alert(1)</script>"
services: ["<b onmouseover=alert(1)>x</b>"]
tags: ["</title><script>alert(1)</script>"]
impact: "</script><script>alert(1)</script>"
resolution: "javascript:alert(1)"
timeline: [{at: 2024-01-01 10:00, event: "<iframe src=javascript:alert(1)>"}]
action_items: [{title: "<script>alert(1)</script>", ticket: "javascript:alert(1)", owner: "<style>*{display:none}</style>"}]
---
<script>alert(1)</script><img src=x onerror=alert(1)><svg onload=alert(1)></svg>
<a href="javascript:alert(1)">a</a> [b](javascript:alert(1)) [c](data:text/html,<script>alert(1)</script>)
<iframe src="javascript:alert(1)"></iframe><form action="javascript:alert(1)"><button>x</button></form>
<details open ontoggle=alert(1)>x</details><math><mi xlink:href="javascript:alert(1)">x</mi></math>
<style>@import url(https://evil.example/x.css)</style><base href="https://evil.example/">
![x](https://evil.example/pixel.png "\\" onerror=alert(1)")

```"><script>alert(1)</script>
<script>alert(1)</script>
```
"""


def test_nothing_that_a_document_says_runs(browser: Browser, tmp_path: Path) -> None:
    write_files(tmp_path, HOSTILE)
    report = build_site(tmp_path, drafts=True)
    assert report.ok, problems(report)
    context = browser.new_context()
    dialogs = []
    for path, content in tree(tmp_path / "site").items():
        if not path.endswith(".html") or b'http-equiv="refresh"' in content:
            continue
        watched = Watched(context.new_page())
        watched.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        watched.page.goto((tmp_path / "site" / path).as_uri())
        watched.page.evaluate(
            "document.querySelectorAll('a[href^=javascript]').forEach(link => link.click())"
        )
        assert watched.faults == [], path
        watched.page.close()
    context.close()
    assert dialogs == []
