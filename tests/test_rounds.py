"""Rounds of the preview: whatever is edited, what is shown is byte for byte what a build from nothing publishes."""

import os
import random
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from pmsite import build as pipeline
from pmsite.cache import remembered, same, start_remembering, unchanged
from pmsite.config import find_site, with_overrides
from pmsite.diagnostics import ContentError, PmsiteError
from pmsite.load import Options
from pmsite.planning import plan_site
from pmsite.serve import rounds
from pmsite.serve.preview import MAX_RENDERED, Preview, Rendered
from pmsite.serve.rounds import Changed, Round, Workspace
from pmsite.site.render import ProseMissing
from pmsite.site.views import Link, PageView

from .sites import ARCHIVE, TODAY, build_site, tree, write_files

FIRST = "content/2024-01-10-first.md"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return write_files(tmp_path / "archive", ARCHIVE)


class Author:
    """Looks at a site as the preview does, and remembers what is shown."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.options = Options(TODAY, jobs=1)
        self.workspace = Workspace(lambda: find_site(None, None, folder), lambda _: self.options)
        self.shown: Preview | None = None
        self.rendered: set[str] = set()

    def look(self) -> Round | None:
        found = self.workspace.look()
        self.rendered = set()
        if found is not None and found.preview is not None:
            for _ in self.workspace.prove(found.unproven, found.preview):
                pass
            self.rendered = {keyed.page.path for keyed in found.unproven}
            self.workspace.accept(found.preview)
            self.shown = found.preview
        return found

    def files(self) -> dict[str, bytes]:
        assert self.shown is not None
        paths = {*self.shown.pages, *self.shown.files}
        return {path: self.shown.content(path) or b"" for path in sorted(paths)}

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def replace(self, name: str, old: str, new: str) -> None:
        text = (self.folder / name).read_text(encoding="utf-8")
        assert old in text
        self.write(name, text.replace(old, new))


@pytest.fixture
def author(archive: Path) -> Iterator[Author]:
    author = Author(archive)
    yield author
    author.workspace.close()


def clean_build(folder: Path) -> dict[str, bytes] | None:
    """What a build from nothing publishes; None if it refuses."""
    with tempfile.TemporaryDirectory() as elsewhere:
        copy = Path(elsewhere) / folder.name
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("site", ".pmsite"))
        try:
            report = build_site(copy)
        except PmsiteError:
            return None
        return tree(copy / "site") if report.changes is not None else None


def test_the_first_look_gives_the_site(author: Author) -> None:
    found = author.look()
    assert found is not None and found.differs
    assert author.files() == clean_build(author.folder)


def test_a_second_look_gives_nothing(author: Author) -> None:
    author.look()
    assert author.look() is None
    (author.folder / FIRST).touch()
    assert author.look() is None


def test_files_that_are_not_the_sites_change_nothing(author: Author) -> None:
    author.look()
    for name in ("content/.first.md.swp", "site/x.html", ".git/HEAD", "notes.txt"):
        author.write(name, "x")
    assert author.look() is None
    for name in ("content/4913", "content/_draft.md"):
        author.write(name, "x")
        found = author.look()
        assert found is None or not found.differs


class TestWhatIsRendered:
    def test_a_text_renders_its_page(self, author: Author) -> None:
        author.look()
        author.replace(FIRST, "A change went out.", "A change went out at night.")
        author.look()
        assert author.rendered == {"incidents/2024-01-10-first/index.html"}
        assert author.files() == clean_build(author.folder)

    def test_a_title_renders_what_shows_it(self, author: Author) -> None:
        author.look()
        author.replace(FIRST, "title: First outage", "title: The very first outage")
        author.look()
        assert {"index.html", "incidents/index.html", "services/web/index.html"} <= author.rendered
        assert "services/search/index.html" not in author.rendered
        assert "years/2025/index.html" not in author.rendered
        assert author.files() == clean_build(author.folder)

    def test_a_text_plans_nothing_and_renders_its_page(
        self, author: Author, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        author.look()
        planned = []
        monkeypatch.setattr(rounds, "plan_site", lambda *given: planned.append(given) or plan_site(*given))
        author.replace(FIRST, "A change went out", "A change came out")
        author.look()
        author.replace("content/pages/about.md", "Plain text", "Simple text")
        author.look()
        assert author.rendered == {"pages/about/index.html"}
        author.replace(FIRST, "A change came out", "One.\n\nA change came out")
        author.look()
        assert author.rendered == {"incidents/2024-01-10-first/index.html"}
        assert planned == []
        assert author.files() == clean_build(author.folder)
        author.replace(FIRST, "A change", "A [change](2025-07-01-third.md)")
        author.look()
        assert len(planned) == 1
        assert author.files() == clean_build(author.folder)

    def test_what_came_and_went_is_told(self, author: Author) -> None:
        author.look()
        author.write("content/2026-01-01-new.md", "---\ntitle: New\nseverity: SEV1\n---\nText.\n")
        (author.folder / "content/2025-07-01-third.md").unlink()
        author.replace(FIRST, "A change", "One change")
        found = author.look()
        assert found is not None
        assert found.changed == Changed(
            (FIRST,), ("content/2026-01-01-new.md",), ("content/2025-07-01-third.md",)
        )
        assert author.files() == clean_build(author.folder)

    def test_a_style_sheet_renders_nothing(self, author: Author) -> None:
        author.write("static/style.css", "body { color: red }")
        author.look()
        author.write("static/style.css", "body { color: blue }")
        found = author.look()
        assert found is not None and found.differs and found.only_styles
        assert found.changed == Changed(edited=("assets/style.css",))
        assert author.rendered == set()
        assert author.files()["assets/style.css"] == b"body { color: blue }"

    def test_a_template_renders_its_users(self, author: Author) -> None:
        author.look()
        author.write(
            "templates/years.html", '{% extends "!parent/years.html" %}{% block title %}x{% endblock %}'
        )
        author.look()
        assert author.rendered == {"years/index.html"}
        assert author.files() == clean_build(author.folder)

    def test_a_picture_is_taken_as_it_is_now(self, author: Author) -> None:
        author.look()
        author.replace("content/picture.svg", "#888", "#999")
        found = author.look()
        assert found is not None and found.differs and not found.only_styles
        assert author.files() == clean_build(author.folder)


class TestErrors:
    """What is wrong is said once, the last good site stays, and mending leads to the new one."""

    def check(self, author: Author, name: str, broken: str | None, place: str) -> None:
        author.look()
        before, files = author.shown, author.files()
        path = author.folder / name
        good = path.read_bytes() if path.is_file() else None
        if broken is None:
            shutil.move(path, author.folder / "elsewhere")
        else:
            author.write(name, broken)
        errors: tuple[str, ...] = ()
        try:
            found = author.look()
            assert found is not None and found.preview is None
            errors = tuple(f"{item.path}:{item.line}" for item in found.errors)
        except ContentError as error:
            errors = tuple(f"{item.path}:{item.line}" for item in error.diagnostics)
        assert place in errors
        assert author.look() is None
        assert author.shown is before
        if broken is None:
            shutil.move(author.folder / "elsewhere", path)
        elif good is None:
            path.unlink()
        else:
            path.write_bytes(good)
        assert author.files() == files
        found = author.look()
        assert found is not None and found.preview is not None
        assert author.files() == files

    def test_a_document(self, author: Author) -> None:
        self.check(author, FIRST, "---\ntitle: x\nstarted: 2024-02-31\n---\n", f"{FIRST}:3")

    def test_a_template_that_cannot_be_compiled(self, author: Author) -> None:
        self.check(author, "templates/years.html", "a\n{% if %}", "templates/years.html:2")

    def test_a_template_that_cannot_be_rendered(self, author: Author) -> None:
        self.check(author, "templates/years.html", "a\nb\n{{ page.nothing }}", "templates/years.html:3")

    def test_the_configuration(self, author: Author) -> None:
        self.check(author, "pmsite.yaml", "title: x\npage_size: many\n", "pmsite.yaml:2")

    def test_a_theme(self, author: Author) -> None:
        self.check(author, "pmsite.yaml", "title: x\ntheme: nothing\n", "pmsite.yaml:2")

    def test_a_content_folder_that_is_gone(self, author: Author) -> None:
        self.check(author, "content", None, "pmsite.yaml:1")


def test_tickets_of_a_tracker_are_followed(author: Author) -> None:
    author.replace("pmsite.yaml", "timezone: UTC", "timezone: UTC\ntickets: tickets.csv")
    author.write("tickets.csv", "key,state\nOPS-1,open\n")
    author.look()
    author.write("tickets.csv", "key,state\nOPS-1,done\n")
    found = author.look()
    assert found is not None and found.changed == Changed(edited=("tickets.csv",))
    assert {"actions/index.html", "incidents/2024-01-10-first/index.html"} <= author.rendered
    assert author.files() == clean_build(author.folder)


def test_a_new_day_is_another_build(author: Author) -> None:
    author.look()
    author.options = replace(author.options, today=TODAY.replace(day=2))
    found = author.look()
    assert found is not None and found.differs
    assert author.rendered == {"index.html", "actions/index.html", "insights/index.html"}


def test_another_audience_is_another_site(author: Author) -> None:
    author.look()
    assert "backlog/index.html" in author.files()
    author.write("pmsite.yaml", "audience: public\n")
    author.look()
    assert "backlog/index.html" not in author.files()
    assert author.files() == clean_build(author.folder)


def test_what_the_store_has_lost_is_read_again(author: Author) -> None:
    author.look()
    files = author.files()
    pipeline.Store(author.folder / ".pmsite/internal").clear()
    assert author.shown is not None
    author.shown.rendered.clear()
    with pytest.raises(ProseMissing):
        author.files()
    author.workspace.forget()
    author.look()
    assert author.files() == files


def test_a_build_beside_the_preview_does_not_disturb_it(author: Author) -> None:
    author.look()
    author.replace(FIRST, "A change went out.", "A change went out at night.")
    build_site(author.folder)
    author.look()
    assert author.shown is not None
    author.shown.rendered.clear()
    assert author.files() == tree(author.folder / "site") == clean_build(author.folder)


class Edits:
    """Random edits of a site, those of authors, editors and version control."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.random = folder, random.Random(seed)
        self.count = 0
        self.broken: tuple[Path, bytes | None] | None = None

    def documents(self) -> list[Path]:
        return sorted((self.folder / "content").rglob("*.md"))

    def step(self) -> str:
        self.count += 1
        if self.broken is not None:
            path, content = self.broken
            self.broken = None
            path.unlink(missing_ok=True)
            if content is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            return "mend"
        names = (
            "body",
            "title",
            "severity",
            "add",
            "rename",
            "delete",
            "move",
            "style",
            "template",
            "config",
            "link",
            "page",
            "break_document",
            "break_template",
            "picture",
        )
        name = self.random.choice(names)
        getattr(self, f"_{name}")()
        return name

    def _change(self, old: str, new: str) -> None:
        path = self.random.choice(self.documents())
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def _body(self) -> None:
        path = self.random.choice(self.documents())
        path.write_text(f"{path.read_text(encoding='utf-8')}\nLine {self.count}.\n", encoding="utf-8")

    def _title(self) -> None:
        self._change("title: ", f"title: N{self.count} ")

    def _severity(self) -> None:
        self._change("severity: SEV", f"severity: SEV{self.random.randrange(4)}")

    def _add(self) -> None:
        name = f"2025-{self.random.randrange(1, 13):02d}-{self.random.randrange(1, 28):02d}-new-{self.count}"
        folder = self.random.choice(("", "team/", "team/deep/"))
        bundle = self.random.choice((f"{folder}{name}.md", f"{folder}{name}/index.md"))
        path = self.folder / "content" / bundle
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            f"---\ntitle: New {self.count}\nseverity: SEV2\nservices: [web, s{self.count % 3}]\n"
            f"root_cause: configuration\nstarted: 2025-01-0{self.count % 9 + 1} 10:00\n---\nText.\n",
            encoding="utf-8",
        )

    def _rename(self) -> None:
        path = self.random.choice(self.documents())
        path.rename(path.with_name(f"2023-01-02-renamed-{self.count}.md"))

    def _delete(self) -> None:
        documents = self.documents()
        if len(documents) > 3:
            self.random.choice(documents).unlink()

    def _move(self) -> None:
        folders = [path for path in (self.folder / "content").iterdir() if path.is_dir()]
        if folders:
            path = self.random.choice(folders)
            path.rename(path.with_name(f"moved-{self.count}"))

    def _style(self) -> None:
        (self.folder / "static").mkdir(exist_ok=True)
        (self.folder / "static/style.css").write_text(f"body {{ margin: {self.count}px }}", encoding="utf-8")

    def _template(self) -> None:
        (self.folder / "templates").mkdir(exist_ok=True)
        name = self.random.choice(("incident", "term", "row"))
        text = (
            f'{{% include "!parent/{name}.html" %}}'
            if name == "row"
            else f'{{% extends "!parent/{name}.html" %}}'
        )
        (self.folder / f"templates/{name}.html").write_text(f"{{# {self.count} #}}{text}", encoding="utf-8")

    def _config(self) -> None:
        size, title = self.random.choice((5, 50)), self.random.choice(("Small archive", "Archive"))
        self._rewrite(
            f"title: {title}\nbase_url: https://example.org/pm\ntimezone: UTC\npage_size: {size}\nservices: {{web: {{owner: o{self.count}}}}}\n"
        )

    def _rewrite(self, text: str) -> None:
        (self.folder / "pmsite.yaml").write_text(text, encoding="utf-8")

    def _link(self) -> None:
        one, other = self.random.choice(self.documents()), self.random.choice(self.documents())
        address = f"/{other.relative_to(self.folder / 'content').as_posix()}"
        with one.open("a", encoding="utf-8") as file:
            file.write(f"\n[a link]({address}#why)\n")

    def _page(self) -> None:
        path = self.folder / f"content/pages/page-{self.count % 4}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"# Page {self.count}\n", encoding="utf-8")

    def _picture(self) -> None:
        path = self.folder / "content/picture.svg"
        if path.exists():
            path.write_text(
                path.read_text(encoding="utf-8").replace("#", f"#{self.count % 10}", 1)[:400],
                encoding="utf-8",
            )

    def _break_document(self) -> None:
        path = self.random.choice(self.documents())
        self.broken = path, path.read_bytes()
        path.write_text("---\ntitle: [\n---\n", encoding="utf-8")

    def _break_template(self) -> None:
        path = self.folder / "templates/home.html"
        path.parent.mkdir(exist_ok=True)
        self.broken = path, path.read_bytes() if path.exists() else None
        path.write_text("{{ page.unknown.thing }}", encoding="utf-8")


# `make soak` asks for thousands of steps.
SEEDS = max(3, int(os.environ.get("PMSITE_SOAK", "0")) // 14)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_after_any_edits_the_preview_is_the_build(author: Author, seed: int) -> None:
    edits = Edits(author.folder, seed)
    author.look()
    steps = []
    for _ in range(14):
        steps.append(edits.step())
        with suppress(ContentError):
            author.look()
        if edits.broken is None:
            wanted = clean_build(author.folder)
            if wanted is not None:
                found = author.files()
                assert found.keys() == wanted.keys(), steps
                assert [path for path in wanted if found[path] != wanted[path]] == [], steps


def test_rendered_pages_are_bounded() -> None:
    rendered = Rendered(limit=100)
    for number in range(50):
        rendered.put(bytes([number]), b"x" * 30)
    assert [number for number in range(50) if rendered.get(bytes([number]))] == [47, 48, 49]
    rendered.put(b"large", b"x" * 101)
    assert rendered.get(b"large") is None
    assert MAX_RENDERED < 64 * 1024 * 1024


class TestRemembered:
    @pytest.fixture(autouse=True)
    def _remembering(self) -> None:
        start_remembering()

    def test_the_same_arguments_give_the_same_result(self) -> None:
        calls = []

        @remembered(2)
        def pair(first: object, second: tuple[object, ...]) -> tuple[object, object]:
            calls.append(first)
            return first, second

        link = Link("a", "b")
        assert pair(link, (link, "x")) is pair(link, (link, "x"))
        assert len(calls) == 1
        pair(Link("a", "b"), (link, "x"))
        assert len(calls) == 2

    def test_equal_numbers_of_other_types_are_others(self) -> None:
        @remembered(8)
        def text(value: object) -> str:
            return str(value)

        assert [text(1), text(True), text(1.0)] == ["1", "True", "1.0"]

    def test_what_may_change_is_never_the_same(self) -> None:
        @remembered(8)
        def count(values: list[int]) -> int:
            return len(values)

        values = [1]
        assert count(values) == 1
        values.append(2)
        assert count(values) == 2

    def test_unchanged_is_one_object(self) -> None:
        assert unchanged(Link, "one", "two") is unchanged(Link, "one", "two")

    def test_same_is_strict(self) -> None:
        head = PageView("a", "b", (Link("x", "y"),))
        assert same(head, PageView("a", "b", (Link("x", "y"),)))
        assert not same(head, PageView("a", "b", (Link("x", "z"),)))
        assert not same((1,), (1.0,))
        assert not same(object(), object())


def test_overrides_of_the_command_line_last(archive: Path) -> None:
    workspace = Workspace(
        lambda: with_overrides(find_site(None, None, archive), audience="public"),
        lambda _: Options(TODAY, jobs=1),
    )
    workspace.look()
    (archive / "pmsite.yaml").write_text("title: Other\n", encoding="utf-8")
    found = workspace.look()
    assert found is not None and found.preview is not None
    assert "backlog/index.html" not in found.preview.pages
    workspace.close()
