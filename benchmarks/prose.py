"""How well reading prose does on documents that were labelled by hand.

`python -m benchmarks.prose LABELS CORPORA` prints for each field the precision (of what was stated, how much is right)
and the recall (of what there was to state, how much is right). `-v` prints what is wrong or missing. LABELS holds one
JSON object per line: file, title, date, start, end, duration_minutes, timeline_events, action_items,
root_cause_category, impact_percent, and alternatives to some of them.
"""

import argparse
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pmsite.archive.incident import Absence, Incident, Timestamp, impact_duration
from pmsite.config import Config
from pmsite.source.document import Document
from pmsite.source.files import Role, SourceFile
from pmsite.source.read import Reader
from pmsite.source.titles import named_after

# The words of the labels, and the causes that stand for them.
CAUSES = {
    "config-change": {"configuration"},
    "code-bug": {"code-defect"},
    "human-process": {"procedure"},
    "dns-cert": {"network", "certificate-or-credential"},
    "database": {"data-store"},
    "data": {"data-store"},
}


@dataclass(slots=True)
class Score:
    """Counts for one field, and what went wrong."""

    stated: int = 0
    expected: int = 0
    right: int = 0
    near: int = 0
    misses: list[str] = field(default_factory=list)

    def add(self, file: str, wanted: Any, got: Any, is_right: bool, is_near: bool = False) -> None:
        self.stated += got is not None
        self.expected += wanted is not None
        self.right += is_right and got is not None
        self.near += is_near
        if not is_right and not (got is None and wanted is None):
            self.misses.append(f"{file}: wanted {wanted!r}, got {got!r}")


def read(path: Path) -> Document:
    """A file read with the configuration of a site that configures nothing."""
    file = SourceFile(path.name, path.name, path.stem, Role.POSTMORTEM, str(path), (0, 0, 0, 0))
    return Reader(Config()).read(file)[0]


def scores(labels: Iterable[dict[str, Any]], corpora: Path) -> dict[str, Score]:
    found = {name: Score() for name in _FIELDS}
    for label in labels:
        document = read(corpora / label["file"])
        incident = document.incident or Incident("", "", document.title if document.has_title else "")
        for name, measure in _FIELDS.items():
            wanted, got, is_right, is_near = measure(label, incident)
            found[name].add(label["file"], wanted, got, is_right, is_near)
    return found


def _plain(text: str) -> str:
    text = re.sub(r":[a-z0-9_+-]+:", "", text.casefold())
    return " ".join(re.findall(r"\w+", text))


def _title(label: dict[str, Any], incident: Incident) -> tuple[Any, Any, bool, bool]:
    wanted = label["title"]
    got = incident.title if incident.title not in ("", named_after(Path(label["file"]).stem)) else None
    accepted = [text for text in (wanted, *label.get("title_alternatives", ())) if text]
    return wanted, got, got is not None and _plain(got) in {_plain(text) for text in accepted}, False


def _date(label: dict[str, Any], incident: Incident) -> tuple[Any, Any, bool, bool]:
    got = incident.date.isoformat() if incident.date else None
    return label["date"], got, got == label["date"], False


def _moment(name: str, fields: tuple[str, ...]) -> Any:
    def measure(label: dict[str, Any], incident: Incident) -> tuple[Any, Any, bool, bool]:
        wanted = label[name]
        at = next(
            (value for one in fields if isinstance(value := getattr(incident, one, None), Timestamp)), None
        )
        if at is None or at.precision.value == "day":
            return wanted, None, False, False
        return wanted, at.iso(), wanted is not None and _is_same(wanted, at), False

    return measure


def _is_same(wanted: str, at: Timestamp) -> bool:
    moment = datetime.fromisoformat(wanted)
    offset = moment.utcoffset()
    wall = moment.replace(tzinfo=None)
    if (offset is None) != (at.offset is None):
        return False
    if offset is None or at.offset is None:
        return wall == at.wall
    return (wall - offset).timestamp() == at.wall.timestamp() - at.offset


def _duration(label: dict[str, Any], incident: Incident) -> tuple[Any, Any, bool, bool]:
    wanted = label["duration_minutes"]
    length = impact_duration(incident)
    seconds = length.seconds if length.doubt in ("", "approximate") else None
    got = seconds / 60 if seconds is not None else None
    accepted = [wanted, *label.get("duration_alternatives", ())]
    return (
        wanted,
        got,
        got is not None and any(value is not None and abs(value - got) < 1 for value in accepted),
        False,
    )


def _share(label: dict[str, Any], incident: Incident) -> tuple[Any, Any, bool, bool]:
    impact = incident.impact
    got = impact.percent if impact.percent_of in ("", "users") else None
    return label["impact_percent"], got, got == label["impact_percent"], False


def _cause(label: dict[str, Any], incident: Incident) -> tuple[Any, Any, bool, bool]:
    wanted = label["root_cause_category"]
    wanted = None if wanted == "unknown" else wanted
    got = incident.root_cause or None
    accepted: set[str] = set()
    for word in (wanted, *label.get("category_alternatives", ())):
        accepted |= CAUSES.get(word, {word}) if word else set()
    if got is None and "unknown" in label.get("category_alternatives", ()):
        wanted = None
    return wanted, got, got in accepted, False


def _count(name: str, field_name: str) -> Any:
    def measure(label: dict[str, Any], incident: Incident) -> tuple[Any, Any, bool, bool]:
        accepted = [label[name], *label.get(f"{name}_alternatives", ())]
        got = len(getattr(incident, field_name))
        return label[name], got, got in accepted, any(abs(got - value) <= 1 for value in accepted)

    return measure


_FIELDS = {
    "date": _date,
    "start": _moment("start", ("started",)),
    "end": _moment("end", ("mitigated", "resolved")),
    "duration": _duration,
    "title": _title,
    "impact share": _share,
    "timeline entries": _count("timeline_events", "timeline"),
    "action items": _count("action_items", "action_items"),
    "root cause": _cause,
}
COUNTS = ("timeline entries", "action items")


def report(found: dict[str, Score], documents: int, *, verbose: bool) -> Iterator[str]:
    yield f"{documents} documents"
    yield f"{'field':<18}{'precision':>10}{'recall':>10}{'stated':>8}{'labelled':>9}{'right':>7}"
    for name, score in found.items():
        if name in COUNTS:
            yield f"{name:<18}{_percent(score.right, documents):>10} exact {_percent(score.near, documents):>6} within one"
        else:
            precision, recall = _percent(score.right, score.stated), _percent(score.right, score.expected)
            yield f"{name:<18}{precision:>10}{recall:>10}{score.stated:>8}{score.expected:>9}{score.right:>7}"
        if verbose:
            yield from (f"    {miss}" for miss in score.misses)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.prose", description=__doc__)
    parser.add_argument("labels", type=Path, help="a file with one JSON object per line")
    parser.add_argument("corpora", type=Path, help="the folder that the labels' files are relative to")
    parser.add_argument("-v", "--verbose", action="store_true", help="print what is wrong or missing")
    given = parser.parse_args()
    labels = [
        json.loads(line) for line in given.labels.read_text(encoding="utf-8").splitlines() if line.strip()
    ]
    for line in report(scores(labels, given.corpora), len(labels), verbose=given.verbose):
        print(line)


_ = Absence

if __name__ == "__main__":
    main()
