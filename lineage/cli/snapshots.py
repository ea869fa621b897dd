"""The commands `lineage snapshots`: what the history holds, how it moved, what is kept of it."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

import click

from lineage.cli import logs, options
from lineage.cli.context import Invocation, read_subject_of_command_line
from lineage.domain.definitions import Grouping
from lineage.errors import NoSuchSnapshot, SettingsError, SnapshotDamaged

if TYPE_CHECKING:
    from datetime import datetime

    from lineage.domain.documents import Document
    from lineage.store.manifest import Manifest
    from lineage.store.store import ParquetStore

_LISTED = (
    "id",
    "kind",
    "taken_at",
    "models",
    "edges",
    "tombstones",
    "previous",
    "builds_on",
    "parents_known",
)
_WHOLE = {"snapshot": "has no meaning here: the command is about all snapshots"}
_BY_ARGUMENT = {"snapshot": "has no meaning here: the snapshot is an argument of this command"}


@click.group(cls=options.CommandGroup)
def snapshots() -> None:
    """Look at the published snapshots."""


@snapshots.command("list", refuses=_WHOLE)
def list_snapshots_command(*, invocation: Invocation) -> None:
    """List every snapshot, newest last."""
    from lineage.analysis.documents import snapshot_document
    from lineage.cli.output import print_result
    from lineage.cli.tables.snapshots import snapshot_list

    store = invocation.open_store()
    manifests = store.manifests()
    rows = [snapshot_document(manifest) for manifest in manifests]
    print_result(
        invocation.format,
        rows,
        list,
        lambda _: snapshot_list(manifests),
        narrowest=1,
        columns=_LISTED,
    )
    # The readable ones are listed all the same: one damaged folder must not hide a history.
    if damaged := store.damaged():
        raise SnapshotDamaged(
            f"{len(damaged)} more cannot be read: {'; '.join(damaged.values())}",
            "restore them from a copy, or delete their folders; the others are not harmed",
        )


@snapshots.command("show", refuses=_BY_ARGUMENT)
@click.argument("id", metavar="[ID]", required=False)
def show_snapshot(*, id: str | None, invocation: Invocation) -> None:
    """Show what a snapshot says of itself; the latest without ID."""
    from lineage.analysis.documents import snapshot_document
    from lineage.analysis.verdicts import count_availability
    from lineage.cli.output import print_result
    from lineage.cli.tables.snapshots import terminal_facts_of_snapshot
    from lineage.domain.documents import convert_to_document
    from lineage.store.reader import stored_availability_counts

    snapshot = invocation.open_store().snapshot(id or invocation.snapshot)
    manifest, answers = snapshot.manifest, stored_availability_counts(snapshot)
    print_result(
        invocation.format,
        manifest,
        lambda it: [snapshot_document(it)],
        lambda it: terminal_facts_of_snapshot(it, answers),
        narrowest=1,
        document=lambda it: convert_to_document(it) | {"availability": count_availability(answers)},
    )


@snapshots.command("verify", refuses=_BY_ARGUMENT)
@click.argument("id", metavar="[ID]", required=False)
@click.option("--all", "every", is_flag=True, help="Verify every snapshot.")
def verify_snapshot_command(*, id: str | None, every: bool, invocation: Invocation) -> None:
    """Compare a snapshot's files with its manifest; exit code 4 where one is not as published.

    Without ID only the latest is verified: older ones may be damaged all the same. The tables that
    a snapshot builds on are verified too; damaged ones are named with the snapshots that build on
    them.
    """
    from rich.console import Group

    from lineage.cli.output import print_result
    from lineage.cli.tables.snapshots import verification_table

    if every and id is not None:
        raise SettingsError("--all verifies every snapshot", "leave out the ID")
    store = invocation.open_store()
    manifests = store.manifests() if every else [store.snapshot(id).manifest]
    documents: list[Document] = [_verify_options(store, manifest) for manifest in manifests]
    documents += [
        {"snapshot": id, "builds_on": None, "files": 1, "problems": [problem], "damaged": []}
        for id, problem in (store.damaged() if every else {}).items()
    ]
    rows: list[Document] = [
        {"snapshot": document["snapshot"], "problem": problem}
        for document in documents
        for problem in document["problems"]
    ]
    print_result(
        invocation.format,
        documents,
        lambda _: rows,
        lambda it: Group(*map(verification_table, it)),
        narrowest=1,
        document=lambda it: it if every else it[0],
        columns=("snapshot", "problem"),
    )
    if damaged := [document for document in documents if document["problems"]]:
        parts = [
            f"{it['snapshot']}, {len(it['problems'])} of {it['files']} files" for it in damaged
        ]
        raise SnapshotDamaged(
            f"damaged: {'; '.join(parts)}",
            "restore the files from a copy, or take a new snapshot with: lineage crawl",
        )


def _verify_options(store: "ParquetStore", manifest: "Manifest") -> "Document":
    problems = store.find_damage(manifest.id, in_values=True)
    # An update is read through the tables below it: damage there is damage here.
    files_below = [] if manifest.builds_on is None else manifest.builds_on.files
    return {
        "snapshot": manifest.id,
        "builds_on": None if manifest.builds_on is None else manifest.builds_on.id,
        "files": len(manifest.files) + len(files_below),
        "problems": problems,
        "damaged": store.damaged_dependents(manifest.id) if problems else [],
    }


@snapshots.command(
    "diff",
    refuses=_BY_ARGUMENT,
    short_help="Say what changed between two snapshots.",
    epilog=options.examples(
        "lineage snapshots diff",
        "lineage snapshots diff 2025-03-12 latest --format json",
    ),
)
@click.argument("before", metavar="[A]", required=False)
@click.argument("after", metavar="[B]", required=False)
def diff_snapshots(*, before: str | None, after: str | None, invocation: Invocation) -> None:
    """Say what B has and A has not, and the other way round: models, edges, families, bases.

    Without A and B the last two are compared, without B the last one with A. Models are compared
    by the Hub's own key: a renamed one is neither added nor removed. What was crawled below one
    model holds nothing else, so that beside a full crawl everything else is missing in it.
    """
    from lineage.analysis import diffs
    from lineage.analysis.documents import diff_rows
    from lineage.cli.output import print_result
    from lineage.cli.tables.snapshots import diff_table

    store = invocation.open_store()
    # The last two are what a daily run asks about; ids need not be looked up for it.
    if before is None:
        manifests = store.manifests()
        if len(manifests) < 2:
            raise NoSuchSnapshot(
                f"a comparison needs two snapshots, and there is {len(manifests) or 'none'}",
                "take another one with: lineage crawl",
            )
        before, after = (manifest.id for manifest in manifests[-2:])
    old, new = (store.snapshot(name) for name in (before, after))
    result = diffs.diff_snapshots(old, new, invocation.known_families())
    print_result(
        invocation.format, result, diff_rows, lambda it: diff_table(it, old.manifest, new.manifest)
    )


@snapshots.command(
    "trend",
    refuses=_WHOLE,
    short_help="Show a family or model in every snapshot.",
    epilog=options.examples(
        "lineage snapshots trend llama --by release",
        "lineage snapshots trend meta-llama/Llama-3.1-8B --format csv",
    ),
)
@click.argument("subject", metavar="[SUBJECT]", default="llama")
@options.combine_options(
    click.option(
        "--by",
        type=click.Choice([Grouping.RELEASE.value, Grouping.MONTH.value]),
        help="Divide the totals by release, or by month of creation.",
    ),
    click.option(
        "--as-stored",
        is_flag=True,
        help="Take the numbers stored at publication, whichever registry counted them; otherwise a "
        "snapshot counted by another registry is counted anew.",
    ),
)
def show_trend(*, subject: str, by: str | None, as_stored: bool, invocation: Invocation) -> None:
    """Show how many models lay below a family or model in each snapshot, and what changed.

    The numbers were stored when the snapshots were published, so that years of them are read in
    seconds. Without SUBJECT it is the family llama. A renamed model is followed.
    """
    from lineage.analysis.documents import curve_rows
    from lineage.analysis.growth.curves import curve_of_base, curve_of_family
    from lineage.cli.output import print_result
    from lineage.cli.tables.curves import curve_table

    store, families = invocation.open_store(), invocation.known_families()
    grouping = None if by is None else Grouping(by)
    if (family := invocation.find_family(subject)) is not None:
        curve = curve_of_family(
            store, family, families, grouping, as_stored=as_stored, say=logs.say
        )
    elif grouping is Grouping.RELEASE:
        raise SettingsError("a model has no releases", "leave out --by, or give its family")
    else:
        curve = curve_of_base(
            store, read_subject_of_command_line(subject).name, families, grouping, say=logs.say
        )
    print_result(invocation.format, curve, curve_rows, curve_table)


@snapshots.command(
    "check-against",
    short_help="Compare a snapshot with a dump of the Hub's listing.",
    epilog=options.examples(
        "lineage snapshots check-against models.parquet",
        "lineage snapshots check-against models.parquet --snapshot 2025-07-02",
    ),
)
@click.argument("file", metavar="FILE")
@click.option(
    "--examples",
    type=options.Number(),
    metavar="N",
    default=5,
    show_default=True,
    help="Examples of each difference.",
)
def check_against(*, file: str, examples: int, invocation: Invocation) -> None:
    """Say which models and edges only the snapshot has, which only the dump, which differ.

    FILE is a Parquet dump as `lineage crawl --dump` takes it. Compared are names, owners, licenses
    and creation dates, and the parents that the Hub itself resolved. Both were taken at their own
    time: what changed between is a difference too.
    """
    from lineage.analysis import dump_check
    from lineage.build.opt_out import OptOutFilter
    from lineage.cli.output import print_result
    from lineage.cli.tables.snapshots import dump_check_table, printable_rows_of_dump_check
    from lineage.domain.opt_outs import OptOuts
    from lineage.sources.dump import open_dump

    snapshot = invocation.open_snapshot()
    opt_outs = OptOutFilter(
        OptOuts.parse(invocation.settings().opt_outs).marked(snapshot.manifest.left_out)
    )
    # The dump may name models that opted out since: they leave its pages before any comparison.
    with open_dump(file) as dump:
        pages = map(opt_outs.redact, dump.list_everything_of_source())
        result = dump_check.check_against(
            snapshot, pages, dump=dump.name, missing=dump.missing, examples=examples
        )
    print_result(
        invocation.format,
        result,
        printable_rows_of_dump_check,
        lambda it: dump_check_table(it, snapshot.manifest),
    )


@snapshots.command(
    "accept", refuses=_BY_ARGUMENT, short_help="Publish a draft that was set aside, after all."
)
@click.argument("id", metavar="ID")
def accept_draft_command(*, id: str, invocation: Invocation) -> None:
    """Publish a draft that a check refused: what it says is the truth after all.

    Its tables must still be as they were written, and it must be the newest: a snapshot taken
    since would know nothing of it.
    """
    from lineage.analysis.documents import snapshot_document
    from lineage.cli.output import print_result
    from lineage.cli.tables.snapshots import terminal_facts_of_snapshot

    store = invocation.open_store()
    # Locked, as a crawl that ends meanwhile would publish a later snapshot without this one.
    with _hold_store_option(store, f"lineage snapshots accept {id}") as now:
        manifest = store.accept(id, now)
    print_result(
        invocation.format,
        manifest,
        lambda it: [snapshot_document(it)],
        terminal_facts_of_snapshot,
        narrowest=1,
    )


@snapshots.command(
    "prune",
    refuses=_WHOLE,
    outcome="snapshots that were deleted stay deleted; run the same command again to go on",
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
@click.option("--dry-run", is_flag=True, help="Say what would be deleted, and delete nothing.")
def prune_snapshots_command(*, keep: str | None, dry_run: bool, invocation: Invocation) -> None:
    """Delete the snapshots that a rule does not keep.

    The newest, the last full crawl and the first one always stay, and so do those crawled below
    one model and those that a kept one builds on.
    """
    from lineage.cli.output import print_result
    from lineage.cli.tables.snapshots import retention_table, retention_table_rows
    from lineage.store.retention import DEFAULT, read_retention_rule, snapshots_kept_by

    rule, store = read_retention_rule(keep or DEFAULT), invocation.open_store()
    # Locked, as an update that is published meanwhile could build on a snapshot being deleted.
    with nullcontext() if dry_run else _hold_store_option(store, "lineage snapshots prune"):
        manifests = store.manifests()
        reasons = snapshots_kept_by(rule, manifests)
        if not dry_run:
            store.delete(*(it.id for it in manifests if it.id not in reasons))
    rows = retention_table_rows(manifests, reasons, dry_run=dry_run)
    print_result(
        invocation.format,
        rows,
        list,
        retention_table,
        document=lambda it: {"keep": keep or DEFAULT, "dry_run": dry_run, "snapshots": it},
        columns=("id", "kind", "outcome", "reason"),
    )


@contextmanager
def _hold_store_option(store: "ParquetStore", command: str) -> "Iterator[datetime]":
    from lineage.domain.clock import SystemClock
    from lineage.store.lease import Holder

    now = SystemClock().now()
    with store.lock(Holder.this_process(command, now)) as is_locked:
        # Where a store has no locks its owner keeps runs apart; refusing would end all pruning.
        if not is_locked:
            logs.say(f"{store.location} has no locks: make sure that no other run writes there.")
        yield now
