"""The figures of the insights page, of quarter pages and of `pmsite stats` equal those computed from incidents.csv."""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

from pmsite.archive.archive import Archive
from pmsite.config import find_site
from pmsite.listing import ListFormat
from pmsite.load import Options, load_archive
from pmsite.stats import figures_of, printed
from tests.sites import ROOT, TODAY, build_site, problems, write_files

ZONE = "Europe/Berlin"
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
Row = dict[str, str]


def made_up(folder: Path, count: int, fiscal_year_start: int) -> Path:
    """An archive in which everything is missing, in doubt or not counted now and then."""
    random = Random(7)
    config = f"title: Made up\ntimezone: {ZONE}\nfiscal_year_start: {fiscal_year_start}\n"
    files = [f"-- pmsite.yaml --\n{config}"]
    for number in range(count):
        day = f"{random.randint(2019, 2026)}-{random.randint(1, 9):02d}-{random.randint(1, 28):02d}"
        hour = random.randint(0, 12)
        start = f"{day} {hour:02d}:{random.randint(0, 59):02d}"
        about = random.choice(["", "", "", "~"])
        lines = [f"title: Number {number}", f'started: "{about}{start}Z"' if about else f"started: {start}Z"]
        if random.random() < 0.8:
            lines.append(f"detected: {day} {hour + 1:02d}:{random.randint(0, 59):02d}Z")
        if random.random() < 0.8:
            lines.append(
                f"resolved: {day} {hour + 2 + random.randint(0, 8):02d}:{random.randint(0, 59):02d}Z"
            )
        if random.random() < 0.8:
            lines.append(f"severity: SEV{random.randint(1, 4)}")
        if random.random() < 0.8:
            lines.append(
                f"root_cause: {random.choice(['network', 'network', 'capacity', 'time', 'unknown'])}"
            )
        if random.random() < 0.8:
            lines.append(f"detection: {random.choice(['alert', 'alert', 'customer-report', 'unknown'])}")
        if random.random() < 0.9:
            lines.append(f"services: [{', '.join(random.sample(['web', 'mail', 'search', 'db'], 2))}]")
        if random.random() < 0.2:
            lines.append(f"kind: {random.choice(['drill', 'near-miss', 'maintenance'])}")
        if random.random() < 0.1:
            lines.append("exclude_from_metrics: a test")
        lines.append(f"status: {random.choice(['final', 'final', 'review', 'draft'])}")
        state = random.choice(["open", "done", "wont-do"])
        lines.append(f"action_items: [{{title: Do it, owner: x, status: {state}, due: {day}}}]")
        files.append(f"-- content/{day}-n{number}.md --\n---\n" + "\n".join(lines) + "\n---\nText.\n")
    return write_files(folder, "".join(files))


class Built:
    """A built site, and its incidents.csv."""

    def __init__(self, root: Path, site: Path, fiscal_year_start: int, zone: str) -> None:
        self.root, self.site, self.start, self.zone = root, site, fiscal_year_start, zone
        text = (site / "incidents.csv").read_bytes().decode()
        self.rows = list(csv.DictReader(io.StringIO(text, newline="")))
        self.counted = [
            row
            for row in self.rows
            if row["kind"] == "incident" and row["status"] != "draft" and not row["exclude_from_metrics"]
        ]
        loaded = find_site(None, None, root)
        self.archive: Archive = load_archive(loaded, Options(TODAY, jobs=1))[0]
        self.figures = figures_of(self.archive.incidents, self.archive, loaded.config, TODAY)
        self.stats: dict[str, Any] = json.loads(printed(self.figures, ListFormat.JSON, "x", TODAY))

    def quarter(self, row: Row) -> str:
        """The label of the quarter, by counting months from the year's first."""
        day = date.fromisoformat(row["date"])
        passed = (day.month - self.start) % 12
        year = day.year + (1 if self.start > 1 and day.month >= self.start else 0)
        return f"Q{passed // 3 + 1} {'FY' if self.start > 1 else ''}{year}"

    def page(self, address: str) -> LexborHTMLParser:
        return LexborHTMLParser((self.site / address / "index.html").read_text(encoding="utf-8"))


@pytest.fixture(scope="module", params=["calendar", "fiscal", "demonstration"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "demonstration":
        report = build_site(ROOT, output=str(folder / "site"))
        found = Built(ROOT, folder / "site", 1, "UTC")
    else:
        start = 1 if request.param == "calendar" else 4
        report = build_site(made_up(folder, 90, start))
        found = Built(folder, folder / "site", start, ZONE)
    assert report.ok, problems(report)
    return found


def measure(rows: Iterable[Row], what: str) -> dict[str, int | None]:
    """Known values, median and p90 by nearest rank; what has a reason is not known or in doubt."""
    rows = list(rows)
    known = sorted(int(row[f"seconds_to_{what}"]) for row in rows if not row[f"seconds_to_{what}_reason"])

    def nearest(percent: int) -> int | None:
        return next(
            (value for value in known if 100 * sum(v <= value for v in known) >= percent * len(known)), None
        )

    return {
        "known": len(known),
        "of": len(rows),
        "median": nearest(50),
        "p90": nearest(90) if len(known) >= 5 else None,
        "longest": known[-1] if known else None,
    }


def words(cell: str) -> list[str]:
    return cell.split("; ") if cell else []


def slugs(counts: Counter[str]) -> dict[str, int]:
    return {re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-"): count for word, count in counts.items()}


def test_what_is_counted(built: Built) -> None:
    assert built.stats["documents"] == len(built.rows)
    assert built.stats["counted"] == len(built.counted)
    assert sum(built.stats["not_counted"].values()) == len(built.rows) - len(built.counted)


@pytest.mark.parametrize(
    ("figure", "column"),
    [
        ("severities", "severity"),
        ("causes", "root_cause"),
        ("services", "services"),
        ("detection", "detection"),
    ],
)
def test_counts_by_term(built: Built, figure: str, column: str) -> None:
    found = built.stats[figure]
    expected = Counter(word for row in built.counted for word in words(row[column]))
    assert found["counts"] == slugs(expected)
    assert (found["known"], found["of"]) == (
        sum(bool(row[column]) for row in built.counted),
        len(built.counted),
    )
    assert list(found["counts"].values()) == sorted(expected.values(), reverse=True)


def test_services_by_cause(built: Built) -> None:
    pairs = Counter(
        f"{service}/{row['root_cause']}"
        for row in built.counted
        for service in words(row["services"])
        if row["root_cause"]
    )
    assert Counter(built.stats["services_by_cause"].values()) == Counter(pairs.values())
    assert sum(built.stats["services_by_cause"].values()) == sum(pairs.values())


def test_durations(built: Built) -> None:
    found = built.stats["seconds_to_mitigate"]
    assert found["all"] == measure(built.counted, "mitigate")
    for label, figures in found["by_year"].items():
        assert figures == measure(
            (row for row in built.counted if built.quarter(row)[3:] == label), "mitigate"
        )
    for word, figures in found["by_severity"].items():
        rows = (row for row in built.counted if row["severity"].lower() == word)
        assert figures == measure(rows, "mitigate")


def test_time_to_detect(built: Built) -> None:
    found = built.stats["seconds_to_detect"]
    assert found["all"] == measure(built.counted, "detect")
    for word, figures in found["by_detection"].items():
        assert figures == measure((row for row in built.counted if row["detection"] == word), "detect")


def test_hours_and_weekdays(built: Built) -> None:
    known = [
        datetime.fromisoformat(row["started"]).astimezone(ZoneInfo(built.zone))
        for row in built.counted
        if re.search(r"T.*(Z|[+-]\d\d:\d\d)$", row["started"]) and "started" not in words(row["doubted"])
    ]
    found = built.stats["starts"]
    assert found["known"] == len(known)
    hours, days = Counter(at.hour for at in known), Counter(at.weekday() for at in known)
    assert found["hours"] == {f"{hour:02d}": hours[hour] for hour in range(24)}
    assert found["weekdays"] == {name: days[day] for day, name in enumerate(DAYS)}


def test_quarters(built: Built) -> None:
    groups: dict[str, list[Row]] = {}
    for row in built.rows:
        groups.setdefault(built.quarter(row), []).append(row)
    shown = built.stats["quarters"]
    assert sum(figures["incidents"] for figures in shown.values()) > 0
    for label, figures in shown.items():
        rows = groups.get(label, [])
        counted = [row for row in rows if row in built.counted]
        known = {
            row["id"]: int(row["seconds_to_mitigate"])
            for row in counted
            if not row["seconds_to_mitigate_reason"]
        }
        assert figures["incidents"] == len(counted)
        assert figures["severities"] == slugs(Counter(row["severity"] for row in counted if row["severity"]))
        assert figures["impact_minutes"] == sum(known.values()) // 60
        assert figures["impact_minutes_unknown"] == len(counted) - len(known)
        assert figures["drafts"] == sum(row["status"] == "draft" for row in rows)
        assert figures["actions"]["promised"] == sum(int(row["action_items_total"]) for row in rows)
        assert figures["actions"]["open"] == sum(int(row["action_items_open"]) for row in rows)
        if known:
            assert known[figures["largest"]] == max(known.values())
            assert figures["largest_share"] == pytest.approx(
                max(known.values()) / sum(known.values()), abs=1e-4
            )


def test_quarters_are_consecutive_and_begin_no_earlier_than_the_archive(built: Built) -> None:
    starts = [date.fromisoformat(figures["from"]) for figures in built.stats["quarters"].values()]
    ends = [date.fromisoformat(figures["to"]) for figures in built.stats["quarters"].values()]
    assert all((after - before).days == 1 for before, after in zip(ends, starts[1:], strict=False))
    days = sorted(date.fromisoformat(row["date"]) for row in built.counted)
    assert starts[0] <= days[-1] <= ends[-1] and ends[0] >= days[0]


def cells(table: LexborNode) -> dict[str, list[str]]:
    return {
        line.css_first("th").text(strip=True): [
            re.sub(r"\s+", " ", cell.text(strip=True).replace("\u202f", "")) for cell in line.css("td")
        ]
        for line in table.css("tbody tr")
    }


def test_the_page_has_the_figures_of_the_terminal(built: Built) -> None:
    page = built.page("insights")
    tables = {
        section.css_first("h2").id: cells(section.css_first("table")) for section in page.css(".pm-insight")
    }
    assert len(tables) == 8
    quarters = built.stats["quarters"]
    assert {label: int(found[0]) for label, found in tables["pm-quarters"].items()} == {
        label: figures["incidents"] for label, figures in quarters.items()
    }
    causes = [int(found[0]) for found in tables["pm-causes"].values()]
    assert causes == list(built.stats["causes"]["counts"].values())
    assert [int(found[0]) for found in tables["pm-services"].values()] == list(
        built.stats["services"]["counts"].values()
    )[:12]
    known = built.stats["seconds_to_mitigate"]["all"]
    assert tables["pm-durations"]["All"][:2] == [str(known["known"]), str(known["of"] - known["known"])]
    assert [int(found[0]) for found in tables["pm-detection"].values()] == list(
        built.stats["detection"]["counts"].values()
    )
    assert [int(found[0]) for found in tables["pm-hours"].values()] == list(
        built.stats["starts"]["hours"].values()
    )
    assert {name: int(found[0]) for name, found in tables["pm-weekdays"].items()} == built.stats["starts"][
        "weekdays"
    ]


def test_every_mark_leads_to_a_page_and_every_picture_has_words(built: Built) -> None:
    page = built.page("insights")
    here = built.site / "insights"
    marks = page.css(".pm-insight a")
    assert len(marks) > 20
    for mark in marks:
        target, _, anchor = (mark.attributes["href"] or "").partition("#")
        if target:
            assert (here / target.partition("?")[0]).is_file(), target
        else:
            assert page.css_first(f"#{anchor}") is not None, anchor
    pictures = page.css('svg[role="img"]')
    assert pictures
    for picture in pictures:
        title, desc = picture.css_first("title"), picture.css_first("desc")
        assert title.text() and desc.text()
        assert picture.attributes["aria-labelledby"] == title.id
        assert picture.attributes["aria-describedby"] == desc.id


def test_the_quarters_pages_have_the_figures_of_the_terminal(built: Built) -> None:
    for label, figures in built.stats["quarters"].items():
        number, year = label[1], label[3:].lower()
        if not (built.site / f"years/{year}/q{number}").exists():
            assert figures["incidents"] == 0
            continue
        page = built.page(f"years/{year}/q{number}")
        shown = [node.text(strip=True).replace("\u202f", "") for node in page.css(".pm-figure")]
        actions = figures["actions"]
        known = figures["impact_minutes"] or not figures["impact_minutes_unknown"]
        assert shown == [
            str(figures["incidents"]),
            str(figures["impact_minutes"]) if known else "–",
            f"{actions['kept']} of {actions['promised']}" if actions["promised"] else "0",
            str(actions["open"]),
        ]
        note = page.css_first(".pm-key").text()
        assert (f"{figures['drafts']} not yet written up" in note) == bool(figures["drafts"])
        assert (f"{actions['overdue']} overdue" in note) == bool(actions["overdue"])


def test_the_table_and_csv_hold_the_same(built: Built) -> None:
    rows = dict(csv.reader(io.StringIO(printed(built.figures, ListFormat.CSV, "x", TODAY))))
    assert int(rows["counted"]) == len(built.counted)
    assert int(rows["seconds_to_mitigate.all.known"]) == built.stats["seconds_to_mitigate"]["all"]["known"]
    table = printed(built.figures, ListFormat.TABLE, "x", TODAY)
    headings = [node.text(strip=True) for node in built.page("insights").css(".pm-insight h2")]
    for heading in headings:
        assert heading in table
