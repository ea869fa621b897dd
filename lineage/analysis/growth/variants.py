"""The same models by four definitions: all, first of each author, without bursts, with downloads.

Every series of a trend report comes in each of them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import pyarrow.compute as pc

from lineage.analysis.growth.periods import DAY, UNDATED, Calendar, day_number_of_growth
from lineage.analysis.growth.results import (
    GrowthSeries,
    SinceRelease,
    Timeline,
    VariantCounts,
    VariantSeries,
)
from lineage.analysis.members import find_countable
from lineage.analysis.scope import Scope
from lineage.domain.anomalies import Bounds
from lineage.domain.arrays import Indices, Int64s, Mask, Nodes
from lineage.domain.families import Release
from lineage.graph.anomalies import find_sibling_bursts_in_graph
from lineage.store.reader import Snapshot

# A number alone invites the reading that suits: half of a family may be one author's quantized
# copies of a week, so no series is reported without its three more careful counts beside it.
VARIANTS = ("all", "authors", "no_bursts", "downloads")
_WEEK = 7

GroupMasks = Sequence[tuple[str, Mask]]
"""The models of each group, an element for each model with a record."""


@dataclass(frozen=True, slots=True)
class TrendGroups:
    """Which models each series of a trend report counts."""

    counted: Mask
    releases: GroupMasks
    relations: GroupMasks
    rivals: GroupMasks
    own_releases: Sequence[tuple[Release, Mask]]
    """The releases of the family itself."""


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

    def all_of(self, which: Mask) -> GroupMasks:
        """Return some models by variant."""
        return tuple((key, self.models_of(key, which)) for key in VARIANTS)

    def models_of(self, key: str, which: Mask) -> Mask:
        """Return some models in one of the four ways; each author's first one stands for all."""
        match key:
            case "authors":
                first = np.zeros(len(which), np.bool_)
                first[which] = first_variant_upload_of_each(self.author[which], self.moments[which])
                return first
            case "no_bursts":
                return which & ~self.in_burst
            case "downloads":
                return which & self.is_used
            case _:
                return which

    def count_groups(self, groups: Iterable[tuple[str, Mask]]) -> list[VariantCounts]:
        """Count each group by variant, dated or not."""
        return [
            VariantCounts(key, *(int(mask.sum()) for _, mask in self.all_of(which)))
            for key, which in groups
        ]


def series_by_variant(
    groups: TrendGroups,
    columns: VariantColumns,
    own: Calendar,
    whole: Calendar,
    end_of_data: datetime,
) -> dict[str, VariantSeries]:
    """Count every series in each way; `whole` holds the months of all families."""
    releases = _variant_timelines(groups.releases, columns, own)
    relations = _variant_timelines(groups.relations, columns, own)
    rivals = _variant_timelines(groups.rivals, columns, whole)
    dated = columns.moments[groups.counted & (columns.moments != UNDATED)]
    last_day = int(dated.max() // DAY) if len(dated) else 0
    # The day on which the data end is not over in them: its models are still being made.
    last_day = min(last_day, day_number_of_growth(end_of_data.date()) - 1)
    return {
        key: VariantSeries(
            releases[key],
            relations[key],
            rivals[key],
            count_since_release(
                [
                    (release, columns.models_of(key, which))
                    for release, which in groups.own_releases
                ],
                columns.moments,
                last_day,
            ),
        )
        for key in VARIANTS
    }


def count_since_release(
    releases: Sequence[tuple[Release, Mask]], moments: Int64s, last_day: int
) -> SinceRelease:
    """Count each release's models by the ends of the weeks after its release day.

    A series ends with `last_day`, in days since 1970: no model of the family is dated later, so
    that the snapshot says nothing of later days. A release without a dated model has none.
    """
    lines, earlier = [], 0
    for release, own in releases:
        created = moments[own]
        age = created[created != UNDATED] // DAY - day_number_of_growth(release.released)
        if not len(age):
            continue
        earlier += int((age < 0).sum())
        weeks = max(last_day - day_number_of_growth(release.released), 0) // _WEEK
        ends = np.arange(weeks + 1) * _WEEK
        values = np.searchsorted(np.sort(age), ends, side="right").tolist()
        lines.append(GrowthSeries(release.name, values, len(created) - len(age)))
    longest = max((len(line.values) for line in lines), default=0)
    return SinceRelease([_WEEK * week for week in range(longest)], lines, earlier)


def first_variant_upload_of_each(codes: Indices, moments: Int64s) -> Mask:
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


def _variant_timelines(
    groups: GroupMasks, columns: VariantColumns, calendar: Calendar
) -> dict[str, Timeline]:
    # Group by group, so that four masks stand in memory at once and not four for each release.
    lines: dict[str, list[GrowthSeries[int]]] = {key: [] for key in VARIANTS}
    for name, which in groups:
        for key, mask in columns.all_of(which):
            lines[key].append(calendar.count_by_month(name, mask))
    return {
        key: Timeline(calendar.months, series, calendar.incomplete) for key, series in lines.items()
    }
