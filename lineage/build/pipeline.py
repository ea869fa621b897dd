"""The story on one page: pages become records, records claims, claims edges, edges counts.

Nothing is decided here: each step stands in the module that is named after it.
"""

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial

from lineage.analysis.growth.stored import count_growth_trends_in_scope
from lineage.analysis.scope import Scope
from lineage.build import derived_tables
from lineage.build.availability import check_availability
from lineage.build.cards import choose_card_reader
from lineage.build.carry_forward import (
    build_on_previous,
    complete_draft,
    complete_draft_opt_outs,
    find_previous_of_draft,
    list_keyed_claim_rules,
)
from lineage.build.checks import collect_draft_facts, run_checks
from lineage.build.context import BuildContext
from lineage.build.draft import Draft, open_draft
from lineage.build.edges import merge_resolved_claims, resolve_edge_relations
from lineage.build.evidence_table import write_evidence
from lineage.build.former_names import resolve_former_names, resolved_former_name_rows
from lineage.build.infer import (
    ClaimsFromCards,
    describe_draft_nodes,
    drop_unclaimed_nodes,
    infer_claims,
    infer_from_unresolved_paths,
    number_claimable,
    resolve_claims,
)
from lineage.build.opt_out import OptOutFilter
from lineage.build.resolve import DraftRecordDates, resolve_names
from lineage.build.tombstones import PreviousSnapshot, add_tombstones
from lineage.domain.progress import garbage_collector_paused
from lineage.errors import DraftRefused, NamesOptedOut
from lineage.evidence import extract_claims
from lineage.sources.interface import RecordPage
from lineage.store import derived_rows, schema
from lineage.store.manifest import Manifest, Origin, SnapshotKind
from lineage.store.reader import Snapshot
from lineage.store.redaction import is_table_row_opted_out, snapshot_holds_learned_keys


def build_snapshot(
    pages: Iterable[RecordPage],
    origin: Origin,
    context: BuildContext,
    *,
    update_of: Snapshot | None = None,
) -> Manifest:
    """Turn one run's pages into a published snapshot; of an update, with what it goes on from.

    Raises DraftRefused when the draft fails a check; it is then kept aside with the reasons.
    NamesOptedOut where an update learns that what it goes on from names an opted-out model.
    """
    previous = find_previous_of_draft(origin, context, update_of)
    newest = update_of or next((earlier.snapshot for earlier in previous), None)
    opt_outs = complete_draft_opt_outs(previous, context)
    opt_out_filter = OptOutFilter(opt_outs)
    with closing(open_draft(context.store, origin)) as draft:
        with garbage_collector_paused():
            read_pages_into_draft(map(opt_out_filter.redact, pages), draft, context)
        if update_of is not None and snapshot_holds_learned_keys(
            update_of, opt_out_filter.opt_outs, opt_outs
        ):
            raise NamesOptedOut(
                f"a model in {update_of.id} belongs to somebody who opted out by now",
                "take a full crawl, which names none of theirs: lineage crawl",
            )
        context = replace(context, opt_outs=opt_out_filter.opt_outs)
        draft.opt_out_marks = context.opt_outs.all_opt_out_marks()
        draft.previous = None if newest is None else newest.id
        complete_draft(draft, update_of, previous, context)
        draft.note_watermark()
        context.progress.begin("resolve names, merge claims, count")
        derive_draft_tables(
            draft, previous, context, read_cards=choose_card_reader(draft, newest, context)
        )
        context.progress.end()
        return _end_draft(draft, newest, context)


def read_pages_into_draft(pages: Iterable[RecordPage], draft: Draft, context: BuildContext) -> None:
    """Stream records and their claims into the draft."""
    context.progress.begin("read models", context.models_expected)
    # By map, because a loop's variable would keep each page alive while the next is read.
    for models in map(partial(_add_records_to_draft, draft, context), pages):
        context.progress.step(models)
    context.progress.end()
    draft.seal()


def _add_records_to_draft(draft: Draft, context: BuildContext, page: RecordPage) -> int:
    draft.add_page(page.records, extract_claims(page.records, context.rules))
    draft.add_bad_rows(page.bad_rows, page.request)
    draft.unreadable_keys += page.unread_keys
    draft.unread_fields.update(page.unread_fields)
    draft.note_request(page.request, page.date)
    return draft.models


def derive_draft_tables(
    draft: Draft,
    previous: Sequence[PreviousSnapshot],
    context: BuildContext,
    *,
    read_cards: ClaimsFromCards | None = None,
) -> None:
    """Write every derived table of a sealed draft; `previous` begins with the newest before it."""
    rules, families, tables = context.rules, context.families, draft.tables
    snapshots = [earlier.snapshot for earlier in previous]
    add_tombstones(draft, previous, list_keyed_claim_rules(rules), context.opt_outs)
    build_on_previous(draft, previous, context)

    # Claims: names become nodes, then parents are inferred where none is declared.
    columns = draft.claims.as_columns(draft.records, [rule.name for rule in rules])
    teachers = [*_list_later_than_draft(draft, context), *snapshots]
    former = resolve_former_names(draft, teachers, families)
    dates = DraftRecordDates.of(
        draft.record_column("created_at"), draft.deleted["missed_at"].combine_chunks()
    )
    resolved = resolve_names(columns, rules, draft.all_keys, draft.all_ids, former, dates=dates)
    claimable = number_claimable(families, resolved)
    claims = resolve_claims(columns, resolved, draft.records, rules, claimable)
    from_paths = infer_from_unresolved_paths(columns, resolved, families, rules)
    del columns  # the names and keys of all claims, and the largest thing in memory
    nodes = describe_draft_nodes(draft, claims, resolved, former, rules, claimable=claimable)
    claims = claims.claims_followed_by(
        infer_claims(
            draft, claims, nodes, families, rules, from_paths=from_paths, read_cards=read_cards
        )
    )
    claims, keys, ids = drop_unclaimed_nodes(claims, nodes)
    write_evidence(draft, keys, claims.parent)

    # Edges: one for each pair that a claim connects.
    relation_of = resolve_edge_relations(claims, rules, draft.records)
    edges, rule_bits = merge_resolved_claims(claims, rules, relation_of)
    # Counts and trends, by the code that answers the same questions later.
    counts = derived_rows.counts_table(keys, ids, edges, draft.undated)
    rule_names = [rule.name for rule in rules]
    derived = derived_tables.DerivedTables(keys, ids, edges, rule_bits, rule_names, counts)
    derived_tables.write_edges_and_counts(draft, derived)
    names = resolved_former_name_rows(teachers, former, resolved)
    names = (row for row in names if not is_table_row_opted_out(row[0], row[1], context.opt_outs))
    tables.write(schema.NAMES_FILE, derived_rows.make_stored_names_table(names))
    tables.write(
        schema.TRENDS_FILE, count_growth_trends_in_scope(Scope(draft.as_snapshot(), families))
    )


def _list_later_than_draft(draft: Draft, context: BuildContext) -> list[Snapshot]:
    """Return what a dump that is dated back learns names from beside the snapshots before it."""
    newest = context.store.latest_whole() if draft.origin.kind is SnapshotKind.DUMP else None
    if newest is None or newest.id < draft.id or context.store.find_damage(newest.id):
        return []
    return [newest]


def _end_draft(draft: Draft, newest: Snapshot | None, context: BuildContext) -> Manifest:
    """Publish a draft that passes its checks; set aside any other."""
    facts = collect_draft_facts(draft, context.store.manifests(), newest)
    checks = run_checks(facts, context.limits)
    if all(check.passed for check in checks):
        # Only of a draft that will be published: one that is refused proves nothing deleted.
        checks += check_availability(
            draft, newest, context.families, context.availability, context.progress
        )
    if all(check.passed for check in checks):
        derived_tables.write_tombstone_changes(draft)
        return draft.publish(checks, context.clock.now())
    draft.set_aside(checks, context.clock.now())
    reasons = "; ".join(f"{check.name}: {check.notes}" for check in checks if not check.passed)
    raise DraftRefused(
        f"the draft {draft.id} was set aside and not published: {reasons}",
        f"its files are kept in {context.store.location}/{draft.id} with the reasons; "
        "the snapshots before it are untouched",
    )
