"""What a document's prose says about its incident, for the fields that front matter leaves empty.

Front matter always wins. What prose says less clearly is left out: a wrong value is worse than a missing one.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from pmsite.archive.incident import (
    MILESTONES,
    ActionItem,
    Doubt,
    ImpactWindow,
    Incident,
    Precision,
    Status,
    TimelineEntry,
    Timestamp,
)
from pmsite.source.actions import FoundAction, find_actions
from pmsite.source.blocks import Line, lines
from pmsite.source.causes import cause_of
from pmsite.source.facts import Fact, facts
from pmsite.source.fields import Vocabularies, Zone, word
from pmsite.source.lengths import duration
from pmsite.source.moments import day_first
from pmsite.source.sections import divide
from pmsite.source.synonyms import STATUS_SYNONYMS
from pmsite.source.timeline import Found, Timeline, gathered, placed
from pmsite.source.times import Times, completed, stated_times
from pmsite.source.titles import find_title, is_boilerplate
from pmsite.source.zones import Zoned

MAX_SENTENCES = 300
MAX_PARAGRAPH = 40
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9\"'*(])")
_USERS = r"(?:user|customer|client|visitor|player|subscriber|employee|student|people|consumer|account)\w*"
_PERCENT = re.compile(
    rf"(?<![\w.,%])(?P<percent>\d{{1,3}}(?:\.\d{{1,2}})?)\s?(?:%|percent\b)(?P<between>[^.%\d]{{0,40}}?)\b(?P<of>{_USERS}|user ?base|requests?|traffic|evaluations?|transactions?|sessions?|latency)",
    re.IGNORECASE,
)
_AFFECTED_PERCENT = re.compile(
    rf"{_USERS}(?: \w+){{0,3}}?[:\s]{{1,3}}(?:approximately|about|around|roughly|~)?\s{{0,2}}(?P<percent>\d{{1,3}}(?:\.\d{{1,2}})?)\s?(?:%|percent\b)",
    re.IGNORECASE,
)
_ALL_USERS = re.compile(
    rf"\b(?:affect\w*|impact\w*|caus\w+|prevent\w*|for|leaving|to|and)\s+(?:all|every|100 ?%)(?: of)?(?: (?:the|our|its))?(?: (?:active|external|online|web|site))?\s{_USERS}\b(?! (?:in|of|on|using|with|from|who|whose)\b)|\ball (?:of )?(?:the |our )?{_USERS} (?:were|was|are|could|had|experienced|lost)",
    re.IGNORECASE,
)
_COUNT = re.compile(
    rf"(?<![\w.,>])(?P<count>\d{{1,3}}(?:,\d{{3}})+|\d{{2,9}})\+? (?:(?:of )?(?:our |the )?(?:active |registered |affected |unique |paying )?)(?P<of>{_USERS}(?! (?:request|ticket|report|complaint|each))|(?:user |failed |http )?requests?)\b",
    re.IGNORECASE,
)
_HIT = re.compile(r"affect|impact|experienc|unable|could not|couldn't|lost|fail|disrupt|saw\b", re.IGNORECASE)
_NOT_HIT = re.compile(
    r"\b(?:not|un|never|isn't|weren't|target|slo|uptime|availability|increase|decrease|drop|improv\w+|reduc\w+)\b[^.]{0,24}\Z",
    re.IGNORECASE,
)
_FIXED = re.compile(
    r"\b(?:resolved by|fixed by|was (?:fixed|resolved|restored|solved|corrected|saved)|were (?:fixed|resolved|restored)|to (?:resolve|fix|solve) (?:the|this)|resolution (?:was|involved)|the fix (?:was|is)|(?:issue|problem|error|outage) (?:was|were) .{0,30}(?:fixed|resolved|solved))\b",
    re.IGNORECASE,
)
_DETECTIONS = (
    ("alert", re.compile(r"\b(?:monitoring|alert\w*|alarm\w*|pager\w*|pagerduty|pingdom|datadog|grafana|prometheus|nagios|uptime ?robot|cloudwatch|dashboards?)\b", re.IGNORECASE)),
    ("customer-report", re.compile(r"\b(?:customers?|users?|clients?|students?)\b.{0,40}\b(?:report\w*|complain\w*|ticket\w*|contact\w*|notic\w*)|\b(?:report\w*|complaints?|tickets?)\b.{0,30}\b(?:customers?|users?|clients?)\b|customer service|support tickets?", re.IGNORECASE)),
    ("staff-noticed", re.compile(r"\b(?:engineers?|developers?|team member|staff|employee|colleague|on-call|sre|admin\w*)\b.{0,40}\b(?:notic\w*|discover\w*|observ\w*|realis\w*|realiz\w*|spotted|saw|found)", re.IGNORECASE)),
    ("automated-test", re.compile(r"\b(?:integration|automated|smoke|end-to-end|e2e|synthetic) tests?\b.{0,30}\bfail\w*", re.IGNORECASE)),
)  # fmt: skip
_TRIGGERS = (
    ("deployment", r"deploy\w*|release\w*|roll-?out"),
    ("configuration-change", r"config\w* (?:change|update)|changed? (?:the )?config\w*"),
    ("traffic-surge", r"surge|traffic spike|spike in traffic|campaign"),
    ("maintenance", r"maintenance|upgrade"),
    ("expiry", r"expir\w+"),
    ("power-loss", r"power (?:failure|outage|loss)"),
)


@dataclass(frozen=True, slots=True)
class Remark:
    """A problem that prose gives rise to, in the line that it is about."""

    code: str
    field: str
    message: str
    hint: str
    line: Line
    # The line that says otherwise; `{other}` in the message becomes its number.
    other: Line | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What the prose of one document says: the incident with its gaps filled, and where that stands.

    `evidence` gives a line for each inferred value, `entries` and `actions` the lines that the timeline and the action
    items stand in, whoever gave their values.
    """

    incident: Incident
    evidence: tuple[tuple[str, Line, str, str], ...]
    entries: tuple[Found, ...]
    actions: tuple[FoundAction, ...]
    remarks: tuple[Remark, ...]
    title_line: Line | None


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
            for joined in (" ".join(words), "".join(words)):
                canonical = self._vocabularies["severity"].known(joined)
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
        zone = next((part.zone for part in parts if part.zone is not None), None)
        times = stated_times(found, known, zone, near, title, first_day, labels_only=is_timed)
        stated = times.told.get("started") or times.told.get("resolved")
        elsewhere = stated.moment.zone if stated is not None else None
        timeline = placed(parts, _day_of(times) or near or times.day, elsewhere, first_day)
        timeline = replace(timeline, entries=tuple(map(self._inference.entry_in_zone, timeline.entries)))
        completed(times, timeline, known)
        actions = find_actions(found, first_day)
        self._milestones(times, timeline)
        self._day(times, near)
        self._words(known)
        self._share(known)
        self._cause(known)
        self._lists(timeline, actions)
        self._named(title)
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
            measured=None,
        )
        return Reading(
            merged, tuple(self._evidence), timeline.entries, tuple(actions), tuple(self._remarks), title_line
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
            shown = duration(value) if field == "duration" else _shown(value)
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
        self._season(times, timeline)

    def _season(self, times: Times, timeline: Timeline) -> None:
        """`PST` in July is kept as it is written, and said to be odd."""
        told = [
            (told.moment.zone, told.at.wall, told.line)
            for told in times.told.values()
            if told.moment.zone and told.at
        ]
        told += [
            (entry.zone, entry.wall, entry.line)
            for entry in timeline.entries
            if entry.zone and entry.wall and entry.is_dated
        ]
        for zone, wall, line in told:
            if zone is not None and wall is not None and (other := zone.misfit(wall)):
                message = (
                    f"says {zone.name} on {wall.date()}, when {other} is in force; it is read as {zone.name}"
                )
                self._remarks.append(
                    Remark("W417", "started", message, f"write {other}, or the offset from UTC", line)
                )
                return

    def _compare(self, name: str, at: Timestamp, line: Line) -> None:
        """Front matter wins over prose; that they disagree is said."""
        given = getattr(self._given.incident, name)
        if not isinstance(given, Timestamp) or "day" in (given.precision.value, at.precision.value):
            return
        apart = at.seconds_since(given)
        if apart is not None and abs(apart) > 300:
            self._remarks.append(
                Remark(
                    "W416",
                    name,
                    f"says {name} {at.iso()}; front matter says {given.iso()}",
                    "correct one of them",
                    line,
                )
            )

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
        if said is not None and measured is not None and measured > 0:
            apart = abs(measured - said.length.seconds)
            share = 0.25 if said.length.is_vague else 0.1
            if apart > 300 and apart > share * max(measured, said.length.seconds):
                self._contradiction(said.length.seconds, said.line, measured, times, is_given)
        if incident.duration is None and not is_given:
            if measured is not None and times.clocks is not None and not isinstance(started, Timestamp):
                self._set("duration", measured, times.clocks[2], times.clocks[2].text)
            elif said is not None and measured is None:
                self._set("duration", said.length.seconds, said.line, said.text)

    def _contradiction(self, stated: int, line: Line, measured: int, times: Times, is_given: bool) -> None:
        told = times.told.get("started")
        other = times.clocks[2] if times.clocks else told.line if told is not None and not is_given else None
        self._doubts.append(
            Doubt("duration", f"says {duration(stated)}; its times are {duration(measured)} apart")
        )
        whose = "the times of front matter" if is_given else "the times"
        self._remarks.append(
            Remark(
                "W416",
                "duration",
                f"says {duration(stated)}; {whose}{{other}} are {duration(measured)} apart",
                "correct one of them",
                line,
                other,
            )
        )

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
        elif near is None and times.day is not None:
            self._values["date"] = times.day
            if times.day_line is not None:
                self._evidence.append(("date", times.day_line, times.day_line.text, times.day.isoformat()))

    def _words(self, known: list[Fact]) -> None:
        for fact in known:
            if fact.kind == "severity":
                self._set("severity", self._inference.severity(fact.value), fact.lines[0], fact.value)
            elif fact.kind == "status":
                self._set("status", _status(fact.value), fact.lines[0], fact.value)
            elif fact.kind == "summary" and len(fact.value) >= 40:
                self._set("summary", shortened(fact.value), fact.lines[0], fact.value)
            elif fact.kind == "impact" and _is_sentence(fact.value) and not self._has("impact.windows"):
                self._set("impact.summary", shortened(fact.value), fact.lines[0], fact.value)
            elif (
                fact.kind == "resolution"
                and len(fact.value) >= 15
                and fact.line.section not in ("timeline", "actions")
            ):
                self._set("resolution", shortened(fact.value), fact.lines[0], fact.value)
            elif fact.kind == "detection" and fact.line.section != "actions":
                self._set("detection", _detection(fact.value), fact.lines[0], fact.value)
            elif fact.kind == "trigger":
                self._set("trigger", _trigger(fact.value), fact.lines[0], fact.value)
        for field, section in (
            ("summary", "summary"),
            ("impact.summary", "impact"),
            ("resolution", "resolution"),
        ):
            self._opening(field, section)
        self._intro()
        self._fix()
        for line in self._lines:
            if line.section == "detection" and line.kind in ("text", "item") and not line.is_label:
                self._set("detection", _detection(line.text), line, line.text)
            elif line.section == "trigger" and line.kind in ("text", "item") and not line.is_label:
                self._set("trigger", _trigger(line.text), line, line.text)

    def _opening(self, field: str, section: str) -> None:
        """The first paragraph of a section that is running text."""
        for line, text in self._paragraphs(section):
            if len(text) >= 40 and _is_sentence(text) and ":" not in text[:28] and not text.endswith(":"):
                self._set(field, shortened(text), line, text)
                return

    def _paragraphs(self, section: str) -> Iterator[tuple[Line, str]]:
        block: list[Line] = []
        for line in [*self._lines, None]:
            if (
                line is not None
                and line.section == section
                and line.kind in ("text", "item")
                and not line.is_label
            ):
                if block and line.block != block[0].block:
                    yield from _paragraph(block)
                    block = []
                block.append(line)
            elif block:
                yield from _paragraph(block)
                block = []

    def _intro(self) -> None:
        """Text before the first section, where no section is a summary."""
        for line, text in self._paragraphs(""):
            if line.number > 12:
                return
            if line.kind == "text" and len(text) >= 60 and "." in text and not text.startswith(("http", "<")):
                self._set("summary", shortened(text), line, text)
                return

    def _fix(self) -> None:
        for line, text in self._paragraphs("cause"):
            for sentence in _SENTENCE_END.split(text[:4000]):
                if _FIXED.search(sentence) and len(sentence) >= 20 and not sentence.rstrip().endswith(":"):
                    self._set("resolution", shortened(sentence), line, sentence)
                    return

    def _share(self, known: list[Fact]) -> None:
        impact = self._given.incident.impact
        if impact.percent is not None and impact.users is not None:
            return
        for fact in known:
            if fact.kind == "percent" and (
                found := re.search(r"(\d{1,3}(?:\.\d+)?)\s?(?:%|percent)", fact.value[:80])
            ):
                self._percent(float(found[1]), "users", fact.lines[0], fact.value)
        where = [
            line
            for line in self._lines
            if (
                line.section in ("", "summary", "impact", "facts")
                and (line.section != "" or line.number < 14)
            )
            and line.kind != "head"
        ]
        shares: list[tuple[float, str, Line]] = []
        for line in where:
            if "%" in line.text or "percent" in line.text:
                shares += _shares(line)
        if shares and len({(value, of) for value, of, _ in shares if of == "users"}) <= 1:
            users = [share for share in shares if share[1] == "users"]
            value, of, line = (users or shares)[0]
            if users or len({share[0] for share in shares}) == 1:
                self._percent(value, of, line, line.text)
        elif shares and "percent" not in self._impact:
            first = [share for share in shares if share[1] == "users"]
            values = [share[0] for share in first]
            if len(set(values)) == 1 or values[0] == max(values):
                self._percent(values[0], "users", first[0][2], first[0][2].text)
        for line in where:
            if "percent" not in self._impact and (_ALL_USERS.search(line.text)):
                self._percent(100.0, "users", line, line.text)
            for count in _COUNT.finditer(line.text[:2000]) if _HIT.search(line.text) else ():
                field = "impact.requests" if "request" in count["of"].lower() else "impact.users"
                self._set(field, int(count["count"].replace(",", "")), line, line.text)

    def _percent(self, value: float, of: str, line: Line, text: str) -> None:
        if 0 < value <= 100 and not self._has("impact.windows"):
            is_new = "percent" not in self._impact and self._given.incident.impact.percent is None
            self._set("impact.percent", value, line, text)
            if is_new and not self._given.incident.impact.percent_of:
                self._impact["percent_of"] = of

    def _cause(self, known: list[Fact]) -> None:
        if self._given.incident.root_cause:
            return
        texts: list[tuple[str, Line]] = [
            (fact.value, fact.lines[0]) for fact in known if fact.kind == "cause" and len(fact.value) >= 15
        ]
        texts += [(text, line) for line, text in self._paragraphs("cause") if len(text) >= 25][:3]
        if not texts:
            texts = [
                (sentence, line)
                for section in ("summary", "")
                for line, text in self._paragraphs(section)
                for sentence in _SENTENCE_END.split(text[:3000])
                if re.search(r"root cause|caused by|due to|because", sentence, re.IGNORECASE)
            ][:2]
        if not texts:
            texts = [(text, line) for line, text in self._paragraphs("summary")][:2]
        if texts:
            slug = cause_of([text for text, _ in texts])
            if slug:
                self._set(
                    "root_cause",
                    self._inference.cause(slug),
                    texts[0][1],
                    texts[0][0],
                )

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

    def _named(self, title: str) -> None:
        if self._given.incident.services or not self._inference.has_services:
            return
        where = list(naming_lines(self._lines))
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


def _paragraph(block: list[Line]) -> Iterator[tuple[Line, str]]:
    """A paragraph as one text, unless it is the hint of a template: all in italics, or a question."""
    text = " ".join(line.text for line in block[:MAX_PARAGRAPH])
    is_hint = (
        text.endswith("?")
        or all(line.lead == line.text for line in block)
        or (block[0].lead and len(block[0].lead) == len(block[0].text) and len(text) < 200)
    )
    if not is_hint:
        yield block[0], text


def _at(entry: Found) -> Timestamp | None:
    if entry.wall is None or entry.moment is None or not entry.is_dated:
        return None
    if entry.moment.clock is None:
        return Timestamp(entry.wall, None, Precision.DAY)
    precision = Precision.APPROXIMATE if entry.moment.is_vague else Precision.EXACT
    return Timestamp(entry.wall, entry.offset, precision)


def _is_sentence(text: str) -> bool:
    """Whether a value says something: an address or a name alone does not."""
    return len(text) >= 15 and text.count(" ") >= 2


def _shares(line: Line) -> Iterator[tuple[float, str, Line]]:
    for found in (*_PERCENT.finditer(line.text[:2000]), *_AFFECTED_PERCENT.finditer(line.text[:2000])):
        before = line.text[max(0, found.start() - 40) : found.start()]
        if _NOT_HIT.search(before):
            continue
        groups = found.groupdict()
        of = (groups.get("of") or "users").lower()
        between = (groups.get("between") or "").lower()
        if re.search(
            r"\b(request|traffic|latency|session|error|time|uptime|availability|success)s?\b", between
        ):
            of = "requests" if "request" in between else "other"
        kind = (
            "requests"
            if of.startswith(("request", "evaluation", "transaction"))
            else "other"
            if of in ("other", "traffic", "session", "sessions", "latency")
            else "users"
        )
        if kind != "other":
            yield float(found["percent"]), kind, line


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


def _status(text: str) -> Status | None:
    """Prose never makes a draft."""
    bare = word(re.sub(r"[^\w -]", "", text))
    status = STATUS_SYNONYMS.get(bare) or next((one for one in Status if one.value == bare), None)
    return status if status in (Status.FINAL, Status.REVIEW) and bare != "done" else None


def _detection(text: str) -> str:
    found = [
        (match.start(), name)
        for name, words in _DETECTIONS
        if (match := words.search(text[:300])) is not None
    ]
    return min(found)[1] if found else ""


def _trigger(text: str) -> str:
    found = [name for name, words in _TRIGGERS if re.search(words, text[:200], re.IGNORECASE)]
    return found[0] if len(found) == 1 else ""


def shortened(text: str) -> str:
    """The first sentences of a text, three at most, as far as they fit into a line or two."""
    text = " ".join(text.split())
    result = ""
    for sentence in _SENTENCE_END.split(text)[:3]:
        longer = f"{result} {sentence}".strip()
        if result and len(longer) > MAX_SENTENCES:
            break
        result = longer
    if len(result) > 2 * MAX_SENTENCES:
        result = result[: 2 * MAX_SENTENCES].rsplit(" ", 1)[0].rstrip(" ,;:") + " …"
    return result


def _shown(value: Any) -> str:
    if isinstance(value, Timestamp):
        return value.iso()
    if isinstance(value, tuple):
        return ", ".join(str(part) for part in value)
    return str(getattr(value, "value", value))[:200]
