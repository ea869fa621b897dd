"""The same models counted in four ways: a number alone invites the reading that suits."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from lineage.analysis.members import countable
from lineage.analysis.scope import Scope
from lineage.analysis.trends.bursts import in_bursts
from lineage.analysis.trends.findings import Variants
from lineage.analysis.trends.moments import authors, first_of_each
from lineage.domain.anomalies import Bounds
from lineage.domain.arrays import Int64s, Mask, Nodes

VARIANTS = ("all", "authors", "no_bursts", "downloads")


@dataclass(frozen=True, slots=True)
class Ways:
    """What each way of counting needs to know of every model."""

    author: Nodes
    moments: Int64s
    in_burst: Mask
    used: Mask

    @classmethod
    def of(cls, scope: Scope, counted: Mask, moments: Int64s, bounds: Bounds, least: int) -> "Ways":
        """Look at all models of which some will be asked for."""
        author = authors(scope.snapshot)
        wanted = replace(scope, definition=replace(scope.definition, min_downloads=least))
        return cls(
            author,
            moments,
            in_bursts(scope.edges, counted, author, moments, bounds),
            countable(wanted)[: len(moments)],
        )

    def columns(self, which: Mask) -> tuple[tuple[str, Mask], ...]:
        """Return some models by variant: of each author the first one stands for all."""
        return tuple((key, self.column(key, which)) for key in VARIANTS)

    def column(self, key: str, which: Mask) -> Mask:
        """Return some models in one of the four ways."""
        match key:
            case "authors":
                first = np.zeros(len(which), np.bool_)
                first[which] = first_of_each(self.author[which], self.moments[which])
                return first
            case "no_bursts":
                return which & ~self.in_burst
            case "downloads":
                return which & self.used
            case _:
                return which

    def numbers(self, groups: Iterable[tuple[str, Mask]]) -> list[Variants]:
        """Count each group by variant, dated or not."""
        return [
            Variants(key, *(int(mask.sum()) for _, mask in self.columns(which)))
            for key, which in groups
        ]
