"""Joined rules give the tokens that Pygments gives."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pygments.lexers import get_lexer_by_name

from pmsite.source.highlight import _LANGUAGES
from pmsite.source.lexing import _states, tokens

# Words and marks that open and close the states of many languages.
_PIECES = st.sampled_from(
    [
        *"abz09 \t\n\"'`#$@%&*()[]{}<>/\\|;:,.=+-!?~^_",
        "/*", "*/", "//", "--", "<!--", "-->", "<<EOF\n", "EOF\n", '"""', "'''", "r\"", "f'{", "${", "#{", "$(",
        "def ", "class ", "func ", "select ", "from ", "end", "import x", "return", "<a href=", "</a>", "<?", "?>",
        "0x1f", "1.5e3", "true", "\\n", "é", "\r\n", "@media", "::", "=>", "%w[", "\u2028",
    ]
)  # fmt: skip


@pytest.mark.parametrize("language", sorted(_LANGUAGES))
@settings(max_examples=30, deadline=None)
@given(pieces=st.lists(_PIECES, max_size=60))
def test_tokens_are_those_of_pygments(language: str, pieces: list[str]) -> None:
    code = "".join(pieces)
    lexer = get_lexer_by_name(language, ensurenl=False, stripnl=False)
    assert list(tokens(lexer, code)) == [(kind, text) for _, kind, text in lexer.get_tokens_unprocessed(code)]


def test_most_languages_have_rules_that_join() -> None:
    joined = [
        language
        for language in _LANGUAGES
        if (states := _states(type(lexer := get_lexer_by_name(language)))) is not None
        and any(len(part.rules) > 1 for state in lexer._tokens for part in states[state])
    ]
    assert {"python", "bash", "sql", "go", "rust", "java", "javascript"} <= set(joined)
