"""Whole sites in temporary folders: written from a string, built for real, read back as bytes."""

import os
import re
import shlex
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import IO, Any

from pmsite import build as pipeline
from pmsite.build import Report
from pmsite.config import find_site, with_overrides
from pmsite.load import Options
from pmsite.site.write import MANIFEST

from . import warm

TODAY = date(2026, 11, 1)
ROOT = Path(__file__).resolve().parents[1]


def write_files(folder: Path, text: str) -> Path:
    """Write the files of a text in which `-- path --` lines begin each of them; gives the folder."""
    parts = re.split(r"^-- (.+?) --\n", text.lstrip("\n"), flags=re.MULTILINE)
    for name, content in zip(parts[1::2], parts[2::2], strict=True):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return folder


def build_site(folder: Path, *, jobs: int = 1, now: date = TODAY, **given: Any) -> Report:
    """Build the site in `folder`; options of a build by their names, everything else overrides the configuration."""
    options = Options(now, jobs=jobs)
    for name in ("strict", "keep_going", "search"):
        if name in given:
            options = replace(options, **{name: given.pop(name)})
    site = with_overrides(find_site(None, None, folder), **given)
    return pipeline.build(site, options)


def check_site(folder: Path, *, now: date = TODAY, strict: bool = False, **given: Any) -> Report:
    """Check the site in `folder` without building it."""
    site = with_overrides(find_site(None, None, folder), **given)
    return pipeline.check(site, Options(now, strict=strict, jobs=1))


def problems(report: Report) -> list[str]:
    """A report's problems, one line each: `path:line:column: code message`."""
    return [problem.concise for problem in report.diagnostics]


def codes(report: Report) -> list[str]:
    return [problem.code for problem in report.diagnostics]


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with what it holds."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }


@cache
def _warm() -> str:
    """Where the process that has imported pmsite waits for commands; it ends with the tests."""
    path = str(Path(tempfile.mkdtemp(prefix="pmsite-tests-")) / "commands")
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "tests/warm.py"), path, "serve"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None and process.stdout.readline() == b"ready\n"
    process.stdout.close()
    _WARM.append(process)
    return path


_WARM: list["subprocess.Popen[bytes]"] = []


def write_launcher(path: Path) -> None:
    """A `pmsite` for shell scripts."""
    python, warm = shlex.quote(sys.executable), shlex.quote(str(ROOT / "tests/warm.py"))
    path.write_text(
        f'#!/bin/sh\n[ "$1" = serve ] && exec {python} -m pmsite "$@"\n'
        f'exec {python} -I -S {warm} {shlex.quote(_warm())} run "$@"\n'
    )
    path.chmod(0o755)


def pmsite(*arguments: str, cwd: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run the command in a process of its own, as a user does."""
    clean = {
        key: value for key, value in os.environ.items() if key not in ("GITHUB_ACTIONS", "SOURCE_DATE_EPOCH")
    }
    env = {**clean, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "COLUMNS": "120", **environment}
    if any(key.startswith("PYTHON") for key in environment):  # what Python reads at its start
        return subprocess.run(
            [sys.executable, "-m", "pmsite", *arguments],
            cwd=cwd,
            env=env,
            capture_output=True,
            text=True,
            encoding="utf-8",
            stdin=subprocess.DEVNULL,
            check=False,
            timeout=120,
        )
    with (
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
        Path(os.devnull).open("rb") as none,
    ):
        code = warm.run(_warm(), list(arguments), str(cwd), env, (none.fileno(), out.fileno(), err.fileno()))
        return subprocess.CompletedProcess(["pmsite", *arguments], code, _text(out), _text(err))


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8")


# A small archive in which everything is used once.
ARCHIVE = """
-- pmsite.yaml --
title: Small archive
timezone: UTC
base_url: https://example.org/pm
services:
  web: {description: The web shop., owner: web team, aliases: [website]}
teams: [platform]
-- content/index.md --
Welcome to [the first one](2024-01-10-first.md).
-- content/pages/about.md --
---
title: About
---
Plain text with a [link](../2024-01-10-first.md#what-happened).
-- content/2024-01-10-first.md --
---
title: First outage
status: final
severity: SEV1
summary: Everything was down.
started: 2024-01-10 10:00
detected: 2024-01-10 10:05
mitigated: 2024-01-10 11:30
resolved: 2024-01-10 12:00
impact: {summary: All users saw errors., percent: 100, types: [availability]}
root_cause: configuration
trigger: deployment
factors: [no-staged-rollout]
detection: alert
services: [web]
teams: [platform]
regions: [eu]
tags: [dns]
authors: [A. Writer]
resolution: The change was taken back.
number: PM-1
aliases: [old-first]
timeline:
  - {at: 2024-01-10 10:00, event: It begins, kind: started}
  - {at: "10:05", event: The alert fires}
action_items:
  - {title: Roll out in stages, owner: platform, due: 2026-12-01, status: open, type: prevent, ticket: OPS-1}
  - {title: Write it down, owner: web team, status: done, closed: 2024-02-01, type: document}
links: [{label: Status page, url: https://status.example.org/1}]
---
## What happened

A change went out. See [the second](2024-03-05-second.md) and ![a picture](picture.svg).

```python
print("down")
```

## Why

| a | b |
|---|---|
| 1 | 2 |

- [x] done
- [ ] open
-- content/picture.svg --
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><title>A box</title><rect width="10" height="10" fill="#888"/></svg>
-- content/2024-03-05-second.md --
---
title: Second outage
status: final
severity: SEV2
summary: The shop was slow.
started: 2024-03-05T08:00:00Z
resolved: 2024-03-05T08:45:00Z
impact: Slow pages.
root_cause: configuration
services: [website]
related: [{id: 2024-01-10-first, type: recurrence-of}]
---
Again.
-- content/2025-07-01-third.md --
---
title: Third outage
status: draft
severity: SEV3
root_cause: capacity
services: [search]
---
Still being written.
-- content/2025-09-09-fourth/index.md --
# Fourth outage

## Timeline

- 10:00 it begins
- 10:30 it ends
"""
