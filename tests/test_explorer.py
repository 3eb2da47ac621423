"""The explorer in a real browser: facets, sorting, search, the address, the keyboard; from a server and from files."""

import gzip
import json
import random
import re
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect

from benchmarks.generate import generate
from pmsite.config import find_site
from pmsite.load import Options, load_archive
from pmsite.site import search
from pmsite.site.explorer import facets_script, facets_view, row_chunks, rows_script
from pmsite.site.present import Presenter

from .sites import ARCHIVE, TODAY, build_site, problems, tree, write_files
from .test_browser import HOSTILE, ODD, Watched, browser, violations  # noqa: F401  a fixture

SINGLE = {"severity": "severity", "causes": "root_cause", "triggers": "trigger", "detection": "detection"}
MANY = {"services": "services", "teams": "teams", "tags": "tags", "factors": "factors", "regions": "regions"}


def explorer(site: Path, **chosen: Any) -> str:
    """The address of the explorer in a state."""
    query = urlencode(chosen, doseq=True)
    return (site / "incidents/index.html").as_uri() + (f"?{query}" if query else "")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_files(tmp_path_factory.mktemp("small"), ARCHIVE + ODD)
    report = build_site(folder, search=True)
    assert report.ok, problems(report)
    return folder / "site"


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three hundred incidents: two chunks of rows, six pages, and a text index of several years."""
    folder = tmp_path_factory.mktemp("large")
    generate(folder, 300)
    together, search.MAX_TOGETHER = search.MAX_TOGETHER, 100
    report = build_site(folder, search=True, jobs=2)
    search.MAX_TOGETHER = together
    assert report.ok, problems(report)
    return folder / "site"


@pytest.fixture(scope="module")
def address(large: Path, small: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Both sites below paths of a web server."""
    root = tmp_path_factory.mktemp("www")
    shutil.copytree(large, root / "some/large")
    shutil.copytree(small, root / "some/small")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(root)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/some/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:  # noqa: F811
    """A page that has no faults at the end of its test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    watched = Watched(context.new_page())
    yield watched
    context.close()
    assert watched.faults == []


@pytest.fixture
def page(watched: Watched) -> Page:
    return watched.page


def status(page: Page, text: str | re.Pattern[str]) -> None:
    """Wait until the page says so."""
    expect(page.get_by_role("status")).to_have_text(text)


def titles(page: Page) -> list[str]:
    return page.locator(".pm-row-title a").all_inner_texts()


def facet(page: Page, name: str) -> Any:
    return page.get_by_role("group", name=name, exact=True)


# ---- Data


def test_a_thousand_incidents_are_light(tmp_path: Path) -> None:
    """Facets, ids and sorting in at most 30 kB, compressed; a chunk of rows in as much."""
    generate(tmp_path, 1000)
    site = find_site(None, None, tmp_path)
    archive, _ = load_archive(site, Options(TODAY, jobs=2))
    facets = facets_script(facets_view(archive, site.config))
    assert len(gzip.compress(facets)) <= 30_000
    rows = Presenter.of(archive, site.config).rows(archive.incidents)
    chunks = [rows_script(chunk) for chunk in row_chunks(rows, archive.incidents)]
    assert len(chunks) == 4
    assert max(len(gzip.compress(chunk)) for chunk in chunks) <= 30_000


def test_a_new_incident_changes_the_last_chunk_only(tmp_path: Path) -> None:
    generate(tmp_path, 260)
    build_site(tmp_path, jobs=2)
    before = tree(tmp_path / "site")
    (tmp_path / "content/2026-10-01-new.md").write_text("---\nseverity: SEV1\n---\n# New\n", encoding="utf-8")
    build_site(tmp_path, jobs=2)
    after = tree(tmp_path / "site")
    changed = {path for path in after if path.startswith("explorer/") and after[path] != before.get(path)}
    assert changed == {"explorer/facets.js", "explorer/rows-1.js"}


# ---- Rows


def test_rows_are_those_of_the_server(page: Page, small: Path, large: Path) -> None:
    rows = """() => [...document.querySelectorAll("[data-pm-list] > *")].map(node => node.outerHTML
        .replace(/>\\s+/g, ">").replace(/\\s+</g, "<").replace(/\\n/g, ""))"""
    for site in (small, large):
        page.goto(explorer(site))
        made_by_server = page.evaluate(rows)
        page.goto(explorer(site, sort="newest"))
        status(page, re.compile(r"^\d+ postmortems$"))
        assert page.evaluate(rows) == made_by_server
        assert len(made_by_server) >= 2


def test_without_scripts_there_is_the_list_and_ways_in(browser: Browser, large: Path) -> None:  # noqa: F811
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(explorer(large))
    expect(page.get_by_role("search")).to_have_count(0)
    assert len(titles(page)) == 50
    page.get_by_text("Browse by").click()
    expect(page.get_by_role("link", name="SEV1")).to_be_visible()
    page.get_by_role("link", name="Next").click()
    expect(page).to_have_url(re.compile(r"incidents/page/2/index\.html$"))
    context.close()


# ---- Facets and sorting, compared with the same computed from incidents.json


def terms(incident: dict[str, Any]) -> dict[str, set[str]]:
    """An incident's terms by facet, all of them one word in the generated archive."""
    found = {name: {incident[field]} - {None} for name, field in SINGLE.items()}
    found |= {name: set(incident[field]) for name, field in MANY.items()}
    found |= {
        "impact": set(incident["impact"]["types"]),
        "status": {incident["status"]},
        "year": {incident["date"][:4]},
    }
    return {
        name: {re.sub(r"[^\w]+", "-", word.casefold()) for word in words} for name, words in found.items()
    }


def fitting(incidents: list[dict[str, Any]], chosen: dict[str, set[str]]) -> list[dict[str, Any]]:
    return [
        item
        for item in incidents
        if all(terms(item)[name] & words for name, words in chosen.items() if words)
    ]


def test_counts_and_order_equal_a_computation(page: Page, large: Path) -> None:
    incidents = json.loads((large / "incidents.json").read_bytes())["incidents"]
    pools = {
        name: sorted({word for item in incidents for word in terms(item)[name]})
        for name in terms(incidents[0])
    }
    names = [name for name, pool in pools.items() if pool]
    ranks = ["SEV1", "SEV2", "SEV3", "SEV4"]
    orders = {
        "newest": lambda _: 0,
        "duration": lambda item: -(item["seconds_to"]["mitigate"] or -1),
        "severity": lambda item: ranks.index(item["severity"]) if item["severity"] else 9,
        "users": lambda item: -(item["impact"]["users"] or -1),
    }
    random.seed(7)
    for round_ in range(12):
        chosen = {
            name: set(random.sample(pools[name], min(len(pools[name]), random.choice((1, 2)))))
            for name in random.sample(names, round_ % 4)
        }
        sort = random.choice(list(orders))
        expected = sorted(fitting(incidents, chosen), key=orders[sort])
        page.goto(explorer(large, **{name: sorted(words) for name, words in chosen.items()}, sort=sort))
        count = f"{len(expected)} of 300 postmortems" if len(expected) < 300 else "300 postmortems"
        status(page, count if expected else "Nothing in 300 documents")
        assert titles(page) == [item["title"] for item in expected[:50]]
        shown: dict[str, dict[str, int]] = page.evaluate("""() => Object.fromEntries(
            pmExplorer.facets.map(facet => [facet.name, facet]).map(([name, facet]) => [name, Object.fromEntries(
                [...document.querySelectorAll(`[role=group][aria-label="${facet.label}"] li`)].map(item => [
                    facet.terms.find(term => term[1] === item.querySelector("span").textContent)[0],
                    Number(item.querySelector(".pm-count").textContent)]))]))""")
        for name in names:
            others = fitting(incidents, {key: words for key, words in chosen.items() if key != name})
            counts = {word: sum(word in terms(item)[name] for item in others) for word in pools[name]}
            assert shown[name] == counts, (chosen, name)


# ---- What a reader does


def test_choosing_stands_in_the_address(page: Page, small: Path) -> None:
    page.goto(explorer(small))
    facet(page, "Severity").get_by_label("SEV1").check()
    status(page, "1 of 5 postmortems")
    facet(page, "Severity").get_by_label("SEV2").check()
    status(page, "2 of 5 postmortems")
    assert page.url.endswith("?severity=sev1&severity=sev2")
    expect(facet(page, "Root cause").get_by_label("Capacity")).to_be_disabled()
    page.get_by_label("Sort").select_option("Longest impact")
    assert titles(page) == ["First outage", "Second outage"]
    link = page.url
    page.go_back()
    page.go_back()
    status(page, "1 of 5 postmortems")
    expect(page.get_by_label("Sort")).to_have_value("newest")
    page.go_forward()
    status(page, "2 of 5 postmortems")
    page.goto(link)
    status(page, "2 of 5 postmortems")
    assert titles(page) == ["First outage", "Second outage"]
    page.get_by_role("button", name="Remove Severity: SEV2").click()
    status(page, "1 of 5 postmortems")
    page.get_by_role("button", name="Clear all").click()
    status(page, "5 postmortems")
    expect(page.get_by_role("list", name="Active filters")).to_be_hidden()


def test_everything_can_be_done_from_the_keyboard(page: Page, small: Path) -> None:
    page.goto(explorer(small))
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("outage / first")
    status(page, "1 of 5 postmortems")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.press("Delete")
    status(page, "5 postmortems")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Sort")).to_be_focused()
    box = facet(page, "Severity").get_by_label("SEV1")
    for _ in range(30):
        if box.evaluate("box => box === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    status(page, "1 of 5 postmortems")
    expect(box).to_be_focused()
    page.get_by_role("button", name="Remove Severity: SEV1").focus()
    page.keyboard.press("Enter")
    status(page, "5 postmortems")
    expect(page.get_by_role("searchbox")).to_be_focused()


def test_pages_follow_what_is_chosen(page: Page, large: Path) -> None:
    page.goto(explorer(large, severity=["sev1", "sev2", "sev3"]))
    expect(page.get_by_text(re.compile("^Page 1 of"))).to_be_visible()
    first = titles(page)
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text(re.compile("^Page 2 of"))).to_be_visible()
    assert "page=2" in page.url
    assert not set(first) & set(titles(page))
    page.reload()
    expect(page.get_by_text(re.compile("^Page 2 of"))).to_be_visible()
    page.get_by_role("link", name="Previous").click()
    expect(page.get_by_text(re.compile("^Page 1 of"))).to_be_visible()
    assert titles(page) == first


def test_typing_is_one_step_back(page: Page, small: Path) -> None:
    page.goto(explorer(small))
    page.get_by_role("searchbox").press_sequentially("outage", delay=200)
    status(page, "4 of 5 postmortems")
    assert page.url.endswith("?q=outage")
    page.go_back()
    status(page, "5 postmortems")
    expect(page.get_by_role("searchbox")).to_have_value("")


def test_a_page_that_only_files_are_read_from_says_what_it_searches(page: Page, small: Path) -> None:
    page.goto(explorer(small, q="PM-1"))
    status(page, "1 of 5 postmortems")
    assert titles(page) == ["First outage"]
    expect(page.get_by_text("What fixed it: The change was taken back.")).to_be_visible()
    expect(page.get_by_text("opened as a file")).to_be_visible()
    page.get_by_role("searchbox").fill("change taken back")
    status(page, "1 of 5 postmortems")
    expect(page.locator(".pm-row-fix mark").first).to_have_text("change")
    page.get_by_role("searchbox").fill("qwertyuiop")
    status(page, "Nothing in 5 documents")
    expect(page.get_by_text("Nothing for “qwertyuiop” in 5 documents.")).to_be_visible()


def test_the_box_on_every_page_leads_here(page: Page, small: Path) -> None:
    page.goto((small / "incidents/2024-03-05-second/index.html").as_uri())
    page.keyboard.press("/")
    page.keyboard.type("taken back")
    page.keyboard.press("Enter")
    status(page, "1 of 5 postmortems")
    expect(page).to_have_url(re.compile(r"/incidents/index\.html\?q=taken\+back$"))
    assert titles(page) == ["First outage"]


# ---- Full text


def test_words_of_one_document_find_it(watched: Watched, large: Path, address: str) -> None:
    """Fifty phrases that stand in one document only, from all over the archive: it is among the first three."""
    page = watched.page
    sources = sorted((large.parent / "content").rglob("2*.md"))
    bodies = {path.stem: path.read_text(encoding="utf-8").split("---\n", 2)[2] for path in sources}
    random.seed(3)
    queries = []
    for path in random.sample(sources, len(sources)):
        phrase = random.choice(re.findall(r"\b[a-z]+ \d{3,} [a-z]+ [a-z]+\b", bodies[path.stem]))
        if sum(phrase in body for body in bodies.values()) == 1:
            queries.append((phrase, path.stem))
    assert len(queries) >= 50
    page.goto(f"{address}large/incidents/index.html")
    for phrase, identifier in queries[:50]:
        page.get_by_role("searchbox").fill(phrase)
        expect(page.locator(f'.pm-row a[href*="{identifier}"]')).to_be_visible()
        expect(page.locator(".pm-row-excerpt mark").first).to_be_visible()
        links = page.locator(".pm-row-title a").evaluate_all("links => links.map(link => link.href)")
        assert any(identifier in link for link in links[:3]), (phrase, identifier)


def test_full_text_comes_from_every_year_and_facets_apply(
    watched: Watched, large: Path, address: str
) -> None:
    page = watched.page
    texts = [path.read_text(encoding="utf-8") for path in (large.parent / "content").rglob("2*.md")]
    word = next(
        word
        for word in re.findall(r"\b[a-z]{7,}\b", texts[0].split("---\n", 2)[2])
        if 20 < sum(word in text for text in texts) < 200
    )
    page.goto(f"{address}large/incidents/index.html?{urlencode({'q': word})}")
    expect(page.locator(".pm-row-excerpt mark").first).to_be_visible()
    status(page, re.compile(r"^\d+ of 300 postmortems$"))
    years = facet(page, "Year")
    counts = [int(text) for text in years.locator(".pm-count").all_text_contents()]
    assert sum(count > 0 for count in counts) >= 5
    years.get_by_role("checkbox").first.check()
    status(page, f"{counts[0]} of 300 postmortems")
    page.get_by_role("searchbox").fill("qwertyuiop asdfghjkl")
    expect(page.get_by_text("in 300 documents.")).to_be_visible()


def test_an_exact_phrase_comes_first_and_nothing_is_nothing(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(f"{address}small/incidents/index.html?q=The+alert+fires")
    status(page, "1 of 5 postmortems")
    assert titles(page) == ["First outage"]
    expect(page.locator(".pm-row-excerpt")).to_contain_text("The alert fires")
    page.get_by_role("searchbox").fill("PM-1")
    status(page, "1 of 5 postmortems")
    page.get_by_role("searchbox").fill("xylophone")
    status(page, "Nothing in 5 documents")
    expect(page.locator("[data-pm-note]")).to_be_hidden()
    page.get_by_role("searchbox").fill("the alert fires on 10.1.2.3")
    status(page, re.compile("^[1-4] of 5 postmortems$"))
    assert titles(page)[0] == "First outage"
    expect(page.locator("[data-pm-note]")).to_have_text(
        "No document has all these words. These have most of them."
    )


def test_only_the_explorer_may_compile_programs(tmp_path: Path) -> None:
    write_files(tmp_path, ARCHIVE)
    for has_index, allowed in ((True, {"incidents/index.html"}), (False, set())):
        build_site(tmp_path, search=has_index)
        pages = tree(tmp_path / "site").items()
        assert {path for path, content in pages if b"wasm-unsafe-eval" in content} == allowed
        policies = {
            path: content for path, content in pages if b"default-src 'none'; style-src 'self'" in content
        }
        assert allowed < policies.keys() and all(b"connect-src 'self';" in page for page in policies.values())


# ---- For everybody, and against some


@pytest.mark.parametrize("width", [320, 1280])
def test_it_is_accessible_while_in_use(browser: Browser, address: str, width: int) -> None:  # noqa: F811
    context = browser.new_context(color_scheme="light", viewport={"width": width, "height": 900})
    watched = Watched(context.new_page())
    page = watched.page
    page.goto(f"{address}small/incidents/index.html?q=everything&severity=sev1&severity=sev3")
    status(page, "1 of 5 postmortems")
    expect(page.locator(".pm-row-excerpt mark").first).to_be_visible()
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert violations(page) + watched.faults == []
    context.close()


def test_nothing_that_a_document_says_runs_in_a_result(
    browser: Browser,  # noqa: F811
    tmp_path: Path,
) -> None:
    hostile = HOSTILE.replace('title: "<img', 'number: "<svg onload=alert(2)>"\ntitle: "<img')
    write_files(tmp_path, hostile)
    assert build_site(tmp_path, drafts=True, search=True).ok

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "site")))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    context = browser.new_context()
    watched = Watched(context.new_page())
    page = watched.page
    dialogs = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    for query in ("alert", "img src", "javascript:alert(1)", "<script>alert(1)</script>"):
        page.goto(f"http://127.0.0.1:{server.server_port}/incidents/index.html?{urlencode({'q': query})}")
        status(page, "1 postmortem")
        if query == "alert":
            expect(page.locator(".pm-row-excerpt mark").first).to_be_visible()
        page.wait_for_load_state("networkidle")
        assert page.locator("main :is(img, svg, script, iframe, b, style)").count() == 0
        assert page.locator(".pm-row-title a").inner_text() == "<img src=x onerror=alert(1)>"
    context.close()
    server.shutdown()
    thread.join()
    server.server_close()
    assert dialogs == []
    assert watched.faults == []
