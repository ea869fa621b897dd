"""Which terms apply to each node, and its path up to the nearest root."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lineage.analysis.releases import Releases, find_releases
from lineage.analysis.scope import Scope
from lineage.analysis.subjects import find_roots
from lineage.domain.arrays import Indices, Int64s, Mask
from lineage.domain.families import Family
from lineage.domain.licenses import ClauseName, LicenseTerms, Terms
from lineage.graph import reach
from lineage.store.reader import EdgeColumns

NO_NODE = -1


@dataclass(frozen=True, slots=True)
class ApplicableTerms:
    """The terms above every node of a graph."""

    terms: Sequence[Terms]
    releases: Releases
    """Of the family alone: roots of other families do not end its paths."""
    bits: Int64s
    """Bit i of a node is set where terms[i] apply to it."""
    meets_others: Mask
    """Which nodes stem from another family too."""
    multimodal: Mask
    """Which nodes lie below, or are copies of, a model that a clause on such models is about."""
    disputed: Mask
    """Which nodes stem from a release whose official files disagree."""

    def of_bits(self, bits: int) -> tuple[Terms, ...]:
        """Return the terms behind some bits."""
        return tuple(each for place, each in enumerate(self.terms) if bits >> place & 1)


def applicable_terms(scope: Scope, family: Family, terms: LicenseTerms) -> ApplicableTerms:
    """Walk up from every node, and stop on each path at the first root of the family."""
    releases = find_releases(scope.narrowed_to(family), scope.edges)
    bits = np.zeros(scope.nodes, np.int64)
    for place, each in enumerate(terms.terms):
        for release in releases.releases:
            if release.id in each.releases:
                bits |= releases.mark_release(release).astype(np.int64) << place
    disagreed = {disagreement.release for disagreement in terms.disagreements}
    disputed = np.zeros(scope.nodes, np.bool_)
    for release in releases.releases:
        if release.id in disagreed:
            disputed |= releases.mark_release(release)
    other_families = tuple(other for other in scope.families if other.id != family.id)
    first_releases = find_releases(scope.narrowed_to(*other_families), scope.edges).only_release()
    meets_others = (
        first_releases != NO_NODE if first_releases.size else np.zeros(scope.nodes, np.bool_)
    )
    multimodal = _below_multimodal(scope, family, terms)
    return ApplicableTerms(terms.terms, releases, bits, meets_others, multimodal, disputed)


def _below_multimodal(scope: Scope, family: Family, terms: LicenseTerms) -> Mask:
    clauses = (each.rules.get(ClauseName.EU_MULTIMODAL) for each in terms.terms)
    bases = {base for clause in clauses if clause is not None for base in clause.bases}
    copies = [mirror for base in bases for mirror in family.mirrors_of(base)]
    seeds = find_roots(scope, sorted(bases | set(copies)))
    is_root = _mark(scope.nodes, find_roots(scope, family.roots()))
    child, parent = _edges_below_roots(scope.edges, is_root)
    mask: Mask = reach.labels_from(child, parent, scope.nodes, [seeds]) != 0
    return mask


def nearest_parents(edges: EdgeColumns, nodes: int, roots: Indices, preferred: Indices) -> Int64s:
    """Return the parent of each node that lies on its shortest path to a root, else NO_NODE.

    Of paths of one length the surest edge comes first, then a preferred node, then the lower
    number. Roots have no parent: no path leads on through one.
    """
    is_root = _mark(nodes, roots)
    is_plain = ~_mark(nodes, preferred)
    depth = reach.count_generations(*_edges_below_roots(edges, is_root), nodes, roots).astype(
        np.int64
    )
    leads_up = ~is_root[edges.child] & (is_root[edges.parent] | (depth[edges.parent] > 0))
    leads_up &= np.where(is_root[edges.parent], 0, depth[edges.parent]) + 1 == depth[edges.child]
    chosen = np.flatnonzero(leads_up)
    child, parent = edges.child[chosen], edges.parent[chosen]
    order = np.lexsort((parent, is_plain[parent], -edges.strength[chosen].astype(int), child))
    children, first = np.unique(child[order], return_index=True)
    up = np.full(nodes, NO_NODE, np.int64)
    up[children] = parent[order][first]
    return up


def paths_up(scope: Scope, family: Family, up: Int64s, nodes: Indices) -> list[tuple[str, ...]]:
    """Return the ids from each model upwards; a mirror is followed by its official repository."""
    steps = list(_steps_up(up, nodes))
    if not steps:
        return []
    on_paths = np.unique(np.concatenate(steps))
    on_paths = on_paths[on_paths != NO_NODE]
    names = dict(zip(on_paths.tolist(), scope.names_of(on_paths)[1].to_pylist(), strict=True))
    originals = {
        mirror.id: mirror.of
        for release in family.releases
        for mirror in release.mirrors
        if mirror.of
    }
    stands_for = {node: originals[id] for id, node in scope.nodes_of(originals).items()}
    names_on_path = {
        node: (id, stands_for[node]) if node in stands_for else (id,) for node, id in names.items()
    }
    # All paths grow by one step at a time, as columns: one by one they would be walked in Python.
    paths: list[tuple[str, ...]] = [()] * len(nodes)
    for step in steps:
        for row in np.flatnonzero(step != NO_NODE).tolist():
            paths[row] += names_on_path[int(step[row])]
    return paths


def _steps_up(up: Int64s, start: Indices) -> Iterator[Int64s]:
    """Yield the node that each path is at, a step at a time; NO_NODE behind its end."""
    nodes = start.astype(np.int64)
    while (nodes != NO_NODE).any():
        yield nodes
        nodes = np.where(nodes == NO_NODE, NO_NODE, up[nodes])


def _mark(nodes: int, which: Indices) -> Mask:
    mask = np.zeros(nodes, np.bool_)
    mask[which] = True
    return mask


def _edges_below_roots(edges: EdgeColumns, is_root: Mask) -> tuple[Indices, Indices]:
    """Return child and parent of the edges that do not lead on upwards from a root."""
    below = ~is_root[edges.child]
    return edges.child[below], edges.parent[below]
