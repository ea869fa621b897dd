"""The commands `lineage families list`, `show` and `check`."""

from typing import TYPE_CHECKING

import click

from lineage.cli import logs, options
from lineage.cli.context import Invocation
from lineage.errors import LineageError, NoSuchSnapshot

if TYPE_CHECKING:
    from lineage.store.reader import Snapshot


@click.group(cls=options.CommandGroup)
def families() -> None:
    """Look at the registry: roots, mirrors, curated links, outsiders.

    It is data with a source for each statement. Your own families join it with --families.
    """


@families.command("list")
def list_families(*, invocation: Invocation) -> None:
    """List every family, with the number of its entries."""
    from lineage.analysis.documents import summarize_counted_family
    from lineage.cli.output import print_result
    from lineage.cli.tables.families import terminal_table_of_families

    registry = invocation.known_families()
    rows = [summarize_counted_family(family) for family in registry]
    print_result(invocation.format, rows, list, lambda _: terminal_table_of_families(registry))


@families.command("show")
@click.argument("name", metavar="FAMILY")
def show_family(*, name: str, invocation: Invocation) -> None:
    """Show all that is known of a family, with every source."""
    from lineage.analysis.documents import family_document, family_rows
    from lineage.cli.output import print_result
    from lineage.cli.tables.families import family_table
    from lineage.families.license_terms import families_with_terms, license_terms

    family = invocation.require_family(name)
    terms = license_terms(family.id) if family.id in families_with_terms() else None
    print_result(
        invocation.format,
        family_document(family),
        family_rows,
        lambda _: family_table(family, terms),
        narrowest=1,
    )


@families.command("check")
def check_families_command(*, invocation: Invocation) -> None:
    """Find contradictions in the registry, and between it and a snapshot.

    Exit code 1 where the registry contradicts itself. Where a snapshot disagrees with it, either
    of the two may be wrong: that is a warning or a note.
    """
    from dataclasses import fields

    from lineage.analysis.registry.against_snapshot import check_against_snapshot
    from lineage.analysis.registry.contradictions import (
        FindingSeverity,
        RegistryFinding,
        check_registry,
        sort_registry_findings,
    )
    from lineage.analysis.scope import Scope
    from lineage.cli.output import print_result
    from lineage.cli.tables.families import registry_check_table
    from lineage.domain.documents import Document, convert_to_document
    from lineage.families.registry import check_bundled_families

    check_bundled_families()
    registry, snapshot = invocation.known_families(), _open_snapshot_option(invocation)
    disagreements = () if snapshot is None else check_against_snapshot(Scope(snapshot, registry))
    findings = sort_registry_findings((*check_registry(registry), *disagreements))
    id = None if snapshot is None else snapshot.id
    document: Document = {
        "snapshot": id,
        "families": {family.id: family.version for family in registry},
        "findings": convert_to_document(findings),
    }
    print_result(
        invocation.format,
        document,
        lambda it: it["findings"],
        lambda _: registry_check_table(findings, registry, id),
        narrowest=1,
        columns=[field.name for field in fields(RegistryFinding)],
    )
    if errors := sum(finding.severity is FindingSeverity.ERROR for finding in findings):
        raise LineageError(
            f"the registry contradicts itself in {errors} {'entry' if errors == 1 else 'entries'}",
            "the first lines above say where",
        )


def _open_snapshot_option(invocation: Invocation) -> "Snapshot | None":
    """Return the snapshot that was named, else the latest, else none."""
    try:
        return invocation.open_snapshot()
    except NoSuchSnapshot as error:
        # One that was named must be there: a typo would pass for a registry without faults.
        if invocation.snapshot is not None:
            raise
        logs.say(f"{error.message}: only the registry is checked")
        return None
