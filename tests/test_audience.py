"""The one filter: every combination of visibility, audience and draft, internal fields, and what is not guessed."""

import json
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import validate

from pmsite.archive.audience import shown, shown_config, shows_drafts, visible
from pmsite.archive.incident import (
    ActionItem,
    Doubt,
    Impact,
    Incident,
    Link,
    Relation,
    Status,
    TimelineEntry,
    Visibility,
)
from pmsite.config import Config, InternalField
from pmsite.diagnostics import ConfigurationError
from pmsite.site.write import clean
from pmsite.source.document import Body, Document
from pmsite.source.files import Role

from .sites import build_site, check_site, codes, tree, write_files

PUBLIC, INTERNAL, RESTRICTED = Visibility


def document(visibility: Visibility, status: Status | None = None, *, page: bool = False) -> Document:
    name = f"{visibility.value}-{status.value if status else 'unstated'}{'-page' if page else ''}"
    incident = None if page else Incident(name, f"{name}.md", name, status=status, visibility=visibility)
    role = Role.PAGE if page else Role.POSTMORTEM
    return Document(f"{name}.md", f"{name}.md", role, name, name, visibility, Body(), incident)


ALL = tuple(
    document(visibility, status) for visibility, status in product(Visibility, [None, *Status])
) + tuple(document(visibility, page=True) for visibility in Visibility)


@pytest.mark.parametrize(
    ("audience", "seen"),
    [(PUBLIC, {PUBLIC}), (INTERNAL, {PUBLIC, INTERNAL}), (RESTRICTED, {PUBLIC, INTERNAL, RESTRICTED})],
)
@pytest.mark.parametrize("drafts", [True, False, None])
def test_who_sees_what(audience: Visibility, seen: set[Visibility], drafts: bool | None) -> None:
    with_drafts = drafts if drafts is not None else audience is not PUBLIC
    expected = tuple(
        item
        for item in ALL
        if item.visibility in seen
        and (with_drafts or item.incident is None or item.incident.status is not Status.DRAFT)
    )
    assert visible(ALL, Config(audience=audience, drafts=drafts)) == expected


def test_drafts_are_shown_inside_unless_configured() -> None:
    assert [shows_drafts(audience, None) for audience in Visibility] == [False, True, True]
    for audience in Visibility:
        assert shows_drafts(audience, True) and not shows_drafts(audience, False)


def test_an_index_is_what_its_visible_neighbours_make_it() -> None:
    """Alone in its folder a bundle's postmortem, else the folder's introduction; what is hidden does not count."""
    index = Document(
        "content/a/index.md",
        "a/index.md",
        Role.INDEX,
        "a",
        "A",
        PUBLIC,
        Body(),
        Incident("a", "content/a/index.md", "A"),
    )
    other = Document(
        "content/a/b.md", "a/b.md", Role.POSTMORTEM, "b", "B", INTERNAL, Body(), Incident("b", "b.md", "B")
    )
    (alone,) = visible([index, other], Config(audience=PUBLIC))
    assert (alone.role, alone.id) == (Role.POSTMORTEM, "a")
    assert alone.incident is not None
    introduction = visible([index, other], Config(audience=INTERNAL))[0]
    assert (introduction.role, introduction.incident) == (Role.INTRODUCTION, None)


FULL = Incident(
    "a",
    "content/a.md",
    "A",
    number="PM-1",
    impact=Impact(users=5, requests=6, summary="s"),
    root_cause="x",
    trigger="t",
    factors=("f",),
    resolution="r",
    detection="alert",
    services=("web",),
    teams=("t",),
    regions=("r",),
    tags=("t",),
    authors=("Jo",),
    timeline=(TimelineEntry(None, "e"),),
    action_items=(
        ActionItem("one", "Jo", ticket="OPS-1"),
        ActionItem("two", "Max", ticket="https://tracker.example/browse/OPS-2/"),
        ActionItem("three", ticket="SEC-3"),
        ActionItem("four", ticket="DEVOPS-4"),
    ),
    related=(Relation("a"),),
    links=(Link("l", "https://example.org"),),
    aliases=("old",),
    inferred=("authors", "timeline", "summary"),
    doubts=(Doubt("services", "d"), Doubt("started", "d")),
    shown=("timeline",),
)


def seen(**given: Any) -> Incident:
    made = Document("content/a.md", "a.md", Role.POSTMORTEM, "a", "A", PUBLIC, Body(), FULL)
    (found,) = shown([made], Config(**{"audience": PUBLIC, **given}))
    assert found.incident is not None
    return found.incident


@pytest.mark.parametrize("name", get_args(InternalField))
def test_each_internal_field_is_as_if_nobody_had_written_it(name: str) -> None:
    found = seen(internal_fields=(name,))
    empty = Incident("", "", "")
    if name in ("owners", "tickets"):
        assert not any(getattr(item, name[:-1]) for item in found.action_items)
        assert [item.title for item in found.action_items] == ["one", "two", "three", "four"]
    elif name.startswith("impact."):
        assert getattr(found.impact, name[7:]) is None and found.impact.summary == "s"
    else:
        assert getattr(FULL, name) != getattr(empty, name) == getattr(found, name)
    assert name not in (*found.inferred, *found.shown, *(doubt.field for doubt in found.doubts))
    assert found.digest != seen().digest


@pytest.mark.parametrize("audience", [INTERNAL, RESTRICTED])
def test_other_audiences_see_internal_fields(audience: Visibility) -> None:
    assert seen(audience=audience, internal_fields=get_args(InternalField), internal_tickets=("OPS",)) == FULL
    words = Config(
        audience=audience, internal_fields=("owners", "source"), source_url="https://example.org/{path}"
    )
    assert shown_config(words) == words


def test_tickets_by_their_beginning() -> None:
    found = seen(internal_tickets=("ops-", "SEC-"))
    assert [item.ticket for item in found.action_items] == ["", "", "", "DEVOPS-4"]
    found = seen(internal_tickets=("https://tracker.example/",))
    assert [item.ticket for item in found.action_items] == ["OPS-1", "", "SEC-3", "DEVOPS-4"]


def test_ids_that_the_site_does_not_have_are_left_out() -> None:
    incident = replace(FULL, related=(Relation("a"), Relation("hidden")))
    made = Document("content/a.md", "a.md", Role.POSTMORTEM, "a", "A", PUBLIC, Body(), incident)
    for audience in Visibility:
        (found,) = shown([made], Config(audience=audience))
        assert found.incident is not None and found.incident.related == (Relation("a"),)


SITE = """
-- pmsite.yaml --
audience: public
base_url: https://example.org/pm
source_url: https://git.example/secret-path/{path}
edit_url: https://git.example/secret-path/edit/{path}
internal_fields: [authors, owners, links, tickets, source, impact.users]
services:
  web: {owner: Web-owner, links: [{label: Board, url: https://board.example/1}], description: The shop.}
-- content/secret-path/2024-01-01-a.md --
---
title: One
visibility: public
severity: SEV1
services: [web]
authors: [Jo Author]
impact: {summary: Slow pages., users: 98761}
links: [{label: Link-label, url: https://link.example/2}]
action_items:
  - {title: Roll out in stages, owner: Item-owner, ticket: TICKET-77, status: open, due: 2026-12-24}
---
Text with [data](data.csv) and ![a picture](p.svg).
-- content/secret-path/data.csv --
a,b
-- content/secret-path/p.svg --
<svg xmlns="http://www.w3.org/2000/svg"/>
-- content/pages/about.md --
---
title: About
visibility: public
---
Text.
"""
HIDDEN = (
    b"secret-path", b"git.example", b"Web-owner", b"board.example", b"Jo Author", b"98761", b"Link-label", b"link.example",
    b"Item-owner", b"TICKET-77",
)  # fmt: skip


def test_internal_fields_are_nowhere_in_a_public_site(tmp_path: Path) -> None:
    write_files(tmp_path, SITE)
    report = build_site(tmp_path)
    assert report.ok
    files = tree(tmp_path / "site")
    assert [
        (word, path) for path, content in files.items() for word in HIDDEN if word in path.encode() + content
    ] == []
    assert b"Roll out in stages" in files["incidents/2024-01-01-a/index.html"]
    validate(json.loads(files["incidents.json"]), json.loads(files["schema.json"]))
    assert len([path for path in files if path.endswith(("/data.csv", "/p.svg"))]) == 2
    assert build_site(tmp_path, audience="internal").ok
    inside = tree(tmp_path / "site-internal")
    whole = b"".join((*inside.values(), *(path.encode() for path in inside)))
    assert [word for word in HIDDEN if word not in whole] == []


def test_rules_still_look_at_what_authors_wrote(tmp_path: Path) -> None:
    text = SITE.replace("severity: SEV1", "severity: SEV1\nstatus: final\nrelated: [{id: nowhere}]")
    report = build_site(write_files(tmp_path, text))
    assert "W410" not in codes(report) and "W303" in codes(report)


def test_a_change_of_internal_fields_changes_the_site(tmp_path: Path) -> None:
    write_files(tmp_path, SITE)
    build_site(tmp_path)
    before = tree(tmp_path / "site")
    config = (tmp_path / "pmsite.yaml").read_text()
    (tmp_path / "pmsite.yaml").write_text(config.replace("[authors, owners", "[owners"))
    build_site(tmp_path)
    assert any(b"Jo Author" in content for content in tree(tmp_path / "site").values())
    (tmp_path / "pmsite.yaml").write_text(config)
    build_site(tmp_path)
    assert tree(tmp_path / "site") == before


TEXT = """
-- pmsite.yaml --
internal_fields: [owners, timeline]
-- content/2024-01-01-a.md --
---
visibility: public
severity: SEV1
---
## Action items

| Action | Owner | Status |
|---|---|---|
| Roll out in stages | Jo | open |
"""


def test_text_that_says_what_a_field_hides_is_an_error_in_a_public_site(tmp_path: Path) -> None:
    write_files(tmp_path, TEXT)
    report = check_site(tmp_path, audience="public")
    (problem,) = [item for item in report.diagnostics if item.code == "W803"]
    assert (problem.line, problem.severity.value) == (9, "error") and '"owners"' in problem.message
    assert "W803" not in codes(check_site(tmp_path))
    (tmp_path / "pmsite.yaml").write_text("internal_fields: [owners]\nrules: {internal-field-in-text: off}\n")
    assert check_site(tmp_path, audience="public").ok


@pytest.mark.parametrize(
    ("line", "column"),
    [("visibility:", 13), ("visibility: ", 13), ("visiblity: public", 1), ("Visibilty: internal", 1), ("visibility: [public]", 13)],
)  # fmt: skip
def test_visibility_that_somebody_meant_to_state_is_not_guessed(
    tmp_path: Path, line: str, column: int
) -> None:
    text = f"-- pmsite.yaml --\ndefaults: {{visibility: public}}\n-- content/a.md --\n---\nseverity: SEV1\n{line}\n---\nText.\n"
    report = build_site(write_files(tmp_path, text), audience="public")
    assert [item.line for item in report.diagnostics if item.code == "E103"] == [3]
    assert not (tmp_path / "site-public").exists()
    report = build_site(tmp_path, audience="public", keep_going=True)
    assert not report.ok
    assert not any("incidents/a" in path for path in tree(tmp_path / "site-public"))


def test_audiences_share_neither_output_nor_cache(tmp_path: Path) -> None:
    """Built in turn, each site is what a clean build gives."""
    write_files(tmp_path, SITE)
    for _ in range(2):
        build_site(tmp_path)
        build_site(tmp_path, audience="internal")
        assert {path.name for path in (tmp_path / ".pmsite").iterdir() if path.is_dir()} == {
            "public",
            "internal",
        }
    for audience in ("public", "internal"):
        fresh = write_files(tmp_path / f"fresh-{audience}", SITE)
        build_site(fresh, audience=audience, title=tmp_path.name, output="o")
        again = tree(tmp_path / ("site" if audience == "public" else "site-internal"))
        assert build_site(tmp_path, audience=audience, title=tmp_path.name, output=f"again-{audience}").ok
        assert tree(fresh / "o") == tree(tmp_path / f"again-{audience}")
        assert again.keys() == tree(fresh / "o").keys()


def test_a_public_site_does_not_become_an_internal_one(tmp_path: Path) -> None:
    """A folder that was built for the public may be what the public reads; the other way round nothing is given away."""
    write_files(tmp_path, SITE)
    build_site(tmp_path)
    before = tree(tmp_path / "site")
    with pytest.raises(ConfigurationError) as caught:
        build_site(tmp_path, audience="internal", output="site")
    assert "holds a public site, and this one is internal" in caught.value.diagnostics[0].message
    assert tree(tmp_path / "site") == before
    build_site(tmp_path, audience="restricted", output="other")
    build_site(tmp_path, audience="internal", output="other")
    build_site(tmp_path, audience="public", output="other")
    assert tree(tmp_path / "other") == before
    clean(tmp_path / "site")
    assert build_site(tmp_path, audience="internal", output="site").ok
