"""The words that a text is compared with others by: those that carry meaning, each in one form."""

import re
from collections.abc import Iterable

MAX_WORDS = 60
# Scripts that write without spaces between words: Japanese kana, Chinese characters, Korean syllables.
_DENSE = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_TOKEN = re.compile(rf"[{_DENSE}]+|[^\W_{_DENSE}]+")
_IS_DENSE = re.compile(f"[{_DENSE}]")
# Words that stand in any English text, and those that stand in any postmortem.
_COMMON_TEXT = """
    about after again all also an and any approximately are as at back be became because been before being between both
    but by came can com could did do does down due during each every few first for found from full get got had half has
    have he her him his how however if in into is it its just last later least less let like little long longer looked
    made make many more most much need needed new no not now number occurred of off on once one only or other our out
    over own same second several she should since so some still such take taken than that the their them then there
    these they this those through to too took two under until up used using very via was way we were what when where
    which while who whole why will with within without would yet you your
    cause caused causing day error failed failure hour impact incident issue led minute outage postmortem problem
    resulted root service summary system time user utc
"""
_COMMON = frozenset(_COMMON_TEXT.split())


def telling_words(texts: Iterable[str]) -> str:
    """The words of texts that tell one incident from another, each once in order, separated by spaces.

    Small letters, singular; pairs of characters where a script has no spaces. At most MAX_WORDS of them: what comes
    first says most.
    """
    found: dict[str, None] = {}
    for text in texts:
        for token in _TOKEN.findall(text.casefold()):
            if _IS_DENSE.match(token):
                found.update(dict.fromkeys(token[at : at + 2] for at in range(max(1, len(token) - 1))))
            elif len(token) > 1 and not token.isdecimal():
                word = _singular(token)
                if token not in _COMMON and word not in _COMMON:
                    found[word] = None
            if len(found) >= MAX_WORDS:
                return " ".join(list(found)[:MAX_WORDS])
    return " ".join(found)


def _singular(word: str) -> str:
    if len(word) < 4 or word[-1] != "s" or word[-2] in "aisu":
        return word
    return word[:-3] + "y" if word.endswith("ies") and len(word) > 4 else word[:-1]
