"""Texts that are alike, by the rare words that they share: cosines of TF-IDF weights, found through an inverted index.

https://nlp.stanford.edu/IR-book/html/htmledition/tf-idf-weighting-1.html, each word counted once, since the texts are
short. Work grows with the number of texts: words that are in many of them find nobody, and only the best few texts
that rare words find are compared.
"""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

MAX_TEXTS = 100
MAX_KEYS = 16
MAX_COMPARED = 12
MIN_SHARED = 2


class Match(NamedTuple):
    """Another text by its place, and how alike it is: 0 for nothing in common, 1 for the same words."""

    place: int
    score: float


def alike(texts: Sequence[frozenset[str]], least: float) -> list[tuple[Match, ...]]:
    """For each text those that are alike by at least `least`, the most alike first; of equal ones the nearest."""
    frequency = Counter(chain.from_iterable(texts))
    squares = {count: _weight(count, len(texts)) ** 2 for count in set(frequency.values())}
    square = {word: squares[count] for word, count in frequency.items()}
    holders: dict[str, list[int]] = {word: [] for word, count in frequency.items() if 1 < count <= MAX_TEXTS}
    for place, text in enumerate(texts):
        for word in text & holders.keys():
            holders[word].append(place)
    lengths = [sum(map(square.__getitem__, text)) for text in texts]
    found = []
    for place, text in enumerate(texts):
        keys = sorted(text & holders.keys(), key=lambda word: (len(holders[word]), word))[:MAX_KEYS]
        shared = Counter(chain.from_iterable(map(holders.__getitem__, keys)))
        del shared[place]
        near = sorted(
            (-count, abs(other - place), other) for other, count in shared.items() if count >= MIN_SHARED
        )[:MAX_COMPARED]
        matches = []
        for _, _, other in near:
            common = sum(map(square.__getitem__, text & texts[other]))
            score = common / math.sqrt(lengths[place] * lengths[other])
            if score >= least:
                matches.append(Match(other, score))
        matches.sort(key=lambda match: (-match.score, abs(match.place - place), match.place))
        found.append(tuple(matches))
    return found


def _weight(count: int, total: int) -> int:
    """What a word in `count` of `total` texts says: a whole number, so that sums are the same in any order."""
    return max(1, round(16 * math.log2((total + 1) / count)))
