"""Splitting: front matter is read or refused, and what was meant as front matter is never taken for text."""

import json

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from pmsite.diagnostics import Position
from pmsite.source.frontmatter import BrokenFrontMatter, Split, split
from pmsite.strict_yaml import YamlProblem


def broken(text: str) -> tuple[YamlProblem, ...]:
    with pytest.raises(BrokenFrontMatter) as caught:
        split(text)
    return caught.value.problems


def fields(text: str) -> object:
    front = split(text).front
    return front.value if front is not None else "no front matter"


@pytest.mark.parametrize(
    ("text", "value", "body", "body_line"),
    [
        ("---\ntitle: Web\n---\nBody\n", {"title": "Web"}, "Body\n", 4),
        ("---\ntitle: Web\n---\n\nBody\n", {"title": "Web"}, "\nBody\n", 4),
        ("---\ntitle: Web\n---", {"title": "Web"}, "", 3),
        ("---  \ntitle: Web\n--- \t\nBody", {"title": "Web"}, "Body", 4),
        ("\n\n---\ntitle: Web\n---\nBody", {"title": "Web"}, "Body", 6),
        ("---\n\ntitle: Web\n\n---\nBody", {"title": "Web"}, "Body", 6),
        ("---\n---\nBody", None, "Body", 3),
        ("---\n\n---\nBody", None, "Body", 4),
        ("---\na: 1\n---\nBody\n\n---\n\nMore", {"a": "1"}, "Body\n\n---\n\nMore", 4),
        ("---\na: |\n  ---\n---\nBody", {"a": "---\n"}, "Body", 5),
        ("---\n# comment\na: 1\n---\nBody", {"a": "1"}, "Body", 5),
        ("---\n{a: 1}\n---\nBody", {"a": "1"}, "Body", 4),
        ('---\n"a": 1\n---\nBody', {"a": "1"}, "Body", 4),
        ('+++\ntitle = "Web"\n+++\nBody', {"title": "Web"}, "Body", 4),
        ('{"title": "Web"}\nBody', {"title": "Web"}, "Body", 2),
        ('{\n  "title": "Web"\n}\n\nBody', {"title": "Web"}, "\nBody", 4),
        ('{\n\t"title": "Web"\n}\nBody', {"title": "Web"}, "Body", 4),
        ('{ "title": "Web" }\nBody', {"title": "Web"}, "Body", 2),
    ],
)
def test_front_matter_body_and_the_line_that_the_body_begins_on(
    text: str, value: object, body: str, body_line: int
) -> None:
    found = split(text)
    assert found.front is not None
    assert (found.front.value, found.body, found.body_line) == (value, body, body_line)
    assert not found.thematic_break


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Body",
        "# Title\n\n---\na: b\n---\n",
        "{% raw %}",
        "{braces} begin a text",
        "-- \nsignature: x",
        "+ a list",
        "{ braces } begin a text",
        "------\n\nNote: words of prose below a rule\n",
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nBody",
        "```diff\n--- a/x\n+++ b/x\n```\n",
        "\u200bWords after a character that nobody sees",
    ],
)
def test_text_without_front_matter_is_all_body(text: str) -> None:
    assert split(text) == Split(None, text, 1)


@pytest.mark.parametrize(
    "text",
    [
        "---\n\nA document that begins with a rule.\n",
        "---\nSome words\n---\nMore words\n",
        "---\n",
        "---",
        "---\n# Heading\n\nText with a colon: here it is\n",
        "---\n\n# Postmortem\n\n- **Duration**: x\n---",
        "---\n\n# Postmortem\n\nDate: 2023-10-07\nStatus: final\n",
        "---\n\nNote: words of prose below a rule\n",
        "---\nPostmortem\n==========\n",
    ],
)
def test_a_rule_at_the_beginning_is_a_thematic_break(text: str) -> None:
    assert split(text) == Split(None, text, 1, thematic_break=True)


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        ("---\ntitle: Web\n\nBody\n", (1, 1), "front matter is not closed"),
        ("\n---\ntitle: Web\n", (2, 1), "front matter is not closed"),
        ("---\ntitle: Web", (1, 1), "front matter is not closed"),
        ("+++\ntitle = 1\n\nBody", (1, 1), "front matter is not closed"),
        ("---\ntitle: Web\n--\nBody", (3, 1), '"--" does not close front matter'),
        ("---\ntitle: Web\n----\nBody", (3, 1), '"----" does not close front matter'),
        ("---\ntitle: Web\n...\nBody", (3, 1), '"..." does not close front matter'),
        ("---\ntitle: Web\n—\nBody", (3, 1), '"—" does not close front matter'),
        ("+++\ntitle = 1\n++\nBody", (3, 1), '"++" does not close front matter'),
        ("---yaml\ntitle: Web\n---\nBody", (1, 1), '"---yaml" does not open front matter'),
        ("----\ntitle: Web\n----\nBody", (1, 1), '"----" does not open front matter'),
        ("--\ntitle: Web\n--\nBody", (1, 1), '"--" does not open front matter'),
        ("—\ntitle: Web\n—\nBody", (1, 1), '"—" does not open front matter'),
        ("```yaml\n---\ntitle: Web\n---\n```\nBody", (1, 1), "code fence"),
        ("~~~\n---\ntitle: Web\n---\n~~~\nBody", (1, 1), "code fence"),
        ("```\n+++\na = 1\n+++\n```\n", (1, 1), "code fence"),
        ("\n\n```yaml\n---\ntitle: Web\n---\n```\n", (3, 1), "code fence"),
        ("---\n- a: b\n- c\n---\nBody", (2, 1), "a list, not fields"),
        ("---\n\n- a: b\n---\nBody", (2, 1), "a list, not fields"),
        ("---\n- a\n---\n", (2, 1), "a list, not fields"),
        ("---\n[a: b]\n---\n", (2, 1), "a list, not fields"),
        ("---\ntitle: a: b\n---\n", (2, 9), "mapping values are not allowed"),
        ("---\na: 1\nb: &x 2\n---\n", (3, 4), "an anchor"),
        ("\n\n---\n\na: 1\na: 2\n---\n", (6, 1), "appears twice (first on line 5)"),
        ("---\na: " + "[" * 25_000 + "\n---\n", (2, 11), "nested deeper"),
        ("---\na: " + "x" * 70_000 + "\n---\n", (2, 1), "longer than 64 KiB"),
        ("+++\na = 1\nb = \n+++\n", (3, 5), "TOML: Invalid value"),
        ("+++\na = 1\na = 2\n+++\n", (3, 6), "TOML: Cannot overwrite a value"),
        ("+++\nd = 2024-02-30\n+++\n", (2, 5), "TOML: Invalid date"),
        ('+++\na = "' + "x" * 70_000 + '"\n+++\n', (2, 1), "longer than 64 KiB"),
        ("+++\na = " + "[" * 10 + "]" * 10 + "\n+++\n", (2, 1), "nested deeper"),
        ('{"title": }\nBody', (1, 11), "JSON: Expecting value"),
        ('{\n  "title": "a",\n  "b"\n}\nBody', (4, 1), "JSON: Expecting ':' delimiter"),
        ('{"title": "a", "title": "b"}\n', (1, 16), "appears twice"),
        ('{"title": "a"', (1, 14), "JSON: "),
    ],
)
def test_broken_front_matter_is_an_error_at_its_place_in_the_file(
    text: str, at: tuple[int, int], words: str
) -> None:
    (problem,) = broken(text)
    assert (problem.at.line, problem.at.column) == at
    assert words in problem.message


_SECRET = "visibility: restricted"
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00a0\u3000\u00ad\u200e"


def is_published(text: str) -> bool:
    """Whether the front matter of a restricted document would be taken for text."""
    try:
        found = split(text)
    except BrokenFrontMatter:
        return False
    return found.front is None or found.front.value != {"visibility": "restricted"}


@pytest.mark.parametrize("character", ["\u200b", "\u200c", "\u200d", "\u2060"])
def test_an_invisible_character_before_front_matter_is_named(character: str) -> None:
    (problem,) = broken(f"{character}---\n{_SECRET}\n---\nBody")
    assert problem.at == Position(1, 1)
    assert f"U+{ord(character):04X}" in problem.message


@pytest.mark.parametrize(
    ("opener", "field"),
    [
        ("{}---", _SECRET),
        ("---{}", _SECRET),
        ("{}+++", "visibility = 'restricted'"),
        ("+++{}", "visibility = 'restricted'"),
    ],
)
def test_a_character_that_nobody_sees_beside_the_opener_publishes_nothing(opener: str, field: str) -> None:
    closer = opener.format("")
    published = [
        (f"U+{ord(character):04X}", rest)
        for character in _INVISIBLE
        for rest in ("", f"\n{closer}\nMore", f"\n\nNote: words\n\n{closer}\nMore")
        if is_published(f"{opener.format(character)}\n{field}\n{closer}\nBody{rest}")
    ]
    assert published == []


@pytest.mark.parametrize(
    "text",
    [
        f"---\n  {_SECRET}\n---\nBody",
        f"---\n\n\n{_SECRET}\n\nBody",
        f"---yaml \n{_SECRET}\n---\nBody",
        f"---- \n{_SECRET}\n----\nBody",
        f"--- # fields\n{_SECRET}\n---\nBody",
        f"``` yaml \n---\n{_SECRET}\n---\n```\nBody",
        "+++toml\nvisibility = 'restricted'\n+++\nBody",
        '{ "visibility": "restricted" \nBody',
        f"---\n{_SECRET}\n--- # end\nBody",
        f"---\n{_SECRET}\n---x\nBody",
        "---\nvisibility:restricted\n---\nBody",
        "---\nvisibility=restricted\n---\nBody",
        "---\nVisibility\uff1arestricted\n---\nBody",
        f"---\n# fields\n\n{_SECRET}\n\nBody",
        f"---\n---\n\n{_SECRET}\n---\nBody",
        f"--- the fields ---\n{_SECRET}\n---\nBody",
        f"\u2014-\n{_SECRET}\n\u2014-\nBody",
        f"\u200b\n---\n{_SECRET}\n---\nBody",
        f"-\u200b--\n{_SECRET}\n---\nBody",
        f"<!-- {'a long licence ' * 50} -->\n<!-- and more -->\n\n---\n{_SECRET}\n---\nBody",
        f"```yaml\n \n---\u00a0\n{_SECRET}\n---\n```\nBody",
        f"+++\n{_SECRET}\n\nBody",
        "+++\n  visibility = 'restricted'\n\nBody",
        '\u200b{"visibility": "restricted"}\nBody',
        "{visibility: restricted}\nBody",
    ],
)
def test_what_was_meant_as_front_matter_is_never_text(text: str) -> None:
    assert not is_published(text)


def test_the_invisible_character_is_pointed_at() -> None:
    (problem,) = broken(f"\n---\u00a0\n{_SECRET}\n---\nBody")
    assert problem.at == Position(2, 4)
    assert "U+00A0" in problem.message


def test_indented_fields_are_read() -> None:
    assert fields(f"---\n  {_SECRET}\n---\nBody") == {"visibility": "restricted"}


def test_every_problem_of_the_block_is_reported() -> None:
    found = broken("---\na: &x 1\nb: !t 2\nb: 3\n---\n")
    assert [problem.at for problem in found] == [Position(2, 4), Position(3, 4), Position(4, 1)]


def test_positions_are_those_of_the_file() -> None:
    front = split("\n---\n\na: 1\nb:\n  - c: 2\n---\nBody").front
    assert front is not None
    assert front.values[("a",)] == Position(4, 4)
    assert front.values[("b", 0, "c")] == Position(6, 8)
    assert front.keys[("b",)] == Position(5, 1)


def test_toml_gives_the_text_that_yaml_would_have_given() -> None:
    text = (
        "+++\nversion = 1.5\ncount = 3\ndraft = true\nday = 2023-10-07\nstarted = 2023-10-07T10:00:00Z\n"
        'clock = 14:05:00\nlist = ["a", 1]\n[impact]\nusers = 12\n+++\nBody'
    )
    assert fields(text) == {
        "version": "1.5",
        "count": "3",
        "draft": "true",
        "day": "2023-10-07",
        "started": "2023-10-07T10:00:00+00:00",
        "clock": "14:05:00",
        "list": ["a", "1"],
        "impact": {"users": "12"},
    }


def test_toml_keys_and_tables_have_positions() -> None:
    front = split('+++\n\ntitle = "x"\n  date = 2023-10-07\n[impact]\nusers = 12\n+++\n').front
    assert front is not None
    assert front.position(("title",)) == Position(3, 1)
    assert front.position(("date",)) == Position(4, 3)
    assert front.position(("impact", "users")) == Position(5, 2)


@pytest.mark.parametrize("number", ["1" * 5_000, "0x" + "F" * 5_000])
def test_a_toml_number_with_thousands_of_digits_is_an_error_and_no_crash(number: str) -> None:
    (problem,) = broken(f"+++\na = {number}\n+++\n")
    assert problem.at.line == 2
    (problem,) = broken(f"+++\na = 1\nb = {number}\n+++\n")
    assert problem.at.line == 3


@pytest.mark.parametrize(
    "title",
    ["Web down", "naïve", "😀 emoji", 'quo"ted', "back\\slash / slash", "\\ud83d\\ude00", "tab\tand\nline"],
)
def test_json_as_programs_write_it(title: str) -> None:
    for options in ({}, {"indent": 2}, {"indent": "\t"}, {"ensure_ascii": False}, {"separators": (",", ":")}):
        text = json.dumps({"title": title, "n": None, "list": [1, 2.5, True]}, **options)  # type: ignore[arg-type]
        assert fields(f"{text}\nBody") == {"title": title, "n": None, "list": ["1", "2.5", "true"]}


_PIECES = st.sampled_from(
    ["---", "+++", "--", "----", "...", "{", "}", '{"a": 1}', "a: 1", "a: b: c", "a = 1", "- x", "  b: 2", "# H", "", "  ",
     "Text.", "```", "```yaml", "\u200b---", "--- ", "\ufeff", "[", "&x", "'", '"', "\u2028", "a:", "[t]", "<<: 1", "~"]
)  # fmt: skip
_TEXTS = st.one_of(
    st.lists(_PIECES, max_size=8).map("\n".join),
    st.lists(_PIECES, max_size=8).map(lambda lines: "---\n" + "\n".join(lines)),
    st.lists(_PIECES, max_size=8).map(lambda lines: "+++\n" + "\n".join(lines) + "\n+++\n"),
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r"), max_size=80),
)


@settings(deadline=None, max_examples=500)
@given(_TEXTS)
@example("---")
@example("+++")
@example("{")
@example('{"a":' + "[" * 3000)
@example("+++\na = " + "[" * 3000 + "\n+++")
@example("+++\na." * 2 + "\n+++")
def test_any_text_is_split_without_loss_or_refused(text: str) -> None:
    lines = text.split("\n")
    try:
        found = split(text)
    except BrokenFrontMatter as error:
        assert error.problems
        for problem in error.problems:
            assert 1 <= problem.at.line <= len(lines)
        return
    assert text.endswith(found.body)
    assert found.body_line == 1 + text.count("\n", 0, len(text) - len(found.body))
    if found.front is None:
        assert found.body == text
    else:
        assert found.front.value is None or isinstance(found.front.value, dict)


@settings(deadline=None, max_examples=200)
@given(
    st.dictionaries(
        st.text("abcdef", min_size=1, max_size=6), st.text("abc xyz", max_size=8).map(str.strip), min_size=1
    ),
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r"), max_size=60),
)
def test_fields_and_body_come_back_as_written(given_fields: dict[str, str], body: str) -> None:
    assume(not any(line.strip(" \t") == "---" for line in [body.split("\n", 1)[0]]))
    block = "".join(f'{key}: "{value}"\n' for key, value in given_fields.items())
    found = split(f"---\n{block}---\n{body}")
    assert found.front is not None
    assert found.front.value == given_fields
    assert found.body == body
    assert found.body_line == 3 + len(given_fields)
