"""Names and addresses: legal on every file system, stable, and equal only for what is the same file."""

import re
import unicodedata
from urllib.parse import unquote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pmsite.site import urls
from pmsite.site.urls import MAX_SLUG, MAX_SLUG_BYTES, collision_key, slug

_RESERVED = re.compile(r"(con|prn|aux|nul|(com|lpt)[0-9¹²³])(\..*)?", re.IGNORECASE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023-10-07-web", "2023-10-07-web"),
        ("Web is DOWN!", "web-is-down"),
        ("  a  --  b  ", "a-b"),
        ("../../etc/passwd", "etc-passwd"),
        ("%2e%2e/x\\y", "2e-2e-x-y"),
        ("a\0b", "a-b"),
        ("C:\\Windows", "c-windows"),
        ("snake_case", "snake-case"),
        ("Ünïcode", "ünïcode"),
        ("Straße", "strasse"),
        ("日本語 タイトル", "日本語-タイトル"),
        ("Инцидент", "инцидент"),
        ("हिन्दी", "हिन्दी"),
        ("cafe\u0301", "café"),
        ("🔥 fire 🔥", "fire"),
        ("con", "con-"),
        ("CON", "con-"),
        ("con ", "con-"),
        ("com1", "com1-"),
        ("lpt9", "lpt9-"),
        ("COM¹", "com¹-"),
        ("com10", "com10"),
        ("console", "console"),
        ("x" * 300, "x" * MAX_SLUG),
        ("x" * 79 + " yz", "x" * 79),
        ("", ""),
        ("🔥", ""),
        ("...", ""),
    ],
)
def test_slugs(text: str, expected: str) -> None:
    assert slug(text) == expected


@pytest.mark.parametrize("text", ["", "🔥", "...", "🔥🔥", " "])
def test_without_letters_a_fallback_and_a_hash_of_the_text(text: str) -> None:
    assert re.fullmatch(r"incident-[0-9a-f]{8}", slug(text, fallback="incident"))
    assert slug(text, fallback="incident") == slug(text, fallback="incident")
    assert slug(text, fallback="incident") != slug(text + "!", fallback="incident")


_ANY = st.one_of(
    st.text(max_size=120),
    st.text(st.characters(categories=("L", "M", "N")), max_size=120),
    st.sampled_from(["con", "NUL", "aux ", "Com1", "lpt9!", "con-", "com²"]),
)


@settings(deadline=None, max_examples=300)
@given(_ANY)
@example("ǰ" * 90)
@example("\u0345")
@example("a" * 79 + "\u0301" * 5)
@example("\U00020000" * 100)
def test_a_slug_is_a_fixed_point_and_a_legal_name_everywhere(text: str) -> None:
    made = slug(text, fallback="incident")
    assert made
    assert slug(made) == made
    assert unicodedata.is_normalized("NFC", made)
    assert len(made) <= MAX_SLUG + 1
    assert len(made.encode()) <= MAX_SLUG_BYTES + 1
    assert not re.search(r'[\x00-\x20<>:"/\\|?*.%#&\'`]', made)
    assert not made.startswith("-") and not _RESERVED.fullmatch(made)
    assert collision_key(made) == made


@settings(deadline=None, max_examples=150)
@given(_ANY)
def test_slugs_do_not_depend_on_normalisation(text: str) -> None:
    assert slug(unicodedata.normalize("NFD", text)) == slug(unicodedata.normalize("NFC", text))


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("a/B.html", "A/b.html", True),
        ("caf\u00e9", "cafe\u0301", True),
        ("CAF\u00c9", "cafe\u0301", True),
        ("straße", "STRASSE", True),
        ("a", "b", False),
        ("cafe", "café", False),
        ("a/b", "a-b", False),
    ],
)
def test_what_some_file_system_takes_for_the_same_file(first: str, second: str, same: bool) -> None:
    assert (collision_key(first) == collision_key(second)) is same


@settings(deadline=None, max_examples=150)
@given(st.text(max_size=40))
def test_collision_keys_ignore_normalisation_and_capitals(text: str) -> None:
    key = collision_key(text)
    assert collision_key(unicodedata.normalize("NFD", text)) == key
    assert collision_key(text.casefold()) == collision_key(collision_key(text.casefold()))


@pytest.mark.parametrize(
    ("address", "file", "root"),
    [
        ("", "index.html", "./"),
        ("incidents/", "incidents/index.html", "../"),
        ("incidents/x/", "incidents/x/index.html", "../../"),
        ("feed.xml", "feed.xml", "./"),
        ("years/2023/q4/", "years/2023/q4/index.html", "../../../"),
    ],
)
def test_pages_files_and_the_way_back(address: str, file: str, root: str) -> None:
    assert urls.page_file(address) == file
    assert urls.root_of(file) == root


def test_addresses() -> None:
    assert urls.incident("x") == "incidents/x/"
    assert urls.term("causes", "capacity") == "causes/capacity/"
    assert urls.nth_page("incidents/", 1) == "incidents/"
    assert urls.nth_page("incidents/", 3) == "incidents/page/3/"
    assert urls.year("fy2024") == "years/fy2024/"
    assert urls.quarter("2023", 4) == "years/2023/q4/"
    assert urls.plain_page("about") == "pages/about/"


@pytest.mark.parametrize(
    ("path", "encoded"),
    [
        ("incidents/a/", "incidents/a/"),
        ("incidents/日本/", "incidents/%E6%97%A5%E6%9C%AC/"),
        ("files/a b.png", "files/a%20b.png"),
        ("files/100%.txt", "files/100%25.txt"),
        ("files/a?b.txt", "files/a%3Fb.txt"),
        ('x"<>', "x%22%3C%3E"),
    ],
)
def test_encoding(path: str, encoded: str) -> None:
    assert urls.encode(path) == encoded
    assert urls.encode_link(path) == encoded


def test_only_the_first_hash_sign_begins_an_anchor() -> None:
    assert urls.encode_link("a b/index.html#日 本") == "a%20b/index.html#%E6%97%A5%20%E6%9C%AC"
    assert urls.encode_link("a#b#c") == "a#b%23c"


@settings(deadline=None, max_examples=100)
@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=40))
def test_encoding_loses_nothing_and_is_plain_ascii(path: str) -> None:
    encoded = urls.encode(path)
    assert unquote(encoded) == path
    assert re.fullmatch(r"[A-Za-z0-9%/._~!$&'()*+,;=:@-]*", encoded)
