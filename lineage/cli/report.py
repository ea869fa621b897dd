"""The commands `lineage report ...`: pages and files about a family, in English or German."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lineage.cli import options
from lineage.domain.definitions import Closure, Definition
from lineage.errors import SettingsError

if TYPE_CHECKING:
    from lineage.domain.families import Family
    from lineage.reporting.family_tree import FamilyTreeReport
    from lineage.store.reader import Snapshot

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
    short_help="The whole family, explorable offline; its largest branches as a poster.",
    epilog=options.examples(
        "lineage report family-tree",
        "lineage report family-tree --family qwen --lang de --out public",
        "lineage report family-tree meta-llama/Llama-3.1-8B --relations finetune,merge",
    ),
)
@click.argument("base", metavar="[BASE]", required=False)
@options.options(
    *(options.FAMILY, options.FAMILIES, LANG, OUT, options.defined),
    *(options.SNAPSHOT, options.STORE, options.logged),
)
def family_tree(
    *,
    base: str | None,
    family: str | None,
    families: str | None,
    lang: str,
    out: Path,
    definition: Definition,
    snapshot: str | None,
    store: str | None,
) -> None:
    """Write the tree of a family, or of what lies below one model, as pages and pictures.

    One HTML file holds every model with its evidence and works offline, without a server; a
    poster as SVG and PNG, and Markdown, hold the largest branches with sums of the rest. Without
    BASE it is about the Llama family.
    """
    from lineage.cli import context
    from lineage.cli.output_file import deliver_file, folder_for
    from lineage.reporting.family_page.tree_files import tree_files
    from lineage.reporting.language import Language

    _check(base, family, definition)
    asked = context.open_snapshot(store, snapshot, definition.as_of)
    name = "llama" if family is None else family
    report = _report(asked, base, name, definition, context.known_families(families))
    folder_for(out)
    for file, content in tree_files(report, Language(lang)):
        deliver_file(content, out / file)
        click.echo(out / file)


def _report(
    asked: "Snapshot",
    base: str | None,
    family: str,
    definition: Definition,
    known: "Sequence[Family]",
) -> "FamilyTreeReport":
    from lineage.families.registry import family as family_called
    from lineage.reporting.family_tree import base_tree, family_tree

    if base is not None:
        return base_tree(asked, base, known, definition)
    return family_tree(asked, family_called(family, known), known, definition)


def _check(base: str | None, family: str | None, definition: Definition) -> None:
    if base is not None and family is not None:
        raise SettingsError("a BASE and --family are two questions", "ask them one by one")
    if definition.closure is Closure.DIRECT:
        raise SettingsError(
            "children alone are no tree", "list them: lineage export csv BASE --direct"
        )
