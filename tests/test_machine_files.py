"""Files for machines: feeds, JSON, CSV, sitemap and robots.txt say the same, in the forms that were promised."""

import csv
import io
import json
import shutil
from datetime import date, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import feedparser
import pytest
from icalendar import Calendar

from pmsite.source import collect
from tests.sites import ARCHIVE, ROOT, TODAY, build_site, tree, write_files

BASE = "https://example.org/pm"
NO_BASE = ARCHIVE.replace(f"base_url: {BASE}\n", "")


@pytest.fixture(autouse=True)
def _read_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading without a time limit needs no process of its own, which makes hundreds of small sites quick."""
    monkeypatch.setattr(collect, "LIMITS", None)


def json_of(site: Path) -> Any:
    return json.loads((site / "incidents.json").read_bytes())


def incident(folder: Path, front: str, config: str = "") -> Any:
    """The only incident of a site, as JSON."""
    write_files(
        folder,
        f"-- pmsite.yaml --\ntitle: One\n{config}\n-- content/2024-01-10-web.md --\n---\n{front}\n---\n",
    )
    assert build_site(folder, keep_going=True).changes is not None
    (found,) = json_of(folder / "site")["incidents"]
    return found


# Feeds (RFC 4287).


@pytest.mark.parametrize("base", [BASE, ""])
def test_every_feed_is_well_formed_and_complete(tmp_path: Path, base: str) -> None:
    build_site(write_files(tmp_path, ARCHIVE if base else NO_BASE))
    site = tmp_path / "site"
    paths = [path for path in tree(site) if path.endswith("feed.xml")]
    assert {"feed.xml", "services/web/feed.xml", "causes/configuration/feed.xml", "teams/platform/feed.xml", "tags/dns/feed.xml"} <= set(paths)  # fmt: skip
    ids = []
    for path in paths:
        feed = feedparser.parse((site / path).read_bytes())
        assert feed.bozo == 0 and feed.version == "atom10", (path, feed.get("bozo_exception"))
        assert feed.feed.title and feed.feed.updated.endswith("T00:00:00Z")
        (own,) = [link.href for link in feed.feed.links if link.rel == "self"]
        assert own == (f"{base}/{path}" if base else own) and own.endswith("feed.xml")
        assert feed.entries
        for entry in feed.entries:
            assert entry.title and entry.id.startswith("urn:uuid:")
            assert entry.updated >= entry.published
            assert datetime.fromisoformat(entry.updated).tzinfo is not None
        assert feed.feed.updated == max(entry.updated for entry in feed.entries)
        assert len({entry.id for entry in feed.entries}) == len(feed.entries)
        ids.append(feed.feed.id)
    assert len(set(ids)) == len(paths)


@pytest.mark.parametrize("base", [BASE, ""])
def test_entries_lead_to_the_incidents_newest_first(tmp_path: Path, base: str) -> None:
    build_site(write_files(tmp_path, ARCHIVE if base else NO_BASE))
    feed = feedparser.parse((tmp_path / "site/feed.xml").read_bytes())
    names = ["2025-09-09-fourth", "2025-07-01-third", "2024-03-05-second", "2024-01-10-first"]
    assert [entry.link for entry in feed.entries] == [f"{base or '.'}/incidents/{name}/" for name in names]
    first = feed.entries[-1]
    assert (first.title, first.summary) == ("First outage", "Everything was down.")
    assert first.authors[0].name == "A. Writer"
    assert {tag.term for tag in first.tags} >= {"SEV1", "web"}


def test_ids_of_feeds_and_entries_survive_a_change_of_address(tmp_path: Path) -> None:
    found = []
    for url in (BASE, "https://elsewhere.example"):
        build_site(write_files(tmp_path, ARCHIVE), base_url=url)
        feed = feedparser.parse((tmp_path / "site/feed.xml").read_bytes())
        found.append((feed.feed.id, [entry.id for entry in feed.entries]))
    assert found[0] == found[1]


def test_a_feed_has_the_latest_twenty_without_drills_and_undated_ones(tmp_path: Path) -> None:
    documents = "".join(
        f"-- content/2024-01-{day:02d}-x.md --\n---\nseverity: SEV1\ntitle: T{day}\n---\n"
        for day in range(1, 26)
    )
    drill = "-- content/2024-02-02-drill.md --\n---\nkind: drill\ntitle: Drill\n---\n"
    build_site(
        write_files(
            tmp_path, documents + drill + "-- content/undated.md --\n---\nseverity: SEV1\ntitle: U\n---\n"
        )
    )
    feed = feedparser.parse((tmp_path / "site/feed.xml").read_bytes())
    assert [entry.title for entry in feed.entries] == [f"T{day}" for day in range(25, 5, -1)]


def test_published_and_updated_come_from_the_document(tmp_path: Path) -> None:
    incident(tmp_path, "title: T\nseverity: SEV1\npublished: 2024-02-01\nupdated: 2024-03-01")
    (entry,) = feedparser.parse((tmp_path / "site/feed.xml").read_bytes()).entries
    assert (entry.published[:10], entry.updated[:10]) == ("2024-02-01", "2024-03-01")


# Sitemap and robots.txt.


def test_the_sitemap_names_every_page_and_nothing_else(tmp_path: Path) -> None:
    build_site(write_files(tmp_path, ARCHIVE))
    site = tmp_path / "site"
    space = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    root = ElementTree.fromstring((site / "sitemap.xml").read_bytes())
    assert root.tag == f"{space}urlset"
    places = [element.findtext(f"{space}loc") or "" for element in root]
    pages = {
        path
        for path, content in tree(site).items()
        if path.endswith("index.html") and b'http-equiv="refresh"' not in content
    }
    expected = {f"{BASE}/{path.removesuffix('index.html')}" for path in pages - {"backlog/index.html"}}
    assert set(places) == expected and len(places) == len(expected) > 20
    changed = {element.findtext(f"{space}loc"): element.findtext(f"{space}lastmod") for element in root}
    assert changed[f"{BASE}/incidents/2024-01-10-first/"] == "2024-01-10"
    assert changed[f"{BASE}/"] is None


def test_without_an_address_there_is_no_sitemap(tmp_path: Path) -> None:
    build_site(write_files(tmp_path, NO_BASE))
    assert not (tmp_path / "site/sitemap.xml").exists()
    assert not any(
        b"sitemap" in content for path, content in tree(tmp_path / "site").items() if path != "assets/page.js"
    )


@pytest.mark.parametrize(
    ("audience", "base", "expected"),
    [
        ("public", BASE, f"User-agent: *\nAllow: /\nSitemap: {BASE}/sitemap.xml\n"),
        ("public", "", "User-agent: *\nAllow: /\n"),
        ("internal", BASE, "User-agent: *\nDisallow: /\n"),
        ("restricted", "", "User-agent: *\nDisallow: /\n"),
    ],
)
def test_search_engines_are_let_into_public_sites_only(
    tmp_path: Path, audience: str, base: str, expected: str
) -> None:
    build_site(write_files(tmp_path, ARCHIVE if base else NO_BASE), audience=audience, output="site")
    assert (tmp_path / "site/robots.txt").read_text() == expected
    noindex = b'<meta name="robots" content="noindex">' in (tmp_path / "site/index.html").read_bytes()
    assert noindex is (audience != "public")


# incidents.json.

KEYS = {
    "id", "url", "source", "title", "date", "summary", "status", "kind", "severity", "number", "started", "detected",
    "acknowledged", "declared", "identified", "mitigated", "resolved", "duration", "precision", "resolution", "impact", "seconds_to",
    "seconds_to_reason", "root_cause", "trigger", "factors", "detection", "services", "teams", "regions", "tags",
    "authors", "timeline", "action_items", "related", "exclude_from_metrics", "inferred", "doubted", "completeness",
}  # fmt: skip
IMPACT = {"summary", "users", "percent", "percent_of", "requests", "types", "windows"}
ACTION = {"title", "owner", "due", "status", "closed", "type", "priority", "ticket"}
SPANS = {"detect", "acknowledge", "mitigate", "resolve"}


def test_every_key_is_always_present(tmp_path: Path) -> None:
    build_site(write_files(tmp_path, ARCHIVE))
    value = json_of(tmp_path / "site")
    assert {key: value[key] for key in value if key not in ("completeness", "incidents")} == {
        "schema_version": 1,
        "title": "Small archive",
        "as_of": TODAY.isoformat(),
    }
    assert len(value["incidents"]) == 4
    for item in value["incidents"]:
        assert set(item) == KEYS and set(item["impact"]) == IMPACT
        assert set(item["seconds_to"]) == set(item["seconds_to_reason"]) == SPANS
        assert all(set(action) == ACTION for action in item["action_items"])
        assert all(set(entry) == {"at", "event", "kind"} for entry in item["timeline"])
        assert "" not in (*item.values(), *item["impact"].values())
        assert (tmp_path / "site" / item["url"] / "index.html").is_file()
        assert (tmp_path / item["source"]).is_file()
    bare = incident(tmp_path / "bare", "severity:\nimpact: Slow.")
    empty = {
        "factors",
        "services",
        "teams",
        "regions",
        "tags",
        "authors",
        "timeline",
        "action_items",
        "related",
        "inferred",
        "doubted",
    }
    given = {
        "id",
        "url",
        "source",
        "title",
        "date",
        "kind",
        "impact",
        "precision",
        "seconds_to",
        "seconds_to_reason",
        "completeness",
    }
    assert {key: bare[key] for key in KEYS - given} == {
        key: [] if key in empty else None for key in KEYS - given
    }


def test_an_incident_is_told_as_its_author_wrote_it(tmp_path: Path) -> None:
    build_site(write_files(tmp_path, ARCHIVE))
    first = json_of(tmp_path / "site")["incidents"][-1]
    assert first["seconds_to"] == {"detect": 300, "acknowledge": None, "mitigate": 5400, "resolve": 7200}
    assert first["seconds_to_reason"] == {
        "detect": None,
        "acknowledge": "acknowledged is not recorded",
        "mitigate": None,
        "resolve": None,
    }
    assert (first["started"], first["resolved"]) == ("2024-01-10T10:00:00Z", "2024-01-10T12:00:00Z")
    assert first["impact"]["percent"] == 100 and first["impact"]["types"] == ["availability"]
    assert [item["status"] for item in first["action_items"]] == ["open", "done"]
    assert first["timeline"][1] == {"at": "2024-01-10T10:05:00Z", "event": "The alert fires", "kind": None}
    assert json_of(tmp_path / "site")["incidents"][-2]["related"] == [
        {"id": "2024-01-10-first", "type": "recurrence-of"}
    ]


@pytest.mark.parametrize(
    ("written", "zone", "shown", "precision"),
    [
        ("2024-01-10T10:00:00Z", "", "2024-01-10T10:00:00Z", "exact"),
        ("2024-01-10T10:00:00+05:30", "", "2024-01-10T10:00:00+05:30", "exact"),
        ("2024-01-10T10:00:00-03:00", "UTC", "2024-01-10T10:00:00-03:00", "exact"),
        ("2024-01-10 10:00", "", "2024-01-10T10:00:00", "exact"),
        ("2024-01-10 10:00", "Europe/Copenhagen", "2024-01-10T10:00:00+01:00", "exact"),
        ("2024-07-10 10:00", "Europe/Copenhagen", "2024-07-10T10:00:00+02:00", "exact"),
        ("~2024-01-10 10:00", "UTC", "2024-01-10T10:00:00Z", "approximate"),
        ("2024-01-10", "UTC", "2024-01-10", "day"),
        ("unknown", "", None, "unknown"),
        ("n/a", "", None, "n/a"),
        ("", "", None, None),
    ],
)
def test_a_time_is_iso_8601_with_its_precision(
    tmp_path: Path, written: str, zone: str, shown: str | None, precision: str | None
) -> None:
    found = incident(tmp_path, f"severity: SEV1\ndetected: {written}", f"timezone: {zone}" if zone else "")
    assert (found["detected"], found["precision"]["detected"]) == (shown, precision)


@pytest.mark.parametrize(
    ("started", "resolved", "seconds", "reason"),
    [
        ("2024-01-10T10:00:00Z", "2024-01-10T12:30:00+02:00", 1800, None),
        ("2024-01-10 10:00", "2024-01-10 10:45", 2700, None),
        ("2024-01-10 10:00", "2024-01-10 10:00", 0, None),
        ("~2024-01-10 10:00", "2024-01-10 10:45", 2700, "approximate"),
        ("2024-01-10 10:00", "", None, "resolved is not recorded"),
        ("unknown", "2024-01-10 10:00", None, "started is unknown"),
        ("2024-01-10 10:00", "n/a", None, "resolved does not apply"),
        ("2024-01-10 10:00", "true", None, "resolved is unknown"),
        ("2024-01-10", "2024-01-10 10:00", None, "known to the day only"),
        (
            "2024-01-10 10:00",
            "2024-01-10T12:00:00Z",
            None,
            "only one of started and resolved states its time zone",
        ),
        ("2024-01-10 10:00", "2024-01-10 09:59", None, "impossible order"),
    ],
)
def test_a_duration_that_is_not_known_is_null_with_its_reason(
    tmp_path: Path, started: str, resolved: str, seconds: int | None, reason: str | None
) -> None:
    found = incident(tmp_path, f"severity: SEV1\nstarted: {started}\nresolved: {resolved}")
    for name in ("resolve", "mitigate"):
        assert found["seconds_to"][name] == seconds
        assert (found["seconds_to_reason"][name] or "").endswith(reason or "") and bool(reason) is bool(
            found["seconds_to_reason"][name]
        )
    doubted = {"approximate": ["started"], "impossible order": ["resolved"]}
    assert found["doubted"] == doubted.get(reason or "", [])


def test_impact_windows_are_summed(tmp_path: Path) -> None:
    windows = "[{from: 10:00, to: 10:10, percent: 5}, {from: 2024-01-10 23:50, to: 2024-01-11 00:05}]"
    found = incident(tmp_path, f"impact: {{windows: {windows}}}", "timezone: UTC")
    assert found["seconds_to"]["mitigate"] == 600 + 900
    assert found["impact"]["windows"] == [
        {"from": "2024-01-10T10:00:00Z", "to": "2024-01-10T10:10:00Z", "percent": 5.0},
        {"from": "2024-01-10T23:50:00Z", "to": "2024-01-11T00:05:00Z", "percent": None},
    ]


# incidents.csv (RFC 4180).


def test_csv_and_json_agree(tmp_path: Path) -> None:
    odd = '-- content/2023-01-01-odd.md --\n---\ntitle: "a, \\"b\\"; c"\nsummary: "two\\nlines"\nseverity: SEV1\ntags: [x, y]\n---\n'
    build_site(write_files(tmp_path, ARCHIVE + odd))
    raw = (tmp_path / "site/incidents.csv").read_bytes()
    assert raw.endswith(b"\r\n")
    rows = list(csv.DictReader(io.StringIO(raw.decode(), newline="")))
    incidents = json_of(tmp_path / "site")["incidents"]
    assert [row["id"] for row in rows] == [item["id"] for item in incidents] and len(rows) == 5
    for row, item in zip(rows, incidents, strict=True):
        expected = {
            **item,
            **{f"seconds_to_{name}": seconds for name, seconds in item["seconds_to"].items()},
            **{f"seconds_to_{name}_reason": reason for name, reason in item["seconds_to_reason"].items()},
            **{f"impact_{name}": item["impact"][name] for name in ("users", "percent", "types")},
            "action_items_total": len(item["action_items"]),
            "action_items_open": sum(
                action["status"] in ("open", "in-progress") for action in item["action_items"]
            ),
        }
        for column, cell in row.items():
            value = expected[column]
            assert cell == (
                "; ".join(value) if isinstance(value, list) else "" if value is None else str(value)
            ), column
    assert rows[-1]["title"] == 'a, "b"; c' and rows[-1]["summary"] == "two\nlines"


# actions.ics (RFC 5545), as a calendar reads it.


def calendar_of(site: Path) -> Calendar:
    raw = (site / "actions.ics").read_bytes()
    assert all(len(line) <= 75 for line in raw.split(b"\r\n")) and b"\n" not in raw.replace(b"\r\n", b"")
    found = Calendar.from_ical(raw)
    assert isinstance(found, Calendar) and found["VERSION"] == "2.0" and found["PRODID"]
    for event in found.walk("VEVENT"):
        assert not event.errors and {"UID", "DTSTAMP", "DTSTART", "SUMMARY"} <= set(event)
    return found


TITLES = [
    "Plain",
    "a, b; c: d",
    "back\\slash \\n",
    "日本語 😀 " * 20,
    "\u200fعنوان",
    "x" * 300,
    "BEGIN:VEVENT",
    '"quoted"',
]


def test_a_calendar_reads_the_action_items_as_they_were_written(tmp_path: Path) -> None:
    items = "\n".join(
        f"  - {{title: {json.dumps(title, ensure_ascii=False)}, owner: {json.dumps(title[:40], ensure_ascii=False)}, due: 2026-12-{day:02d}, status: open}}"
        for day, title in enumerate(TITLES, start=1)
    )
    incident(tmp_path, f"title: T\nseverity: SEV1\naction_items:\n{items}", f"base_url: {BASE}")
    events = list(calendar_of(tmp_path / "site").walk("VEVENT"))
    assert [str(event["SUMMARY"]) for event in events] == [
        title.replace("\u200f", "").strip() for title in TITLES
    ]
    assert [event.decoded("DTSTART") for event in events] == [
        date(2026, 12, day) for day in range(1, len(TITLES) + 1)
    ]
    assert {str(event["URL"]) for event in events} == {f"{BASE}/incidents/2024-01-10-web/"}


def test_events_have_ids_of_their_own_that_stay(tmp_path: Path) -> None:
    items = "[{title: A, due: 2026-12-01, status: open}, {title: A, due: 2026-12-02, status: open}, {title: B, due: 2026-12-03, status: open}]"
    incident(tmp_path, f"title: T\nseverity: SEV1\naction_items: {items}")
    first = [str(event["UID"]) for event in calendar_of(tmp_path / "site").walk("VEVENT")]
    build_site(tmp_path, base_url="https://elsewhere.example", now=date(2026, 11, 20))
    assert [str(event["UID"]) for event in calendar_of(tmp_path / "site").walk("VEVENT")] == first
    assert len(set(first)) == 3


def test_the_demonstration_archive_has_valid_feeds_and_a_valid_calendar(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "content", tmp_path / "content")
    shutil.copy(ROOT / "pmsite.yaml", tmp_path)
    build_site(tmp_path, base_url=BASE)
    site = tmp_path / "site"
    calendar_of(site)
    feeds = [path for path in tree(site) if path.endswith("feed.xml")]
    assert len(feeds) > 50
    for path in feeds:
        feed = feedparser.parse((site / path).read_bytes())
        assert feed.bozo == 0 and feed.entries, path
    _assert_clean(site)


# Characters.


CONTROL = ("\x01", "\x08", "\x1b", "\x7f", "\ufffe")


@pytest.mark.parametrize("form", ["yaml", "toml", "json"])
def test_no_control_character_reaches_any_file(tmp_path: Path, form: str) -> None:
    """XML cannot hold them (https://www.w3.org/TR/xml/#charsets): one title would break every feed."""
    text = json.dumps(f"a{''.join(CONTROL)}b")
    forms = {
        "yaml": f"---\ntitle: {text}\nsummary: {text}\nseverity: SEV1\nservices: [{text}]\n---\n",
        "toml": f"+++\ntitle = {text}\nsummary = {text}\nseverity = 'SEV1'\nservices = [{text}]\n+++\n",
        "json": f'{{"title": {text}, "summary": {text}, "severity": "SEV1", "services": [{text}]}}\n',
    }
    write_files(tmp_path, f"-- content/2024-01-10-web.md --\n{forms[form]}\n## What happened\n")
    report = build_site(tmp_path)
    if report.changes is None:
        assert {problem.code for problem in report.diagnostics} <= {"E102", "E103"}
        return
    _assert_clean(tmp_path / "site")


def test_no_control_character_of_the_prose_reaches_any_file(tmp_path: Path) -> None:
    text = "".join(CONTROL)
    write_files(
        tmp_path,
        f"-- content/2024-01-10-web.md --\n# A{text}B\n\n## What {text}happened\n\n{'long text ' * 9}{text}.\n\n```\n{text}\n```\n",
    )
    assert build_site(tmp_path).changes is not None
    _assert_clean(tmp_path / "site")


def _assert_clean(site: Path) -> None:
    for path, content in tree(site).items():
        decoded = (
            json.dumps(json.loads(content), ensure_ascii=False)
            if path.endswith(".json")
            else content.decode()
        )
        assert [character for character in (*CONTROL, "\\u0001", "\\u001b") if character in decoded] == [], (
            path
        )
        if path.endswith(".xml"):
            ElementTree.fromstring(content)


@pytest.mark.parametrize("text", ["日本語 😀", "a & b < c > d", "]]>", "</script>", "‮abc", "e\u0301"])
def test_any_text_comes_out_of_every_machine_file_as_it_went_in(tmp_path: Path, text: str) -> None:
    quoted = json.dumps(text, ensure_ascii=False)
    assert incident(tmp_path, f"title: {quoted}\nsummary: {quoted}\nseverity: SEV1")["title"] == text
    (entry,) = feedparser.parse((tmp_path / "site/feed.xml").read_bytes(), sanitize_html=False).entries
    (row,) = csv.DictReader(io.StringIO((tmp_path / "site/incidents.csv").read_text(encoding="utf-8")))
    assert row["title"] == row["summary"] == text
    atom = ElementTree.fromstring((tmp_path / "site/feed.xml").read_bytes())
    assert (
        atom.findtext(".//{*}entry/{*}title") == atom.findtext(".//{*}entry/{*}summary") == text and entry.id
    )
