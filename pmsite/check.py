"""The rules over a whole archive. A new rule is one function here, one line in the table of rules, and one page."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from dataclasses import field as field_of
from datetime import date, timedelta

from pmsite.archive.archive import Archive
from pmsite.archive.incident import (
    MILESTONES,
    Incident,
    Kind,
    Status,
    Timestamp,
    steps,
)
from pmsite.archive.taxonomy import KINDS
from pmsite.cache import remembered
from pmsite.config import Config, unknown_key
from pmsite.diagnostics import START, Diagnostic, diagnose, did_you_mean
from pmsite.presets import IGNORE, PRESET
from pmsite.site import urls
from pmsite.site.plan import Page
from pmsite.source.document import Document
from pmsite.source.keys import Keys
from pmsite.source.schema import FIELDS

STALE_DRAFT = timedelta(days=14)
DOMINANT_SHARE = 0.5
DOMINANT_FROM = 5
# A final postmortem names causes, not people: https://sre.google/sre-book/postmortem-culture/
_PERSON = re.compile(
    r"\b(human|operator|user|employee|engineer|staff|person|people|admin(istrator)?|developer|somebody|someone)"
    r"[\s_-]*(error|mistake|fault|failure|s)?$|^(carelessness|negligence|fat[\s_-]*fingers?|typo)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Checked:
    """What rules look at: the visible documents as they were written, the archive of what the audience sees of them,
    the configuration and the day.
    """

    documents: tuple[Document, ...]
    archive: Archive
    config: Config
    today: date

    @property
    def postmortems(self) -> Iterator[tuple[Document, Incident]]:
        for document in self.documents:
            if document.incident is not None:
                yield document, document.incident

    @property
    def final(self) -> Iterator[tuple[Document, Incident]]:
        return (pair for pair in self.postmortems if pair[1].status is Status.FINAL)


Rule = Callable[[Checked], Iterator[Diagnostic]]


@dataclass(slots=True)
class Findings:
    """What the rules for single documents found in an earlier round, by path, and the documents it was found in."""

    config: Config | None = None
    today: date = date.min
    documents: dict[str, Document] = field_of(default_factory=dict)
    problems: dict[str, list[Diagnostic]] = field_of(default_factory=dict)


def check_archive(checked: Checked, findings: Findings | None = None) -> list[Diagnostic]:
    """Every problem that the rules find, unconfigured and in no particular order.

    With the findings of an earlier round, documents that are the same are not looked at again by themselves.
    """
    found = [problem for rule in RULES_OF_ARCHIVES for problem in rule(checked)]
    problems = _check_documents(checked, findings or Findings())
    return [*found, *(problem for some in problems.values() for problem in some)]


def _check_documents(checked: Checked, findings: Findings) -> dict[str, list[Diagnostic]]:
    if findings.config is not checked.config or findings.today != checked.today:
        findings.config, findings.today = checked.config, checked.today
        findings.documents, findings.problems = {}, {}
    before = findings.documents
    new = tuple(document for document in checked.documents if before.get(document.path) is not document)
    problems: dict[str, list[Diagnostic]] = {document.path: [] for document in new}
    for rule in RULES_OF_DOCUMENTS:
        for problem in rule(replace(checked, documents=new)):
            problems[problem.path].append(problem)
    findings.problems = {
        document.path: problems[document.path]
        if document.path in problems
        else findings.problems[document.path]
        for document in checked.documents
    }
    findings.documents = {document.path: document for document in checked.documents}
    return findings.problems


def _at(document: Document, code: str, field: str, message: str, hint: str = "") -> Diagnostic:
    return diagnose(code, document.path, document.position(field), message, hint)


def new_terms(checked: Checked) -> Iterator[Diagnostic]:
    """One problem per word that no vocabulary knows, where the site or pmsite has a vocabulary for it."""
    for kind in KINDS:
        known = [word.label for word in checked.config.vocabulary(kind.name)]
        if not known:
            continue
        for term in checked.archive.taxonomy(kind.name).terms:
            if term.is_known:
                continue
            first = min(term.incidents, key=lambda incident: incident.source)
            field = _FIELD_OF.get(kind.name, kind.name)
            near = did_you_mean(term.label, known)
            shown = ", ".join(known[:8]) + (", ..." if len(known) > 8 else "")
            message = f'{kind.singular.lower()} "{term.label}" is new to this site ({term.count} x); known are {shown}'
            message += f" (did you mean {near}?)" if near else ""
            document = checked.archive.documents[first.id]
            yield _at(
                document,
                "W104",
                field,
                message,
                f"correct it, or add it to {_KEY_OF[kind.name]}: in pmsite.yaml",
            )


_FIELD_OF = {"causes": "root_cause", "triggers": "trigger"}
_KEY_OF = {
    "severity": "severities",
    "impact": "impact_types",
    "causes": "causes",
    "triggers": "triggers",
    "factors": "factors",
    "services": "services",
    "teams": "teams",
    "regions": "regions",
    "detection": "detections",
    "tags": "tags",
}


def unknown_fields(checked: Checked) -> Iterator[Diagnostic]:
    """One problem per key, with its count."""
    places = defaultdict(list)
    for document in checked.documents:
        for key, position in document.unknown_fields:
            places[key].append((document.path, position))
    known = list(Keys(checked.config.fields).known())
    for key, found in places.items():
        message, _ = unknown_key(key, known)
        count = f" ({len(found)} documents)" if len(found) > 1 else ""
        hint = "correct it, or say in fields: of pmsite.yaml what it stands for"
        path, position = min(found)
        yield diagnose("W105", path, position, f"the field {message}{count}", hint)


def duplicate_ids(checked: Checked) -> Iterator[Diagnostic]:
    by_id = defaultdict(list)
    for document, incident in checked.postmortems:
        by_id[urls.collision_key(incident.id)].append(document)
        if incident.id == "page":
            yield _at(
                document, "E301", "id", 'the id "page" is taken by the list of incidents', "choose another id"
            )
    for documents in by_id.values():
        first, *others = sorted(documents, key=lambda document: document.path)
        for other in others:
            message = f'the id "{other.id}" is also that of {first.path}'
            yield _at(other, "E301", "id", message, "give one of them an id: of its own")


def duplicate_numbers(checked: Checked) -> Iterator[Diagnostic]:
    """A number that several incidents have leads to none of them."""
    by_number = defaultdict(list)
    for document, incident in checked.postmortems:
        if incident.number:
            by_number[urls.slug(incident.number)].append((document, incident))
    for documents in by_number.values():
        first = documents[0][0]
        for document, incident in documents[1:]:
            message = f'the number "{incident.number}" is also that of {first.path}'
            yield _at(document, "W304", "number", message, "give each incident a number of its own")


def configured_fields(checked: Checked) -> Iterator[Diagnostic]:
    """Fields that the configuration names and that do not exist."""
    keys = Keys(checked.config.fields)
    names = [field for key, field in checked.config.fields.items() if key != PRESET and field != IGNORE]
    names += [*checked.config.defaults]
    names += [key for folder in checked.config.content for key in folder.defaults]
    known = [*keys.known()]
    for name in names:
        if keys.field((name,)) not in FIELDS:
            message, hint = unknown_key(name, known)
            yield diagnose("W502", "pmsite.yaml", START, f"the field {message}", hint)


def unknown_related(checked: Checked) -> Iterator[Diagnostic]:
    ids = {incident.id for _, incident in checked.postmortems}
    for document, incident in checked.postmortems:
        for number, relation in enumerate(incident.related):
            if relation.id not in ids:
                near = did_you_mean(relation.id, ids)
                message = f'related: there is no incident "{relation.id}"'
                message += f" (did you mean {near}?)" if near else ""
                yield _at(
                    document, "W303", f"related.{number}", message, "write the id of another postmortem"
                )
            elif relation.id == incident.id:
                yield _at(document, "W303", f"related.{number}", "is related to itself", "remove it")


def unlinked_recurrences(checked: Checked) -> Iterator[Diagnostic]:
    """An incident with the cause, a service and much of the text of a recent one, where neither names the other."""
    for name, related in checked.archive.relations.items():
        if (earlier := related.likely) is None:
            continue
        document = checked.archive.documents[name]
        given = (field for field in ("related", "root_cause") if document.position(field) != START)
        field = next(given, "title")
        message = f"looks like {earlier.source} again: the same cause on the same service, in similar words"
        hint = f"write related: [{{id: {earlier.id}, type: recurrence-of}}], or related: [{earlier.id}]"
        yield _at(document, "W305", field, message, hint)


def missing_fields(checked: Checked) -> Iterator[Diagnostic]:
    """What a final postmortem must have; drafts and documents of unstated status may lack it."""
    for document, incident in checked.postmortems:
        if incident.date is None:
            hint = "write date: 2023-10-07, or begin the file's name with the date"
            yield _at(document, "W402", "title", "has no date and is listed last", hint)
    for document, incident in checked.final:
        for code, field, text, hint in _REQUIRED:
            if not getattr(incident, field):
                yield _at(document, code, "title", f"is final and has no {text}", hint)
        if not document.has_title:
            yield _at(
                document, "W401", "title", "is final and has no title", "write title:, or a first heading"
            )


_REQUIRED = (
    ("W403", "severity", "severity", "write severity:, such as SEV2"),
    ("W404", "root_cause", "root cause", "write root_cause:, or root_cause: unknown if it was not found"),
    ("W405", "summary", "summary", "write summary: in one to three sentences"),
)


def milestone_order(checked: Checked) -> Iterator[Diagnostic]:
    """End before start, any later milestone before an earlier one, and gaps of more than 30 days."""
    for document, incident in checked.postmortems:
        for step in steps(incident):
            if step.is_early and step.follows is not None:
                name, at = step.follows
                message = f"{step.name} ({step.at.iso()}) is before {name} ({at.iso()})"
                yield _at(document, "W406", step.name, message, "correct one of them")
            elif step.gap_days and step.previous is not None:
                message = f"{step.name} is {step.gap_days} days after {step.previous[0]}"
                yield _at(document, "W407", step.name, message, "is the year right?")


def future_dates(checked: Checked) -> Iterator[Diagnostic]:
    tomorrow = checked.today + timedelta(days=1)  # somewhere it is tomorrow already
    for document, incident in checked.postmortems:
        if incident.kind is Kind.MAINTENANCE:
            continue
        if incident.date is not None and incident.date > tomorrow:
            yield _at(
                document, "W408", "date", f"the date {incident.date} lies in the future", "is the year right?"
            )
        for name in MILESTONES:
            at = incident.milestone(name)
            if isinstance(at, Timestamp) and at.wall.date() > tomorrow and at.wall.date() != incident.date:
                yield _at(
                    document, "W408", name, f"{name} ({at.iso()}) lies in the future", "is the year right?"
                )


def dates_agree(checked: Checked) -> Iterator[Diagnostic]:
    """The date beside that of the file's name, and beside the start, from which it may be a day away in another zone.

    A breach is known by the day on which it was found, and began long before.
    """
    for document, incident in checked.postmortems:
        if incident.date is None:
            continue
        field = "date" if document.position("date") != START else "started"
        if document.name_date is not None and incident.date != document.name_date:
            message = f"the date is {incident.date}, and the file's name says {document.name_date}"
            yield _at(document, "W409", field, message, "correct one of them")
        elif isinstance(incident.started, Timestamp) and incident.kind is not Kind.SECURITY:
            began = incident.started.wall.date()
            if abs(incident.date - began) > timedelta(days=1):
                message = f"the date is {incident.date}, and it started on {began}"
                yield _at(document, "W409", field, message, "write the day of the incident")


def action_items(checked: Checked) -> Iterator[Diagnostic]:
    """Items of final postmortems need an owner and a due date; an open one past its due date is overdue."""
    for document, incident in checked.postmortems:
        for number, item in enumerate(incident.action_items):
            field, title = f"action_items.{number}", _short(item.title)
            if item.is_overdue(checked.today):
                days = (checked.today - (item.due or checked.today)).days
                message = f'"{title}" is overdue by {days} days (due {item.due})'
                yield _at(
                    document, "W412", field, message, "do it, move it, or write status: done or wont-do"
                )
            if incident.status is not Status.FINAL or not (
                item.status.is_open or item.status.value == "unknown"
            ):
                continue
            if not item.owner:
                yield _at(document, "W410", field, f'"{title}" has no owner', "write owner:")
            if item.due is None:
                yield _at(document, "W411", field, f'"{title}" has no due date', "write due: 2024-01-31")


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59].rstrip() + "…"


def person_as_cause(checked: Checked) -> Iterator[Diagnostic]:
    for document, incident in checked.postmortems:
        for field, words in (("root_cause", (incident.root_cause,)), ("factors", incident.factors)):
            for word in words:
                if word and _PERSON.search(word.strip()):
                    hint = "ask what made the mistake possible: procedure, design, automation, ..."
                    yield _at(document, "W413", field, f'"{word}" is not a root cause', hint)


def dominant_cause(checked: Checked) -> Iterator[Diagnostic]:
    """One cause above half of the archive mostly says that the word is too wide."""
    counted = [
        incident for incident in checked.archive.incidents if incident.is_counted and incident.root_cause
    ]
    for term in checked.archive.taxonomy("causes").terms:
        inside = [incident for incident in term.incidents if incident.is_counted]
        if len(counted) >= DOMINANT_FROM and len(inside) > DOMINANT_SHARE * len(counted):
            first = min(inside, key=lambda incident: incident.source)
            share = round(100 * len(inside) / len(counted))
            message = f'{share} % of all incidents with a cause have "{term.label}"'
            document = checked.archive.documents[first.id]
            yield _at(document, "W414", "root_cause", message, "divide it into causes that say more")


def stale_drafts(checked: Checked) -> Iterator[Diagnostic]:
    for document, incident in checked.postmortems:
        since = incident.updated or incident.published or incident.date
        if incident.status is Status.DRAFT and since is not None and checked.today - since > STALE_DRAFT:
            days = (checked.today - since).days
            yield _at(
                document, "W415", "status", f"has been a draft for {days} days", "finish it: memories fade"
            )


RULES_OF_ARCHIVES: tuple[Rule, ...] = (
    new_terms,
    unknown_fields,
    duplicate_ids,
    duplicate_numbers,
    configured_fields,
    unknown_related,
    unlinked_recurrences,
    dominant_cause,
)
# These look at one document after the other and say nothing of any but that one.
RULES_OF_DOCUMENTS: tuple[Rule, ...] = (
    missing_fields,
    milestone_order,
    future_dates,
    dates_agree,
    action_items,
    person_as_cause,
    stale_drafts,
)


def check_outputs(pages: Iterable[Page], files: Iterable[tuple[str, str]]) -> list[Diagnostic]:
    """Two sources for one place, also where only capitals or Unicode forms differ, and a file where a folder is."""
    places = [*((page.path, page.source) for page in pages), *files]
    return list(_collisions(tuple([path for path, _ in places]), tuple([source for _, source in places])))


@remembered(1)
def _collisions(paths: tuple[str, ...], sources: tuple[str, ...]) -> tuple[Diagnostic, ...]:
    owners: dict[str, tuple[str, str]] = {}
    problems = []
    for path, source in zip(paths, sources, strict=True):
        key = urls.collision_key(path)
        if key in owners:
            other = owners[key][1] or "a page of pmsite's own"
            message = f"would be written to {path}, which is also the place of {other}"
            problems.append(_collision(source or owners[key][1], message))
            continue
        owners[key] = path, source
    for key, (path, source) in owners.items():
        parts = key.split("/")
        for length in range(1, len(parts)):
            above = "/".join(parts[:length])
            if above in owners:
                message = f"would be written to {path}, and {owners[above][1] or above} to {owners[above][0]}"
                problems.append(_collision(source or owners[above][1], message))
                break
    return tuple(problems)


def _collision(source: str, message: str) -> Diagnostic:
    return diagnose("E302", source, START, message, "give one of them another id, alias or name")
