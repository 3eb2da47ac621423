"""Internal blocks: `<!-- internal -->` to `<!-- /internal -->`, taken out of the text before Markdown sees it."""

import re

from pmsite.diagnostics import Position

# What looks like a mark and is none: `<!-- internal-only -->`, `<!-- internal: begin -->`.
ALIKE = re.compile(r"<!--\s*/?\s*internal\b.*?-->", re.IGNORECASE | re.DOTALL)
_MARK = re.compile(r"<!--\s*(/?)\s*internal\s*-->", re.IGNORECASE)


def redact(text: str, *, keep: bool) -> tuple[str, tuple[int, ...]]:
    """The text without internal blocks (or, with `keep`, without their marks), and the offsets of stray marks.

    A stray mark opens or closes nothing, or only looks like a mark.

    Blocks may be nested. A stray mark is always an error, so that what may be secret is never published by mistake.
    """
    if "internal" not in text.lower():
        return text, ()
    kept: list[str] = []
    open_at: list[int] = []
    stray: list[int] = []
    end = 0
    for mark in _MARK.finditer(text):
        if keep or not open_at:
            kept.append(text[end : mark.start()])
        end = mark.end()
        if not mark[1]:
            open_at.append(mark.start())
        elif open_at:
            open_at.pop()
        else:
            stray.append(mark.start())
    if keep or not open_at:
        kept.append(text[end:])
    stray += [mark.start() for mark in ALIKE.finditer(text) if not _MARK.fullmatch(mark[0])]
    return "".join(kept), tuple(sorted((*stray, *open_at)))


def position(text: str, offset: int, first_line: int) -> Position:
    """Line and column of an offset in a text that begins on `first_line`."""
    return Position(first_line + text.count("\n", 0, offset), offset - text.rfind("\n", 0, offset))
