"""How a week of updates may be stored: bytes a day, seconds to write, seconds to ask, by layout.

`python -m benchmarks.layouts STORE` takes the models, metrics and evidence of the newest snapshot
in STORE, changes 1 % of the models every day and stores six days after it in each layout; then
DuckDB counts the models of the last day by library and month. Needs `pip install deltalake`,
which lineage itself does not. Edges and counts are stored whole in every layout and left out here.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.store import schema
from lineage.store.local_files import LocalFiles
from lineage.store.store import ParquetStore
from lineage.store.table_writer import TableWriter

DAYS = 6
SHARE = 0.01
KEYS = {
    schema.MODELS_FILE: "key",
    schema.METRICS_FILE: "key",
    schema.EVIDENCE_FILE: "child_key",
}

Day = Mapping[str, pa.Table]


def days(first: Day) -> Iterator[tuple[Day, pa.Array]]:
    """Yield each day's tables, and the keys that changed since the day before."""
    dice, keys, day = np.random.default_rng(1), first[schema.MODELS_FILE]["key"], dict(first)
    for number in range(DAYS):
        rows = np.sort(dice.choice(len(keys), round(SHARE * len(keys)), replace=False))
        changed = keys.take(pa.array(rows)).combine_chunks()
        for file, column in (
            (schema.MODELS_FILE, "sha"),
            (schema.METRICS_FILE, "likes"),
            (schema.EVIDENCE_FILE, "quote"),
        ):
            day[file] = _with_changes(day[file], KEYS[file], column, changed, number)
        yield dict(day), changed


def _with_changes(
    table: pa.Table, key: str, column: str, changed: pa.Array, number: int
) -> pa.Table:
    at, fresh = table.schema.get_field_index(column), table[column]
    if pa.types.is_integer(fresh.type):
        fresh = pc.add(pc.fill_null(fresh, 0), number + 1)
    else:
        fresh = pc.binary_join_element_wise(pc.fill_null(fresh, ""), f"{number:x}", "")
    here = pc.is_in(table[key], value_set=changed)
    return table.set_column(at, column, pc.if_else(here, fresh, table[column]))


def write(folder: Path, name: str, table: pa.Table) -> None:
    """Write one Parquet file as the store does."""
    with TableWriter(LocalFiles(str(folder)), name, table.schema) as writer:
        writer.write_table(table)


def whole(folder: Path, number: int, day: Day, changed: pa.Array, seen: pa.Array) -> None:
    """Every table whole, every day."""
    for file, table in day.items():
        write(folder / f"{number}", file, table)


def since_base(folder: Path, number: int, day: Day, changed: pa.Array, seen: pa.Array) -> None:
    """What changed since the whole snapshot."""
    for file, table in day.items():
        some = table.filter(pc.is_in(table[KEYS[file]], value_set=seen))
        write(folder / f"{number}", file, some)
    write(folder / f"{number}", "changed.parquet", pa.table({"key": seen}))


def chained(folder: Path, number: int, day: Day, changed: pa.Array, seen: pa.Array) -> None:
    """What changed since the day before."""
    since_base(folder, number, day, changed, changed)


def delta(folder: Path, number: int, day: Day, changed: pa.Array, seen: pa.Array) -> None:
    """A Delta table, every day merged into it (evidence: deleted by child, then appended)."""
    import deltalake

    for file, table in day.items():
        place, key = str(folder / file), KEYS[file]
        if number == 0:
            deltalake.write_deltalake(place, table)
            continue
        some = table.filter(pc.is_in(table[key], value_set=changed))
        there = deltalake.DeltaTable(place)
        if key == "key":
            (
                there.merge(some, "t.key = s.key", source_alias="s", target_alias="t")
                .when_matched_update_all()
                .when_not_matched_insert_all()
                .execute()
            )
        else:
            keys = pa.table({"child_key": changed})
            there.merge(
                keys, "t.child_key = s.child_key", source_alias="s", target_alias="t"
            ).when_matched_delete().execute()
            deltalake.write_deltalake(place, some, mode="append")


ASKED = "SELECT library, year(created_at), month(created_at), count(*) FROM ({}) GROUP BY ALL"
READS = {
    "whole files": "FROM '{f}/6/models.parquet'",
    "changes since the whole one": "FROM '{f}/0/models.parquet' ANTI JOIN '{f}/6/changed.parquet' "
    "USING (key) UNION ALL FROM '{f}/6/models.parquet'",
    "changes since the day before": "FROM (FROM read_parquet('{f}/*/models.parquet', "
    "filename=true) QUALIFY row_number() OVER (PARTITION BY key ORDER BY filename DESC) = 1)",
}
LAYOUTS: Mapping[str, Callable[[Path, int, Day, pa.Array, pa.Array], None]] = {
    "whole files": whole,
    "changes since the whole one": since_base,
    "changes since the day before": chained,
    "Delta, merged": delta,
}


def _asked(name: str, folder: Path) -> str:
    if name not in READS:
        return ""
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET threads = 2; SET TimeZone = 'UTC'")
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        connection.execute(ASKED.format(READS[name].format(f=folder))).fetchall()
        seconds.append(time.perf_counter() - began)
    return f"{min(seconds):.2f}"


def _row(name: str, first: Day) -> str:
    with TemporaryDirectory() as place:
        folder, write_day = Path(place), LAYOUTS[name]
        empty = pa.array([], pa.string())
        # What a base holds is the same in every layout: a snapshot's whole files.
        (whole if name != "Delta, merged" else write_day)(folder, 0, first, empty, empty)
        base, seconds, seen = _bytes(folder), 0.0, empty
        for number, (day, changed) in enumerate(days(first), 1):
            seen = pc.unique(pa.concat_arrays([seen, changed])).sort()
            began = time.perf_counter()
            write_day(folder, number, day, changed, seen)
            seconds += time.perf_counter() - began
        grown, files = _bytes(folder) - base, sum(1 for _ in folder.rglob("*.parquet"))
        return (
            f"| {name} | {base / 2**20:.1f} | {grown / DAYS / 2**20:.1f} | "
            f"{seconds / DAYS:.2f} | {_asked(name, folder)} | {files} |"
        )


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def main() -> None:
    """Print a Markdown table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("store")
    snapshot = ParquetStore(arguments.parse_args().store, NO_OPT_OUTS).snapshot()
    first = {file: snapshot.table(file).cast(schema.TABLES[file]) for file in KEYS}
    print(
        "| layout | MiB of the first day | MiB a later day | s a day | DuckDB s | files |\n"
        "|---|--:|--:|--:|--:|--:|"
    )
    for name in LAYOUTS:
        print(_row(name, first))


if __name__ == "__main__":
    main()
