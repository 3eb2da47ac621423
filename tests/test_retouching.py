"""Where only texts changed nothing is planned, and the site is what a clean build makes of it."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pmsite.build import Report
from pmsite.cache import fingerprint
from pmsite.diagnostics import ContentError
from tests.sites import ARCHIVE, build_site, problems, tree, write_files

FIRST, SECOND, PAGE = "2024-01-10-first.md", "2024-03-05-second.md", "pages/about.md"
PAGE_OF_FIRST = "incidents/2024-01-10-first/index.html"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    folder = write_files(tmp_path / "archive", ARCHIVE)
    build_site(folder)
    return folder


def change(folder: Path, name: str, old: str, new: str) -> None:
    file = folder / "content" / name
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def is_planned(report: Report) -> bool:
    return "planning" in [stage.name for stage in report.stages]


def is_clean(folder: Path, report: Report, **options: Any) -> bool:
    """Whether a build in a folder of its own makes the same of it: the site, and what is said about it."""
    clean = folder.parent / "clean" / folder.name
    shutil.rmtree(clean.parent, ignore_errors=True)
    shutil.copytree(folder, clean, ignore=shutil.ignore_patterns("site", ".pmsite"))
    wanted = build_site(clean, **options)
    assert problems(report) == problems(wanted)
    assert report.documents == wanted.documents
    return tree(folder / "site") == tree(clean / "site")


TEXTS = {
    "a word": (FIRST, "A change went out", "A change came out", PAGE_OF_FIRST),
    "a sentence at the end": (SECOND, "Again.\n", "Again.\n\nAnd again.\n", "incidents/2024-03-05-second/index.html"),
    "code": (FIRST, 'print("down")', 'print("up")', PAGE_OF_FIRST),
    "a table": (FIRST, "| 1 | 2 |", "| 1 | 2 |\n| 3 | 4 |", PAGE_OF_FIRST),
    "a line more above all": (FIRST, "## What", "\n\n## What", None),
    "a sentence above a link": (FIRST, "A change", "One.\n\nA change", PAGE_OF_FIRST),
    "a plain page": (PAGE, "text with a [link]", "text with one [link]", "pages/about/index.html"),
}  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_shown_without_planning(archive: Path, name: str) -> None:
    file, old, new, page = TEXTS[name]
    before = tree(archive / "site")
    change(archive, file, old, new)
    report = build_site(archive)
    assert is_clean(archive, report)
    assert not is_planned(report)
    if page is not None:
        assert report.rendered == (page,)
        now = tree(archive / "site")
        assert [path for path in before if before[path] != now[path]] == [page]
        assert report.changes is not None
        assert report.changes.edited == ((page.removesuffix("index.html"),) if file != PAGE else ())
        assert (report.changes.written, report.changes.removed) == (1, 0)


MORE = {
    "a heading": (FIRST, "## Why", "## Why so"),
    "a link": (FIRST, "A change", "A [change](2025-07-01-third.md)"),
    "a broken link": (FIRST, "A change", "A [change](nowhere.md)"),
    "a picture that goes": (FIRST, " and ![a picture](picture.svg)", ""),
    "a title": (FIRST, "title: First outage", "title: Another outage"),
    "front matter of the same meaning": (FIRST, "severity: SEV1\n", "\nseverity: SEV1\n"),
    "what a list shows of a page": (PAGE, "Plain text", "Here is plain text, long enough to say what this page is about,"),
    "the introduction": ("index.md", "Welcome", "Most welcome"),
    "a time in the text": ("2025-09-09-fourth/index.md", "10:30 it ends", "10:40 it ends"),
}  # fmt: skip


@pytest.mark.parametrize("name", MORE)
def test_what_other_pages_may_show_is_planned(archive: Path, name: str) -> None:
    change(archive, *MORE[name])
    report = build_site(archive)
    assert is_planned(report) or name == "what a list shows of a page"
    assert is_clean(archive, report)


def test_a_problem_in_a_text_is_where_it_is(archive: Path) -> None:
    change(archive, SECOND, "Again.", "Again.\n\n[This](nowhere.md) is gone.")
    build_site(archive)
    change(archive, SECOND, "is gone", "went away")
    report = build_site(archive)
    assert not is_planned(report)
    assert is_clean(archive, report)
    change(archive, SECOND, "Again.", "Again.\n\nAnd again.")
    report = build_site(archive)
    assert is_planned(report)
    assert is_clean(archive, report)


def test_one_text_after_the_other(archive: Path) -> None:
    first = tree(archive / "site")
    for word in ("came", "crept", "flew"):
        text = (archive / "content" / FIRST).read_text(encoding="utf-8")
        change(archive, FIRST, text.partition("A change ")[2].split()[0] + " out", f"{word} out")
        report = build_site(archive)
        assert not is_planned(report)
        assert is_clean(archive, report)
    change(archive, FIRST, "flew out", "went out")
    change(archive, SECOND, "Again.", "Once more.")
    assert not is_planned(build_site(archive))
    change(archive, SECOND, "Once more.", "Again.")
    assert not is_planned(build_site(archive))
    assert tree(archive / "site") == first


def test_what_stands_after_a_text_stands(archive: Path) -> None:
    change(archive, FIRST, "went out", "came out")
    said = build_site(archive)
    stages = [stage.name for stage in build_site(archive).stages]
    assert stages == ["start", "reading"]
    change(archive, FIRST, "title: First outage", "title: Another outage")
    report = build_site(archive)
    assert is_clean(archive, report)
    assert said.documents == report.documents


def rows(folder: Path) -> int:
    """How many entries the store has, without the states of files, which are noted once files are two seconds old."""
    (store,) = (folder / ".pmsite").rglob("cache.sqlite")
    with sqlite3.connect(store) as database:
        query = "SELECT count(*) FROM entry WHERE key != ?"
        return int(database.execute(query, (fingerprint("source digests"),)).fetchone()[0])


@pytest.mark.parametrize("search", [False, True])
def test_the_store_does_not_grow(archive: Path, search: bool) -> None:
    build_site(archive, search=search)
    before = rows(archive)
    for number in range(4):
        change(archive, SECOND, "Again.", f"Again. {number}.")
        assert not is_planned(build_site(archive, search=search))
    assert rows(archive) == before


def test_the_full_text_is_that_of_a_clean_build(archive: Path) -> None:
    build_site(archive, search=True)
    change(archive, FIRST, "went out", "went sideways")
    report = build_site(archive, search=True)
    assert [stage.name for stage in report.stages][2:] == ["rendering", "full text", "publishing"]
    assert is_clean(archive, report, search=True)


def test_a_text_that_is_not_shown_changes_nothing(archive: Path, tmp_path: Path) -> None:
    folder = write_files(
        tmp_path / "public", ARCHIVE.replace("timezone: UTC", "timezone: UTC\naudience: public")
    )
    change(folder, SECOND, "title: Second", "visibility: internal\ntitle: Second")
    change(folder, FIRST, " See [the second](2024-03-05-second.md) and", " See")
    build_site(folder)
    before = tree(folder / "site")
    change(folder, SECOND, "Again.", "Once more.")
    report = build_site(folder)
    assert not is_planned(report)
    assert report.rendered == ()
    assert tree(folder / "site") == before


def test_a_text_that_must_not_be_published_is_refused(tmp_path: Path) -> None:
    folder = write_files(
        tmp_path / "archive",
        ARCHIVE.replace("timezone: UTC", "timezone: UTC\naudience: public\ndeny: [Bluebird]"),
    )
    change(folder, FIRST, "title: First", "visibility: public\ntitle: First")
    assert build_site(folder).ok
    before = tree(folder / "site")
    change(folder, FIRST, "A change", "A change of Bluebird")
    with pytest.raises(ContentError, match=r"pmsite\.yaml:4 denies this"):
        build_site(folder)
    assert tree(folder / "site") == before


def lose_values(database: sqlite3.Connection) -> None:
    database.execute("UPDATE entry SET blob = x'', blob_checksum = 0 WHERE length(value) = 17")


def damage_values(database: sqlite3.Connection) -> None:
    database.execute("UPDATE entry SET blob = x'00' WHERE length(value) = 17")


@pytest.mark.parametrize("harm", [lose_values, damage_values])
def test_without_the_values_of_pages_all_is_planned(
    archive: Path, harm: Callable[[sqlite3.Connection], None]
) -> None:
    (store,) = (archive / ".pmsite").rglob("cache.sqlite")
    with sqlite3.connect(store) as database:
        harm(database)
    change(archive, FIRST, "went out", "came out")
    report = build_site(archive)
    assert is_planned(report)
    assert is_clean(archive, report)


def test_a_published_file_that_somebody_changed_is_made_again(archive: Path) -> None:
    change(archive, FIRST, "went out", "came out")
    (archive / "site/index.html").write_text("x", encoding="utf-8")
    report = build_site(archive)
    assert is_planned(report)
    assert is_clean(archive, report)


def test_a_strangers_file_stays(archive: Path) -> None:
    (archive / "site/CNAME").write_text("pm.example.org", encoding="utf-8")
    change(archive, FIRST, "went out", "came out")
    assert not is_planned(build_site(archive))
    assert (archive / "site/CNAME").is_file()


def test_a_build_that_ended_between_page_and_manifest_is_mended(archive: Path) -> None:
    """As if the process had been killed when the page was in its place and the manifest was not."""
    manifest = archive / "site/.pmsite-manifest.json"
    before = manifest.read_bytes()
    change(archive, FIRST, "went out", "came out")
    build_site(archive)
    manifest.write_bytes(before)
    report = build_site(archive)
    assert is_clean(archive, report)
    assert manifest.read_bytes() != before
