"""One snapshot's part of a curve: rows of trends.parquet as numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.groups import UNKNOWN
from lineage.analysis.growth.counting import EVERY_MONTH
from lineage.analysis.growth.curve import Point
from lineage.analysis.growth.subjects import Of
from lineage.domain.claims import Relation
from lineage.domain.definitions import Grouping
from lineage.store import schema
from lineage.store.reader import Snapshot

_UNLISTED = "name:"
_ALWAYS = [one for one in schema.TRENDS.names if one not in ("name", "key", "definition")]


@dataclass(frozen=True, slots=True)
class Slice:
    """A family or base in one snapshot."""

    whole: Point
    parts: Mapping[str, Point]
    """By release or month, in the order of the table; empty where it is not divided."""
    registry: str | None = None
    """Version of the family's registry."""


def stored_table(snapshot: Snapshot, more: Sequence[str] = ()) -> pa.Table | None:
    """Return what was stored at publication; None where an older version or a cut has nothing.

    Of a year of them every column counts: `name` and `key` come where they are asked for.
    """
    if schema.TRENDS_FILE not in snapshot.manifest.files:
        return None
    table = snapshot.table(schema.TRENDS_FILE, [*_ALWAYS, *more])
    return table if table.num_rows else None


def counted_by(table: pa.Table) -> str:
    """Return the digest of the registry that a table was counted by."""
    return str(table["overlay"][0].as_py())


def family_in(table: pa.Table, family: str, by: Grouping | None) -> Slice | None:
    """Return a family's numbers; None where the table knows no such family."""
    rows = table.filter(pc.equal(table["family"], family))
    return _slice(rows, Of.FAMILY, Of.RELEASE if by is Grouping.RELEASE else None, by)


def base_in(table: pa.Table, key: str, names: Sequence[str], by: Grouping | None) -> Slice | None:
    """Return a base's numbers, by its key, else as unlisted; None where they were not stored."""
    named = table.filter(pc.equal(table["of"], Of.BASE))
    for name in (None, *names):
        here = pc.equal(named["key"], key if name is None else f"{_UNLISTED}{name}")
        if (found := _slice(named.filter(here), Of.BASE, None, by)) is not None:
            return replace(found, registry=None)
    return None


def is_same(key_then: str, key: str) -> bool:
    """Say whether a node of one name is the same under two keys: unlisted, it was but a name."""
    return key_then == key or key_then.startswith(_UNLISTED)


def _slice(rows: pa.Table, of: Of, of_parts: Of | None, by: Grouping | None) -> Slice | None:
    is_whole = pc.fill_null(pc.equal(rows["month"], EVERY_MONTH), False)
    own = pc.equal(rows["of"], of)
    whole = rows.filter(pc.and_(own, is_whole)).to_pylist()
    if not whole:
        return None
    if of_parts is not None:
        parts = rows.filter(pc.and_(pc.equal(rows["of"], of_parts), is_whole)).to_pylist()
        named = {str(row["name"]): _point(row) for row in parts}
    elif by is Grouping.MONTH:
        parts = rows.filter(pc.and_(own, pc.invert(is_whole))).to_pylist()
        named = {str(row["month"] or UNKNOWN): _point(row) for row in parts}
    else:
        named = {}
    return Slice(_point(whole[0]), named, str(whole[0]["registry"]))


def _point(row: Mapping[str, Any]) -> Point:
    by_relation = {word: row[word.value] for word in Relation if row[word.value]}
    return Point(row["total"], by_relation, row["authors"], row["gone"])
