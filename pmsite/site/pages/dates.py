"""Years."""

from collections.abc import Iterable, Iterator

from pmsite.archive.insights import impact_minutes, number_counted
from pmsite.archive.taxonomy import Year
from pmsite.site import urls
from pmsite.site.format import MONTHS
from pmsite.site.pages.quarters import latest_quarter
from pmsite.site.plan import Page, Plan, paginate
from pmsite.site.views import CountedLink, Group, Link, Row, YearLine, YearsView, YearView

# So many pages of another list are one page of a year.
LISTS_OF_A_YEAR = 4


def year_pages(plan: Plan) -> Iterator[Page]:
    years = plan.archive.years
    crumb = Link("Years", "years/")
    latest = latest_quarter(plan)
    undated = sum(incident.date is None for incident in plan.archive.incidents)
    lines = tuple(_year_line(plan, year) for year in years)
    yield Page(
        "years/index.html",
        "years.html",
        YearsView(
            plan.head("Years", f"{plan.title} by year and quarter.", crumb),
            lines,
            undated,
            Link(f"The latest complete quarter, {latest.label}", "quarter/") if latest else None,
        ),
    )
    for index, year in enumerate(years):
        newer = years[index - 1] if index else None
        older = years[index + 1] if index + 1 < len(years) else None
        yield from _year(plan, year, older, newer)


def _quarter_links(year: Year) -> tuple[CountedLink, ...]:
    return tuple(
        CountedLink(f"Q{item.number}", urls.quarter(year.slug, item.number), number_counted(item.incidents))
        for item in year.quarters
        if item.incidents
    )


def _year_line(plan: Plan, year: Year) -> YearLine:
    counted, severities = number_counted(year.incidents), plan.present.severities(year.incidents)
    return YearLine(
        CountedLink(year.label, urls.year(year.slug), counted),
        len(year.incidents) - counted,
        _quarter_links(year),
        impact_minutes(year.incidents),
        severities,
        counted - sum(item.count for item in severities),
    )


def _year(plan: Plan, year: Year, older: Year | None, newer: Year | None) -> Iterator[Page]:
    """A year's page, or pages: it is read as a whole, unless it is too long for that."""
    counted, severities = number_counted(year.incidents), plan.present.severities(year.incidents)
    rows = plan.present.rows(year.incidents)
    size = LISTS_OF_A_YEAR * plan.config.page_size
    for part, pagination, path in paginate(rows, urls.year(year.slug), size):
        title = year.label if pagination.number == 1 else f"{year.label}, page {pagination.number}"
        view = YearView(
            head=plan.head(title, f"Incidents of {year.label}.", Link("Years", "years/")),
            label=year.label,
            total=len(year.incidents),
            uncounted=len(year.incidents) - counted,
            groups=_by_month(part),
            pagination=pagination,
            quarters=_quarter_links(year),
            severities=severities,
            unstated=counted - sum(item.count for item in severities),
            minutes=plan.present.minutes(year.incidents),
            previous=Link(older.label, urls.year(older.slug)) if older else None,
            next=Link(newer.label, urls.year(newer.slug)) if newer else None,
        )
        yield Page(path, "year.html", view)


def _by_month(rows: Iterable[Row]) -> tuple[Group, ...]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        assert row.date is not None
        groups.setdefault(f"{MONTHS[row.date.month - 1]} {row.date.year}", []).append(row)
    return tuple(Group(label, tuple(members)) for label, members in groups.items())
