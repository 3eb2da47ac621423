"""The sentences that head charts: what they say of worked examples, and that they say no more than is so."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmsite.archive.grouping import NOT_ESTABLISHED, Ranked, Ranking, leaders
from pmsite.archive.incident import Incident, Kind, Status, Timestamp
from pmsite.archive.insights import sample
from pmsite.archive.overview import Overview, overview
from pmsite.archive.taxonomy import taxonomies
from pmsite.config import Config
from pmsite.site import findings

TODAY = date(2026, 11, 1)


def ranking(total: int = 40, **counts: int) -> Ranking:
    incidents = tuple(Incident(f"i{number}", "a.md", "a") for number in range(100))
    terms = sorted(counts.items(), key=lambda item: -item[1])
    return Ranking(
        tuple(Ranked(word, word.title(), incidents[:count]) for word, count in terms),
        sum(counts.values()),
        total,
    )


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        ({"configuration": 9, "network": 5, "time": 3}, "Configuration causes most: 9 of 17"),
        (
            {"configuration": 8, "network": 5, "time": 3},
            "Configuration is the most frequent root cause: 8 of 16",
        ),
        (
            {"network": 4, "time": 4, "design": 1},
            "Network and Time are the most frequent root causes: 4 of 9 each",
        ),
        ({"unknown": 9, "network": 3, "time": 2}, "Network is the most frequent root cause: 3 of 14"),
        ({"a": 2, "b": 2, "c": 2, "d": 2}, "No root cause stands out: at most 2 of 8"),
        ({"a": 1, "b": 1, "c": 1}, "No root cause stands out"),
        ({"unknown": 3}, "No root cause stands out"),
        ({"network": 3}, "Network causes most: 3 of 3"),
        ({}, "No root cause is stated"),
    ],
)
def test_causes(counts: dict[str, int], sentence: str) -> None:
    assert findings.causes(ranking(**counts)) == sentence


def test_detection() -> None:
    assert findings.detection(ranking(alert=20, staff=15)) == "Alert is how most were noticed: 20 of 35"
    assert (
        findings.detection(ranking(alert=20, staff=15, unknown=12))
        == "Alert is the most frequent way of noticing: 20 of 47"
    )
    assert (
        findings.detection(ranking(alert=4, staff=4, x=1))
        == "Alert and Staff are the most frequent ways of noticing: 4 of 9 each"
    )
    assert findings.detection(ranking()) == "How incidents were noticed is not stated"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([60, 600, 3600, 5400, 7200, None], "Half lasted at most 1 h, nine in ten at most 2 h"),
        ([60, 3600, None], "2 durations are known: from 1 min to 1 h"),
        ([60], "1 duration is known: 1 min"),
        ([None], "How long incidents lasted is not known"),
    ],
)
def test_durations(values: list[int | None], sentence: str) -> None:
    assert findings.durations(sample(values)).replace("\u00a0", " ") == sentence


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([0, 60, 120, 180, 1200], "Half were noticed within 2 min, nine in ten within 20 min"),
        ([60], "Time to detect: 1 duration is known: 1 min"),
        ([], "How long it took to notice incidents is not known"),
    ],
)
def test_time_to_detect(values: list[int], sentence: str) -> None:
    assert findings.detect(sample(values)).replace("\u00a0", " ") == sentence


def groups(**counts: int) -> dict[int, tuple[Incident, ...]]:
    return {int(key[1:]): (Incident("a", "a.md", "a"),) * count for key, count in counts.items()}


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (groups(_1=9, _4=3, _5=3), "Most began on Tuesdays: 9 of 15"),
        (groups(_1=7, _4=4, _5=4), "More began on a Tuesday than on any other day: 7 of 15"),
        (groups(_0=3, _4=3, _5=1), "No weekday stands out: at most 3 of 7 began on the same"),
        (
            groups(_0=3, _1=3, _2=3, _3=2, _4=2, _5=2, _6=2),
            "No weekday stands out: at most 3 of 17 began on the same",
        ),
        (groups(), "When incidents begin is not known"),
    ],
)
def test_weekdays(found: dict[int, tuple[Incident, ...]], sentence: str) -> None:
    assert findings.weekdays(found, sum(map(len, found.values()))) == sentence


def test_hours() -> None:
    assert findings.hours(groups(_23=5, _9=2), 7) == "Most began between 23:00 and 00:00: 5 of 7"
    assert (
        findings.hours(groups(_23=3, _9=2, _8=1), 6)
        == "More began between 23:00 and 00:00 than in any other hour: 3 of 6"
    )
    assert findings.hours(groups(_1=1, _2=1), 2) == "No hour stands out"


def begun(name: str, day: str, **values: object) -> Incident:
    plain = Incident(name, f"{name}.md", name, date.fromisoformat(day))
    return replace(plain, **values)  # type: ignore[arg-type]


def figures(*incidents: Incident, today: date = TODAY) -> Overview:
    ordered = tuple(sorted(incidents, key=lambda item: item.date or date.min, reverse=True))
    config = Config()
    return overview(ordered, taxonomies(ordered, config), today, 1, lambda at: at)


@pytest.mark.parametrize(
    ("days", "sentence"),
    [
        (["2026-07-01"], "Q3 2026 had 1 incident"),
        (["2026-07-01", "2026-04-01"], "Q3 2026 had 1 incident, the quarter before 1"),
        (
            ["2026-09-30", "2026-07-01", "2026-01-01"],
            "Q3 2026 had 2 incidents, the two quarters before 0 to 1",
        ),
        (["2026-09-30", "2025-01-01"], "Q3 2026 had 1 incident, the four quarters before none"),
        (["2026-10-02", "2026-10-01"], "2 incidents, no complete quarter yet"),
        (
            ["2026-10-02", "2026-09-01", "2026-04-01", "2026-01-09"],
            "Q3 2026 had 1 incident, the two quarters before 1 each",
        ),
        ([], "0 incidents, no complete quarter yet"),
    ],
)
def test_quarters(days: list[str], sentence: str) -> None:
    found = figures(*(begun(f"i{place}", day) for place, day in enumerate(days)))
    assert findings.quarters(found) == sentence


def test_pairs() -> None:
    def hit(name: str, service: str, cause: str) -> Incident:
        return begun(name, "2026-07-01", services=(service,), root_cause=cause)

    twice = (hit("a", "web", "network"), hit("b", "web", "network"), hit("c", "mail", "time"))
    assert findings.pairs(figures(*twice)) == "Network on web comes back most often: 2 incidents"
    unknown = (hit("a", "web", "unknown"), hit("b", "web", "unknown"), hit("c", "mail", "time"))
    assert findings.pairs(figures(*unknown)) == "No service had the same root cause twice"
    assert (
        findings.pairs(figures(begun("a", "2026-07-01"))) == "No incident has both a service and a root cause"
    )
    both = (*twice, hit("d", "mail", "time"), hit("e", "mail", "design"))
    assert (
        findings.pairs(figures(*both))
        == "Time on mail and Network on web come back most often: 2 incidents each"
    )


def test_what_is_left_out() -> None:
    found = figures(
        begun("a", "2026-07-01"),
        begun("b", "2026-07-01", status=Status.DRAFT),
        begun("c", "2026-07-01", kind=Kind.DRILL),
        begun("d", "2026-07-01", exclude_from_metrics="x"),
        begun("e", "2026-07-01", kind=Kind.DRILL, status=Status.DRAFT),
    )
    assert (
        findings.counted(found)
        == "1 of 5 postmortems are counted. Left out: 2 draft, 1 drill, 1 excluded from metrics."
    )
    assert findings.counted(figures()) == "No postmortems yet."


def test_quarters_after_today_are_not_shown() -> None:
    found = figures(begun("a", "2026-07-01"), begun("typo", "2062-07-01"))
    assert [quarter.name.label for quarter in found.quarters] == ["Q3 2026"]


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 6), max_size=8))
def test_a_leader_has_more_than_every_other(counts: dict[str, int]) -> None:
    found = leaders(counts, lambda key: counts[key])
    for leader in found:
        others = [count for key, count in counts.items() if key not in found]
        assert all(counts[leader] > count for count in others)
        assert counts[leader] >= 2
    assert len(found) <= 3


@given(st.lists(st.sampled_from(["network", "time", "design", NOT_ESTABLISHED, ""]), max_size=40))
def test_the_sentence_on_causes_is_true(words: list[str]) -> None:
    found = figures(*(begun(f"i{place}", "2026-07-01", root_cause=word) for place, word in enumerate(words)))
    sentence = findings.causes(found.causes)
    known = sum(bool(word) for word in words)
    highest = max((words.count(word) for word in ("network", "time", "design")), default=0)
    leads = "causes most" in sentence or "most frequent" in sentence
    if leads or "at most " in sentence:
        assert f"{highest} of {known}" in sentence
        assert ("causes most" in sentence) <= (2 * highest > known)
    else:
        assert highest < 2
    for word in ("network", "time", "design"):
        if leads:
            assert (word.title() in sentence) == (words.count(word) == highest)


def test_durations_count_what_is_measured() -> None:
    start = datetime(2026, 7, 1, 10)
    lasting = [
        begun(
            f"i{minutes}",
            "2026-07-01",
            started=Timestamp(start, 0),
            resolved=Timestamp(start + timedelta(minutes=minutes), 0),
        ).completed()
        for minutes in (10, 20, 30, 40, 100)
    ]
    sentence = findings.durations(figures(*lasting).durations.sample).replace("\u00a0", " ")
    assert sentence == "Half lasted at most 30 min, nine in ten at most 1 h 40 min"
