"""A planned page, and what is needed to plan one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from types import MappingProxyType
from typing import Any, TypeVar

from pmsite.archive.archive import Archive
from pmsite.cache import remembered, unchanged
from pmsite.config import Config
from pmsite.site import urls
from pmsite.site.present import Presenter
from pmsite.site.views import Action, Link, PageView, Pagination, Prose
from pmsite.source.document import Document

Item = TypeVar("Item")
_NO_PROSE: Mapping[str, Prose] = MappingProxyType({})
FEEDS = ("services", "causes", "teams", "tags")


@dataclass(frozen=True, slots=True)
class Page:
    """One file of the site. An empty template means that the view holds the finished bytes."""

    path: str
    template: str
    view: Any
    source: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What generators need: the archive and its presenter, the configuration, the day, and documents' prose.

    `bundles` name the parts of the full-text index, where there is one.
    """

    archive: Archive
    config: Config
    title: str
    today: date
    present: Presenter
    prose: Mapping[str, Prose]
    bundles: tuple[str, ...] = ()

    @property
    def actions(self) -> tuple[Action, ...]:
        """All action items, in the order of urgency."""
        return self.present.actions(self.today)

    def of_incidents(self) -> "Plan":
        """The plan without documents and their prose: what is planned from it changes only if an incident does.

        The same object for the same incidents, configuration and day.
        """
        given = {item.name: getattr(self, item.name) for item in fields(self)}
        given |= {"archive": self.archive.of_incidents(), "prose": _NO_PROSE}
        return unchanged(Plan, *given.values())

    def head(self, title: str, description: str, *crumbs: Link) -> PageView:
        return page_head(title, description, *crumbs)


@remembered(32_768)
def page_head(title: str, description: str, *crumbs: Link) -> PageView:
    """What a page says of itself; `crumbs` lead to it from the home page."""
    return PageView(title, description, (Link("Home", ""), *crumbs) if crumbs else ())


def address_of(document: Document) -> str:
    """The address of a document's page; the home page for the archive's own introduction."""
    if document.incident is not None:
        return urls.incident(document.id)
    return urls.plain_page(document.id) if document.id else ""


def paginate(
    items: Sequence[Item], address: str, size: int
) -> Iterator[tuple[Sequence[Item], Pagination, str]]:
    """The parts of a list with their pagination and files; an empty list has one empty page."""
    count = max(1, -(-len(items) // size))
    for number in range(1, count + 1):
        pagination = Pagination(
            number=number,
            count=count,
            total=len(items),
            previous=urls.nth_page(address, number - 1) if number > 1 else "",
            next=urls.nth_page(address, number + 1) if number < count else "",
            first=address,
            last=urls.nth_page(address, count),
        )
        path = urls.page_file(urls.nth_page(address, number))
        yield items[(number - 1) * size : number * size], pagination, path
