"""Dividing counted models by month, author, release and the like; the parts add up to the whole."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.members import Members, relations_of_members
from lineage.analysis.results import Group
from lineage.analysis.scope import Scope
from lineage.domain.arrays import LabelBits, Mask, Nodes, Positions
from lineage.domain.claims import RELATIONS
from lineage.domain.clock import end_of_data, end_of_month_utc
from lineage.domain.definitions import Grouping
from lineage.domain.families import Family, Release
from lineage.graph import reach
from lineage.store.reader import EdgeColumns

NONE = -1
SEVERAL = -2
MIXED = "mixed"
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ReleasesOfNodes:
    """Every release of the families, and which of them each node meets first on its paths up."""

    releases: Sequence[Release]
    roots: Sequence[Nodes]
    """The nodes of each release's roots, mirrors included, as far as they are known."""
    _words: Sequence[LabelBits]
    """64 releases a word, bit by bit."""

    def mark_nodes_of_release(self, release: Release) -> Mask:
        """Say which nodes meet this release first on some path up."""
        word, bit = divmod(self.releases.index(release), reach.MOST_LABELS)
        mask: Mask = (self._words[word] & np.uint64(1 << bit)) != 0
        return mask

    def met_by(self, node: int) -> list[Release]:
        """Return the releases that one node meets first."""
        bits = sum(
            int(word[node]) << (reach.MOST_LABELS * at) for at, word in enumerate(self._words)
        )
        return [release for at, release in enumerate(self.releases) if bits >> at & 1]

    def names_of_counted_releases(self) -> list[str]:
        """Return what models are divided into: the releases, then those of several and of none."""
        return [*(release.name for release in self.releases), MIXED, UNKNOWN]

    def place_by_node(self) -> Nodes:
        """Return the place of each node's part among `names`."""
        places: Nodes = self.only_release() % (len(self.releases) + 2)  # SEVERAL and NONE are last
        return places

    def only_release(self) -> Nodes:
        """Return the position of the one release that each node meets, else NONE or SEVERAL."""
        single_by_node = np.full(len(self._words[0]) if self._words else 0, NONE, np.int32)
        for number, word in enumerate(self._words):
            some = np.flatnonzero(word)
            labels = word[some]
            alone = (labels & (labels - np.uint64(1))) == 0
            position = number * reach.MOST_LABELS + np.log2(labels)
            single = np.where(alone, position, SEVERAL).astype(np.int32)
            single_by_node[some] = np.where(single_by_node[some] == NONE, single, SEVERAL)
        return single_by_node


def root_nodes_of_releases(scope: Scope) -> list[tuple[Release, Nodes]]:
    """Return every release of the families with the nodes of its roots, mirrors included."""
    releases = [release for family in scope.families for release in family.releases]
    return [(release, scope.tops_of(release)) for release in releases]


def find_releases_above_nodes(scope: Scope, edges: EdgeColumns) -> ReleasesOfNodes:
    """Walk up from every node and stop on each path at the first root of any release."""
    labelled = root_nodes_of_releases(scope)
    roots = [nodes for _, nodes in labelled]
    # A count by these edges has put them in order already.
    is_whole = edges is scope.edges
    build = reach.AdjacencyRows.build
    rows = scope.graph.rows() if is_whole else build(edges.parent, edges.child, scope.nodes)
    words = reach.reach_row_labels(rows, scope.nodes, roots)
    return ReleasesOfNodes([release for release, _ in labelled], roots, words)


def divide_members(scope: Scope, members: Members, by: Grouping) -> tuple[Group, ...]:
    """Divide counted models into groups: months and releases in time's order, others by size."""
    nodes = np.flatnonzero(members.counted)
    values = _values_of_count_group(scope, members, by, nodes).dictionary_encode()
    names = values.dictionary.to_pylist()
    group = values.indices.to_numpy()
    relation = relations_of_members(members.edges, members.nodes)[nodes]
    # One pass fills every cell of groups by relations, whatever divides the models.
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
            _is_counted_month_complete(scope, name) if by is Grouping.MONTH else None,
        )
        for at, name in enumerate(names)
    ]
    return tuple(sorted(groups, key=_group_sort_key(by, scope.families)))


def _is_counted_month_complete(scope: Scope, month: str) -> bool | None:
    """Say whether all of a month lies in the data and before the end of the day asked."""
    if month == UNKNOWN:  # no month that could be over
        return None
    return end_of_month_utc(month) <= end_of_data(
        scope.snapshot.manifest.origin.taken_at, scope.definition.as_of
    )


def _values_of_count_group(
    scope: Scope, members: Members, by: Grouping, nodes: Positions
) -> pa.StringArray:
    match by:
        case Grouping.RELATION:
            words = pa.array([relation.value for relation in RELATIONS])
            return words.take(pa.array(relations_of_members(members.edges, members.nodes)[nodes]))
        case Grouping.RELEASE:
            releases = find_releases_above_nodes(scope, members.edges)
            places = pa.array(releases.place_by_node()[nodes])
            return pa.array(releases.names_of_counted_releases()).take(places)
        case Grouping.MONTH:
            moments = scope.snapshot.record_column("created_at").take(pa.array(nodes))
            column = pc.strftime(moments, "%Y-%m")
        case Grouping.LIBRARY | Grouping.LICENSE | Grouping.AUTHOR:
            column = scope.snapshot.record_column(by.value).take(pa.array(nodes))
    return pc.fill_null(column, UNKNOWN).combine_chunks()


def _group_sort_key(
    by: Grouping, families: Sequence[Family]
) -> Callable[[Group], tuple[bool, int, str]]:
    """Return the sort key of groups; the unknown comes last."""
    releases = [release.name for family in families for release in family.releases]
    place = {name: number for number, name in enumerate(releases)}

    def rank_group(group: Group) -> tuple[bool, int, str]:
        rank = {
            Grouping.MONTH: 0,
            Grouping.RELEASE: place.get(group.value, len(place)),
        }.get(by, -group.total)
        return group.value == UNKNOWN, rank, group.value

    return rank_group
