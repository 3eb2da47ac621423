"""The charts of the insights page, from the archive's figures."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import sqrt
from urllib.parse import urlencode

from pmsite.archive.fiscal import QuarterName
from pmsite.archive.grouping import Ranked, Ranking
from pmsite.archive.incident import Incident, impact_duration
from pmsite.archive.insights import FEW, Sample
from pmsite.archive.overview import CAUSE_QUARTERS, Overview
from pmsite.archive.spread import MAX_DOTS, Dot
from pmsite.site import findings, urls
from pmsite.site.charts import (
    Bar,
    Bars,
    Cell,
    Chart,
    Cloud,
    Column,
    Columns,
    Line,
    Mark,
    Matrix,
    MatrixRow,
    Part,
    Spot,
    Table,
    Target,
)
from pmsite.site.format import duration, number, plural

TOP_CAUSES, TOP_SERVICES, TOP_DETECTIONS = 8, 12, 8
NEWEST = 3
MAX_RADIUS, LEVELS = 9.0, 4


@dataclass(frozen=True, slots=True)
class Insights:
    """The charts, and the sentence that says which documents they count."""

    counted: str
    charts: tuple[Chart, ...]


def insights(figures: Overview, ranks: Mapping[str, int], zone: str) -> Insights:
    """All charts; `ranks` gives severities' slugs their place, the worst 1, and `zone` is the site's."""
    return Insights(
        findings.counted(figures),
        (
            _by_quarter(figures, ranks),
            _causes(figures),
            _pairs(figures),
            _durations(figures, ranks),
            _detect(figures),
            _detection(figures.detection),
            _weekdays(figures, zone),
            _hours(figures, zone),
        ),
    )


def _by_quarter(figures: Overview, ranks: Mapping[str, int]) -> Chart:
    labels = {term.slug: term.label for term in figures.severities.terms}
    order = sorted(labels, key=lambda word: (ranks.get(word, 99), word))
    highest = max((quarter.counted for quarter in figures.quarters), default=0) or 1
    columns, lines = [], []
    for place, quarter in enumerate(figures.quarters):
        counts = dict(quarter.severities)
        parts, base = [], 0
        pieces = [(labels[word], ranks.get(word, 0), counts.get(word, 0)) for word in order]
        unstated = quarter.counted - sum(counts.values())
        for label, rank, count in (*pieces, ("not stated", 0, unstated)):
            if count:
                parts.append(Part(label, rank, count, round(base / highest, 4), round(count / highest, 4)))
                base += count
        to = _quarter(quarter.name) if quarter.counted else None
        said = ", ".join(f"{part.label} {part.count}" for part in parts)
        title = f"{quarter.name.label}: {plural(quarter.counted, 'incident')}{f' ({said})' if said else ''}"
        group = quarter.name.year_label if quarter.name.number == 1 or place == 0 else ""
        columns.append(Column(place, "", group, title, quarter.counted, tuple(parts), to))
        cells = [_count(counts.get(word, 0)) for word in order]
        lines.append(
            _line(to or Target(quarter.name.label), _count(quarter.counted), *cells, _count(unstated))
        )
    shown = sum(quarter.counted for quarter in figures.quarters)
    stated = sum(term.count for term in figures.severities.terms)
    unstated_key = (("not stated", 0),) if stated < figures.counted else ()
    return Chart(
        id="quarters",
        finding=findings.quarters(figures),
        known=findings.known("severity", stated, figures.counted),
        definition="Incidents by the quarter in which they began, and by severity.",
        table=Table(
            ("Quarter", "Incidents", *(labels[word] for word in order), "Not stated"), tuple(lines[::-1])
        ),
        drawing=Columns(
            tuple(columns),
            (*((labels[word], ranks.get(word, 0)) for word in order), *unstated_key),
        )
        if shown >= FEW
        else None,
        note=_quarters_note(figures, shown),
    )


def _quarters_note(figures: Overview, shown: int) -> str:
    parts = []
    if shown < figures.counted:
        parts.append(
            f"{number(shown)} of {plural(figures.counted, 'incident')} are in these "
            f"{plural(len(figures.quarters), 'quarter')}; the years have all that are dated."
        )
    if figures.quarters and (silent := figures.complete.since(figures.quarters[-1].name)) > 0:
        parts.append(f"None is recorded in the {plural(silent, 'complete quarter')} since.")
    return " ".join(parts)


def _causes(figures: Overview) -> Chart:
    names = [quarter.name for quarter in figures.quarters[-CAUSE_QUARTERS:]]
    ranking = figures.causes
    rows, lines = [], []
    cells = {key: found for key, found in figures.cause_quarters.items() if key[1] in set(names)}
    highest = max(map(len, cells.values()), default=1)
    for term in ranking.terms[:TOP_CAUSES]:
        spots = [
            _spot(place, found, highest, f"{term.label}, {name.label}", _quarter(name))
            for place, name in enumerate(names)
            if (found := cells.get((term.slug, name)))
        ]
        to = Target(term.label, urls.term("causes", term.slug))
        rows.append(MatrixRow(to, term.count, tuple(spots)))
    for term in ranking.terms:
        to = Target(term.label, urls.term("causes", term.slug))
        counts = [_count(len(cells.get((term.slug, name), ()))) for name in names]
        lines.append(_line(to, _count(term.count), *counts))
    return Chart(
        id="causes",
        finding=findings.causes(ranking),
        known=_stated("root cause", ranking),
        definition="The one root cause that a postmortem states, by the quarter in which the incident began. "
        "“All” counts every quarter, earlier ones too.",
        table=Table(("Root cause", "All", *(name.label for name in names)), tuple(lines)),
        drawing=Matrix(tuple(_quarter(name) for name in names), tuple(rows), is_slanted=False)
        if ranking.known >= FEW
        else None,
        note=_first_of(TOP_CAUSES, len(ranking.terms), "root causes"),
    )


def _pairs(figures: Overview) -> Chart:
    causes, services = figures.causes.terms[:TOP_CAUSES], figures.services.terms[:TOP_SERVICES]
    highest = max(map(len, figures.pairs.values()), default=1)
    rows, lines = [], []
    for service in services:
        to = Target(service.label, urls.term("services", service.slug))
        found = [figures.pairs.get((service.slug, cause.slug), ()) for cause in causes]
        spots = [
            _spot(place, incidents, highest, f"{service.label}, {cause.label}", _explorer(service, cause))
            for place, (cause, incidents) in enumerate(zip(causes, found, strict=True))
            if incidents
        ]
        rows.append(MatrixRow(to, service.count, tuple(spots)))
        lines.append(_line(to, _count(service.count), *(_count(len(incidents)) for incidents in found)))
    notes = (
        _first_of(TOP_SERVICES, len(figures.services.terms), "services"),
        _first_of(TOP_CAUSES, len(figures.causes.terms), "root causes"),
    )
    return Chart(
        id="services",
        finding=findings.pairs(figures),
        known=findings.known("service and root cause", figures.paired, figures.counted),
        definition="Incidents by the services that they hit and their root cause; one that hit several services is "
        "counted with each. “All” counts those without a root cause too.",
        table=Table(("Service", "All", *(cause.label for cause in causes)), tuple(lines)),
        drawing=Matrix(
            tuple(Target(cause.label, urls.term("causes", cause.slug)) for cause in causes),
            tuple(rows),
            is_slanted=True,
        )
        if figures.paired >= FEW
        else None,
        note=" ".join(note for note in notes if note),
    )


def _durations(figures: Overview, ranks: Mapping[str, int]) -> Chart:
    found = figures.durations
    labels = {term.slug: term.label for term in figures.severities.terms}
    highest = max((dot.count for dot in found.dots), default=1)
    by_severity = sorted(found.by_severity, key=lambda item: (ranks.get(item[0], 99), item[0]))
    lines = [
        *(
            _sample_line(Target(name.year_label, urls.year(name.year_slug)), known)
            for name, known in found.by_year
        ),
        *(
            _sample_line(Target(labels[word], urls.term("severity", word)), known)
            for word, known in by_severity
        ),
        _sample_line(Target("All"), found.sample),
    ]
    return Chart(
        id="durations",
        finding=findings.durations(found.sample),
        known=findings.known("duration", found.sample.n, found.sample.total),
        definition="Impact duration: how long users were affected, which is the sum of the impact windows, else "
        "mitigated, or else resolved, minus started. Median and p90 are by nearest rank. Approximate and contradicted "
        "durations are left out.",
        table=Table(("Incidents of", "Known", "Not known", "Median", "p90", "Longest"), tuple(lines)),
        drawing=Cloud(
            tuple(_mark(dot, highest, ranks) for dot in found.dots),
            tuple((place, name.year_label) for place, name in found.years),
            found.ticks,
            found.median_place,
            found.p90_place,
            () if found.is_binned else tuple((labels[word], ranks.get(word, 0)) for word, _ in by_severity),
        )
        if not found.is_few
        else None,
        note=_durations_note(figures),
    )


def _durations_note(figures: Overview) -> str:
    found, parts = figures.durations, []
    if found.is_binned:
        column = "year" if found.dots[0].whole_year else "quarter"
        parts.append(
            f"With more than {MAX_DOTS} durations, a dot stands for the incidents of a {column} that lasted about as "
            "long; its area is their number."
        )
    if found.undated:
        parts.append(f"Not drawn: {plural(found.undated, 'incident')} without a date.")
    return " ".join(parts)


def _mark(dot: Dot, highest: int, ranks: Mapping[str, int]) -> Mark:
    incident = dot.incidents[0]
    if dot.period is None:
        rank = ranks.get(urls.slug(incident.severity, fallback="term"), 0) if incident.severity else 0
        title = f"{incident.title}: {duration(impact_duration(incident).seconds)}"
        return Mark(dot.x, dot.y, 0, rank, title, _incident(incident))
    period = dot.period.year_label if dot.whole_year else dot.period.label
    spans = sorted(impact_duration(item).seconds or 0 for item in dot.incidents)
    title = f"{period}: {plural(dot.count, 'incident')}, {duration(spans[0])} to {duration(spans[-1])}"
    to = Target(period, urls.year(dot.period.year_slug)) if dot.whole_year else _quarter(dot.period)
    size = max(1.5, round(MAX_RADIUS * sqrt(dot.count / highest), 1))
    return Mark(dot.x, dot.y, size, 0, title, _incident(incident) if dot.count == 1 else to)


def _detect(figures: Overview) -> Chart:
    found = figures.detect
    known = found.sample
    thinned = (
        f"{MAX_DOTS} of {number(known.n)} values are drawn, at equal distances in rank."
        if known.n > MAX_DOTS
        else ""
    )
    return Chart(
        id="detect",
        finding=findings.detect(known),
        known=findings.known("time to detect", known.n, known.total),
        definition="Time to detect: detected minus started. Median and p90 are by nearest rank. Approximate and "
        "contradicted times are left out.",
        table=Table(
            ("Noticed by", "Known", "Not known", "Median", "p90", "Longest"),
            (
                *(
                    _sample_line(Target(term.label, urls.term("detection", term.slug)), times)
                    for term, times in figures.detect_by
                ),
                _sample_line(Target("All"), known),
            ),
        ),
        drawing=None if found.is_few else found,
        note=thinned,
    )


def _detection(ranking: Ranking) -> Chart:
    highest = max((term.count for term in ranking.terms), default=1)
    targets = [Target(term.label, urls.term("detection", term.slug)) for term in ranking.terms]
    return Chart(
        id="detection",
        finding=findings.detection(ranking),
        known=_stated("detection", ranking),
        definition="Who or what noticed first, as the postmortem states it.",
        table=Table(
            ("Noticed by", "Incidents"),
            tuple(_line(to, _count(term.count)) for to, term in zip(targets, ranking.terms, strict=True)),
        ),
        drawing=Bars(
            tuple(
                Bar(term.label, term.count, round(term.count / highest, 4), to)
                for to, term in zip(targets[:TOP_DETECTIONS], ranking.terms, strict=False)
            )
        )
        if ranking.known >= FEW
        else None,
        note=_first_of(TOP_DETECTIONS, len(ranking.terms), "ways"),
    )


def _weekdays(figures: Overview, zone: str) -> Chart:
    return _starts(
        figures,
        "weekdays",
        findings.weekdays(figures.starts.weekdays, figures.starts.known),
        [(day, name[:3], name) for day, name in enumerate(findings.WEEKDAYS)],
        figures.starts.weekdays,
        f"The day of the week on which incidents began, {_clock(zone)}.",
        every=1,
    )


def _hours(figures: Overview, zone: str) -> Chart:
    return _starts(
        figures,
        "hours",
        findings.hours(figures.starts.hours, figures.starts.known),
        [(hour, f"{hour}", f"{hour:02d}:00 to {hour:02d}:59") for hour in range(24)],
        figures.starts.hours,
        f"The hour in which incidents began, {_clock(zone)}.",
        every=3,
    )


def _clock(zone: str) -> str:
    where = f"by the clock of {zone}" if zone else "by the clock of the zone that each states"
    return f"{where}; only those that state time and zone, and not approximately"


def _starts(
    figures: Overview,
    identifier: str,
    finding: str,
    places: Iterable[tuple[int, str, str]],
    groups: Mapping[int, tuple[Incident, ...]],
    definition: str,
    every: int,
) -> Chart:
    highest = max(map(len, groups.values()), default=1)
    columns, lines = [], []
    for place, short, long in places:
        found = groups.get(place, ())
        share = round(len(found) / highest, 4)
        anchor = f"pm-{identifier}-{place}"
        to = _incident(found[0]) if len(found) == 1 else Target(long, anchor=anchor)
        parts = (Part("", -1, len(found), 0.0, share),) if found else ()
        title = f"{long}: {plural(len(found), 'incident')}"
        columns.append(
            Column(
                place,
                short if place % every == 0 else "",
                "",
                title,
                len(found),
                parts,
                to if found else None,
            )
        )
        newest = Cell(links=tuple(map(_incident, found[:NEWEST])), more=max(0, len(found) - NEWEST))
        lines.append(Line((Cell(long), _count(len(found)), newest), anchor))
    return Chart(
        id=identifier,
        finding=finding,
        known=findings.known("start", figures.starts.known, figures.starts.total),
        definition=definition,
        table=Table(("Weekday" if identifier == "weekdays" else "Hour", "Incidents", "Latest"), tuple(lines)),
        drawing=Columns(tuple(columns)) if figures.starts.known >= FEW else None,
    )


def _sample_line(to: Target, known: Sample) -> Line:
    return _line(
        to,
        _count(known.n),
        _count(known.missing),
        Cell(duration(known.median) or "–", is_number=True),
        Cell((duration(known.p90) if known.n >= FEW else "") or "–", is_number=True),
        Cell(duration(known.values[-1]) if known.n else "–", is_number=True),
    )


def _spot(column: int, incidents: tuple[Incident, ...], highest: int, where: str, to: Target) -> Spot:
    count = len(incidents)
    return Spot(
        column,
        count,
        -(-LEVELS * count // max(highest, LEVELS)),
        f"{where}: {incidents[0].title if count == 1 else plural(count, 'incident')}",
        _incident(incidents[0]) if count == 1 else to,
    )


def _line(to: Target, *cells: Cell) -> Line:
    return Line((Cell(links=(to,)) if to.url else Cell(to.label), *cells))


def _count(count: int) -> Cell:
    return Cell(number(count), is_number=True)


def _incident(incident: Incident) -> Target:
    return Target(incident.title, urls.incident(incident.id))


def _quarter(name: QuarterName) -> Target:
    return Target(name.label, urls.quarter(name.year_slug, name.number))


def _explorer(service: Ranked, cause: Ranked) -> Target:
    query = urlencode({"service": service.slug, "cause": cause.slug})
    return Target(f"{service.label}, {cause.label}", "incidents/", query)


def _stated(what: str, ranking: Ranking) -> str:
    """`root cause known for 38 of 40, 3 of them not established`."""
    unknown = ranking.known - sum(term.count for term in ranking.established)
    said = findings.known(what, ranking.known, ranking.total)
    return f"{said}, {number(unknown)} of them not established" if unknown else said


def _first_of(shown: int, total: int, what: str) -> str:
    return f"The {shown} most frequent of {number(total)} {what} are shown." if total > shown else ""
