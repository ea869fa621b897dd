"""Anomalies for a terminal: every kind with its number and rule, then the examples in words."""

from collections.abc import Sequence

from rich.console import Group as Stack
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lineage.analysis.definition_text import whence
from lineage.cli.tables.terminal import INDENT, lines, quoted
from lineage.domain.anomalies import Anomalies, AnomaliesOfKind, AnomalySeverity
from lineage.store.manifest import Manifest

_STYLES = {AnomalySeverity.ODD: "yellow", AnomalySeverity.NOTE: "dim"}


def anomalies(odd: Anomalies, manifest: Manifest, source_note: str = "") -> RenderableType:
    """Return what was looked for and found, with the snapshot it was found in."""
    told = [_examples(found) for found in odd.anomalies if found.examples]
    who = "everyone" if odd.family is None else f"roots and members of family {odd.family}"
    facts = [
        ("models", who),
        ("edges", "stated by the Hub or an author; no guesses, no registry"),
        *whence(manifest, source_note),
    ]
    return Stack(Text(), _table(odd.anomalies), *told, Text(), lines(facts))


def _table(found: Sequence[AnomaliesOfKind]) -> RenderableType:
    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="dim")
    table.add_column("kind", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("found", justify="right", no_wrap=True)
    table.add_column("rule", overflow="fold")
    for one in found:
        style = "bold" if one.count else "dim"
        severity = Text(one.severity.value, _STYLES[one.severity])
        table.add_row(one.kind.value, severity, Text(f"{one.count:,}", style), one.meaning)
    return Padding(table, INDENT, expand=False)


def _examples(found: AnomaliesOfKind) -> RenderableType:
    shown = len(found.examples)
    number = f"{shown:,} of {found.count:,}" if shown < found.count else f"{shown:,}"
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for one in found.examples:
        grid.add_row("-", quoted(one.detail))
    head = Text.assemble((found.kind.value, "bold"), (f"  {number}", "dim"))
    return Padding(Stack(Text(), head, grid), INDENT, expand=False)
