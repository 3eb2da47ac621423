"""A site that stands is left alone, and only such a site: whatever changes, what is built is what a clean build makes."""

import os
import resource
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pmsite.build import Report
from pmsite.config import find_site
from pmsite.load import Options, opened
from pmsite.site.standing import mark_of
from pmsite.site.theme import load_theme
from pmsite.source.collect import look
from tests.sites import ARCHIVE, TODAY, build_site, problems, tree, write_files


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    text = ARCHIVE.replace("title: Small archive\n", "title: Small archive\ntickets: tickets.csv\n")
    files = "-- tickets.csv --\nticket,state\nOPS-1,open\n-- templates/extra.html --\nx\n-- static/own.css --\nx\n"
    return write_files(tmp_path / "archive", text + files)


def stands(report: Report) -> bool:
    """Whether a build planned nothing and rendered nothing."""
    return [stage.name for stage in report.stages] == ["start", "reading"]


def states(folder: Path) -> dict[Path, tuple[int, int]]:
    """Which files there are, and when they were written."""
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in folder.rglob("*")}


def write(path: str, text: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")

    return change


def edit(path: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        text = (folder / path).read_text(encoding="utf-8")
        assert old in text
        (folder / path).write_text(text.replace(old, new), encoding="utf-8")

    return change


def test_what_stands_is_left_alone_and_says_what_the_first_build_said(archive: Path) -> None:
    first = build_site(archive)
    assert not stands(first)
    before = states(archive / "site")
    second = build_site(archive)
    assert stands(second)
    assert second.diagnostics == first.diagnostics != ()
    assert first.changes is not None and second.changes is not None
    assert second.changes == replace(first.changes, written=0, unchanged=first.changes.written, new=())
    assert second.documents == first.documents
    assert states(archive / "site") == before


def test_a_file_that_was_only_touched_changes_nothing(archive: Path) -> None:
    build_site(archive)
    os.utime(archive / "content/2024-03-05-second.md", (1, 1))
    assert stands(build_site(archive))


FIRST = "content/2024-01-10-first.md"
CHANGES: dict[str, Callable[[Path], None]] = {
    "a sentence": edit(FIRST, "A change went out.", "A change came in."),
    "front matter": edit(FIRST, "severity: SEV1", "severity: SEV2"),
    "a new document": write("content/2026-01-01-new.md", "---\ntitle: New\nseverity: SEV1\n---\nText.\n"),
    "a document that goes": lambda folder: (folder / "content/2025-07-01-third.md").unlink(),
    "a document that moves": lambda folder: (folder / FIRST).rename(folder / "content/2024-01-11-first.md"),
    "a picture of the same size": edit("content/picture.svg", "A box", "A bot"),
    "a picture that goes": lambda folder: (folder / "content/picture.svg").unlink(),
    "a picture that must not be published": edit("content/picture.svg", "<rect", "<script/><rect"),
    "a file that a link may mean": write("content/2025-09-09-fourth/README.txt", "incident of 2024-01-01\n"),
    "the configuration's title": edit("pmsite.yaml", "Small archive", "Another archive"),
    "a line more in the configuration": lambda folder: edit("pmsite.yaml", "title:", "# a remark\ntitle:")(
        folder
    ),
    "a theme option": lambda folder: edit(
        "pmsite.yaml", "title:", "theme_options: {accent: '#123456'}\ntitle:"
    )(folder),
    "another theme": edit("pmsite.yaml", "title:", "theme: paper\ntitle:"),
    "a rule": edit("pmsite.yaml", "title:", "rules: {W412: error}\ntitle:"),
    "the tickets": edit("tickets.csv", "OPS-1,open", "OPS-1,done"),
    "a template": write("templates/incident.html", "{% extends '!parent/incident.html' %}\n"),
    "a style sheet": edit("static/own.css", "x", "y"),
    "a static file more": write("static/more.css", "x"),
    "a published file that was edited": edit("site/index.html", "<", "< "),
    "a published file of the same size": edit("site/index.html", "<!doctype", "<!DOCTYPE"),
    "a published file that is gone": lambda folder: (folder / "site/index.html").unlink(),
    "a published site that is gone": lambda folder: shutil.rmtree(folder / "site"),
    "a lost manifest": lambda folder: (folder / "site/.pmsite-manifest.json").unlink(),
}
# Without a manifest nothing says whose files these are.
REFUSED = {"a lost manifest"}


def built(folder: Path, **options: Any) -> tuple[list[str], dict[str, bytes], bool]:
    report = build_site(folder, **options)
    return problems(report), tree(folder / "site"), report.changes is not None


@pytest.mark.parametrize("change", [name for name in CHANGES if name not in REFUSED])
def test_what_changes_is_built(archive: Path, tmp_path: Path, change: str) -> None:
    build_site(archive)
    CHANGES[change](archive)
    clean = tmp_path / "clean" / archive.name
    shutil.copytree(archive, clean, ignore=shutil.ignore_patterns("site", ".pmsite"))
    wanted = built(clean)
    report = build_site(archive)
    assert not stands(report)
    assert (problems(report), report.changes is not None) == (wanted[0], wanted[2])
    if wanted[2]:
        assert tree(archive / "site") == wanted[1]
        assert stands(build_site(archive))
        assert tree(archive / "site") == wanted[1]


def test_without_a_manifest_nothing_stands(archive: Path) -> None:
    build_site(archive)
    CHANGES["a lost manifest"](archive)
    with pytest.raises(Exception, match=r"was not made by pmsite|files that pmsite did not make"):
        build_site(archive)


@pytest.mark.parametrize(
    "options",
    [
        {"now": date(2027, 1, 1)},
        {"strict": True},
        {"keep_going": True},
        {"search": True},
        {"drafts": False},
        {"base_url": "https://example.org/elsewhere"},
    ],
    ids=str,
)
def test_other_options_are_another_build(archive: Path, tmp_path: Path, options: dict[str, Any]) -> None:
    build_site(archive)
    clean = tmp_path / "clean" / archive.name
    shutil.copytree(archive, clean, ignore=shutil.ignore_patterns("site", ".pmsite"))
    report = build_site(archive, **options)
    assert not stands(report)
    wanted = built(clean, **options)
    assert (problems(report), report.changes is not None) == (wanted[0], wanted[2])
    if wanted[2]:
        assert tree(archive / "site") == wanted[1]


def test_a_build_with_errors_stands_with_its_errors(archive: Path) -> None:
    write("content/2026-02-02-broken.md", "---\ntitle: [\n---\n")(archive)
    first = build_site(archive, keep_going=True)
    second = build_site(archive, keep_going=True)
    assert stands(second)
    assert not second.ok
    assert second.diagnostics == first.diagnostics


def test_a_strangers_file_stays_and_is_no_reason_to_build(archive: Path) -> None:
    build_site(archive)
    (archive / "site/CNAME").write_text("pm.example.org", encoding="utf-8")
    assert stands(build_site(archive))
    assert (archive / "site/CNAME").is_file()


def test_a_strangers_file_where_the_index_belongs_is_an_error(archive: Path) -> None:
    build_site(archive)
    write("site/search/x.txt", "x")(archive)
    with pytest.raises(Exception, match="was not made by pmsite"):
        build_site(archive)


def test_a_restored_cache_stands_in_another_folder_of_the_same_name(archive: Path, tmp_path: Path) -> None:
    build_site(archive)
    wanted = tree(archive / "site")
    other = tmp_path / "elsewhere" / archive.name
    shutil.copytree(archive, other)
    assert built(other)[1] == wanted
    assert stands(build_site(other))


def test_a_theme_that_cannot_be_read_has_no_mark(archive: Path) -> None:
    """Not even by the administrator: no file can be opened, as by a process that has too many of them."""
    site = find_site(None, None, archive)
    theme, options = load_theme(site), Options(TODAY)
    with opened(site) as store:
        found = look(site, store)
    mark = mark_of(site, options, found, theme)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, before[1]))
    try:
        without = mark_of(site, options, found, theme)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert without is None
    assert mark is not None and mark == mark_of(site, options, found, theme)


def test_a_template_that_is_a_dead_link_is_no_bug(archive: Path) -> None:
    (archive / "templates/dead.html").symlink_to("nowhere.html")
    build_site(archive)
    assert stands(build_site(archive))
