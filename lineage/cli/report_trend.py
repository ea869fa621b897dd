"""The command `lineage report trend`."""

from pathlib import Path

import click

from lineage.cli import options
from lineage.cli.report import FAMILY, LANG, OUT
from lineage.domain.definitions import Definition

CLAIM = click.option(
    "--claim",
    type=click.IntRange(min=1),
    default=7000,
    show_default=True,
    metavar="N",
    help="A number of derivatives that somebody says to be exceeded: since when it was.",
)


@click.command(
    short_help="How a family grew: by month, beside its rivals, on the days people quote.",
    epilog=options.examples(
        "lineage report trend",
        "lineage report trend --family qwen --lang de --out public --min-downloads 10",
        "lineage report trend --as-of 2025-06-30 --claim 10000",
    ),
)
@options.options(
    *(FAMILY, options.FAMILIES, LANG, OUT, CLAIM, options.defined),
    *(options.SNAPSHOT, options.STORE, options.logged),
)
def trend(
    *,
    family: str,
    families: str | None,
    lang: str,
    out: Path,
    definition: Definition,
    claim: int,
    snapshot: str | None,
    store: str | None,
) -> None:
    """Show how a family grew, each number in its honest variants side by side.

    Written are a page, the same as Markdown, each chart as SVG and PNG, and the numbers behind
    each chart as CSV. What the snapshot cannot tell is said, not drawn.
    """
    from lineage.analysis.growth.trends import find_trends
    from lineage.cli import context
    from lineage.cli.output_file import deliver_file, folder_for
    from lineage.families.registry import family as family_called
    from lineage.reporting.language import Language
    from lineage.reporting.trend_files import trend_files
    from lineage.reporting.trend_report import trend_document

    asked = context.open_snapshot(store, snapshot, definition.as_of)
    known = context.known_families(families)
    found = find_trends(asked, family_called(family, known), definition, known, claim=claim)
    document = trend_document(found, asked.manifest, Language(lang), known)
    folder_for(out)
    for name, content in trend_files(found, document):
        deliver_file(content, out / name)
        click.echo(out / name)
