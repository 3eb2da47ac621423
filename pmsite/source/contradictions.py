"""Where a document disagrees with itself about times: its text with its front matter, a length with its times."""

from dataclasses import dataclass

from pmsite.archive.incident import Doubt, Precision, Timestamp
from pmsite.source.blocks import Line
from pmsite.source.clock import Said, Times
from pmsite.source.lengths import duration
from pmsite.source.timeline import Timeline

# Up to here people round.
SECONDS = 300
SHARE = 0.1
VAGUE_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class Remark:
    """A problem that prose gives rise to, in the line that it is about."""

    code: str
    field: str
    message: str
    hint: str
    line: Line
    # The line that says otherwise; `{other}` in the message becomes its number.
    other: Line | None = None


def odd_season(times: Times, timeline: Timeline) -> list[Remark]:
    """`PST` in July is kept as it is written, and said to be odd, once."""
    told = [
        (told.moment.zone, told.at.wall, told.line)
        for told in times.told.values()
        if told.moment.zone and told.at
    ]
    told += [
        (entry.zone, entry.wall, entry.line)
        for entry in timeline.entries
        if entry.zone and entry.wall and entry.is_dated
    ]
    for zone, wall, line in told:
        if other := zone.misfit(wall):
            message = (
                f"says {zone.name} on {wall.date()}, when {other} is in force; it is read as {zone.name}"
            )
            return [Remark("W417", "started", message, f"write {other}, or the offset from UTC", line)]
    return []


def disagreement(name: str, told: Timestamp, given: Timestamp, line: Line) -> Remark | None:
    """A milestone that the text and front matter put at different times."""
    if Precision.DAY in (told.precision, given.precision):
        return None
    apart = told.seconds_since(given)
    if not apart:
        return None
    code = "W416" if abs(apart) > SECONDS else "N418"
    message = f"says {name} {told.iso()}; front matter says {given.iso()}"
    return Remark(code, name, message, "correct one of them", line)


def difference(
    said: Said, measured: int, times: Times, is_given: bool, since: str = "started"
) -> tuple[Remark | None, Doubt | None]:
    """A stated length beside that of the times, `measured` in seconds; a doubt where nobody rounds like that.

    `is_given` says that the times are those of front matter; `since` is the milestone that was measured from, of which
    any but the start makes `measured` the least that the length can be.
    """
    stated = said.length.seconds
    apart = abs(measured - stated)
    if not apart or (since != "started" and measured < stated):
        return None, None
    share = VAGUE_SHARE if said.length.is_vague else SHARE
    is_in_doubt = apart > SECONDS and apart > share * max(measured, stated)
    told = times.told.get(since)
    other = times.clocks[2] if times.clocks else told.line if told is not None and not is_given else None
    whose = "times" if since == "started" else "detection and end"
    message = f"says {duration(stated)}; the {whose}{' of front matter' if is_given else ''}{{other}} are {duration(measured)} apart"
    code = "W416" if is_in_doubt else "N418"
    doubt = Doubt("duration", f"says {duration(stated)}; its {whose} are {duration(measured)} apart")
    remark = Remark(code, "duration", message, "correct one of them", said.line, other)
    return remark, doubt if is_in_doubt else None
