"""What a draft takes from the snapshots before it: which it learns from, and what it keeps.

An update is merged with the snapshot it goes on from. In every run a model whose row could not be
read keeps the record and the claims that it had.
"""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from itertools import islice

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.build.claims_spool import SPOOL, previous_claims, restrict_spooled_rows
from lineage.build.context import BuildContext
from lineage.build.draft import Draft, mark_ended_in_draft
from lineage.build.tombstones import PreviousSnapshot, select_draft_rows
from lineage.domain.arrays import Int64s, KeyBytes, Mask
from lineage.domain.claims import Strength
from lineage.domain.opt_outs import OptOuts
from lineage.evidence import Rule
from lineage.store import schema
from lineage.store.delta import (
    merge_delta_bad_rows,
    merge_delta_evidence,
    merge_delta_rows,
    renumber_delta_children,
)
from lineage.store.inventory import list_snapshot_bases, read_manifest
from lineage.store.keys import NOWHERE, join_column_chunks, table_keys_as_bytes, table_rows_of_keys
from lineage.store.manifest import Manifest, Origin, SnapshotKind
from lineage.store.reader import Snapshot
from lineage.store.redaction import (
    learn_redacted_opt_outs,
    needs_redacted_copy,
    redact_evidence_batches,
    redact_records,
)
from lineage.store.retention import select_previous_manifests


def find_previous_of_draft(
    origin: Origin, context: BuildContext, update_of: Snapshot | None
) -> list[PreviousSnapshot]:
    """Return the snapshots that a draft learns from, the newest first.

    Only those that are as they were published: what is damaged proves nothing.
    """

    def is_intact(manifest: Manifest) -> bool:
        if update_of is not None and update_of.id == manifest.id:
            return True  # verified when it was chosen to go on from
        if problems := context.store.find_damage(manifest.id):
            context.progress.say(f"Snapshot {manifest.id} is damaged, ignored: {problems[0]}.")
        return not problems

    taken_at = origin.taken_at if origin.kind is SnapshotKind.FULL else None
    previous = select_previous_manifests(taken_at, context.store.previous_of(origin), is_intact)
    # A dump, or a crawl below one base, proves nothing missing: the newest alone is enough for it.
    if origin.kind in (SnapshotKind.DUMP, SnapshotKind.BELOW):
        previous = islice(previous, 1)
    return [
        PreviousSnapshot(
            context.store.snapshot(earlier.manifest.id),
            origin.taken_at
            if update_of is not None and earlier.manifest.id == update_of.id
            else earlier.missed_at,
        )
        for earlier in previous
    ]


def complete_draft_opt_outs(previous: Sequence[PreviousSnapshot], context: BuildContext) -> OptOuts:
    """Return the opt-outs under every name that earlier snapshots and the registry know."""
    opt_outs = context.opt_outs
    for earlier in previous:
        opt_outs = learn_redacted_opt_outs(earlier.snapshot, opt_outs)
    names: dict[str, str] = {}
    for former in (name for family in context.families for name in family.former_names()):
        listed = opt_outs.behind(former.name) or opt_outs.behind(former.now)
        if listed is not None:
            names |= {former.name: listed, former.now: listed}
    return opt_outs.and_opt_outs({}, names)


def list_keyed_claim_rules(rules: Sequence[Rule]) -> list[str]:
    """Return the names of the rules that know a parent's key themselves."""
    return [rule.name for rule in rules if rule.strength is Strength.CONFIRMED]


def list_repeated_claim_rules(rules: Sequence[Rule]) -> list[str]:
    """Return the names of the rules that every run asks again about every model."""
    return [rule.name for rule in rules if rule.infers]


def complete_draft(
    draft: Draft,
    update_of: Snapshot | None,
    previous: Sequence[PreviousSnapshot],
    context: BuildContext,
) -> None:
    """Add what this run did not read: what did not change, and what could not be read."""
    if draft.origin.kind is not SnapshotKind.BELOW:
        snapshots = [earlier.snapshot for earlier in previous]
        carry_unreadable(draft, snapshots, context, update_of)
    if update_of is not None:
        context.progress.begin("merge the changes with the last snapshot")
        merge_update_into_draft(draft, update_of, context.rules)
        context.progress.end()


def build_on_previous(
    draft: Draft, previous: Sequence[PreviousSnapshot], context: BuildContext
) -> None:
    """Store a full crawl as what changed since the last whole one, where that is young and near."""
    if draft.origin.kind is not SnapshotKind.FULL or not previous:
        return
    newest = previous[0].snapshot.manifest
    below = list_snapshot_bases(newest, partial(read_manifest, context.store.files))
    manifest = (below or [newest])[-1]
    is_near = (
        manifest.origin.kind is SnapshotKind.FULL
        and manifest.schema_version == schema.VERSION
        and timedelta(0) <= draft.origin.taken_at - manifest.origin.taken_at < context.whole_every
        and manifest.id < draft.id
    )
    base = context.store.snapshot(manifest.id) if is_near else None
    # Who opted out since must not live on in what it builds on.
    if base is not None and not needs_redacted_copy(base, context.opt_outs):
        draft.tables.build_on(base)
        draft.compared_with = base


def carry_unreadable(
    draft: Draft, previous: Sequence[Snapshot], context: BuildContext, update_of: Snapshot | None
) -> None:
    """Keep in a sealed draft each known model whose row could not be read, as it was last read.

    What `update_of` lists is left out: the merge with it keeps that.
    """
    # The newest snapshot that knows a model decides. Where it is deleted there, it stays deleted:
    # an unreadable row does not prove that it is back.
    unread = np.unique(table_keys_as_bytes(pa.array(draft.unreadable_keys, pa.string())))
    unread = _subtract_carried_rows(unread, draft.keys)
    for snapshot in previous:
        if not len(unread):
            return
        keys = join_column_chunks(snapshot.column(schema.MODELS_FILE, "key").chunks)
        is_unread = table_rows_of_keys(unread, table_keys_as_bytes(keys)) != NOWHERE
        if is_unread.any() and (update_of is None or snapshot.id != update_of.id):
            # Whose name another model has by now is ended, readable or not.
            is_named = pc.is_in(snapshot.column(schema.MODELS_FILE, "id"), value_set=draft.ids)
            _carry_models_forward(draft, snapshot, is_unread & ~np.asarray(is_named), context)
        deleted = join_column_chunks(snapshot.tombstones(["key"])["key"].chunks)
        unread = _subtract_carried_rows(_subtract_carried_rows(unread, keys), deleted)


def _carry_models_forward(
    draft: Draft, snapshot: Snapshot, chosen: Mask, context: BuildContext
) -> None:
    """Put some models of a snapshot among those that streamed in, with their claims."""
    models, metrics = (
        pa.table(
            select_draft_rows(snapshot, file, schema.TABLES[file].names, chosen),
            schema=schema.TABLES[file],
        )
        for file in (schema.MODELS_FILE, schema.METRICS_FILE)
    )
    models = redact_records(models, context.opt_outs)
    metrics = metrics.filter(pc.is_in(metrics["key"], value_set=models["key"]))
    streamed = table_keys_as_bytes(draft.keys)
    for file, rows in ((schema.MODELS_FILE, models), (schema.METRICS_FILE, metrics)):
        draft.tables.rewrite(file, partial(merge_delta_rows, changes=rows))
    draft.reload_rows()
    keys = table_keys_as_bytes(draft.keys)
    carried = previous_claims(
        snapshot,
        restrict_spooled_rows(
            table_keys_as_bytes(models["key"]),
            partial(table_rows_of_keys, keys),
        ),
        keyed_rules=list_keyed_claim_rules(context.rules),
        without_rules=list_repeated_claim_rules(context.rules),
    )
    older = renumber_delta_children(
        draft.claims.from_records.batches(), table_rows_of_keys(keys, streamed)
    )
    fresh = pa.Table.from_batches(redact_evidence_batches(carried, context.opt_outs), SPOOL)
    draft.claims.replace_records(merge_delta_evidence(older, fresh, np.arange(len(keys))))


def merge_update_into_draft(draft: Draft, update_of: Snapshot, rules: Sequence[Rule]) -> None:
    """Merge the changes that streamed in with the snapshot they go on from; once, when sealed.

    Of every model that did not change all claims are kept but those of repeated rules.
    """
    changed = table_keys_as_bytes(draft.keys)
    draft.tables.merge_with(update_of, changed, _find_ended_claimants(draft, update_of))
    bad_rows = draft.tables.read(schema.BAD_ROWS_FILE)
    older_bad_rows = update_of.table(schema.BAD_ROWS_FILE)
    draft.replace_bad_rows(merge_delta_bad_rows(older_bad_rows, bad_rows, changed))
    draft.reload_rows()
    listed = table_keys_as_bytes(draft.keys)

    def find_unchanged_draft_rows(keys: KeyBytes) -> Int64s:
        return np.where(
            table_rows_of_keys(changed, keys) < 0, table_rows_of_keys(listed, keys), NOWHERE
        )

    repeated = list_repeated_claim_rules(rules)
    older = previous_claims(
        update_of,
        find_unchanged_draft_rows,
        keyed_rules=list_keyed_claim_rules(rules),
        without_rules=repeated,
    )
    fresh = draft.claims.from_records.table()
    draft.claims.replace_records(
        merge_delta_evidence(older, fresh, table_rows_of_keys(listed, changed))
    )
    draft.compared_with, draft.repeated_rules = update_of, repeated


def _find_ended_claimants(draft: Draft, update_of: Snapshot) -> KeyBytes:
    """Return the keys that the snapshot lists and that end: another model has their name now."""
    # A name that was read now is surely borne by the model that was read; of two that were not,
    # which only older programs stored, by the newer one.
    models = update_of.table(schema.MODELS_FILE, ["key", "id", "created_at"]).combine_chunks()
    keys = join_column_chunks(models["key"].chunks)
    is_older = (
        table_rows_of_keys(table_keys_as_bytes(draft.keys), table_keys_as_bytes(keys)) == NOWHERE
    )
    older = models.filter(pa.array(is_older)).combine_chunks()
    older_keys, ids = (join_column_chunks(older[name].chunks) for name in ("key", "id"))
    is_ended = mark_ended_in_draft(older_keys, ids, older["created_at"].combine_chunks())
    is_ended |= np.asarray(pc.is_in(ids, value_set=draft.ids))
    ended = table_keys_as_bytes(older_keys)[is_ended]
    return np.union1d(ended, table_keys_as_bytes(draft.ended["key"]))


def _subtract_carried_rows(keys: KeyBytes, other: pa.StringArray) -> KeyBytes:
    remaining: KeyBytes = keys[table_rows_of_keys(table_keys_as_bytes(other), keys) == NOWHERE]
    return remaining
