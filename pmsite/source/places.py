"""Where lines of a rendered document stand in the file: by a search forward through its text."""

import re
from collections.abc import Iterable

from pmsite.diagnostics import Position
from pmsite.source.blocks import Line, plain

# After so many lines that are not found, the text is not what was rendered; searching on would cost and find nothing.
MAX_FAILURES = 50
MAX_PROBE = 60
_PIECE = re.compile(r"<[^>]*>|&[a-z#0-9]+;")


def places(html: str, lines: Iterable[Line], text: str, first_line: int) -> dict[int, Position]:
    """The position of each line by its number.

    The line of the file is right where the line's longest piece of plain text is found; the column is that piece's.
    A line that is not found has the position of the last one that was.
    """
    found: dict[int, Position] = {}
    offset = counted = failures = 0
    number, last = first_line, Position(first_line)
    for line in sorted({line.number: line for line in lines}.values(), key=lambda line: line.number):
        probe = _probe(html, line)
        at = text.find(probe, offset) if probe and failures < MAX_FAILURES else -1
        if at < 0:
            failures += 1
            found[line.number] = last
            continue
        number += text.count("\n", counted, at)
        counted = offset = at
        last = found[line.number] = Position(number, at - text.rfind("\n", 0, at))
    return found


def _probe(html: str, line: Line) -> str:
    """The longest piece of a line that markup and entities do not divide."""
    pieces = (
        piece.strip("\n") for piece in _PIECE.split(html[line.start : min(line.end, line.start + 2000)])
    )
    longest = max(pieces, key=len, default="").strip()
    return longest.split("\n", 1)[0][:MAX_PROBE] or plain(html[line.start : line.end])[:MAX_PROBE]
