"""Trees downwards and traces upwards: what comes from a model, and what it comes from."""

from collections.abc import Iterator, Sequence

from rich.console import Group as Stack
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lineage.analysis.check import (
    CheckOutcome,
    CheckVerdict,
    explain_check_match,
    explain_check_unknown,
)
from lineage.analysis.definition_text import (
    describe_counted_origin,
    describe_definition,
    notes_of_count,
)
from lineage.analysis.tree.prune import PrunedRest, Tree, TreeNode
from lineage.analysis.tree.rows import RowKind
from lineage.analysis.verdicts import (
    PathClaim,
    PathEdge,
    Trace,
    explain_trace,
    word_of_trace_verdict,
)
from lineage.cli.tables.layout import (
    indent_terminal_lines,
    quote_for_terminal,
    terminal_table_of_facts,
)
from lineage.domain.claims import Strength
from lineage.domain.escape import escape_invisible
from lineage.store.manifest import Manifest

# A merge of merges has hundreds of paths; the surest and shortest come first.
_PATHS_SHOWN = 5
_GUIDES_SHOWN, _GUIDES_LEFT = 12, 3
_NOT_COUNTED = {RowKind.UNLISTED: "not listed", RowKind.PASSED: "not counted"}
_COLORS = {True: "bold green", False: "bold red", None: "bold yellow"}


def tree_table(tree: Tree, manifest: Manifest, source_note: str = "") -> RenderableType:
    """Return the tree, a line a node, with its definition in words below it.

    Where the terminal is narrow, names are cut and numbers never.
    """
    grid = Table.grid(padding=(0, 2))
    lines = list(_tree_table_lines(tree.nodes))
    grid.add_column()
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(no_wrap=True, justify="right")
    # An empty column would take a letter from the names.
    columns = 4 if any(here for *_, here in lines) else 3
    if columns == 4:
        grid.add_column(no_wrap=True, style="dim", justify="right")
    grid.add_row(*("", "", Text("below", "dim"), "drawn here")[:columns])
    for line in lines:
        grid.add_row(*line[:columns])
    notes = ["each model once, below the largest of its parents"]
    if any(node.other_parents for node in tree.nodes):
        notes[0] += "; +1: it has one more"
    if columns == 4:
        notes.append(
            "below: what `count` says of this model alone; drawn here: how many have their place "
            "below it in this tree, where these are more or fewer"
        )
    count = tree.count
    words = describe_definition(count.definition, manifest, source_note)
    words.insert(1, ("drawn", "; ".join(notes)))
    words += [
        ("note", note) for note in notes_of_count(count.total, count.at_most, count.opted_out)
    ]
    return Stack(Text(), indent_terminal_lines(grid), Text(), terminal_table_of_facts(words))


def _tree_table_lines(nodes: Sequence[TreeNode]) -> Iterator[tuple[Text, str, str, str]]:
    """Yield a line for each node, and for what is not drawn below one."""
    last_below = {node.parent: at for at, node in enumerate(nodes)}
    # Nodes come in the order of a walk: of those above a line the guides go on where a sibling or
    # a remainder follows. No recursion: a model can be fine-tuned a thousand times over.
    path: list[int] = []
    guides: list[str] = []

    def end_tree_guides(depth: int) -> Iterator[tuple[Text, str, str, str]]:
        while len(path) > depth:
            guide, remainder = _guide_cell(guides), nodes[path.pop()].remainder
            guides.pop()
            if remainder is not None:
                words = _terminal_text_of_pruned_nodes(remainder)
                yield Text(f"{guide}└─ {words}", style="dim"), "", "", ""

    for at, node in enumerate(nodes):
        yield from end_tree_guides(node.depth)
        above = nodes[node.parent] if node.parent >= 0 else None
        ends = above is None or (last_below[node.parent] == at and above.remainder is None)
        fork = "" if above is None else "└─ " if ends else "├─ "
        relation = "" if node.relation is None else node.relation.value
        relation += ", inferred" if node.strength is Strength.INFERRED else ""
        relation += f" +{node.other_parents:,}" if node.other_parents else ""
        here = "" if node.drawn_below == node.total else f"{node.drawn_below:,}"
        yield _tree_node_cell(node, _guide_cell(guides) + fork), relation, f"{node.total:,}", here
        path.append(at)
        guides.append("" if above is None else "   " if ends else "│  ")
    yield from end_tree_guides(0)


def _terminal_text_of_pruned_nodes(rest: PrunedRest) -> str:
    """Say how many models are folded and how many below them: both add up to all of them."""
    words = f"+ {rest.counted:,} more"
    if not rest.counted:  # Roots, or deleted models.
        kind = "more root" if rest.are_roots else "uncounted model"
        words = f"+ {rest.branches:,} {kind}{'' if rest.branches == 1 else 's'}"
    below = rest.models - rest.counted
    return f"{words}, {below:,} below" if below else words


def _guide_cell(guides: Sequence[str]) -> str:
    """Return the guides above a line; of very many those nearest to it, and how many there are."""
    if len(guides) <= _GUIDES_SHOWN:
        return "".join(guides)
    return f"{len(guides) - 1:,} deep … " + "".join(guides[-_GUIDES_LEFT:])


def _tree_node_cell(node: TreeNode, guide: str) -> Text:
    # Rich takes space from columns that may wrap; no_wrap on the text keeps the name on one line.
    name = Text.assemble((guide, "dim"), no_wrap=True, overflow="ellipsis")
    name.append_text(quote_for_terminal(node.name, "" if node.relation else "bold"))
    notes = []
    if node.deleted:
        notes.append("deleted")
    elif node.kind in _NOT_COUNTED:
        notes.append(_NOT_COUNTED[node.kind])
    if notes:
        name.append(f"  {', '.join(notes)}", "dim")
    return name


def trace_table(trace: Trace, manifest: Manifest) -> RenderableType:
    """Return the verdict on one model with everything it rests on."""
    releases = dict.fromkeys(root.release for root in trace.roots if root.family == trace.family)
    if trace.itself is not None and trace.itself.family == trace.family:
        releases = {trace.itself.release: None}
    head = Text.assemble(
        quote_for_terminal(trace.id, "bold"),
        f"  of the {trace.family} family?  ",
        (word_of_trace_verdict(trace), _COLORS[trace.descends]),
        f": {', '.join(releases)}" if trace.descends and releases else "",
    )
    parts: list[RenderableType] = [Text(), head, quote_for_terminal(explain_trace(trace))]
    parts += [_path_table_lines(trace, path) for path in trace.paths[:_PATHS_SHOWN]]
    if (more := len(trace.paths) - _PATHS_SHOWN) > 0:
        parts.append(Text(f"and {more:,} more paths; all of them: --format json", style="dim"))
    facts = [("snapshot", f"{manifest.id}, {describe_counted_origin(manifest)}")]
    facts += [("note", note) for note in trace.notes]
    if trace.outsider is not None:
        source = trace.outsider.source
        facts += [("source", source.text)]
        facts += [("quote", f'"{source.quote}"')] if source.quote else []
        facts += [("address", source.url)] if source.url else []
    return Stack(indent_terminal_lines(Stack(*parts)), Text(), terminal_table_of_facts(facts))


def _path_table_lines(trace: Trace, path: tuple[PathEdge, ...]) -> RenderableType:
    top = path[-1].parent
    root = next((root for root in trace.roots if top in {root.root, root.subject}), None)
    end = ", which leads no further"
    if root is not None:
        kind = "mirror" if root.subject is None else "no model is named"
        end = f", {'official' if root.official else kind}, {root.release}"
    lines: list[RenderableType] = [
        Text(),
        Text.assemble("path to ", quote_for_terminal(top), (end, "dim")),
    ]
    for depth, edge in enumerate(path):
        kind = f"{edge.relation.value}, {edge.strength.value}"
        line = Text.assemble(
            quote_for_terminal(edge.child),
            "  ",
            (kind, "dim"),
            "  of ",
            quote_for_terminal(edge.parent),
        )
        lines.append(Padding(line, (0, 0, 0, 2 * depth + 2), expand=False))
        claims = (_claim_cell(claim) for claim in edge.evidence)
        lines += [Padding(claim, (0, 0, 0, 2 * depth + 4)) for claim in claims]
    return Stack(*lines)


def _claim_cell(claim: PathClaim) -> Text:
    parts = [] if claim.quote is None else [f'"{escape_invisible(claim.quote)}"']
    parts += [escape_invisible(text) for text in (claim.source, claim.url) if text]
    return Text(f"{claim.rule}: " + "\n".join(parts), style="dim")


_VERDICT_STYLES = {
    CheckVerdict.PASS: "green",
    CheckVerdict.FAIL: "bold red",
    CheckVerdict.UNKNOWN: "yellow",
}
_ORDER = (CheckVerdict.FAIL, CheckVerdict.UNKNOWN, CheckVerdict.PASS)


def terminal_table_of_check(result: CheckOutcome) -> RenderableType:
    """Return each model with its verdict, what decides and the path to it, then the sum."""
    parts: list[RenderableType] = []
    for model in sorted(result.models, key=lambda it: _ORDER.index(it.verdict)):
        line = Text.assemble(
            (f"{model.verdict.value:<8}", _VERDICT_STYLES[model.verdict]),
            quote_for_terminal(model.model),
        )
        if model.place is not None:
            line.append("  ").append(quote_for_terminal(model.place))
        parts.append(line)
        if model.verdict is CheckVerdict.UNKNOWN and model.unknown is not None:
            parts.append(indent_terminal_lines(Text(explain_check_unknown(model.unknown))))
        for match in model.matches:
            parts.append(indent_terminal_lines(quote_for_terminal(explain_check_match(match))))
            parts += [
                indent_terminal_lines(indent_terminal_lines(_path_edge_cell(edge)))
                for edge in match.path
            ]
        for match in model.warnings:
            parts.append(
                indent_terminal_lines(
                    Text("warning: ", "yellow") + quote_for_terminal(explain_check_match(match))
                )
            )
    counts = {it: sum(model.verdict is it for model in result.models) for it in _ORDER}
    numbers = ", ".join(
        f"{number:,} {verdict.value}" for verdict, number in counts.items() if number
    )
    facts = [("verdict", f"{result.verdict.value}: {numbers}"), ("snapshot", result.snapshot)]
    facts += [("note", note) for note in result.notes]
    return Stack(*parts, Text(), terminal_table_of_facts(facts))


def _path_edge_cell(edge: PathEdge) -> Text:
    """Return one link of a path with its relation, strength and first claim."""
    words = f"{edge.child} <- {edge.parent}  {edge.relation.value}, {edge.strength.value}"
    claim = next((claim for claim in edge.evidence if claim.quote), None)
    return quote_for_terminal(
        words if claim is None else f'{words}: "{claim.quote}" ({claim.rule})', "dim"
    )
