"""A family or base as a tree for a terminal: names on the left, numbers in a column."""

from collections.abc import Iterator

from rich.console import Group as Stack
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lineage.analysis.definition_text import in_words
from lineage.analysis.results import Branch, Tree
from lineage.cli.tables.terminal import INDENT, lines, quoted
from lineage.store.manifest import Manifest

_Row = tuple[Text, str, str]


def tree(drawn: Tree, manifest: Manifest, source_note: str = "") -> RenderableType:
    """Return the tree, a line a branch, with its definition in words below it.

    Where the terminal is narrow, names are cut and numbers never.
    """
    rows = [(quoted(drawn.root.name, "bold"), "", f"{drawn.root.total:,}"), *_rows(drawn.root, "")]
    grid = Table.grid(padding=(0, 2))
    grid.add_column()
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(no_wrap=True, justify="right")
    for row in rows:
        grid.add_row(*row)
    words = in_words(drawn.definition, manifest, source_note)
    words.insert(1, ("drawn", _how_drawn(drawn)))
    return Stack(Text(), Padding(grid, INDENT, expand=False), Text(), lines(words))


def _how_drawn(drawn: Tree) -> str:
    merges = "a model with several parents once, below the largest of them"
    if drawn.root.name in drawn.definition.roots:
        return merges
    return f"{merges}; what stems from several releases is in the number of each"


def _rows(branch: Branch, guide: str) -> Iterator[_Row]:
    """Yield what hangs below a branch, each line led by the guides of those above.

    Where nothing below is drawn, its number alone says how much there is.
    """
    folds = bool(branch.branches and branch.folded)
    last = len(branch.branches) - 1
    for at, below in enumerate(branch.branches):
        ends = at == last and not folds
        relation = "" if below.relation is None else below.relation.value
        relation += ", inferred" if below.guessed else ""
        yield _name(below, guide + ("└─ " if ends else "├─ ")), relation, f"{below.total:,}"
        yield from _rows(below, guide + ("   " if ends else "│  "))
    if folds:
        text = f"{guide}└─ + {branch.folded:,} more ({branch.folded_total:,} below)"
        yield Text(text, style="dim"), "", ""


def _name(branch: Branch, guide: str) -> Text:
    # Rich takes space from columns that may wrap; that a name does not is its own affair.
    name = Text.assemble((guide, "dim"), no_wrap=True, overflow="ellipsis")
    name.append_text(quoted(branch.name, "" if branch.relation else "bold"))
    if branch.other_parents:
        plural = "s" if branch.other_parents > 1 else ""
        name.append(f"  also from {branch.other_parents:,} other parent{plural}", "dim")
    return name
