"""Curves for a terminal: a row a snapshot, or a row a part with some snapshots side by side."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderableType
from rich.console import Group as Stack
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lineage.analysis.definition_text import Line, rule_in_words, source
from lineage.analysis.growth import Curve
from lineage.cli.tables.terminal import INDENT, lines, quoted
from lineage.domain.claims import Relation

_ROWS = 30
_ACROSS = 4
_WIDE = 92
"""So many columns hold a snapshot's id and nine numbers."""


def curve(found: Curve) -> RenderableType:
    """Return a curve: the newest rows of a long one, in order of time."""
    name = quoted(found.id.removeprefix("family:"), "bold")
    if found.key is None:
        name = Text("family ").append_text(name)
    elif found.base != found.id:
        name.append_text(quoted(f"  asked as {found.base}", "dim"))
    body = _by_snapshot(found) if found.by is None else _by_part(found)
    words = [*rule_in_words(found.definition), *_history(found)]
    return Stack(Text(), Padding(name, INDENT, expand=False), Text(), body, Text(), lines(words))


@dataclass(frozen=True, slots=True)
class _BySnapshot:
    """A row a snapshot; relations are shown where the terminal has room for them."""

    found: Curve

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        points = self.found.whole.values[-_ROWS:]
        used = [one for one in Relation if any(one in point.by_relation for point in points)]
        shown = used if options.max_width >= _WIDE else []
        table = _table("snapshot", ["total", "new", "gone", "authors", *(it.value for it in shown)])
        for moment, point in zip(self.found.moments[-_ROWS:], points, strict=True):
            numbers = [point.total, point.new, point.gone, point.authors]
            cells = [*numbers, *(point.by_relation.get(one, 0) for one in shown)]
            table.add_row(quoted(moment.snapshot), *map(_number, cells))
        yield table
        if len(shown) < len(used):
            yield Text("by relation: in a wider terminal, or --format csv", "dim")


def _by_snapshot(found: Curve) -> RenderableType:
    return Padding(_BySnapshot(found), INDENT, expand=False)


def _by_part(found: Curve) -> RenderableType:
    """Return the parts with some of the snapshots, the first and the last among them."""
    last = len(found.moments) - 1
    shown = sorted({round(at * last / (_ACROSS - 1)) for at in range(_ACROSS)})
    days = [f"{found.moments[at].taken_at:%Y-%m-%d}" for at in shown]
    table = _table(str(found.by), [*days, "change"])
    for line in (*found.parts, found.whole):
        totals = [line.values[at].total for at in shown]
        change = Text(f"{totals[-1] - totals[0]:+,}")
        name = quoted("all") if line is found.whole else quoted(line.key)
        style = "bold" if line is found.whole else ""
        table.add_row(name, *map(_number, totals), change, style=style)
    return Padding(table, INDENT, expand=False)


def _table(head: str, names: Sequence[str]) -> Table:
    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="dim")
    table.add_column(head, overflow="fold")
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _number(number: int | None) -> str:
    return "" if number is None else f"{number:,}"


def _history(found: Curve) -> list[Line]:
    """Say which snapshots there are, and by which registry they were counted."""
    moments = found.moments
    told = f"{len(moments):,}, {moments[0].snapshot} to {moments[-1].snapshot}"
    if found.by is None and len(moments) > _ROWS:
        told += f"; the last {_ROWS} are shown, --format csv has all"
    now = sum(not moment.stored for moment in moments)
    told += f"; {now:,} of them counted just now" if now else ""
    versions = sorted({one.registry for one in moments if one.registry is not None})
    registry = [("registry", f"of {', '.join(versions)}")] if versions else []
    since = "new: who joined since the snapshot before; gone: who is listed no more since then"
    columns = [("columns", since)] if found.by is None else []
    return [("snapshots", told), *registry, *columns, *source(moments[-1].endpoint)]
