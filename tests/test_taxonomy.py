"""Divisions of the archive: terms in order, years and quarters, fiscal years included."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmsite.archive.incident import Impact, Incident
from pmsite.archive.taxonomy import Taxonomy, taxonomies, words_of, years
from pmsite.config import Config
from pmsite.vocabulary import LabelledUrl, Word


def incident(name: str, **values: object) -> Incident:
    return Incident(id=name, source=f"{name}.md", title=name, **values)  # type: ignore[arg-type]


def taxonomy(name: str, *incidents: Incident, config: Config | None = None) -> Taxonomy:
    return next(item for item in taxonomies(incidents, config or Config()) if item.name == name)


def listed(found: Taxonomy) -> list[tuple[str, str, list[str], bool]]:
    return [
        (term.slug, term.label, [item.id for item in term.incidents], term.is_known) for term in found.terms
    ]


def test_every_taxonomy_is_there_even_if_nothing_is_in_it() -> None:
    found = taxonomies((), Config())
    assert [item.name for item in found] == [
        "severity", "impact", "causes", "triggers", "factors", "services", "teams", "regions", "detection", "tags",
    ]  # fmt: skip
    assert all(item.terms == () for item in found)


def test_terms_come_in_the_vocabularys_order_and_new_words_after_them_by_name() -> None:
    found = taxonomy(
        "severity",
        incident("a", severity="SEV3"),
        incident("b", severity="Zebra"),
        incident("c", severity="SEV1"),
        incident("d", severity="Apple"),
        incident("e", severity="SEV3"),
        incident("f"),
    )
    assert listed(found) == [
        ("sev1", "SEV1", ["c"], True),
        ("sev3", "SEV3", ["a", "e"], True),
        ("apple", "Apple", ["d"], False),
        ("zebra", "Zebra", ["b"], False),
    ]
    assert [term.count for term in found.terms] == [1, 2, 1, 1]


def test_spellings_of_a_word_are_one_term_and_an_incident_is_in_it_once() -> None:
    found = taxonomy("tags", incident("a", tags=("Big Data", "big-data")), incident("b", tags=("BIG DATA",)))
    assert listed(found) == [("big-data", "BIG DATA", ["a", "b"], False)]
    assert found.term("big data") is found.terms[0]
    assert found.term("other") is None


def test_what_the_site_says_of_a_word() -> None:
    link = LabelledUrl("Runbook", "https://r.example")
    config = Config(services=(Word("web", "The web", "All of it", owner="Jo", links=(link,)), Word("unused")))
    (term,) = taxonomy("services", incident("a", services=("web",)), config=config).terms
    assert (term.slug, term.label, term.description, term.owner, term.links) == (
        "web",
        "The web",
        "All of it",
        "Jo",
        (link,),
    )


def test_words_without_letters_have_terms_of_their_own() -> None:
    found = taxonomy("tags", incident("a", tags=("🔥",)), incident("b", tags=("💧",)))
    assert len({term.slug for term in found.terms}) == 2
    assert {term.label for term in found.terms} == {"🔥", "💧"}
    assert found.term("🔥") in found.terms


def test_the_words_of_an_incident() -> None:
    found = incident(
        "a",
        severity="SEV1",
        impact=Impact(types=("cost",)),
        root_cause="time",
        factors=("x", "y"),
        detection="alert",
    )
    assert words_of("severity", found) == ("SEV1",)
    assert words_of("impact", found) == ("cost",)
    assert words_of("causes", found) == ("time",)
    assert words_of("factors", found) == ("x", "y")
    assert words_of("detection", found) == ("alert",)
    assert words_of("tags", found) == ()


def test_calendar_years_latest_first_with_four_quarters() -> None:
    incidents = (
        incident("d", date=date(2023, 12, 31)),
        incident("c", date=date(2023, 1, 1)),
        incident("b", date=date(2021, 4, 1)),
        incident("a"),
    )
    found = years(incidents, 1)
    assert [(year.slug, year.label, [item.id for item in year.incidents]) for year in found] == [
        ("2023", "2023", ["d", "c"]),
        ("2021", "2021", ["b"]),
    ]
    assert [[item.id for item in quarter.incidents] for quarter in found[0].quarters] == [
        ["c"],
        [],
        [],
        ["d"],
    ]
    assert [(quarter.number, quarter.start, quarter.end) for quarter in found[1].quarters] == [
        (1, date(2021, 1, 1), date(2021, 3, 31)),
        (2, date(2021, 4, 1), date(2021, 6, 30)),
        (3, date(2021, 7, 1), date(2021, 9, 30)),
        (4, date(2021, 10, 1), date(2021, 12, 31)),
    ]


@pytest.mark.parametrize(
    ("start", "day", "slug", "quarter", "first", "last"),
    [
        (4, date(2023, 3, 31), "fy2023", 4, date(2023, 1, 1), date(2023, 3, 31)),
        (4, date(2023, 4, 1), "fy2024", 1, date(2023, 4, 1), date(2023, 6, 30)),
        (7, date(2023, 12, 31), "fy2024", 2, date(2023, 10, 1), date(2023, 12, 31)),
        (12, date(2023, 12, 1), "fy2024", 1, date(2023, 12, 1), date(2024, 2, 29)),
        (12, date(2023, 11, 30), "fy2023", 4, date(2023, 9, 1), date(2023, 11, 30)),
        (2, date(2024, 1, 31), "fy2024", 4, date(2023, 11, 1), date(2024, 1, 31)),
    ],
)
def test_fiscal_years_are_named_for_the_year_that_they_end_in(
    start: int, day: date, slug: str, quarter: int, first: date, last: date
) -> None:
    (year,) = years((incident("a", date=day),), start)
    assert (year.slug, year.label) == (slug, slug.upper())
    (found,) = (item for item in year.quarters if item.incidents)
    assert (found.number, found.start, found.end) == (quarter, first, last)


@settings(deadline=None, max_examples=150)
@given(st.lists(st.dates(date(1900, 1, 1), date(2199, 12, 31)), min_size=1, max_size=12), st.integers(1, 12))
def test_every_dated_incident_is_in_one_year_and_one_quarter(days: list[date], start: int) -> None:
    incidents = tuple(incident(str(number), date=day) for number, day in enumerate(days))
    found = years(incidents, start)
    assert sorted(item.id for year in found for item in year.incidents) == sorted(
        item.id for item in incidents
    )
    for year in found:
        assert sorted(item.id for quarter in year.quarters for item in quarter.incidents) == sorted(
            item.id for item in year.incidents
        )
        for before, after in zip(year.quarters, year.quarters[1:], strict=False):
            assert after.start - before.end == timedelta(days=1)
    assert [year.slug for year in found] == sorted((year.slug for year in found), reverse=True)
