"""Front matter: split from the text, loaded strictly, and validated field by field."""

import json
import re
import tomllib
import unicodedata
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

_KEY_LINE = re.compile(r"^[ \t]*[\w\"'][^\n:#]*:(?:\s|$)", re.MULTILINE)
_TOML_KEY_LINE = re.compile(r"^[ \t]*[\w\"'.-]+[ \t]*=(?!=)", re.MULTILINE)
# Fields that no line of prose begins with, also where the space after the colon was forgotten.
_FIELD = (
    r"[\"']?(?i:title|date|status|severity|visibility|summary|tags|started|detected|mitigated|resolved"
    r"|impact|root_cause|trigger|detection|services|teams|authors|timeline|action_items)[\"']?[ \t]*(?:[:\uff1a]|=(?!=))"
)
_FIELD_LINE = re.compile(rf"^[ \t]*(?:{_FIELD}|[a-z][a-z0-9_-]*:(?:\s|$))", re.MULTILINE)
_KNOWN_LINE = re.compile(rf"^[ \t]*{_FIELD}", re.MULTILINE)
_VISIBILITY_LINE = re.compile(r"^[ \t]*[\"']?(?i:visibility)[\"']?[ \t]*[:=\uff1a]", re.MULTILINE)
_LEADING_BLANK_LINES = re.compile(r"(?:[ \t]*\n)*")
_COMMENTS = re.compile(r"(?:<!--(?:(?!-->).)*-->\s*)+", re.DOTALL)
_JSON_OPENER = re.compile(rf"\{{\s*(?:\"|\n|\Z|{_FIELD})")
_JSON_FIELD = re.compile(rf"\{{\s*(?:\"[\w-]+\"\s*:|{_FIELD})")
_FENCES = ("---", "+++")
# What is typed or autocorrected for a fence, with a language or a comment behind it; and what only begins like one.
_DASHES = "[\\u2010-\\u2015\\u2212\\uff0d-]"
_OPENER_LIKE = re.compile(rf"(?:{_DASHES}{{3,}}|\+{{3,}})[ \t]*(?:#.*|\S*)|{_DASHES}{{2}}|[—–]|\+\+")
_DASHED = re.compile(rf"{_DASHES}{{2}}|[—–]|\+\+")
# Two hyphens and a space stand above a signature (RFC 3676, section 4.3).
_SIGNATURE = "-- "
# How far the beginning of a text is searched for an opener, and a text behind one for `visibility:`.
_HEAD, _NEAR = 200, 2_000


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
    head = text[start : start + _HEAD]
    first = head.split("\n", 1)[0].rstrip(" \t")
    line = 1 + text.count("\n", 0, start)
    if first == "---":
        return _split_fenced(text, start, line, _YAML, "---")
    if first == "+++":
        return _split_fenced(text, start, line, _TOML, "+++")
    if _JSON_OPENER.match(head):
        return _split_json(text, start, line)
    problem = _spoiled(text[start:], line) or _disguised(text[start:], line)
    if problem is not None:
        raise BrokenFrontMatter(problem)
    return Split(None, text, 1)


def _is_invisible(character: str) -> bool:
    """Whether a reader sees nothing there: spaces other than the plain ones, marks of format and direction."""
    return character not in " \t\n" and (
        character.isspace()
        or unicodedata.category(character) in ("Cc", "Cf")
        or character in "\u034f\u115f\u1160\u2800\u3164\uffa0\ufe0e\ufe0f"
    )


def _visible(line: str) -> str:
    return "".join(character for character in line if not _is_invisible(character)).strip(" \t")


def _spoiled(text: str, line: int) -> YamlProblem | None:
    """An opener that is one to the eye only: a character that nobody sees stands before, in or after it."""
    invisible = next(((at, found) for at, found in enumerate(text[:_HEAD]) if _is_invisible(found)), None)
    if invisible is None:
        return None
    lines = [shown for part in text[:_HEAD].split("\n") if (shown := _visible(part))]
    if not lines or not (lines[0] in _FENCES or _JSON_FIELD.match("\n".join(lines))):
        return None
    offset, character = invisible
    before = text[:offset]
    at = Position(line + before.count("\n"), offset - before.rfind("\n"))
    message = f"an invisible character (U+{ord(character):04X}) stands beside the opener of the front matter"
    return YamlProblem(at, message, "delete it")


def _disguised(text: str, line: int) -> YamlProblem | None:
    """Front matter whose opening line is not one: `---yaml`, `----`, a code fence or a comment before it."""
    first, _, after = text.partition("\n")
    first = first[:_HEAD]
    opener = _visible(first)
    fence = "+++" if opener.startswith("+") else "---"
    if _OPENER_LIKE.fullmatch(opener) and first != _SIGNATURE:
        is_meant = _begins_with_fields(after, fence)
    else:
        is_meant = _DASHED.match(opener) is not None and _KNOWN_LINE.match(after) is not None
    if is_meant:
        message = f'"{opener[:20]}" does not open front matter'
        return YamlProblem(Position(line), message, f"write {fence} alone on the line")
    if (comments := _COMMENTS.match(text)) is not None:
        fence, _, behind = text[comments.end() :].partition("\n")
        if _visible(fence[:_HEAD]) in _FENCES and _begins_with_fields(behind, _visible(fence)):
            message = "a comment stands before the front matter"
            return YamlProblem(Position(line), message, "move it below the front matter")
    second = after[_end_of_blank_lines(after) :].partition("\n")[0]
    if re.match(r"`{3,}|~{3,}", opener) and _visible(second[:_HEAD]) in _FENCES:
        message = "front matter stands in a code fence"
        return YamlProblem(Position(line), message, "remove the fence around the front matter")
    return None


def _begins_with_fields(after: str, fence: str) -> bool:
    """Whether the text behind an opener was meant as fields.

    Behind a blank line a line with a colon may be prose below a rule (`Note: ...`); a field's name is not.
    """
    start = _end_of_blank_lines(after)
    block = re.split(r"\n[ \t]*\n", after[start:], maxsplit=1)[0]
    if start:
        return _FIELD_LINE.match(block) is not None
    return _holds_keys(block, fence) or _holds_keys(block, "---")


def _end_of_blank_lines(text: str) -> int:
    blank = _LEADING_BLANK_LINES.match(text)
    return blank.end() if blank is not None else 0


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
            if _begins_with_fields(body, fence) and re.search(
                rf"^{re.escape(fence)}[ \t]*$", body, re.MULTILINE
            ):
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
    patterns = (_KEY_LINE, _KNOWN_LINE) if fence == "---" else (_TOML_KEY_LINE,)
    return any(pattern.search(front) is not None for pattern in patterns)


def _unclosed(text: str, start: int, line: int, fence: str) -> Split:
    after = text[start:].split("\n", 1)[1] if "\n" in text[start:] else ""
    if not _begins_with_fields(after, fence) and not _VISIBILITY_LINE.search(after[:_NEAR]):
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
        if not _JSON_FIELD.match(text[start:]):
            return Split(None, text, 1)  # a text that begins with a brace
        at = getattr(error, "lineno", 1), getattr(error, "colno", 1)
        message = str(getattr(error, "msg", "nested too deeply"))
        raise BrokenFrontMatter(YamlProblem(Position(line + at[0] - 1, at[1]), f"JSON: {message}")) from None
    end = start + length
    front, body = text[start:end], text[end:]
    document = _load_yaml(_ESCAPE.sub(_joined, front.replace("\t", " ")), line)
    body_line = line + front.count("\n")
    if body.startswith("\n"):
        body, body_line = body[1:], body_line + 1
    return Split(document, body, body_line)


# JSON writes characters beyond U+FFFF as two escapes (RFC 8259, section 7), which YAML does not.
# Every escape is matched, so that the second backslash of `\\\\` begins none.
_ESCAPE = re.compile(r"\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|.)", re.DOTALL)


def _joined(escape: re.Match[str]) -> str:
    if escape[1] is None:
        return escape[0]
    return chr(0x10000 + ((int(escape[1], 16) - 0xD800) << 10) + (int(escape[2], 16) - 0xDC00))


def _load_toml(text: str, first_line: int) -> YamlDocument:
    if len(text.encode()) > MAX_BYTES:
        problem = YamlProblem(
            Position(first_line), f"front matter is longer than {MAX_BYTES // 1024} KiB", "shorten it"
        )
        raise BrokenFrontMatter(problem)
    try:
        value = tomllib.loads(text)
        plain = _as_text(value, first_line, 0)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        at = Position(first_line + int(place[1]) - 1, int(place[2])) if place else Position(first_line)
        message = re.sub(r"\s*\(at .*\)$", "", str(error))
        raise BrokenFrontMatter(YamlProblem(at, f"TOML: {message}")) from None
    except RecursionError:
        raise BrokenFrontMatter(YamlProblem(Position(first_line), "TOML: nested too deeply")) from None
    except ValueError:
        # Python converts no number of more than some thousand digits (CVE-2020-10735).
        raise BrokenFrontMatter(_long_number(text, first_line)) from None
    keys = _toml_positions(text, first_line, value)
    return YamlDocument(plain, keys, keys)


def _long_number(text: str, first_line: int) -> YamlProblem:
    found = re.search(r"=\s*[+-]?(?=\w{1000})", text)
    line = text.count("\n", 0, found.end()) if found is not None else 0
    return YamlProblem(Position(first_line + line), "TOML: a number is too long", "shorten it, or quote it")


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
