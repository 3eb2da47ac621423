"""Whole sites, built, changed and built again: what is rendered, what is written, what stays."""

import os
import random
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import pmsite as package
from pmsite.diagnostics import ContentError
from pmsite.site.write import MANIFEST

from .sites import ARCHIVE, TODAY, build_site, codes, pmsite, problems, tree, write_files

FIRST = "content/2024-01-10-first.md"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return write_files(tmp_path / "archive", ARCHIVE)


def replace_in(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_site_has_every_kind_of_page(archive: Path) -> None:
    report = build_site(archive)
    assert report.ok, problems(report)
    files = set(tree(archive / "site"))
    assert files >= {
        "index.html",
        "404.html",
        "incidents/index.html",
        "incidents/2024-01-10-first/index.html",
        "incidents/2025-09-09-fourth/index.html",
        "incidents/old-first/index.html",
        "incidents/pm-1/index.html",
        "years/index.html",
        "years/2024/index.html",
        "years/2024/q1/index.html",
        "severity/index.html",
        "severity/sev1/index.html",
        "impact/availability/index.html",
        "causes/configuration/index.html",
        "triggers/deployment/index.html",
        "factors/no-staged-rollout/index.html",
        "services/web/index.html",
        "teams/platform/index.html",
        "tags/dns/index.html",
        "actions/index.html",
        "actions.ics",
        "schema.json",
        "backlog/index.html",
        "pages/about/index.html",
        "files/content/picture.svg",
        "incidents.json",
        "incidents.csv",
        "feed.xml",
        "services/web/feed.xml",
        "sitemap.xml",
        "robots.txt",
        "assets/style.css",
    }


def test_synonyms_lead_to_one_term(archive: Path) -> None:
    build_site(archive)
    page = (archive / "site/services/web/index.html").read_text(encoding="utf-8")
    assert "First outage" in page
    assert "Second outage" in page
    assert not (archive / "site/services/website").exists()


def test_what_is_given_is_not_shown_twice(archive: Path) -> None:
    build_site(archive)
    page = (archive / "site/incidents/2024-01-10-first/index.html").read_text(encoding="utf-8")
    assert page.count("The alert fires") == 1
    assert page.count("<h1") == 1


def test_a_page_says_how_to_cite_it(archive: Path) -> None:
    build_site(archive)
    page = (archive / "site/incidents/2024-01-10-first/index.html").read_text(encoding="utf-8")
    assert (
        "A. Writer: “First outage”. Small archive, 10 January 2024."
        " https://example.org/pm/incidents/2024-01-10-first/</span>" in page
    )
    fourth = (archive / "site/incidents/2025-09-09-fourth/index.html").read_text(encoding="utf-8")
    assert 'Cite as: <span class="pm-cite">“Fourth outage”. Small archive, 9 September 2025.' in fourth


def test_minutes_that_nobody_knows_are_not_zero(archive: Path) -> None:
    replace_in(archive, FIRST, "started: 2024-01-10 10:00", "started: ~2024-01-10 10:00")
    build_site(archive)
    page = (archive / "site/years/2024/q1/index.html").read_text(encoding="utf-8")
    assert ">45<" in page
    replace_in(archive, "content/2024-03-05-second.md", "started: 2024-03-05T08:00:00Z\n", "")
    build_site(archive)
    for name in ("years/2024/q1/index.html", "years/index.html"):
        page = (archive / "site" / name).read_text(encoding="utf-8")
        assert ">0<" not in page.replace(" ", "")
        assert "–" in page


SIMILAR = """
-- content/2024-11-11-renewal.md --
---
title: Checkout unreachable
severity: SEV2
summary: No orders.
---
## Root cause
The renewal job lost its permission to write certificates.
-- content/2025-02-02-disk.md --
---
title: Search unreachable
severity: SEV2
summary: No results.
---
## Root cause
Logs filled the disk.
"""


def test_an_incident_says_what_was_seen_before_and_what_was_left_undone(archive: Path) -> None:
    again = """
-- content/2024-06-06-again.md --
---
title: Second outage again
severity: SEV2
root_cause: configuration
services: [web]
related: [{id: 2024-03-05-second, type: recurrence-of}, {id: 2024-01-10-first, type: recurrence-of}]
---
"""
    write_files(archive, again)
    report = build_site(archive, now=TODAY)
    assert "W305" not in codes(report)
    page = re.sub(r"<[^>]+>", "", (archive / "site/incidents/2024-06-06-again/index.html").read_text())
    assert "Third time. Seen before: 2 incidents in 24 months with the cause Configuration on web." in page
    assert re.search(
        r"prior-action-not-done Not recorded as done when it happened again:\s+open Roll out in stages", page
    )
    assert "Write it down" not in page
    home = re.sub(r"<[^>]+>", "", (archive / "site/index.html").read_text())
    assert re.search(
        r"Second outage again 6 Jun 2024, third time, after First outage prior-action-not-done", home
    )
    first = (archive / "site/incidents/2024-01-10-first/index.html").read_text()
    assert "Seen before" not in first and first.count("Happened again as") == 2


def test_an_incident_page_does_not_depend_on_the_day(archive: Path) -> None:
    build_site(archive)
    assert not [
        path
        for path in build_site(archive, now=TODAY.replace(year=2035)).rendered
        if path.startswith("incidents/")
    ]


@pytest.mark.parametrize("hidden", ["visibility: restricted", "status: draft"])
def test_what_may_not_be_seen_is_not_related(tmp_path: Path, hidden: str) -> None:
    """A public site is the same whether a similar incident that it may not show exists or not."""
    site = (
        "-- pmsite.yaml --\ntitle: Ours\naudience: public\ndefaults: {visibility: public}\n"
        + SIMILAR.replace(
            "Logs filled the disk.", "The renewal job lost its permission to write certificates."
        )
    )
    write_files(tmp_path / "with", site.replace("Search unreachable", f"Search unreachable\n{hidden}"))
    write_files(tmp_path / "without", site)
    (tmp_path / "without/content/2025-02-02-disk.md").unlink()
    for name in ("with", "without"):
        build_site(tmp_path / name)
    assert tree(tmp_path / "with/site") == tree(tmp_path / "without/site")


class TestWhatIsRendered:
    """A page is rendered again exactly when its value, its templates or the site's facts changed."""

    def rendered(self, archive: Path) -> set[str]:
        return set(build_site(archive).rendered)

    def test_nothing_for_no_change(self, archive: Path) -> None:
        build_site(archive)
        report = build_site(archive)
        assert report.rendered == ()
        assert report.changes is not None
        assert (report.changes.written, report.changes.removed) == (0, 0)

    def test_nothing_is_imported_that_only_reading_needs(self, archive: Path) -> None:
        build_site(archive)
        again = pmsite("build", "-q", cwd=archive, PYTHONPROFILEIMPORTTIME="1")
        names = {line.rpartition("|")[2].strip() for line in again.stderr.splitlines()}
        unneeded = {
            "comrak",
            "nh3",
            "markdown",
            "pygments",
            "selectolax",
            "frontmatter",
            "pmsite.source.read",
        }
        assert "pmsite.source.collect" in names and not names & unneeded

    def test_one_page_for_a_change_of_prose(self, archive: Path) -> None:
        build_site(archive)
        replace_in(archive, FIRST, "A change went out.", "A small change went out.")
        assert self.rendered(archive) == {"incidents/2024-01-10-first/index.html"}

    def test_neighbours_and_lists_for_a_title(self, archive: Path) -> None:
        build_site(archive)
        replace_in(archive, FIRST, "title: First outage", "title: First big outage")
        rendered = self.rendered(archive)
        assert "incidents/2024-01-10-first/index.html" in rendered
        assert "incidents/2024-03-05-second/index.html" in rendered
        assert "incidents/index.html" in rendered
        assert "services/web/index.html" in rendered
        assert "incidents/2025-09-09-fourth/index.html" not in rendered
        assert "services/search/index.html" not in rendered
        assert "pages/about/index.html" not in rendered

    def test_those_that_become_similar_by_a_change_of_words(self, archive: Path) -> None:
        """Of a document's text about the root cause only those pages are rendered that show it from then on."""
        write_files(archive, SIMILAR)
        build_site(archive)
        cause = "The renewal job lost its permission to write certificates."
        replace_in(archive, "content/2025-02-02-disk.md", "Logs filled the disk.", cause)
        names = ("2025-02-02-disk", "2024-11-11-renewal")
        assert self.rendered(archive) == {f"incidents/{name}/index.html" for name in names}

    def test_the_users_of_a_template(self, archive: Path) -> None:
        build_site(archive)
        write_files(
            archive,
            '-- templates/page.html --\n{% extends "!parent/page.html" %}{% block footer %}mine{% endblock %}\n',
        )
        assert self.rendered(archive) == {"pages/about/index.html"}

    def test_everything_for_the_sites_title(self, archive: Path) -> None:
        build_site(archive)
        replace_in(archive, "pmsite.yaml", "title: Small archive", "title: Large archive")
        rendered = self.rendered(archive)
        pages = {name for name in tree(archive / "site") if name.endswith("index.html")}
        assert rendered >= pages

    def test_only_what_prints_ages_for_a_new_day(self, archive: Path) -> None:
        from datetime import date

        build_site(archive)
        report = build_site(archive, now=date(2026, 11, 2))
        assert set(report.rendered) <= {
            "index.html",
            "actions/index.html",
            "actions.ics",
            "insights/index.html",
            "incidents.json",
        }
        assert "index.html" in report.rendered


class TestWriting:
    def test_equal_bytes_are_not_written_again(self, archive: Path) -> None:
        build_site(archive)
        page = archive / "site/causes/index.html"
        before = page.stat()
        replace_in(archive, FIRST, "A change went out.", "A small change went out.")
        build_site(archive)
        after = page.stat()
        assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)

    def test_orphans_go_and_foreign_files_stay(self, archive: Path) -> None:
        build_site(archive)
        (archive / "site/CNAME").write_text("example.org")
        (archive / "site/own").mkdir()
        (archive / "site/own/notes.txt").write_text("mine")
        (archive / "site/empty").mkdir()
        inode = (archive / "site/CNAME").stat().st_ino
        (archive / "content/2024-03-05-second.md").unlink()
        report = build_site(archive)
        assert report.changes is not None
        assert report.changes.removed > 0
        assert not (archive / "site/incidents/2024-03-05-second").exists()
        assert (archive / "site/CNAME").read_text() == "example.org"
        assert (archive / "site/CNAME").stat().st_ino == inode
        assert (archive / "site/own/notes.txt").read_text() == "mine"
        assert (archive / "site/empty").is_dir()

    def test_a_foreign_file_in_the_way_stops_the_build(self, archive: Path) -> None:
        (archive / "site").mkdir()
        (archive / "site/index.html").write_text("mine")
        with pytest.raises(ContentError) as error:
            build_site(archive)
        assert [problem.code for problem in error.value.diagnostics] == ["E701"]
        assert tree(archive / "site") == {"index.html": b"mine"}

    def test_errors_leave_the_old_site(self, archive: Path) -> None:
        build_site(archive)
        before = tree(archive / "site")
        replace_in(archive, FIRST, "started: 2024-01-10 10:00", "started: 2024-02-30 10:00")
        replace_in(archive, "content/2024-03-05-second.md", "title: Second", "title: Second: the")
        report = build_site(archive)
        assert not report.ok
        assert report.changes is None
        assert problems(report)[:2] == [
            f'{FIRST}:6:10: E103 started: "2024-02-30" is not a day of the calendar',
            "content/2024-03-05-second.md:2:14: E102 mapping values are not allowed in this context",
        ]
        assert tree(archive / "site") == before

    def test_keep_going_builds_without_them(self, archive: Path) -> None:
        replace_in(archive, "content/2024-03-05-second.md", "title: Second", "title: Second: the")
        report = build_site(archive, keep_going=True)
        assert not report.ok
        files = tree(archive / "site")
        assert "incidents/2024-01-10-first/index.html" in files
        assert "incidents/2024-03-05-second/index.html" not in files

    def test_a_broken_template_leaves_the_old_site(self, archive: Path) -> None:
        build_site(archive)
        before = tree(archive / "site")
        write_files(archive, "-- templates/term.html --\nline one\n{{ nothing_like_that }}\n")
        with pytest.raises(ContentError) as error:
            build_site(archive)
        assert [problem.concise for problem in error.value.diagnostics] == [
            "templates/term.html:2:1: E601 'nothing_like_that' is undefined"
        ]
        assert tree(archive / "site") == before

    def test_nothing_is_written_outside_the_output(self, archive: Path) -> None:
        replace_in(
            archive,
            FIRST,
            "aliases: [old-first]",
            'aliases: ["../../evil", "/etc/evil", "a/../../b", "..\\\\c", "x/y.html"]',
        )
        before = {path for path in archive.parent.rglob("*") if ".pmsite" not in path.parts}
        report = build_site(archive)
        assert report.ok, problems(report)
        created = {path for path in archive.parent.rglob("*") if ".pmsite" not in path.parts} - before
        assert all(path.is_relative_to(archive / "site") for path in created)


class TestAudience:
    def test_a_public_build_does_not_depend_on_what_it_hides(self, archive: Path, tmp_path: Path) -> None:
        for name in ("2024-01-10-first", "2024-03-05-second"):
            replace_in(
                archive, f"content/{name}.md", "status: final\n", "status: final\nvisibility: public\n"
            )
        replace_in(
            archive,
            "content/index.md",
            "Welcome to",
            "<!-- internal -->canary-block<!-- /internal -->Welcome to",
        )
        for name in ("content/index.md", "content/pages/about.md"):
            text = (archive / name).read_text(encoding="utf-8")
            body = text.removeprefix("---\ntitle: About\n---\n")
            (archive / name).write_text(
                f"---\ntitle: About\nvisibility: public\n---\n{body}", encoding="utf-8"
            )
        write_files(
            archive,
            "-- content/2024-02-02-secret.md --\n---\ntitle: canary-title\nseverity: canary-sev\ntags: [canary-tag]\n"
            "services: [canary-service]\nvisibility: internal\n---\ncanary-text\n",
        )
        build_site(archive, audience="public", output=str(tmp_path / "with"))
        (archive / "content/2024-02-02-secret.md").unlink()
        build_site(archive, audience="public", output=str(tmp_path / "without"))
        assert tree(tmp_path / "with") == tree(tmp_path / "without")
        assert not any(b"canary" in content for content in tree(tmp_path / "with").values())

    def test_drafts_are_for_insiders(self, archive: Path, tmp_path: Path) -> None:
        build_site(archive, output=str(tmp_path / "inside"))
        assert "incidents/2025-07-01-third/index.html" in tree(tmp_path / "inside")
        build_site(archive, drafts=False, output=str(tmp_path / "final"))
        assert "incidents/2025-07-01-third/index.html" not in tree(tmp_path / "final")


# The content of a document in every state that a random edit may bring it to.
BODIES = (
    "Some text.",
    "## Timeline\n\n- 10:00 a\n",
    "See [first](2024-01-10-first.md).",
    "![p](picture.svg)",
)
HEADS = (
    "title: One\nseverity: SEV1",
    "title: Two\nvisibility: public\nseverity: SEV3\nservices: [web]\nroot_cause: capacity",
    "title: Three\nstatus: draft\nrelated: [2024-01-10-first]",
    "title: Four\ndate: 2023-05-05\naliases: [four]\naction_items: [{title: x, status: open, due: 2026-01-01}]",
)


AUDIENCES = ("public", "internal", "restricted")


def edit(folder: Path, step: tuple[str, int, int]) -> None:
    """One random change to a site."""
    kind, which, value = step
    documents = sorted((folder / "content").glob("2*.md"))
    if kind == "add" or not documents:
        text = f"---\n{HEADS[value % 4]}\n---\n{BODIES[which % 4]}\n"
        (folder / f"content/2025-0{1 + which % 9}-1{value % 9}-new.md").write_text(text)
        return
    document = documents[which % len(documents)]
    if kind == "delete":
        document.unlink()
    elif kind == "body":
        document.write_text(document.read_text() + f"\nMore text {value}.\n")
    elif kind == "text":
        head, mark, body = document.read_text().rpartition("\n---\n")
        document.write_text(f"{head}{mark}Before all, {value}.\n\n{body}")
    elif kind == "head":
        document.write_text(f"---\n{HEADS[value % 4]}\n---\n{BODIES[which % 4]}\n")
    elif kind == "rename":
        document.rename(document.with_name(f"2022-0{1 + value % 9}-02-renamed.md"))
    elif kind == "swap":
        other = documents[value % len(documents)]
        mine, theirs = document.read_bytes(), other.read_bytes()
        document.write_bytes(theirs)
        other.write_bytes(mine)
    elif kind == "touch":
        os.utime(document)
    elif kind == "template":
        target = folder / "templates/incident.html"
        target.parent.mkdir(exist_ok=True)
        target.write_text(
            f'{{% extends "!parent/incident.html" %}}\n{{% block links %}}{{{{ super() }}}}<meta name="v" content="{value}">{{% endblock %}}'
        )
    elif kind == "config":
        config = folder / "pmsite.yaml"
        lines = [
            line
            for line in config.read_text().splitlines()
            if not line.startswith(("page_size", "description"))
        ]
        config.write_text(
            "\n".join([*lines, f"page_size: {5 + value % 9}", f"description: Archive {value % 3}"]) + "\n"
        )
    elif kind == "option":
        config = folder / "pmsite.yaml"
        lines = [line for line in config.read_text().splitlines() if not line.startswith("theme_options")]
        config.write_text("\n".join([*lines, f'theme_options: {{footer: "footer {value % 3}"}}']) + "\n")
    elif kind == "audience":
        config = folder / "pmsite.yaml"
        lines = [line for line in config.read_text().splitlines() if not line.startswith("audience")]
        config.write_text("\n".join([*lines, f"audience: {AUDIENCES[value % 3]}"]) + "\n")
    elif kind == "attachment":
        (folder / "content/picture.svg").write_text(
            f'<svg xmlns="http://www.w3.org/2000/svg"><title>{value}</title></svg>'
        )
    elif kind == "asset":
        (folder / "static").mkdir(exist_ok=True)
        (folder / f"static/extra-{which % 3}.css").write_text(f"p {{ margin: {value}px }}\n")
    elif kind == "version":
        package.__version__ = f"9.{value % 3}"
    elif kind == "cache":
        stores = sorted((folder / ".pmsite").rglob("cache.sqlite"))
        if stores:
            data = bytearray(stores[0].read_bytes())
            for _ in range(40):
                data[random.Random(value).randrange(len(data))] ^= 0xFF
            stores[0].write_bytes(data[: len(data) - value % 5000] if value % 2 else data)


STEPS = st.tuples(
    st.sampled_from(
        [
            "add",
            "delete",
            "body",
            "text",
            "head",
            "audience",
            "rename",
            "swap",
            "touch",
            "template",
            "config",
            "option",
            "attachment",
            "asset",
            "version",
            "cache",
        ]
    ),
    st.integers(0, 1000),
    st.integers(0, 1000),
)


# `make soak` asks for thousands of steps, of which an example has four on average.
EXAMPLES = max(8, int(os.environ.get("PMSITE_SOAK", "0")) // 4)


@pytest.fixture
def _same_version_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "__version__", package.__version__)


@pytest.mark.usefixtures("_same_version_afterwards")
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEPS, min_size=2, max_size=6), jobs=st.sampled_from([1, 2]))
def test_incremental_equals_clean(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, int]], jobs: int
) -> None:
    """After any sequence of changes the output is what a clean build gives, byte for byte, without orphans."""
    base = tmp_path_factory.mktemp("incremental")
    folder = write_files(base / "site", ARCHIVE)

    def output() -> Path:
        """Each audience has a folder of its own."""
        found = re.search(r"^audience: (\w+)", (folder / "pmsite.yaml").read_text(), re.MULTILINE)
        return base / (found[1] if found else "internal")

    build_site(folder, output=str(output()))
    for step in steps:
        edit(folder, step)
        incremental = build_site(folder, output=str(output()), jobs=jobs)
        shutil.rmtree(base / "clean", ignore_errors=True)
        shutil.copytree(folder, base / "copy", ignore=shutil.ignore_patterns(".pmsite"))
        clean = build_site(base / "copy", output=str(base / "clean" / output().name))
        shutil.rmtree(base / "copy")
        assert problems(incremental) == problems(clean), steps
        if clean.ok:
            assert tree(output()) == tree(base / "clean" / output().name), steps
    shutil.rmtree(base)


def test_workers_do_not_change_a_byte(tmp_path: Path) -> None:
    from benchmarks.generate import generate

    generate(tmp_path / "site", 60)
    one = build_site(tmp_path / "site", jobs=1, output=str(tmp_path / "one"))
    shutil.rmtree(tmp_path / "site/.pmsite")
    two = build_site(tmp_path / "site", jobs=2, output=str(tmp_path / "two"))
    assert one.ok, problems(one)
    assert two.ok
    assert tree(tmp_path / "one") == tree(tmp_path / "two")
    assert len(one.rendered) == len(two.rendered)


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "1", "TZ": "Pacific/Kiritimati", "LANG": "C"},
        {"PYTHONHASHSEED": "2", "TZ": "America/St_Johns", "LC_ALL": "C.UTF-8"},
    ],
)
def test_the_environment_does_not_change_a_byte(tmp_path: Path, environment: dict[str, str]) -> None:
    here = write_files(tmp_path / "here", ARCHIVE)
    there = write_files(tmp_path / "a/much/longer/path/there", ARCHIVE)
    for path in there.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    first = pmsite("build", "-q", "--now", "2026-11-01", cwd=here)
    second = pmsite("build", "-q", "--now", "2026-11-01", "--jobs", "1", cwd=there, **environment)
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert tree(here / "site") == tree(there / "site")


def test_a_site_without_documents(tmp_path: Path) -> None:
    write_files(tmp_path, "-- pmsite.yaml --\ntitle: Nothing yet\n-- content/.keep --\n")
    report = build_site(tmp_path)
    assert report.ok, problems(report)
    assert "No postmortems yet" in (tmp_path / "site/index.html").read_text(encoding="utf-8")


def test_the_manifest_names_what_was_made(archive: Path) -> None:
    import json

    build_site(archive)
    manifest = json.loads((archive / "site" / MANIFEST).read_text())
    assert set(manifest["files"]) == set(tree(archive / "site"))
