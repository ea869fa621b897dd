"""Dividing counted models by month, author, release and the like; the parts add up to the whole."""

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.members import Members, relation_of
from lineage.analysis.releases import releases_met
from lineage.analysis.results import Group
from lineage.analysis.scope import Scope
from lineage.domain.arrays import Positions
from lineage.domain.claims import RELATIONS
from lineage.domain.definitions import Grouping
from lineage.domain.families import Family

UNKNOWN = "unknown"
MIXED = "mixed"


def grouped(scope: Scope, members: Members, by: Grouping) -> tuple[Group, ...]:
    """Divide counted models into groups: months and releases in time's order, others by size."""
    nodes = np.flatnonzero(members.counted)
    values = _values(scope, members, by, nodes).dictionary_encode()
    names = values.dictionary.to_pylist()
    group = values.indices.to_numpy()
    relation = relation_of(members.edges, members.nodes)[nodes]
    cells = np.bincount(
        group * len(RELATIONS) + relation, minlength=len(names) * len(RELATIONS)
    ).reshape(len(names), len(RELATIONS))
    direct = np.bincount(group[members.direct[nodes]], minlength=len(names))
    groups = [
        Group(
            name,
            int(direct[at]),
            int(cells[at].sum()),
            {word: int(n) for word, n in zip(RELATIONS, cells[at], strict=True) if n},
        )
        for at, name in enumerate(names)
    ]
    return tuple(sorted(groups, key=_order(by, scope.families)))


def _values(
    scope: Scope,
    members: Members,
    by: Grouping,
    nodes: Positions,
) -> pa.StringArray:
    """Return each counted model's group."""
    match by:
        case Grouping.RELATION:
            words = pa.array([relation.value for relation in RELATIONS])
            return words.take(pa.array(relation_of(members.edges, members.nodes)[nodes]))
        case Grouping.RELEASE:
            return _releases(scope, members, nodes)
        case Grouping.MONTH:
            moments = scope.snapshot.record_column("created_at").take(pa.array(nodes))
            found = pc.strftime(moments, "%Y-%m")
        case Grouping.LIBRARY | Grouping.LICENSE | Grouping.AUTHOR:
            found = scope.snapshot.record_column(by.value).take(pa.array(nodes))
    return pc.fill_null(found, UNKNOWN).combine_chunks()


def _releases(scope: Scope, members: Members, nodes: Positions) -> pa.StringArray:
    found = releases_met(scope, members.edges)
    names = [release.name for release in found.releases]
    # NONE and SEVERAL count from the end.
    return pa.array([*names, MIXED, UNKNOWN]).take(pa.array(found.only()[nodes] % (len(names) + 2)))


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
