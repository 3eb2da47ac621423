"""When an incident happened, by what its document says, in the order of trust.

Labelled times and durations first, then sentences of the summary, then entries of the timeline that say that it began
or ended, then its first and last entry, and those only where a stated duration or the entries themselves agree.
"""

import re
from dataclasses import replace
from datetime import date

from pmsite.archive.incident import Timestamp
from pmsite.source.blocks import Line
from pmsite.source.clock import Clock, Said, Times, Told, alike, span_in, span_of, tell_span
from pmsite.source.contradictions import SHARE, VAGUE_SHARE
from pmsite.source.facts import Fact
from pmsite.source.lengths import Length, length_in
from pmsite.source.milestones import agrees, from_timeline
from pmsite.source.moments import Moment, moments
from pmsite.source.sentences import PLANNED, from_sentences, said_in_sentences
from pmsite.source.timeline import Timeline
from pmsite.source.zones import Zoned, zone_in

# A day on which something came out.
_OF_A_RELEASE = re.compile(r"\b(?:released|published|introduced|available) (?:on|in|since)\b", re.IGNORECASE)
# A value that does not begin with its time tells more than one.
_AT_ONCE = 6
_ALL_TIMES = re.compile(
    r"\ball (?:of the )?(?:times?|events?|dates?)\b|\btimes? (?:are|is) (?:in|all)\b", re.IGNORECASE
)


def stated_times(
    lines: list[Line],
    facts: list[Fact],
    zone: Zoned | None,
    given_day: date | None,
    title: str,
    first_day: bool | None,
    *,
    labels_only: bool,
) -> Times:
    """The times that labels and sentences state.

    `zone` is the timeline's, `given_day` the day that front matter or the file's name gives; `labels_only` leaves
    sentences alone, because the times are known.
    """
    times = Times()
    times.day, times.day_line = _day(lines, facts, title, given_day, first_day)
    clock = Clock(times.day or given_day, zone or _document_zone(lines))
    _from_labels(times, facts, clock, lines, first_day)
    has_times = times.told.keys() & {"started", "resolved"} or times.windows or times.clocks is not None
    if not has_times and not labels_only:
        from_sentences(times, lines, clock, first_day)
    if times.said is None:
        times.said = said_in_sentences(lines)
    return times


def completed(times: Times, timeline: Timeline, facts: list[Fact], started: Timestamp | None) -> Times:
    """The times with what the timeline's entries add to them, where nothing stated says otherwise.

    `started` is what front matter says, if it does.
    """
    if not times.windows and timeline.parts == 1:
        from_timeline(times, timeline, facts)
    _weigh(times)
    _weigh_detection(times, facts, started)
    return times


def _day(
    lines: list[Line], facts: list[Fact], title: str, given: date | None, first_day: bool | None
) -> tuple[date | None, Line | None]:
    """The day that times without a date belong to: a labelled one, the title's, the given one, the first one told."""
    for fact in facts:
        if fact.kind == "date" and (found := _whole_day(fact.value, given, first_day)) is not None:
            return found, fact.lines[0]
    if (found := _whole_day(title, given, first_day)) is not None:
        return found, None
    if given is not None:
        return given, None
    for line in lines:
        if (
            line.section in ("", "summary", "facts", "impact", "timeline")
            and not PLANNED.search(line.text[:300])
            and not _OF_A_RELEASE.search(line.text[:600])
        ):
            found = _whole_day(line.text, None, first_day)
            if found is not None and (line.section != "" or line.number < 12):
                return found, line
    return None, None


def _whole_day(text: str, near: date | None, first_day: bool | None) -> date | None:
    for moment in moments(text[:600], day_first=first_day):
        if moment.day is not None and (found := moment.day.on(near.year if near else None)) is not None:
            if moment.day.year is None and near is not None and abs((found - near).days) > 31:
                continue
            return found
    return None


def _document_zone(lines: list[Line]) -> Zoned | None:
    for line in lines[:60]:
        if line.kind not in ("text", "heading", "item"):
            continue
        text = line.text[:200].lower()
        if (
            ("all " in text or "time" in text)
            and _ALL_TIMES.search(text) is not None
            and (zone := zone_in(line.text))
        ):
            return zone
    return None


def _from_labels(
    times: Times, facts: list[Fact], clock: Clock, lines: list[Line], first_day: bool | None
) -> None:
    spans: list[tuple[Moment, Moment, Fact]] = []
    lengths: list[tuple[Length, Fact]] = []
    for fact in facts:
        if fact.kind == "duration":
            text = fact.value[:600]
            span = span_in(text, first_day)
            if span is not None:
                spans.append((*span, fact))
            length = length_in(_without_moments(text, first_day))
            if length is not None:
                lengths.append((length, fact))
        elif fact.kind in ("started", "mitigated", "resolved", "detected", "declared", "acknowledged"):
            moment = next(
                (one for one in moments(fact.value[:160], day_first=first_day) if one.clock is not None), None
            )
            if moment is not None and moment.start < 40 and fact.kind not in times.told:
                if moment.start > _AT_ONCE and _has_other_day(fact.value, moment, first_day):
                    continue  # several incidents in one line
                if (fact.line.section == "timeline" and fact.kind != "detected") or fact.label.lower() in (
                    "to",
                    "from",
                    "until",
                ):
                    continue
                times.told[fact.kind] = Told(clock.timestamp(moment), moment, fact.lines[0], fact.value[:160])
    if (
        len({(fact.line.number) for *_, fact in spans}) > 1
        and len({(a.clock, b.clock) for a, b, _ in spans}) > 1
    ):
        _windows(times, spans, clock, lines, first_day)
        return
    if spans:
        start, end, fact = spans[0]
        tell_span(times, start, end, fact.lines[0], fact.value, clock, overwrite=True)
    else:
        _pair(times, clock)
    distinct = {length.seconds for length, _ in lengths}
    if lengths and (len(distinct) == 1 or spans):
        length, fact = lengths[0]
        times.said = Said(length, fact.lines[0], fact.value[:200])


def _has_other_day(text: str, first: Moment, first_day: bool | None) -> bool:
    days = {one.day for one in moments(text[:400], day_first=first_day) if one.day is not None}
    return len(days) > 1 and first.day in days


def _without_moments(text: str, first_day: bool | None) -> str:
    for moment in reversed(moments(text, day_first=first_day)):
        text = text[: moment.start] + "|" * (moment.end - moment.start) + text[moment.end :]
    return text


def _pair(times: Times, clock: Clock) -> None:
    """A labelled start and a labelled end lend each other the day and the zone."""
    start, end = times.told.get("started"), times.told.get("resolved") or times.told.get("mitigated")
    if start is None or end is None:
        return
    name = "resolved" if "resolved" in times.told else "mitigated"
    first, second = alike(start.moment, end.moment)
    tell_span(
        times,
        first,
        second,
        start.line,
        start.text,
        clock,
        overwrite=True,
        end_line=end.line,
        end_name=name,
        end_text=end.text,
    )


def _windows(
    times: Times,
    spans: list[tuple[Moment, Moment, Fact]],
    clock: Clock,
    lines: list[Line],
    first_day: bool | None,
) -> None:
    """Several stretches, each below a heading of its own: windows of one incident, none of which is its start."""
    for start, end, fact in spans:
        above = next((line for line in reversed(lines[: fact.line.number]) if line.kind == "heading"), None)
        day = _whole_day(above.text, clock.day, first_day) if above is not None else None
        told = span_of(start, end, fact.lines[0], fact.value, clock, day=day or clock.day)
        if told is None or (times.windows and _before(told[0].at, times.windows[-1][1].at)):
            times.windows = []
            return
        times.windows.append(told)


def _before(at: Timestamp | None, other: Timestamp | None) -> bool:
    return at is None or other is None or (at.seconds_since(other) or 0) < 0


def _weigh(times: Times) -> None:
    """Where a stated length says that it began when it was detected, that is when it began.

    An entry that tells of detection and stands for the beginning as well says nothing about how long detection took.
    """
    detected = times.told.get("detected")
    end = times.told.get("mitigated") or times.told.get("resolved")
    if detected is None:
        return
    if "started" not in times.told and detected.at and end is not None and end.at and times.said:
        apart = end.at.seconds_since(detected.at)
        if apart is not None and agrees(apart, times.said.length.seconds, times.said.length.is_vague):
            times.told["started"] = detected
    started = times.told.get("started")
    if started is not None and started.line is detected.line:
        del times.told["detected"]


def _weigh_detection(times: Times, facts: list[Fact], started: Timestamp | None) -> None:
    """A detection that lies elsewhere than the stated time to detect says is none; one at once is at the start."""
    detected, told = times.told.get("detected"), times.told.get("started")
    since = started or (told.at if told is not None else None)
    stated, line = next(
        (
            (length, fact.lines[0])
            for fact in facts
            if fact.kind == "to_detect" and (length := length_in(fact.value))
        ),
        (None, None),
    )
    if (
        detected is None
        and stated is not None
        and stated.seconds < 60
        and line is not None
        and told is not None
    ):
        times.told["detected"] = replace(told, line=line, text=line.text[:120])
        return
    if detected is None or detected.at is None or since is None or stated is None:
        return
    measured = detected.at.seconds_since(since)
    if measured is None:
        return
    apart = abs(measured - stated.seconds)
    if apart > 60 and apart > (VAGUE_SHARE if stated.is_vague else SHARE) * max(measured, stated.seconds):
        del times.told["detected"]
