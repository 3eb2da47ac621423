"""`pmsite stats`: the figures of the insights and quarter pages as a table, JSON or CSV, by the same functions."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from datetime import date
from functools import partial
from typing import Any

from pmsite.archive.archive import Archive
from pmsite.archive.grouping import Ranking
from pmsite.archive.incident import Incident
from pmsite.archive.insights import FEW, Sample
from pmsite.archive.overview import Overview, overview
from pmsite.archive.quarters import QuarterFigures
from pmsite.config import Config
from pmsite.diagnostics import printable
from pmsite.listing import ListFormat
from pmsite.site import findings
from pmsite.site.format import duration, local, number

SCHEMA_VERSION = 1


def figures_of(incidents: tuple[Incident, ...], archive: Archive, config: Config, today: date) -> Overview:
    """The figures of some of an archive's incidents, newest first."""
    clock = partial(local, zone=config.timezone)
    return overview(incidents, archive.taxonomies, today, config.fiscal_year_start, clock)


def printed(figures: Overview, kind: ListFormat, title: str, today: date) -> str:
    """The figures as text."""
    if kind is ListFormat.TABLE:
        return "\n".join(printable(line) for line in _lines(figures, title)).rstrip("\n") + "\n"
    value = _value(figures, title, today)
    if kind is ListFormat.JSON:
        return json.dumps(value, ensure_ascii=False, indent=2) + "\n"
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(("figure", "value"))
    writer.writerows(_flat(value))
    return out.getvalue()


def _value(figures: Overview, title: str, today: date) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "title": title,
        "as_of": today.isoformat(),
        "documents": figures.total,
        "counted": figures.counted,
        "not_counted": dict(figures.left_out),
        "quarters": {quarter.name.label: _quarter(quarter) for quarter in figures.quarters},
        "severities": _ranking(figures.severities),
        "causes": _ranking(figures.causes),
        "services": _ranking(figures.services),
        "detection": _ranking(figures.detection),
        "services_by_cause": {
            f"{service}/{cause}": len(found) for (service, cause), found in sorted(figures.pairs.items())
        },
        "seconds_to_mitigate": {
            "all": _sample(figures.durations.sample),
            "by_year": {name.year_label: _sample(known) for name, known in figures.durations.by_year},
            "by_severity": {word: _sample(known) for word, known in sorted(figures.durations.by_severity)},
        },
        "seconds_to_detect": {
            "all": _sample(figures.detect.sample),
            "by_detection": {term.slug: _sample(known) for term, known in figures.detect_by},
        },
        "starts": {
            "known": figures.starts.known,
            "hours": {f"{hour:02d}": len(figures.starts.hours.get(hour, ())) for hour in range(24)},
            "weekdays": {
                name: len(figures.starts.weekdays.get(day, ())) for day, name in enumerate(findings.WEEKDAYS)
            },
        },
    }


def _quarter(quarter: QuarterFigures) -> dict[str, Any]:
    minutes, promises = quarter.minutes, quarter.promises
    return {
        "from": quarter.name.start.isoformat(),
        "to": quarter.name.end.isoformat(),
        "incidents": quarter.counted,
        "severities": dict(quarter.severities),
        "drafts": quarter.drafts,
        "impact_minutes": minutes.total,
        "impact_minutes_unknown": minutes.unknown,
        "largest": minutes.largest.id if minutes.largest else None,
        "largest_share": minutes.largest_share,
        "actions": {
            "promised": promises.total,
            "kept": promises.kept,
            "open": promises.open,
            "overdue": promises.overdue,
            "dropped": promises.dropped,
            "unknown": promises.unknown,
        },
    }


def _ranking(ranking: Ranking) -> dict[str, Any]:
    return {
        "known": ranking.known,
        "of": ranking.total,
        "counts": {term.slug: term.count for term in ranking.terms},
    }


def _sample(known: Sample) -> dict[str, int | None]:
    """The p90 of fewer than FEW values is not told, as on the pages."""
    return {
        "known": known.n,
        "of": known.total,
        "median": known.median,
        "p90": known.p90 if known.n >= FEW else None,
        "longest": known.values[-1] if known.n else None,
    }


def _flat(value: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Every figure with its way through the JSON, such as `quarters.Q3 2023.impact_minutes`."""
    for key, item in value.items():
        if isinstance(item, dict):
            yield from _flat(item, f"{above}{key}.")
        else:
            yield f"{above}{key}", "" if item is None else item


def _lines(figures: Overview, title: str) -> Iterator[str]:
    yield title
    yield findings.counted(figures)
    yield ""
    yield findings.quarters(figures)
    yield from _table(
        ("quarter", "incidents", "impact minutes", "not known", "kept", "overdue", "drafts"),
        (
            (
                quarter.name.label,
                number(quarter.counted),
                number(quarter.minutes.total),
                number(quarter.minutes.unknown),
                f"{number(quarter.promises.kept)} of {number(quarter.promises.total)}",
                number(quarter.promises.overdue),
                number(quarter.drafts),
            )
            for quarter in figures.quarters[::-1]
        ),
    )
    for heading, finding, ranking in (
        ("severity", f"Severity is known for {_known(figures.severities)}", figures.severities),
        ("root cause", findings.causes(figures.causes), figures.causes),
        ("service", findings.pairs(figures), figures.services),
        ("noticed by", findings.detection(figures.detection), figures.detection),
    ):
        yield finding
        yield from _table(
            (heading, "incidents"), ((term.label, number(term.count)) for term in ranking.terms)
        )
    yield findings.durations(figures.durations.sample)
    yield from _table(
        ("impact duration", "known", "median", "p90", "longest"),
        (
            *((name.year_label, *_spans(known)) for name, known in figures.durations.by_year),
            ("all", *_spans(figures.durations.sample)),
        ),
    )
    yield findings.detect(figures.detect.sample)
    yield from _table(
        ("time to detect", "known", "median", "p90", "longest"),
        (
            *((term.label, *_spans(known)) for term, known in figures.detect_by),
            ("all", *_spans(figures.detect.sample)),
        ),
    )
    yield findings.weekdays(figures.starts.weekdays, figures.starts.known)
    yield findings.hours(figures.starts.hours, figures.starts.known)
    yield ""


def _known(ranking: Ranking) -> str:
    return f"{number(ranking.known)} of {number(ranking.total)}"


def _spans(known: Sample) -> tuple[str, str, str, str]:
    return (
        f"{number(known.n)} of {number(known.total)}",
        duration(known.median) or "-",
        (duration(known.p90) if known.n >= FEW else "") or "-",
        duration(known.values[-1]) if known.n else "-",
    )


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Aligned columns, the first to the left, and an empty line after them."""
    lines = [header, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    for line in lines if len(lines) > 1 else ():
        first, *others = (
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        yield "  ".join(("", first, *others)).rstrip()
    yield ""
