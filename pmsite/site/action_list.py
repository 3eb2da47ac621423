"""All action items as classic scripts, so that a page can filter and sort them, from `file://` too.

`actions/facets.js` holds states, owners, due dates and so on, in columns. The texts come in chunks of incidents,
`actions/rows-0.js` and on. Incidents stand in the order of their ids, so that a new one changes the last chunk only.
Nothing depends on the day: what is overdue, and how old it is, the page works out from its own date.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from pmsite.archive.archive import Archive
from pmsite.archive.incident import ActionItem, ActionStatus, ActionType, Incident
from pmsite.archive.taxonomy import Term, Year
from pmsite.site import explorer
from pmsite.site import format as formats
from pmsite.site.explorer import CHUNK, Facet, column_of, compact, facet_data
from pmsite.site.views import Action

_EPOCH = date(1970, 1, 1)
# The browser makes rows from the theme's row of this action item, which has every part.
SAMPLE = Action(
    ActionItem(
        "-",
        owner="-",
        due=_EPOCH,
        status=ActionStatus.OPEN,
        type=ActionType.PREVENT,
        ticket="https://example.org/",
    ),
    explorer.SAMPLE,
    is_overdue=False,
    age_days=1,
)
# As they are sorted; overdue is no state of its own but open or in progress as well.
_STATES = ("overdue", "open", "in-progress", "unknown", "done", "wont-do")


@dataclass(frozen=True, slots=True)
class ActionFacetsView:
    """What `facets.js` is made of: incidents with action items by id, and the facets of either."""

    incidents: tuple[Incident, ...]
    by_item: tuple[Facet, ...]
    by_incident: tuple[Facet, ...]
    page_size: int
    fiscal_year_start: int


@dataclass(frozen=True, slots=True)
class ActionRowsView:
    """A chunk of incidents, by id, with their action items."""

    number: int
    incidents: tuple[Incident, ...]


def action_facets(archive: Archive, page_size: int, fiscal_year_start: int) -> ActionFacetsView:
    found = (incident for incident in archive.incidents if incident.action_items)
    incidents = tuple(sorted(found, key=lambda incident: incident.id))
    items = [item for incident in incidents for item in incident.action_items]
    states = {"overdue", *(item.status.value for item in items)}
    owners = {item.owner for item in items}
    types = {item.type.value if item.type else "" for item in items}
    names = [(owner, owner) for owner in sorted(owners - {""}, key=lambda owner: (owner.casefold(), owner))]
    kinds = [(kind.value, kind.value) for kind in ActionType]
    ids = {incident.id for incident in incidents}
    services = next(taxonomy for taxonomy in archive.taxonomies if taxonomy.name == "services")
    by_item = (
        Facet("state", "State", _used(((state, formats.action_state(state)) for state in _STATES), states)),
        Facet("owner", "Owner", _used([*names, ("", "no owner")], owners)),
        Facet("type", "Type", _used([*kinds, ("", "no type")], types)),
    )
    by_incident = (
        Facet("services", services.singular, _having(services.terms, ids)),
        Facet("year", "Year of incident", _having(archive.years, ids)),
    )
    return ActionFacetsView(incidents, by_item, by_incident, page_size, fiscal_year_start)


def _used(terms: Iterable[tuple[str, str]], used: set[str]) -> tuple[tuple[str, str], ...]:
    return tuple((value, label) for value, label in terms if value in used)


def _having(groups: Iterable[Term | Year], ids: set[str]) -> tuple[tuple[str, str], ...]:
    """Those that hold one of these incidents."""
    return tuple(
        (group.slug, group.label) for group in groups if any(item.id in ids for item in group.incidents)
    )


def action_chunks(incidents: tuple[Incident, ...]) -> Iterator[ActionRowsView]:
    """Incidents, which come by id, in chunks of CHUNK."""
    for number, start in enumerate(range(0, len(incidents), CHUNK)):
        yield ActionRowsView(number, incidents[start : start + CHUNK])


def action_facets_script(view: ActionFacetsView) -> bytes:
    """`counts` are the action items of each incident; columns are of action items, or `by` incident; days count from 1970."""
    items = [item for incident in view.incidents for item in _items(incident)]
    start = view.fiscal_year_start
    value = {
        "size": view.page_size,
        "chunk": CHUNK,
        "counts": [len(incident.action_items) for incident in view.incidents],
        "dates": [_day(incident.date) for incident in view.incidents],
        "due": [_day(item.due) for item in items],
        "facets": [
            *(facet_data(facet, _column(facet, items)) for facet in view.by_item),
            *(
                {**facet_data(facet, column_of(facet, view.incidents, start)), "by": "incident"}
                for facet in view.by_incident
                if facet.terms
            ),
        ],
        "rows": {},
    }
    return b"var pmActions=" + compact(value) + b";\n"


def _items(incident: Incident) -> list[ActionItem]:
    return sorted(incident.action_items, key=lambda item: item.title)


def _column(facet: Facet, items: Iterable[ActionItem]) -> list[int]:
    place = {term: number for number, (term, _) in enumerate(facet.terms)}
    if facet.name == "state":
        return [place[item.status.value] for item in items]
    if facet.name == "owner":
        return [place[item.owner] for item in items]
    return [place[item.type.value if item.type else ""] for item in items]


def _day(day: date | None) -> int | None:
    return (day - _EPOCH).days if day else None


def action_rows_script(view: ActionRowsView) -> bytes:
    rows = [_row(incident) for incident in view.incidents]
    return f"pmActions.rows[{view.number}]=".encode() + compact(rows) + b";\n"


def _row(incident: Incident) -> dict[str, Any]:
    """The words of an incident and its action items as pages print them; empty ones are left out."""
    row = {
        "id": incident.id,
        "title": incident.title,
        "date": incident.date.isoformat() if incident.date else "",
        "day": formats.short_day(incident.date),
        "items": [
            _filled({"title": item.title, "due": formats.short_day(item.due), "ticket": item.ticket})
            for item in _items(incident)
        ],
    }
    return _filled(row)


def _filled(parts: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parts.items() if value or name == "title"}
