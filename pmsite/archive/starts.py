"""When incidents begin: the hour and the day of the week, by the clock of one time zone."""

from collections.abc import Callable
from dataclasses import dataclass

from pmsite.archive.grouping import grouped
from pmsite.archive.incident import Incident, Precision, Timestamp, doubted

# Converts a time to the site's zone; leaves it as it is where the site has none.
Local = Callable[[Timestamp], Timestamp]


@dataclass(frozen=True, slots=True)
class Starts:
    """Counted incidents by the hour (0 to 23) and the weekday (Monday is 0) of their start; `known` of `total`."""

    hours: dict[int, tuple[Incident, ...]]
    weekdays: dict[int, tuple[Incident, ...]]
    known: int
    total: int


def starts(incidents: tuple[Incident, ...], local: Local) -> Starts:
    """The starts of counted incidents whose time and zone are stated and not in doubt."""
    counted = [incident for incident in incidents if incident.is_counted]
    known = {incident.id: local(at) for incident in counted if (at := _start(incident)) is not None}
    placed = [incident for incident in counted if incident.id in known]
    return Starts(
        hours=grouped(placed, lambda incident: (known[incident.id].wall.hour,)),
        weekdays=grouped(placed, lambda incident: (known[incident.id].wall.weekday(),)),
        known=len(placed),
        total=len(counted),
    )


def _start(incident: Incident) -> Timestamp | None:
    started = incident.started
    if not isinstance(started, Timestamp) or started.offset is None:
        return None
    return started if started.precision is Precision.EXACT and "started" not in doubted(incident) else None
