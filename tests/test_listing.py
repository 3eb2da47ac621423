"""`pmsite list`: which incidents match, and how they are printed."""

import csv
import io
import json
from datetime import date
from pathlib import Path

import pytest

from pmsite.archive.archive import Archive
from pmsite.config import find_site, with_overrides
from pmsite.listing import Filters, ListFormat, listed, matching
from pmsite.load import Options, load_archive
from tests.sites import ARCHIVE, TODAY, build_site, write_files

MORE = """
-- content/undated.md --
---
title: No day
severity: P2
services: [web, search]
---
-- content/2026-10-30-latest.md --
---
title: Latest, with "quotes"
started: 2026-10-30 10:00
resolved: 2026-10-31 12:30
impact: Slow.
action_items: [{title: a, status: in-progress}]
---
"""
LATEST, FOURTH, THIRD, SECOND, FIRST, UNDATED = (
    "2026-10-30-latest",
    "2025-09-09-fourth",
    "2025-07-01-third",
    "2024-03-05-second",
    "2024-01-10-first",
    "undated",
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    folder = write_files(tmp_path_factory.mktemp("listing"), ARCHIVE + MORE)
    return load_archive(find_site(None, None, folder), Options(TODAY, jobs=1))[0]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(), [LATEST, FOURTH, THIRD, SECOND, FIRST, UNDATED]),
        (Filters(severity=("SEV2",)), [SECOND, UNDATED]),
        (Filters(severity=("sev1", "SEV3")), [THIRD, FIRST]),
        (Filters(severity=("SEV9",)), []),
        (Filters(severity=("SEV",)), []),
        (Filters(cause=("configuration",)), [SECOND, FIRST]),
        (Filters(cause=("Configuration",)), [SECOND, FIRST]),
        (Filters(cause=("capacity", "network")), [THIRD]),
        (Filters(service=("web",)), [SECOND, FIRST, UNDATED]),
        (Filters(service=("Search",)), [THIRD, UNDATED]),
        (Filters(service=("web",), severity=("SEV2",)), [SECOND, UNDATED]),
        (Filters(service=("web",), severity=("SEV2",), cause=("configuration",)), [SECOND]),
        (Filters(since=date(2024, 3, 5)), [LATEST, FOURTH, THIRD, SECOND]),
        (Filters(since=date(2024, 3, 6)), [LATEST, FOURTH, THIRD]),
        (Filters(since=date(2030, 1, 1)), []),
        (Filters(open_actions=True), [LATEST, FIRST]),
        (Filters(open_actions=True, service=("web",)), [FIRST]),
    ],
)
def test_incidents_that_match_newest_first(archive: Archive, filters: Filters, expected: list[str]) -> None:
    assert [incident.id for incident in matching(archive, filters)] == expected


@pytest.mark.parametrize(("severity", "service"), [("P1", "website"), ("critical", "Website")])
def test_other_words_for_a_term_find_it_too(archive: Archive, severity: str, service: str) -> None:
    """The site's own aliases mean the same here as in front matter."""
    assert [item.id for item in matching(archive, Filters(severity=(severity,)))] == [FIRST]
    assert [item.id for item in matching(archive, Filters(service=(service,)))] == [SECOND, FIRST, UNDATED]


def test_the_table(archive: Archive) -> None:
    text = listed(tuple(matching(archive, Filters())), ListFormat.TABLE, "T", TODAY)
    lines = text.splitlines()
    assert lines[0].split() == ["date", "severity", "impact", "cause", "open", "title"]
    at = lines[0].index("title")
    assert [line[at:] for line in lines[1:]] == [
        'Latest, with "quotes"',
        "Fourth outage",
        "Third outage",
        "Second outage",
        "First outage",
        "No day",
    ]
    assert lines[1].split()[:2] == ["2026-10-30", "-"] and lines[6].startswith("undated")
    assert "1 h 30 min" in lines[5] and "configuration" in lines[5]
    assert all(line == line.rstrip() for line in lines) and text.endswith("\n")


def test_an_empty_list_is_a_header(archive: Archive) -> None:
    assert listed((), ListFormat.TABLE, "T", TODAY).splitlines() == [
        "date  severity  impact  cause  open  title"
    ]
    assert json.loads(listed((), ListFormat.JSON, "T", TODAY))["incidents"] == []
    assert len(listed((), ListFormat.CSV, "T", TODAY).splitlines()) == 1


def test_json_and_csv_are_those_of_the_site(tmp_path: Path) -> None:
    folder = write_files(tmp_path, ARCHIVE)
    build_site(folder)
    site = find_site(None, None, folder)
    incidents = tuple(matching(load_archive(site, Options(TODAY, jobs=1))[0], Filters()))
    for kind, name in ((ListFormat.JSON, "incidents.json"), (ListFormat.CSV, "incidents.csv")):
        assert listed(incidents, kind, site.title, TODAY).encode() == (folder / "site" / name).read_bytes()


def test_a_filtered_list_holds_the_matching_incidents_only(archive: Archive) -> None:
    found = tuple(matching(archive, Filters(open_actions=True)))
    value = json.loads(listed(found, ListFormat.JSON, "My title", TODAY))
    assert (value["title"], value["as_of"]) == ("My title", "2026-11-01")
    rows = list(csv.DictReader(io.StringIO(listed(found, ListFormat.CSV, "", TODAY), newline="")))
    assert [row["id"] for row in rows] == [item["id"] for item in value["incidents"]] == [LATEST, FIRST]
    assert (
        rows[0]["seconds_to_mitigate"] == str(int(26.5 * 3600))
        and rows[0]["title"] == 'Latest, with "quotes"'
    )


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"audience": "public"}, {FIRST, SECOND, THIRD, FOURTH, LATEST, UNDATED}),
        ({"drafts": False}, {THIRD}),
        ({}, set()),
    ],
)
def test_a_list_shows_what_its_audience_may_see(
    tmp_path: Path, given: dict[str, object], missing: set[str]
) -> None:
    site = with_overrides(find_site(None, None, write_files(tmp_path, ARCHIVE + MORE)), **given)
    found = {incident.id for incident in load_archive(site, Options(TODAY, jobs=1))[0].incidents}
    assert found == {FIRST, SECOND, THIRD, FOURTH, LATEST, UNDATED} - missing


def test_what_a_title_holds_does_not_break_the_table(tmp_path: Path) -> None:
    """Neither a line end nor what a terminal would take for a command."""
    document = "-- content/2024-01-10-a.md --\n# red &#27;[31m &#7; and\n\n## Impact\n"
    other = '-- content/2024-01-11-b.md --\n---\ntitle: "two\\nlines"\nseverity: "S\\tEV"\n---\n'
    site = find_site(None, None, write_files(tmp_path, document + other))
    found = tuple(load_archive(site, Options(TODAY, jobs=1))[0].incidents)
    text = listed(found, ListFormat.TABLE, "", TODAY)
    assert len(found) == 2 and len(text.splitlines()) == 3 and not set(text) & set("\x1b\x07\t")
