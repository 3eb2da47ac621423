"""What every command does: read the common options, find the site, report problems, choose the exit code.

Exit codes: 0 fine, 1 the content has errors, 2 usage or configuration, 3 a bug in pmsite, 130 interrupted.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TextIO

import typer

import pmsite

if TYPE_CHECKING:
    from pmsite import deploy
    from pmsite.archive.completeness import Coverage
    from pmsite.build import Report
    from pmsite.config import Site
    from pmsite.listing import Filters
    from pmsite.load import Options
    from pmsite.report import Progress, Reporter
    from pmsite.revisions import Difference


class Color(Enum):
    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class Format(Enum):
    FULL = "full"
    CONCISE = "concise"
    JSON = "json"
    GITHUB = "github"


class Audience(Enum):
    PUBLIC = "public"
    INTERNAL = "internal"
    RESTRICTED = "restricted"


Source = Annotated[
    Path | None, typer.Argument(help="A folder of postmortems, or one file; else what pmsite.yaml says.")
]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", "-c", help="The configuration file.", exists=True, dir_okay=False)
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Print every warning and note.")]
ColorOption = Annotated[Color, typer.Option("--color", help="Colours in messages.")]
FormatOption = Annotated[
    Format | None,
    typer.Option("--output-format", help="How problems are printed; github under GitHub Actions."),
]
Now = Annotated[
    str | None, typer.Option("--now", help="The day to take as today, such as 2026-11-01.", metavar="DATE")
]
Jobs = Annotated[int | None, typer.Option("--jobs", "-j", help="Worker processes.", min=1, max=64)]
Strict = Annotated[bool, typer.Option("--strict", help="Treat warnings as errors.")]
AudienceOption = Annotated[
    Audience | None, typer.Option("--audience", help="Who the site is for; the rest is left out.")
]
Drafts = Annotated[
    bool | None, typer.Option("--drafts/--no-drafts", help="Show drafts; internal sites do by themselves.")
]


@dataclass(frozen=True, slots=True)
class Common:
    """What nearly every command takes."""

    site: "Site"
    options: "Options"
    reporter: "Reporter"


def common(
    source: Path | None,
    config: Path | None,
    quiet: bool,
    verbose: bool,
    color: Color,
    output_format: Format | None,
    now: str | None,
    jobs: int | None,
    strict: bool,
    *,
    keep_going: bool = False,
    drafts: bool | None = None,
    audience: Audience | None = None,
    output: Path | None = None,
    base_url: str | None = None,
    theme: str | None = None,
    search: bool = False,
    results: bool = False,
) -> Common:
    from pmsite.config import find_site, with_overrides
    from pmsite.load import Options

    site = find_site(source, config, Path.cwd())
    site = with_overrides(
        site,
        output=str(Path.cwd() / output) if output is not None else None,
        base_url=base_url,
        theme=theme,
        drafts=drafts,
        audience=audience.value if audience else None,
    )
    day = today(now, site.config.timezone)
    options = Options(day, strict=strict, keep_going=keep_going, jobs=jobs or cores(), search=search)
    return Common(site, options, reporter_for(site.root, quiet, verbose, color, output_format, results))


def reporter_for(
    root: Path, quiet: bool, verbose: bool, color: Color, output_format: Format | None, results: bool = False
) -> "Reporter":
    from pmsite.report import OutputFormat, Reporter

    if output_format is None:
        output_format = Format.GITHUB if os.environ.get("GITHUB_ACTIONS") == "true" else Format.FULL
    stream = sys.stdout if results else sys.stderr
    # GitHub finds files from the repository's top, wherever in it the command runs.
    workspace = os.environ.get("GITHUB_WORKSPACE") if output_format is Format.GITHUB else None
    colorful = _is_colorful(color, stream)
    return Reporter(
        root,
        output_format=OutputFormat(output_format.value),
        quiet=quiet,
        verbose=verbose,
        color=colorful,
        stream=stream,
        base=Path(workspace).resolve() if workspace else None,
    )


def _is_colorful(color: Color, stream: TextIO) -> bool:
    return color is Color.ALWAYS or (
        color is Color.AUTO
        and stream.isatty()
        and "NO_COLOR" not in os.environ
        and os.environ.get("TERM") != "dumb"
    )


def progress_line(quiet: bool) -> "Progress":
    from pmsite.report import Progress

    return Progress(visible=not quiet and sys.stderr.isatty() and "CI" not in os.environ)


def cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def today(now: str | None, zone: str) -> date:
    """`--now`, else SOURCE_DATE_EPOCH (https://reproducible-builds.org), else today in the site's zone."""
    from zoneinfo import ZoneInfo

    if now is not None:
        return day_option(now, "--now")
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    try:
        moment = datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)
    except (ValueError, OverflowError, OSError):
        typer.echo(f'SOURCE_DATE_EPOCH: "{epoch}" is not a number of seconds', err=True)
        raise typer.Exit(2) from None
    return moment.astimezone(ZoneInfo(zone) if zone else None).date()


def day_option(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        typer.echo(f'{option}: "{text}" is not a date; write 2026-11-01', err=True)
        raise typer.Exit(2) from None


def remove_cache(folder: Path) -> None:
    for path in folder.glob("cache.sqlite*"):
        path.unlink(missing_ok=True)


def summary(site: "Site", report: "Report", seconds: float) -> str:
    if report.changes is None:
        return f"{counts(report)}; nothing was written"
    changes = report.changes
    where = os.path.relpath(site.output)
    return (
        f"{counts(report)}; {changes.written} files written, {changes.unchanged} unchanged, "
        f"{changes.removed} removed in {seconds:.1f} s: {where}/index.html"
    )


def tell_runner(site: "Site", report: "Report", quiet: bool, difference: "Difference | None" = None) -> None:
    """Under GitHub Actions, add to the step's summary and set its outputs; elsewhere nothing.

    The outputs are `errors`, `warnings`, `audience`, `pages` (whether the build may be put on GitHub Pages) and, of a
    build that was published, `site`, its folder.
    """
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return
    from pmsite.diagnostics import Severity
    from pmsite.github import step_outputs, step_summary
    from pmsite.source.credentials import covered

    errors = [problem for problem in report.diagnostics if problem.severity is Severity.ERROR]
    warnings = [problem for problem in report.diagnostics if problem.severity is Severity.WARNING]
    is_checked = report.changes is not None and quiet  # by a step before this one, which has said it
    facts = [] if is_checked else [f"{counts(report)}."]
    if report.coverage is not None and report.coverage.incidents:
        facts.append(f"{completeness_line(report.coverage)}.")
    outputs = {
        "errors": str(len(errors)),
        "warnings": str(len(warnings)),
        "audience": site.config.audience.value,
        "pages": str(site.config.fits_pages and report.ok).lower(),
    }
    if report.changes is not None:
        done = report.changes
        facts.append(
            f"A site for the audience {site.config.audience.value}: {_count(done.written, 'file')} written, "
            f"{done.unchanged} unchanged, {done.removed} removed."
        )
        outputs["site"] = os.path.relpath(site.output)
    changes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    if difference is not None:
        changes = (
            ("New", difference.new),
            ("Edited", difference.edited),
            ("Removed", difference.removed),
        )
    elif report.changes is not None and not report.changes.is_first:
        done = report.changes
        changes = (("New pages", done.new), ("Changed pages", done.edited), ("Removed pages", done.gone))
    text = step_summary(
        "" if is_checked else site.title, facts, changes, errors if quiet else [*errors, *warnings]
    )
    _append("GITHUB_STEP_SUMMARY", covered(text))
    _append("GITHUB_OUTPUT", step_outputs(outputs))


def _append(variable: str, text: str) -> None:
    """Add to the file that an environment variable names, if it names one."""
    if path := os.environ.get(variable):
        with open(path, "a", encoding="utf-8") as file:  # noqa: PTH123  the runner's own file, not one of the site
            file.write(text)


def counts(report: "Report") -> str:
    from pmsite.diagnostics import Severity

    errors = sum(problem.severity is Severity.ERROR for problem in report.diagnostics)
    warnings = sum(problem.severity is Severity.WARNING for problem in report.diagnostics)
    return f"{_count(report.documents, 'document')}, {_count(errors, 'error')}, {_count(warnings, 'warning')}"


def findings(report: "Report") -> "Iterator[tuple[str, int, int, str]]":
    """Values that were read out of prose with their places, then what documents lack, the least complete first."""
    for path, item in report.inferred:
        said = f"{item.field} = {item.value}" if item.value else item.field
        yield path, item.line, item.column, f"inferred {said}"
    for incident, completeness in report.coverage.lacking if report.coverage else ():
        missing = ", ".join(completeness.missing)
        yield incident.source or incident.id, 1, 1, f"{completeness.percent} % complete, missing {missing}"


def completeness_line(coverage: "Coverage") -> str:
    """How complete the archive is, and the fields that most of its postmortems lack."""
    most = sorted((field for field in coverage.fields if field.missing), key=lambda field: -field.missing)
    often = ", ".join(f"{field.field} ({field.missing})" for field in most[:3])
    return (
        f"{coverage.percent} % of the fields that matter are there: {coverage.stated} stated, {coverage.inferred} inferred; "
        f"{coverage.missing} missing{f', most often {often}' if often else ''}"
    )


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def inventory(folder: Path, day: date) -> bool:
    """Print what a build of a new site will find; gives whether errors block it, which are reported."""
    from pmsite.build import check
    from pmsite.config import find_site
    from pmsite.diagnostics import Severity
    from pmsite.load import Options, load_archive

    site = find_site(None, None, folder)
    config, options = site.config, Options(day, jobs=cores())
    report = check(site, options)
    archive, _ = load_archive(site, options)
    what = f"{_count(len(archive.incidents), 'postmortem')} and {_count(len(archive.pages), 'plain page')}"
    typer.echo(f"found {what} in {config.content[0].path}; {counts(report)}")
    if "preset" in config.fields:
        typer.echo(f"front matter is read as {config.fields['preset']} has it")
    if config.services:
        names = ", ".join(word.name for word in config.services)
        typer.echo(f"proposed {_count(len(config.services), 'service')}: {names}")
    errors = [problem for problem in report.diagnostics if problem.severity is Severity.ERROR]
    reporter_for(site.root, False, True, Color.AUTO, None).show(errors)
    return bool(errors)


def deployed(difference: "deploy.Update", target: "deploy.Target", is_dry: bool) -> str:
    where = f"{target.branch} on {target.remote}"
    if not difference:
        return f"{where} has this site already"
    counted = (
        f"{len(difference.added)} added, {len(difference.changed)} changed, {len(difference.removed)} removed"
    )
    return f"{where} would change: {counted}" if is_dry else f"pushed to {where}: {counted}"


def adopted(count: int, is_written: bool) -> str:
    if not count:
        return "nothing to adopt: front matter has what the text says"
    what = f"front matter of {_count(count, 'document')}"
    return f"wrote {what}" if is_written else f"{what}; run it again with --write to write it"


def filters_of(
    severity: list[str] | None,
    cause: list[str] | None,
    service: list[str] | None,
    since: str | None,
    open_actions: bool,
) -> "Filters":
    """The incidents that options choose. A day that is none is a usage error."""
    from pmsite.listing import Filters

    day = day_option(since, "--since") if since else None
    return Filters(tuple(severity or ()), tuple(cause or ()), tuple(service or ()), day, open_actions)


def field_names(text: str | None) -> list[str]:
    """The fields that an option names. A name that is no field is a usage error."""
    from pmsite.diagnostics import did_you_mean
    from pmsite.source.schema import FIELDS

    names = [name.strip() for name in (text or "").split(",") if name.strip()]
    for name in names:
        if name.partition(".")[0] not in FIELDS:
            near = did_you_mean(name, FIELDS)
            typer.echo(
                f'--only: "{name}" is not a field{f" (did you mean {near}?)" if near else ""}', err=True
            )
            raise typer.Exit(2)
    return names


def from_here(path: Path) -> str:
    """A path as it is written in the current folder."""
    return Path(os.path.relpath(path)).as_posix()


def print_diff(lines: list[str], color: Color) -> None:
    """A unified diff on standard output, in colour on a terminal."""
    colorful = _is_colorful(color, sys.stdout)
    for line in lines:
        shade = {"+": typer.colors.GREEN, "-": typer.colors.RED, "@": typer.colors.CYAN}.get(line[:1])
        typer.echo(typer.style(line, fg=shade) if colorful and shade else line, color=colorful)


def speaker(quiet: bool) -> "Callable[[str], None]":
    """Prints a line about what is being done, unless nobody wants to know."""
    return lambda line: None if quiet else typer.echo(line, err=True)


def announcer(open_browser: bool) -> "Callable[[str], None]":
    """Prints the address that a server answers at, and opens it."""

    def announce(address: str) -> None:
        typer.echo(f"serving {address} (Ctrl-C stops)")
        sys.stdout.flush()
        if open_browser:
            import webbrowser

            webbrowser.open(address)

    return announce


def end_process() -> NoReturn:
    """End at once: to take an archive in memory apart, object by object, would take the interpreter seconds."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def edit_file(path: Path) -> None:
    """Open a file in the editor that the user has chosen. Exits 2 if there is none, or with the editor's code."""
    import shlex
    import subprocess

    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not editor:
        typer.echo("--edit: set VISUAL or EDITOR to the command of your editor", err=True)
        raise typer.Exit(2)
    try:
        code = subprocess.run([*shlex.split(editor), str(path)], check=False).returncode
    except (OSError, ValueError) as error:
        typer.echo(f'--edit: "{editor}" cannot be run: {error}', err=True)
        raise typer.Exit(2) from None
    if code:
        raise typer.Exit(code)


def exit_with(report: "Report") -> None:
    if not report.ok:
        raise typer.Exit(1)


@dataclass(slots=True)
class Place:
    """The folder that the paths of problems begin at: the current one until a site is found."""

    root: Path = field(default_factory=Path)


@contextmanager
def guarded(output_format: Format | None = None, color: Color = Color.AUTO) -> "Iterator[Place]":
    """Turns what goes wrong into problems and exit codes; the command says in which folder they are once it knows."""
    from pmsite.diagnostics import ConfigurationError, PmsiteError

    place = Place()
    try:
        yield place
    except PmsiteError as error:
        reporter_for(place.root, False, True, color, output_format).show(error.diagnostics)
        raise typer.Exit(2 if isinstance(error, ConfigurationError) else 1) from None
    except KeyboardInterrupt:
        typer.echo("interrupted; the published site is as it was", err=True)
        raise typer.Exit(130) from None
    except (typer.Exit, typer.Abort, typer.BadParameter):
        raise
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            sys.stderr.close()
        else:
            typer.echo(f"error: {error.filename or ''}: {error.strerror or error}", err=True)
        raise typer.Exit(1) from None
    except Exception:
        _bug()


def _bug() -> NoReturn:
    """An error that is pmsite's own: everything that is needed to report it, and exit code 3."""
    import platform
    import traceback

    typer.echo(
        f"pmsite {pmsite.__version__} has a bug; the published site is unchanged.\n"
        "Please report it to the project's issue tracker, with the command and what follows:\n\n"
        f"Python {platform.python_version()} on {platform.system()}\n{traceback.format_exc()}",
        err=True,
    )
    raise typer.Exit(3)
