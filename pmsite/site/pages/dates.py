"""Years and quarters."""

from collections.abc import Iterable, Iterator, Sequence

from pmsite.archive.incident import ActionStatus, Status
from pmsite.archive.insights import impact_minutes
from pmsite.archive.taxonomy import Quarter, Year
from pmsite.site import urls
from pmsite.site.format import MONTHS
from pmsite.site.format import day as day_label
from pmsite.site.plan import Page, Plan
from pmsite.site.views import (
    CountedLink,
    Group,
    Link,
    QuarterCount,
    QuarterView,
    RedirectView,
    Row,
    YearLine,
    YearsView,
    YearView,
)


def year_pages(plan: Plan) -> Iterator[Page]:
    years = plan.archive.years
    crumb = Link("Years", "years/")
    undated = sum(incident.date is None for incident in plan.archive.incidents)
    lines = tuple(_year_line(plan, year) for year in years)
    yield Page(
        "years/index.html",
        "years.html",
        YearsView(plan.head("Years", f"{plan.title} by year and quarter.", crumb), lines, undated),
    )
    quarters = [(year, quarter) for year in years for quarter in year.quarters[::-1] if quarter.incidents]
    for index, year in enumerate(years):
        newer = years[index - 1] if index else None
        older = years[index + 1] if index + 1 < len(years) else None
        yield Page(urls.page_file(urls.year(year.slug)), "year.html", _year(plan, year, older, newer))
    for index, (year, quarter) in enumerate(quarters):
        yield _quarter_page(plan, quarters, index, year, quarter)
    complete = next((pair for pair in quarters if pair[1].end < plan.today), None)
    if complete is not None:
        target = urls.quarter(complete[0].slug, complete[1].number)
        yield Page(
            "quarter/index.html",
            "redirect.html",
            RedirectView(plan.head("The latest complete quarter", ""), target),
        )


def _quarter_links(year: Year) -> tuple[CountedLink, ...]:
    return tuple(
        CountedLink(f"Q{item.number}", urls.quarter(year.slug, item.number), len(item.incidents))
        for item in year.quarters
        if item.incidents
    )


def _year_line(plan: Plan, year: Year) -> YearLine:
    return YearLine(
        CountedLink(year.label, urls.year(year.slug), len(year.incidents)),
        _quarter_links(year),
        impact_minutes(year.incidents),
        plan.present.severities(year.incidents),
    )


def _year(plan: Plan, year: Year, older: Year | None, newer: Year | None) -> YearView:
    return YearView(
        head=plan.head(year.label, f"Incidents of {year.label}.", Link("Years", "years/")),
        label=year.label,
        groups=_by_month(plan.present.rows(year.incidents)),
        quarters=_quarter_links(year),
        severities=plan.present.severities(year.incidents),
        minutes=plan.present.minutes(year.incidents),
        previous=Link(older.label, urls.year(older.slug)) if older else None,
        next=Link(newer.label, urls.year(newer.slug)) if newer else None,
    )


def _by_month(rows: Iterable[Row]) -> tuple[Group, ...]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        assert row.date is not None
        groups.setdefault(f"{MONTHS[row.date.month - 1]} {row.date.year}", []).append(row)
    return tuple(Group(label, tuple(members)) for label, members in groups.items())


def _quarter_page(
    plan: Plan, quarters: list[tuple[Year, Quarter]], index: int, year: Year, quarter: Quarter
) -> Page:
    label = f"Q{quarter.number} {year.label}"
    counted = [incident for incident in quarter.incidents if incident.is_counted]
    items = [item for incident in quarter.incidents for item in incident.action_items]
    newer = quarters[index - 1] if index else None
    older = quarters[index + 1] if index + 1 < len(quarters) else None
    view = QuarterView(
        head=plan.head(
            label,
            f"Incidents from {day_label(quarter.start)} to {day_label(quarter.end)}.",
            Link("Years", "years/"),
            Link(year.label, urls.year(year.slug)),
        ),
        label=label,
        start=quarter.start,
        end=quarter.end,
        rows=plan.present.rows(quarter.incidents),
        severities=plan.present.severities(quarter.incidents),
        earlier=_earlier(quarters[index : index + 5]),
        minutes=plan.present.minutes(counted),
        actions_open=sum(item.status.is_open for item in items),
        actions_done=sum(item.status is ActionStatus.DONE for item in items),
        actions_total=len(items),
        drafts=sum(incident.status is Status.DRAFT for incident in quarter.incidents),
        previous=_quarter_link(*older) if older else None,
        next=_quarter_link(*newer) if newer else None,
    )
    return Page(urls.page_file(urls.quarter(year.slug, quarter.number)), "quarter.html", view)


def _quarter_link(year: Year, quarter: Quarter) -> Link:
    return Link(f"Q{quarter.number} {year.label}", urls.quarter(year.slug, quarter.number))


def _earlier(quarters: Sequence[tuple[Year, Quarter]]) -> tuple[QuarterCount, ...]:
    """This quarter and those before it that have incidents, four at the most, the oldest first."""
    counts = [(pair, sum(item.is_counted for item in pair[1].incidents)) for pair in quarters]
    highest = max((count for _, count in counts), default=0) or 1
    found = []
    for (year, quarter), count in counts:
        minutes = impact_minutes(quarter.incidents)
        found.append(
            QuarterCount(_quarter_link(year, quarter), count, minutes.total, minutes.unknown, count / highest)
        )
    return tuple(found[::-1])
