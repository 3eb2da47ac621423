"""The fields of front matter: what they accept, and a JSON Schema that says the same."""

import json
from datetime import date, datetime
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from pmsite.archive.incident import (
    Absence,
    ActionStatus,
    ActionType,
    Kind,
    RelationType,
    Status,
    Timestamp,
    Visibility,
)
from pmsite.config import Config
from pmsite.schemas import json_schema
from pmsite.source import schema
from pmsite.source.keys import Keys
from pmsite.source.schema import FIELDS, INCIDENT_FIELDS, ActionFields, FrontMatter, Reading
from pmsite.source.synonyms import FIELD_SYNONYMS
from pmsite.vocabulary import Word

READING = Reading.of(Config(services=(Word("web", aliases=("frontend",)),)))


def read(**values: Any) -> FrontMatter:
    return schema.adapter().validate_python(values, context=READING)


def places(**values: Any) -> list[tuple[int | str, ...]]:
    with pytest.raises(ValidationError) as caught:
        read(**values)
    return [error["loc"] for error in caught.value.errors()]


@pytest.mark.parametrize(
    ("key", "field"),
    [
        ("started", "started"),
        ("Started", "started"),
        ("started_at", "started"),
        ("started-at", "started"),
        ("Start Time", "started"),
        ("end_time", "resolved"),
        ("resolvedWhen", "resolved"),
        ("Root Cause", "root_cause"),
        ("rootcause", "root_cause"),
        ("SEV", "severity"),
        ("affected", "services"),
        ("Contributing-Factors", "factors"),
        ("Visibility", "visibility"),
        ("categories", "tags"),
        ("lastmod", "updated"),
        ("nonsense", "nonsense"),
        ("beginn", "started"),
    ],
)
def test_a_key_means_a_field(key: str, field: str) -> None:
    assert Keys({"beginn": "started"}).field((key,)) == field


def test_the_sites_own_words_win_over_the_built_in_synonyms() -> None:
    assert Keys({"start": "detected"}).field(("start",)) == "detected"


def test_every_synonym_leads_to_a_field_and_none_hides_one() -> None:
    assert set(FIELD_SYNONYMS.values()) <= set(FIELDS)
    assert not set(FIELD_SYNONYMS) & set(FIELDS)
    assert all(Keys({}).field(tuple(key.split("."))) == field for key, field in FIELD_SYNONYMS.items())


def test_fields_of_incidents_are_fields() -> None:
    assert set(FIELDS) >= INCIDENT_FIELDS
    assert {"severity", "started", "root_cause", "action_items"} <= INCIDENT_FIELDS
    assert not {"title", "date", "tags", "visibility"} & INCIDENT_FIELDS


def test_every_field_is_optional() -> None:
    assert read() == FrontMatter()
    assert read().visibility is Visibility.INTERNAL
    assert read().kind is Kind.INCIDENT
    assert read().status is None


@pytest.mark.parametrize(
    ("field", "written", "value"),
    [
        ("title", "  Web  ", "Web"),
        ("date", "2023-10-07", date(2023, 10, 7)),
        ("date", "unknown", None),
        ("date", "n/a", None),
        ("status", "Completed", Status.FINAL),
        ("kind", "Near Miss", Kind.NEAR_MISS),
        ("kind", "gameday", Kind.DRILL),
        ("visibility", "Public ", Visibility.PUBLIC),
        ("severity", "critical", "SEV1"),
        ("severity", "p2", "SEV2"),
        ("severity", "SEV33", "SEV33"),
        ("severity", "n/a", ""),
        ("severity", ["SEV1"], "SEV1"),
        ("root_cause", "Database", "data-store"),
        ("root_cause", "Unknown", "unknown"),
        ("root_cause", "gremlins", "gremlins"),
        ("detection", "monitoring", "alert"),
        ("services", "frontend, DB", ("web", "DB")),
        ("services", ["Frontend", "web"], ("web",)),
        ("services", [{"name": "web"}], ("web",)),
        ("tags", "a", ("a",)),
        ("authors", "Doe, Jane", ("Doe, Jane",)),
        ("authors", ["Jane", "Joe"], ("Jane", "Joe")),
        ("authors", "Jane ([@jane](https://example.org/@jane))", ("Jane (@jane)",)),
        ("aliases", "/old/path/", ("/old/path/",)),
        ("started", "2023-10-07T10:00Z", Timestamp(datetime(2023, 10, 7, 10), 0)),
        ("started", "unknown", Absence.UNKNOWN),
        ("mitigated", "N/A", Absence.NOT_APPLICABLE),
        ("resolved", "true", Absence.UNKNOWN),
    ],
)
def test_values(field: str, written: Any, value: Any) -> None:
    assert getattr(read(**{field: written}), field) == value


@pytest.mark.parametrize(
    ("field", "written"),
    [
        ("title", ["a"]),
        ("title", {"a": "b"}),
        ("date", "tomorrow"),
        ("date", "2024-02-30"),
        ("started", "10:00"),
        ("started", ["2023-10-07"]),
        ("status", "almost"),
        ("kind", "party"),
        ("visibility", "false"),
        ("visibility", "secret"),
        ("visibility", ["public"]),
        ("visibility", ""),
        ("severity", ["SEV1", "SEV2"]),
        ("root_cause", {"a": "b"}),
        ("services", {"a": "b"}),
        ("services", [["a"]]),
        ("impact", ["a"]),
    ],
)
def test_values_that_are_refused_are_named(field: str, written: Any) -> None:
    assert [place[0] for place in places(**{field: written})] == [field]


def test_impact_is_a_sentence_or_figures() -> None:
    assert read(impact="All down").impact.summary == "All down"
    impact = read(
        impact={
            "summary": "All down",
            "users": "~1,200",
            "percent": "12.5 %",
            "percent_of": "requests",
            "requests": "3M",
            "types": ["outage", "data-loss"],
        }
    ).impact
    assert (impact.users, impact.percent, impact.requests) == (1200, 12.5, 3_000_000)
    assert impact.types == ("availability", "data-loss")


def test_windows_of_impact() -> None:
    windows = read(impact={"windows": [{"from": "10:00", "to": "10:30", "percent": "40"}]}).impact.windows
    assert [(item.from_, item.to, item.percent) for item in windows] == [("10:00", "10:30", 40)]
    assert read(impact={"windows": {"from": "10:00", "to": "11:00"}}).impact.windows[0].to == "11:00"
    assert places(impact={"windows": [{}, {"percent": "300"}]}) == [("impact", "windows", 1, "percent")]


def test_action_items_are_texts_or_mappings() -> None:
    items = read(
        action_items=[
            "Add a test",
            {
                "title": "Fix",
                "owner": "Jo",
                "due": "2023-11-01",
                "status": "doing",
                "type": "fix",
                "ticket": "X-1",
            },
            {"title": "Done", "status": "closed", "closed": "2023-11-02"},
            None,
        ]
    ).action_items
    assert items == (
        ActionFields("Add a test"),
        ActionFields(
            "Fix", "Jo", date(2023, 11, 1), ActionStatus.IN_PROGRESS, type=ActionType.REPAIR, ticket="X-1"
        ),
        ActionFields("Done", status=ActionStatus.DONE, closed=date(2023, 11, 2)),
    )
    assert items[0].status is ActionStatus.UNKNOWN


def test_relations_are_ids_or_mappings() -> None:
    related = read(related=["a", {"id": "b", "type": "recurrence-of"}]).related
    assert [(item.id, item.type) for item in related] == [
        ("a", RelationType.RELATED),
        ("b", RelationType.RECURRENCE_OF),
    ]
    assert [item.id for item in read(related="a").related] == ["a"]


def test_links_are_addresses_or_mappings() -> None:
    links = read(links=["https://a.example", {"label": "Ticket", "url": "https://b.example"}]).links
    assert [(link.label, link.url) for link in links] == [
        ("https://a.example", "https://a.example"),
        ("Ticket", "https://b.example"),
    ]


def test_every_bad_part_is_named_by_its_path() -> None:
    assert places(
        date="x",
        action_items=[{"owner": "a"}, {"title": "b", "due": "soon"}],
        related=[{"id": "a", "type": "cousin"}],
        impact={"users": "many"},
    ) == [
        ("date",),
        ("impact", "users"),
        ("action_items", 0, "title"),
        ("action_items", 1, "due"),
        ("related", 0, "type"),
    ]


_EXAMPLE = {
    "id": "2023-10-07-web",
    "title": "Web down",
    "date": "2023-10-07",
    "status": "final",
    "severity": "SEV1",
    "kind": "incident",
    "started": "2023-10-07T10:00:00Z",
    "resolved": "~2023-10-07 12:00",
    "impact": {"summary": "Down", "users": 1200, "percent": "50 %", "windows": [{"to": "2023-10-07 12:00"}]},
    "root_cause": "capacity",
    "factors": ["load", "time"],
    "services": "web",
    "timeline": [{"at": "10:00", "event": "Alert", "kind": "detected"}],
    "action_items": [{"title": "Fix", "due": "2023-11-01", "status": "in-progress", "type": "prevent"}],
    "related": [{"id": "other", "type": "recurrence-of"}],
    "links": [{"label": "Status", "url": "https://status.example"}],
    "visibility": "public",
}


def test_the_json_schema_accepts_an_example_that_pmsite_accepts() -> None:
    document = json.loads(json_schema("front-matter"))
    jsonschema.Draft202012Validator.check_schema(document)
    jsonschema.validate(_EXAMPLE, document)
    read(**{**_EXAMPLE, "impact": {**_EXAMPLE["impact"], "users": "1200"}})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    "short",
    [
        {"impact": "All down"},
        {"action_items": ["Add a test"]},
        {"action_items": "Add a test"},
        {"related": ["other-incident"]},
        {"related": "other-incident"},
        {"links": ["https://status.example"]},
        {"timeline": ["Something happened"]},
        {"services": ["web"]},
        {"impact": {"windows": [{"from": "10:00", "to": "10:30"}]}},
    ],
)
def test_the_json_schema_accepts_the_short_forms_that_pmsite_accepts(short: dict[str, Any]) -> None:
    read(**short)
    jsonschema.validate(short, json.loads(json_schema("front-matter")))


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "almost"},
        {"visibility": "secret"},
        {"title": ["a"]},
        {"kind": 1},
        {"action_items": [{"owner": "x"}]},
    ],
)
def test_the_json_schema_refuses_what_pmsite_refuses(wrong: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, json.loads(json_schema("front-matter")))


def test_the_json_schema_describes_every_field() -> None:
    document = json.loads(json_schema("front-matter"))
    assert set(document["properties"]) == set(FIELDS)
    described = {"": document, **document["$defs"]}
    undescribed = [
        f"{name}.{key}"
        for name, part in described.items()
        for key, value in part.get("properties", {}).items()
        if not value.get("description")
    ]
    assert undescribed == []


def test_the_json_schema_of_the_configuration_accepts_every_form_of_a_vocabulary() -> None:
    document = json.loads(json_schema("config"))
    jsonschema.Draft202012Validator.check_schema(document)
    for services in (
        ["web", {"name": "db", "owner": "x"}],
        {"web": "The site", "db": {"aliases": ["sql"]}, "x": None},
    ):
        jsonschema.validate({"services": services, "content": ["a", {"path": "b"}]}, document)
    assert not [key for key, value in document["properties"].items() if not value.get("description")]


def test_the_json_schema_names_the_ends_of_a_window_as_documents_do() -> None:
    document = json.loads(json_schema("front-matter"))
    windows = document["$defs"]["ImpactFields"]["properties"]["windows"]
    name = windows["items"]["$ref"].rpartition("/")[2]
    assert set(document["$defs"][name]["properties"]) == {"from", "to", "percent"}
