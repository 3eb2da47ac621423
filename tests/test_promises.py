"""What became of action items, against a worked example; the calendar of their due dates."""

import re
from datetime import date
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pmsite.archive.incident import ActionItem, ActionStatus
from pmsite.archive.promises import promises
from pmsite.site.ical import calendar
from pmsite.site.views import CalendarView, DueItem
from tests.sites import build_site, write_files

TODAY = date(2026, 11, 1)
ARCHIVE = """
-- pmsite.yaml --
base_url: https://example.org/pm
-- content/2026-08-05-cache.md --
---
title: Cache down
services: [cache]
action_items:
  - {title: Add an alert on the cache, owner: data, status: open, due: 2026-09-01}
  - {title: "Split, then test; the cache", owner: data, status: in-progress, due: 2026-12-24}
  - {title: Write a runbook, status: done}
---
-- content/2026-03-05-web.md --
---
title: Web down
services: [web, cache]
action_items:
  - {title: Alert on the cache, owner: web, status: done}
  - {title: Retire the old cluster, owner: web, status: wont-do}
---
# Web down

Users could not log in.
-- content/2025-03-05-mail.md --
---
title: Mail down
action_items:
  - Look at queues
---
"""


def page(folder: Path) -> str:
    text = (folder / "site/actions/index.html").read_text(encoding="utf-8")
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def test_figures_of_a_worked_example() -> None:
    items = [
        ActionItem("a", status=ActionStatus.OPEN, due=date(2026, 10, 31)),
        ActionItem("b", status=ActionStatus.IN_PROGRESS, due=TODAY),
        ActionItem("c", status=ActionStatus.DONE, due=date(2026, 1, 1)),
        ActionItem("d", status=ActionStatus.WONT_DO),
        ActionItem("e"),
    ]
    found = promises(items, TODAY)
    assert (found.total, found.kept, found.open, found.overdue, found.dropped, found.unknown) == (
        5,
        1,
        2,
        1,
        1,
        1,
    )


def test_the_page_sums_up_by_owner_service_age_and_quarter(tmp_path: Path) -> None:
    folder = write_files(tmp_path, ARCHIVE)
    build_site(folder)
    text = page(folder)
    assert "Q3 2026 3 1 2 1 0 0" in text  # promised, kept, open, overdue, dropped, not given
    assert "Q1 2026 2 1 0 0 1 0" in text
    assert "Q1 2025 1 0 0 0 0 1" in text
    assert "Alert on the cache" in text and "Asked for more than once" in text
    assert "2 incidents, 1 done Cache down Web down" in text


def test_the_calendar_holds_what_is_open_and_due(tmp_path: Path) -> None:
    folder = write_files(tmp_path, ARCHIVE)
    build_site(folder)
    lines = (folder / "site/actions.ics").read_bytes().decode().replace("\r\n ", "").split("\r\n")
    assert lines[0] == "BEGIN:VCALENDAR" and lines[-2:] == ["END:VCALENDAR", ""]
    assert [line for line in lines if line.startswith(("SUMMARY", "DTSTART", "URL"))] == [
        "DTSTART;VALUE=DATE:20260901",
        "SUMMARY:Add an alert on the cache",
        "URL:https://example.org/pm/incidents/2026-08-05-cache/",
        "DTSTART;VALUE=DATE:20261224",
        "SUMMARY:Split\\, then test\\; the cache",
        "URL:https://example.org/pm/incidents/2026-08-05-cache/",
    ]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_lines_of_the_calendar_are_short_and_keep_the_text(title: str) -> None:
    item = DueItem("web", title, TODAY, TODAY, "", "Web down", "incidents/web/")
    data = calendar(CalendarView("Archive", "", (item,)), lambda _: "urn:x")
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    unfolded = data.decode().replace("\r\n ", "")
    summary = re.search(r"^SUMMARY:(.*)\r$", unfolded, re.MULTILINE)
    assert summary is not None
    plain = re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], summary[1])
    assert plain == "".join(letter for letter in title if letter.isprintable() or letter == "\n")
