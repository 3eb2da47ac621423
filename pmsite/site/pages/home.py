"""The home page: what matters now."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import islice

from pmsite.archive.incident import Incident
from pmsite.site import urls
from pmsite.site.plan import Page, Plan
from pmsite.site.views import Again, Day, HomeView

LATEST = 8
URGENT = 6
STRIP_WEEKS = 53


def home(plan: Plan) -> Iterator[Page]:
    yield Page("index.html", "home.html", _view(plan))


def _view(plan: Plan) -> HomeView:
    """Counts, latest incidents, open and overdue action items, recurrences, the last year's days."""
    incidents = plan.archive.incidents
    actions = plan.actions
    introduction = plan.archive.introduction
    years = [incident.date.year for incident in incidents if incident.date is not None]
    published = [day for item in incidents if (day := item.published or item.date) and day <= plan.today]
    return HomeView(
        head=plan.head(plan.title, plan.config.description),
        total=len(incidents),
        first_year=min(years, default=None),
        last_year=max(years, default=None),
        last_published=max(published, default=None),
        today=plan.today,
        latest=plan.present.rows(incidents[:LATEST]),
        urgent=tuple(action for action in actions if action.item.status.is_open)[:URGENT],
        open=sum(action.item.status.is_open for action in actions),
        overdue=sum(action.is_overdue for action in actions),
        again=_recurrences(plan),
        strip=tuple(_strip(plan, incidents, plan.today)),
        strip_weeks=STRIP_WEEKS,
        facets=plan.present.facets(6, ("severity", "impact", "causes", "services")),
        on_this_day=plan.present.rows(_on_this_day(incidents, plan.today)),
        prose=plan.prose[introduction.path] if introduction else None,
    )


def _recurrences(plan: Plan) -> tuple[Again, ...]:
    """The latest incidents that are stated to be recurrences of earlier ones."""
    found = (
        Again(plan.present.row(incident), earlier.incident.title, related.time, bool(earlier.not_done))
        for incident in plan.archive.incidents
        if (related := plan.archive.relations.get(incident.id)) is not None
        and (earlier := related.recurs) is not None
    )
    return tuple(islice(found, 5))


def _on_this_day(incidents: Iterable[Incident], today: date) -> list[Incident]:
    return [
        item
        for item in incidents
        if item.date is not None
        and (item.date.month, item.date.day) == (today.month, today.day)
        and item.date < today
    ][:5]


def _strip(plan: Plan, incidents: Iterable[Incident], end: date) -> Iterable[Day]:
    """A cell for each day with incidents in the year before `end`: weeks from left to right, Monday on top."""
    last_monday = end - timedelta(days=end.weekday())
    first = last_monday - timedelta(weeks=STRIP_WEEKS - 1)
    by_day: dict[date, list[Incident]] = {}
    for incident in incidents:
        if incident.date is not None and first <= incident.date <= end:
            by_day.setdefault(incident.date, []).append(incident)
    for day, found in sorted(by_day.items()):
        severities = [severity.rank for item in found if (severity := plan.present.severity(item.severity))]
        yield Day(
            week=(day - first).days // 7,
            weekday=day.weekday(),
            date=day,
            count=len(found),
            url=urls.incident(found[0].id),
            title="; ".join(item.title for item in found[:3]),
            rank=min((rank for rank in severities if rank), default=0),
        )
