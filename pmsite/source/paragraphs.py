"""Paragraphs and sentences of a document's text."""

import re
from collections.abc import Iterator

from pmsite.source.blocks import Line
from pmsite.source.fields import unmarked

MAX_SENTENCES = 300
MAX_PARAGRAPH = 40
MAX_TEXT = 4000
SENTENCE_END = re.compile(
    r"(?<=[.!?])(?<!\b[Ii]\.e\.)(?<!\b[Ee]\.g\.)\s+(?=[A-Z0-9\"'*(])|(?<=[。！？])\s*(?!\s*\Z)"
)


def whole_paragraphs(lines: list[Line]) -> Iterator[tuple[list[Line], str]]:
    """Paragraphs that tell of the incident as a whole: before the first section, in summary and impact."""
    block: list[Line] = []
    for line in lines:
        if block and line.block != block[0].block:
            yield block, _joined(block)
            block = []
        if (
            line.section in ("", "summary", "impact", "facts")
            and line.kind in ("text", "item", "code")
            and (line.section or line.number < 14)
        ):
            block.append(line)
    if block:
        yield block, _joined(block)


def _joined(block: list[Line]) -> str:
    return " ".join(line.text for line in block[:MAX_PARAGRAPH])[:MAX_TEXT]


def section_paragraphs(lines: list[Line], section: str) -> Iterator[tuple[Line, str]]:
    """Paragraphs of one section that are running text, each with its first line."""
    block: list[Line] = []
    for line in [*lines, None]:
        if (
            line is not None
            and line.section == section
            and line.kind in ("text", "item")
            and not line.is_label
        ):
            if block and line.block != block[0].block:
                yield from _paragraph(block)
                block = []
            block.append(line)
        elif block:
            yield from _paragraph(block)
            block = []


def _paragraph(block: list[Line]) -> Iterator[tuple[Line, str]]:
    """A paragraph as one text, unless it is the hint of a template: all in italics, or a question."""
    text = " ".join(line.text for line in block[:MAX_PARAGRAPH])
    is_hint = (
        text.endswith("?")
        or all(line.lead == line.text for line in block)
        or (block[0].lead and len(block[0].lead) == len(block[0].text) and len(text) < 200)
    )
    if not is_hint:
        yield block[0], text


# An address, also as a link or an image that was not rendered, and the name of a file.
_POINTER = re.compile(
    r"!?\[[^\[\]]*\]\([^()\s]*\)|<?https?://\S+|(?<!\S)\S+\.(?:jpe?g|png|gif|svg|webp|pdf)\Z", re.IGNORECASE
)
_BESIDE_POINTER = 40


# What a generator that the documents were written for puts something else in the place of: `{{< track "10:00" >}}`.
_SHORTCODE = re.compile(r"\{\{[<%][^{}]{0,200}[>%]\}\}")


def is_sentence(text: str) -> bool:
    """Whether a value says something: an address or a name alone does not, nor a few words that introduce one."""
    told, pointers = _POINTER.subn("", text[:MAX_TEXT])
    told = told.strip()
    return len(told) >= (_BESIDE_POINTER if pointers else 15) and (told.count(" ") >= 2 or "。" in told)


def is_passage(text: str) -> bool:
    """Whether a sentence is long enough to open a section; scripts without blanks say more in fewer characters."""
    return is_sentence(text) and (len(text) >= 40 or "。" in text)


_MENDING = re.compile(
    r"\b(?:(?:hot)?fix(?:e[sd]|ing)?|re-?start\w*|re-?boot\w*|roll(?:ed|ing)? ?back|roll-?back\w*|revert\w*|restor\w+|recover(?:ed|y)"
    r"|resol(?:v\w+|ution (?:is|was))|solv\w+|mitigat\w+|repair\w*|correct\w*|patch\w*|upgrad\w+|downgrad\w+|deploy\w*|redeploy\w*|releas\w+"
    r"|replac\w+|increas\w+|decreas\w+|reduc\w+|rais(?:ed|ing)|lower(?:ed|ing)|scal(?:ed|ing)|expand\w*|tun(?:ed|ing)|optimi[sz]\w+"
    r"|add(?:ed|ing)?|put(?! into)|again|back (?:up|online|to)|remov\w+|delet\w+|clear(?:ed|ing)|clean\w*|free[ds]?|disabl\w+|enabl\w+|reset\w*|re-?configur\w+|adjust\w*"
    r"|chang\w+|updat\w+|modif\w+|edit\w*|set|appl(?:y|ied)|implement\w*|introduc\w+|install\w*|reinstall\w*|re-?ran|rebuil\w+|recreat\w+"
    r"|renew\w*|rotat\w+|revok\w+|switch\w*|swap\w*|mov(?:ed|ing)|migrat\w+|fail(?:ed|ing)? ?over|re-?rout\w+|redirect\w*|reconnect\w*"
    r"|block\w*|ban(?:ned)?|kill\w*|stopp?(?:ed|ing)?(?! (?:respond|work|receiv|updat))|terminat\w+|drain\w*|cordon\w*|contain(?:ed|ing)|clos(?:ed|ing)|push\w*|pull\w*|return\w*|resum\w+)\b",
    re.IGNORECASE,
)
_ENGLISH = re.compile(r"\b(?:the|to|of|was|were|and)\b", re.IGNORECASE)


def mending(text: str) -> str:
    """A text from its first sentence on that speaks of mending something; nothing if none does.

    A text in another language is left whole.
    """
    text = text[:MAX_TEXT]
    if _MENDING.search(text) is None:
        return "" if _ENGLISH.search(text) else text
    sentences = SENTENCE_END.split(text)
    first = next(number for number, sentence in enumerate(sentences) if _MENDING.search(sentence))
    return " ".join(sentences[first:])


def shortened(text: str) -> str:
    """The first sentences of a text, three at most, as far as they fit into a line or two."""
    text = unmarked(" ".join(_SHORTCODE.sub("", text).split()))
    result = ""
    for sentence in SENTENCE_END.split(text)[:3]:
        longer = f"{result}{'' if result[-1:] in '。！？' else ' '}{sentence}".strip()
        if result and len(longer) > MAX_SENTENCES:
            break
        result = longer
    if len(result) > 2 * MAX_SENTENCES:
        result = result[: 2 * MAX_SENTENCES].rsplit(" ", 1)[0].rstrip(" ,;:") + " …"
    return result
