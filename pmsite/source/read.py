"""A document's bytes to a Document: front matter, text, outline and facts, with every problem found on the way."""

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pmsite.archive.incident import Precision, Timestamp, Visibility
from pmsite.cache import Produced
from pmsite.config import Config
from pmsite.config import message as validation_message
from pmsite.diagnostics import START, Diagnostic, Position, Severity, diagnose, did_you_mean
from pmsite.presets import IGNORE
from pmsite.source import fields as convert
from pmsite.source import frontmatter, schema
from pmsite.source.assemble import Problem, assemble
from pmsite.source.credentials import without_credentials
from pmsite.source.document import Body, Document, blank, encode, unreadable, with_digest
from pmsite.source.evidence import Evidence
from pmsite.source.fields import FIRST_YEAR, LAST_YEAR
from pmsite.source.files import Role, SourceFile, identifier
from pmsite.source.highlight import highlighted
from pmsite.source.infer import Given, Inference, Reading
from pmsite.source.keys import LISTS, Keys, joined, spelled
from pmsite.source.link_places import LinkPlaces
from pmsite.source.marks import marked
from pmsite.source.markup import converter
from pmsite.source.numbers import leading_number
from pmsite.source.outline import Outline, outline
from pmsite.source.places import places
from pmsite.source.redact import ALIKE as INTERNAL_MARK
from pmsite.source.redact import masked, position, redact
from pmsite.source.titles import NAME_DATE, entitles, named_after
from pmsite.source.words import telling_words
from pmsite.strict_yaml import KeyPath, YamlDocument

MAX_STRAY = 10
MAX_SIZE = 5 * 1024 * 1024
# Characters that neither HTML nor XML may hold: https://www.w3.org/TR/xml/#charsets
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
# Headings and labels of postmortems in the languages that archives were found in.
_SECTION = re.compile(
    r"\b(time ?line|root causes?|impact|what happened|resolution|detection|action items?|lessons( learned)?"
    r"|contributing factors?|trigger|corrective|preventat?ive|remediation|mitigation|follow-?ups?|recovery"
    r"|what went (well|wrong)|incident|outage|post-?mortem|duration|next steps|symptoms?|fault occurs)\b"
    r"|タイムライン|根本原因|原因|影響|再発防止|타임라인|원인|영향|재발|时间线|根因|影响"
    r"|ursache|zeitverlauf|auswirkung|maßnahmen|causa ra[ií]z|cronolog[ií]a|impacto|cause racine|chronologie",
    re.IGNORECASE,
)
# The same words as a plain line's label: `Timeline:`, `**Root cause**`, `- Impact: ...`.
_LABEL = re.compile(
    r"^\W{0,6}(issue summary|timeline|root cause|impact|duration|resolution|detection|trigger"
    r"|corrective|preventat?ive|action items?|start time|time to repair)( (and|&|of) [\w ]{3,30})?\W{0,4}(:|$)",
    re.IGNORECASE | re.MULTILINE,
)
# A short first line that names an outage, where there are no headings.
_FIRST_LINE = re.compile(
    r"\s{0,40}[^\n.!?<]{0,60}\b(?:outage|incident)\b[^\n.!?]{0,40}(?:\n|\Z)", re.IGNORECASE
)
# A story of an outage without any section, in a file whose name has a date.
_DOWN = re.compile(r"\b(went|was|were) down\b|\boutage\b|\bpost-?mortem\b", re.IGNORECASE)
_ADDRESSES = ("path", "url", "permalink")
_NAME = re.compile(r"post-?mortem|incident|outage|\bpm[-_ ]?\d", re.IGNORECASE)


def read_documents(config: Config, files: Iterator[SourceFile]) -> Iterator[Produced]:
    """Read one file after the other; the blob is the prose as HTML."""
    reader = Reader(config)
    for file in files:
        document, html = reader.read(file)
        yield Produced(encode(document), html.encode("utf-8", "surrogatepass"))


class Reader:
    """Reads documents with one converter for all."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._reading = schema.Reading.of(config)
        self._keys = Keys(config.fields)
        self._convert = converter(config.markdown)
        self._outline = partial(
            outline,
            keep_remote_images=config.markdown.remote_images == "keep",
            highlight=highlighted,
            entitles=entitles,
        )
        self._inference = Inference(
            self._reading.vocabularies,
            [(word.name, (word.name, word.title, *word.aliases)) for word in config.services],
            self._reading.zone,
        )

    def read(self, file: SourceFile) -> tuple[Document, str]:
        """The document and its prose as HTML. Never raises for what a document holds."""
        try:
            raw = Path(file.location).read_bytes()
        except OSError as error:
            return unreadable(file, "E101", START, f"cannot be read: {error.strerror}", "check the file"), ""
        try:
            text = _decoded(raw)
        except _Undecodable as error:
            return unreadable(file, "E101", error.at, error.message, error.hint), ""
        problems: tuple[Diagnostic, ...] = ()
        if self._config.looks_for_credentials:
            text, problems = without_credentials(text, file.path)
        document, html = self._read(file, text)
        if problems and self._config.audience is document.visibility is Visibility.PUBLIC:
            problems = tuple(replace(problem, severity=Severity.ERROR) for problem in problems)
        return (
            replace(document, diagnostics=(*document.diagnostics, *problems)) if problems else document
        ), html

    def _read(self, file: SourceFile, text: str) -> tuple[Document, str]:
        try:
            split = frontmatter.split(text)
        except frontmatter.BrokenFrontMatter as error:
            document = blank(file)
            diagnostics = tuple(
                diagnose("E102", file.path, problem.at, problem.message, problem.hint)
                for problem in error.problems
            )
            return replace(document, diagnostics=diagnostics), ""
        document, html = self._document(file, split)
        front = text[: len(text) - len(split.body)]
        if (mark := INTERNAL_MARK.search(front)) is not None:
            message = "an internal mark stands in the front matter, where it hides nothing"
            hint = "move the text into the body, or set visibility:"
            problem = diagnose("E106", file.path, position(front, mark.start(), 1), message, hint)
            document = replace(document, diagnostics=(*document.diagnostics, problem))
        return document, html

    def _document(
        self, file: SourceFile, split: frontmatter.Split, *, finds_title: bool = True
    ) -> tuple[Document, str]:
        diagnostics: list[Diagnostic] = []
        if split.thematic_break:
            message = "begins with --- that is not front matter; it is shown as a rule"
            diagnostics.append(
                diagnose("W108", file.path, START, message, "remove it, or add `key: value` lines")
            )
        front = _Fields(split.front, dict(file.defaults), self._keys)
        fields = front.validated(self._reading, file.path, diagnostics)
        fields = self._with_start(fields, front.values.get("date"))
        # A title that was once read out of the text is looked for there again, so that its line is not shown twice.
        is_adopted = finds_title and bool(fields.title) and "title" in fields.inferred
        has_title = bool(fields.title) and not is_adopted
        text, html, shape = self._prose(file, split, fields.title if has_title else "", diagnostics)
        role = file.role
        has_incident = role is not Role.PAGE and _is_postmortem(file, front, shape, text)
        if role is Role.POSTMORTEM and not has_incident:
            message = "is shown as a plain page: it has no incident field, no timeline, and no section of a postmortem"
            diagnostics.append(
                diagnose("W109", file.path, START, message, "add `severity:` or `started:`, or exclude it")
            )
            role = Role.PAGE
        name_date, name_title = _date_of_name(file.name), named_after(file.name)
        problems: list[Problem] = []
        incident = None
        if has_incident:
            origin = fields.id or file.id
            incident, problems = assemble(
                fields,
                self._reading,
                identifier(origin),
                file.path,
                shape.title or name_title,
                name_date,
                leading_number(file.name),
            )
        diagnostics += [
            diagnose("E103", file.path, front.position(problem.field), problem.message, problem.hint)
            for problem in problems
        ]
        evidence: tuple[Evidence, ...] = ()
        title, gone, words = shape.title, "", ""
        if incident is not None:
            is_timed = isinstance(fields.started, Timestamp) and "started" not in fields.inferred
            has_date = fields.date is not None or is_timed
            near = incident.date if is_timed or (has_date and "date" not in fields.inferred) else name_date
            given = Given(incident, shape.title, has_title, has_date, near)
            said = self._inference.read(html, given)
            day = said.incident.date or _date_of_address(split.front)
            incident = with_digest(replace(said.incident, date=day).completed())
            if is_adopted and incident.title != fields.title:
                return self._document(file, split, finds_title=False)
            title = incident.title if shape.title or incident.title != name_title else ""
            evidence = self._evidence(file, split, html, said, diagnostics)
            words = telling_words((incident.title, incident.summary or shape.excerpt, said.cause))
            if said.title_line is not None and said.title_line.kind == "heading":
                gone = said.title_line.text
            html = marked(
                html, incident, said.entries if "timeline" in incident.shown else (), said.title_line
            )
        body = Body(
            digest=blake2b(html.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest(),
            headings=tuple(item for item in shape.headings if item.text != gone),
            anchors=shape.anchors,
            links=shape.links,
            excerpt="" if incident is not None and incident.summary else shape.excerpt,
        )
        document = Document(
            path=file.path,
            inside=file.inside,
            role=role,
            id=incident.id
            if incident
            else (identifier(fields.id) if fields.id else file.id)
            if file.name
            else "",
            title=title or name_title,
            visibility=fields.visibility,
            body=body,
            incident=incident,
            has_title=bool(title),
            name_date=name_date,
            positions=front.positions(),
            unknown_fields=front.unknown(),
            evidence=evidence,
            words=words,
            diagnostics=tuple(diagnostics),
        )
        return document, html

    def _evidence(
        self,
        file: SourceFile,
        split: frontmatter.Split,
        html: str,
        said: Reading,
        diagnostics: list[Diagnostic],
    ) -> tuple[Evidence, ...]:
        """Where each inferred value stands in the file; what prose gives rise to becomes diagnostics."""
        used = [line for _, line, *_ in said.evidence]
        used += [line for remark in said.remarks for line in (remark.line, remark.other) if line is not None]
        if not used:
            return ()
        text = masked(split.body, keep=self._config.audience is not Visibility.PUBLIC)
        found = places(html, used, text, split.body_line)
        for remark in said.remarks:
            other = f" of line {found[remark.other.number].line}" if remark.other is not None else ""
            message = remark.message.replace("{other}", other)
            diagnostics.append(
                diagnose(remark.code, file.path, found[remark.line.number], message, remark.hint)
            )
        return tuple(
            sorted(
                (
                    Evidence(field, *found[line.number], text, value)
                    for field, line, text, value in said.evidence
                ),
                key=lambda item: (item.line, item.column),
            )
        )

    def _with_start(self, fields: schema.FrontMatter, day: Any) -> schema.FrontMatter:
        """A `date:` with a time of day beside a time of `resolved:` is when it began, as status pages write it."""
        if (
            fields.started is not None
            or not isinstance(fields.resolved, Timestamp)
            or not isinstance(day, str)
        ):
            return fields
        try:
            started = convert.timestamp(day, self._reading.zone)
        except ValueError:
            return fields
        return replace(fields, started=started) if started.precision is not Precision.DAY else fields

    def _prose(
        self, file: SourceFile, split: frontmatter.Split, title: str, diagnostics: list[Diagnostic]
    ) -> tuple[str, str, Outline]:
        """The text without internal blocks, and what it becomes."""
        keep = self._config.audience is not Visibility.PUBLIC
        text, stray = redact(split.body, keep=keep)
        for offset in stray[:MAX_STRAY]:
            at = position(split.body, offset, split.body_line)
            message = "an internal block is opened and not closed, or closed and not opened"
            hint = "write <!-- internal --> before and <!-- /internal --> after the block"
            diagnostics.append(diagnose("E106", file.path, at, message, hint))
        try:
            html = self._convert(text)
        except (
            Exception
        ) as error:  # Python-Markdown and its extensions raise anything; deep nesting, RecursionError
            reason = (
                "is nested too deeply"
                if isinstance(error, RecursionError)
                else f"cannot be rendered: {error}"
            )
            at = Position(split.body_line)
            diagnostics.append(diagnose("E107", file.path, at, reason, "simplify it"))
            html = ""
        shape = self._outline(html, LinkPlaces(masked(split.body, keep=keep), split.body_line), title=title)
        return text, shape.html, shape


class _Undecodable(Exception):
    def __init__(self, at: Position, message: str, hint: str) -> None:
        super().__init__(message)
        self.at, self.message, self.hint = at, message, hint


def _decoded(raw: bytes) -> str:
    """UTF-8 text with `\\n` line ends and without BOM."""
    if len(raw) > MAX_SIZE:
        raise _Undecodable(START, f"is larger than {MAX_SIZE // 1024**2} MiB", "split it, or link the data")
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise _Undecodable(START, "is UTF-16", "save it as UTF-8")
    if (nul := raw.find(b"\0")) >= 0:
        raise _Undecodable(
            _byte_position(raw, nul), "holds a NUL byte", "is it a text file? save it as UTF-8"
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at = _byte_position(raw, error.start)
        raise _Undecodable(at, f"byte 0x{raw[error.start]:02x} is not UTF-8", "save it as UTF-8") from None
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("\ufffd", text)


def _byte_position(raw: bytes, offset: int) -> Position:
    before = raw[:offset]
    line_start = before.rfind(b"\n") + 1
    return Position(before.count(b"\n") + 1, len(before[line_start:].decode("utf-8", "replace")) + 1)


class _Fields:
    """The front matter of one document under its canonical field names."""

    def __init__(self, front: YamlDocument | None, defaults: dict[str, Any], names: Keys) -> None:
        self._front = front or YamlDocument({}, {}, {})
        self._names = names
        self._defaults = defaults
        self._keys: dict[str, tuple[str, ...]] = {}
        self._unknown: list[KeyPath] = []
        self._repeated: list[tuple[KeyPath, str]] = []
        self.named: set[str] = set()
        self.values = self._canonical()

    def _canonical(self) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for path, given in self._names.entries(self._front.value):
            field, value = self._names.meaning(path, given)
            if field not in schema.FIELDS:
                if field != IGNORE:
                    self._unknown.append(path)
                continue
            self.named.add(field)
            self._unknown += schema.unknown_parts(field, path, value)
            if field == "visibility":
                value = "" if value is None else value  # somebody meant to say who may see it
            elif value is None or value == "":
                continue  # a key without a value says nothing
            if _is_spelling(path, field) and _is_spelling(self._keys.get(field, ()), field):
                self._repeated.append((path, field))
            elif field in values and field in LISTS:
                values[field] = joined(field, values[field], _without_nulls(value))
            elif field not in values or self._outranks(field, path, values[field]):
                values[field] = _without_nulls(value)
                self._keys[field] = path
        for key, value in self._defaults.items():
            values.setdefault(self._names.field((key,)), value)
        return values

    def _outranks(self, field: str, path: tuple[str, ...], earlier: Any) -> bool:
        """The field's own name wins over a synonym; a time wins over `resolved: true`."""
        if field == "resolved" and isinstance(earlier, str) and earlier.lower() in ("true", "false"):
            return True
        return path == (field,) and not (field == "resolved" and str(earlier)[:1].isdigit())

    def validated(
        self, reading: schema.Reading, path: str, diagnostics: list[Diagnostic]
    ) -> schema.FrontMatter:
        """The fields with their types; what cannot be understood is left out, with a diagnostic for each."""
        values = {
            field: [item for item in value if item is not None] if isinstance(value, list) else value
            for field, value in self.values.items()
        }
        for key, field in self._repeated:
            message = f"{field}: is given twice, as {self._keys[field][-1]} and as {key[-1]}"
            diagnostics.append(diagnose("E103", path, self._front.keys.get(key, START), message, "keep one"))
        misspelt = [key for key in self._unknown if _is_like_visibility(key)]
        for key in misspelt:
            message = f'"{key[0]}" is not known, and who may see the document is not to be guessed'
            diagnostics.append(
                diagnose("E103", path, self._front.keys.get(key, START), message, "write visibility:")
            )
        is_hidden = bool(misspelt)
        removed: set[tuple[Any, ...]] = set()
        for _ in range(100):
            try:
                fields = schema.adapter().validate_python(values, context=reading)
                return replace(fields, visibility=Visibility.RESTRICTED) if is_hidden else fields
            except ValidationError as error:
                is_hidden = is_hidden or any(
                    problem["loc"][:1] == ("visibility",) for problem in error.errors()
                )
                diagnostics += [
                    self._diagnostic(problem, path)
                    for problem in error.errors()
                    if not (problem["type"] == "missing" and problem["loc"] in removed)
                ]
                for location in _removable(error.errors()):
                    removed.add(location)
                    values = _without(values, location)
        return schema.FrontMatter(visibility=Visibility.RESTRICTED)

    def _diagnostic(self, problem: Any, path: str) -> Diagnostic:
        location = problem["loc"]
        lenient = (
            bool(location) and location[-1] in ("status", "kind", "type") and problem["type"] == "value_error"
        )
        code = "W111" if lenient else "E103"
        hint = "it is left out" if lenient else ""
        return diagnose(code, path, self.position(location), validation_message(problem), hint)

    def position(self, field: KeyPath) -> Position:
        """Where a part of a field stands; `from_` is the front matter's `from`."""
        if not field:
            return START
        key = self._keys.get(str(field[0]))
        if key is None:
            return START
        part = tuple("from" if name == "from_" else name for name in field[1:])
        given = self.values.get(str(field[0]))
        if isinstance(given, list) and part and isinstance(part[0], int):
            part = (_nth_filled(given, part[0]), *part[1:])
        return self._front.position((*key, *part))

    def positions(self) -> tuple[tuple[str, Position], ...]:
        found = []
        for field, key in self._keys.items():
            found.append((field, self._front.position(key)))
            value = self.values.get(field)
            if field in ("action_items", "related", "timeline") and isinstance(value, list):
                filled = [number for number, item in enumerate(value) if item is not None]
                found += [
                    (f"{field}.{place}", self._front.position((*key, number)))
                    for place, number in enumerate(filled)
                ]
        return tuple(found)

    def unknown(self) -> tuple[tuple[str, Position], ...]:
        return tuple(
            (
                ".".join(str(part) for part in path if not isinstance(part, int)),
                self._front.keys.get(path) or self._front.position(path),
            )
            for path in self._unknown
        )


def _without_nulls(value: Any) -> Any:
    """A key without a value says nothing, at any depth."""
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [None if item is None else _without_nulls(item) for item in value]
    return value


def _is_like_visibility(path: KeyPath) -> bool:
    key = str(path[0])
    return (
        len(path) == 1 and key[:1] in "vV" and 7 <= len(key) <= 14 and bool(did_you_mean(key, ["visibility"]))
    )


def _is_spelling(path: tuple[str, ...], field: str) -> bool:
    """Whether a key is a field's own name in some capitals, and not a synonym."""
    return path == (field,) or spelled(".".join(path)) == field


def _nth_filled(items: list[Any], number: int) -> int:
    """The place in a list of its n-th item that is not empty."""
    filled = [place for place, item in enumerate(items) if item is not None]
    return filled[number] if number < len(filled) else number


def _removable(problems: Iterable[Any]) -> list[tuple[Any, ...]]:
    """What to leave out for these problems, the last first: a part, or the whole item that lacks one."""
    targets = set()
    for problem in problems:
        location = problem["loc"]
        numbers = [place for place, part in enumerate(location) if isinstance(part, int)]
        is_missing = problem["type"] == "missing"
        targets.add(location[: numbers[-1] + 1] if numbers and is_missing else location)
    return sorted(targets, key=lambda target: [str(part).zfill(9) for part in target], reverse=True)


def _has(values: Any, key: Any) -> bool:
    if isinstance(values, dict):
        return key in values or (key == "from_" and "from" in values)
    return isinstance(values, list) and isinstance(key, int) and key < len(values)


def _without(values: Any, location: tuple[Any, ...]) -> Any:
    """A copy of the values without the part at `location`; a list loses the item, so that the rest stays valid."""
    if not location:
        return None
    key, rest = location[0], location[1:]
    if isinstance(values, dict):
        actual = "from" if key == "from_" and "from" in values else key
        if actual not in values:
            return values
        child = values[actual]
        reduced = _without(child, rest) if rest and _has(child, rest[0]) else None
        copy = {name: value for name, value in values.items() if name != actual}
        return copy if reduced is None else {**copy, actual: reduced}
    if isinstance(values, list) and isinstance(key, int) and key < len(values):
        child = values[key]
        reduced = _without(child, rest) if rest and _has(child, rest[0]) else None
        return [*values[:key], *([] if reduced is None else [reduced]), *values[key + 1 :]]
    return None


def _is_postmortem(file: SourceFile, front: _Fields, shape: Outline, text: str) -> bool:
    if schema.INCIDENT_FIELDS & (front.named | front.values.keys()):
        return True
    if _NAME.search(file.name) or _NAME.search(shape.title):
        return True
    if _FIRST_LINE.match(text) is not None:
        return True
    if _date_of_name(file.name) is not None and _DOWN.search(text, 0, 2000):
        return True
    return _LABEL.search(text) is not None or any(_SECTION.search(item.text) for item in shape.headings)


def _date_of_address(front: YamlDocument | None) -> date | None:
    """The day in the address that a generator was told to use: `path: inside/2020/02/26/report`."""
    values = front.value if front is not None else None
    if not isinstance(values, dict):
        return None
    for key in _ADDRESSES:
        address = values.get(key)
        if isinstance(address, str) and (day := _date_of_name(address[:200].replace("/", "-"))) is not None:
            return day
    return None


def _date_of_name(name: str) -> date | None:
    found = NAME_DATE.search(name)
    if found is None or not FIRST_YEAR <= int(found[1]) <= LAST_YEAR:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None
