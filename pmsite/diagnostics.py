"""Problems as values: what is wrong, where, and what to do about it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import NamedTuple


class Severity(Enum):
    """How much a problem weighs: an error blocks writing, a warning does under `--strict`, a note is for who asks."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of problem: its code, its name in `rules:`, its severity unless configured, what it says."""

    code: str
    name: str
    severity: Severity
    title: str


_SEVERITIES = {"E": Severity.ERROR, "W": Severity.WARNING, "N": Severity.NOTE}


def _rule(code: str, name: str, title: str) -> Rule:
    return Rule(code, name, _SEVERITIES[code[0]], title)


_TABLE = (
    _rule("E101", "unreadable-document", "a document cannot be read"),
    _rule("E102", "broken-front-matter", "front matter cannot be read"),
    _rule("E103", "invalid-value", "a field's value cannot be understood"),
    _rule("W104", "new-term", "a word is new to its vocabulary"),
    _rule("W105", "unknown-field", "a front matter field that pmsite does not know"),
    _rule("E106", "unclosed-internal-block", "an internal block is not closed"),
    _rule("E107", "document-limit", "a document takes too long or too much memory"),
    _rule("W108", "thematic-break", "a document begins with a rule that is not front matter"),
    _rule("W109", "not-a-postmortem", "a document is shown as a plain page"),
    _rule("W110", "not-markdown", "a file looks like a postmortem but does not end in .md"),
    _rule("W111", "ambiguous-value", "a value is not one of a closed list and is left out"),
    _rule("E112", "unsafe-path", "a path leads out of the source"),
    _rule("N113", "left-out", "a Markdown file is left out by its name"),
    _rule("W201", "broken-link", "a link leads to nothing"),
    _rule("W202", "broken-anchor", "a link's anchor does not exist"),
    _rule("W203", "missing-image", "an image does not exist"),
    _rule("W204", "refused-attachment", "a linked file is not published"),
    _rule("E205", "image-with-place", "an image of a public site says where it was taken"),
    _rule("E301", "duplicate-id", "two documents have the same id"),
    _rule("E302", "output-collision", "two sources would be written to the same place"),
    _rule("W303", "unknown-related", "a related incident does not exist"),
    _rule("W304", "duplicate-number", "two incidents have the same number"),
    _rule("W305", "unlinked-recurrence", "an incident looks like an earlier one that it does not name"),
    _rule("W306", "vanished-address", "an address that the site had would be gone"),
    _rule("W401", "missing-title", "a final postmortem has no title"),
    _rule("W402", "missing-date", "a postmortem has no date"),
    _rule("W403", "missing-severity", "a final postmortem has no severity"),
    _rule("W404", "missing-root-cause", "a final postmortem has no root cause"),
    _rule("W405", "missing-summary", "a final postmortem has no summary"),
    _rule("W406", "impossible-order", "milestones are in an impossible order"),
    _rule("W407", "long-gap", "milestones lie more than 30 days apart"),
    _rule("W408", "future-date", "a date lies in the future"),
    _rule("W409", "date-disagrees", "the date disagrees with the file's name or the start"),
    _rule("W410", "action-without-owner", "an action item of a final postmortem has no owner"),
    _rule("W411", "action-without-due-date", "an action item of a final postmortem has no due date"),
    _rule("W412", "action-overdue", "an action item is overdue"),
    _rule("W413", "person-as-cause", "a person or human error is given as the cause"),
    _rule("W414", "dominant-cause", "one cause stands for more than half of the archive"),
    _rule("W415", "stale-draft", "a draft is older than 14 days"),
    _rule("W416", "contradiction", "a document contradicts itself about times"),
    _rule("W417", "zone-season", "a time zone's name does not fit the season"),
    _rule("N418", "small-difference", "times that a document states differ a little"),
    _rule("E501", "invalid-configuration", "the configuration cannot be understood"),
    _rule("W502", "unknown-configuration", "a configuration key that pmsite does not know"),
    _rule("W503", "ticket-file", "the file of tickets cannot be used as it is"),
    _rule("E601", "broken-template", "a template cannot be rendered"),
    _rule("E602", "broken-theme", "a theme cannot be used"),
    _rule("E701", "foreign-file", "a file that pmsite did not make is in the way"),
    _rule("E702", "cannot-write", "the site cannot be written"),
    _rule("W703", "no-full-text", "full text is not searched"),
    _rule("E801", "denied-text", "a public site would hold what deny: lists"),
    _rule("W802", "credential", "a text holds what looks like a credential"),
    _rule("W803", "internal-field-in-text", "a public document's text says what an internal field hides"),
)
RULES: Mapping[str, Rule] = {rule.code: rule for rule in _TABLE}


class Position(NamedTuple):
    """A place in a text; line and column count from 1, columns in characters."""

    line: int = 1
    column: int = 1


START = Position()


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem. `path` is relative to the site's root, with forward slashes."""

    code: str
    path: str
    line: int
    column: int
    message: str
    hint: str = ""
    severity: Severity = Severity.ERROR

    @property
    def name(self) -> str:
        return RULES[self.code].name

    @property
    def concise(self) -> str:
        """One line: `path:line:column: code message`."""
        return f"{self.path}:{self.line}:{self.column}: {self.code} {self.message}"


def diagnose(code: str, path: str, at: Position, message: str, hint: str = "") -> Diagnostic:
    """A diagnostic with its rule's own severity; `configured` applies what a site says of it."""
    return Diagnostic(code, path, at.line, at.column, message, hint, RULES[code].severity)


def configured(
    diagnostics: Iterable[Diagnostic], severities: Mapping[str, Severity], *, strict: bool
) -> tuple[Diagnostic, ...]:
    """The diagnostics as a site wants them: rules set per code, warnings as errors under `--strict`, in order."""
    kept = []
    for diagnostic in diagnostics:
        severity = severities.get(diagnostic.code, diagnostic.severity)
        if severity is Severity.OFF:
            continue
        if strict and severity is Severity.WARNING:
            severity = Severity.ERROR
        is_changed = severity is not diagnostic.severity
        kept.append(replace(diagnostic, severity=severity) if is_changed else diagnostic)
    return tuple(sorted(set(kept), key=_order))


def _order(diagnostic: Diagnostic) -> tuple[bool, str, int, int, str, str]:
    is_warning = diagnostic.severity is Severity.WARNING
    return (
        is_warning,
        diagnostic.path,
        diagnostic.line,
        diagnostic.column,
        diagnostic.code,
        diagnostic.message,
    )


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    return any(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics)


class PmsiteError(Exception):
    """Cannot go on; carries the problems that say why."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__("\n".join(diagnostic.concise for diagnostic in diagnostics))
        self.diagnostics = diagnostics


class ConfigurationError(PmsiteError):
    """The command line or the configuration is wrong: exit code 2."""


class ContentError(PmsiteError):
    """The content, the theme or the output stands in the way: exit code 1."""


# What could steer a terminal or forge a line of output.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def printable(text: str) -> str:
    """A document's text as one line that a terminal shows as it is."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.replace("\n", " ").replace("\t", " "))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The known word nearest to `word`, or nothing if none is near."""
    from difflib import get_close_matches

    by_folded = {candidate.casefold(): candidate for candidate in known}
    matches = get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.7)
    return by_folded[matches[0]] if matches else ""
