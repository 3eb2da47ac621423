"""`pmsite init` where documents lie: what it proposes is there, builds at once, and names services that are ones."""

import json
from pathlib import Path
from typing import Any

import pytest

from pmsite.scaffold.names import Told, frequent_names
from pmsite.scaffold.survey import surveyed
from pmsite.source import collect
from pmsite.strict_yaml import load
from tests.sites import pmsite, tree, write_files


@pytest.fixture(autouse=True)
def _read_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collect, "LIMITS", None)


def postmortem(number: int, summary: str, *, front: str = "", folder: str = "") -> str:
    return (
        f"-- {folder}2024-0{number % 9 + 1}-10-outage-{number}.md --\n{front}# Outage number {number}\n\n"
        f"## Summary\n\n{summary}\n\n## Timeline\n\n- 10:00 it begins\n- 10:30 it ends\n\n"
    )


def settings(folder: Path) -> dict[str, Any]:
    value = load((folder / "pmsite.yaml").read_text(encoding="utf-8")).value
    assert isinstance(value, dict)
    return value


def listed_services(folder: Path) -> list[str]:
    incidents = json.loads(pmsite("list", "--format", "json", cwd=folder).stdout)["incidents"]
    return [name for incident in incidents for name in incident["services"]]


# A whole site.


def test_init_around_documents(tmp_path: Path) -> None:
    """Everything at once: where they lie, what they name, nothing touched, and a build that uses it."""
    folder = "docs/postmortems/2024/"
    names = [
        "PayGate",
        "PayGate",
        "the PayGate",
        "StockSync",
        "StockSync",
        "our StockSync",
        "nothing",
        "nobody",
        "it",
    ]
    documents = [
        postmortem(number, f"All requests to {name} failed for a while.", folder=folder)
        for number, name in enumerate(names)
    ]
    template = "-- docs/postmortems/incident-template.md --\n# Title\n\n## Timeline\n\n## Root cause\n"
    others = "-- README.md --\n# The shop\n-- docs/guide.md --\n# How to deploy\n\nText.\n-- src/main.py --\npass\n"
    write_files(tmp_path, "".join(documents) + template + others)
    before = tree(tmp_path)
    made = pmsite("init", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    assert made.stdout.splitlines() == [
        "wrote pmsite.yaml",
        "wrote .gitignore",
        "found 9 postmortems and 0 plain pages in docs/postmortems; 9 documents, 0 errors, 0 warnings",
        "proposed 2 services: PayGate, StockSync",
        "next: pmsite build",
    ]
    after = tree(tmp_path)
    assert {path: after[path] for path in before} == before
    found = settings(tmp_path)
    assert found["content"] == "docs/postmortems" and "timezone" not in found and "fields" not in found
    assert found["services"] == {"PayGate": None, "StockSync": None}
    assert "incident-template.md" in found["exclude"] and "*TEMPLATE*" in found["exclude"]
    text = (tmp_path / "pmsite.yaml").read_text()
    assert "# 2 documents elsewhere" in text and "PayGate:  # 3 documents" in text and "# timezone: " in text
    assert pmsite("build", "--strict", cwd=tmp_path).returncode == 0
    assert listed_services(tmp_path).count("PayGate") == 3
    assert (tmp_path / "site/services/paygate/index.html").is_file()


def test_a_preset_is_proposed_and_leaves_no_unknown_key(tmp_path: Path) -> None:
    front = "---\ntitle: A\nlinkTitle: B\nweight: 3\ndate: 2024-01-10\n---\n"
    write_files(tmp_path, "".join(postmortem(number, "Text.", front=front) for number in range(4)))
    made = pmsite("init", cwd=tmp_path)
    assert "front matter is read as hugo has it" in made.stdout and settings(tmp_path)["fields"] == {
        "preset": "hugo"
    }
    assert "W105" not in pmsite("check", "-v", cwd=tmp_path).stdout


def test_services_of_front_matter_are_shown_and_not_set(tmp_path: Path) -> None:
    """Set, they would be read into other documents, and every other name would be a warning."""
    front = "---\nservices: [API, shop]\n---\n"
    documents = [
        postmortem(number, "The ApiGateway failed.", front=front if number < 3 else "") for number in range(9)
    ]
    write_files(tmp_path, "".join(documents))
    assert "proposed" not in pmsite("init", cwd=tmp_path).stdout
    assert "services" not in settings(tmp_path)
    assert "#   API:  # 3 documents\n#   shop:  # 3 documents\n" in (tmp_path / "pmsite.yaml").read_text()


def test_errors_are_reported_and_do_not_stop_it(tmp_path: Path) -> None:
    write_files(tmp_path, postmortem(1, "Text.") + "-- broken.md --\n---\ntitle: a: b\n---\n")
    made = pmsite("init", "--help", cwd=tmp_path)
    assert "postmortems that are there" in made.stdout
    made = pmsite("init", cwd=tmp_path)
    assert made.returncode == 0 and "broken.md" in made.stderr and "E102" in made.stderr
    assert made.stdout.splitlines()[-1] == "next: pmsite build --keep-going"
    pmsite("build", "--keep-going", cwd=tmp_path)
    assert (tmp_path / "site/index.html").is_file()


def test_a_folder_called_site_is_no_output(tmp_path: Path) -> None:
    write_files(tmp_path, postmortem(1, "Text.", folder="site/content/incidents/"))
    pmsite("init", cwd=tmp_path)
    assert settings(tmp_path)["output"] == "pmsite-site" and (tmp_path / ".gitignore").read_text().startswith(
        "/pmsite-site/"
    )
    assert pmsite("build", cwd=tmp_path).returncode == 0 and (tmp_path / "pmsite-site/index.html").is_file()


# Where documents lie.


@pytest.mark.parametrize(
    ("paths", "others", "content"),
    [
        (("a.md", "b.md"), (), "."),
        (("incidents/a.md", "incidents/b.md"), (), "incidents"),
        (("incidents/2023/a.md", "incidents/2023/b.md"), (), "incidents"),
        (("docs/pm/2023/a.md", "docs/pm/2023/b.md"), ("docs/guide.md",), "docs/pm"),
        (("x/a.md", "y/b.md"), ("README.md",), "."),
        (("pm/a/index.md", "pm/b/index.md"), ("README.md",), "pm"),
        (("_posts/a.md", "_posts/b.md"), ("index.md",), "_posts"),
    ],
)  # fmt: skip
def test_the_content_folder(
    tmp_path: Path, paths: tuple[str, ...], others: tuple[str, ...], content: str
) -> None:
    for path in paths:
        write_files(tmp_path, f"-- {path} --\n---\nseverity: SEV1\n---\n# Down\n")
    for path in others:
        write_files(tmp_path, f"-- {path} --\n# About\n\nText.\n")
    found = surveyed(tmp_path, 1)
    assert found is not None and found.content == content
    assert found.outside == sum(
        not other.startswith(f"{content}/") for other in others if content not in (".", "_posts")
    )


def test_files_that_documents_show_belong_to_the_content(tmp_path: Path) -> None:
    write_files(
        tmp_path,
        "-- docs/pm/a.md --\n# Outage\n\n![x](../img/x.png)\n-- docs/img/x.png --\nx\n-- docs/b.md --\nText.\n",
    )
    found = surveyed(tmp_path, 1)
    assert found is not None and found.content == "docs"


@pytest.mark.parametrize(
    ("name", "is_template"),
    [
        ("template", True), ("postmortem-template", True), ("Incident_Report_Template", True), ("template-postmortem", True),
        ("2024-01-10-template", False), ("broken-email-template-outage", False), ("email-template", False),
    ],
)  # fmt: skip
def test_templates_are_excluded(tmp_path: Path, name: str, is_template: bool) -> None:
    write_files(tmp_path, f"-- a.md --\n# Outage\n-- pm/{name}.md --\n# Incident\n\n## Timeline\n")
    found = surveyed(tmp_path, 1)
    assert found is not None and (found.exclude == (f"pm/{name}.md",)) is is_template


@pytest.mark.parametrize(
    "text", ["", "-- README.md --\n# About\n", "-- node_modules/a/b.md --\n# Outage\n", "-- x.txt --\n"]
)
def test_nothing_to_survey(tmp_path: Path, text: str) -> None:
    write_files(tmp_path, text)
    assert surveyed(tmp_path, 1) is None
    assert surveyed(tmp_path / "missing", 1) is None


# Names.


def told(lines: list[str], **given: tuple[str, ...]) -> list[Told]:
    """An archive in which each line is the summary of one document; as many again say nothing."""
    documents = [Told("", (line,), (line,), **given) for line in lines]
    return documents + [Told("", ("It failed.",), ("It failed.",))] * len(lines)


def names(lines: list[str], **given: tuple[str, ...]) -> list[str]:
    return [name.text for name in frequent_names(told(lines, **given))]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("Requests to Concourse failed", ["Concourse"]),
        ("JupyterHub was down", ["JupyterHub"]),
        ("status.example.org was down", ["status.example.org"]),
        ("jobs on Media Proxy failed", ["Media Proxy"]),
        ("Concourse was down", []),  # any word begins a sentence with a capital
        ("it began in March on Friday at UTC", []),
        ("we asked AWS and GitHub on Slack", []),
        ("errors of the API and a CPU at EKS", []),
        ("a restart of the Server and the Database", []),
        ("see config.yaml and app.py", []),
        ("email to ops@example.org", []),
        ("see https://status.example.org/x", []),
        ("@Concourse said so, #Concourse too", []),
    ],
)
def test_what_looks_like_a_name(line: str, found: list[str]) -> None:
    assert names([line] * 3) == found


def test_a_name_needs_three_documents_and_not_most_of_them() -> None:
    line = "requests to Concourse failed"
    assert names([line] * 2) == []
    everywhere = [Told("", (line,), (line,))] * 9
    assert frequent_names(everywhere) == ()
    assert [name.documents for name in frequent_names(told([line] * 4))] == [4]


def test_a_name_is_counted_where_a_build_looks_for_it() -> None:
    line = "requests to Concourse failed"
    assert frequent_names([Told("", (), (line,))] * 3 + [Told("", (), ())] * 5) == ()


def test_a_word_that_stands_without_capitals_too_is_none() -> None:
    assert names(["the Gateway failed, and the gateway of the gateway"] * 3) == []


def test_people_are_no_services() -> None:
    assert names(["the change by Marlowe failed"] * 3) == ["Marlowe"]
    assert names(["the change by Marlowe failed"] * 3, people=("Ada Marlowe",)) == []


def test_words_with_hyphens_are_names_where_they_are_set_as_code() -> None:
    line = "restarts of stock-sync failed"
    assert names([line] * 3) == []
    assert names([line] * 3, code=("stock-sync",)) == ["stock-sync"]
    assert names(["a read-only disk"] * 3, code=("read-only",)) == []


def test_of_a_name_and_its_part_one_stays() -> None:
    whole = ["jobs of Stock Loop failed"] * 4
    assert names(whole) == ["Stock Loop"]
    assert names([*["jobs of Hellman failed"] * 4, *["jobs of Hellman Queue failed"] * 3]) == ["Hellman"]


def test_names_in_a_script_without_capitals() -> None:
    assert names(["Stock Sync が停止した"] * 3) == ["Stock Sync"]


def test_names_after_a_label_count() -> None:
    assert names(["checkout failed"] * 3, listed=("checkout",)) == ["checkout"]
