"""The commands `lineage export`: a family for other programs, a model's bill of materials."""

import functools
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lineage.cli import options
from lineage.cli.context import Invocation, read_subject_of_command_line
from lineage.domain.claims import Strength
from lineage.domain.definitions import Definition
from lineage.errors import MissingExtra, SettingsError

if TYPE_CHECKING:
    from lineage.analysis.results import Count

GRAPH_FORMATS = {
    "graphml": ("networkx, yEd, igraph and Neo4j", "llama --out llama.graphml"),
    "gexf": ("Gephi (GEXF 1.3)", "llama-3.1 --out llama-3.1.gexf"),
    "dot": ("Graphviz", "release:llama-3 --min-size 5 | dot -Tsvg > llama.svg"),
    "mermaid": ("READMEs and wikis", "llama --depth 2 --min-size 500"),
    "csv": ("spreadsheets", "meta-llama/Llama-2-7b-hf --relations finetune,merge"),
    "jsonl": ("line-based tools such as jq", "llama --out llama.jsonl"),
}
"""Each format's readers, and an example."""

_REFUSES = {"format": "has no meaning here: the format is the word after `export`"}
_OUT = click.option(
    "--out", metavar="FILE", help="Where it is written.  [default: -, standard output]"
)


@click.group(cls=options.CommandGroup, short_help="Write graphs and tables for other programs.")
def export() -> None:
    """Write a family, a release or a model's descendants for other programs.

    The same snapshot and definition give the same bytes. What is unknown is left out or empty.
    """


def _print_graph_output(
    format: str,
    *,
    subject: str,
    depth: int | None,
    min_size: int | None,
    definition: Definition,
    out: str | None,
    invocation: Invocation,
) -> None:
    from lineage.analysis.family_graph import family_columns
    from lineage.analysis.subjects import find_subject
    from lineage.cli.output import print_text_output
    from lineage.export import FORMATS, export_graph

    scope = invocation.open_scope(definition, [subject])
    resolved = find_subject(scope, subject)
    columns, name = family_columns(scope, resolved), resolved.id
    _print_export_notes(columns.count)
    writer, least = FORMATS[format], 0 if min_size in {None, 1} else min_size
    print_text_output(export_graph(writer, columns, name, depth=depth, at_least=least or 0), out)


@export.command(
    refuses=_REFUSES,
    outcome="no folder was made; run the same command again",
    short_help="Plain Parquet tables, whole or of one subject.",
    epilog=options.examples(
        "lineage export parquet --out everything",
        "lineage export parquet llama --out llama",
    ),
)
@click.argument("subject", metavar="[SUBJECT]", required=False)
@options.combine_options(
    options.with_definition_options,
    click.option("--out", metavar="FOLDER", required=True, help="A new folder for the tables."),
)
def parquet(
    *, subject: str | None, definition: Definition, out: str, invocation: Invocation
) -> None:
    """Write a plain snapshot: models, evidence, edges, counts and the rest as Parquet.

    Without SUBJECT it is the whole snapshot; else the subject's models, numbered anew.
    """
    from lineage.analysis.cut_tables import (
        cut_manifest_to_scope,
        cut_tables_to_scope,
        list_whole_tables_of_scope,
    )
    from lineage.analysis.family_graph import family_columns
    from lineage.analysis.subjects import find_subject
    from lineage.store.table_writer import write_snapshot_tables

    scope = invocation.open_scope(definition, [] if subject is None else [subject])
    snapshot = scope.snapshot
    if subject is None:
        # The whole is copied table by table; whatever a filter cut out would leave gaps in numbers.
        if definition != Definition():
            raise SettingsError("the whole snapshot is exported as it is", "filters need a SUBJECT")
        write_snapshot_tables(Path(out), list_whole_tables_of_scope(snapshot), snapshot.manifest)
        return
    resolved = find_subject(scope, subject)
    columns = family_columns(scope, resolved)
    _print_export_notes(columns.count)
    write_snapshot_tables(
        Path(out),
        cut_tables_to_scope(columns),
        cut_manifest_to_scope(snapshot.manifest, resolved.id),
    )


def _print_export_notes(count: "Count") -> None:
    """Say what the number of models cannot: rows have no place for it."""
    for note in count.notes:
        click.echo(f"{count.id}: {note}", err=True)


@export.command(
    refuses=_REFUSES,
    short_help="A model's bill of materials.",
    epilog=options.examples("lineage export cyclonedx lmsys/vicuna-7b-v1.5 --out vicuna.cdx.json"),
)
@click.argument("model", metavar="MODEL")
@options.combine_options(options.MIN_STRENGTH, _OUT)
def cyclonedx(*, model: str, min_strength: str, out: str | None, invocation: Invocation) -> None:
    """Write a model's bill of materials (CycloneDX 1.6), its ancestors as pedigree.

    Ancestors are all models that it is declared to come from, official ones and beyond.
    """
    from lineage.cli.output import print_text_output
    from lineage.export.bill_of_materials import bill_of

    try:
        from lineage.export.cyclonedx import write_cyclonedx
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("cyclonedx", "packageurl"):
            raise
        raise MissingExtra("bills of materials", "sbom") from error
    scope, family = invocation.open_scope(), invocation.require_family("family:llama")
    bill = bill_of(scope, read_subject_of_command_line(model).name, family, Strength(min_strength))
    print_text_output([write_cyclonedx(bill, scope.snapshot.manifest)], out)


@export.command(
    refuses=_REFUSES | {"snapshot": "has no meaning here: every snapshot is registered"},
    outcome="tables that were written stay; run the same command again",
    short_help="Every snapshot as tables of Apache Iceberg.",
    epilog=options.examples(
        "lineage export iceberg --out iceberg",
        "lineage export iceberg --store s3://bucket/history --out s3://bucket/iceberg",
    ),
)
@click.option(
    "--out",
    metavar="FOLDER|URL",
    default="iceberg",
    show_default=True,
    help="Where the tables lie; run again, what is new is added.",
)
def iceberg(*, out: str, invocation: Invocation) -> None:
    """Register every snapshot in tables of Apache Iceberg, for Spark, Trino, DuckDB and others.

    The store's own Parquet files are registered, none is copied. Snapshots that were deleted since
    the last run are dropped; such that name a model that opted out are left out.
    """
    from lineage.domain.opt_outs import NO_OPT_OUTS, OptOuts
    from lineage.store.files import open_files
    from lineage.store.store import ParquetStore

    try:
        from lineage.export.iceberg import TABLES, export_iceberg
    except ImportError as error:
        if (error.name or "").partition(".")[0] != "pyiceberg":
            raise
        raise MissingExtra("tables of Apache Iceberg", "iceberg") from error
    settings = invocation.settings()
    result = export_iceberg(
        ParquetStore(settings.store, NO_OPT_OUTS, settings.cache),
        open_files(out, settings.cache),
        OptOuts.parse(settings.opt_outs),
        lambda note: click.echo(note, err=True),
    )
    click.echo(f"{out}: {result.snapshots:,} snapshots in {len(TABLES)} tables, {result.new:,} new")


def _make_graph_command(format: str, readers: str, example: str) -> click.Command:
    parameters = options.combine_options(
        click.option(
            "--depth", type=options.Number(1), metavar="N", help="Generations below the roots."
        ),
        click.option(
            "--min-size",
            type=options.Number(),
            metavar="N",
            help="Leave out models with fewer models below them; 0 and 1 keep leaves.",
        ),
        options.with_definition_options,
        _OUT,
    )
    command = click.command(
        format,
        cls=options.Command,
        refuses=_REFUSES,
        short_help=f"For {readers}.",
        help=f"Write a graph for {readers}.\n\nSUBJECT is a model, a release such as llama-3.1, or "
        "a family; the filters are those of `count`.",
        epilog=options.examples(f"lineage export {format} {example}"),
    )
    callback = parameters(functools.partial(_print_graph_output, format))
    return command(click.argument("subject", metavar="SUBJECT")(callback))


for _format, (_readers, _example) in GRAPH_FORMATS.items():
    export.add_command(_make_graph_command(_format, _readers, _example))
