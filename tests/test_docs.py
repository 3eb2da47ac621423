"""The manual: every command that it shows runs, and every link in it leads somewhere."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from pmsite.diagnostics import RULES
from pmsite.schemas import json_schema

from .sites import ROOT, write_launcher

PAGES = sorted(
    path for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")) if path.name != "LICENSE.md"
)
_BLOCK = re.compile(r"^ *```console\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)#\s]+)(#[^)\s]*)?\)")


def commands(page: Path) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return [
        line.strip().removeprefix("$ ")
        for block in _BLOCK.findall(text)
        for line in block.splitlines()
        if line.strip().startswith("$ ")
    ]


WITH_COMMANDS = [page for page in PAGES if commands(page)]


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_runs(page: Path, tmp_path: Path) -> None:
    """Top to bottom in an empty folder, as a reader would type them."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    write_launcher(bin_folder / "pmsite")
    launcher = bin_folder / "sqlite-utils"
    launcher.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m sqlite_utils "$@"\n')
    launcher.chmod(0o755)
    work = tmp_path / "work"
    work.mkdir()
    script = "set -e\n" + "\n".join(commands(page)) + "\n"
    environment = {
        **os.environ,
        "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "NO_COLOR": "1",
    }
    environment.pop("GITHUB_ACTIONS", None)
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=work,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    for target, _ in _LINK.findall(_FENCE.sub("", page.read_text(encoding="utf-8"))):
        if not re.match(r"[a-z]+:", target):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize("code", RULES)
def test_every_rule_has_a_page(code: str) -> None:
    page = ROOT / f"docs/rules/{code}.md"
    assert RULES[code].name in page.read_text(encoding="utf-8")


def test_the_commands_are_found() -> None:
    assert sum(len(commands(page)) for page in WITH_COMMANDS) >= 10


@pytest.mark.parametrize("name", ["front-matter", "config", "incidents"])
def test_the_published_schemas_are_current(name: str) -> None:
    """Written anew by: pmsite schema NAME > docs/schema/NAME.json"""
    published = (ROOT / f"docs/schema/{name}.json").read_text(encoding="utf-8")
    assert published == json_schema(name) + "\n"
