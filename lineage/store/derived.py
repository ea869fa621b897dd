"""The derived tables of a snapshot, put together from bare columns."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lineage.domain.evidence import Relation, Strength
from lineage.store import schema

Ints = npt.NDArray[np.integer]


def edges_table(
    keys: pa.StringArray,
    ids: pa.StringArray,
    *,
    child: Ints,
    parent: Ints,
    relation: Ints,
    strength: Ints,
    rules: Ints,
    rule_names: Sequence[str],
) -> pa.Table:
    """Spell out edges given as node numbers, positions and one bit a rule."""
    masks, mask_of_edge = np.unique(rules, return_inverse=True)
    spelled = [
        sorted(name for bit, name in enumerate(rule_names) if mask >> bit & 1)
        for mask in masks.tolist()
    ]
    columns = {
        "child_key": keys.take(pa.array(child)),
        "child": ids.take(pa.array(child)),
        "parent_key": keys.take(pa.array(parent)),
        "parent": ids.take(pa.array(parent)),
        "relation": _words([word.value for word in Relation], relation),
        "strength": _words([word.value for word in Strength], strength),
        "rules": pa.array(spelled, pa.list_(pa.string())).take(pa.array(mask_of_edge)),
        "child_node": pa.array(child, pa.int32()),
        "parent_node": pa.array(parent, pa.int32()),
    }
    return pa.table(columns, schema=schema.EDGES)


def counts_table(
    keys: pa.StringArray,
    ids: pa.StringArray,
    node: Ints,
    direct: Ints,
    total: Ints,
) -> pa.Table:
    """Put together the counts of every base, in order of the id.

    `direct` and `total` are bases x relations x (dated, undated).
    """
    by_relation = total.sum(axis=2)
    columns = {
        "key": keys.take(pa.array(node)),
        "id": ids.take(pa.array(node)),
        "node": pa.array(node, pa.int32()),
        "direct": pa.array(direct.sum(axis=(1, 2)), pa.int64()),
        "total": pa.array(by_relation.sum(axis=1), pa.int64()),
        **{
            relation.value: pa.array(by_relation[:, at], pa.int64())
            for at, relation in enumerate(Relation)
        },
        "undated": pa.array(total[:, :, 1].sum(axis=1), pa.int64()),
    }
    table = pa.table(columns, schema=schema.COUNTS)
    return table.take(pc.sort_indices(table, [("id", "ascending"), ("key", "ascending")]))


def names_table(rows: Iterable[tuple[str, str, str]]) -> pa.Table:
    """Put together former names: name, key, source; in order of the name."""
    return pa.Table.from_pylist(
        [{"name": name, "key": key, "source": source} for name, key, source in sorted(rows)],
        schema.NAMES,
    )


def former_keys(table: pa.Table) -> Mapping[str, str]:
    """Return name to key from a table of former names."""
    return dict(zip(table["name"].to_pylist(), table["key"].to_pylist(), strict=True))


def _words(words: Sequence[str], positions: Ints) -> pa.StringArray:
    return pa.array(words).take(pa.array(positions))
