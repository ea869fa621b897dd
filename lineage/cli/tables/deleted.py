"""The deleted with children below, as a table for a terminal."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table

from lineage.cli.tables.terminal import INDENT, quoted


class Grave(Protocol):
    """A model that is gone."""

    @property
    def id(self) -> str: ...
    @property
    def direct(self) -> int: ...
    @property
    def total(self) -> int: ...
    @property
    def missed_at(self) -> datetime: ...
    @property
    def gone_from(self) -> datetime | None: ...


def graves(found: Sequence[Grave]) -> RenderableType:
    """Return a row for each of them."""
    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="dim")
    table.add_column("deleted", overflow="fold")
    for name in ("direct", "total", "gone", "missed"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in found:
        days = (_day(one.gone_from), _day(one.missed_at))
        table.add_row(quoted(one.id), f"{one.direct:,}", f"{one.total:,}", *days)
    return Padding(table, INDENT, expand=False)


def _day(moment: datetime | None) -> str:
    return "not known" if moment is None else f"{moment.day} {moment:%b %Y}"
