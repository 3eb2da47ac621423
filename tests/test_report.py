"""How problems are printed: four formats, each exact."""

import io
import json
from pathlib import Path

import pytest

from pmsite.diagnostics import Diagnostic, Position, Severity, diagnose
from pmsite.github import step_summary
from pmsite.report import OutputFormat, Progress, Reporter


def problem(
    code: str, line: int = 1, column: int = 1, message: str = "wrong", hint: str = "", path: str = "a.md"
) -> Diagnostic:
    return diagnose(code, path, Position(line, column), message, hint)


def printed(root: Path, output_format: OutputFormat, *problems: Diagnostic, **options: bool) -> str:
    stream = io.StringIO()
    Reporter(root, output_format=output_format, stream=stream, **options).show(problems)  # type: ignore[arg-type]
    return stream.getvalue()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.md").write_text("---\ntitle: x\nseverity: SEV33\n---\n")
    return tmp_path


def test_concise_is_one_line_for_each(site: Path) -> None:
    found = printed(site, OutputFormat.CONCISE, problem("E103", 3, 11, "m", "do"), problem("W104", 1, 2, "n"))
    assert found == "a.md:3:11: E103 m (do)\na.md:1:2: W104 n\n"


def test_full_shows_the_line_a_caret_and_the_hint(site: Path) -> None:
    assert printed(site, OutputFormat.FULL, problem("E103", 3, 11, "is new", "correct it")) == (
        "error[E103 invalid-value] is new\n"
        "  --> a.md:3:11\n"
        "  3 | severity: SEV33\n"
        "    |           ^\n"
        "  help: correct it\n\n"
    )


def test_full_counts_warnings_by_rule_with_the_first_three_places(site: Path) -> None:
    found = printed(
        site,
        OutputFormat.FULL,
        *(problem("W201", line) for line in (1, 2, 3, 4, 5)),
        problem("W104", 3, 11, "is new"),
        problem("W105", 1),
        problem("W105", 2),
    )
    assert found == (
        "warning[W104 new-term] a.md:3:11: is new\n"
        "warning[W105 unknown-field] 2 x: a front matter field that pmsite does not know: a.md:1:1, a.md:2:1\n"
        "warning[W201 broken-link] 5 x: a link leads to nothing: a.md:1:1, a.md:2:1, a.md:3:1"
        " and 2 more (-v shows all)\n"
    )


def test_verbose_shows_every_warning_in_full(site: Path) -> None:
    found = printed(site, OutputFormat.FULL, problem("W201", 2, 1), problem("W201", 3, 1), verbose=True)
    assert found.count("warning[W201 broken-link] wrong") == 2
    assert "  2 | title: x\n    | ^\n" in found


def test_quiet_shows_errors_alone_in_every_format(site: Path) -> None:
    for output_format in OutputFormat:
        found = printed(
            site, output_format, problem("W201", message="soft"), problem("E103", message="hard"), quiet=True
        )
        assert "hard" in found and "soft" not in found


@pytest.mark.parametrize("place", [("missing.md", 1), ("a.md", 99)])
def test_a_line_that_is_not_there_is_left_out(site: Path, place: tuple[str, int]) -> None:
    found = printed(site, OutputFormat.FULL, problem("E103", place[1], path=place[0]))
    assert found == f"error[E103 invalid-value] wrong\n  --> {place[0]}:{place[1]}:1\n\n"


def test_a_file_that_is_not_utf_8_is_no_trouble(site: Path) -> None:
    (site / "a.md").write_bytes(b"caf\xe9\n")
    assert (
        printed(site, OutputFormat.FULL, problem("E101"))
        == "error[E101 unreadable-document] wrong\n  --> a.md:1:1\n\n"
    )


def test_long_lines_are_cut_and_control_characters_are_not_sent_to_the_terminal(site: Path) -> None:
    (site / "a.md").write_text("\x1b[31m\t" + "x" * 300 + "\n")
    shown = printed(site, OutputFormat.FULL, problem("E103", 1, 250)).splitlines()[2]
    assert "\x1b" not in shown and shown.endswith("…") and len(shown) < 175


@pytest.mark.parametrize("separator", ["\x0c", "\x0b", "\u2028", "\x85", "\x1c"])
def test_the_line_shown_is_the_line_that_is_named(site: Path, separator: str) -> None:
    (site / "a.md").write_text(f"first{separator}still first\nsecond\n", encoding="utf-8")
    assert "  2 | second\n" in printed(site, OutputFormat.FULL, problem("E103", 2))


@pytest.mark.parametrize("output_format", [OutputFormat.FULL, OutputFormat.CONCISE, OutputFormat.GITHUB])
def test_a_documents_text_in_a_message_cannot_steer_the_terminal(
    site: Path, output_format: OutputFormat
) -> None:
    found = printed(site, output_format, problem("E103", message='"\x1b]0;title\x07\x1b[2J" is not a date'))
    assert "\x1b" not in found and "\x07" not in found


@pytest.mark.parametrize("output_format", [OutputFormat.CONCISE, OutputFormat.GITHUB])
def test_a_line_break_in_a_message_does_not_begin_another_problem(
    site: Path, output_format: OutputFormat
) -> None:
    message = '"a\n::error::b\r\nother.md:1:1: E103 c" is not a date'
    assert len(printed(site, output_format, problem("E103", message=message)).splitlines()) == 1


def test_color_is_for_terminals(site: Path) -> None:
    plain = printed(site, OutputFormat.FULL, problem("E103"))
    assert "\x1b" not in plain
    assert "\x1b[31m" in printed(site, OutputFormat.FULL, problem("E103"), color=True)


def test_json_holds_everything(site: Path) -> None:
    found = json.loads(printed(site, OutputFormat.JSON, problem("W104", 3, 11, 'é "x"', "do")))
    assert found == [
        {
            "path": "a.md",
            "line": 3,
            "column": 11,
            "severity": "warning",
            "code": "W104",
            "name": "new-term",
            "message": 'é "x"',
            "hint": "do",
        }
    ]


def test_json_of_nothing_is_an_empty_list(site: Path) -> None:
    assert json.loads(printed(site, OutputFormat.JSON)) == []


def test_github_annotations_are_escaped(site: Path) -> None:
    found = printed(site, OutputFormat.GITHUB, problem("E103", 3, 11, "100%\nbad", "x", "b,c:d.md"))
    assert found == "::error file=b%2Cc%3Ad.md,line=3,col=11,title=E103 invalid-value::100%25%0Abad (x)\n"


def test_paths_are_shown_from_the_current_folder(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (site / "sub").mkdir()
    (site / "sub" / "b.md").write_text("x\n")
    assert (
        printed(site / "sub", OutputFormat.CONCISE, problem("E103", path="b.md"))
        == "sub/b.md:1:1: E103 wrong\n"
    )
    monkeypatch.chdir(site / "sub")
    assert printed(site, OutputFormat.CONCISE, problem("E103")) == "a.md:1:1: E103 wrong\n"


def test_the_severity_is_the_configured_one(site: Path) -> None:
    hardened = Diagnostic("W201", "a.md", 1, 1, "m", severity=Severity.ERROR)
    assert printed(site, OutputFormat.GITHUB, hardened).startswith("::error ")


def test_progress_is_seen_on_terminals_and_for_much_work_only(capsys: pytest.CaptureFixture[str]) -> None:
    for visible, total, expected in ((False, 1000, ""), (True, 10, ""), (True, 1000, "\rreading 5/1000")):
        progress = Progress(visible=visible)
        progress("reading", 5, total)
        assert capsys.readouterr().err == expected
        progress.end()
        assert capsys.readouterr().err.strip() == ""


def test_github_gets_ten_annotations_of_each_kind_errors_first_and_then_the_full_list(site: Path) -> None:
    warnings = [problem("W201", line, message=f"w{line}") for line in range(1, 15)]
    errors = [problem("E103", line, message=f"e{line}") for line in range(1, 13)]
    lines = printed(site, OutputFormat.GITHUB, *warnings, *errors).splitlines()
    assert [line.partition(" ")[0] for line in lines[:20]] == ["::error"] * 10 + ["::warning"] * 10
    group, stop, *listed, resume, end = lines[20:]
    assert (group, end) == ("::group::All 26 problems", "::endgroup::")
    assert resume == f"::{stop.removeprefix('::stop-commands::')}::" and resume != stop
    assert listed[:2] == ["error: a.md:1:1: E103 e1", "error: a.md:2:1: E103 e2"] and len(listed) == 26
    assert listed[12] == "warning: a.md:1:1: W201 w1"


def test_a_step_summary_shows_what_documents_say_as_text() -> None:
    text = step_summary(
        "A | <b>",
        ["1 document."],
        [("New", ["a_b.md"] * 30), ("Removed", [])],
        [problem("W201", message="| `x` <img>")],
    )
    assert text.startswith("## A \\| \\<b\\>\n\n1 document.\n\n**New: 30**\n\n- a\\_b.md\n")
    assert "- and 5 more" in text and "Removed" not in text
    assert (
        "| warning | W201 broken-link: a link leads to nothing | 1 | a.md:1: \\| \\`x\\` \\<img\\> |" in text
    )
