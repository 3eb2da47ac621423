"""A rendered document as lines: headings, lines of paragraphs, list items, table rows, each with its place in the HTML.

What an author sees as a line is one here, whether it ends with a break or not: many reports are plain lines that
Markdown makes one paragraph of. Both flavours give the same lines, because this reads what they rendered.
"""

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import unescape

# What is looked at; a document beyond this is a log or a table of data, whose end tells nothing more.
MAX_LINES = 5_000
MAX_TEXT = 4_000
MAX_CODE = 4_000
MAX_WRAPPED = 40
MAX_CELLS = 12

# A tag that begins or ends a line, with the line breaks behind it.
_TAG = re.compile(
    r"<(/?)(h[1-6]|p|li|ul|ol|tr|table|thead|tbody|pre|br|div|blockquote|dl|dt|dd|details|summary|section|hr|figure)"
    r"(?![a-z0-9])[^>\"]*(?:\"[^\"]*\"[^>\"]*)*>\n*"
)
# A table's cell; none holds another.
_CELL = re.compile(r"<t([dh])(?![a-z])[^>\"]*(?:\"[^\"]*\"[^>\"]*)*>(.*?)</t[dh]>", re.DOTALL)
_INLINE = re.compile(r"<[^>\"]*(?:\"[^\"]*\"[^>\"]*)*>")
_STRONG = re.compile(r"\s*(?:<(?:span|em|i|u|mark|code)(?![a-z])[^>]*>\s*){0,3}<(strong|b|em|i|code)>")
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_LISTS = frozenset(("ul", "ol"))
# Tags that do not end a paragraph and begin another.
_WITHIN_LINES = frozenset(("br", "thead", "tbody"))


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

    def read(self) -> list[Line]:
        html, found, position = self._html, self._found, 0
        search = _TAG.search
        while (tag := search(html, position)) is not None:
            start = tag.start()
            if start > position:
                self._text(position, start)
            position = tag.end()
            closing, name = tag.groups()
            if name == "tr":
                if not closing:
                    position = self._row(start, position)
            elif name == "pre" and not closing:
                code_until = html.find("</pre>", position)
                if code_until < 0:
                    break
                self._code(position, code_until)
                position = code_until  # the tags within it are colours
            elif name not in _WITHIN_LINES:
                self._block += 1
                if name == "li":
                    self._list_item(closing)
                elif name in _LISTS:
                    self._nest(closing)
                elif name in _HEADINGS:
                    self._heading = 0 if closing else int(name[1])
                elif name == "table" and not closing:
                    self._list += 1
            if len(found) >= MAX_LINES:
                break
        else:
            if position < len(html):
                self._text(position, len(html))
        for number, line in enumerate(found):
            line.number = number
        return found

    def _list_item(self, closing: str) -> None:
        if not closing:
            self._item += 1
            self._items.append(self._item)
            self._fresh = True
        elif self._items:
            self._items.pop()

    def _nest(self, closing: str) -> None:
        if not closing:
            self._list += 1
            self._lists.append(self._list)
        elif self._lists:
            self._lists.pop()

    def _row(self, start: int, inside: int) -> int:
        """Note a table's row and say where it ends; one that holds a table is read as what the table holds."""
        html = self._html
        end = html.find("</tr>", inside)
        if end < 0 or html.find("<tr", inside, end) >= 0:
            return inside
        found = list(itertools.islice(_CELL.finditer(html, inside, end), MAX_CELLS))
        if found:
            cells = tuple([plain(cell[2][:MAX_TEXT]) for cell in found])
            is_head = any(cell[1] == "h" for cell in found) and all(cells) and not self._has_row()
            self._block += 1
            self._found.append(
                Line(
                    "head" if is_head else "row",
                    " | ".join(cells),
                    start,
                    end + len("</tr>"),
                    block=self._block,
                    list=self._list,
                    cells=cells,
                    spans=tuple([cell.span(2) for cell in found]),
                )
            )
        return end

    def _has_row(self) -> bool:
        return (
            bool(self._found)
            and self._found[-1].list == self._list
            and self._found[-1].kind in ("row", "head")
        )

    def _text(self, start: int, end: int) -> None:
        html = self._html
        while (line_break := html.find("\n", start, end)) >= 0:
            self._line(start, line_break)
            start = line_break + 1
        self._line(start, end)

    def _line(self, start: int, end: int) -> None:
        piece = self._html[start:end] if end - start <= MAX_TEXT else self._html[start : start + MAX_TEXT]
        text = plain(piece)
        if not text or len(self._found) >= MAX_LINES:
            return
        lead, is_done = "", None
        if "<" in piece:
            if 'class="pm-task' in piece:
                is_done = 'class="pm-task pm-done"' in piece
            if (strong := _STRONG.match(piece)) is not None:
                stop = piece.find(f"</{strong[1]}>", strong.end())
                lead = plain(piece[strong.end() : stop]) if stop >= 0 else text
        list_, item, depth = 0, 0, 0
        kind = "text"
        if self._lists:
            list_ = self._lists[-1]
        if self._items:
            item, depth = self._items[-1], len(self._lists)
            if self._fresh:
                kind, self._fresh = "item", False
        if self._heading:
            kind, depth = "heading", self._heading
        self._found.append(Line(kind, text, start, end, depth, lead, self._block, list_, item, is_done))

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
