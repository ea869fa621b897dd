"""The adapter's own configuration: the checkpoint it was trained on, which may be a local path."""

from collections.abc import Iterable

from lineage.domain.claims import Claim, Relation
from lineage.domain.records import ModelRecord

_new = tuple.__new__  # a named tuple's own constructor is a function in Python
_ADAPTER = Relation.ADAPTER.value


def adapter_config(record: ModelRecord) -> Iterable[Claim]:
    """Hear `base_model_name_or_path`; whoever carries one is an adapter."""
    name = record.adapter_parent
    if name is None:
        return ()
    quote = f"base_model_name_or_path: {name}"
    return (_new(Claim, ("adapter_config", name, quote, _ADAPTER, None)),)
