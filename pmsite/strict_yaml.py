"""YAML text to plain values with a position for each: one pass over libyaml's events.

Every scalar is text (`14:05`, `no`, `1.10` stay what was written); an empty scalar, `~` and `null` are None.
Anchors, aliases, merge keys, tags, duplicate keys, deep nesting and large texts are refused: the first five let
a small text become a huge or an ambiguous value, and deep nesting makes recursive readers crash.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from pmsite.diagnostics import START, Position

MAX_DEPTH = 8
MAX_BYTES = 64 * 1024

KeyPath = tuple[str | int, ...]
Value = str | None | list["Value"] | dict[str, "Value"]
_NULLS = {"", "~", "null", "Null", "NULL"}
_FORBIDDEN = re.compile("[^\t\n\r\x85\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_BOM = "\ufeff"
_LOADER = getattr(yaml, "CLoader", yaml.Loader)
_Scalar, _SequenceEnd, _MappingEnd = yaml.ScalarEvent, yaml.SequenceEndEvent, yaml.MappingEndEvent


@dataclass(frozen=True, slots=True)
class YamlProblem:
    at: Position
    message: str
    hint: str = ""


class StrictYamlError(Exception):
    """The text is not YAML, or not the plain YAML that is accepted here; carries every problem found."""

    def __init__(self, *problems: YamlProblem) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """A value and where its parts stand: `values[("impact", "users")]`, `keys[("impact",)]`."""

    value: Value
    values: Mapping[KeyPath, Position]
    keys: Mapping[KeyPath, Position]

    def position(self, path: KeyPath) -> Position:
        """Where `path` stands, or the nearest part above it that is known."""
        while (found := self.values.get(path)) is None and path:
            path = path[:-1]
        return found or START


def load(text: str, *, first_line: int = 1, max_bytes: int = MAX_BYTES) -> YamlDocument:
    """Read one YAML document; `first_line` is the line of `text`'s first line in its file.

    Raises StrictYamlError.
    """
    if len(text.encode("utf-8", "surrogatepass")) > max_bytes:
        raise StrictYamlError(
            YamlProblem(Position(first_line), f"longer than {max_bytes // 1024} KiB", "shorten it")
        )
    places = _Places(text, first_line)
    reader = _Reader(places, may_hold_control="\\" in text or CONTROL.search(text) is not None)
    try:
        value = _read(reader, text.removeprefix(_BOM))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = places.at(mark.index) if mark else Position(first_line)
        message = error.problem or error.context or "not valid YAML"
        raise StrictYamlError(*reader.problems, YamlProblem(at, message, _hint(message))) from None
    except (yaml.YAMLError, ValueError, UnicodeError) as error:
        at, message = _reader_problem(error, text, first_line)
        raise StrictYamlError(*reader.problems, YamlProblem(at, message)) from None
    if reader.problems:
        raise StrictYamlError(*reader.problems)
    return YamlDocument(value, _Located(reader.values, places), _Located(reader.keys, places))


def _hint(message: str) -> str:
    if "mapping values are not allowed" in message:
        return 'put quotes around a value that contains ": "'
    if "cannot start any token" in message:
        return "put quotes around the value, and use spaces instead of tabs"
    if "expected" in message or "could not find" in message:
        return "check the indentation and the colon after each key"
    return ""


def _reader_problem(error: Exception, text: str, first_line: int) -> tuple[Position, str]:
    """Where a character stands that YAML does not allow; PyYAML gives its offset only."""
    found = _FORBIDDEN.search(text)
    if found is None:
        return Position(first_line), str(error).splitlines()[0]
    offset = found.start()
    line = text.count("\n", 0, offset)
    column = offset - (text.rfind("\n", 0, offset) + 1) + 1
    return Position(first_line + line, column), f"the character U+{ord(text[offset]):04X} is not allowed"


def _read(reader: "_Reader", text: str) -> Value:
    parser = _LOADER(text)
    try:
        return reader.read(parser.get_event)
    finally:
        parser.dispose()


class _Places:
    """Positions in a text from libyaml's indices.

    Its own line numbers are of no use: it also ends lines at U+0085, U+2028 and U+2029, and puts the end of a text
    one line below the last.
    """

    def __init__(self, text: str, first_line: int) -> None:
        self._first_line = first_line
        # libyaml does not count a byte order mark.
        self._skipped = len(text) - len(text.removeprefix(_BOM))
        self._end = max(len(text.rstrip("\n")), self._skipped)
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def at(self, index: int) -> Position:
        offset = min(index + self._skipped, self._end)
        line = bisect_right(self._starts, offset) - 1
        return Position(self._first_line + line, offset - self._starts[line] + 1)


class _Located(Mapping[KeyPath, Position]):
    """Positions that are worked out from libyaml's marks when they are asked for, which is seldom."""

    def __init__(self, marks: dict[KeyPath, Any], places: _Places) -> None:
        self._marks = marks
        self._places = places

    def __getitem__(self, path: KeyPath) -> Position:
        return self._places.at(self._marks[path].index)

    def __contains__(self, path: object) -> bool:
        return path in self._marks

    def __iter__(self) -> Iterator[KeyPath]:
        return iter(self._marks)

    def __len__(self) -> int:
        return len(self._marks)


class _Reader:
    """Builds the value from events without recursion deeper than MAX_DEPTH; notes where in the text each part is."""

    def __init__(self, places: _Places, *, may_hold_control: bool) -> None:
        self.places = places
        self.may_hold_control = may_hold_control
        self.values: dict[KeyPath, Any] = {}
        self.keys: dict[KeyPath, Any] = {}
        self.problems: list[YamlProblem] = []
        self._next: Callable[[], Any] = lambda: None

    def read(self, next_event: Callable[[], Any]) -> Value:
        self._next = next_event
        value: Value = None
        documents = 0
        while (event := next_event()) is not None:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._refuse(event, "a second document begins here", "keep one document")
                    break
                value = self._node(next_event(), ())
        return value

    def _at(self, event: Any) -> Position:
        return self.places.at(event.start_mark.index)

    def _refuse(self, event: Any, message: str, hint: str) -> None:
        self.problems.append(YamlProblem(self._at(event), message, hint))

    def _node(self, event: Any, path: KeyPath) -> Value:
        self.values[path] = event.start_mark
        if type(event) is _Scalar and event.anchor is None and event.tag is None:
            return self._scalar(event)
        if isinstance(event, yaml.AliasEvent):
            self._refuse(event, f"an alias (*{event.anchor}) is not accepted", "write the value out")
            return None
        if event.anchor is not None:
            self._refuse(event, f"an anchor (&{event.anchor}) is not accepted", "write the value out")
        if event.tag is not None:
            self._refuse(event, f"a tag ({event.tag}) is not accepted", "remove it")
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if len(path) >= MAX_DEPTH:
            problem = YamlProblem(self._at(event), f"nested deeper than {MAX_DEPTH} levels", "flatten it")
            raise StrictYamlError(*self.problems, problem)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path)
        return self._mapping(path)

    def _scalar(self, event: Any) -> str | None:
        text: str = event.value
        if self.may_hold_control and (control := CONTROL.search(text)) is not None:
            self._refuse(event, f"the character U+{ord(control[0]):04X} is not allowed", "remove it")
        return None if text in _NULLS and not event.style else text

    def _sequence(self, path: KeyPath) -> list[Value]:
        items: list[Value] = []
        next_event = self._next
        while type(event := next_event()) is not _SequenceEnd:
            items.append(self._node(event, (*path, len(items))))
        return items

    def _mapping(self, path: KeyPath) -> dict[str, Value]:
        mapping: dict[str, Value] = {}
        next_event = self._next
        keys, values = self.keys, self.values
        is_plain = not self.may_hold_control
        while type(event := next_event()) is not _MappingEnd:
            if type(event) is not _Scalar:
                self._refuse(event, "a key must be plain text", "write `key: value`")
                self._node(event, (*path, ""))
                self._node(next_event(), (*path, ""))
                continue
            key = event.value
            if key == "<<":
                self._refuse(event, "a merge key (<<) is not accepted", "write the values out")
            elif event.anchor is not None or event.tag is not None:
                self._refuse(event, "an anchor or tag on a key is not accepted", "remove it")
            elif key in mapping:
                first = self.places.at(keys[(*path, key)].index).line
                self._refuse(event, f'the key "{key}" appears twice (first on line {first})', "keep one")
            child = (*path, key)
            keys.setdefault(child, event.start_mark)
            event = next_event()
            if is_plain and type(event) is _Scalar and event.anchor is None and event.tag is None:
                values[child] = event.start_mark  # what _node does for nearly every value, without a call
                mapping[key] = None if event.value in _NULLS and not event.style else event.value
            else:
                mapping[key] = self._node(event, child)
        return mapping
