"""The Hub's own word: `baseModels`, parents resolved to their keys, one relation for the model."""

from collections.abc import Iterable

from lineage.domain.evidence import Witness
from lineage.domain.records import ModelRecord


def hub(record: ModelRecord) -> Iterable[Witness]:
    """Hear each parent that the Hub resolved."""
    if not record.hub_parents:
        return ()
    relation = record.hub_relation
    return [
        Witness("hub", parent.id, f"{relation or 'base'}: {parent.id}", relation, parent.key)
        for parent in record.hub_parents
    ]
