"""How problems are printed: in full with the line they are about, one per line, as JSON, or as GitHub annotations."""

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import TextIO

from pmsite.diagnostics import RULES, Diagnostic, Severity, printable
from pmsite.github import annotations
from pmsite.source.credentials import covered

PLACES_SHOWN = 3
_RED, _YELLOW, _BLUE, _DIM, _BOLD, _RESET = (
    "\x1b[31m",
    "\x1b[33m",
    "\x1b[36m",
    "\x1b[2m",
    "\x1b[1m",
    "\x1b[0m",
)


class OutputFormat(Enum):
    FULL = "full"
    CONCISE = "concise"
    JSON = "json"
    GITHUB = "github"


class Reporter:
    """Prints problems of a site whose paths begin at `root`; paths are shown from `base`, the current folder if not given."""

    def __init__(
        self,
        root: Path,
        *,
        output_format: OutputFormat,
        quiet: bool = False,
        verbose: bool = False,
        color: bool = False,
        stream: TextIO | None = None,
        base: Path | None = None,
    ) -> None:
        self._root = root
        self._format = output_format
        self._quiet = quiet
        self._verbose = verbose
        self._color = color
        self._stream = stream or sys.stderr
        self._base = base

    def show(self, diagnostics: Sequence[Diagnostic]) -> None:
        """Print the problems; with `quiet`, errors alone, and notes only if they are asked for.

        A credential is printed nowhere, neither in a message that quotes it nor in the line of the source.
        """
        diagnostics = [replace(item, message=covered(item.message)) for item in diagnostics]
        if not self._verbose:
            diagnostics = [problem for problem in diagnostics if problem.severity is not Severity.NOTE]
        if self._quiet:
            diagnostics = [problem for problem in diagnostics if problem.severity is Severity.ERROR]
        if self._format is OutputFormat.JSON:
            self._json(diagnostics)
            return
        if self._format is OutputFormat.GITHUB:
            for line in annotations([replace(problem, path=self._path(problem)) for problem in diagnostics]):
                self._line(line)
            return
        diagnostics = [_printable(problem) for problem in diagnostics]
        if self._format is OutputFormat.CONCISE:
            for problem in diagnostics:
                self._line(self._concise(problem))
        else:
            self._full(diagnostics)

    def show_findings(self, findings: Iterable[tuple[str, int, int, str]]) -> None:
        """With `-v`, what is known of documents beyond their problems: path, line, column and a text."""
        if not self._verbose or self._format not in (OutputFormat.FULL, OutputFormat.CONCISE):
            return
        for path, line, column, text in findings:
            self._line(f"{self._shown_path(path)}:{line}:{column}: {printable(covered(text))}")

    def _line(self, text: str) -> None:
        print(text, file=self._stream)

    def _paint(self, text: str, *codes: str) -> str:
        return f"{''.join(codes)}{text}{_RESET}" if self._color else text

    def _place(self, problem: Diagnostic) -> str:
        return f"{self._path(problem)}:{problem.line}:{problem.column}"

    def _path(self, problem: Diagnostic) -> str:
        return self._shown_path(problem.path)

    def _shown_path(self, path: str) -> str:
        """The path from the base if the file lies below it, so that editors and CI find it; also of a document that is gone."""
        location = self._root / path
        try:
            is_file = location.suffix == ".md" or location.exists()
            return location.relative_to(self._base or Path.cwd()).as_posix() if is_file else path
        except (ValueError, OSError):  # elsewhere, or not a name that a file can have
            return path

    def _concise(self, problem: Diagnostic) -> str:
        hint = f" ({problem.hint})" if problem.hint else ""
        return f"{self._place(problem)}: {problem.code} {problem.message}{hint}"

    def _full(self, diagnostics: Sequence[Diagnostic]) -> None:
        errors = [problem for problem in diagnostics if problem.severity is Severity.ERROR]
        warnings = [problem for problem in diagnostics if problem.severity is Severity.WARNING]
        for problem in errors:
            self._frame(problem, _RED)
        if self._verbose:
            for problem in warnings:
                self._frame(problem, _YELLOW)
            for problem in diagnostics:
                if problem.severity is Severity.NOTE:
                    self._frame(problem, _BLUE)
        else:
            self._counted(warnings)

    def _frame(self, problem: Diagnostic, color: str) -> None:
        """The problem, the line of the source that it is about, and what to do."""
        kind = self._paint(f"{problem.severity.value}[{problem.code} {problem.name}]", color, _BOLD)
        self._line(f"{kind} {self._paint(problem.message, _BOLD)}")
        self._line(f"  {self._paint('-->', _BLUE)} {self._place(problem)}")
        text = self._source_line(problem)
        if text is not None:
            number = str(problem.line)
            bar = self._paint("|", _BLUE)
            caret = " " * min(problem.column - 1, len(text)) + self._paint("^", color)
            self._line(f"  {self._paint(number, _BLUE)} {bar} {text}")
            self._line(f"  {' ' * len(number)} {bar} {caret}")
        if problem.hint:
            self._line(f"  {self._paint('help:', _BLUE)} {problem.hint}")
        self._line("")

    def _source_line(self, problem: Diagnostic) -> str | None:
        first, lines = source_lines(self._root, problem, around=0)
        return lines[problem.line - first] if lines else None

    def _counted(self, warnings: Iterable[Diagnostic]) -> None:
        """One line per rule with its count and the first places; `-v` shows all."""
        by_code: dict[str, list[Diagnostic]] = {}
        for problem in warnings:
            by_code.setdefault(problem.code, []).append(problem)
        for code, problems in sorted(by_code.items()):
            first = problems[0]
            kind = self._paint(f"warning[{code} {first.name}]", _YELLOW)
            if len(problems) == 1:
                self._line(f"{kind} {self._place(first)}: {first.message}")
                continue
            places = ", ".join(self._place(problem) for problem in problems[:PLACES_SHOWN])
            more = (
                f" and {len(problems) - PLACES_SHOWN} more (-v shows all)"
                if len(problems) > PLACES_SHOWN
                else ""
            )
            self._line(f"{kind} {len(problems)} x: {RULES[code].title}: {places}{more}")

    def _json(self, diagnostics: Sequence[Diagnostic]) -> None:
        value = [
            {
                "path": self._path(problem),
                "line": problem.line,
                "column": problem.column,
                "severity": problem.severity.value,
                "code": problem.code,
                "name": problem.name,
                "message": problem.message,
                "hint": problem.hint,
            }
            for problem in diagnostics
        ]
        self._line(json.dumps(value, ensure_ascii=False, indent=2))


def source_lines(root: Path, problem: Diagnostic, around: int = 2) -> tuple[int, tuple[str, ...]]:
    """The lines about which a problem is, with so many before and after it, and the number of the first of them."""
    location = root / problem.path
    try:
        if not location.resolve().is_relative_to(root.resolve()):
            return (
                problem.line,
                (),
            )  # a link that leads out of the source: what it leads to is not ours to print
        lines = covered(location.read_text(encoding="utf-8-sig")).split("\n")
    except (OSError, ValueError):
        return problem.line, ()
    first = max(problem.line - around, 1)
    if not 1 <= problem.line <= len(lines):
        return problem.line, ()
    shown = [printable(line.removesuffix("\r")) for line in lines[first - 1 : problem.line + around]]
    return first, tuple(text if len(text) <= 160 else text[:159] + "…" for text in shown)


def _printable(problem: Diagnostic) -> Diagnostic:
    return replace(
        problem,
        path=printable(problem.path),
        message=printable(problem.message),
        hint=printable(problem.hint),
    )


class Progress:
    """A line on a terminal that says how far the work is; nothing anywhere else."""

    def __init__(self, *, visible: bool) -> None:
        self._visible = visible
        self._shown = 0

    def __call__(self, what: str, done: int, total: int) -> None:
        if self._visible and total > 200:
            text = f"{what} {done}/{total}"
            print(f"\r{text:<{self._shown}}", end="", file=sys.stderr, flush=True)
            self._shown = len(text)

    def end(self) -> None:
        if self._shown:
            print(f"\r{'':<{self._shown}}\r", end="", file=sys.stderr, flush=True)
            self._shown = 0
