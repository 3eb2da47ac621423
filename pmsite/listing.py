"""`pmsite list`: incidents that match, as a table, JSON or CSV."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import Enum

from pmsite.archive.archive import Archive
from pmsite.archive.incident import Duration, Incident, impact_duration
from pmsite.archive.taxonomy import words_of
from pmsite.diagnostics import printable
from pmsite.site import data, urls
from pmsite.site.format import duration


class ListFormat(Enum):
    TABLE = "table"
    JSON = "json"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Filters:
    """What incidents must match: every filter that is given, with any of its words."""

    severity: tuple[str, ...] = ()
    cause: tuple[str, ...] = ()
    service: tuple[str, ...] = ()
    since: date | None = None
    open_actions: bool = False


def matching(archive: Archive, filters: Filters) -> Iterator[Incident]:
    """Incidents in the archive's order, newest first."""
    for incident in archive.incidents:
        if filters.since is not None and (incident.date is None or incident.date < filters.since):
            continue
        if filters.open_actions and not incident.open_actions:
            continue
        if all(
            _has(archive, incident, taxonomy, words)
            for taxonomy, words in (
                ("severity", filters.severity),
                ("causes", filters.cause),
                ("services", filters.service),
            )
            if words
        ):
            yield incident


def _has(archive: Archive, incident: Incident, taxonomy: str, words: Iterable[str]) -> bool:
    """Whether one of the words is, by its slug or its label, one that the incident has."""
    wanted = {urls.slug(word) for word in words}
    for word in words_of(taxonomy, incident):
        term = archive.taxonomy(taxonomy).term(word)
        if term is not None and wanted & {
            term.slug,
            urls.slug(term.label),
            *(urls.slug(alias) for alias in term.aliases),
        }:
            return True
    return False


def listed(incidents: tuple[Incident, ...], kind: ListFormat, title: str, today: date) -> str:
    """The incidents as text."""
    if kind is ListFormat.JSON:
        return data.incidents_json(incidents, title, today).decode()
    if kind is ListFormat.CSV:
        return data.incidents_csv(incidents).decode()
    return _table(incidents)


def _table(incidents: tuple[Incident, ...]) -> str:
    header = ("date", "severity", "impact", "cause", "open", "title")
    rows = [
        (
            incident.date.isoformat() if incident.date else "undated",
            printable(incident.severity) or "-",
            _length(impact_duration(incident)) or "-",
            printable(incident.root_cause) or "-",
            str(len(incident.open_actions) or "-"),
            printable(incident.title),
        )
        for incident in incidents
    ]
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header) - 1)]
    lines = []
    for row in (header, *rows):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        lines.append("  ".join([*cells, row[-1]]).rstrip())
    return "\n".join(lines) + "\n"


def _length(of: Duration) -> str:
    """A length as pages show it: one in doubt with its sign; nothing if it is not known."""
    return f"≈ {duration(of.seconds)}" if of.seconds is not None and of.doubt else duration(of.seconds)
