"""Imported by the process that workers are forked from: everything that reading needs, imported and used once.

Without it, each worker would spend half a second on imports and on what is made at first use, and a tenth of a second on
the first code of a language.
"""

from pathlib import Path

import pmsite
from pmsite.config import Config
from pmsite.source.files import Role, SourceFile
from pmsite.source.highlight import highlighted
from pmsite.source.read import read_documents

# Those that postmortems quote most.
_LANGUAGES = (
    *(
        "bash",
        "console",
        "diff",
        "docker",
        "go",
        "hcl",
        "ini",
        "java",
        "javascript",
        "json",
        "nginx",
        "python",
    ),
    *("sql", "xml", "yaml"),
)
_EXAMPLE = str(Path(pmsite.__file__).parent / "scaffold" / "example.md")


def _use() -> None:
    file = SourceFile("example.md", "example.md", "example", Role.POSTMORTEM, _EXAMPLE, (0, 0, 0, 0))
    for _ in read_documents(Config(), iter((file,))):
        pass
    for language in _LANGUAGES:
        highlighted("x\n", language)


_use()
