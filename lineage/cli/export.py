"""The commands `lineage export`: a family for other programs, a model's bill of materials."""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lineage.cli import options
from lineage.domain.claims import Strength
from lineage.domain.definitions import Definition
from lineage.errors import SettingsError

if TYPE_CHECKING:
    from lineage.analysis.family_graph import FamilyColumns
    from lineage.domain.families import Family
    from lineage.store.reader import Snapshot

GRAPH_FORMATS = {
    "graphml": ("networkx, yEd, igraph and Neo4j", "--family llama --out llama.graphml"),
    "gexf": ("Gephi (GEXF 1.3)", "llama-3.1 --out llama-3.1.gexf"),
    "dot": ("Graphviz", "mistralai/Mistral-7B-v0.1 --at-least 5 | dot -Tsvg > tree.svg"),
    "mermaid": ("READMEs and wikis", "--family llama --depth 2 --at-least 500"),
    "csv": ("spreadsheets", "meta-llama/Llama-2-7b-hf --relations finetune,merge"),
    "jsonl": ("jq and its kin", "--family llama --out llama.jsonl"),
}
"""What reads it, and an example."""

_OUT = click.option(
    "--out", metavar="FILE", help="Where it is written.  [default: -, standard output]"
)
_WHERE = (options.SNAPSHOT, options.STORE, options.logged)
_SIZE = (
    click.option(
        "--depth", type=click.IntRange(min=1), metavar="N", help="Generations below the roots."
    ),
    click.option(
        "--at-least",
        type=click.IntRange(min=0),
        metavar="N",
        default=0,
        help="Leave out models with fewer below them.",
    ),
)


@click.group()
def export() -> None:
    """Write a family, a release or a model's descendants for other programs.

    Same snapshot, same definition: same bytes. What is not known of a model is left out or empty.
    """


def _graph(
    format: str,
    *,
    base: str | None,
    family: str | None,
    families: str | None,
    depth: int | None,
    at_least: int,
    definition: Definition,
    out: str | None,
    snapshot: str | None,
    store: str | None,
) -> None:
    from lineage.cli import context, output_file
    from lineage.export import FORMATS, export_graph

    asked = context.open_snapshot(store, snapshot, definition.as_of)
    known = context.known_families(families)
    name = _name(base, family, known)
    if name is None:
        hint = f"example: lineage export {format} llama-2"
        raise SettingsError("nothing to export: give a BASE or --family NAME", hint)
    columns = _columns(asked, name, known, definition)
    text = export_graph(FORMATS[format], columns, name, depth=depth, at_least=at_least)
    output_file.deliver(text, out)


@export.command(
    epilog=options.examples(
        "lineage export parquet --out everything",
        "lineage export parquet --family llama --out llama",
    )
)
@click.argument("base", metavar="[BASE]", required=False)
@options.options(
    options.FAMILY,
    options.FAMILIES,
    options.defined,
    click.option("--out", metavar="FOLDER", required=True, help="A new folder for the tables."),
    *_WHERE,
)
def parquet(
    *,
    base: str | None,
    family: str | None,
    families: str | None,
    definition: Definition,
    out: str,
    snapshot: str | None,
    store: str | None,
) -> None:
    """Write a plain snapshot: models, evidence, edges, counts and the rest as Parquet.

    Without BASE and --family it is the whole snapshot; else the models asked for, numbered anew.
    """
    from lineage.analysis.cut_tables import cut_manifest, cut_tables, whole_tables
    from lineage.cli import context
    from lineage.store.plain import write_plain

    asked = context.open_snapshot(store, snapshot, definition.as_of)
    known = context.known_families(families)
    name = _name(base, family, known)
    if name is None:
        _refuse_filters(definition)
        write_plain(Path(out), whole_tables(asked), asked.manifest)
    else:
        tables = cut_tables(_columns(asked, name, known, definition))
        write_plain(Path(out), tables, cut_manifest(asked.manifest, name))


@export.command(
    epilog=options.examples("lineage export cyclonedx lmsys/vicuna-7b-v1.5 --out vicuna.cdx.json")
)
@click.argument("model", metavar="MODEL")
@options.options(
    click.option(
        "--family",
        metavar="NAME",
        default="llama",
        show_default=True,
        help="The family that it is traced to.",
    ),
    options.FAMILIES,
    options.LEAST,
    _OUT,
    *_WHERE,
)
def cyclonedx(
    *,
    model: str,
    family: str,
    families: str | None,
    least: str,
    out: str | None,
    snapshot: str | None,
    store: str | None,
) -> None:
    """Write a model's bill of materials (CycloneDX 1.6), its ancestors as pedigree.

    Ancestors are all models that it is stated to come from, official ones and beyond.
    """
    from lineage.cli import context, output_file
    from lineage.export.bill_of_materials import bill_of
    from lineage.export.cyclonedx import cyclonedx as spelled
    from lineage.families.registry import family as family_called

    asked, known = context.open_snapshot(store, snapshot), context.known_families(families)
    bill = bill_of(asked, model, family_called(family, known), known, Strength(least))
    output_file.deliver(iter([spelled(bill, asked.manifest)]), out)


def _columns(
    asked: "Snapshot", name: str, known: "Sequence[Family]", definition: Definition
) -> "FamilyColumns":
    from lineage.analysis.family_graph import family_columns

    return family_columns(asked, name, known, definition)


def _name(base: str | None, family: str | None, known: "Sequence[Family]") -> str | None:
    """Return whose descendants are asked for: a model, a release or a family."""
    from lineage.families.registry import family as family_called

    if base is not None and family is not None:
        raise SettingsError("a BASE and --family are two questions", "ask them one by one")
    return base if family is None else family_called(family, known).id


def _refuse_filters(definition: Definition) -> None:
    if definition != Definition():
        raise SettingsError(
            "the whole snapshot is exported as it is", "give a BASE or --family NAME to filter"
        )


def _graph_command(format: str, reader: str, example: str) -> click.Command:
    shared = (options.FAMILY, options.FAMILIES, *_SIZE, options.defined, _OUT, *_WHERE)
    answer = options.options(*shared)(functools.partial(_graph, format))
    command = click.command(
        format,
        short_help=f"For {reader}.",
        help=f"Write a graph for {reader}.\n\nBASE is a model, a release such as llama-3.1, or a "
        "family; the filters are those of `count`.",
        epilog=options.examples(f"lineage export {format} {example}"),
    )
    return command(click.argument("base", metavar="[BASE]", required=False)(answer))


for _format, (_reader, _example) in GRAPH_FORMATS.items():
    export.add_command(_graph_command(_format, _reader, _example))
