"""What the audience may not see leaves no trace: a public site has the same bytes with and without it.

Over 200 generated archives that are full of what connects documents: the same words, ids, aliases, links and names.
"""

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from pmsite.cache import Store
from pmsite.config import ContentFolder, Site, find_site, with_overrides
from pmsite.load import Options
from pmsite.planning import plan_site
from pmsite.site.render import Renderer, SiteFacts
from pmsite.site.theme import Theme, load_theme
from pmsite.site.write import MANIFEST
from pmsite.source.collect import Collection, collect

from .sites import TODAY, build_site, tree, write_files

ARCHIVES = 200
NAMES = ("cache", "dns", "queue", "login")
WORDS = ("web", "search", "storage", "Web", "mail")
CONFIG = """
-- pmsite.yaml --
base_url: https://example.org/pm
timezone: UTC
page_size: 5
tickets: tickets.csv
source_url: https://example.org/source/{path}
services: {web: {owner: w}, search: {description: s, aliases: [find]}, mail: {owner: m, links: [{label: x, url: https://example.org}]}}
-- tickets.csv --
Key,Status,Assignee
T-1,done,Jo
T-2,open,Max
"""


def document(choose: random.Random, others: list[str], visibility: str, status: str) -> str:
    """A document that says what many others say too, and points at them."""

    def some(words: tuple[str, ...]) -> str:
        return json.dumps(choose.sample(words, choose.randrange(3)))

    day = f"2024-{choose.randrange(1, 13):02d}-{choose.randrange(1, 28):02d}"
    target = choose.choice(others)
    name = Path(target).stem
    fields = [
        f"visibility: {visibility}",
        f"status: {status}",
        f"severity: SEV{choose.randrange(1, 6)}",
        f"date: {day}",
        f"started: {day} 10:{choose.randrange(60):02d}",
        f"resolved: {day} 1{choose.randrange(1, 9)}:00",
        f"services: {some(WORDS)}",
        f"tags: {some(WORDS)}",
        f"root_cause: {choose.choice(('configuration', 'capacity', 'unknown', 'gremlins', 'time'))}",
        f"related: [{{id: {choose.choice((name, 'login', 'nowhere'))}, type: recurrence-of}}]",
        f"aliases: [{choose.choice((name, 'old-' + name, 'old/way.html'))}]",
        f"number: {choose.choice(('PM-1', 'PM-2', name))}",
        f"action_items: [{{title: Do {choose.choice(WORDS)}, owner: Jo, status: open, due: 2026-10-0{choose.randrange(1, 9)}, ticket: T-{choose.randrange(1, 4)}}}]",
    ]
    chosen = [
        field for field in fields if field.startswith(("visibility", "status")) or choose.random() < 0.7
    ]
    up = "../" * choose.randrange(2)
    text = f"See [it]({up}{target}), ![picture]({up}picture.svg) and [data]({choose.choice(('data.csv', 'a/data.csv'))}).\n"
    secret = f"\n<!-- internal -->\n# Timeline {name}\n\n- 10:0{choose.randrange(9)} [x]({target}) ![y](hidden.svg)\n<!-- /internal -->\n"
    return (
        "---\n"
        + "\n".join(chosen)
        + f"\n---\n# {choose.choice(WORDS)} failed\n\n{text}{secret if choose.random() < 0.5 else ''}"
    )


def archive(number: int) -> dict[str, str]:
    """The files of one archive by path; those of its documents that a public site has not are in `hidden`."""
    choose = random.Random(number)
    paths = [f"{folder}{name}.md" for folder in ("", "a/", "b/") for name in choose.sample(NAMES, 2)]
    paths += ["a/index.md", "b/index.md", "pages/about.md", "index.md", "a/c/index.md"]
    files = {}
    for path in choose.sample(paths, choose.randrange(4, 10)):
        visibility = choose.choice(("public", "public", "internal", "restricted"))
        files[path] = document(
            choose, paths, visibility, choose.choice(("final", "final", "review", "draft"))
        )
    return files


def is_hidden(text: str) -> bool:
    return "visibility: public" not in text or "status: draft" in text


def write_archive(folder: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    for name in ("picture.svg", "hidden.svg"):
        (folder / name).write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (folder / "data.csv").write_text("a,b\n")


class Built:
    """The bytes of the public site of some documents, by the same steps as a build, but for writing them."""

    def __init__(self, site: Site, theme: Theme, store: Store) -> None:
        self.site, self.theme = site, theme
        facts = SiteFacts("t", "", "en", "", "UTC", "public", (), "0", has_options_css=False)
        self.renderer = Renderer(theme, facts)
        self.renderer.use(store)
        self.rendered: dict[tuple[str, bytes], bytes] = {}

    def files(self, top: str, collection: Collection) -> dict[str, bytes]:
        """What is published of the folder `top`. Equal keys stand for equal bytes, as in a build."""
        config = replace(self.site.config, content=(ContentFolder(top),))
        site = replace(self.site, config=config)
        planned = plan_site(site, Options(TODAY, keep_going=True), collection, self.theme)
        pages = {}
        for page in planned.pages:
            key = page.path, self.renderer.key(page)
            if key not in self.rendered:
                self.rendered[key] = self.renderer.render(page)
            pages[page.path] = self.rendered[key]
        return {**pages, **{path: location.read_bytes() for path, location in planned.files.items()}}


def part(everything: Collection, top: str, left_out: set[str]) -> Collection:
    """What was read below a folder, but for some documents."""

    def belongs(path: str) -> bool:
        return path.startswith(top) and path not in left_out

    sources = replace(
        everything.sources,
        documents=tuple(item for item in everything.sources.documents if belongs(item.path)),
        files={path: where for path, where in everything.sources.files.items() if belongs(path)},
        diagnostics=(),
    )
    documents = tuple(item for item in everything.documents if belongs(item.path))
    return Collection(sources, documents, everything.keys)


def test_public_bytes_do_not_depend_on_what_is_hidden(tmp_path: Path) -> None:
    write_files(tmp_path, CONFIG)
    archives = {f"content/n{number:03d}/": archive(number) for number in range(ARCHIVES)}
    for top, files in archives.items():
        write_archive(tmp_path / top, files)
    site = with_overrides(find_site(None, None, tmp_path), audience="public")
    theme, store = load_theme(site), Store(tmp_path / "state")
    everything = collect(site, store, 2)
    built = Built(site, theme, store)
    differing, published = [], 0
    for top, files in archives.items():
        hidden = {f"{top}{path}" for path, text in files.items() if is_hidden(text)}
        published += len(files) - len(hidden)
        whole = part(everything, top, set())
        with_hidden, without = built.files(top, whole), built.files(top, part(whole, top, hidden))
        differing += [
            f"{top}: {path}"
            for path in sorted({*with_hidden, *without})
            if with_hidden.get(path) != without.get(path)
        ]
    store.close()
    assert differing == []
    assert published > ARCHIVES  # it is not that nothing was there to see


def _published(folder: Path) -> dict[str, bytes]:
    return {**tree(folder), "manifest": (folder / MANIFEST).read_bytes()}


@pytest.mark.parametrize("number", [2, 3])
def test_whole_builds_do_not_either(tmp_path: Path, number: int) -> None:
    """The output and its manifest, clean or not, before and after internal blocks say something else and hidden
    documents have gone.
    """
    files = archive(number)
    write_files(tmp_path, CONFIG)
    write_archive(tmp_path / "content", files)
    assert build_site(tmp_path, audience="public").ok
    before = _published(tmp_path / "site-public")
    for path, text in files.items():
        if is_hidden(text):
            (tmp_path / "content" / path).unlink()
        else:
            parts = text.partition("<!-- internal -->\n")
            (tmp_path / "content" / path).write_text(
                "".join((*parts[:2], parts[1] and "Root cause: x\n\n", parts[2]))
            )
    report = build_site(tmp_path, audience="public")
    assert report.ok
    assert _published(tmp_path / "site-public") == before
    assert build_site(tmp_path, audience="public", output="clean").ok
    assert _published(tmp_path / "clean") == before


def test_only_an_internal_block_makes_it_a_postmortem(tmp_path: Path) -> None:
    text = "-- content/a.md --\n---\nvisibility: public\n---\n# A note\n<!-- internal -->\n{}\n<!-- /internal -->\n"
    sites = []
    for name, inside in (("one", "Root cause: a bug"), ("two", "Nothing to see")):
        write_files(tmp_path / name, text.format(inside))
        assert build_site(tmp_path / name, audience="public", title="Same").ok
        sites.append(tree(tmp_path / name / "site-public"))
    assert sites[0] == sites[1]
    assert "incidents/a/index.html" not in sites[0]
