"""What is left to write: drafts, and what documents lack."""

from collections.abc import Iterator

from pmsite.archive.incident import Impact, Incident, Status, Visibility
from pmsite.site.plan import Page, Plan, paginate
from pmsite.site.views import BacklogView, Gap, Link

ITEMS_PER_PAGE = 200
# What a complete postmortem has.
_WANTED = (
    "date",
    "severity",
    "summary",
    "started",
    "resolved",
    "impact",
    "root_cause",
    "resolution",
    "services",
)


def backlog_pages(plan: Plan) -> Iterator[Page]:
    """What is missing, for those who write: internal sites only."""
    if plan.config.audience is Visibility.PUBLIC:
        return
    incidents = plan.archive.incidents
    gaps = [gap for incident in incidents if (gap := _gap(plan, incident)).missing]
    gaps.sort(key=lambda gap: (gap.complete, gap.row.id))
    fields = {name: sum(name in gap.missing for gap in gaps) for name in _labels()}
    drafts = tuple(
        plan.present.row(item) for item in incidents if item.status in (Status.DRAFT, Status.REVIEW)
    )
    for part, pagination, path in paginate(gaps, "backlog/", ITEMS_PER_PAGE):
        title = "Backlog" if pagination.number == 1 else f"Backlog, page {pagination.number}"
        view = BacklogView(
            head=plan.head(
                title, "Drafts, and postmortems with fields that are missing.", Link("Backlog", "backlog/")
            ),
            gaps=tuple(part),
            drafts=drafts,
            fields=tuple((name, count) for name, count in fields.items() if count),
            total=len(incidents),
            pagination=pagination,
        )
        yield Page(path, "backlog.html", view)


def _labels() -> list[str]:
    return [name.replace("_", " ") for name in _WANTED]


def _gap(plan: Plan, incident: Incident) -> Gap:
    has = {
        "date": incident.date is not None,
        "impact": incident.impact != Impact(),
        **{name: bool(getattr(incident, name)) for name in _WANTED if name not in ("date", "impact")},
    }
    missing = tuple(name.replace("_", " ") for name in _WANTED if not has[name])
    complete = round(100 * (len(_WANTED) - len(missing)) / len(_WANTED))
    return Gap(plan.present.row(incident), missing, complete, incident.source)
