"""Who may see what: the one filter, applied right after reading. What it drops does not exist for anything later."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TypeVar

from pmsite.archive.incident import Status, Visibility
from pmsite.site.urls import slug
from pmsite.source.document import Document, Skimmed
from pmsite.source.files import Role

Read = TypeVar("Read", Document, Skimmed)


def shows_drafts(audience: Visibility, drafts: bool | None) -> bool:
    """Internal sites show drafts, because last week's incident matters most; public ones do not."""
    return drafts if drafts is not None else audience is not Visibility.PUBLIC


def visible(documents: Iterable[Read], audience: Visibility, drafts: bool | None) -> tuple[Read, ...]:
    """The documents that the audience may see, each knowing what it is. Unreadable documents count as restricted."""
    with_drafts = shows_drafts(audience, drafts)
    return _settled(
        [
            document
            for document in documents
            if document.visibility.rank <= audience.rank and (with_drafts or not _is_draft(document))
        ]
    )


def _is_draft(document: Document | Skimmed) -> bool:
    return document.incident is not None and document.incident.status is Status.DRAFT


def _settled(documents: list[Read]) -> tuple[Read, ...]:
    """An index that is the only document of its folder is its postmortem; any other introduces the folder."""
    if not any(document.role is Role.INDEX for document in documents):
        return tuple(documents)
    below = Counter(str(parent) for document in documents for parent in PurePosixPath(document.path).parents)
    return tuple(
        document if document.role is not Role.INDEX else _settled_index(document, below)
        for document in documents
    )


def _settled_index(document: Read, below: Counter[str]) -> Read:
    folder = PurePosixPath(document.inside).parent
    if below[str(PurePosixPath(document.path).parent)] > 1:
        name = "" if str(folder) == "." else slug(str(folder), fallback="folder")
        return replace(document, role=Role.INTRODUCTION, id=name, incident=None)
    return replace(document, role=Role.POSTMORTEM if document.incident else Role.PAGE)
