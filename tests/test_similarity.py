"""Similar texts: which are found, in which order, and that neither order nor number changes what is right."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from pmsite.archive.similarity import MAX_TEXTS, alike

WORDS = [f"word{number}" for number in range(14)]
texts = st.lists(st.frozensets(st.sampled_from(WORDS), max_size=8), max_size=12)


def bags(*lines: str) -> list[frozenset[str]]:
    return [frozenset(line.split()) for line in lines]


def found(least: float, *lines: str) -> list[list[int]]:
    return [[match.place for match in matches] for matches in alike(bags(*lines), least)]


def test_texts_that_share_rare_words_find_each_other() -> None:
    assert found(
        0.2,
        "certificate renewal job permission",
        "disk full database log",
        "certificate renewal permission checkout",
        "network switch log",
    ) == [[2], [], [0], []]


def test_a_rare_word_says_more_than_a_common_one() -> None:
    common = ["web slow cache", "web slow mail", "web slow queue", "web slow login"]
    (first, *_) = alike(bags("web slow leap second", "leap second cluster mail", *common), 0.0)
    assert first[0].place == 1


def test_the_same_words_are_wholly_alike_and_one_shared_word_is_nothing() -> None:
    (first, second, third) = alike(bags("disk full log", "log disk full", "log only"), 0.0)
    assert next(match for match in first if match.place == 1).score == 1.0
    assert [match.place for match in third] == [] and second[0].place == 0


def test_of_equally_similar_ones_the_nearest_comes_first() -> None:
    assert found(0.1, *["disk full log"] * 4)[2] == [1, 3, 0]


def test_any_number_of_equal_texts_is_no_trouble() -> None:
    """A word in more than MAX_TEXTS texts finds nobody, so that work does not grow with its square."""
    assert all(alike(bags(*["disk full log"] * MAX_TEXTS), 0.5))
    assert not any(alike(bags(*["disk full log"] * (MAX_TEXTS + 1)), 0.0))


@settings(deadline=None)
@given(texts)
def test_similarity_is_mutual_in_score_and_never_with_oneself(given: list[frozenset[str]]) -> None:
    scores = {
        (place, match.place): match.score
        for place, matches in enumerate(alike(given, 0.0))
        for match in matches
    }
    for (one, other), score in scores.items():
        assert one != other and 0 < score <= 1
        assert scores.get((other, one), score) == score


@settings(deadline=None)
@given(texts, st.randoms(use_true_random=False))
def test_scores_do_not_depend_on_order(given: list[frozenset[str]], random: Random) -> None:
    order = list(range(len(given)))
    random.shuffle(order)
    shuffled = alike([given[place] for place in order], 0.0)
    expected = alike(given, 0.0)
    for place, matches in zip(order, shuffled, strict=True):
        assert [match.score for match in matches] == [match.score for match in expected[place]]
