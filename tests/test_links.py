"""Links: from document to document, to anchors, to files that travel along; and no link of a site leads to nothing."""

import re
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from selectolax.lexbor import LexborHTMLParser

from pmsite.source import collect
from tests.sites import ARCHIVE, build_site, codes, pmsite, problems, tree, write_files

BASE = "https://example.org/pm/"
SITE = """
-- pmsite.yaml --
title: Links
-- content/index.md --
Welcome.
-- content/2024-01-01-a.md --
---
severity: SEV1
---
## First part

LINK

## Zweiter Teil

## Second part
-- content/2024-02-02-b.md --
---
severity: SEV2
---
## What happened

## 日本語 heading
-- content/2024-03-03-bundle/index.md --
---
severity: SEV3
---
## Inside
-- content/2024-03-03-bundle/graph.svg --
<svg xmlns="http://www.w3.org/2000/svg"/>
-- content/team/2024-04-04 with space.md --
---
severity: SEV4
---
## Up

UP
-- content/pages/about.md --
About.
-- content/team/data (1).csv --
a,b
-- content/log.txt --
log
"""


@pytest.fixture(autouse=True)
def _read_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading without a time limit needs no process of its own, which makes hundreds of small sites quick."""
    monkeypatch.setattr(collect, "LIMITS", None)


def href(folder: Path, text: str, page: str = "incidents/2024-01-01-a/index.html") -> str | None:
    """Where the link with this text leads, as written on the page."""
    tree_ = LexborHTMLParser((folder / "site" / page).read_text(encoding="utf-8"))
    (link,) = [node for node in tree_.css(".pm-prose a") if node.text() == text]
    return link.attributes.get("href")


def with_link(folder: Path, link: str, up: str = "") -> Path:
    return write_files(folder, SITE.replace("LINK", link).replace("UP", up))


TARGETS = [
    ("2024-02-02-b.md", "../../incidents/2024-02-02-b/index.html"),
    ("./2024-02-02-b.md", "../../incidents/2024-02-02-b/index.html"),
    ("2024-02-02-b", "../../incidents/2024-02-02-b/index.html"),
    ("/2024-02-02-b.md", "../../incidents/2024-02-02-b/index.html"),
    ("/content/2024-02-02-b.md", "../../incidents/2024-02-02-b/index.html"),
    ("team/../2024-02-02-b.md?plain=1", "../../incidents/2024-02-02-b/index.html"),
    ("2024-02-02-b.md#what-happened", "../../incidents/2024-02-02-b/index.html#what-happened"),
    ("2024-02-02-b.md#What-Happened", "../../incidents/2024-02-02-b/index.html#what-happened"),
    ("2024-02-02-b.md#top", "../../incidents/2024-02-02-b/index.html#top"),
    (
        "2024-02-02-b.md#日本語-heading",
        "../../incidents/2024-02-02-b/index.html#%E6%97%A5%E6%9C%AC%E8%AA%9E-heading",
    ),
    ("2024-03-03-bundle/", "../../incidents/2024-03-03-bundle/index.html"),
    ("2024-03-03-bundle", "../../incidents/2024-03-03-bundle/index.html"),
    ("2024-03-03-bundle/index.md#inside", "../../incidents/2024-03-03-bundle/index.html#inside"),
    ("2024-03-03-bundle/graph.svg", "../../files/content/2024-03-03-bundle/graph.svg"),
    ("team/2024-04-04%20with%20space.md", "../../incidents/2024-04-04-with-space/index.html"),
    ("<team/2024-04-04 with space.md>", "../../incidents/2024-04-04-with-space/index.html"),
    ("<team/data (1).csv>", "../../files/content/team/data%20(1).csv"),
    ("index.md", "../../index.html"),
    ("pages/about.md", "../../pages/about/index.html"),
    ("log.txt", "../../files/content/log.txt"),
    ("#second-part", "#second-part"),
    ("2024-01-01-a.md#second-part", "#second-part"),
    ("https://elsewhere.example/x.md", "https://elsewhere.example/x.md"),
    ("//elsewhere.example/x.md", "//elsewhere.example/x.md"),
    ("mailto:a@example.org", "mailto:a@example.org"),
]


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One site whose document has all the links above."""
    folder = tmp_path_factory.mktemp("linked")
    with_link(folder, "\n\n".join(f"[link {number}]({target})" for number, (target, _) in enumerate(TARGETS)))
    assert problems(build_site(folder)) == []
    assert broken(folder / "site") == []
    return folder


@pytest.mark.parametrize(
    ("number", "leads_to"), [(number, leads_to) for number, (_, leads_to) in enumerate(TARGETS)]
)
def test_a_link_leads_where_the_author_meant(linked: Path, number: int, leads_to: str) -> None:
    assert href(linked, f"link {number}") == leads_to


@pytest.mark.parametrize(
    ("up", "leads_to"),
    [
        ("../2024-02-02-b.md", "../../incidents/2024-02-02-b/index.html"),
        ("/2024-02-02-b.md", "../../incidents/2024-02-02-b/index.html"),
        ("../2024-03-03-bundle/graph.svg", "../../files/content/2024-03-03-bundle/graph.svg"),
        ("data%20(1).csv", "../../files/content/team/data%20(1).csv"),
    ],
)
def test_links_start_from_the_documents_own_folder(tmp_path: Path, up: str, leads_to: str) -> None:
    assert problems(build_site(with_link(tmp_path, "", f"[up]({up})"))) == []
    assert href(tmp_path, "up", "incidents/2024-04-04-with-space/index.html") == leads_to


@pytest.mark.parametrize(
    ("target", "code", "words"),
    [
        ("2024-02-02-c.md", "W201", '"2024-02-02-c.md" does not exist (did you mean 2024-02-02-b.md?)'),
        ("team/2024-02-02-b.md", "W201", "does not exist"),
        ("/../2024-02-02-b.md", "W201", "2024-02-02-b.md"),
        ("../../../etc/passwd", "W201", "leads out of the source"),
        ("%2e%2e/%2e%2e/outside.txt", "W201", "leads out of the source"),
        ("../outside.txt", "W201", "outside.txt"),
        ("/etc/passwd", "W201", "does not exist"),
        ("file%00.txt", "W201", "does not exist"),
        (
            "2024-02-02-b.md#what-hapened",
            "W202",
            "is not in content/2024-02-02-b.md (did you mean #what-happened?)",
        ),
        ("#frist-part", "W202", "is not in this document (did you mean #first-part?)"),
        ("2024-03-03-bundle/grahp.svg", "W201", "does not exist"),
    ],
)
def test_a_link_that_leads_nowhere_is_named_and_is_no_link(
    tmp_path: Path, target: str, code: str, words: str
) -> None:
    write_files(tmp_path, "-- outside.txt --\nsecret\n")
    report = build_site(with_link(tmp_path, f"Text before [the link]({target})"))
    (problem,) = report.diagnostics
    assert (problem.code, problem.path, problem.line, problem.column) == (
        code,
        "content/2024-01-01-a.md",
        6,
        24,
    )
    assert words in problem.message
    assert (href(tmp_path, "the link") is None) is (code == "W201")
    assert not any(b"secret" in content for content in tree(tmp_path / "site").values())


def test_each_of_several_links_on_a_line_has_its_own_place(tmp_path: Path) -> None:
    report = build_site(with_link(tmp_path, "[a](x.md) and [b](y.md), [c](x.md)\n\n[d](#z)"))
    found = [(problem.line, problem.column, problem.code) for problem in report.diagnostics]
    assert found == [(6, 5, "W201"), (6, 19, "W201"), (6, 30, "W201"), (8, 5, "W202")]


def test_a_target_that_is_linked_and_shown_is_named_on_both_lines(tmp_path: Path) -> None:
    report = build_site(with_link(tmp_path, "[a](x.png)\n\n![b](x.png)\n\n[c](x.png)"))
    assert [(problem.line, problem.code) for problem in report.diagnostics] == [
        (6, "W201"),
        (8, "W203"),
        (10, "W201"),
    ]


def test_a_missing_image_is_named_and_its_text_is_shown(tmp_path: Path) -> None:
    report = build_site(with_link(tmp_path, "![the graph](grahp.png)"))
    assert problems(report) == ['content/2024-01-01-a.md:6:14: W203 the image "grahp.png" does not exist']
    page = LexborHTMLParser((tmp_path / "site/incidents/2024-01-01-a/index.html").read_text())
    assert page.css_first(".pm-prose img") is None
    assert page.css_first(".pm-prose .pm-missing").text() == "the graph"


PNG, PDF, ZIP = b"\x89PNG\r\n\x1a\nrest", b"%PDF-1.7 rest", b"PK\x03\x04rest"


@pytest.mark.parametrize(
    ("name", "content", "address"),
    [
        ("graph.png", PNG, "files/content/graph.png"),
        ("a/b/graph.png", PNG, "files/content/a/b/graph.png"),
        ("report.PDF", PDF, "files/content/report.PDF"),
        ("log.txt", b"caf\xe9\r\n", "files/content/log.txt"),
        ("data.csv", b"", "files/content/data.csv"),
        ("image with space.png", PNG, "files/content/image with space.png"),
        ("größe.png", PNG, "files/content/größe.png"),
        ("all.zip", ZIP, "files/content/all.zip"),
    ],
)
def test_a_linked_file_travels_along_byte_for_byte(
    tmp_path: Path, name: str, content: bytes, address: str
) -> None:
    with_link(tmp_path, f"[the link](<{name}>)")
    (tmp_path / "content" / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "content" / name).write_bytes(content)
    assert problems(build_site(tmp_path)) == []
    assert (tmp_path / "site" / address).read_bytes() == content
    assert unquote(href(tmp_path, "the link") or "") == f"../../{address}"


@pytest.mark.parametrize(
    "name", ["./a:b.txt", "what?.txt", "star*.log", "back\\slash.txt", "dot./x.txt", 'quote".txt']
)
def test_names_that_some_file_systems_refuse_are_changed(tmp_path: Path, name: str) -> None:
    with_link(
        tmp_path, f"[the link]({name.replace('?', '%3F').replace(chr(92), '%5C').replace(chr(34), '%22')})"
    )
    (tmp_path / "content" / name).parent.mkdir(exist_ok=True)
    (tmp_path / "content" / name).write_bytes(b"text")
    assert problems(build_site(tmp_path)) == []
    (file,) = (path for path in tree(tmp_path / "site") if path.startswith("files/"))
    assert not set(file) & set(':?*\\"') and "./" not in file
    assert unquote(href(tmp_path, "the link") or "") == f"../../{file}"


REFUSED = [
    ("run.exe", b"MZ", "is not of a type that is published (.exe)"),
    ("page.html", b"<p>", "is not of a type that is published (.html)"),
    ("Makefile", b"all:", "is not of a type that is published (no ending)"),
    ("graph.png", b"<html>", "does not hold what its ending says (.png)"),
    ("paper.pdf", b"<html>%PDF-", "does not hold what its ending says (.pdf)"),
    ("log.txt", b"a\0b", "is not a text"),
    ("x.svg", b"<svg><script>alert(1)</script></svg>", "contains <script>"),
    ("x.svg", b'<svg onload="alert(1)"/>', "has a handler"),
    ("x.svg", b'<svg><use href="https://example.org/#a"/></svg>', "refers to"),
    ("x.svg", b"<svg><style>@import 'x'</style></svg>", "loads something"),
    ("x.svg", b"<!DOCTYPE svg><svg/>", "document type"),
    ("x.svg", b"<svg>", "not well-formed"),
    ("x.svg", b"<svg><foreignObject/></svg>", "contains <foreignObject>"),
]


@pytest.mark.parametrize("form", ["[the link]({})", "![the image]({})"])
def test_a_file_that_could_run_or_is_not_what_it_says_is_refused(tmp_path: Path, form: str) -> None:
    names = [f"{number}/{name}" for number, (name, _, _) in enumerate(REFUSED)]
    with_link(tmp_path, "\n\n".join(form.format(name) for name in names))
    for name, (_, content, _) in zip(names, REFUSED, strict=True):
        (tmp_path / "content" / name).parent.mkdir()
        (tmp_path / "content" / name).write_bytes(content)
    found = build_site(tmp_path).diagnostics
    assert [(problem.code, problem.line) for problem in found] == [
        ("W204", 6 + 2 * n) for n in range(len(names))
    ]
    for problem, name, (_, _, reason) in zip(found, names, REFUSED, strict=True):
        assert problem.message.startswith(f"content/{name} ") and reason in problem.message
    assert not (tmp_path / "site/files").exists()


def test_files_that_nothing_links_stay_at_home(tmp_path: Path) -> None:
    build_site(with_link(tmp_path, "nothing"))
    assert not (tmp_path / "site/files").exists()


def test_a_file_is_published_once_and_goes_with_its_last_link(tmp_path: Path) -> None:
    build_site(with_link(tmp_path, "[a](log.txt) ![b](2024-03-03-bundle/graph.svg) [c](./log.txt)"))
    published = {path for path in tree(tmp_path / "site") if path.startswith("files/")}
    assert published == {"files/content/log.txt", "files/content/2024-03-03-bundle/graph.svg"}
    build_site(with_link(tmp_path, "[a](log.txt)"))
    assert {path for path in tree(tmp_path / "site") if path.startswith("files/")} == {
        "files/content/log.txt"
    }
    write_files(tmp_path, "-- content/log.txt --\nchanged\n")
    build_site(tmp_path)
    assert (tmp_path / "site/files/content/log.txt").read_text() == "changed\n"


@pytest.mark.parametrize(
    "hidden", ["visibility: internal", "visibility: restricted", "visibility: public\nstatus: draft"]
)
def test_a_link_to_a_hidden_document_is_as_if_it_did_not_exist(tmp_path: Path, hidden: str) -> None:
    """The public site's bytes and problems are the same with and without the hidden document."""
    text = SITE.replace("LINK", "[the link](2024-02-02-b.md#what-happened)")
    text = text.replace("SEV2", f"SEV2\n{hidden}").replace(
        "Links\n", "Links\naudience: public\ndefaults: {visibility: public}\n"
    )
    sites = []
    for name in ("with", "without"):
        write_files(tmp_path / name, text)
        if name == "without":
            (tmp_path / name / "content/2024-02-02-b.md").unlink()
        report = build_site(tmp_path / name)
        assert codes(report) == ["W201"]
        assert href(tmp_path / name, "the link") is None
        sites.append((problems(report), tree(tmp_path / name / "site")))
    assert sites[0] == sites[1]


def test_files_of_hidden_documents_and_blocks_do_not_travel(tmp_path: Path) -> None:
    text = SITE.replace("Links\n", "Links\naudience: public\ndefaults: {visibility: public}\n")
    text = text.replace("LINK", "<!-- internal -->[a](log.txt)<!-- /internal -->").replace(
        "UP", "[b](data%20(1).csv)"
    )
    write_files(tmp_path, text.replace("SEV4", "SEV4\nvisibility: internal"))
    for audience, expected in (
        ("internal", ["files/content/log.txt", "files/content/team/data (1).csv"]),
        ("public", []),
    ):
        assert problems(build_site(tmp_path, audience=audience, output=audience)) == []
        assert [path for path in tree(tmp_path / audience) if path.startswith("files/")] == expected


def test_links_follow_when_the_targets_id_changes(tmp_path: Path) -> None:
    with_link(tmp_path, "[the link](2024-02-02-b.md)")
    build_site(tmp_path)
    target = tmp_path / "content/2024-02-02-b.md"
    target.write_text(target.read_text().replace("severity", "id: renamed\nseverity"))
    report = build_site(tmp_path)
    assert problems(report) == []
    assert href(tmp_path, "the link") == "../../incidents/renamed/index.html"
    assert not (tmp_path / "site/incidents/2024-02-02-b").exists()
    target.unlink()
    assert codes(build_site(tmp_path)) == ["W201"]
    assert href(tmp_path, "the link") is None


def test_an_anchor_is_checked_again_when_its_heading_changes(tmp_path: Path) -> None:
    with_link(tmp_path, "[the link](2024-02-02-b.md#what-happened)")
    assert problems(build_site(tmp_path)) == []
    target = tmp_path / "content/2024-02-02-b.md"
    target.write_text(target.read_text().replace("What happened", "Events"))
    assert codes(build_site(tmp_path)) == ["W202"]


def test_a_document_cannot_write_the_placeholders_of_links(tmp_path: Path) -> None:
    build_site(
        with_link(
            tmp_path,
            '[a](pmsite-link:0) <a href="pmsite-link:1">b</a> <img src="pmsite-link:0"> [c](log.txt)',
        )
    )
    page = (tmp_path / "site/incidents/2024-01-01-a/index.html").read_text()
    assert "pmsite-link" not in page and page.count("files/content/log.txt") == 1


# Every link of every page.


def links_of(page: str, content: bytes) -> list[str]:
    """Everything that a page refers to, feeds and sitemaps included."""
    document = LexborHTMLParser(content.decode())
    found = [node.attributes[name] or "" for name in ("href", "src") for node in document.css(f"[{name}]")]
    if page.endswith(".html"):
        refresh = document.css('meta[http-equiv="refresh"]')
        found += [(node.attributes["content"] or "").partition("url=")[2] for node in refresh]
    return found + [node.text() for node in document.css("loc")]


def broken(site: Path, base: str = BASE) -> list[str]:
    """Links within the site that lead to no file, to no element, or out of the site's folder."""
    files = tree(site)
    ids: dict[str, set[str]] = {}
    for path, content in files.items():
        if path.endswith(".html"):
            ids[path] = {
                node.attributes["id"] or "" for node in LexborHTMLParser(content.decode()).css("[id]")
            }
    wrong = []
    for path, content in files.items():
        for link in links_of(path, content) if path.endswith((".html", ".xml")) else ():
            address = urljoin(base + path, link)
            if not address.startswith(base):
                if re.match(r"/[^/]|\.", link) or urlsplit(address).netloc == urlsplit(base).netloc:
                    wrong.append(f"{path}: {link} leaves the site")
                continue
            target, _, anchor = address.removeprefix(base).partition("#")
            name = unquote(target) + ("index.html" if not target or target.endswith("/") else "")
            if name not in files:
                wrong.append(f"{path}: {link} leads to nothing")
            elif anchor and anchor != "top" and name.endswith(".html") and unquote(anchor) not in ids[name]:
                wrong.append(f"{path}: {link} has no such anchor")
    return wrong


@pytest.mark.parametrize("base_url", [BASE.rstrip("/"), ""])
@pytest.mark.parametrize(
    "given",
    [{}, {"audience": "public", "output": "site", "defaults": {"visibility": "public"}}, {"theme": "paper"}],
)
def test_every_link_of_every_page_leads_to_a_file(
    tmp_path: Path, base_url: str, given: dict[str, object]
) -> None:
    """Below any path: links resolve against an address with a path of its own and never leave it."""
    write_files(tmp_path, ARCHIVE.replace("base_url: https://example.org/pm\n", f"base_url: '{base_url}'\n"))
    build_site(tmp_path, **given)
    site = tmp_path / "site"
    assert broken(site) == []
    links = {page: links_of(page, content) for page, content in tree(site).items() if page.endswith(".html")}
    assert len(links) > 20 and sum(map(len, links.values())) > 500
    if not base_url:
        assert not [link for found in links.values() for link in found if link.startswith(BASE)]
    (site / "incidents/2024-01-10-first/index.html").unlink()  # the checker itself can fail
    assert broken(site)


def test_links_between_pages_end_in_index_html_so_that_they_work_from_a_disk(tmp_path: Path) -> None:
    build_site(write_files(tmp_path, ARCHIVE))
    for page, content in tree(tmp_path / "site").items():
        if page.endswith(".html") and page != "404.html":
            body = LexborHTMLParser(content.decode()).css("body a[href]")
            local = [
                node.attributes["href"] or "" for node in body if not urlsplit(node.attributes["href"]).scheme
            ]
            assert local
            for link in local:
                assert not link.startswith("/") and not link.partition("#")[0].endswith("/"), (page, link)


def test_pagination_of_long_lists_is_linked_through(tmp_path: Path) -> None:
    documents = "".join(
        f"-- content/2024-01-{day:02d}-x.md --\n---\nseverity: SEV1\n---\n" for day in range(1, 18)
    )
    write_files(tmp_path, f"-- pmsite.yaml --\npage_size: 5\n{documents}")
    build_site(tmp_path)
    site = tmp_path / "site"
    assert broken(site) == []
    assert (site / "incidents/page/4/index.html").is_file() and (
        site / "severity/sev1/page/4/index.html"
    ).is_file()
    seen, page = set(), "incidents/index.html"
    while page:
        document = LexborHTMLParser((site / page).read_text())
        seen |= {node.attributes["href"] for node in document.css("main a[href*='-x/index.html']")}
        following = document.css_first('a[rel="next"]')
        page = urljoin(page, following.attributes["href"]) if following else ""
    assert len({(link or "").rpartition("incidents/")[2] for link in seen}) == 17


# Each line has one fault; `?` stands for a target that leads nowhere.
_FORMS = (
    "[a](?)",
    '[a](? "title")',
    "[a](<?>)",
    "**[a](?)**",
    "- [a](?)",
    "1. [a](?)",
    "> [a](?)",
    "### [a](?)",
    "- [ ] [a](?)",
    "[`code`](?)",
    "[![b](https://example.org/b.png)](?)",
    '<a href="?">a</a>',
)
_ODD = ("| a | b |\n|---|---|\n| c | [a](?) |", "[a][ref]\n\n[ref]: ?", "Note.[^n]\n\n[^n]: See [a](?).")
_FAULTS = [
    *((form, target, code) for form in _FORMS for target, code in (("x.md", "W201"), ("#nowhere", "W202"))),
    *((form, "2024-02-02-b.md#nowhere", "W202") for form in _FORMS[:5]),
    *((form, "../../up.md", "W201") for form in _FORMS[:3]),
    *((f"!{form}", "missing.png", "W203") for form in _FORMS[:3]),
    ('<img src="?" alt="a">', "missing.png", "W203"),
    ("- ![a](?)", "missing.png", "W203"),
    *((form, "x.md", "W201") for form in _ODD),
]


@pytest.mark.parametrize(
    "flags", [(), ("-q", "--strict"), ("-v",), ("--strict",)], ids=["", "quiet", "verbose", "strict"]
)
def test_forty_faults_are_found_whatever_is_printed(tmp_path: Path, flags: tuple[str, ...]) -> None:
    """Faults of links in every form that Markdown has for them, each named once, at a line of its own form."""
    assert len(_FAULTS) == 40
    text, expected = "", []
    for form, target, code in _FAULTS:
        first = text.count("\n") + 6
        text += (
            form.replace("?", target).replace("ref]", f"ref{first}]").replace("^n]", f"^n{first}]") + "\n\n"
        )
        expected.append((code, range(first, text.count("\n") + 6)))
    with_link(tmp_path, text)
    done = pmsite("check", "--output-format", "concise", *flags, cwd=tmp_path)
    found = re.findall(r"content/2024-01-01-a\.md:(\d+):\d+: (W20\d) ", done.stdout + done.stderr)
    assert len(found) == 40, done.stdout + done.stderr
    for (line, code), (expected_code, lines) in zip(found, expected, strict=True):
        assert code == expected_code and int(line) in lines, (line, code, lines)
