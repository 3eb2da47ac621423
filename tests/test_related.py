"""Relations: stated ones from both sides, incidents that are alike, and what was seen before."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from pmsite.archive.archive import build_archive
from pmsite.archive.incident import (
    ActionItem,
    ActionStatus,
    Incident,
    Kind,
    Relation,
    RelationType,
    Status,
)
from pmsite.archive.recurrence import Seen
from pmsite.archive.related import MAX_ALIKE, Relations, relations
from pmsite.config import Config
from pmsite.source.document import Body, Document
from pmsite.source.files import Role

from .sites import build_site, write_files


def incident(name: str, *related: Relation, cause: str = "", services: tuple[str, ...] = ()) -> Incident:
    return Incident(
        id=name, source=f"{name}.md", title=name, related=related, root_cause=cause, services=services
    )


def stated(name: str, *incidents: Incident) -> list[tuple[str, str]]:
    found = relations(incidents, {}).get(name)
    return [(item.label, item.incident.id) for item in found.stated] if found else []


def alike(name: str, *incidents: Incident) -> list[str]:
    found = relations(incidents, {}).get(name)
    return [item.id for item in found.alike] if found else []


def test_one_heading_says_that_incidents_are_related(tmp_path: Path) -> None:
    text = "-- content/2024-01-0{0}-x.md --\n---\ntitle: T{0}\ndate: 2024-01-0{0}\nstatus: final\nseverity: SEV2\nrelated: [{1}]\n---\nText.\n"
    files = text.format(1, "") + text.format(2, "2024-01-01-x")
    assert headings(tmp_path / "one", files) == []
    files += text.format(3, "{id: 2024-01-02-x, type: recurrence-of}")
    assert headings(tmp_path / "two", files) == ["Happened again as", "Related to"]


def headings(folder: Path, files: str) -> list[str]:
    folder.mkdir()
    assert build_site(write_files(folder, files)).ok
    page = LexborHTMLParser((folder / "site/incidents/2024-01-02-x/index.html").read_text(encoding="utf-8"))
    assert page.css_first(".pm-related h2").text() == "Related incidents"
    return [node.text() for node in page.css(".pm-related h3")]


@pytest.mark.parametrize(
    ("kind", "here", "there"),
    [
        (RelationType.RELATED, "Related to", "Related to"),
        (RelationType.RECURRENCE_OF, "Recurrence of", "Happened again as"),
        (RelationType.DUPLICATE_OF, "Duplicate of", "Duplicated by"),
        (RelationType.CAUSED_BY, "Caused by", "Caused"),
        (RelationType.FOLLOW_UP, "Follow-up to", "Followed up by"),
    ],
)
def test_a_relation_is_seen_from_both_sides(kind: RelationType, here: str, there: str) -> None:
    pair = incident("a", Relation("b", kind)), incident("b")
    assert stated("a", *pair) == [(here, "b")]
    assert stated("b", *pair) == [(there, "a")]


def test_what_both_sides_state_is_said_once() -> None:
    pair = incident("a", Relation("b")), incident("b", Relation("a"), Relation("a"))
    assert stated("a", *pair) == [("Related to", "b")]
    assert stated("b", *pair) == [("Related to", "a")]


def test_recurrences_come_first() -> None:
    found = relations(
        (
            incident(
                "a",
                Relation("b"),
                Relation("d", RelationType.CAUSED_BY),
                Relation("c", RelationType.RECURRENCE_OF),
            ),
            incident("b"),
            incident("c"),
            incident("d"),
        ),
        {},
    )
    assert [(item.incident.id, item.is_recurrence) for item in found["a"].stated] == [
        ("c", True),
        ("d", False),
        ("b", False),
    ]
    assert found["c"].stated[0].is_recurrence


def test_unknown_ones_and_oneself_are_left_out() -> None:
    assert relations((incident("a", Relation("gone"), Relation("a")),), {}) == {}


def test_the_same_cause_on_the_same_service_is_alike() -> None:
    web, db = ("web",), ("db", "web")
    group = (
        incident("a", cause="capacity", services=web),
        incident("b", cause="capacity", services=db),
        incident("c", cause="capacity", services=("db",)),
        incident("d", cause="time", services=web),
        incident("e", services=web),
    )
    assert alike("a", *group) == ["b"]
    assert alike("b", *group) == ["a", "c"]
    assert alike("c", *group) == ["b"]
    assert alike("d", *group) == alike("e", *group) == []


def test_an_unknown_cause_makes_nothing_alike() -> None:
    assert (
        relations(
            (
                incident("a", cause="unknown", services=("x",)),
                incident("b", cause="unknown", services=("x",)),
            ),
            {},
        )
        == {}
    )


def test_what_is_stated_is_not_repeated_as_alike() -> None:
    pair = (
        incident("a", Relation("b"), cause="time", services=("x",)),
        incident("b", cause="time", services=("x",)),
    )
    assert alike("a", *pair) == alike("b", *pair) == []


def test_the_nearest_in_the_list_are_kept() -> None:
    group = [incident(f"i{number:02}", cause="time", services=("x",)) for number in range(20)]
    assert alike("i10", *group) == ["i09", "i11", "i08", "i12", "i07"]
    assert alike("i00", *group) == ["i01", "i02", "i03", "i04", "i05"]
    assert all(len(alike(item.id, *group)) == MAX_ALIKE for item in group)


# Recurrences.


def dated(name: str, *related: Relation, **given: Any) -> Incident:
    """An incident whose name is its day."""
    return Incident(
        id=name, source=f"{name}.md", title=name, date=date.fromisoformat(name), related=related, **given
    )


def newest_first(*incidents: Incident) -> list[Incident]:
    return sorted(incidents, key=lambda item: item.date or date.min, reverse=True)


def again(name: str) -> Relation:
    return Relation(name, RelationType.RECURRENCE_OF)


def known(*incidents: Incident, **words: str) -> dict[str, Relations]:
    spelled = {name.replace("_", "-").removeprefix("d"): text for name, text in words.items()}
    return relations(newest_first(*incidents), spelled)


ON_WEB = {"root_cause": "capacity", "services": ("web",)}


def test_seen_before_counts_the_24_months_before_the_incident_itself() -> None:
    found = known(
        dated("2020-02-28", **ON_WEB),
        dated("2020-02-29", **ON_WEB),
        dated("2021-05-05", **ON_WEB),
        dated("2021-06-06", root_cause="capacity", services=("db",)),
        dated("2021-07-07", root_cause="time", services=("web",)),
        dated("2022-02-28", root_cause="capacity", services=("db", "web")),
        dated("2022-03-01", **ON_WEB),
    )
    assert found["2022-02-28"].seen == (Seen("web", 3), Seen("db", 1))
    assert found["2022-03-01"].seen == (Seen("web", 2),)
    assert found["2020-02-29"].seen == (Seen("web", 1),)
    assert found["2020-02-28"].seen == ()


def test_the_29th_of_february_looks_back_to_the_28th() -> None:
    found = known(dated("2022-02-27", **ON_WEB), dated("2022-02-28", **ON_WEB), dated("2024-02-29", **ON_WEB))
    assert found["2024-02-29"].seen == (Seen("web", 1),)


@pytest.mark.parametrize(
    "given",
    [
        {"status": Status.DRAFT},
        {"kind": Kind.DRILL},
        {"kind": Kind.NEAR_MISS},
        {"exclude_from_metrics": "a test"},
        {"related": (Relation("2024-01-01", RelationType.DUPLICATE_OF),)},
    ],
)
def test_what_is_not_counted_was_not_seen_before(given: dict[str, Any]) -> None:
    first, last = dated("2024-01-01", **ON_WEB), dated("2024-03-03", **ON_WEB)
    between = replace(dated("2024-02-02", **ON_WEB), **given)
    assert known(first, between, last)["2024-03-03"].seen == (Seen("web", 1),)


@pytest.mark.parametrize("kind", [Kind.DRILL, Kind.MAINTENANCE])
def test_what_is_planned_has_not_been_seen_before(kind: Kind) -> None:
    found = known(dated("2024-01-01", **ON_WEB), dated("2024-02-02", kind=kind, **ON_WEB))
    assert found["2024-02-02"].seen == ()


def test_an_undated_incident_has_no_past() -> None:
    undated = Incident("u", "u.md", "u", **ON_WEB)
    found = relations([dated("2024-01-01", **ON_WEB), undated], {})
    assert found["u"].seen == found["2024-01-01"].seen == ()


def test_which_time_it_is_follows_from_all_that_recurred() -> None:
    """Whether each names the one before it or all name the first."""
    names = ("2021-01-01", "2022-02-02", "2023-03-03", "2024-04-04")
    chain = known(dated(names[0]), *(dated(name, again(before)) for before, name in pairwise(names)))
    star = known(dated(names[0]), *(dated(name, again(names[0])) for name in names[1:]))
    for found in (chain, star):
        assert [found[name].time for name in names] == [1, 2, 3, 4]


def test_a_draft_is_a_time_for_itself_alone() -> None:
    found = known(
        dated("2021-01-01"),
        dated("2022-02-02", again("2021-01-01"), status=Status.DRAFT),
        dated("2023-03-03", again("2021-01-01")),
    )
    assert (found["2022-02-02"].time, found["2023-03-03"].time) == (2, 2)


def test_recurrences_in_a_circle_end() -> None:
    found = known(dated("2021-01-01", again("2022-02-02")), dated("2022-02-02", again("2021-01-01")))
    assert (found["2021-01-01"].time, found["2022-02-02"].time) == (1, 2)


def test_the_actions_of_the_earlier_incident_that_were_not_done_are_named() -> None:
    day = date(2024, 6, 1)
    items = {
        "open": ActionItem("open", status=ActionStatus.OPEN),
        "begun": ActionItem("begun", status=ActionStatus.IN_PROGRESS),
        "dropped": ActionItem("dropped", status=ActionStatus.WONT_DO),
        "late": ActionItem("late", status=ActionStatus.DONE, closed=day + timedelta(days=1)),
        "done": ActionItem("done", status=ActionStatus.DONE, closed=day),
        "done sometime": ActionItem("done sometime", status=ActionStatus.DONE),
        "unknown": ActionItem("unknown"),
    }
    found = known(
        dated("2023-01-01", action_items=tuple(items.values())),
        dated(day.isoformat(), again("2023-01-01"), Relation("2023-01-01", RelationType.FOLLOW_UP)),
    )
    recurrence, follow_up = found[day.isoformat()].stated
    assert [item.title for item in recurrence.not_done] == ["open", "begun", "dropped", "late"]
    assert follow_up.not_done == found["2023-01-01"].stated[0].not_done == ()


# Suggestions from texts.

WORDS = "renewal job permission certificate"
OTHERS = {f"d2019_01_{day:02}": f"other{day} words{day} here{day}" for day in range(1, 20)}


def crowd() -> list[Incident]:
    return [dated(name.removeprefix("d").replace("_", "-")) for name in OTHERS]


def test_similar_words_are_suggested_once() -> None:
    found = known(
        *crowd(),
        dated("2021-01-01", **ON_WEB),
        dated("2022-02-02", root_cause="time", services=("web",)),
        dated("2023-03-03", Relation("2021-01-01"), **ON_WEB),
        d2021_01_01=WORDS,
        d2022_02_02=WORDS,
        d2023_03_03=WORDS,
        **OTHERS,
    )
    assert [item.id for item in found["2022-02-02"].similar] == ["2023-03-03", "2021-01-01"]
    assert [item.id for item in found["2023-03-03"].similar] == ["2022-02-02"]
    assert "2019-01-01" not in found


def test_a_shared_rare_factor_and_service_make_similar() -> None:
    shared = {"factors": ("leap-second",), "services": ("ntp",)}
    found = known(*crowd(), dated("2021-01-01", **shared), dated("2022-02-02", **shared), **OTHERS)
    assert [item.id for item in found["2022-02-02"].similar] == ["2021-01-01"]


@pytest.mark.parametrize(
    ("earlier", "later", "is_likely"),
    [
        ({}, {}, True),
        ({"date": date(2021, 1, 1)}, {}, False),
        ({"root_cause": "time"}, {}, False),
        ({"services": ("db",)}, {}, False),
        ({"kind": Kind.DRILL}, {}, False),
        ({}, {"kind": Kind.MAINTENANCE}, False),
        ({"kind": Kind.NEAR_MISS}, {}, True),
        ({"related": (Relation("2023-03-03"),)}, {}, False),
        ({}, {"related": (again("2022-02-02"),)}, False),
        ({}, {"related": (again("2019-01-01"),)}, False),
        ({}, {"related": (Relation("2019-01-01"),)}, True),
    ],
)
def test_a_likely_recurrence_that_nobody_names(
    earlier: dict[str, Any], later: dict[str, Any], is_likely: bool
) -> None:
    found = known(
        *crowd(),
        replace(dated("2022-02-02", **ON_WEB), **earlier),
        replace(dated("2023-03-03", **ON_WEB), **later),
        d2022_02_02=WORDS,
        d2023_03_03=WORDS,
        **OTHERS,
    )
    likely = found["2023-03-03"].likely
    assert (likely is not None and likely.id == "2022-02-02") == is_likely
    assert found["2022-02-02"].likely is None


def test_other_words_are_no_recurrence() -> None:
    pair = dated("2022-02-02", **ON_WEB), dated("2023-03-03", **ON_WEB)
    found = known(*crowd(), *pair, d2022_02_02=WORDS, d2023_03_03="disk full log database", **OTHERS)
    assert found["2023-03-03"].likely is None and found["2023-03-03"].alike == (pair[0],)


# What holds for any archive.

NAMES = [f"20{year}-0{month}-01" for year in range(18, 24) for month in (1, 5)]
archives = st.dictionaries(
    st.sampled_from(NAMES),
    st.tuples(
        st.lists(st.builds(Relation, st.sampled_from([*NAMES, "gone"]), st.sampled_from(RelationType)), max_size=3),
        st.sampled_from(["", "capacity", "time", "unknown"]),
        st.sets(st.sampled_from(["web", "db"])),
        st.sets(st.sampled_from(["alarm", "bucket", "cache", "disk", "engine", "lock"])),
        st.sampled_from([*Status, None]),
    ),
    max_size=10,
)  # fmt: skip


def from_drawn(drawn: dict[str, Any]) -> tuple[list[Incident], dict[str, str]]:
    incidents = [
        dated(name, *related, root_cause=cause, services=tuple(sorted(services)), status=status)
        for name, (related, cause, services, _, status) in drawn.items()
    ]
    return newest_first(*incidents), {name: " ".join(sorted(parts[3])) for name, parts in drawn.items()}


@settings(deadline=None)
@given(archives)
def test_stated_relations_are_mutual_and_nothing_is_related_to_itself(drawn: dict[str, Any]) -> None:
    incidents, words = from_drawn(drawn)
    found = relations(incidents, words)
    for name, related in found.items():
        others = [item.incident.id for item in related.stated]
        suggested = [item.id for item in (*related.alike, *related.similar)]
        assert name not in {*others, *suggested} and {*others, *suggested} <= {item.id for item in incidents}
        assert len(set(suggested)) == len(suggested) and not set(suggested) & set(others)
        assert related.likely is None or related.likely.id not in (name, *others)
        for other in others:
            assert name in [item.incident.id for item in found[other].stated]
        assert related.time == 1 or any(item.is_recurrence for item in related.stated)


@settings(deadline=None)
@given(archives, st.randoms(use_true_random=False))
def test_the_order_of_documents_changes_nothing(drawn: dict[str, Any], random: Random) -> None:
    incidents, words = from_drawn(drawn)
    documents = [
        Document(item.source, item.source, Role.POSTMORTEM, item.id, item.title, item.visibility, Body(), item,
                 words=words[item.id])
        for item in incidents
    ]  # fmt: skip
    random.shuffle(documents)
    assert build_archive(documents, Config()).relations == relations(incidents, words)


@settings(deadline=None)
@given(archives)
def test_seen_before_equals_a_count_by_hand(drawn: dict[str, Any]) -> None:
    incidents, words = from_drawn(drawn)
    found = relations(incidents, words)
    duplicates = {
        item.id
        for item in incidents
        if any(one.type is RelationType.DUPLICATE_OF and one.id in drawn for one in item.related)
    }
    for incident in incidents:
        assert incident.date is not None
        start = incident.date.replace(year=incident.date.year - 2)
        counts = {
            service: sum(
                other.is_counted
                and other.id not in duplicates
                and other.root_cause == incident.root_cause
                and service in other.services
                and other.date is not None
                and start <= other.date < incident.date
                for other in incidents
            )
            for service in incident.services
            if incident.root_cause not in ("", "unknown") and incident.id not in duplicates
        }
        expected = {service: count for service, count in counts.items() if count}
        assert {seen.service: seen.count for seen in found.get(incident.id, Relations()).seen} == expected
