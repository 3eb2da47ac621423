"""The command line: what each command and option does, what goes to which stream, and the exit codes."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

import pmsite as package
from pmsite.cli import app
from pmsite.site.write import MANIFEST
from tests.sites import ARCHIVE, ROOT, pmsite, tree, write_files

WARNING = "-- content/2024-01-10-web.md --\n---\nseverity: SEV33\n---\n"
ERROR = "-- content/2024-02-02-dns.md --\n---\npublished: never\n---\n## What happened\n"
GOOD = "-- content/2024-03-03-good.md --\n---\ntitle: Good\nseverity: SEV1\n---\n"
COMMANDS = [
    "init",
    "new",
    "build",
    "check",
    "deploy",
    "list",
    "stats",
    "search",
    "theme",
    "theme list",
    "theme copy",
    "theme check",
    "schema",
    "clean",
]
UNSET = {"GITHUB_ACTIONS": None, "SOURCE_DATE_EPOCH": None, "CI": None, "FORCE_COLOR": None, "COLUMNS": "120"}


class Result:
    def __init__(self, code: int, stdout: str, stderr: str) -> None:
        self.code, self.stdout, self.stderr = code, stdout, stderr
        assert "Traceback" not in stdout + stderr, stderr


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Run a command in the test's folder, in this process."""
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: str, **environment: str) -> Result:
        found = CliRunner().invoke(app, arguments, env={**UNSET, **environment}, catch_exceptions=False)
        return Result(found.exit_code, found.stdout, found.stderr)

    return invoke


# Help and version.


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_command_has_help(run, command: str) -> None:  # type: ignore[no-untyped-def]
    for option in ("--help", "-h"):
        result = run(*command.split(), option)
        assert result.code == 0 and "Usage:" in result.stdout and result.stderr == ""


def test_the_commands_are_those_that_are_tested_here() -> None:
    root = get_command(app)
    found = {*root.commands, *(f"theme {name}" for name in root.commands["theme"].commands)}  # type: ignore[attr-defined]
    assert found - {"serve", "adopt"} == set(COMMANDS)


def test_every_option_of_build_is_explained(run) -> None:  # type: ignore[no-untyped-def]
    text = run("build", "--help").stdout
    options = "output base-url strict keep-going drafts no-drafts audience theme clean config quiet verbose color output-format now jobs"
    assert [option for option in options.split() if f"--{option}" not in text] == []


def test_the_version_as_a_process_of_its_own(tmp_path: Path) -> None:
    result = pmsite("--version", cwd=tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (0, f"pmsite {package.__version__}\n", "")
    assert tree(tmp_path) == {}


# Exit codes.


@pytest.mark.parametrize(
    ("site", "arguments", "code"),
    [
        (GOOD, "build", 0),
        (GOOD, "check", 0),
        (WARNING, "build", 0),
        (WARNING, "check", 0),
        (WARNING, "check --strict", 1),
        (WARNING, "build --strict", 1),
        (ERROR, "build", 1),
        (ERROR, "check", 1),
        (ERROR, "build --keep-going", 1),
        (ERROR, "list", 0),
        (ERROR, "stats", 0),
        (GOOD, "buidl", 2),
        (GOOD, "build --frobnicate", 2),
        (GOOD, "build --jobs 0", 2),
        (GOOD, "build --jobs many", 2),
        (GOOD, "build --now tomorrow", 2),
        (GOOD, "build --now 2026-02-30", 2),
        (GOOD, "build --audience everyone", 2),
        (GOOD, "build --base-url example.org", 2),
        (GOOD, "build --theme papper", 2),
        (GOOD, "build --color sometimes", 2),
        (GOOD, "build --output-format xml", 2),
        (GOOD, "build missing-folder", 2),
        (GOOD, "build -c missing.yaml", 2),
        (GOOD, "check missing-folder", 2),
        (GOOD, "list --since never", 2),
        (GOOD, "list --format xml", 2),
        (GOOD, "stats --since never", 2),
        (GOOD, "schema nothing", 2),
        (GOOD, "new", 2),
        (GOOD, "new Web --date never", 2),
        (GOOD, "new Web --template missing.md", 2),
        (GOOD, "new Web --date 2024-01-10", 0),
        (GOOD, "schema config", 0),
        (GOOD, "theme copy incidnt.html", 2),
        ("-- pmsite.yaml --\ntitle: a: b\n", "build", 2),
        ("-- pmsite.yaml --\ntitle: a: b\n", "list", 2),
        ("-- pmsite.yaml --\ntitle: a: b\n", "new Web", 2),
        ("-- pmsite.yaml --\ntitle: a: b\n", "theme check", 2),
        ("-- pmsite.yaml --\ntitle: a: b\n", "clean", 2),
        ("-- pmsite.yaml --\ncontent: missing\n", "build", 2),
        ("-- pmsite.yaml --\ncontent: missing\n", "check", 2),
        ("-- pmsite.yaml --\n- a\n", "build", 2),
    ],
)
def test_exit_codes(run, tmp_path: Path, site: str, arguments: str, code: int) -> None:  # type: ignore[no-untyped-def]
    write_files(tmp_path, site)
    before = tree(tmp_path)
    result = run(*arguments.split())
    assert result.code == code, result.stderr
    if code == 2:
        assert result.stdout == "" and result.stderr
        assert {path for path in tree(tmp_path) if not path.startswith(".pmsite/")} == set(before)


@pytest.mark.parametrize("kind", ["folder", "latin-1", "link to nothing"])
@pytest.mark.parametrize("command", ["build", "check", "list", "clean", "theme list"])
def test_a_configuration_that_cannot_be_read_is_no_bug(run, tmp_path: Path, kind: str, command: str) -> None:  # type: ignore[no-untyped-def]
    write_files(tmp_path, GOOD)
    config = tmp_path / "pmsite.yaml"
    if kind == "folder":
        config.mkdir()
    elif kind == "latin-1":
        config.write_bytes(b"title: caf\xe9\n")
    else:
        config.symlink_to("nowhere")
    assert run(*command.split()).code == (2 if kind == "latin-1" else 0)


def test_a_bug_of_pmsites_says_how_to_report_it_and_ends_with_3(tmp_path: Path) -> None:
    write_files(tmp_path / "site", GOOD)
    write_files(
        tmp_path / "broken",
        "-- sitecustomize.py --\nimport pmsite.archive.archive as archive\n\n"
        "def broken(*_):\n    raise ZeroDivisionError('a bug')\n\narchive.build_archive = broken\n",
    )
    for command in ("build", "check", "list"):
        result = pmsite(command, cwd=tmp_path / "site", PYTHONPATH=f"{tmp_path / 'broken'}:{ROOT}")
        assert (result.returncode, result.stdout) == (3, "")
        assert f"pmsite {package.__version__} has a bug" in result.stderr and "report it" in result.stderr
        assert "ZeroDivisionError: a bug" in result.stderr and "Python 3." in result.stderr
    assert not (tmp_path / "site/site").exists()


def test_an_interrupted_build_ends_with_130_and_leaves_the_site(tmp_path: Path) -> None:
    """The interrupt comes while documents are rendered: a template of the site's own says so by being slow."""
    write_files(tmp_path / "site", GOOD)
    assert pmsite("build", cwd=tmp_path / "site").returncode == 0
    before = tree(tmp_path / "site/site")
    write_files(tmp_path / "site", ERROR.replace("never", "2024-02-02"))
    write_files(
        tmp_path / "slow",
        "-- sitecustomize.py --\nimport pathlib, time\nimport pmsite.site.render as render\nquick = render.Renderer.render\n\n"
        "def slow(*given):\n    pathlib.Path('rendering').touch()\n    time.sleep(30)\n    return quick(*given)\n\n"
        "render.Renderer.render = slow\n",
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "pmsite", "build"],
        cwd=tmp_path / "site",
        env={**os.environ, "PYTHONPATH": f"{tmp_path / 'slow'}:{ROOT}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        end = time.monotonic() + 60
        while not (tmp_path / "site/rendering").exists() and time.monotonic() < end:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, stdout) == (130, "")
    assert "interrupted" in stderr and "Traceback" not in stderr
    assert tree(tmp_path / "site/site") == before
    assert not list((tmp_path / "site").glob(".site.pmsite-*"))
    assert pmsite("build", cwd=tmp_path / "site").returncode == 0


def test_a_closed_pipe_is_no_bug(tmp_path: Path) -> None:
    write_files(tmp_path, GOOD)
    command = f"'{sys.executable}' -m pmsite schema config | true; exit ${{PIPESTATUS[0]}}"
    result = subprocess.run(["bash", "-c", command], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False)  # fmt: skip
    assert (
        result.returncode in (0, 1, 141)
        and "Traceback" not in result.stderr
        and "has a bug" not in result.stderr
    )


# Streams and output formats.


def test_results_go_to_stdout_and_problems_to_stderr(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    write_files(tmp_path, WARNING)
    built = run("build")
    assert built.stdout.startswith("1 document, 0 errors, 1 warning; ") and built.stdout.endswith(
        "site/index.html\n"
    )
    assert built.stderr.startswith("warning[W104 new-term] content/2024-01-10-web.md:2:11: ")
    checked = run("check")
    assert checked.stdout == built.stderr
    assert checked.stderr.startswith(
        "1 document, 0 errors, 1 warning\n15 % of the fields that matter are there"
    )
    listed = run("list")
    assert listed.stdout.splitlines()[0].startswith("date") and "W104" not in listed.stdout
    write_files(tmp_path, ERROR)
    failed = run("build")
    assert failed.stdout == "" and failed.stderr.endswith(
        "2 documents, 1 error, 1 warning; nothing was written\n"
    )


def test_the_full_format_shows_the_line_and_what_to_do(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    write_files(tmp_path, ERROR)
    lines = run("check").stdout.splitlines()
    assert lines[0].startswith('error[E103 invalid-value] published: "never" is not a date')
    assert lines[1:4] == [
        "  --> content/2024-02-02-dns.md:2:12",
        "  2 | published: never",
        "    |            ^",
    ]


def test_warnings_are_counted_per_rule_and_v_shows_all(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    links = "".join(f"[{number}](missing-{number}.md)\n\n" for number in range(5))
    write_files(tmp_path, f"{GOOD}\n{links}")
    (line,) = run("check").stdout.splitlines()
    assert line.startswith(
        "warning[W201 broken-link] 5 x: a link leads to nothing: content/2024-03-03-good.md:6:5, "
    )
    assert line.endswith(" and 2 more (-v shows all)")
    full = run("check", "-v").stdout
    assert full.count("warning[W201 broken-link] ") == full.count("  --> ") == full.count("  help: ") == 5


def test_quiet_prints_errors_alone(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    write_files(tmp_path, WARNING)
    for command in ("build", "check"):
        result = run(command, "-q")
        assert (result.code, result.stdout, result.stderr) == (0, "", "")
    strict = run("check", "-q", "--strict")
    assert strict.code == 1 and "error[W104" in strict.stdout and strict.stderr == ""
    write_files(tmp_path, ERROR)
    result = run("build", "-q")
    assert (result.code, result.stdout) == (1, "") and "E103" in result.stderr and "W104" not in result.stderr


def test_quiet_and_verbose_do_not_change_the_verdict(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    write_files(tmp_path, WARNING)
    assert {
        run("check", "--strict", *flags).code for flags in ([], ["-q"], ["-v"], ["--output-format", "json"])
    } == {1}


def test_the_concise_format_is_one_line_per_problem(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    write_files(tmp_path, WARNING + ERROR)
    lines = run("check", "--output-format", "concise").stdout.splitlines()
    assert [line.split(" ")[:2] for line in lines] == [
        ["content/2024-02-02-dns.md:2:12:", "E103"],
        ["content/2024-01-10-web.md:2:11:", "W104"],
    ]


def test_the_json_format_parses_and_says_everything(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    write_files(tmp_path, WARNING + ERROR)
    value = json.loads(run("check", "--output-format", "json").stdout)
    assert [set(item) for item in value] == [
        {"path", "line", "column", "severity", "code", "name", "message", "hint"}
    ] * 2
    assert [
        (item["path"], item["line"], item["column"], item["severity"], item["code"]) for item in value
    ] == [
        ("content/2024-02-02-dns.md", 2, 12, "error", "E103"),
        ("content/2024-01-10-web.md", 2, 11, "warning", "W104"),
    ]
    assert json.loads(run("build", "--output-format", "json").stderr.rpartition("]")[0] + "]") == value
    write_files(tmp_path / "clean", GOOD)
    assert json.loads(run("check", "clean", "--output-format", "json").stdout) == []


def test_the_json_format_holds_errors_of_configuration_too(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    write_files(tmp_path, f"-- pmsite.yaml --\npage_size: 1\n{GOOD}")
    result = run("check", "--output-format", "json")
    assert result.code == 2
    (problem,) = json.loads(result.stderr or result.stdout)
    assert (problem["path"], problem["line"], problem["code"]) == ("pmsite.yaml", 1, "E501")


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [(["--output-format", "github"], {}), ([], {"GITHUB_ACTIONS": "true"})],
)
def test_github_annotations_are_escaped(
    run, tmp_path: Path, arguments: list[str], environment: dict[str, str]
) -> None:  # type: ignore[no-untyped-def]
    """https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts"""
    name = "2024-01-10 a,b%::error::c.md"
    (tmp_path / "content").mkdir()
    (tmp_path / "content" / name).write_text('---\nseverity: "50%: a, b"\n---\n')
    (line,) = run("check", *arguments, **environment).stdout.splitlines()
    place = "file=content/2024-01-10 a%2Cb%25%3A%3Aerror%3A%3Ac.md,line=2,col=11"
    assert line.startswith(f'::warning {place},title=W104 new-term::severity "50%25: a, b" is new')


def test_github_actions_is_recognised_only_when_true(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    write_files(tmp_path, WARNING)
    assert run("check", GITHUB_ACTIONS="false").stdout.startswith("warning[")
    assert run("check", "--output-format", "full", GITHUB_ACTIONS="true").stdout.startswith("warning[")


@pytest.mark.parametrize(
    ("arguments", "environment", "is_colored"),
    [
        (["--color", "always"], {}, True),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
        (["--color", "never"], {}, False),
        ([], {}, False),
        (["--color", "always", "--output-format", "json"], {}, False),
        (["--color", "always", "--output-format", "github"], {}, False),
    ],
)
def test_colors(
    run, tmp_path: Path, arguments: list[str], environment: dict[str, str], is_colored: bool
) -> None:  # type: ignore[no-untyped-def]
    write_files(tmp_path, WARNING)
    assert ("\x1b[" in run("check", *arguments, **environment).stdout) is is_colored


def test_paths_are_shown_from_the_current_folder(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # type: ignore[no-untyped-def]
    write_files(tmp_path / "a/b", "-- pmsite.yaml --\ntitle: a\n" + ERROR)
    assert "--> a/b/content/2024-02-02-dns.md:2:12" in run("check", "a/b").stdout
    monkeypatch.chdir(tmp_path / "a/b")
    assert "--> content/2024-02-02-dns.md:2:12" in run("check").stdout


@pytest.mark.parametrize("arguments", [["a/b"], ["-c", "a/b/pmsite.yaml"]])
def test_errors_of_a_configuration_elsewhere_are_shown_where_they_are(
    run, tmp_path: Path, arguments: list[str]
) -> None:  # type: ignore[no-untyped-def]
    write_files(tmp_path, "-- pmsite.yaml --\ntitle: another site\n-- a/b/pmsite.yaml --\npage_size: 1\n")
    result = run("check", *arguments)
    assert result.code == 2
    assert "--> a/b/pmsite.yaml:1:12" in result.stderr and "1 | page_size: 1" in result.stderr


# What is built, where, and for whom.


def test_a_bare_folder_needs_no_configuration(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    write_files(
        tmp_path,
        "-- docs/2024-01-10-web.md --\n---\nseverity: SEV1\n---\n-- docs/deep/2024-02-02-dns.md --\n## Impact\n",
    )
    before = tree(tmp_path / "docs")
    result = run("build", "docs")
    assert result.code == 0 and result.stdout.startswith("2 documents, 0 errors")
    assert (tmp_path / "site/incidents/2024-01-10-web/index.html").is_file()
    assert tree(tmp_path / "docs") == before  # the folder of documents is left as it was


def test_a_single_file_is_a_site(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    write_files(tmp_path, GOOD + WARNING)
    result = run("build", "content/2024-03-03-good.md")
    assert result.code == 0 and result.stdout.startswith("1 document, 0 errors")
    assert (tmp_path / "site/incidents/2024-03-03-good/index.html").is_file()
    assert not (tmp_path / "site/incidents/2024-01-10-web").exists()


def test_the_current_folders_configuration_serves_a_folder_below_it(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    write_files(
        tmp_path,
        "-- pmsite.yaml --\ntitle: Mine\noutput: out\n-- docs/2024-01-10-a.md --\n---\nseverity: SEV1\n---\n"
        + WARNING,
    )
    assert run("build", "docs").stdout.startswith("1 document")
    assert "Mine" in (tmp_path / "out/index.html").read_text()


def test_a_configuration_by_its_name(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    write_files(
        tmp_path,
        "-- a/other.yaml --\ntitle: Other\n-- a/content/2024-01-10-a.md --\n---\nseverity: SEV1\n---\n",
    )
    assert run("build", "-c", "a/other.yaml").code == 0
    assert "Other" in (tmp_path / "a/site/index.html").read_text()
    assert not (tmp_path / "site").exists()


def test_output_theme_base_url_and_day_can_be_said_instead(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    write_files(tmp_path, ARCHIVE)
    arguments = (
        "-o",
        "else/where",
        "--theme",
        "paper",
        "--base-url",
        "https://b.example/x/",
        "--now",
        "2025-03-04",
    )
    assert run("build", *arguments).code == 0
    site = tmp_path / "else/where"
    assert not (tmp_path / "site").exists() and (site / "assets/paper.css").is_file()
    assert '<link rel="canonical" href="https://b.example/x/">' in (site / "index.html").read_text()
    assert json.loads((site / "incidents.json").read_bytes())["as_of"] == "2025-03-04"


@pytest.mark.parametrize(
    ("zone", "arguments", "environment", "day"),
    [
        ("UTC", ["--now", "2026-11-01"], {"SOURCE_DATE_EPOCH": "0"}, "2026-11-01"),
        ("UTC", [], {"SOURCE_DATE_EPOCH": "1700000000"}, "2023-11-14"),
        ("Asia/Tokyo", [], {"SOURCE_DATE_EPOCH": "1700000000"}, "2023-11-15"),
        ("Pacific/Kiritimati", [], {"SOURCE_DATE_EPOCH": "1700000000"}, "2023-11-15"),
        ("UTC", [], {"SOURCE_DATE_EPOCH": "0"}, "1970-01-01"),
    ],
)
def test_the_day_of_a_build(
    run, tmp_path: Path, zone: str, arguments: list[str], environment: dict[str, str], day: str
) -> None:  # type: ignore[no-untyped-def]
    write_files(tmp_path, f"-- pmsite.yaml --\ntimezone: {zone}\n{GOOD}")
    result = run("list", "--format", "json", *arguments, **environment)
    assert json.loads(result.stdout)["as_of"] == day


@pytest.mark.parametrize("epoch", ["99999999999999999999", "253402300800", "²", "-1", "1.5"])
def test_an_impossible_epoch_is_no_bug(run, tmp_path: Path, epoch: str) -> None:  # type: ignore[no-untyped-def]
    write_files(tmp_path, GOOD)
    assert run("list", SOURCE_DATE_EPOCH=epoch).code in (0, 2)


def test_a_profile_says_where_the_time_went(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    write_files(tmp_path, ARCHIVE)
    done = run("build", "--profile")
    rows = [
        line.split() for line in done.stderr.splitlines() if re.fullmatch(r"\w+( \w+)?( +[\d.]+){2}", line)
    ]
    assert [row[0] for row in rows] == [
        "start",
        "reading",
        "planning",
        "rendering",
        "full",
        "publishing",
        "all",
    ]
    assert float(rows[-1][-1]) == pytest.approx(sum(float(row[-1]) for row in rows[:-1]), abs=0.05)
    assert "publishing" not in run("build").stderr


def test_any_number_of_jobs_gives_the_same_site(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    write_files(tmp_path, ARCHIVE)
    sites = []
    for jobs in ("1", "3"):
        assert run("build", "--jobs", jobs, "-o", f"out{jobs}", "--clean", "--now", "2026-11-01").code == 0
        sites.append(tree(tmp_path / f"out{jobs}"))
    assert sites[0] == sites[1] and len(sites[0]) > 40


def test_keep_going_builds_the_rest_and_still_fails(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    write_files(tmp_path, GOOD + ERROR)
    result = run("build", "--keep-going")
    assert result.code == 1 and "E103" in result.stderr and "2024-02-02-dns.md:2:12" in result.stderr
    assert (tmp_path / "site/incidents/2024-03-03-good/index.html").is_file()
    assert not any(
        b"2024-02-02-dns" in content or "2024-02-02-dns" in path
        for path, content in tree(tmp_path / "site").items()
    )


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        ([], {"draft", "internal", "public"}),
        (["--no-drafts"], {"internal", "public"}),
        (["--audience", "public"], {"public"}),
        (["--audience", "public", "--drafts"], {"public", "public-draft"}),
        (["--audience", "restricted"], {"draft", "internal", "public", "restricted"}),
    ],
)
def test_drafts_and_audience(run, tmp_path: Path, arguments: list[str], shown: set[str]) -> None:  # type: ignore[no-untyped-def]
    documents = {
        "draft": "status: draft",
        "public": "visibility: public",
        "public-draft": "visibility: public\nstatus: draft",
        "restricted": "visibility: restricted",
        "internal": "severity: SEV1",
    }
    write_files(
        tmp_path,
        "".join(
            f"-- content/{name}.md --\n---\ndate: 2024-01-10\nkind: incident\n{text}\n---\n"
            for name, text in documents.items()
        ),
    )
    assert run("build", "-o", "out", *arguments).code == 0
    found = {
        path.split("/")[1]
        for path in tree(tmp_path / "out")
        if path.startswith("incidents/") and path.count("/") == 2
    }
    assert found - {"page"} == shown | ({"public-draft"} if "draft" in shown else set())


def test_clean_builds_are_equal_to_others_and_use_nothing_old(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    write_files(tmp_path, ARCHIVE)
    run("build", "--now", "2026-11-01")
    before = tree(tmp_path / "site")
    again = run("build", "--now", "2026-11-01").stdout
    assert f" 0 files written, {len(before)} unchanged, 0 removed" in again
    for path in (tmp_path / ".pmsite").rglob("cache.sqlite*"):
        path.write_bytes(b"damaged")
    result = run("build", "--clean", "--now", "2026-11-01")
    assert result.code == 0 and tree(tmp_path / "site") == before


# What is never overwritten or removed.


@pytest.mark.parametrize("output", [".", "..", "content", "/", "~", "file", "content/../.", "link"])
def test_an_unsafe_output_is_refused(run, tmp_path: Path, output: str) -> None:  # type: ignore[no-untyped-def]
    write_files(tmp_path, GOOD + "-- file --\nx\n")
    (tmp_path / "link").symlink_to(tmp_path)
    before = tree(tmp_path)
    result = run("build", "-o", str(Path.home()) if output == "~" else output)
    assert result.code == 2 and "E501" in result.stderr and result.stdout == ""
    assert tree(tmp_path) == before


@pytest.mark.parametrize("output", ["content", ".", "/", "../.."])
def test_an_unsafe_output_in_the_configuration_is_shown_with_its_line(
    run, tmp_path: Path, output: str
) -> None:  # type: ignore[no-untyped-def]
    write_files(tmp_path / "a/b", f"-- pmsite.yaml --\ntitle: a\noutput: {output}\n{GOOD}")
    result = run("build", "a/b", "--output-format", "concise")
    assert result.code == 2 and "pmsite.yaml:2:9: E501" in result.stderr


def test_files_that_pmsite_did_not_make_stay(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    write_files(tmp_path, GOOD + "-- site/CNAME --\nexample.org\n-- site/deep/own.txt --\nmine\n")
    assert run("build").code == 0 and run("build", "--clean").code == 0
    own = {"CNAME": b"example.org\n", "deep/own.txt": b"mine\n"}
    assert own.items() <= tree(tmp_path / "site").items()
    result = run("clean")
    assert result.code == 0 and result.stdout.startswith("removed ")
    assert tree(tmp_path / "site") == own and not (tmp_path / "site" / MANIFEST).exists()
    assert not list((tmp_path / ".pmsite").rglob("cache.sqlite*"))
    assert (tmp_path / "content/2024-03-03-good.md").is_file()


def test_clean_without_a_site_does_nothing(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    write_files(tmp_path, GOOD + "-- site/own.txt --\nmine\n")
    before = tree(tmp_path)
    assert run("clean").code == 0 and tree(tmp_path) == before


# The other commands.


def test_init_new_and_build_follow_each_other(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    made = run("init", "archive", SOURCE_DATE_EPOCH="1793500000")
    assert made.code == 0 and made.stdout.splitlines()[-1] == "next: cd archive && pmsite build"
    assert all((tmp_path / line.removeprefix("wrote ")).is_file() for line in made.stdout.splitlines()[:-1])
    assert run("init", "archive").code == 1
    monkeypatch.chdir(tmp_path / "archive")
    for number, template in enumerate(("full", "google", "minimal"), 1):
        new = run("new", f'It said "no" {number}', "--template", template, "--date", "2026-10-30")
        assert new.code == 0 and Path(new.stdout.strip()).is_file()
    assert run("new", 'It said "no" 1', "--date", "2026-10-30").code == 1
    assert run("check", "--strict", "--now", "2026-11-01").code == 0
    assert run("build", "--now", "2026-11-01").stdout.startswith("5 documents, 0 errors, 0 warnings")


@pytest.mark.parametrize("title", ["", "   "])
def test_a_new_postmortem_needs_a_title(run, tmp_path: Path, title: str) -> None:  # type: ignore[no-untyped-def]
    assert run("new", title).code == 2 and tree(tmp_path) == {}


def test_stats_takes_filters_and_formats(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    write_files(tmp_path, ARCHIVE)
    everything = json.loads(run("stats", "--format", "json", "--now", "2026-11-01").stdout)
    assert (everything["as_of"], everything["documents"], everything["counted"]) == ("2026-11-01", 4, 3)
    assert everything["not_counted"] == {"draft": 1}
    assert everything["quarters"]["Q1 2024"]["impact_minutes"] == 135
    assert everything["quarters"]["Q1 2024"]["actions"] == {
        "promised": 2, "kept": 1, "open": 1, "overdue": 0, "dropped": 0, "unknown": 0,
    }  # fmt: skip
    late = json.loads(run("stats", "--format", "json", "--now", "2026-12-02").stdout)
    assert late["quarters"]["Q1 2024"]["actions"]["overdue"] == 1
    one = json.loads(run("stats", "--severity", "SEV1", "--format", "json").stdout)
    assert one["severities"] == {"known": 1, "of": 1, "counts": {"sev1": 1}}
    assert run("stats", "-f", "csv", "--cause", "configuration").stdout.splitlines()[4] == "documents,2"
    table = run("stats", "--now", "2026-11-01").stdout
    assert table.startswith("Small archive\n3 of 4 postmortems are counted. Left out: 1 draft.\n")
    assert run("stats", "--service", "nothing").stdout.startswith("Small archive\nNo postmortems yet.\n")


def test_list_takes_filters_and_formats(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    write_files(tmp_path, ARCHIVE)
    arguments = (
        "--severity",
        "SEV1",
        "--severity",
        "SEV2",
        "--cause",
        "configuration",
        "--service",
        "web",
        "--since",
        "2024-01-01",
    )
    value = json.loads(run("list", *arguments, "--format", "json").stdout)
    assert [item["id"] for item in value["incidents"]] == ["2024-03-05-second", "2024-01-10-first"]
    assert run("list", "--open-actions", "-f", "csv").stdout.splitlines()[1].startswith("2024-01-10-first,")
    assert len(run("list").stdout.splitlines()) == 5


@pytest.mark.parametrize("name", ["front-matter", "config"])
def test_schema_prints_json(run, name: str) -> None:  # type: ignore[no-untyped-def]
    assert "properties" in json.loads(run("schema", name).stdout)


# Things that cannot be read or written.


@pytest.mark.parametrize("name", ["content/2024-03-03-good.md", "content", "pmsite.yaml"])
def test_what_may_not_be_read_is_named(run, tmp_path: Path, name: str) -> None:  # type: ignore[no-untyped-def]
    write_files(tmp_path, f"-- pmsite.yaml --\ntitle: a\n{GOOD}")
    (tmp_path / name).chmod(0)
    try:
        result = run("check")
        is_readable = os.access(tmp_path / name, os.R_OK)  # root reads everything
        assert result.code == 0 if is_readable else result.code in (1, 2)
        assert ("cannot be read" in result.stdout + result.stderr) is not is_readable
    finally:
        (tmp_path / name).chmod(0o755)


@pytest.mark.parametrize(
    "arguments", [["-o", "file/site"], ["-o", "\0"], ["-o", "x" * 300], ["-o", "/proc/site"]]
)
def test_an_output_that_cannot_be_made_is_no_bug(run, tmp_path: Path, arguments: list[str]) -> None:  # type: ignore[no-untyped-def]
    write_files(tmp_path, GOOD + "-- file --\nx\n")
    result = run("build", *arguments)
    assert result.code in (1, 2) and "has a bug" not in result.stderr and result.stdout == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["build", "x" * 300],
        ["build", "a\0b"],
        ["check", "content/2024-03-03-good.md/x"],
        ["init", "file"],
        ["new", "x", "--template", "\0"],
    ],
)
def test_odd_arguments_are_no_bug(run, tmp_path: Path, arguments: list[str]) -> None:  # type: ignore[no-untyped-def]
    write_files(tmp_path, GOOD + "-- file --\nx\n")
    result = run(*arguments)
    assert result.code in (1, 2) and "has a bug" not in result.stderr


def test_an_archive_without_documents_is_a_site(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "content").mkdir()
    result = run("build")
    assert result.code == 0 and result.stdout.startswith("0 documents, 0 errors, 0 warnings")
    assert (tmp_path / "site/index.html").is_file()
