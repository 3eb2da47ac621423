"""The home page: what matters now."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from itertools import islice

from pmsite.archive.fiscal import QuarterName, fiscal_year
from pmsite.archive.grouping import grouped
from pmsite.archive.incident import Incident
from pmsite.cache import remembered
from pmsite.site import urls
from pmsite.site.format import short_day
from pmsite.site.plan import Page, Plan
from pmsite.site.views import Again, Day, HomeView, Link, YearStrip

LATEST = 8
URGENT = 6
# So many years, and so many days one by one; with more days, weeks.
YEARS, MAX_DAYS = 12, 150


def home(plan: Plan) -> Iterator[Page]:
    introduction = plan.archive.introduction
    prose = plan.prose[introduction.path] if introduction else None
    yield Page("index.html", "home.html", replace(_view(plan.of_incidents()), prose=prose))


@remembered(1)
def _view(plan: Plan) -> HomeView:
    """Counts, latest incidents, open and overdue action items, recurrences, the days of the last years."""
    incidents = plan.archive.incidents
    still = plan.present.open_actions(plan.today)
    years = [incident.date.year for incident in incidents if incident.date is not None]
    published = [day for item in incidents if (day := item.published or item.date) and day <= plan.today]
    return HomeView(
        head=plan.head(plan.title, plan.config.description),
        total=len(incidents),
        first_year=min(years, default=None),
        last_year=max(years, default=None),
        last_published=max(published, default=None),
        latest=plan.present.rows(incidents[:LATEST]),
        urgent=still[:URGENT],
        open=len(still),
        overdue=sum(action.is_overdue for action in still),
        again=_recurrences(plan),
        strip=tuple(_strip(plan)),
        facets=plan.present.facets(6, ("severity", "impact", "causes", "services")),
        on_this_day=plan.present.rows(_on_this_day(incidents, plan.today)),
        prose=None,
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


def _strip(plan: Plan) -> Iterator[YearStrip]:
    """The last YEARS (fiscal) years up to the latest incident that is not in the future, the latest first."""
    start = plan.config.fiscal_year_start
    counted = [item for item in plan.archive.incidents if item.is_counted and item.date is not None]
    days = grouped(counted, lambda item: (item.date,) if item.date and item.date <= plan.today else ())
    by_year: dict[int, list[date]] = {}
    for day in days:
        by_year.setdefault(fiscal_year(day, start), []).append(day)
    latest = max(by_year, default=0)
    shown = range(latest, max(min(by_year, default=1), latest - YEARS + 1) - 1, -1)
    uncounted = Counter(
        fiscal_year(item.date, start)
        for item in plan.archive.incidents
        if item.date is not None and item.date <= plan.today and not item.is_counted
    )
    each = sum(len(by_year.get(year, ())) for year in shown) <= MAX_DAYS
    for year in shown:
        found = sorted(by_year.get(year, ()))
        first = QuarterName(year, 1, start)
        yield YearStrip(
            Link(first.year_label, urls.year(first.year_slug) if found else ""),
            sum(len(days[day]) for day in found),
            uncounted[year],
            tuple(_day(plan, day, first.start, days[day]) for day in found) if each else (),
            () if each else _weeks(found, first.start),
        )


def _day(plan: Plan, day: date, first: date, incidents: tuple[Incident, ...]) -> Day:
    ranks = [severity.rank for item in incidents if (severity := plan.present.severity(item.severity))]
    return Day(
        round(100 * (day - first).days / 366, 1),
        urls.incident(incidents[0].id),
        f"{short_day(day)}: {'; '.join(item.title for item in incidents[:3])}",
        min((rank for rank in ranks if rank), default=0),
    )


def _weeks(days: Iterable[date], first: date) -> tuple[tuple[int, tuple[int, ...]], ...]:
    counts = Counter((day - first).days // 7 for day in days)
    levels: dict[int, list[int]] = {}
    for week, count in sorted(counts.items()):
        levels.setdefault((count + 1) // 2, []).append(week)
    return tuple((level, tuple(weeks)) for level, weeks in sorted(levels.items()))
