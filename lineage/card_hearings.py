"""What cards say of a draft's models: read now, or repeated from before where nobody committed."""

from collections.abc import Iterator
from functools import partial

from lineage.crawl.cards import FamilySigns, Heard, Model, read_cards, worth_reading
from lineage.domain.evidence import Witness
from lineage.domain.forgotten import LEFT_OUT, Forgotten
from lineage.evidence.card_text import hear_card_text
from lineage.hearings import HearCards
from lineage.publication import CardReading, Publication
from lineage.store.draft import Draft
from lineage.store.earlier_cards import said_by_cards
from lineage.store.schema import METRICS_FILE
from lineage.store.snapshot import Snapshot


def cards_heard(draft: Draft, before: Snapshot | None, into: Publication) -> HearCards:
    """Return how the second hearing hears cards."""
    if into.cards is None:
        return partial(_hear_before, draft, before, into)
    return partial(_hear_now, draft, into, into.cards)


def _hear_now(
    draft: Draft, into: Publication, reading: CardReading, heard: Heard
) -> Iterator[tuple[int, Witness]]:
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
        for witness in hear_card_text(text, model.id):
            yield from _without_names(model.row, witness, into.forgotten)


def _hear_before(
    draft: Draft, before: Snapshot | None, into: Publication, heard: Heard
) -> Iterator[tuple[int, Witness]]:
    """Repeat what cards said before: where nobody committed since, they still say it."""
    rules = [rule.name for rule in into.rules if rule.hears_cards]
    for row, witness in () if before is None else said_by_cards(before, draft, rules):
        yield from _without_names(row, witness, into.forgotten)


def _without_names(
    row: int, witness: Witness, forgotten: Forgotten
) -> Iterator[tuple[int, Witness]]:
    if forgotten and forgotten.names_in(witness.parent_as_written):
        return
    named = forgotten and forgotten.named_in(witness.quote)
    yield row, witness._replace(quote=LEFT_OUT) if named else witness
