"""Results to standard output in the format that was asked for; a table alone needs rich."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TextIO

import click

from lineage.analysis.evaluate.accuracy import Evaluation
from lineage.analysis.registry.checks import Finding
from lineage.analysis.results import Comparison, Count, Tree
from lineage.analysis.verdicts import Trace
from lineage.cli import json_text
from lineage.cli.options import Format
from lineage.cli.tables import (
    accuracy_shapes,
    anomaly_shapes,
    comparison_shapes,
    family_shapes,
    shapes,
    trace_shapes,
)
from lineage.domain import csv_text
from lineage.domain.anomalies import Anomalies
from lineage.domain.documents import Document
from lineage.domain.families import Family
from lineage.store.manifest import Manifest

if TYPE_CHECKING:
    from rich.console import RenderableType

    from lineage.crawl.doctor import Examination

_WIDTH_OF_A_FILE = 100
_NARROWEST_TABLE = 76
"""A narrower table would lose its names; the terminal wraps it instead."""
_NARROWEST_SCORES = 112
_PLAIN = str.maketrans("├│└─…·▁▂▃▄▅▆▇█", "||`-~.12345678")
"""For terminals whose letters are few."""


def counts(format: str, found: Sequence[Count], manifest: Manifest) -> None:
    """Print counts."""

    def table() -> "RenderableType":
        from lineage.cli.tables import terminal

        return terminal.counts(found, manifest)

    rows = shapes.rows_of_counts
    narrowest = _NARROWEST_TABLE
    _print(format, lambda: shapes.of_counts(found), lambda: rows(found), table, narrowest)


def ladders(format: str, found: Sequence[Comparison], manifest: Manifest) -> None:
    """Print the ladder of definitions of each base."""

    def table() -> "RenderableType":
        from rich.console import Group

        from lineage.cli.tables.comparison import ladder

        return Group(*(ladder(one, manifest) for one in found))

    _print(
        format,
        lambda: comparison_shapes.of_ladders(found),
        lambda: comparison_shapes.rows_of_ladders(found),
        table,
        _NARROWEST_TABLE,
    )


def tree(format: str, drawn: Tree, manifest: Manifest) -> None:
    """Print a tree."""

    def table() -> "RenderableType":
        from lineage.cli.tables.tree import tree

        return tree(drawn, manifest)

    _print(format, lambda: shapes.of_tree(drawn), lambda: shapes.rows_of_tree(drawn), table)


def evaluation(format: str, found: Evaluation) -> None:
    """Print how good guesses are."""

    def table() -> "RenderableType":
        from lineage.cli.tables import accuracy

        return accuracy.evaluation(found)

    _print(
        format,
        lambda: accuracy_shapes.of_evaluation(found),
        lambda: accuracy_shapes.rows_of_evaluation(found),
        table,
        _NARROWEST_SCORES,
    )


def trace(format: str, found: Trace, manifest: Manifest) -> None:
    """Print where a model comes from."""

    def table() -> "RenderableType":
        from lineage.cli.tables import traces

        return traces.trace(found, manifest)

    _print(
        format,
        lambda: trace_shapes.of_trace(found),
        lambda: trace_shapes.rows_of_trace(found),
        table,
    )


def crawl(
    format: str,
    manifest: Manifest,
    requests: Mapping[str, int],
    seconds: float,
    cards: int | None = None,
) -> None:
    """Print what a crawl did; `cards` is how many cards it asked for, if it was to."""

    def table() -> "RenderableType":
        from lineage.cli.tables import facts

        asked = () if cards is None else (("cards", f"{cards:,} asked for"),)
        return facts.crawl(manifest, requests, seconds, asked)

    document = shapes.of_crawl(manifest, requests, seconds, cards)
    _print(format, lambda: document, lambda: [shapes.flat(document)], table)


def anomalies(format: str, odd: Anomalies, manifest: Manifest) -> None:
    """Print what is odd."""

    def table() -> "RenderableType":
        from lineage.cli.tables import anomalies

        return anomalies.anomalies(odd, manifest)

    shapes_of, rows_of = anomaly_shapes.of_anomalies, anomaly_shapes.rows_of_anomalies
    _print(format, lambda: shapes_of(odd), lambda: rows_of(odd), table, _NARROWEST_TABLE)


def snapshots(format: str, manifests: Sequence[Manifest]) -> None:
    """Print a list of snapshots."""

    def table() -> "RenderableType":
        from lineage.cli.tables import facts

        return facts.snapshots(manifests)

    documents = shapes.of_manifests(manifests)
    _print(format, lambda: documents, lambda: documents, table)


def snapshot(format: str, manifest: Manifest) -> None:
    """Print all that one snapshot says of itself."""

    def table() -> "RenderableType":
        from lineage.cli.tables import facts

        return facts.snapshot(manifest)

    rows = shapes.of_manifests([manifest])
    _print(format, lambda: shapes.of_manifest(manifest), lambda: rows, table)


def families(format: str, found: Sequence[Family]) -> None:
    """Print a list of families."""

    def table() -> "RenderableType":
        from lineage.cli.tables import families as drawn

        return drawn.families(found)

    documents = family_shapes.of_families(found)
    _print(format, lambda: documents, lambda: documents, table, _NARROWEST_TABLE)


def family(format: str, one: Family) -> None:
    """Print all of a family."""

    def table() -> "RenderableType":
        from lineage.cli.tables import families as drawn

        return drawn.family(one)

    of, rows = family_shapes.of_family, family_shapes.rows_of_family
    _print(format, lambda: of(one), lambda: rows(one), table)


def findings(
    format: str, found: Sequence[Finding], families: Sequence[Family], snapshot: str | None
) -> None:
    """Print what is odd about families."""

    def table() -> "RenderableType":
        from lineage.cli.tables import families as drawn

        return drawn.findings(found, families, snapshot)

    of, rows = family_shapes.of_check, family_shapes.of_findings
    _print(format, lambda: of(families, found, snapshot), lambda: rows(found), table)


def verification(
    format: str, manifest: Manifest, problems: Sequence[str], harmed: Sequence[str]
) -> None:
    """Print what is wrong with a snapshot's files, if anything, and who builds on them."""

    def table() -> "RenderableType":
        from lineage.cli.tables import facts

        return facts.verification(manifest, problems, harmed)

    document: Document = {
        "snapshot": manifest.id,
        "builds_on": None if manifest.builds_on is None else manifest.builds_on.id,
        "problems": list(problems),
        "harmed": list(harmed),
    }
    rows: list[Document] = [{"snapshot": manifest.id, "problem": problem} for problem in problems]
    _print(format, lambda: document, lambda: rows, table)


def examination(format: str, found: "Examination") -> None:
    """Print what was looked at, and what a sweep would cost."""

    def table() -> "RenderableType":
        from lineage.cli.tables import facts

        return facts.examination(
            found.findings, found.models_expected, found.requests_needed, found.minutes
        )

    rows: list[Document] = [
        {"name": one.name, "ok": one.ok, "says": one.says} for one in found.findings
    ]
    document: Document = {
        "findings": rows,
        "models_expected": found.models_expected,
        "requests_needed": found.requests_needed,
        "minutes": None if found.minutes is None else round(found.minutes, 1),
    }
    _print(format, lambda: document, lambda: rows, table)


def result(
    format: str,
    document: Callable[[], Document],
    rows: Callable[[], list[Document]],
    table: Callable[[], "RenderableType"],
) -> None:
    """Print what a command spells by itself."""
    _print(format, document, rows, table, _NARROWEST_TABLE)


def show(picture: "RenderableType", narrowest: int = 1) -> None:
    """Print something drawn, as wide as the terminal is, but no narrower than that."""
    from rich.console import Console

    known = (sys.stdout is not None and sys.stdout.isatty()) or "COLUMNS" in os.environ
    width = None if known else _WIDTH_OF_A_FILE
    console = Console(width=width, highlight=False, markup=False, emoji=False)
    console.width = max(console.width, narrowest)
    with console.capture() as captured:
        console.print(picture)
    drawn = "\n".join(line.rstrip() for line in captured.get().splitlines())
    click.echo(drawn if _can_spell(sys.stdout, drawn) else drawn.translate(_PLAIN))


def _can_spell(stream: TextIO | None, text: str) -> bool:
    try:
        text.encode(getattr(stream, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _print(
    format: str,
    document: Callable[[], Document | list[Document]],
    rows: Callable[[], list[Document]],
    table: Callable[[], "RenderableType"],
    narrowest: int = 1,
) -> None:
    match Format(format):
        case Format.JSON:
            click.echo(json_text.document(document()))
        case Format.CSV:
            click.echo(csv_text.table(rows()), nl=False)
        case Format.TABLE:
            show(table(), narrowest)
