"""The strict loader: plain text values with exact positions, and one kind of error for everything else."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pmsite.diagnostics import Position
from pmsite.strict_yaml import MAX_BYTES, MAX_DEPTH, StrictYamlError, YamlProblem, load


def problems(text: str, **options: int) -> tuple[YamlProblem, ...]:
    with pytest.raises(StrictYamlError) as caught:
        load(text, **options)
    return caught.value.problems


def places(text: str) -> list[tuple[int, int]]:
    return [(problem.at.line, problem.at.column) for problem in problems(text)]


@pytest.mark.parametrize(
    "written",
    ["14:05", "no", "yes", "true", "1.10", "0123", "0x1F", "1e3", ".inf", "2024-02-30", "1_000", "=", "off"],
)
def test_every_scalar_stays_the_text_that_was_written(written: str) -> None:
    assert load(f"key: {written}").value == {"key": written}


@pytest.mark.parametrize("written", ["", "~", "null", "Null", "NULL"])
def test_a_plain_null_is_none(written: str) -> None:
    assert load(f"key: {written}").value == {"key": None}


@pytest.mark.parametrize(("written", "text"), [('""', ""), ("'~'", "~"), ('"null"', "null"), ("|\n  ~", "~")])
def test_a_quoted_null_is_text(written: str, text: str) -> None:
    assert load(f"key: {written}").value == {"key": text}


def test_keys_are_text_too() -> None:
    assert load("1: a\nno: b\n2024-01-01: c").value == {"1": "a", "no": "b", "2024-01-01": "c"}


@pytest.mark.parametrize("text", ["", "\n\n", "# a comment\n", "---\n", "~"])
def test_nothing_is_none(text: str) -> None:
    assert load(text).value is None


def test_block_and_flow_forms_give_the_same_value() -> None:
    block = "a:\n  - x\n  - y: z\nb: |\n  two\n  lines\nc: >\n  folded\n  text\n"
    flow = '{a: [x, {y: z}], b: "two\\nlines\\n", c: "folded text\\n"}'
    assert (
        load(block).value
        == load(flow).value
        == {"a": ["x", {"y": "z"}], "b": "two\nlines\n", "c": "folded text\n"}
    )


def test_positions_of_values_and_keys_are_exact() -> None:
    document = load("title: Web\nimpact:\n  users:   12\nlist:\n  - a\n  - {b: c}\n", first_line=5)
    assert document.values == {
        (): Position(5, 1),
        ("title",): Position(5, 8),
        ("impact",): Position(7, 3),
        ("impact", "users"): Position(7, 12),
        ("list",): Position(9, 3),
        ("list", 0): Position(9, 5),
        ("list", 1): Position(10, 5),
        ("list", 1, "b"): Position(10, 9),
    }
    assert document.keys == {
        ("title",): Position(5, 1),
        ("impact",): Position(6, 1),
        ("impact", "users"): Position(7, 3),
        ("list",): Position(8, 1),
        ("list", 1, "b"): Position(10, 6),
    }


def test_columns_count_characters_and_not_bytes() -> None:
    assert load("{ключ: 値, 😀: x}").values[("😀",)] == Position(1, 14)


@pytest.mark.parametrize("character", ["\x85", "\u2028", "\u2029"])
def test_lines_end_where_the_texts_lines_end(character: str) -> None:
    document = load(f"a: 'x{character}y'\nb: 1\n")
    assert document.keys[("b",)] == Position(2, 1)
    assert document.values[("b",)] == Position(2, 4)


def test_a_byte_order_mark_is_a_column() -> None:
    assert load("\ufeffa: 1\nb: 2").keys == {("a",): Position(1, 2), ("b",): Position(2, 1)}


def test_a_problem_at_the_end_is_on_the_last_line_that_holds_something() -> None:
    assert places("a: 1\nb: [c\n\n") == [(2, 6)]


def test_the_position_of_an_unknown_path_is_that_of_the_nearest_part_above() -> None:
    document = load("a:\n  b: 1\n")
    assert document.position(("a", "b", "c", 3)) == document.position(("a", "b")) == Position(2, 6)
    assert document.position(("a", "x")) == Position(2, 3)
    assert document.position(("nothing",)) == Position(1, 1)


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        ("a: 1\nb: 2\na: 3", (3, 1), 'the key "a" appears twice (first on line 1)'),
        ("x:\n  a: 1\n  a: 2", (3, 3), 'the key "a" appears twice (first on line 2)'),
        ("- a: 1\n  a: 2", (2, 3), "appears twice"),
        ("{a: 1, a: 2}", (1, 8), "appears twice"),
        ("a: &x b", (1, 4), "an anchor (&x)"),
        ("a: &x [b]", (1, 4), "an anchor (&x)"),
        ("&x a: b", (1, 1), "an anchor"),
        ("a: !!str b", (1, 4), "a tag"),
        ("a: !python/object:os.system b", (1, 4), "a tag"),
        ("a: ! b", (1, 4), "a tag"),
        ("!!str a: b", (1, 1), "an anchor or tag on a key"),
        ("a: 1\n<<: {b: 1}", (2, 1), "a merge key (<<)"),
        ("? [a, b]\n: c", (1, 3), "a key must be plain text"),
        ("a: 1\n--- \nb: 2", (2, 1), "a second document"),
        ("a: 1\n---\n---\n", (2, 1), "a second document"),
        ("title: a: b", (1, 9), "mapping values are not allowed"),
        ("a:\n\t- b", (2, 1), "cannot start any token"),
        ("a: [b", (1, 6), ""),
        ("a: 'b", (1, 6), ""),
        ("a: @b", (1, 4), "cannot start any token"),
        ("x: 1\na: b\x07c", (2, 5), "U+0007"),
        ("é: \x00", (1, 4), "U+0000"),
        ("a: \ud800", (1, 4), "U+D800"),
    ],
)
def test_what_is_refused_and_where(text: str, at: tuple[int, int], words: str) -> None:
    (problem,) = problems(text)
    assert (problem.at.line, problem.at.column) == at
    assert words in problem.message


def test_an_alias_is_refused_together_with_its_anchor() -> None:
    found = problems("a: &x b\nc: *x")
    assert [(problem.at, problem.message) for problem in found] == [
        (Position(1, 4), "an anchor (&x) is not accepted"),
        (Position(2, 4), "an alias (*x) is not accepted"),
    ]


def test_all_problems_are_reported_at_once() -> None:
    assert places("a: !t 1\nb: 2\nb: 3\nc: &x 4\n<<: {}\n") == [(1, 4), (3, 1), (4, 4), (5, 1)]


def test_problems_before_broken_syntax_are_not_forgotten() -> None:
    assert places("a: 1\na: 2\nb: [")[0] == (2, 1)
    assert len(places("a: 1\na: 2\nb: [")) == 2


def test_first_line_moves_every_position() -> None:
    (problem,) = problems("a: 1\na: 2", first_line=41)
    assert problem.at == Position(42, 1)
    assert "first on line 41" in problem.message


def test_hints_say_what_to_do() -> None:
    assert problems("title: a: b")[0].hint == 'put quotes around a value that contains ": "'
    assert problems("a: &x b")[0].hint == "write the value out"


def test_the_deepest_accepted_nesting_and_one_more() -> None:
    assert load("[" * MAX_DEPTH + "]" * MAX_DEPTH).value == [[[[[[[[]]]]]]]]
    (problem,) = problems("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))
    assert problem.at == Position(1, MAX_DEPTH + 1)
    assert f"nested deeper than {MAX_DEPTH} levels" in problem.message


@pytest.mark.parametrize("opener", ["[", "{a: ", "- ", "? "])
def test_very_deep_nesting_is_an_error_and_no_crash(opener: str) -> None:
    text = opener * (MAX_BYTES // len(opener) - 1)
    assert problems(text)[0].at.line == 1


def test_25_000_nested_brackets_are_an_error_and_no_crash() -> None:
    (problem,) = problems("a: " + "[" * 25_000)
    assert "nested deeper" in problem.message


def test_a_billion_laughs_are_refused_before_they_are_told() -> None:
    lines = ["a0: &a0 lol"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    assert len(problems("\n".join(lines))) == 9 + 8 * 9


def test_the_largest_accepted_text_and_one_byte_more() -> None:
    text = "a: " + "x" * (MAX_BYTES - 3)
    assert load(text).value == {"a": "x" * (MAX_BYTES - 3)}
    (problem,) = problems(text + "x")
    assert problem == YamlProblem(Position(1, 1), "longer than 64 KiB", "shorten it")


def test_the_limit_is_in_bytes() -> None:
    assert "longer than" in problems("a: " + "é" * (MAX_BYTES // 2))[0].message
    assert load("a: " + "é" * 100, max_bytes=203).value == {"a": "é" * 100}


_YAML_ISH = st.text(
    st.sampled_from("ab01:-?,[]{}#&*!|>'\"%@`~ \n\t<=\\.\u00e9\u2028\x85\ufeff😀"), max_size=60
)


@settings(deadline=None, max_examples=400)
@given(st.one_of(_YAML_ISH, st.text(st.characters(), max_size=60)))
@example("\ud800")
@example("\x00")
@example("\ufeffa: [")
@example("a: b\x85c: [")
@example("a: b\u2028c: [")
@example("%YAML 9.9\n--- a")
@example('a: "\\ud83d"')
@example("? ? ? a")
@example("*a : *b")
def test_any_text_is_a_value_or_problems_that_lie_inside_it(text: str) -> None:
    lines = text.split("\n")
    try:
        document = load(text)
    except StrictYamlError as error:
        assert error.problems
        positions = [problem.at for problem in error.problems]
    else:
        positions = [*document.values.values(), *document.keys.values()]
    for at in positions:
        assert 1 <= at.line <= len(lines)
        assert 1 <= at.column <= len(lines[at.line - 1]) + 1


_VALUES = st.recursive(
    st.none() | st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abc", min_size=1, max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=100)
@given(st.dictionaries(st.text("abcdefg", min_size=1, max_size=5), _VALUES, max_size=4))
def test_what_json_writes_is_read_back(value: dict[str, object]) -> None:
    from json import dumps

    text = dumps(value, ensure_ascii=False)
    try:
        loaded = load(text).value
    except StrictYamlError as error:
        assert any(
            "nested deeper" in problem.message or "U+" in problem.message for problem in error.problems
        )
    else:
        assert loaded == value
