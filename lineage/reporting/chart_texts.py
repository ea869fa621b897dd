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
    """A lying bar for each position, of one series."""


@dataclass(frozen=True, slots=True)
class Series:
    """One line or colour of a chart."""

    key: str
    """What machines call it."""
    name: str
    values: Sequence[float | None]
    """One for each position; None where nothing can be said."""
    undated: int | None = None
    """Who stands at no position, where positions are times."""
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
class Mark:
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
    """What is to be seen, for who cannot see it."""
    along: Position
    """What the positions are called."""
    positions: Sequence[Position]
    series: Sequence[Series]
    all_series: Sequence[Series] = ()
    """What the file holds where the picture folds small ones; else the series themselves."""
    all_positions: Sequence[Position] = ()
    """What the file holds where the picture folds small ones; else the positions themselves."""
    marks: Sequence[Mark] = ()
    shaded: int = 0
    """So many positions at the beginning of which the data cannot tell."""
    shaded_text: str = ""
    is_percent: bool = False
    skipped: int = 0
    """So many positions at the beginning stand in table and file alone."""
    panels: Sequence[Panel] = ()
    """Fields side by side, each with a scale of its own; the series then are those of the first."""
    steps: Sequence[int] = ()
    """How many positions may stand between two labels: quarters and years, not every fifth."""
    told_also: Sequence[Series] = ()
    """Series that stand in the table and are not drawn."""
    told_at: Sequence[int] = ()
    """Which positions stand in the table, where not all do; the file has all."""

    def drawn(self) -> "Chart":
        """Return what is drawn: without the positions that are skipped."""
        if not self.skipped:
            return self
        cut = self._cut(self.series)
        marks = [replace(one, at=one.at - self.skipped) for one in self.marks]
        return replace(
            self,
            positions=self.positions[self.skipped :],
            series=cut,
            marks=[one for one in marks if one.at >= 0],
            shaded=max(0, self.shaded - self.skipped),
            skipped=0,
            panels=[
                replace(one, series=self._cut(one.series), shaded=max(0, one.shaded - self.skipped))
                for one in self.panels
            ],
        )

    def _cut(self, series: Sequence[Series]) -> list[Series]:
        return [replace(one, values=one.values[self.skipped :]) for one in series]

    def in_file(self) -> Sequence[Series]:
        """Return every series as the chart's file holds them."""
        return self.all_series or self.series
