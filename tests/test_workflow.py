"""The workflow of `pmsite init --github`, the action and the project's own workflows: what they may, and what they do."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from pmsite.diagnostics import ContentError
from pmsite.scaffold import init
from pmsite.scaffold.workflow import PLACE
from tests.runner import Runner, evaluate, git, holds, load
from tests.sites import ROOT, TODAY, write_files

PAGES = {"actions/configure-pages": {"base_url": "https://example.org/pm", "base_path": "/pm"}}
PUBLIC = "-- pmsite.yaml --\ntitle: T\naudience: public\ndefaults: {visibility: public}\n"
INTERNAL = "-- pmsite.yaml --\ntitle: T\naudience: internal\n"
PRIVATE = f"{INTERNAL}pages_are_private: true\n"
GOOD = "-- content/2024-03-03-good.md --\n---\ntitle: Good\nseverity: SEV1\nstatus: final\nsummary: S.\nroot_cause: capacity\n---\n"
ODD = "-- content/2024-03-04-odd.md --\n---\ntitle: Odd\nseverity: SEV33\n---\n"
BROKEN = "-- content/2024-03-05-broken.md --\n---\ntitle: Broken\npublished: never\n---\n"
# The majors that are current; each by the commit of a release, with its version beside it.
ACTIONS = {
    "actions/checkout": 7,
    "actions/setup-python": 7,
    "actions/cache": 6,
    "actions/configure-pages": 6,
    "actions/upload-pages-artifact": 5,
    "actions/upload-artifact": 7,
    "actions/deploy-pages": 5,
}
FILES = [ROOT / "action.yml", *sorted((ROOT / ".github/workflows").glob("*.yml"))]


def generated(folder: Path, site: str = PUBLIC + GOOD) -> Any:
    """The workflow that init writes where a site is."""
    write_files(folder, site)
    git(folder, "init", "-q", "-b", "main")
    assert init(folder, TODAY, github=True) == [folder / PLACE]
    return load(folder / PLACE)


def run(folder: Path, site: str, **context: str) -> Runner:
    """Run the build job of a generated workflow."""
    job = generated(folder / "repo", site)["jobs"]["build"]
    runner = Runner(folder / "repo", folder / "runner", context)
    runner.run(job["steps"], job["defaults"]["run"], PAGES)
    return runner


def names(runner: Runner) -> list[str]:
    return [name.removeprefix("actions/") for name, _ in runner.used]


# What is written down.


@pytest.fixture
def texts(tmp_path: Path) -> list[str]:
    generated(tmp_path)
    return [path.read_text(encoding="utf-8") for path in (*FILES, tmp_path / PLACE)]


def test_actions_are_pinned_to_commits_of_current_majors(texts: list[str]) -> None:
    found = [use for text in texts for use in re.findall(r"uses: (\S+)(.*)", text)]
    assert len(found) > 15
    commits: dict[str, set[str]] = {}
    for use, comment in found:
        if use == "./":
            continue
        name, _, commit = use.partition("@")
        assert re.fullmatch(r"[0-9a-f]{40}", commit), use
        assert re.fullmatch(rf" # v{ACTIONS[name]}\.\d+\.\d+", comment), f"{use}{comment}"
        commits.setdefault(name, set()).add(commit)
    assert commits.keys() == ACTIONS.keys() and all(len(found) == 1 for found in commits.values())


def test_no_expression_stands_in_a_script(texts: list[str]) -> None:
    def scripts(value: Any) -> list[str]:
        if isinstance(value, dict):
            return [
                text
                for key, item in value.items()
                for text in ([item] if key == "run" and isinstance(item, str) else scripts(item))
            ]
        return [text for item in value for text in scripts(item)] if isinstance(value, list) else []

    found = [script for text in texts for script in scripts(yaml.safe_load(text))]
    assert len(found) >= 7 and not [script for script in found if "${{" in script]
    assert not [text for text in texts if "pull_request_target" in text or "secrets." in text]


@pytest.mark.parametrize("which", ["generated", "pages.yml"])
def test_a_workflow_builds_on_push_pull_request_and_weekly_and_deploys_apart(
    tmp_path: Path, which: str
) -> None:
    flow = generated(tmp_path) if which == "generated" else load(ROOT / ".github/workflows/pages.yml")
    assert set(flow["on"]) == {"push", "pull_request", "schedule", "workflow_dispatch"}
    (cron,) = [item["cron"] for item in flow["on"]["schedule"]]
    assert re.fullmatch(r"\d+ \d+ \* \* [0-6]", cron)
    assert flow["permissions"] == {} and "group" in flow["concurrency"]
    build, deploy = flow["jobs"]["build"], flow["jobs"]["deploy"]
    assert build["permissions"] == {"contents": "read", "pages": "read"}
    assert deploy["permissions"] == {"pages": "write", "id-token": "write"}
    assert deploy["environment"]["name"] == "github-pages" and deploy["needs"] == "build"
    assert deploy["concurrency"] == {"group": "pages", "cancel-in-progress": False}
    assert [step["uses"].partition("@")[0] for step in deploy["steps"]] == ["actions/deploy-pages"]
    (output,) = build["outputs"]
    value = {"pages": "true", "artifact": "github-pages"}[output]
    context = {
        "github.event_name": "push",
        "github.ref": "refs/heads/main",
        f"needs.build.outputs.{output}": value,
    }
    assert holds(deploy["if"], context)
    refused = (
        {f"needs.build.outputs.{output}": "false"},
        {"github.event_name": "pull_request"},
        {"github.ref": "refs/heads/x"},
    )
    for change in refused:
        assert not holds(deploy["if"], context | change)
    del context[f"needs.build.outputs.{output}"]
    assert not holds(deploy["if"], context)


def test_the_sandbox_reads_expressions_as_github_does() -> None:
    context = {"github.base_ref": "main", "github.event_name": "push"}
    assert evaluate(" github.base_ref && format('origin/{0}', github.base_ref) ", context) == "origin/main"
    assert (
        evaluate(" github.base_ref && format('origin/{0}', github.base_ref) ", {"github.base_ref": ""}) == ""
    )
    assert evaluate("steps.a.outputs.b == 'it''s'", {"steps.a.outputs.b": "it's"}) == "true"
    with pytest.raises(AssertionError):
        evaluate("github.unknown", context)


# init.


def test_init_writes_the_workflow_with_a_new_site(tmp_path: Path) -> None:
    written = [path.relative_to(tmp_path).as_posix() for path in init(tmp_path, TODAY, github=True)]
    assert PLACE in written and "pmsite.yaml" in written


def test_a_workflow_that_is_there_is_not_replaced(tmp_path: Path) -> None:
    write_files(tmp_path, f"{PUBLIC}-- {PLACE} --\nmine\n")
    with pytest.raises(ContentError):
        init(tmp_path, TODAY, github=True)
    assert (tmp_path / PLACE).read_text() == "mine\n"


@pytest.mark.parametrize("branch", ["main", "trunk", "it's/odd"])
def test_the_workflow_is_for_the_branch_and_the_folder_of_the_site(tmp_path: Path, branch: str) -> None:
    git(tmp_path, "init", "-q", "-b", branch)
    site = write_files(tmp_path / "docs/post mortems", PUBLIC + GOOD + ODD)
    assert init(site, TODAY, github=True) == [tmp_path / PLACE]
    flow = load(tmp_path / PLACE)
    assert flow["on"]["push"]["branches"] == [branch]
    build, deploy = flow["jobs"]["build"], flow["jobs"]["deploy"]
    context = {
        "github.event_name": "push",
        "github.ref": f"refs/heads/{branch}",
        "needs.build.outputs.pages": "true",
    }
    assert holds(deploy["if"], context)
    runner = Runner(tmp_path, tmp_path / "runner")
    runner.run(build["steps"], build["defaults"]["run"], PAGES)
    assert not runner.failed, runner.log
    (kept,) = [given["path"] for name, given in runner.used if name == "actions/upload-pages-artifact"]
    assert (tmp_path / kept / "index.html").is_file()
    (cached,) = [given["path"].split() for name, given in runner.used if name == "actions/cache"]
    assert len(cached) == 4  # two paths with one space each
    assert "::warning file=docs/post mortems/content/2024-03-04-odd.md,line=" in runner.log
    assert (site / ".pmsite/public/cache.sqlite").is_file()


# What the build job does.


def test_a_public_build_goes_to_pages_with_their_address(tmp_path: Path) -> None:
    runner = run(tmp_path, PUBLIC + GOOD)
    assert not runner.failed, runner.log
    assert names(runner) == ["checkout", "setup-python", "cache", "configure-pages", "upload-pages-artifact"]
    site = tmp_path / "repo/_site"
    assert '<link rel="canonical" href="https://example.org/pm/incidents/2024-03-03-good/">' in (
        site / "incidents/2024-03-03-good/index.html"
    ).read_text(encoding="utf-8")
    assert runner.context["steps.build.outputs.site"] == "_site"
    assert re.fullmatch(r"pmsite==\S+\n", (tmp_path / "runner/pip").read_text().removeprefix("install "))


@pytest.mark.parametrize(
    ("site", "on_pages"),
    [(INTERNAL, False), (PRIVATE, True), (INTERNAL.replace("internal", "restricted"), False)],
)
def test_nothing_above_a_public_build_goes_to_pages_unless_they_are_private(
    tmp_path: Path, site: str, on_pages: bool
) -> None:
    runner = run(tmp_path, site + GOOD)
    assert not runner.failed, runner.log
    assert ("upload-pages-artifact" in names(runner)) is ("configure-pages" in names(runner)) is on_pages
    assert ("upload-artifact" in names(runner)) is not on_pages
    assert runner.context["steps.build.outputs.pages"] == str(on_pages).lower()


def test_a_pull_request_is_annotated_and_kept_nowhere(tmp_path: Path) -> None:
    repo = write_files(
        tmp_path / "repo", PUBLIC + GOOD + "-- content/2024-01-01-old.md --\n---\nseverity: SEV44\n---\n"
    )
    git(repo, "init", "-q", "-b", "main")
    init(repo, TODAY, github=True)
    git(repo, "add", ".")
    git(repo, "commit", "-qm", "first")
    git(repo, "update-ref", "refs/remotes/origin/main", "HEAD")
    git(repo, "checkout", "-qb", "change")
    write_files(repo, ODD)
    git(repo, "mv", "content/2024-03-03-good.md", "content/2024-03-03-better.md")
    git(repo, "add", ".")
    git(repo, "commit", "-qm", "second")
    job = load(repo / PLACE)["jobs"]["build"]
    context = {
        "github.event_name": "pull_request",
        "github.base_ref": "main",
        "github.ref": "refs/pull/1/merge",
    }
    runner = Runner(repo, tmp_path / "runner", context)
    runner.run(job["steps"], job["defaults"]["run"], PAGES)
    assert not runner.failed, runner.log
    assert names(runner) == ["checkout", "setup-python", "cache"]
    places = re.findall(r"^::warning file=([^,]+),line=\d+,col=\d+,title=(\w+)", runner.log, re.MULTILINE)
    assert places == [("content/2024-03-03-good.md", "W306"), ("content/2024-03-04-odd.md", "W104")]
    assert "**New: 2**" in runner.summary and "**Removed: 1**" in runner.summary
    assert "W306 vanished-address" in runner.summary and "2024-01-01-old" not in runner.summary


def test_the_summary_says_what_changed_since_the_site_in_the_cache(tmp_path: Path) -> None:
    runner = run(tmp_path, PUBLIC + GOOD + ODD)
    assert "## T\n\n2 documents, 0 errors, 1 warning" in runner.summary
    assert "W104 new-term" in runner.summary and "% of the fields that matter are there" in runner.summary
    assert "New pages" not in runner.summary  # all are, at first
    repo = tmp_path / "repo"
    write_files(repo, GOOD.replace("summary: S.", "summary: Another."))
    write_files(repo, "-- content/2025-01-01-next.md --\n---\ntitle: Next\nseverity: SEV2\n---\n")
    (repo / "content/2024-03-04-odd.md").unlink()
    job = load(repo / PLACE)["jobs"]["build"]
    again = Runner(repo, tmp_path / "again")
    again.run(job["steps"], job["defaults"]["run"], PAGES)
    assert not again.failed, again.log
    assert "**New pages: 1**\n\n- incidents/2025-01-01-next/" in again.summary
    assert "**Changed pages: 1**\n\n- incidents/2024-03-03-good/" in again.summary
    assert "**Removed pages: 1**\n\n- incidents/2024-03-04-odd/" in again.summary


def test_errors_fail_the_job_with_annotations_and_nothing_is_kept(tmp_path: Path) -> None:
    runner = run(tmp_path, PUBLIC + GOOD + BROKEN)
    assert runner.failed == "Check"
    assert "::error file=content/2024-03-05-broken.md,line=3," in runner.log
    assert runner.context.get("steps.check.outputs.pages", "") != "true"
    assert names(runner) == ["checkout", "setup-python", "cache"]
    assert "E103 invalid-value" in runner.summary


def test_a_run_on_a_log_has_no_colour_and_no_progress(tmp_path: Path) -> None:
    runner = run(tmp_path, PUBLIC + GOOD + ODD)
    assert "\x1b" not in runner.log and "\r" not in runner.log


# The action.


def act(folder: Path, site: str, inputs: dict[str, str], **context: str) -> tuple[Runner, dict[str, str]]:
    """Run the action's steps with inputs; gives the runner and the action's outputs."""
    action = load(ROOT / "action.yml")
    given = {name: str(item["default"]) for name, item in action["inputs"].items()} | inputs
    repo = write_files(folder / "repo", site)
    known = {f"inputs.{name}": value for name, value in given.items()} | {"github.action_path": str(ROOT)}
    runner = Runner(repo, folder / "runner", known | context)
    runner.run(action["runs"]["steps"], {}, PAGES)
    outputs = {
        name: evaluate(item["value"].removeprefix("${{").removesuffix("}}"), runner.context)
        for name, item in action["outputs"].items()
    }
    return runner, outputs


def test_the_action_has_the_promised_inputs_and_outputs() -> None:
    action = load(ROOT / "action.yml")
    assert list(action["inputs"]) == [
        "path",
        "version",
        "python-version",
        "strict",
        "base-url",
        "audience",
        "output",
        "upload",
    ]
    assert list(action["outputs"]) == ["artifact", "errors", "warnings"]
    assert action["runs"]["using"] == "composite"
    assert all(step.get("shell") == "bash" for step in action["runs"]["steps"] if "run" in step)


def test_the_demonstration_archive_is_built_and_kept_for_pages(tmp_path: Path) -> None:
    (job,) = [
        step
        for step in load(ROOT / ".github/workflows/pages.yml")["jobs"]["build"]["steps"]
        if step.get("uses") == "./"
    ]
    assert "with" not in job
    shutil.copytree(ROOT / "content", tmp_path / "repo/content")
    shutil.copy(ROOT / "pmsite.yaml", tmp_path / "repo/pmsite.yaml")
    runner, outputs = act(tmp_path, "", {})
    assert not runner.failed, runner.log
    assert outputs == {"artifact": "github-pages", "errors": "0", "warnings": "0"}
    assert names(runner) == ["setup-python", "cache", "configure-pages", "upload-pages-artifact"]
    assert (tmp_path / "runner/pip").read_text() == f"install -c {ROOT}/requirements.lock {ROOT}\n"
    assert (tmp_path / "repo/_site/index.html").is_file()


@pytest.mark.parametrize(
    ("site", "inputs", "artifact"),
    [
        (PUBLIC, {}, "github-pages"),
        (PUBLIC, {"upload": "artifact"}, "postmortems"),
        (PUBLIC, {"upload": "none"}, ""),
        (PUBLIC, {"audience": "internal"}, "postmortems"),
        (INTERNAL, {}, "postmortems"),
        (INTERNAL, {"audience": "public"}, "github-pages"),
        (PRIVATE, {}, "github-pages"),
        (PRIVATE, {"upload": "pages"}, "github-pages"),
    ],
)
def test_the_action_keeps_what_may_be_kept(
    tmp_path: Path, site: str, inputs: dict[str, str], artifact: str
) -> None:
    runner, outputs = act(tmp_path, site + GOOD, inputs)
    assert not runner.failed, runner.log
    assert outputs["artifact"] == artifact
    kept = {"github-pages": "upload-pages-artifact", "postmortems": "upload-artifact", "": None}[artifact]
    assert [name for name in names(runner) if name.startswith("upload")] == ([kept] if kept else [])


@pytest.mark.parametrize(
    ("inputs", "step"),
    [({"upload": "pages"}, "Decide"), ({"upload": "x"}, "Decide"), ({"audience": "all"}, "Check")],
)
def test_the_action_refuses(tmp_path: Path, inputs: dict[str, str], step: str) -> None:
    runner, _ = act(tmp_path, INTERNAL + GOOD, inputs)
    assert runner.failed.startswith(step) and "upload-pages-artifact" not in names(runner)


def test_inputs_of_the_action_are_taken_as_they_are(tmp_path: Path) -> None:
    odd = "a b'$(touch hit);\"`touch hit`"
    site = "".join(f"-- sub dir/{part}" for part in (PUBLIC + ODD).split("-- ")[1:])
    inputs = {"path": "sub dir", "output": odd, "base-url": "https://example.org/x", "version": "1.2.3"}
    runner, outputs = act(tmp_path, site, inputs)
    assert not runner.failed, runner.log
    assert (tmp_path / "repo/sub dir" / odd / "index.html").is_file()
    assert outputs["warnings"] == "1" and "configure-pages" not in names(runner)
    assert (tmp_path / "runner/pip").read_text() == "install pmsite==1.2.3\n"
    assert not list(tmp_path.rglob("hit"))
    strict, outputs = act(tmp_path / "strict", PUBLIC + ODD, {"strict": "true"})
    assert strict.failed == "Check" and outputs["errors"] == "1"
