"""Results to standard output in the format that was asked for; a table alone needs rich."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TextIO

import click

from lineage.analysis.results import Count, Tree
from lineage.cli.options import Format
from lineage.render import csv_text, json_text, shapes
from lineage.store.manifest import Manifest

if TYPE_CHECKING:
    from rich.console import RenderableType

    from lineage.doctor import Examination

_WIDTH_OF_A_FILE = 100
_NARROWEST_TABLE = 76
"""A narrower table would lose its names; the terminal wraps it instead."""
_PLAIN = str.maketrans("├│└─…·", "||`-~.")
"""For terminals whose letters are few."""


def counts(format: str, found: Sequence[Count], manifest: Manifest) -> None:
    """Print counts."""

    def table() -> "RenderableType":
        from lineage.render import terminal

        return terminal.counts(found, manifest)

    rows = shapes.rows_of_counts
    narrowest = _NARROWEST_TABLE
    _print(format, lambda: shapes.of_counts(found), lambda: rows(found), table, narrowest)


def tree(format: str, drawn: Tree, manifest: Manifest) -> None:
    """Print a tree."""

    def table() -> "RenderableType":
        from lineage.render.tree import tree

        return tree(drawn, manifest)

    _print(format, lambda: shapes.of_tree(drawn), lambda: shapes.rows_of_tree(drawn), table)


def crawl(format: str, manifest: Manifest, requests: Mapping[str, int], seconds: float) -> None:
    """Print what a crawl did."""

    def table() -> "RenderableType":
        from lineage.render import facts

        return facts.crawl(manifest, requests, seconds)

    document = shapes.of_crawl(manifest, requests, seconds)
    _print(format, lambda: document, lambda: [shapes.flat(document)], table)


def snapshots(format: str, manifests: Sequence[Manifest]) -> None:
    """Print a list of snapshots."""

    def table() -> "RenderableType":
        from lineage.render import facts

        return facts.snapshots(manifests)

    documents = shapes.of_manifests(manifests)
    _print(format, lambda: documents, lambda: documents, table)


def snapshot(format: str, manifest: Manifest) -> None:
    """Print all that one snapshot says of itself."""

    def table() -> "RenderableType":
        from lineage.render import facts

        return facts.snapshot(manifest)

    rows = shapes.of_manifests([manifest])
    _print(format, lambda: shapes.of_manifest(manifest), lambda: rows, table)


def verification(format: str, manifest: Manifest, problems: Sequence[str]) -> None:
    """Print what is wrong with a snapshot's files, if anything."""

    def table() -> "RenderableType":
        from lineage.render import facts

        return facts.verification(manifest, problems)

    document: shapes.Document = {"snapshot": manifest.id, "problems": list(problems)}
    rows: list[shapes.Document] = [
        {"snapshot": manifest.id, "problem": problem} for problem in problems
    ]
    _print(format, lambda: document, lambda: rows, table)


def examination(format: str, found: "Examination") -> None:
    """Print what was looked at, and what a sweep would cost."""

    def table() -> "RenderableType":
        from lineage.render import facts

        return facts.examination(
            found.findings, found.models_expected, found.requests_needed, found.minutes
        )

    rows: list[shapes.Document] = [
        {"name": one.name, "ok": one.ok, "says": one.says} for one in found.findings
    ]
    document: shapes.Document = {
        "findings": rows,
        "models_expected": found.models_expected,
        "requests_needed": found.requests_needed,
        "minutes": None if found.minutes is None else round(found.minutes, 1),
    }
    _print(format, lambda: document, lambda: rows, table)


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
    document: Callable[[], shapes.Document | list[shapes.Document]],
    rows: Callable[[], list[shapes.Document]],
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
