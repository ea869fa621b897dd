"""The derived tables of a snapshot, put together from bare columns."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.domain.arrays import Indices, Mask
from lineage.domain.claims import RELATIONS, STRENGTHS, Relation, Strength
from lineage.domain.families import is_claimable
from lineage.graph.reach import count_closure_of_every_base
from lineage.store import schema
from lineage.store.reader import EdgeColumns

_EDGES_AT_ONCE = 65_536


def make_stored_edge_tables(
    keys: pa.StringArray,
    ids: pa.StringArray,
    edges: EdgeColumns,
    rules: Indices,
    rule_names: Sequence[str],
) -> Iterator[pa.Table]:
    """Spell out edges, with their rules given as one bit each, some at a time.

    Spelled out, the edges of the whole Hub would take more memory than everything else.
    """
    # A few dozen masks stand for all lists of rules, so that each list is made once.
    rules_of_mask = {
        mask: sorted(name for bit, name in enumerate(rule_names) if mask >> bit & 1)
        for mask in set(rules.tolist())
    }
    relations = pa.array([word.value for word in RELATIONS])
    strengths = pa.array([word.value for word in STRENGTHS])
    for start in range(0, len(edges.child), _EDGES_AT_ONCE):
        some = slice(start, start + _EDGES_AT_ONCE)
        children, parents = pa.array(edges.child[some]), pa.array(edges.parent[some])
        columns = {
            "child_key": keys.take(children),
            "child": ids.take(children),
            "parent_key": keys.take(parents),
            "parent": ids.take(parents),
            "relation": relations.take(pa.array(edges.relation[some])),
            "strength": strengths.take(pa.array(edges.strength[some])),
            "rules": [rules_of_mask[mask] for mask in rules[some].tolist()],
            "child_node": children,
            "parent_node": parents,
        }
        yield pa.table(columns, schema=schema.EDGES)


def counts_table(
    keys: pa.StringArray, ids: pa.StringArray, edges: EdgeColumns, undated: Mask
) -> pa.Table:
    """Count every base by its declared edges, in order of the id.

    `undated` has an element for each listed model; they are the first nodes.
    """
    relation = np.full(len(keys), Relation.UNSPECIFIED.code, np.int8)
    relation[edges.child] = edges.relation
    declared = edges.strength >= Strength.DECLARED.code
    bases = count_closure_of_every_base(
        edges.child[declared], edges.parent[declared], relation[: len(undated)], undated
    )
    # What claims name in place of a model has a row too, since its node needs a name; by declared
    # edges it counts nothing.
    claimed = find_subjects_in_edge_table(keys, edges)
    node = np.concatenate([bases.node, claimed])
    direct, total = (
        np.concatenate([cells, np.zeros((len(claimed), *cells.shape[1:]), cells.dtype)])
        for cells in (bases.direct, bases.total)
    )
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


def find_subjects_in_edge_table(keys: pa.StringArray, edges: EdgeColumns) -> Indices:
    """Return the nodes that stand for a release or a family; only inferred edges lead to them."""
    parents = np.unique(edges.parent[edges.strength < Strength.DECLARED.code])
    names = keys.take(pa.array(parents)).to_pylist()
    return parents[np.array([is_claimable(name) for name in names], np.bool_)]


def make_stored_names_table(rows: Iterable[tuple[str, str, str]]) -> pa.Table:
    """Put together former names: name, key, source; in order of the name."""
    return pa.Table.from_pylist(
        [{"name": name, "key": key, "source": source} for name, key, source in sorted(rows)],
        schema.NAMES,
    )


def read_stored_name_sources(table: pa.Table) -> Mapping[tuple[str, str], str]:
    """Return who taught each pair of a name and a key, from a table of former names."""
    rows = zip(*(table[column].to_pylist() for column in schema.NAMES.names), strict=True)
    return {(name, key): source for name, key, source in rows}
