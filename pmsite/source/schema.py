"""The front matter's fields: types, accepted forms and documentation. A new field is one line in FrontMatter."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from typing import Annotated, Any

from pydantic import BeforeValidator, TypeAdapter, ValidationInfo, WithJsonSchema

from pmsite.archive.incident import (
    Absence,
    ActionStatus,
    ActionType,
    Duration,
    Kind,
    RelationType,
    Status,
    Timestamp,
    Visibility,
)
from pmsite.config import Config
from pmsite.source import fields as convert
from pmsite.source.fields import Vocabularies, Zone
from pmsite.source.synonyms import (
    ACTION_STATUS_SYNONYMS,
    ACTION_TYPE_SYNONYMS,
    KIND_SYNONYMS,
    STATUS_SYNONYMS,
)
from pmsite.strict_yaml import KeyPath
from pmsite.vocabulary import DOCUMENTED, LabelledUrl


@dataclass(frozen=True, slots=True)
class Reading:
    """What converting a field needs to know of the site."""

    zone: Zone
    vocabularies: Vocabularies

    @classmethod
    def of(cls, config: Config) -> "Reading":
        return cls(Zone(config.timezone), Vocabularies(config))


def _reading(info: ValidationInfo[Reading]) -> Reading:
    assert info.context is not None
    return info.context


def _text(value: Any) -> Any:
    if type(value) is str:
        return value.strip()
    if isinstance(value, (dict, list)):
        raise ValueError("write text here, not a list or a mapping")
    return value


def _from_text(function: Callable[[str], Any]) -> Callable[[Any], Any]:
    def validate(value: Any) -> Any:
        value = _text(value)
        return function(value) if isinstance(value, str) else value

    return validate


def _day(text: str) -> date | None:
    return None if convert.word(text) in ("n/a", "unknown", "tbd", "none") else convert.day(text)


def _milestone(value: Any, info: ValidationInfo[Reading]) -> Any:
    value = _text(value)
    return convert.milestone(value, _reading(info).zone) if isinstance(value, str) else value


def _term(taxonomy: str) -> Callable[[Any, ValidationInfo[Reading]], Any]:
    def validate(value: Any, info: ValidationInfo[Reading]) -> Any:
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        value = _text(value)
        if not isinstance(value, str):
            return value
        if convert.word(value) in ("n/a", "na", "none", "nil", "-", ""):
            return ""
        return _reading(info).vocabularies[taxonomy].canonical(value)

    return validate


def _terms(taxonomy: str) -> Callable[[Any, ValidationInfo[Reading]], Any]:
    def validate(value: Any, info: ValidationInfo[Reading]) -> Any:
        vocabulary = _reading(info).vocabularies[taxonomy]
        return list(dict.fromkeys(vocabulary.canonical(name) for name in convert.names(value)))

    return validate


def _names(value: Any) -> Any:
    return convert.names(value, split=False)


def _people(value: Any) -> Any:
    """Names in which a link is its text: `A. Writer ([@writer](https://example.org/@writer))`."""
    return [convert.unmarked(name) for name in _names(value)]


def _mapping_of(key: str) -> Callable[[Any], Any]:
    """A plain text stands for a mapping with one key; a single entry for a list of one."""

    def validate(value: Any) -> Any:
        if isinstance(value, str | dict):
            value = [value]
        if not isinstance(value, list):
            return value
        return [{key: item} if isinstance(item, str) else item for item in value if item is not None]

    return validate


def _closed(kind: Any, synonyms: Mapping[str, Any]) -> Callable[[Any], Any]:
    def validate(value: Any) -> Any:
        value = _text(value)
        if not isinstance(value, str):
            return value
        member = convert.closed(value, kind, synonyms)
        if member is None:
            raise ValueError(f'"{value[:60]}" is not one of {", ".join(item.value for item in kind)}')
        return member

    return validate


_string = WithJsonSchema({"type": "string"})
_strings = WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]})


Text = Annotated[str, BeforeValidator(_text), _string]
PlainText = Annotated[str, BeforeValidator(_from_text(convert.unmarked)), _string]
Day = Annotated[date | None, BeforeValidator(_from_text(_day)), WithJsonSchema({"type": "string"})]
When = Annotated[Timestamp | Absence | None, BeforeValidator(_milestone), _string]
Count = Annotated[
    int | None,
    BeforeValidator(_from_text(convert.whole_number)),
    WithJsonSchema({"type": ["integer", "string"]}),
]
Percent = Annotated[
    float | None,
    BeforeValidator(_from_text(convert.percentage)),
    WithJsonSchema({"type": ["number", "string"]}),
]
Span = Annotated[Duration | None, BeforeValidator(_from_text(convert.span)), _string]
Names = Annotated[tuple[str, ...], BeforeValidator(_names), _strings]
PeopleNames = Annotated[tuple[str, ...], BeforeValidator(_people), _strings]


def _enumeration(kind: Any, synonyms: Mapping[str, Any]) -> WithJsonSchema:
    return WithJsonSchema({"enum": [*(item.value for item in kind), *synonyms]})


DocumentStatus = Annotated[
    Status | None, BeforeValidator(_closed(Status, STATUS_SYNONYMS)), _enumeration(Status, STATUS_SYNONYMS)
]
IncidentKind = Annotated[
    Kind, BeforeValidator(_closed(Kind, KIND_SYNONYMS)), _enumeration(Kind, KIND_SYNONYMS)
]
ActionState = Annotated[
    ActionStatus,
    BeforeValidator(_closed(ActionStatus, ACTION_STATUS_SYNONYMS)),
    _enumeration(ActionStatus, ACTION_STATUS_SYNONYMS),
]
ActionPurpose = Annotated[
    ActionType | None,
    BeforeValidator(_closed(ActionType, ACTION_TYPE_SYNONYMS)),
    _enumeration(ActionType, ACTION_TYPE_SYNONYMS),
]
RelationKind = Annotated[
    RelationType, BeforeValidator(_closed(RelationType, {})), _enumeration(RelationType, {})
]
Audience = Annotated[Visibility, BeforeValidator(_closed(Visibility, {})), _enumeration(Visibility, {})]
SeverityWord = Annotated[str, BeforeValidator(_term("severity")), _string]
CauseWord = Annotated[str, BeforeValidator(_term("causes")), _string]
TriggerWord = Annotated[str, BeforeValidator(_term("triggers")), _string]
DetectionWord = Annotated[str, BeforeValidator(_term("detection")), _string]
FactorWords = Annotated[tuple[str, ...], BeforeValidator(_terms("factors")), _strings]
ServiceNames = Annotated[tuple[str, ...], BeforeValidator(_terms("services")), _strings]
TeamNames = Annotated[tuple[str, ...], BeforeValidator(_terms("teams")), _strings]
RegionNames = Annotated[tuple[str, ...], BeforeValidator(_terms("regions")), _strings]
TagNames = Annotated[tuple[str, ...], BeforeValidator(_terms("tags")), _strings]
ImpactTypes = Annotated[tuple[str, ...], BeforeValidator(_terms("impact")), _strings]


@dataclass(frozen=True, slots=True)
class WindowFields:
    __pydantic_config__ = DOCUMENTED

    from_: Text = ""
    """When users began to be affected."""
    to: Text = ""
    """When they no longer were."""
    percent: Percent = None
    """The share of users affected, 0 to 100."""


def _windows(value: Any) -> Any:
    """`from` is a keyword in Python."""
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, list):
        return value
    return [
        {"from_" if key == "from" else key: part for key, part in item.items()}
        if isinstance(item, dict)
        else item
        for item in value
    ]


@dataclass(frozen=True, slots=True)
class ImpactFields:
    __pydantic_config__ = DOCUMENTED

    summary: PlainText = ""
    """What users noticed, in a sentence."""
    users: Count = None
    """How many users were affected."""
    percent: Percent = None
    """The share affected, 0 to 100."""
    percent_of: Text = ""
    """What the share is of: users, requests, ..."""
    requests: Count = None
    """How many requests failed."""
    windows: Annotated[tuple[WindowFields, ...], BeforeValidator(_windows)] = ()
    """Stretches of time during which users were affected, if there was more than one."""
    types: ImpactTypes = ()
    """availability, latency, errors, data-loss, data-integrity, security, internal, cost."""


def _impact(value: Any) -> Any:
    return {"summary": value} if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class TimelineFields:
    __pydantic_config__ = DOCUMENTED

    event: Text
    """What happened."""
    at: Text = ""
    """When: a timestamp, or a clock time on the previous entry's day."""
    kind: Text = ""
    """A milestone's name (started, detected, mitigated, resolved, ...) or a word of your own."""


@dataclass(frozen=True, slots=True)
class ActionFields:
    __pydantic_config__ = DOCUMENTED

    title: Text
    """What is to be done."""
    owner: Text = ""
    """Who does it: a person or a team."""
    due: Day = None
    """The day it is to be done by."""
    status: ActionState = ActionStatus.UNKNOWN
    """open, in-progress, done, wont-do or unknown."""
    closed: Day = None
    """The day it was done or dropped."""
    type: ActionPurpose = None
    """prevent, mitigate, detect, process, repair, investigate or document."""
    priority: Text = ""
    """The organisation's own word."""
    ticket: Text = ""
    """A ticket's key or address."""


@dataclass(frozen=True, slots=True)
class RelationFields:
    __pydantic_config__ = DOCUMENTED

    id: Text
    """The other incident's id."""
    type: RelationKind = RelationType.RELATED
    """recurrence-of, duplicate-of, caused-by, follow-up or related."""


def _links(value: Any) -> Any:
    items = _mapping_of("url")(value)
    if not isinstance(items, list):
        return items
    return [
        {"label": item["url"], **item} if isinstance(item, dict) and "url" in item else item for item in items
    ]


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """A postmortem's front matter. Every field is optional."""

    __pydantic_config__ = DOCUMENTED

    id: Text = ""
    """The incident's address below /incidents/; else the file's name."""
    title: Text = ""
    """What happened, in a line; else the first heading."""
    date: Day = None
    """The day of the incident; else the day of `started`, or the date in the file's name."""
    published: Day = None
    """The day the postmortem was published."""
    updated: Day = None
    """The day it was last changed."""
    summary: PlainText = ""
    """One to three sentences for lists, feeds and executives."""
    status: DocumentStatus = None
    """draft, review or final: the state of the document."""
    number: Text = ""
    """The organisation's own number, such as PM2021-007."""
    severity: SeverityWord = ""
    """SEV1 to SEV4, or the site's own words."""
    kind: IncidentKind = Kind.INCIDENT
    """incident, near-miss, security, maintenance or drill; only incidents count in statistics."""
    exclude_from_metrics: Text = ""
    """The reason why this incident does not count in statistics."""
    started: When = None
    """When the impact began."""
    detected: When = None
    """When somebody or something noticed."""
    acknowledged: When = None
    """When somebody began to work on it."""
    declared: When = None
    """When it was called an incident."""
    identified: When = None
    """When the cause was found."""
    mitigated: When = None
    """When users were no longer affected."""
    resolved: When = None
    """When it was over."""
    duration: Span = None
    """How long users were affected, where the times are not known: 1 h 30 min, 45m, PT2H, ~5 h."""
    impact: Annotated[ImpactFields, BeforeValidator(_impact)] = ImpactFields()
    """What it meant to users: a sentence, or the figures."""
    root_cause: CauseWord = ""
    """One word: code-defect, configuration, capacity, ..., unknown. Never a person."""
    trigger: TriggerWord = ""
    """One word for what set it off: deployment, traffic-surge, ..."""
    factors: FactorWords = ()
    """Contributing factors."""
    resolution: PlainText = ""
    """What fixed it, in a sentence."""
    detection: DetectionWord = ""
    """alert, customer-report, staff-noticed, vendor-notice, automated-test or unknown."""
    services: ServiceNames = ()
    """The services that were affected."""
    teams: TeamNames = ()
    """The teams that were involved."""
    regions: RegionNames = ()
    """Regions or data centres that were affected."""
    tags: TagNames = ()
    """Words of your own."""
    authors: PeopleNames = ()
    """Who wrote the postmortem."""
    timeline: Annotated[tuple[TimelineFields, ...], BeforeValidator(_mapping_of("event"))] = ()
    """What happened when."""
    action_items: Annotated[tuple[ActionFields, ...], BeforeValidator(_mapping_of("title"))] = ()
    """What is done so that it does not happen again."""
    related: Annotated[tuple[RelationFields, ...], BeforeValidator(_mapping_of("id"))] = ()
    """Other incidents, by id."""
    links: Annotated[tuple[LabelledUrl, ...], BeforeValidator(_links)] = ()
    """Status pages, tickets, dashboards."""
    aliases: Names = ()
    """Former ids or paths; each redirects here."""
    visibility: Audience = Visibility.INTERNAL
    """public, internal or restricted."""
    inferred: Names = ()
    """Fields that nobody has confirmed yet."""


FIELDS = tuple(item.name for item in fields(FrontMatter))
# Fields that say that a document is about an incident; the others any document may have.
INCIDENT_FIELDS = frozenset(FIELDS) - {
    "id",
    "title",
    "date",
    "published",
    "updated",
    "summary",
    "status",
    "tags",
    "authors",
    "links",
    "aliases",
    "visibility",
    "inferred",
    "related",
    "teams",
    "regions",
}


_PARTS: Mapping[str, type] = {
    "impact": ImpactFields,
    "timeline": TimelineFields,
    "action_items": ActionFields,
    "related": RelationFields,
    "links": LabelledUrl,
}


def unknown_parts(field: str, path: KeyPath, value: Any) -> list[KeyPath]:
    """The keys below a field that nothing reads, by their paths in the front matter."""
    if field not in _PARTS:
        return []
    known = {item.name for item in fields(_PARTS[field])}
    items = enumerate(value) if isinstance(value, list) else [(None, value)]
    return [
        (*path, part) if number is None else (*path, number, part)
        for number, item in items
        if isinstance(item, dict)
        for part in item
        if part not in known
    ]


@cache
def adapter() -> TypeAdapter[FrontMatter]:
    return TypeAdapter(FrontMatter)
