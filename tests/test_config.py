"""pmsite.yaml: every form of every key, and every error with its line and column."""

from pathlib import Path

import pytest

from pmsite.archive.incident import Visibility
from pmsite.config import (
    DEFAULT_EXCLUDE,
    Config,
    ContentFolder,
    Site,
    find_site,
    load_config,
    with_overrides,
)
from pmsite.diagnostics import ConfigurationError, Diagnostic, Position, Severity
from pmsite.vocabulary import DEFAULT_CAUSES, DEFAULT_SEVERITIES, LabelledUrl, Word


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "pmsite.yaml"


def config(file: Path, text: str) -> Config:
    file.write_text(text, encoding="utf-8")
    found, _, warnings = load_config(file)
    assert warnings == ()
    return found


def errors(file: Path, text: str | bytes) -> tuple[Diagnostic, ...]:
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigurationError) as caught:
        load_config(file)
    return caught.value.diagnostics


@pytest.mark.parametrize("text", ["", "\n# nothing\n", "title:\noutput: ~\ncontent:\n"])
def test_every_key_is_optional(file: Path, text: str) -> None:
    assert config(file, text) == Config()


def test_the_defaults() -> None:
    found = Config()
    assert found.content == (ContentFolder("content"),)
    assert (found.output, found.theme, found.base_url, found.timezone) == ("site", "default", "", "")
    assert (found.audience, found.drafts, found.page_size) == (Visibility.INTERNAL, None, 50)
    assert found.exclude == DEFAULT_EXCLUDE
    assert found.vocabulary("severity") == DEFAULT_SEVERITIES
    assert found.vocabulary("causes") == DEFAULT_CAUSES
    assert found.vocabulary("services") == ()


def test_a_whole_configuration(file: Path) -> None:
    found = config(
        file,
        "\ufefftitle: Café\nbase_url: https://example.org/pm/\ntimezone: Europe/Copenhagen\naudience: public\n"
        "drafts: no\npage_size: 20\nfiscal_year_start: 4\nmarkdown:\n  flavor: python\n"
        "  extensions: [tables, {toc: {permalink: no}}]\ntheme_options: {accent: blue}\nfields: {beginn: started}\n"
        "defaults: {visibility: public}\nexclude: '*.tmp.md'\n",
    )
    assert (found.title, found.base_url, found.timezone) == (
        "Café",
        "https://example.org/pm",
        "Europe/Copenhagen",
    )
    assert (found.audience, found.drafts, found.page_size) == (Visibility.PUBLIC, False, 20)
    assert found.markdown.extensions == ("tables", {"toc": {"permalink": "no"}})
    assert found.exclude == ("*.tmp.md",)
    assert found.fields == {"beginn": "started"}
    assert found.defaults == {"visibility": "public"}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("postmortems", (ContentFolder("postmortems"),)),
        ("[a, b]", (ContentFolder("a"), ContentFolder("b"))),
        ("{path: a}", (ContentFolder("a"),)),
        (
            "[a, {path: b, defaults: {teams: b}}]",
            (ContentFolder("a"), ContentFolder("b", {"teams": "b"})),
        ),
    ],
)
def test_forms_of_content(file: Path, written: str, expected: tuple[ContentFolder, ...]) -> None:
    assert config(file, f"content: {written}").content == expected


@pytest.mark.parametrize(
    "text",
    [
        "services: [web, {name: db, description: Data}]",
        "services:\n  web:\n  db: Data\n",
        "services:\n  web: {}\n  db: {description: Data}\n",
    ],
)
def test_a_vocabulary_in_three_forms(file: Path, text: str) -> None:
    assert config(file, text).services == (Word("web"), Word("db", description="Data"))


def test_everything_that_a_word_may_have(file: Path) -> None:
    text = (
        "services:\n  web:\n    title: The web\n    description: All of it\n    owner: Jo\n    aliases: www\n"
        "    links: [{label: Runbook, url: https://r.example}]\n"
    )
    assert config(file, text).services == (
        Word("web", "The web", "All of it", ("www",), "Jo", (LabelledUrl("Runbook", "https://r.example"),)),
    )


def test_built_in_causes_keep_their_place_and_what_is_not_said_anew(file: Path) -> None:
    words = config(
        file, "causes:\n  Capacity: {title: Too small, aliases: [traffic]}\n  gremlins: Small beings\n"
    ).vocabulary("causes")
    built_in = [word.slug for word in DEFAULT_CAUSES]
    assert [word.slug for word in words] == [*built_in, "gremlins"]
    capacity = words[built_in.index("capacity")]
    assert capacity.title == "Too small"
    assert capacity.description == "Demand above what was provided."
    assert {"overload", "traffic"} <= set(capacity.aliases)


def test_own_severities_replace_the_built_in_ones(file: Path) -> None:
    assert [word.name for word in config(file, "severities: [Red, Amber]").vocabulary("severity")] == [
        "Red",
        "Amber",
    ]


def test_rules_by_code_and_by_name(file: Path) -> None:
    assert config(file, "rules: {W412: error, broken-link: off, unknown-field: warning}").rules == {
        "W412": Severity.ERROR,
        "W201": Severity.OFF,
        "W105": Severity.WARNING,
    }


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        ("title: [a]", (1, 8), "title: input should be a valid string"),
        ("x-y: 1\ntitle:\n  - a", (3, 3), "title: input should be a valid string"),
        ("page_size: many", (1, 12), "page_size: input should be a valid integer"),
        ("page_size: 3", (1, 12), 'greater than or equal to 5; it is "3"'),
        ("page_size: 1001", (1, 12), "less than or equal to 1000"),
        ("fiscal_year_start: 13", (1, 20), "less than or equal to 12"),
        ("audience: pubilc", (1, 11), 'it is "pubilc"'),
        ("drafts: maybe", (1, 9), 'it is "maybe"'),
        ("timezone: Mars/Base", (1, 11), "not a time zone"),
        ("timezone: ../../etc/passwd", (1, 11), "not a time zone"),
        ("timezone: [UTC]", (1, 11), "timezone: "),
        ("base_url: example.org", (1, 11), "write a whole address"),
        ("base_url: ftp://example.org", (1, 11), "write a whole address"),
        ("base_url: {a: b}", (1, 11), "write a whole address"),
        ("theme_options: x", (1, 16), "theme_options: input should be a valid dictionary"),
        ("fields: {a: {b: c}}", (1, 13), "fields.a: input should be a valid string"),
        ("rules:\n  W412: of", (2, 9), "rules.W412: input should be 'error', 'warning', 'note' or 'off'"),
        ("rules: [W412]", (1, 8), "rules: input should be a valid dictionary"),
        (
            "rules:\n  action-overdu: off",
            (2, 3),
            'no rule is called "action-overdu" (did you mean action-overdue?)',
        ),
        ("rules:\n  W999: off", (2, 3), 'no rule is called "W999"'),
        ("rules:\n  W412: off\n  action-overdu: off", (3, 3), 'no rule is called "action-overdu"'),
        ("markdown:\n  flavor: gitlab", (2, 11), "markdown.flavor"),
        ("markdown:\n  remote_images: no", (2, 18), "markdown.remote_images"),
        ("markdown: {extensions: x}", (1, 24), "markdown.extensions"),
        ("services: web", (1, 11), "services: "),
        ("services:\n  web: [x]", (2, 8), "input should be a valid string"),
        ("services:\n  a: x\n  web: {aliases: [[x]]}", (3, 19), "input should be a valid string"),
        ("services: [a, {title: x}]", (1, 15), "services.1.name: field required"),
        ("severities:\n  A:\n  B: {links: [{label: x}]}", (3, 15), "url: field required"),
        ("content: [{defaults: {}}]", (1, 11), "content.0.path: field required"),
        ("exclude: [{a: b}]", (1, 11), "exclude.0: input should be a valid string"),
        ("title: a\ntitle: b", (2, 1), "appears twice"),
        ("title: &x b", (1, 8), "an anchor"),
        ("title: a: b", (1, 9), "mapping values are not allowed"),
        ("title: a\n\tb: c", (2, 1), ""),
        ("a: \x07", (1, 4), "U+0007"),
        ("- a", (1, 1), "must be `key: value` lines"),
        ("words", (1, 1), "must be `key: value` lines"),
        (b"title: caf\xe9", (1, 1), "is not UTF-8"),
        ("title: " + "x" * 1024 * 1024, (1, 1), "longer than 1024 KiB"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_errors_and_where_they_are(file: Path, text: str | bytes, at: tuple[int, int], words: str) -> None:
    (problem,) = errors(file, text)
    assert (problem.code, problem.path, problem.severity) == ("E501", "pmsite.yaml", Severity.ERROR)
    assert (problem.line, problem.column) == at
    assert words in problem.message


def test_all_errors_are_reported_at_once(file: Path) -> None:
    found = errors(file, "title: [a]\npage_size: x\nmarkdown: {flavor: y}\n")
    assert sorted((problem.line, problem.column) for problem in found) == [(1, 8), (2, 12), (3, 20)]


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.yaml", tmp_path):
        with pytest.raises(ConfigurationError, match="cannot be read"):
            load_config(path)


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ("titel: x", (1, 1), '"titel" is not known (did you mean title?)'),
        ("title: x\nwhatever: y", (2, 1), '"whatever" is not known'),
        ("markdown:\n  flavour: x", (2, 3), '"flavour" is not known (did you mean flavor?)'),
        ("services:\n  web: {ownre: x}", (2, 9), '"ownre" is not known (did you mean owner?)'),
        ("severities: [a, {name: b, colour: red}]", (1, 27), '"colour" is not known'),
        ("content: [{path: a, default: {}}]", (1, 21), '"default" is not known (did you mean defaults?)'),
    ],
)
def test_unknown_keys_are_warnings(file: Path, text: str, at: tuple[int, int], message: str) -> None:
    file.write_text(text)
    _, _, (warning,) = load_config(file)
    assert (warning.code, warning.severity) == ("W502", Severity.WARNING)
    assert (warning.line, warning.column) == at
    assert warning.message == message


def test_keys_of_theme_options_and_defaults_are_not_pmsites_business(file: Path) -> None:
    assert config(file, "theme_options: {x: y}\ndefaults: {x: y}\nfields: {x: title}\n").theme_options == {
        "x": "y"
    }


def write(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("title: T\n" if path.endswith(".yaml") else "# Web\n")


def test_without_anything_the_current_folder_is_the_site(tmp_path: Path) -> None:
    write(tmp_path, "a.md")
    site = find_site(None, None, tmp_path)
    assert (site.root, site.home, site.file) == (tmp_path, tmp_path, None)
    assert site.config.content == (ContentFolder("."),)
    assert site.title == tmp_path.name


def test_without_a_configuration_a_folder_named_content_is_the_content(tmp_path: Path) -> None:
    write(tmp_path, "content/a.md")
    assert find_site(None, None, tmp_path).config.content == (ContentFolder("content"),)


def test_the_current_folders_configuration(tmp_path: Path) -> None:
    write(tmp_path, "pmsite.yaml")
    site = find_site(None, None, tmp_path)
    assert (site.root, site.home, site.file) == (tmp_path, tmp_path, tmp_path / "pmsite.yaml")
    assert (site.title, site.config_name) == ("T", "pmsite.yaml")
    assert site.position(("title",)) == Position(1, 8)


def test_a_folder_with_its_own_configuration(tmp_path: Path) -> None:
    write(tmp_path, "site/pmsite.yaml", "pmsite.yaml")
    (tmp_path / "pmsite.yaml").write_text("title: Other\n")
    site = find_site(tmp_path / "site", None, tmp_path)
    assert (site.root, site.title, site.config.content) == (
        tmp_path / "site",
        "T",
        (ContentFolder("content"),),
    )


def test_a_folder_below_the_current_ones_configuration_is_the_content(tmp_path: Path) -> None:
    write(tmp_path, "pmsite.yaml", "other/a.md")
    site = find_site(tmp_path / "other", None, tmp_path)
    assert (site.root, site.title, site.config.content) == (tmp_path, "T", (ContentFolder("other"),))


def test_a_folder_elsewhere_does_not_take_the_current_ones_configuration(tmp_path: Path) -> None:
    write(tmp_path, "here/pmsite.yaml", "there/a.md")
    site = find_site(tmp_path / "there", None, tmp_path / "here")
    assert (site.root, site.home) == (tmp_path / "there", tmp_path / "here")
    assert (site.file, site.config.content) == (None, (ContentFolder("."),))


def test_one_file_is_a_site(tmp_path: Path) -> None:
    write(tmp_path, "docs/web.md")
    site = find_site(tmp_path / "docs" / "web.md", None, tmp_path)
    assert (site.root, site.home, site.config.content) == (
        tmp_path / "docs",
        tmp_path,
        (ContentFolder("web.md"),),
    )


def test_a_named_configuration_wins(tmp_path: Path) -> None:
    write(tmp_path, "pmsite.yaml", "conf/own.yaml", "docs/a.md")
    site = find_site(tmp_path / "docs", tmp_path / "conf" / "own.yaml", tmp_path)
    assert (site.root, site.config_name) == (tmp_path / "conf", "own.yaml")
    assert site.config.content == (ContentFolder("../docs"),)


@pytest.mark.parametrize("name", ["nothing", "nothing.md"])
def test_a_source_that_does_not_exist(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="does not exist"):
        find_site(tmp_path / name, None, tmp_path)


def test_a_configuration_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        find_site(None, tmp_path / "nothing.yaml", tmp_path)


def test_output_and_state_lie_beside_the_configuration_and_each_audience_has_its_own_state(
    tmp_path: Path,
) -> None:
    site = Site(tmp_path, Config(output="out"), tmp_path)
    assert site.output == tmp_path.resolve() / "out"
    public = with_overrides(site, audience="public")
    assert public.config.audience is Visibility.PUBLIC
    assert public.state != site.state
    assert {public.state.parent, site.state.parent} == {tmp_path / ".pmsite"}


def test_overrides_of_the_command_line(tmp_path: Path) -> None:
    site = Site(tmp_path, Config(title="T"), tmp_path)
    assert with_overrides(site, base_url=None, audience=None) is site
    changed = with_overrides(site, base_url="https://example.org/x/", drafts=False, theme="paper")
    assert (changed.config.base_url, changed.config.drafts, changed.config.theme) == (
        "https://example.org/x",
        False,
        "paper",
    )
    assert changed.config.title == "T"
    with pytest.raises(ConfigurationError, match="whole address"):
        with_overrides(site, base_url="example.org")
    with pytest.raises(ConfigurationError):
        with_overrides(site, audience="everybody")
