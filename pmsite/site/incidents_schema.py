"""The JSON Schema of incidents.json: one description, for the site, for `pmsite schema incidents` and for the manual."""

import json
from collections.abc import Iterable
from enum import Enum
from functools import cache
from typing import Any

from pmsite.archive.completeness import FIELDS
from pmsite.archive.incident import (
    MILESTONES,
    Absence,
    ActionStatus,
    ActionType,
    Kind,
    Precision,
    RelationType,
    Status,
)
from pmsite.site.data import SCHEMA_VERSION

Schema = dict[str, Any]
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DAY = r"^\d{4}-\d{2}-\d{2}$"
_TIME = r"^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(Z|[+-]\d{2}:\d{2})?)?$"


def schema_text(title: str, schema: Schema) -> str:
    """A schema as JSON text."""
    return json.dumps({"$schema": _DIALECT, **schema, "title": title}, indent=2, ensure_ascii=False)


@cache
def incidents_schema_text() -> str:
    return schema_text("incidents.json of pmsite", incidents_schema())


def incidents_schema() -> Schema:
    """Keys are always there; what is not known is null or empty. Keys may be added without a new `schema_version`."""
    return _object(
        "All incidents that a site shows.",
        schema_version={"description": "The version of this form.", "const": SCHEMA_VERSION},
        title=_text("The archive's title."),
        as_of=_day("The day of the build."),
        completeness=_object(
            "How complete the incidents are.",
            percent=_whole("The share of the fields that matter that are there.", maximum=100),
            fields=_each(FIELDS, "In how many incidents a field is stated, inferred and missing.", _counts()),
        ),
        incidents=_list("Newest first, undated ones last.", _incident()),
    )


def _incident() -> Schema:
    milestone = "ISO 8601: with an offset or Z where a zone is stated, a date where only the day is known."
    precision = [item.value for kind in (Precision, Absence) for item in kind]
    spans = ("detect", "acknowledge", "mitigate", "resolve")
    return _object(
        "One incident.",
        id=_text("The incident's id."),
        url=_text("The address of its page, relative to the site's root, percent-encoded."),
        source=_or_null(
            _text("The document's path from the source's root; null where it is an internal field.")
        ),
        title=_text("What happened, in a line."),
        date=_or_null(_day("The day of the incident.")),
        summary=_or_null(_text("One to three sentences.")),
        status=_or_null(_one_of("How far the postmortem is.", Status)),
        kind=_one_of("Only incidents count in statistics.", Kind),
        severity=_or_null(_text("One of the site's severities.")),
        number=_or_null(_text("The organisation's own number.")),
        **{name: _or_null(_text(milestone, pattern=_TIME)) for name in MILESTONES},
        duration=_or_null(_whole("The length that the document states, in seconds.")),
        precision=_each(
            MILESTONES, "How well a milestone is known.", {"enum": [*precision, None]}, "Of one milestone."
        ),
        resolution=_or_null(_text("What fixed it.")),
        impact=_object(
            "Whom and what it hit.",
            summary=_or_null(_text("In a sentence.")),
            users=_or_null(_whole("The number of users affected.")),
            percent=_or_null(_number("The share affected, in percent.")),
            percent_of=_or_null(_text("What the share is of: users, requests, ...")),
            requests=_or_null(_whole("The number of requests that failed.")),
            types=_list("Kinds of impact.", _text("One kind.")),
            windows=_list("The times of impact.", _window()),
        ),
        seconds_to=_each(
            spans,
            "Seconds to detect, to acknowledge, to mitigate (the impact duration) and to resolve.",
            {"type": ["integer", "null"]},
            "Whole seconds, or null with a reason.",
        ),
        seconds_to_reason=_each(
            spans,
            "Why a length is null, or that it is approximate.",
            {"type": ["string", "null"]},
            "The reason.",
        ),
        root_cause=_or_null(_text("The category of the root cause.")),
        trigger=_or_null(_text("What set it off.")),
        factors=_texts("Contributing factors."),
        detection=_or_null(_text("How it was noticed.")),
        services=_texts("Services affected."),
        teams=_texts("Teams involved."),
        regions=_texts("Regions affected."),
        tags=_texts("Tags."),
        authors=_texts("Who wrote the postmortem."),
        timeline=_list("Entries in the order of the document.", _entry()),
        action_items=_list("What was promised.", _action_item()),
        related=_list("Incidents that the document names.", _relation()),
        exclude_from_metrics=_or_null(_text("Why it does not count in statistics.")),
        inferred=_texts("Fields that were read out of the text, or that nobody has confirmed."),
        doubted=_texts("Fields in doubt: approximate, in an impossible order, or contradicted."),
        completeness=_object(
            "The fields that matter, of this incident.",
            percent=_whole("The share that is there.", maximum=100),
            missing=_list("The ones that are not.", {"enum": list(FIELDS), "description": "A field's name."}),
        ),
    )


def _counts() -> Schema:
    return _object(
        "Numbers of incidents.",
        stated=_whole("An author wrote it."),
        inferred=_whole("It was read out of the text, and nobody has confirmed it."),
        missing=_whole("Nothing is known."),
    )


def _window() -> Schema:
    schema = _object(
        "One time of impact.",
        to=_text("Its end.", pattern=_TIME),
        percent=_or_null(_number("The share affected, in percent.")),
    )
    schema["properties"]["from"] = _text("Its beginning.", pattern=_TIME)
    schema["required"].append("from")
    return schema


def _entry() -> Schema:
    return _object(
        "One entry of the timeline.",
        at=_or_null(_text("When; as milestones are.", pattern=_TIME)),
        event=_text("What happened."),
        kind=_or_null(_text("The milestone that it marks.")),
    )


def _action_item() -> Schema:
    return _object(
        "One action item.",
        title=_text("What is to be done."),
        owner=_or_null(_text("Who does it.")),
        due=_or_null(_day("By when.")),
        status=_one_of("Its state.", ActionStatus),
        closed=_or_null(_day("When it was done or dropped.")),
        type=_or_null(_one_of("What it is for.", ActionType)),
        priority=_or_null(_text("Its priority.")),
        ticket=_or_null(_text("Its ticket.")),
    )


def _relation() -> Schema:
    return _object(
        "One relation.", id=_text("The other incident's id."), type=_one_of("Its kind.", RelationType)
    )


def _object(description: str, **properties: Schema) -> Schema:
    return {
        "description": description,
        "type": "object",
        "properties": properties,
        "required": list(properties),
    }


def _each(names: Iterable[str], description: str, schema: Schema, said: str = "") -> Schema:
    """An object whose keys are all of one form."""
    form = {"description": said, **schema} if said else schema
    return _object(description, **dict.fromkeys(names, form))


def _list(description: str, items: Schema) -> Schema:
    return {"description": description, "type": "array", "items": items}


def _texts(description: str) -> Schema:
    return {"description": description, "type": "array", "items": {"type": "string"}}


def _text(description: str, **more: Any) -> Schema:
    return {"description": description, "type": "string", **more}


def _day(description: str) -> Schema:
    return _text(description, pattern=_DAY)


def _whole(description: str, **more: Any) -> Schema:
    return {"description": description, "type": "integer", "minimum": 0, **more}


def _number(description: str) -> Schema:
    return {"description": description, "type": "number"}


def _one_of(description: str, kinds: type[Enum]) -> Schema:
    return {"description": description, "type": "string", "enum": [item.value for item in kinds]}


def _or_null(schema: Schema) -> Schema:
    """The same, or null where nothing is known."""
    found = {**schema, "type": [schema["type"], "null"]}
    if "enum" in schema:
        found["enum"] = [*schema["enum"], None]
    return found
