"""The deny list over whole sites: what would be published is compared with it, and nothing that it lists is."""

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from pmsite.diagnostics import ConfigurationError, ContentError
from pmsite.patterns import DenyList, denied
from pmsite.site.deny import hits

from .sites import build_site, tree, write_files

SITE = """
-- pmsite.yaml --
audience: public
deny:
  - Globex Corporation
  - 10.0.0.0/8
  - '/\\bdb\\d+-prod\\b/'
  - "@corp.example"
internal_tickets: OPS-
-- content/2024-01-01-a.md --
---
title: One
visibility: public
severity: SEV1
tags: [fine]
---

{}
-- content/2024-01-02-b.md --
---
title: Two
severity: SEV1
---
Globex Corporation, 10.1.1.1, db1-prod, jo@corp.example, OPS-5
"""


def refused(folder: Path, **given: object) -> list[str]:
    with pytest.raises(ContentError) as caught:
        build_site(folder, **given)
    return [problem.concise for problem in caught.value.diagnostics]


def test_internal_documents_may_say_it(tmp_path: Path) -> None:
    write_files(
        tmp_path, SITE.format("Nothing.\n\n<!-- internal -->\nGlobex Corporation\n<!-- /internal -->")
    )
    assert build_site(tmp_path).ok
    assert build_site(tmp_path, audience="internal").ok


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("It was globex corporation.", 3),
        ("Two lines: Globex\nCorporation", 3),
        ("**Globex** _Corporation_", 3),
        ("&#71;lobex Corp&#111;ration", 3),
        ("Globex [Corporation](https://example.org)", 3),
        ("from 10.2.3.4", 4),
        ("<!-- -->`host:` `10.2.3.4:80`", 4),
        ("connect(*db12*-prod)", 5),
        ("<img alt='jo@corp.example' src='https://example.org/x.png'>", 6),
        ("as OPS-12 says", 7),
        ("[x](https://tracker.example/browse/OPS-12)", 7),
    ],
)
def test_what_a_public_document_says(tmp_path: Path, text: str, line: int) -> None:
    write_files(tmp_path, SITE.format(text))
    found = refused(tmp_path)
    own = [item for item in found if item.startswith("content/2024-01-01-a.md")]
    assert own and all(f":8:1: E801 pmsite.yaml:{line} denies this" in item for item in own)
    assert not any("2024-01-02-b" in item for item in found)
    assert not (tmp_path / "site").exists()


def test_highlighted_code(tmp_path: Path) -> None:
    write_files(tmp_path, SITE.format('```python\nconnect("db12-prod")  # 10.2.3.4\n```'))
    assert [item.split(" ")[:3] for item in refused(tmp_path)] == [
        ["content/2024-01-01-a.md:9:1:", "E801", f"pmsite.yaml:{line}"] for line in (4, 5)
    ]


def test_what_only_the_page_holds_is_named_by_its_document(tmp_path: Path) -> None:
    write_files(tmp_path, SITE.format("Glo<!-- x -->bex <br> Corporation"))
    assert refused(tmp_path)[0].startswith("content/2024-01-01-a.md:1:1: E801 pmsite.yaml:3")


def test_the_line_is_named_and_internal_blocks_are_not_blamed(tmp_path: Path) -> None:
    text = "<!-- internal -->\nGlobex Corporation\n<!-- /internal -->\nFine.\n\nGlobex Corporation"
    write_files(tmp_path, SITE.format(text))
    (problem,) = refused(tmp_path)
    assert problem.startswith("content/2024-01-01-a.md:13:1: E801 pmsite.yaml:3 denies this, and ")
    assert "incidents/2024-01-01-a/index.html" in problem


def test_configuration_addresses_and_files_are_looked_at_too(tmp_path: Path) -> None:
    write_files(
        tmp_path, SITE.format("Text with [a log](log.txt), [old](old.gz), [all](all.zip), ![p](p.svg).")
    )
    content = tmp_path / "content"
    for name in ("log.txt", "old.gz", "all.zip", "p.svg"):
        (content / name).write_bytes(_fine(name))
    assert build_site(tmp_path).ok
    (content / "log.txt").write_text("GET http://10.0.0.1/")
    assert "files/content/log.txt:1:1: E801 pmsite.yaml:4" in refused(tmp_path)[0]
    (content / "log.txt").write_text("fine")
    (content / "old.gz").write_bytes(gzip.compress(b"on db7-prod"))
    assert "files/content/old.gz:1:1: E801 pmsite.yaml:5" in refused(tmp_path)[0]
    (content / "old.gz").write_bytes(_fine("old.gz"))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("globex-corporation.txt", "x")
    (content / "all.zip").write_bytes(packed.getvalue())
    assert "files/content/all.zip:1:1: E801 pmsite.yaml:3" in refused(tmp_path)[0]
    (content / "all.zip").write_bytes(_fine("all.zip"))
    (content / "p.svg").write_text(
        "<svg xmlns='http://www.w3.org/2000/svg'><text>db<tspan>7-</tspan>prod</text></svg>"
    )
    assert "files/content/p.svg:1:1: E801 pmsite.yaml:5" in refused(tmp_path)[0]
    (content / "p.svg").write_bytes(_fine("p.svg"))
    with (tmp_path / "pmsite.yaml").open("a") as config:
        config.write("description: All of Globex Corporation\n")
    assert [item.split(" ")[0] for item in refused(tmp_path)] == ["pmsite.yaml:8:1:"]
    assert build_site(tmp_path, audience="internal").ok


def _fine(name: str) -> bytes:
    if name.endswith(".zip"):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("a.txt", "x")
        return packed.getvalue()
    return {"old.gz": gzip.compress(b"fine"), "p.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>"}.get(
        name, b"fine"
    )


def test_the_name_of_a_document(tmp_path: Path) -> None:
    write_files(tmp_path, SITE.format("Text."))
    (tmp_path / "content/2024-01-01-a.md").rename(tmp_path / "content/2024-globex-corporation.md")
    assert refused(tmp_path)[0].startswith(
        "content/2024-globex-corporation.md:1:1: E801 pmsite.yaml:3 denies this"
    )


def test_a_longer_list_is_compared_with_pages_that_have_not_changed(tmp_path: Path) -> None:
    """And the published site stays as it was, until it is mended."""
    write_files(tmp_path, SITE.format("About the gizmo."))
    assert build_site(tmp_path).ok
    before = tree(tmp_path / "site")
    config = (tmp_path / "pmsite.yaml").read_text()
    (tmp_path / "pmsite.yaml").write_text(config.replace("deny:\n", "deny:\n  - gizmo\n"))
    for _ in range(2):
        assert refused(tmp_path)[0].startswith("content/2024-01-01-a.md:8:1: E801 pmsite.yaml:3")
        assert tree(tmp_path / "site") == before
    document = tmp_path / "content/2024-01-01-a.md"
    document.write_text(document.read_text().replace("gizmo", "thing"))
    assert build_site(tmp_path).ok
    assert b"About the thing" in tree(tmp_path / "site")["incidents/2024-01-01-a/index.html"]


@pytest.mark.parametrize(
    ("entry", "reason"),
    [("'/(/'", "unclosed group"), ("'/(?=a)/'", "look-around"), ("300.0.0.0/8", "not a network"), ("'--'", "write a text")],
)  # fmt: skip
def test_what_cannot_be_listed_is_named_with_its_place(tmp_path: Path, entry: str, reason: str) -> None:
    write_files(tmp_path, f"-- pmsite.yaml --\ndeny:\n  - fine\n  - {entry}\n-- content/a.md --\nText.\n")
    with pytest.raises(ConfigurationError) as caught:
        build_site(tmp_path)
    (problem,) = caught.value.diagnostics
    assert (problem.code, problem.line, problem.column) == ("E501", 3, 5) and reason in problem.message


@pytest.mark.parametrize(
    "content",
    [
        b"Globex",
        b"<p>Glo<b>be</b>x</p>",
        b"<td>a</td><td>&#71;lobex</td>",
        b"Glo<span class='n'>b</span>ex",
        rb'{"a": "\u0047lobex"}',
        "\ufeffGlobex é".encode(),
        b"\xff\xfe\0Globex\0",
        b"<a href='https://example.org/?q=%47lobex%26x'>",
        gzip.compress(gzip.compress(b"Globex", mtime=0), mtime=0),
    ],
)
def test_however_it_is_written(content: bytes) -> None:
    assert hits(DenyList([denied("Globex")]), content) == (0,)


@pytest.mark.parametrize(
    "content", [b"", b"Globexian", b"\x1f\x8b\x08broken", b"PK\x03\x04broken", b"<b", b"\\ud800 &#xd800;"]
)
def test_whatever_a_file_holds(content: bytes) -> None:
    assert hits(DenyList([denied("Globex")]), content) == ()
