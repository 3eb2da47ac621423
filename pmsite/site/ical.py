"""Due dates of action items as a calendar that programs subscribe to (RFC 5545)."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta

from pmsite.site import urls
from pmsite.site.views import CalendarView, DueItem

_MAX_OCTETS = 75  # of a line, RFC 5545 section 3.1


def calendar(view: CalendarView, uid: Callable[[str], str]) -> bytes:
    """All-day events, since few calendars show tasks; `uid` names an item the same way in every build.

    Items of one incident that are called the same are told apart by their order.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//pmsite//action items//EN",
        f"X-WR-CALNAME:{_text(view.title)}: action items",
    ]
    seen = Counter[str]()
    for item in view.items:
        name = f"action:{item.incident}:{item.title}"
        seen[name] += 1
        lines += [
            "BEGIN:VEVENT",
            f"UID:{uid(name if seen[name] == 1 else f'{name}:{seen[name]}')}",
            f"DTSTAMP:{item.revised:%Y%m%d}T000000Z",
            f"DTSTART;VALUE=DATE:{item.due:%Y%m%d}",
            f"DTEND;VALUE=DATE:{item.due + timedelta(days=1):%Y%m%d}",
            f"SUMMARY:{_text(item.title)}",
            f"DESCRIPTION:{_text(_description(item))}",
            "TRANSP:TRANSPARENT",
        ]
        if view.base_url:
            lines.append(f"URL:{view.base_url}/{urls.encode(item.url)}")
        lines.append("END:VEVENT")
    lines.append("END:VCALENDAR")
    return b"".join(folded for line in lines for folded in _folded(line))


def _description(item: DueItem) -> str:
    return f"{item.incident_title}\n{item.owner or 'no owner'}"


def _text(text: str) -> str:
    """A TEXT value: backslash, comma and semicolon escaped, line breaks as `\\n`, no other control characters."""
    escaped = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")
    return "".join(character for character in escaped if character.isprintable())


def _folded(line: str) -> Iterator[bytes]:
    """A content line in pieces of at most 75 octets, never within a character."""
    if len(line) <= _MAX_OCTETS and line.isascii():
        yield line.encode() + b"\r\n"
        return
    piece = bytearray()
    for character in line:
        encoded = character.encode("utf-8", "replace")
        if len(piece) + len(encoded) > _MAX_OCTETS:
            yield bytes(piece) + b"\r\n"
            piece = bytearray(b" ")
        piece += encoded
    yield bytes(piece) + b"\r\n"
