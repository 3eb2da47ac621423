"""Charts as templates draw them: a finding, what it rests on, the drawing's numbers, and the table with the same."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pmsite.archive.fiscal import QuarterName
from pmsite.archive.grouping import Ranking
from pmsite.archive.incident import Incident
from pmsite.archive.insights import Distribution
from pmsite.site import urls
from pmsite.site.format import number

# Lines and columns of tables whose words authors choose.
MOST_LINES, MOST_COLUMNS = 30, 12


@dataclass(frozen=True, slots=True)
class Target:
    """Where a mark or a cell leads: an address below the site's root, with a query for the explorer, or an anchor.

    `hint` says what a label such as `3` is about to those who do not see where it stands.
    """

    label: str
    url: str = ""
    query: str = ""
    anchor: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table: text, or links one after the other and how many more there are."""

    text: str = ""
    links: tuple[Target, ...] = ()
    more: int = 0
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table; its first cell is its heading. Marks may lead to its `anchor`."""

    cells: tuple[Cell, ...]
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    columns: tuple[str, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a stacked column; `base` and `height` are shares of the highest column. `rank` is -1 for a plain bar."""

    label: str
    rank: int
    count: int
    base: float
    height: float


@dataclass(frozen=True, slots=True)
class Column:
    """`label` stands below it; `group` where a group of columns begins. `place` counts from 0."""

    place: int
    label: str
    group: str
    title: str
    count: int
    parts: tuple[Part, ...]
    to: Target | None


@dataclass(frozen=True, slots=True)
class Columns:
    """Upright bars; `keys` name the parts with their rank where there are several."""

    columns: tuple[Column, ...]
    keys: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    count: int
    share: float
    to: Target


@dataclass(frozen=True, slots=True)
class Bars:
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Spot:
    """A cell of a matrix; `level` from 1 to 4 is its share of the highest count."""

    column: int
    count: int
    level: int
    title: str
    to: Target


@dataclass(frozen=True, slots=True)
class MatrixRow:
    to: Target
    total: int
    spots: tuple[Spot, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Counts in rows and columns; `is_slanted` where the columns' labels are long."""

    columns: tuple[Target, ...]
    rows: tuple[MatrixRow, ...]
    is_slanted: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """A dot at `x` from the left and `y` from below; `size` is its radius in pixels, 0 for the shape of a severity."""

    x: float
    y: float
    size: float
    rank: int
    title: str
    to: Target


@dataclass(frozen=True, slots=True)
class Cloud:
    """Dots in time and on a logarithmic scale of durations; `keys` name shapes by rank."""

    marks: tuple[Mark, ...]
    years: tuple[tuple[float, str], ...]
    ticks: tuple[tuple[float, int], ...]
    median: float
    p90: float
    keys: tuple[tuple[str, int], ...] = ()


Drawing = Columns | Bars | Matrix | Cloud | Distribution


@dataclass(frozen=True, slots=True)
class Chart:
    """`finding` is its heading, `known` what it rests on, `definition` how its figures are computed, `note` a limit.

    `count` incidents have what it is about. With few there is no `drawing`, with none only the finding is worth saying.
    """

    id: str
    finding: str
    count: int
    known: str
    definition: str
    table: Table
    drawing: Drawing | None = None
    note: str = ""

    @property
    def kind(self) -> str:
        """The macro that draws it: `columns`, `bars`, `matrix`, `cloud`, `distribution`."""
        return type(self.drawing).__name__.lower()


def line(to: Target, *cells: Cell) -> Line:
    return Line((Cell(links=(to,)) if to.url else Cell(to.label), *cells))


def count_cell(count: int, to: Target | None = None, hint: str = "") -> Cell:
    """A number, which may lead somewhere."""
    if to is None or not count:
        return Cell(number(count), is_number=True)
    return Cell(links=(replace(to, label=number(count), hint=hint),), is_number=True)


def incident_target(incident: Incident) -> Target:
    return Target(incident.title, urls.incident(incident.id))


def quarter_target(name: QuarterName) -> Target:
    return Target(name.label, urls.quarter(name.year_slug, name.number))


def severity_keys(severities: Ranking, ranks: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """The severities that the site ranks, the worst first, and the rest with rank 0; nothing where none is ranked."""
    ranked = sorted((ranks[term.slug], term.label) for term in severities.terms if term.slug in ranks)
    counted = sum(term.count for term in severities.terms if term.slug in ranks)
    others = "other" if severities.known > counted else "not stated"
    rest = ((others, 0),) if ranked and severities.total > counted else ()
    return (*((label, rank) for rank, label in ranked), *rest)
