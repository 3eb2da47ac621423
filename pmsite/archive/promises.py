"""Action items as promises: how many were kept, are open or overdue, were dropped; and which are asked for again."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import islice

from pmsite.archive.incident import ActionItem, ActionStatus, Incident
from pmsite.cache import remembered

_WORD = re.compile(r"\w{3,}")
# Words that two items may have in common without asking for the same.
_SMALL = """
    and the for all any are can has have its that their them this was were will with from into more our add should
    must need needs new when which
"""
_IGNORED = frozenset(_SMALL.split())
MIN_WORDS = 2


@dataclass(frozen=True, slots=True)
class Promises:
    """Numbers of action items by what became of them; `overdue` ones are open as well."""

    total: int
    kept: int
    open: int
    overdue: int
    dropped: int
    unknown: int


@remembered(256)
def promises(items: Iterable[ActionItem], today: date) -> Promises:
    """What became of action items by a day: done ones are kept, those that nobody will do are dropped."""
    total = kept = still = overdue = dropped = unknown = 0
    for item in items:
        total += 1
        if item.status is ActionStatus.DONE:
            kept += 1
        elif item.status is ActionStatus.WONT_DO:
            dropped += 1
        elif item.status.is_open:
            still += 1
            overdue += item.is_overdue(today)
        else:
            unknown += 1
    return Promises(total, kept, still, overdue, dropped, unknown)


def items_of(incidents: Iterable[Incident]) -> tuple[ActionItem, ...]:
    """All action items of incidents, in their order."""
    return tuple([item for incident in incidents for item in incident.action_items])


@lru_cache(maxsize=65_536)
def _words(title: str) -> str:
    """The words of a title that say what it asks for, in order, each once; nothing if they are too few."""
    words = set(_WORD.findall(title.casefold())) - _IGNORED
    return " ".join(sorted(words)) if len(words) >= MIN_WORDS else ""


@dataclass(frozen=True, slots=True)
class Repeat:
    """The same promise of several incidents, newest first; `title` is as the newest one says it."""

    title: str
    incidents: tuple[Incident, ...]
    done: int


def repeats(incidents: Sequence[Incident], most: int | None = None) -> tuple[Repeat, ...]:
    """Promises that several incidents make in the same words, in any order and case; those of most incidents first.

    Incidents must be newest first. A fix that is asked for again was not made, or did not help.
    """
    found = _asked_again(items_of(incidents), tuple([len(incident.action_items) for incident in incidents]))
    return tuple(
        Repeat(title, tuple([incidents[place] for place in places]), done)
        for title, places, done in found[:most]
    )


@remembered(2)
def _asked_again(
    items: tuple[ActionItem, ...], counts: tuple[int, ...]
) -> tuple[tuple[str, tuple[int, ...], int], ...]:
    """Titles, the places of the incidents that ask, and how many of theirs are done; `counts` are each incident's items."""
    found: dict[str, list[tuple[int, ActionItem]]] = {}
    following = iter(items)
    for place, count in enumerate(counts):
        for item in islice(following, count):
            if words := _words(item.title):
                found.setdefault(words, []).append((place, item))
    result = []
    for same in found.values():
        asking = tuple(dict.fromkeys([place for place, _ in same]))
        if len(asking) > 1:
            done = sum([item.status is ActionStatus.DONE for _, item in same])
            result.append((same[0][1].title, asking, done))
    return tuple(sorted(result, key=lambda one: (-len(one[1]), one[0])))
