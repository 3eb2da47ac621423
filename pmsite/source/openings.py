"""Which text stands for what a section tells: the summary, the impact, what fixed it, the root cause."""

import re
from collections.abc import Sequence
from dataclasses import replace

from pmsite.source.blocks import Line, joined
from pmsite.source.facts import Fact
from pmsite.source.paragraphs import (
    MAX_SENTENCES,
    MAX_TEXT,
    SENTENCE_END,
    is_passage,
    is_sentence,
    mending,
    section_paragraphs,
)

_FIXED = re.compile(
    r"\b(?:resolved by|fixed by|was (?:fixed|resolved|restored|solved|corrected|saved)|were (?:fixed|resolved|restored)|to (?:resolve|fix|solve) (?:the|this)|resolution (?:was|involved)|the fix (?:was|is)|(?:issue|problem|error|outage) (?:was|were) .{0,30}(?:fixed|resolved|solved))\b",
    re.IGNORECASE,
)
_BECAUSE = re.compile(r"root cause|caused by|due to|because", re.IGNORECASE)
# "We took the following steps:" says nothing of its own.
_ANNOUNCES = re.compile(r"\b(?:following|follows|below|these|steps|this|here)\b", re.IGNORECASE)
# About the document, and not about the incident.
_ASIDE = re.compile(r"\W*(?:note|nb|disclaimer)\b|this is a (?:\w+ ){0,2}cross-post", re.IGNORECASE)
_LABELLED = re.compile(r"[^:]{1,36}:(?!\d)")
_LAST_OF_INTRODUCTION = 12
_MOST_CAUSES, _MOST_SENTENCES = 3, 2

Found = tuple[Line, str]
"""The line in which a text begins, and the text."""


def opening(lines: list[Line], section: str, *, mends: bool = False) -> Found | None:
    """The first paragraph of a section that is running text, or a list's first items and what leads up to them.

    With `mends`, from the first sentence on that speaks of mending something, and nothing where none does.
    """
    listed: list[Line] = []
    for line, text in section_paragraphs(lines, section):
        leads = text.endswith(":")
        if line.kind == "item" or leads:
            if leads or not _LABELLED.match(text):
                listed.append(replace(line, text=text))
            if sum(len(one.text) for one in listed) > MAX_SENTENCES:
                break
        elif listed and listed[-1].kind == "item":
            break
        elif is_passage(text) and not _LABELLED.match(text):
            # What leads up to code or a picture is what was done; the text below goes into details.
            lead = next((one for one in listed if is_passage(one.text)), None)
            if lead is not None and not _ANNOUNCES.search(lead.text):
                line, text = lead, lead.text.rstrip(": ")
            if mends:
                text = mending(text)
            if text:
                return line, text
    while listed and listed[-1].text.endswith(":"):
        listed.pop()
    text = joined(listed)
    return (listed[0], text) if is_passage(text) and (not mends or mending(text)) else None


def introduction(lines: list[Line], title: str) -> Found | None:
    """Text before the first section, for documents in which no section is a summary."""
    for line, text in section_paragraphs(lines, ""):
        if line.number > _LAST_OF_INTRODUCTION:
            return None
        text = text.removeprefix(title).lstrip()
        if (
            line.kind == "text"
            and len(text) >= 60
            and "." in text
            and is_sentence(text)
            and not text.startswith(("http", "<"))
            and not line.lead.endswith(":")
            and _ASIDE.match(text) is None
        ):
            return line, text
    return None


def fix(lines: list[Line]) -> Found | None:
    """The sentence about the root cause that says what fixed it."""
    for line, text in section_paragraphs(lines, "cause"):
        for sentence in SENTENCE_END.split(text[:MAX_TEXT]):
            if _FIXED.search(sentence) and len(sentence) >= 20 and not sentence.rstrip().endswith(":"):
                return line, sentence
    return None


def causes(lines: list[Line], known: Sequence[Fact]) -> list[Found]:
    """What is said of the root cause: by a label and in its section, else in a sentence of the summary, else by that."""
    found = [(fact.lines[0], fact.value) for fact in known if fact.kind == "cause" and len(fact.value) >= 15]
    paragraphs = (item for item in section_paragraphs(lines, "cause") if len(item[1]) >= 25)
    found += [item for item, _ in zip(paragraphs, range(_MOST_CAUSES), strict=False)]
    if found:
        return found
    found = [
        (line, sentence)
        for section in ("summary", "")
        for line, text in section_paragraphs(lines, section)
        for sentence in SENTENCE_END.split(text[:3000])
        if _BECAUSE.search(sentence)
    ]
    return (found or list(section_paragraphs(lines, "summary")))[:_MOST_SENTENCES]
