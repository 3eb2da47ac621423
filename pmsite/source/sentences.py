"""Times and lengths that sentences state, in what tells of the incident as a whole: introduction, summary, impact."""

import re

from pmsite.source.blocks import Line
from pmsite.source.clock import Clock, Said, Times, Told, span_in, tell_span
from pmsite.source.lengths import length_in
from pmsite.source.moments import moments
from pmsite.source.paragraphs import whole_paragraphs

_NOT_ALL = re.compile(
    r"\b(within|every|per|timeout|each|after|in the (?:last|next)|less than|until|first|ago|later|earlier|before|delay\w*|old|interval|retention|took|spent)\b",
    re.IGNORECASE,
)
_OUTAGE = re.compile(
    r"\b(outages?|incident|down(?:time)?|unavailab\w+|inaccessible|unreachable|unresponsive|errors?|fail\w*|slow\w*|disrupt\w*|degrad\w*"
    r"|experienc\w*|affect\w*|impact\w*|interrupt\w*|lasted|crash\w*|not (?:accessible|available|reachable|working|respond\w*)|50[0234]|broken|offline|issue)\b",
    re.IGNORECASE,
)
# It lasted five hours before all was well.
_LASTED = re.compile(r"\blasted (?:for )?(?:\w+ )?\Z", re.IGNORECASE)
PLANNED = re.compile(
    r"\b(?:will|must|should) (?:start|end|begin)|deadline|\bdue (?:by|on)\b|project will", re.IGNORECASE
)


def from_sentences(times: Times, lines: list[Line], clock: Clock, first_day: bool | None) -> None:
    for block, text in whole_paragraphs(lines):
        span = span_in(text, first_day)
        if span is not None:
            is_summed_up = block[0].section == "summary" and text[: span[0].start].endswith("from ")
            if _tells_of_outage(text, span[0].start, span[1].end, is_summed_up):
                tell_span(times, *span, _line_of(span[0].start, block), text, clock)
                return
            continue
        whens = [moment for moment in moments(text, day_first=first_day) if moment.clock is not None]
        if len(whens) == 1 and whens[0].day is not None and said_in_sentences(block) is not None:
            line = _line_of(whens[0].start, block)
            times.told["started"] = Told(clock.timestamp(whens[0]), whens[0], line, line.text[:200])
            return


def _tells_of_outage(text: str, start: int, end: int, is_summed_up: bool) -> bool:
    """Whether the sentence that a stretch of time stands in is about things not working."""
    begin = max(text.rfind(". ", 0, start), text.rfind("! ", 0, start)) + 1
    stop = text.find(". ", end)
    sentence = text[begin : stop if stop >= 0 else end + 300]
    return (is_summed_up or _OUTAGE.search(sentence) is not None) and PLANNED.search(sentence) is None


def _line_of(place: int, block: list[Line]) -> Line:
    """The line that a place in a paragraph's text belongs to."""
    end = 0
    for line in block:
        end += len(line.text) + 1
        if place < end:
            return line
    return block[-1]


def said_in_sentences(lines: list[Line]) -> Said | None:
    for block, text in whole_paragraphs(lines):
        found = length_in(text)
        while found is not None:
            before, after = text[max(0, found.start - 48) : found.start], text[found.end : found.end + 32]
            if _LASTED.search(before):
                after = after.removeprefix(" before")
            if not _NOT_ALL.search(before[-24:] + "|" + after[:10]) and (
                (
                    re.search(
                        r"\b(last(?:ed|ing|s)|down|for|duration|outage of|down ?time of|a|an|in a|experienced)\W*(?:about|approximately|around|roughly|over|nearly|almost|a|an|approx\.?|a total of|total of)?\W*(?:a |an )?\Z",
                        before,
                        re.IGNORECASE,
                    )
                    and re.match(
                        r"[\s-]*(?:\w+[\s-]){0,3}?(outage|down ?time|downtime|incident|interruption|disruption|cascading failure|of (?:total )?(?:outage|downtime)|failure)",
                        after,
                        re.IGNORECASE,
                    )
                )
                or re.search(
                    r"\b(last(?:ed|ing|s)(?: for)?|was down for|were down for|went down for|unavailable for|unusable for|inaccessible for|duration(?: of| was)?|interrupted for|(?:degrad\w+|disrupt\w+|affected|slow|offline)\b.{0,24}\bfor)\W*(?:about|approximately|around|roughly|over|nearly|almost|approx\.?|a total of|overall|overall around)?\W*\Z",
                    before,
                    re.IGNORECASE,
                )
                or re.match(r"\s?of (?:total |complete )?(?:outage|down ?time)", after, re.IGNORECASE)
            ):
                line = _line_of(found.start, block)
                return Said(found, line, line.text[:200])
            found = length_in(text, found.end)
    return None
