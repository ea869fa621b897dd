"""The Hub's own word: `baseModels`, parents resolved to their keys, one relation for the model."""

from collections.abc import Iterable

from lineage.domain.claims import Claim
from lineage.domain.records import ModelRecord

_new = tuple.__new__  # a named tuple's own constructor is a function in Python


def hub(record: ModelRecord) -> Iterable[Claim]:
    """Hear each parent that the Hub resolved."""
    if not record.hub_parents:
        return ()
    relation = record.hub_relation
    word = relation or "base"
    return [
        _new(Claim, ("hub", id, f"{word}: {id}", relation, key)) for key, id in record.hub_parents
    ]
