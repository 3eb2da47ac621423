"""`pmsite adopt`: what is added, what stays byte for byte, and that the archive stays the same."""

from dataclasses import fields
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pmsite.adopt import Adoption, adoptions
from pmsite.archive.incident import Incident
from pmsite.config import find_site
from pmsite.diagnostics import ContentError
from pmsite.load import Options, load_archive
from pmsite.source import frontmatter

from .sites import build_site, pmsite, tree

OPTIONS = Options(date(2026, 11, 1), jobs=1)
PROSE = """# Checkout was down

**Duration:** October 7, 2023, 10:00 AM - 11:30 AM (UTC)

## Impact

80% of users could not pay.

## Root cause

The disk of the database server was full: nobody had set a limit, and storage capacity was exhausted.

## Timeline

- 10:00 UTC: orders stop
- 10:20 UTC: an alert fires: "disk: full"
- 11:30 UTC: space is freed

## Action items

- [x] Set a limit
- [ ] Alert earlier
"""


def adopted(folder: Path, **given: object) -> list[Adoption]:
    found, _ = adoptions(find_site(None, None, folder), OPTIONS, **given)  # type: ignore[arg-type]
    return found


def write(folder: Path, text: str | bytes, name: str = "web.md") -> Path:
    path = folder / "content" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def facts(folder: Path) -> dict[str, tuple[object, ...]]:
    """Everything that an archive holds, but for the order of names of inferred fields."""
    archive, _ = load_archive(find_site(None, None, folder), OPTIONS)
    names = [item.name for item in fields(Incident) if item.name not in ("digest", "inferred")]
    return {
        incident.id: (
            *(getattr(incident, name) for name in names),
            frozenset(incident.inferred),
            archive.documents[incident.id].body.digest,
        )
        for incident in archive.incidents
    }


@pytest.mark.parametrize(
    ("said", "written"),
    [("about five hours", '"~ 5 h"'), ("~1h 30m 20s", '"~ 5420 s"'), ("5 hours", "PT18000S")],
)
def test_an_approximate_length_is_written_as_one(tmp_path: Path, said: str, written: str) -> None:
    path = write(tmp_path, f"# Web\n\n**Duration:** {said}\n\n## Summary\n\nThe web servers were down.\n")
    before = facts(tmp_path)
    (adoption,) = adopted(tmp_path)
    assert f"duration: {written}\n" in adoption.after.decode()
    path.write_bytes(adoption.after)
    assert facts(tmp_path) == before


def test_what_is_written(tmp_path: Path) -> None:
    path = write(tmp_path, PROSE)
    (adoption,) = adopted(tmp_path)
    text = adoption.after.decode()
    front = text.removesuffix(PROSE)
    assert front.splitlines() == [
        "---",
        "date: 2023-10-07",
        "started: 2023-10-07T10:00:00Z",
        "detected: 2023-10-07T10:20:00Z",
        "resolved: 2023-10-07T11:30:00Z",
        "impact:",
        "  percent: 80",
        "  percent_of: users",
        "root_cause: capacity",
        "detection: alert",
        "timeline:",
        "  - {at: 2023-10-07T10:00:00Z, event: orders stop}",
        '  - {at: 2023-10-07T10:20:00Z, event: "an alert fires: \\"disk: full\\""}',
        "  - {at: 2023-10-07T11:30:00Z, event: space is freed}",
        "action_items:",
        "  - {title: Set a limit, status: done}",
        "  - {title: Alert earlier, status: open}",
        "inferred: [started, detected, resolved, date, detection, impact.percent, root_cause, timeline, action_items]",
        "---",
        "",
    ]
    assert path.read_text() == PROSE


def test_the_archive_stays_as_it_is_and_a_second_time_changes_nothing(tmp_path: Path) -> None:
    path = write(tmp_path, PROSE)
    before = facts(tmp_path)
    for adoption in adopted(tmp_path):
        adoption.write()
    assert path.read_text() != PROSE
    assert facts(tmp_path) == before
    assert adopted(tmp_path) == []


def test_pages_stay_as_they_are(tmp_path: Path) -> None:
    write(tmp_path, PROSE)
    build_site(tmp_path)
    name = "site/incidents/web/index.html"
    before = (tmp_path / name).read_text()
    for adoption in adopted(tmp_path):
        adoption.write()
    build_site(tmp_path)
    assert set((tmp_path / name).read_text().splitlines()) == set(before.splitlines())


FRONT = "# a comment\ntitle:   'Checkout'   # kept\n\ntags: [ a,b ]\nunknown_key: {x: 1}\n# the end\n"


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["unix", "dos"])
@pytest.mark.parametrize("bom", ["", "\ufeff"], ids=["plain", "bom"])
@pytest.mark.parametrize(
    "front",
    [
        "",
        f"---\n{FRONT}---\n",
        f"\n---\n{FRONT}---\n\n",
        '+++\ntitle = "Checkout" # kept\n[extra]\nx = 1\n+++\n',
    ],
    ids=["none", "yaml", "blank", "toml"],
)
def test_every_byte_of_the_document_stays(tmp_path: Path, front: str, bom: str, end: str) -> None:
    before = f"{bom}{(front + PROSE).replace(chr(10), end)}".encode()
    write(tmp_path, before)
    (adoption,) = adopted(tmp_path)
    assert adoption.note == ""
    added = [line for line in adoption.diff() if line.startswith("+") and not line.startswith("+++ ")]
    assert added and not [line for line in adoption.diff() if line.startswith("-") and line[:4] != "--- "]
    rest = adoption.after
    for line in added:
        rest = rest.replace(line[1:].encode() + end.encode(), b"", 1)
    assert rest == before
    assert (b"\r\n" in adoption.after) == (end == "\r\n")
    adoption.write()
    assert adopted(tmp_path) == []


def test_names_join_those_that_are_on_the_list_already(tmp_path: Path) -> None:
    front = "---\nroot_cause: capacity\ninferred:\n  - root_cause\n# why\nteams: [a]\n---\n"
    write(tmp_path, front + PROSE)
    (adoption,) = adopted(tmp_path, only=["started", "resolved"])
    assert adoption.after.decode().removesuffix(PROSE).splitlines() == [
        "---",
        "root_cause: capacity",
        "# why",
        "teams: [a]",
        "started: 2023-10-07T10:00:00Z",
        "resolved: 2023-10-07T11:30:00Z",
        "inferred: [root_cause, started, resolved]",
        "---",
    ]


def test_only_some_fields_and_the_others_later(tmp_path: Path) -> None:
    write(tmp_path, PROSE)
    before = facts(tmp_path)
    for only in (["started"], ["timeline", "impact"], []):
        for adoption in adopted(tmp_path, only=only):
            adoption.write()
        assert facts(tmp_path) == before
    assert adopted(tmp_path) == []


def test_front_matter_is_never_changed(tmp_path: Path) -> None:
    write(tmp_path, f"---\nstarted: 2023-10-07T09:00:00Z\nimpact: Some.\n---\n{PROSE}")
    (adoption,) = adopted(tmp_path)
    text = adoption.after.decode()
    assert "started: 2023-10-07T09:00:00Z\nimpact: Some.\n" in text
    assert text.count("started:") == 1 and "percent:" not in text


def test_what_is_in_doubt_is_left_in_the_text(tmp_path: Path) -> None:
    write(
        tmp_path,
        PROSE.replace("## Impact", "It took 3 hours in all.\n\n**Time to repair:** 3 hours\n\n## Impact"),
    )
    before = facts(tmp_path)
    (adoption,) = adopted(tmp_path)
    assert "started:" not in adoption.after.decode() and "root_cause:" in adoption.after.decode()
    adoption.write()
    assert facts(tmp_path) == before


def test_internal_blocks_are_not_given_away(tmp_path: Path) -> None:
    block = "<!-- internal -->\n**Severity:** SEV1\n\nResolved by: paying the secret invoice of Acme\n<!-- /internal -->\n"
    write(tmp_path, PROSE.replace("## Impact", f"{block}\n## Impact"))
    (adoption,) = adopted(tmp_path)
    assert "SEV1" not in adoption.after.decode().removesuffix(PROSE).split("---")[1]
    assert "Acme" not in adoption.after.decode().split("---")[1]


@pytest.mark.parametrize(
    ("front", "note"),
    [
        ('{"title": "Checkout"}\n', "JSON"),
        ("---\n{title: Checkout}\n---\n", "one field a line"),
    ],
)
def test_a_form_that_cannot_be_added_to_is_said_and_left(tmp_path: Path, front: str, note: str) -> None:
    write(tmp_path, front + PROSE)
    (adoption,) = adopted(tmp_path)
    assert note in adoption.note and adoption.after == adoption.before


def test_a_document_that_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = write(tmp_path, PROSE)
    (adoption,) = adopted(tmp_path)
    path.write_text(f"{PROSE}\nOne more line.\n")
    with pytest.raises(ContentError, match="changed meanwhile"):
        adoption.write()
    assert path.read_text().endswith("One more line.\n")
    assert [item.name for item in path.parent.iterdir()] == ["web.md"]


def test_permissions_and_links_stay(tmp_path: Path) -> None:
    path = write(tmp_path, PROSE)
    path.chmod(0o640)
    (tmp_path / "content" / "linked.md").symlink_to("web.md")
    (adoption, _) = sorted(adopted(tmp_path), key=lambda item: item.path)
    adoption.write()
    assert (tmp_path / "content" / "linked.md").is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640 and path.read_text().startswith("---\n")


TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=40)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(entry="no", item='"', cause="a: b # c")
@example(entry="\u2028x", item="{[", cause="'")
@given(entry=TEXT, item=TEXT, cause=TEXT)
def test_any_text_survives(tmp_path: Path, entry: str, item: str, cause: str) -> None:
    prose = f"# Down\n\n## Summary\n\n{cause}\n\n## Timeline\n\n- 10:00 UTC - {entry}\n- 11:00 UTC - up\n\n## Action items\n\n- {item}\n"
    path = write(tmp_path, prose)
    before = facts(tmp_path)
    for adoption in adopted(tmp_path):
        adoption.write()
    assert frontmatter.split(path.read_text(encoding="utf-8").replace("\r", "\n")).body.strip("\n")
    assert facts(tmp_path) == before
    assert [item for item in adopted(tmp_path) if item.after != item.before] == []


def test_the_command_shows_a_diff_and_writes_on_request(tmp_path: Path) -> None:
    path = write(tmp_path, PROSE)
    write(tmp_path, PROSE, "other.md")
    before = tree(tmp_path / "content")
    shown = pmsite("adopt", "content/web.md", cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.startswith("--- content/web.md\n+++ content/web.md\n@@ ")
    assert "\n+root_cause: capacity\n" in shown.stdout and "other.md" not in shown.stdout
    assert shown.stderr == "front matter of 1 document; run it again with --write to write it\n"
    assert tree(tmp_path / "content") == before
    coloured = pmsite("adopt", "--color", "always", "--only", "root_cause", cwd=tmp_path)
    assert "\x1b[32m+root_cause: capacity\x1b[0m" in coloured.stdout and "+started" not in coloured.stdout
    written = pmsite("adopt", "--write", cwd=tmp_path)
    assert written.stdout == "wrote content/other.md\nwrote content/web.md\n"
    assert path.read_text().startswith("---\ndate: 2023-10-07\n")
    again = pmsite("adopt", "--write", cwd=tmp_path)
    assert (again.returncode, again.stdout) == (0, "")
    assert again.stderr == "nothing to adopt: front matter has what the text says\n"


def test_an_unknown_field_is_a_usage_error(tmp_path: Path) -> None:
    write(tmp_path, PROSE)
    result = pmsite("adopt", "--only", "rootcause", cwd=tmp_path)
    assert result.returncode == 2
    assert result.stderr == '--only: "rootcause" is not a field (did you mean root_cause?)\n'


def test_a_broken_document_is_named_and_the_others_are_shown(tmp_path: Path) -> None:
    write(tmp_path, PROSE)
    write(tmp_path, "---\ntitle: a: b\n---\nText.\n", "broken.md")
    result = pmsite("adopt", "--output-format", "concise", cwd=tmp_path)
    assert result.returncode == 1
    assert "content/broken.md:2:" in result.stderr and "+root_cause: capacity" in result.stdout
