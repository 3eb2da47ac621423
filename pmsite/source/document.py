"""A document that was read, as a value, and its form in the store. How it is read is the business of `read`."""

from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from hashlib import blake2b

from pydantic import TypeAdapter

from pmsite.archive.incident import Day, Incident, Status, Visibility
from pmsite.cache import fingerprint
from pmsite.diagnostics import START, Diagnostic, Position, diagnose
from pmsite.source.evidence import Evidence
from pmsite.source.files import Role, SourceFile


@dataclass(frozen=True, slots=True)
class Heading:
    level: int
    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class DocumentLink:
    """A link or image that leads to somewhere in the site, as written, and where it stands in the source."""

    target: str
    line: int
    column: int
    is_image: bool = False


@dataclass(frozen=True, slots=True)
class Body:
    """What a document's prose holds. The HTML itself is the blob of the document's key in the store.

    `excerpt` is its first paragraph, where no summary says what the document is about.
    """

    digest: str = ""
    headings: tuple[Heading, ...] = ()
    anchors: tuple[str, ...] = ()
    links: tuple[DocumentLink, ...] = ()
    excerpt: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A document that was read, as far as it could be; `incident` is None for pages.

    `path` is relative to the site's root, `inside` to the content folder.
    `positions` says where fields stand, by dotted name: `started`, `action_items.0`; `evidence` where in the prose the
    incident's inferred values were found, in the order of the text. `words` are those of title, summary and root cause
    that tell it from others, separated by spaces.

    `face` is a digest of everything here but the body's digest and `places`, the digest of where links and evidence stand
    in the text: documents of the same face differ in their texts at most, and in nothing else that is known of them. Both
    are part of the stored form alone.
    """

    path: str
    inside: str
    role: Role
    id: str
    title: str
    visibility: Visibility
    body: Body
    incident: Incident | None = None
    has_title: bool = True
    name_date: date | None = None
    positions: tuple[tuple[str, Position], ...] = ()
    unknown_fields: tuple[tuple[str, Position], ...] = ()
    evidence: tuple[Evidence, ...] = ()
    words: str = ""
    diagnostics: tuple[Diagnostic, ...] = ()
    places: str = field(default="", compare=False)
    face: str = field(default="", compare=False)

    def position(self, name: str) -> Position:
        """Where a field stands in front matter, else in the prose; the document's beginning if it has none."""
        found = dict(self.positions).get(name)
        if found is not None:
            return found
        return next((Position(item.line, item.column) for item in self.evidence if item.field == name), START)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a list of search results says of an incident."""

    date: Day | None = None
    status: Status | None = None
    number: str = ""
    resolution: str = ""


@dataclass(frozen=True, slots=True)
class Skimmed:
    """What a search needs of a document. It stands before the rest in the store."""

    path: str
    inside: str
    role: Role
    id: str
    title: str
    visibility: Visibility
    incident: Facts | None = None
    diagnostics: tuple[Diagnostic, ...] = ()


@cache
def document_adapter() -> TypeAdapter[Document]:
    return TypeAdapter(Document)


@cache
def incident_adapter() -> TypeAdapter[Incident]:
    return TypeAdapter(Incident)


def with_digest(incident: Incident) -> Incident:
    """The incident with the digest that stands for its facts: equal facts, equal digest."""
    facts = incident_adapter().dump_json(incident)
    return replace(incident, digest=blake2b(facts, digest_size=16).hexdigest())


@cache
def _skimmed_adapter() -> TypeAdapter[Skimmed]:
    return TypeAdapter(Skimmed)


@cache
def _all_skimmed_adapter() -> TypeAdapter[tuple[Skimmed, ...]]:
    return TypeAdapter(tuple[Skimmed, ...])


def encode(document: Document) -> bytes:
    """The document's stored form: two lines of JSON, the first of which holds what a search needs."""
    links, evidence = document.body.links, document.evidence
    places = [(one.line, one.column) for one in links] + [(one.line, one.column) for one in evidence]
    text = document_adapter().dump_json(replace(document, places=fingerprint(places).hex(), face=""))
    without = text
    if links or evidence:
        body = replace(document.body, links=tuple([replace(link, line=0, column=0) for link in links]))
        evidence = tuple([replace(one, line=0, column=0) for one in evidence])
        nameless = replace(document, body=body, evidence=evidence, places="", face="")
        without = document_adapter().dump_json(nameless)
    if document.body.digest:
        without = without.replace(document.body.digest.encode(), b"", 1)
    face = blake2b(without, digest_size=16).hexdigest()
    # It is the last of the fields, so that the long form need not be made twice.
    text = text.removesuffix(b'"face":""}') + f'"face":"{face}"}}'.encode()
    return _skimmed_adapter().dump_json(_skimmed(document)) + b"\n" + text


def decode(value: bytes) -> Document:
    """A document from its stored form. Raises ValueError for anything else."""
    return document_adapter().validate_json(value.partition(b"\n")[2])


def skimmed_part(value: bytes) -> bytes:
    """The part of a document's stored form that a search needs: JSON."""
    return value.partition(b"\n")[0]


def skimmed(value: bytes) -> tuple[Skimmed, ...]:
    """Documents from the JSON of a list of such parts. Raises ValueError for anything else."""
    return _all_skimmed_adapter().validate_json(value)


def _skimmed(document: Document) -> Skimmed:
    incident = document.incident
    return Skimmed(
        document.path,
        document.inside,
        document.role,
        document.id,
        document.title,
        document.visibility,
        Facts(incident.date, incident.status, incident.number, incident.resolution) if incident else None,
        document.diagnostics,
    )


def blank(file: SourceFile) -> Document:
    """A document of which nothing could be read; it is hidden from every audience but the narrowest."""
    return Document(file.path, file.inside, file.role, file.id, file.name, Visibility.RESTRICTED, Body())


def unreadable(file: SourceFile, code: str, at: Position, message: str, hint: str) -> Document:
    return replace(blank(file), diagnostics=(diagnose(code, file.path, at, message, hint),))


def beyond_limits(file: SourceFile, reason: str) -> Document:
    """The document of a file whose reading had to be ended."""
    return unreadable(file, "E107", START, reason, "look for very deep nesting or very long lines")
