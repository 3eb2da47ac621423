"""The wheel holds all that is needed: a site is made and built from it, outside the checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

from .sites import ROOT


def run(*arguments: str, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        arguments, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_site_from_the_installed_wheel(tmp_path: Path) -> None:
    run(
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(tmp_path),
        str(ROOT),
        cwd=tmp_path,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert "pmsite/themes/default/templates/base.html" in names
    assert "pmsite/themes/paper/theme.yaml" in names
    assert {
        "pmsite/scaffold/example.md",
        "pmsite/scaffold/common-names.txt",
        "pmsite/scaffold/github.yml",
    } <= set(names)
    installed = tmp_path / "installed"
    run(
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--target",
        str(installed),
        str(wheel),
        cwd=tmp_path,
    )
    command = (sys.executable, "-P", "-m", "pmsite")
    where = run(
        sys.executable,
        "-P",
        "-c",
        "import pmsite; print(pmsite.__file__)",
        cwd=tmp_path,
        PYTHONPATH=str(installed),
    )
    assert where.startswith(str(installed))
    run(*command, "init", "x", cwd=tmp_path, PYTHONPATH=str(installed))
    run(*command, "build", cwd=tmp_path / "x", PYTHONPATH=str(installed))
    assert (tmp_path / "x/site/index.html").is_file()
    run(*command, "build", "--theme", "paper", cwd=tmp_path / "x", PYTHONPATH=str(installed))
