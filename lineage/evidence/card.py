"""The card's front matter: `base_model` as the author wrote it, and the relation it declares."""

from collections.abc import Iterable

from lineage.domain.claims import Claim
from lineage.domain.records import ModelRecord

_new = tuple.__new__  # a named tuple's own constructor is a function in Python


def card(record: ModelRecord) -> Iterable[Claim]:
    """Hear each entry of `base_model`, with the relation the author declared for all of them."""
    if not record.card_parents:
        return ()
    relation = record.card_relation
    return [
        _new(Claim, ("card", name, f"base_model: {name}", relation, None))
        for name in record.card_parents
    ]
