"""JSON Schemas: of what people write, made from the types that check it, and of incidents.json."""

from typing import Any

from pydantic import TypeAdapter

from pmsite.config import Config
from pmsite.presets import PRESET, PRESETS
from pmsite.site.incidents_schema import incidents_schema_text, schema_text
from pmsite.source.schema import FrontMatter
from pmsite.vocabulary import DOCUMENTED


def json_schema(name: str) -> str:
    """The schema of `front-matter`, `config` or `incidents` as JSON text."""
    if name == "incidents":
        return incidents_schema_text()
    schema = _front_matter() if name == "front-matter" else _config()
    titles = {"front-matter": "pmsite front matter", "config": "pmsite.yaml"}
    return schema_text(titles[name], schema)


def _documented(kind: type) -> dict[str, Any]:
    """A type's schema, its attributes' docstrings the descriptions."""
    DOCUMENTED["use_attribute_docstrings"] = True
    return TypeAdapter(kind).json_schema()


def _front_matter() -> dict[str, Any]:
    """The schema of front matter; lists of mappings may be written in shorter forms than their types say."""
    schema: dict[str, Any] = _documented(FrontMatter)
    properties = schema["properties"]
    for name in ("timeline", "action_items", "related", "links"):
        value = properties[name]
        item = {"anyOf": [{"type": "string"}, value["items"]]}
        properties[name] = {
            "description": value.get("description", ""),
            "anyOf": [{"type": "array", "items": item}, *item["anyOf"]],
        }
    impact = properties["impact"]
    form = {key: impact[key] for key in ("$ref", "allOf") if key in impact}
    properties["impact"] = {"description": impact.get("description", ""), "anyOf": [{"type": "string"}, form]}
    window = schema["$defs"]["WindowFields"]["properties"]
    window["from"] = window.pop("from_")
    return schema


def _config() -> dict[str, Any]:
    """The configuration's schema; vocabularies and folders may be written in shorter forms than their types say."""
    schema: dict[str, Any] = _documented(Config)
    properties = schema["properties"]
    word = {"$ref": "#/$defs/Word"}
    for name, value in properties.items():
        if value.get("items") == word:
            named = {
                "type": "object",
                "additionalProperties": {"anyOf": [{"type": ["string", "null"]}, word]},
            }
            listed = {"type": "array", "items": {"anyOf": [{"type": "string"}, word]}}
            properties[name] = {"description": value.get("description", ""), "anyOf": [listed, named]}
    if "Word" in schema["$defs"]:
        schema["$defs"]["Word"]["required"] = []
    properties["fields"]["properties"] = {
        PRESET: {"description": "The program that documents were written for.", "enum": list(PRESETS)}
    }
    folder = properties["content"]
    properties["content"] = {
        "description": folder.get("description", ""),
        "anyOf": [
            {"type": "string"},
            {"type": "array", "items": {"anyOf": [{"type": "string"}, folder["items"]]}},
        ],
    }
    return schema
