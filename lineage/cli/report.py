"""The commands `lineage report ...`: pages and files about a family, in English or German."""

from pathlib import Path

import click

from lineage.cli import options

LANG = click.option(
    "--lang",
    type=click.Choice(["en", "de"]),
    default="en",
    show_default=True,
    envvar="LINEAGE_LANG",
    show_envvar=True,
    help="The report's language.",
)
OUT = click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("reports"),
    show_default=True,
    metavar="FOLDER",
    help="Where it is written; a report of the same name is replaced.",
)
FAMILY = click.option(
    "--family", metavar="NAME", default="llama", show_default=True, help="The family it is about."
)


@click.group()
def report() -> None:
    """Write reports about a family: the same snapshot gives the same bytes."""


@report.command(
    "family-tree",
    short_help="One HTML file with the whole family, explorable offline.",
    epilog=options.examples(
        "lineage report family-tree",
        "lineage report family-tree --family qwen --lang de --out public",
    ),
)
@options.options(
    FAMILY, options.FAMILIES, LANG, OUT, options.SNAPSHOT, options.STORE, options.logged
)
def family_tree(
    *,
    family: str,
    families: str | None,
    lang: str,
    out: Path,
    snapshot: str | None,
    store: str | None,
) -> None:
    """Write a family's tree as one HTML file that works offline, without a server.

    Every model with its evidence: to be searched, unfolded and filtered in a browser.
    """
    from lineage.cli import asking
    from lineage.cli.delivery import deliver
    from lineage.families.registry import family as family_called
    from lineage.reporting.family_tree import family_tree
    from lineage.reporting.language import Language, texts
    from lineage.web.family_tree import page

    asked, known = asking.open_snapshot(store, snapshot), asking.known_families(families)
    whole = family_called(family, known)
    written = page(family_tree(asked, whole, known), texts(Language(lang)))
    out.mkdir(parents=True, exist_ok=True)
    file = out / f"family-tree.{whole.id}.{lang}.html"
    deliver(iter((written,)), str(file))
    click.echo(file)
