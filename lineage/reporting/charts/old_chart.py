"""A chart as numbers and words, before anyone draws it or writes it as a table."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum


class ChartKind(StrEnum):
    """How numbers are drawn."""

    STACKED = "stacked"
    """A bar for each position; the series stand on each other and add up."""
    LINES = "lines"
    BARS = "bars"
    """A horizontal bar for each position, of one series."""


@dataclass(frozen=True, slots=True)
class Series:
    """One line or color of a chart."""

    key: str
    """What machines call it."""
    name: str
    values: Sequence[float | None]
    """One for each position; None where nothing can be said."""
    undated: int | None = None
    """Models at no position, where positions are times."""
    slot: int | None = None
    """Its color: the same thing has the same in every chart; None for its place in the series."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One of several fields side by side: the same series, counted in another way."""

    key: str
    name: str
    series: Sequence[Series]
    all_series: Sequence[Series]
    shaded: int = 0


@dataclass(frozen=True, slots=True)
class Position:
    """A place along a chart: a month, a day, a class."""

    key: str
    name: str
    is_word: bool = False
    """Its name is a stranger's word."""


@dataclass(frozen=True, slots=True)
class EventMark:
    """An event at some place along the positions."""

    at: float
    """0 is where the first position begins, 1 where the second does."""
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Numbers to be looked at; the same numbers stand in a table beside it, and in a file."""

    name: str
    """The stem of its files."""
    kind: ChartKind
    title: str
    text: str
    """What the picture shows, for readers who cannot see it."""
    along: Position
    """What the positions are called."""
    positions: Sequence[Position]
    series: Sequence[Series]
    all_series: Sequence[Series] = ()
    """What the file holds where the picture folds small ones; else the series themselves."""
    all_positions: Sequence[Position] = ()
    """What the file holds where the picture folds small ones; else the positions themselves."""
    marks: Sequence[EventMark] = ()
    shaded: int = 0
    """So many positions at the beginning have too few known dates."""
    shaded_text: str = ""
    incomplete: int = 0
    """So many positions at the end are not over in the data; they are drawn pale."""
    incomplete_text: str = ""
    is_percent: bool = False
    skipped: int = 0
    """So many positions at the beginning stand in table and file alone."""
    panels: Sequence[Panel] = ()
    """Fields side by side, each with a scale of its own; the series then are those of the first."""
    steps: Sequence[int] = ()
    """How many positions may stand between two labels: quarters and years, not every fifth."""
    table_only: Sequence[Series] = ()
    """Series that stand in the table and are not drawn."""
    table_positions: Sequence[int] = ()
    """Which positions stand in the table, where not all do; the file has all."""

    def without_skipped(self) -> "Chart":
        """Return what the picture shows: the chart without the positions that are skipped."""
        # A handful of early models would stretch the axis by years; table and file still have them.
        first = self.skipped
        if not first:
            return self

        def cut(series: Sequence[Series]) -> list[Series]:
            return [replace(line, values=line.values[first:]) for line in series]

        marks = [replace(mark, at=mark.at - first) for mark in self.marks]
        return replace(
            self,
            positions=self.positions[first:],
            series=cut(self.series),
            marks=[mark for mark in marks if mark.at >= 0],
            shaded=max(0, self.shaded - first),
            skipped=0,
            panels=[
                replace(panel, series=cut(panel.series), shaded=max(0, panel.shaded - first))
                for panel in self.panels
            ],
        )

    @property
    def file_series(self) -> Sequence[Series]:
        """Every series as the chart's file holds them."""
        return self.all_series or self.series
