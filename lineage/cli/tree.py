"""The command `lineage tree`."""

import click

from lineage.cli import options
from lineage.cli.context import Invocation, read_subject
from lineage.domain.definitions import Definition


@click.command(
    cls=options.Command,
    short_help="Draw what lies below a model or a family.",
    epilog=options.examples(
        "lineage tree llama",
        "lineage tree mistralai/Mistral-7B-v0.1 --depth 4 --min-size 100",
    ),
)
@click.argument("subject", metavar="SUBJECT")
@options.combine(
    click.option(
        "--depth",
        type=click.IntRange(min=1),
        metavar="N",
        default=3,
        show_default=True,
        help="Generations to draw.",
    ),
    click.option(
        "--min-size",
        type=click.IntRange(min=0),
        metavar="N",
        help="Sum up models with fewer models below them; 0 and 1 show leaves too.  [default: a "
        "40th of the whole]",
    ),
    options.with_definition,
)
def tree(
    *,
    subject: str,
    depth: int,
    min_size: int | None,
    definition: Definition,
    invocation: Invocation,
) -> None:
    """Draw what lies below a model, or a family by its releases.

    Models with little below them are summed up, and their number is shown.
    """
    from lineage.analysis.documents import tree_rows
    from lineage.analysis.tree.tree import tree_of_base, tree_of_family
    from lineage.cli.output import print_result
    from lineage.cli.tables.descent import tree_table

    snapshot, families = invocation.open_snapshot(definition.as_of), invocation.known_families()
    size = {"depth": depth, "at_least": min_size or 0}
    if (family := invocation.find_family(subject)) is not None:
        drawing = tree_of_family(snapshot, family, definition, families, **size)
    else:
        drawing = tree_of_base(snapshot, read_subject(subject).name, definition, families, **size)
    print_result(
        invocation.format,
        drawing,
        tree_rows,
        lambda it: tree_table(it, snapshot.manifest),
        narrowest=1,
    )
