"""One document read as a site reads it: from text to an incident, its evidence and its prose."""

import tempfile
from pathlib import Path
from typing import Any

from pmsite.archive.incident import Incident
from pmsite.config import Config, MarkdownConfig
from pmsite.source.document import Document
from pmsite.source.files import Role, SourceFile
from pmsite.source.read import Reader
from pmsite.vocabulary import Word

FLAVORS = ("github", "python")


def read(text: str, *, name: str = "web", flavor: str = "github", **config: Any) -> tuple[Document, str]:
    """The document and its prose as HTML."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.md"
        path.write_text(text, encoding="utf-8")
        file = SourceFile(path.name, path.name, name, Role.POSTMORTEM, str(path), (0, 0, 0, 0))
        return Reader(Config(markdown=MarkdownConfig(flavor), **config)).read(file)  # type: ignore[arg-type]


def incident(text: str, **given: Any) -> Incident:
    found = read(text, **given)[0].incident
    assert found is not None
    return found


def services(*names: str) -> tuple[Word, ...]:
    return tuple(Word(name) for name in names)
