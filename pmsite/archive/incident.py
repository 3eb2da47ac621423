"""What an incident is: frozen values that the reader makes and everything else looks at."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import Enum

Day = date

MILESTONES = ("started", "detected", "acknowledged", "declared", "identified", "mitigated", "resolved")
# These may come in any order, and when all is over.
_AT_ANY_TIME = ("acknowledged", "declared", "identified")
# Beyond this, a wrong year or month is likelier than so long an incident.
LONG_GAP = timedelta(days=30)


class Precision(Enum):
    EXACT = "exact"
    APPROXIMATE = "approximate"
    DAY = "day"


class Absence(Enum):
    """A milestone of which the author says that there is no time to give."""

    UNKNOWN = "unknown"
    NOT_APPLICABLE = "n/a"


class Status(Enum):
    DRAFT = "draft"
    REVIEW = "review"
    FINAL = "final"


class Kind(Enum):
    INCIDENT = "incident"
    NEAR_MISS = "near-miss"
    SECURITY = "security"
    MAINTENANCE = "maintenance"
    DRILL = "drill"


class Visibility(Enum):
    PUBLIC = "public"
    INTERNAL = "internal"
    RESTRICTED = "restricted"

    @property
    def rank(self) -> int:
        return tuple(Visibility).index(self)


class ActionStatus(Enum):
    OPEN = "open"
    IN_PROGRESS = "in-progress"
    DONE = "done"
    WONT_DO = "wont-do"
    UNKNOWN = "unknown"

    @property
    def is_open(self) -> bool:
        return self is ActionStatus.OPEN or self is ActionStatus.IN_PROGRESS


class ActionType(Enum):
    PREVENT = "prevent"
    MITIGATE = "mitigate"
    DETECT = "detect"
    PROCESS = "process"
    REPAIR = "repair"
    INVESTIGATE = "investigate"
    DOCUMENT = "document"


class RelationType(Enum):
    RELATED = "related"
    RECURRENCE_OF = "recurrence-of"
    DUPLICATE_OF = "duplicate-of"
    CAUSED_BY = "caused-by"
    FOLLOW_UP = "follow-up"


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A point in time as it was written: wall clock, and the offset from UTC in seconds if a zone is stated."""

    wall: datetime
    offset: int | None
    precision: Precision = Precision.EXACT

    def iso(self) -> str:
        """ISO 8601: with offset where a zone is stated, the date alone where only a day is known."""
        if self.precision is Precision.DAY:
            return self.wall.date().isoformat()
        text = self.wall.isoformat()
        if self.offset is None:
            return text
        if self.offset == 0:
            return f"{text}Z"
        minutes = abs(self.offset) // 60
        return f"{text}{'-' if self.offset < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}"

    def seconds_since(self, earlier: "Timestamp") -> int | None:
        """Seconds from `earlier` to this; None where only one of the two states its zone."""
        if (self.offset is None) != (earlier.offset is None):
            return None
        apart = self.wall - earlier.wall
        return int(apart.total_seconds()) - (self.offset or 0) + (earlier.offset or 0)

    def day_in(self, offset: int) -> date:
        """The calendar day at another offset from UTC; the written day where no zone is stated."""
        if self.offset is None or self.precision is Precision.DAY:
            return self.wall.date()
        try:
            return (self.wall + timedelta(seconds=offset - self.offset)).date()
        except OverflowError:
            return self.wall.date()


Milestone = Timestamp | Absence | None


@dataclass(frozen=True, slots=True)
class ImpactWindow:
    """A stretch of time during which users were affected; `percent` of them, where known."""

    started: Timestamp
    ended: Timestamp
    percent: float | None = None


@dataclass(frozen=True, slots=True)
class Impact:
    summary: str = ""
    users: int | None = None
    percent: float | None = None
    percent_of: str = ""
    requests: int | None = None
    windows: tuple[ImpactWindow, ...] = ()
    types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    at: Timestamp | None
    event: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class ActionItem:
    title: str
    owner: str = ""
    due: date | None = None
    status: ActionStatus = ActionStatus.UNKNOWN
    closed: date | None = None
    type: ActionType | None = None
    priority: str = ""
    ticket: str = ""

    def is_overdue(self, today: date) -> bool:
        return self.status.is_open and self.due is not None and self.due < today


@dataclass(frozen=True, slots=True)
class Relation:
    id: str
    type: RelationType = RelationType.RELATED


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    url: str


APPROXIMATE = "approximate"


@dataclass(frozen=True, slots=True)
class Duration:
    """Seconds between two milestones or as stated, or the reason why they are unknown; `doubt` keeps it out of statistics."""

    seconds: int | None
    reason: str = ""
    doubt: str = ""

    @property
    def counted(self) -> int | None:
        return None if self.doubt else self.seconds


@dataclass(frozen=True, slots=True)
class Doubt:
    """A field that two places of a document contradict, and what they say; it is shown so, and kept out of statistics."""

    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Incident:
    """One postmortem's facts. Nothing in it depends on other documents, the clock or the machine.

    `date` is the calendar day of the incident in the site's zone. Words of vocabularies (severity, causes, services)
    stand in their canonical form. `duration` is a length that the document states. `inferred` names fields
    that were read out of the prose (`started`, `impact.percent`), `shown` those lists that the prose itself shows with
    times and marks, so that a page need not show them again. `digest` stands for all fields: equal facts, equal digest.
    """

    id: str
    source: str
    title: str
    date: Day | None = None
    published: Day | None = None
    updated: Day | None = None
    summary: str = ""
    status: Status | None = None
    number: str = ""
    severity: str = ""
    kind: Kind = Kind.INCIDENT
    exclude_from_metrics: str = ""
    started: Milestone = None
    detected: Milestone = None
    acknowledged: Milestone = None
    declared: Milestone = None
    identified: Milestone = None
    mitigated: Milestone = None
    resolved: Milestone = None
    duration: Duration | None = None
    impact: Impact = Impact()
    root_cause: str = ""
    trigger: str = ""
    factors: tuple[str, ...] = ()
    resolution: str = ""
    detection: str = ""
    services: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    timeline: tuple[TimelineEntry, ...] = ()
    action_items: tuple[ActionItem, ...] = ()
    related: tuple[Relation, ...] = ()
    links: tuple[Link, ...] = ()
    aliases: tuple[str, ...] = ()
    visibility: Visibility = Visibility.INTERNAL
    inferred: tuple[str, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    shown: tuple[str, ...] = ()
    out_of_place: tuple[tuple[str, str], ...] | None = None
    measured: Duration | None = None
    digest: str = ""

    def completed(self) -> "Incident":
        """The incident with its misplaced milestones found and its impact duration measured, once and for all."""
        ordered = replace(self, out_of_place=tuple(misplaced(self).items()), measured=None)
        return replace(ordered, measured=impact_duration(ordered))

    def milestone(self, name: str) -> Milestone:
        value: Milestone = getattr(self, name)
        return value

    @property
    def is_counted(self) -> bool:
        """Whether the incident belongs in statistics: real incidents that are neither drafts nor taken out."""
        return (
            self.kind is Kind.INCIDENT and self.status is not Status.DRAFT and not self.exclude_from_metrics
        )

    @property
    def open_actions(self) -> tuple[ActionItem, ...]:
        return tuple(item for item in self.action_items if item.status.is_open)


def known_milestones(incident: Incident) -> list[tuple[str, Timestamp]]:
    """The milestones of which the document gives the time, in the order of an incident's life."""
    return [(name, at) for name in MILESTONES if isinstance(at := incident.milestone(name), Timestamp)]


def time_apart(earlier: Timestamp, later: Timestamp) -> timedelta | None:
    """In whole days where one of the two is known to the day only; None if only one states its zone."""
    if Precision.DAY in (earlier.precision, later.precision):
        return later.wall.date() - earlier.wall.date()
    seconds = later.seconds_since(earlier)
    return timedelta(seconds=seconds) if seconds is not None else None


@dataclass(frozen=True, slots=True)
class Step:
    """A known milestone: `follows` is the one that it cannot be earlier than, `previous` the one named before it.

    An incident may be declared, and its cause be found, when it is long over. Started, detected, mitigated and resolved
    keep their order.
    """

    name: str
    at: Timestamp
    follows: tuple[str, Timestamp] | None
    previous: tuple[str, Timestamp] | None
    is_inferred: bool

    @property
    def is_early(self) -> bool:
        apart = time_apart(self.follows[1], self.at) if self.follows is not None else None
        return apart is not None and apart < timedelta()

    @property
    def gap_days(self) -> int:
        """The whole days since the one before it, if they are more than 30; else 0."""
        apart = time_apart(self.previous[1], self.at) if self.previous is not None else None
        return apart.days if apart is not None and apart > LONG_GAP else 0

    @property
    def doubt(self) -> str:
        """Why it cannot be right: an impossible order; and in what was inferred, a long gap, of which a wrong month is
        the likelier cause.
        """
        if self.is_early and self.follows is not None:
            return f"earlier than {self.follows[0]}"
        if self.is_inferred and self.gap_days and self.previous is not None:
            return f"{self.gap_days} days after {self.previous[0]}"
        return ""


def steps(incident: Incident) -> Iterator[Step]:
    """The known milestones, each beside those before it that can be right."""
    follows: tuple[str, Timestamp] | None = None
    previous: tuple[str, Timestamp] | None = None
    for name, at in known_milestones(incident):
        step = Step(name, at, follows, previous, name in incident.inferred)
        yield step
        if not step.doubt:
            previous = name, at
            if name not in _AT_ANY_TIME:
                follows = previous


def misplaced(incident: Incident) -> dict[str, str]:
    """Milestones that cannot be right after the last one that can, and why."""
    if incident.out_of_place is not None:
        return dict(incident.out_of_place)
    return {step.name: step.doubt for step in steps(incident) if step.doubt}


def doubted(incident: Incident) -> tuple[str, ...]:
    """The milestones and the stated length that are approximate or misplaced, and contradicted fields."""
    vague = [name for name, at in known_milestones(incident) if at.precision is Precision.APPROXIMATE]
    vague += ["duration"] if incident.duration is not None and incident.duration.doubt else []
    return tuple(dict.fromkeys((*vague, *misplaced(incident), *(doubt.field for doubt in incident.doubts))))


def time_to_detect(incident: Incident) -> Duration:
    return between(incident, "started", "detected")


def time_to_acknowledge(incident: Incident) -> Duration:
    return between(incident, "detected", "acknowledged")


def time_to_resolve(incident: Incident) -> Duration:
    return between(incident, "started", "resolved")


def impact_duration(incident: Incident) -> Duration:
    """How long users were affected: the sum of the impact windows, else mitigated (or resolved) minus started.

    Where those are not known, the length that the document states.
    """
    if incident.measured is not None:
        return incident.measured
    if incident.impact.windows:
        return _sum_of_windows(incident.impact.windows)
    end = "mitigated" if isinstance(incident.mitigated, Timestamp) else "resolved"
    measured = between(incident, "started", end)
    if measured.seconds is None and incident.duration is not None:
        return _contradicted(incident.duration, incident, ("started", end, "duration"))
    return _with_doubt(measured, incident, ("started", end, "duration"))


def between(incident: Incident, first: str, last: str) -> Duration:
    """The time from one milestone to another."""
    start, end = incident.milestone(first), incident.milestone(last)
    for name, value in ((first, start), (last, end)):
        if value is None:
            return Duration(None, f"{name} is not recorded")
        if value is Absence.UNKNOWN:
            return Duration(None, f"{name} is unknown")
        if value is Absence.NOT_APPLICABLE:
            return Duration(None, f"{name} does not apply")
    assert isinstance(start, Timestamp) and isinstance(end, Timestamp)
    elapsed = _elapsed(start, end, f"{first} and {last}")
    return _with_doubt(elapsed, incident, (first, last))


def _with_doubt(measured: Duration, incident: Incident, parts: tuple[str, ...]) -> Duration:
    """A length with what contradicts the milestones that it lies between, or puts them out of place."""
    measured = _contradicted(measured, incident, parts)
    if measured.seconds is None or measured.doubt:
        return measured
    wrong = misplaced(incident)
    doubt = next((f"{name} is {wrong[name]}" for name in parts if name in wrong), "")
    return replace(measured, doubt=doubt) if doubt else measured


def _contradicted(measured: Duration, incident: Incident, parts: tuple[str, ...]) -> Duration:
    """A length with what the document says against the fields that it comes from."""
    doubt = next((doubt.reason for doubt in incident.doubts if doubt.field in parts), "")
    return replace(measured, doubt=doubt) if doubt and measured.seconds is not None else measured


def _elapsed(start: Timestamp, end: Timestamp, names: str) -> Duration:
    if Precision.DAY in (start.precision, end.precision):
        return Duration(None, f"{names} are known to the day only")
    seconds = end.seconds_since(start)
    if seconds is None:
        return Duration(None, f"only one of {names} states its time zone")
    if seconds < 0:
        return Duration(None, f"{names} are in an impossible order")
    doubt = APPROXIMATE if Precision.APPROXIMATE in (start.precision, end.precision) else ""
    return Duration(seconds, doubt=doubt)


def _sum_of_windows(windows: tuple[ImpactWindow, ...]) -> Duration:
    total, doubt = 0, ""
    for window in windows:
        part = _elapsed(window.started, window.ended, "the ends of an impact window")
        if part.seconds is None:
            return part
        total, doubt = total + part.seconds, doubt or part.doubt
    return Duration(total, doubt=doubt)
