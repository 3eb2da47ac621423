"""Quarter pages in whole sites: one line per incident, comparisons, the latest complete quarter."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from pmsite.archive.incident import Impact, Incident
from pmsite.site.pages.quarters import LINES, MAX_LINE, one_line
from tests.sites import build_site, problems, write_files


def document(day: str, *lines: str) -> str:
    body = "\n".join((f"title: On {day}", "status: final", f"date: {day}", "root_cause: time", *lines))
    return f"-- content/{day}-x.md --\n---\n{body}\n---\nText.\n"


def built(folder: Path, *documents: str, now: date = date(2026, 11, 1), config: str = "") -> Path:
    report = build_site(
        write_files(folder, f"-- pmsite.yaml --\ntitle: Q\n{config}" + "".join(documents)), now=now
    )
    assert report.ok, problems(report)
    return folder / "site"


def page(site: Path, address: str) -> LexborHTMLParser:
    return LexborHTMLParser((site / address / "index.html").read_text(encoding="utf-8"))


def compared(site: Path, address: str) -> list[list[str]]:
    return [
        [cell.text(strip=True) for cell in line.css("th, td")] for line in page(site, address).css("tbody tr")
    ]


def target(site: Path) -> str:
    found = re.search(r"url=([^\"]+)\"", (site / "quarter/index.html").read_text(encoding="utf-8"))
    return found[1] if found else ""


class TestTheLatestCompleteQuarter:
    def test_it_leads_to_the_quarter_that_is_over(self, tmp_path: Path) -> None:
        site = built(tmp_path, document("2026-08-01"), document("2026-10-05"))
        assert "years/2026/q3/" in target(site)

    def test_it_says_that_nothing_happened(self, tmp_path: Path) -> None:
        site = built(tmp_path, document("2025-12-01"), document("2026-10-05"))
        shown = page(site, "quarter")
        assert shown.css_first("h1").text() == "Q3 2026"
        assert "None recorded" in shown.text()
        assert [(line[0], line[1]) for line in compared(site, "quarter")] == [
            ("Q4 2025", "1"),
            ("Q1 2026", "0"),
            ("Q2 2026", "0"),
            ("Q3 2026", "0"),
        ]
        neighbours = {node.attributes["rel"]: node.text() for node in shown.css(".pm-neighbours a")}
        assert neighbours == {"prev": "Earlier Q4 2025", "next": "Later Q4 2026"}

    def test_there_is_none_before_the_first(self, tmp_path: Path) -> None:
        assert not (built(tmp_path, document("2026-10-05")) / "quarter").exists()

    def test_fiscal_years(self, tmp_path: Path) -> None:
        site = built(tmp_path, document("2026-09-01"), config="fiscal_year_start: 2\n")
        assert "years/fy2027/q3/" in target(site)
        assert (
            page(site, "years/fy2027/q3").css_first(".pm-kicker").text() == "1 August 2026 to 31 October 2026"
        )


class TestComparison:
    def test_it_is_with_the_four_quarters_before_by_the_calendar(self, tmp_path: Path) -> None:
        days = ("2026-08-01", "2026-07-01", "2026-02-01", "2025-08-01", "2025-05-01", "2024-01-01")
        site = built(tmp_path, *(document(day) for day in days))
        assert [(line[0], line[1]) for line in compared(site, "years/2026/q3")] == [
            ("Q3 2025", "1"),
            ("Q4 2025", "0"),
            ("Q1 2026", "1"),
            ("Q2 2026", "0"),
            ("Q3 2026", "2"),
        ]

    def test_severities_are_compared_where_half_are_known(self, tmp_path: Path) -> None:
        known, unknown = "severity: SEV2", "summary: x"
        site = built(
            tmp_path,
            document("2026-08-01", known),
            document("2026-07-01", unknown),
            document("2026-05-01", known),
            document("2026-02-01", known),
            document("2026-02-02", unknown),
            document("2026-02-03", unknown),
        )
        lines = {line[0]: line[3:-2] for line in compared(site, "years/2026/q3")}
        assert lines == {"Q1 2026": ["mostly not stated"], "Q2 2026": ["1"], "Q3 2026": ["1"]}
        lines = {line[0]: line[3:-2] for line in compared(site, "years/2026/q2")}
        assert lines == {"Q1 2026": [], "Q2 2026": []}


class TestLines:
    def test_the_most_severe_are_shown_and_the_others_can_be_unfolded(self, tmp_path: Path) -> None:
        documents = [
            document(f"2026-07-{day:02d}", f"severity: SEV{1 if day > 10 else 2}", "services: [a]")
            for day in range(1, 10 + LINES)
        ]
        shown = page(built(tmp_path, *documents), "years/2026/q3")
        first, others = shown.css(".pm-lines")
        names = [node.text() for node in first.css("a")]
        assert len(names) == LINES and len(others.css("a")) == 9
        assert names == sorted(names, reverse=True)
        assert sum("SEV1" in node.text() for node in first.css(".pm-severity")) == LINES - 1
        assert shown.css_first(".pm-others summary").text() == "9 more"

    def test_drafts_and_what_is_not_counted_are_said(self, tmp_path: Path) -> None:
        site = built(
            tmp_path,
            document("2026-07-01"),
            document("2026-07-02", "kind: drill"),
            "-- content/2026-07-03-x.md --\n---\ntitle: D\nstatus: draft\ndate: 2026-07-03\nseverity: SEV1\n---\n",
        )
        note = page(site, "years/2026/q3").css_first(".pm-key .pm-note").text()
        assert note == "1 not yet written up; 1 not counted"


def test_pages_of_a_year_agree_on_what_is_counted(tmp_path: Path) -> None:
    site = built(
        tmp_path,
        document("2026-07-01", "severity: SEV2"),
        document("2026-07-02", "kind: drill", "severity: SEV1"),
        document("2026-07-03"),
    )
    cells = [cell.text(strip=True) for cell in page(site, "years").css("tbody td")]
    assert cells[:2] == ["21 not counted", "SEV211 not stated"]
    assert cells[3] == "Q32"
    year = page(site, "years/2026")
    assert year.css_first(".pm-truth").text() == "3 incidents, 1 of them not counted"
    assert year.css_first("main .pm-inline").text(strip=True) == "Q32"
    assert page(site, "years/2026/q3").css_first(".pm-severities").text(strip=True) == "SEV211 not stated"
    assert page(site, "causes").css_first("tbody td").text(strip=True) == "21 not counted"
    assert "3 incidents, 1 of them not counted" in page(site, "causes/time").css_first(".pm-truth").text()
    strip = page(site, "").css_first(".pm-strip-figure")
    assert strip.css_first(".pm-count").text() == "2"
    assert strip.css_first(".pm-note").text().endswith(" The numbers are of incidents, 1 more not counted.")


@pytest.mark.parametrize(
    ("impact", "summary", "line"),
    [
        ("80 % of users saw errors. Details follow.", "s", "80 % of users saw errors."),
        ("", "At 10:00 e.g. the shop was down. It came back.", "At 10:00 e.g. the shop was down."),
        ("", "Version 1.2 failed! So it did.", "Version 1.2 failed!"),
        ("", "障害が発生した。復旧した。", "障害が発生した。"),
        ("", "no end", "no end"),
        ("", "", ""),
    ],
)
def test_one_line(impact: str, summary: str, line: str) -> None:
    assert one_line(Incident("a", "a.md", "a", summary=summary, impact=Impact(summary=impact))) == line


@given(st.text())
def test_a_line_is_short_and_begins_the_text(text: str) -> None:
    line = one_line(Incident("a", "a.md", "a", summary=text))
    assert len(line) <= MAX_LINE + 2
    assert " ".join(text.split()).startswith(line.removesuffix(" …"))


class TestYears:
    @pytest.mark.parametrize(("count", "pages"), [(20, 1), (21, 2), (45, 3)])
    def test_a_long_year_has_several_pages(self, tmp_path: Path, count: int, pages: int) -> None:
        days = [date(2024, 1, 1) + timedelta(days=number) for number in range(count)]
        site = built(tmp_path, *(document(day.isoformat()) for day in days), config="page_size: 5\n")
        addresses = ["years/2024", *(f"years/2024/page/{number}" for number in range(2, pages + 1))]
        shown = [page(site, address) for address in addresses]
        titles = [row.text(strip=True) for one in shown for row in one.css(".pm-row-title a")]
        assert titles == [f"On {day}" for day in reversed(days)]
        assert [bool(one.css("main .pm-inline")) for one in shown] == [True] + [False] * (pages - 1)
        assert not (site / f"years/2024/page/{pages + 1}").exists()
