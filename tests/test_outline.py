"""The walk over a document's HTML: title, anchors as GitHub makes them, links with their places, finished elements."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmsite.config import MarkdownConfig
from pmsite.diagnostics import Position
from pmsite.source.document import DocumentLink, Heading
from pmsite.source.highlight import highlighted
from pmsite.source.link_places import LinkPlaces
from pmsite.source.markup import converter
from pmsite.source.outline import Anchors, Outline, outline

GITHUB = converter(MarkdownConfig("github"))


def shape(text: str, *, title: str = "", first_line: int = 1, keep_remote_images: bool = False) -> Outline:
    return outline(
        GITHUB(text),
        LinkPlaces(text, first_line),
        title=title,
        keep_remote_images=keep_remote_images,
        highlight=highlighted,
    )


def places(text: str) -> list[tuple[str, int, int]]:
    return [(link.target, link.line, link.column) for link in shape(text).links]


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("Timeline", "timeline"),
        ("Root Cause", "root-cause"),
        ("What went well?", "what-went-well"),
        ("Where we got lucky!!!", "where-we-got-lucky"),
        ("A, B & C", "a-b--c"),
        ("`code` and *emphasis*", "code-and-emphasis"),
        ("snake_case-and-hyphens", "snake_case-and-hyphens"),
        ("1.2.3 (2023-10-07)", "123-2023-10-07"),
        ("10:00 – 12:00", "1000--1200"),
        ("Ünïcode", "ünïcode"),
        ("タイムライン", "タイムライン"),
        ("根本原因：容量", "根本原因容量"),
        ("Хронология", "хронология"),
        ("🔥 Fire", "-fire"),
        ("Fire 🔥", "fire-"),
        ("C++ / C#", "c--c"),
        ("[Link](other.md) text", "link-text"),
        ("5 Whys", "5-whys"),
        ("-", "-"),
    ],
)
def test_anchors_are_githubs(heading: str, anchor: str) -> None:
    assert [item.anchor for item in shape(f"## {heading}\n").headings] == [anchor]


@pytest.mark.parametrize(
    ("headings", "anchors"),
    [
        (["A", "A", "A"], ["a", "a-1", "a-2"]),
        (["A", "A-1", "A"], ["a", "a-1", "a-2"]),
        (["A", "A", "A-1"], ["a", "a-1", "a-1-1"]),
        (["A", "a", "A!"], ["a", "a-1", "a-2"]),
        (["🔥🔥", "🔥🔥"], ["section", "section-1"]),
        (["pm-timeline"], ["section-pm-timeline"]),
    ],
)
def test_anchors_are_unique(headings: list[str], anchors: list[str]) -> None:
    text = "".join(f"## {heading}\n\n" for heading in headings)
    assert [item.anchor for item in shape(text).headings] == anchors


@settings(deadline=None, max_examples=100)
@given(
    st.lists(st.text("aA1- _!é", max_size=4), max_size=8), st.sets(st.sampled_from(["a", "a-1", "section"]))
)
def test_anchors_never_repeat_and_never_take_what_is_taken(texts: list[str], taken: set[str]) -> None:
    anchors = Anchors(set(taken))
    made = [anchors.add(text) for text in texts]
    assert len(set(made)) == len(made)
    assert not set(made) & taken
    assert all(anchor and not anchor.startswith("pm-") and not re.search(r"\s", anchor) for anchor in made)


def test_headings_in_order_with_their_levels() -> None:
    found = shape("# Title\n\n## A\n\n#### B *c*\n\n### D\n")
    assert found.headings == (Heading(2, "A", "a"), Heading(4, "B c", "b-c"), Heading(3, "D", "d"))
    assert found.anchors == ("a", "b-c", "d")


@pytest.mark.parametrize(
    ("text", "given_title", "title", "levels"),
    [
        ("# T\n\n## A\n", "", "T", [2]),
        ("# T\n\n## A\n", "t", "t", [2]),
        ("# T\n\n## A\n", "Other", "Other", [2, 3]),
        ("# T\n\n# U\n\n## A\n\n###### B\n", "", "T", [2, 3, 6]),
        ("## A\n", "", "", [2]),
        ("## A\n\n# T\n", "", "T", [2]),
        ("<h1 align=\"center\">T</h1>\n\n## A\n", "", "T", [2]),
        ("# ![](x.png)\n\n# T\n", "", "", [2, 2]),
        ("###### B\n\n# U\n\n# V\n", "V", "V", [6, 2, 2]),
    ],
)  # fmt: skip
def test_the_page_has_one_h1_and_it_is_not_in_the_prose(
    text: str, given_title: str, title: str, levels: list[int]
) -> None:
    found = shape(text, title=given_title)
    assert found.title == title
    assert "<h1" not in found.html
    if "![]" not in text:
        assert [item.level for item in found.headings] == levels


def test_lowered_headings_keep_what_they_hold() -> None:
    found = shape('# T\n\n<h1 id="own" align="center">A <em>b</em></h1>\n\n## [l](x.md)\n')
    assert '<h2 id="own" class="pm-align-center">A <em>b</em></h2>' in found.html
    assert re.search(r'<h3 id="l"><a href="pmsite-link:0">l</a></h3>', found.html)


def test_empty_headings_go_and_images_in_headings_stay() -> None:
    found = shape("# T\n\n## \n\n## ![a](x.png)\n")
    assert found.headings == ()
    assert found.html.count("<h2") == 1 and "<img" in found.html


def test_links_become_placeholders_with_their_places() -> None:
    text = 'Words [a](one.md) and\n[b](two.md#x "t").\n\n![c](three.png)\n\n- [d](#here)\n'
    found = shape(text, first_line=10)
    by_target = {link.target: link for link in found.links}
    assert by_target == {
        "one.md": DocumentLink("one.md", 10, 11),
        "two.md#x": DocumentLink("two.md#x", 11, 5),
        "three.png": DocumentLink("three.png", 13, 6, is_image=True),
        "#here": DocumentLink("#here", 15, 7),
    }
    for number, link in enumerate(found.links):
        attribute = "src" if link.is_image else "href"
        assert f'{attribute}="pmsite-link:{number}"' in found.html
    assert not any(f'"{link.target}"' in found.html for link in found.links)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[a](x.md)\n\n[b](x.md)\n", [("x.md", 1, 5), ("x.md", 3, 5)]),
        ("[a](my%20file.md)\n", [("my%20file.md", 1, 5)]),
        ("[a](<my file.md>)\n", [("my%20file.md", 1, 6)]),
        ("[a](日本.md)\n", None),
        ("[a](x.md?a=1&b=2)\n", [("x.md?a=1&b=2", 1, 5)]),
        ("[a][r]\n\n[r]: x.md\n", [("x.md", 3, 6)]),
        ('<a href="x.md">a</a>\n', [("x.md", 1, 10)]),
        ("See x.md.\n\n[a](x.md)\n", [("x.md", 3, 5)]),
        ("`x.md`\n\n[a](x.md)\n", [("x.md", 3, 5)]),
        (
            "[a](index.md)\n\n[b](x.md)\n\n[c](dex.md)\n",
            [("index.md", 1, 5), ("x.md", 3, 5), ("dex.md", 5, 5)],
        ),
        ("[a](xx.md)\n\n[b](x.md)\n", [("xx.md", 1, 5), ("x.md", 3, 5)]),
        ("[b](yx.md)\n\n[a](x.md)\n\n[c](yx.md)\n", [("yx.md", 1, 5), ("x.md", 3, 5), ("yx.md", 5, 5)]),
    ],
)
def test_where_links_stand(text: str, expected: list[tuple[str, int, int]] | None) -> None:
    found = places(text)
    if expected is None:
        assert [(line, column) for _, line, column in found] == [(1, 5)]
    else:
        assert found == expected


def test_links_around_an_image_keep_their_own_lines() -> None:
    found = shape("[a](x.md)\n\n![i](i.png)\n\n[b](x.md)\n")
    lines = {
        name: found.links[int(number)].line
        for number, name in re.findall(r'href="pmsite-link:(\d+)">(\w)', found.html)
    }
    assert lines == {"a": 1, "b": 5}


def test_a_link_and_an_image_of_the_same_file_keep_their_own_lines() -> None:
    found = shape("[a](x.png)\n\n![i](x.png)\n")
    assert {(link.is_image, link.line) for link in found.links} == {(False, 1), (True, 3)}


@pytest.mark.parametrize("target", ["https://e.example/x", "mailto:a@e.example", "//e.example/x", "tel:112"])
def test_links_elsewhere_stay(target: str) -> None:
    found = shape(f"[a]({target})\n")
    assert found.links == ()
    assert f'href="{target}" rel="noopener noreferrer"' in found.html


@pytest.mark.parametrize(
    "text",
    [
        "[a](pmsite-link:0)",
        "![a](pmsite-link:0)",
        '<a href="pmsite-link:7">a</a>',
        '<a href=" pmsite-link:7 ">a</a>',
        "<img src='pmsite-link:1'>",
    ],
)
def test_a_document_cannot_write_a_placeholder(text: str) -> None:
    found = shape(text + "\n")
    assert "pmsite-link" not in found.html
    assert found.links == ()


def test_links_within_the_site_need_no_rel() -> None:
    assert shape("[a](x.md)\n").html == '<p><a href="pmsite-link:0">a</a></p>\n'


@pytest.mark.parametrize(
    ("text", "html"),
    [
        (
            "![Graph](https://e.example/x.png)\n",
            '<p><a class="pm-remote-image" href="https://e.example/x.png" rel="noopener noreferrer">Graph (e.example)</a></p>\n',
        ),
        (
            "![](//e.example/x.png)\n",
            '<p><a class="pm-remote-image" href="//e.example/x.png" rel="noopener noreferrer">image (e.example)</a></p>\n',
        ),
        (
            "[![Build](https://e.example/x.svg)](x.md)\n",
            '<p><a href="pmsite-link:0">Build (e.example)</a></p>\n',
        ),
        (
            '![<b> & "](https://e.example/?a=1&b=2)\n',
            '<p><a class="pm-remote-image" href="https://e.example/?a=1&amp;b=2" rel="noopener noreferrer">&lt;b&gt; &amp; " (e.example)</a></p>\n',
        ),
        ("![gone](javascript:x)\n", "<p>gone</p>\n"),
    ],
)
def test_remote_images_become_labelled_links(text: str, html: str) -> None:
    assert shape(text).html == html


def test_remote_images_can_be_kept() -> None:
    html = shape("![a](https://e.example/x.png)\n", keep_remote_images=True).html
    assert 'src="https://e.example/x.png"' in html
    assert 'loading="lazy"' in html and 'referrerpolicy="no-referrer"' in html


@pytest.mark.parametrize("target", ["//[x", "//[::1/x.png", "//ex℀mple/x.png"])
@pytest.mark.parametrize("keep", [True, False])
def test_an_impossible_host_is_no_trouble(target: str, keep: bool) -> None:
    assert "words" in shape(f'<img src="{target}" alt="a"> words\n', keep_remote_images=keep).html


def test_local_images_are_lazy_have_a_text_and_honest_sizes() -> None:
    html = shape('![](x.png)\n\n<img src="y.png" width="20" height="50%">\n').html
    assert '<img src="pmsite-link:0" alt="" loading="lazy">' in html
    assert 'width="20"' in html and "height" not in html


def test_tables_scroll_in_a_region_of_their_own() -> None:
    html = shape("| a |\n|--:|\n| 1 |\n").html
    assert html.startswith('<div class="pm-table" role="region" aria-label="Table" tabindex="0"><table>')
    assert html.rstrip().endswith("</table></div>")
    assert '<td class="pm-align-right">1</td>' in html
    assert shape("| a |\n|--|\n\nx\n\n| b |\n|--|\n").html.count('class="pm-table"') == 2


def test_boxes_of_tasks_become_marks_with_a_name() -> None:
    html = shape("- [x] a\n- [ ] b\n").html
    assert "<input" not in html
    assert re.findall(r'<span class="([^"]+)" role="img" aria-label="([^"]+)"></span> (\w)', html) == [
        ("pm-task pm-done", "done", "a"),
        ("pm-task", "not done", "b"),
    ]


def test_code_is_highlighted_and_can_be_reached_by_keyboard() -> None:
    html = shape("```python\nx = 1\n```\n").html
    assert html.startswith(
        '<pre class="pm-code" tabindex="0"><code class="language-python">x <span class="o">=</span>'
    )
    assert (
        shape("```\n<b>\n```\n").html == '<pre class="pm-code" tabindex="0"><code>&lt;b&gt;\n</code></pre>\n'
    )
    assert '&lt;<span class="nt">script</span>&gt;' in shape("```html\n<script>\n```\n").html


def test_code_in_a_language_that_nobody_highlights_is_shown_as_it_was_written() -> None:
    html = shape("```nonsense\n<b> &amp;\n```\n").html
    assert html == '<pre class="pm-code" tabindex="0"><code>&lt;b&gt; &amp;amp;\n</code></pre>\n'


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<p id="pm-main">x</p>', "<p>x</p>"),
        ('<p id="a b">x</p>', '<p id="a-b">x</p>'),
        ('<p id="">x</p>', "<p>x</p>"),
        ('<p id="a">x</p><p id="a">y</p>', '<p id="a">x</p><p>y</p>'),
        ('<a name="here">x</a>', '<p><a id="here">x</a></p>'),
        ('<a name="pm-here">x</a>', "<p><a>x</a></p>"),
        ('<p class="pm-hidden note site-header">x</p>', '<p class="note">x</p>'),
        ('<p class="pm-hidden">x</p>', "<p>x</p>"),
        ('<p align="center">x</p>', '<p class="pm-align-center">x</p>'),
        ('<p align="left">x</p>', "<p>x</p>"),
        ('<p align="x onload">x</p>', "<p>x</p>"),
    ],
)
def test_ids_and_classes_of_documents_cannot_touch_the_themes(html: str, expected: str) -> None:
    assert shape(html + "\n").html.strip() == expected


def test_styles_go_and_alignment_becomes_a_class() -> None:
    html = shape(
        '<table><tr><td style="text-align:right">x</td><td style="text-align: center;color:red">y</td></tr></table>\n'
    ).html
    assert '<td class="pm-align-right">x</td><td class="pm-align-center">y</td>' in html
    assert "style" not in html


def test_ids_of_documents_come_first_and_headings_make_room() -> None:
    found = shape('<a name="timeline"></a>\n\n## Timeline\n')
    assert found.anchors == ("timeline", "timeline-1")


def test_footnotes_keep_their_anchors() -> None:
    found = shape("Text[^1].\n\n[^1]: Note.\n")
    assert {link.target for link in found.links} == {"#fn-1", "#fnref-1"}
    assert {"fn-1", "fnref-1"} <= set(found.anchors)


@pytest.mark.parametrize(
    ("text", "excerpt"),
    [
        ("# T\n\nShort.\n\nThis paragraph is long enough to say something useful.\n", "This paragraph is long enough to say something useful."),
        ("Short.\n", ""),
        ("- A list item that is long enough but is no running text at all\n", ""),
        ("A *paragraph*\nover `two` lines & <b>more</b> than enough.\n", "A paragraph over two lines & more than enough."),
    ],
)  # fmt: skip
def test_the_excerpt_is_the_first_running_text(text: str, excerpt: str) -> None:
    assert shape(text).excerpt == excerpt


def test_a_long_excerpt_ends_at_a_word() -> None:
    excerpt = shape("word " * 200).excerpt
    assert excerpt.endswith("word …") and len(excerpt) <= 302


def test_positions_of_what_cannot_be_found_are_the_documents_first_line() -> None:
    assert LinkPlaces("abc", 7).find("xyz") == Position(7, 1)
    assert LinkPlaces("abc", 7).find("") == Position(7, 1)
    assert LinkPlaces("ab\ncd", 7).find("d") == Position(8, 2)


@settings(deadline=None, max_examples=120)
@given(
    st.lists(
        st.sampled_from(
            ["# A", "## A", "<h1>", "</h1>", "[a](x.md)", "![i](x.png)", "[b](y.md#z)", "| a |\n|---|", "- [x] t", "> [!NOTE]", "```python\nx\n```",
             "<p id=a align=right>", "![r](https://e.example/x)", "[f]: x.md", "[^1]", "[^1]: n", "<div class='pm-x'>", "words", "<details>", "<a name=pm-a>"]
        ),
        max_size=10,
    ),
    st.sampled_from(["", "A"]),
)  # fmt: skip
def test_whatever_a_document_holds(lines: list[str], title: str) -> None:
    text = "\n\n".join(lines)
    found = shape(text, title=title, first_line=5)
    assert "<h1" not in found.html and "style=" not in found.html and "<input" not in found.html
    assert len(set(found.anchors)) == len(found.anchors)
    assert not [anchor for anchor in found.anchors if anchor.startswith("pm-")]
    assert {item.anchor for item in found.headings} <= set(found.anchors)
    numbers = {int(number) for number in re.findall(r"pmsite-link:(\d+)", found.html)}
    assert numbers == set(range(len(found.links)))
    source = text.split("\n")
    for link in found.links:
        if not link.target.startswith("#fn"):
            assert link.target in source[link.line - 5]


def test_places_of_links_are_found_in_linear_time() -> None:
    """Each of a target's places is given once; a definition far below does not hide what stands before it."""
    count = 20_000
    text = "\n".join(["[a](x.md) [b][r]"] * count) + "\n\n[r]: x.md\n"
    places = LinkPlaces(text, 1)
    found = [places.find("x.md") for _ in range(2 * count)]
    assert found[:count] == [Position(line, 5) for line in range(1, count + 1)]
    assert set(found[count:]) == {Position(count + 2, 6)}
    nowhere = LinkPlaces(text, 1)
    assert {nowhere.find(f"{number}.md") for number in range(count)} == {Position(1)}
