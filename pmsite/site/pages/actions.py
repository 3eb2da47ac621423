"""Action items of all incidents: what is promised, by whom, and what became of it; as a calendar too."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from pmsite.archive.incident import Incident
from pmsite.archive.promises import promises, repeats
from pmsite.site import urls
from pmsite.site.action_list import SAMPLE, action_chunks, action_facets
from pmsite.site.plan import Page, Plan, paginate
from pmsite.site.views import (
    Action,
    ActionGroup,
    ActionsView,
    CalendarView,
    DueItem,
    Link,
    QuarterPromises,
    RepeatView,
    Tally,
)

ITEMS_PER_PAGE = 100
MOST = 10
QUARTERS = 8
# Ages in days: up to so many, and what that is called.
_AGES = ((30, "up to 30 days"), (90, "31 to 90 days"), (365, "91 days to a year"), (None, "over a year"))


def action_pages(plan: Plan) -> Iterator[Page]:
    figures = promises((action.item for action in plan.actions), plan.today)
    by_id = {incident.id: incident for incident in plan.archive.incidents}
    still = [action for action in plan.actions if action.item.status.is_open]
    for part, pagination, path in paginate(plan.actions, "actions/", ITEMS_PER_PAGE):
        is_first = pagination.number == 1
        view = ActionsView(
            head=plan.head(
                "Action items" if is_first else f"Action items, page {pagination.number}",
                "What is being done so that incidents do not happen again.",
                Link("Action items", "actions/"),
            ),
            actions=tuple(part),
            figures=figures,
            groups=tuple(_groups(plan, still, by_id)) if is_first else (),
            quarters=tuple(_quarters(plan)) if is_first else (),
            repeats=tuple(_repeats(plan)) if is_first else (),
            pagination=pagination,
            sample=SAMPLE if is_first and part else None,
            today=plan.today,
        )
        yield Page(path, "actions.html", view)
    if plan.actions:
        facets = action_facets(plan.archive, ITEMS_PER_PAGE, plan.config.fiscal_year_start)
        yield Page("actions/facets.js", "", facets)
        for chunk in action_chunks(facets.incidents):
            yield Page(f"actions/rows-{chunk.number}.js", "", chunk)
    yield Page("actions.ics", "", _calendar(plan, still, by_id))


def _groups(plan: Plan, still: list[Action], by_id: Mapping[str, Incident]) -> Iterator[ActionGroup]:
    """Open action items by everything that somebody may be asked about; nothing to compare, no group."""

    def services(action: Action) -> tuple[Link, ...]:
        return tuple(
            dict.fromkeys(plan.present.term("services", name) for name in by_id[action.row.id].services)
        )

    kinds: tuple[tuple[str, Callable[[Action], Iterable[Link]]], ...] = (
        ("Owner", lambda action: (Link(action.item.owner or "no owner", ""),)),
        ("Service", services),
        ("Type", lambda action: (Link(action.item.type.value if action.item.type else "no type", ""),)),
        ("Incident", lambda action: (Link(action.row.title, action.row.url),)),
        ("Age", lambda action: (Link(_age(action.age_days), ""),)),
    )
    for title, links in kinds:
        tallies = _tallies(still, links)
        if title == "Age":
            order = [label for _, label in _AGES] + [_age(None)]
            tallies.sort(key=lambda tally: order.index(tally.link.label))
        if len(tallies) > 1:
            yield ActionGroup(title, tuple(tallies[:MOST]), max(0, len(tallies) - MOST))


def _tallies(still: list[Action], links: Callable[[Action], Iterable[Link]]) -> list[Tally]:
    """Counts per link, the most overdue first, then the most open."""
    counts: dict[Link, list[int]] = {}
    for action in still:
        for link in links(action):
            count = counts.setdefault(link, [0, 0])
            count[0] += 1
            count[1] += action.is_overdue
    tallies = [Tally(link, count[0], count[1]) for link, count in counts.items()]
    return sorted(tallies, key=lambda tally: (-tally.overdue, -tally.open, tally.link.label, tally.link.url))


def _age(days: int | None) -> str:
    if days is None:
        return "not known"
    return next(label for most, label in _AGES if most is None or days <= most)


def _quarters(plan: Plan) -> Iterator[QuarterPromises]:
    """What became of the promises of the latest quarters in which any were made."""
    shown = 0
    for year in plan.archive.years:
        for quarter in year.quarters[::-1]:
            figures = promises(
                (item for incident in quarter.incidents for item in incident.action_items), plan.today
            )
            if figures.total and shown < QUARTERS:
                shown += 1
                link = Link(f"Q{quarter.number} {year.label}", urls.quarter(year.slug, quarter.number))
                yield QuarterPromises(link, figures)


def _repeats(plan: Plan) -> Iterator[RepeatView]:
    for repeat in repeats(plan.archive.incidents)[:MOST]:
        rows = plan.present.rows(repeat.incidents[:MOST])
        yield RepeatView(repeat.title, rows, len(repeat.incidents), repeat.done)


def _calendar(plan: Plan, still: list[Action], by_id: Mapping[str, Incident]) -> CalendarView:
    due = []
    for action in still:
        item, row, incident = action.item, action.row, by_id[action.row.id]
        if item.due is not None:
            revised = incident.updated or incident.published or incident.date or item.due
            due.append(DueItem(row.id, item.title, item.due, revised, item.owner, row.title, row.url))
    return CalendarView(plan.title, plan.config.base_url, tuple(due))
