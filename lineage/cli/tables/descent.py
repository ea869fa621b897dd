"""Trees downwards and traces upwards: what comes from a model, and what it comes from."""

from collections.abc import Iterator, Sequence

from rich.console import Group as Stack
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lineage.analysis.definition_text import (
    definition_lines,
    describe_origin,
    number_notes,
)
from lineage.analysis.reasons import explain_trace, explain_verdict, verdict_word
from lineage.analysis.results import Tree, TreeNode
from lineage.analysis.verdicts import ModelOrigin, PathClaim, PathEdge, Trace
from lineage.cli.tables.layout import INDENT, fact_lines, indented, quoted
from lineage.domain.escape import visible
from lineage.store.manifest import Manifest

# A merge of merges has hundreds of paths; the surest and shortest come first.
_PATHS_SHOWN = 5
_COLORS = {True: "bold green", False: "bold red", None: "bold yellow"}


def tree_table(tree: Tree, manifest: Manifest, source_note: str = "") -> RenderableType:
    """Return the tree, a line a node, with its definition in words below it.

    Where the terminal is narrow, names are cut and numbers never.
    """
    grid = Table.grid(padding=(0, 2))
    grid.add_column()
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(no_wrap=True, justify="right")
    grid.add_row(quoted(tree.root.name, "bold"), "", f"{tree.root.total:,}")
    for row in _tree_rows(tree.root, ""):
        grid.add_row(*row)
    note = "a model with several parents once, below the largest of them"
    count = tree.count
    if tree.root.name not in count.definition.roots:
        note += "; what comes from several releases is in the number of each"
    words = definition_lines(count.definition, manifest, source_note)
    words.insert(1, ("drawn", note))
    words += [("note", note) for note in number_notes(count.total, count.at_most, count.opted_out)]
    return Stack(Text(), indented(grid), Text(), fact_lines(words))


def _tree_rows(branch: TreeNode, guide: str) -> Iterator[tuple[Text, str, str]]:
    """Yield what lies below a node, each line led by the guides of those above.

    Where nothing below is drawn, its number alone says how much there is.
    """
    folds = bool(branch.branches and branch.pruned)
    last = len(branch.branches) - 1
    for position, below in enumerate(branch.branches):
        ends = position == last and not folds
        relation = "" if below.relation is None else below.relation.value
        relation += ", inferred" if below.inferred else ""
        yield _node_name(below, guide + ("└─ " if ends else "├─ ")), relation, f"{below.total:,}"
        yield from _tree_rows(below, guide + ("   " if ends else "│  "))
    if folds:
        text = f"{guide}└─ + {branch.pruned:,} more ({branch.pruned_total:,} below)"
        yield Text(text, style="dim"), "", ""


def _node_name(branch: TreeNode, guide: str) -> Text:
    # Rich takes space from columns that may wrap; no_wrap on the text keeps the name on one line.
    name = Text.assemble((guide, "dim"), no_wrap=True, overflow="ellipsis")
    name.append_text(quoted(branch.name, "" if branch.relation else "bold"))
    if branch.other_parents:
        plural = "s" if branch.other_parents > 1 else ""
        name.append(f"  also from {branch.other_parents:,} other parent{plural}", "dim")
    return name


def trace_table(trace: Trace, manifest: Manifest) -> RenderableType:
    """Return the verdict on one model with everything it rests on."""
    releases = dict.fromkeys(root.release for root in trace.roots if root.family == trace.family)
    if trace.itself is not None and trace.itself.family == trace.family:
        releases = {trace.itself.release: None}
    head = Text.assemble(
        quoted(trace.id, "bold"),
        f"  of the {trace.family} family?  ",
        (verdict_word(trace), _COLORS[trace.descends]),
        f": {', '.join(releases)}" if trace.descends and releases else "",
    )
    parts: list[RenderableType] = [Text(), head, quoted(explain_trace(trace))]
    parts += [_path_lines(trace, path) for path in trace.paths[:_PATHS_SHOWN]]
    if (more := len(trace.paths) - _PATHS_SHOWN) > 0:
        parts.append(Text(f"and {more:,} more paths; all of them: --format json", style="dim"))
    facts = [("snapshot", f"{manifest.id}, {describe_origin(manifest)}")]
    facts += [("note", note) for note in trace.notes]
    if trace.outsider is not None:
        source = trace.outsider.source
        facts += [("source", source.text)]
        facts += [("quote", f'"{source.quote}"')] if source.quote else []
        facts += [("address", source.url)] if source.url else []
    return Stack(indented(Stack(*parts)), Text(), fact_lines(facts))


def verdict_table(traces: Sequence[tuple[str, Trace]]) -> RenderableType:
    """Return the verdicts on several models, each under the name it is known by."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", ratio=1)
    for name, trace in traces:
        origin = trace.origin
        where = "" if origin is ModelOrigin.SNAPSHOT else f"  known from the {origin.value}"
        why = Text.assemble(quoted(trace.id), where, "\n", (visible(explain_verdict(trace)), "dim"))
        answer = Text(verdict_word(trace), style=_COLORS[trace.descends])
        table.add_row(Text(name, "bold"), answer, why)
    return Stack(Text(), Padding(table, INDENT))


def _path_lines(trace: Trace, path: tuple[PathEdge, ...]) -> RenderableType:
    top = path[-1].parent
    root = next((root for root in trace.roots if root.root == top), None)
    end = ", which leads no further"
    if root is not None:
        end = f", {'official' if root.official else 'mirror'}, {root.release}"
    lines: list[RenderableType] = [Text(), Text.assemble("path to ", quoted(top), (end, "dim"))]
    for depth, edge in enumerate(path):
        kind = f"{edge.relation.value}, {edge.strength.value}"
        line = Text.assemble(quoted(edge.child), "  ", (kind, "dim"), "  of ", quoted(edge.parent))
        lines.append(Padding(line, (0, 0, 0, 2 * depth + 2), expand=False))
        claims = (_claim_text(claim) for claim in edge.evidence)
        lines += [Padding(claim, (0, 0, 0, 2 * depth + 4)) for claim in claims]
    return Stack(*lines)


def _claim_text(claim: PathClaim) -> Text:
    parts = [] if claim.quote is None else [f'"{visible(claim.quote)}"']
    parts += [visible(text) for text in (claim.source, claim.url) if text]
    return Text(f"{claim.rule}: " + "\n".join(parts), style="dim")
