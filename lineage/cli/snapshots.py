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
    from lineage.cli import asking, output

    opened = asking.open_store(store)
    output.snapshots(format, opened.manifests())
    if found := opened.damaged():
        raise SnapshotDamaged(
            f"{len(found)} more cannot be read: {'; '.join(found)}",
            "restore them from a copy; the others are not harmed",
        )


@snapshots.command()
@click.argument("id", metavar="[ID]", required=False)
@_OPTIONS
def show(id: str | None, store: str | None, format: str) -> None:
    """Show what a snapshot says of itself; the latest without ID."""
    from lineage.cli import asking, output

    output.snapshot(format, asking.open_snapshot(store, id).manifest)


@snapshots.command()
@click.argument("id", metavar="[ID]", required=False)
@_OPTIONS
def verify(id: str | None, store: str | None, format: str) -> None:
    """Compare a snapshot's files with its manifest; exit code 4 where one is not as published."""
    from lineage.cli import asking, output

    asked = asking.open_store(store)
    manifest = asked.snapshot(id).manifest
    problems = asked.problems(manifest.id)
    output.verification(format, manifest, problems)
    if problems:
        raise SnapshotDamaged(
            f"snapshot {manifest.id} is damaged: {len(problems)} of {len(manifest.files)} files",
            "restore them from a copy, or take a new snapshot with: lineage crawl",
        )


for _command in (diff, trend, check_against, accept, prune):
    snapshots.add_command(_command)
