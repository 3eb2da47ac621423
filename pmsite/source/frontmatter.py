"""Front matter: split from the text, loaded strictly, and validated field by field."""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from frontmatter.default_handlers import BaseHandler

from pmsite.diagnostics import Position
from pmsite.strict_yaml import (
    CONTROL,
    MAX_BYTES,
    MAX_DEPTH,
    KeyPath,
    StrictYamlError,
    Value,
    YamlDocument,
    YamlProblem,
    load,
)

_INVISIBLE = "\xa0\ufeff\u200b\u200c\u200d\u2060"
_KEY_LINE = re.compile(
    r"^[ \t]*[\w\"'][^\n:#]*:(?:\s|$)|^(?:title|date|status|severity|summary|tags):\S", re.MULTILINE
)
_TOML_KEY_LINE = re.compile(r"^[\w\"'.-]+\s*=", re.MULTILINE)


class _Fenced(BaseHandler):
    """Front matter between two lines that hold nothing but a fence; only `split` of the library is used."""

    def __init__(self, fence: str) -> None:
        self.FM_BOUNDARY = re.compile(rf"^{re.escape(fence)}[ \t]*$", re.MULTILINE)
        super().__init__()


_YAML, _TOML = _Fenced("---"), _Fenced("+++")


@dataclass(frozen=True, slots=True)
class Split:
    """A text's front matter and body; `body_line` is the line that the body begins on."""

    front: YamlDocument | None
    body: str
    body_line: int
    thematic_break: bool = False


class BrokenFrontMatter(Exception):
    """The front matter cannot be read; carries every problem found, with positions in the file."""

    def __init__(self, *problems: YamlProblem) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


def split(text: str) -> Split:
    """Separate front matter from body. The text has `\\n` line ends and no BOM.

    Raises BrokenFrontMatter: what was meant as front matter is never taken for text.
    """
    start = len(text) - len(text.lstrip("\n \t"))
    head = text[start : start + 200]
    first = head.split("\n", 1)[0].rstrip()
    line = 1 + text.count("\n", 0, start)
    if first == "---":
        return _split_fenced(text, start, line, _YAML, "---")
    if first == "+++":
        return _split_fenced(text, start, line, _TOML, "+++")
    if first == "{" or head.startswith('{"'):
        return _split_json(text, start, line)
    if (problem := _disguised(head, first, line)) is not None:
        raise BrokenFrontMatter(problem)
    return Split(None, text, 1)


def _disguised(head: str, first: str, line: int) -> YamlProblem | None:
    """Front matter whose opening line is spoiled: `---yaml`, `----`, a code fence around it."""
    if first and first[0] in _INVISIBLE and first.strip(_INVISIBLE) in ("---", "+++"):
        message = f"an invisible character (U+{ord(first[0]):04X}) stands before the front matter"
        return YamlProblem(Position(line), message, "delete it")
    rest = head[len(first) :].lstrip("\n")
    second = rest.split("\n", 1)[0]
    holds_key = _KEY_LINE.match(second) is not None
    if re.match(r"(---[\w-]+|--|—|–––?)$", first) and holds_key:
        return YamlProblem(
            Position(line), f'"{first[:20]}" does not open front matter', "write --- alone on the line"
        )
    comment = re.match(r"<!--.*?-->\s*\n---[ \t]*\n", head, re.DOTALL)
    if comment is not None and _KEY_LINE.match(head[comment.end() :]):
        message = "a comment stands before the front matter"
        return YamlProblem(Position(line), message, "move it below the front matter")
    if re.match(r"(`{3,}|~{3,})", first) and second.strip() in ("---", "+++"):
        return YamlProblem(
            Position(line), "front matter stands in a code fence", "remove the fence around the front matter"
        )
    return None


def _split_fenced(text: str, start: int, line: int, handler: _Fenced, fence: str) -> Split:
    try:
        front, body = handler.split(text[start:])
    except ValueError:
        return _unclosed(text, start, line, fence)
    body_line = line + front.count("\n")
    # `split` leaves the line end of the closing fence at the body's beginning.
    if body.startswith("\n"):
        body, body_line = body[1:], body_line + 1
    if not _holds_keys(front, fence):
        if not front.strip():
            if _KEY_LINE.match(body) and re.search(rf"^{re.escape(fence)}[ \t]*$", body, re.MULTILINE):
                message = "front matter is empty, and fields follow it"
                raise BrokenFrontMatter(
                    YamlProblem(Position(body_line), message, f"remove one of the {fence} lines")
                )
            return Split(load(""), body, body_line)
        if fence == "---" and not front.lstrip().startswith(("-", "[", "{")):
            return Split(None, text, 1, thematic_break=True)
    content = front.removeprefix("\n")
    first_line = line + (1 if front.startswith("\n") else 0)
    document = _load_yaml(content, first_line) if fence == "---" else _load_toml(content, first_line)
    return Split(document, body, body_line)


def _holds_keys(front: str, fence: str) -> bool:
    return (_KEY_LINE if fence == "---" else _TOML_KEY_LINE).search(front) is not None


def _unclosed(text: str, start: int, line: int, fence: str) -> Split:
    after = text[start:].split("\n", 1)[1] if "\n" in text[start:] else ""
    block = re.split(r"\n\s*\n", after, maxsplit=1)[0]
    if not _holds_keys(block, fence):
        return Split(None, text, 1, thematic_break=fence == "---")
    closer = re.search(r"^(--|----+|—|\.\.\.|\+\+|\+{4,})[ \t]*$", after, re.MULTILINE)
    if closer is not None:
        at = Position(line + 1 + after.count("\n", 0, closer.start()))
        raise BrokenFrontMatter(
            YamlProblem(at, f'"{closer[1]}" does not close front matter', f"write {fence} alone on the line")
        )
    raise BrokenFrontMatter(
        YamlProblem(Position(line), "front matter is not closed", f"write {fence} alone on a line after it")
    )


def _load_yaml(text: str, first_line: int) -> YamlDocument:
    try:
        document = load(text, first_line=first_line)
    except StrictYamlError as error:
        raise BrokenFrontMatter(*error.problems) from None
    return _checked_mapping(document, first_line)


def _checked_mapping(document: YamlDocument, first_line: int) -> YamlDocument:
    if document.value is None:
        return YamlDocument({}, document.values, document.keys)
    if not isinstance(document.value, dict):
        found = "a list" if isinstance(document.value, list) else "plain text"
        problem = YamlProblem(
            Position(first_line), f"front matter is {found}, not fields", "write `key: value` lines"
        )
        raise BrokenFrontMatter(problem)
    return document


def _split_json(text: str, start: int, line: int) -> Split:
    try:
        _, length = json.JSONDecoder().raw_decode(text[start:])
    except (ValueError, RecursionError) as error:
        if not re.match(r"\{\s*\"[\w-]+\"\s*:", text[start:]):
            return Split(None, text, 1)  # a text that begins with a brace
        at = getattr(error, "lineno", 1), getattr(error, "colno", 1)
        message = str(getattr(error, "msg", "nested too deeply"))
        raise BrokenFrontMatter(YamlProblem(Position(line + at[0] - 1, at[1]), f"JSON: {message}")) from None
    end = start + length
    front, body = text[start:end], text[end:]
    document = _load_yaml(_PAIR.sub(_joined, front.replace("\t", " ")), line)
    body_line = line + front.count("\n")
    if body.startswith("\n"):
        body, body_line = body[1:], body_line + 1
    return Split(document, body, body_line)


# JSON writes characters beyond U+FFFF as two escapes (RFC 8259, section 7), which YAML does not.
_PAIR = re.compile(r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")


def _joined(pair: re.Match[str]) -> str:
    return chr(0x10000 + ((int(pair[1], 16) - 0xD800) << 10) + (int(pair[2], 16) - 0xDC00))


def _load_toml(text: str, first_line: int) -> YamlDocument:
    if len(text.encode()) > MAX_BYTES:
        problem = YamlProblem(
            Position(first_line), f"front matter is longer than {MAX_BYTES // 1024} KiB", "shorten it"
        )
        raise BrokenFrontMatter(problem)
    try:
        value = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        place = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        at = Position(first_line + int(place[1]) - 1, int(place[2])) if place else Position(first_line)
        message = re.sub(r"\s*\(at .*\)$", "", str(error)) or "nested too deeply"
        raise BrokenFrontMatter(YamlProblem(at, f"TOML: {message}")) from None
    keys = _toml_positions(text, first_line, value)
    return YamlDocument(_as_text(value, first_line, 0), keys, keys)


def _toml_positions(text: str, first_line: int, value: Mapping[str, Any]) -> dict[KeyPath, Position]:
    """Top-level keys and tables by a search for their lines; what lies below takes its key's place."""
    positions: dict[KeyPath, Position] = {}
    for number, line in enumerate(text.split("\n")):
        found = re.match(r"\s*\[*\s*[\"']?([\w-]+)[\"']?\s*[\].=]", line)
        if found is not None and found[1] in value:
            positions.setdefault((found[1],), Position(first_line + number, found.start(1) + 1))
    return positions


def _as_text(value: Any, first_line: int, depth: int) -> Value:
    """TOML's typed values as the text that YAML would have given."""
    if depth > MAX_DEPTH:
        problem = YamlProblem(Position(first_line), f"nested deeper than {MAX_DEPTH} levels", "flatten it")
        raise BrokenFrontMatter(problem)
    if isinstance(value, dict):
        return {str(key): _as_text(item, first_line, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_text(item, first_line, depth + 1) for item in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date):
        return value.isoformat()
    text = str(value)
    if (control := CONTROL.search(text)) is not None:
        message = f"the character U+{ord(control[0]):04X} is not allowed"
        raise BrokenFrontMatter(YamlProblem(Position(first_line), message, "remove it"))
    return text
