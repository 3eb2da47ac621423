"""Full text in the preview: the index of a build, made in the background, a year at a time."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from pmsite.config import find_site
from pmsite.load import Options
from pmsite.serve.preview import Preview
from pmsite.serve.rounds import Workspace
from pmsite.site import search

from .serving import Client, serving
from .sites import ARCHIVE, TODAY, build_site, tree, write_files
from .test_browser import browser  # noqa: F401  a fixture
from .test_rounds import FIRST
from .test_serve import append

SECOND = "content/2024-02-20-second.md"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return write_files(tmp_path / "archive", ARCHIVE)


@pytest.fixture
def by_year(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bundles by year, as large archives have them."""
    monkeypatch.setattr(search, "MAX_TOGETHER", 1)


@pytest.fixture
def workspace(archive: Path) -> Iterator[Workspace]:
    workspace = Workspace(
        lambda: find_site(None, None, archive), lambda _: Options(TODAY, jobs=1, search=True)
    )
    yield workspace
    workspace.close()


def look(workspace: Workspace) -> Preview:
    """The preview after a change, its index wanted."""
    found = workspace.look()
    assert found is not None and found.preview is not None
    for _ in workspace.prove(found.unproven, found.preview):
        pass
    workspace.accept(found.preview)
    workspace.index(found.preview)
    return found.preview


def index_of_a_build(archive: Path) -> dict[str, bytes]:
    build_site(archive, search=True)
    return {path: content for path, content in tree(archive / "site").items() if path.startswith("search/")}


def wait_until_like(preview: Preview, index: dict[str, bytes]) -> None:
    end = time.monotonic() + 60
    while any(preview.content(path) != content for path, content in index.items()):
        assert time.monotonic() < end, [
            path for path, content in index.items() if preview.content(path) != content
        ]
        time.sleep(0.05)


@pytest.mark.parametrize("together", [1, 2000])
def test_whatever_is_edited_the_index_is_that_of_a_build(
    archive: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    monkeypatch.setattr(search, "MAX_TOGETHER", together)
    wait_until_like(look(workspace), index_of_a_build(archive))
    append(archive / FIRST, "\nA quokka ate the cable.\n")
    wait_until_like(look(workspace), index_of_a_build(archive))
    (archive / FIRST).rename(archive / "content/2023-05-06-first.md")
    wait_until_like(look(workspace), index_of_a_build(archive))


@pytest.mark.usefixtures("by_year")
def test_only_the_year_of_a_change_is_indexed_again(archive: Path, workspace: Workspace) -> None:
    write_files(
        archive, "-- content/2023-05-06-older.md --\n---\nseverity: SEV3\n---\n# Older\n\nA capybara slept.\n"
    )
    preview = look(workspace)
    wait_until_like(preview, index_of_a_build(archive))
    made = dict(workspace._full_text._made)
    append(archive / FIRST, "\nA quokka ate the cable.\n")
    wait_until_like(look(workspace), index_of_a_build(archive))
    after = workspace._full_text._made
    assert after["2023"] is made["2023"]
    assert after["2024"][0] is not made["2024"][0]


def test_a_newer_site_goes_first(archive: Path, workspace: Workspace) -> None:
    look(workspace)
    for number in range(5):  # none of these is worth finishing
        append(archive / FIRST, f"\nQuokka {number}.\n")
        preview = look(workspace)
    wait_until_like(preview, index_of_a_build(archive))


def test_a_browser_that_began_to_search_goes_on(archive: Path, workspace: Workspace) -> None:
    preview = look(workspace)
    first = index_of_a_build(archive)
    wait_until_like(preview, first)
    append(archive / FIRST, "\nA quokka ate the cable.\n")
    preview = look(workspace)
    second = index_of_a_build(archive)
    wait_until_like(preview, second)
    gone = first.keys() - second.keys()
    assert gone
    assert all(preview.content(path) == first[path] for path in gone)


def test_no_path_leads_out_of_the_index(archive: Path, workspace: Workspace) -> None:
    preview = look(workspace)
    wait_until_like(preview, index_of_a_build(archive))
    for path in (
        "search/all/../../pmsite.yaml",
        "search/all//etc/passwd",
        "search/",
        "search/all",
        "search/2024/pages.json",
    ):
        assert preview.content(path) is None


def test_without_an_index_there_is_none(archive: Path) -> None:
    workspace = Workspace(lambda: find_site(None, None, archive), lambda _: Options(TODAY, jobs=1))
    assert look(workspace).content("search/all/pages.json") is None
    workspace.close()


def test_words_of_a_text_are_found_in_the_preview(archive: Path, browser: Browser) -> None:  # noqa: F811
    with serving(archive, search=True) as server:
        client = Client(server)
        client.next()
        page = browser.new_page()
        page.set_default_timeout(60_000)
        page.goto(server.url + "incidents/?q=quokka")
        expect(page.get_by_role("status")).to_contain_text("Nothing", timeout=60_000)
        append(archive / FIRST, "\nA quokka ate the cable.\n")
        client.next()
        server.wait_until_like(index_and_pages(archive))
        page.reload()
        expect(page.locator("mark").first).to_have_text("quokka", timeout=60_000)
        page.close()
        client.close()


def index_and_pages(archive: Path) -> dict[str, bytes]:
    build_site(archive, search=True)
    return {path: content for path, content in tree(archive / "site").items() if not path.startswith(".")}
