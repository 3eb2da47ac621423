"""Action items of all incidents: what is promised, by whom, and what became of it; as a calendar too."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from heapq import nsmallest
from itertools import islice
from operator import attrgetter
from typing import TypeVar

from pmsite.archive.incident import Incident
from pmsite.archive.promises import items_of, promises, repeats
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

Key = TypeVar("Key", bound=Hashable)
Name = tuple[str, str]
"""A label and an address, which may be empty."""
ITEMS_PER_PAGE = 100
MOST = 10
QUARTERS = 8
# Ages in days: up to so many, and what that is called.
_AGES = ((30, "up to 30 days"), (90, "31 to 90 days"), (365, "91 days to a year"), (None, "over a year"))


def action_pages(plan: Plan) -> Iterator[Page]:
    figures = promises(tuple([action.item for action in plan.actions]), plan.today)
    by_id = {incident.id: incident for incident in plan.archive.incidents}
    still = plan.present.open_actions(plan.today)
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


def _groups(plan: Plan, still: Sequence[Action], by_id: Mapping[str, Incident]) -> Iterator[ActionGroup]:
    """Open action items by everything that somebody may be asked about; nothing to compare, no group."""
    late = [action for action in still if action.is_overdue]

    def group(
        title: str, key: Callable[[Action], Key], names: Callable[[Key], Iterable[Name]]
    ) -> Iterator[ActionGroup]:
        counts = _counts(Counter(map(key, still)), Counter(map(key, late)), names)
        if len(counts) > 1:
            rank = _by_age if title == "Age" else _by_number
            first = nsmallest(MOST, counts.items(), key=rank)
            tallies = tuple([Tally(Link(*name), *count) for name, count in first])
            yield ActionGroup(title, tallies, max(0, len(counts) - MOST))

    def services(words: tuple[str, ...]) -> Iterable[Name]:
        links = (plan.present.term("services", word) for word in words)
        return dict.fromkeys((link.label, link.url) for link in links)

    def incident(identifier: str) -> Iterable[Name]:
        row = plan.present.row(by_id[identifier])
        return ((row.title, row.url),)

    yield from group("Owner", attrgetter("item.owner"), lambda owner: ((owner or "no owner", ""),))
    yield from group("Service", lambda action: by_id[action.row.id].services, services)
    yield from group("Type", attrgetter("item.type"), lambda kind: ((kind.value if kind else "no type", ""),))
    yield from group("Incident", attrgetter("row.id"), incident)
    yield from group("Age", attrgetter("age_days"), lambda days: ((_age(days), ""),))


def _counts(
    still: Counter[Key], late: Counter[Key], names: Callable[[Key], Iterable[Name]]
) -> dict[Name, tuple[int, int]]:
    """How many are open, and of those overdue, by label and address."""
    counts: dict[Name, tuple[int, int]] = {}
    for key, number in still.items():
        for name in names(key):
            before = counts.get(name, (0, 0))
            counts[name] = before[0] + number, before[1] + late[key]
    return counts


def _by_number(item: tuple[Name, tuple[int, int]]) -> tuple[int, int, Name]:
    """The most overdue first, then the most open."""
    return -item[1][1], -item[1][0], item[0]


def _by_age(item: tuple[Name, tuple[int, int]]) -> int:
    return [*(label for _, label in _AGES), _age(None)].index(item[0][0])


def _age(days: int | None) -> str:
    if days is None:
        return "not known"
    return next(label for most, label in _AGES if most is None or days <= most)


def _quarters(plan: Plan) -> Iterator[QuarterPromises]:
    """What became of the promises of the latest quarters in which any were made."""
    found = (
        QuarterPromises(
            Link(f"Q{quarter.number} {year.label}", urls.quarter(year.slug, quarter.number)), figures
        )
        for year in plan.archive.years
        for quarter in year.quarters[::-1]
        if (figures := promises(items_of(quarter.incidents), plan.today)).total
    )
    return islice(found, QUARTERS)


def _repeats(plan: Plan) -> Iterator[RepeatView]:
    for repeat in repeats(plan.archive.incidents, MOST):
        rows = plan.present.rows(repeat.incidents[:MOST])
        yield RepeatView(repeat.title, rows, len(repeat.incidents), repeat.done)


def _calendar(plan: Plan, still: Sequence[Action], by_id: Mapping[str, Incident]) -> CalendarView:
    due = []
    for action in still:
        item, row, incident = action.item, action.row, by_id[action.row.id]
        if item.due is not None:
            revised = incident.updated or incident.published or incident.date or item.due
            due.append(DueItem(row.id, item.title, item.due, revised, item.owner, row.title, row.url))
    return CalendarView(plan.title, plan.config.base_url, tuple(due))
