"""The workflow that `pmsite init --github` writes: it belongs to the repository, wherever in it the site lies."""

import json
from pathlib import Path

import pmsite
from pmsite.scaffold.settings import filled

_TEMPLATE = Path(__file__).parent / "github.yml"
PLACE = ".github/workflows/postmortems.yml"


def workflow(folder: Path) -> tuple[Path, str]:
    """Where the workflow of a site goes, and its text: to the root of the repository that holds the folder, if one does."""
    site = folder.resolve()
    root = next((up for up in (site, *site.parents) if (up / ".git").exists()), site)
    inside = site.relative_to(root).as_posix()
    branch = _published_branch(root / ".git")
    values = {
        "branch": json.dumps(branch),
        "ref": "'refs/heads/" + branch.replace("'", "''") + "'",
        "folder": json.dumps(inside, ensure_ascii=False),
        "prefix": "" if inside == "." else f"{inside}/",
        "requirement": json.dumps(f"pmsite=={pmsite.__version__}"),
    }
    return root / PLACE, filled(_TEMPLATE.read_text(encoding="utf-8"), values)


def _published_branch(git: Path) -> str:
    """The remote's own branch if git knows it, else the one that is checked out, else `main`."""
    for name, prefix in (("refs/remotes/origin/HEAD", "refs/remotes/origin/"), ("HEAD", "refs/heads/")):
        try:
            text = (git / name).read_text(encoding="utf-8").strip()
        except (OSError, ValueError):
            continue
        if text.startswith(f"ref: {prefix}"):
            return text.removeprefix(f"ref: {prefix}")
    return "main"
