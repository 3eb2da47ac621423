"""What lies in a folder before there is a site: its documents as a build would read them, and what that suggests."""

import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from pmsite.archive.audience import visible
from pmsite.archive.incident import Incident, Visibility
from pmsite.cache import Store
from pmsite.config import Config, ContentFolder, Site
from pmsite.presets import PRESETS
from pmsite.scaffold.names import Name, Told, frequent_names
from pmsite.source.blocks import Line, lines
from pmsite.source.collect import Collection, collect
from pmsite.source.document import Document
from pmsite.source.facts import facts
from pmsite.source.files import INDEX_NAMES
from pmsite.source.infer import naming_lines
from pmsite.source.keys import spelled
from pmsite.source.sections import divide

# Folders of Jekyll whose names keep them out of any other build.
_HIDDEN = ("_posts", "_incidents", "_postmortems")
_KIND = r"(?:post-?mortem|incident|outage|report|review|pir|rca)s?"
_TEMPLATE = re.compile(rf"(?:{_KIND}[-_ ])*template(?:[-_ ]{_KIND})*", re.IGNORECASE)
_CODE = re.compile(r"<code>([^<]{2,60})</code>")
_BETWEEN_NAMES = re.compile(r"[,;、]|\band\b")
MAX_LISTED = 40


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found: how many postmortems and other documents, where they lie, and what a configuration may say.

    `content` and `exclude` are paths as in pmsite.yaml; `outside` counts the documents elsewhere. `named` are the
    services that front matter names, `proposed` those that texts seem to name where front matter names none.
    """

    postmortems: int
    pages: int
    content: str
    exclude: tuple[str, ...] = ()
    outside: int = 0
    preset: str = ""
    named: tuple[Name, ...] = ()
    proposed: tuple[Name, ...] = ()


def surveyed(folder: Path, workers: int) -> Survey | None:
    """Read every Markdown file below a folder; None if there is none, or none but a README that is no postmortem."""
    surveys = []
    for start in (".", *_HIDDEN):
        if (folder / start).is_dir():
            with tempfile.TemporaryDirectory() as home:
                site = Site(folder.resolve(), Config(content=(ContentFolder(start),)), Path(home))
                store = Store(site.state)
                try:
                    found = _summed(site, collect(site, store, workers), store)
                finally:
                    store.close()
            if found.postmortems:
                return found
            surveys.append(found)
    return surveys[0] if surveys and surveys[0].pages else None


def _summed(site: Site, collection: Collection, store: Store) -> Survey:
    seen = visible(collection.documents, replace(site.config, audience=Visibility.RESTRICTED, drafts=True))
    templates = [document for document in seen if _is_template(document)]
    documents = [document for document in seen if document not in templates]
    postmortems = [document for document in documents if document.incident is not None]
    start = site.config.content[0].path
    content = _content(site, postmortems, documents) if start == "." else start
    named: Counter[str] = Counter()
    told = []
    for document in postmortems:
        assert document.incident is not None
        named.update(document.incident.services)
        html = store.blob(collection.keys[document.path]) or b""
        told.append(_told(document.incident, html.decode("utf-8", "replace")))
    base = PurePosixPath(content)
    inside = [document for document in templates if PurePosixPath(document.path).is_relative_to(base)]
    pages = [item for item in documents if item.incident is None and item.path.lower() != "readme.md"]
    return Survey(
        len(postmortems),
        len(pages),
        content,
        tuple(PurePosixPath(document.path).relative_to(base).as_posix() for document in inside),
        sum(not PurePosixPath(document.path).is_relative_to(base) for document in documents),
        _preset(documents),
        tuple(Name(name, count) for name, count in named.most_common()),
        () if named else frequent_names(told),
    )


def _is_template(document: Document) -> bool:
    return document.name_date is None and _TEMPLATE.fullmatch(PurePosixPath(document.path).stem) is not None


def _content(site: Site, postmortems: list[Document], documents: list[Document]) -> str:
    """The folder that the postmortems lie in, with the files that they show; the whole folder where none is one.

    That is the highest one below which there is no other document, because more postmortems will come: not `2024`.
    """
    folders = [_folder(document) for document in postmortems] or [PurePosixPath()]
    for document in postmortems:
        for link in document.body.links:
            shown = (
                site.root / PurePosixPath(document.path).parent / link.target.partition("#")[0]
            ).resolve()
            if shown.is_file() and shown.is_relative_to(site.root):
                folders.append(PurePosixPath(shown.relative_to(site.root).parent.as_posix()))
    folder = PurePosixPath(os.path.commonpath(folders))
    paths = [PurePosixPath(document.path) for document in documents]
    within = sum(path.is_relative_to(folder) for path in paths)
    while len(folder.parts) > 1 and sum(path.is_relative_to(folder.parent) for path in paths) == within:
        folder = folder.parent
    return str(folder)


def _folder(document: Document) -> PurePosixPath:
    """The folder that a postmortem lies in; that of a page bundle is the postmortem's own."""
    path = PurePosixPath(document.path)
    return path.parent.parent if path.name.lower() in INDEX_NAMES else path.parent


def _told(incident: Incident, html: str) -> Told:
    found = lines(html)
    divide(found)
    prose = [line for line in found if line.kind not in ("code", "heading", "head")]
    return Told(
        incident.title,
        tuple(line.text for line in naming_lines(found)),
        tuple(line.text for line in prose),
        tuple(word for line in found for word in _CODE.findall(html[line.start : line.end])),
        tuple(_listed(found)),
        (*incident.authors, *(item.owner for item in incident.action_items if item.owner)),
    )


def _listed(found: list[Line]) -> Iterator[str]:
    """The names behind a label such as "Affected services:"."""
    for fact in facts(found):
        if fact.kind == "services":
            for name in _BETWEEN_NAMES.split(fact.value):
                name = name.strip(" .`*")
                if 1 < len(name) <= MAX_LISTED and name.count(" ") <= 2:
                    yield name


def _preset(documents: Iterable[Document]) -> str:
    """The preset that explains most of the unknown keys, if they stand in most documents with front matter."""
    fronts = [item for item in documents if item.positions or item.unknown_fields]
    keys: Counter[str] = Counter()
    for document in fronts:
        keys.update({spelled(key) for key, _ in document.unknown_fields})
    explained = {
        name: (
            sum(count for key, count in keys.items() if key in preset.fields or key in preset.tables),
            sum(keys[key] for key in preset.typical),
        )
        for name, preset in PRESETS.items()
    }
    best = max(explained, key=lambda name: explained[name])
    return best if 2 * explained[best][0] > len(fronts) else ""
