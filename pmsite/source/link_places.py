"""Where the links of a document stand in its source."""

import re
from bisect import bisect_left, bisect_right
from html import unescape
from urllib.parse import unquote

from pmsite.diagnostics import Position

# Targets of `[text](target)`, `[text]: target` and `href="target"`; a target in angle brackets may hold blanks, and one
# link may follow the other at once.
_TARGET = re.compile(
    r"""\]\(\s{0,9}<([^<>\n]*)>|\]\((?=\s{0,9}([^\s<>]{0,2000}))|(\]:)[ \t]{0,9}<?([^\s<>]*)|=\s{0,9}"([^"\n]*)"|=\s{0,9}'([^'\n]*)'"""
)
_NEWLINE = re.compile(r"\n")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
# Links that are written otherwise are looked for as plain words, so many times.
_MAX_SEARCHES = 50


class LinkPlaces:
    """Gives the places of links as they are asked for in the order of the document.

    Each place is given once, as long as there are others: two links to the same page have places of their own.
    """

    def __init__(self, text: str, first_line: int) -> None:
        self._text = text
        self._first_line = first_line
        self._from = 0
        self._searches = 0
        self._lines = [0]
        self._free: dict[str, list[int]] | None = None
        self._definitions: set[int] = set()
        self._last: dict[str, Position] = {}

    def find(self, target: str) -> Position:
        """The place of the next link with a target; the first line of the document if it cannot be found."""
        key = _plain(target)
        if self._free is None:
            self._free = self._index()
        free = self._free.get(key)
        if free:
            next_ = bisect_left(free, self._from)
            at = free.pop(next_ if next_ < len(free) else 0)
            if at not in self._definitions:  # which stand anywhere
                self._from = at + 1
            self._last[key] = self._position(at)
        elif key not in self._last:
            self._last[key] = self._search(target)
        return self._last[key]

    def _position(self, offset: int) -> Position:
        line = bisect_right(self._lines, offset) - 1
        return Position(self._first_line + line, offset - self._lines[line] + 1)

    def _index(self) -> dict[str, list[int]]:
        """Where each target stands, in the order of the text."""
        self._lines = [0, *(found.end() for found in _NEWLINE.finditer(self._text))]
        places: dict[str, list[int]] = {}
        for found in _TARGET.finditer(self._text):
            group = found.lastindex or 0
            written = found[group]
            if group == 2:
                written = _until_closed(written)
            if found[3]:
                self._definitions.add(found.start(group))
            places.setdefault(_plain(written), []).append(found.start(group))
        return places

    def _search(self, target: str) -> Position:
        self._searches += 1
        if target and self._searches <= _MAX_SEARCHES:
            places = [at for form in {target, unquote(target)} if (at := self._text.find(form)) >= 0]
            if places:
                return self._position(min(places))
        return Position(self._first_line)


def _plain(target: str) -> str:
    """A target without what Markdown, HTML and addresses add to its characters."""
    return unquote(unescape(_ESCAPED.sub(r"\1", target)))


def _until_closed(written: str) -> str:
    """What stands before the parenthesis that closes a link; others come in pairs."""
    depth = 0
    for at, character in enumerate(written):
        if character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
            if depth < 0:
                return written[:at]
    return written
