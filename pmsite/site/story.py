"""An incident's course: its milestones to scale, and its timeline with offsets from the start."""

from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from pmsite.archive.incident import (
    MILESTONES,
    Duration,
    Incident,
    Milestone,
    Timestamp,
    impact_duration,
    misplaced,
    time_to_acknowledge,
    time_to_detect,
    time_to_resolve,
)
from pmsite.site.format import local

_MILESTONE_LABELS = {
    "started": "Started",
    "detected": "Detected",
    "acknowledged": "Acknowledged",
    "declared": "Declared",
    "identified": "Cause identified",
    "mitigated": "Mitigated",
    "resolved": "Resolved",
}


@dataclass(frozen=True, slots=True)
class Stop:
    """A milestone on the way from start to end; `since_start` and `since_last` in seconds where known.

    `doubt` says why it cannot be right where it stands.
    """

    name: str
    label: str
    at: Milestone
    since_start: int | None
    since_last: int | None
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch between two milestones, as a part of the whole from 0 to 1000."""

    name: str
    label: str
    start: int
    width: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A timeline entry; `day` is set where a new day begins."""

    anchor: str
    at: Timestamp | None
    since_start: int | None
    event: str
    kind: str
    day: date | None


def durations(incident: Incident) -> dict[str, Duration]:
    return {
        "detect": time_to_detect(incident),
        "acknowledge": time_to_acknowledge(incident),
        "mitigate": impact_duration(incident),
        "resolve": time_to_resolve(incident),
    }


def stops(incident: Incident) -> tuple[Stop, ...]:
    """The milestones that the document gives, in the order of an incident's life."""
    found: list[Stop] = []
    wrong = misplaced(incident)
    last: Timestamp | None = None
    for name, at in _in_order(incident):
        since_start = since_last = None
        if isinstance(at, Timestamp):
            since_start = _since(at, incident.started)
            since_last = _since(at, last)
            last = at
        found.append(Stop(name, _MILESTONE_LABELS[name], at, since_start, since_last, wrong.get(name, "")))
    return tuple(found)


def _in_order(incident: Incident) -> list[tuple[str, Milestone]]:
    """By time where all their times are right; else in the order in which they should be."""
    given: list[tuple[str, Milestone]] = [
        (name, at) for name in MILESTONES if (at := incident.milestone(name)) is not None
    ]
    since = [_since(at, incident.started) if isinstance(at, Timestamp) else None for _, at in given[1:]]
    if misplaced(incident) or not given or given[0][0] != "started" or None in since:
        return given
    later = sorted(zip(since, given[1:], strict=True), key=lambda item: item[0] or 0)
    return [given[0], *(item for _, item in later)]


def _since(at: Timestamp, earlier: object) -> int | None:
    if (
        not isinstance(earlier, Timestamp)
        or earlier is at
        or "day" in (at.precision.value, earlier.precision.value)
    ):
        return None
    seconds = at.seconds_since(earlier)
    return seconds if seconds is not None and seconds >= 0 else None


def bar(incident: Incident) -> tuple[Segment, ...]:
    """The stretches between milestones, to scale; empty if fewer than two are known or their order is impossible."""
    points: list[tuple[str, int]] = [("started", 0)]
    if not isinstance(incident.started, Timestamp):
        return ()
    if misplaced(incident):
        return ()
    for name, at in _in_order(incident)[1:]:
        if isinstance(at, Timestamp):
            seconds = _since(at, incident.started)
            if seconds is None:
                return ()
            points.append((name, seconds))
    total = points[-1][1]
    if len(points) < 2 or not total or any(a[1] > b[1] for a, b in pairwise(points)):
        return ()
    segments = []
    for (first, begin), (last, end) in pairwise(points):
        start, stop = round(begin * 1000 / total), round(end * 1000 / total)
        label = f"{_MILESTONE_LABELS[first]} to {_MILESTONE_LABELS[last].lower()}"
        segments.append(Segment(last, label, start, stop - start, end - begin))
    return tuple(segments)


def timeline(incident: Incident, zone: str) -> tuple[Entry, ...]:
    """The timeline with its offsets from the start of the incident; none where that is not known."""
    origin = incident.started if isinstance(incident.started, Timestamp) else None
    entries: list[Entry] = []
    day: date | None = None
    for number, entry in enumerate(incident.timeline, 1):
        here = local(entry.at, zone).wall.date() if entry.at is not None else day
        new_day = here if here != day else None
        day = here
        since = None
        if (
            entry.at is not None
            and origin is not None
            and "day" not in (entry.at.precision.value, origin.precision.value)
        ):
            since = entry.at.seconds_since(origin)
        entries.append(Entry(f"pm-t{number}", entry.at, since, entry.event, entry.kind, new_day))
    return tuple(entries)
