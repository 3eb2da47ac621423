"""When an incident happened, by what its document says, in the order of trust.

Labelled times and durations first, then sentences of the summary, then entries of the timeline that say that it began
or ended, then its first and last entry, and those only where a stated duration or the entries themselves agree.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from pmsite.archive.incident import Doubt, Precision, Timestamp
from pmsite.source.blocks import Line
from pmsite.source.facts import Fact
from pmsite.source.lengths import Length, length_in
from pmsite.source.moments import Moment, moments
from pmsite.source.timeline import Found, Timeline
from pmsite.source.zones import Zoned, zone_in

HALF_DAY = 12 * 3600
MAX_PARAGRAPH = 40
MAX_SENTENCE = 4000
LONGEST = timedelta(days=60)
# What stands between the two ends of a stretch: a dash or "to", or a few words that speak of the end.
_RANGE = re.compile(
    r"\W*(?:[-–—~→]|\b(?:to|until|till|through|up to))\W*(?:\w+\W+){0,3}\Z"
    r"|\W*(?:\w+\W+){0,4}(?:until|till|ending|ended|ends?|end time|finish\w*|resolved|restored|recover\w*)\W+(?:\w+\W+){0,3}\Z",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\bbetween\b", re.IGNORECASE)
_NOT_ALL = re.compile(
    r"\b(within|every|per|timeout|each|after|in the (?:last|next)|less than|until|first|ago|later|earlier|before|delay\w*|old|interval|retention|took|spent)\b",
    re.IGNORECASE,
)
_BEGAN = re.compile(
    r"\b(start of (?:the )?(?:incident|outage)|(?:incident|outage|impact|disruption|issue|problem|downtime|failure)s? (?:was |were )?(?:start(?:s|ed)?|began|begins|initiated|occurr?ed|occurs)\b|(?:site|service|system|api|website|server|app|application|platform|database)s? (?:is |was |went |goes |go |were |are )+(?:hard )?(?:down|offline|unavailable)\b|^outage\W*$)",
    re.IGNORECASE,
)
_OVER = re.compile(
    r"\b((?:incident|outage|issue|problem|bug|everything)s? (?:is |was |were |has been |have been |now |officially |successfully |fully |declared )*(?:resolved|closed|fixed|over|ends?|ended)\b|(?:service|services|system|systems|site|website|functionality|access|operation|operations|traffic|restoration|api|application|platform|server|servers)\b.{0,40}\b(?:restored|recovered|restoration|back (?:up|online|to normal)|returned to normal|running normally|normal operation)\b|full(?:y)? (?:service )?(?:restor\w+|recover\w+|operational)\b|fully (?:restored|recovered|resolved)|end of (?:the )?(?:incident|outage)|^resolved\b|(?:normal|stable) (?:performance|operation|operations|service)\b.{0,20}(?:restored|resumed|returned)|back (?:up|online|to normal)\b|marked (?:as )?resolved)",
    re.IGNORECASE,
)
_FAILING = re.compile(
    r"\b(detect\w*|alert\w*|alarm\w*|down|outage|fail\w*|error\w*|expire\w*|report\w*|unavailab\w*|slow|latency|crash\w*|issue|problem|discover\w*|notic\w*|spike\w*|degrad\w*|incident)\b",
    re.IGNORECASE,
)
_RIGHT = re.compile(
    r"\b(resolv\w*|restor\w*|recover\w*|fixed|back|normal\w*|working|online|operational|closed|confirmed|completed?|stable|running|able to|successful\w*|all clear|mitigated|deployed|validated)\b",
    re.IGNORECASE,
)
_NEGATED = re.compile(
    r"\b(?:no|not|nothing|never|without)\b[^,;]{0,60}\b(?:detect|identif|found|alert|declar)", re.IGNORECASE
)
_MARKS = (
    ("detected", re.compile(r"\b((?:issue|incident|outage|problem|fault|failure|error|anomaly)s? (?:was |were |is |first |initially )*(?:detected|discovered|noticed)|alerts? (?:was |were )?(?:fired|fires|triggered|received|raised|detected|sent)|(?:monitoring|alerting)\b.{0,40}\b(?:detect\w*|alert\w*|trigger\w*|flag\w*|fir\w+)|detected\b|first report|pag(?:ed|ers?)\b)", re.IGNORECASE)),
    ("declared", re.compile(r"\bincident (?:was |is )?declared|declar\w+ (?:an |a |the )?incident", re.IGNORECASE)),
    ("acknowledged", re.compile(r"\backnowledg(?:es|ed) (?:the |an )?(?:alert|alarm|page|incident)|(?:alert|alarm|page|incident) (?:was |is )?acknowledged", re.IGNORECASE)),
    ("identified", re.compile(r"\b(?:root )?cause (?:was |is |has been )?(?:identified|found|determined|discovered|located)|(?:identified|found|determined|discovered) (?:the |as the )?(?:root )?cause", re.IGNORECASE)),
    ("mitigated", re.compile(r"\b(?:incident|impact|outage|issue|problem) (?:was |is |has been |fully )*mitigated|mitigation (?:complete|confirmed|in place)", re.IGNORECASE)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """A time that the document states: what was read, and the line that it stands in."""

    at: Timestamp | None
    moment: Moment
    line: Line
    text: str


@dataclass(frozen=True, slots=True)
class Said:
    """A length of time that the document states."""

    length: Length
    line: Line
    text: str


@dataclass(slots=True)
class Times:
    """Everything that a document says about when; `seconds` is the length of a stated stretch without a date."""

    day: date | None = None
    day_line: Line | None = None
    told: dict[str, Told] = field(default_factory=dict)
    said: Said | None = None
    clocks: tuple[Moment, Moment, Line] | None = None
    windows: list[tuple[Told, Told]] = field(default_factory=list)
    doubts: list[tuple[Doubt, Line, Line]] = field(default_factory=list)

    def seconds(self) -> int | None:
        """The length of a stretch of which only the times of day are stated."""
        if self.clocks is None or not self.clocks[0].clock or not self.clocks[1].clock:
            return None
        apart = self.clocks[1].clock.seconds - self.clocks[0].clock.seconds
        days = 0
        first, second = self.clocks[0].day, self.clocks[1].day
        if first is not None and second is not None:
            try:
                days = (date(2001, second.month, second.day) - date(2001, first.month, first.day)).days
            except ValueError:
                return None
            if days < 0 or days > 60:
                return None
            return apart + days * 86400 if apart + days * 86400 > 0 else None
        return apart if apart > 0 else apart + 86400 if apart < 0 else None


class Clock:
    """Turns moments into timestamps: with the document's day and zone where a moment has none of its own."""

    def __init__(self, day: date | None, zone: Zoned | None) -> None:
        self.day, self.zone = day, zone

    def timestamp(
        self, moment: Moment, day: date | None = None, zone: Zoned | None = None
    ) -> Timestamp | None:
        near = day or self.day
        known = moment.day.on(near.year if near else None) if moment.day is not None else near
        if known is None or moment.clock is None:
            return None
        if (
            moment.day is not None
            and moment.day.year is None
            and near is not None
            and abs((known - near).days) > 31
        ):
            return None
        wall = moment.wall(known)
        zoned = moment.zone or zone or self.zone
        precision = Precision.APPROXIMATE if moment.is_vague else Precision.EXACT
        return Timestamp(wall, zoned.offset(wall) if zoned else None, precision)


def span_in(text: str, first_day: bool | None) -> tuple[Moment, Moment] | None:
    """The first stretch of time in a text: `from 10:00 AM to 11:30 AM (UTC)`, `October 7, 10:00 - 11:30`."""
    found = [moment for moment in moments(text, day_first=first_day) if moment.clock is not None]
    for start, end in itertools.pairwise(found):
        between = text[start.end : end.start]
        if len(between) > 70 or not (
            _RANGE.match(between)
            or (" and " in between and _BETWEEN.search(text[max(0, start.start - 40) : start.start]))
        ):
            continue
        return _alike(start, end)
    return None


def _alike(start: Moment, end: Moment) -> tuple[Moment, Moment]:
    """What one end of a stretch says and the other does not holds for both."""
    if start.clock and end.clock and end.clock.is_twelve and not start.clock.half:
        moved = start.clock.seconds + HALF_DAY
        if start.clock.seconds < HALF_DAY and moved < end.clock.seconds:
            start = replace(start, clock=replace(start.clock, seconds=moved, half=True))
    if start.zone is None:
        start = replace(start, zone=end.zone)
    if end.zone is None:
        end = replace(end, zone=start.zone)
    return start, end


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
        _from_sentences(times, lines, clock, first_day)
    if times.said is None:
        times.said = _said_in_sentences(lines)
    return times


def completed(times: Times, timeline: Timeline, facts: list[Fact]) -> Times:
    """The times with what the timeline's entries add to them, where nothing stated says otherwise."""
    if not times.windows and timeline.parts == 1:
        _from_timeline(times, timeline, facts)
    _weigh(times)
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
        if line.section in ("", "summary", "facts", "impact", "timeline") and not _PLANNED.search(
            line.text[:300]
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


_ALL_TIMES = re.compile(
    r"\ball (?:of the )?(?:times?|events?|dates?)\b|\btimes? (?:are|is) (?:in|all)\b", re.IGNORECASE
)


def _document_zone(lines: list[Line]) -> Zoned | None:
    for line in lines[:60]:
        if (
            line.kind in ("text", "heading", "item")
            and _ALL_TIMES.search(line.text[:200])
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
        _tell_span(times, start, end, fact.lines[0], fact.value, clock, overwrite=True)
    else:
        _pair(times, clock)
    distinct = {length.seconds for length, _ in lengths}
    if lengths and (len(distinct) == 1 or spans):
        length, fact = lengths[0]
        times.said = Said(length, fact.lines[0], fact.value[:200])


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
    first, second = _alike(start.moment, end.moment)
    _tell_span(
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


def _tell_span(
    times: Times,
    start: Moment,
    end: Moment,
    line: Line,
    text: str,
    clock: Clock,
    *,
    overwrite: bool = False,
    end_line: Line | None = None,
    end_name: str = "resolved",
    end_text: str = "",
    day: date | None = None,
) -> None:
    told = _span(start, end, line, text, clock, end_line, end_text, day)
    if told is None:
        times.clocks = (start, end, line)
        return
    for name, one in (("started", told[0]), (end_name, told[1])):
        if overwrite or name not in times.told:
            times.told[name] = one


def _span(
    start: Moment,
    end: Moment,
    line: Line,
    text: str,
    clock: Clock,
    end_line: Line | None = None,
    end_text: str = "",
    day: date | None = None,
) -> tuple[Told, Told] | None:
    first = (
        clock.timestamp(start, day)
        if start.day is not None or end.day is None
        else clock.timestamp(replace(start, day=end.day), day)
    )
    if first is None:
        return None
    second = clock.timestamp(end, first.wall.date())
    if second is None:
        return None
    apart = second.seconds_since(first)
    if apart is not None and apart <= 0:
        if end.day is None or (end.clock and end.clock.seconds == 0 and apart > -86400):
            second = replace(second, wall=second.wall + timedelta(days=1))
        elif start.day is None:
            first = replace(first, wall=first.wall - timedelta(days=1))
    apart = second.seconds_since(first)
    if apart is None or not 0 < apart <= LONGEST.total_seconds() * 12:
        return None
    return Told(first, start, line, text[:200]), Told(second, end, end_line or line, (end_text or text)[:200])


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
        told = _span(start, end, fact.lines[0], fact.value, clock, day=day or clock.day)
        if told is None or (times.windows and _before(told[0].at, times.windows[-1][1].at)):
            times.windows = []
            return
        times.windows.append(told)


def _before(at: Timestamp | None, other: Timestamp | None) -> bool:
    return at is None or other is None or (at.seconds_since(other) or 0) < 0


def _from_sentences(times: Times, lines: list[Line], clock: Clock, first_day: bool | None) -> None:
    for block, text in _paragraphs(lines):
        span = span_in(text, first_day)
        if span is not None:
            is_summed_up = block[0].section == "summary" and text[: span[0].start].endswith("from ")
            if _tells_of_outage(text, span[0].start, span[1].end, is_summed_up):
                _tell_span(times, *span, _line_of(span[0].start, block), text, clock)
                return
            continue
        whens = [moment for moment in moments(text, day_first=first_day) if moment.clock is not None]
        if len(whens) == 1 and whens[0].day is not None and _said_in_sentences(block) is not None:
            line = _line_of(whens[0].start, block)
            times.told["started"] = Told(clock.timestamp(whens[0]), whens[0], line, line.text[:200])
            return


def _paragraphs(lines: list[Line]) -> Iterator[tuple[list[Line], str]]:
    """Paragraphs that tell of the incident as a whole: before the first section, in summary and impact."""
    block: list[Line] = []
    for line in lines:
        if block and line.block != block[0].block:
            yield block, _joined(block)
            block = []
        if (
            line.section in ("", "summary", "impact", "facts")
            and line.kind in ("text", "item", "code")
            and (line.section or line.number < 14)
        ):
            block.append(line)
    if block:
        yield block, _joined(block)


def _joined(block: list[Line]) -> str:
    return " ".join(line.text for line in block[:MAX_PARAGRAPH])[:MAX_SENTENCE]


_OUTAGE = re.compile(
    r"\b(outages?|incident|down(?:time)?|unavailab\w+|inaccessible|unreachable|unresponsive|errors?|fail\w*|slow\w*|disrupt\w*|degrad\w*"
    r"|experienc\w*|affect\w*|impact\w*|interrupt\w*|lasted|crash\w*|not (?:accessible|available|reachable|working|respond\w*)|50[0234]|broken|offline|issue)\b",
    re.IGNORECASE,
)
_PLANNED = re.compile(
    r"\b(?:will|must|should) (?:start|end|begin)|deadline|\bdue (?:by|on)\b|project will", re.IGNORECASE
)


def _tells_of_outage(text: str, start: int, end: int, is_summed_up: bool) -> bool:
    """Whether the sentence that a stretch of time stands in is about things not working."""
    begin = max(text.rfind(". ", 0, start), text.rfind("! ", 0, start)) + 1
    stop = text.find(". ", end)
    sentence = text[begin : stop if stop >= 0 else end + 300]
    return (is_summed_up or _OUTAGE.search(sentence) is not None) and _PLANNED.search(sentence) is None


def _line_of(place: int, block: list[Line]) -> Line:
    """The line that a place in a paragraph's text belongs to."""
    end = 0
    for line in block:
        end += len(line.text) + 1
        if place < end:
            return line
    return block[-1]


def _said_in_sentences(lines: list[Line]) -> Said | None:
    for block, text in _paragraphs(lines):
        found = length_in(text)
        while found is not None:
            before, after = text[max(0, found.start - 48) : found.start], text[found.end : found.end + 32]
            if not _NOT_ALL.search(before[-24:] + "|" + after[:10]) and (
                (
                    re.search(
                        r"\b(last(?:ed|ing|s)|down|for|duration|outage of|down ?time of|a|an|in a|experienced)\W*(?:about|approximately|around|roughly|over|nearly|almost|a|an|approx\.?|a total of|total of)?\W*(?:a |an )?\Z",
                        before,
                        re.IGNORECASE,
                    )
                    and re.match(
                        r"[\s-]*(?:\w+[\s-]){0,3}?(outage|down ?time|downtime|incident|interruption|disruption|cascading failure|of (?:total )?(?:outage|downtime)|failure)",
                        after,
                        re.IGNORECASE,
                    )
                )
                or re.search(
                    r"\b(last(?:ed|ing|s)(?: for)?|was down for|were down for|went down for|unavailable for|inaccessible for|duration(?: of| was)?|interrupted for|(?:degrad\w+|disrupt\w+|affected|slow|offline)\b.{0,24}\bfor)\W*(?:about|approximately|around|roughly|over|nearly|almost|approx\.?|a total of|overall|overall around)?\W*\Z",
                    before,
                    re.IGNORECASE,
                )
                or re.match(r"\s?of (?:total |complete )?(?:outage|down ?time)", after, re.IGNORECASE)
            ):
                line = _line_of(found.start, block)
                return Said(found, line, line.text[:200])
            found = length_in(text, found.end)
    return None


def _from_timeline(times: Times, timeline: Timeline, facts: list[Fact]) -> None:
    entries = [entry for entry in timeline.entries if entry.has_clock and entry.is_dated]
    for name, mark in _MARKS:
        if name in times.told:
            continue
        for entry in entries:
            if mark.search(entry.event[:160]) and not _NEGATED.search(entry.event[:160]):
                _tell(times, name, entry)
                break
    if len(entries) < 2 or times.clocks is not None:
        return
    first, last = entries[0], entries[-1]
    began = next((entry for entry in entries if _BEGAN.search(entry.event[:200])), None)
    over = next((entry for entry in reversed(entries) if _OVER.search(entry.event[:300])), None)
    if "started" in times.told or "resolved" in times.told or "mitigated" in times.told:
        return
    if _by_statistics(times, entries, facts):
        return
    seconds = times.said.length.seconds if times.said else None
    if seconds is not None and times.said is not None:
        for start, end in ((began, over), (first, over), (began, last), (first, last)):
            if (
                start is not None
                and end is not None
                and _agrees(_apart(start, end), seconds, times.said.length.is_vague)
            ):
                _tell(times, "started", start)
                _tell(times, "resolved", end)
                return
        for end in (over, last):
            exact = next(
                (entry for entry in entries if end and abs(_apart(entry, end) - seconds) <= 60), None
            )
            if exact is not None and end is not None and _RIGHT.search(end.event):
                _tell(times, "started", exact)
                _tell(times, "resolved", end)
                return
        if began is not None:
            _tell(times, "started", began)
        return
    if began is None and _FAILING.search(first.event) and _is_whole(entries):
        began = first
    if over is not None and over not in entries[-3:]:
        over = None
    elif over is None and _RIGHT.search(last.event) and _is_whole(entries):
        over = last
    if began is not None and over is not None and 0 < _apart(began, over) <= LONGEST.total_seconds():
        _tell(times, "started", began)
        _tell(times, "resolved", over)


def _is_whole(entries: list[Found]) -> bool:
    """Whether entries follow one another within days: not a release days before, nor a fix weeks after."""
    walls = [entry.wall for entry in entries if entry.wall is not None]
    in_order = all(earlier <= later for earlier, later in itertools.pairwise(walls))
    return (
        in_order
        and walls[-1] - walls[0] <= timedelta(days=14)
        and all(
            later - earlier <= timedelta(hours=24) or len(walls) == 2
            for earlier, later in itertools.pairwise(walls)
        )
    )


def _by_statistics(times: Times, entries: list[Found], facts: list[Fact]) -> bool:
    """`Time to detection: 88 minutes` and `Time to recovery: 122 minutes`: the entries that lie so far apart."""
    if times.said is None or times.said.length.seconds <= 0:
        return False
    detect = next(
        (length for fact in facts if fact.kind == "to_detect" and (length := length_in(fact.value))), None
    )
    if detect is None:
        return False
    for start in entries:
        ends = [
            entry for entry in entries if _agrees(_apart(start, entry), times.said.length.seconds, True, 1200)
        ]
        seen = [entry for entry in entries if _agrees(_apart(start, entry), detect.seconds, False)]
        if ends and (seen or detect.seconds < 60):
            _tell(times, "started", start)
            if abs(_apart(start, entries[-1]) - times.said.length.seconds) <= 300:
                _tell(times, "resolved", entries[-1])
            if seen:
                nearest = min(
                    (abs(_apart(start, entry) - detect.seconds), number) for number, entry in enumerate(seen)
                )
                _tell(times, "detected", seen[nearest[1]])
            return True
    return True


def _tell(times: Times, name: str, entry: Found) -> None:
    assert entry.moment is not None and entry.wall is not None
    precision = Precision.APPROXIMATE if entry.moment.is_vague else Precision.EXACT
    at = Timestamp(entry.wall, entry.offset, precision)
    times.told[name] = Told(at, entry.moment, entry.line, entry.line.text[:120])


def _apart(first: Found, last: Found) -> float:
    return (last.wall - first.wall).total_seconds() if first.wall and last.wall else -1


def _agrees(measured: float, stated: float, vague: bool, slack: float = 0) -> bool:
    """Within 10 % or five minutes; a quarter where the author says "about"."""
    apart = abs(measured - stated)
    return measured > 0 and (
        apart <= 300 or apart <= slack or apart <= (0.25 if vague else 0.1) * max(measured, stated)
    )


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
        if apart is not None and _agrees(apart, times.said.length.seconds, times.said.length.is_vague):
            times.told["started"] = detected
    started = times.told.get("started")
    if started is not None and started.line is detected.line:
        del times.told["detected"]
