"""The commands `lineage snapshots list`, `show` and `verify`; larger ones stand by themselves."""

import click

from lineage.cli import options
from lineage.cli.snapshot_check import check_against
from lineage.cli.snapshot_diff import diff
from lineage.cli.snapshot_keeping import accept, prune
from lineage.cli.snapshot_trend import trend
from lineage.errors import SnapshotDamaged

_OPTIONS = options.options(options.STORE, options.FORMAT, options.logged)


@click.group()
def snapshots() -> None:
    """Look at the published snapshots."""


@snapshots.command("list")
@_OPTIONS
def list_(store: str | None, format: str) -> None:
    """List every snapshot, newest last."""
    from lineage.cli import context, output

    opened = context.open_store(store)
    output.snapshots(format, opened.manifests())
    if found := opened.damaged():
        raise SnapshotDamaged(
            f"{len(found)} more cannot be read: {'; '.join(found)}",
            "restore them from a copy, or delete their folders; the others are not harmed",
        )


@snapshots.command()
@click.argument("id", metavar="[ID]", required=False)
@_OPTIONS
def show(id: str | None, store: str | None, format: str) -> None:
    """Show what a snapshot says of itself; the latest without ID."""
    from lineage.analysis import availability
    from lineage.cli import context, output
    from lineage.cli.tables import facts, shapes
    from lineage.store.availability import standings_of

    asked = context.open_snapshot(store, id)
    manifest, found = asked.manifest, standings_of(asked)
    output.result(
        format,
        lambda: shapes.of_manifest(manifest) | {"standings": availability.counted(found)},
        lambda: shapes.of_manifests([manifest]),
        lambda: facts.snapshot(manifest, found),
    )


@snapshots.command()
@click.argument("id", metavar="[ID]", required=False)
@_OPTIONS
def verify(id: str | None, store: str | None, format: str) -> None:
    """Compare a snapshot's files with its manifest; exit code 4 where one is not as published.

    Without ID the latest alone is looked at: older ones may be damaged all the same. Of an update
    the tables that it builds on are looked at too; damaged ones are named with the snapshots that
    build on them.
    """
    from lineage.cli import context, output

    asked = context.open_store(store)
    manifest = asked.snapshot(id).manifest
    problems = asked.find_damage(manifest.id)
    harmed = asked.harmed_dependents(manifest.id) if problems else []
    output.verification(format, manifest, problems, harmed)
    if problems:
        below = [] if manifest.builds_on is None else manifest.builds_on.files
        files = len(manifest.files) + len(below)
        raise SnapshotDamaged(
            f"snapshot {manifest.id} is damaged: {len(problems)} of {files} files",
            "restore them from a copy, or take a new snapshot with: lineage crawl",
        )


for _command in (diff, trend, check_against, accept, prune):
    snapshots.add_command(_command)
