"""`pmsite adopt`: what was read out of prose, written into front matter.

A document's bytes stay as they are but for the lines that are added, in the form that its front matter has already.
The names of the fields go on a list, `inferred:`, until a person deletes them there.
"""

import difflib
import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any

from pmsite.archive.incident import (
    APPROXIMATE,
    ActionItem,
    ActionStatus,
    Duration,
    Incident,
    Precision,
    Timestamp,
    doubted,
)
from pmsite.config import Site, with_overrides
from pmsite.diagnostics import START, ContentError, Diagnostic, configured, diagnose, has_errors
from pmsite.load import Options, read_site
from pmsite.source import frontmatter, schema
from pmsite.source.document import Document
from pmsite.source.lengths import duration as length
from pmsite.source.lengths import seconds_of

_LINE_END = re.compile(r"\r\n|\r|\n")
_LENGTH = {"started", "mitigated", "resolved", "duration"}
_BOM = "\ufeff"
# Texts that YAML, whatever its version, takes for text as they stand.
_PLAIN = re.compile(r"[A-Za-z0-9][\w ./()+%-]*(?::[\w./+-][\w ./()+%-]*)*(?<! )", re.ASCII)
_NOT_TEXT = re.compile(r"(?:true|false|yes|no|on|off|null|y|n|[\d._+-]*e[\d+-]*)\Z", re.IGNORECASE)
# What double quotes in YAML 1.1 do not hold as it is.
_ESCAPED = str.maketrans({"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"})


@dataclass(frozen=True, slots=True)
class Adoption:
    """A document with what is added to it; `note` says why nothing can be. `path` is relative to the site's root."""

    path: str
    location: Path
    before: bytes
    after: bytes
    note: str = ""

    def diff(self, name: str = "") -> list[str]:
        """A unified diff of the file under a name, by lines without their ends."""
        name = name or self.path
        before, after = (_text(raw).removeprefix(_BOM).splitlines() for raw in (self.before, self.after))
        return list(difflib.unified_diff(before, after, name, name, lineterm=""))

    def write(self) -> None:
        """Put the new file in the place of the old one at once. Raises ContentError if it has changed meanwhile."""
        if self.location.read_bytes() != self.before:
            raise ContentError(diagnose("E702", self.path, START, "has changed meanwhile", "run it again"))
        target = self.location.resolve()
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(self.after)
                file.flush()
                os.fsync(handle)
            os.chmod(name, target.stat().st_mode & 0o7777)  # noqa: PTH101  the name is not a Path
            os.replace(name, target)  # noqa: PTH105
        except BaseException:
            with suppress(OSError):
                os.unlink(name)  # noqa: PTH108
            raise


def adoptions(
    site: Site, options: Options, *, only: Iterable[str] = (), paths: Iterable[Path] = ()
) -> tuple[list[Adoption], tuple[Diagnostic, ...]]:
    """What would be added to each document, and the problems of reading them.

    `only` names fields, `impact` or a part of it; `paths` are documents or folders of them. Values in doubt are left
    in the text, and so is what only an internal block says, because front matter is not hidden from anybody.
    """
    wanted = frozenset(only)
    chosen = [path.resolve() for path in paths]
    collection = read_site(site, options)
    open_site = with_overrides(site, audience="public")
    in_public = {item.path: item.incident for item in read_site(open_site, options).documents}
    locations = {file.path: Path(file.location) for file in collection.sources.documents}
    problems = list(collection.sources.diagnostics)
    found = []
    for document in collection.documents:
        location = locations[document.path]
        if chosen and not any(location.resolve().is_relative_to(path) for path in chosen):
            continue
        problems += document.diagnostics
        incident = document.incident
        if incident is None or has_errors(document.diagnostics):
            continue
        names = [name for name in _adoptable(document, incident) if _is_wanted(name, wanted)]
        public = in_public.get(document.path)
        names = [name for name in names if public is not None and _at(public, name) == _at(incident, name)]
        if names:
            found.append(_adoption(document.path, location, incident, names))
    return found, configured(problems, site.config.rules, strict=options.strict)


def _adoptable(document: Document, incident: Incident) -> Iterator[str]:
    """The fields that were read out of prose, are not in doubt, and that front matter does not give."""
    given = {field for field, _ in document.positions}
    in_doubt = set(doubted(incident)) - {
        name for name in schema.FIELDS if _is_approximate(getattr(incident, name, None))
    }
    if in_doubt & _LENGTH:  # the length and the times are looked at together
        in_doubt |= _LENGTH
    for name in incident.inferred:
        if name.partition(".")[0] not in given | in_doubt and name not in in_doubt:
            yield name


def _is_approximate(value: object) -> bool:
    """An approximate time or length is written as one."""
    if isinstance(value, Duration):
        return value.doubt == APPROXIMATE
    return isinstance(value, Timestamp) and value.precision is Precision.APPROXIMATE


def _is_wanted(name: str, wanted: frozenset[str]) -> bool:
    return not wanted or name in wanted or name.partition(".")[0] in wanted


def _at(incident: Incident, name: str) -> Any:
    field, _, part = name.partition(".")
    value = getattr(incident, field)
    return getattr(value, part) if part else value


def _adoption(path: str, location: Path, incident: Incident, names: list[str]) -> Adoption:
    before = location.read_bytes()
    text = _text(before)
    bom = _BOM if text.startswith(_BOM) else ""
    try:
        after = bom + _with_fields(text.removeprefix(bom), _values(incident, names), names)
    except _Unsuitable as error:
        return Adoption(path, location, before, before, str(error))
    return Adoption(path, location, before, after.encode("utf-8"))


class _Unsuitable(Exception):
    """The document's front matter cannot be added to; says why."""


def _with_fields(text: str, values: Mapping[str, Any], names: list[str]) -> str:
    """The text with fields added to its front matter, or with front matter before it."""
    lines = _lines(text)
    end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    split = frontmatter.split(_LINE_END.sub("\n", text))
    if split.front is None:
        values = {**values, "inferred": names}
        block = ["---", *_yaml(values), "---", ""]
        return _checked(text, "".join(line + end for line in block) + text, values)
    listed = split.front.value.get("inferred") if isinstance(split.front.value, dict) else None
    earlier = listed if isinstance(listed, list) else [listed] if isinstance(listed, str) else []
    values = {**values, "inferred": list(dict.fromkeys([*map(str, earlier), *names]))}
    opener = next(number for number, line in enumerate(lines) if line.strip())
    form = lines[opener].strip()
    if form not in ("---", "+++"):
        raise _Unsuitable("its front matter is in JSON; write it in YAML")
    closer = max(number for number in range(split.body_line - 1) if lines[number].strip() == form)
    if listed is not None:
        _cut(lines, split.front.keys[("inferred",)].line - 1, closer, split.front.keys)
    block = _yaml(values) if form == "---" else _toml(values)
    at = closer if form == "---" else opener + 1
    lines[at] = "".join(line + end for line in block) + lines[at]
    return _checked(text, "".join(lines), values)


def _cut(lines: list[str], first: int, closer: int, keys: Mapping[Any, Any]) -> None:
    """Take out a field's lines; comments and blank lines before the next field stay."""
    below = [at.line - 1 for path, at in keys.items() if len(path) == 1 and at.line - 1 > first]
    last = min([*below, closer]) - 1
    while last > first and (not lines[last].strip() or lines[last].lstrip().startswith("#")):
        last -= 1
    for number in range(first, last + 1):
        lines[number] = ""


def _checked(before: str, after: str, values: Mapping[str, Any]) -> str:
    """The new text, if it reads as it was meant to: the same body, the same fields, and those that were added."""
    try:
        old, new = (frontmatter.split(_LINE_END.sub("\n", text)) for text in (before, after))
    except frontmatter.BrokenFrontMatter:
        raise _Unsuitable(
            "its front matter is in a form that cannot be added to; write one field a line"
        ) from None
    kept = dict(old.front.value) if old.front is not None and isinstance(old.front.value, dict) else {}
    kept.pop("inferred", None)
    found = dict(new.front.value) if new.front is not None and isinstance(new.front.value, dict) else {}
    if {name: found.get(name) for name in kept} != kept or found.keys() != kept.keys() | values.keys():
        raise _Unsuitable("its front matter is in a form that cannot be added to; write one field a line")
    if old.body.strip("\n") != new.body.strip("\n"):
        raise _Unsuitable("its front matter is in a form that cannot be added to")
    return after


def _lines(text: str) -> list[str]:
    """Lines with their ends, whatever these are."""
    ends = [found.end() for found in _LINE_END.finditer(text)]
    parts = [text[start:stop] for start, stop in zip([0, *ends], [*ends, len(text)], strict=True)]
    return parts if parts[-1] else parts[:-1]


def _text(raw: bytes) -> str:
    return raw.decode("utf-8")


def _values(incident: Incident, names: list[str]) -> dict[str, Any]:
    """The fields as front matter has them: text, lists and mappings of text, in the order of the manual."""
    fields = {name.partition(".")[0] for name in names}
    values = {}
    for field in schema.FIELDS:
        if field == "impact" and field in fields:
            parts = [name.partition(".")[2] for name in names if name.startswith("impact.")]
            values[field] = _impact(incident, parts)
        elif field in fields:
            values[field] = _plain(field, getattr(incident, field))
    return values


def _impact(incident: Incident, parts: list[str]) -> dict[str, Any]:
    impact = incident.impact
    values: dict[str, Any] = {}
    for part in parts:
        if part == "windows":
            values[part] = [
                {"from": _moment(window.started), "to": _moment(window.ended)} for window in impact.windows
            ]
        else:
            values[part] = _plain(part, getattr(impact, part))
    if "percent" in parts and impact.percent_of:
        values["percent_of"] = impact.percent_of
    return values


def _plain(field: str, value: Any) -> Any:
    if isinstance(value, Duration):
        if not value.doubt:
            return f"PT{value.seconds}S"
        text = length(value.seconds)
        return f"~ {text if seconds_of(text) == value.seconds else f'{value.seconds} s'}"
    if isinstance(value, Timestamp):
        return _moment(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if field == "timeline":
        return [
            {
                name: text
                for name, text in (("at", entry.at and _moment(entry.at)), ("event", entry.event))
                if text
            }
            for entry in value
        ]
    if field == "action_items":
        return [_item(item) for item in value]
    if isinstance(value, tuple):
        return list(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _moment(at: Timestamp) -> str:
    return f"~{at.iso()}" if at.precision is Precision.APPROXIMATE else at.iso()


def _item(item: ActionItem) -> dict[str, str]:
    names = ("title", "owner", "due", "status", "closed", "type", "priority", "ticket")
    return {
        name: _plain(name, value)
        for name in names
        if (value := getattr(item, name)) not in ("", None, ActionStatus.UNKNOWN)
    }


def _yaml(values: Mapping[str, Any]) -> list[str]:
    """Fields as lines of YAML: one each, a line for each part of a mapping and for each item of a list of mappings."""
    lines = []
    for name, value in values.items():
        if isinstance(value, dict):
            lines += [f"{name}:", *(f"  {part}: {_flow(item)}" for part, item in value.items())]
        elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
            lines += [f"{name}:", *(f"  - {_flow(item)}" for item in value)]
        else:
            lines.append(f"{name}: {_flow(value)}")
    return lines


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}: {_flow(part)}' for name, part in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    if _PLAIN.fullmatch(value) and not _NOT_TEXT.match(value):
        return str(value)
    return _quoted(value)


def _toml(values: Mapping[str, Any]) -> list[str]:
    return [f"{name} = {_inline(value)}" for name, value in values.items()]


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{name} = {_inline(part)}' for name, part in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_inline, value))}]"
    return _quoted(value)


def _quoted(text: str) -> str:
    """Text in double quotes with the escapes that JSON, YAML and TOML have in common."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f").translate(_ESCAPED)
