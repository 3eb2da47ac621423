"""Who may see what: the one filter, applied right after reading. What it drops does not exist for anything later."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from pmsite.archive.incident import Status, Visibility
from pmsite.cache import remembered
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
    seen = {visibility for visibility in Visibility if visibility.rank <= audience.rank}
    return _settled(
        [
            document
            for document in documents
            if document.visibility in seen and (with_drafts or not _is_draft(document))
        ]
    )


def _is_draft(document: Document | Skimmed) -> bool:
    return document.incident is not None and document.incident.status is Status.DRAFT


def _settled(documents: list[Read]) -> tuple[Read, ...]:
    """An index that is the only document of its folder is its postmortem; any other introduces the folder."""
    folders = {_folder(document.path) for document in documents if document.role is Role.INDEX}
    if not folders:
        return tuple(documents)
    below: Counter[str] = Counter()
    for document in documents:
        folder = document.path
        while folder:
            folder = _folder(folder)
            if folder in folders:
                below[folder] += 1
    return tuple(
        document
        if document.role is not Role.INDEX
        else _settled_index(document, is_alone=below[_folder(document.path)] == 1)
        for document in documents
    )


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


@remembered(16_384)
def _settled_index(document: Read, *, is_alone: bool) -> Read:
    if is_alone:
        return replace(document, role=Role.POSTMORTEM if document.incident else Role.PAGE)
    folder = _folder(document.inside)
    return replace(
        document, role=Role.INTRODUCTION, id=slug(folder, fallback="folder") if folder else "", incident=None
    )
