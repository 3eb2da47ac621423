"""Validated fields to an Incident: what depends on more than one field, and what is not a field at all."""

from dataclasses import dataclass, replace
from datetime import date

from pmsite.archive.incident import (
    ActionItem,
    Impact,
    ImpactWindow,
    Incident,
    Link,
    Relation,
    TimelineEntry,
    Timestamp,
)
from pmsite.site.urls import slug
from pmsite.source import fields as convert
from pmsite.source.schema import FrontMatter, ImpactFields, Reading, TimelineFields
from pmsite.strict_yaml import KeyPath


@dataclass(frozen=True, slots=True)
class Problem:
    """A value that cannot be understood, by the path of its field."""

    field: KeyPath
    message: str
    hint: str = ""


def assemble(
    fields: FrontMatter,
    reading: Reading,
    identifier: str,
    source: str,
    title: str,
    name_date: date | None,
    name_number: str = "",
) -> tuple[Incident, list[Problem]]:
    """The incident that a document's fields, file name and first heading describe."""
    problems: list[Problem] = []
    started = fields.started if isinstance(fields.started, Timestamp) else None
    day = fields.date or (_day(started, reading) if started else None) or name_date
    impact = _impact(fields.impact, reading, day, problems)
    timeline = _timeline(fields.timeline, reading, day, problems)
    incident = Incident(
        id=identifier,
        source=source,
        title=title,
        date=day,
        published=fields.published,
        updated=fields.updated,
        summary=fields.summary,
        status=fields.status,
        number=fields.number or name_number,
        severity=fields.severity,
        kind=fields.kind,
        exclude_from_metrics=fields.exclude_from_metrics,
        started=fields.started,
        detected=fields.detected,
        acknowledged=fields.acknowledged,
        declared=fields.declared,
        identified=fields.identified,
        mitigated=fields.mitigated,
        resolved=fields.resolved,
        duration=fields.duration,
        impact=impact,
        root_cause=fields.root_cause,
        trigger=fields.trigger,
        factors=fields.factors,
        resolution=fields.resolution,
        detection=fields.detection,
        services=fields.services,
        teams=fields.teams,
        regions=fields.regions,
        tags=fields.tags,
        authors=fields.authors,
        timeline=timeline,
        action_items=tuple(
            ActionItem(
                title=item.title,
                owner=item.owner,
                due=item.due,
                status=item.status,
                closed=item.closed,
                type=item.type,
                priority=item.priority,
                ticket=item.ticket,
            )
            for item in fields.action_items
        ),
        related=tuple(Relation(slug(item.id) or item.id, item.type) for item in fields.related),
        links=tuple(Link(item.label, item.url) for item in fields.links),
        aliases=fields.aliases,
        visibility=fields.visibility,
        inferred=fields.inferred,
    )
    return incident, problems


def _day(started: Timestamp, reading: Reading) -> date:
    """The calendar day of `started` in the site's zone; in its own zone where the site has none."""
    if started.offset is None:
        return started.wall.date()
    offset = reading.zone.offset(started.wall)
    return started.day_in(started.offset if offset is None else offset)


def _impact(fields: ImpactFields, reading: Reading, day: date | None, problems: list[Problem]) -> Impact:
    windows = []
    for number, window in enumerate(fields.windows):
        ends: list[Timestamp] = []
        for name, text in (("from_", window.from_), ("to", window.to)):
            try:
                ends.append(convert.timestamp(text, reading.zone, ends[0].wall.date() if ends else day))
            except ValueError as error:
                problems.append(Problem(("impact", "windows", number, name), str(error)))
        if len(ends) == 2:
            windows.append(ImpactWindow(ends[0], ends[1], window.percent))
    return Impact(
        summary=fields.summary,
        users=fields.users,
        percent=fields.percent,
        percent_of=fields.percent_of,
        requests=fields.requests,
        windows=tuple(windows),
        types=fields.types,
    )


def _timeline(
    fields: tuple[TimelineFields, ...], reading: Reading, day: date | None, problems: list[Problem]
) -> tuple[TimelineEntry, ...]:
    """Entries in the order given; a bare clock time belongs to the previous entry's day and zone."""
    entries = []
    offset: int | None = None
    for number, entry in enumerate(fields):
        at = None
        if entry.at and convert.word(entry.at) not in ("unknown", "n/a"):
            try:
                at = convert.timestamp(entry.at, reading.zone, day)
                if convert.states_zone(entry.at):
                    offset = at.offset
                elif entry.at.lstrip("~≈ ")[:4].isdigit():
                    offset = None
                elif offset is not None:
                    at = replace(at, offset=offset)
                day = at.wall.date()
            except ValueError as error:
                problems.append(Problem(("timeline", number, "at"), str(error)))
        entries.append(TimelineEntry(at, entry.event, entry.kind))
    return tuple(entries)
