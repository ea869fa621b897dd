"""Laying changes over an earlier snapshot is a union by key, whatever the batches were."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from lineage.build.claims_spool import SPOOL
from lineage.store.delta import merge_delta_bad_rows, merge_delta_evidence, merge_delta_rows
from lineage.store.keys import canonical_key_order, table_keys_as_bytes, table_rows_of_keys
from lineage.store.schema import BAD_ROWS

KEYS = st.integers(0, 40).map(lambda number: f"{number:024x}")
SHAPE = pa.schema([("key", pa.string()), ("value", pa.int64())])
TABLES = st.dictionaries(KEYS, st.integers(0, 9))


def table(rows: Mapping[str, int]) -> pa.Table:
    ordered = sorted(rows.items())
    columns = [pa.array([key for key, _ in ordered], pa.string())]
    return pa.table([*columns, pa.array([one for _, one in ordered], pa.int64())], schema=SHAPE)


def keys(some: set[str]) -> np.ndarray[tuple[int], np.dtype[np.bytes_]]:
    return np.sort(table_keys_as_bytes(pa.array(sorted(some), pa.string())))


@given(TABLES, TABLES, st.integers(1, 7))
def test_rows_of_both_sides_meet_in_order_and_the_fresh_ones_win(
    older: dict[str, int], fresh: dict[str, int], size: int
) -> None:
    batches = table(older).to_batches(max_chunksize=size)
    found = pa.concat_tables(merge_delta_rows(batches, table(fresh)))
    assert found.equals(table(older | fresh))


@given(st.lists(st.integers(0, 30)), st.sets(st.integers(0, 30)), st.integers(1, 5))
def test_words_of_both_sides_stand_in_order_of_the_child(
    spoken: list[int], changed: set[int], size: int
) -> None:
    rows = np.array(sorted(changed), np.int64)
    older = words([child for child in sorted(spoken) if child not in changed], "before")
    fresh = words([number for number in range(len(rows)) for _ in range(2)], "now")
    batches = [one for one in older.to_batches(max_chunksize=size) if one.num_rows]
    found = pa.Table.from_batches(list(merge_delta_evidence(batches, fresh, rows)), SPOOL)
    said = list(zip(found["child"].to_pylist(), found["quote"].to_pylist(), strict=True))
    now = [(child, "now") for child in sorted(changed) for _ in range(2)]
    before = [(child, "before") for child in sorted(spoken) if child not in changed]
    assert said == sorted([*now, *before], key=lambda one: one[0])


def words(children: list[int], quote: str) -> pa.Table:
    rows = [
        {"child": child, "rule": "card", "parent_as_written": "a/b", "quote": quote}
        for child in children
    ]
    return pa.Table.from_pylist(rows, SPOOL)


@given(st.lists(KEYS))
def test_of_several_rows_with_one_key_the_last_is_kept(some: list[str]) -> None:
    order = canonical_key_order(pa.array(some, pa.string()))
    kept = list(range(len(some))) if order is None else order.tolist()
    last = {key: row for row, key in enumerate(some)}
    assert kept == [last[key] for key in sorted(last)]


@given(st.sets(KEYS), st.lists(KEYS))
def test_rows_are_found_where_they_are(known: set[str], wanted: list[str]) -> None:
    ordered = sorted(known)
    found = table_rows_of_keys(
        keys(known), table_keys_as_bytes(pa.array(wanted, pa.string()))
    ).tolist()
    assert found == [ordered.index(key) if key in known else -1 for key in wanted]


def test_a_bad_row_stays_until_it_is_read_or_met_again() -> None:
    older = bad(("a" * 24, "1"), ("b" * 24, "2"), (None, "3"), (None, "4"))
    fresh = bad(("b" * 24, "2b"), (None, "4"))
    found = merge_delta_bad_rows(older, fresh, keys({"a" * 24})).to_pylist()
    assert [(one["key"], one["raw"]) for one in found] == [
        (None, "3"),
        ("b" * 24, "2b"),
        (None, "4"),
    ]


def bad(*rows: tuple[str | None, str]) -> pa.Table:
    made = [{"key": key, "reason": "odd", "raw": raw, "request": "GET"} for key, raw in rows]
    return pa.Table.from_pylist(made, BAD_ROWS)
