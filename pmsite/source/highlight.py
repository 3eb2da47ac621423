"""Code to highlighted HTML, by an allow-list of Pygments' lexers.

What is not on the list, too long or too wide stays plain text: some lexers take exponential time on short input
(`scala` with a quote and 40 backslashes never returns), and a decision by the clock would not give equal bytes.
"""

from functools import lru_cache
from html import escape
from io import StringIO

from pygments.formatters.html import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

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


def highlighted(code: str, language: str) -> str:
    """The inside of a <code> element: spans with Pygments' class names, everything escaped."""
    lexer = _lexer(_ALIASES.get(language, language))
    if lexer is None or len(code) > MAX_LENGTH or max(map(len, code.split("\n"))) > MAX_LINE:
        return escape(code, quote=False)
    out = StringIO()
    _formatter().format(lexer.get_tokens(code), out)
    return out.getvalue()


@lru_cache(maxsize=1)
def _formatter() -> HtmlFormatter[str]:
    return HtmlFormatter(nowrap=True)


@lru_cache(maxsize=128)
def _lexer(language: str) -> Lexer | None:
    if language not in _LANGUAGES:
        return None
    try:
        return get_lexer_by_name(language, ensurenl=False, stripnl=False)
    except ClassNotFound:
        return None
