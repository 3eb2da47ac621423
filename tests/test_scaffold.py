"""`pmsite init` and `pmsite new`: what they write can be built at once and has nothing wrong with it."""

from datetime import date
from pathlib import Path

import pytest

from pmsite.config import find_site
from pmsite.diagnostics import ConfigurationError, ContentError
from pmsite.load import Options, load_archive
from pmsite.scaffold import Template, init, new_postmortem
from pmsite.source import collect
from tests.sites import TODAY, build_site, check_site, problems, tree, write_files

DAY = date(2026, 11, 1)


@pytest.fixture(autouse=True)
def _read_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading without a time limit needs no process of its own, which makes hundreds of small sites quick."""
    monkeypatch.setattr(collect, "LIMITS", None)


def test_a_new_site_builds_and_has_no_problem(tmp_path: Path) -> None:
    written = init(tmp_path / "archive", TODAY)
    folder = tmp_path / "archive"
    assert {path.relative_to(folder).as_posix() for path in written} == set(tree(folder)) == {
        "pmsite.yaml",
        ".gitignore",
        "content/index.md",
        "content/2026-11-01-example-checkout-errors.md",
    }  # fmt: skip
    for now in (TODAY, date(2026, 11, 30)):
        assert problems(check_site(folder, now=now)) == []
    report = build_site(folder, strict=True)
    assert report.ok and report.documents == 2
    assert "<h1>" in (folder / "site/incidents/2026-11-01-example-checkout-errors/index.html").read_text()
    ignored = (folder / ".gitignore").read_text().split()
    assert ignored == ["/site/", ".pmsite/"]


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("our-post_mortems", "Our post mortems"),
        ("日本語", "日本語"),
        ("it's", "It's"),
        ('say "no"', 'Say "no"'),
        ("a: b #c", "A: b #c"),
        ("back\\slash", "Back\\slash"),
        ("{title}", "{title}"),
    ],
)
def test_the_title_is_the_folders_name(tmp_path: Path, name: str, title: str) -> None:
    init(tmp_path / name, TODAY)
    report = build_site(tmp_path / name, strict=True)
    assert problems(report) == []
    assert find_site(None, None, tmp_path / name).title == title


@pytest.mark.parametrize(
    ("files", "content"),
    [
        ("-- content/a.md --\n---\nseverity: SEV1\ndate: 2024-01-10\n---\n", "content"),
        ("-- 2024-01-10-a.md --\n---\nseverity: SEV1\n---\n", "."),
        (
            "-- README.md --\nAbout.\n-- deep/down/2024-01-10-a.md --\n---\nseverity: SEV1\n---\n",
            "deep  # 1 document elsewhere",
        ),
        ("-- README.md --\n# Postmortem: shop down\n\n## Timeline\n\n- 2024-01-10 10:00 it begins\n", "."),
        ("-- README.md --\nAbout.\n", "content"),
        ("-- .git/x.md --\nx\n-- node_modules/a/README.md --\nx\n", "content"),
    ],
)
def test_init_takes_the_markdown_that_is_there(tmp_path: Path, files: str, content: str) -> None:
    write_files(tmp_path, files)
    before = tree(tmp_path)
    init(tmp_path, TODAY)
    after = tree(tmp_path)
    assert f"\ncontent: {content}\n" in after["pmsite.yaml"].decode()
    assert {path: after[path] for path in before} == before
    made_example = any("example" in path for path in after)
    assert made_example is (not any(b"SEV1" in text or b"2024" in text for text in before.values()))
    assert build_site(tmp_path, strict=True).ok


@pytest.mark.parametrize(
    "files", ["-- pmsite.yaml --\ntitle: mine\n", "-- content/index.md/x --\n-- pmsite.yaml --\n"]
)
def test_init_does_not_touch_a_site_that_is_there(tmp_path: Path, files: str) -> None:
    write_files(tmp_path, files)
    before = tree(tmp_path)
    with pytest.raises(ContentError) as caught:
        init(tmp_path, TODAY)
    assert [problem.code for problem in caught.value.diagnostics] == ["E701"]
    assert tree(tmp_path) == before


def test_init_keeps_a_gitignore(tmp_path: Path) -> None:
    write_files(tmp_path, "-- .gitignore --\nmine\n")
    init(tmp_path, TODAY)
    assert (tmp_path / ".gitignore").read_text() == "mine\n"


def test_init_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    write_files(tmp_path, "-- content --\na file where the folder should be\n")
    with pytest.raises(ContentError):
        init(tmp_path, TODAY)
    assert set(tree(tmp_path)) == {"content"}


# new.

TITLES = [
    ("Web shop down", "web-shop-down"),
    ('It said "no": 100 % {down} #now', "it-said-no-100-down-now"),
    ("it's \\ back\\slashed", "it-s-back-slashed"),
    ("データベース障害", "データベース障害"),
    ("🔥🔥", None),
    ("- [x] & *y* | > @z `code`", "x-y-z-code"),
    ("true", "true"),
    ("2024-01-01", "2024-01-01"),
    ("{date}", "date"),
    ("../../etc/passwd", "etc-passwd"),
    ("x" * 300, "x" * 80),
    ("tab\there", "tab-here"),
    ("two\nlines", "two-lines"),
]


@pytest.mark.parametrize("template", list(Template))
@pytest.mark.parametrize(("title", "slug"), TITLES)
def test_a_new_postmortem_has_no_problem_and_its_title(
    tmp_path: Path, template: Template, title: str, slug: str | None
) -> None:
    path = new_postmortem(tmp_path / "content", title, DAY, template)
    assert path.parent == tmp_path / "content"
    if slug is not None:
        assert path.name == f"2026-11-01-{slug}.md"
    else:
        assert path.name.startswith("2026-11-01-incident-")
    report = check_site(tmp_path)
    assert problems(report) == [] and report.documents == 1
    (incident,) = load_archive(find_site(None, None, tmp_path), Options(TODAY, jobs=1))[0].incidents
    assert (incident.title, incident.date) == (" ".join(title.splitlines()), DAY)
    assert incident.status is not None and incident.status.value == "draft"


def test_a_new_postmortem_never_replaces_a_file(tmp_path: Path) -> None:
    path = new_postmortem(tmp_path, "Web down", DAY, Template.FULL)
    path.write_text("mine")
    with pytest.raises(ContentError) as caught:
        new_postmortem(tmp_path, "web DOWN", DAY, Template.MINIMAL)
    assert [problem.code for problem in caught.value.diagnostics] == ["E701"]
    assert path.read_text() == "mine"


def test_a_template_of_the_sites_own(tmp_path: Path) -> None:
    own = tmp_path / "ours.md"
    own.write_text(
        "---\ntitle: {title}\ndate: {date}\nseverity: SEV1\n---\n## Wir {lernen} {}\n", encoding="utf-8"
    )
    path = new_postmortem(tmp_path / "content", 'A "b"', DAY, own)
    assert path.read_text(encoding="utf-8") == (
        '---\ntitle: "A \\"b\\""\ndate: 2026-11-01\nseverity: SEV1\n---\n## Wir {lernen} {}\n'
    )
    assert problems(check_site(tmp_path)) == []


@pytest.mark.parametrize("content", [None, b"caf\xe9", "folder"])
def test_a_template_that_cannot_be_read_is_said(tmp_path: Path, content: bytes | str | None) -> None:
    own = tmp_path / "ours.md"
    if content == "folder":
        own.mkdir()
    elif isinstance(content, bytes):
        own.write_bytes(content)
    with pytest.raises(ConfigurationError, match="the template cannot be read"):
        new_postmortem(tmp_path / "content", "Web", DAY, own)
    assert not (tmp_path / "content").exists()
