"""The model's own config: the checkpoint it was loaded from, or its own name, or a local path."""

from collections.abc import Iterable

from lineage.domain.claims import Claim
from lineage.domain.records import ModelRecord
from lineage.domain.repo_ids import tidy_name


def config(record: ModelRecord) -> Iterable[Claim]:
    """Hear `_name_or_path`, which a program wrote; a model that names itself says nothing."""
    name = record.config_name_or_path
    if name is None or tidy_name(name).lower() == record.id.lower():
        return ()
    return (Claim("config", name, f"_name_or_path: {name}"),)
