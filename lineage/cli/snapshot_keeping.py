"""The commands `lineage snapshots accept` and `prune`: what a human decides about the history."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from lineage.cli import options

if TYPE_CHECKING:
    from datetime import datetime

    from lineage.store.store import ParquetStore


@click.command(short_help="Publish a draft that was set aside, after all.")
@click.argument("id", metavar="ID")
@options.options(options.STORE, options.FORMAT, options.logged)
def accept(id: str, store: str | None, format: str) -> None:
    """Publish a draft that a check refused: what it says is the truth after all.

    Its tables must still be as they were written, and no snapshot may have been taken since: that
    one would know nothing of it.
    """
    from lineage.cli import context, output

    opened = context.open_store(store)
    with _alone(opened, f"lineage snapshots accept {id}") as now:
        manifest = opened.accept(id, now)
    output.snapshot(format, manifest)


@click.command(
    short_help="Delete older snapshots by a rule.",
    epilog=options.examples(
        "lineage snapshots prune --dry-run",
        "lineage snapshots prune --keep '14 daily, all monthly'",
    ),
)
@click.option(
    "--keep",
    metavar="RULE",
    help="The newest of each of the last days, weeks, months or years.  [default: 30 daily, 52 "
    "weekly, all monthly]",
)
@click.option("--dry-run", is_flag=True, help="Say what would go, and delete nothing.")
@options.options(options.STORE, options.FORMAT, options.logged)
def prune(keep: str | None, dry_run: bool, store: str | None, format: str) -> None:
    """Delete the snapshots that a rule does not keep.

    The newest, the last sweep and the first one always stay, and so do what lies below one base and
    what a kept update builds on.
    """
    from lineage.cli import context, output
    from lineage.cli.tables import retention
    from lineage.store.retention import DEFAULT, kept_by, read_rule

    rule, opened = read_rule(keep or DEFAULT), context.open_store(store)
    with _alone(opened, "lineage snapshots prune"):
        manifests = opened.manifests()
        kept = kept_by(rule, manifests)
        if not dry_run:
            opened.delete(*(one.id for one in manifests if one.id not in kept))
    rows = retention.rows(manifests, kept, dry_run=dry_run)
    document: dict[str, object] = {"keep": keep or DEFAULT, "dry_run": dry_run, "snapshots": rows}
    output.result(format, lambda: document, lambda: rows, lambda: retention.table(rows))


@contextmanager
def _alone(store: "ParquetStore", command: str) -> "Iterator[datetime]":
    """Keep other runs out of the store meanwhile."""
    from lineage.cli import logs
    from lineage.domain.clock import SystemClock
    from lineage.store.lease import Holder

    now = SystemClock().now()
    with store.lock(Holder.this_process(command, now)) as held:
        if not held:
            logs.say(f"{store.location} knows no locks: see to it that no other run writes there.")
        yield now
