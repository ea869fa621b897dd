"""The command `lineage snapshots check-against`."""

import click

from lineage.cli import options


@click.command(
    "check-against",
    short_help="Compare a snapshot with a dump of the Hub's listing.",
    epilog=options.examples(
        "lineage snapshots check-against models.parquet",
        "lineage snapshots check-against models.parquet --snapshot 20261121T060000Z --examples 50",
    ),
)
@click.argument("file", metavar="FILE")
@options.options(
    click.option(
        "--examples",
        type=click.IntRange(min=0),
        metavar="N",
        default=5,
        show_default=True,
        help="Examples of each difference.",
    ),
    options.SNAPSHOT,
    options.STORE,
    options.FORMAT,
    options.logged,
)
def check_against(
    file: str, examples: int, snapshot: str | None, store: str | None, format: str
) -> None:
    """Say which models and edges only the snapshot has, which only the dump, which differ.

    FILE is a Parquet dump as `lineage crawl --bulk` takes it. Compared are names, owners, licenses
    and creation dates, and the parents that the Hub itself resolved. Both were taken at their own
    time: what changed between is a difference too.
    """
    from lineage.analysis.diff.dump_check import check_against
    from lineage.build.opt_out import OptOutFilter
    from lineage.cli import context, output
    from lineage.cli.tables import dump_checks
    from lineage.sources.dump import open_dump

    asked = context.open_snapshot(store, snapshot)
    leaving_out = OptOutFilter(context.opt_outs().marked(asked.manifest.left_out))
    with open_dump(file) as dump:
        pages = map(leaving_out.redact, dump.everything())
        found = check_against(asked, pages, dump=dump.name, missing=dump.missing, examples=examples)
    output.result(
        format,
        lambda: dump_checks.of_check(found),
        lambda: dump_checks.rows_of_check(found),
        lambda: dump_checks.check(found, asked.manifest),
    )
