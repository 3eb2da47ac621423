"""What is left to write: drafts, and what documents lack."""

from collections.abc import Iterator

from pmsite.archive.completeness import Coverage, coverage
from pmsite.archive.incident import Status, Visibility
from pmsite.site.plan import Page, Plan, paginate
from pmsite.site.views import BacklogOverview, BacklogView, Gap, Link

ITEMS_PER_PAGE = 200
DRAFTS_SHOWN = 50


def backlog_pages(plan: Plan) -> Iterator[Page]:
    """What is missing, for those who write: internal sites only."""
    if plan.config.audience is Visibility.PUBLIC:
        return
    found = coverage(plan.archive.incidents)
    gaps = tuple(
        Gap(plan.present.row(incident), completeness, incident.source)
        for incident, completeness in found.lacking
    )
    for part, pagination, path in paginate(gaps, "backlog/", ITEMS_PER_PAGE):
        is_first = pagination.number == 1
        view = BacklogView(
            head=plan.head(
                "Backlog" if is_first else f"Backlog, page {pagination.number}",
                "Drafts, and postmortems with fields that are missing.",
                Link("Backlog", "backlog/"),
            ),
            overview=_overview(plan, found) if is_first else None,
            gaps=tuple(part),
            pagination=pagination,
        )
        yield Page(path, "backlog.html", view)


def _overview(plan: Plan, found: Coverage) -> BacklogOverview:
    drafts = [item for item in plan.archive.incidents if item.status in (Status.DRAFT, Status.REVIEW)]
    return BacklogOverview(
        total=found.incidents,
        percent=found.percent,
        fields=found.fields,
        drafts=plan.present.rows(drafts[:DRAFTS_SHOWN]),
        more_drafts=max(0, len(drafts) - DRAFTS_SHOWN),
    )
