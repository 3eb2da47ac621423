"""What is read of a site, for whoever does not show it: documents, archives, and how both are asked for."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from pmsite.cache import Store
from pmsite.config import Site
from pmsite.diagnostics import Diagnostic, configured
from pmsite.source.collect import Collection, collect, skim
from pmsite.source.document import Skimmed
from pmsite.source.files import Sources

if TYPE_CHECKING:
    from pmsite.archive.archive import Archive


@dataclass(frozen=True, slots=True)
class Options:
    """How to build: the day, warnings as errors, broken documents left out, the number of processes, a text index."""

    today: date
    strict: bool = False
    keep_going: bool = False
    jobs: int = 2
    search: bool = False


def load_archive(site: Site, options: Options) -> tuple["Archive", tuple[Diagnostic, ...]]:
    """The archive without any pages, and the problems of reading it."""
    from pmsite.archive.archive import build_archive
    from pmsite.archive.audience import shown, shown_config, visible
    from pmsite.source.tickets import load_tickets, tracked

    collection = read_site(site, options)
    problems = [problem for document in collection.documents for problem in document.diagnostics]
    tickets = load_tickets(site)
    problems += tickets.diagnostics
    documents = shown(visible(tracked(collection.documents, tickets), site.config), site.config)
    archive = build_archive(documents, shown_config(site.config))
    return archive, configured(problems, site.config.rules, strict=False)


def read_site(site: Site, options: Options) -> Collection:
    """All documents as they are, whoever may see them: for what changes documents, not for what shows them."""
    with opened(site) as store:
        return collect(site, store, options.jobs)


def skim_site(site: Site, options: Options, sources: Sources) -> tuple[Skimmed, ...]:
    """As `read_site`, but of each document only what a search needs; `sources` are the files that were found."""
    with opened(site) as store:
        return skim(site, store, options.jobs, sources)


@contextmanager
def opened(site: Site) -> Iterator[Store]:
    """The store of a site's audience."""
    # A command makes many values that all live until its end: looking among them for cycles finds nothing.
    gc.freeze()
    gc.set_threshold(200_000, 50, 100)
    with suppress(OSError):
        site.state.mkdir(parents=True, exist_ok=True)
        (site.state.parent / ".gitignore").write_text("*\n", encoding="utf-8")
    store = Store(site.state)
    try:
        yield store
    finally:
        store.close()
