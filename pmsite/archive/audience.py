"""Who may see what: the one filter, applied right after reading. What it drops does not exist for anything later."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, TypeVar

from pmsite.archive.incident import ActionItem, Incident, Status, Visibility
from pmsite.cache import remembered
from pmsite.config import Config
from pmsite.diagnostics import START, Diagnostic, Position, Severity, diagnose
from pmsite.site.urls import slug
from pmsite.source.document import Document, Skimmed, with_digest
from pmsite.source.files import Role
from pmsite.vocabulary import Word

_ITEM_PARTS = {"owners": "owner", "tickets": "ticket"}

Read = TypeVar("Read", Document, Skimmed)


def shows_drafts(audience: Visibility, drafts: bool | None) -> bool:
    """Internal sites show drafts, because last week's incident matters most; public ones do not."""
    return drafts if drafts is not None else audience is not Visibility.PUBLIC


def visible(documents: Iterable[Read], config: Config) -> tuple[Read, ...]:
    """The documents that the audience may see, each knowing what it is. Unreadable documents count as restricted."""
    with_drafts = shows_drafts(config.audience, config.drafts)
    seen = {visibility for visibility in Visibility if visibility.rank <= config.audience.rank}
    return _settled(
        [
            document
            for document in documents
            if document.visibility in seen and (with_drafts or not _is_draft(document))
        ]
    )


def _is_draft(document: Document | Skimmed) -> bool:
    return document.incident is not None and document.incident.status is Status.DRAFT


def _settled(documents: list[Read]) -> tuple[Read, ...]:
    """An index that is the only document of its folder is its postmortem; any other introduces the folder."""
    folders = {_folder(document.path) for document in documents if document.role is Role.INDEX}
    if not folders:
        return tuple(documents)
    below: Counter[str] = Counter()
    for document in documents:
        folder = document.path
        while folder:
            folder = _folder(folder)
            if folder in folders:
                below[folder] += 1
    return tuple(
        document
        if document.role is not Role.INDEX
        else _settled_index(document, is_alone=below[_folder(document.path)] == 1)
        for document in documents
    )


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


@remembered(16_384)
def _settled_index(document: Read, *, is_alone: bool) -> Read:
    if is_alone:
        return replace(document, role=Role.POSTMORTEM if document.incident else Role.PAGE)
    folder = _folder(document.inside)
    return replace(
        document, role=Role.INTRODUCTION, id=slug(folder, fallback="folder") if folder else "", incident=None
    )


def shown(documents: Iterable[Document], config: Config) -> tuple[Document, ...]:
    """The visible documents with what the audience sees of them.

    A public site has no internal fields; and nobody sees the id of an incident that the site does not have.
    """
    documents = tuple(documents)
    ids = {document.incident.id for document in documents if document.incident is not None}
    hidden = _internal_fields(config)
    tickets = config.internal_tickets if config.audience is Visibility.PUBLIC else ()
    return tuple(_shown(document, hidden, tickets, ids) for document in documents)


@remembered(2)
def shown_config(config: Config) -> Config:
    """The configuration without what the audience may not see: addresses of sources, owners and links of services."""
    hidden = _internal_fields(config)
    if "source" in hidden:
        config = replace(config, source_url="", edit_url="")
    if not hidden & {"owners", "links"}:
        return config
    return config.with_words(lambda word: _shown_word(word, hidden))


def _internal_fields(config: Config) -> frozenset[str]:
    return frozenset(config.internal_fields if config.audience is Visibility.PUBLIC else ())


def _shown_word(word: Word, hidden: frozenset[str]) -> Word:
    return replace(
        word,
        owner="" if "owners" in hidden else word.owner,
        links=() if "links" in hidden else word.links,
    )


def _shown(document: Document, hidden: frozenset[str], tickets: tuple[str, ...], ids: set[str]) -> Document:
    incident = document.incident
    if incident is None:
        return document
    seen = incident
    if any(relation.id not in ids for relation in seen.related):
        seen = replace(seen, related=tuple(relation for relation in seen.related if relation.id in ids))
    if hidden or tickets:
        seen = _without_fields(seen, hidden, tickets)
    return document if seen is incident else replace(document, incident=with_digest(seen))


def _without_fields(incident: Incident, hidden: frozenset[str], tickets: tuple[str, ...]) -> Incident:
    """The incident with its internal fields as empty as they were if nobody had written them."""
    empty = Incident("", "", "")
    impact: dict[str, Any] = {name.partition(".")[2]: None for name in hidden if name.startswith("impact.")}
    fields = {name: getattr(empty, name) for name in hidden if hasattr(empty, name)}
    items = tuple(_without_parts(item, hidden, tickets) for item in incident.action_items)
    return replace(
        incident,
        **{"action_items": items, **fields},
        impact=replace(incident.impact, **impact),
        inferred=tuple(name for name in incident.inferred if not _is_hidden(name, hidden)),
        doubts=tuple(doubt for doubt in incident.doubts if not _is_hidden(doubt.field, hidden)),
        shown=tuple(name for name in incident.shown if name not in hidden),
    )


def _without_parts(item: ActionItem, hidden: frozenset[str], tickets: tuple[str, ...]) -> ActionItem:
    is_internal = "tickets" in hidden or (bool(tickets) and _begins(item.ticket, tickets))
    return replace(
        item,
        owner="" if "owners" in hidden else item.owner,
        ticket="" if is_internal else item.ticket,
    )


def _begins(ticket: str, prefixes: tuple[str, ...]) -> bool:
    """Whether a ticket's key or the key at the end of its address begins with one of the prefixes."""
    names = (ticket.casefold(), ticket.rstrip("/").rpartition("/")[2].casefold())
    return any(name.startswith(prefix.casefold()) for name in names for prefix in prefixes)


def _is_hidden(name: str, hidden: frozenset[str]) -> bool:
    return name in hidden or name.partition(".")[0] in hidden


def internal_in_text(documents: Iterable[Document], config: Config) -> Iterator[Diagnostic]:
    """Internal fields that a visible document's text states, so that it would show what its fields do not."""
    hidden = _internal_fields(config)
    for document in documents if hidden else ():
        incident = document.incident
        if incident is None:
            continue
        said = {name: name for name in incident.inferred if _is_hidden(name, hidden)}
        if "action_items" in incident.inferred:
            for number, item in enumerate(incident.action_items):
                for field in hidden & _ITEM_PARTS.keys():
                    if getattr(item, _ITEM_PARTS[field]):
                        said.setdefault(field, f"action_items.{number}")
        for field, place in sorted(said.items()):
            message = f'"{field}" is in internal_fields:, and the text says it'
            hint = "put the passage between <!-- internal --> and <!-- /internal -->"
            problem = diagnose("W803", document.path, _place(document, place), message, hint)
            yield replace(problem, severity=Severity.ERROR)


def _place(document: Document, field: str) -> Position:
    """Where the text says a field, or the first part of it."""
    return next(
        (
            Position(item.line, item.column)
            for item in document.evidence
            if item.field == field or item.field.startswith(f"{field}.")
        ),
        START,
    )
