"""What the Hub answered when it was asked by name about models that are no longer listed."""

from collections.abc import Collection, Mapping
from typing import Any

import pyarrow.compute as pc

from lineage.domain.availability import Asked, Availability
from lineage.store.reader import Snapshot

STANDING_COLUMNS = ("standing", "hub_status", "asked_at")


def asked_in(row: Mapping[str, Any]) -> Asked | None:
    """Return what the Hub said of the model of one tombstone; None where it was not asked."""
    standing, status, asked_at = (row[name] for name in STANDING_COLUMNS)
    return None if asked_at is None else Asked(Availability(standing), status, asked_at)


def standings_among(snapshot: Snapshot, keys: Collection[str]) -> dict[str, Availability]:
    """Return what the Hub said of those of some models, by key, whom it was asked about."""
    table = snapshot.tombstones(["key", "standing"])
    answered = table.filter(pc.is_valid(table["standing"])).to_pylist()
    chosen = set(keys)
    return {row["key"]: Availability(row["standing"]) for row in answered if row["key"] in chosen}


def standings_of(snapshot: Snapshot) -> dict[Availability | None, int]:
    """Count the deleted models by what the Hub answers about them; None = never asked."""
    values = pc.value_counts(snapshot.tombstones(["standing"])["standing"]).to_pylist()
    numbers = {row["values"]: int(row["counts"]) for row in values}
    return {None if word is None else Availability(word): n for word, n in numbers.items()}
