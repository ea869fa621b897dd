"""What changed between two snapshots: models, edges, families, bases."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.diff.matching import NO_OPT_OUTS, Named, matched
from lineage.analysis.growth.subjects import count_families
from lineage.domain.arrays import Int64s, Positions
from lineage.domain.availability import Availability
from lineage.domain.documents import NAME
from lineage.domain.families import Family
from lineage.graph.sorted_sets import distinct, is_member, pack_pairs
from lineage.store import schema
from lineage.store.availability import standings_among
from lineage.store.reader import Snapshot

MOST_BASES = 10
"""So many bases are told that gained most, and as many that lost most."""


@dataclass(frozen=True, slots=True)
class Rename:
    """A model that has another name now."""

    before: str = field(metadata={NAME: "from"})
    now: str = field(metadata={NAME: "to"})


@dataclass(frozen=True, slots=True)
class Change:
    """One number in both snapshots; 0 where a snapshot knows nothing of it."""

    name: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class FamilyChange:
    """The total of a family in both snapshots, and of each part of it that either has."""

    family: str
    before: int
    after: int
    releases: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Diff:
    """What one snapshot has that the other has not."""

    before: str
    """Id of the snapshot compared from."""
    after: str
    added: tuple[str, ...]
    """Ids of models that only the later one lists, sorted."""
    removed: tuple[str, ...]
    renamed: tuple[Rename, ...]
    edges_added: int
    edges_removed: int
    """Pairs of child and parent; a rename changes none."""
    families: tuple[FamilyChange, ...]
    """Mirrors and curated edges included, as `count llama` counts."""
    bases_gained: tuple[Change, ...]
    """Bases with more descendants than before, by the definition of stored counts; most first."""
    bases_lost: tuple[Change, ...]
    standings: Mapping[str, Availability] = field(default_factory=dict)
    """What the Hub said of the removed, by their ids; who was not asked about is left out."""


def diff_snapshots(before: Snapshot, after: Snapshot, families: Sequence[Family]) -> Diff:
    """Compare two snapshots by key; the families are laid over both."""
    old, new = Named.of(before), Named.of(after)
    now = matched(old, new)
    was_listed, is_listed = old.are_listed(), new.are_listed()
    stayed = np.flatnonzero(was_listed & (now != NO_OPT_OUTS) & is_listed[now])
    appeared, vanished = is_listed.copy(), was_listed.copy()
    appeared[now[stayed]] = False
    vanished[stayed] = False
    added, removed = _edge_changes(before, after, now, len(new.keys))
    gained, lost = _base_changes(before, after, old, new, now)
    return Diff(
        before=before.id,
        after=after.id,
        added=_names(new, np.flatnonzero(appeared)),
        removed=_names(old, np.flatnonzero(vanished)),
        renamed=_renames(old, new, stayed, now[stayed]),
        edges_added=added,
        edges_removed=removed,
        families=tuple(_family_changes(before, after, families)),
        bases_gained=gained,
        bases_lost=lost,
        standings=_standings(old, np.flatnonzero(vanished), after),
    )


def _names(nodes: Named, rows: Positions) -> tuple[str, ...]:
    return tuple(sorted(nodes.ids.take(pa.array(rows)).to_pylist()))


def _standings(old: Named, rows: Positions, after: Snapshot) -> dict[str, Availability]:
    keys, ids = (names.take(pa.array(rows)).to_pylist() for names in (old.keys, old.ids))
    said = standings_among(after, keys) if keys else {}
    return {id: said[key] for id, key in sorted(zip(ids, keys, strict=True)) if key in said}


def _renames(old: Named, new: Named, was: Int64s, now: Int64s) -> tuple[Rename, ...]:
    before, after = old.ids.take(pa.array(was)), new.ids.take(pa.array(now))
    differ = pc.not_equal(before, after)
    names = zip(before.filter(differ).to_pylist(), after.filter(differ).to_pylist(), strict=True)
    return tuple(Rename(*pair) for pair in sorted(names))


def _edge_changes(before: Snapshot, after: Snapshot, now: Int64s, nodes: int) -> tuple[int, int]:
    """Count the edges that appeared and that vanished."""
    # Who is nowhere in the later snapshot gets a number that nobody has there.
    place = np.where(now == NO_OPT_OUTS, nodes + np.arange(len(now)), now)
    old, new = before.edges(), after.edges()
    was = distinct(pack_pairs(place[old.child], place[old.parent]))
    has = distinct(pack_pairs(new.child, new.parent))
    both = int(is_member(was, has).sum())
    return len(has) - both, len(was) - both


def _family_changes(
    before: Snapshot, after: Snapshot, families: Sequence[Family]
) -> Iterator[FamilyChange]:
    was, has = count_families(before, families), count_families(after, families)
    for id, now in has.items():
        then = was[id]
        names = {**now.releases, **then.releases}
        releases = tuple(
            Change(name, then.releases.get(name, 0), now.releases.get(name, 0)) for name in names
        )
        yield FamilyChange(id, then.total, now.total, releases)


def _base_changes(
    before: Snapshot, after: Snapshot, old: Named, new: Named, now: Int64s
) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    """Return the bases that gained most, and those that lost most."""
    was, has = _totals(before, len(old.keys)), _totals(after, len(new.keys))
    then = np.zeros(len(new.keys), np.int64)
    kept = now != NO_OPT_OUTS
    then[now[kept]] = was[kept]
    gone = np.flatnonzero(~kept & (was > 0))
    ids = pa.concat_arrays([new.ids, old.ids.take(pa.array(gone))])
    then, today = np.append(then, was[gone]), np.append(has, np.zeros(len(gone), np.int64))
    order = np.argsort(then - today, kind="stable")
    gained = [at for at in order[:MOST_BASES] if today[at] > then[at]]
    lost = [at for at in order[::-1][:MOST_BASES] if today[at] < then[at]]

    def told(bases: Sequence[np.int64]) -> tuple[Change, ...]:
        return tuple(Change(ids[int(at)].as_py(), int(then[at]), int(today[at])) for at in bases)

    return told(gained), told(lost)


def _totals(snapshot: Snapshot, nodes: int) -> Int64s:
    table = snapshot.table(schema.COUNTS_FILE, ["node", "total"])
    totals = np.zeros(nodes, np.int64)
    totals[table["node"].to_numpy()] = table["total"].to_numpy()
    return totals
