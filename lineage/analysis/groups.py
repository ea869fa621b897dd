"""Dividing counted models by month, author, release and the like; the parts add up to the whole."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.members import Members, relation_of, release_labels
from lineage.analysis.results import Group
from lineage.analysis.scope import release_nodes
from lineage.domain.definitions import Grouping
from lineage.domain.evidence import Relation
from lineage.domain.families import Family
from lineage.store import schema
from lineage.store.snapshot import Snapshot

UNKNOWN = "unknown"
MIXED = "mixed"
_RELATIONS = list(Relation)


def grouped(
    snapshot: Snapshot, members: Members, by: Grouping, families: Sequence[Family]
) -> tuple[Group, ...]:
    """Divide counted models into groups: months and releases in time's order, others by size."""
    nodes = np.flatnonzero(members.counted)
    values = _values(snapshot, members, by, families, nodes).dictionary_encode()
    names = values.dictionary.to_pylist()
    group = values.indices.to_numpy()
    relation = relation_of(members.edges, members.nodes)[nodes]
    cells = np.bincount(
        group * len(_RELATIONS) + relation, minlength=len(names) * len(_RELATIONS)
    ).reshape(len(names), len(_RELATIONS))
    direct = np.bincount(group[members.direct[nodes]], minlength=len(names))
    groups = [
        Group(
            name,
            int(direct[at]),
            int(cells[at].sum()),
            {word: int(n) for word, n in zip(_RELATIONS, cells[at], strict=True) if n},
        )
        for at, name in enumerate(names)
    ]
    return tuple(sorted(groups, key=_order(by, families)))


def _values(
    snapshot: Snapshot,
    members: Members,
    by: Grouping,
    families: Sequence[Family],
    nodes: npt.NDArray[np.intp],
) -> pa.StringArray:
    """Return each counted model's group."""
    match by:
        case Grouping.RELATION:
            words = pa.array([relation.value for relation in _RELATIONS])
            return words.take(pa.array(relation_of(members.edges, members.nodes)[nodes]))
        case Grouping.RELEASE:
            return _releases(snapshot, members, families, nodes)
        case Grouping.MONTH:
            moments = snapshot.column(schema.MODELS_FILE, "created_at").take(pa.array(nodes))
            found = pc.strftime(moments, "%Y-%m")
        case Grouping.LIBRARY | Grouping.LICENSE | Grouping.AUTHOR:
            found = snapshot.column(schema.MODELS_FILE, by.value).take(pa.array(nodes))
    return pc.fill_null(found, UNKNOWN).combine_chunks()


def _releases(
    snapshot: Snapshot,
    members: Members,
    families: Sequence[Family],
    nodes: npt.NDArray[np.intp],
) -> pa.StringArray:
    releases = release_nodes(snapshot, families)
    labels = release_labels(members.edges, members.nodes, [roots for _, roots in releases])[nodes]
    at = np.full(len(nodes), len(releases), np.int64)  # none met
    for bit in range(len(releases)):
        at[labels == np.uint64(1 << bit)] = bit
    at[(labels & (labels - np.uint64(1))) != 0] = len(releases) + 1  # more than one bit
    names = [release.name for release, _ in releases]
    return pa.array([*names, UNKNOWN, MIXED]).take(pa.array(at))


def _order(by: Grouping, families: Sequence[Family]) -> Callable[[Group], tuple[bool, int, str]]:
    """Return the sort key of groups; what nobody knows comes last."""
    releases = [release.name for family in families for release in family.releases]
    place = {name: number for number, name in enumerate(releases)}

    def order(group: Group) -> tuple[bool, int, str]:
        rank = {
            Grouping.MONTH: 0,
            Grouping.RELEASE: place.get(group.value, len(place)),
        }.get(by, -group.total)
        return group.value == UNKNOWN, rank, group.value

    return order
