"""Files that travel along: judged by what they hold, and published at a legal address."""

import os
import re
from pathlib import Path

import pytest

from pmsite.config import Config
from pmsite.site.attachments import Refused, address, check_attachment

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


def check(folder: Path, name: str, content: bytes) -> str | Refused:
    path = folder / name
    path.write_bytes(content)
    return check_attachment(f"content/{name}", path, Config())


def svg(inside: str, attributes: str = "") -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg" {attributes}>{inside}</svg>'.encode()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.png", PNG),
        ("a.PNG", PNG),
        ("a.jpg", b"\xff\xd8\xff\xe0"),
        ("a.jpeg", b"\xff\xd8\xff\xe1"),
        ("a.gif", b"GIF89a..."),
        ("a.webp", b"RIFF\0\0\0\0WEBPVP8 "),
        ("a.avif", b"\0\0\0\x20ftypavif"),
        ("a.pdf", b"%PDF-1.7"),
        ("a.mp4", b"\0\0\0\x18ftypmp42"),
        ("a.webm", b"\x1aE\xdf\xa3..."),
        ("a.zip", b"PK\x03\x04"),
        ("a.gz", b"\x1f\x8b\x08"),
        ("a.txt", b"words"),
        ("a.log", "Zeile ä".encode()),
        ("a.csv", b"a,b"),
        ("a.json", b"{}"),
        ("a.yaml", b"a: b"),
        ("a.sql", b""),
        ("a.svg", svg("<path d='M0 0'/>")),
    ],
)
def test_what_is_published(tmp_path: Path, name: str, content: bytes) -> None:
    assert check(tmp_path, name, content) == f"files/content/{name}"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.html", b"<p>x</p>", "not of a type"),
        ("a.htm", b"x", "not of a type"),
        ("a.xhtml", b"x", "not of a type"),
        ("a.js", b"x", "not of a type"),
        ("a.css", b"x", "not of a type"),
        ("a.xml", b"<x/>", "not of a type"),
        ("a.exe", b"MZ", "not of a type"),
        ("a.md", b"x", "not of a type"),
        ("Makefile", b"x", "not of a type that is published (no ending)"),
        ("a.png", b"<script>alert(1)</script>", "does not hold what its ending says (.png)"),
        ("a.png", b"", "does not hold what its ending says"),
        ("a.png", b"\xff\xd8\xff\xe0", "does not hold what its ending says"),
        ("a.pdf", b" %PDF-", "does not hold what its ending says"),
        ("a.gif", b"GIF", "does not hold what its ending says"),
        ("a.txt", b"a\0b", "is not a text"),
        ("a.svg", b"\xff\xfe<", "it is not UTF-8"),
        ("a.svg", b"<svg", "it is not well-formed"),
        ("a.svg", b"", "it is not well-formed"),
        ("a.svg", b"<html><script>alert(1)</script></html>", "it contains <html>"),
    ],
)
def test_what_is_refused(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    found = check(tmp_path, name, content)
    assert isinstance(found, Refused)
    assert reason in found.reason and found.hint


@pytest.mark.parametrize(
    "inside",
    [
        "<g><rect fill='url(#a)'/></g><defs><linearGradient id='a'><stop/></linearGradient></defs>",
        "<text x='1'>on words <tspan>more</tspan></text>",
        "<use href='#a'/>",
        "<use xmlns:xlink='http://www.w3.org/1999/xlink' xlink:href='#a'/>",
        "<style>.a { fill: url(#b); color: red }</style>",
        "<rect style='fill: url( \"#a\" )'/>",
        "<!-- a comment with <script> -->",
        "<title>x</title><desc>y</desc>",
        "<g id='curl' class='src image' aria-label='me@e.example'/>",
    ],
)
def test_plain_drawings(tmp_path: Path, inside: str) -> None:
    assert check(tmp_path, "a.svg", svg(inside)) == "files/content/a.svg"


@pytest.mark.parametrize(
    "content",
    [
        svg("<script>alert(1)</script>"),
        svg("<SCRIPT>alert(1)</SCRIPT>"),
        svg("<x:script xmlns:x='http://www.w3.org/2000/svg'>alert(1)</x:script>"),
        svg("<h:script xmlns:h='http://www.w3.org/1999/xhtml'>alert(1)</h:script>"),
        svg("", "onload='alert(1)'"),
        svg("<rect OnClick='alert(1)'/>"),
        svg("<g onmouseover='alert(1)'/>"),
        svg("<foreignObject><p xmlns='http://www.w3.org/1999/xhtml'>x</p></foreignObject>"),
        svg("<a href='javascript:alert(1)'><text>x</text></a>"),
        svg("<a xmlns:x='http://www.w3.org/1999/xlink' x:href='https://e.example'>x</a>"),
        svg("<image href='https://e.example/x.png'/>"),
        svg("<use href='https://e.example/x.svg#a'/>"),
        svg("<use href='data:image/svg+xml,x#a'/>"),
        svg("<use xmlns:x='http://www.w3.org/1999/xlink' x:href='//e.example/x.svg#a'/>"),
        svg("<use xmlns:x='http://www.w3.org/1999/xlink' x:href='&#106;avascript:alert(1)'/>"),
        svg("<animate attributeName='href' values='javascript:alert(1)'/>"),
        svg("<set attributeName='onclick' to='alert(1)'/>"),
        svg("<style>@import 'https://e.example/x.css';</style>"),
        svg("<style>@IMPORT url(//e.example/x.css);</style>"),
        svg("<style>a { background: url(https://e.example/x) }</style>"),
        svg("<style>a { background: u\\rl(https://e.example/x) }</style>"),
        svg("<style>a { background: url/**/(https://e.example/x) }</style>"),
        svg("<style>@\\69mport 'https://e.example/x.css';</style>"),
        svg("<style>a { fill: \\75rl(https://e.example/x) }</style>"),
        svg("<style>a { cursor: image-set('https://e.example/x' 1x), auto }</style>"),
        svg("<style>@font-face { font-family: a; src: URL( 'https://e.example/x' ) }</style>"),
        svg("<rect fill='url(https://e.example/x#a)'/>"),
        svg("<rect fill='\\75 rl(https://e.example/x#a)'/>"),
        svg("<rect style='fill:url(//e.example/x)'/>"),
        svg("<rect filter='url(\"https://e.example/x#a\")'/>"),
        svg("<style>a { content: '/*'; fill: url(https://e.example/x); content: '*/' }</style>"),
        svg("<style>u<g/>rl(https://e.example/x)</style>"),
        svg("<style><g/>@import 'https://e.example/x.css';</style>"),
        svg("<use href='#a' xml:base='https://e.example/x.svg'/>"),
        svg("<rect fill='image(\"https://e.example/x\")'/>"),
        svg("<iframe src='https://e.example'/>"),
        svg("<video src='x'/>"),
        svg("<metadata><x:anything xmlns:x='y' onload='alert(1)'/></metadata>"),
        b"<!DOCTYPE svg [<!ENTITY x 'y'>]><svg xmlns='http://www.w3.org/2000/svg'>&x;</svg>",
        b"<!doctype svg><svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<?xml-stylesheet href='https://e.example/x.css'?><svg xmlns='http://www.w3.org/2000/svg'/>",
        "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".encode("utf-16"),
    ],
    ids=lambda content: content[:90].decode("latin-1"),
)
def test_drawings_that_run_or_load_something_are_refused(tmp_path: Path, content: bytes) -> None:
    assert isinstance(check(tmp_path, "a.svg", content), Refused)


def test_very_large_files_are_refused_without_reading_them(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with path.open("wb") as file:
        os.truncate(file.fileno(), 51 * 1024 * 1024)
    found = check_attachment("a.txt", path, Config())
    assert isinstance(found, Refused) and "larger than 50 MiB" in found.reason


def test_a_file_that_is_gone_is_refused(tmp_path: Path) -> None:
    found = check_attachment("a.txt", tmp_path / "a.txt", Config())
    assert isinstance(found, Refused) and "cannot be read" in found.reason


@pytest.mark.parametrize(
    "path", ["content/a b.png", "content/日本/é.png", "content/v1.2/x.tar.gz", "a(1)'&+.txt"]
)
def test_ordinary_paths_stay_as_they_are(path: str) -> None:
    assert address(path) == f"files/{path}"


@pytest.mark.parametrize(
    "path",
    [
        "content/a:b.png",
        "content/a?b*.png",
        'content/<"|>.png',
        "content/a\\b.png",
        "content/a\x01b.png",
        "content/dots./x.png",
        "content/space /x.png",
        "../content/x.png",
        "a/../../x.png",
        "content/con.txt",
        "content/NUL.log",
        "content/aux/x.png",
        "content/com1.tar.gz",
        "content/con .txt",
        "content/LPT².txt",
    ],
)
def test_addresses_are_legal_on_every_file_system_and_lie_below_files(path: str) -> None:
    made = address(path)
    assert made.startswith("files/")
    assert made.endswith(Path(path).suffix)
    for part in made.split("/"):
        assert part not in ("", ".", "..")
        assert not re.search(r'[<>:"|?*\\\x00-\x1f]', part)
        assert not part.endswith((".", " "))
        assert not re.fullmatch(r"(con|prn|aux|nul|(com|lpt)[0-9¹²³]) *(\..*)?", part, re.IGNORECASE)


def test_paths_that_become_alike_keep_different_addresses() -> None:
    paths = ["content/a:b.png", "content/a?b.png", "content/a-b.png", "content/a*b.png"]
    assert len({address(path) for path in paths}) == len(paths)
