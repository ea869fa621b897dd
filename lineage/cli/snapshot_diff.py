"""The command `lineage snapshots diff`."""

import click

from lineage.cli import options


@click.command(
    short_help="Say what changed between two snapshots.",
    epilog=options.examples(
        "lineage snapshots diff 20261120T060000Z 20261121T060000Z",
        "lineage snapshots diff 20261120T060000Z 20261121T060000Z --format json",
    ),
)
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@options.options(options.FAMILIES, options.STORE, options.FORMAT, options.logged)
def diff(before: str, after: str, families: str | None, store: str | None, format: str) -> None:
    """Say what B has that A has not, and the other way round: models, edges, families, bases.

    Models are compared by the Hub's own key, so that a renamed one is neither added nor removed.
    A walk below one base holds one family alone: beside a sweep everything else is missing in it.
    """
    from lineage.analysis.diff import shapes
    from lineage.analysis.diff.diffs import diff_snapshots
    from lineage.cli import context, output
    from lineage.cli.tables import diffs

    old, new = (context.open_snapshot(store, id) for id in (before, after))
    found = diff_snapshots(old, new, context.known_families(families))
    output.result(
        format,
        lambda: shapes.of_diff(found),
        lambda: shapes.rows_of_diff(found),
        lambda: diffs.diff(found, old.manifest, new.manifest),
    )
