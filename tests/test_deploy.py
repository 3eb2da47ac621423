"""`pmsite deploy`: a real repository, and a real remote beside it."""

import subprocess
from pathlib import Path

import pytest

from tests.runner import git
from tests.sites import pmsite, tree, write_files

PUBLIC = "-- pmsite.yaml --\ntitle: T\naudience: public\ndefaults: {visibility: public}\n"
INTERNAL = "-- pmsite.yaml --\ntitle: T\n"
GOOD = "-- content/2024-03-03-good.md --\n---\ntitle: Good\nseverity: SEV1\n---\nText.\n"


def repo(folder: Path, site: str = PUBLIC) -> Path:
    """A clone with a site in it, beside the bare remote that it came from."""
    git(folder, "init", "-q", "--bare", "-b", "main", "remote.git")
    git(folder, "init", "-q", "-b", "main", "clone")
    clone = write_files(folder / "clone", f"{site}{GOOD}-- .gitignore --\n/site/\n.pmsite/\n")
    git(clone, "remote", "add", "origin", str(folder / "remote.git"))
    git(clone, "config", "user.name", "A. Writer")
    git(clone, "config", "user.email", "a@example.org")
    git(clone, "add", ".")
    git(clone, "commit", "-qm", "first")
    git(clone, "push", "-q", "origin", "main")
    return clone


def deploy(clone: Path, *arguments: str, code: int = 0) -> "subprocess.CompletedProcess[str]":
    done = pmsite("deploy", *arguments, cwd=clone)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def served(clone: Path, branch: str = "gh-pages") -> dict[str, bytes]:
    """What the remote's branch holds, by another clone."""
    folder = clone.parent / f"served-{len(list(clone.parent.iterdir()))}"
    git(clone.parent, "clone", "-q", "--branch", branch, "remote.git", folder.name)
    return {path: content for path, content in tree(folder).items() if not path.startswith(".git/")}


def commits(clone: Path, branch: str = "gh-pages") -> list[str]:
    return git(clone.parent / "remote.git", "log", "--format=%s", branch).splitlines()


def test_the_branch_holds_the_site_and_nothing_else(tmp_path: Path) -> None:
    clone = repo(tmp_path)
    before = git(clone, "status", "--porcelain"), git(clone, "rev-parse", "HEAD")
    done = deploy(clone, "-m", "Publish it")
    assert "pushed to gh-pages on origin" in done.stderr
    found = served(clone)
    assert found.pop(".nojekyll") == b""
    assert found == tree(clone / "site") and "incidents/2024-03-03-good/index.html" in found
    assert commits(clone) == ["Publish it"]
    assert (git(clone, "status", "--porcelain"), git(clone, "rev-parse", "HEAD")) == before
    assert not list((clone / ".pmsite/public").glob("deploy-*"))


def test_a_second_time_adds_a_commit_only_if_something_changed(tmp_path: Path) -> None:
    clone = repo(tmp_path)
    deploy(clone)
    assert "has this site already" in deploy(clone).stderr
    assert len(commits(clone)) == 1
    write_files(clone, GOOD.replace("Text.", "Other text."))
    assert "0 added, 1 changed, 0 removed" in deploy(clone).stderr
    (clone / "content/2024-03-03-good.md").unlink()
    deploy(clone)
    assert len(commits(clone)) == 3 and "incidents/2024-03-03-good/index.html" not in served(clone)


def test_what_somebody_else_pushed_meanwhile_is_the_base(tmp_path: Path) -> None:
    clone = repo(tmp_path)
    deploy(clone)
    git(tmp_path, "clone", "-q", "--branch", "gh-pages", "remote.git", "other")
    write_files(tmp_path / "other", "-- CNAME --\npm.example.org\n-- stray.txt --\nx\n")
    git(tmp_path / "other", "add", ".")
    git(tmp_path / "other", "commit", "-qm", "by hand")
    git(tmp_path / "other", "push", "-q")
    write_files(clone, GOOD.replace("Text.", "Other text."))
    deploy(clone)
    found = served(clone)
    assert found["CNAME"] == b"pm.example.org\n" and "stray.txt" not in found
    assert commits(clone) == ["Publish the site", "by hand", "Publish the site"]


def test_a_dry_run_says_what_would_change_and_pushes_nothing(tmp_path: Path) -> None:
    clone = repo(tmp_path)
    done = deploy(clone, "--dry-run")
    assert (
        "+ incidents/2024-03-03-good/index.html" in done.stdout.splitlines() and "would change" in done.stderr
    )
    assert git(tmp_path / "remote.git", "branch", "--list") == "* main"
    assert git(clone, "branch", "--list") == "* main"
    deploy(clone)
    write_files(clone, GOOD.replace("Text.", "Other text."))
    assert deploy(clone, "--dry-run").stdout == "~ incidents/2024-03-03-good/index.html\n"
    assert len(commits(clone)) == 1


@pytest.mark.parametrize(
    ("site", "arguments", "code"),
    [
        (INTERNAL, [], 2),
        (INTERNAL, ["--dry-run"], 2),
        (INTERNAL, ["--internal-is-fine"], 0),
        (INTERNAL, ["--audience", "public"], 0),
        (PUBLIC, ["--audience", "internal"], 2),
        (PUBLIC, ["--audience", "restricted"], 2),
        (f"{INTERNAL}pages_are_private: true\n", [], 0),
    ],
)
def test_nothing_above_a_public_build_is_pushed_unless_told(
    tmp_path: Path, site: str, arguments: list[str], code: int
) -> None:
    clone = repo(tmp_path, site)
    done = deploy(clone, *arguments, code=code)
    branches = git(tmp_path / "remote.git", "branch", "--list")
    assert ("gh-pages" in branches) is (code == 0)
    if code:
        assert "--internal-is-fine" in done.stderr and not (clone / "site").exists()


def test_the_domain_is_the_given_one_else_that_of_the_folder(tmp_path: Path) -> None:
    clone = repo(tmp_path)
    deploy(clone, "--cname", "pm.example.org")
    assert served(clone)["CNAME"] == b"pm.example.org\n"
    write_files(clone, "-- site/CNAME --\nown.example.org\n")
    deploy(clone)
    assert served(clone)["CNAME"] == b"own.example.org\n"
    deploy(clone, "--cname", "pm.example.org")
    assert served(clone)["CNAME"] == b"pm.example.org\n"
    assert (clone / "site/CNAME").read_text() == "own.example.org\n"


def test_errors_in_content_push_nothing(tmp_path: Path) -> None:
    clone = repo(tmp_path)
    write_files(clone, "-- content/2024-04-04-bad.md --\n---\npublished: never\n---\n")
    deploy(clone, code=1)
    assert git(tmp_path / "remote.git", "branch", "--list") == "* main"


@pytest.mark.parametrize(
    ("arguments", "said", "code"),
    [
        (["--remote", "nowhere"], 'no remote "nowhere"', 2),
        (["--remote", "--all"], "no remote", 2),
        (["--branch", "main"], "is checked out", 2),
        (["--branch", "a..b"], "no name for a branch", 2),
        (["--branch", "--force"], "no name for a branch", 2),
    ],
)
def test_what_cannot_be_pushed_to_is_said(tmp_path: Path, arguments: list[str], said: str, code: int) -> None:
    assert said in deploy(repo(tmp_path), *arguments, code=code).stderr


def test_a_remote_that_refuses_is_said(tmp_path: Path) -> None:
    clone = repo(tmp_path)
    hook = tmp_path / "remote.git/hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho not today >&2\nexit 1\n")
    hook.chmod(0o755)
    done = deploy(clone, code=1)
    assert "did not take the branch" in done.stderr and "not today" in done.stderr
    git(clone, "remote", "set-url", "origin", str(tmp_path / "gone.git"))
    assert "cannot be reached" in deploy(clone, code=1).stderr


def test_a_folder_without_a_repository_is_said(tmp_path: Path) -> None:
    write_files(tmp_path, PUBLIC + GOOD)
    done = pmsite("deploy", cwd=tmp_path, GIT_CEILING_DIRECTORIES=str(tmp_path.parent))
    assert done.returncode == 2 and "no git repository" in done.stderr
