"""Tickets of a tracker's export go before what documents say; what the export does not say leaves it."""

import csv
import io
import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmsite.archive.incident import ActionStatus
from pmsite.source.tickets import Ticket, parse_tickets
from tests.sites import build_site, check_site, problems, tree, write_files

ARCHIVE = """
-- pmsite.yaml --
tickets: export/tickets.csv
-- content/2026-03-05-web.md --
---
title: Web down
action_items:
  - title: Add an alert
    ticket: OPS-1
    status: open
    owner: web
    due: 2026-04-01
  - title: Write a runbook
    ticket: https://tracker.example/browse/OPS-2
  - title: Split the database
    status: open
---
-- export/tickets.csv --
"""


def items(folder: Path) -> list[tuple[str, str | None, str | None, str | None]]:
    value = json.loads((folder / "site/incidents.json").read_bytes())
    return [
        (item["status"], item["owner"], item["due"], item["closed"])
        for item in value["incidents"][0]["action_items"]
    ]


EXPORTS = {
    "jira": "Issue key,Summary,Status,Assignee,Due date,Resolved\n"
    'OPS-1,"Add, an alert",Done,storage,01/Apr/26,20/Mar/26 10:00 AM\nOPS-2,Runbook,In Progress,,2026-05-01,\n',
    "semicolons": "key;state;owner;due;closed\nOPS-1;closed;storage;2026-04-01;2026-03-20\nops-2;wip;;2026-05-01;\n",
    "addresses": "url\tstate\tassignees\tdue\tclosed at\n"
    "https://tracker.example/browse/OPS-2\tin progress\t\t2026-05-01\t\n"
    "OPS-1\tmerged\tstorage\t2026-04-01\t2026-03-20T10:00:00Z\n",
    "windows": "\ufeffKEY,STATUS,ASSIGNEE,DUE,CLOSED\r\nOPS-1,Resolved,storage,2026-04-01,2026-03-20\r\n"
    "OPS-2,In Review,,2026-05-01,\r\n",
}


@pytest.mark.parametrize("export", EXPORTS)
def test_what_the_tracker_says_goes_first(tmp_path: Path, export: str) -> None:
    folder = write_files(tmp_path, ARCHIVE + EXPORTS[export])
    report = build_site(folder)
    assert [problem for problem in problems(report) if "W503" in problem] == []
    assert items(folder) == [
        ("done", "storage", "2026-04-01", "2026-03-20"),
        ("in-progress", None, "2026-05-01", None),
        ("open", None, None, None),
    ]


def test_empty_cells_leave_what_documents_say(tmp_path: Path) -> None:
    folder = write_files(tmp_path, ARCHIVE + "key,status,owner,due\nOPS-1,,,\n")
    build_site(folder)
    assert items(folder)[0] == ("open", "web", "2026-04-01", None)


def test_a_change_of_the_export_changes_what_a_clean_build_would(tmp_path: Path) -> None:
    folder = write_files(tmp_path, ARCHIVE + EXPORTS["jira"])
    build_site(folder)
    (folder / "export/tickets.csv").write_text("key,status\nOPS-1,in progress\n", encoding="utf-8")
    build_site(folder)
    assert items(folder)[0][0] == "in-progress"
    incremental = tree(folder / "site")
    clean = write_files(tmp_path / "clean" / folder.name, ARCHIVE + "key,status\nOPS-1,in progress\n")
    build_site(clean, title="x")
    build_site(folder, title="x")
    assert incremental != tree(folder / "site")  # the title
    assert tree(folder / "site") == tree(clean / "site")


def test_an_item_of_the_prose_is_shown_with_the_trackers_state(tmp_path: Path) -> None:
    text = """
-- pmsite.yaml --
tickets: t.csv
-- content/2026-03-05-web.md --
# Web down

Users could not log in.

## Action items

| Action | Owner | Ticket |
|---|---|---|
| Add an alert | web | OPS-1 |
-- t.csv --
key,status
OPS-1,Done
"""
    folder = write_files(tmp_path, text)
    build_site(folder)
    page = (folder / "site/incidents/2026-03-05-web/index.html").read_text(encoding="utf-8")
    assert 'class="pm-state pm-state-done"' in page
    assert items(folder) == [("done", "web", None, None)]


BROKEN = {
    "no column": ("a,b\n1,2\n", "export/tickets.csv:1:1: W503 has no column of tickets"),
    "empty": ("", "export/tickets.csv:1:1: W503 has no column of tickets"),
    "state": (
        "key,status\nOPS-1,Waiting\nOPS-2,Waiting\n",
        'export/tickets.csv:2:1: W503 the state "Waiting" is not known; what documents say stands',
    ),
    "date": (
        "key,due\nOPS-1,soon\n",
        'export/tickets.csv:2:1: W503 due: "soon" is not a date',
    ),
    "ambiguous date": (
        "key,due\nOPS-1,07/10/2026\n",
        'export/tickets.csv:2:1: W503 due: "07/10/2026" is not a date',
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_used_is_named_with_its_line(tmp_path: Path, name: str) -> None:
    text, problem = BROKEN[name]
    report = check_site(write_files(tmp_path, ARCHIVE + text))
    assert [one for one in problems(report) if "W503" in one] == [problem]


@pytest.mark.parametrize("content", [None, b"key\xff,status\n"])
def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path, content: bytes | None) -> None:
    folder = write_files(tmp_path, ARCHIVE)
    file = folder / "export/tickets.csv"
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    report = build_site(folder)
    assert not report.ok and report.changes is None
    assert problems(report)[0].startswith("pmsite.yaml:1:10: E501 tickets: export/tickets.csv ")


cells = st.text(max_size=12)


@given(
    st.lists(
        st.tuples(st.text("abc-123", min_size=1, max_size=6), st.sampled_from([*ActionStatus]), cells),
        max_size=8,
    )
)
def test_whatever_csv_writes_is_read(rows: list[tuple[str, ActionStatus, str]]) -> None:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["key", "status", "owner"])
    writer.writerows((key, status.value, owner) for key, status, owner in rows)
    found = parse_tickets(out.getvalue(), "t.csv")
    for key, status, owner in {row[0]: row for row in rows[::-1]}.values():
        assert found.by_name[key] == Ticket(status, owner.strip())


@given(st.text())
def test_any_text_is_read_or_named(text: str) -> None:
    found = parse_tickets(text, "t.csv")
    assert all(problem.line >= 1 for problem in found.diagnostics)


def test_dates_are_read_as_trackers_write_them() -> None:
    for text in ("2026-11-05", "2026-11-05T10:00:00Z", "05/Nov/26 10:00 AM", "5/Nov/2026", "Nov 5, 2026"):
        found = parse_tickets(f'key,due\nOPS-1,"{text}"\n', "t.csv")
        assert found.by_name["ops-1"].due == date(2026, 11, 5), text
