"""Internal blocks: taken out before Markdown, and never shown by mistake."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmsite.diagnostics import Position
from pmsite.source.redact import position, redact

OPEN, CLOSE = "<!-- internal -->", "<!-- /internal -->"


@pytest.mark.parametrize(
    ("text", "public", "internal"),
    [
        ("nothing here", "nothing here", "nothing here"),
        ("the internal network", "the internal network", "the internal network"),
        (f"a{OPEN}b{CLOSE}c", "ac", "abc"),
        (f"a\n{OPEN}\nb\n{CLOSE}\nc", "a\n\nc", "a\n\nb\n\nc"),
        (f"{OPEN}a{CLOSE}b{OPEN}c{CLOSE}", "b", "abc"),
        (f"a{OPEN}b{OPEN}c{CLOSE}d{CLOSE}e", "ae", "abcde"),
        ("a<!--internal-->b<!--/internal-->c", "ac", "abc"),
        ("a<!--  INTERNAL  -->b<!--\n/ Internal\n-->c", "ac", "abc"),
        ("a<!-- an internal note -->b", "a<!-- an internal note -->b", "a<!-- an internal note -->b"),
    ],
)
def test_blocks_go_and_without_an_audience_only_their_marks(text: str, public: str, internal: str) -> None:
    assert redact(text, keep=False) == (public, ())
    assert redact(text, keep=True) == (internal, ())


def test_capitals_do_not_matter() -> None:
    spellings = ("".join(letters) for letters in itertools.product(*zip("internal", "INTERNAL", strict=True)))
    shown = [
        word
        for word in spellings
        if redact(f"a<!-- {word} -->secret<!-- /{word} -->b", keep=False) != ("ab", ())
    ]
    assert shown == []


def test_an_unclosed_block_hides_the_rest_and_is_reported() -> None:
    assert redact(f"a{OPEN}b", keep=False) == ("a", (1,))
    assert redact(f"a{OPEN}b{OPEN}c{CLOSE}d", keep=False) == ("a", (1,))


def test_a_closing_mark_without_an_opening_one_is_reported() -> None:
    text, stray = redact(f"a{CLOSE}b", keep=False)
    assert stray == (1,)
    assert text == "ab"


def test_every_stray_mark_has_its_offset() -> None:
    text = f"{CLOSE}x{OPEN}y{OPEN}"
    assert redact(text, keep=True) == ("xy", (0, len(CLOSE) + 1, len(CLOSE) + 1 + len(OPEN) + 1))


def test_positions() -> None:
    text = "ab\ncdé\n"
    assert [position(text, offset, 10) for offset in (0, 1, 3, 5, 7)] == [
        Position(10, 1),
        Position(10, 2),
        Position(11, 1),
        Position(11, 3),
        Position(12, 1),
    ]


_PARTS = st.lists(
    st.sampled_from([OPEN, CLOSE, "<!-- INTERNAL -->", "p", "q\n", "<!-- internal", "-->", "`"]), max_size=12
)


@settings(deadline=None, max_examples=150)
@given(_PARTS)
def test_what_stands_inside_a_block_is_never_kept(parts: list[str]) -> None:
    before, after = "".join(parts[: len(parts) // 2]), "".join(parts[len(parts) // 2 :])
    kept, _ = redact(f"{before}{OPEN}CANARY{CLOSE}{after}", keep=False)
    assert "CANARY" not in kept


@settings(deadline=None, max_examples=150)
@given(_PARTS)
def test_stray_marks_are_marks_and_inside_the_text(parts: list[str]) -> None:
    text = "".join(parts)
    for keep in (True, False):
        for offset in redact(text, keep=keep)[1]:
            assert text[offset:].startswith("<!--")
    assert redact(text, keep=True)[1] == redact(text, keep=False)[1]
