"""Tickets as a tracker exports them: their state, owner and dates go before what documents say of action items.

A document is written once, its tickets move on. The file is CSV with a row for each ticket and the column names of
the tracker (Jira, GitHub, GitLab, Linear, ...); nothing is asked of the tracker itself.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from pmsite.archive.incident import ActionItem, ActionStatus
from pmsite.cache import remembered
from pmsite.config import Site
from pmsite.diagnostics import START, Diagnostic, Position, diagnose
from pmsite.source.document import Document, with_digest
from pmsite.source.fields import closed, word
from pmsite.source.synonyms import ACTION_STATUS_SYNONYMS, TICKET_STATUS_SYNONYMS

MAX_BYTES = 64 * 1024 * 1024
_COLUMNS = {
    "ticket": ("ticket", "key", "issue-key", "identifier", "number", "id", "iid", "issue", "url", "link", "web-url"),
    "status": ("state", "status"),
    "owner": ("owner", "assignee", "assignees", "assigned-to"),
    "due": ("due", "due-date", "due-on", "deadline", "target-date"),
    "closed": ("closed", "closed-at", "resolved", "resolution-date", "completed", "completed-at", "done", "closed-date"),
}  # fmt: skip
_STATUSES = {**ACTION_STATUS_SYNONYMS, **TICKET_STATUS_SYNONYMS}
_FORMS = ("%d/%b/%y", "%d/%b/%Y")  # Jira's own


@dataclass(frozen=True, slots=True)
class Ticket:
    """What the tracker says of a ticket; what it leaves empty is None."""

    status: ActionStatus | None = None
    owner: str = ""
    due: date | None = None
    closed: date | None = None


@dataclass(frozen=True, slots=True)
class Tickets:
    """Tickets by their keys and addresses, and the problems of the file."""

    by_name: Mapping[str, Ticket] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()


def load_tickets(site: Site) -> Tickets:
    """The tickets of the file that the configuration names, if any. What cannot be read is an error or a warning."""
    name = site.config.tickets
    if not name:
        return Tickets()

    def cannot(message: str, hint: str) -> Tickets:
        at = site.position(("tickets",))
        return Tickets({}, (diagnose("E501", site.config_name, at, f"tickets: {message}", hint),))

    path = site.root / name
    try:
        if path.stat().st_size > MAX_BYTES:
            return cannot(f"{name} is larger than 64 MiB", "export the tickets of action items only")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        return cannot(
            f"{name} cannot be read: {error.strerror or error}", "name a CSV file beside pmsite.yaml"
        )
    except UnicodeDecodeError:
        return cannot(f"{name} is not UTF-8", "save it as UTF-8")
    return parse_tickets(text, name)


@remembered(1)
def parse_tickets(text: str, path: str) -> Tickets:
    """The tickets in CSV text; commas, semicolons and tabs separate."""
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    found: dict[str, Ticket] = {}
    problems: list[Diagnostic] = []
    unknown: dict[str, int] = {}
    try:
        columns = _columns(next(reader, []))
        if not columns["ticket"]:
            hint = "the first line names the columns: ticket, state, owner, due, closed"
            return Tickets({}, (diagnose("W503", path, START, "has no column of tickets", hint),))
        for row in reader:
            ticket, bad = _ticket(row, columns, unknown, reader.line_num)
            problems += (
                diagnose("W503", path, Position(reader.line_num, 1), message, "write a date like 2026-11-05")
                for message in bad
            )
            for column in columns["ticket"]:
                if column < len(row) and (key := _name(row[column])):
                    found.setdefault(key, ticket)
    except csv.Error as error:
        problems.append(
            diagnose(
                "W503", path, Position(max(reader.line_num, 1), 1), f"is not CSV: {error}", "export it again"
            )
        )
    for status, line in unknown.items():
        message = f'the state "{status}" is not known; what documents say stands'
        problems.append(
            diagnose("W503", path, Position(line, 1), message, "use open, in-progress, done or wont-do")
        )
    return Tickets(found, tuple(problems))


def tracked(documents: Iterable[Document], tickets: Tickets) -> tuple[Document, ...]:
    """The documents, each action item that names a ticket with what the tracker says of it."""
    if not tickets.by_name:
        return tuple(documents)
    return tuple(_tracked(document, tickets) for document in documents)


@remembered(16_384)
def _tracked(document: Document, tickets: Tickets) -> Document:
    incident = document.incident
    if incident is None or not any(item.ticket for item in incident.action_items):
        return document
    items = tuple(_with_ticket(item, tickets.by_name) for item in incident.action_items)
    if items == incident.action_items:
        return document
    # The prose shows its own states, so that the table of what the tracker says is shown as well.
    shown = tuple(name for name in incident.shown if name != "action_items")
    return replace(document, incident=with_digest(replace(incident, action_items=items, shown=shown)))


def _with_ticket(item: ActionItem, tickets: Mapping[str, Ticket]) -> ActionItem:
    ticket = tickets.get(_name(item.ticket)) or tickets.get(_name(_last_part(item.ticket)))
    if not item.ticket or ticket is None:
        return item
    return replace(
        item,
        status=ticket.status or item.status,
        owner=ticket.owner or item.owner,
        due=ticket.due or item.due,
        closed=ticket.closed or item.closed,
    )


def _columns(header: list[str]) -> dict[str, list[int]]:
    """The columns that say something; a ticket may have several names, its key and its address."""
    names = [word(name) for name in header]
    return {
        kind: [names.index(known) for known in knowns if known in names] for kind, knowns in _COLUMNS.items()
    }


def _ticket(
    row: list[str], columns: dict[str, list[int]], unknown: dict[str, int], line: int
) -> tuple[Ticket, list[str]]:
    cells = {
        kind: next((row[place].strip() for place in places if place < len(row) and row[place].strip()), "")
        for kind, places in columns.items()
    }
    bad = []
    days: dict[str, date | None] = {}
    for kind in ("due", "closed"):
        days[kind] = _day(cells[kind])
        if cells[kind] and days[kind] is None:
            bad.append(f'{kind}: "{cells[kind][:40]}" is not a date')
    status = closed(cells["status"], ActionStatus, _STATUSES) if cells["status"] else None
    if cells["status"] and status is None:
        unknown.setdefault(cells["status"][:40], line)
    return Ticket(status, cells["owner"], days["due"], days["closed"]), bad


def _day(text: str) -> date | None:
    """A date as trackers write it: ISO 8601 with or without a time, `5/Nov/26 10:00 AM`, `Nov 5, 2026`."""
    from pmsite.source.moments import moments  # few builds have tickets, and it takes its time

    for form in _FORMS:
        try:
            return datetime.strptime(text.split(" ")[0], form).date()
        except ValueError:
            continue
    return next((moment.day.on(None) for moment in moments(text) if moment.day is not None), None)


def _name(text: str) -> str:
    """A ticket's key or address for comparison; a bare number may be written with a `#`."""
    return text.strip().rstrip("/").casefold().removeprefix("#")


def _last_part(ticket: str) -> str:
    """The key at the end of an address: `OPS-12` of https://tracker.example/browse/OPS-12. A number alone is no key."""
    last = ticket.rstrip("/").rpartition("/")[2]
    return "" if last.isdigit() else last
