"""Counts as tables for a terminal, each with its definition in words below it."""

from collections.abc import Mapping, Sequence

from rich.console import Group as Stack
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lineage.analysis.definition_text import Line, in_words
from lineage.analysis.results import Count, Group
from lineage.domain.claims import RELATIONS, Relation
from lineage.domain.definitions import Grouping
from lineage.domain.escape import visible
from lineage.store.manifest import Manifest

INDENT = (0, 0, 0, 2)
_GROUPS_SHOWN = 30
_IN_ORDER = frozenset({Grouping.MONTH, Grouping.RELEASE, Grouping.RELATION})
"""Groupings that are short or read as a series: shown whole."""

Row = tuple[str, int, int, Mapping[Relation, int]]


def quoted(text: str, style: str = "") -> Text:
    """Return text from outside for a terminal: harmless, and never read as markup."""
    return Text(visible(text), style=style)


def lines(facts: Sequence[Line]) -> RenderableType:
    """Return labels and what they say, aligned and quiet."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for label, says in facts:
        grid.add_row(Text(label, style="dim"), quoted(says))
    return Padding(grid, INDENT, expand=False)


def heading(text: str) -> RenderableType:
    """Return a line that begins a part."""
    return Stack(Text(), Text(text, style="bold underline"))


def counts(found: Sequence[Count], manifest: Manifest, source_note: str = "") -> RenderableType:
    """Return the counts of one or several bases by one definition."""
    if not found:
        return Text("  no base has derivatives under this definition")
    if len(found) == 1 or found[0].grouping is not None:
        return Stack(*(_one(count, manifest, source_note) for count in found))
    rows = [(count.id, count.direct, count.total, count.by_relation) for count in found]
    rule = found[0].definition
    alone = all(count.definition.roots == (count.id,) for count in found)
    roots = "each base alone" if alone else "each base with its plain mirrors"
    words = in_words(rule, manifest, source_note, roots)
    return Stack(Text(), _table("base", rows), Text(), lines(words))


def _one(count: Count, manifest: Manifest, source_note: str) -> RenderableType:
    words = in_words(count.definition, manifest, source_note)
    body = _by_relation(count) if count.grouping is None else _by_group(count, count.grouping)
    return Stack(Text(), _head(count), Text(), body, Text(), lines(words))


def _head(count: Count) -> RenderableType:
    name = quoted(count.id.removeprefix("family:"), "bold")
    if count.base.startswith("family:"):
        name = Text("family ").append_text(name)
    elif count.base != count.id:
        name.append_text(quoted(f"  asked as {count.base}", "dim"))
    sums = Text.assemble(
        (f"{count.total:,}", "bold"),
        f" derivatives, {count.direct:,} of them direct; {count.undated:,} without a known date",
    )
    return Padding(Stack(name, sums), INDENT, expand=False)


def _by_relation(count: Count) -> RenderableType:
    grid = Table.grid(padding=(0, 3))
    grid.add_column()
    grid.add_column(justify="right")
    grid.add_column(justify="right", style="dim")
    for relation, number in sorted(count.by_relation.items(), key=lambda it: -it[1]):
        grid.add_row(relation.value, f"{number:,}", f"{100 * number / count.total:.1f} %")
    return Padding(grid, INDENT, expand=False)


def _by_group(count: Count, by: Grouping) -> RenderableType:
    shown: Sequence[Group] = count.groups
    if by not in _IN_ORDER and len(shown) > _GROUPS_SHOWN + 1:
        shown = shown[:_GROUPS_SHOWN]
    rows = [(group.value, group.direct, group.total, group.by_relation) for group in shown]
    rest = count.groups[len(shown) :]
    if rest:
        rows.append(_together(f"{len(rest):,} more", rest))
    return _table(by.value, rows, _together("all", count.groups), no_parts=by is Grouping.RELATION)


def _together(name: str, groups: Sequence[Group]) -> Row:
    by_relation = {
        relation: sum(group.by_relation.get(relation, 0) for group in groups)
        for relation in RELATIONS
    }
    return name, sum(one.direct for one in groups), sum(one.total for one in groups), by_relation


def _table(
    head: str, rows: Sequence[Row], last: Row | None = None, *, no_parts: bool = False
) -> RenderableType:
    """Return rows of numbers with a column for each relation that occurs."""
    used = [one for one in Relation if not no_parts and any(row[3].get(one) for row in rows)]
    table = Table(
        box=None, padding=(0, 1), pad_edge=False, header_style="dim", collapse_padding=True
    )
    table.add_column(head, overflow="fold", min_width=12)
    for name in ("direct", "total", *(one.value for one in used)):
        table.add_column(name, justify="right", no_wrap=True)
    for name, direct, total, by_relation in (*rows, *([] if last is None else [last])):
        cells = [f"{by_relation.get(one, 0):,}" for one in used]
        style = "bold" if last is not None and name == last[0] else ""
        table.add_row(quoted(name), f"{direct:,}", Text(f"{total:,}", "bold"), *cells, style=style)
    return Padding(table, INDENT, expand=False)
