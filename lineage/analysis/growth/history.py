"""The curve of a family or base over the history: one look-up a snapshot, never a crawl."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pyarrow.compute as pc

from lineage.analysis.counts import count_base
from lineage.analysis.growth import rows
from lineage.analysis.growth.counting import FULL, trends_table
from lineage.analysis.growth.curve import NOTHING, Curve, Moment, Point
from lineage.analysis.growth.lines import lines_of
from lineage.analysis.growth.overlay import overlay_of
from lineage.analysis.growth.rows import Slice
from lineage.analysis.subjects import Base, find_base
from lineage.domain.definitions import Definition, Grouping
from lineage.domain.families import Family
from lineage.errors import SnapshotDamaged
from lineage.store.reader import BaseRow, Snapshot
from lineage.store.store import ParquetStore

Say = Callable[[str], None]
Seen = Callable[[Snapshot], Snapshot]
_Told = tuple[Slice, bool]
"""A part of a curve, and whether it was stored."""


def curve_of_family(
    store: ParquetStore,
    family: Family,
    families: Sequence[Family],
    by: Grouping | None = None,
    *,
    as_stored: bool = False,
    say: Say = lambda _: None,
    seen: Seen = lambda snapshot: snapshot,
) -> Curve:
    """Return a family in every snapshot, all counted by today's registry.

    Where another registry counted, or nothing was stored, the snapshot is counted now; with
    `as_stored` what another one counted is taken as it is. `say` hears of each snapshot that is
    counted, or left out because it is damaged. `by` is RELEASE, MONTH or nothing. `seen` gives each
    snapshot as it may be shown.
    """
    overlay = overlay_of(families)

    def ask(snapshot: Snapshot) -> _Told:
        table = rows.stored_table(snapshot, ["name"] if by is Grouping.RELEASE else [])
        if table is not None and (as_stored or rows.counted_by(table) == overlay):
            found = rows.family_in(table, family.id, by)
            if found is not None:
                return found, True
        other = "no curves" if table is None else "curves that another registry counted"
        say(f"Snapshot {snapshot.id} holds {other}: the family is counted in it now.")
        counted = rows.family_in(trends_table(snapshot, families), family.id, by)
        return counted or Slice(NOTHING, {}, family.version), False

    moments, slices = _asked(store, lambda one: ask(seen(one)), say)
    releases = [release.name for one in (family, *families) for release in one.releases]
    name, definition = f"family:{family.id}", replace(FULL, roots=family.roots())
    whole, parts = lines_of(family.id, slices, releases)
    return Curve(name, name, None, definition, moments, whole, by, parts)


def curve_of_base(
    store: ParquetStore,
    name: str,
    families: Sequence[Family],
    by: Grouping | None = None,
    *,
    say: Say = lambda _: None,
    seen: Seen = lambda snapshot: snapshot,
) -> Curve:
    """Return a base in every snapshot, by the default definition; it is followed by its key.

    Official repositories of known families have all numbers stored, other bases their totals.
    `by` is MONTH or nothing; months that were not stored are counted now, and `say` hears of it.
    Raises UnknownModel where the newest snapshot knows no such name.
    """
    newest = seen(store.snapshot())
    base = find_base(newest, name, families)
    names = _names_of(newest, base)

    def ask(snapshot: Snapshot) -> _Told:
        table = rows.stored_table(snapshot, ["name", "key"])
        found = None if table is None else rows.base_in(table, base.key, names, by)
        if found is not None:
            return found, True
        row = _row(snapshot, base.key, names)
        if row is None:
            return Slice(NOTHING, {}), True
        if by is None:
            by_relation = {word: n for word, n in row.by_relation.items() if n}
            return Slice(Point(row.total, by_relation, None, None), {}), True
        say(f"Snapshot {snapshot.id} holds no months of {base.id}: they are counted now.")
        return _by_month(snapshot, row.id, families), False

    moments, slices = _asked(store, lambda one: ask(seen(one)), say)
    whole, parts = lines_of(base.id, slices, ())
    definition = Definition(roots=(base.id,))
    return Curve(name, base.id, base.key, definition, moments, whole, by, parts)


def _asked(
    store: ParquetStore, ask: Callable[[Snapshot], _Told], say: Say
) -> tuple[list[Moment], list[Slice]]:
    """Ask every snapshot of more than one base's family, the oldest first."""
    moments, slices = [], []
    for snapshot in store.history(lambda damage: say(f"Left out: {damage}.")):
        try:
            found, stored = ask(snapshot)
        except SnapshotDamaged as error:
            say(f"Left out: {error.message}.")
            continue
        origin = snapshot.manifest.origin
        when = (origin.kind, origin.taken_at, origin.endpoint)
        moments.append(Moment(snapshot.id, *when, found.registry, stored))
        slices.append(found)
    if not moments:
        store.snapshot()  # says why there is none
    return moments, slices


def _names_of(newest: Snapshot, base: Base) -> list[str]:
    """Return the name a base has now, then its former ones: unlisted, it had no key yet."""
    former = newest.former_names()
    return [base.id, *former.filter(pc.equal(former["key"], base.key))["name"].to_pylist()]


def _row(snapshot: Snapshot, key: str, names: Sequence[str]) -> BaseRow | None:
    """Return what counts.parquet knows of a base: by its name now, its key, or a former name."""
    row = snapshot.base(names[0])
    if row is not None and rows.is_same(row.key, key):
        return row
    if (row := snapshot.base_of_key(key)) is not None:
        return row
    found = (snapshot.base(name) for name in names[1:])
    return next((row for row in found if row is not None and rows.is_same(row.key, key)), None)


def _by_month(snapshot: Snapshot, id: str, families: Sequence[Family]) -> Slice:
    count = count_base(snapshot, id, Definition(), families, Grouping.MONTH)
    months = {one.value: Point(one.total, one.by_relation, None, None) for one in count.groups}
    return Slice(Point(count.total, count.by_relation, None, None), months)
