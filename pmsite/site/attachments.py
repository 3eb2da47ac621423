"""Files that documents link or show: which of them are published, judged by what they hold, not by their name."""

import re
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from xml.etree import ElementTree

from pmsite.archive.incident import Visibility
from pmsite.config import Config
from pmsite.site.location import says_place
from pmsite.site.urls import is_device, short_hash
from pmsite.source.credentials import credentials

MAX_SIZE = 50 * 1024 * 1024

# File signatures: https://www.iana.org/assignments/media-types and the formats' specifications.
_SIGNATURES: dict[str, tuple[bytes, ...]] = {
    ".png": (b"\x89PNG\r\n\x1a\n",),
    ".jpg": (b"\xff\xd8\xff",),
    ".jpeg": (b"\xff\xd8\xff",),
    ".gif": (b"GIF87a", b"GIF89a"),
    ".webp": (b"RIFF",),
    ".avif": (b"\0\0\0",),
    ".pdf": (b"%PDF-",),
    ".mp4": (b"\0\0\0",),
    ".webm": (b"\x1aE\xdf\xa3",),
    ".gz": (b"\x1f\x8b",),
    ".zip": (b"PK\x03\x04",),
}
_TEXT = {".txt", ".log", ".csv", ".tsv", ".json", ".yaml", ".yml", ".patch", ".diff", ".sql", ".toml"}

_SVG_ELEMENTS = frozenset(
    [
        "svg",
        "g",
        "path",
        "rect",
        "circle",
        "ellipse",
        "line",
        "polyline",
        "polygon",
        "text",
        "tspan",
        "title",
        "desc",
        "defs",
        "linearGradient",
        "radialGradient",
        "stop",
        "marker",
        "clipPath",
        "mask",
        "pattern",
        "symbol",
        "use",
        "style",
        "metadata",
    ]
)
_ILLEGAL = re.compile(r'[<>:"|?*\\\x00-\x1f]')
# What loads something in CSS: a function with an address, unless it is a part of the drawing (`url(#a)`). A
# backslash may spell any of them (`\75rl`), so that no style with one is read.
_LOADING = re.compile(
    r"\\|image-set|javascript:|(?:image|src|expression)[ \t\r\n\f]*(?:/\*|\()"
    r"|url[ \t\r\n\f]*(?:/\*|\((?![ \t\r\n\f]*[\"']?#))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a file is not published, and the rule that says so."""

    reason: str
    hint: str
    code: str = "W204"


def check_attachment(path: str, location: Path, config: Config) -> str | Refused:
    """The address that a file is published at, below `files/`, or why it is not."""
    content = _content(location)
    if isinstance(content, Refused):
        return content
    suffix, is_public = location.suffix.lower(), config.audience is Visibility.PUBLIC
    if suffix in _SIGNATURES and is_public and says_place(location.read_bytes()):
        hint = "remove it, for instance with: exiftool -gps:all= -xmp:all= FILE"
        return Refused("holds the place where it was taken", hint, "E205")
    if suffix not in _SIGNATURES and config.looks_for_credentials:
        found = next(credentials(content.decode("utf-8", "replace")), None)
        if found is not None:
            line = content.decode("utf-8", "replace").count("\n", 0, found.start) + 1
            hint = "revoke it, then take it out of the file"
            return Refused(f"holds what looks like {found.kind} in line {line}", hint, "W802")
    if is_public and "source" in config.internal_fields:
        return address(f"{blake2b(location.read_bytes(), digest_size=6).hexdigest()}/{location.name}")
    return address(path)


def _content(location: Path) -> bytes | Refused:
    """What a file of a type that is published begins with, the whole of a text; or why it is not published."""
    suffix = location.suffix.lower()
    hint = "link to it on the web, or leave it out"
    if suffix != ".svg" and suffix not in _SIGNATURES and suffix not in _TEXT:
        return Refused(f"is not of a type that is published ({suffix or 'no ending'})", hint)
    try:
        if location.stat().st_size > MAX_SIZE:
            return Refused(f"is larger than {MAX_SIZE // 1024**2} MiB", hint)
        content = location.read_bytes() if suffix in _TEXT or suffix == ".svg" else _head(location)
    except OSError as error:
        return Refused(f"cannot be read: {error.strerror}", "check its permissions")
    if suffix in _SIGNATURES and not content.startswith(_SIGNATURES[suffix]):
        return Refused(
            f"does not hold what its ending says ({suffix})", "save it in the format of its ending"
        )
    if suffix in _TEXT and b"\0" in content:
        return Refused("is not a text", "save it as UTF-8 text")
    if suffix == ".svg" and (reason := _unsafe_svg(content)):
        return Refused(f"is not a plain drawing: {reason}", "save it as plain SVG, or as PNG")
    return content


def address(path: str) -> str:
    """Where a file is published: its path below `files/`, legal on every file system."""
    legal = "/".join(_legal_name(part) for part in path.split("/") if part != "..")
    if legal != path:
        stem, dot, ending = legal.rpartition(".")
        legal = f"{stem}-{short_hash(path)}{dot}{ending}"
    return f"files/{legal}"


def _legal_name(name: str) -> str:
    legal = _ILLEGAL.sub("-", name).rstrip(". ") or "-"
    if not is_device(legal):
        return legal
    stem, dot, ending = legal.partition(".")
    return f"{stem.rstrip()}-{dot}{ending}"


def _head(location: Path) -> bytes:
    with location.open("rb") as file:
        return file.read(32)


def _unsafe_svg(content: bytes) -> str:
    """Why an SVG could run or load something; empty if it only draws."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "it is not UTF-8"
    if "<!DOCTYPE" in text.upper() or "<!ENTITY" in text.upper() or "<?XML-STYLESHEET" in text.upper():
        return "it declares a document type, entities or a style sheet"
    try:
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError) as error:
        return f"it is not well-formed ({error})"
    return next(filter(None, map(_unsafe_element, root.iter())), "")


def _unsafe_element(element: ElementTree.Element) -> str:
    name = str(element.tag).rpartition("}")[2]
    if name not in _SVG_ELEMENTS:
        return f"it contains <{name}>"
    if name == "style" and _is_unsafe_style(element):
        return "its style loads something"
    return next(filter(None, (_unsafe_attribute(key, value) for key, value in element.attrib.items())), "")


def _is_unsafe_style(element: ElementTree.Element) -> bool:
    """Whether a style sheet may load something; at-rules are refused as a whole, and elements that split its text."""
    style = element.text or ""
    return len(element) > 0 or "@" in style or _LOADING.search(style) is not None


def _unsafe_attribute(key: str, value: str) -> str:
    attribute = key.rpartition("}")[2].lower()
    if attribute.startswith("on"):
        return f"it has a handler ({attribute})"
    if attribute in ("href", "src", "base") and not value.startswith("#"):
        return f"it refers to {value[:60]}"
    # Any attribute may carry CSS (`fill`, `filter`, `cursor`), where an at-rule means nothing.
    return f"its {attribute} loads something" if _LOADING.search(value) else ""
