"""Marks for what was read out of prose, put in where it stands: times as `<time>`, an anchor and an offset per entry.

The author's own elements stay as they are; marks are added between them, nothing is moved or shown a second time.
"""

import re
from collections.abc import Sequence
from html import escape

from pmsite.archive.incident import Incident, Precision, Timestamp
from pmsite.source.blocks import Line, plain
from pmsite.source.lengths import offset
from pmsite.source.timeline import Found
from pmsite.source.zones import ZONE

Edit = tuple[int, int, str]
_CLOCK = re.compile(r"\d{1,2}(?:[:.h]\d\d(?::\d\d)?)?(?:[ \xa0]?[AaPp]\.?[Mm]\b\.?|[AaPp]\b)?|\d{4}\b")
# What belongs to a time behind its clock: the zone, a colon, the end of the element that sets it in bold.
_BEHIND = re.compile(r"~?[ \xa0]?[:.]?(?:</(?:strong|em|b|i|code|span)>){0,2}[:.]?")


def marked(html: str, incident: Incident, entries: Sequence[Found], title: Line | None) -> str:
    """The prose with its timeline marked, and without the line that became the page's title."""
    edits: list[Edit] = []
    if title is not None:
        edits.append(_without(html, title))
    origin = _origin(incident)
    for number, entry in enumerate(entries, 1):
        edits += _entry(html, entry, f"pm-t{number}", origin)
        if entry.line.kind == "text" and _runs_on(html, entry.line):
            edits.append((entry.line.start, entry.line.start, "<br>"))
    return applied(html, edits)


def applied(html: str, edits: list[Edit]) -> str:
    """The HTML with pieces replaced; a piece that overlaps an earlier one stays as it is."""
    parts: list[str] = []
    position = 0
    for start, end, text in sorted(edits):
        if start >= position:
            parts += html[position:start], text
            position = end
    return "".join(parts) + html[position:]


def _runs_on(html: str, line: Line) -> bool:
    """Whether a line was one for its author and is the middle of a paragraph for a browser."""
    before = html[:0] if line.start == 0 else html[max(0, line.start - 40) : line.start]
    return before.endswith("\n") and not before.rstrip().endswith(">")


def _origin(incident: Incident) -> Timestamp | None:
    """What `T+` counts from: the incident's start. Where that is not known, any other entry would mislead."""
    started = incident.started
    return started if isinstance(started, Timestamp) and started.precision is not Precision.DAY else None


def _entry(html: str, entry: Found, anchor: str, origin: Timestamp | None) -> list[Edit]:
    moment, line = entry.moment, entry.line
    if moment is None:
        return []
    start, end = _place(html, entry)
    if start < 0:
        return []
    if moment.clock is None:
        value = entry.wall.date().isoformat() if entry.is_dated and entry.wall is not None else ""
        mark = f'<time id="{anchor}"' + (f' datetime="{value}"' if value else "") + ">"
        return [(start, end, f"{mark}{html[start:end]}</time>")]
    since = ""
    if origin is not None and entry.wall is not None and entry.is_dated:
        since = offset(Timestamp(entry.wall, entry.offset).seconds_since(origin))
    mark = f'<time id="{anchor}" datetime="{escape(_datetime(entry))}">{html[start:end]}</time>'
    if not since:
        return [(start, end, mark)]
    zone = ZONE.match(html, end, line.end)
    behind = _BEHIND.match(html, zone.end() if zone is not None else end, line.end)
    after = (
        behind.end()
        if behind is not None and behind[0].strip(" \xa0")
        else zone.end()
        if zone is not None
        else end
    )
    inside_link = html.rfind("<a ", line.start, start) > html.rfind("</a>", line.start, start)
    link = (
        f'<span class="pm-offset">{since}</span>'
        if inside_link
        else f'<a class="pm-offset" href="#{anchor}">{since}</a>'
    )
    if after == end:
        return [(start, end, f"{mark} {link}")]
    return [
        (start, end, mark),
        (after, after, f" {link}" + ("" if html[after : after + 1] in (" ", "<") else " ")),
    ]


def _place(html: str, entry: Found) -> tuple[int, int]:
    """Where an entry's time stands in its line's HTML; (-1, -1) if markup divides it."""
    moment, line = entry.moment, entry.line
    assert moment is not None
    begin, stop = line.start, line.end
    if line.spans:
        begin = line.spans[0][0]
    if moment.clock is None:
        return -1, -1
    # The clock alone is marked: what stands around it (date, zone, brackets) may be divided by markup.
    for found in re.finditer(r"(?<![\w.,:/=\"-])" + _CLOCK.pattern, html[begin:stop]):
        text = found[0]
        if _seconds(text) == moment.clock.seconds or _seconds(text) == moment.clock.seconds % (12 * 3600):
            at = begin + found.start()
            if html.rfind("<", begin, at) <= html.rfind(">", begin, at):
                return at, at + len(text.rstrip())
    return -1, -1


def _seconds(text: str) -> int:
    """The seconds since midnight that a clock's text says; -1 for a lone number."""
    digits = [int(part) for part in re.findall(r"\d+", text)]
    half = re.search(r"[AaPp](?=\.?[Mm]|\Z)", text)
    if len(digits) == 1 and half is None:
        return digits[0] // 100 * 3600 + digits[0] % 100 * 60 if len(text) == 4 else -1
    hour, minute, second = (*digits, 0, 0)[:3]
    if half is not None:
        hour = hour % 12 + (12 if half[0] in "pP" else 0) if hour <= 12 else hour
    return hour * 3600 + minute * 60 + second


def _datetime(entry: Found) -> str:
    """A value for the `datetime` attribute: the whole moment, or the time of day where the day is not known."""
    assert entry.wall is not None or entry.moment is not None
    if entry.wall is not None and entry.is_dated:
        return Timestamp(entry.wall, entry.offset).iso()
    seconds = entry.moment.clock.seconds if entry.moment and entry.moment.clock else 0
    return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}"


def _without(html: str, line: Line) -> Edit:
    """The removal of a line, together with the element that holds nothing else."""
    if line.kind == "code":
        return _without_code(html, line)
    start, end = line.start, line.end
    opening = html.rfind("<", 0, start)
    while (
        opening >= 0
        and html[opening + 1 : opening + 2] != "/"
        and html[opening:start].rstrip().endswith(">")
        and re.fullmatch(r"<(h[1-6]|p|pre|code|strong|em|b|a|div)\b[^<>]*>\s*", html[opening:start])
    ):
        name = re.match(r"<(\w+)", html[opening:start])
        assert name is not None
        closing = f"</{name[1]}>"
        tail = re.match(r"\s*", html[end : end + 40])
        after = end + (tail.end() if tail else 0)
        if not html.startswith(closing, after):
            break
        start, end = opening, after + len(closing)
        opening = html.rfind("<", 0, start)
    if (start, end) == (line.start, line.end):
        behind = re.match(r"\s*<br>\s*", html[end : end + 60])
        end += behind.end() if behind else 0
    return start, end, ""


def _without_code(html: str, line: Line) -> Edit:
    """The removal of a line of code, and of the whole block where it holds nothing else."""
    opening, closing = html.rfind("<pre", 0, line.start), html.find("</pre>", line.end)
    if opening >= 0 <= closing and not plain(html[opening : line.start] + html[line.end : closing]):
        return opening, closing + len("</pre>"), ""
    tags = "".join(re.findall(r"<[^<>]*>", html[line.start : line.end]))
    end = line.end
    while html.startswith("\n", end):
        end += 1
    return line.start, end, tags
