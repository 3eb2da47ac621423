"""Code to spans: the text is kept whatever the language, and nothing in it becomes markup."""

import re
from html import escape, unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmsite.source.highlight import _ALIASES, _LANGUAGES, MAX_LENGTH, MAX_LINE
from pmsite.source.highlight import highlighted as find_highlighted


def highlighted(code: str, language: str) -> str:
    html = find_highlighted(code, language)
    assert html is not None
    return html


def text_of(html: str) -> str:
    return unescape(re.sub(r"</?span[^>]*>", "", html))


@pytest.mark.parametrize(
    ("code", "language", "html"),
    [
        ("x = 1", "python", 'x <span class="o">=</span> <span class="mi">1</span>'),
        ("x = 1", "py", 'x <span class="o">=</span> <span class="mi">1</span>'),
        ("a<b>&c", "", None),
        ("a<b>", "nonsense", None),
        ("a<b>", "scala", None),
        ('"' + "\\" * 40, "scala", None),
    ],
)
def test_code(code: str, language: str, html: str | None) -> None:
    assert find_highlighted(code, language) == html


def test_every_language_of_the_list_and_every_alias_has_a_lexer() -> None:
    code = '+ <a href="x">1</a> # "x" = 1; // y\n'
    plain = escape(code, quote=False)
    without = [
        name for name in sorted({*_LANGUAGES, *_ALIASES}) if find_highlighted(code, name) in (plain, None)
    ]
    assert without == []
    assert set(_ALIASES.values()) <= _LANGUAGES


def test_what_is_too_long_or_too_wide_stays_plain() -> None:
    assert "<span" in highlighted("x = 1\n" * (MAX_LENGTH // 6), "python")
    assert "<span" not in highlighted("x = 1\n" * (MAX_LENGTH // 6 + 1), "python")
    assert "<span" in highlighted("1" * MAX_LINE, "python")
    assert "<span" not in highlighted("\n" + "1" * (MAX_LINE + 1), "python")


@pytest.mark.parametrize("code", ["", "\n", "\n\nx\n\n", "  x", "x  \n", "x"])
def test_blank_lines_and_spaces_are_kept(code: str) -> None:
    for language in ("python", "yaml", "console", "diff"):
        assert text_of(highlighted(code, language)) == code


def test_code_that_a_lexer_would_change_stays_plain() -> None:
    code = "-<-é$a\"-']>{'\"\n'<=;([[<<x=''#1\"  #\n'}{$\n:a'&#;'<\"&={/\n"
    assert text_of(highlighted(code, "hcl")) == code


@settings(deadline=None, max_examples=150)
@given(
    st.text(st.sampled_from("<>&\"'/=[]{}()#$-\\\n ax1:;é"), max_size=80),
    st.sampled_from(sorted(_LANGUAGES)),
)
def test_the_text_is_kept_and_nothing_in_it_is_markup(code: str, language: str) -> None:
    html = highlighted(code, language)
    assert text_of(html) == code
    assert re.sub(r'<span class="[a-z0-9 -]+">|</span>', "", html).count("<") == 0
