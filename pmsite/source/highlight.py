"""Code to highlighted HTML, by an allow-list of Pygments' lexers.

What is not on the list, too long or too wide stays plain text: some lexers take exponential time on short input
(`scala` with a quote and 40 backslashes never returns), and a decision by the clock would not give equal bytes.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from html import escape

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES, _TokenType
from pygments.util import ClassNotFound

from pmsite.source import lexing

MAX_LENGTH = 20_000
MAX_LINE = 1_000
_LANGUAGES = frozenset(
    [
        "bash",
        "c",
        "console",
        "cpp",
        "csharp",
        "css",
        "diff",
        "docker",
        "elixir",
        "erlang",
        "go",
        "graphql",
        "hcl",
        "html",
        "http",
        "ini",
        "java",
        "javascript",
        "json",
        "jsonnet",
        "kotlin",
        "lua",
        "make",
        "nginx",
        "perl",
        "php",
        "powershell",
        "promql",
        "protobuf",
        "pycon",
        "python",
        "pytb",
        "ruby",
        "rust",
        "sql",
        "swift",
        "terraform",
        "toml",
        "typescript",
        "xml",
        "yaml",
    ]
)
_ALIASES = {
    "sh": "bash",
    "shell": "bash",
    "zsh": "bash",
    "shell-session": "console",
    "shellsession": "console",
    "c++": "cpp",
    "c#": "csharp",
    "cs": "csharp",
    "dockerfile": "docker",
    "golang": "go",
    "js": "javascript",
    "jsx": "javascript",
    "mjs": "javascript",
    "makefile": "make",
    "patch": "diff",
    "postgres": "sql",
    "postgresql": "sql",
    "mysql": "sql",
    "proto": "protobuf",
    "ps1": "powershell",
    "py": "python",
    "python3": "python",
    "rb": "ruby",
    "rs": "rust",
    "tf": "terraform",
    "ts": "typescript",
    "tsx": "typescript",
    "yml": "yaml",
}


def highlighted(code: str, language: str) -> str | None:
    """The inside of a <code> element: spans with Pygments' class names, everything escaped.

    None for a language that is not on the list.
    """
    lexer = _lexer(_ALIASES.get(language, language))
    if lexer is None:
        return None
    if len(code) > MAX_LENGTH or max(map(len, code.split("\n"))) > MAX_LINE:
        return escape(code, quote=False)
    tokens = _tokens(lexer, code)
    # A few lexers lose or repeat text (`hcl` with an unclosed heredoc); code is shown as it was written.
    if "".join(text for _, text in tokens) != code:
        return escape(code, quote=False)
    return "".join(_spans(tokens))


def _tokens(lexer: Lexer, code: str) -> list[tuple[_TokenType, str]]:
    """The tokens of code, read with an end to its last line: `console` leaves out a line without one."""
    is_ended = code.endswith("\n")
    tokens = list(lexing.tokens(lexer, code if is_ended else f"{code}\n"))
    if not is_ended and tokens:
        token, text = tokens.pop()
        if text != "\n":
            tokens.append((token, text.removesuffix("\n")))
    return tokens


def _spans(tokens: Iterable[tuple[_TokenType, str]]) -> Iterator[str]:
    """Neighbouring tokens of one class as one span, with the class names that Pygments' own formatter gives."""
    current = ""
    parts: list[str] = []
    for token, text in tokens:
        name = _CLASSES.get(token)
        if name is None:
            name = _CLASSES[token] = _class_name(token)
        if name == current:
            parts.append(text)
        else:
            if parts:
                yield _span(current, "".join(parts))
            current, parts = name, [text]
    if parts:
        yield _span(current, "".join(parts))


def _span(name: str, text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f'<span class="{name}">{escaped}</span>' if name else escaped


_CLASSES: dict[_TokenType, str] = {}
# Names, punctuation and blanks look like the text around them: without spans, code takes half of the bytes.
_PLAIN = frozenset(("n", "nx", "p", "w"))


def _class_name(token: _TokenType) -> str:
    """The class of a token type, or of the nearest type above it that has one."""
    kind: _TokenType | None = token
    while kind is not None and kind not in STANDARD_TYPES:
        kind = kind.parent
    name = STANDARD_TYPES[kind] if kind is not None else ""
    return "" if name in _PLAIN else name


@lru_cache(maxsize=128)
def _lexer(language: str) -> Lexer | None:
    if language not in _LANGUAGES:
        return None
    try:
        return get_lexer_by_name(language, ensurenl=False, stripnl=False)
    except ClassNotFound:
        return None
