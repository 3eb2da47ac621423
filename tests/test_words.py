"""The words that a text is compared by."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmsite.source.words import MAX_WORDS, telling_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The certificates of the checkout expired", "certificate checkout expired"),
        ("Expired: EXPIRED, expired!", "expired"),
        ("502 errors on s3, in 2023", "s3"),
        ("ORA-00942 at node_7b", "ora node 7b"),
        ("queries, status, class, redis, buses", "query status class redis buse"),
        ("Überlastung der Größe", "überlastung der grösse"),
        ("証明書が切れた", "証明 明書 書が が切 切れ れた"),
        ("", ""),
        ("the and of", ""),
    ],
)
def test_telling_words(text: str, words: str) -> None:
    assert telling_words([text]) == words


def test_what_comes_first_is_kept() -> None:
    many = " ".join(f"word{number}x" for number in range(200))
    found = telling_words(["Broken title", many, "end"]).split()
    assert found[:2] == ["broken", "title"] and len(found) == MAX_WORDS


@settings(deadline=None)
@given(st.lists(st.text(), max_size=3))
def test_any_text_gives_words_without_spaces_and_repetition(texts: list[str]) -> None:
    found = telling_words(texts).split(" ")
    assert found == [""] or (all(found) and len(set(found)) == len(found) <= MAX_WORDS)
