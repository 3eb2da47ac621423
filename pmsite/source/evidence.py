"""Where in a document's text an inferred value stands."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Evidence:
    """A value that was read out of the prose: its field (`started`, `impact.percent`, `timeline.3`) and its place.

    `text` is what the author wrote there, `value` what was understood; line and column count from 1 in the file.
    """

    field: str
    line: int
    column: int
    text: str
    value: str
