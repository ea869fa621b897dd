"""Counts and definitions compared, as tables, each with its definition in words below it."""

from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Group as Stack
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from lineage.analysis.definition_text import (
    count_notes_of_parents,
    describe_count_range,
    describe_definition,
    notes_of_count,
)
from lineage.analysis.documents import explain_comparison_step
from lineage.analysis.results import ComparedCount, Comparison, ComparisonStep, Count, Group
from lineage.cli.tables.layout import (
    indent_terminal_lines,
    new_table,
    quote_for_terminal,
    terminal_table_of_facts,
    terminal_title_of_subject,
)
from lineage.domain.claims import RELATIONS, Relation
from lineage.domain.definitions import Grouping
from lineage.store.manifest import Manifest

_GROUPS_SHOWN = 30
# Never shortened: they are short, or a series whose missing end would look like a fall.
_SERIES = frozenset({Grouping.MONTH, Grouping.RELEASE, Grouping.RELATION})
# With a wider minimum the column would be cut off at 80 columns instead of folded.
_NARROWEST_REASON = 16
_SHORT: Mapping[ComparisonStep, str] = {
    ComparisonStep.DIRECT: "direct",
    ComparisonStep.ALL_GENERATIONS: "all",
    ComparisonStep.MERGES: "+merges",
    ComparisonStep.MIRRORS: "+mirrors",
    ComparisonStep.CURATED: "+curated",
    ComparisonStep.DOWNLOADS: "downloads",
    ComparisonStep.DELETED: "+deleted",
    ComparisonStep.INFERRED: "+inferred",
}

Row = tuple[str, int, int, Mapping[Relation, int]]


def counts_table(
    counts: Sequence[Count], manifest: Manifest, source_note: str = ""
) -> RenderableType:
    """Return the counts of one or several subjects by one definition."""
    if not counts:
        facts = [("note", note) for note in count_notes_of_parents(manifest)]
        nothing = Text("  no model has derivatives under this definition")
        return Stack(nothing, *([Text(), terminal_table_of_facts(facts)] if facts else []))
    if len(counts) == 1 or counts[0].grouping is not None:
        return Stack(*(_terminal_table_of_count(count, manifest, source_note) for count in counts))
    rows: list[Row] = [(it.id, it.direct, it.total, it.by_relation) for it in counts]
    # Every subject has roots of its own, and the lines below the table speak for all of them.
    alone = all(count.definition.roots == (count.id,) for count in counts)
    roots = "the models themselves" if alone else "each subject with its mirrors"
    words = describe_definition(counts[0].definition, manifest, source_note, roots)
    words += [
        ("note", f"{count.id}: {note}")
        for count in counts
        for note in notes_of_count(count.total, count.at_most, count.opted_out)
    ]
    return Stack(
        Text(), _terminal_table_of_numbers("subject", rows), Text(), terminal_table_of_facts(words)
    )


def _terminal_table_of_count(count: Count, manifest: Manifest, source_note: str) -> RenderableType:
    if count.at_most > count.total:
        words = describe_count_range(count.total, count.at_most)
        sums = Text.assemble((words, "bold"), f"; {count.direct:,} of the dated are direct")
    else:
        sums = Text.assemble(
            (f"{count.total:,}", "bold"),
            f" derivatives, {count.direct:,} of them direct; {count.undated:,} without a known "
            "date",
            "" if count.parents_known else "; parents are not known",
        )
    if count.declared is not None:
        more = count.total - count.declared
        sums.append(f"\n{count.declared:,} by declared links; inferred ones add {more:,}")
    head = indent_terminal_lines(Stack(terminal_title_of_subject(count.id, count.subject), sums))
    body = (
        _relation_share_cells(count) if count.grouping is None else _terminal_table_of_groups(count)
    )
    facts = describe_definition(count.definition, manifest, source_note)
    facts += [("note", note) for note in notes_of_count(0, 0, count.opted_out)]
    return Stack(Text(), head, Text(), body, Text(), terminal_table_of_facts(facts))


def _relation_share_cells(count: Count) -> RenderableType:
    # Largest first and not in the order of the words: the shares are what is read.
    grid = Table.grid(padding=(0, 3))
    grid.add_column()
    grid.add_column(justify="right")
    grid.add_column(justify="right", style="dim")
    for relation, number in sorted(count.by_relation.items(), key=lambda item: -item[1]):
        grid.add_row(relation.value, f"{number:,}", f"{100 * number / count.total:.1f} %")
    return indent_terminal_lines(grid)


def _terminal_table_of_groups(count: Count) -> RenderableType:
    rows: list[Row] = [
        (_group_cell(group), group.direct, group.total, group.by_relation) for group in count.groups
    ]
    total = _table_rows_of_sums("all", rows)
    if count.grouping not in _SERIES and len(rows) > _GROUPS_SHOWN + 1:
        more = rows[_GROUPS_SHOWN:]
        rows = [*rows[:_GROUPS_SHOWN], _table_rows_of_sums(f"{len(more):,} more", more)]
    by = "group" if count.grouping is None else count.grouping.value
    return _terminal_table_of_numbers(by, rows, total, no_parts=count.grouping is Grouping.RELATION)


def _group_cell(group: Group) -> str:
    return f"{group.value} (incomplete)" if group.complete is False else group.value


def _table_rows_of_sums(name: str, rows: Sequence[Row]) -> Row:
    parts = {relation: sum(row[3].get(relation, 0) for row in rows) for relation in RELATIONS}
    return name, sum(row[1] for row in rows), sum(row[2] for row in rows), parts


def _terminal_table_of_numbers(
    head: str, rows: Sequence[Row], total: Row | None = None, *, no_parts: bool = False
) -> RenderableType:
    """Return rows of numbers with a column for each relation that occurs."""
    used = [word for word in RELATIONS if not no_parts and any(row[3].get(word) for row in rows)]
    columns = ("direct", "total", *(word.value for word in used))
    table = new_table(head, numbers=columns, min_width=12)
    # Seven columns of numbers beside a name fit into 80 characters with one space between them.
    table.collapse_padding = True
    for row in (*rows, *([] if total is None else [total])):
        name, direct, whole, by_relation = row
        cells = [f"{by_relation.get(word, 0):,}" for word in used]
        style = "bold" if row is total else ""
        table.add_row(
            quote_for_terminal(name), f"{direct:,}", Text(f"{whole:,}", "bold"), *cells, style=style
        )
    return indent_terminal_lines(table)


def comparison_table(
    comparison: Comparison, manifest: Manifest, source_note: str = ""
) -> RenderableType:
    """Return one subject's numbers under every definition, each with its reason."""
    head = indent_terminal_lines(terminal_title_of_subject(comparison.id, comparison.id))
    parts = [Text(), head, Text(), _step_table(comparison)]
    if any(compared.by_release for compared in comparison.steps):
        parts += [Text(), _terminal_table_of_releases(comparison)]
    default = next(
        compared for compared in comparison.steps if compared.step is ComparisonStep.MERGES
    )
    day = default.definition.as_of
    words = [] if day is None else [("as of", f"the end of {day}, UTC")]
    words += [
        line
        for line in describe_definition(default.definition, manifest, source_note)
        if line[0] in ("snapshot", "source", "note")
    ]
    words += [("note", note) for note in notes_of_count(0, 0, comparison.opted_out)]
    return Stack(*parts, Text(), terminal_table_of_facts(words))


def _step_table(comparison: Comparison) -> RenderableType:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim", show_edge=False)
    table.add_column("step", no_wrap=True)
    for head in ("number", "change", "direct", "authors"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("why it differs", overflow="fold", min_width=_NARROWEST_REASON)
    previous: ComparedCount | None = None
    for row in comparison.steps:
        has_parts = row.step is not ComparisonStep.AUTHORS
        # A bound on downloads and a count of authors look at the definition before them; the next
        # definition goes on from there, not from them.
        is_aside = row.step in (ComparisonStep.DOWNLOADS, ComparisonStep.AUTHORS)
        label = row.step.value
        if row.step is ComparisonStep.DOWNLOADS:
            label = f"with {row.definition.min_downloads:,}+ downloads"
        table.add_row(
            f"{label} *" if row.default else label,
            Text(f"{row.number:,}", "bold"),
            "" if previous is None or is_aside else f"{row.number - previous.number:+,}",
            f"{row.direct:,}" if has_parts else "",
            f"{row.authors:,}" if has_parts else "",
            Text(_explain_table_number(row, comparison), style="dim"),
        )
        previous = previous if is_aside else row
    note = Text("* the default: what count answers without filters", style="dim")
    return Stack(indent_terminal_lines(table), indent_terminal_lines(note))


def _explain_table_number(row: ComparedCount, comparison: Comparison) -> str:
    explanation = explain_comparison_step(row, comparison)
    if row.at_most == row.number:
        return explanation
    return f"{describe_count_range(row.number, row.at_most)}; {explanation}"


def _terminal_table_of_releases(comparison: Comparison) -> RenderableType:
    steps = [compared for compared in comparison.steps if compared.step in _SHORT]
    # The widest definition names most releases, and names them in the registry's order.
    widest = max(steps, key=lambda compared: len(compared.by_release))
    names = dict.fromkeys([*widest.by_release, *(name for it in steps for name in it.by_release)])
    table = new_table(
        "release", numbers=[_SHORT[compared.step] for compared in steps], min_width=12
    )
    for name in names:
        table.add_row(
            quote_for_terminal(name),
            *(f"{compared.by_release.get(name, 0):,}" for compared in steps),
        )
    table.add_row("all", *(f"{compared.number:,}" for compared in steps), style="bold")
    return indent_terminal_lines(table)
