"""Hours and weekdays: only of starts whose time and zone are known."""

from datetime import datetime
from functools import partial

from pmsite.archive.incident import Doubt, Incident, Kind, Precision, Timestamp
from pmsite.archive.starts import starts
from pmsite.site.format import local

EXACT = Precision.EXACT


def begun(
    text: str,
    offset: int | None,
    precision: Precision = EXACT,
    kind: Kind = Kind.INCIDENT,
    doubt: bool = False,
) -> Incident:
    doubts = (Doubt("started", "the text says otherwise"),) if doubt else ()
    at = Timestamp(datetime.fromisoformat(text), offset, precision)
    name = f"{text} {offset} {precision} {kind} {doubt}"
    return Incident(name, "a.md", name, kind=kind, started=at, doubts=doubts)


def test_a_worked_example() -> None:
    """Half past midnight on a Tuesday in UTC is Monday evening in New York."""
    incidents = (
        begun("2024-01-09 00:30", 0),
        begun("2024-01-08 19:10", -5 * 3600),
        begun("2024-01-08 19:10", None),
        begun("2024-01-08 00:00", 0, Precision.DAY),
        begun("2024-01-08 19:00", 0, Precision.APPROXIMATE),
        begun("2024-01-08 19:00", 0, doubt=True),
        begun("2024-01-08 19:00", 0, kind=Kind.DRILL),
        Incident("unknown", "a.md", "unknown"),
    )
    found = starts(incidents, partial(local, zone="America/New_York"))
    assert {hour: len(members) for hour, members in found.hours.items()} == {19: 2}
    assert {day: len(members) for day, members in found.weekdays.items()} == {0: 2}
    assert (found.known, found.total) == (2, 7)


def test_without_a_zone_of_the_site_the_stated_clock_counts() -> None:
    found = starts((begun("2024-01-08 19:10", -5 * 3600),), partial(local, zone=""))
    assert list(found.hours) == [19]
