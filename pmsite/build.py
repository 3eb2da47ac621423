"""The pipeline: read, know, show, check, write. What stands already is left alone."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from pmsite.cache import Store
from pmsite.config import Site
from pmsite.diagnostics import Diagnostic, has_errors
from pmsite.load import Options, opened
from pmsite.site.standing import find_standing, find_texts, mark_of
from pmsite.site.theme import Theme, load_theme
from pmsite.site.write import Changes, locked, refuse_narrower_output, refuse_unsafe_output
from pmsite.source.collect import collect, look, read_some
from pmsite.source.evidence import Evidence
from pmsite.stages import Stage, Stages

if TYPE_CHECKING:  # what plans and renders is imported once there is something to do
    from pmsite.archive.archive import Archive
    from pmsite.archive.completeness import Coverage

# After a change of so few documents not every template is needed, and rendering compiles those that are.
_FEW = 16
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Report:
    """What a build or a check found and did; `changes` is None if nothing was published.

    `inferred` are the values that were read out of prose, each with its document's path; they, `coverage` and
    `archive`, what was checked, are what a check tells beyond problems.
    """

    documents: int
    diagnostics: tuple[Diagnostic, ...]
    inferred: tuple[tuple[str, Evidence], ...] = ()
    coverage: "Coverage | None" = None
    archive: "Archive | None" = None
    rendered: tuple[str, ...] = ()
    changes: Changes | None = None
    stages: tuple[Stage, ...] = ()

    @property
    def ok(self) -> bool:
        return not has_errors(self.diagnostics)


def build(site: Site, options: Options, progress: Progress | None = None) -> Report:
    """Build a site and publish it, unless it has errors. Raises PmsiteError where it cannot go on at all."""
    refuse_unsafe_output(site)
    refuse_narrower_output(site)
    stages = Stages()
    with locked(site.output, site.state.parent), opened(site) as store:
        report = _build(site, options, store, progress, stages)
        if report is None:
            store.clear()
            report = _build(site, options, store, progress, stages)
        assert report is not None  # everything was read anew
    return replace(report, stages=stages.found)


def _build(
    site: Site, options: Options, store: Store, progress: Progress | None, stages: Stages
) -> Report | None:
    """None if the store has lost a document's prose."""
    theme = load_theme(site)
    found = look(site, store)
    mark = mark_of(site, options, found, theme)
    standing = find_standing(site, store, mark)
    if standing is not None:
        stages.ended("reading")
        changes = Changes(0, standing.files, 0)
        return Report(standing.documents, standing.diagnostics, changes=changes)
    reading = progress and partial(progress, "reading")
    prepare = partial(_prepare, theme)
    texts = find_texts(site, store, mark)
    if texts is not None and mark is not None:
        changed = read_some(site, store, options.jobs, found, texts.changed(found.keys), reading, prepare)
        from pmsite.retouching import retouch

        done = retouch(site, options, store, theme, found, mark, texts, changed, stages)
        if done is not None:
            said = done.standing
            return Report(said.documents, said.diagnostics, rendered=done.rendered, changes=done.changes)
    collection = collect(site, store, options.jobs, reading, prepare, found=found)
    stages.ended("reading")

    from pmsite.planning import plan_site
    from pmsite.publishing import publish
    from pmsite.site.render import ProseMissing

    planned = plan_site(site, options, collection, theme)
    stages.ended("planning")
    documents = len(collection.documents)
    if planned.is_blocked:
        return Report(documents, planned.diagnostics)
    rendering = progress and partial(progress, "rendering")
    try:
        published = publish(site, options, store, theme, collection, planned, mark, rendering, stages)
    except ProseMissing:
        return None
    stages.ended("publishing")
    diagnostics = (*planned.diagnostics, *published.diagnostics)
    return Report(documents, diagnostics, rendered=published.rendered, changes=published.changes)


def _prepare(theme: Theme, documents: int) -> None:
    """What the later stages need, made ready while workers read so many documents."""
    import pmsite.publishing  # noqa: F401  and with it all that plans and renders
    from pmsite.site.render import compile_templates

    if documents > _FEW:
        compile_templates(theme)


def check(site: Site, options: Options) -> Report:
    """Find every problem that a build would find before writing."""
    from pmsite.archive.completeness import coverage
    from pmsite.planning import plan_site

    with opened(site) as store:
        collection = collect(site, store, options.jobs)
        planned = plan_site(site, options, collection, load_theme(site))
        shown = planned.archive.documents.values()
        inferred = tuple(
            (document.path, item)
            for document in sorted(shown, key=lambda document: document.path)
            for item in document.evidence
        )
        return Report(
            len(collection.documents),
            planned.diagnostics,
            inferred,
            coverage(planned.archive.incidents),
            planned.archive,
        )
