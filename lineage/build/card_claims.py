"""What cards say of a draft's models: read now, or repeated from before where nobody committed."""

from collections.abc import Iterator
from functools import partial

from lineage.build.cards import FamilySigns, Heard, Model, read_cards, worth_reading
from lineage.build.context import CardReading, Publication
from lineage.build.draft import Draft
from lineage.build.earlier_cards import said_by_cards
from lineage.build.infer import InferFromCards
from lineage.domain.claims import Claim
from lineage.domain.opt_outs import LEFT_OUT, OptOuts
from lineage.evidence.card_text import infer_card_claims
from lineage.store.reader import Snapshot
from lineage.store.schema import METRICS_FILE


def cards_heard(draft: Draft, before: Snapshot | None, into: Publication) -> InferFromCards:
    """Return how the second hearing hears cards."""
    if into.cards is None:
        return partial(_hear_before, draft, before, into)
    return partial(_hear_now, draft, into, into.cards)


def _hear_now(
    draft: Draft, into: Publication, reading: CardReading, heard: Heard
) -> Iterator[tuple[int, Claim]]:
    """Read the cards that can help after the first hearing: each witness with its child's row."""
    roots = {root for family in into.families for root in family.roots()}
    types = draft.rows_of(draft.called(roots), ("id", "model_type"))
    signs = FamilySigns(into.families, {id: model_type for _, id, model_type in types})
    undeclared, unsure = heard.undeclared(), heard.unsure()
    downloads = draft.column("downloads", METRICS_FILE)
    columns = ("key", "id", "license", "model_type", "tags", "sha")
    models = (
        Model._make((*said, downloads[said[0]].as_py()))
        for said in draft.rows_of(undeclared | unsure, columns)
    )
    wanted = worth_reading(models, undeclared, unsure, signs)
    for model, text in read_cards(
        wanted, reading.source, reading.most, reading.plan, into.progress
    ):
        for claim in infer_card_claims(text, model.id):
            yield from _without_names(model.row, claim, into.opt_outs)


def _hear_before(
    draft: Draft, before: Snapshot | None, into: Publication, heard: Heard
) -> Iterator[tuple[int, Claim]]:
    """Repeat what cards said before: where nobody committed since, they still say it."""
    rules = [rule.name for rule in into.rules if rule.reads_cards]
    for row, claim in () if before is None else said_by_cards(before, draft, rules):
        yield from _without_names(row, claim, into.opt_outs)


def _without_names(row: int, claim: Claim, opt_outs: OptOuts) -> Iterator[tuple[int, Claim]]:
    if opt_outs and opt_outs.names_in(claim.parent_as_written):
        return
    named = opt_outs and opt_outs.named_in(claim.quote)
    yield row, claim._replace(quote=LEFT_OUT) if named else claim
