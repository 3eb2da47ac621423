"""Other generators, where they are installed: how long each needs for the same documents, with its own theme.

They render each document and what their default setup makes of it: no front matter but title and date, which they would
not understand, no pages by cause or service, no charts, no data files. That is less than what pmsite and the layouts
for Hugo do, and is measured for orientation.
"""

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import measure
from benchmarks.measure import Cost

LARGEST = 1000
"""Larger archives take some of them many minutes."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A generator: its name, its command, and what makes a folder ready for it and gives the arguments of a build."""

    name: str
    command: str
    prepare: Callable[[Path, Path], list[str]]

    def build(self, folder: Path, content: Path) -> tuple[Cost, Path]:
        """Build the documents in `content` below an empty folder; what it cost, and where the output lies.

        Raises measure.CommandFailed.
        """
        folder.mkdir()
        cost = measure.run([self.command, *self.prepare(folder, content)], sample_memory=True)
        return cost, folder / "output"


def installed() -> Iterator[Peer]:
    """Those that are found beside this interpreter or on the PATH."""
    for name, command, prepare in (
        ("Pelican", "pelican", _pelican),
        ("Material for MkDocs", "mkdocs", _mkdocs),
        ("Zensical", "zensical", _zensical),
        ("Eleventy", "eleventy", _eleventy),
    ):
        beside = Path(sys.executable).parent / command
        found = str(beside) if beside.is_file() else shutil.which(command)
        if found:
            yield Peer(name, found, prepare)


def _copy(content: Path, target: Path) -> Path:
    """The documents with title and date alone before their texts."""
    target.mkdir()
    for file in content.iterdir():
        _, front, text = file.read_text(encoding="utf-8").split("---\n", 2)
        title = next(line for line in front.splitlines() if line.startswith("title: "))
        head = f"---\n{title}\ndate: {file.name[:10]}\n---\n"
        (target / file.name).write_text(f"{head}{text}", encoding="utf-8")
    return target


def _pelican(folder: Path, content: Path) -> list[str]:
    settings = folder / "settings.py"
    settings.write_text(
        "SITENAME = 'Benchmark archive'\nTIMEZONE = 'UTC'\nDEFAULT_DATE = 'fs'\nSITEURL = ''\n"
    )
    documents = str(_copy(content, folder / "documents"))
    return [documents, "--settings", str(settings), "--output", str(folder / "output"), "--quiet"]


def _mkdocs(folder: Path, content: Path) -> list[str]:
    return ["build", "--quiet", "--config-file", str(_mkdocs_config(folder, content))]


def _zensical(folder: Path, content: Path) -> list[str]:
    return ["build", "--clean", "--config-file", str(_mkdocs_config(folder, content))]


def _mkdocs_config(folder: Path, content: Path) -> Path:
    _copy(content, folder / "docs")
    config = folder / "mkdocs.yml"
    config.write_text(
        "site_name: Benchmark archive\nsite_url: https://example.org\ndocs_dir: docs\nsite_dir: output\n"
        "theme: {name: material}\nplugins: []\nmarkdown_extensions: [tables, fenced_code, pymdownx.highlight]\n"
    )
    return config


def _eleventy(folder: Path, content: Path) -> list[str]:
    source = _copy(content, folder / "source")
    (source / "_includes").mkdir()
    (source / "_includes" / "page.html").write_text(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{{ title }}</title></head>'
        "<body><main><h1>{{ title }}</h1>{{ content }}</main></body></html>"
    )
    (source / "source.json").write_text(json.dumps({"layout": "page.html"}))
    (folder / "config.cjs").write_text("module.exports = () => ({markdownTemplateEngine: false});\n")
    return [
        *(f"--config={folder / 'config.cjs'}", f"--input={source}", f"--output={folder / 'output'}"),
        "--quiet",
    ]
