"""Everything about how a family grew, from one snapshot, by the models' dates of creation."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.comparison import LEAST_DOWNLOADS
from lineage.analysis.groups import MIXED, Releases, find_releases
from lineage.analysis.growth.dates import CLAIM, DateQuestion, count_deletions, count_on_dates
from lineage.analysis.growth.periods import (
    UNDATED,
    Calendar,
    DayLimit,
    month_span,
    read_growth_creation_dates,
)
from lineage.analysis.growth.results import (
    GroupSize,
    GrowthSeries,
    LicenseMix,
    ReleaseLicenses,
    Timeline,
    TrendFindings,
)
from lineage.analysis.growth.variants import (
    GroupMasks,
    TrendGroups,
    VariantColumns,
    series_by_variant,
)
from lineage.analysis.licenses.statements import license_knowledge_of
from lineage.analysis.members import Members, members_below, relation_of
from lineage.analysis.scope import Scope
from lineage.analysis.subjects import ResolvedSubject, count_opted_out
from lineage.domain.anomalies import Bounds
from lineage.domain.arrays import Indices, Int64s, Mask, Nodes
from lineage.domain.claims import RELATIONS
from lineage.domain.clock import end_of_data
from lineage.domain.families import Family
from lineage.graph import reach
from lineage.store.reader import Snapshot

_CHILDREN = ((0, "0"), (1, "1"), (2, "2-9"), (10, "10-99"), (100, "100-999"), (1000, "1000+"))
"""From how many children on a model falls into a class."""


@dataclass(frozen=True, slots=True)
class _FamilyColumns:
    """A family in a snapshot: its members, and what each question needs of every record."""

    scope: Scope
    roots: Nodes
    members: Members
    counted: Mask
    """Models with a record, as in every column here."""
    possible: Mask
    """The counted, and the undated that may have existed on the day of the question."""
    limit: DayLimit
    moments: Int64s
    releases: Releases

    @property
    def counts_undated(self) -> bool:
        """Whether every undated member is counted, as of a snapshot's own day."""
        return self.counted is self.possible


def find_trends(
    scope: Scope, family: Family, *, claim: int = CLAIM, bounds: Bounds | None = None
) -> TrendFindings:
    """Count a family, mirrors and curated edges joined, by time, and since when beyond a claim."""
    snapshot, definition = scope.snapshot, scope.definition
    full = replace(definition, mirrors=True, curated=True)
    columns = _read_family_trend(scope.under(full), family)
    groups = _group_models_by_month(columns, family)

    # The calendar of rivals spans all families, the family's own charts their own months.
    every = np.any([columns.possible, *(mask for _, mask in groups.rivals)], axis=0)
    bounds, least = bounds or Bounds(), max(LEAST_DOWNLOADS, definition.min_downloads)
    variants = VariantColumns.of(columns.scope, every, columns.moments, bounds, least)
    end = end_of_data(snapshot.manifest.origin.taken_at, definition.as_of)
    own = Calendar.of(columns.moments, month_span(columns.moments[columns.possible]), end)
    # Rivals are compared month by month, so that all of them need the same months.
    whole = Calendar.of(columns.moments, month_span(columns.moments[every]), end)

    mix = _trend_license_mix(snapshot, columns.possible, own, groups.releases)
    question = DateQuestion(definition.as_of, claim, columns.moments, variants.author, least)
    return TrendFindings(
        snapshot=snapshot.id,
        family=family,
        definition=full,
        models=int(columns.counted.sum()),
        undated=int((columns.moments[columns.possible] == UNDATED).sum()),
        undated_count=columns.counts_undated,
        knowledge=license_knowledge_of(snapshot),
        by_variant=series_by_variant(groups, variants, own, whole, end),
        variants=own.timeline_of(variants.all_of(columns.possible)),
        by_release_in_variants=variants.count_groups(
            _cut_undated_members(columns, groups.releases)
        ),
        rivals_in_variants=variants.count_groups(_cut_undated_members(columns, groups.rivals)),
        generations=_count_generations(columns),
        children=_count_children(columns),
        licenses=_count_licenses(columns, mix),
        license_mix=mix,
        dates=count_on_dates(columns.scope, family, question),
        deletions=count_deletions(columns.scope, family, full),
        bounds=bounds,
        least_downloads=least,
        opted_out=count_opted_out(
            scope.under(full),
            ResolvedSubject(f"family:{family.id}", family=family),
            int(columns.possible.sum()),
        ),
    )


def _read_family_trend(scope: Scope, family: Family) -> _FamilyColumns:
    moments = read_growth_creation_dates(scope.snapshot)
    limit = DayLimit.of(scope)
    scope = scope.under(limit.definition)
    roots = scope.tops_of(family)
    members = members_below(scope, roots)
    possible = members.counted[: len(moments)] & limit.possibly
    counted = possible if limit.surely is limit.possibly else possible & limit.surely
    releases = find_releases(scope, scope.edges)
    return _FamilyColumns(scope, roots, members, counted, possible, limit, moments, releases)


def _group_models_by_month(columns: _FamilyColumns, family: Family) -> TrendGroups:
    """Divide the members by release and relation, and everybody else's by family."""
    possible, releases = columns.possible, columns.releases
    code = releases.place_by_node()[: len(possible)]
    relation = relation_of(columns.members.edges, columns.members.nodes)[: len(possible)]
    relation_names = [relation.value for relation in RELATIONS]
    return TrendGroups(
        counted=possible,
        releases=_label_of_trend(np.where(possible, code, -1), releases.names()),
        relations=_label_of_trend(np.where(possible, relation, -1), relation_names),
        rivals=[
            (key, which & columns.limit.possibly)
            for key, which in _models_by_family(columns.scope, releases, len(code))
        ],
        own_releases=[
            (release, (code == releases.releases.index(release)) & possible)
            for release in family.releases
        ],
    )


def _label_of_trend(codes: Indices, names: Sequence[str]) -> GroupMasks:
    """Return a column for each name that some code stands for."""
    return [(name, codes == place) for place, name in enumerate(names) if (codes == place).any()]


def _models_by_family(scope: Scope, releases: Releases, records: int) -> GroupMasks:
    """Return the models of each family that has any; those that meet two are in `mixed` alone."""
    # Official repositories and mirrors of any family are roots here and count nowhere: a family
    # that is built on another must not count as its derivatives.
    roots = np.unique(np.concatenate([np.empty(0, np.int32), *releases.roots])).astype(np.int32)
    counted = members_below(scope, roots).counted[:records]
    below = {family.id: np.zeros(records, np.bool_) for family in scope.families}
    owner = [family.id for family in scope.families for _ in family.releases]
    for family, release in zip(owner, releases.releases, strict=True):
        below[family] |= releases.mark_release(release)[:records] & counted
    families_met = np.zeros(records, np.int8)
    for mask in below.values():
        families_met += mask
    single = [(family, mask & (families_met == 1)) for family, mask in below.items()]
    return [(key, mask) for key, mask in [*single, (MIXED, families_met > 1)] if mask.any()]


def _cut_undated_members(columns: _FamilyColumns, groups: GroupMasks) -> GroupMasks:
    """Return groups without the undated that no snapshot held on the day of the question."""
    if columns.counts_undated:
        return groups
    return [(key, which & columns.limit.surely) for key, which in groups]


def _trend_license_mix(
    snapshot: Snapshot, counted: Mask, calendar: Calendar, releases: GroupMasks
) -> LicenseMix:
    """Count known tags by month and by release; every mask has an element for each record."""
    encoded = snapshot.record_column("license").combine_chunks().dictionary_encode()
    words: list[str] = encoded.dictionary.to_pylist()
    filled = pc.fill_null(encoded.indices.cast(pa.int64()), len(words))
    code: Int64s = filled.to_numpy(zero_copy_only=False)
    numbers = np.bincount(code[counted], minlength=len(words) + 1).tolist()
    places = (place for place in range(len(words)) if numbers[place])
    order = sorted(places, key=lambda place: (-numbers[place], words[place]))
    tags = [words[place] for place in order]
    position = np.full(len(words) + 1, len(order), np.int64)
    position[order] = np.arange(len(order))
    code = position[code]

    # One row more for models without a known tag, one column more for those without a known date.
    shape = len(tags) + 1, len(calendar.span) + 1
    month = np.where(calendar.month < 0, shape[1] - 1, calendar.month)[counted]
    table = np.bincount(code[counted] * shape[1] + month, minlength=shape[0] * shape[1])
    lines = [
        GrowthSeries(tag, row[:-1], row[-1])
        for tag, row in zip([*tags, ""], table.reshape(shape).tolist(), strict=True)
    ]
    by_release = []
    for name, which in releases:
        row = np.bincount(code[which & counted], minlength=shape[0]).tolist()
        by_release.append(ReleaseLicenses(name, row[:-1], row[-1]))
    timeline = Timeline(calendar.months, lines[:-1], calendar.incomplete)
    return LicenseMix(tags, timeline, lines[-1], by_release)


def _count_licenses(columns: _FamilyColumns, mix: LicenseMix) -> list[GroupSize]:
    sizes = [
        GroupSize(line.key, sum(line.values) + columns.counts_undated * line.undated)
        for line in mix.by_month.lines
    ]
    return [size for size in sizes if size.models]


def _count_generations(columns: _FamilyColumns) -> list[GroupSize]:
    edges, counted = columns.members.edges, columns.counted
    depth = reach.count_generations(edges.child, edges.parent, columns.scope.nodes, columns.roots)
    numbers = np.bincount(depth[: len(counted)][counted]).tolist()
    return [GroupSize(str(depth), number) for depth, number in enumerate(numbers) if depth]


def _count_children(columns: _FamilyColumns) -> list[GroupSize]:
    edges, nodes = columns.members.edges, columns.scope.nodes
    is_member = np.zeros(nodes, np.bool_)
    is_member[: len(columns.counted)] = columns.counted
    kind = np.where(is_member, 0, -1).astype(np.int8)
    children = reach.count_direct_below(edges.child, edges.parent, nodes, kind, 1)[:, 0][is_member]
    starts = [start for start, _ in _CHILDREN]
    classes = Counter((np.searchsorted(starts, children, side="right") - 1).tolist())
    return [GroupSize(name, classes[place]) for place, (_, name) in enumerate(_CHILDREN)]
