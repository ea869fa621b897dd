"""Claims from the cards of a draft's models: read now, or repeated where no commit came since."""

from collections.abc import Collection, Iterator
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.build.cards import CardCandidate, FamilySigns, choose_cards, mark_doubtful, read_cards
from lineage.build.context import BuildContext, CardReading
from lineage.build.draft import Draft
from lineage.build.infer import ClaimsFromCards
from lineage.domain.arrays import Int64s
from lineage.domain.claims import Claim, ResolvedClaims
from lineage.domain.opt_outs import LEFT_OUT, OptOuts
from lineage.evidence.card_text import infer_card_claims
from lineage.evidence.infer import parentless
from lineage.store import schema
from lineage.store.keys import NOWHERE, bare, joined, rows_in
from lineage.store.reader import Snapshot

_CLAIM_COLUMNS = ["child_key", *Claim._fields[:-1]]
_CARD_COLUMNS = ("key", "id", "license", "model_type", "tags", "sha")


def choose_card_reader(
    draft: Draft, previous: Snapshot | None, context: BuildContext
) -> ClaimsFromCards:
    """Return what gives the claims of cards: by reading them, or by repeating the earlier ones."""
    if context.cards is None:
        return partial(_repeat_claims, draft, previous, context)
    return partial(_read_claims, draft, context, context.cards)


def _read_claims(
    draft: Draft, context: BuildContext, reading: CardReading, declared: ResolvedClaims
) -> Iterator[tuple[int, Claim]]:
    """Read the cards that can help beside the declared claims: each claim with its child's row."""
    roots = {root for family in context.families for root in family.roots()}
    types = draft.tables.rows_of(draft.mark_ids(roots), ("id", "model_type"))
    signs = FamilySigns(context.families, {id: model_type for _, id, model_type in types})
    undeclared = parentless(draft.models, declared.child, declared.parent)
    doubtful = mark_doubtful(declared, draft.models)
    downloads = draft.tables.column("downloads", schema.METRICS_FILE)
    models = (
        CardCandidate._make((*values, downloads[values[0]].as_py()))
        for values in draft.tables.rows_of(undeclared | doubtful, _CARD_COLUMNS)
    )
    candidates = choose_cards(models, undeclared, doubtful, signs)
    for model, text in read_cards(
        candidates, reading.source, reading.most, reading.plan, context.progress
    ):
        for claim in infer_card_claims(text, model.id):
            yield from _redact(model.row, claim, context.opt_outs)


def _repeat_claims(
    draft: Draft, previous: Snapshot | None, context: BuildContext, declared: ResolvedClaims
) -> Iterator[tuple[int, Claim]]:
    """Repeat the claims of the snapshot before, of models whose commit is the same."""
    if previous is None:
        return
    claims = _find_card_claims(previous, [rule.name for rule in context.rules if rule.reads_cards])
    if claims.num_rows == 0:
        return
    rows = _rows_with_same_commit(previous, draft, pc.unique(claims["child_key"]))
    columns = (claims[name].to_pylist() for name in _CLAIM_COLUMNS)
    for key, *values in zip(*columns, strict=True):
        if key in rows:
            # Without the key that the name was resolved to then: it is resolved anew.
            yield from _redact(rows[key], Claim(*values), context.opt_outs)


def _redact(row: int, claim: Claim, opt_outs: OptOuts) -> Iterator[tuple[int, Claim]]:
    if opt_outs and opt_outs.names_in(claim.parent_as_written):
        return
    is_quoted = opt_outs and opt_outs.named_in(claim.quote)
    yield row, claim._replace(quote=LEFT_OUT) if is_quoted else claim


def _find_card_claims(previous: Snapshot, rules: Collection[str]) -> pa.Table:
    # The rules alone are read first: most snapshots have no claim of a card, and then the evidence
    # of the whole Hub need not be read.
    rule_names = pa.array(sorted(rules), pa.string())
    column = previous.table(schema.EVIDENCE_FILE, ["rule"], as_codes=["rule"])["rule"]
    present = {rule for chunk in column.chunks for rule in chunk.dictionary.to_pylist()}
    tables = [schema.EVIDENCE.empty_table().select(_CLAIM_COLUMNS)]
    if present & set(rules):
        for batch in previous.batches(schema.EVIDENCE_FILE, _CLAIM_COLUMNS):
            claims = batch.filter(pc.is_in(batch["rule"], value_set=rule_names))
            table = pa.Table.from_batches([claims]).select(_CLAIM_COLUMNS)
            tables.append(table.cast(tables[0].schema))
    return pa.concat_tables(tables)


def _rows_with_same_commit(
    previous: Snapshot, draft: Draft, keys: pa.StringArray
) -> dict[str, int]:
    """Return the row of each of some models that is listed with the commit that it had."""
    rows_now = rows_in(bare(draft.keys), bare(joined([keys])))
    chosen = np.zeros(draft.models, np.bool_)
    chosen[rows_now[rows_now != NOWHERE]] = True
    now = {key: (row, sha) for row, key, sha in draft.tables.rows_of(chosen, ("key", "sha"))}
    rows: dict[str, int] = {}
    for key, sha in _last_commits(previous, rows_now, keys):
        row, sha_now = now.get(key, (NOWHERE, None))
        if sha is not None and sha == sha_now:
            rows[key] = row
    return rows


def _last_commits(
    previous: Snapshot, rows_now: Int64s, keys: pa.StringArray
) -> Iterator[tuple[str, str | None]]:
    """Yield key and commit of those that are still listed, as the snapshot before has them."""
    listed = keys.filter(pa.array(rows_now != NOWHERE))
    deleted = previous.tombstones(["key", "sha"]).to_batches()
    for batches in (previous.batches(schema.MODELS_FILE, ["key", "sha"]), deleted):
        for batch in batches:
            rows = batch.filter(pc.is_in(batch["key"], value_set=listed))
            yield from zip(rows["key"].to_pylist(), rows["sha"].to_pylist(), strict=True)
