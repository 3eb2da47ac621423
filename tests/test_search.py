"""The full-text index: made of finished pages, kept while they are, and never more than the audience may see."""

import gzip
import json
import stat
from pathlib import Path

import pagefind_bin
import pytest

from pmsite.site import search

from .sites import ARCHIVE, build_site, codes, problems, tree, write_files

WANTED = {"pages.json", "pagefind-entry.json", "pagefind.js", "wasm.en.pagefind"}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return write_files(tmp_path, ARCHIVE)


@pytest.fixture
def by_year(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the archive were too large for one bundle."""
    monkeypatch.setattr(search, "MAX_TOGETHER", 1)


def index_files(site: Path) -> dict[str, bytes]:
    return {path: content for path, content in tree(site).items() if path.startswith("search/")}


def texts(site: Path) -> dict[str, str]:
    """What the index holds of each incident."""
    found = {}
    for path in (site / "search").glob("*/pages.json"):
        for page, identifier in json.loads(path.read_bytes()).items():
            fragment = gzip.decompress((path.parent / "fragment" / f"{page}.pf_fragment").read_bytes())
            found[identifier] = json.loads(fragment.removeprefix(b"pagefind_dcd"))["content"]
    return found


def test_it_holds_every_incident_and_only_what_the_page_needs(archive: Path) -> None:
    report = build_site(archive, search=True)
    assert report.ok, problems(report)
    found = texts(archive / "site")
    assert found.keys() == {"2024-01-10-first", "2024-03-05-second", "2025-07-01-third", "2025-09-09-fourth"}
    assert "A change went out" in found["2024-01-10-first"]
    assert "The alert fires" in found["2024-01-10-first"]
    assert "Second outage" not in found["2024-01-10-first"], "of another incident, which is only linked"
    top = {path.removeprefix("search/all/") for path in index_files(archive / "site") if path.count("/") == 2}
    assert {name for name in top if not name.endswith(".pf_meta")} == WANTED
    assert not list((archive / "site").glob(".*search*"))


@pytest.mark.usefixtures("by_year")
def test_large_archives_have_a_bundle_for_each_year(archive: Path) -> None:
    assert build_site(archive, search=True).ok
    site = archive / "site"
    assert {path.name for path in (site / "search").iterdir()} == {"2024", "2025"}
    assert json.loads((site / "search/2024/pages.json").read_bytes()).keys().__len__() == 2
    programs = [path for path in index_files(site) if path.endswith(("pagefind.js", ".pagefind"))]
    assert {path.split("/")[1] for path in programs} == {"2025"}, "the first one runs for all"


@pytest.mark.usefixtures("by_year")
def test_only_the_year_of_a_change_is_indexed_again(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    indexed: list[str] = []
    start = search._start
    monkeypatch.setattr(search, "_start", lambda *given: (indexed.append(given[1].name), start(*given))[1])
    build_site(archive, search=True)
    assert indexed == ["2025", "2024"]
    indexed.clear()
    build_site(archive, search=True)
    assert indexed == []
    third = archive / "content/2025-07-01-third.md"
    third.write_text(
        third.read_text(encoding="utf-8") + "\nOne word more: flabbergasted.\n", encoding="utf-8"
    )
    build_site(archive, search=True)
    assert indexed == ["2025"]
    assert "flabbergasted" in texts(archive / "site")["2025-07-01-third"]


@pytest.mark.parametrize("together", [1, 2000])
def test_incremental_equals_clean(
    archive: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    monkeypatch.setattr(search, "MAX_TOGETHER", together)
    build_site(archive, search=True)
    (archive / "content/2024-03-05-second.md").unlink()
    (archive / "content/2026-01-01-new.md").write_text(
        "# Something new\n\nWords of its own.\n", encoding="utf-8"
    )
    assert build_site(archive, search=True, jobs=2).ok
    (archive / "content/2025-07-01-third.md").unlink()
    build_site(archive, search=True)
    clean = write_files(tmp_path_factory.mktemp("clean"), ARCHIVE)
    for name in ("2024-03-05-second.md", "2025-07-01-third.md"):
        (clean / "content" / name).unlink()
    (clean / "content/2026-01-01-new.md").write_text(
        "# Something new\n\nWords of its own.\n", encoding="utf-8"
    )
    build_site(clean, search=True)
    assert tree(archive / "site") == tree(clean / "site")


def test_a_damaged_file_is_made_again(archive: Path) -> None:
    build_site(archive, search=True)
    whole = index_files(archive / "site")
    damaged = archive / "site/search/all/pages.json"
    damaged.write_text("{}", encoding="utf-8")
    build_site(archive, search=True)
    assert index_files(archive / "site") == whole


def test_without_search_there_is_no_index(archive: Path) -> None:
    build_site(archive, search=True)
    report = build_site(archive)
    assert report.ok
    assert index_files(archive / "site") == {}
    assert not (archive / "site/search").exists()


def test_a_program_that_cannot_run_is_a_warning(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "pagefind"
    program.write_text("no program", encoding="ascii")
    monkeypatch.setattr(pagefind_bin, "get_executable", lambda: program)
    report = build_site(archive, search=True)
    assert report.ok
    assert codes(report).count("W703") == 1
    assert (archive / "site/incidents/index.html").is_file()
    assert index_files(archive / "site") == {}


def test_a_program_that_fails_is_a_warning_or_under_strict_an_error(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "pagefind"
    program.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && { echo pagefind 0; exit; }\necho Error: no luck >&2; exit 1\n',
        encoding="ascii",
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(pagefind_bin, "get_executable", lambda: program)
    report = build_site(archive, search=True)
    assert report.ok
    assert [problem for problem in problems(report) if "W703" in problem] == [
        "site:1:1: W703 full text is not searched: Pagefind failed: no luck"
    ]
    assert not build_site(archive, search=True, strict=True, output="strict").ok
    assert index_files(archive / "site") == {}
    assert not list((archive / "site").glob(".*search*"))


def test_what_the_audience_may_not_see_is_not_in_it(archive: Path) -> None:
    first = archive / "content/2024-01-10-first.md"
    text = first.read_text(encoding="utf-8").replace("title: First", "visibility: public\ntitle: First")
    text += "\n<!-- internal -->\nzanzibar\n<!-- /internal -->\n"
    first.write_text(text, encoding="utf-8")
    report = build_site(archive, search=True, audience="public")
    assert report.ok, problems(report)
    public = texts(archive / "site-public")
    assert public.keys() == {"2024-01-10-first"}
    assert "zanzibar" not in public["2024-01-10-first"]
    build_site(archive, search=True)
    assert "zanzibar" in texts(archive / "site")["2024-01-10-first"]


def test_ids_of_any_script_are_found_again(tmp_path: Path) -> None:
    write_files(
        tmp_path,
        "-- content/2024-01-01-障害報告-ärger.md --\n---\nseverity: SEV1\n---\n# 障害報告\n\nWords.\n",
    )
    assert build_site(tmp_path, search=True).ok
    assert texts(tmp_path / "site").keys() == {"2024-01-01-障害報告-ärger"}
