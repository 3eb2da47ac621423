"""What figures say, as sentences: true by computation, with the number of incidents that they rest on."""

from collections.abc import Sequence

from pmsite.archive.grouping import Ranking, leaders
from pmsite.archive.incident import Incident
from pmsite.archive.insights import FEW, Sample
from pmsite.archive.overview import Overview
from pmsite.archive.quarters import EARLIER
from pmsite.site.format import duration as plain_duration
from pmsite.site.format import number, plural

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def duration(seconds: int | None) -> str:
    """A duration that stays on one line."""
    return plain_duration(seconds).replace(" ", "\u00a0")


def counted(figures: Overview) -> str:
    """`84 of 90 postmortems are counted. Left out: 4 draft, 2 near-miss.`"""
    if not figures.left_out:
        return (
            f"{plural(figures.total, 'postmortem')}, all counted." if figures.total else "No postmortems yet."
        )
    reasons = ", ".join(f"{number(count)} {reason}" for reason, count in figures.left_out)
    return f"{number(figures.counted)} of {plural(figures.total, 'postmortem')} are counted. Left out: {reasons}."


def quarters(figures: Overview) -> str:
    """The latest complete quarter against the four before it, as far as the archive reaches."""
    complete = [quarter for quarter in figures.quarters if quarter.name <= figures.complete]
    if not complete:
        return (
            f"{plural(sum(item.counted for item in figures.quarters), 'incident')}, no complete quarter yet"
        )
    latest, earlier = complete[-1], [quarter.counted for quarter in complete[-1 - EARLIER : -1]]
    said = f"{latest.name.label} had {plural(latest.counted, 'incident')}"
    if not earlier:
        return said
    low, high = min(earlier), max(earlier)
    span = "none" if not high else number(low) if low == high else f"{number(low)} to {number(high)}"
    if len(earlier) == 1:
        return f"{said}, the quarter before {span}"
    each = " each" if low == high and high else ""
    return f"{said}, the {_WORDS[len(earlier)]} quarters before {span}{each}"


_WORDS = {2: "two", 3: "three", 4: "four"}


def causes(ranking: Ranking) -> str:
    return _most(
        ranking,
        ("causes most", "is the most frequent root cause", "are the most frequent root causes"),
        "No root cause stands out",
        "No root cause is stated",
    )


def detection(ranking: Ranking) -> str:
    return _most(
        ranking,
        (
            "is how most were noticed",
            "is the most frequent way of noticing",
            "are the most frequent ways of noticing",
        ),
        "No way of noticing stands out",
        "How incidents were noticed is not stated",
    )


def _most(ranking: Ranking, verbs: tuple[str, str, str], none: str, unknown: str) -> str:
    """`Configuration is the most frequent root cause: 9 of 38`, of those that have a term.

    `verbs` are what follows the name of a term that more than half have, of one that leads with fewer, of several.
    """
    if not ranking.known:
        return unknown
    best = ranking.leaders
    if not best:
        highest = max((term.count for term in ranking.established), default=0)
        return f"{none}: at most {number(highest)} of {number(ranking.known)}" if highest > 1 else none
    names = listed([term.label for term in best])
    majority, one, many = verbs
    each = " each" if len(best) > 1 else ""
    verb = many if each else majority if _is_majority(best[0].count, ranking.known) else one
    return f"{names} {verb}: {number(best[0].count)} of {number(ranking.known)}{each}"


def _is_majority(count: int, known: int) -> bool:
    """Whether a heading may say `most`."""
    return 2 * count > known


def pairs(figures: Overview) -> str:
    if not figures.paired:
        return "No incident has both a service and a root cause"
    best = figures.leading_pairs
    if best:
        names = listed([f"{pair.cause.label} on {pair.service.label}" for pair in best])
        many = len(best) > 1
        return (
            f"{names} {'come' if many else 'comes'} back most often: "
            f"{plural(len(best[0].incidents), 'incident')}{' each' if many else ''}"
        )
    established = {term.slug for term in figures.causes.established}
    highest = max(
        (len(found) for (_, cause), found in figures.pairs.items() if cause in established), default=0
    )
    if highest < 2:
        return "No service had the same root cause twice"
    return f"No service and cause stand out: at most {plural(highest, 'incident')} have both"


def durations(sample: Sample, what: str = "lasted") -> str:
    """`Half lasted at most 1 h 30 min, nine in ten at most 14 h`; no percentiles of fewer than five values."""
    if not sample.n:
        return f"How long incidents {what} is not known"
    if sample.n < FEW:
        shortest, longest = duration(sample.values[0]), duration(sample.values[-1])
        span = shortest if shortest == longest else f"from {shortest} to {longest}"
        return f"{plural(sample.n, 'duration is', 'durations are')} known: {span}"
    return f"Half {what} at most {duration(sample.median)}, nine in ten at most {duration(sample.p90)}"


def detect(sample: Sample) -> str:
    if not sample.n:
        return "How long it took to notice incidents is not known"
    if sample.n < FEW:
        return f"Time to detect: {durations(sample)[0].lower()}{durations(sample)[1:]}"
    return f"Half were noticed within {duration(sample.median)}, nine in ten within {duration(sample.p90)}"


def weekdays(groups: dict[int, tuple[Incident, ...]], known: int) -> str:
    best = _one(groups, 1.5 * known / 7)
    name = WEEKDAYS[best] if best is not None else ""
    said = f"on {name}s", f"on a {name} than on any other day"
    return _starts(groups, known, "No weekday stands out", "on the same", said, best)


def hours(groups: dict[int, tuple[Incident, ...]], known: int) -> str:
    best = _one(groups, 1.5 * known / 24)
    name = f"between {best:02d}:00 and {(best + 1) % 24:02d}:00" if best is not None else ""
    said = name, f"{name} than in any other hour"
    return _starts(groups, known, "No hour stands out", "in the same", said, best)


def _one(groups: dict[int, tuple[Incident, ...]], least: float) -> int | None:
    """The only group that is larger than all others, if it has half as many again as it would have by chance."""
    best = leaders(sorted(groups), lambda key: len(groups[key]), least)
    return best[0] if len(best) == 1 else None


def _starts(
    groups: dict[int, tuple[Incident, ...]],
    known: int,
    none: str,
    same: str,
    said: tuple[str, str],
    best: int | None,
) -> str:
    """`said` is what follows `Most began` and `More began`."""
    if not known:
        return "When incidents begin is not known"
    if best is not None:
        count, (most, more) = len(groups[best]), said
        began = f"Most began {most}" if _is_majority(count, known) else f"More began {more}"
        return f"{began}: {number(count)} of {number(known)}"
    highest = max(map(len, groups.values()))
    return f"{none}: at most {number(highest)} of {number(known)} began {same}" if highest > 1 else none


def known(what: str, count: int, total: int) -> str:
    """`duration known for 63 of 84`."""
    return f"{what} known for {number(count)} of {number(total)}"


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
