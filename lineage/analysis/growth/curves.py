"""The curve of a family or base over the history: one look-up a snapshot, never a crawl."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.counts import count_subject
from lineage.analysis.groups import MIXED, UNKNOWN
from lineage.analysis.growth.results import NOTHING, Curve, GrowthSeries, Moment, Point
from lineage.analysis.growth.stored import (
    FULL,
    CurveSlice,
    count_growth_trends_in_scope,
    is_same_trend_node,
    read_trends,
    registry_digest_for_trends,
    registry_digest_of_trends,
    trend_slice_of_base,
    trend_slice_of_family,
)
from lineage.analysis.scope import DEFAULT, Scope
from lineage.analysis.subjects import find_subject, find_subject_model
from lineage.domain.clock import end_of_month_utc
from lineage.domain.definitions import Definition, Grouping
from lineage.domain.families import Family
from lineage.domain.opt_outs import count_opt_out_marks
from lineage.errors import SnapshotDamaged
from lineage.store import schema
from lineage.store.reader import BaseRow, Snapshot
from lineage.store.store import ParquetStore

Say = Callable[[str], None]
ENDLESS = datetime.max.replace(tzinfo=UTC)
CurveAnswer = tuple[CurveSlice, bool]
"""A part of a curve, and whether it was stored."""


def curve_of_family(
    store: ParquetStore,
    family: Family,
    families: Sequence[Family],
    by: Grouping | None = None,
    *,
    as_stored: bool = False,
    say: Say = lambda _: None,
) -> Curve:
    """Return a family in every snapshot, all counted by today's registry.

    Where another registry counted, or nothing was stored, the snapshot is counted now; with
    `as_stored` what another one counted is taken as it is. `say` is called for each snapshot that
    is counted, or left out because it is damaged. `by` is RELEASE, MONTH or nothing.
    """
    # One registry for the whole curve: a root added today would else look like growth on the day
    # that it was added.
    overlay, newest = registry_digest_for_trends(families), store.latest_whole()
    scope = None if newest is None else Scope(newest, families)
    renamed = {} if scope is None else find_renamed_roots_of_curve(store, scope, [family])

    def count_snapshot(snapshot: Snapshot) -> CurveAnswer:
        more = ["name"] if by is Grouping.RELEASE else []
        table, reason = read_trends(snapshot, more), None
        if table is None or not as_stored:
            table, reason = check_stored_trends(snapshot, table, overlay, [family], renamed)
        if table is not None:
            stored = trend_slice_of_family(table, family.id, by)
            if stored is not None:
                return stored, True
            reason = "no curve of it"
        say(f"Snapshot {snapshot.id} holds {reason}: the family is counted in it now.")
        counted = trend_slice_of_family(
            count_growth_trends_in_scope(Scope(snapshot, families)), family.id, by
        )
        return counted or CurveSlice(NOTHING, {}, family.version), False

    moments, slices = count_over_history(store, count_snapshot, say)
    if not moments:
        store.snapshot()  # raises, and says why there is none
    releases = [release.name for each in (family, *families) for release in each.releases]
    name, definition = f"family:{family.id}", replace(FULL, roots=family.root_repo_ids())
    whole, parts = _curve_series_of(family.id, slices, releases)
    parts = _mark_curve_months(parts, moments) if by is Grouping.MONTH else parts
    return Curve(name, name, None, definition, moments, whole, by, parts)


def curve_of_base(
    store: ParquetStore,
    name: str,
    families: Sequence[Family],
    by: Grouping | None = None,
    *,
    say: Say = lambda _: None,
    until: datetime = ENDLESS,
) -> Curve:
    """Return a base in every snapshot, by the default definition; it is followed by its key.

    Official repositories of known families have all numbers stored, other bases their totals.
    `by` is MONTH or nothing; months that were not stored are counted now, and `say` is called.
    Raises UnknownModel where the newest snapshot knows no such name.
    """
    newest = store.snapshot()
    base = find_subject_model(Scope(newest, families), name)
    # While it was not listed it had no key of its own, and only a name leads to its numbers.
    former = newest.former_names()
    names = [base.id, *former.filter(pc.equal(former["key"], base.key))["name"].to_pylist()]

    def count_snapshot(snapshot: Snapshot) -> CurveAnswer:
        table = read_trends(snapshot, ["name", "key"])
        stored = None if table is None else trend_slice_of_base(table, base.key, names, by)
        if stored is not None:
            return stored, True
        row = _count_curve_row(snapshot, base.key, names)
        if row is None:
            return CurveSlice(NOTHING, {}), True
        if by is None:
            by_relation = {relation: n for relation, n in row.by_relation.items() if n}
            return CurveSlice(Point(row.total, by_relation, None, None), {}), True
        say(f"Snapshot {snapshot.id} holds no months of {base.id}: they are counted now.")
        scope = Scope(snapshot, families)
        count = count_subject(scope, find_subject(scope, f"model:{row.id}"), Grouping.MONTH)
        months = {
            group.value: Point(group.total, group.by_relation, None, None) for group in count.groups
        }
        return CurveSlice(Point(count.total, count.by_relation, None, None), months), False

    moments, slices = count_over_history(store, count_snapshot, say, until)
    if not moments:
        store.snapshot()  # raises, and says why there is none
    whole, parts = _curve_series_of(base.id, slices, ())
    parts = _mark_curve_months(parts, moments) if by is Grouping.MONTH else parts
    definition = Definition(roots=(base.id,))
    return Curve(name, base.id, base.key, definition, moments, whole, by, parts)


def check_stored_trends(
    snapshot: Snapshot,
    table: pa.Table | None,
    overlay: str,
    families: Sequence[Family],
    renamed: Mapping[str, str],
) -> tuple[pa.Table | None, str | None]:
    """Return a stored table that today's registry would count alike, else None and the reason."""
    if table is None:
        return None, "no curves"
    if registry_digest_of_trends(table) != overlay:
        return None, "curves that another registry counted"
    if _is_growth_curve_older_than_rename(snapshot, families, renamed):
        return None, "roots that were renamed later"
    return table, None


def find_renamed_roots_of_curve(
    store: ParquetStore, scope: Scope, families: Sequence[Family]
) -> dict[str, str]:
    """Return the keys of the roots that had other names before, as the newest snapshot has them.

    The scope is that of a snapshot in which roots are looked up.
    """
    newest = store.latest_whole()
    renamed = set() if newest is None else set(newest.former_names()["key"].to_pylist())
    if not renamed:
        return {}
    key_of = {node: key for key, node in scope.snapshot.nodes_of_keys(renamed).items()}
    roots = [root for family in families for root in family.root_repo_ids()]
    nodes = scope.under(DEFAULT).every_scope_node_of(roots)
    places = [(root, node) for root, own in nodes.items() for node in own if node in key_of]
    return {root: key_of[node] for root, node in places}


def _is_growth_curve_older_than_rename(
    snapshot: Snapshot, families: Sequence[Family], keys: Mapping[str, str]
) -> bool:
    """Say whether roots with these keys have children here under names the registry has not."""
    # The registry alone would not have found them when the snapshot was made: its stored curve
    # lacks what lies below them, and rises on the day of the rename.
    if not keys:
        return False
    former = {old.now: old.name for family in families for old in family.former_names()}
    table = snapshot.table(schema.COUNTS_FILE, ["id", "key"])
    rows = table.filter(pc.is_in(table["key"], value_set=pa.array(sorted({*keys.values()}))))
    name_of = dict(zip(rows["key"].to_pylist(), rows["id"].to_pylist(), strict=True))
    taught = snapshot.former_keys() if name_of else {}
    return any(
        key in name_of and name_of[key] not in (root, former.get(root)) and taught.get(root) != key
        for root, key in keys.items()
    )


def count_over_history(
    store: ParquetStore,
    count_snapshot: Callable[[Snapshot], CurveAnswer],
    say: Say,
    until: datetime = ENDLESS,
) -> tuple[list[Moment], list[CurveSlice]]:
    """Ask every snapshot of more than one base's family up to a moment, the oldest first."""
    moments, slices = [], []
    for snapshot in store.history(lambda damage: say(f"Left out: {damage}.")):
        if snapshot.manifest.origin.taken_at > until:
            continue
        try:
            part, stored = count_snapshot(snapshot)
        except SnapshotDamaged as error:
            say(f"Left out: {error.message}.")
            continue
        origin = snapshot.manifest.origin
        facts = (origin.kind, origin.taken_at, origin.endpoint)
        known, left_out = origin.parents_known, count_opt_out_marks(snapshot.manifest.left_out)
        moments.append(Moment(snapshot.id, *facts, part.registry, stored, known, left_out))
        slices.append(part)
    return moments, slices


def _count_curve_row(snapshot: Snapshot, key: str, names: Sequence[str]) -> BaseRow | None:
    """Return what counts.parquet knows of a base: by its name now, its key, or a former name."""
    row = snapshot.base(names[0])
    if row is not None and is_same_trend_node(row.key, key):
        return row
    if (row := snapshot.base_of_key(key)) is not None:
        return row
    rows = (snapshot.base(name) for name in names[1:])
    return next((row for row in rows if row is not None and is_same_trend_node(row.key, key)), None)


def _curve_series_of(
    name: str, slices: Sequence[CurveSlice], order: Sequence[str]
) -> tuple[GrowthSeries[Point], tuple[GrowthSeries[Point], ...]]:
    """Return the series of the whole, then one for each part that any snapshot has.

    Parts come in the given order, the remaining ones by name; what is mixed or unknown last.
    """
    # A part that one snapshot lacks is zero in it: lines of unequal length could not be added up.
    names = {name for each in slices for name in each.parts}
    place = {name: at for at, name in enumerate(dict.fromkeys(order))}
    last = {MIXED: 1, UNKNOWN: 2}
    ranked = sorted(names, key=lambda it: (last.get(it, 0), place.get(it, len(place)), it))
    parts = tuple(
        GrowthSeries(name, _compare_curve_points(each.parts.get(name, NOTHING) for each in slices))
        for name in ranked
    )
    return GrowthSeries(name, _compare_curve_points(each.whole for each in slices)), parts


def _mark_curve_months(
    parts: Sequence[GrowthSeries[Point]], moments: Sequence[Moment]
) -> tuple[GrowthSeries[Point], ...]:
    """Say of each month whether it was over when each snapshot was taken."""

    def mark_month(part: GrowthSeries[Point]) -> GrowthSeries[Point]:
        end = end_of_month_utc(part.key)
        values = [
            replace(point, complete=end <= moment.taken_at)
            for point, moment in zip(part.values, moments, strict=True)
        ]
        return replace(part, values=values)

    return tuple(part if part.key == UNKNOWN else mark_month(part) for part in parts)


def _compare_curve_points(points: Iterable[Point]) -> tuple[Point, ...]:
    """Say of each point but the first how many are deleted, and are new, since the previous one."""

    def compare_moment(previous: Point, point: Point) -> Point:
        if previous.known_deleted is None or point.known_deleted is None:
            return point
        more_deleted = point.known_deleted - previous.known_deleted
        return replace(point, deleted=more_deleted, new=point.total - previous.total + more_deleted)

    points = tuple(points)
    return points[:1] + tuple(compare_moment(*pair) for pair in pairwise(points))
