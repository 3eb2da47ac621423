"""`pmsite search`: what is found, in which order, and how it is shown."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from pmsite import find
from pmsite.cli import app
from pmsite.config import find_site, with_overrides
from pmsite.find import Found, Query, search
from pmsite.load import Options
from tests.sites import ARCHIVE, TODAY, pmsite, write_files

MORE = """
-- content/2026-05-05-proxy.md --
---
title: Proxy refused connections
number: PM-2026-007
severity: SEV1
resolution: The pool was made larger.
---
## Root cause

upstream prematurely closed *connection* while
reading **response** header

<!-- internal -->
The passphrase was xyzzy.
<!-- /internal -->
-- content/2026-06-06-later.md --
---
title: Later
severity: SEV2
---
A connection was closed prematurely. No upstream response, see PM-2026-007.
-- content/2026-07-07-secret.md --
---
title: Secret
severity: SEV1
visibility: restricted
---
The upstream connection to Zürich.
-- content/2026-08-08-draft.md --
---
title: Draft
severity: SEV3
status: draft
---
Bahnhofstraße in Zürich.
-- content/undated.md --
---
title: Undated
severity: SEV2
---
Nobody knows when the wombat came.
"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_files(tmp_path_factory.mktemp("find"), ARCHIVE + MORE)


def found(folder: Path, *words: str, limit: int = 20, **given: object) -> Found:
    site = with_overrides(find_site(None, None, folder), **given)
    return search(site, Options(TODAY, jobs=1), words, limit)


def ids(folder: Path, *words: str, **given: object) -> list[str]:
    return [hit.document.id for hit in found(folder, *words, **given).hits]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["wombat"], ["undated"]),
        (["WOMBAT", "nobody"], ["undated"]),
        (["omba"], ["undated"]),
        (["wombat", "connection"], []),
        (["PM-2026-007"], ["2026-05-05-proxy", "2026-06-06-later"]),
        (["closed", "connection"], ["2026-05-05-proxy", "2026-06-06-later"]),
        (["connection was closed"], ["2026-06-06-later"]),
        (["connection", "was", "closed"], ["2026-06-06-later"]),
        (["connection while reading response header"], ["2026-05-05-proxy"]),
        (["zürich"], ["2026-08-08-draft"]),
        (["BAHNHOFSTRASSE"], ["2026-08-08-draft"]),
        (["plain", "text"], ["about"]),
        (["outage"], ["2025-09-09-fourth", "2025-07-01-third", "2024-03-05-second", "2024-01-10-first"]),
        (["("], ["2024-01-10-first"]),
    ],
)
def test_what_is_found_in_which_order(archive: Path, words: list[str], expected: list[str]) -> None:
    assert ids(archive, *words)[: len(expected) or 1] == expected


def test_the_exact_phrase_comes_first(archive: Path) -> None:
    """Even in an older incident without the words in its title."""
    hits = found(archive, "upstream", "prematurely").hits
    assert [(hit.document.id, hit.is_phrase) for hit in hits] == [
        ("2026-05-05-proxy", True),
        ("2026-06-06-later", False),
    ]


@pytest.mark.parametrize(
    ("words", "line", "text"),
    [
        ("refused connections", 2, "title: Proxy refused connections"),
        ("connection while reading", 9, "upstream prematurely closed *connection* while"),
        ("header closed upstream", 9, "upstream prematurely closed *connection* while"),
        ("response header", 10, "reading **response** header"),
    ],
)
def test_the_line_is_that_of_the_phrase_else_the_richest(
    archive: Path, words: str, line: int, text: str
) -> None:
    hit = next(hit for hit in found(archive, words).hits if hit.document.id == "2026-05-05-proxy")
    assert (hit.line, hit.text) == (line, text)
    assert (archive / hit.document.path).read_text().split("\n")[line - 1] == text


@pytest.mark.parametrize("ending", ["\r\n", "\r"])
def test_lines_count_whatever_ends_them(tmp_path: Path, ending: str) -> None:
    write_files(tmp_path, "-- content/2024-01-10-web.md --\n")
    text = "\ufeff---\ntitle: Web\nseverity: SEV1\n---\n\nThe needle.\n"
    (tmp_path / "content/2024-01-10-web.md").write_bytes(text.replace("\n", ending).encode())
    (hit,) = found(tmp_path, "needle").hits
    assert (hit.line, hit.text) == (6, "The needle.")


def test_what_the_audience_may_not_see_is_not_found(archive: Path) -> None:
    inside, outside = found(archive, "xyzzy"), found(archive, "xyzzy", audience="public")
    assert [hit.document.id for hit in inside.hits] == ["2026-05-05-proxy"]
    assert (outside.hits, outside.documents) == ((), 0)
    assert ids(archive, "secret") == []
    assert ids(archive, "secret", audience="restricted") == ["2026-07-07-secret"]
    assert found(archive, "secret", audience="restricted").documents == inside.documents + 1


def test_internal_blocks_are_hidden_from_the_public(tmp_path: Path) -> None:
    write_files(
        tmp_path, f"-- pmsite.yaml --\naudience: public\ndefaults: {{visibility: public}}\n{MORE.lstrip()}"
    )
    assert ids(tmp_path, "xyzzy") == [] and ids(tmp_path, "passphrase connection") == []
    assert ids(tmp_path, "passphrase xyzzy 4711") == []
    (hit,) = found(tmp_path, "refused connections").hits
    assert hit.line == 2
    assert "2026-08-08-draft" not in ids(tmp_path, "Zürich")


def test_a_document_that_cannot_be_read_is_named_and_not_counted(tmp_path: Path) -> None:
    write_files(tmp_path, f"{MORE}-- content/2026-01-01-broken.md --\n---\ntitle: [\n---\nwombat\n")
    result = found(tmp_path, "wombat")
    assert [hit.document.id for hit in result.hits] == ["undated"] and result.documents == 4
    assert [(problem.code, problem.path) for problem in result.diagnostics] == [
        ("E102", "content/2026-01-01-broken.md")
    ]


def test_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    write_files(tmp_path, MORE)
    assert ids(tmp_path, "wombat") == ["undated"]
    write_files(
        tmp_path, "-- content/2024-02-02-zoo.md --\n---\ntitle: Zoo\nseverity: SEV1\n---\nA wombat.\n"
    )
    assert ids(tmp_path, "wombat") == ["2024-02-02-zoo", "undated"]


def test_a_limit_keeps_the_best_and_says_how_many_there_are(archive: Path) -> None:
    result = found(archive, "outage", limit=2)
    assert len(result.hits) == 2 and result.total == len(ids(archive, "outage")) > 2


@settings(deadline=None)
@given(st.lists(st.text(min_size=1), min_size=1, max_size=4), st.text())
def test_any_words_can_be_looked_for(words: list[str], text: str) -> None:
    query = Query(words)
    folded = f"{text}\n{' '.join(words)}".casefold()
    if query.words:
        assert query.is_in(folded) and query.is_phrase_in(folded)
        assert 0 <= query.line(folded) <= folded.count("\n")


# The command.


@pytest.fixture
def run(archive: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Search in the archive; gives what was printed."""
    monkeypatch.chdir(archive)

    def invoke(*arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(app, ["search", *arguments], catch_exceptions=False)
        assert result.exit_code == code, result.output
        return result.stdout if code == 0 else result.stderr

    return invoke


def test_a_table_has_title_date_what_fixed_it_and_the_line(run: Callable[..., str]) -> None:
    assert run("prematurely closed connection") == (
        "2026-05-05  Proxy refused connections\n"
        "fix         The pool was made larger.\n"
        "            content/2026-05-05-proxy.md:9: upstream prematurely closed *connection* while\n"
        "\n"
        "2026-06-06  Later\n"
        "            content/2026-06-06-later.md:5: A connection was closed prematurely. No upstream response,"
        " see PM-2026-007.\n"
    )


def test_paths_begin_at_the_current_folder(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(archive / "content")
    result = CliRunner().invoke(app, ["search", "-c", "../pmsite.yaml", "wombat"], catch_exceptions=False)
    assert "            undated.md:5: Nobody knows" in result.stdout and result.stdout.startswith("undated ")


def test_json(run: Callable[..., str]) -> None:
    value = json.loads(run("prematurely", "closed", "--format", "json", "-n", "1"))
    assert (value["documents"], value["total"], value["nearest"]) == (10, 2, False)
    assert value["results"] == [
        {
            "id": "2026-05-05-proxy",
            "title": "Proxy refused connections",
            "date": "2026-05-05",
            "resolution": "The pool was made larger.",
            "source": "content/2026-05-05-proxy.md",
            "line": 9,
            "text": "upstream prematurely closed *connection* while",
            "phrase": True,
        }
    ]


def test_nothing_is_said_plainly(run: Callable[..., str]) -> None:
    assert run("no such words") == "nothing in 10 documents\n"
    assert json.loads(run("no such words", "-f", "json")) == {
        "documents": 10,
        "total": 0,
        "nearest": False,
        "results": [],
    }


def test_the_nearest_are_shown_as_such(run: Callable[..., str]) -> None:
    assert run("upstream prematurely closed connection reading 10.1.2.3", "-n", "1") == (
        "no document has all these words; these have most of them\n"
        "\n"
        "2026-05-05  Proxy refused connections\n"
        "fix         The pool was made larger.\n"
        "            content/2026-05-05-proxy.md:9: upstream prematurely closed *connection* while\n"
        "\n"
        "and 1 more; --limit shows them\n"
    )
    assert json.loads(run("upstream closed the qwertyuiop", "-f", "json"))["nearest"] is True


def test_more_than_the_limit_is_said(run: Callable[..., str]) -> None:
    assert run("outage", "-n", "1").endswith(" more; --limit shows them\n")


@pytest.mark.parametrize("words", [[""], ["  ", ""]])
def test_no_words_are_a_usage_error(run: Callable[..., str], words: list[str]) -> None:
    assert "say what to look for" in run(*words, code=2)


def test_long_lines_are_cut_around_the_words_and_control_characters_are_harmless(tmp_path: Path) -> None:
    line = f"{'before ' * 60}needle{' after' * 60} \x1b[31m{' end' * 9}"
    write_files(tmp_path, f"-- content/2024-01-10-a.md --\n---\nseverity: SEV1\n---\n{line}\n")
    result = pmsite("search", "needle", cwd=tmp_path)
    assert result.returncode == 0 and "\x1b" not in result.stdout
    last = result.stdout.splitlines()[-1]
    assert "… " in last and last.endswith(" …") and " needle after" in last and len(last) < 220
    assert "end" in pmsite("search", "end", cwd=tmp_path).stdout
    assert "\x1b" not in pmsite("search", "end", cwd=tmp_path).stdout


def test_a_broken_document_is_named_beside_the_results(tmp_path: Path) -> None:
    write_files(tmp_path, f"{MORE}-- content/2026-01-01-broken.md --\n---\ntitle: [\n---\nwombat\n")
    result = pmsite("search", "wombat", cwd=tmp_path)
    assert result.returncode == 0 and result.stdout.startswith("undated     Undated\n")
    assert "content/2026-01-01-broken.md" in result.stderr


def test_a_number_that_stands_in_the_file_s_name_alone_is_found(tmp_path: Path) -> None:
    write_files(
        tmp_path,
        "-- content/PM2021-007 - Pages fail.md --\n# Pages fail\n\n## Timeline\n\n- 10:00 Errors\n"
        "-- content/PM2021-008 - Disk full.md --\n# Disk full\n\n## Timeline\n\n- 11:00 Errors\n",
    )
    done = pmsite("search", "PM2021-007", cwd=tmp_path)
    assert done.returncode == 0
    assert "Pages fail" in done.stdout and "Disk full" not in done.stdout
    assert "PM2021-007 - Pages fail.md:1: # Pages fail" in done.stdout
    assert "Disk full" in pmsite("search", "pm2021-008", "errors", cwd=tmp_path).stdout


@pytest.mark.parametrize(
    "words", ["connection", "upstream response", "prematurely closed", "zzz", "outage web nothing"]
)
@pytest.mark.parametrize("audience", ["public", "internal"])
def test_another_process_finds_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, audience: str
) -> None:
    site = with_overrides(find_site(None, None, write_files(tmp_path, ARCHIVE + MORE)), audience=audience)
    alone = search(site, Options(TODAY), [words], 20)
    monkeypatch.setattr(find, "_FEW", 0)
    assert search(site, Options(TODAY), [words], 20) == alone
