"""The title of a report: its first heading that says more than that it is a report."""

import re

from pmsite.source.blocks import Line
from pmsite.source.sections import is_section_name, named

MAX_TITLE = 200
# The date in a file's name.
NAME_DATE = re.compile(r"(?<!\d)(\d{4})[-_](\d{1,2})[-_](\d{1,2})(?!\d)")
_TASK = re.compile(r"\W*(?:project )?0x[0-9a-f]{1,2}\b[\s.:_-]*", re.IGNORECASE)
_EMOJI_NAME = re.compile(r":[a-z0-9_+-]{2,40}:")
_BOILERPLATE = re.compile(
    r"\W*(?:my |the |an? |our |first |sample |example |production |technical |post[\s-]?mort?(?:e|er)m|incident|outage|issue|report|analysis|summary|project|documentation|review|task|readme|devops|sysadmin|\d{1,2}\.|system|engineering|alx|alx swe|holberton|school|for|[\W_])*\W*",
    re.IGNORECASE,
)
_POSTMORTEM = re.compile(r"post[\s_-]?mort", re.IGNORECASE)
_TELLING = re.compile(
    r"post[\s_-]?mort?(?:e|er)m|incident|outage|failure|failed|down(?:time)?\b|error|disrupt|unavailab|degrad|crash|breach|attack|bug\b|slow|interruption|unexpected|missing|issue|broken|500|502|503|404",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[.!?;]\s+[A-Z]|\b(?:is|are|was|were|has|have|had)\b.*\.$|https?:|www\.")


def is_boilerplate(text: str) -> bool:
    """Whether a heading says no more than "Postmortem", "0x19. Postmortem" or "Incident report"."""
    bare = _TASK.sub("", _EMOJI_NAME.sub("", text), count=1)
    return _BOILERPLATE.fullmatch(bare) is not None


def named_after(file: str) -> str:
    """The title that a file's name gives where the document has none: `2021-05-09-disk_full` is "Disk full"."""
    told = NAME_DATE.sub("", file, count=1)
    if not any(map(str.isalpha, told)):
        return file
    told = told if " " in told.strip() else " ".join(re.split(r"[\s_-]+", told))
    told = told.strip(" _-")
    return told[:1].upper() + told[1:]


def entitles(text: str) -> bool:
    """Whether a first heading can be a title: the name of a section is none."""
    return not is_section_name(text)


def find_title(lines: list[Line], first_heading: str) -> tuple[str, Line | None]:
    """The title, and the line that it stands in; `first_heading` is the H1 that was taken for one, if any.

    A first heading that tells something is kept. Else the first telling one before the sections begin is looked for,
    among headings, bold lines and short lines; and if there is none, the first line that says "postmortem".
    """
    if first_heading and not is_boilerplate(first_heading):
        return first_heading, None
    fallback: tuple[str, Line | None] = (first_heading, None)
    for line in lines[:40]:
        if line.kind in ("item", "row", "head"):
            if line.number > 6 and not first_heading:
                break
            continue
        if line.is_label or (line.kind == "heading" and line.section and is_section_name(line.text)):
            if (
                first_heading
                and line.kind == "heading"
                and line.section in ("other", "actions")
                and line.number < 30
            ):
                continue
            break
        text = line.text.strip().lstrip("#").strip()
        if not text or len(text) > MAX_TITLE:
            continue
        is_heading = line.kind == "heading" or bool(
            line.lead and line.lead.strip(": ") == line.text.strip(": ")
        )
        if not is_heading and (
            line.number > 3
            or text.count(" ") > 14
            or _SENTENCE.search(_TASK.sub("", text, count=1))
            or text.endswith(":")
        ):
            continue
        if named(text) and not _POSTMORTEM.search(text):
            if not first_heading:
                break
            continue
        if is_boilerplate(text):
            if not fallback[0] or (_POSTMORTEM.search(text) and not _POSTMORTEM.search(fallback[0])):
                fallback = (text, line)
            continue
        if _TELLING.search(text):
            if first_heading and line.kind == "text" and not line.lead:
                continue
            return text, line
    return fallback
