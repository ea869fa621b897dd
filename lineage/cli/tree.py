"""The command `lineage tree`."""

import click

from lineage.cli import options
from lineage.domain.definitions import Definition
from lineage.errors import SettingsError


@click.command(
    short_help="Draw what lies below a model or a family.",
    epilog=options.examples(
        "lineage tree",
        "lineage tree mistralai/Mistral-7B-v0.1 --depth 4 --at-least 100",
    ),
)
@click.argument("base", metavar="[BASE]", required=False)
@options.options(
    options.FAMILY,
    options.FAMILIES,
    click.option(
        "--depth",
        type=click.IntRange(min=1),
        metavar="N",
        default=3,
        show_default=True,
        help="Generations to draw.",
    ),
    click.option(
        "--at-least",
        type=click.IntRange(min=0),
        metavar="N",
        default=0,
        help="Fold branches with fewer models below them.  [default: a 40th of the whole]",
    ),
    options.defined,
    options.SNAPSHOT,
    options.STORE,
    options.FORMAT,
    options.logged,
)
def tree(
    *,
    base: str | None,
    family: str | None,
    families: str | None,
    depth: int,
    at_least: int,
    definition: Definition,
    snapshot: str | None,
    store: str | None,
    format: str,
) -> None:
    """Draw what lies below a model, or a family by its releases.

    Without BASE the Llama family is drawn. Small branches are folded and counted.
    """
    if base is not None and family is not None:
        raise SettingsError("a BASE and --family are two questions", "ask them one by one")
    from lineage.analysis.tree.tree import tree_of_base, tree_of_family
    from lineage.cli import context, output
    from lineage.families.registry import family as family_called

    asked = context.open_snapshot(store, snapshot, definition.as_of)
    known = context.known_families(families)
    if base is None:
        whole = family_called(family or "llama", known)
        drawn = tree_of_family(asked, whole, definition, known, depth=depth, at_least=at_least)
    else:
        drawn = tree_of_base(asked, base, definition, known, depth=depth, at_least=at_least)
    output.tree(format, drawn, asked.manifest)
