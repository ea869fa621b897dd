"""All that is told of how a family grew, from one snapshot."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from lineage.analysis.comparison import LEAST_DOWNLOADS
from lineage.analysis.groups import MIXED, UNKNOWN
from lineage.analysis.licenses.declared import knowledge_of
from lineage.analysis.members import Members, members_below, relation_of
from lineage.analysis.releases import Releases, releases_met
from lineage.analysis.scope import Scope
from lineage.analysis.subjects import root_nodes
from lineage.analysis.trends import moments as times
from lineage.analysis.trends.as_of import Day
from lineage.analysis.trends.findings import LicenseMix, Part, TrendFindings
from lineage.analysis.trends.license_mix import license_mix
from lineage.analysis.trends.moments import Calendar
from lineage.analysis.trends.on_dates import CLAIM, Asked, on_dates
from lineage.analysis.trends.rivals import rivals
from lineage.analysis.trends.sides import Groups, sides_of
from lineage.analysis.trends.survival import survival
from lineage.analysis.trends.variants import Ways
from lineage.domain.anomalies import Bounds
from lineage.domain.arrays import Int64s, Mask, Nodes
from lineage.domain.claims import RELATIONS
from lineage.domain.definitions import Definition
from lineage.domain.families import Family
from lineage.graph import reach
from lineage.store.reader import Snapshot

_CHILDREN = ((0, "0"), (1, "1"), (2, "2-9"), (10, "10-99"), (100, "100-999"), (1000, "1000+"))
"""From how many children on a model falls into a class."""


@dataclass(frozen=True, slots=True)
class _Family:
    """A family in a snapshot: who counts, and what each question needs of everyone."""

    scope: Scope
    roots: Nodes
    members: Members
    counted: Mask
    """Models with a record, as in every column here."""
    shown: Mask
    """The counted, and the undated that may have been there on the day that is asked about."""
    day: Day
    moments: Int64s
    met: Releases


def find_trends(
    snapshot: Snapshot,
    family: Family,
    definition: Definition,
    families: Sequence[Family],
    *,
    claim: int = CLAIM,
    bounds: Bounds | None = None,
) -> TrendFindings:
    """Count a family, mirrors and curated edges joined, by time, and since when beyond a claim."""
    full = replace(definition, mirrors=True, curated=True)
    asked = _asked(snapshot, full, family, families)
    bounds, least = bounds or Bounds(), max(LEAST_DOWNLOADS, definition.min_downloads)
    groups = _groups(asked, family)
    ways, own, whole = _ways(asked, groups, bounds, least)
    days = Asked(definition.as_of, claim, asked.moments, ways.author, least)
    mix = license_mix(snapshot, asked.shown, own, groups.releases)
    return TrendFindings(
        snapshot=snapshot.id,
        family=family,
        definition=full,
        models=int(asked.counted.sum()),
        undated=int((asked.moments[asked.shown] == times.UNDATED).sum()),
        undated_count=asked.counted is asked.shown,
        knowledge=knowledge_of(snapshot),
        sides=sides_of(groups, ways, own, whole),
        variants=own.timeline(ways.columns(asked.shown)),
        by_release_in_variants=ways.numbers(_surely(asked, groups.releases)),
        rivals_in_variants=ways.numbers(_surely(asked, groups.rivals)),
        generations=_generations(asked),
        children=_children(asked),
        licenses=_licenses(asked, mix),
        license_mix=mix,
        dates=on_dates(asked.scope, family, days),
        survival=survival(snapshot, family, families, full),
        bounds=bounds,
        least_downloads=least,
    )


def _asked(
    snapshot: Snapshot, full: Definition, family: Family, families: Sequence[Family]
) -> _Family:
    moments = times.created(snapshot)
    day = Day.of(snapshot, full, moments)
    scope = Scope.of(snapshot, day.definition, families)
    roots = root_nodes(scope, family.roots())
    members = members_below(scope, roots)
    shown = members.counted[: len(moments)] & day.may
    counted = shown if day.surely is day.may else shown & day.surely
    met = releases_met(scope, scope.edges)
    return _Family(scope, roots, members, counted, shown, day, moments, met)


def _ways(
    asked: _Family, groups: Groups, bounds: Bounds, least: int
) -> tuple[Ways, Calendar, Calendar]:
    """Return the ways of counting, the months of the family and those of all families."""
    everyone = np.any([asked.shown, *(mask for _, mask in groups.rivals)], axis=0)
    ways = Ways.of(asked.scope, everyone, asked.moments, bounds, least)
    own = Calendar.of(asked.moments, times.span_of(asked.moments[asked.shown]))
    return ways, own, Calendar.of(asked.moments, times.span_of(asked.moments[everyone]))


def _groups(asked: _Family, family: Family) -> Groups:
    code = asked.met.only()[: len(asked.counted)]
    position = asked.met.releases.index
    return Groups(
        counted=asked.shown,
        releases=_by_release(asked, code),
        relations=_by_relation(asked),
        rivals=[
            (key, which & asked.day.may) for key, which in rivals(asked.scope, asked.met, len(code))
        ],
        own=[(one, (code == position(one)) & asked.shown) for one in family.releases],
    )


def _by_release(asked: _Family, code: Nodes) -> list[tuple[str, Mask]]:
    names = [*(release.name for release in asked.met.releases), MIXED, UNKNOWN]
    # NONE and SEVERAL count from the end.
    return times.labels(np.where(asked.shown, code % len(names), -1), names)


def _by_relation(asked: _Family) -> list[tuple[str, Mask]]:
    relation = relation_of(asked.members.edges, asked.members.nodes)[: len(asked.counted)]
    names = [one.value for one in RELATIONS]
    return times.labels(np.where(asked.shown, relation, -1), names)


def _surely(asked: _Family, groups: Sequence[tuple[str, Mask]]) -> Sequence[tuple[str, Mask]]:
    """Return groups without the undated that nobody had seen on the day that is asked about."""
    if asked.counted is asked.shown:
        return groups
    return [(key, which & asked.day.surely) for key, which in groups]


def _licenses(asked: _Family, mix: LicenseMix) -> list[Part]:
    with_undated = asked.counted is asked.shown
    numbers = [
        Part(line.key, sum(line.values) + with_undated * line.undated)
        for line in mix.by_month.lines
    ]
    return [part for part in numbers if part.models]


def _generations(asked: _Family) -> list[Part]:
    edges = asked.members.edges
    depth = reach.generations(edges.child, edges.parent, asked.scope.nodes, asked.roots)
    numbers = np.bincount(depth[: len(asked.counted)][asked.counted]).tolist()
    return [Part(str(at), number) for at, number in enumerate(numbers) if at]


def _children(asked: _Family) -> list[Part]:
    edges, nodes = asked.members.edges, asked.scope.nodes
    everyone = np.zeros(nodes, np.bool_)
    everyone[: len(asked.counted)] = asked.counted
    kind = np.where(everyone, 0, -1).astype(np.int8)
    direct = reach.count_direct(edges.child, edges.parent, nodes, kind, 1)[:, 0][everyone]
    starts = [start for start, _ in _CHILDREN]
    classes = Counter((np.searchsorted(starts, direct, side="right") - 1).tolist())
    return [Part(name, classes[at]) for at, (_, name) in enumerate(_CHILDREN)]
