"""What GitHub Actions reads of a run: annotations, the step's summary, and the step's outputs.

Workflow commands: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b

from pmsite.diagnostics import RULES, Diagnostic, Severity, printable

# GitHub shows ten annotations of each kind for a step, and the first ones that it meets.
SHOWN = 10
LISTED = 25
_KINDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
_MARKDOWN = str.maketrans({character: f"\\{character}" for character in "\\`*_{}[]<>()#+!|~&"})


def annotations(problems: Sequence[Diagnostic]) -> Iterator[str]:
    """Lines for the log: annotations, errors first, at most ten of each kind; then all problems if that was not all.

    What documents say cannot be taken for a command: annotations are escaped, and commands are off within the list.
    """
    annotated = [
        problem
        for severity in _KINDS
        for problem in [problem for problem in problems if problem.severity is severity][:SHOWN]
    ]
    yield from map(_annotation, annotated)
    if len(annotated) < len(problems):
        ordered = [problem for severity in _KINDS for problem in problems if problem.severity is severity]
        lines = [f"{problem.severity.value}: {_one_line(problem)}" for problem in ordered]
        # Nobody can write a document that holds the digest of the list that it appears in.
        token = f"pmsite-{blake2b(repr(lines).encode(), digest_size=16).hexdigest()}"
        yield f"::group::All {len(lines)} problems"
        yield f"::stop-commands::{token}"
        yield from lines
        yield f"::{token}::"
        yield "::endgroup::"


def _annotation(problem: Diagnostic) -> str:
    properties = {
        "file": problem.path,
        "line": str(problem.line),
        "col": str(problem.column),
        "title": f"{problem.code} {problem.name}",
    }
    shown = ",".join(f"{key}={_escaped(value, ',:')}" for key, value in properties.items())
    hint = f" ({problem.hint})" if problem.hint else ""
    return f"::{_KINDS[problem.severity]} {shown}::{_escaped(problem.message + hint)}"


def _escaped(text: str, also: str = "") -> str:
    text = "\n".join(printable(line) for line in text.split("\n"))
    for character in "%\r\n" + also:
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def _one_line(problem: Diagnostic) -> str:
    hint = f" ({problem.hint})" if problem.hint else ""
    return printable(f"{problem.concise}{hint}")


def step_summary(
    title: str,
    facts: Iterable[str],
    changes: Iterable[tuple[str, Sequence[str]]],
    problems: Sequence[Diagnostic],
) -> str:
    """Markdown for the run's page: sentences, lists of what changed by their headings, and problems by rule."""
    parts = [f"## {_plain(title)}"] if title else []
    parts += [_plain(fact) for fact in facts]
    for heading, names in changes:
        if names:
            parts.append(f"**{_plain(heading)}: {len(names)}**")
            parts.append("\n".join(_listed(names)))
    if problems:
        parts.append("\n".join(_table(problems)))
    return "\n\n".join(parts) + "\n\n"


def _listed(names: Sequence[str]) -> Iterator[str]:
    yield from (f"- {_plain(name)}" for name in names[:LISTED])
    if len(names) > LISTED:
        yield f"- and {len(names) - LISTED} more"


def _table(problems: Sequence[Diagnostic]) -> Iterator[str]:
    """One row for each rule, errors first, with its count and its first place."""
    by_rule: dict[tuple[int, str], list[Diagnostic]] = {}
    order = list(_KINDS)
    for problem in problems:
        by_rule.setdefault((order.index(problem.severity), problem.code), []).append(problem)
    yield "| | rule | problems | first |"
    yield "|---|---|---:|---|"
    for (rank, code), found in sorted(by_rule.items(), key=lambda item: item[0]):
        rule, first = RULES[code], found[0]
        where = f"{_plain(f'{first.path}:{first.line}')}: {_plain(first.message)}"
        yield f"| {order[rank].value} | {code} {rule.name}: {_plain(rule.title)} | {len(found)} | {where} |"


def _plain(text: str) -> str:
    """A document's text as Markdown that shows it as it is: no markup, no line break."""
    return printable(text).translate(_MARKDOWN)


def step_outputs(values: Mapping[str, str]) -> str:
    """Lines for the file of a step's outputs; values are single lines."""
    return "".join(f"{name}={printable(value)}\n" for name, value in values.items())
