"""The archive: everything that is known, ready to be shown."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from pmsite.archive.incident import Incident, Timestamp
from pmsite.archive.related import Relations, relations
from pmsite.archive.taxonomy import Taxonomy, Year, taxonomies, years
from pmsite.config import Config
from pmsite.source.document import Document
from pmsite.source.files import Role


@dataclass(frozen=True, slots=True)
class Archive:
    """Incidents newest first (undated ones last), divided in every way, with their documents by id."""

    incidents: tuple[Incident, ...]
    documents: dict[str, Document]
    pages: tuple[Document, ...]
    introduction: Document | None
    taxonomies: tuple[Taxonomy, ...]
    years: tuple[Year, ...]
    relations: dict[str, Relations]

    def taxonomy(self, name: str) -> Taxonomy:
        return next(taxonomy for taxonomy in self.taxonomies if taxonomy.name == name)


def build_archive(documents: Iterable[Document], config: Config) -> Archive:
    """Put documents together. Of documents with the same id, the first by path counts; `check` names the others."""
    by_id: dict[str, Document] = {}
    pages: list[Document] = []
    introduction = None
    for document in sorted(documents, key=lambda item: item.path):
        if document.incident is not None:
            by_id.setdefault(document.id, document)
        elif document.role is Role.INTRODUCTION and not document.id:
            introduction = introduction or document
        elif document.role is not Role.POSTMORTEM:
            pages.append(document)
    incidents = tuple(
        sorted((item.incident for item in by_id.values() if item.incident is not None), key=_newest_first)
    )
    return Archive(
        incidents=incidents,
        documents=by_id,
        pages=tuple(pages),
        introduction=introduction,
        taxonomies=taxonomies(incidents, config),
        years=years(incidents, config.fiscal_year_start),
        relations=relations(incidents, {item.id: item.words for item in by_id.values()}),
    )


def _newest_first(incident: Incident) -> tuple[int, float, str]:
    """By day, then by the clock where it is known, then by id; undated ones last."""
    started, clock = incident.started, 0.0
    if isinstance(started, Timestamp):
        clock = (started.wall - datetime.min).total_seconds() - (started.offset or 0)
    return -(incident.date or date.min).toordinal(), -clock, incident.id
