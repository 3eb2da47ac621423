"""The charts of the insights page, from the archive's figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from pmsite.archive.grouping import Ranked, Ranking
from pmsite.archive.incident import Incident
from pmsite.archive.insights import FEW
from pmsite.archive.overview import CAUSE_QUARTERS, Overview
from pmsite.site import findings, urls
from pmsite.site.charts import (
    Bar,
    Bars,
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
)
from pmsite.site.format import number, plural
from pmsite.site.timing import detect_chart, durations_chart, hours_chart, weekdays_chart

TOP_CAUSES, TOP_SERVICES, TOP_DETECTIONS = 8, 12, 8

LEVELS = 4


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
            durations_chart(figures, ranks),
            detect_chart(figures),
            _detection(figures.detection),
            weekdays_chart(figures, zone),
            hours_chart(figures, zone),
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
        to = quarter_target(quarter.name) if quarter.counted else None
        said = ", ".join(f"{part.label} {part.count}" for part in parts)
        title = f"{quarter.name.label}: {plural(quarter.counted, 'incident')}{f' ({said})' if said else ''}"
        group = quarter.name.year_label if quarter.name.number == 1 or place == 0 else ""
        columns.append(Column(place, "", group, title, quarter.counted, tuple(parts), to))
        cells = [count_cell(counts.get(word, 0)) for word in order]
        lines.append(
            line(to or Target(quarter.name.label), count_cell(quarter.counted), *cells, count_cell(unstated))
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
            _spot(place, found, highest, f"{term.label}, {name.label}", quarter_target(name))
            for place, name in enumerate(names)
            if (found := cells.get((term.slug, name)))
        ]
        to = Target(term.label, urls.term("causes", term.slug))
        rows.append(MatrixRow(to, term.count, tuple(spots)))
    for term in ranking.terms:
        to = Target(term.label, urls.term("causes", term.slug))
        counts = [count_cell(len(cells.get((term.slug, name), ()))) for name in names]
        lines.append(line(to, count_cell(term.count), *counts))
    return Chart(
        id="causes",
        finding=findings.causes(ranking),
        known=_stated("root cause", ranking),
        definition="The one root cause that a postmortem states, by the quarter in which the incident began. "
        "“All” counts every quarter, earlier ones too.",
        table=Table(("Root cause", "All", *(name.label for name in names)), tuple(lines)),
        drawing=Matrix(tuple(quarter_target(name) for name in names), tuple(rows), is_slanted=False)
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
        lines.append(
            line(to, count_cell(service.count), *(count_cell(len(incidents)) for incidents in found))
        )
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
            tuple(line(to, count_cell(term.count)) for to, term in zip(targets, ranking.terms, strict=True)),
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


def _spot(column: int, incidents: tuple[Incident, ...], highest: int, where: str, to: Target) -> Spot:
    count = len(incidents)
    return Spot(
        column,
        count,
        -(-LEVELS * count // max(highest, LEVELS)),
        f"{where}: {incidents[0].title if count == 1 else plural(count, 'incident')}",
        incident_target(incidents[0]) if count == 1 else to,
    )


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
