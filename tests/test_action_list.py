"""The list of action items in a real browser: facets, sorting, the text filter, the address; from files."""

import json
import random
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from selectolax.lexbor import LexborHTMLParser

from benchmarks.generate import generate

from .sites import TODAY, build_site, problems, tree, write_files
from .test_browser import Watched, browser, violations  # noqa: F401  a fixture

# Everything that a row can lack, and text that is no markup.
ODD = """
-- pmsite.yaml --
services:
  web: {description: The web shop., aliases: [website]}
-- content/2024-01-10-first.md --
---
title: First outage
date: 2024-01-10
services: [web, mail]
action_items:
  - {title: Roll out in stages, owner: Platform & co., due: 2026-10-31, status: open, type: prevent, ticket: OPS-1}
  - {title: Test the café, owner: web team, due: 2026-11-01, status: in-progress, ticket: "https://example.org/T/12/"}
  - {title: Split it, owner: web team, due: 2026-10-01, status: in-progress, type: repair}
  - {title: "<img src=x onerror=alert(1)>", status: done, owner: "<b>x</b>", ticket: "javascript:alert(1)"}
---
-- content/2025-02-03-second.md --
---
title: Second <i>outage</i>
date: 2025-02-03
services: [website]
action_items:
  - {title: Retire it, owner: web team, status: wont-do}
  - Look at queues
---
-- content/undated.md --
---
title: Undated outage
action_items:
  - {title: Find out when, status: open}
---
"""
STATES = ("overdue", "open", "in-progress", "unknown", "done", "wont-do")
LATE = "9999-99-99"


def actions(site: Path, **chosen: Any) -> str:
    """The address of the list in a state."""
    query = urlencode(chosen, doseq=True)
    return (site / "actions/index.html").as_uri() + (f"?{query}" if query else "")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_files(tmp_path_factory.mktemp("small"), ODD)
    report = build_site(folder)
    assert report.ok, problems(report)
    return folder / "site"


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three hundred incidents with some 1,300 action items: two chunks of rows, several pages."""
    folder = tmp_path_factory.mktemp("large")
    generate(folder, 300)
    report = build_site(folder, jobs=2)
    assert report.ok, problems(report)
    return folder / "site"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:  # noqa: F811
    """A page that has no faults at the end of its test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    watched = Watched(context.new_page())
    yield watched.page
    context.close()
    assert watched.faults == []


def status(page: Page, text: str | re.Pattern[str]) -> None:
    """Wait until the page says so."""
    expect(page.get_by_role("status")).to_have_text(text)


def rows(page: Page) -> list[tuple[str, str]]:
    """What each row asks for, and its incident."""
    titles = page.locator(".pm-action-title").all_inner_texts()
    return list(zip(titles, page.locator(".pm-action-incident a").all_inner_texts(), strict=True))


def facet(page: Page, name: str) -> Locator:
    return page.get_by_role("group", name=name, exact=True)


# ---- Data


def test_another_day_and_a_new_incident_change_what_they_must(tmp_path: Path) -> None:
    generate(tmp_path, 260)
    build_site(tmp_path, jobs=2)
    before = tree(tmp_path / "site")
    build_site(tmp_path, jobs=2, now=TODAY + timedelta(days=1))
    tomorrow = tree(tmp_path / "site")
    data = {path for path in before if path.startswith("actions/") and path.endswith(".js")}
    assert data == {"actions/facets.js", "actions/rows-0.js", "actions/rows-1.js"}
    assert all(tomorrow[path] == before[path] for path in data)
    new = "---\naction_items: [Write a runbook]\n---\n# New\n"
    (tmp_path / "content/2026-10-01-new.md").write_text(new, encoding="utf-8")
    build_site(tmp_path, jobs=2)
    after = tree(tmp_path / "site")
    assert {path for path in data if after[path] != before[path]} == {
        "actions/facets.js",
        "actions/rows-1.js",
    }


def test_an_incidents_table_leaves_out_what_is_empty_throughout(tmp_path: Path) -> None:
    assert build_site(write_files(tmp_path, ODD)).ok
    for name, columns in (
        ("2024-01-10-first", ["What", "State", "Owner", "Due", "Type", "Ticket"]),
        ("2025-02-03-second", ["What", "State", "Owner"]),
        ("undated", ["What", "State"]),
    ):
        page = LexborHTMLParser((tmp_path / f"site/incidents/{name}/index.html").read_text(encoding="utf-8"))
        assert [cell.text() for cell in page.css(".pm-actions th")] == columns
        assert all(len(row.css("td")) == len(columns) for row in page.css(".pm-actions tbody tr"))
        assert page.css_first(".pm-key").text().count("is not recorded") == 0


def test_without_action_items_there_is_no_data(tmp_path: Path) -> None:
    build_site(write_files(tmp_path, "-- content/2024-01-10-first.md --\n# First\n"))
    files = tree(tmp_path / "site")
    assert not any(path.startswith("actions/") and path.endswith(".js") for path in files)
    assert b"actions.js" not in files["actions/index.html"]


# ---- Rows


def test_rows_are_those_of_the_server(page: Page, small: Path, large: Path) -> None:
    made = """() => [...document.querySelectorAll(".pm-actions tbody tr")].map(
        row => row.outerHTML.replace(/\\s+</g, "<"))"""
    for site in (small, large):
        page.goto(actions(site))
        made_by_server = page.evaluate(made)
        page.goto(actions(site, sort="urgency"))
        status(page, re.compile(r"^[\d\u202f]+ action items$"))
        assert page.evaluate(made) == made_by_server
    page.goto(actions(large, page=2))
    status(page, re.compile(r"items$"))
    second = page.evaluate(made)
    page.goto((large / "actions/page/2/index.html").as_uri())
    # The way to the root is another one there.
    assert [row.replace("../../../", "../") for row in page.evaluate(made)] == second


def test_without_scripts_there_is_the_list(browser: Browser, large: Path) -> None:  # noqa: F811
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(actions(large))
    expect(page.get_by_role("searchbox", name="Filter action items")).to_be_hidden()
    expect(page.locator(".pm-filters")).to_be_hidden()
    status(page, re.compile(r"^[\d\u202f]+ action items, overdue and open first\.$"))
    assert len(rows(page)) == 100
    page.get_by_role("link", name="Next").click()
    expect(page).to_have_url(re.compile(r"actions/page/2/index\.html$"))
    assert len(rows(page)) == 100
    context.close()


def test_without_its_data_the_page_is_what_it_is_without_scripts(
    browser: Browser,  # noqa: F811
    small: Path,
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.route("**/actions/facets.js", lambda route: route.abort())
    page.goto(actions(small))
    expect(page.locator(".pm-filters, .pm-controls")).to_have_count(0)
    assert len(rows(page)) == 7
    context.close()


# ---- Facets and sorting, compared with the same computed from incidents.json


def items_of(site: Path) -> list[dict[str, Any]]:
    """Every action item with what it can be found by."""
    found = []
    today = TODAY.isoformat()
    for incident in json.loads((site / "incidents.json").read_bytes())["incidents"]:
        for item in incident["action_items"]:
            is_open = item["status"] in ("open", "in-progress")
            is_overdue = is_open and (item["due"] or LATE) < today
            found.append(
                {
                    **item,
                    "incident": incident,
                    "row": (item["title"], incident["title"]),
                    "is_open": is_open,
                    "shown": "overdue" if is_overdue else item["status"],
                    "terms": {
                        "state": {item["status"], *(["overdue"] if is_overdue else [])},
                        "owner": {item["owner"] or ""},
                        "type": {item["type"] or ""},
                        "services": set(incident["services"]),
                        "year": {incident["date"][:4]} if incident["date"] else set(),
                    },
                }
            )
    return sorted(found, key=lambda item: (item["incident"]["id"], item["title"]))


def urgency(item: dict[str, Any]) -> tuple[int, str]:
    ranks = {"overdue": 0, "open": 1, "in-progress": 1, "unknown": 2, "done": 3, "wont-do": 4}
    return ranks[item["shown"]], item["due"] or LATE


ORDERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "urgency": urgency,
    "due": lambda item: item["due"] or LATE,
    "age": lambda item: item["incident"]["date"] if item["is_open"] and item["incident"]["date"] else LATE,
    "state": lambda item: (STATES.index(item["shown"]), item["due"] or LATE),
    "owner": lambda item: (not item["owner"], (item["owner"] or "").casefold(), urgency(item)),
}


def fitting(items: list[dict[str, Any]], chosen: dict[str, set[str]]) -> list[dict[str, Any]]:
    return [item for item in items if all(item["terms"][name] & words for name, words in chosen.items())]


def has_words(item: dict[str, Any], words: str) -> bool:
    """Whether some word of the item begins with each of these."""
    text = " ".join((item["title"], item["ticket"] or "", item["owner"] or "", item["incident"]["title"]))
    return all(re.search(rf"\b{word}", text, re.IGNORECASE) for word in words.split())


def test_counts_and_order_equal_a_computation(page: Page, large: Path) -> None:
    items = items_of(large)
    total = f"{len(items):,}".replace(",", "\u202f")
    pools = {
        name: sorted({word for item in items for word in item["terms"][name]}) for name in items[0]["terms"]
    }
    assert all(len(pool) > 1 for pool in pools.values())
    random.seed(11)
    for round_ in range(15):
        chosen = {
            name: set(random.sample(pools[name], min(len(pools[name]), random.choice((1, 2)))))
            for name in random.sample(list(pools), round_ % 4)
        }
        sort = list(ORDERS)[round_ % 5]
        words = random.choice(items)["title"].split()[0].lower()[:3] if round_ % 3 == 2 else ""
        among = [item for item in items if has_words(item, words)]
        expected = sorted(fitting(among, chosen), key=ORDERS[sort])
        given = {name: sorted(terms) for name, terms in chosen.items()}
        page.goto(actions(large, **given, sort=sort, q=words))
        count = f"{len(expected):,}".replace(",", "\u202f")
        if len(expected) == len(items):
            status(page, f"{total} action items")
        else:
            status(
                page, f"{count} of {total} action items" if expected else f"Nothing in {total} action items"
            )
        assert rows(page) == [item["row"] for item in expected[:100]], (chosen, sort, words)
        shown: dict[str, dict[str, int]] = page.evaluate("""() => Object.fromEntries(pmActions.facets.map(
            facet => [facet.name, Object.fromEntries(
                [...document.querySelectorAll(`[role=group][aria-label="${facet.label}"] li`)].map(item => [
                    facet.terms.find(term => term[1] === item.querySelector("span").textContent)[0],
                    Number(item.querySelector(".pm-count").textContent.replace(/\\u202f/g, ""))]))]))""")
        for name, pool in pools.items():
            others = fitting(among, {key: terms for key, terms in chosen.items() if key != name})
            counts = {word: sum(word in item["terms"][name] for item in others) for word in pool}
            assert shown[name] == counts, (chosen, name)


def test_figures_of_the_page_are_those_of_the_facet(page: Page, large: Path) -> None:
    page.goto(actions(large))
    figures = page.locator(".pm-figure").all_inner_texts()
    page.goto(actions(large, state=["open", "in-progress"]))
    status(page, re.compile(rf"^{figures[0]} of "))
    page.goto(actions(large, state="overdue"))
    status(page, re.compile(rf"^{figures[1]} of "))


# ---- What a reader does


def test_choosing_stands_in_the_address(page: Page, small: Path) -> None:
    page.goto(actions(small))
    status(page, "7 action items, overdue and open first.")
    facet(page, "Owner").get_by_label("web team").check()
    status(page, "3 of 7 action items")
    assert rows(page)[0] == ("Split it", "First outage")
    facet(page, "State").get_by_label("overdue").check()
    status(page, "1 of 7 action items")
    facet(page, "State").get_by_label("in progress").check()
    status(page, "2 of 7 action items")
    assert page.url.endswith("?state=overdue&state=in-progress&owner=web+team#pm-items")
    expect(facet(page, "Type").get_by_label("prevent")).to_be_disabled()
    page.get_by_label("Sort").select_option("Owner")
    status(page, "2 of 7 action items")
    link = page.url
    page.go_back()
    page.go_back()
    status(page, "1 of 7 action items")
    expect(page.get_by_label("Sort")).to_have_value("urgency")
    page.go_forward()
    status(page, "2 of 7 action items")
    page.goto("about:blank")
    page.goto(link)
    status(page, "2 of 7 action items")
    expect(page.get_by_label("Sort")).to_have_value("owner")
    expect(page.get_by_role("heading", name="All action items")).to_be_in_viewport()
    page.get_by_role("button", name="Remove State: overdue").click()
    status(page, "2 of 7 action items")
    page.get_by_role("button", name="Clear all").click()
    status(page, "7 action items")
    expect(page.get_by_role("list", name="Active filters")).to_be_hidden()
    facet(page, "Owner").get_by_label("no owner").check()
    status(page, "2 of 7 action items")
    assert "owner=&" in page.url


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("CAFE", ["Test the café"]),
        ("platf", ["Roll out in stages"]),
        ("ops-1", ["Roll out in stages"]),
        ("second outage", ["Look at queues", "Retire it"]),
        ('"out in"', ["Roll out in stages"]),
        ('"in out"', []),
        ("web split", ["Split it"]),
        ("javascript", ["<img src=x onerror=alert(1)>"]),
        ("--", []),
    ],
)
def test_words_are_looked_for_in_titles_owners_tickets_and_incidents(
    page: Page, small: Path, words: str, expected: list[str]
) -> None:
    page.goto(actions(small))
    page.get_by_role("searchbox", name="Filter action items").fill(words)
    status(page, f"{len(expected)} of 7 action items" if expected else "Nothing in 7 action items")
    if expected:
        assert [title for title, _ in rows(page)] == expected
        expect(page.locator(".pm-actions mark").first).to_be_visible()
    else:
        expect(page.get_by_text(f"Nothing for “{words}” in 7 action items.")).to_be_visible()
    page.go_back()
    status(page, "7 action items")
    assert len(rows(page)) == 7


def test_text_of_documents_stays_text(page: Page, small: Path) -> None:
    page.goto(actions(small, sort="state", state="done"))
    status(page, "1 of 7 action items")
    assert page.locator("main :is(img, b, i, script)").count() == 0
    expect(page.locator(".pm-action-ticket")).to_have_text("javascript:alert(1)")
    assert page.locator(".pm-action-ticket a").count() == 0
    page.goto(actions(small, q="café"))
    status(page, "1 of 7 action items")
    expect(page.get_by_role("link", name="12", exact=True)).to_have_attribute(
        "href", "https://example.org/T/12/"
    )


def test_results_come_in_pages(page: Page, large: Path) -> None:
    page.goto(actions(large, sort="due"))
    expect(page.get_by_text(re.compile("^Page 1 of"))).to_be_visible()
    first = rows(page)
    assert len(first) == 100
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text(re.compile("^Page 2 of"))).to_be_visible()
    expect(page.get_by_role("status")).to_be_focused()
    assert "sort=due&page=2" in page.url
    second = rows(page)
    assert first != second
    page.reload()
    expect(page.get_by_text(re.compile("^Page 2 of"))).to_be_visible()
    assert rows(page) == second


def test_it_works_from_the_keyboard(page: Page, small: Path) -> None:
    page.goto(actions(small))
    page.get_by_role("searchbox", name="Filter action items").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Sort")).to_be_focused()
    box = facet(page, "Owner").get_by_label("web team")
    for _ in range(30):
        if box.evaluate("box => box === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    status(page, "3 of 7 action items")
    expect(box).to_be_focused()


@pytest.mark.parametrize("width", [320, 1280])
def test_it_is_accessible_while_in_use(browser: Browser, small: Path, width: int) -> None:  # noqa: F811
    context = browser.new_context(color_scheme="light", viewport={"width": width, "height": 900})
    watched = Watched(context.new_page())
    page = watched.page
    page.goto(actions(small, q="o", state=["overdue", "open"], sort="owner"))
    status(page, "3 of 7 action items")
    expect(page.locator(".pm-actions mark").first).to_be_visible()
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert violations(page) + watched.faults == []
    context.close()
