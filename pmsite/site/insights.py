"""The charts of the insights page, from the archive's figures."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from pmsite.archive.grouping import Ranked, Ranking
from pmsite.archive.incident import Incident
from pmsite.archive.insights import FEW
from pmsite.archive.overview import CAUSE_QUARTERS, Overview
from pmsite.archive.quarters import QuarterFigures
from pmsite.site import findings, urls
from pmsite.site.charts import (
    MOST_COLUMNS,
    MOST_LINES,
    Bar,
    Bars,
    Cell,
    Chart,
    Column,
    Columns,
    Matrix,
    MatrixRow,
    Part,
    Spot,
    Table,
    Target,
    count_cell,
    incident_target,
    line,
    quarter_target,
    severity_keys,
)
from pmsite.site.format import number, plural
from pmsite.site.timing import detect_chart, durations_chart, hours_chart, weekdays_chart

TOP_CAUSES, TOP_SERVICES, TOP_DETECTIONS = 8, 12, 8

LEVELS = 4


@dataclass(frozen=True, slots=True)
class Insights:
    """The charts, the sentence that says which documents they count, and sentences on what is too little known for one."""

    counted: str
    charts: tuple[Chart, ...]
    missing: tuple[str, ...]


def insights(figures: Overview, ranks: Mapping[str, int], zone: str) -> Insights:
    """All charts; `ranks` gives severities' slugs their place, the worst 1, and `zone` is the site's."""
    quarters = _by_quarter(figures, ranks)
    charts = (
        quarters,
        _causes(figures),
        _pairs(figures),
        durations_chart(figures, ranks),
        detect_chart(figures),
        _detection(figures.detection),
        weekdays_chart(figures, zone),
        hours_chart(figures, zone),
    )
    shown = tuple(chart for chart in charts if chart.count >= (1 if chart is quarters else FEW))
    return Insights(
        findings.counted(figures),
        shown,
        tuple(dict.fromkeys(_missing(chart) for chart in charts if chart not in shown)),
    )


def _missing(chart: Chart) -> str:
    """`Duration known for 3 of 40`, or that nothing is known."""
    return f"{chart.known[:1].upper()}{chart.known[1:]}" if chart.count else chart.finding


def _by_quarter(figures: Overview, ranks: Mapping[str, int]) -> Chart:
    words = sorted(figures.severities.terms, key=lambda term: (ranks.get(term.slug, 99), term.slug))[
        :MOST_COLUMNS
    ]
    keys = severity_keys(figures.severities, ranks)
    highest = max((quarter.counted for quarter in figures.quarters), default=0) or 1
    columns, lines = [], []
    for place, quarter in enumerate(figures.quarters):
        parts = _parts(quarter, keys, ranks, highest)
        said = ", ".join(f"{part.label} {part.count}" for part in parts if part.label)
        title = f"{quarter.name.label}: {plural(quarter.counted, 'incident')}{f' ({said})' if said else ''}"
        group = quarter.name.year_label if quarter.name.number == 1 or place == 0 else ""
        to = quarter_target(quarter.name) if quarter.counted else None
        columns.append(Column(place, "", group, title, quarter.counted, parts, to))
        counts = dict(quarter.severities)
        cells = [count_cell(counts.get(term.slug, 0)) for term in words]
        unstated = count_cell(quarter.counted - sum(counts.values()))
        lines.append(line(to or Target(quarter.name.label), count_cell(quarter.counted), *cells, unstated))
    shown = sum(quarter.counted for quarter in figures.quarters)
    return Chart(
        id="quarters",
        finding=findings.quarters(figures),
        count=shown,
        known=findings.known("severity", figures.severities.known, figures.counted),
        definition="Incidents by the quarter in which they began, and by severity.",
        table=Table(
            ("Quarter", "Incidents", *(term.label for term in words), "Not stated"), tuple(lines[::-1])
        ),
        drawing=Columns(tuple(columns), keys) if shown >= FEW else None,
        note=_quarters_note(figures, shown),
    )


def _parts(
    quarter: QuarterFigures, keys: Iterable[tuple[str, int]], ranks: Mapping[str, int], highest: int
) -> tuple[Part, ...]:
    """A quarter's column: a part for each severity that is ranked, and one for the rest; a plain bar without any."""
    counts = {ranks[word]: count for word, count in quarter.severities if word in ranks}
    counts[0] = quarter.counted - sum(counts.values())
    parts, base = [], 0
    for label, rank in tuple(keys) or (("", -1),):
        count = quarter.counted if rank < 0 else counts.get(rank, 0)
        if count:
            parts.append(Part(label, rank, count, round(base / highest, 4), round(count / highest, 4)))
            base += count
    return tuple(parts)


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
    for term in ranking.terms[:MOST_LINES]:
        to = Target(term.label, urls.term("causes", term.slug))
        found = [cells.get((term.slug, name), ()) for name in names]
        spots = _spots(
            found, highest, [f"{term.label}, {name.label}" for name in names], map(quarter_target, names)
        )
        rows.append(MatrixRow(to, term.count, tuple(filter(None, spots))))
        lines.append(line(to, count_cell(term.count), *map(_spot_cell, spots)))
    return Chart(
        id="causes",
        finding=findings.causes(ranking),
        count=ranking.known,
        known=_stated("root cause", ranking),
        definition="The one root cause that a postmortem states, by the quarter in which the incident began. "
        "“All” counts every quarter, earlier ones too.",
        table=Table(("Root cause", "All", *(name.label for name in names)), tuple(lines)),
        drawing=Matrix(tuple(map(quarter_target, names)), tuple(rows[:TOP_CAUSES]), is_slanted=False)
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
        spots = _spots(
            found,
            highest,
            [f"{service.label}, {cause.label}" for cause in causes],
            (_explorer(service, cause) for cause in causes),
        )
        rows.append(MatrixRow(to, service.count, tuple(filter(None, spots))))
        lines.append(line(to, count_cell(service.count), *map(_spot_cell, spots)))
    notes = (
        _first_of(TOP_SERVICES, len(figures.services.terms), "services"),
        _first_of(TOP_CAUSES, len(figures.causes.terms), "root causes"),
    )
    return Chart(
        id="services",
        finding=findings.pairs(figures),
        count=figures.paired,
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


def _detection(ranking: Ranking) -> Chart:
    highest = max((term.count for term in ranking.terms), default=1)
    targets = [Target(term.label, urls.term("detection", term.slug)) for term in ranking.terms[:MOST_LINES]]
    return Chart(
        id="detection",
        finding=findings.detection(ranking),
        count=ranking.known,
        known=_stated("detection", ranking),
        definition="Who or what noticed first, as the postmortem states it.",
        table=Table(
            ("Noticed by", "Incidents"),
            tuple(line(to, count_cell(term.count)) for to, term in zip(targets, ranking.terms, strict=False)),
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


def _spots(
    cells: Iterable[tuple[Incident, ...]], highest: int, where: Iterable[str], targets: Iterable[Target]
) -> list[Spot | None]:
    """The cells of a row; None for empty ones. A cell of one incident leads to that."""
    return [
        Spot(
            column,
            len(found),
            -(-LEVELS * len(found) // max(highest, LEVELS)),
            f"{place}: {found[0].title if len(found) == 1 else plural(len(found), 'incident')}",
            incident_target(found[0]) if len(found) == 1 else to,
        )
        if found
        else None
        for column, (found, place, to) in enumerate(zip(cells, where, targets, strict=True))
    ]


def _spot_cell(spot: Spot | None) -> Cell:
    return count_cell(spot.count, spot.to, spot.title) if spot else count_cell(0)


def _explorer(service: Ranked, cause: Ranked) -> Target:
    query = urlencode({"service": service.slug, "cause": cause.slug})
    return Target(f"{service.label}, {cause.label}", "incidents/", query)


def _stated(what: str, ranking: Ranking) -> str:
    """`root cause known for 35 of 40; not established for 3`."""
    unknown = ranking.known - sum(term.count for term in ranking.established)
    said = findings.known(what, ranking.known - unknown, ranking.total)
    return f"{said}; not established for {number(unknown)}" if unknown else said


def _first_of(shown: int, total: int, what: str) -> str:
    return f"The {shown} most frequent of {number(total)} {what} are shown." if total > shown else ""
