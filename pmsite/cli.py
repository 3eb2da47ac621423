"""The command line: commands and their options; nothing else.

Everything that a command needs is imported by the command, so that `pmsite --help` is quick.
"""

import sys
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

import pmsite
from pmsite.command import (
    Audience,
    AudienceOption,
    Color,
    ColorOption,
    Common,
    ConfigFile,
    Drafts,
    FormatOption,
    Jobs,
    Now,
    Quiet,
    Source,
    Strict,
    Verbose,
    adopted,
    announcer,
    common,
    completeness_line,
    cores,
    counts,
    day_option,
    deployed,
    edit_file,
    end_process,
    exit_with,
    field_names,
    filters_of,
    findings,
    from_here,
    guarded,
    inventory,
    print_diff,
    progress_line,
    remove_cache,
    speaker,
    summary,
    tell_runner,
    today,
)

app = typer.Typer(
    name="pmsite",
    help="Build a browsable archive from a folder of Markdown postmortems.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
theme_app = typer.Typer(help="List, adapt and check themes.", no_args_is_help=True)
app.add_typer(theme_app, name="theme")


class Table(Enum):
    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class Form(Enum):
    TABLE = "table"
    JSON = "json"


class SchemaName(Enum):
    FRONT_MATTER = "front-matter"
    CONFIG = "config"
    INCIDENTS = "incidents"


Severities = Annotated[list[str] | None, typer.Option("--severity", help="Only these severities.")]
Causes = Annotated[list[str] | None, typer.Option("--cause", help="Only these root causes.")]
Services = Annotated[list[str] | None, typer.Option("--service", help="Only these services.")]
Since = Annotated[
    str | None, typer.Option("--since", help="Only incidents from this day on.", metavar="DATE")
]
OpenActions = Annotated[bool, typer.Option("--open-actions", help="Only with open action items.")]
TableFormat = Annotated[Table, typer.Option("--format", "-f", help="How to print them.")]


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
def init(
    folder: Annotated[Path, typer.Argument(help="The folder to make the site in.")] = Path(),
    github: Annotated[
        bool,
        typer.Option("--github", help="Also write a workflow for GitHub Actions; alone where a site is."),
    ] = False,
) -> None:
    """Make a site that builds at once: around the postmortems that are there, else with an example."""
    from pmsite import scaffold
    from pmsite.config import FILE_NAME

    with guarded():
        day = today(None, "")
        is_new = not (folder / FILE_NAME).exists()
        written = scaffold.init(folder, day, cores(), github=github)
        for path in written:
            typer.echo(f"wrote {from_here(path)}")
        if not is_new:
            return
        where = "" if folder == Path() else f"cd {folder} && "
        blocked = False
        if not any(path.suffix == ".md" for path in written):
            blocked = inventory(folder, day)
        typer.echo(f"next: {where}pmsite build{' --keep-going' if blocked else ''}")


@app.command()
def new(
    title: Annotated[str, typer.Argument(help="What happened, in a line.")],
    template: Annotated[str, typer.Option(help="full, google, minimal, or a file of your own.")] = "full",
    day: Annotated[
        str | None, typer.Option("--date", help="The day of the incident; today if not given.")
    ] = None,
    edit: Annotated[bool, typer.Option("--edit", help="Open it in $VISUAL or $EDITOR.")] = False,
    config: ConfigFile = None,
) -> None:
    """Write a new postmortem from a template."""
    from pmsite import scaffold
    from pmsite.config import find_site

    with guarded() as place:
        site = find_site(None, config, Path.cwd())
        place.root = site.root
        folder = site.root / site.config.content[0].path
        if not title.strip():
            raise typer.BadParameter("say what happened", param_hint="TITLE")
        names = {item.value: item for item in scaffold.Template}
        when = day_option(day, "--date") if day else today(None, site.config.timezone)
        chosen = names.get(template, Path(template))
        path = scaffold.new_postmortem(folder, title, when, chosen)
        typer.echo(path)
        if edit:
            edit_file(path)


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
    no_search: Annotated[bool, typer.Option("--no-search", help="Make no full-text index.")] = False,
    config: ConfigFile = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    color: ColorOption = Color.AUTO,
    output_format: FormatOption = None,
    now: Now = None,
    jobs: Jobs = None,
    profile: Annotated[bool, typer.Option("--profile", help="Say where the time went.")] = False,
) -> None:
    """Build the site."""
    import time

    begun = time.perf_counter()
    from pmsite import build as pipeline

    with guarded(output_format, color) as place:
        shared = common(
            source, config, quiet, verbose, color, output_format, now, jobs, strict,
            keep_going=keep_going, drafts=drafts, audience=audience, output=output, base_url=base_url, theme=theme,
            search=not no_search,
        )  # fmt: skip
        place.root = shared.site.root
        if clean:
            remove_cache(shared.site.state)
        progress = progress_line(quiet)
        try:
            report = pipeline.build(shared.site, shared.options, progress)
        finally:
            progress.end()
        shared.reporter.show(report.diagnostics)
        if not quiet:
            typer.echo(summary(shared.site, report, time.perf_counter() - begun), err=report.changes is None)
        if profile:
            from pmsite.stages import table

            typer.echo(table(report.stages), err=True)
        tell_runner(shared.site, report, quiet)
        exit_with(report)


@app.command()
def serve(
    source: Source = None,
    host: Annotated[str, typer.Option(help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option("--port", "-p", help="The port; the next free one if it is taken.", min=0, max=65_535),
    ] = 8000,
    open_browser: Annotated[bool, typer.Option("--open", help="Open the site in a browser.")] = False,
    poll: Annotated[
        bool, typer.Option("--poll", help="Look for changes regularly: for containers and network drives.")
    ] = False,
    base_url: Annotated[
        str | None, typer.Option(help="The site's address, for feeds and canonical links.")
    ] = None,
    strict: Strict = False,
    keep_going: Annotated[bool, typer.Option(help="Build without the documents that have errors.")] = False,
    drafts: Drafts = None,
    audience: AudienceOption = None,
    theme: Annotated[str | None, typer.Option(help="The theme to use.")] = None,
    config: ConfigFile = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    color: ColorOption = Color.AUTO,
    now: Now = None,
    jobs: Jobs = None,
    no_search: Annotated[bool, typer.Option("--no-search", help="Make no full-text index.")] = False,
) -> None:
    """Show the site in a browser, and build and reload it whenever a file is saved."""
    from pmsite import serve as preview

    with guarded(None, color) as place:

        def shared() -> Common:
            return common(
                source, config, quiet, verbose, color, None, now, jobs, strict,
                keep_going=keep_going, drafts=drafts, audience=audience, base_url=base_url, theme=theme,
                search=not no_search,
            )  # fmt: skip

        first = shared()
        place.root = first.site.root
        preview.serve(
            lambda: shared().site,
            lambda site: replace(first.options, today=today(now, site.config.timezone)),
            preview.Place(host, port, poll),
            preview.Console(speaker(quiet), first.reporter.show, announcer(open_browser)),
        )
    end_process()


@app.command()
def check(
    source: Source = None,
    strict: Strict = False,
    drafts: Drafts = None,
    audience: AudienceOption = None,
    changed_since: Annotated[
        str | None,
        typer.Option(
            help="Only warnings of documents that differ from this revision, and addresses that would vanish.",
            metavar="REF",
        ),
    ] = None,
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

    with guarded(output_format, color) as place:
        shared = common(
            source, config, quiet, verbose, color, output_format, now, jobs, strict, drafts=drafts, audience=audience,
            results=True,
        )  # fmt: skip
        place.root = shared.site.root
        changes = None
        if changed_since is None:
            report = pipeline.check(shared.site, shared.options)
        else:
            from pmsite.revisions import check_change

            report, changes = check_change(shared.site, shared.options, changed_since)
        shared.reporter.show(report.diagnostics)
        shared.reporter.show_findings(findings(report))
        if not quiet:
            typer.echo(counts(report), err=True)
            if report.coverage is not None and report.coverage.incidents:
                typer.echo(completeness_line(report.coverage), err=True)
        tell_runner(shared.site, report, quiet, changes)
        exit_with(report)


@app.command()
def deploy(
    remote: Annotated[str, typer.Option(help="The remote to push to.")] = "origin",
    branch: Annotated[str, typer.Option(help="The branch that Pages serve.")] = "gh-pages",
    cname: Annotated[
        str | None,
        typer.Option(help="The site's own domain; else the one that the branch has.", metavar="DOMAIN"),
    ] = None,
    message: Annotated[
        str, typer.Option("--message", "-m", help="The message of the commit.")
    ] = "Publish the site",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would change, and push nothing.")
    ] = False,
    internal_is_fine: Annotated[
        bool, typer.Option("--internal-is-fine", help="Push a build that is not public all the same.")
    ] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The folder to build in.")] = None,
    base_url: Annotated[
        str | None, typer.Option(help="The site's address, for feeds and canonical links.")
    ] = None,
    audience: AudienceOption = None,
    strict: Strict = False,
    config: ConfigFile = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    color: ColorOption = Color.AUTO,
    output_format: FormatOption = None,
    now: Now = None,
    jobs: Jobs = None,
) -> None:
    """Build the site and push it to a branch that GitHub Pages serve."""
    from pmsite import build as pipeline
    from pmsite.deploy import Target, refuse_confidential
    from pmsite.deploy import deploy as push

    with guarded(output_format, color) as place:
        shared = common(
            None, config, quiet, verbose, color, output_format, now, jobs, strict,
            audience=audience, output=output, base_url=base_url,
        )  # fmt: skip
        place.root = shared.site.root
        refuse_confidential(shared.site, internal_is_fine)
        report = pipeline.build(shared.site, shared.options)
        shared.reporter.show(report.diagnostics)
        exit_with(report)
        target = Target(remote, branch, cname or "")
        difference = push(shared.site, target, message, dry_run=dry_run)
        if dry_run and not quiet:
            for mark, paths in (
                ("+", difference.added),
                ("~", difference.changed),
                ("-", difference.removed),
            ):
                for path in paths:
                    typer.echo(f"{mark} {path}")
        if not quiet:
            typer.echo(deployed(difference, target, dry_run), err=True)


@app.command()
def adopt(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Documents, or folders of them; else all.")
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="Write it into the documents.")] = False,
    only: Annotated[
        str | None, typer.Option(help="Only these fields, separated by commas.", metavar="FIELD,FIELD")
    ] = None,
    config: ConfigFile = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    color: ColorOption = Color.AUTO,
    output_format: FormatOption = None,
    jobs: Jobs = None,
) -> None:
    """Show the front matter that what was read out of prose would be; with --write, write it."""
    from pmsite.adopt import adoptions
    from pmsite.diagnostics import has_errors

    with guarded(output_format, color) as place:
        source = paths[0] if paths and len(paths) == 1 else None
        shared = common(source, config, quiet, verbose, color, output_format, None, jobs, False)
        place.root = shared.site.root
        fields = field_names(only)
        found, problems = adoptions(shared.site, shared.options, only=fields, paths=paths or ())
        changed = [item for item in found if item.after != item.before]
        for item in changed:
            if write:
                item.write()
                typer.echo(f"wrote {from_here(item.location)}")
            else:
                print_diff(item.diff(from_here(item.location)), color)
        for item in found:
            if item.note:
                typer.echo(f"{from_here(item.location)}: not adopted: {item.note}", err=True)
        shared.reporter.show([problem for problem in problems if problem.severity.value == "error"])
        if not quiet:
            typer.echo(adopted(len(changed), write), err=True)
        if has_errors(problems):
            raise typer.Exit(1)


@app.command(name="list")
def list_incidents(
    source: Source = None,
    severity: Severities = None,
    cause: Causes = None,
    service: Services = None,
    since: Since = None,
    open_actions: OpenActions = False,
    table: TableFormat = Table.TABLE,
    config: ConfigFile = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    color: ColorOption = Color.AUTO,
    output_format: FormatOption = None,
    now: Now = None,
    jobs: Jobs = None,
) -> None:
    """List incidents, newest first."""
    from pmsite.listing import ListFormat, listed, matching
    from pmsite.load import load_archive

    with guarded(output_format, color) as place:
        shared = common(source, config, quiet, verbose, color, output_format, now, jobs, False)
        place.root = shared.site.root
        archive, problems = load_archive(shared.site, shared.options)
        shared.reporter.show(problems)
        filters = filters_of(severity, cause, service, since, open_actions)
        found = tuple(matching(archive, filters))
        text = listed(found, ListFormat(table.value), shared.site.title, shared.options.today)
        sys.stdout.buffer.write(text.encode())


@app.command()
def stats(
    source: Source = None,
    severity: Severities = None,
    cause: Causes = None,
    service: Services = None,
    since: Since = None,
    open_actions: OpenActions = False,
    table: TableFormat = Table.TABLE,
    config: ConfigFile = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    color: ColorOption = Color.AUTO,
    output_format: FormatOption = None,
    now: Now = None,
    jobs: Jobs = None,
) -> None:
    """Print what the insights and quarter pages show: counts, durations, action items."""
    from pmsite.listing import ListFormat, matching
    from pmsite.load import load_archive
    from pmsite.stats import figures_of, printed

    with guarded(output_format, color) as place:
        shared = common(source, config, quiet, verbose, color, output_format, now, jobs, False)
        place.root = shared.site.root
        archive, problems = load_archive(shared.site, shared.options)
        shared.reporter.show(problems)
        filters = filters_of(severity, cause, service, since, open_actions)
        today = shared.options.today
        figures = figures_of(tuple(matching(archive, filters)), archive, shared.site.config, today)
        text = printed(figures, ListFormat(table.value), shared.site.title, today)
        sys.stdout.buffer.write(text.encode())


@app.command()
def search(
    words: Annotated[list[str], typer.Argument(help="What to look for, such as a line of a log.")],
    limit: Annotated[int, typer.Option("--limit", "-n", help="How many documents to print.", min=1)] = 20,
    form: Annotated[Form, typer.Option("--format", "-f", help="How to print them.")] = Form.TABLE,
    audience: AudienceOption = None,
    config: ConfigFile = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    color: ColorOption = Color.AUTO,
    output_format: FormatOption = None,
    jobs: Jobs = None,
) -> None:
    """Find the documents that hold some words, those with the exact phrase first."""
    from pmsite.find import SearchFormat, shown
    from pmsite.find import search as find

    with guarded(output_format, color) as place:
        shared = common(
            None, config, quiet, verbose, color, output_format, None, jobs, False, audience=audience
        )
        place.root = shared.site.root
        if not "".join(words).strip():
            raise typer.BadParameter("say what to look for", param_hint="WORDS")
        found = find(shared.site, shared.options, words, limit)
        shared.reporter.show([problem for problem in found.diagnostics if problem.severity.value == "error"])
        sys.stdout.buffer.write(shown(found, SearchFormat(form.value)).encode())


@theme_app.command(name="list")
def theme_list(config: ConfigFile = None) -> None:
    """List the themes that can be used."""
    from pmsite.config import find_site
    from pmsite.site.theme import available_themes

    with guarded() as place:
        site = find_site(None, config, Path.cwd())
        place.root = site.root
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

    with guarded() as place:
        site = find_site(None, config, Path.cwd())
        place.root = site.root
        typer.echo(f"wrote {copy_template(site, load_theme(site), template)}")


@theme_app.command(name="check")
def theme_check(
    config: ConfigFile = None, color: ColorOption = Color.AUTO, output_format: FormatOption = None
) -> None:
    """Check the theme in use: its theme.yaml, its options, and that every template can be compiled."""
    from pmsite.config import find_site
    from pmsite.publishing import check_theme

    with guarded(output_format, color) as place:
        site = find_site(None, config, Path.cwd())
        place.root = site.root
        theme = check_theme(site)
        layers = " > ".join(layer.name for layer in theme.layers)
        typer.echo(f"the theme {theme.name} is fine; lookup: {layers}")


@app.command()
def schema(name: Annotated[SchemaName, typer.Argument(help="What to describe.")]) -> None:
    """Print the JSON Schema of front matter or of the configuration, for editors, or of incidents.json."""
    from pmsite.schemas import json_schema

    typer.echo(json_schema(name.value))


@app.command()
def clean(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The folder that the site is in.")
    ] = None,
    config: ConfigFile = None,
) -> None:
    """Remove what pmsite made: the site and the cache. Other files in the output folder stay."""
    from pmsite.config import find_site
    from pmsite.site.write import clean as remove

    with guarded() as place:
        site = find_site(None, config, Path.cwd())
        place.root = site.root
        folder = Path.cwd() / output if output is not None else site.output
        removed = remove(folder)
        for audience in Audience:
            remove_cache(site.state.parent / audience.value)
        typer.echo(f"removed {removed} files of {folder}")


def main() -> None:
    """The entry point."""
    app(prog_name="pmsite")
