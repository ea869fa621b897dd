"""Updates of a busy week build on each other, a few at most, and read as a full crawl."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.errors import StoreError
from lineage.store import schema
from lineage.store.reader import Snapshot
from lineage.store.retention import read_retention_rule, snapshots_kept_by
from lineage.store.store import ParquetStore
from tests.builders import Row, key_of, published, row, rows_of
from tests.house.test_any_day import DOC, MACROS, ON, in_any_order
from tests.updates import updated

READ_A_DAY = 600
MODELS = [
    row(f"owner/model-{number}", ["owner/model-0"] * (number % 400 == 1)) for number in range(3700)
]


def read_again(day: int) -> list[Row]:
    """Rows all over, each changed; one has another parent, one is new, one another name."""
    rows = [it | {"likes": day} for it in MODELS[day::5][:READ_A_DAY]]
    parents = ["owner/model-0", f"new/of-day-{day - 1}"]
    child = row(f"owner/model-{401 + day}", parents, likes=day)
    renamed_model = row(f"owner/renamed-{day}") | {"_id": key_of(f"owner/model-{801 + day}")}
    return [*rows, child, renamed_model, row(f"new/of-day-{day}", ["owner/model-1"])]


@dataclass(frozen=True)
class Week:
    store: Path
    days: list[Snapshot]
    last_day_whole: Snapshot
    """Crawled as the last day is, in a store of its own."""


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Week:
    store, alone = (tmp_path_factory.mktemp(name) for name in ("week", "alone"))
    days, listed = [published(MODELS, store)], {str(it["_id"]): it for it in MODELS}
    for day in range(1, 5):
        days.append(updated(days[-1], read_again(day), store))
        listed |= {str(it["_id"]): it for it in read_again(day)}
    whole = published([*listed.values()], alone)
    return Week(store, days, whole)


def test_an_update_builds_on_the_one_before_where_much_changed_since(week: Week) -> None:
    ids = [day.id for day in week.days]
    bases = [it.manifest.builds_on and it.manifest.builds_on.id for it in week.days]
    # The fourth would be one more folder to read.
    assert bases == [None, ids[0], ids[1], ids[2], ids[2]]
    changed = [day.manifest.files["models.changes.parquet"].rows for day in week.days[1:]]
    assert max(changed[:3]) <= READ_A_DAY + 3 < changed[3]


def test_the_last_day_reads_as_a_full_crawl(week: Week) -> None:
    last = week.days[-1]
    for name in sorted({*schema.TABLES} - {schema.NAMES_FILE}):
        rows = rows_of(last, name)
        assert (name, rows) == (name, rows_of(week.last_day_whole, name))
        assert [it for some in last.batches(name) for it in some.to_pylist()] == rows
    for base in rows_of(last, schema.COUNTS_FILE):
        stored = last.base(str(base["id"]))
        assert stored is not None
        assert (stored.node, stored.total) == (base["node"], base["total"])
    assert ParquetStore(str(week.store), NO_OPT_OUTS).find_damage(last.id, in_values=True) == []


def test_claims_of_a_model_that_was_read_again_are_kept_where_they_differ(week: Week) -> None:
    (first, *_) = week.days[1:]
    changed = first.tables.table(schema.CHANGED_FILE).to_pylist()
    names = {key_of(str(it["id"])): it["id"] for it in MODELS} | {key_of("new/of-day-1"): "new"}
    assert {names[str(it["key"])] for it in changed if it["claims"]} == {"owner/model-402", "new"}
    assert sum(it["row"] is None for it in changed) == 1


def test_what_later_days_build_on_is_kept(week: Week) -> None:
    store, (whole, first, second, third, last) = (
        ParquetStore(str(week.store), NO_OPT_OUTS),
        week.days,
    )
    kept = snapshots_kept_by(read_retention_rule("1 daily"), store.manifests())
    assert set(kept) == {whole.id, first.id, second.id, last.id}
    with pytest.raises(StoreError, match=f"{third.id}, {last.id} build on {second.id}"):
        store.delete(second.id)


def test_damage_names_all_days_that_stand_on_it(week: Week) -> None:
    store, (whole, *later) = ParquetStore(str(week.store), NO_OPT_OUTS), week.days
    path = week.store / whole.id / schema.MODELS_FILE
    content = path.read_bytes()
    path.write_bytes(content[:-9] + content[-8:] + b"?")
    try:
        assert store.damaged_dependents(whole.id) == [it.id for it in later]
    finally:
        path.write_bytes(content)


def test_a_damaged_list_of_what_changed_is_told_of_all_days_that_are_read_through_it(
    week: Week,
) -> None:
    store, (_, first, *later) = ParquetStore(str(week.store), NO_OPT_OUTS), week.days
    path = week.store / first.id / schema.CHANGED_FILE
    content = path.read_bytes()
    path.write_bytes(content[:-9] + content[-8:] + b"?")
    try:
        assert store.damaged_dependents(first.id) == [it.id for it in later]
        for day in later:
            (problem,) = store.find_damage(day.id)[:1]
            assert problem.endswith("builds on it")
            assert f"{first.id}/{schema.CHANGED_FILE}: " in problem
    finally:
        path.write_bytes(content)


def read_by(engine: str, store: Path) -> Callable[[str, str], Any]:
    """Return the function that the documentation gives for an engine."""
    blocks = re.findall(r"```python\n(.+?)```", DOC.read_text("utf-8"), re.S)
    (code,) = [it for it in blocks if f"import {engine}\n" in it]
    names: dict[str, Any] = {}
    exec(code.replace('f"snapshots/', f'f"{store}/'), names)
    read_day: Callable[[str, str], Any] = names["read_day"]
    return read_day


def test_other_programs_read_every_day_as_the_documents_say(week: Week) -> None:
    connection = duckdb.connect()
    connection.execute(MACROS.read_text("utf-8").replace("'*/", f"'{week.store}/*/"))
    polars, pandas = (read_by(engine, week.store) for engine in ("polars", "pandas"))
    for snapshot in week.days[::2]:
        day = f"{snapshot.manifest.origin.taken_at:%Y-%m-%d}"
        for name in ON:
            file = f"{name}.parquet"
            expected = in_any_order(snapshot.table(file), file)
            by_duckdb = connection.sql(f"FROM {name}_on('{day}')").to_arrow_table()
            by_polars = polars(snapshot.id, name).to_arrow()
            by_pandas = pa.Table.from_pandas(pandas(snapshot.id, name), preserve_index=False)
            for table in (by_duckdb, by_polars, by_pandas):
                assert in_any_order(table, file) == expected, (day, name)
