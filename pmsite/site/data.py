"""Machine files: the archive as JSON and CSV. Their forms are a contract, described in docs/data.md."""

import csv
import io
import json
import uuid
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from pmsite.archive.completeness import completeness, coverage
from pmsite.archive.incident import (
    MILESTONES,
    Absence,
    Incident,
    Milestone,
    Timestamp,
    doubted,
    impact_duration,
    time_to_acknowledge,
    time_to_detect,
    time_to_resolve,
)
from pmsite.site import urls
from pmsite.site.action_list import (
    ActionFacetsView,
    ActionRowsView,
    action_facets_script,
    action_rows_script,
)
from pmsite.site.explorer import FacetsView, RowsView, facets_script, rows_script
from pmsite.site.ical import calendar
from pmsite.site.views import CalendarView, CsvView, JsonView, TextView

SCHEMA_VERSION = 1
_NAMESPACE = uuid.UUID("8f0c1f6e-2b43-5c7e-9a57-0d3f6f1c2a11")
_SECONDS_TO = {
    "detect": time_to_detect,
    "acknowledge": time_to_acknowledge,
    "mitigate": impact_duration,
    "resolve": time_to_resolve,
}


def stable_id(name: str) -> str:
    """An identifier for feeds that survives a change of address (RFC 9562, version 5)."""
    return uuid.uuid5(_NAMESPACE, name).urn


def serialised(view: object) -> bytes:
    """The bytes of a page that no template makes."""
    if isinstance(view, JsonView):
        return incidents_json(view.incidents, view.title, view.today)
    if isinstance(view, CsvView):
        return incidents_csv(view.incidents)
    if isinstance(view, CalendarView):
        return calendar(view, stable_id)
    if isinstance(view, FacetsView):
        return facets_script(view)
    if isinstance(view, RowsView):
        return rows_script(view)
    if isinstance(view, ActionFacetsView):
        return action_facets_script(view)
    if isinstance(view, ActionRowsView):
        return action_rows_script(view)
    assert isinstance(view, TextView)
    return view.text.encode("utf-8", "replace")


def incidents_json(incidents: Sequence[Incident], title: str, today: date) -> bytes:
    """All incidents with all their fields; keys are always there, null or empty where unknown."""
    value = {
        "schema_version": SCHEMA_VERSION,
        "title": title,
        "as_of": today.isoformat(),
        "completeness": _coverage(incidents),
        "incidents": [_incident(item) for item in incidents],
    }
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"


def _incident(incident: Incident) -> dict[str, Any]:
    spans = {name: measure(incident) for name, measure in _SECONDS_TO.items()}
    found = completeness(incident)
    return {
        "id": incident.id,
        "url": urls.encode(urls.incident(incident.id)),
        "source": incident.source or None,
        "title": incident.title,
        "date": _day(incident.date),
        "summary": incident.summary or None,
        "status": incident.status.value if incident.status else None,
        "kind": incident.kind.value,
        "severity": incident.severity or None,
        "number": incident.number or None,
        **{name: _milestone(incident.milestone(name)) for name in MILESTONES},
        "duration": incident.duration.seconds if incident.duration else None,
        "precision": {name: _precision(incident.milestone(name)) for name in MILESTONES},
        "resolution": incident.resolution or None,
        "impact": {
            "summary": incident.impact.summary or None,
            "users": incident.impact.users,
            "percent": incident.impact.percent,
            "percent_of": incident.impact.percent_of or None,
            "requests": incident.impact.requests,
            "types": incident.impact.types,
            "windows": [
                {"from": window.started.iso(), "to": window.ended.iso(), "percent": window.percent}
                for window in incident.impact.windows
            ],
        },
        "seconds_to": {name: span.seconds for name, span in spans.items()},
        "seconds_to_reason": {name: span.reason or span.doubt or None for name, span in spans.items()},
        "root_cause": incident.root_cause or None,
        "trigger": incident.trigger or None,
        "factors": incident.factors,
        "detection": incident.detection or None,
        "services": incident.services,
        "teams": incident.teams,
        "regions": incident.regions,
        "tags": incident.tags,
        "authors": incident.authors,
        "timeline": [
            {"at": entry.at.iso() if entry.at else None, "event": entry.event, "kind": entry.kind or None}
            for entry in incident.timeline
        ],
        "action_items": [
            {
                "title": item.title,
                "owner": item.owner or None,
                "due": _day(item.due),
                "status": item.status.value,
                "closed": _day(item.closed),
                "type": item.type.value if item.type else None,
                "priority": item.priority or None,
                "ticket": item.ticket or None,
            }
            for item in incident.action_items
        ],
        "related": [{"id": relation.id, "type": relation.type.value} for relation in incident.related],
        "exclude_from_metrics": incident.exclude_from_metrics or None,
        "inferred": incident.inferred,
        "doubted": doubted(incident),
        "completeness": {"percent": found.percent, "missing": found.missing},
    }


def _coverage(incidents: Iterable[Incident]) -> dict[str, Any]:
    found = coverage(incidents)
    return {
        "percent": found.percent,
        "fields": {
            field.field: {"stated": field.stated, "inferred": field.inferred, "missing": field.missing}
            for field in found.fields
        },
    }


def _day(value: date | None) -> str | None:
    return value.isoformat() if value else None


def _milestone(value: Milestone) -> str | None:
    return value.iso() if isinstance(value, Timestamp) else None


def _precision(value: Milestone) -> str | None:
    if isinstance(value, Timestamp):
        return value.precision.value
    return value.value if isinstance(value, Absence) else None


_COLUMNS = [
    "id",
    "url",
    "title",
    "date",
    "status",
    "kind",
    "severity",
    "number",
    "started",
    "detected",
    "acknowledged",
    "declared",
    "identified",
    "mitigated",
    "resolved",
    "seconds_to_detect",
    "seconds_to_acknowledge",
    "seconds_to_mitigate",
    "seconds_to_resolve",
    "impact_users",
    "impact_percent",
    "impact_types",
    "root_cause",
    "trigger",
    "factors",
    "detection",
    "services",
    "teams",
    "regions",
    "tags",
    "action_items_total",
    "action_items_open",
    "summary",
    "exclude_from_metrics",
    "seconds_to_detect_reason",
    "seconds_to_acknowledge_reason",
    "seconds_to_mitigate_reason",
    "seconds_to_resolve_reason",
    "doubted",
]


def incidents_csv(incidents: Iterable[Incident]) -> bytes:
    """One line per incident (RFC 4180); several values in a cell are separated by `; `."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for incident in incidents:
        value = _incident(incident)
        cells = {
            **value,
            **{f"seconds_to_{name}": seconds for name, seconds in value["seconds_to"].items()},
            **{f"seconds_to_{name}_reason": reason for name, reason in value["seconds_to_reason"].items()},
            "impact_users": incident.impact.users,
            "impact_percent": incident.impact.percent,
            "impact_types": incident.impact.types,
            "action_items_total": len(incident.action_items),
            "action_items_open": len(incident.open_actions),
        }
        writer.writerow([_cell(cells[column]) for column in _COLUMNS])
    return out.getvalue().encode("utf-8", "replace")


def _cell(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return "; ".join(value)
    return "" if value is None else value
