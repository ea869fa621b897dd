"""Differences for a terminal: the numbers first, then names, then who grew and who shrank."""

from collections.abc import Iterator, Sequence

from rich.console import Group as Stack
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lineage.analysis.definition_text import Line, taken
from lineage.analysis.diff.diffs import Change, Diff, FamilyChange
from lineage.cli.tables.terminal import INDENT, heading, lines, quoted
from lineage.store.manifest import Manifest

_NAMES_SHOWN = 10


def diff(found: Diff, before: Manifest, after: Manifest) -> RenderableType:
    """Return what changed between two snapshots."""
    facts: list[Line] = [
        ("before", f"{before.id}, {before.origin.kind}, {taken(before)}"),
        ("after", f"{after.id}, {after.origin.kind}, {taken(after)}"),
        ("models", f"{before.models:,} -> {after.models:,}"),
        ("edges", f"{found.edges_added:,} added, {found.edges_removed:,} removed"),
    ]
    renamed = [f"{one.before} -> {one.now}" for one in found.renamed]
    asked = found.standings
    removed = [f"{one}  ({asked[one]})" if one in asked else one for one in found.removed]
    named = {"added": found.added, "removed": removed, "renamed": renamed}
    parts = [part for what, names in named.items() for part in _names(what, names)]
    return Stack(Text(), lines(facts), *parts, *_families(found.families), *_bases(found))


def _names(what: str, names: Sequence[str]) -> Iterator[RenderableType]:
    yield heading(f"  {what}: {len(names):,}")
    for name in names[:_NAMES_SHOWN]:
        yield Padding(quoted(name), INDENT, expand=False)
    if len(names) > _NAMES_SHOWN:
        yield Padding(Text(f"and {len(names) - _NAMES_SHOWN:,} more", "dim"), INDENT, expand=False)


def _families(families: Sequence[FamilyChange]) -> Iterator[RenderableType]:
    changed = [one for one in families if _moved(one)]
    if not changed:
        return
    table = _numbers("family or release")
    for one in changed:
        _add(table, f"family {one.family}", one.before, one.after, "bold")
        for release in one.releases:
            if release.before != release.after:
                _add(table, f"  {release.name}", release.before, release.after)
    yield heading("  families, mirrors and curated edges included")
    yield Padding(table, INDENT, expand=False)


def _moved(family: FamilyChange) -> bool:
    return family.before != family.after or any(one.before != one.after for one in family.releases)


def _bases(found: Diff) -> Iterator[RenderableType]:
    for what, changes in (("gained", found.gained), ("lost", found.lost)):
        if changes:
            yield heading(f"  bases that {what} most, all generations")
            yield Padding(_changes(changes), INDENT, expand=False)


def _changes(changes: Sequence[Change]) -> Table:
    table = _numbers("base")
    for one in changes:
        _add(table, one.name, one.before, one.after)
    return table


def _numbers(what: str) -> Table:
    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="dim")
    table.add_column(what, overflow="fold")
    for name in ("before", "after", "change"):
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _add(table: Table, name: str, before: int, after: int, style: str = "") -> None:
    cells = (f"{before:,}", f"{after:,}", f"{after - before:+,}")
    table.add_row(quoted(name), *cells, style=style)
