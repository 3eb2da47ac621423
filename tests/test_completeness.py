"""How complete postmortems are: what counts as stated, inferred and missing, and where it is said."""

import json
import re
from dataclasses import replace
from datetime import date, datetime
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmsite.archive.completeness import FIELDS, Completeness, completeness, coverage
from pmsite.archive.incident import (
    Absence,
    ActionItem,
    Doubt,
    Impact,
    ImpactWindow,
    Incident,
    TimelineEntry,
    Timestamp,
)
from tests.sites import ARCHIVE, ROOT, build_site, pmsite, tree, write_files

AT = Timestamp(datetime(2024, 1, 10, 10), 0)
BARE = Incident("a", "a.md", "A")
FACTS: dict[str, Any] = {
    "date": date(2024, 1, 10),
    "severity": "SEV1",
    "summary": "Down.",
    "services": ("web",),
    "started": AT,
    "detected": AT,
    "resolved": AT,
    "mitigated": AT,
    "duration": 60,
    "detection": "alert",
    "root_cause": "capacity",
    "resolution": "Taken back.",
    "timeline": (TimelineEntry(AT, "It begins"),),
    "action_items": (ActionItem("Do it"),),
    "impact.summary": "All users.",
    "impact.users": 0,
    "impact.percent": 0.0,
    "impact.requests": 7,
    "impact.windows": (ImpactWindow(AT, AT),),
    "impact.types": ("latency",),
}


def incident(*facts: str, **others: Any) -> Incident:
    """An incident that has these facts."""
    impact = {name.removeprefix("impact."): FACTS[name] for name in facts if name.startswith("impact.")}
    plain = {name: FACTS[name] for name in facts if not name.startswith("impact.")}
    return replace(BARE, **{"impact": Impact(**impact), **plain, **others})


def group(found: Completeness, field: str) -> str:
    (name,) = [name for name in ("stated", "inferred", "missing") if field in getattr(found, name)]
    return name


def groups(folder: Path, document: str) -> dict[str, str]:
    """The group of each field in a site of one document, as its backlog page says."""
    write_files(folder, f"-- pmsite.yaml --\ntimezone: UTC\n-- content/web.md --\n{document}")
    assert build_site(folder).changes is not None
    page = (folder / "site/backlog/index.html").read_text(encoding="utf-8")
    rows = re.findall(
        r'<tr><th scope="row">(.+?)</th>.*?((?:<td class="pm-align-right">\d</td>)+)</tr>', page
    )
    found = {}
    for name, cells in rows:
        counts = re.findall(r"\d", cells.replace("pm-align-right", ""))
        found[name.replace(" ", "_")] = ("stated", "inferred", "missing")[counts.index("1")]
    assert list(found) == list(FIELDS)
    return found


# What counts.


def test_nothing_is_missing_of_a_document_that_has_everything() -> None:
    found = completeness(incident(*FACTS))
    assert found == Completeness(tuple(FIELDS), (), ()) and found.percent == 100
    assert completeness(BARE) == Completeness((), (), tuple(FIELDS)) and completeness(BARE).percent == 0


def test_every_fact_that_answers_a_field_is_enough_for_it() -> None:
    for field, facts in FIELDS.items():
        for fact in facts:
            assert group(completeness(incident(fact)), field) == "stated", fact
            assert group(completeness(incident(fact, inferred=(fact,))), field) == "inferred", fact


@pytest.mark.parametrize("written", ["unknown", "n/a", "~2024-01-10 10:00", "2024-01-10"])
def test_what_an_author_says_of_a_time_is_stated(tmp_path: Path, written: str) -> None:
    """Also that it is unknown, does not apply, or is known roughly: nothing is left to be done."""
    found = groups(tmp_path, f"---\ndetected: {written}\n---\n")
    assert found["detected"] == "stated" and found["resolved"] == "missing"


@pytest.mark.parametrize("field", ["root_cause", "detection"])
def test_a_word_that_is_not_known_is_an_answer(field: str) -> None:
    assert group(completeness(replace(BARE, **{field: "unknown"})), field) == "stated"


@pytest.mark.parametrize("absence", Absence)
def test_absences_are_answers(absence: Absence) -> None:
    assert group(completeness(replace(BARE, started=absence)), "started") == "stated"


def test_prose_is_inferred_until_it_is_confirmed(tmp_path: Path) -> None:
    prose = "# Web outage\n\n- **Duration:** October 7, 2023, 10:00 AM - 11:30 AM (UTC)\n\n## Timeline\n\n- 10:00 it begins\n- 11:30 it ends\n"
    fields = ("date", "started", "resolved", "timeline")
    assert {groups(tmp_path / "read", prose)[field] for field in fields} == {"inferred"}
    front = "date: 2023-10-07\nstarted: 2023-10-07T10:00:00Z\nresolved: 2023-10-07T11:30:00Z\n"
    adopted = groups(tmp_path / "adopted", f"---\n{front}inferred: [date, started, resolved]\n---\n{prose}")
    assert {adopted[field] for field in fields} == {"inferred"}
    confirmed = groups(tmp_path / "confirmed", f"---\n{front}---\n{prose}")
    assert [confirmed[field] for field in fields] == ["stated", "stated", "stated", "inferred"]


def test_a_length_that_the_text_contradicts_is_not_stated(tmp_path: Path) -> None:
    front = "---\nstarted: 2024-01-10 10:00\nresolved: 2024-01-10 12:00\n---\n"
    assert groups(tmp_path / "agreed", f"{front}**Duration:** 2 hours\n")["resolved"] == "stated"
    assert groups(tmp_path / "contradicted", f"{front}**Duration:** 30 minutes\n")["resolved"] == "inferred"


def test_parts_of_impact_are_inferred_one_by_one_or_all_together() -> None:
    both = ("impact.summary", "impact.percent")
    for inferred, expected in (
        ((), "stated"),
        (("impact.percent",), "stated"),
        (both, "inferred"),
        (("impact",), "inferred"),
    ):
        assert group(completeness(incident(*both, inferred=inferred)), "impact") == expected


# Properties.

names = st.frozensets(st.sampled_from(sorted(FACTS)))


@given(names, names, names)
def test_every_field_is_in_exactly_one_group(
    has: frozenset[str], guessed: frozenset[str], doubted: frozenset[str]
) -> None:
    doubts = tuple(Doubt(name, "because") for name in sorted(doubted))
    one = incident(*has, inferred=tuple(sorted(guessed)), doubts=doubts)
    found = completeness(one)
    assert sorted((*found.stated, *found.inferred, *found.missing)) == sorted(FIELDS)
    for part in (found.stated, found.inferred, found.missing):
        assert list(part) == [field for field in FIELDS if field in part]
    assert set(found.missing) == {field for field in FIELDS if has.isdisjoint(FIELDS[field])}
    assert (found.percent == 100) is (not found.missing)
    # Whoever confirms a value or resolves a contradiction makes nothing less complete.
    confirmed = completeness(replace(one, inferred=(), doubts=()))
    assert confirmed == Completeness(
        tuple(sorted((*found.stated, *found.inferred), key=list(FIELDS).index)), (), found.missing
    )


@given(names, st.sampled_from(sorted(FACTS)))
def test_a_fact_more_is_never_less_complete(has: frozenset[str], fact: str) -> None:
    before, after = completeness(incident(*has)), completeness(incident(*has, fact))
    assert set(after.missing) <= set(before.missing) and after.percent >= before.percent


@given(st.lists(names, max_size=12))
def test_an_archive_adds_up(archive: list[frozenset[str]]) -> None:
    incidents = [replace(incident(*has), id=str(number)) for number, has in enumerate(archive)]
    found = coverage(incidents)
    assert found.incidents == len(archive)
    assert all(field.stated + field.inferred + field.missing == len(archive) for field in found.fields)
    assert found.stated + found.inferred + found.missing == len(archive) * len(FIELDS)
    assert (found.percent == 100) is (bool(archive) and not found.lacking)
    gaps = [len(lack.missing) for _, lack in found.lacking]
    assert gaps == sorted(gaps, reverse=True) and sum(gaps) == found.missing
    order = [int(item.id) for item, lack in found.lacking if lack == found.lacking[0][1]]
    assert order == sorted(order)


def test_the_facts_are_those_that_an_incident_has() -> None:
    assert {fact for facts in FIELDS.values() for fact in facts} == set(FACTS)
    for fact in FACTS:
        assert attrgetter(fact)(incident(*FACTS)) == FACTS[fact]


# The backlog page.


def test_the_backlog_shows_who_lacks_what_the_least_complete_first(tmp_path: Path) -> None:
    build_site(write_files(tmp_path, ARCHIVE))
    page = (tmp_path / "site/backlog/index.html").read_text(encoding="utf-8")
    lacking = page[page.index("pm-gaps") :]
    titles = re.findall(r'pm-row-title"><a href="[^"]+">(.+?)</a>', lacking)
    assert titles == ["Fourth outage", "Third outage", "Second outage"]
    assert re.findall(r"Complete: </span>(\d+ %)", lacking) == ["15 %", "30 %", "61 %"]
    assert "Missing: detected, detection, resolution, timeline, action items" in lacking
    assert "Inferred: timeline" in lacking
    assert "<code>content/2024-03-05-second.md</code>" in lacking
    assert "3 of 4 postmortems lack something" in page


def test_a_whole_archive_has_nothing_to_show(tmp_path: Path) -> None:
    site = ARCHIVE[: ARCHIVE.index("-- content/2024-03-05-second.md --")].replace(
        "See [the second](2024-03-05-second.md) and", "See"
    )
    build_site(write_files(tmp_path, site))
    page = (tmp_path / "site/backlog/index.html").read_text(encoding="utf-8")
    assert "Every postmortem has what readers look for." in page and "pm-gaps" not in page
    build_site(
        write_files(
            tmp_path / "empty", "-- pmsite.yaml --\ntitle: Empty\n-- content/pages/a.md --\nA page.\n"
        )
    )
    page = (tmp_path / "empty/site/backlog/index.html").read_text(encoding="utf-8")
    assert "There are no postmortems yet." in page and "<table" not in page


def test_a_large_backlog_is_divided(tmp_path: Path) -> None:
    """No page grows with the archive, the first one included, and a gap that is filled renders few of them."""
    documents = "".join(
        f"-- content/2024-01-01-x{number:03}.md --\n---\nseverity: SEV1\nstatus: draft\ntitle: Number {number}\n---\n"
        for number in range(450)
    )
    build_site(write_files(tmp_path, f"-- pmsite.yaml --\ntitle: Large\n{documents}"))
    parts = [f"backlog/{part}index.html" for part in ("", "page/2/", "page/3/")]
    pages = {path: (tmp_path / "site" / path).read_text(encoding="utf-8") for path in parts}
    assert not (tmp_path / "site/backlog/page/4").exists()
    assert [text.count("Missing: ") for text in pages.values()] == [200, 200, 50]
    first, *others = pages.values()
    assert first.count('<li class="pm-row">') == 250 and "400 more" in first and "<table" in first
    assert all("Being written" not in text and "<table" not in text for text in others)
    path = tmp_path / "content/2024-01-01-x449.md"
    path.write_text(
        path.read_text(encoding="utf-8").replace("title:", "number: X-1\ntitle:"), encoding="utf-8"
    )
    assert not {*parts} & {*build_site(tmp_path).rendered}


def test_public_sites_have_no_backlog(tmp_path: Path) -> None:
    build_site(
        write_files(
            tmp_path,
            ARCHIVE.replace("title: Small archive", "title: Small archive\ndefaults: {visibility: public}"),
        ),
        audience="public",
        output="site",
    )
    site = tree(tmp_path / "site")
    assert "incidents/2024-01-10-first/index.html" in site
    assert not any(
        "backlog" in path or b"backlog/" in content
        for path, content in site.items()
        if path.endswith(".html")
    )


# Programs and the command line.


def test_json_says_what_is_missing(tmp_path: Path) -> None:
    build_site(write_files(tmp_path, ARCHIVE))
    value = json.loads((tmp_path / "site/incidents.json").read_bytes())
    by_id = {item["id"]: item["completeness"] for item in value["incidents"]}
    assert by_id["2024-01-10-first"] == {"percent": 100, "missing": []}
    missing = ["detected", "detection", "resolution", "timeline", "action_items"]
    assert by_id["2024-03-05-second"] == {"percent": 61, "missing": missing}
    fields = value["completeness"]["fields"]
    assert list(fields) == list(FIELDS)
    for field, counts in fields.items():
        assert sum(counts.values()) == 4
        assert counts["missing"] == sum(field in item["missing"] for item in by_id.values())
    there = sum(counts["stated"] + counts["inferred"] for counts in fields.values())
    assert value["completeness"]["percent"] == 100 * there // (4 * len(FIELDS))


def test_check_sums_it_up_and_names_documents_when_asked(tmp_path: Path) -> None:
    write_files(tmp_path, ARCHIVE)
    plain = pmsite("check", "--now", "2026-11-01", cwd=tmp_path)
    (line,) = [line for line in plain.stderr.splitlines() if "fields that matter" in line]
    stated, inferred, missing = map(int, re.findall(r"(\d+) (?:stated|inferred|missing)", line))
    assert stated + inferred + missing == 4 * len(FIELDS)
    assert line.startswith(
        f"{100 * (stated + inferred) // (4 * len(FIELDS))} % of the fields that matter are there"
    )
    assert "complete, missing" not in plain.stdout
    told = pmsite("check", "-v", "--now", "2026-11-01", cwd=tmp_path).stdout
    lacking = [line for line in told.splitlines() if "complete, missing" in line]
    assert [line.partition(":")[0] for line in lacking] == [
        "content/2025-09-09-fourth/index.md",
        "content/2025-07-01-third.md",
        "content/2024-03-05-second.md",
    ]
    assert lacking[1].startswith(
        "content/2025-07-01-third.md:1:1: 30 % complete, missing summary, impact, started"
    )


def test_check_says_nothing_of_it_where_nothing_is_asked(tmp_path: Path) -> None:
    write_files(tmp_path, ARCHIVE)
    assert pmsite("check", "-q", cwd=tmp_path).stderr == ""
    assert isinstance(json.loads(pmsite("check", "-v", "--output-format", "json", cwd=tmp_path).stdout), list)
    empty = write_files(
        tmp_path / "empty", "-- pmsite.yaml --\ntitle: Empty\n-- content/pages/a.md --\nA page.\n"
    )
    assert "fields that matter" not in pmsite("check", cwd=empty).stderr


def test_the_manual_names_the_same_fields() -> None:
    text = (ROOT / "docs/completeness.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \|", text, re.MULTILINE)
    assert {field: tuple(re.findall(r"`([\w.]+)`", facts)) for field, facts in rows} == FIELDS
