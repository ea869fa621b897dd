"""The same models in four ways: all, first of each author, without bursts, with downloads."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow.compute as pc

from lineage.analysis.growth.periods import DAY, UNDATED
from lineage.analysis.members import find_countable
from lineage.analysis.scope import Scope
from lineage.domain.anomalies import Bounds
from lineage.domain.arrays import Indices, Int64s, Mask, Nodes
from lineage.graph.anomalies import find_sibling_bursts_in_graph
from lineage.store.reader import Snapshot

# A number alone invites the reading that suits: half of a family may be one author's quantized
# copies of a week, so no series is reported without its three more careful counts beside it.
VARIANTS = ("all", "authors", "no_bursts", "downloads")


@dataclass(frozen=True, slots=True)
class VariantColumns:
    """What each way of counting needs of every model."""

    author: Nodes
    moments: Int64s
    in_burst: Mask
    is_used: Mask

    @classmethod
    def of(
        cls, scope: Scope, counted: Mask, moments: Int64s, bounds: Bounds, least_downloads: int
    ) -> "VariantColumns":
        """Read the columns; `counted` are all models of which some will be counted."""
        author = read_variant_authors(scope.snapshot)
        definition = replace(scope.definition, min_downloads=least_downloads)
        return cls(
            author,
            moments,
            _mark_variant_bursts(scope, counted, author, moments, bounds),
            find_countable(scope.under(definition)).possibly[: len(moments)],
        )

    def all_of(self, which: Mask) -> Sequence[tuple[str, Mask]]:
        """Return some models by variant, an element for each model with a record."""
        return tuple((key, self.models_of(key, which)) for key in VARIANTS)

    def models_of(self, key: str, which: Mask) -> Mask:
        """Return some models in one of the four ways; each author's first one stands for all."""
        match key:
            case "authors":
                first = np.zeros(len(which), np.bool_)
                first[which] = mark_first_variant_of_each_author(
                    self.author[which], self.moments[which]
                )
                return first
            case "no_bursts":
                return which & ~self.in_burst
            case "downloads":
                return which & self.is_used
            case _:
                return which


def mark_first_variant_of_each_author(codes: Indices, moments: Int64s) -> Mask:
    """Mark the first dated model of each author, or one undated where none of theirs is dated.

    A code below 0 is no author.
    """
    created = np.where(moments == UNDATED, np.iinfo(np.int64).max, moments)
    # The row breaks ties, so that the same snapshot always picks the same model of an author.
    order = np.lexsort((np.arange(len(codes)), created, codes))
    ordered = codes[order]
    is_first = np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)] & (ordered >= 0)
    mask = np.zeros(len(codes), np.bool_)
    mask[order[is_first]] = True
    return mask


def read_variant_authors(snapshot: Snapshot) -> Nodes:
    """Return a number for each model's author, -1 where none is named."""
    names = snapshot.record_column("author").combine_chunks().dictionary_encode()
    codes: Nodes = pc.fill_null(names.indices, -1).to_numpy(zero_copy_only=False)
    return codes


def _mark_variant_bursts(
    scope: Scope, counted: Mask, author: Indices, moments: Int64s, bounds: Bounds
) -> Mask:
    """Mark counted models of a burst, by the rule of the anomaly `upload_burst`."""
    edges = scope.edges
    has_record = edges.child < len(counted)
    child, parent = edges.child[has_record], edges.parent[has_record]
    rows = counted[child] & (author[child] >= 0) & (moments[child] != UNDATED) & (child != parent)
    child, parent = child[rows], parent[rows]
    bursts = find_sibling_bursts_in_graph(
        child,
        parent,
        author[child],
        moments[child],
        least=bounds.burst_models,
        within=bounds.burst_days * DAY,
    )
    mask = np.zeros(len(counted), np.bool_)
    for start, stop in bursts.ranges:
        mask[bursts.child[start:stop]] = True
    return mask
