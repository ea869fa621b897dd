"""A family or base as a tree for a terminal: names on the left, numbers in a column."""

from collections.abc import Iterator

from rich.console import Group as Stack
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lineage.analysis.results import Branch, Tree
from lineage.render.definition import in_words
from lineage.render.terminal import INDENT, lines, quoted
from lineage.store.manifest import Manifest

_Row = tuple[Text, str, str, str]


def tree(drawn: Tree, manifest: Manifest, source_note: str = "") -> RenderableType:
    """Return the tree, a line a branch, with its definition in words below it."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, overflow="ellipsis")
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(no_wrap=True, justify="right")
    grid.add_column(no_wrap=True, style="dim", overflow="ellipsis")
    grid.add_row(quoted(drawn.root.name, "bold"), "", f"{drawn.root.total:,}", "")
    for row in _rows(drawn.root, ""):
        grid.add_row(*row)
    words = in_words(drawn.definition, manifest, source_note)
    words.insert(1, ("drawn", "a model with several parents once, below the largest of them"))
    return Stack(Text(), Padding(grid, INDENT), Text(), lines(words))


def _rows(branch: Branch, guide: str) -> Iterator[_Row]:
    """Yield what hangs below a branch, each line led by the guides of those above."""
    last = len(branch.branches) - 1
    for at, below in enumerate(branch.branches):
        ends = at == last and not branch.folded
        name = Text(guide + ("└─ " if ends else "├─ "), style="dim")
        name.append_text(quoted(below.name, "" if below.relation else "bold"))
        relation = "" if below.relation is None else below.relation.value
        yield name, relation, f"{below.total:,}", _merged(below.other_parents)
        yield from _rows(below, guide + ("   " if ends else "│  "))
    if branch.folded:
        text = f"{guide}└─ + {branch.folded:,} more ({branch.folded_total:,} below)"
        yield Text(text, style="dim"), "", "", ""


def _merged(other_parents: int) -> str:
    if not other_parents:
        return ""
    return f"also from {other_parents:,} other parent{'s' * (other_parents > 1)}"
