"""What templates see: small frozen values. Nothing here holds the whole site, so a page's value says what it needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial

from pmsite.archive.completeness import Completeness, FieldCoverage
from pmsite.archive.incident import ActionItem, ActionStatus, Duration, Incident
from pmsite.archive.insights import Distribution, Minutes, YearCount
from pmsite.archive.overview import overview
from pmsite.archive.promises import Promises
from pmsite.archive.taxonomy import Taxonomy
from pmsite.cache import fingerprint
from pmsite.site.format import local
from pmsite.site.insights import Insights, insights
from pmsite.site.story import Entry, Segment, Stop, bar, durations, stops, timeline
from pmsite.source.document import Heading


@dataclass(frozen=True, slots=True)
class Link:
    """`url` is an address below the site's root, or a whole address elsewhere."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class CountedLink:
    label: str
    url: str
    count: int


@dataclass(frozen=True, slots=True)
class Severity:
    """`rank` counts from 1, the worst; 0 for a word that is new to the site."""

    label: str
    url: str
    rank: int


@dataclass(frozen=True, slots=True)
class Row:
    """An incident in a list. `digest` stands for all of it."""

    id: str
    url: str
    title: str
    date: date | None
    severity: Severity | None
    status: str
    kind: str
    line: str
    duration: Duration
    users: int | None
    services: tuple[str, ...]
    cause: str
    open_actions: int
    digest: str


@dataclass(frozen=True, slots=True)
class Group:
    """Rows under a heading: a year, a month."""

    label: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Pagination:
    number: int
    count: int
    total: int
    previous: str
    next: str
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Action:
    item: ActionItem
    row: Row
    is_overdue: bool
    age_days: int | None


@dataclass(frozen=True, slots=True)
class Relation:
    """`not_done` are action items of the other incident that were not done when this one happened again."""

    label: str
    row: Row
    is_recurrence: bool
    not_done: tuple[ActionItem, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """How many incidents with the same cause there were on a service in the `months` before."""

    service: Link
    count: int
    months: int


@dataclass(frozen=True, slots=True)
class Again:
    """An incident that is stated to be the recurrence of an earlier one; `time` counts from 1."""

    row: Row
    earlier: str
    time: int
    is_prior_action_open: bool


@dataclass(frozen=True, slots=True)
class Prose:
    """A document's text: `key` finds its HTML in the store, `body` is its digest, `targets` are its links in order."""

    key: str
    body: str
    targets: tuple[str | None, ...]
    headings: tuple[Heading, ...]

    @property
    def digest(self) -> bytes:
        """Equal prose has an equal digest, whatever key it was stored under; its headings stand in its HTML."""
        return fingerprint(self.body, self.targets)


@dataclass(frozen=True, slots=True)
class PageView:
    """What every page has."""

    title: str
    description: str
    crumbs: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class IncidentView:
    head: PageView
    incident: Incident
    row: Row
    zone: str
    terms: Mapping[str, tuple[Link, ...]]
    relations: tuple[Relation, ...]
    alike: tuple[Row, ...]
    similar: tuple[Row, ...]
    seen: tuple[Seen, ...]
    time: int
    previous: Row | None
    next: Row | None
    prose: Prose
    source_url: str
    edit_url: str

    # What follows from the incident alone is worked out where the page is rendered.

    @property
    def durations(self) -> Mapping[str, Duration]:
        return durations(self.incident)

    @property
    def stops(self) -> tuple[Stop, ...]:
        return stops(self.incident)

    @property
    def bar(self) -> tuple[Segment, ...]:
        return bar(self.incident)

    @property
    def timeline(self) -> tuple[Entry, ...]:
        return timeline(self.incident, self.zone)

    @property
    def done(self) -> int:
        """How many action items are done."""
        return sum(item.status is ActionStatus.DONE for item in self.incident.action_items)


@dataclass(frozen=True, slots=True)
class ListView:
    """The list of all incidents, grouped by year; its first page is the explorer too.

    The browser makes rows by the example of `sample`; `bundles` name the parts of the full-text index.
    """

    head: PageView
    groups: tuple[Group, ...]
    pagination: Pagination
    facets: tuple["Facet", ...]
    sample: Row | None
    bundles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Facet:
    label: str
    url: str
    terms: tuple[CountedLink, ...]
    more: int


@dataclass(frozen=True, slots=True)
class TaxonomyView:
    head: PageView
    name: str
    singular: str
    plural: str
    terms: tuple["TermLine", ...]


@dataclass(frozen=True, slots=True)
class TermLine:
    """A term with the number of its counted incidents; the others are `uncounted`."""

    link: CountedLink
    uncounted: int
    description: str
    latest: date | None
    median: int | None
    known: int
    trend: tuple[YearCount, ...]
    rank: int


@dataclass(frozen=True, slots=True)
class TermView:
    head: PageView
    taxonomy: Link
    singular: str
    label: str
    rank: int
    description: str
    owner: str
    links: tuple[Link, ...]
    total: int
    uncounted: int
    groups: tuple[Group, ...]
    pagination: Pagination
    trend: tuple[YearCount, ...]
    distribution: Distribution | None
    together: tuple[Facet, ...]
    reading: tuple["Reading", ...]
    feed: str


@dataclass(frozen=True, slots=True)
class Reading:
    """An incident that is worth reading, with its points and what they are for."""

    row: Row
    points: int
    reasons: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class YearsView:
    head: PageView
    years: tuple["YearLine", ...]
    undated: int
    latest: Link | None


@dataclass(frozen=True, slots=True)
class YearLine:
    """A year with the number of its counted incidents, of which `unstated` have no severity; the others are `uncounted`."""

    link: CountedLink
    uncounted: int
    quarters: tuple[CountedLink, ...]
    minutes: Minutes
    severities: tuple["SeverityCount", ...]
    unstated: int


@dataclass(frozen=True, slots=True)
class SeverityCount:
    severity: Severity
    count: int


@dataclass(frozen=True, slots=True)
class YearView:
    head: PageView
    label: str
    total: int
    uncounted: int
    groups: tuple[Group, ...]
    pagination: Pagination
    quarters: tuple[CountedLink, ...]
    severities: tuple[SeverityCount, ...]
    unstated: int
    minutes: "MinutesView"
    previous: Link | None
    next: Link | None


@dataclass(frozen=True, slots=True)
class MinutesView:
    """Impact minutes of a period, with the incident that has the largest share of them."""

    total: int
    largest: Row | None
    largest_share: float
    unknown: int


@dataclass(frozen=True, slots=True)
class QuarterView:
    """`lines` are what an executive reads, newest first; `others` the smaller incidents where there are many.

    `uncounted` are those that are neither counted nor drafts. `severities` are the columns of the comparison: none where too little is known.
    """

    head: PageView
    label: str
    start: date
    end: date
    counted: int
    lines: tuple["QuarterLine", ...]
    others: tuple["QuarterLine", ...]
    counts: tuple[SeverityCount, ...]
    compared: tuple["ComparedQuarter", ...]
    severities: tuple[Severity, ...]
    minutes: MinutesView
    promises: Promises
    drafts: int
    uncounted: int
    previous: Link | None
    next: Link | None


@dataclass(frozen=True, slots=True)
class QuarterLine:
    """An incident in one line: its impact, else the first sentence of its summary, else nothing but its title."""

    row: Row
    line: str


@dataclass(frozen=True, slots=True)
class ComparedQuarter:
    """A quarter in the comparison; `share` is relative to the highest of those shown.

    `severities` stand in the columns' order; None where less than half of the quarter's severities are known.
    """

    link: Link
    count: int
    severities: tuple[int, ...] | None
    minutes: int
    unknown: int
    share: float


@dataclass(frozen=True, slots=True)
class InsightsView:
    """The incidents, and what their figures depend on; these are computed where the page is rendered."""

    head: PageView
    incidents: tuple[Incident, ...]
    taxonomies: tuple[Taxonomy, ...]
    ranks: Mapping[str, int]
    first_month: int
    zone: str
    today: date

    @property
    def insights(self) -> Insights:
        clock = partial(local, zone=self.zone)
        figures = overview(self.incidents, self.taxonomies, self.today, self.first_month, clock)
        return insights(figures, self.ranks, self.zone)


@dataclass(frozen=True, slots=True)
class Tally:
    """Open and overdue action items of one owner, service, ...; `link` may lead nowhere."""

    link: Link
    open: int
    overdue: int


@dataclass(frozen=True, slots=True)
class ActionGroup:
    """Open action items divided in one way; `more` parts are not shown."""

    title: str
    tallies: tuple[Tally, ...]
    more: int


@dataclass(frozen=True, slots=True)
class QuarterPromises:
    link: Link
    figures: Promises


@dataclass(frozen=True, slots=True)
class RepeatView:
    """A promise that `count` incidents make in the same words; `rows` are the newest of them."""

    title: str
    rows: tuple[Row, ...]
    count: int
    done: int


@dataclass(frozen=True, slots=True)
class ActionsView:
    """One page of all action items; what sums them up stands on the first page alone.

    There the browser filters and sorts them too: it makes rows by the example of `sample`, as of `today`.
    """

    head: PageView
    actions: tuple[Action, ...]
    figures: Promises
    groups: tuple[ActionGroup, ...]
    quarters: tuple[QuarterPromises, ...]
    repeats: tuple[RepeatView, ...]
    pagination: Pagination
    sample: Action | None
    today: date


@dataclass(frozen=True, slots=True)
class DueItem:
    """An open action item; `revised` is the day that its postmortem is of."""

    incident: str
    title: str
    due: date
    revised: date
    owner: str
    incident_title: str
    url: str


@dataclass(frozen=True, slots=True)
class CalendarView:
    """Open action items with due dates, for calendars; without `base_url` they have no addresses."""

    title: str
    base_url: str
    items: tuple[DueItem, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """A postmortem that lacks some of the fields that matter."""

    row: Row
    completeness: Completeness
    source: str


@dataclass(frozen=True, slots=True)
class BacklogOverview:
    """How complete the archive is, and what is being written: the newest drafts and how many more there are."""

    total: int
    percent: int
    fields: tuple[FieldCoverage, ...]
    drafts: tuple[Row, ...]
    more_drafts: int


@dataclass(frozen=True, slots=True)
class BacklogView:
    """A part of the postmortems that lack something; the first part has the overview."""

    head: PageView
    overview: BacklogOverview | None
    gaps: tuple[Gap, ...]
    pagination: Pagination


@dataclass(frozen=True, slots=True)
class Day:
    """A day on which incidents began; `place` is where it lies in its year, in per cent."""

    place: float
    url: str
    title: str
    rank: int


@dataclass(frozen=True, slots=True)
class YearStrip:
    """A (fiscal) year, how many counted incidents it has, and their days: each, or, where there are many, the weeks.

    `weeks` are the weeks of the year, counted from 0, by a level from 1 to 4: half the number of their days.
    `uncounted` incidents of the year have no bar.
    """

    link: Link
    count: int
    uncounted: int
    days: tuple[Day, ...]
    weeks: tuple[tuple[int, tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True)
class HomeView:
    head: PageView
    total: int
    first_year: int | None
    last_year: int | None
    last_published: date | None
    latest: tuple[Row, ...]
    urgent: tuple[Action, ...]
    open: int
    overdue: int
    again: tuple[Again, ...]
    strip: tuple[YearStrip, ...]
    facets: tuple[Facet, ...]
    on_this_day: tuple[Row, ...]
    prose: Prose | None


@dataclass(frozen=True, slots=True)
class ProseView:
    """A plain page."""

    head: PageView
    prose: Prose
    source_url: str


@dataclass(frozen=True, slots=True)
class NotFoundView:
    head: PageView
    home: str


@dataclass(frozen=True, slots=True)
class RedirectView:
    head: PageView
    target: str


@dataclass(frozen=True, slots=True)
class FeedEntry:
    id: str
    url: str
    title: str
    summary: str
    updated: date
    published: date
    authors: tuple[str, ...]
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FeedView:
    id: str
    title: str
    url: str
    feed_url: str
    updated: date | None
    entries: tuple[FeedEntry, ...]


@dataclass(frozen=True, slots=True)
class SitemapEntry:
    url: str
    changed: date | None


@dataclass(frozen=True, slots=True)
class SitemapView:
    entries: tuple[SitemapEntry, ...]


@dataclass(frozen=True, slots=True)
class SitemapIndexView:
    """The sitemap of sitemaps, for sites with more addresses than one may hold."""

    urls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JsonView:
    """`incidents.json`."""

    incidents: tuple[Incident, ...]
    title: str
    today: date


@dataclass(frozen=True, slots=True)
class CsvView:
    """`incidents.csv`."""

    incidents: tuple[Incident, ...]


@dataclass(frozen=True, slots=True)
class TextView:
    text: str
