"""Former names: what the registry and earlier snapshots know, and what a draft learns anew."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.build.draft import Draft
from lineage.domain.families import Family
from lineage.domain.repo_ids import STAND_IN
from lineage.store import derived_rows, schema
from lineage.store.keys import table_keys_as_bytes
from lineage.store.reader import Snapshot

if TYPE_CHECKING:
    from lineage.build.resolve import ResolvedNames


@dataclass(frozen=True, slots=True)
class FormerNames:
    """Names that models had before: by their name now (curated) or by key (seen or learned)."""

    now: Mapping[str, str]
    """Former name to present name, from the registry."""
    keys: Mapping[str, str]
    """Former name to key, from earlier snapshots."""
    deleted: frozenset[str] = frozenset()
    """Roots, in small letters, that the registry calls deleted: no row teaches who they are now."""
    registered: frozenset[str] = frozenset()
    """Ids that the registry knows: models also where no listing shows them any more."""


def resolve_former_names(
    draft: Draft, previous: Sequence[Snapshot], families: Sequence[Family]
) -> FormerNames:
    """Return the former names that other snapshots (newest first) and the registry know."""
    keys: dict[str, str] = {}
    for snapshot in reversed(previous):  # so that the newer one has the last word
        stored = snapshot.former_keys()
        # A key that stands in for an unknown one is another in every snapshot.
        keys |= {name: key for name, key in stored.items() if not key.startswith(STAND_IN)}
        keys |= _resolve_renamed(draft, snapshot)
    return FormerNames(
        now={former.name: former.now for family in families for former in family.former_names()},
        keys=keys,
        deleted=frozenset(
            id.lower() for family in families for each in family.releases for id in each.deleted
        ),
        registered=frozenset(root for family in families for root in family.root_repo_ids()),
    )


def resolved_former_name_rows(
    previous: Sequence[Snapshot], former: FormerNames, resolved: "ResolvedNames"
) -> Iterable[tuple[str, str, str]]:
    """Return every former name with its key, and its source."""
    sources: dict[tuple[str, str], str] = {}
    for snapshot in reversed(previous):
        sources |= derived_rows.read_stored_name_sources(snapshot.former_names())
    from_before = {
        name: (name, key, sources.get((name, key), "earlier snapshot"))
        for name, key in former.keys.items()
    }
    from_cards = {name: (name, key, "card") for name, key in resolved.from_cards.items()}
    from_hub = {name: (name, key, "hub") for name, key in resolved.from_hub.items()}
    return (from_before | from_cards | from_hub).values()


def _resolve_renamed(draft: Draft, previous: Snapshot) -> dict[str, str]:
    """Return the names that a snapshot has of models, listed or deleted, that have others now."""
    names: dict[str, str] = {}
    deleted_keys, deleted_ids = (draft.deleted[name].combine_chunks() for name in ("key", "id"))
    listed = previous.table(schema.MODELS_FILE, ["key", "id"])
    for table in (previous.tombstones(["key", "id"]), listed):
        keys, ids = (table[name].combine_chunks() for name in ("key", "id"))
        names |= find_renames_in_draft(keys, ids, deleted_keys, deleted_ids)
        names |= find_renames_in_draft(keys, ids, draft.keys, draft.ids)
    return names


def find_renames_in_draft(
    keys_before: pa.StringArray,
    ids_before: pa.StringArray,
    keys: pa.StringArray,
    ids: pa.StringArray,
) -> dict[str, str]:
    """Return former name to key of every model whose key has another name now.

    Both sides are models in order of their keys.
    """
    # No request is needed to see a rename, since a model keeps its key.
    if len(keys) == 0 or len(keys_before) == 0:
        return {}
    now, before = table_keys_as_bytes(keys), table_keys_as_bytes(keys_before)
    place = np.minimum(np.searchsorted(now, before), len(now) - 1)
    same = np.flatnonzero(now[place] == before)
    old_ids = ids_before.take(pa.array(same))
    differs = pc.indices_nonzero(pc.not_equal(old_ids, ids.take(pa.array(place[same]))))
    renamed_ids = old_ids.take(differs).to_pylist()
    renamed_keys = keys_before.take(pa.array(same)).take(differs).to_pylist()
    return dict(zip(renamed_ids, renamed_keys, strict=True))
