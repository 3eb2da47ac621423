"""Themes: how templates are found and overridden, what options and templates may be, and what is said if they are not."""

import re
from pathlib import Path

import pytest

from pmsite.config import find_site, with_overrides
from pmsite.diagnostics import ConfigurationError, ContentError, PmsiteError
from pmsite.publishing import check_theme
from pmsite.site.theme import available_themes, copy_template, load_theme
from pmsite.source import collect
from tests.sites import ARCHIVE, ROOT, build_site, pmsite, problems, tree, write_files

SITE = """
-- pmsite.yaml --
title: Themed <site>
-- content/2024-01-01-web.md --
---
title: Tom & <b>Jerry</b>
severity: SEV1
---
## What happened
"""
PAGE = "incidents/2024-01-01-web/index.html"
CHILD = "-- themes/child/theme.yaml --\nname: child\napi: 1\n"
YAML = "-- themes/mine/theme.yaml --\n"
USE_MINE = SITE.replace("title: Themed <site>", "title: Themed\ntheme: mine")


@pytest.fixture(autouse=True)
def _read_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading without a time limit needs no process of its own, which makes hundreds of small sites quick."""
    monkeypatch.setattr(collect, "LIMITS", None)


def page(folder: Path, files: str = "", path: str = PAGE, **given: object) -> str:
    """Build the site with more files and give one of its pages."""
    report = build_site(write_files(folder, SITE + files), **given)
    assert report.ok and report.changes is not None
    return (folder / "site" / path).read_text(encoding="utf-8")


def refused(folder: Path, files: str, **given: object) -> list[str]:
    """The problems that end a build."""
    write_files(folder, files)
    with pytest.raises(PmsiteError) as caught:
        build_site(folder, **given)
    assert not (folder / "site").exists()
    return [
        f"{problem.path}:{problem.line}:{problem.column} {problem.code} {problem.message}"
        for problem in caught.value.diagnostics
    ]


def template_error(folder: Path, source: str) -> list[str]:
    """What is said of a site's own incident.html."""
    return refused(folder, f"{SITE}-- templates/incident.html --\n{source}")


# Lookup.


def test_a_template_of_the_site_wins(tmp_path: Path) -> None:
    assert page(tmp_path, "-- templates/incident.html --\nmine: {{ page.incident.title }}") == (
        "mine: Tom &amp; &lt;b&gt;Jerry&lt;/b&gt;"
    )


@pytest.mark.parametrize("parent", ["!parent/incident.html", "!default/incident.html"])
def test_an_override_may_change_one_block_of_what_it_hides(tmp_path: Path, parent: str) -> None:
    original = page(tmp_path / "a")
    override = (
        f'-- templates/incident.html --\n{{% extends "{parent}" %}}{{% block card %}}MY CARD{{% endblock %}}'
    )
    changed = page(tmp_path / "b", override)
    assert "MY CARD" in changed and "pm-card" in original and "pm-card" not in changed
    assert re.findall("<h1>.*", changed) == re.findall("<h1>.*", original)


def test_parents_are_the_next_layer_each_time(tmp_path: Path) -> None:
    override = '{{% extends "!parent/incident.html" %}}{{% block card %}}{} {{{{ super() }}}}{{% endblock %}}'
    files = (
        f"-- templates/incident.html --\n{override.format('SITE')}"
        f"\n-- themes/one/theme.yaml --\nname: one\nextends: two\napi: 1\n"
        f"-- themes/one/templates/incident.html --\n{override.format('ONE')}"
        f"\n-- themes/two/theme.yaml --\nname: two\nextends: paper\napi: 1\n"
        f"-- themes/two/templates/incident.html --\n{override.format('TWO')}\n"
    )
    html = page(tmp_path, files, theme="one")
    assert re.search(r"SITE ONE TWO\s*<section class=\"pm-card\"", html)
    assert "paper.css" in html
    assert [layer.name for layer in load_theme(site(tmp_path, theme="one")).layers] == [
        "site",
        "one",
        "two",
        "paper",
        "default",
    ]


def site(folder: Path, **given: object):  # type: ignore[no-untyped-def]
    return with_overrides(find_site(None, None, folder), **given)


def test_a_named_layer_is_reached_past_those_above_it(tmp_path: Path) -> None:
    files = (
        f"{CHILD}-- themes/child/templates/incident.html --\nCHILD"
        '\n-- templates/incident.html --\n{% include "!child/incident.html" %} {% include "!default/redirect.html" ignore missing %}'
    )
    write_files(tmp_path, SITE + files)
    assert "CHILD" in page(
        tmp_path, files.replace(' {% include "!default/redirect.html" ignore missing %}', ""), theme="child"
    )


def test_a_child_theme_in_the_site_hides_static_files_and_adds_its_own(tmp_path: Path) -> None:
    files = f"{CHILD}-- themes/child/static/style.css --\nbody {{}}\n-- themes/child/static/fonts/a.css --\na {{}}\n-- static/page.js --\n// mine\n"
    page(tmp_path, files, theme="child")
    built = tree(tmp_path / "site")
    assert built["assets/style.css"] == b"body {}\n"
    assert built["assets/fonts/a.css"] == b"a {}\n"
    assert built["assets/page.js"] == b"// mine\n"
    assert built["assets/mode.js"] == (ROOT / "themes/default/static/mode.js").read_bytes()


def test_a_link_out_of_a_theme_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.html").write_text("SECRET")
    write_files(tmp_path / "s", SITE + "-- templates/x --\n\n-- static/y --\n\n")
    (tmp_path / "s/templates/incident.html").symlink_to(tmp_path / "secret.html")
    (tmp_path / "s/static/page.js").symlink_to(tmp_path / "secret.html")
    build_site(tmp_path / "s")
    assert not any(b"SECRET" in content for content in tree(tmp_path / "s/site").values())


@pytest.mark.parametrize(
    "name", ["../../../secret.html", "/etc/passwd", "!default/../../../secret.html", "a\\\\..\\\\b"]
)
def test_no_template_outside_the_theme_is_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.html").write_text("SECRET")
    (problem,) = template_error(tmp_path / "s", f'\n{{% include "{name}" %}}')
    assert problem.startswith("templates/incident.html:2:1 E601 ") and "does not exist" in problem


# Installed themes.


def test_a_theme_may_be_an_installed_package(tmp_path: Path) -> None:
    write_files(
        tmp_path / "lib",
        "-- acme_theme/__init__.py --\n-- acme_theme/theme.yaml --\nname: acme\nextends: paper\napi: 1\n"
        "-- acme_theme/templates/incident.html --\nACME {{ page.incident.title }}\n"
        "-- acme_theme-1.0.dist-info/METADATA --\nMetadata-Version: 2.1\nName: acme-theme\nVersion: 1.0\n"
        "-- acme_theme-1.0.dist-info/entry_points.txt --\n[pmsite.themes]\nacme = acme_theme\n",
    )
    folder = write_files(tmp_path / "site", SITE.replace("title: Themed <site>", "title: T\ntheme: acme"))
    library = {"PYTHONPATH": f"{ROOT}:{tmp_path / 'lib'}"}
    listed = pmsite("theme", "list", cwd=folder, **library)
    assert f"* acme             {tmp_path / 'lib/acme_theme'}" in listed.stdout
    built = pmsite("build", "--now", "2026-11-01", "--no-search", cwd=folder, **library)
    assert (built.returncode, built.stderr) == (0, "")
    assert (folder / "site" / PAGE).read_text() == "ACME Tom &amp; &lt;b&gt;Jerry&lt;/b&gt;\n"
    assert (folder / "site/assets/paper.css").is_file()
    without = pmsite("build", cwd=folder)
    assert without.returncode == 2 and 'the theme "acme" does not exist' in without.stderr


def test_the_sites_own_theme_wins_over_a_built_in_one_of_its_name(tmp_path: Path) -> None:
    files = (
        "-- themes/paper/theme.yaml --\nname: paper\napi: 1\n-- themes/paper/templates/incident.html --\nOWN"
    )
    assert page(tmp_path, files + "\n", theme="paper") == "OWN\n"


# theme.yaml and options.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name: mine\n", "themes/mine/theme.yaml:1:1 E602 is not for this version: api must be 1"),
        ("name: mine\napi: 2\n", "themes/mine/theme.yaml:2:6 E602 is not for this version: api must be 1"),
        ("- a\n", "themes/mine/theme.yaml:1:1 E602 must be `key: value` lines"),
        ("name: a: b\n", "themes/mine/theme.yaml:1:8 E602 mapping values are not allowed in this context"),
        ("api: 1\napi: 1\n", 'themes/mine/theme.yaml:2:1 E602 the key "api" appears twice (first on line 1)'),
        (
            "api: 1\nextends: papr\n",
            'themes/mine/theme.yaml:1:1 E602 the theme "papr" does not exist (did you mean paper?)',
        ),
        ("api: 1\nextends: mine\n", "extends itself through mine"),
        ("api: 1\noptions:\n  a: red\n", "themes/mine/theme.yaml:3:6 E602 option a must be a mapping"),
        (
            "api: 1\noptions:\n  a: {type: colour}\n",
            'themes/mine/theme.yaml:3:6 E602 option a has the unknown type "colour"',
        ),
        (
            "api: 1\noptions:\n  a: {type: number, default: big}\n",
            "themes/mine/theme.yaml:3:6 E602 option a: the default is wrong",
        ),
        (
            "api: 1\noptions:\n  a: {type: choice, choices: [x], default: y}\n",
            "themes/mine/theme.yaml:3:6 E602 option a: the default is wrong",
        ),
        (
            "api: 1\noptions:\n  a: {type: text, css: --a}\n",
            "themes/mine/theme.yaml:3:6 E602 option a cannot be written as --a",
        ),
        (
            'api: 1\noptions:\n  a: {type: color, css: "--a: 1; x"}\n',
            "themes/mine/theme.yaml:3:6 E602 option a cannot be written as --a: 1; x",
        ),
        ("api: 1\noptions: [a]\n", "themes/mine/theme.yaml:2:10 E602 options must be a mapping"),
        ("api: 1\nextends: [paper]\n", "themes/mine/theme.yaml:2:10 E602 extends must be"),
    ],
)
def test_what_is_wrong_with_a_theme_is_said_with_its_place(tmp_path: Path, text: str, expected: str) -> None:
    (problem,) = refused(tmp_path, USE_MINE + YAML + text)
    assert problem.startswith(expected) or problem.endswith(expected)


def test_every_wrong_option_is_said(tmp_path: Path) -> None:
    found = refused(tmp_path, f"{USE_MINE}{YAML}api: 1\noptions:\n  a: {{type: x}}\n  b: {{type: y}}\n")
    assert [problem.split()[0] for problem in found] == [
        "themes/mine/theme.yaml:3:6",
        "themes/mine/theme.yaml:4:6",
    ]


def test_themes_that_extend_each_other_are_an_error(tmp_path: Path) -> None:
    other = "-- themes/other/theme.yaml --\napi: 1\nextends: mine\n"
    (problem,) = refused(tmp_path, f"{USE_MINE}{YAML}api: 1\nextends: other\n{other}")
    assert "E602 extends itself through mine" in problem and "themes/other/theme.yaml" in problem


OPTIONS = """api: 1
options:
  number: {type: number, default: 3, css: --number}
  flag: {type: boolean, default: yes}
  tint: {type: color, default: "#123456", css: --tint}
  size: {type: choice, choices: [small, large], default: small, css: --size}
  words: {type: text, default: a < b}
-- themes/mine/templates/incident.html --
{{ options.number + 1 }} {{ "on" if options.flag else "off" }} {{ options.tint }} {{ options.size }} {{ options.words }}
"""


@pytest.mark.parametrize(
    ("given", "shown", "css"),
    [
        ("{}", "4 on #123456 small a &lt; b\n", ("3", "#123456", "small")),
        ("{number: 1.5, flag: no}", "2.5 off #123456 small a &lt; b\n", ("1.5", "#123456", "small")),
        ("{tint: '#abc', size: large, words: x}", "4 on #abc large x\n", ("3", "#abc", "large")),
        ("{number: -1, flag: 'On', words: 5}", "0 on #123456 small 5\n", ("-1", "#123456", "small")),
    ],
)
def test_options_are_typed_and_reach_templates_and_style_sheets(
    tmp_path: Path, given: str, shown: str, css: tuple[str, ...]
) -> None:
    write_files(
        tmp_path, USE_MINE.replace("theme: mine", f"theme: mine\ntheme_options: {given}") + YAML + OPTIONS
    )
    assert problems(build_site(tmp_path)) == []
    assert (tmp_path / "site" / PAGE).read_text() == shown
    number, tint, size = css
    expected = f":root {{\n  --number: {number};\n  --tint: {tint};\n  --size: {size};\n}}\n"
    assert (tmp_path / "site/assets/options.css").read_text() == expected
    assert "assets/options.css" in (tmp_path / "site/index.html").read_text()


@pytest.mark.parametrize(
    ("line", "column", "message"),
    [
        ("number: many", 11, "theme_options.number: write a number"),
        ("number: 1e3", 11, "theme_options.number: write a number"),
        ("flag: maybe", 9, "theme_options.flag: write true or false"),
        ("tint: red", 9, "theme_options.tint: write a colour such as #0b5f6b"),
        ("tint: '#12345'", 9, "theme_options.tint: write a colour such as #0b5f6b"),
        ("size: huge", 9, "theme_options.size: write one of small, large"),
        ("numbr: 1", 10, 'the theme has no option "numbr" (did you mean number?)'),
        ("zzz: 1", 8, 'the theme has no option "zzz"'),
        ("words: [a]", 10, "theme_options.words: write"),
        ("words: {a: b}", 10, "theme_options.words: write"),
    ],
)
def test_a_wrong_option_is_said_with_its_place(tmp_path: Path, line: str, column: int, message: str) -> None:
    config = USE_MINE.replace("theme: mine", f"theme: mine\ntheme_options:\n  {line}")
    (problem,) = refused(tmp_path, config + YAML + OPTIONS)
    assert problem.startswith(f"pmsite.yaml:4:{column} E501 {message}")


def test_all_wrong_options_are_said(tmp_path: Path) -> None:
    config = USE_MINE.replace("theme: mine", "theme: mine\ntheme_options: {number: x, flag: y, z: 1}")
    assert len(refused(tmp_path, config + YAML + OPTIONS)) == 3


def test_a_theme_option_that_changes_renders_every_page_again_and_back(tmp_path: Path) -> None:
    before = page(tmp_path)
    accent = SITE.replace("<site>", '<site>\ntheme_options: {accent: "#112233", footer: A <i>foot</i>.}')
    build_site(write_files(tmp_path, accent))
    html = (tmp_path / "site" / PAGE).read_text()
    assert "A &lt;i&gt;foot&lt;/i&gt;." in html and "options.css" in html
    assert "--pm-accent-light: #112233;" in (tmp_path / "site/assets/options.css").read_text()
    assert page(tmp_path) == before
    assert not (tmp_path / "site/assets/options.css").exists()


@pytest.mark.parametrize(
    ("name", "near"), [("papper", " (did you mean paper?)"), ("zzz", ""), ("../default", "")]
)
def test_an_unknown_theme_is_named_with_its_place(tmp_path: Path, name: str, near: str) -> None:
    write_files(tmp_path, SITE.replace("<site>", f"<site>\ntheme: {name}"))
    with pytest.raises(ConfigurationError) as caught:
        build_site(tmp_path)
    (problem,) = caught.value.diagnostics
    assert problem.message == f'the theme "{name}" does not exist{near}' or not near
    assert (problem.path, problem.line, problem.column) == ("pmsite.yaml", 2, 8)
    assert "default, paper" in problem.hint


# Templates that cannot be rendered.


@pytest.mark.parametrize(
    ("source", "line", "words"),
    [
        ("a\nb\n{{ nothing }}", 3, "'nothing' is undefined"),
        ("a\n{{ page.nothing }}", 2, "has no attribute 'nothing'"),
        ("{% if nothing %}{% endif %}", 1, "'nothing' is undefined"),
        ("\n\n\n{{ page.incident.title.nothing.more }}", 4, "nothing"),
        ("a\n{% if x %}", 2, "Unexpected end of template"),
        ("a\n\n{{ 1 + }}", 3, "unexpected 'end of print statement'"),
        ("a\n{% frobnicate %}", 2, "Encountered unknown tag 'frobnicate'"),
        ("a\n{{ 1 | frobnicate }}", 2, "No filter named 'frobnicate'"),
        ("\n{{ 1 / 0 }}", 2, "division by zero"),
        ("\n{{ 1 + 'a' }}", 2, "unsupported operand"),
        ("\n\n{{ page.incident.date.replace(month=13) }}", 3, "month must be in 1..12"),
        ("\n{% include 'missing.html' %}", 2, 'the template "missing.html" does not exist'),
        ("\n\n{% extends 'missing.html' %}", 3, 'the template "missing.html" does not exist'),
        ("\n{% import 'missing.html' as x %}", 2, 'the template "missing.html" does not exist'),
        ("\n{% from 'missing.html' import x %}", 2, 'the template "missing.html" does not exist'),
        ("\n{% include '!paper/base.html' %}", 2, 'the template "!paper/base.html" does not exist'),
        ("\n{% include page.template %}", 2, "must be written literally"),
        ("\n{% set x = 'base.html' %}\n{% extends x %}", 3, "must be written literally"),
        ("\n{% include ['a.html', 'base.html'] %}", 2, "must be written literally"),
        ("\n{% include 'redirect.html' ~ '' %}", 2, "must be written literally"),
        ("\n{% include 'incident.html' %}", 2, "without end"),
    ],
)
def test_a_broken_template_is_named_with_its_line(tmp_path: Path, source: str, line: int, words: str) -> None:
    (problem,) = template_error(tmp_path, source)
    assert problem.startswith(f"templates/incident.html:{line}:1 E601 ")
    assert words in problem


@pytest.mark.parametrize("name", ["'a.html' if page is undefined else 'b.html'", "'b.html'"])
def test_a_page_is_rendered_again_when_a_template_that_it_includes_changes(tmp_path: Path, name: str) -> None:
    """Names that are not literal would hide what a page is made of; they are refused, or followed."""
    files = f"-- templates/incident.html --\n{{% include {name} %}}\n-- templates/a.html --\na\n-- templates/b.html --\n"
    try:
        assert page(tmp_path, f"{files}old\n") == "old\n"
    except ContentError as error:
        assert "literally" in str(error)
    else:
        assert page(tmp_path, f"{files}new\n") == "new\n"


def test_the_error_names_the_template_that_is_at_fault_and_not_its_user(tmp_path: Path) -> None:
    write_files(tmp_path, "-- templates/parts/card.html --\nfine\n\n{{ nothing }}\n")
    (problem,) = template_error(tmp_path, "a\n\n\n\n{% include 'parts/card.html' %}")
    assert problem.startswith("templates/parts/card.html:3:1 E601 ")


def test_a_broken_template_of_a_theme_is_shown_below_themes(tmp_path: Path) -> None:
    (problem,) = refused(
        tmp_path, f"{USE_MINE}{YAML}api: 1\n-- themes/mine/templates/year.html --\n\n{{{{ x }}}}\n"
    )
    assert problem.startswith("themes/mine/templates/year.html:2:1 E601 ")


def test_several_broken_templates_are_all_named(tmp_path: Path) -> None:
    write_files(tmp_path, "-- templates/home.html --\n{{ a }}\n-- templates/years.html --\n\n{{ b }}\n")
    found = template_error(tmp_path, "\n\n{{ c }}")
    assert sorted(problem.split()[0] for problem in found) == [
        "templates/home.html:1:1",
        "templates/incident.html:3:1",
        "templates/years.html:2:1",
    ]


def test_a_template_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    write_files(tmp_path, SITE + "-- templates/incident.html --\nx")
    (tmp_path / "templates/incident.html").write_bytes(b"caf\xe9")
    with pytest.raises(ContentError) as caught:
        build_site(tmp_path)
    (problem,) = caught.value.diagnostics
    assert (problem.code, problem.path) == ("E601", "templates/incident.html")


def test_a_broken_template_ends_with_exit_code_1_and_leaves_the_site(tmp_path: Path) -> None:
    page(tmp_path)
    before = tree(tmp_path / "site")
    write_files(tmp_path, "-- templates/incident.html --\na\n{{ nothing }}\n")
    result = pmsite("build", "--output-format", "concise", cwd=tmp_path)
    assert result.returncode == 1
    assert result.stderr.startswith("templates/incident.html:2:1: E601 'nothing' is undefined")
    assert "Traceback" not in result.stderr and result.stdout == ""
    assert tree(tmp_path / "site") == before


@pytest.mark.parametrize(
    "expression",
    [
        "''.__class__.__mro__",
        "''.__class__.__mro__[1].__subclasses__()",
        "''['__class__']",
        "''|attr('__class__')",
        "(''|attr('\\x5f\\x5fclass\\x5f\\x5f')).__mro__",
        "page.__class__",
        "page.incident.__class__.__mro__",
        "page.incident.__dataclass_fields__",
        "page|attr('__class__')",
        "site.__init__.__globals__",
        "url.__globals__",
        "prose.__func__.__globals__",
        "asset.__globals__",
        "self.__init__.__globals__",
        "cycler.__init__.__globals__",
        "lipsum.__globals__",
        "namespace.__init__",
        "'{0.__class__.__mro__}'.format(page)",
        "'{0.__class__}'.format_map({'0': page})",
        "options.update(footer='x')",
        "options.clear()",
        "page.incident.milestone.__func__",
        "().__class__.__bases__[0]",
        "prose.__self__._store",
        "config",
        "self._TemplateReference__context",
        # What the direct way to attributes gives is guarded all the same.
        "page.row.duration.reason.__class__",
        "page.row.title.nothing",
        "page.incident.status.nothing",
        "ui.date._func",
        "ui._body_stream",
        "ui.__dict__",
    ],
)
def test_templates_cannot_leave_the_sandbox_or_change_what_they_are_given(
    tmp_path: Path, expression: str
) -> None:
    (problem,) = template_error(tmp_path, f"\n{{{{ {expression} }}}}")
    assert problem.startswith("templates/incident.html:2:1 E601 ")


def test_a_template_that_never_ends_is_stopped(tmp_path: Path) -> None:
    (problem,) = template_error(tmp_path, "\n{% for x in range(10000000) %}{{ x }}{% endfor %}")
    assert problem.startswith("templates/incident.html:2:1 E601 ")


@pytest.mark.parametrize("name", ["incident.html", "feed.xml"])
def test_every_template_escapes(tmp_path: Path, name: str) -> None:
    source = "{{ page.incident.title if page.incident is defined else page.title }}|{{ site.title }}"
    html = page(
        tmp_path, f"-- templates/{name} --\n{source}", PAGE if name == "incident.html" else "feed.xml"
    )
    assert "<" not in html and "Themed &lt;site&gt;" in html


# The commands.


@pytest.mark.parametrize("theme", ["default", "paper"])
def test_the_built_in_themes_are_whole(tmp_path: Path, theme: str) -> None:
    write_files(tmp_path, ARCHIVE)
    assert check_theme(site(tmp_path, theme=theme)).name == theme
    report = build_site(tmp_path, theme=theme)
    assert report.ok
    html = (tmp_path / "site/incidents/2024-01-10-first/index.html").read_text()
    assert ("assets/paper.css" in html) is (theme == "paper")
    assert (tmp_path / "site/assets/paper.css").exists() is (theme == "paper")
    assert "<h1>First outage</h1>" in html


def test_every_template_can_be_copied_and_renders_the_same(tmp_path: Path) -> None:
    write_files(tmp_path, ARCHIVE)
    build_site(tmp_path)
    before = tree(tmp_path / "site")
    names = sorted(path.name for path in (ROOT / "themes/default/templates").iterdir())
    for name in names:
        copied = copy_template(site(tmp_path), load_theme(site(tmp_path)), name)
        assert copied == tmp_path / "templates" / name
        assert copied.read_bytes() == (ROOT / "themes/default/templates" / name).read_bytes()
    assert len(names) > 10
    build_site(tmp_path)
    assert tree(tmp_path / "site") == before


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("incidnt.html", "E602", '"incidnt.html" (did you mean incident.html?)'),
        ("base.html", "E701", "exists already"),
        ("../../pmsite.yaml", "E602", "no template"),
        ("/etc/passwd", "E602", "no template"),
        ("..", "E602", "no template"),
    ],
)
def test_what_cannot_be_copied_is_said_and_nothing_is_written(
    tmp_path: Path, name: str, code: str, words: str
) -> None:
    write_files(tmp_path, SITE + "-- templates/base.html --\nmine\n")
    before = tree(tmp_path)
    with pytest.raises(ContentError) as caught:
        copy_template(site(tmp_path), load_theme(site(tmp_path)), name)
    (problem,) = caught.value.diagnostics
    assert problem.code == code and words in problem.message
    assert tree(tmp_path) == before


def test_a_copy_comes_from_the_layer_below_the_site(tmp_path: Path) -> None:
    write_files(tmp_path, SITE.replace("<site>", "<site>\ntheme: paper"))
    copied = copy_template(site(tmp_path), load_theme(site(tmp_path)), "base.html")
    assert copied.read_bytes() == (ROOT / "themes/paper/templates/base.html").read_bytes()
    assert build_site(tmp_path).ok  # `!parent` now leads to the theme it was copied from


def test_themes_are_listed_with_their_folders(tmp_path: Path) -> None:
    write_files(tmp_path, SITE + CHILD + "-- themes/notes/README --\nno theme\n")
    found = available_themes(site(tmp_path))
    assert found == {
        "default": ROOT / "themes/default",
        "paper": ROOT / "themes/paper",
        "child": tmp_path / "themes/child",
    }


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("{{ 1 | nothing }}", "1:1"),
        ("\n{% if %}", "2:1"),
        ("\n\n{% include 'x.html' %}", "3:1"),
        ("{% include x %}", "1:1"),
    ],
)
def test_theme_check_finds_what_is_wrong_in_templates_that_no_page_uses(
    tmp_path: Path, source: str, place: str
) -> None:
    write_files(tmp_path, f"{SITE}-- templates/unused.html --\n{source}\n")
    with pytest.raises(ContentError) as caught:
        check_theme(site(tmp_path))
    (problem,) = caught.value.diagnostics
    assert (
        f"{problem.path}:{problem.line}:{problem.column} {problem.code}"
        == f"templates/unused.html:{place} E601"
    )
    assert build_site(tmp_path).ok


def test_the_commands_of_themes(tmp_path: Path) -> None:
    write_files(tmp_path, SITE + CHILD)
    listed = pmsite("theme", "list", cwd=tmp_path)
    assert [line[:9].split() for line in listed.stdout.splitlines()] == [
        ["*", "default"],
        ["paper"],
        ["child"],
    ]
    copied = pmsite("theme", "copy", "year.html", cwd=tmp_path)
    assert (copied.returncode, copied.stdout.split()[0]) == (0, "wrote") and (
        tmp_path / "templates/year.html"
    ).is_file()
    checked = pmsite("theme", "check", cwd=tmp_path)
    assert (checked.returncode, checked.stdout) == (0, "the theme default is fine; lookup: site > default\n")
    write_files(tmp_path, "-- templates/year.html --\n{% if %}\n")
    broken = pmsite("theme", "check", "--output-format", "concise", cwd=tmp_path)
    assert (broken.returncode, broken.stdout) == (1, "")
    assert broken.stderr.startswith("templates/year.html:1:1: E601 ")
