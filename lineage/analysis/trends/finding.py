"""All that is told of how a family grew, from one snapshot."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.ground import Ground, Nodes
from lineage.analysis.groups import MIXED, UNKNOWN
from lineage.analysis.ladders import LEAST_DOWNLOADS
from lineage.analysis.members import Members, members_below, relation_of
from lineage.analysis.releases import Releases, releases_met
from lineage.analysis.scope import root_nodes
from lineage.analysis.trends import moments as times
from lineage.analysis.trends.findings import Part, Timeline, TrendFindings
from lineage.analysis.trends.moments import Int64s, Mask
from lineage.analysis.trends.on_dates import on_dates
from lineage.analysis.trends.rivals import rivals
from lineage.analysis.trends.since_release import since_release
from lineage.analysis.trends.survival import survival
from lineage.analysis.trends.variants import Ways
from lineage.domain.addresses import is_loopback
from lineage.domain.anomalies import Bounds
from lineage.domain.definitions import Definition
from lineage.domain.evidence import Relation
from lineage.domain.families import Family
from lineage.graph import reach
from lineage.store.snapshot import Snapshot

_CHILDREN = ((0, "0"), (1, "1"), (2, "2-9"), (10, "10-99"), (100, "100-999"), (1000, "1000+"))
"""From how many children on a model falls into a class."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A family in a snapshot: who counts, and what each question needs of everyone."""

    ground: Ground
    roots: Nodes
    members: Members
    counted: Mask
    """Models with a record, as in every column here."""
    moments: Int64s
    span: Int64s
    met: Releases


def find_trends(
    snapshot: Snapshot,
    family: Family,
    definition: Definition,
    families: Sequence[Family],
    bounds: Bounds | None = None,
) -> TrendFindings:
    """Count a family by time in every variant; mirrors and curated edges join, as always."""
    full = replace(definition, mirrors=True, curated=True)
    asked = _asked(Ground.of(snapshot, full, families), family)
    code = asked.met.only()[: len(asked.counted)]
    position = [asked.met.releases.index(release) for release in family.releases]
    own = _renumbered(code, position, asked.counted)
    bounds, least = bounds or Bounds(), max(LEAST_DOWNLOADS, definition.min_downloads)
    releases = _by_release(asked, code)
    rivaling = rivals(asked.ground, asked.met, len(code))
    everyone = np.any([asked.counted, *(mask for _, mask in rivaling)], axis=0)
    ways = Ways.of(asked.ground, everyone, asked.moments, bounds, least)
    return TrendFindings(
        snapshot=snapshot.id,
        family=family,
        definition=full,
        models=int(asked.counted.sum()),
        undated=int((asked.moments[asked.counted] == times.UNDATED).sum()),
        is_local=is_loopback(snapshot.manifest.origin.endpoint),
        by_release=times.timeline(asked.moments, releases, asked.span),
        by_relation=_by_relation(asked),
        variants=times.timeline(asked.moments, ways.columns(asked.counted), asked.span),
        rivals=times.timeline(asked.moments, rivaling, times.span_of(asked.moments[everyone])),
        by_release_in_variants=ways.numbers(releases),
        rivals_in_variants=ways.numbers(rivaling),
        since_release=since_release(family.releases, own, asked.moments),
        generations=_generations(asked),
        children=_children(asked),
        licenses=_licenses(asked),
        dates=on_dates(snapshot, family, families, asked.moments, least),
        survival=survival(snapshot, family, families, full),
        bounds=bounds,
        least_downloads=least,
    )


def _asked(ground: Ground, family: Family) -> _Asked:
    roots = root_nodes(ground, family.roots())
    members = members_below(ground, roots)
    moments = times.created(ground.snapshot)
    counted = members.counted[: len(moments)]
    span = times.span_of(moments[counted])
    return _Asked(
        ground, roots, members, counted, moments, span, releases_met(ground, ground.edges)
    )


def _renumbered(
    code: npt.NDArray[np.int32], position: Sequence[int], counted: Mask
) -> npt.NDArray[np.int32]:
    """Return each counted model's release as its place in the family, -1 for any other."""
    own = np.full(len(code), -1, np.int32)
    for place, at in enumerate(position):
        own[(code == at) & counted] = place
    return own


def _by_release(asked: _Asked, code: npt.NDArray[np.int32]) -> list[tuple[str, Mask]]:
    names = [*(release.name for release in asked.met.releases), MIXED, UNKNOWN]
    # NONE and SEVERAL count from the end.
    return times.labels(np.where(asked.counted, code % len(names), -1), names)


def _by_relation(asked: _Asked) -> Timeline:
    relation = relation_of(asked.members.edges, asked.members.nodes)[: len(asked.counted)]
    names = [one.value for one in Relation]
    codes = np.where(asked.counted, relation, -1)
    return times.timeline(asked.moments, times.labels(codes, names), asked.span)


def _generations(asked: _Asked) -> list[Part]:
    edges = asked.members.edges
    depth = reach.generations(edges.child, edges.parent, asked.ground.nodes, asked.roots)
    numbers = np.bincount(depth[: len(asked.counted)][asked.counted]).tolist()
    return [Part(str(at), number) for at, number in enumerate(numbers) if at]


def _children(asked: _Asked) -> list[Part]:
    edges, nodes = asked.members.edges, asked.ground.nodes
    everyone = np.zeros(nodes, np.bool_)
    everyone[: len(asked.counted)] = asked.counted
    kind = np.where(everyone, 0, -1).astype(np.int8)
    direct = reach.count_direct(edges.child, edges.parent, nodes, kind, 1)[:, 0][everyone]
    starts = [start for start, _ in _CHILDREN]
    classes = Counter((np.searchsorted(starts, direct, side="right") - 1).tolist())
    return [Part(name, classes[at]) for at, (_, name) in enumerate(_CHILDREN)]


def _licenses(asked: _Asked) -> list[Part]:
    tags = asked.ground.snapshot.record_column("license").combine_chunks()
    known = pc.drop_null(tags.filter(pa.array(asked.counted)))
    found = [Part(row["values"], row["counts"]) for row in pc.value_counts(known).to_pylist()]
    return sorted(found, key=lambda part: (-part.models, part.key))
