"""A sandbox that imitates GitHub's runner: it reads a workflow or an action, and runs what its `run:` steps say."""

import os
import re
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from .sites import ROOT, write_launcher

_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_TOKEN = re.compile(r"\s*('(?:[^']|'')*'|&&|\|\||==|!=|!|[(),]|[A-Za-z_][\w.-]*)")


def load(path: Path) -> Any:
    """A workflow as GitHub reads it: `on` is a key, not a truth value."""
    value = yaml.safe_load(path.read_text(encoding="utf-8"))
    if True in value:
        value["on"] = value.pop(True)
    return value


def evaluate(expression: str, context: Mapping[str, str]) -> str:
    """The value of an expression, of the kinds that our workflows use. An unknown name is an error, unless it is an output."""
    python = []
    for token in _TOKEN.findall(expression):
        if token.startswith("'"):
            python.append(repr(token[1:-1].replace("''", "'")))
        elif token in ("&&", "||", "!", "==", "!=", "(", ")", ","):
            python.append({"&&": " and ", "||": " or ", "!": " not "}.get(token, token))
        elif token == "format":
            python.append("_format")
        elif token in context:
            python.append(repr(context[token]))
        else:
            assert re.fullmatch(r"(steps|needs)\.\w+\.outputs\.\w+", token), f"unknown: {token}"
            python.append("''")
    value = eval("".join(python), {"__builtins__": {}, "_format": str.format})
    return str(value).lower() if isinstance(value, bool) else str(value)


def filled(text: Any, context: Mapping[str, str]) -> str:
    text = str(text).lower() if isinstance(text, bool) else str(text)
    return _EXPRESSION.sub(lambda found: evaluate(found[1], context), text)


def holds(condition: str, context: Mapping[str, str]) -> bool:
    bare = condition.removeprefix("${{").removesuffix("}}")
    return evaluate(bare, context) not in ("", "false")


@dataclass
class Runner:
    """A workspace with pmsite on the PATH; `context` is what expressions may name, `outputs` of actions what they give."""

    workspace: Path
    temp: Path
    context: dict[str, str] = field(default_factory=dict)
    log: str = ""
    summary: str = ""
    used: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    failed: str = ""

    def __post_init__(self) -> None:
        self.temp.mkdir(parents=True, exist_ok=True)
        tools = self.temp / "bin"
        tools.mkdir(exist_ok=True)
        write_launcher(tools / "pmsite")
        (tools / "pip").write_text(
            f'#!/bin/sh\nprintf "%s\\n" "$*" >> {shlex.quote(str(self.temp / "pip"))}\n'
        )
        for tool in tools.iterdir():
            tool.chmod(0o755)
        defaults = {"github.event_name": "push", "github.ref": "refs/heads/main", "github.base_ref": ""}
        self.context = {
            "runner.os": "Linux",
            "github.run_id": "7",
            "github.run_attempt": "1",
            **defaults,
        } | self.context

    def run(
        self,
        steps: list[dict[str, Any]],
        defaults: Mapping[str, str],
        actions: Mapping[str, Mapping[str, str]],
    ) -> None:
        """Run steps until one fails. `actions` gives the outputs of actions by their names, which are not run."""
        for number, step in enumerate(steps):
            if self.failed or not holds(step.get("if", "'true'"), self.context):
                continue
            if "uses" in step:
                given = {name: filled(value, self.context) for name, value in step.get("with", {}).items()}
                self.used.append((step["uses"].partition("@")[0], given))
                found = actions.get(self.used[-1][0], {})
            else:
                found = self._shell(step, defaults, number)
            if "id" in step:
                self.context |= {f"steps.{step['id']}.outputs.{name}": value for name, value in found.items()}

    def _shell(self, step: dict[str, Any], defaults: Mapping[str, str], number: int) -> dict[str, str]:
        assert step.get("shell", defaults.get("shell")) == "bash"
        assert "${{" not in step["run"], "what users write is to reach the shell through env: alone"
        output, summary = self.temp / f"output-{number}", self.temp / f"summary-{number}"
        output.touch()
        summary.touch()
        folder = filled(step.get("working-directory", defaults.get("working-directory", ".")), self.context)
        script = self.temp / "step.sh"
        script.write_text(step["run"])
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.workspace / folder,
            env={
                "PATH": f"{self.temp / 'bin'}{os.pathsep}{os.environ['PATH']}",
                "HOME": str(self.temp),
                "PYTHONPATH": str(ROOT),
                "CI": "true",
                "GITHUB_ACTIONS": "true",
                "GITHUB_WORKSPACE": str(self.workspace),
                "GITHUB_OUTPUT": str(output),
                "GITHUB_STEP_SUMMARY": str(summary),
                "GITHUB_ENV": str(self.temp / "env"),
                **{name: filled(value, self.context) for name, value in step.get("env", {}).items()},
            },
            capture_output=True,
            text=True,
            encoding="utf-8",
            stdin=subprocess.DEVNULL,
            check=False,
            timeout=120,
        )
        self.log += done.stdout + done.stderr
        self.summary += summary.read_text(encoding="utf-8")
        if done.returncode:
            self.failed = step.get("name", step["run"])
        lines = output.read_text(encoding="utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines)


def git(folder: Path, *arguments: str) -> str:
    """Run git as somebody, whatever the machine's settings are."""
    someone = ("-c", "user.name=A. Writer", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ["git", *someone, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
