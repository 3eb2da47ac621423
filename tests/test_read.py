"""A document's bytes to a Document: every problem with its exact place, and never an exception."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pmsite.archive.incident import Absence, Precision, Status, Timestamp, Visibility
from pmsite.config import Config, MarkdownConfig
from pmsite.diagnostics import Position, Severity
from pmsite.source.document import Document, beyond_limits, decode, encode
from pmsite.source.files import Role, SourceFile
from pmsite.source.read import MAX_SIZE, Reader, read_documents

PYTHON = Config(markdown=MarkdownConfig("python"))
Read = Callable[..., Document]


def read_html(
    folder: Path,
    text: str | bytes,
    config: Config | None = None,
    *,
    name: str = "2023-10-07-web",
    role: Role = Role.POSTMORTEM,
    **defaults: Any,
) -> tuple[Document, str]:
    path = folder / "document.md"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    file = SourceFile(
        f"content/{name}.md", f"{name}.md", name, role, str(path), (0, 0, 0, 0), tuple(defaults.items())
    )
    return Reader(config or Config()).read(file)


@pytest.fixture
def read(tmp_path: Path) -> Read:
    return lambda *arguments, **options: read_html(tmp_path, *arguments, **options)[0]


def problems(document: Document) -> list[tuple[str, int, int]]:
    return [(item.code, item.line, item.column) for item in document.diagnostics]


GOOD = """---
title: Web down
severity: critical
started: 2023-10-07T10:00:00Z
resolved: 2023-10-07 12:00
services: [web, db]
---

# Web down

The web was down for everybody for quite some time.

## Timeline

See [the other](other.md).
"""


def test_a_whole_document(tmp_path: Path) -> None:
    document, html = read_html(tmp_path, GOOD)
    incident = document.incident
    assert document.diagnostics == ()
    assert (document.role, document.id, document.title) == (Role.POSTMORTEM, "2023-10-07-web", "Web down")
    assert incident is not None
    assert (incident.severity, incident.date, incident.services) == ("SEV1", date(2023, 10, 7), ("web", "db"))
    assert incident.started == Timestamp(datetime(2023, 10, 7, 10), 0)
    assert incident.resolved == Timestamp(datetime(2023, 10, 7, 12), None)
    assert [(item.level, item.anchor) for item in document.body.headings] == [(2, "timeline")]
    assert [(link.target, link.line, link.column) for link in document.body.links] == [("other.md", 15, 17)]
    assert document.body.excerpt == "The web was down for everybody for quite some time."
    assert "<h1" not in html and '<h2 id="timeline">' in html
    assert document.position("severity") == Position(3, 11)
    assert document.position("factors") == Position(1, 1)


@pytest.mark.parametrize("convert", [lambda text: text, lambda text: "\ufeff" + text, lambda text: text.replace("\n", "\r\n"), lambda text: text.replace("\n", "\r")])  # fmt: skip
def test_bom_and_line_ends_make_no_difference(tmp_path: Path, convert: Callable[[str], str]) -> None:
    assert read_html(tmp_path, convert(GOOD)) == read_html(tmp_path, GOOD)


def test_a_document_survives_being_stored(read: Read) -> None:
    document = read(GOOD + "\n[x](y.md)\n")
    assert decode(encode(document)) == document
    with pytest.raises(ValueError):
        decode(b"{}")


def test_batches_give_what_single_documents_give(tmp_path: Path) -> None:
    files = []
    for number in range(3):
        path = tmp_path / f"{number}.md"
        path.write_text(GOOD.replace("Web down", f"Title {number}"))
        files.append(
            SourceFile(f"{number}.md", f"{number}.md", str(number), Role.POSTMORTEM, str(path), (0, 0, 0, 0))
        )
    produced = list(read_documents(Config(), iter(files)))
    single = [Reader(Config()).read(file) for file in files]
    assert [(decode(value), blob.decode()) for value, blob in produced] == single


@pytest.mark.parametrize(
    ("raw", "code", "at", "words"),
    [
        (b"\xff\xfea\0", "E101", (1, 1), "UTF-16"),
        (b"\xfe\xff\0a", "E101", (1, 1), "UTF-16"),
        (b"ab\ncd\0e", "E101", (2, 3), "NUL"),
        (b"ab\ncaf\xe9 x", "E101", (2, 4), "byte 0xe9 is not UTF-8"),
        ("é\né".encode() + b"\xc3", "E101", (2, 2), "byte 0xc3 is not UTF-8"),
        (b"a" * (MAX_SIZE + 1), "E101", (1, 1), "larger than 5 MiB"),
        (b"---\ntitle: x\n--\n", "E102", (3, 1), "does not close front matter"),
        (b"---\ntitle: x\ntitle: y\n---\n", "E102", (3, 1), "appears twice"),
        (b"---\r\ntitle: x\r\na: &b c\r\n---\r\n", "E102", (3, 4), "anchor"),
    ],
)
def test_what_cannot_be_read_is_an_error_and_hidden(
    read: Read, raw: bytes, code: str, at: tuple[int, int], words: str
) -> None:
    document = read(raw, visibility="public")
    (problem,) = document.diagnostics
    assert (problem.code, problem.path, problem.severity) == (
        code,
        "content/2023-10-07-web.md",
        Severity.ERROR,
    )
    assert (problem.line, problem.column) == at
    assert words in problem.message
    assert document.visibility is Visibility.RESTRICTED
    assert document.incident is None
    assert document.body.links == ()


def test_a_file_that_is_gone_or_no_file(tmp_path: Path) -> None:
    for location in (tmp_path / "gone.md", tmp_path):
        file = SourceFile("a.md", "a.md", "a", Role.POSTMORTEM, str(location), (0, 0, 0, 0))
        document, html = Reader(Config()).read(file)
        assert problems(document) == [("E101", 1, 1)]
        assert (document.visibility, html) == (Visibility.RESTRICTED, "")


def test_beyond_limits(tmp_path: Path) -> None:
    file = SourceFile("a.md", "a.md", "a", Role.POSTMORTEM, str(tmp_path), (0, 0, 0, 0))
    document = beyond_limits(file, "took more than 5 s")
    assert problems(document) == [("E107", 1, 1)]
    assert document.visibility is Visibility.RESTRICTED


@pytest.mark.parametrize(
    ("front", "expected"),
    [
        ("date: 2024-02-30", [("E103", 2, 7)]),
        ("severity: SEV1\nstarted:   soon", [("E103", 3, 12)]),
        ("date: 0000-01-01\nstarted: 9999-12-31T23:59:59-12:00", [("E103", 2, 7), ("E103", 3, 10)]),
        ("title: [a]\nimpact: {users: many}", [("E103", 2, 8), ("E103", 3, 17)]),
        ("status: almost", [("W111", 2, 9)]),
        ("kind: party", [("W111", 2, 7)]),
        ("related: [{id: a, type: cousin}]", [("W111", 2, 25)]),
        ("action_items:\n  - {title: a, status: soon}", [("W111", 3, 24)]),
        ("action_items:\n  - title: a\n    due: soon", [("E103", 4, 10)]),
        ("action_items:\n  - owner: a", [("E103", 3, 5)]),
        (
            "impact:\n  windows:\n    - {from: 2023-10-07 10:00, percent: 300}",
            [("E103", 4, 41), ("E103", 4, 7)],
        ),
        ("date: 2023-10-07\nimpact:\n  windows: [{from: bad, to: 10:00}]", [("E103", 4, 20)]),
        ("timeline:\n  - at: 25:00\n    event: x\ndate: 2023-10-07", [("E103", 3, 9)]),
        ("timeline:\n  - {at: 10:00, event: x}", [("E103", 3, 10)]),
        ("timeline:\n  - {at: 2023-10-07 10:00}", [("E103", 3, 5)]),
        ("severity: SEV1\nlinks: [{label: x, url: 'javascript:alert(1)'}]", [("E103", 3, 25)]),
        ("services: {a: b}", [("E103", 2, 11)]),
        ("services: [{name: {a: b}}]", [("E103", 2, 11)]),
        ("visibility: secret\nseverity: SEV1", [("E103", 2, 13)]),
        ("Start Time: soon", [("E103", 2, 13)]),
    ],
)
def test_bad_values_and_where_they_stand(
    read: Read, front: str, expected: list[tuple[str, int, int]]
) -> None:
    assert sorted(problems(read(f"---\n{front}\n---\n## Timeline\n", name="web"))) == sorted(expected)


def test_the_problems_of_later_items_keep_their_places_after_an_item_is_left_out(read: Read) -> None:
    document = read(
        "---\naction_items:\n  - owner: nobody\n  - {title: B, due: tomorrow}\n  - {title: C, due: 2024-01-01}\n---\n"
    )
    assert problems(document) == [("E103", 3, 5), ("E103", 4, 21)]
    assert document.incident is not None
    assert [(item.title, item.due) for item in document.incident.action_items] == [
        ("B", None),
        ("C", date(2024, 1, 1)),
    ]


@pytest.mark.parametrize(
    ("front", "expected"),
    [
        ("action_items:\n  -\n  - {title: B, due: tomorrow}", [("E103", 4, 21)]),
        ("date: 2023-10-07\ntimeline:\n  -\n  - {at: 25:00, event: x}", [("E103", 5, 10)]),
        ("related:\n  -\n  - {id: b, type: cousin}", [("W111", 4, 19)]),
    ],
)
def test_an_empty_item_does_not_move_the_places_of_the_others(
    read: Read, front: str, expected: list[tuple[str, int, int]]
) -> None:
    assert problems(read(f"---\n{front}\n---\n## Timeline\n")) == expected


def test_places_of_items_are_known(read: Read) -> None:
    document = read("---\naction_items:\n  -\n  - title: A\n  - title: B\n---\n")
    assert document.incident is not None
    places = [
        document.position(f"action_items.{number}") for number in range(len(document.incident.action_items))
    ]
    assert places == [Position(4, 5), Position(5, 5)]


def test_unknown_fields_are_noted_with_their_place(read: Read) -> None:
    document = read("---\nsevrity: SEV1\nimpact: x\nOwner: me\n---\n")
    assert document.unknown_fields == (("sevrity", Position(2, 1)), ("Owner", Position(4, 1)))
    assert document.diagnostics == ()


def test_one_bad_field_does_not_cost_the_others(read: Read) -> None:
    incident = read(
        "---\ntitle: T\ndate: bad\nseverity: SEV1\nimpact: {users: x, percent: 50}\n---\n"
    ).incident
    assert incident is not None
    assert (incident.title, incident.severity, incident.impact.users, incident.impact.percent) == (
        "T",
        "SEV1",
        None,
        50,
    )


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("public", Visibility.PUBLIC),
        ('"Public "', Visibility.PUBLIC),
        ("INTERNAL", Visibility.INTERNAL),
        ("restricted", Visibility.RESTRICTED),
    ],
)
def test_visibility_as_written(read: Read, written: str, expected: Visibility) -> None:
    document = read(f"---\nvisibility: {written}\nseverity: SEV1\n---\n")
    assert (document.visibility, document.diagnostics) == (expected, ())
    assert document.incident is not None and document.incident.visibility is expected


@pytest.mark.parametrize(
    "written", ['"false"', "no", "secret", "pubic", "[public]", "{public: yes}", '""', "public internal"]
)
def test_visibility_that_is_not_understood_is_an_error_and_hides_the_document(
    read: Read, written: str
) -> None:
    document = read(f"---\nvisibility: {written}\nseverity: SEV1\n---\n", visibility="public")
    assert problems(document) == [("E103", 2, 13)]
    assert document.visibility is Visibility.RESTRICTED
    assert document.incident is None or document.incident.visibility is Visibility.RESTRICTED


def test_visibility_in_capitals_counts(read: Read) -> None:
    assert read("---\nVisibility: restricted\nseverity: SEV1\n---\n").visibility is Visibility.RESTRICTED


@pytest.mark.parametrize(
    "keys", [("Visibility", "VISIBILITY"), ("visibility", "Visibility"), ("VISIBILITY", "visibility")]
)
def test_a_field_given_twice_in_other_capitals_never_shows_more(read: Read, keys: tuple[str, str]) -> None:
    for first, second in (("public", "restricted"), ("restricted", "public")):
        document = read(f"---\n{keys[0]}: {first}\n{keys[1]}: {second}\nseverity: SEV1\n---\n")
        assert document.diagnostics or document.visibility is Visibility.RESTRICTED


def test_defaults_hold_where_a_document_says_nothing(read: Read) -> None:
    assert read("# Incident\n", visibility="public").visibility is Visibility.PUBLIC
    assert (
        read("---\nvisibility: restricted\n---\n# Incident\n", visibility="public").visibility
        is Visibility.RESTRICTED
    )
    incident = read("---\nseverity: SEV1\n---\n", teams="web").incident
    assert incident is not None and incident.teams == ("web",)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("---\ntitle: From fields\n---\n# From heading\n", "From fields"),
        ("# From heading\n\n# Second\n", "From heading"),
        ("## Timeline\n\n# *Late* `heading`\n", "Late heading"),
        ("## Timeline\n", "Web"),
        ("# <!-- nothing -->\n", "Web"),
    ],
)
def test_the_title(read: Read, text: str, title: str) -> None:
    assert read(text).title == title


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("2023-10-07-web", date(2023, 10, 7)),
        ("pm_2023_1_7", date(2023, 1, 7)),
        ("2024-02-30-web", None),
        ("1234-10-07", None),
        ("12023-10-07", None),
        ("2023-10-071", None),
        ("web", None),
        ("2023-10", None),
    ],
)
def test_the_date_of_a_files_name(read: Read, name: str, expected: date | None) -> None:
    document = read("---\nseverity: SEV1\n---\n", name=name)
    assert document.name_date == expected
    assert document.incident is not None and document.incident.date == expected


@pytest.mark.parametrize(
    ("front", "zone", "expected"),
    [
        ("date: 2023-01-02\nstarted: 2023-03-04 10:00", "", date(2023, 1, 2)),
        ("started: 2023-03-04 10:00", "", date(2023, 3, 4)),
        ("started: 2023-03-04T23:30:00Z", "", date(2023, 3, 4)),
        ("started: 2023-03-04T23:30:00Z", "Europe/Copenhagen", date(2023, 3, 5)),
        ("started: 2023-03-04T23:30:00-08:00", "UTC", date(2023, 3, 5)),
        ("started: unknown", "", date(2023, 10, 7)),
    ],
)
def test_where_the_date_comes_from(read: Read, front: str, zone: str, expected: date) -> None:
    incident = read(f"---\n{front}\n---\n", Config(timezone=zone)).incident
    assert incident is not None and incident.date == expected


@pytest.mark.parametrize(
    ("front", "status"),
    [
        ("draft: true", Status.DRAFT),
        ("draft: Yes", Status.DRAFT),
        ("draft: false", None),
        ("draft: true\nstatus: final", Status.FINAL),
        ("status: completed", Status.FINAL),
        ("status: almost", None),
    ],
)
def test_the_status(read: Read, front: str, status: Status | None) -> None:
    incident = read(f"---\n{front}\nseverity: SEV1\n---\n").incident
    assert incident is not None and incident.status is status


@pytest.mark.parametrize("order", [1, -1])
def test_the_time_of_cstates_resolved_when_wins_over_resolved_true(read: Read, order: int) -> None:
    lines = ["resolved: true", "resolvedWhen: 2023-10-07T12:00:00Z"][::order]
    incident = read("---\n" + "\n".join(lines) + "\n---\n").incident
    assert incident is not None and incident.resolved == Timestamp(datetime(2023, 10, 7, 12), 0)


def test_resolved_true_alone_is_a_time_unknown(read: Read) -> None:
    incident = read("---\nresolved: true\nmitigated: ~\n---\n").incident
    assert incident is not None and (incident.resolved, incident.mitigated) == (Absence.UNKNOWN, None)


def test_a_fields_own_name_wins_over_a_synonym(read: Read) -> None:
    for lines in ("started: 2023-01-01\nstart: 2023-02-02", "start: 2023-02-02\nstarted: 2023-01-01"):
        incident = read(f"---\n{lines}\n---\n").incident
        assert incident is not None
        assert incident.started == Timestamp(datetime(2023, 1, 1), None, Precision.DAY)


def test_the_sites_own_words_for_fields(read: Read) -> None:
    incident = read("---\nbeginn: 2023-01-01\n---\n", Config(fields={"beginn": "started"})).incident
    assert incident is not None and isinstance(incident.started, Timestamp)


def test_bare_clocks_of_a_timeline_follow_the_day_before_them(read: Read) -> None:
    incident = read(
        "---\nstarted: 2023-10-07 23:00\ntimeline:\n  - {at: 23:10, event: a}\n  - {at: 2023-10-08 00:05, event: b}\n"
        "  - {at: 00:10, event: c}\n  - {event: d}\n---\n"
    ).incident
    assert incident is not None
    assert [entry.at.wall if entry.at else None for entry in incident.timeline] == [
        datetime(2023, 10, 7, 23, 10),
        datetime(2023, 10, 8, 0, 5),
        datetime(2023, 10, 8, 0, 10),
        None,
    ]


@pytest.mark.parametrize(
    ("text", "name", "role"),
    [
        ("Just words.\n", "about", Role.PAGE),
        ("---\ntitle: T\ntags: a\ndate: 2023-10-07\n---\nWords.\n", "about", Role.PAGE),
        ("---\nseverity: SEV1\n---\n", "about", Role.POSTMORTEM),
        ("---\nroot cause: capacity\n---\n", "about", Role.POSTMORTEM),
        ("## Root cause\n", "about", Role.POSTMORTEM),
        ("## 根本原因\n", "about", Role.POSTMORTEM),
        ("# Postmortem: web\n", "about", Role.POSTMORTEM),
        ("Words.\n", "incident-12", Role.POSTMORTEM),
        ("**Root cause**: x\n", "about", Role.POSTMORTEM),
        ("Impact: x\n", "about", Role.POSTMORTEM),
        ("We talk about the impact of it.\n", "about", Role.PAGE),
    ],
)
def test_a_postmortem_or_a_plain_page(read: Read, text: str, name: str, role: Role) -> None:
    document = read(text, name=name)
    assert document.role is role
    assert (document.incident is not None) == (role is Role.POSTMORTEM)
    assert [item.code for item in document.diagnostics] == ([] if role is Role.POSTMORTEM else ["W109"])


@pytest.mark.parametrize("role", [Role.PAGE])
def test_pages_are_never_postmortems(read: Read, role: Role) -> None:
    document = read("---\nseverity: SEV1\n---\n## Timeline\n", role=role, name="about")
    assert (document.role, document.incident, document.id, document.diagnostics) == (role, None, "about", ())


def test_a_thematic_break_is_a_warning_and_text(tmp_path: Path) -> None:
    document, html = read_html(tmp_path, "---\n\nWords first.\n\n## Timeline\n")
    assert problems(document) == [("W108", 1, 1)]
    assert html.startswith("<hr>")


@pytest.mark.parametrize(
    ("name", "expected"), [("2023-10-07-Web Down", "2023-10-07-web-down"), ("日本", "日本")]
)
def test_the_id_comes_from_the_name_or_the_field(read: Read, name: str, expected: str) -> None:
    assert read("---\nseverity: SEV1\n---\n", name=name).id == expected
    assert read("---\nseverity: SEV1\nid: ../../My Id\n---\n", name=name).id == "my-id"


@pytest.mark.parametrize("name", ["🔥", "...", "—"])
def test_an_id_is_never_empty_and_differs_by_name(read: Read, name: str) -> None:
    found = read("---\nseverity: SEV1\n---\n", name=name).id
    assert found.startswith("incident-")
    assert found != read("---\nseverity: SEV1\n---\n", name=name + "!").id


def test_internal_blocks_are_in_internal_builds_only(tmp_path: Path) -> None:
    text = "# Incident\n\nA<!-- internal -->\n\n## Secret\n\n[s](secret.md)\n\n<!-- /internal -->B\n"
    document, html = read_html(tmp_path, text, Config(audience=Visibility.PUBLIC))
    assert "ecret" not in html and "ecret" not in repr(document)
    document, html = read_html(tmp_path, text)
    assert "Secret" in html and document.body.links[0].target == "secret.md"


@pytest.mark.parametrize("audience", Visibility)
@pytest.mark.parametrize("mark", ["<!-- internal -->", "<!-- /internal -->"])
def test_a_stray_mark_is_an_error_at_its_place_in_the_file(
    read: Read, audience: Visibility, mark: str
) -> None:
    document = read(f"---\nseverity: SEV1\n---\n\nWords {mark}\nmore\n", Config(audience=audience))
    assert problems(document) == [("E106", 5, 7)]


def test_links_of_a_public_build_keep_their_lines(read: Read) -> None:
    text = "# Incident\n\n<!-- internal -->\n[a](x.md)\n<!-- /internal -->\n\n[a](x.md)\n"
    document = read(text, Config(audience=Visibility.PUBLIC))
    assert [(link.target, link.line, link.column) for link in document.body.links] == [("x.md", 7, 5)]


@pytest.mark.parametrize("config", [Config(), PYTHON], ids=["github", "python"])
@pytest.mark.parametrize(
    "text",
    [
        '<img src="//[x" alt="y">',
        '<img src="//ex℀mple/a.png">',
        "![x](//[::1/y.png)",
        "[x](http://[)",
        "<a href='//[x'>y</a>",
        "> " * 3000 + "deep",
        "* " * 500 + "deep",
        "\n".join("    " * depth + "- deep" for depth in range(400)),
        "[" * 3000,
        "![" * 200,
        "`" * 3000,
        "<div>" * 3000,
        "|" * 3000 + "\n" + "|-" * 3000,
        "\x01\x02\x0b\x0c\x1b\x7f\x85\u2028\ufffe",
        "&#0; &#xD800; &#x110000; &bogus;",
        "# " + "#" * 5000,
        "[^1]" * 50 + "\n\n[^1]: [^1]\n",
        "```" + "x" * 3000,
        "```python\n" + "(" * 3000,
    ],
    ids=lambda text: ascii(text[:16]),
)
def test_odd_bodies_never_raise(read: Read, text: str, config: Config) -> None:
    document = read(f"# Incident\n\n{text}\n", config)
    assert document.title == "Incident" or "E107" in [item.code for item in document.diagnostics]


_VALUES = st.recursive(
    st.sampled_from(["", "~", "x", "2023-10-07", "10:00", "unknown", "public", "SEV1", "-1", "1e9", "https://x", "'", "n/a"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["name", "title", "id", "type", "status", "due", "at", "event", "url", "label", "users", "from", "to", "windows", "types"]),
        inner,
        max_size=3,
    ),
    max_leaves=6,
)  # fmt: skip
_KEYS = st.sampled_from(
    ["id", "title", "date", "status", "severity", "started", "impact", "root_cause", "factors", "services", "authors", "timeline",
     "action_items", "related", "links", "aliases", "visibility", "inferred", "draft", "Resolved", "nonsense", "affected"]
)  # fmt: skip


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(_KEYS, _VALUES, min_size=1, max_size=5))
@example({"services": [{"name": {"a": "b"}}]})
@example({"impact": {"windows": {"from": {"a": "b"}}}})
def test_any_front_matter_is_read_with_problems_inside_the_file(
    tmp_path: Path, fields: dict[str, Any]
) -> None:
    import json

    text = (
        "---\n"
        + "".join(f"{key}: {json.dumps(value)}\n" for key, value in fields.items())
        + "---\n## Timeline\n"
    )
    document, _ = read_html(tmp_path, text)
    lines = text.split("\n")
    for item in document.diagnostics:
        assert 1 <= item.line <= len(lines) and 1 <= item.column <= len(lines[item.line - 1]) + 1
        assert item.code in ("E103", "W111", "E102")
    if "visibility" in fields and document.visibility is Visibility.PUBLIC:
        assert fields["visibility"] == "public"


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(st.binary(max_size=80), st.text(max_size=80).map(str.encode)),
    st.sampled_from([Config(), PYTHON]),
)
def test_any_bytes_are_read_or_refused(tmp_path: Path, raw: bytes, config: Config) -> None:
    document, html = read_html(tmp_path, raw, config)
    assert decode(encode(document)) == document
    assert "<script" not in html
