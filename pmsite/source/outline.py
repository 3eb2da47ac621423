"""One walk over a document's sanitised HTML: headings, anchors, links, and the finishing of its elements.

Links and local images become placeholders (`pmsite-link:3`), because only the site knows where they lead. The
sanitiser lets no such scheme through, so a document cannot write one itself.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pmsite.source.document import DocumentLink, Heading
from pmsite.source.link_places import LinkPlaces

PLACEHOLDER = re.compile(r"pmsite-link:(\d+)")
MAX_EXCERPT = 300
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_EXTERNAL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//")
_CLASSES = re.compile(
    r"markdown-alert(-[a-z]+)?|admonition(-title)?|footnotes?|footnote-(ref|backref)|task-list"
)
_KINDS = frozenset(("note", "tip", "important", "warning", "caution", "danger", "info", "example", "quote"))


@dataclass(frozen=True, slots=True)
class Outline:
    html: str
    title: str
    headings: tuple[Heading, ...]
    anchors: tuple[str, ...]
    links: tuple[DocumentLink, ...]
    excerpt: str


def outline(
    html: str,
    places: LinkPlaces,
    *,
    title: str = "",
    keep_remote_images: bool = False,
    highlight: Callable[[str, str], str | None],
    entitles: Callable[[str], bool] = bool,
) -> Outline:
    """Finish a document's HTML and note what it holds.

    The first H1 is the title where `title` is empty and `entitles` says that it can be one; it leaves the prose,
    because the page's own heading says it.
    """
    tree = LexborHTMLParser(html, is_fragment=True)
    _clean_attributes(tree)
    _finish_tables(tree)
    _finish_checkboxes(tree)
    for code in tree.css("pre > code"):
        _finish_code(code, highlight)
    links = _Links(places)
    title = _take_title(tree, title, entitles)
    for paragraph in tree.css("summary > p"):
        paragraph.unwrap()
    headings = _headings(tree)
    _even_levels(tree)
    for node in tree.css("a[href], img"):
        if node.tag == "a":
            links.rewrite(node, "href", is_image=False)
        else:
            _image(node, links, keep_remote_images)
    anchors = tuple(dict.fromkeys(node.attributes["id"] or "" for node in tree.css("[id]")))
    return Outline(
        html=tree.html or "",
        title=title,
        headings=headings,
        anchors=anchors,
        links=tuple(links.found),
        excerpt=_excerpt(tree),
    )


def _words(node: LexborNode) -> str:
    return " ".join(node.text(deep=True).split())


def _clean_attributes(tree: LexborHTMLParser) -> None:
    """Ids are unique and none begins with `pm-`; classes are those that a theme styles; `align` becomes a class."""
    seen: set[str] = set()
    for node in tree.css("[id], a[name]"):
        attributes = node.attrs
        wanted = attributes.get("id") or attributes.get("name") or ""
        if "name" in attributes:
            del attributes["name"]
        identifier = re.sub(r"\s+", "-", wanted.strip())
        if not identifier or identifier in seen or identifier.startswith("pm-"):
            if "id" in attributes:
                del attributes["id"]
            continue
        seen.add(identifier)
        attributes["id"] = identifier
    for node in tree.css("a[rel]:not([href])"):
        del node.attrs["rel"]
    for node in tree.css("[class], [align], [style]"):
        attributes = node.attrs
        classes = [name for name in (attributes.get("class") or "").split() if _is_styled(name)]
        align = attributes.get("align") or (attributes.get("style") or "").removeprefix("text-align:").strip(
            " ;"
        )
        if align in ("center", "right"):
            classes.append(f"pm-align-{align}")
        for name in ("class", "align", "style"):
            if name in attributes:
                del attributes[name]
        if classes:
            attributes["class"] = " ".join(classes)


def _is_styled(name: str) -> bool:
    return bool(_CLASSES.fullmatch(name)) or name in _KINDS or name.startswith("language-")


def _finish_tables(tree: LexborHTMLParser) -> None:
    """A wide table scrolls in a region of its own that the keyboard can reach."""
    for table in tree.css("table"):
        wrapper = tree.create_node("div")
        for name, value in (
            ("class", "pm-table"),
            ("role", "region"),
            ("aria-label", "Table"),
            ("tabindex", "0"),
        ):
            wrapper.attrs[name] = value
        table.insert_before(wrapper)
        placed = table.prev
        if placed is not None:
            placed.insert_child(table, move=True)


def _finish_checkboxes(tree: LexborHTMLParser) -> None:
    """A task's box is a mark with a name, not a form control that cannot be used."""
    for box in tree.css("input"):
        done = "checked" in box.attrs
        mark = '<span class="pm-task{}" role="img" aria-label="{}"></span>'
        box.replace_with(_fragment(mark.format(" pm-done" if done else "", "done" if done else "not done")))


def _fragment(html: str) -> LexborNode:
    node = LexborHTMLParser(html, is_fragment=True).root
    assert node is not None
    return node


def _finish_code(code: LexborNode, highlight: Callable[[str, str], str | None]) -> None:
    """Only what was highlighted keeps its language: the rest may be text that its author indented by accident."""
    parent = code.parent
    assert parent is not None
    names = (code.attributes.get("class") or "").split() + (parent.attributes.get("class") or "").split()
    language = next((name[9:] for name in names if name.startswith("language-")), "")
    attributes = code.attrs
    if "class" in attributes:
        del attributes["class"]
    shown = highlight(code.text(deep=True), language.lower()) if language else None
    if shown is not None:
        code.inner_html = shown
        attributes["class"] = f"language-{language.lower()}"
    parent.attrs["class"] = "pm-code"
    parent.attrs["tabindex"] = "0"


class _Links:
    """Collects links within the site and puts a placeholder in their place."""

    def __init__(self, places: LinkPlaces) -> None:
        self.found: list[DocumentLink] = []
        self._places = places

    def rewrite(self, node: LexborNode, attribute: str, *, is_image: bool) -> None:
        target = (node.attributes.get(attribute) or "").strip()
        if _EXTERNAL.match(target) or PLACEHOLDER.match(target):
            return
        attributes = node.attrs
        if "rel" in attributes:
            del attributes["rel"]
        at = self._places.find(target)
        attributes[attribute] = f"pmsite-link:{len(self.found)}"
        self.found.append(DocumentLink(target, at.line, at.column, is_image))


def _image(image: LexborNode, links: _Links, keep_remote: bool) -> None:
    target = (image.attributes.get("src") or "").strip()
    attributes = image.attrs
    if not attributes.get("alt"):
        attributes["alt"] = ""
    for size in ("width", "height"):
        if size in attributes and not (attributes.get(size) or "").isdecimal():
            del attributes[size]
    if not target:
        image.replace_with(attributes.get("alt") or "")
    elif not _EXTERNAL.match(target):
        links.rewrite(image, "src", is_image=True)
        attributes["loading"] = "lazy"
    elif keep_remote:
        attributes["loading"] = "lazy"
        attributes["referrerpolicy"] = "no-referrer"
    else:
        _link_to_image(image, target)


def _link_to_image(image: LexborNode, target: str) -> None:
    """A remote image is a labelled link: reading a page sends no request elsewhere."""
    label = image.attributes.get("alt") or "image"
    try:
        host = urlsplit(target).hostname or ""
    except ValueError:
        host = ""
    text = f"{label} ({host})" if host else label
    inside_link = False
    parent = image.parent
    while parent is not None and not inside_link:
        inside_link = parent.tag == "a"
        parent = parent.parent
    if inside_link:
        image.replace_with(text)
        return
    link = f'<a class="pm-remote-image" href="{escape(target)}" rel="noopener noreferrer">{escape(text)}</a>'
    image.replace_with(_fragment(link))


def _take_title(tree: LexborHTMLParser, title: str, entitles: Callable[[str], bool]) -> str:
    """Remove the H1 that says the title, and lower the rest if an H1 remains: a page has one."""
    first = tree.css_first("h1")
    if first is not None:
        text = _words(first)
        if text and ((not title and entitles(text)) or text.casefold() == title.casefold()):
            title = title or text
            _remove_with_empty_parent(first)
    if tree.css_first("h1") is not None:
        for level in range(5, 0, -1):
            for heading in tree.css(f"h{level}"):
                _relevel(tree, heading, level + 1)
    while (nested := tree.css_first("h1")) is not None:
        _relevel(tree, nested, 2)
    return title


def _even_levels(tree: LexborHTMLParser) -> None:
    """No level of heading is left out on the way down, as assistive technology expects."""
    last = 1
    for heading in tree.css(",".join(_HEADINGS)):
        level = _HEADINGS.index(heading.tag or "h2") + 1
        if level > last + 1:
            _relevel(tree, heading, last + 1)
            level = last + 1
        last = level


def _relevel(tree: LexborHTMLParser, heading: LexborNode, level: int) -> None:
    other = tree.create_node(f"h{level}")
    for name, value in heading.attributes.items():
        other.attrs[name] = value or ""
    other.inner_html = heading.inner_html or ""
    heading.replace_with(other)


def _remove_with_empty_parent(node: LexborNode) -> None:
    parent = node.parent
    node.decompose()
    if parent is not None and parent.tag in ("div", "p", "section") and not (parent.inner_html or "").strip():
        parent.decompose()


def _headings(tree: LexborHTMLParser) -> tuple[Heading, ...]:
    anchors = Anchors({node.attributes["id"] or "" for node in tree.css("[id]")})
    headings = []
    for node in tree.css(",".join(_HEADINGS)):
        text = _words(node)
        if not text:
            if node.css_first("img") is None:
                node.decompose()
            continue
        anchor = node.attributes.get("id") or anchors.add(text)
        node.attrs["id"] = anchor
        headings.append(Heading(_HEADINGS.index(node.tag or "h2") + 1, text, anchor))
    return tuple(headings)


class Anchors:
    """Heading anchors as GitHub makes them: lower case, spaces to hyphens, punctuation gone, `-1` for the second."""

    def __init__(self, taken: set[str]) -> None:
        self._taken = taken
        self._counts: dict[str, int] = {}

    def add(self, text: str) -> str:
        base = "".join(
            "-" if character == " " else character
            for character in text.strip().lower()
            if character in " -_" or unicodedata.category(character)[0] in "LNM" or character == "_"
        )
        base = "section" if not base else f"section-{base}" if base.startswith("pm-") else base
        count = self._counts.get(base, 0)
        anchor = f"{base}-{count}" if count else base
        while anchor in self._taken:
            count += 1
            anchor = f"{base}-{count}"
        self._counts[base] = count + 1
        self._taken.add(anchor)
        return anchor


def _excerpt(tree: LexborHTMLParser) -> str:
    """The first paragraph of running text, for lists and descriptions where no summary is given."""
    for paragraph in tree.css("p"):
        text = _words(paragraph)
        if len(text) >= 40:
            if len(text) <= MAX_EXCERPT:
                return text
            return text[:MAX_EXCERPT].rsplit(" ", 1)[0].rstrip(" ,;:") + " …"
    return ""
