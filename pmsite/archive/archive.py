"""The archive: everything that is known, ready to be shown."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from pmsite.archive.incident import Incident, Timestamp
from pmsite.archive.related import Relations, relations
from pmsite.archive.taxonomy import Taxonomy, Year, taxonomies, years
from pmsite.cache import remembered, unchanged
from pmsite.config import Config
from pmsite.source.document import Document
from pmsite.source.files import Role

_NO_DOCUMENTS: Mapping[str, Document] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Archive:
    """Incidents newest first (undated ones last), divided in every way, with their documents by id."""

    incidents: tuple[Incident, ...]
    documents: Mapping[str, Document]
    pages: tuple[Document, ...]
    introduction: Document | None
    taxonomies: tuple[Taxonomy, ...]
    years: tuple[Year, ...]
    relations: Mapping[str, Relations]

    def of_incidents(self) -> "Archive":
        """The archive without its documents: what follows from incidents alone, the same object for the same ones."""
        return unchanged(
            Archive, self.incidents, _NO_DOCUMENTS, (), None, self.taxonomies, self.years, self.relations
        )

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
    incidents = _in_order(tuple([item.incident for item in by_id.values() if item.incident is not None]))
    return Archive(
        incidents=incidents,
        documents=by_id,
        pages=tuple(pages),
        introduction=introduction,
        taxonomies=taxonomies(incidents, config),
        years=years(incidents, config.fiscal_year_start),
        relations=_relations(incidents, tuple([by_id[incident.id].words for incident in incidents])),
    )


@remembered(2)
def _relations(incidents: tuple[Incident, ...], words: tuple[str, ...]) -> Mapping[str, Relations]:
    by_id = {incident.id: text for incident, text in zip(incidents, words, strict=True)}
    return MappingProxyType(relations(incidents, by_id))


@remembered(2)
def _in_order(incidents: tuple[Incident, ...]) -> tuple[Incident, ...]:
    return tuple(sorted(incidents, key=_newest_first))


def _newest_first(incident: Incident) -> tuple[int, float, str]:
    """By day, then by the clock where it is known, then by id; undated ones last."""
    started, clock = incident.started, 0.0
    if isinstance(started, Timestamp):
        clock = (started.wall - datetime.min).total_seconds() - (started.offset or 0)
    return -(incident.date or date.min).toordinal(), -clock, incident.id
