"""The JSON Schemas are valid, describe every field, and accept what people really write."""

import json
import re
import shutil
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from pmsite import scaffold
from pmsite.config import Config
from pmsite.scaffold.names import Name
from pmsite.scaffold.settings import settings_text
from pmsite.scaffold.survey import Survey
from pmsite.schemas import json_schema
from pmsite.source.frontmatter import split
from pmsite.source.schema import FIELDS
from pmsite.strict_yaml import load
from tests.sites import ARCHIVE, ROOT, build_site, write_files

NAMES = ["front-matter", "config", "incidents"]


def schema(name: str) -> Any:
    return json.loads(json_schema(name))


def without_nulls(value: Any) -> Any:
    """pmsite reads a key without a value as if it was not there."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def errors(name: str, value: Any) -> list[str]:
    return [
        f"{error.json_path}: {error.message}"
        for error in Draft202012Validator(schema(name)).iter_errors(value)
    ]


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_a_schema(name: str) -> None:
    found = schema(name)
    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema" and found["title"]
    Draft202012Validator.check_schema(found)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("front-matter", FIELDS),
        ("config", tuple(item.name for item in fields(Config))),
        ("incidents", ("schema_version", "title", "as_of", "completeness", "incidents")),
    ],
)
def test_every_field_is_described(name: str, known: tuple[str, ...]) -> None:
    found = schema(name)
    assert set(found["properties"]) == set(known)
    described = {"": found, **found.get("$defs", {})}
    for owner, definition in described.items():
        for field, value in definition.get("properties", {}).items():
            assert value.get("description", "").endswith("."), f"{owner}.{field}"


def test_keys_are_those_that_people_write() -> None:
    windows = schema("front-matter")["$defs"]["WindowFields"]["properties"]
    assert set(windows) == {"from", "to", "percent"}


def test_the_archives_front_matter_is_accepted(tmp_path: Path) -> None:
    write_files(tmp_path, ARCHIVE)
    checked = 0
    for path in [*sorted(tmp_path.rglob("*.md")), *sorted((ROOT / "content").rglob("*.md"))]:
        front = split(path.read_text(encoding="utf-8")).front
        if front is not None:
            assert errors("front-matter", without_nulls(front.value)) == [], path
            checked += 1
    assert checked >= 12


def test_front_matter_as_editors_read_it_is_accepted_too() -> None:
    """An editor's YAML gives numbers and booleans their types."""
    assert (
        errors("front-matter", {"impact": {"users": 1200, "percent": 12.5}, "title": "x", "services": "web"})
        == []
    )


@pytest.mark.parametrize("template", list(scaffold.Template))
def test_the_templates_of_new_are_accepted(tmp_path: Path, template: scaffold.Template) -> None:
    path = scaffold.new_postmortem(tmp_path, "Web", date(2024, 1, 10), template)
    front = split(path.read_text(encoding="utf-8")).front
    assert front is not None and errors("front-matter", without_nulls(front.value)) == []


@pytest.mark.parametrize(
    "value",
    [
        {"title": ["a"]},
        {"status": "whatever"},
        {"visibility": "secret"},
        {"action_items": [{"owner": "a"}]},
        {"action_items": [{"title": "a", "status": "maybe"}]},
        {"related": [{"type": "caused-by"}]},
        {"impact": {"users": [1]}},
    ],
)
def test_wrong_front_matter_is_refused(value: dict[str, Any]) -> None:
    assert errors("front-matter", value)


@pytest.mark.parametrize(
    "value",
    [
        {"impact": "Slow."},
        {"action_items": ["Do it"]},
        {"action_items": "Do it"},
        {"timeline": ["It begins"]},
        {"related": ["2024-01-10-web", {"id": "a", "type": "caused-by"}]},
        {"related": "2024-01-10-web"},
        {"links": ["https://example.org"]},
        {"services": ["a"], "tags": "a, b", "authors": ["A"]},
        {"impact": {"windows": [{"from": "10:00", "to": "11:00"}]}},
    ],
)
def test_the_short_forms_that_pmsite_reads_are_accepted(value: dict[str, Any]) -> None:
    assert errors("front-matter", value) == []


def test_the_repositorys_own_configuration_is_accepted(tmp_path: Path) -> None:
    write_files(tmp_path, ARCHIVE)
    texts = [
        (ROOT / "pmsite.yaml").read_text(encoding="utf-8"),
        (tmp_path / "pmsite.yaml").read_text(),
        settings_text("a", "site", None),
        settings_text("a", "site", Survey(3, 0, "a", ("t.md",), 0, "hugo", (), (Name("web", 3),))),
    ]
    for text in texts:
        assert errors("config", without_nulls(load(text).value)) == []


@pytest.mark.parametrize(
    ("value", "is_right"),
    [
        ({"content": "docs"}, True),
        ({"content": ["a", {"path": "b", "defaults": {"visibility": "public"}}]}, True),
        ({"content": [{"defaults": {}}]}, False),
        ({"services": ["web", {"name": "db", "owner": "a"}]}, True),
        ({"services": {"web": "The shop.", "db": {"owner": "a", "aliases": ["data"]}, "x": None}}, True),
        ({"services": {"web": {"links": [{"label": "a", "url": "b"}]}}}, True),
        ({"services": {"web": {"aliases": "site"}}}, True),
        ({"severities": ["S1", "S2"]}, True),
        ({"services": 5}, False),
        ({"rules": {"W412": "off", "action-overdue": "error"}}, True),
        ({"rules": {"W412": "maybe"}}, False),
        ({"exclude": "*.txt"}, True),
        ({"page_size": 50, "fiscal_year_start": 4}, True),
        ({"page_size": 4}, False),
        ({"audience": "public", "drafts": True}, True),
        ({"audience": "everyone"}, False),
        ({"markdown": {"flavor": "python", "extensions": ["tables", {"toc": {"permalink": "a"}}]}}, True),
        ({"markdown": {"flavor": "kramdown"}}, False),
        ({"language": "not a language"}, False),
        ({"theme_options": {"accent": "#abc"}}, True),
        ({"fields": {"preset": "cstate", "beginn": "started"}}, True),
        ({"fields": {"preset": "wordpress"}}, False),
    ],
)  # fmt: skip
def test_the_configurations_forms(value: dict[str, Any], is_right: bool) -> None:
    assert (errors("config", value) == []) is is_right


# incidents.json.


def closed(value: Any) -> Any:
    """The schema as what is written has to fulfil it: no key beyond the described ones. Readers allow for new keys."""
    if isinstance(value, dict):
        found = {key: closed(item) for key, item in value.items()}
        return found | {"additionalProperties": False} if value.get("type") == "object" else found
    return [closed(item) for item in value] if isinstance(value, list) else value


def test_every_part_of_incidents_json_is_described_and_always_there() -> None:
    def visit(value: Any) -> int:
        count = 0
        if isinstance(value, dict):
            if isinstance(value.get("properties"), dict):
                assert set(value["required"]) == set(value["properties"])
                assert all(item["description"].endswith(".") for item in value["properties"].values())
                count += len(value["properties"])
            count += sum(visit(item) for item in value.values())
        return count

    assert visit(schema("incidents")) > 100


@pytest.mark.parametrize("archive", ["small", "demonstration", "empty"])
def test_incidents_json_fulfils_the_schema_beside_it(tmp_path: Path, archive: str) -> None:
    if archive == "demonstration":
        shutil.copytree(ROOT / "content", tmp_path / "content")
        shutil.copy(ROOT / "pmsite.yaml", tmp_path)
    else:
        write_files(tmp_path, ARCHIVE if archive == "small" else "-- content/index.md --\nWelcome.\n")
    build_site(tmp_path)
    published = (tmp_path / "site/schema.json").read_text(encoding="utf-8")
    assert published == json_schema("incidents") + "\n"
    value = json.loads((tmp_path / "site/incidents.json").read_bytes())
    found = Draft202012Validator(closed(json.loads(published))).iter_errors(value)
    assert [f"{error.json_path}: {error.message}" for error in found] == []


def test_the_schema_of_incidents_json_refuses_what_is_not_one(tmp_path: Path) -> None:
    build_site(write_files(tmp_path, ARCHIVE))
    right = json.loads((tmp_path / "site/incidents.json").read_bytes())
    assert errors("incidents", right | {"more": 1}) == []
    for change in ({"schema_version": 2}, {"as_of": "today"}, {"incidents": [{}]}, {"completeness": None}):
        assert errors("incidents", right | change), change
    for key, wrong in {
        "status": "x",
        "started": "10:00",
        "duration": 1.5,
        "services": "web",
        "kind": None,
    }.items():
        broken = json.loads(json.dumps(right))
        broken["incidents"][0][key] = wrong
        assert errors("incidents", broken), key


def test_the_manual_names_the_keys_of_an_incident() -> None:
    text = (ROOT / "docs/data.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", text.partition("## `incidents.csv`")[0], re.MULTILINE)
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    known = schema("incidents")["properties"]["incidents"]["items"]["properties"]
    assert set(named) == set(known) and len(named) == len(known)
