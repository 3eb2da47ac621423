"""Pages made of figures, in a real browser and in numbers: large and empty archives, paper, bytes."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from selectolax.lexbor import LexborHTMLParser

from benchmarks.generate import generate
from tests.sites import ROOT, build_site, problems, tree, write_files
from tests.test_browser import Watched, chromium, violations

PAGES = ("index.html", "insights/index.html", "years/2024/q3/index.html", "services/orders-api/index.html")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module", params=[(100, "default"), (400, "paper")], ids=["dots", "bins"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Archives on both sides of the number from which dots stand for several incidents."""
    count, theme = request.param
    folder = tmp_path_factory.mktemp("figures")
    generate(folder, count)
    report = build_site(folder, theme=theme)
    assert report.ok, problems(report)
    return folder / "site"


def test_charts_are_accessible_and_fit(browser: Browser, site: Path) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    found = {}
    for path in PAGES:
        watched = Watched(context.new_page())
        watched.page.goto((site / path).as_uri())
        watched.page.evaluate("document.querySelectorAll('details').forEach(item => item.open = true)")
        faults = violations(watched.page)
        watched.page.set_viewport_size({"width": 320, "height": 640})
        if watched.page.evaluate("document.documentElement.scrollWidth") > 320:
            faults.append("too wide")
        if faults or watched.faults:
            found[path] = faults + watched.faults
        watched.page.close()
    context.close()
    assert found == {}


def test_pages_of_figures_are_light_however_large_the_archive_is(site: Path) -> None:
    for path in PAGES[:3]:
        assert len(gzip.compress((site / path).read_bytes())) <= 30_000, path


def test_a_mark_is_a_link(browser: Browser, site: Path) -> None:
    page = browser.new_page()
    page.goto((site / "insights/index.html").as_uri())
    page.locator(".pm-insight a rect").first.click()
    expect(page).to_have_url(re.compile("/years/"))
    page.close()


LONG = """
-- content/{day}-x.md --
---
title: {title}
status: final
severity: SEV{severity}
summary: {summary}
started: {day}T10:00:00Z
resolved: {day}T12:00:00Z
action_items: [{{title: a, owner: x, due: {day}, status: open}}, {{title: b, status: done}}, {{title: c, status: wont-do}}]
---
Text.
"""


@pytest.mark.parametrize("theme", ["default", "paper"])
def test_a_quarter_is_one_sheet(browser: Browser, tmp_path: Path, theme: str) -> None:
    """With as many incidents, titles and sentences as long as they come."""
    days = [
        f"{year}-{month:02d}-{day:02d}"
        for year in (2025, 2026)
        for month in (2, 5, 8, 11)
        for day in (1, 9, 17)
    ]
    days += [f"2026-08-{day:02d}" for day in range(18, 29)]
    long = "A title that goes on and on " * 7
    write_files(
        tmp_path,
        "".join(
            LONG.format(day=day, title=long, severity=place % 4 + 1, summary="Words without an end " * 20)
            for place, day in enumerate(days)
        ),
    )
    report = build_site(tmp_path, theme=theme)
    assert report.ok, problems(report)
    page = browser.new_page()
    page.goto((tmp_path / "site/years/2026/q3/index.html").as_uri())
    sheets = page.pdf(format="A4", prefer_css_page_size=True).count(b"/Type /Page\n")
    page.close()
    assert sheets == 1


def test_an_archive_of_few_says_it_in_sentences(tmp_path: Path) -> None:
    report = build_site(
        write_files(tmp_path, LONG.format(day="2026-08-01", title="T", severity=1, summary="s"))
    )
    assert report.ok, problems(report)
    page = LexborHTMLParser((tmp_path / "site/insights/index.html").read_text(encoding="utf-8"))
    assert not page.css(".pm-insight svg")
    assert [node.text().replace("\u00a0", " ") for node in page.css("h2")] == [
        "Q3 2026 had 1 incident",
        "Not enough for a chart",
    ]
    assert [node.text() for node in page.css(".pm-notes li")] == [
        "No root cause is stated",
        "No incident has both a service and a root cause",
        "Duration known for 1 of 1",
        "How long it took to notice incidents is not known",
        "How incidents were noticed is not stated",
        "Start known for 1 of 1",
    ]


def test_an_empty_archive_has_pages_too(tmp_path: Path) -> None:
    report = build_site(write_files(tmp_path, "-- content/index.md --\nNothing yet.\n"))
    assert report.ok, problems(report)
    files = tree(tmp_path / "site")
    assert b"No postmortems yet." in files["insights/index.html"]
    assert "quarter/index.html" not in files


class TestTheStripOfYears:
    def strip(self, site: Path) -> dict[str, tuple[str, int]]:
        page = LexborHTMLParser((site / "index.html").read_text(encoding="utf-8"))
        return {
            line.css_first("span").text(): (line.css_first(".pm-count").text(), len(line.css("rect")))
            for line in page.css(".pm-strip li")
        }

    def test_each_day_with_incidents_is_a_bar(self, tmp_path: Path) -> None:
        days = ("2026-08-01", "2026-08-02", "2024-01-01", "2062-01-01")
        texts = [LONG.format(day=day, title="T", severity=1, summary="s") for day in days]
        same_day = texts[0].replace("2026-08-01-x", "2026-08-01-y")
        drill = (
            texts[0]
            .replace("2026-08-01-x", "2023-08-01-z")
            .replace("2026-", "2023-")
            .replace("status: final", "kind: drill\nstatus: final")
        )
        build_site(write_files(tmp_path, "".join((*texts, same_day, drill))))
        assert self.strip(tmp_path / "site") == {"2026": ("3", 2), "2025": ("0", 0), "2024": ("1", 1)}

    def test_many_days_are_weeks(self, tmp_path: Path) -> None:
        generate(tmp_path, 400)
        build_site(tmp_path)
        found = self.strip(tmp_path / "site")
        assert list(found) == [str(year) for year in range(2025, 2014, -1)]
        assert sum(int(count) for count, _ in found.values()) == 400
        assert b"A bar is a week" in (tmp_path / "site/index.html").read_bytes()


def test_a_services_page_says_what_to_read(site: Path) -> None:
    page = LexborHTMLParser((site / "services/orders-api/index.html").read_text(encoding="utf-8"))
    listed = page.css(".pm-reading li")
    assert 3 < len(listed) <= 10
    assert "How points are given" in page.css_first(".pm-reading").text()
    assert not LexborHTMLParser((site / "teams/storage/index.html").read_text(encoding="utf-8")).css(
        ".pm-reading"
    )


def test_the_demonstration_archive_has_charts(tmp_path: Path) -> None:
    report = build_site(ROOT, output=str(tmp_path / "site"))
    assert report.ok, problems(report)
    page = LexborHTMLParser((tmp_path / "site/insights/index.html").read_text(encoding="utf-8"))
    assert len(page.css('svg[role="img"]')) >= 6
