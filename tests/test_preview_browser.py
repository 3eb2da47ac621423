"""The preview in a real browser: pages reload, styles change in place, errors lie above the page and go away."""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright

from .serving import Client, Server, serving
from .sites import ARCHIVE, write_files
from .test_browser import chromium
from .test_rounds import FIRST
from .test_serve import FIRST_PAGE, append


def wait_for(page: Page, expression: str, wanted: object) -> None:
    """Until an expression has a value; pages' policy forbids to evaluate text in them."""
    value = None
    for _ in range(600):
        with suppress(Error):  # the page is being loaded
            value = page.evaluate(expression)
        if value == wanted:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{expression} is {value}, not {wanted}")


IS_SEEN = """() => {
    const all = [...document.querySelectorAll('p')];
    const place = all.find(p => p.textContent === 'Paragraph 100 of many.').getBoundingClientRect();
    return place.top >= 0 && place.bottom <= innerHeight;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    archive = write_files(tmp_path_factory.mktemp("preview") / "archive", ARCHIVE)
    append(archive / FIRST, "\n".join(f"\nParagraph {number} of many.\n" for number in range(200)))
    with serving(archive) as server:
        server.archive = archive  # type: ignore[attr-defined]
        yield server


@pytest.fixture
def archive(server: Server) -> Path:
    return server.archive  # type: ignore[attr-defined, no-any-return]


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, server: Server) -> Page:
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(server.url + FIRST_PAGE)
    return page


def test_a_save_reloads_the_page_where_it_is(page: Page, archive: Path) -> None:
    page.get_by_text("Paragraph 100 of many.").scroll_into_view_if_needed()
    assert page.evaluate("scrollY") > 500
    append(archive / FIRST, "\nThe last sentence.\n")
    page.get_by_text("The last sentence.").wait_for(state="attached")
    wait_for(page, IS_SEEN, True)


def test_styles_change_without_reloading(page: Page, archive: Path) -> None:
    page.evaluate("window.kept = true")
    write_files(archive, "-- static/style.css --\nbody { margin-left: 77px }\n")
    wait_for(page, "getComputedStyle(document.body).marginLeft", "77px")
    write_files(archive, "-- static/style.css --\nbody { margin-left: 78px }\n")
    wait_for(page, "getComputedStyle(document.body).marginLeft", "78px")
    wait_for(page, "document.querySelectorAll('link[rel=stylesheet]').length", 1)
    assert page.evaluate("window.kept") is True
    shutil.rmtree(archive / "static")


def test_an_error_lies_above_the_page_until_it_is_mended(page: Page, archive: Path, tmp_path: Path) -> None:
    good = (archive / FIRST).read_text(encoding="utf-8")
    evil = "<img src=x onerror=window.evil=1>"
    (archive / FIRST).write_text(
        good.replace("severity: SEV1", f'severity: SEV1\nstarted: "{evil}"'), encoding="utf-8"
    )
    overlay = page.locator("pm-preview section")
    overlay.wait_for()
    text = overlay.inner_text()
    assert f"{FIRST}:" in text and "help:" in text and evil in text and "E10" in text
    assert page.evaluate("window.evil") is None
    assert overlay.locator("h1").inner_text() == "1 error"
    page.keyboard.press("Escape")
    overlay.wait_for(state="detached")
    assert page.get_by_role("heading", name="First outage").first.is_visible()
    (archive / FIRST).write_text("---\ntitle: [\n---\n", encoding="utf-8")
    overlay.wait_for()
    (archive / FIRST).write_text(good, encoding="utf-8")
    overlay.wait_for(state="detached")


def test_a_page_that_does_not_exist_yet(page: Page, archive: Path, server: Server) -> None:
    page.goto(f"{server.url}incidents/2025-10-10-new/")
    assert "Page not found" in page.inner_text("h1")
    write_files(
        archive, "-- content/2025-10-10-new.md --\n---\ntitle: A new one\nseverity: SEV2\n---\nText.\n"
    )
    page.get_by_role("heading", name="A new one").first.wait_for()


def test_many_tabs_share_a_connection_and_all_reload(
    context: BrowserContext, archive: Path, server: Server
) -> None:
    pages = [context.new_page() for _ in range(12)]
    for page in pages:
        page.goto(server.url + FIRST_PAGE)
    append(archive / FIRST, "\nSeen in every tab.\n")
    for page in pages:
        page.get_by_text("Seen in every tab.").wait_for(state="attached", timeout=60_000)


def test_a_hidden_page_closes_the_stream_and_catches_up(page: Page, archive: Path, server: Server) -> None:
    page.evaluate(
        """() => {
            Object.defineProperty(document, 'visibilityState', {value: 'hidden', configurable: true});
            document.dispatchEvent(new Event('visibilitychange'));
            window.kept = true;
        }"""
    )
    client = Client(server)
    begun = client.next()["pages"]
    append(archive / FIRST, "\nWhile nobody looked.\n")
    client.until(lambda told: told["pages"] > begun)
    client.close()
    assert page.evaluate("window.kept") is True
    assert page.get_by_text("While nobody looked.").count() == 0
    page.evaluate(
        """() => {
            Object.defineProperty(document, 'visibilityState', {value: 'visible', configurable: true});
            document.dispatchEvent(new Event('visibilitychange'));
        }"""
    )
    page.get_by_text("While nobody looked.").wait_for(state="attached")


def test_without_a_shared_worker(browser: Browser, archive: Path, server: Server) -> None:
    context = browser.new_context()
    context.add_init_script("delete window.SharedWorker")
    page = context.new_page()
    page.goto(server.url + FIRST_PAGE)
    append(archive / FIRST, "\nBy a connection of its own.\n")
    page.get_by_text("By a connection of its own.").wait_for(state="attached", timeout=60_000)
    context.close()


def test_nothing_is_refused_by_the_policy(context: BrowserContext, server: Server) -> None:
    page = context.new_page()
    messages: list[str] = []
    page.on("console", lambda message: messages.append(message.text))
    for path in ("", FIRST_PAGE, "incidents/", "nothing/"):
        page.goto(server.url + path)
        page.wait_for_load_state("load")
    assert [text for text in messages if "404" not in text] == []


def test_another_server_at_the_same_place_is_noticed(context: BrowserContext, tmp_path: Path) -> None:
    archive = write_files(tmp_path / "archive", ARCHIVE)
    page = context.new_page()
    page.set_default_timeout(60_000)
    with serving(archive) as server:
        page.goto(server.url + FIRST_PAGE)
        port = server.port
        page.wait_for_timeout(1000)
    append(archive / FIRST, "\nWhile it was not running.\n")
    with serving(archive, "--port", str(port)):
        page.get_by_text("While it was not running.").wait_for(state="attached")
