"""Numbers over the history: a row a snapshot, or a row a part with small bars or days beside it."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.console import Group as Stack
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from lineage.analysis.definition_text import (
    Line,
    describe_counted_source,
    describe_definition_rules,
)
from lineage.analysis.growth.results import Curve, Point
from lineage.cli.tables.layout import (
    INDENT,
    indent_terminal_lines,
    new_table,
    quote_for_terminal,
    terminal_table_of_facts,
    terminal_title_of_subject,
)
from lineage.domain.claims import RELATIONS, Relation

_ROWS = 30
_DAYS_SHOWN = 4
_ANY = 10_000

_BARS = "▁▂▃▄▅▆▇█"
_NUMBER = 8
"""Width of a number up to 999,999 with the gap before it."""
_NAME = 19
_GAP = 2


def curve_table(curve: Curve) -> RenderableType:
    """Return a curve: the newest rows of a long one, in order of time."""
    body = _SnapshotRows(curve) if curve.by is None else _draw_part_table(curve)
    facts = [*describe_definition_rules(curve.definition), *_terminal_lines_of_history(curve)]
    title = terminal_title_of_subject(curve.id, curve.subject)
    return Stack(
        Text(),
        indent_terminal_lines(title),
        Text(),
        indent_terminal_lines(body),
        Text(),
        terminal_table_of_facts(facts),
    )


@dataclass(frozen=True, slots=True)
class _SnapshotRows:
    """A row a snapshot; relations are shown where the terminal has room for them."""

    curve: Curve

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        points = self.curve.whole.values[-_ROWS:]
        used = [word for word in RELATIONS if any(word in point.by_relation for point in points)]
        table = self._draw_snapshot_table(points, used)
        # A column that would be cut says less than its absence, which is announced below.
        is_narrow = Measurement.get(console, options.update(max_width=_ANY), table).maximum > (
            options.max_width
        )
        yield self._draw_snapshot_table(points, []) if is_narrow else table
        if used and is_narrow:
            yield Text("by relation: in a wider terminal, or --format csv", "dim")

    def _draw_snapshot_table(self, points: Sequence[Point], columns: Sequence[Relation]) -> Table:
        named: dict[str, list[int | None]] = {"total": [point.total for point in points]}
        more: dict[str, list[int | None]] = {
            "new": [point.new for point in points],
            "deleted": [point.deleted for point in points],
            "authors": [point.authors for point in points],
        }
        # What was counted again has none of these.
        named |= {name: values for name, values in more.items() if set(values) != {None}}
        named |= {it.value: [point.by_relation.get(it, 0) for point in points] for it in columns}
        table = new_table(fixed=["snapshot"], numbers=list(named))
        moments = self.curve.moments[-_ROWS:]
        for moment, *numbers in zip(moments, *named.values(), strict=True):
            table.add_row(quote_for_terminal(moment.snapshot), *map(_number_cell, numbers))
        return table


def _draw_part_table(curve: Curve) -> RenderableType:
    """Return the parts with some of the snapshots, the first and the last among them."""
    last = len(curve.moments) - 1
    places = sorted({round(step * last / (_DAYS_SHOWN - 1)) for step in range(_DAYS_SHOWN)})
    days = [f"{curve.moments[at].taken_at:%Y-%m-%d}" for at in places]
    table = new_table(str(curve.by), numbers=[*days, "change"])
    for line in (*curve.parts, curve.whole):
        totals = [line.values[at].total for at in places]
        name, style = ("all", "bold") if line is curve.whole else (line.key, "")
        name += " (incomplete)" if line.values[-1].complete is False else ""
        change = f"{totals[-1] - totals[0]:+,}"
        table.add_row(quote_for_terminal(name), *map(_number_cell, totals), change, style=style)
    return table


def _number_cell(number: int | None) -> str:
    return "" if number is None else f"{number:,}"


def _terminal_lines_of_history(curve: Curve) -> list[Line]:
    """Say which snapshots there are, and by which registry they were counted."""
    moments = curve.moments
    text = f"{len(moments):,}, {moments[0].snapshot} to {moments[-1].snapshot}"
    if curve.by is None and len(moments) > _ROWS:
        text += f"; the last {_ROWS} are shown, --format csv has all"
    recounted = sum(not moment.stored for moment in moments)
    text += f"; {recounted:,} of them counted just now" if recounted else ""
    versions = sorted({it.registry for it in moments if it.registry is not None})
    registry = [("registry", f"of {', '.join(versions)}")] if versions else []
    columns = "new: joined since the snapshot before; deleted: no longer listed since then"
    legend = [("columns", columns)] if curve.by is None else []
    unknown = [moment.snapshot for moment in moments if not moment.parents_known]
    notes = [("note", f"parents are not known in {', '.join(unknown)}")] if unknown else []
    if left_out := moments[-1].opted_out:
        notes.append(("note", f"{left_out:,} models are left out: they asked for it"))
    return [
        ("snapshots", text),
        *notes,
        *registry,
        *legend,
        *describe_counted_source(moments[-1].endpoint),
    ]


@dataclass(frozen=True, slots=True)
class Sparklines:
    """A name a row: its numbers at some moments, as many as the width has room for, and all bars.

    Bars stand on 0, and the highest of a row is as high as a line. The last row is the sum.
    """

    head: str
    moments: Sequence[datetime]
    rows: Sequence[tuple[str, Sequence[int]]]
    """Names, each with its number at each moment."""
    numbered: Sequence[int]
    """Places of the moments whose numbers are shown; the last one always is."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        longest = max((len(name) for name, _ in self.rows), default=0)
        room = options.max_width - INDENT[3] - _GAP - len(self.moments)
        # Names give way before numbers do: a cut name is recognized, a left out week is not.
        fits = longest + _NUMBER * len(self.numbered) <= room
        name_width = longest if fits else min(longest, _NAME)
        places = _choose_terminal_columns(self.numbered, (room - name_width) // _NUMBER)
        yield indent_terminal_lines(self._draw_terminal_table(places, name_width))

    def _draw_terminal_table(self, places: Sequence[int], name_width: int) -> Table:
        table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="dim")
        table.add_column(self.head, overflow="fold", max_width=name_width)
        for at in places:
            table.add_column(short_day_cell(self.moments[at]), justify="right", no_wrap=True)
        table.add_column("each snapshot", no_wrap=True, overflow="crop")
        last = len(self.rows) - 1
        for position, (name, numbers) in enumerate(self.rows):
            cells = [f"{numbers[at]:,}" for at in places]
            style = "bold" if position == last else ""
            bars = Text(bar_cell(numbers), "cyan")
            table.add_row(quote_for_terminal(name), *cells, bars, style=style)
        return table


def bar_cell(numbers: Sequence[int]) -> str:
    """Return a bar for each number, on one scale from 0 to the greatest; 0 itself has none."""
    # Rounded up: a number above 0 must not look like none.
    top = max(numbers, default=0)
    return "".join(_BARS[math.ceil(len(_BARS) * n / top) - 1] if n else " " for n in numbers)


def short_day_cell(moment: datetime) -> str:
    """Return the day of a moment, `21 Nov`."""
    return f"{moment.day} {moment:%b}"


def _choose_terminal_columns(places: Sequence[int], most: int) -> list[int]:
    """Return so many of the places, evenly spread, the first and the last among them."""
    if len(places) <= most:
        return list(places)
    if most <= 1:
        return list(places[-1:])
    step = (len(places) - 1) / (most - 1)
    return [places[round(step * number)] for number in range(most)]
