"""Internal blocks: `<!-- internal -->` to `<!-- /internal -->`, taken out of the text before Markdown sees it."""

import re

from pmsite.diagnostics import Position

# What looks like a mark and is none: `<!-- internal-only -->`, `<!-- internal: begin -->`.
ALIKE = re.compile(r"<!--\s*/?\s*internal\b.*?-->", re.IGNORECASE | re.DOTALL)
_NOT_NEWLINE = re.compile(r"[^\n]")
_MARK = re.compile(r"<!--\s*(/?)\s*internal\s*-->", re.IGNORECASE)


def redact(text: str, *, keep: bool) -> tuple[str, tuple[int, ...]]:
    """The text without internal blocks (or, with `keep`, without their marks), and the offsets of stray marks.

    A stray mark opens or closes nothing, or only looks like a mark.

    Blocks may be nested. A stray mark is always an error, so that what may be secret is never published by mistake.
    """
    spans, stray = _kept(text, keep=keep)
    return "".join(text[start:end] for start, end in spans), stray


def masked(text: str, *, keep: bool) -> str:
    """The text with blanks in place of what `redact` takes out: every offset and every line stays where it is."""
    spans, _ = _kept(text, keep=keep)
    parts, at = [], 0
    for start, end in spans:
        parts += [_NOT_NEWLINE.sub(" ", text[at:start]), text[start:end]]
        at = end
    return "".join([*parts, _NOT_NEWLINE.sub(" ", text[at:])])


def _kept(text: str, *, keep: bool) -> tuple[list[tuple[int, int]], tuple[int, ...]]:
    """The stretches of text that stay, and the offsets of stray marks."""
    if "internal" not in text.lower():
        return [(0, len(text))], ()
    spans: list[tuple[int, int]] = []
    open_at: list[int] = []
    stray: list[int] = []
    end = 0
    for mark in _MARK.finditer(text):
        if keep or not open_at:
            spans.append((end, mark.start()))
        end = mark.end()
        if not mark[1]:
            open_at.append(mark.start())
        elif open_at:
            open_at.pop()
        else:
            stray.append(mark.start())
    if keep or not open_at:
        spans.append((end, len(text)))
    stray += [mark.start() for mark in ALIKE.finditer(text) if not _MARK.fullmatch(mark[0])]
    return spans, tuple(sorted((*stray, *open_at)))


def position(text: str, offset: int, first_line: int) -> Position:
    """Line and column of an offset in a text that begins on `first_line`."""
    return Position(first_line + text.count("\n", 0, offset), offset - text.rfind("\n", 0, offset))
