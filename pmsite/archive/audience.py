"""Who may see what: the one filter, applied right after reading. What it drops does not exist for anything later."""

from collections.abc import Iterable

from pmsite.archive.incident import Status, Visibility
from pmsite.source.read import Document


def shows_drafts(audience: Visibility, drafts: bool | None) -> bool:
    """Internal sites show drafts, because last week's incident matters most; public ones do not."""
    return drafts if drafts is not None else audience is not Visibility.PUBLIC


def visible(documents: Iterable[Document], audience: Visibility, drafts: bool | None) -> tuple[Document, ...]:
    """The documents that the audience may see. Unreadable documents count as restricted."""
    with_drafts = shows_drafts(audience, drafts)
    return tuple(
        document
        for document in documents
        if document.visibility.rank <= audience.rank and (with_drafts or not _is_draft(document))
    )


def _is_draft(document: Document) -> bool:
    return document.incident is not None and document.incident.status is Status.DRAFT
