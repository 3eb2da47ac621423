"""Which files there are and what each is; nothing outside the content folder is ever opened."""

import os
from pathlib import Path

import pytest

from pmsite.config import Config, ContentFolder, Site
from pmsite.diagnostics import ConfigurationError
from pmsite.source.files import Role, SourceFile, Sources, find_sources, identifier
from tests.sites import build_site, codes, write_files


def write(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("# Web\n")


def find(root: Path, **settings: object) -> Sources:
    return find_sources(Site(root, Config(**settings), root))  # type: ignore[arg-type]


def roles(sources: Sources) -> dict[str, tuple[Role, str]]:
    return {file.path: (file.role, file.name) for file in sources.documents}


def problems(sources: Sources) -> list[tuple[str, str]]:
    return [(item.code, item.path) for item in sources.diagnostics]


def test_what_each_file_is(tmp_path: Path) -> None:
    write(
        tmp_path,
        "content/index.md",
        "content/web.md",
        "content/2023/db.MD",
        "content/2023/README.md",
        "content/2023/bundle/index.md",
        "content/2023/bundle/graph.png",
        "content/pages/about.md",
        "content/pages/deep/other.md",
    )
    found = find(tmp_path)
    assert roles(found) == {
        "content/index.md": (Role.INDEX, "index"),
        "content/web.md": (Role.POSTMORTEM, "web"),
        "content/2023/db.MD": (Role.POSTMORTEM, "db"),
        "content/2023/README.md": (Role.INDEX, "2023"),
        "content/2023/bundle/index.md": (Role.INDEX, "bundle"),
        "content/pages/about.md": (Role.PAGE, "about"),
        "content/pages/deep/other.md": (Role.POSTMORTEM, "other"),
    }
    assert found.files["content/2023/bundle/graph.png"] == str(tmp_path / "content/2023/bundle/graph.png")
    assert found.diagnostics == ()


def test_documents_come_in_order_of_their_paths_whatever_the_file_system_says(tmp_path: Path) -> None:
    names = ["b", "a/z", "a", "Z", "a-b", "é"]
    write(tmp_path, *(f"content/{name}.md" for name in names))
    paths = [file.inside for file in find(tmp_path).documents]
    assert paths == sorted(paths) and len(paths) == len(names)


@pytest.mark.parametrize(
    "path",
    ["_draft.md", ".hidden.md", "_x/a.md", ".git/a.md", "TEMPLATE.md", "my-TEMPLATE-2.md", "CONTRIBUTING.md", "x/LICENSE.md",
     "node_modules/a/b.md", "x/node_modules/a.md", "SECURITY.md"],
)  # fmt: skip
def test_what_is_ignored_unless_configured(tmp_path: Path, path: str) -> None:
    write(tmp_path, f"content/{path}", "content/web.md", "content/other.md")
    assert set(roles(find(tmp_path))) == {"content/web.md", "content/other.md"}


def test_own_globs_replace_the_built_in_ones(tmp_path: Path) -> None:
    write(tmp_path, "content/TEMPLATE.md", "content/a/x.md", "content/b/x.md", "content/y.tmp.md")
    found = find(tmp_path, exclude=("a/*", "*.tmp.md"))
    assert set(roles(found)) == {"content/TEMPLATE.md", "content/b/x.md"}


def test_globs_tell_capitals_apart_everywhere(tmp_path: Path) -> None:
    write(tmp_path, "content/template.md", "content/a.md")
    assert "content/template.md" in roles(find(tmp_path))


def test_the_output_folder_is_never_content(tmp_path: Path) -> None:
    write(tmp_path, "web.md", "site/incidents/x.md")
    assert set(roles(find(tmp_path, content=(ContentFolder("."),)))) == {"web.md"}


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("2023-10-07-web.markdown", True),
        ("postmortem.txt", True),
        ("incident-3.rst", True),
        ("Outage-2", True),
        ("notes.txt", False),
        ("2023-10-07.png", False),
        ("2023-10-07.log", False),
    ],
)
def test_what_looks_like_a_postmortem_and_is_not_read_is_named(
    tmp_path: Path, name: str, named: bool
) -> None:
    write(tmp_path, f"content/{name}", "content/web.md")
    assert problems(find(tmp_path)) == ([("W110", f"content/{name}")] if named else [])


def test_several_folders_with_their_defaults(tmp_path: Path) -> None:
    write(tmp_path, "a/x.md", "b/y.md")
    found = find(
        tmp_path,
        content=(ContentFolder("a"), ContentFolder("b", {"teams": "b"})),
        defaults={"visibility": "public", "teams": "all"},
    )
    assert [(file.path, dict(file.defaults)) for file in found.documents] == [
        ("a/x.md", {"visibility": "public", "teams": "all"}),
        ("b/y.md", {"visibility": "public", "teams": "b"}),
    ]


def test_overlapping_folders_give_each_document_once(tmp_path: Path) -> None:
    write(tmp_path, "a/x.md", "a/b/y.md")
    found = find(tmp_path, content=(ContentFolder("a"), ContentFolder("a/b")))
    assert sorted(file.path for file in found.documents) == ["a/b/y.md", "a/x.md"]


def test_one_file_as_content(tmp_path: Path) -> None:
    write(tmp_path, "docs/web.md", "docs/other.md")
    assert set(roles(find(tmp_path, content=(ContentFolder("docs/web.md"),)))) == {"docs/web.md"}


def test_a_missing_folder_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="content: nothing does not exist"):
        find(tmp_path, content=(ContentFolder("nothing"),))


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    write(tmp_path, "content/web.md", "content_secret/secret.md", "secret.md")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("out.md", "../secret.md"),
        ("sibling.md", "../content_secret/secret.md"),
        ("folder", "../content_secret"),
        ("parent", ".."),
        ("absolute.md", "/etc/hostname"),
        ("root", "/"),
    ],
)
def test_links_out_of_the_content_are_errors_and_not_followed(outside: Path, name: str, target: str) -> None:
    (outside / "content" / name).symlink_to(target)
    found = find(outside)
    assert set(roles(found)) == {"content/web.md"}
    assert set(found.files) == {"content/web.md"}
    assert problems(found) == [("E112", f"content/{name}")]


def test_a_chain_of_links_counts_by_where_it_ends(outside: Path) -> None:
    (outside / "content" / "second.md").symlink_to("../secret.md")
    (outside / "content" / "first.md").symlink_to("second.md")
    found = find(outside)
    assert set(roles(found)) == {"content/web.md"}
    assert sorted(problems(found)) == [("E112", "content/first.md"), ("E112", "content/second.md")]


def test_links_within_the_content(outside: Path) -> None:
    content = outside / "content"
    (content / "alias.md").symlink_to("web.md")
    (content / "loop").symlink_to(".")
    (content / "circle.md").symlink_to("circle.md")
    (content / "nothing.md").symlink_to("gone.md")
    found = find(outside)
    assert set(roles(found)) == {"content/web.md", "content/alias.md"}
    assert sorted(problems(found)) == [("E112", "content/circle.md"), ("E112", "content/nothing.md")]


def test_what_is_no_file_is_left_alone(outside: Path) -> None:
    os.mkfifo(outside / "content" / "pipe.md")
    assert set(roles(find(outside))) == {"content/web.md"}


def test_the_state_changes_with_the_content_even_if_size_and_time_stay(tmp_path: Path) -> None:
    write(tmp_path, "content/web.md")
    path = tmp_path / "content" / "web.md"

    def state() -> SourceFile:
        return find(tmp_path).documents[0]

    before = state()
    assert state() == before
    times = path.stat()
    replacement = tmp_path / "new"
    replacement.write_text("# Wab\n")
    os.utime(replacement, ns=(times.st_atime_ns, times.st_mtime_ns))
    replacement.replace(path)
    assert state().state[:2] == before.state[:2]
    assert state().state != before.state


@pytest.mark.parametrize(
    ("name", "expected"), [("2023-10-07-Web", "2023-10-07-web"), ("Ünïcode", "ünïcode"), ("con", "con-")]
)
def test_identifiers(name: str, expected: str) -> None:
    assert identifier(name) == expected
    assert identifier("🔥").startswith("incident-")


def test_folders_that_name_their_files_alike_have_prefixes(tmp_path: Path) -> None:
    folder = write_files(
        tmp_path,
        """
-- pmsite.yaml --
content:
  - shop
  - {path: mail, prefix: Mail}
-- shop/2026-03-05-down.md --
---
severity: SEV2
related: [mail-2026-03-05-down]
---
[mail](../mail/2026-03-05-down.md)
-- mail/2026-03-05-down.md --
---
severity: SEV2
---
-- mail/own.md --
---
id: own
severity: SEV2
---
""",
    )
    report = build_site(folder)
    assert codes(report) == ["W402"]  # own.md has no date
    pages = {path.parent.name for path in (folder / "site/incidents").glob("*/index.html")}
    assert pages == {"2026-03-05-down", "mail-2026-03-05-down", "own"}
    shop = (folder / "site/incidents/2026-03-05-down/index.html").read_text(encoding="utf-8")
    assert shop.count('incidents/mail-2026-03-05-down/index.html">') >= 2  # the link and the relation
