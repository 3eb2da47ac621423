"""The charts of the insights page that are about time: how long, how soon noticed, at what hour."""

from collections.abc import Iterable, Mapping
from math import sqrt

from pmsite.archive.incident import Incident, impact_duration
from pmsite.archive.insights import FEW, Sample
from pmsite.archive.overview import Overview
from pmsite.archive.spread import MAX_DOTS, Dot
from pmsite.site import findings, urls
from pmsite.site.charts import (
    MOST_LINES,
    Cell,
    Chart,
    Cloud,
    Column,
    Columns,
    Line,
    Mark,
    Part,
    Table,
    Target,
    count_cell,
    incident_target,
    line,
    quarter_target,
    severity_keys,
)
from pmsite.site.format import duration, number, plural

NEWEST, RADIUS, MAX_RADIUS = 3, 4.5, 9.0


def durations_chart(figures: Overview, ranks: Mapping[str, int]) -> Chart:
    found = figures.durations
    labels = {term.slug: term.label for term in figures.severities.terms}
    highest = max((dot.count for dot in found.dots), default=1)
    keys = () if found.is_binned else severity_keys(figures.severities, ranks)
    by_severity = sorted(found.by_severity, key=lambda item: (ranks.get(item[0], 99), item[0]))
    lines = [
        *(
            _sample_line(Target(name.year_label, urls.year(name.year_slug)), known)
            for name, known in found.by_year[:MOST_LINES]
        ),
        *(
            _sample_line(Target(labels[word], urls.term("severity", word)), known)
            for word, known in by_severity[:MOST_LINES]
        ),
        _sample_line(Target("All"), found.sample),
    ]
    return Chart(
        id="durations",
        finding=findings.durations(found.sample),
        count=found.sample.n,
        known=findings.known("duration", found.sample.n, found.sample.total),
        definition="Impact duration: how long users were affected, which is the sum of the impact windows, else "
        "mitigated, or else resolved, minus started. Median and p90 are by nearest rank. Approximate and contradicted "
        "durations are left out.",
        table=Table(("Incidents of", "Known", "Not known", "Median", "p90", "Longest"), tuple(lines)),
        drawing=Cloud(
            tuple(_mark(dot, highest, ranks if keys else {}) for dot in found.dots),
            tuple((place, name.year_label) for place, name in found.years),
            found.ticks,
            found.median_place,
            found.p90_place,
            keys,
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
    """A dot; one that is one incident has its severity's shape, unless there are no ranks."""
    incident = dot.incidents[0]
    if dot.period is None:
        rank = ranks.get(urls.slug(incident.severity, fallback="term"), 0) if incident.severity else 0
        title = f"{incident.title}: {duration(impact_duration(incident).seconds)}"
        return Mark(dot.x, dot.y, 0 if ranks else RADIUS, rank, title, incident_target(incident))
    period = dot.period.year_label if dot.whole_year else dot.period.label
    spans = sorted(impact_duration(item).seconds or 0 for item in dot.incidents)
    title = f"{period}: {plural(dot.count, 'incident')}, {duration(spans[0])} to {duration(spans[-1])}"
    to = Target(period, urls.year(dot.period.year_slug)) if dot.whole_year else quarter_target(dot.period)
    size = max(1.5, round(MAX_RADIUS * sqrt(dot.count / highest), 1))
    return Mark(dot.x, dot.y, size, 0, title, incident_target(incident) if dot.count == 1 else to)


def detect_chart(figures: Overview) -> Chart:
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
        count=known.n,
        known=findings.known("time to detect", known.n, known.total),
        definition="Time to detect: detected minus started. Median and p90 are by nearest rank. Approximate and "
        "contradicted times are left out.",
        table=Table(
            ("Noticed by", "Known", "Not known", "Median", "p90", "Longest"),
            (
                *(
                    _sample_line(Target(term.label, urls.term("detection", term.slug)), times)
                    for term, times in figures.detect_by[:MOST_LINES]
                ),
                _sample_line(Target("All"), known),
            ),
        ),
        drawing=None if found.is_few else found,
        note=thinned,
    )


def weekdays_chart(figures: Overview, zone: str) -> Chart:
    return _starts(
        figures,
        "weekdays",
        findings.weekdays(figures.starts.weekdays, figures.starts.known),
        [(day, name[:3], name) for day, name in enumerate(findings.WEEKDAYS)],
        figures.starts.weekdays,
        f"The day of the week on which incidents began, {_clock(zone)}.",
        every=1,
    )


def hours_chart(figures: Overview, zone: str) -> Chart:
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
        to = incident_target(found[0]) if len(found) == 1 else Target(long, anchor=anchor)
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
        newest = Cell(links=tuple(map(incident_target, found[:NEWEST])), more=max(0, len(found) - NEWEST))
        lines.append(Line((Cell(long), count_cell(len(found)), newest), anchor))
    return Chart(
        id=identifier,
        finding=finding,
        count=figures.starts.known,
        known=findings.known("start", figures.starts.known, figures.starts.total),
        definition=definition,
        table=Table(("Weekday" if identifier == "weekdays" else "Hour", "Incidents", "Latest"), tuple(lines)),
        drawing=Columns(tuple(columns)) if figures.starts.known >= FEW else None,
    )


def _sample_line(to: Target, known: Sample) -> Line:
    return line(
        to,
        count_cell(known.n),
        count_cell(known.missing),
        Cell(duration(known.median) or "–", is_number=True),
        Cell((duration(known.p90) if known.n >= FEW else "") or "–", is_number=True),
        Cell(duration(known.values[-1]) if known.n else "–", is_number=True),
    )
