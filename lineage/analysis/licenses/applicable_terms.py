"""Which terms each node owes: those of every release that it meets first on its ways up."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from lineage.analysis.licenses.nearest import free_edges
from lineage.analysis.releases import Releases, releases_met
from lineage.analysis.scope import Scope
from lineage.analysis.subjects import root_nodes
from lineage.domain.arrays import Int64s, Mask
from lineage.domain.families import Family
from lineage.domain.licenses import ClauseName, LicenseTerms, Terms
from lineage.graph import reach


@dataclass(frozen=True, slots=True)
class Owed:
    """The terms above every node of a graph."""

    terms: Sequence[Terms]
    releases: Releases
    """Of the family alone: roots of other families do not end its ways."""
    bits: Int64s
    """Bit i of a node is set where it owes terms[i]."""
    meets_others: Mask
    """Which nodes stem from another family too."""
    multimodal: Mask
    """Which nodes lie below, or are copies of, a model that a clause on such models is about."""
    disputed: Mask
    """Which nodes stem from a release whose official files disagree."""

    def of_bits(self, bits: int) -> tuple[Terms, ...]:
        """Return the terms behind some bits."""
        return tuple(one for place, one in enumerate(self.terms) if bits >> place & 1)


def owed_by(scope: Scope, family: Family, terms: LicenseTerms) -> Owed:
    """Walk up from every node, and stop on each way at the first root of the family."""
    releases = releases_met(replace(scope, families=(family,)), scope.edges)
    bits = np.zeros(scope.nodes, np.int64)
    for place, one in enumerate(terms.terms):
        for release in releases.releases:
            if release.id in one.releases:
                bits |= releases.met(release).astype(np.int64) << place
    others = tuple(one for one in scope.families if one.id != family.id)
    disagreed = {one.release for one in terms.disagreements}
    disputed = np.zeros(scope.nodes, np.bool_)
    for release in releases.releases:
        if release.id in disagreed:
            disputed |= releases.met(release)
    return Owed(
        terms.terms,
        releases,
        bits,
        _meets_any(scope, others),
        _below_bases(scope, family, terms),
        disputed,
    )


def _meets_any(scope: Scope, families: tuple[Family, ...]) -> Mask:
    """Say which nodes lie below a root of these families, or are one."""
    met = releases_met(replace(scope, families=families), scope.edges).only()
    return met != -1 if met.size else np.zeros(scope.nodes, np.bool_)


def _below_bases(scope: Scope, family: Family, terms: LicenseTerms) -> Mask:
    rules = (one.rules.get(ClauseName.EU_MULTIMODAL) for one in terms.terms)
    bases = {base for rule in rules if rule is not None for base in rule.bases}
    copies = [mirror for base in bases for mirror in family.mirrors_of(base)]
    seeds = root_nodes(scope, sorted(bases | set(copies)))
    child, parent = free_edges(scope.edges, scope.nodes, root_nodes(scope, family.roots()))
    mask: Mask = reach.labels_from(child, parent, scope.nodes, [seeds]) != 0
    return mask
