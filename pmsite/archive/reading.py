"""What to read before going on call for a service: the incidents that teach most, by points that a page can explain."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from heapq import nsmallest

from pmsite.archive.grouping import NOT_ESTABLISHED
from pmsite.archive.incident import Incident, Kind, Status
from pmsite.archive.related import Relations
from pmsite.site.urls import slug

LENGTH = 10
SEVEREST, RECURRED, SAME_CAUSE, FINAL = 4, 3, 2, 1
# Points by age against the archive's newest incident: within so many days, so many points.
RECENT = ((365, 3), (730, 2), (1461, 1))


@dataclass(frozen=True, slots=True)
class Recommendation:
    """An incident worth reading, its points, and how many of them are for what."""

    incident: Incident
    points: int
    reasons: tuple[tuple[str, int], ...]


class Reader:
    """Judges incidents by what does not depend on the service once, so that every service is quick."""

    def __init__(
        self, incidents: Iterable[Incident], relations: Mapping[str, Relations], ranks: Mapping[str, int]
    ) -> None:
        """`ranks` gives severities' slugs their place, the worst 1."""
        incidents = tuple(incidents)
        self._ranks = ranks
        self._recurred = {
            identifier
            for identifier, related in relations.items()
            if any(relation.is_recurrence for relation in related.stated)
        }
        self._newest = max((item.date for item in incidents if item.date is not None), default=None)
        self._severities = {word: self._severity(word) for word in {item.severity for item in incidents}}
        self._points = {
            item.id: self._severities[item.severity]
            + (RECURRED if item.id in self._recurred else 0)
            + self._recency(item.date)
            + (FINAL if item.status is Status.FINAL else 0)
            for item in incidents
        }

    def reading_list(self, incidents: Iterable[Incident]) -> tuple[Recommendation, ...]:
        """At most LENGTH of a service's incidents, most points first, then the newer. Drills and maintenance teach less."""
        chosen = [item for item in incidents if item.kind not in (Kind.DRILL, Kind.MAINTENANCE)]
        causes = Counter(item.root_cause for item in chosen)
        for cause in ("", NOT_ESTABLISHED):
            causes.pop(cause, None)
        keys = [
            (
                -self._points[item.id] - (SAME_CAUSE if causes[item.root_cause] > 1 else 0),
                -item.date.toordinal() if item.date else 0,
                item.id,
                place,
            )
            for place, item in enumerate(chosen)
        ]
        return tuple(
            Recommendation(
                chosen[place], -points, self._reasons(chosen[place], causes[chosen[place].root_cause])
            )
            for points, _, _, place in nsmallest(LENGTH, keys)
        )

    def _reasons(self, incident: Incident, same_cause: int) -> tuple[tuple[str, int], ...]:
        also = ((f"one of {same_cause} with this cause", SAME_CAUSE),) if same_cause > 1 else ()
        return (*also, *((reason, points) for reason, points in self._own(incident) if points))

    def _own(self, incident: Incident) -> tuple[tuple[str, int], ...]:
        """What an incident has points for whatever the service."""
        return (
            (incident.severity, self._severities[incident.severity]),
            ("recurrence", RECURRED if incident.id in self._recurred else 0),
            ("recent", self._recency(incident.date)),
            ("final", FINAL if incident.status is Status.FINAL else 0),
        )

    def _severity(self, word: str) -> int:
        """SEVEREST points for the worst severity, one less for each after it, at least one for a known one."""
        rank = self._ranks.get(slug(word, fallback="term"), 0) if word else 0
        return max(1, SEVEREST + 1 - rank) if rank else 0

    def _recency(self, day: date | None) -> int:
        if day is None or self._newest is None:
            return 0
        age = (self._newest - day).days
        return next((points for days, points in RECENT if age <= days), 0)
