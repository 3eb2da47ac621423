"""Problems as values: rules, order, what a site makes of them, and near misses of words."""

import re
from dataclasses import replace

import pytest

from pmsite.diagnostics import (
    RULES,
    START,
    ConfigurationError,
    ContentError,
    Diagnostic,
    PmsiteError,
    Position,
    Severity,
    configured,
    diagnose,
    did_you_mean,
    has_errors,
)


def problem(
    code: str = "W201", path: str = "a.md", line: int = 1, column: int = 1, message: str = "m"
) -> Diagnostic:
    return diagnose(code, path, Position(line, column), message)


def test_codes_and_names_are_unique_and_say_the_severity() -> None:
    assert len({rule.name for rule in RULES.values()}) == len(RULES)
    for code, rule in RULES.items():
        assert code == rule.code and re.fullmatch(r"[EWN][1-8]\d\d", code)
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.name)
        assert rule.severity.value[0] == code[0].lower()
    assert len({code[1:] for code in RULES}) == len(RULES)


def test_a_diagnostic_has_its_rules_name_and_severity() -> None:
    found = diagnose("W412", "a/b.md", Position(8, 12), "is overdue", "do it")
    assert (found.name, found.severity, found.hint) == ("action-overdue", Severity.WARNING, "do it")
    assert found.concise == "a/b.md:8:12: W412 is overdue"
    assert diagnose("E103", "a", START, "m").severity is Severity.ERROR


def test_an_unknown_code_is_a_bug() -> None:
    with pytest.raises(KeyError):
        diagnose("W999", "a", START, "m")


def test_errors_come_first_then_path_line_column_code_and_message() -> None:
    wanted = [
        problem("E103", "b.md", 9),
        problem("W104", "a.md", 2, 1),
        problem("W104", "a.md", 2, 3),
        problem("W105", "a.md", 2, 3),
        problem("W105", "a.md", 2, 3, "n"),
        problem("W104", "a.md", 10),
        problem("W104", "b.md", 1),
    ]
    assert configured(reversed(wanted), {}, strict=False) == tuple(wanted)


def test_the_same_problem_is_said_once() -> None:
    assert configured([problem(), problem(), problem(line=2)], {}, strict=False) == (
        problem(),
        problem(line=2),
    )


@pytest.mark.parametrize(
    ("code", "severities", "strict", "expected"),
    [
        ("W201", {}, False, Severity.WARNING),
        ("W201", {}, True, Severity.ERROR),
        ("E103", {}, False, Severity.ERROR),
        ("W201", {"W201": Severity.ERROR}, False, Severity.ERROR),
        ("W201", {"W201": Severity.OFF}, False, None),
        ("W201", {"W201": Severity.OFF}, True, None),
        ("E103", {"E103": Severity.WARNING}, False, Severity.WARNING),
        ("E103", {"E103": Severity.WARNING}, True, Severity.ERROR),
        ("W201", {"W202": Severity.OFF}, False, Severity.WARNING),
    ],
)
def test_what_a_site_makes_of_a_rule(
    code: str, severities: dict[str, Severity], strict: bool, expected: Severity | None
) -> None:
    found = configured([problem(code)], severities, strict=strict)
    assert found == (() if expected is None else (replace(problem(code), severity=expected),))


def test_only_errors_are_errors() -> None:
    assert not has_errors([])
    assert not has_errors([problem("W201")])
    assert has_errors([problem("W201"), problem("E103")])


def test_the_tree_of_exceptions() -> None:
    for kind in (ConfigurationError, ContentError):
        with pytest.raises(PmsiteError) as caught:
            raise kind(problem(), problem(line=2))
        assert caught.value.diagnostics == (problem(), problem(line=2))
        assert str(caught.value) == "a.md:1:1: W201 m\na.md:2:1: W201 m"


@pytest.mark.parametrize(
    ("word", "near"),
    [("SEV33", "SEV3"), ("sev1", "SEV1"), ("databse", "Database"), ("", ""), ("zzz", ""), ("SEV3", "SEV3")],
)
def test_the_nearest_known_word(word: str, near: str) -> None:
    assert did_you_mean(word, ["SEV1", "SEV2", "SEV3", "Database"]) == near


def test_no_word_is_near_to_nothing() -> None:
    assert did_you_mean("word", []) == ""
