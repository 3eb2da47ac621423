"""What a document's prose says about its incident, for the fields that front matter leaves empty.

Front matter always wins. What prose says less clearly is left out: a wrong value is worse than a missing one.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from pmsite.archive.incident import (
    APPROXIMATE,
    MILESTONES,
    ActionItem,
    Doubt,
    Duration,
    ImpactWindow,
    Incident,
    Precision,
    TimelineEntry,
    Timestamp,
)
from pmsite.source import kinds
from pmsite.source.actions import FoundAction, find_actions
from pmsite.source.blocks import Line, lines
from pmsite.source.causes import cause_of
from pmsite.source.clock import Times
from pmsite.source.contradictions import Remark, difference, disagreement, odd_season
from pmsite.source.facts import Fact, facts
from pmsite.source.fields import Vocabularies, Zone
from pmsite.source.lengths import duration
from pmsite.source.milestones import detecting
from pmsite.source.moments import day_first
from pmsite.source.numbers import leading_number, stated_number
from pmsite.source.openings import causes, fix, introduction, opening
from pmsite.source.paragraphs import is_passage, is_sentence, shortened
from pmsite.source.sections import divide
from pmsite.source.shares import stated_counts, stated_shares
from pmsite.source.timeline import Found, Timeline, gathered, placed
from pmsite.source.times import completed, stated_times
from pmsite.source.titles import find_title, is_boilerplate
from pmsite.source.zones import Zoned


@dataclass(frozen=True, slots=True)
class Reading:
    """What the prose of one document says: the incident with its gaps filled, and where that stands.

    `evidence` gives a line for each inferred value, `entries` and `actions` the lines that the timeline and the action
    items stand in, whoever gave their values. `cause` is the text about the root cause.
    """

    incident: Incident
    evidence: tuple[tuple[str, Line, str, str], ...]
    entries: tuple[Found, ...]
    actions: tuple[FoundAction, ...]
    remarks: tuple[Remark, ...]
    title_line: Line | None
    cause: str


@dataclass(frozen=True, slots=True)
class Given:
    """What inference starts from: the incident as front matter gives it, and what else is known of the document.

    `heading` is the first heading, taken for a title; `has_title` says that front matter gives one. `near` is the day
    that front matter or the file's name gives.
    """

    incident: Incident
    heading: str
    has_title: bool
    has_date: bool
    near: date | None


class Inference:
    """Reads prose for one site: its vocabularies are prepared once."""

    def __init__(
        self,
        vocabularies: Vocabularies,
        services: Iterable[tuple[str, tuple[str, ...]]],
        zone: Zone,
    ) -> None:
        self._vocabularies = vocabularies
        self._zone = zone
        names = {
            name.casefold(): canonical for canonical, names in services for name in names if len(name) > 1
        }
        self._services = names
        alternatives = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
        self._service = (
            re.compile(rf"(?<![\w-])(?:{alternatives})(?![\w-])", re.IGNORECASE) if names else None
        )

    def read(self, html: str, given: Given) -> Reading:
        found = lines(html)
        divide(found)
        return _Gathering(found, given, self).result()

    def severity(self, text: str) -> str:
        """A known severity that a labelled value begins with, or nothing."""
        for size in (3, 2, 1):
            words = re.findall(r"[\w-]+", text[:60])[:size]
            for name in (" ".join(words), "".join(words)):
                canonical = self._vocabularies["severity"].known(name)
                if canonical:
                    return canonical
        return ""

    def in_zone(self, at: Timestamp) -> Timestamp:
        """A time without a zone is one of the site's zone, in prose as in front matter."""
        if at.offset is not None or at.precision is Precision.DAY or not self._zone.name:
            return at
        return replace(at, offset=self._zone.offset(at.wall))

    def entry_in_zone(self, entry: Found) -> Found:
        """Likewise, an entry of a timeline whose day is known."""
        at = _at(entry)
        offset = self.in_zone(at).offset if at is not None else None
        if offset is None or entry.zone is not None:
            return entry
        return replace(entry, zone=Zoned(self._zone.name, offset // 60))

    def day(self, at: Timestamp) -> date:
        """The calendar day of a time in the site's zone; in its own zone where the site has none."""
        offset = self._zone.offset(at.wall)
        return at.wall.date() if offset is None else at.day_in(offset)

    @property
    def has_services(self) -> bool:
        return self._service is not None

    def cause(self, slug: str) -> str:
        """The site's own word for a cause."""
        return self._vocabularies["causes"].canonical(slug)

    def services(self, texts: Iterable[str]) -> tuple[str, ...]:
        """Services of the configuration that texts name, in the order of their first mention."""
        if self._service is None:
            return ()
        found = (
            self._services[match[0].casefold()]
            for text in texts
            for match in self._service.finditer(text[:4000])
        )
        return tuple(dict.fromkeys(found))


class _Gathering:
    """Collects values for one document; the first that is found for a field stays."""

    def __init__(self, found: list[Line], given: Given, inference: Inference) -> None:
        self._lines = found
        self._given = given
        self._inference = inference
        self._values: dict[str, Any] = {}
        self._impact: dict[str, Any] = {}
        self._evidence: list[tuple[str, Line, str, str]] = []
        self._remarks: list[Remark] = []
        self._doubts: list[Doubt] = []

    def result(self) -> Reading:
        given, incident, found = self._given, self._given.incident, self._lines
        first_day = day_first(line.text for line in found)
        known = facts(found)
        title, title_line = self._title(known)
        near = given.near
        parts = gathered(found, first_day)
        is_timed = self._is_given("started")
        given_start = incident.started if is_timed and isinstance(incident.started, Timestamp) else None
        zone = next((part.zone for part in parts if part.zone is not None), None)
        times = stated_times(found, known, zone, near, title, first_day, labels_only=is_timed)
        stated = times.told.get("started") or times.told.get("resolved")
        elsewhere = stated.moment.zone if stated is not None else None
        timeline = placed(parts, _day_of(times) or near or times.day, elsewhere, first_day)
        timeline = replace(timeline, entries=tuple(map(self._inference.entry_in_zone, timeline.entries)))
        completed(times, timeline, known, given_start)
        actions = find_actions(found, first_day)
        self._milestones(times, timeline)
        self._day(times, near)
        self._words(known)
        if (seen := detecting(timeline)) is not None:
            self._set("detection", seen[0], seen[1].line, seen[1].event)
        self._number(title, title_line)
        self._hit(known)
        self._cause(known)
        self._lists(timeline, actions)
        self._named(title, known)
        inferred = tuple(
            dict.fromkeys(
                name.split(".")[0] if name.startswith(("timeline.", "action_items.")) else name
                for name, *_ in self._evidence
            )
        )
        impact = replace(incident.impact, **self._impact) if self._impact else incident.impact
        shown = []
        if timeline.entries and (
            "timeline" in self._values or _same_entries(incident.timeline, timeline.entries)
        ):
            shown.append("timeline")
        if actions and ("action_items" in self._values or _same_items(incident.action_items, actions)):
            shown.append("action_items")
        merged = replace(
            incident,
            **self._values,
            impact=impact,
            inferred=tuple(dict.fromkeys((*incident.inferred, *inferred))),
            doubts=tuple(self._doubts),
            shown=tuple(shown),
        )
        return Reading(
            merged,
            tuple(self._evidence),
            timeline.entries,
            tuple(actions),
            tuple(self._remarks),
            title_line,
            " ".join(line.text for line in found if line.section == "cause" and line.kind != "code"),
        )

    def _set(self, field: str, value: Any, line: Line | None, text: str) -> None:
        """Take a value for a field that nothing gives yet."""
        if value in ("", None, ()):
            return
        if field.startswith("impact."):
            name = field.removeprefix("impact.")
            if name in self._impact or getattr(self._given.incident.impact, name) not in ("", None, ()):
                return
            self._impact[name] = value
        else:
            if field in self._values or getattr(self._given.incident, field) not in ("", None, ()):
                return
            self._values[field] = value
        if line is not None:
            shown = _shown(value)
            self._evidence.append((field, line, text[:200], shown))

    def _is_given(self, milestone: str) -> bool:
        """Whether a person wrote a time into front matter: one that was adopted leaves the prose as it was read."""
        incident = self._given.incident
        return isinstance(getattr(incident, milestone), Timestamp) and milestone not in incident.inferred

    def _has(self, field: str) -> bool:
        if field.startswith("impact."):
            name = field.removeprefix("impact.")
            return name in self._impact or bool(getattr(self._given.incident.impact, name))
        return field in self._values or bool(getattr(self._given.incident, field))

    def _title(self, known: list[Fact]) -> tuple[str, Line | None]:
        given = self._given
        if given.has_title:
            return given.incident.title, None
        labelled = next(
            (
                fact
                for fact in known
                if fact.kind == "title" and fact.line.kind == "row" and 8 <= len(fact.value) <= 120
            ),
            None,
        )
        title, line = find_title(self._lines, given.heading)
        if labelled is not None and line is None and (not title or is_boilerplate(title)):
            self._values["title"] = labelled.value
            self._evidence.append(("title", labelled.line, labelled.value, labelled.value))
            return labelled.value, None
        if title and title != given.heading:
            self._values["title"] = title
            if line is not None:
                self._evidence.append(("title", line, title, title))
        return title or given.heading, line

    def _number(self, title: str, line: Line | None) -> None:
        """The number that the title begins with, or the first heading where that is none."""
        for text in (title, self._given.heading):
            self._set("number", leading_number(text), line if text == title else None, text)

    def _milestones(self, times: Times, timeline: Timeline) -> None:
        incident = self._given.incident
        is_given = any(map(self._is_given, ("started", "mitigated", "resolved")))
        for name in MILESTONES:
            told = times.told.get(name)
            if told is None or told.at is None:
                continue
            at = self._inference.in_zone(told.at)
            if is_given and name in ("started", "mitigated", "resolved"):
                self._compare(name, at, told.line)
                continue
            self._set(name, at, told.line, told.text)
        if times.windows and not incident.impact.windows and not is_given:
            windows = tuple(
                ImpactWindow(self._inference.in_zone(start.at), self._inference.in_zone(end.at))
                for start, end in times.windows
                if start.at is not None and end.at is not None
            )
            self._impact["windows"] = windows
            for start, _ in times.windows:
                self._evidence.append(("impact.windows", start.line, start.text, f"{len(windows)} windows"))
        self._length(times, is_given)
        self._remarks += odd_season(times, timeline)

    def _compare(self, name: str, at: Timestamp, line: Line) -> None:
        """Front matter wins over prose; that they disagree is said."""
        given = getattr(self._given.incident, name)
        if isinstance(given, Timestamp) and (remark := disagreement(name, at, given, line)):
            self._remarks.append(remark)

    def _length(self, times: Times, is_given: bool) -> None:
        incident = self._given.incident
        said = times.said
        started = self._values.get("started") or incident.started
        end = (
            self._values.get("mitigated")
            or incident.mitigated
            or self._values.get("resolved")
            or incident.resolved
        )
        measured = None
        if isinstance(started, Timestamp) and isinstance(end, Timestamp):
            measured = end.seconds_since(started)
        elif times.clocks is not None:
            measured = times.seconds()
        least, since = measured, "started"
        detected = self._values.get("detected") or incident.detected
        if measured is None and isinstance(detected, Timestamp) and isinstance(end, Timestamp):
            least, since = end.seconds_since(detected), "detected"
        if said is not None and least is not None and least > 0:
            remark, doubt = difference(said, least, times, is_given, since)
            self._remarks += [remark] if remark else []
            self._doubts += [doubt] if doubt else []
        if incident.duration is None and not is_given:
            if measured is not None and times.clocks is not None and not isinstance(started, Timestamp):
                self._set("duration", Duration(measured), times.clocks[2], times.clocks[2].text)
            elif said is not None and measured is None:
                about = APPROXIMATE if said.length.is_vague else ""
                self._set("duration", Duration(said.length.seconds, doubt=about), said.line, said.text)

    def _day(self, times: Times, near: date | None) -> None:
        started = self._values.get("started") or self._given.incident.started
        if self._given.has_date:
            return
        if isinstance(started, Timestamp):
            told = times.told.get("started")
            if told is None:
                return
            self._values["date"] = day = self._inference.day(started)
            self._evidence.append(("date", told.line, told.text, day.isoformat()))
        elif times.windows and times.windows[0][0].at is not None:
            first = times.windows[0][0]
            assert first.at is not None
            self._values["date"] = day = self._inference.day(self._inference.in_zone(first.at))
            self._evidence.append(("date", first.line, first.text, day.isoformat()))
        elif times.day is not None and times.day != near and self._fits_number(times.day):
            self._values["date"] = times.day
            if times.day_line is not None:
                self._evidence.append(("date", times.day_line, times.day_line.text, times.day.isoformat()))

    def _fits_number(self, day: date) -> bool:
        """A number with a year in it, such as PM2022-006, is no other year's; one of January may be the year before's."""
        year = re.match(r"\D*((?:19|20)\d\d)(?!\d)", self._given.incident.number)
        return year is None or day.year == int(year[1]) or (day.year + 1 == int(year[1]) and day.month > 10)

    def _words(self, known: list[Fact]) -> None:
        for fact in known:
            if fact.value.endswith(":"):
                continue  # it leads up to what is said
            if fact.kind == "number":
                self._set("number", stated_number(fact.value), fact.lines[0], fact.value)
            elif fact.kind == "severity":
                self._set("severity", self._inference.severity(fact.value), fact.lines[0], fact.value)
            elif fact.kind == "status":
                self._set("status", kinds.status(fact.value), fact.lines[0], fact.value)
            elif fact.kind == "summary" and is_passage(fact.value):
                self._set("summary", shortened(fact.value), fact.lines[0], fact.value)
            elif fact.kind == "impact" and is_sentence(fact.value) and not self._has("impact.windows"):
                self._set("impact.summary", shortened(fact.value), fact.lines[0], fact.value)
            elif (
                fact.kind == "resolution"
                and len(fact.value) >= 15
                and fact.line.section not in ("timeline", "actions")
            ):
                self._set("resolution", shortened(fact.value), fact.lines[0], fact.value)
            elif fact.kind == "detection" and fact.line.section != "actions":
                self._set("detection", kinds.detection(fact.value), fact.lines[0], fact.value)
            elif fact.kind == "trigger":
                self._set("trigger", kinds.trigger(fact.value), fact.lines[0], fact.value)
        self._set_text("summary", lambda: opening(self._lines, "summary"))
        self._set_text("impact.summary", lambda: opening(self._lines, "impact"))
        self._set_text("resolution", lambda: opening(self._lines, "resolution", mends=True))
        title = self._values.get("title") or self._given.incident.title
        self._set_text("summary", lambda: introduction(self._lines, title))
        self._set_text("resolution", lambda: fix(self._lines))
        for field, kind_of in (("detection", kinds.detection), ("trigger", kinds.trigger)):
            if self._has(field):
                continue
            for line in self._lines:
                if line.section == field and line.kind in ("text", "item") and not line.is_label:
                    self._set(field, kind_of(line.text), line, line.text)

    def _set_text(self, field: str, find: Callable[[], tuple[Line, str] | None]) -> None:
        """The first sentences of a text that is looked for only where nothing gives the field yet."""
        if not self._has(field) and (found := find()) is not None:
            self._set(field, shortened(found[1]), *found)

    def _hit(self, known: list[Fact]) -> None:
        """Whom the incident hit: the share of them, unless windows have shares of their own, and their number."""
        impact = self._given.incident.impact
        if impact.percent is not None and impact.users is not None:
            return
        if impact.percent is None and not self._has("impact.windows"):
            share = next(
                (share for share in stated_shares(self._lines, known) if 0 < share.percent <= 100), None
            )
            if share is not None:
                self._set("impact.percent", share.percent, share.line, share.text)
                if not impact.percent_of:
                    self._impact["percent_of"] = share.of
        for name, count, line in stated_counts(self._lines):
            self._set(f"impact.{name}", count, line, line.text)

    def _cause(self, known: list[Fact]) -> None:
        if self._given.incident.root_cause:
            return
        texts = causes(self._lines, known)
        if texts and (slug := cause_of([text for _, text in texts])):
            self._set("root_cause", self._inference.cause(slug), *texts[0])

    def _lists(self, timeline: Timeline, actions: list[FoundAction]) -> None:
        incident = self._given.incident
        if not incident.timeline and timeline.entries:
            self._values["timeline"] = tuple(
                TimelineEntry(_at(entry), " ".join(entry.event.split())) for entry in timeline.entries
            )
            self._evidence += [
                (
                    f"timeline.{number}",
                    entry.line,
                    entry.line.text[:120],
                    at.iso() if (at := _at(entry)) else "",
                )
                for number, entry in enumerate(timeline.entries)
            ]
        if not incident.action_items and actions:
            self._values["action_items"] = tuple(action.item for action in actions)
            self._evidence += [
                (f"action_items.{number}", action.line, action.line.text[:120], action.item.status.value)
                for number, action in enumerate(actions)
            ]

    def _named(self, title: str, known: list[Fact]) -> None:
        """Services that the title, the summary, the impact or a label for services name."""
        if self._given.incident.services or not self._inference.has_services:
            return
        where = [line for fact in known if fact.kind == "services" for line in fact.lines]
        where += naming_lines(self._lines)
        services = self._inference.services((title, *(line.text for line in where)))
        if services:
            line = next((line for line in where if self._inference.services((line.text,))), None) or (
                self._lines[0] if self._lines else None
            )
            self._set("services", services, line, line.text if line else title)


def naming_lines(found: Iterable[Line]) -> Iterator[Line]:
    """The lines beside the title in which a document names the services that its incident hit."""
    for line in found:
        if line.section in ("summary", "impact") and line.kind != "code":
            yield line


def _at(entry: Found) -> Timestamp | None:
    if entry.wall is None or entry.moment is None or not entry.is_dated:
        return None
    if entry.moment.clock is None:
        return Timestamp(entry.wall, None, Precision.DAY)
    precision = Precision.APPROXIMATE if entry.moment.is_vague else Precision.EXACT
    return Timestamp(entry.wall, entry.offset, precision)


def _day_of(times: Times) -> date | None:
    told = times.told.get("started")
    return told.at.wall.date() if told is not None and told.at is not None else None


def _same_entries(given: tuple[TimelineEntry, ...], found: tuple[Found, ...]) -> bool:
    return len(given) == len(found) and all(
        entry.event == " ".join(other.event.split()) for entry, other in zip(given, found, strict=True)
    )


def _same_items(given: tuple[ActionItem, ...], found: list[FoundAction]) -> bool:
    return len(given) == len(found) and all(
        item.title == other.item.title for item, other in zip(given, found, strict=True)
    )


def _shown(value: Any) -> str:
    if isinstance(value, Timestamp):
        return value.iso()
    if isinstance(value, Duration):
        return f"{'≈ ' if value.doubt else ''}{duration(value.seconds)}"
    if isinstance(value, tuple):
        return ", ".join(str(part) for part in value)
    return str(getattr(value, "value", value))[:200]
