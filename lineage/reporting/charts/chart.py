"""A chart as numbers and words, before anyone draws it or writes it as a table."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum


class ChartKind(StrEnum):
    """How numbers are drawn."""

    AREA = "area"
    """Layers over days that add up."""
    COLUMNS = "columns"
    """An upright column for each position, of parts that add up."""
    LINES = "lines"
    BARS = "bars"
    """A horizontal bar for each position, of parts that add up."""
    MATRIX = "matrix"
    """A row for each series, a column for each position; the larger, the darker."""


class Axis(StrEnum):
    """What positions are, and what machines call their column."""

    DAYS = "day"
    MONTHS = "month"
    NUMBERS = "number"
    """Whole numbers such as days since a release; as far apart as they are."""
    NAMES = "name"


@dataclass(frozen=True, slots=True)
class Position:
    """A place along a chart: a day, a month, a release."""

    key: str
    """`2025-07-02`, `2025-07`, a whole number, or what machines call it."""
    name: str
    """As tables spell it; pictures spell days, months and numbers as they have room."""
    is_pale: bool = False
    """Too little is known here to compare it with others."""
    is_hatched: bool = False
    """A period that is not over in the data."""


@dataclass(frozen=True, slots=True)
class Series:
    """One layer, line, part or row of a chart."""

    key: str
    """What machines call it; `others` stands last and in gray."""
    name: str
    values: Sequence[float | None]
    """A count for each position; None where nothing can be said."""
    slot: int | None = None
    """Its color, for what has the same in several charts; None: the next that is free."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One of several fields side by side: the same positions, counted in another way."""

    key: str
    name: str
    series: Sequence[Series]


@dataclass(frozen=True, slots=True)
class Chart:
    """Numbers to be looked at; the same numbers stand in a table, and in a file.

    All series and positions are here: what a picture has no room for it folds by itself.
    """

    name: str
    """The stem of its files."""
    kind: ChartKind
    headline: str
    """The finding as a sentence, or a neutral title."""
    definition: str
    source: str
    text: str
    """What the picture shows, for readers who cannot see it."""
    axis: Axis
    positions: Sequence[Position]
    series: Sequence[Series]
    subject: str = ""
    """The key of the series that stands first, at the base line, in the first color."""
    highlighted: Collection[str] = ()
    """Keys of the lines that are drawn in color; the others are muted. Empty: the subject alone."""
    is_share: bool = False
    """The picture shows parts of the sum of each position; values are counts all the same."""
    frames: Collection[tuple[str, str]] = ()
    """Cells of a matrix with a frame: key of the series, key of the position."""
    panels: Sequence[Panel] = ()
    """Fields side by side on one scale; they stand for `series`."""
