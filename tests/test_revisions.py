"""`pmsite check --changed-since`: the warnings of a change, and the addresses that would vanish with it."""

from pathlib import Path

import pytest

from pmsite.build import Report
from pmsite.config import find_site, with_overrides
from pmsite.diagnostics import ConfigurationError
from pmsite.load import Options
from pmsite.revisions import Difference, check_change
from pmsite.source import collect
from tests.runner import git
from tests.sites import TODAY, build_site, codes, pmsite, problems, write_files

SITE = """
-- pmsite.yaml --
title: T
audience: public
defaults: {visibility: public}
-- content/index.md --
Welcome.
-- content/pages/about.md --
About.
-- content/2024-01-10-web.md --
---
title: Web down
severity: SEV1
number: PM-1
aliases: [old-web, wiki/web.html]
---
-- content/2024-02-02-dns/index.md --
---
title: DNS down
severity: SEV44
---
"""


@pytest.fixture(autouse=True)
def _read_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading without a time limit needs no process of its own, which makes small sites quick."""
    monkeypatch.setattr(collect, "LIMITS", None)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    write_files(tmp_path, SITE)
    git(tmp_path, "init", "-q", "-b", "main")
    commit(tmp_path)
    return tmp_path


def commit(folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "x")


def checked(folder: Path, revision: str = "main", **given: object) -> tuple[Report, Difference]:
    strict = bool(given.pop("strict", False))
    site = with_overrides(find_site(None, None, folder), **given)
    return check_change(site, Options(TODAY, strict=strict, jobs=1), revision)


def vanished(folder: Path, revision: str = "main") -> list[str]:
    return [
        problem.message.split()[2]
        for problem in checked(folder, revision)[0].diagnostics
        if problem.code == "W306"
    ]


WEB = "content/2024-01-10-web.md"
DNS = "content/2024-02-02-dns/index.md"


def edit(folder: Path, path: str, old: str, new: str) -> None:
    text = (folder / path).read_text()
    assert old in text
    (folder / path).write_text(text.replace(old, new))


def test_without_a_change_there_is_nothing_to_say(repo: Path) -> None:
    report, difference = checked(repo)
    assert problems(report) == [] and difference.paths == frozenset()


def test_warnings_are_those_of_changed_documents(repo: Path) -> None:
    edit(repo, WEB, "SEV1", "SEV55")
    write_files(repo, "-- content/2024-03-03-new.md --\n---\nseverity: SEV66\n---\n")
    report, difference = checked(repo)
    assert (difference.new, difference.edited, difference.removed) == (
        ("content/2024-03-03-new.md",),
        (WEB,),
        (),
    )
    assert [(problem.code, problem.path) for problem in report.diagnostics] == [
        ("W104", WEB),
        ("W104", "content/2024-03-03-new.md"),
    ]
    assert report.ok and not checked(repo, strict=True)[0].ok


def test_strictness_is_for_the_change_alone(repo: Path) -> None:
    edit(repo, WEB, "Web down", "The web was down")
    assert checked(repo, strict=True)[0].ok


def test_errors_stay_wherever_they_are(repo: Path) -> None:
    write_files(repo, "-- content/2024-03-03-bad.md --\n---\npublished: never\n---\n")
    commit(repo)
    report, _ = checked(repo)
    assert codes(report) == ["E103"]


@pytest.mark.parametrize(
    ("change", "gone"),
    [
        (("rm", WEB), ["incidents/2024-01-10-web/", "incidents/old-web/", "incidents/pm-1/", "wiki/web.html"]),
        (("mv", WEB, "content/2024-01-10-shop.md"), ["incidents/2024-01-10-web/"]),
        (("mv", WEB, "content/archive/2024-01-10-web.md"), []),
        (("mv", "content/2024-02-02-dns", "content/2024-02-02-names"), ["incidents/2024-02-02-dns/"]),
        (("mv", DNS, "content/2024-02-02-dns.md"), []),
        (("mv", "content/pages/about.md", "content/pages/us.md"), ["pages/about/"]),
        (("edit", WEB, "title:", "id: web\ntitle:"), ["incidents/2024-01-10-web/"]),
        (("edit", WEB, "title:", "id: web\naliases: [2024-01-10-web, old-web, wiki/web.html]\ntitle:"), []),
        (("edit", WEB, "PM-1", "PM-2"), ["incidents/pm-1/"]),
        (("edit", WEB, "old-web, ", ""), ["incidents/old-web/"]),
        (("edit", WEB, ", wiki/web.html", ""), ["wiki/web.html"]),
        (("edit", DNS, "title:", "visibility: internal\ntitle:"), ["incidents/2024-02-02-dns/"]),
        (("edit", DNS, "title:", "status: draft\ntitle:"), ["incidents/2024-02-02-dns/"]),
        (("edit", DNS, "title:", "aliases: [x]\ntitle:"), []),
        (("edit", "pmsite.yaml", "title: T", "title: T\nexclude: ['*dns*']"), ["incidents/2024-02-02-dns/"]),
    ],
)  # fmt: skip
def test_addresses_that_would_vanish_are_named(repo: Path, change: tuple[str, ...], gone: list[str]) -> None:
    if change[0] == "edit":
        path, old, new = change[1:]
        if "aliases: [2024" in new:
            edit(repo, path, "aliases: [old-web, wiki/web.html]\n", "")
        edit(repo, path, old, new)
    else:
        (repo / "content/archive").mkdir()
        git(repo, *change)
    assert sorted(vanished(repo)) == gone
    build_site(repo)
    missing = [address for address in gone if (repo / "site" / address).exists()]
    assert missing == []


def test_a_change_is_compared_where_it_began(repo: Path) -> None:
    """What happened on the base branch meanwhile is not the change's doing."""
    git(repo, "checkout", "-qb", "change")
    edit(repo, WEB, "Web down", "The web was down")
    commit(repo)
    git(repo, "checkout", "-q", "main")
    write_files(repo, "-- content/2024-05-05-other.md --\n---\nseverity: SEV1\n---\n")
    git(repo, "rm", "-q", DNS)
    commit(repo)
    git(repo, "checkout", "-q", "change")
    report, difference = checked(repo)
    assert difference.paths == {WEB} and codes(report) == []


def test_a_site_below_the_top_of_its_repository(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    write_files(tmp_path / "docs/pm", SITE)
    write_files(tmp_path, "-- other/readme.md --\nx\n")
    commit(tmp_path)
    git(tmp_path, "rm", "-q", f"docs/pm/{WEB}")
    git(tmp_path, "mv", "other/readme.md", "other/more.md")
    _, difference = checked(tmp_path / "docs/pm")
    assert difference == Difference(difference.base, (), (), (WEB,))
    assert "incidents/2024-01-10-web/" in vanished(tmp_path / "docs/pm")


def test_a_configuration_that_was_broken_then_has_no_addresses(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    write_files(tmp_path, SITE.replace("title: T\n", "title: a: b\n"))
    commit(tmp_path)
    write_files(tmp_path, SITE)
    git(tmp_path, "rm", "-qf", DNS)
    assert vanished(tmp_path) == []


@pytest.mark.parametrize("revision", ["nowhere", "--help", "-x", "", "main:content"])
def test_a_revision_that_does_not_exist_is_said(repo: Path, revision: str) -> None:
    with pytest.raises(ConfigurationError):
        checked(repo, revision)


def test_a_folder_without_a_repository_is_said(tmp_path: Path) -> None:
    write_files(tmp_path, SITE)
    done = pmsite(
        "check", "--changed-since", "main", cwd=tmp_path, GIT_CEILING_DIRECTORIES=str(tmp_path.parent)
    )
    assert done.returncode == 2 and "not a git repository" in done.stdout + done.stderr


def test_on_the_command_line(repo: Path) -> None:
    git(repo, "rm", "-q", DNS)
    done = pmsite("check", "--changed-since", "HEAD", cwd=repo)
    assert done.returncode == 0 and "W306" in done.stdout and "1 warning" in done.stderr
    assert pmsite("check", "--changed-since", "HEAD", "--strict", cwd=repo).returncode == 1
