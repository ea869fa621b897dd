"""The commands `lineage families list`, `show` and `check`."""

from typing import TYPE_CHECKING

import click

from lineage.cli import logs, options
from lineage.errors import LineageError, NoSuchSnapshot

if TYPE_CHECKING:
    from lineage.store.reader import Snapshot

_OPTIONS = options.options(options.FAMILIES, options.FORMAT, options.logged)


@click.group()
def families() -> None:
    """Look at the registry: roots, mirrors, curated edges, outsiders.

    It is data with a source for each statement. Your own families join it with --families.
    """


@families.command("list")
@_OPTIONS
def list_(families: str | None, format: str) -> None:
    """List every family, with the number of its entries."""
    from lineage.cli import context, output

    output.families(format, context.known_families(families))


@families.command()
@click.argument("family", metavar="FAMILY")
@_OPTIONS
def show(family: str, families: str | None, format: str) -> None:
    """Show all that is known of a family, with every source."""
    from lineage.cli import context, output
    from lineage.families.registry import family as family_called

    output.family(format, family_called(family, context.known_families(families)))


@families.command()
@options.options(options.FAMILIES, options.SNAPSHOT, options.STORE, options.FORMAT, options.logged)
def check(families: str | None, snapshot: str | None, store: str | None, format: str) -> None:
    """Find contradictions in the registry, and between it and a snapshot.

    Exit code 1 where the registry contradicts itself. What a snapshot says otherwise is a warning
    or a note: either of the two may be wrong.
    """
    from lineage.analysis.registry.beside import check_beside
    from lineage.analysis.registry.checks import Severity, check_registry, in_order
    from lineage.cli import context, output

    known, asked = context.known_families(families), _snapshot_if_any(store, snapshot)
    beside = () if asked is None else check_beside(asked, known)
    found = in_order((*check_registry(known), *beside))
    output.findings(format, found, known, None if asked is None else asked.id)
    errors = sum(one.severity is Severity.ERROR for one in found)
    if errors:
        raise LineageError(
            f"the registry contradicts itself in {errors} {'entry' if errors == 1 else 'entries'}",
            "the first lines above say where",
        )


def _snapshot_if_any(store: str | None, id: str | None) -> "Snapshot | None":
    """Return the snapshot that was named, else the latest, else none."""
    from lineage.cli import context

    try:
        return context.open_snapshot(store, id)
    except NoSuchSnapshot as missing:
        if id is not None:
            raise
        logs.say(f"{missing.message}: the registry alone is checked")
        return None
