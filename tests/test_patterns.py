"""What a deny list's entries match, and that no pattern takes long."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmsite.patterns import DenyList, Matcher, beginning, denied


def hits(entry: str, text: str) -> bool:
    return bool(DenyList([denied(entry)]).hits(text))


@pytest.mark.parametrize(
    ("entry", "texts"),
    [
        ("Globex", ["Globex", "the GLOBEX.", "globex's", "a_globex_b", "-globex-", "x\nGlobex\ty", "«Globex»"]),
        ("Globex Corporation", ["globex corporation", "Globex\n  Corporation", "globex-corporation/", "Globex%20Corporation",
                                "globex_corporation"]),
        ("corp.example.com", ["db1.corp.example.com", "https://corp.example.com/x", "CORP.EXAMPLE.COM"]),
        ("@corp.example", ["jo@corp.example", "<a@Corp.Example>"]),
        ("Straße", ["STRASSE".replace("SS", "ß"), "straße 5"]),
        ("日本", ["、日本。"]),
        ("ACME GmbH & Co. KG", ["ACME GmbH & Co. KG,"]),
        ("10.0.0.0/8", ["10.1.2.3", "http://10.255.0.1:80/", "(10.0.0.0/8)"]),
        ("172.16.0.0/12", ["172.16.0.1", "172.31.255.255"]),
        ("192.168.4.0/23", ["192.168.5.9"]),
        ("127.0.0.1/32", ["127.0.0.1."]),
        (r"/\bdb\d+-(prod|staging)\b/", ["on db12-prod", "db1-staging,"]),
        ("/(?i)kundennr/", ["Kundennr 5"]),
    ],
)  # fmt: skip
def test_what_is_denied(entry: str, texts: list[str]) -> None:
    for text in texts:
        assert hits(entry, text), text


@pytest.mark.parametrize(
    ("entry", "texts"),
    [
        ("Globex", ["Globexian", "aglobex", "glob ex", "églobex"]),
        ("corp.example.com", ["corpxexample.com", "corp.example.company"]),
        ("10.0.0.0/8", ["110.1.2.3", "1.10.2.3", "10.1.2", "10.1.2.3456"]),
        ("172.16.0.0/12", ["172.15.0.1", "172.32.0.1"]),
        ("192.168.4.0/23", ["192.168.6.9"]),
        (r"/\bdb\d+-prod\b/", ["DB1-PROD", "xdb1-prod", "db-prod"]),
    ],
)
def test_what_is_not(entry: str, texts: list[str]) -> None:
    for text in texts:
        assert not hits(entry, text), text


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("/(/", "unclosed group"),
        ("/(?=a)b/", "look-around"),
        (r"/(a)\1/", "backreferences are not supported"),
        ("/a*/", "matches everything"),
        ("/a{9999}{9999}/", "exceeds size limit"),
        ("300.0.0.0/8", "not a network"),
        ("10.0.0.0/33", "not a network"),
        ("fd00::/8", "IPv6"),
        ("", "write a text"),
        ("--", "write a text"),
    ],
)
def test_what_cannot_be_an_entry(entry: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        denied(entry)


def test_beginnings_of_tickets() -> None:
    deny = DenyList([beginning("OPS-"), beginning("https://tracker.example/")])
    assert deny.hits("see ops-12") == (0,)
    assert deny.hits("(https://tracker.example/browse/X)") == (1,)
    assert deny.hits("DEVOPS-12, OPS-, OPS 12") == ()


def test_the_numbers_of_entries() -> None:
    deny = DenyList(map(denied, ["alpha", "/b+c/", "10.0.0.0/8", "beta"]))
    assert deny.hits("BETA at 10.1.1.1, alpha") == (0, 2, 3)
    assert deny.hits("abbc") == (1,)
    assert deny.hits("nothing") == ()
    assert not DenyList([]) and DenyList([]).hits("x") == ()


def test_a_pattern_that_python_would_take_for_ever_with() -> None:
    assert not Matcher([r"^(a+)+$", r"(x|xx)+y", r"(.*)*z"]).matches("a" * 200_000 + "b" + "x" * 200_000)


def test_thousands_of_words() -> None:
    words = [f"customer{number:04d}x" for number in range(3000)]
    deny = DenyList(map(denied, words))
    assert deny.hits("lorem ipsum " * 20_000 + "Customer2999x") == (2999,)
    assert deny.hits("lorem ipsum " * 20_000) == ()


@settings(max_examples=100, deadline=None)
@given(
    st.text(alphabet=st.characters(categories=("L", "N", "P")), min_size=1, max_size=12),
    st.sampled_from(["", " ", "(", "\n", "<b>", "- "]),
    st.sampled_from(["", ".", " x", ")", "\n"]),
)
def test_a_word_is_found_wherever_it_stands_alone(entry: str, before: str, after: str) -> None:
    try:
        pattern = denied(entry)
    except ValueError:
        return
    if pattern.word:
        assert DenyList([pattern]).hits(f"{before}{entry.strip()}{after}") == (0,)
