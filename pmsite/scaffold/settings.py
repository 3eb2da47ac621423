"""The text of a new pmsite.yaml: for an empty folder, or proposed for the documents that a folder holds."""

import json
import re
from collections.abc import Iterable
from pathlib import Path

from pmsite.config import DEFAULT_EXCLUDE
from pmsite.scaffold.names import Name
from pmsite.scaffold.survey import Survey

MAX_NAMED = 20
_TEMPLATE = Path(__file__).parent / "pmsite.yaml"
_PLAIN = re.compile(r"[A-Za-z][\w./-]*(?: [\w./-]+)*", re.ASCII)

_ZONE = """\
# The zone of times that state none, and the zone that pages print times in.
timezone: UTC"""
_NO_ZONE = """\
# The zone of times that state none, and the zone that pages print times in. Until one is named, such times stay
# without a zone, and pages say so.
# timezone: Europe/Copenhagen"""
_SERVICES = """\
# Services that postmortems name, with their owners.
# services:
#   checkout:
#     description: Takes orders and payments.
#     owner: payments team
#     aliases: [shop checkout]"""
_PROPOSED = """\
# Proposed: names that several documents have in title, summary or impact. Delete what is no service; add owners, and
# other names as `aliases: [...]`. A document is about a service whose name or alias stands there.
services:"""
_NAMED = """\
# Services that front matter names. They need not stand here; uncomment those that get a description or an owner. Once
# there are some, a name that is not among them is reported.
# services:"""


def settings_text(title: str, output: str, found: Survey | None) -> str:
    """The text of pmsite.yaml."""
    values = {
        "title": quoted(title),
        "timezone": _ZONE if found is None else _NO_ZONE,
        "content": "content" if found is None else _content(found),
        "exclude": _exclude(found.exclude) if found is not None else "",
        "output": output,
        "fields": _fields(found.preset) if found is not None and found.preset else "",
        "services": _services(found),
    }
    return filled(_TEMPLATE.read_text(encoding="utf-8"), values)


def quoted(text: str) -> str:
    """Text as a YAML scalar, which JSON's strings are."""
    return json.dumps(text, ensure_ascii=False)


def filled(text: str, values: dict[str, str]) -> str:
    """A template with its `{words}` replaced by those values that there are."""
    return re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], found[0]), text)


def _scalar(text: str) -> str:
    return text if _PLAIN.fullmatch(text) or text == "." else quoted(text)


def _content(found: Survey) -> str:
    elsewhere = f"  # {_count(found.outside)} elsewhere" if found.outside else ""
    return f"{_scalar(found.content)}{elsewhere}"


def _exclude(paths: tuple[str, ...]) -> str:
    """Globs beside the default ones, which they would replace; a path stands for itself."""
    if not paths:
        return ""
    globs = [*DEFAULT_EXCLUDE, *(re.sub(r"([*?[])", r"[\1]", path) for path in paths)]
    return f"exclude: [{', '.join(map(quoted, globs))}]\n"


def _fields(preset: str) -> str:
    return f"# The documents' front matter was written for another program.\nfields:\n  preset: {preset}\n\n"


def _services(found: Survey | None) -> str:
    if found is not None and found.named:
        return "\n".join((_NAMED, *(f"# {line}" for line in _words(found.named[:MAX_NAMED]))))
    if found is not None and found.proposed:
        return "\n".join((_PROPOSED, *_words(found.proposed)))
    return _SERVICES


def _words(names: Iterable[Name]) -> list[str]:
    return [f"  {_scalar(name.text)}:  # {_count(name.documents)}" for name in names]


def _count(documents: int) -> str:
    return f"{documents} document{'' if documents == 1 else 's'}"
