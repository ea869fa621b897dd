"""Numbers that move from snapshot to snapshot, as a table with small bars for a terminal."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.console import Console, ConsoleOptions, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lineage.cli.tables.terminal import INDENT, quoted

Row = tuple[str, Sequence[int]]
"""A name, and its number at each moment."""

_BARS = "▁▂▃▄▅▆▇█"
_NUMBER = 8
"""Width of a number up to 999,999 with the gap before it."""
_NAME = 19
_GAP = 2


@dataclass(frozen=True, slots=True)
class Curves:
    """A line a row: its numbers at some moments, as many as the width has room for, and all bars.

    Bars stand on 0, and the highest of a row is as high as a line. The last row is the sum.
    """

    head: str
    moments: Sequence[datetime]
    rows: Sequence[Row]
    told: Sequence[int]
    """Places of the moments whose numbers are told; the last one always is."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        left, names = INDENT[3], max((len(name) for name, _ in self.rows), default=0)
        room = options.max_width - left - _GAP - len(self.moments)
        wide = names + _NUMBER * len(self.told) <= room
        named = names if wide else min(names, _NAME)
        told = _spread(self.told, (room - named) // _NUMBER)
        yield Padding(self._table(told, named), INDENT, expand=False)

    def _table(self, told: Sequence[int], named: int) -> Table:
        table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="dim")
        table.add_column(self.head, overflow="fold", max_width=named)
        for at in told:
            day = self.moments[at]
            table.add_column(f"{day.day} {day:%b}", justify="right", no_wrap=True)
        table.add_column("each snapshot", no_wrap=True, overflow="crop")
        last = len(self.rows) - 1
        for at, (name, numbers) in enumerate(self.rows):
            cells = [f"{numbers[place]:,}" for place in told]
            style = "bold" if at == last else ""
            table.add_row(quoted(name), *cells, Text(bars(numbers), "cyan"), style=style)
        return table


def bars(numbers: Sequence[int]) -> str:
    """Return a bar for each number, on one scale from 0 to the greatest; 0 itself has none."""
    top = max(numbers, default=0)
    return "".join(_BARS[math.ceil(len(_BARS) * n / top) - 1] if n else " " for n in numbers)


def _spread(places: Sequence[int], most: int) -> list[int]:
    """Return so many of the places, evenly spread, the first and the last among them."""
    if len(places) <= most:
        return list(places)
    if most <= 1:
        return list(places[-1:])
    step = (len(places) - 1) / (most - 1)
    return [places[round(step * at)] for at in range(most)]
