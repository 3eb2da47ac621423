"""The command line: commands, options and exit codes.

Exit codes: 0 fine, 1 the content has errors, 2 usage or configuration, 3 a bug in pmsite, 130 interrupted. Everything
that a command needs is imported by the command, so that `pmsite --help` is quick.
"""

import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

import pmsite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pmsite.build import Options, Report
    from pmsite.config import Site
    from pmsite.report import Progress, Reporter

app = typer.Typer(
    name="pmsite",
    help="Build a browsable archive from a folder of Markdown postmortems.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
theme_app = typer.Typer(help="List, adapt and check themes.", no_args_is_help=True)
app.add_typer(theme_app, name="theme")


class Color(Enum):
    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class Format(Enum):
    FULL = "full"
    CONCISE = "concise"
    JSON = "json"
    GITHUB = "github"


class Table(Enum):
    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class Audience(Enum):
    PUBLIC = "public"
    INTERNAL = "internal"
    RESTRICTED = "restricted"


class SchemaName(Enum):
    FRONT_MATTER = "front-matter"
    CONFIG = "config"


Source = Annotated[
    Path | None, typer.Argument(help="A folder of postmortems, or one file; else what pmsite.yaml says.")
]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", "-c", help="The configuration file.", exists=True, dir_okay=False)
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Print every warning.")]
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


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)
    ] = False,
) -> None:
    if version:
        typer.echo(f"pmsite {pmsite.__version__}")
        raise typer.Exit


@app.command()
def init(folder: Annotated[Path, typer.Argument(help="The folder to make the site in.")] = Path()) -> None:
    """Make a site that builds at once, with an example postmortem that explains itself."""
    from pmsite import scaffold

    with _guarded():
        written = scaffold.init(folder, _today(None, ""))
        for path in written:
            typer.echo(f"wrote {path}")
        where = "" if folder == Path() else f"cd {folder} && "
        typer.echo(f"next: {where}pmsite build")


@app.command()
def new(
    title: Annotated[str, typer.Argument(help="What happened, in a line.")],
    template: Annotated[str, typer.Option(help="full, google, minimal, or a file of your own.")] = "full",
    day: Annotated[
        str | None, typer.Option("--date", help="The day of the incident; today if not given.")
    ] = None,
    config: ConfigFile = None,
) -> None:
    """Write a new postmortem from a template."""
    from pmsite import scaffold
    from pmsite.config import find_site

    with _guarded():
        site = find_site(None, config, Path.cwd())
        folder = site.root / site.config.content[0].path
        names = {item.value: item for item in scaffold.Template}
        when = _date(day, "--date") if day else _today(None, site.config.timezone)
        chosen = names.get(template, Path(template))
        typer.echo(scaffold.new_postmortem(folder, title, when, chosen))


@app.command()
def build(
    source: Source = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The folder to write the site to.")
    ] = None,
    base_url: Annotated[
        str | None, typer.Option(help="The site's address, for feeds and canonical links.")
    ] = None,
    strict: Strict = False,
    keep_going: Annotated[bool, typer.Option(help="Build without the documents that have errors.")] = False,
    drafts: Drafts = None,
    audience: AudienceOption = None,
    theme: Annotated[str | None, typer.Option(help="The theme to use.")] = None,
    clean: Annotated[bool, typer.Option(help="Reuse nothing of earlier builds.")] = False,
    no_search: Annotated[bool, typer.Option("--no-search", hidden=True)] = False,  # noqa: ARG001  no index yet
    config: ConfigFile = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    color: ColorOption = Color.AUTO,
    output_format: FormatOption = None,
    now: Now = None,
    jobs: Jobs = None,
) -> None:
    """Build the site."""
    import time

    begun = time.perf_counter()
    from pmsite import build as pipeline

    with _guarded(output_format, color):
        common = _common(
            source, config, quiet, verbose, color, output_format, now, jobs, strict,
            keep_going=keep_going, drafts=drafts, audience=audience, output=output, base_url=base_url, theme=theme,
        )  # fmt: skip
        if clean:
            _forget(common.site)
        progress = _progress(quiet)
        try:
            report = pipeline.build(common.site, common.options, progress)
        finally:
            progress.end()
        common.reporter.show(report.diagnostics)
        if not quiet:
            typer.echo(_summary(common.site, report, time.perf_counter() - begun), err=report.changes is None)
        _exit(report)


@app.command()
def check(
    source: Source = None,
    strict: Strict = False,
    drafts: Drafts = None,
    audience: AudienceOption = None,
    config: ConfigFile = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    color: ColorOption = Color.AUTO,
    output_format: FormatOption = None,
    now: Now = None,
    jobs: Jobs = None,
) -> None:
    """Find every problem without writing anything."""
    from pmsite import build as pipeline

    with _guarded(output_format, color):
        common = _common(
            source, config, quiet, verbose, color, output_format, now, jobs, strict, drafts=drafts, audience=audience,
            results=True,
        )  # fmt: skip
        report = pipeline.check(common.site, common.options)
        common.reporter.show(report.diagnostics)
        if not quiet:
            typer.echo(_counts(report), err=True)
        _exit(report)


@app.command(name="list")
def list_incidents(
    source: Source = None,
    severity: Annotated[list[str] | None, typer.Option(help="Only these severities.")] = None,
    cause: Annotated[list[str] | None, typer.Option(help="Only these root causes.")] = None,
    service: Annotated[list[str] | None, typer.Option(help="Only these services.")] = None,
    since: Annotated[
        str | None, typer.Option(help="Only incidents from this day on.", metavar="DATE")
    ] = None,
    open_actions: Annotated[
        bool, typer.Option("--open-actions", help="Only with open action items.")
    ] = False,
    table: Annotated[Table, typer.Option("--format", "-f", help="How to print them.")] = Table.TABLE,
    config: ConfigFile = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    color: ColorOption = Color.AUTO,
    output_format: FormatOption = None,
    now: Now = None,
    jobs: Jobs = None,
) -> None:
    """List incidents, newest first."""
    from pmsite import build as pipeline
    from pmsite.listing import Filters, ListFormat, listed, matching

    with _guarded(output_format, color):
        common = _common(source, config, quiet, verbose, color, output_format, now, jobs, False)
        archive, problems = pipeline.load_archive(common.site, common.options)
        common.reporter.show(problems)
        filters = Filters(
            tuple(severity or ()), tuple(cause or ()), tuple(service or ()),
            _date(since, "--since") if since else None, open_actions,
        )  # fmt: skip
        found = tuple(matching(archive, filters))
        text = listed(found, ListFormat(table.value), common.site.title, common.options.today)
        sys.stdout.buffer.write(text.encode())


@theme_app.command(name="list")
def theme_list(config: ConfigFile = None) -> None:
    """List the themes that can be used."""
    from pmsite.config import find_site
    from pmsite.site.theme import available_themes

    with _guarded():
        site = find_site(None, config, Path.cwd())
        for name, folder in available_themes(site).items():
            mark = "*" if name == site.config.theme else " "
            typer.echo(f"{mark} {name:<16} {folder}")


@theme_app.command(name="copy")
def theme_copy(
    template: Annotated[str, typer.Argument(help="A template of the theme, such as incident.html.")],
    config: ConfigFile = None,
) -> None:
    """Copy a template of the theme into templates/, where it can be changed."""
    from pmsite.config import find_site
    from pmsite.site.theme import copy_template, load_theme

    with _guarded():
        site = find_site(None, config, Path.cwd())
        typer.echo(f"wrote {copy_template(site, load_theme(site), template)}")


@theme_app.command(name="check")
def theme_check(
    config: ConfigFile = None, color: ColorOption = Color.AUTO, output_format: FormatOption = None
) -> None:
    """Check the theme in use: its theme.yaml, its options, and that every template can be compiled."""
    from pmsite.build import check_theme
    from pmsite.config import find_site

    with _guarded(output_format, color):
        site = find_site(None, config, Path.cwd())
        theme = check_theme(site)
        layers = " > ".join(layer.name for layer in theme.layers)
        typer.echo(f"the theme {theme.name} is fine; lookup: {layers}")


@app.command()
def schema(name: Annotated[SchemaName, typer.Argument(help="What to describe.")]) -> None:
    """Print the JSON Schema of front matter or of the configuration, for editors."""
    from pmsite.schemas import json_schema

    typer.echo(json_schema(name.value))


@app.command()
def clean(config: ConfigFile = None) -> None:
    """Remove what pmsite made: the site and the cache. Other files in the output folder stay."""
    from pmsite.config import find_site
    from pmsite.site.write import clean as remove

    with _guarded():
        site = find_site(None, config, Path.cwd())
        removed = remove(site.output)
        for folder in {site.state, *(site.state.parent.glob("*/") if site.state.parent.is_dir() else ())}:
            _remove_cache(folder)
        typer.echo(f"removed {removed} files of {site.output}")


def main() -> None:
    """The entry point. Never shows a traceback for a user's mistake."""
    try:
        app()
    except KeyboardInterrupt:
        typer.echo("interrupted; the published site is as it was", err=True)
        sys.exit(130)


def _common(
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
    results: bool = False,
) -> Common:
    from pmsite.build import Options
    from pmsite.config import find_site, with_overrides

    site = find_site(source, config, Path.cwd())
    site = with_overrides(
        site,
        output=str(Path.cwd() / output) if output is not None else None,
        base_url=base_url,
        theme=theme,
        drafts=drafts,
        audience=audience.value if audience else None,
    )
    today = _today(now, site.config.timezone)
    options = Options(today, strict=strict, keep_going=keep_going, jobs=jobs or _cores())
    return Common(site, options, _reporter(site.root, quiet, verbose, color, output_format, results))


def _reporter(
    root: Path, quiet: bool, verbose: bool, color: Color, output_format: Format | None, results: bool = False
) -> "Reporter":
    from pmsite.report import OutputFormat, Reporter

    if output_format is None:
        output_format = Format.GITHUB if os.environ.get("GITHUB_ACTIONS") == "true" else Format.FULL
    stream = sys.stdout if results else sys.stderr
    colorful = color is Color.ALWAYS or (
        color is Color.AUTO
        and stream.isatty()
        and "NO_COLOR" not in os.environ
        and os.environ.get("TERM") != "dumb"
    )
    return Reporter(
        root,
        output_format=OutputFormat(output_format.value),
        quiet=quiet,
        verbose=verbose,
        color=colorful,
        stream=stream,
    )


def _progress(quiet: bool) -> "Progress":
    from pmsite.report import Progress

    return Progress(visible=not quiet and sys.stderr.isatty() and "CI" not in os.environ)


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def _today(now: str | None, zone: str) -> date:
    """`--now`, else SOURCE_DATE_EPOCH (https://reproducible-builds.org), else today in the site's zone."""
    from zoneinfo import ZoneInfo

    if now is not None:
        return _date(now, "--now")
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    moment = datetime.fromtimestamp(int(epoch), UTC) if epoch.isdecimal() else datetime.now(UTC)
    return moment.astimezone(ZoneInfo(zone) if zone else None).date()


def _date(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        typer.echo(f'{option}: "{text}" is not a date; write 2026-11-01', err=True)
        raise typer.Exit(2) from None


def _forget(site: "Site") -> None:
    _remove_cache(site.state)


def _remove_cache(folder: Path) -> None:
    for path in folder.glob("cache.sqlite*"):
        path.unlink(missing_ok=True)


def _summary(site: "Site", report: "Report", seconds: float) -> str:
    if report.changes is None:
        return f"{_counts(report)}; nothing was written"
    changes = report.changes
    where = os.path.relpath(site.output)
    return (
        f"{_counts(report)}; {changes.written} files written, {changes.unchanged} unchanged, "
        f"{changes.removed} removed in {seconds:.1f} s: {where}/index.html"
    )


def _counts(report: "Report") -> str:
    from pmsite.diagnostics import Severity

    errors = sum(problem.severity is Severity.ERROR for problem in report.diagnostics)
    warnings = len(report.diagnostics) - errors
    return f"{_count(report.documents, 'document')}, {_count(errors, 'error')}, {_count(warnings, 'warning')}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _exit(report: "Report") -> None:
    if not report.ok:
        raise typer.Exit(1)


@contextmanager
def _guarded(output_format: Format | None = None, color: Color = Color.AUTO) -> "Iterator[None]":
    """Turns what goes wrong into problems and exit codes."""
    from pmsite.diagnostics import ConfigurationError, PmsiteError

    try:
        yield
    except PmsiteError as error:
        _reporter(Path(), False, True, color, output_format).show(error.diagnostics)
        raise typer.Exit(2 if isinstance(error, ConfigurationError) else 1) from None
    except (typer.Exit, typer.Abort, KeyboardInterrupt):
        raise
    except BrokenPipeError:
        sys.stderr.close()
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
