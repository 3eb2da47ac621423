"""Markdown to safe HTML: what both flavours promise, what GitHub's dialect adds, and nothing that runs."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmsite.config import MarkdownConfig
from pmsite.source.markup import Converter, converter, github_html

GITHUB = converter(MarkdownConfig("github"))
PYTHON = converter(MarkdownConfig("python"))
both = pytest.mark.parametrize("convert", [GITHUB, PYTHON], ids=["github", "python"])


def squeezed(html: str) -> str:
    """The HTML without line breaks between tags and without what the sanitiser adds to every link."""
    return re.sub(r">\s+<", "><", html.replace(' rel="noopener noreferrer"', "")).strip()


@both
@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# A\n\n## B `c`\n", "<h1>A</h1><h2>B <code>c</code></h2>"),
        ("one\n\ntwo\n", "<p>one</p><p>two</p>"),
        ("*a* **b** ~~c~~ `d`\n", "<p><em>a</em><strong>b</strong><del>c</del><code>d</code></p>"),
        ("- a\n- b\n", "<ul><li>a</li><li>b</li></ul>"),
        ("1. a\n2. b\n", "<ol><li>a</li><li>b</li></ol>"),
        ("> a\n", "<blockquote><p>a</p></blockquote>"),
        ("---\n", "<hr>"),
        ("[a](b.md)\n", '<p><a href="b.md">a</a></p>'),
        ("[a](b.md#c \"d\")\n", '<p><a href="b.md#c" title="d">a</a></p>'),
        ("[a][r]\n\n[r]: b.md\n", '<p><a href="b.md">a</a></p>'),
        ("<https://e.example>\n", '<p><a href="https://e.example">https://e.example</a></p>'),
        ("https://e.example/x\n", '<p><a href="https://e.example/x">https://e.example/x</a></p>'),
        ("a<!-- hidden -->b\n", "<p>ab</p>"),
        ("`<b>` &amp; &lt;\n", "<p><code>&lt;b&gt;</code> &amp; &lt;</p>"),
        ("<kbd>x</kbd> <sub>y</sub>\n", "<p><kbd>x</kbd><sub>y</sub></p>"),
        (
            "| a | b |\n|---|--:|\n| 1 | 2 |\n",
            '<table><thead><tr><th>a</th><th align="right">b</th></tr></thead>'
            '<tbody><tr><td>1</td><td align="right">2</td></tr></tbody></table>',
        ),
    ],
)  # fmt: skip
def test_what_both_flavours_make_of_markdown(convert: Converter, text: str, html: str) -> None:
    assert squeezed(convert(text)) == html


@both
def test_images(convert: Converter) -> None:
    html = convert("![a](b.png)\n")
    assert 'src="b.png"' in html and 'alt="a"' in html


@both
@pytest.mark.parametrize("code", ["print(1)\n", "a < b && c > d\n", "- x\n\n  y\n"])
def test_fenced_code_keeps_its_text_and_language(convert: Converter, code: str) -> None:
    html = convert(f"```python\n{code}```\n")
    found = re.search(r'<pre[^>]*><code class="language-python">(.*?)</code></pre>', html, re.DOTALL)
    assert found is not None
    from html import unescape

    assert unescape(found[1]).rstrip("\n") == code.rstrip("\n")


@both
def test_code_without_language(convert: Converter) -> None:
    for text in ("```\na\n```\n", "text\n\n    a\n"):
        assert re.search(r"<pre[^>]*><code>a\n?</code></pre>", convert(text))


@both
def test_task_lists(convert: Converter) -> None:
    html = convert("- [x] done\n- [ ] open\n")
    assert re.findall(r"<input[^>]*>", html) == [
        '<input type="checkbox" checked="">',
        '<input type="checkbox">',
    ]


@both
def test_footnotes_lead_there_and_back(convert: Converter) -> None:
    html = convert("Text[^1].\n\n[^1]: The note.\n")
    assert "The note." in html
    targets = re.findall(r'href="#([^"]+)"', html)
    assert len(targets) == 2
    for target in targets:
        assert f'id="{target}"' in html


@both
def test_a_converter_forgets_the_document_before(convert: Converter) -> None:
    convert("[a]: one.md\n\n[^1]: note\n\nx[^1]\n")
    assert "href" not in convert("[a]\n")
    first = convert("x[^1]\n\n[^1]: note\n")
    assert convert("x[^1]\n\n[^1]: note\n") == first


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("words\n- a\n- b\n", "<p>words</p><ul><li>a</li><li>b</li></ul>"),
        ("1. a\n   - b\n", "<ol><li>a\n<ul><li>b</li></ul></li></ol>"),
        ("- a\n  - b\n", "<ul><li>a\n<ul><li>b</li></ul></li></ul>"),
        ("www.e.example\n", '<p><a href="http://www.e.example">www.e.example</a></p>'),
        ("me@e.example\n", '<p><a href="mailto:me@e.example">me@e.example</a></p>'),
        ("a~~b~~c\n", "<p>a<del>b</del>c</p>"),
        ("snake_case_word\n", "<p>snake_case_word</p>"),
        ("a\\\nb\n", "<p>a<br>b</p>"),
        ("a  \nb\n", "<p>a<br>b</p>"),
        ("a\nb\n", "<p>a\nb</p>"),
        ("~~~js\na\n~~~\n", '<pre><code class="language-js">a\n</code></pre>'),
        ("a | b\n--|--\n1 | 2\n", "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>"),
        ("<details><summary>s</summary>\n\n**b**\n\n</details>\n", "<details><summary>s</summary><p><strong>b</strong></p></details>"),
        ("{.class} text {#id}\n", "<p>{.class} text {#id}</p>"),
        (":warning: the ratio is 3:1 at 10:20:30, `:x:`", "<p>⚠️ the ratio is 3:1 at 10:20:30, <code>:x:</code></p>"),
    ],
)  # fmt: skip
def test_githubs_dialect(text: str, html: str) -> None:
    assert squeezed(GITHUB(text)).replace("<br>\n", "<br>") == html


@pytest.mark.parametrize("kind", ["NOTE", "TIP", "IMPORTANT", "WARNING", "CAUTION"])
def test_githubs_alerts(kind: str) -> None:
    html = GITHUB(f"> [!{kind}]\n> Mind this.\n")
    assert f'class="markdown-alert markdown-alert-{kind.lower()}"' in html
    assert "Mind this." in html and "[!" not in html


def test_alerts_of_the_other_flavour() -> None:
    assert 'class="admonition note"' in PYTHON("> [!NOTE]\n> Mind this.\n")
    assert 'class="admonition warning"' in PYTHON("!!! warning\n    Mind this.\n")


def test_the_sites_own_extensions_replace_the_built_in_ones() -> None:
    plain = converter(MarkdownConfig("python", ({"toc": {"anchorlink": True}},)))
    assert '<a class="toclink" href="#a"' in plain("# A\n")
    assert "<table" not in plain("| a |\n|---|\n| 1 |\n")


class Finder(HTMLParser):
    """Notes every tag and attribute, as a browser's tokenizer would see them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


_TAGS = {"script", "style", "iframe", "frame", "object", "embed", "form", "button", "textarea", "select", "svg", "math", "base",
         "meta", "link", "video", "audio", "source", "template", "portal", "applet", "marquee", "dialog", "slot", "noscript"}  # fmt: skip
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_ALLOWED = ("http:", "https:", "mailto:", "tel:", "ftp:", "irc:", "ircs:", "xmpp:")


def dangers(html: str) -> list[str]:
    """What in the HTML could run, load a frame or style, send a form, or leave by an odd URL."""
    finder = Finder()
    finder.feed(html)
    found = sorted(finder.tags & _TAGS)
    for name, value in finder.attributes:
        url = re.sub(r"[\t\n\r]", "", value).strip("".join(map(chr, range(33))))
        if name.startswith("on") or name in (
            "srcdoc",
            "action",
            "formaction",
            "srcset",
            "xlink:href",
            "ping",
            "background",
        ):
            found.append(name)
        elif name == "style" and not re.fullmatch(r"text-align:[^;]*;?", value):
            found.append(f"style={value}")
        elif name in ("href", "src", "cite") and _SCHEME.match(url) and not url.lower().startswith(_ALLOWED):
            found.append(f"{name}={value}")
    return found


_VECTORS = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//e.example/x.js></sCrIpT>",
    "<script\n>alert(1)</script\n>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<img src=x OnErRoR='alert(1)'>",
    "<img/src=x/onerror=alert(1)>",
    "<img src='x'onerror='alert(1)'>",
    '<img """><script>alert(1)</script>">',
    "<img src=javascript:alert(1)>",
    "<img src='data:text/html,<script>alert(1)</script>'>",
    "<img srcset='javascript:alert(1) 1x'>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
    "<math href='javascript:alert(1)'>x</math>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=javascript:alert(1)></object>",
    "<embed src=javascript:alert(1)>",
    "<form action=javascript:alert(1)><button>x</button></form>",
    "<form id=f></form><button form=f formaction=javascript:alert(1)>x</button>",
    "<input type=image src=x onerror=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)><summary>x</summary></details>",
    "<body onload=alert(1)>",
    "<base href=javascript:alert(1)//>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<link rel=stylesheet href=//e.example/x.css>",
    "<style>@import '//e.example/x.css';</style>",
    "<p style='background:url(javascript:alert(1))'>x</p>",
    "<td style='text-align:center;position:fixed'>x</td>",
    "<table><tr><td style=\"text-align:expression(alert(1))\">x</td></tr></table>",
    "<div style=position:fixed;inset:0>x</div>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href='  javascript:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='java&#10;script:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='&#x6A&#x61vascript&colon;alert(1)'>x</a>",
    "<a href='\x01javascript:alert(1)'>x</a>",
    "<a href=JaVaScRiPt:alert(1)>x</a>",
    "<a href=vbscript:msgbox(1)>x</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD4='>x</a>",
    "<a href=file:///etc/passwd>x</a>",
    "<a href='blob:https://e.example/x'>x</a>",
    "<a href=# onclick=alert(1) onmouseover=alert(1)>x</a>",
    "<a href=x ping=https://e.example>x</a>",
    "<video><source onerror=alert(1)></video>",
    "<audio src=x onerror=alert(1)>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<p title='</p><script>alert(1)</script>'>x</p>",
    "<!--><script>alert(1)</script>-->",
    "<!-- --!><img src=x onerror=alert(1)> -->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php <script>alert(1)</script> ?>",
    "<xmp><script>alert(1)</script></xmp>",
    "<plaintext><script>alert(1)</script>",
    "<title><script>alert(1)</script></title>",
    "<textarea><script>alert(1)</script></textarea>",
    "<x onclick=alert(1)>x</x>",
    "<blockquote cite=javascript:alert(1)>x</blockquote>",
    "[x](javascript:alert(1))",
    "[x](JAVASCRIPT:alert(1))",
    "[x](java&#115;cript:alert(1))",
    "[x](<java\tscript:alert(1)>)",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](vbscript:x)",
    "[x](x \"' onclick=alert(1) '\")",
    '[x](x "\\" onclick=\\"alert(1)")',
    "![x](javascript:alert(1))",
    '![x" onerror="alert(1)](x)',
    "![<script>alert(1)</script>](x)",
    "<javascript:alert(1)>",
    "[x]: javascript:alert(1)\n\n[x]",
    "[^x]\n\n[^x]: <script>alert(1)</script>",
    "# <img src=x onerror=alert(1)>",
    "| <script>alert(1)</script> | x |\n|---|---|\n| <img src=x onerror=alert(1)> | y |",
    "```<script>alert(1)</script>\nx\n```",
    '```"onmouseover="alert(1)\nx\n```',
    "`<script>alert(1)</script>`",
    "    <script>alert(1)</script>",
    "> [!NOTE]\n> <script>alert(1)</script>",
    "- [ ] <script>alert(1)</script>",
    "https://e.example/\"onclick=\"alert(1)",
    "x {: onclick=alert(1) }",
    "# x {: onclick=alert(1) style=position:fixed }",
    "[x](y){: onclick=alert(1) href=javascript:alert(1) }",
    "*[abbr]: <script>alert(1)</script>\n\nabbr",
    "!!! note \"<script>alert(1)</script>\"\n    x",
    "<div markdown=1>\n<script>alert(1)</script>\n</div>",
]  # fmt: skip


@both
@pytest.mark.parametrize("vector", _VECTORS)
def test_nothing_in_a_document_runs(convert: Converter, vector: str) -> None:
    for text in (vector, f"before {vector} after", f"<p>{vector}", f"- {vector}"):
        assert dangers(convert(text)) == []


def test_the_vectors_would_run_without_the_sanitiser() -> None:
    """The control: the check above sees danger where there is some."""
    live = [vector for vector in _VECTORS if dangers(github_html(vector))]
    assert len(live) > 30


_PIECES = st.sampled_from(
    ["<", ">", '"', "'", "=", "/", "script", "img", " src=x", " onerror=alert(1)", "javascript:", "<a href=", "[x](", ")", "![", "]",
     "`", "<!--", "-->", "<svg>", "<math>", "<style>", "</style>", "<p title='", "<table><td>", "&colon;", "&#58;", "\n", "\n\n", "x", "|", "{:", "}"]
)  # fmt: skip


@both
@settings(deadline=None, max_examples=120)
@given(st.lists(_PIECES, max_size=14).map("".join))
def test_nothing_runs_however_it_is_put_together(convert: Converter, text: str) -> None:
    assert dangers(convert(text)) == []


@both
@pytest.mark.parametrize(
    ("html", "kept"),
    [
        ('<p align="center">x</p>', '<p align="center">x</p>'),
        ("<details open><summary>s</summary>x</details>", "<details open"),
        ('<img src="a.png" width="20" height="10">', 'width="20"'),
        ('<a name="here"></a>', 'name="here"'),
        ('<ol start="3"><li>x</li></ol>', 'start="3"'),
        ('<time datetime="2023-10-07">x</time>', 'datetime="2023-10-07"'),
        ('<span lang="de" dir="ltr">x</span>', 'lang="de"'),
        ('<a href="tel:112">x</a>', 'href="tel:112"'),
    ],
)
def test_harmless_html_stays(convert: Converter, html: str, kept: str) -> None:
    assert kept in convert(html)


@both
def test_links_send_no_referrer_and_no_opener(convert: Converter) -> None:
    assert 'rel="noopener noreferrer"' in convert("[x](https://e.example)")
    assert 'rel="noopener noreferrer"' in convert(
        '<a href="https://e.example" rel="opener" target="_blank">x</a>'
    )
    assert "target=" not in convert('<a href="https://e.example" target="_blank">x</a>')


@pytest.mark.parametrize(
    "head", ["python", 'python hl_lines="1 2"', 'python linenums="1"', "{.python .annotate}", "python {1,3}"]
)
def test_options_of_fenced_code_leave_it_code(head: str) -> None:
    assert (
        PYTHON(f"```{head}\nx = '<'\n```\n") == "<pre><code class=\"language-python\">x = '&lt;'</code></pre>"
    )


def test_the_title_of_fenced_code_stands_above_it() -> None:
    html = PYTHON('```yaml title="<b>.yaml"\na: 1\n```\n')
    assert html == (
        '<p><strong>&lt;b&gt;.yaml</strong></p><pre><code class="language-yaml">a: 1</code></pre>'
    )


def test_fenced_code_in_a_list_is_in_it() -> None:
    html = PYTHON("- item\n\n    ```bash\n    ls\n    ```\n")
    assert '<pre><code class="language-bash">ls</code></pre>\n</li>' in html


def test_collapsible_notes_and_tabs_keep_their_text() -> None:
    assert '<details class="warning">\n<summary>Why</summary>\n<p>text</p>' in PYTHON(
        '??? warning "Why"\n    text\n'
    )
    html = PYTHON('=== "Before"\n    one\n\n=== "After"\n    two\n')
    assert "<input" not in html
    assert re.sub(r"<[^>]+>|\n", " ", html).split() == ["Before", "one", "After", "two"]
    assert html.count("<p><strong>") == 2
