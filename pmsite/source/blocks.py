"""A rendered document as lines: headings, lines of paragraphs, list items, table rows, each with its place in the HTML.

What an author sees as a line is one here, whether it ends with a break or not: many reports are plain lines that
Markdown makes one paragraph of. Both flavours give the same lines, because this reads what they rendered.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import unescape

# What is looked at; a document beyond this is a log or a table of data, whose end tells nothing more.
MAX_LINES = 5_000
MAX_TEXT = 4_000
MAX_CODE = 4_000
MAX_WRAPPED = 40

_TAG = re.compile(
    r"<(/?)(h[1-6]|p|li|ul|ol|table|tr|td|th|pre|br|div|blockquote|dl|dt|dd|details|summary|section|hr|figure)"
    r"(?![a-z0-9])[^>\"]*(?:\"[^\"]*\"[^>\"]*)*>"
)
# Elements that do no more than end a paragraph and begin another.
_APART = frozenset(
    ("p", "pre", "div", "blockquote", "dl", "dt", "dd", "details", "summary", "section", "hr", "figure")
)
_INLINE = re.compile(r"<[^>\"]*(?:\"[^\"]*\"[^>\"]*)*>")
_STRONG = re.compile(r"\s*(?:<(?:span|em|i|u|mark|code)(?![a-z])[^>]*>\s*){0,3}<(strong|b|em|i|code)>")
_LINE_BREAK = re.compile(r"\n")


@dataclass(slots=True)
class Line:
    """A line of text. `start` and `end` are its place in the HTML, `depth` a heading's level or the depth of lists.

    `lead` holds the words set in bold (or italics) at its beginning, `block` is equal for the lines of one paragraph,
    item or row, `list` for those of one list or table. `kind` is heading, text, item, row, head (a table's) or code.
    """

    kind: str
    text: str
    start: int
    end: int
    depth: int = 0
    lead: str = ""
    block: int = 0
    list: int = 0
    item: int = 0
    is_done: bool | None = None
    cells: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()
    section: str = ""
    is_label: bool = False
    number: int = field(default=0, compare=False)


def plain(html: str) -> str:
    """The words of a piece of HTML."""
    if "<" in html:
        html = _INLINE.sub("", html)
    if "&" in html:
        html = unescape(html)
    return " ".join(html.split())


def lines(html: str) -> list[Line]:
    """The lines of a rendered document in order."""
    return _Reader(html).read()


def wrapped(found: Sequence[Line], place: int) -> list[Line]:
    """The lines that go on with the one at `place`, which its author broke to fit a width and a browser does not."""
    last, following = found[place], []
    for line in found[place + 1 : place + 1 + MAX_WRAPPED]:
        if line.kind != "text" or line.block != last.block or line.start != last.end + 1:
            break
        following.append(line)
        last = line
    return following


def joined(found: Iterable[Line]) -> str:
    """The text of lines in a row, with a semicolon between items that end without a mark of their own."""
    text = ""
    for line in found:
        if text:
            text += "; " if line.kind == "item" and text[-1] not in ".!?:;,…" else " "
        text += line.text
    return text


class _Reader:
    def __init__(self, html: str) -> None:
        self._html = html
        self._found: list[Line] = []
        self._lists: list[int] = []
        self._items: list[int] = []
        self._fresh = False
        self._heading = 0
        self._block = self._list = self._item = 0
        self._row: list[tuple[int, int]] | None = None
        self._row_start = self._cell = -1
        self._is_head = False
        self._depth_of_cells = 0

    def read(self) -> list[Line]:
        html, found, position = self._html, self._found, 0
        while (tag := _TAG.search(html, position)) is not None:
            start = tag.start()
            name, closing = tag[2], tag[1] != ""
            if start > position and self._cell < 0 and not html[position:start].isspace():
                self._text(position, start)
            position = tag.end()
            if name == "br":
                continue
            if name == "pre" and not closing:
                code_until = html.find("</pre>", position)
                if code_until < 0:
                    break
                if self._cell < 0:
                    self._code(position, code_until)
                position = code_until  # the tags within it are colours
                continue
            if name in _APART:
                self._block += 1
            else:
                self._structure(name, closing, tag)
            if len(found) >= MAX_LINES:
                break
        else:
            if position < len(html):
                self._text(position, len(html))
        for number, line in enumerate(found):
            line.number = number
        return found

    def _structure(self, name: str, closing: bool, tag: "re.Match[str]") -> None:
        if name == "li":
            if closing:
                if self._items:
                    self._items.pop()
            else:
                self._item += 1
                self._items.append(self._item)
                self._fresh = True
            self._block += 1
        elif name in ("ul", "ol"):
            if closing:
                if self._lists:
                    self._lists.pop()
            else:
                self._list += 1
                self._lists.append(self._list)
            self._block += 1
        elif name in ("td", "th"):
            if closing:
                if self._cell >= 0 and self._row is not None:
                    self._row.append((self._cell, tag.start()))
                    self._is_head = self._is_head or name == "th"
                self._cell = -1
            else:
                self._cell = tag.end()
        elif name == "tr":
            if closing:
                self._end_row(tag.end())
            else:
                self._row, self._row_start, self._is_head, self._cell = [], tag.start(), False, -1
        elif name == "table":
            self._list += 1
            self._block += 1
        else:
            self._heading = 0 if closing else int(name[1])
            self._block += 1

    def _end_row(self, end: int) -> None:
        if not self._row:
            return
        html = self._html
        cells = tuple(plain(html[start : min(stop, start + MAX_TEXT)]) for start, stop in self._row[:12])
        kind = "head" if self._is_head and all(cells) and not self._has_row() else "row"
        self._block += 1
        self._found.append(
            Line(
                kind,
                " | ".join(cells),
                self._row_start,
                end,
                block=self._block,
                list=self._list,
                cells=cells,
                spans=tuple(self._row[:12]),
            )
        )
        self._row = None

    def _has_row(self) -> bool:
        return (
            bool(self._found)
            and self._found[-1].list == self._list
            and self._found[-1].kind in ("row", "head")
        )

    def _text(self, start: int, end: int) -> None:
        html = self._html
        if html.find("\n", start, end) < 0:
            self._line(start, end)
            return
        for line_break in _LINE_BREAK.finditer(html, start, end):
            self._line(start, line_break.start())
            start = line_break.end()
        self._line(start, end)

    def _line(self, start: int, end: int) -> None:
        piece = self._html[start : min(end, start + MAX_TEXT)]
        if not piece or piece.isspace() or len(self._found) >= MAX_LINES:
            return
        text = plain(piece)
        if not text:
            return
        is_done = None
        if 'class="pm-task' in piece:
            is_done = 'class="pm-task pm-done"' in piece
        lead = ""
        if piece.lstrip()[:1] == "<" and (strong := _STRONG.match(piece)) is not None:
            stop = piece.find(f"</{strong[1]}>", strong.end())
            lead = plain(piece[strong.end() : stop]) if stop >= 0 else text
        if self._heading:
            kind, depth = "heading", self._heading
        elif self._items:
            kind, depth = ("item" if self._fresh else "text"), len(self._lists)
            self._fresh = False
        else:
            kind, depth = "text", 0
        self._found.append(
            Line(
                kind,
                text,
                start,
                end,
                depth,
                lead,
                self._block,
                self._lists[-1] if self._lists else 0,
                self._items[-1] if self._items else 0,
                is_done,
            )
        )

    def _code(self, start: int, end: int) -> None:
        """Code that is not highlighted may be text that was indented by accident."""
        if end - start > MAX_CODE or self._html.startswith('<code class="language-', start):
            return
        self._block += 1
        for piece in self._html[start:end].split("\n"):
            text = plain(piece)
            if text and len(self._found) < MAX_LINES:
                self._found.append(Line("code", text, start, start + len(piece), block=self._block))
            start += len(piece) + 1
