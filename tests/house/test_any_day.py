"""The queries of docs/data.md for any day, asked of a real DuckDB, give what lineage reads."""

import re
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.store import schema
from lineage.store.reader import Snapshot
from lineage.store.store import ParquetStore
from tests.builders import published, row
from tests.updates import updated

DOC = Path(__file__).parents[2] / "docs" / "data.md"
BASE, DAY = "20261121T060000Z", "20261124T060000Z"
EDGE = "USING (child_key, parent_key)"
WORLD = [
    row(f"owner/model-{number}", ["owner/model-0"] * (number % 3 == 1)) for number in range(60)
]


def queries() -> dict[str, str]:
    """The queries of the section by the table they are about."""
    (section,) = re.findall(
        r"## Any day of the history in one query\n(.+?)\n## ", DOC.read_text("utf-8"), re.S
    )
    (block,) = re.findall(r"```sql\n(.+?)```", section, re.S)
    models, evidence, edges = (one for one in block.split(";") if one.strip())
    by_key = "USING (key)"
    return {
        schema.MODELS_FILE: models,
        schema.METRICS_FILE: models.replace("/models.", "/metrics.").replace(" EXCLUDE place", ""),
        schema.EVIDENCE_FILE: evidence,
        schema.EDGES_FILE: edges,
        schema.COUNTS_FILE: edges.replace("/edges.", "/counts.").replace(EDGE, by_key),
    }


@pytest.fixture
def days(tmp_path: Path) -> tuple[Snapshot, Snapshot]:
    """A sweep, and the second of two updates: new, changed, unreadable, settled elsewhere."""
    waiting = row("kid/waiting", ["late/parent"], baseModels=None)
    guessed = row("third/Great-7B-GGUF")
    sweep = published([*WORLD, waiting, guessed], tmp_path)
    unreadable = row("owner/model-7") | {"id": "../../escape"}
    first = updated(sweep, [row("late/parent"), row("owner/model-4", likes=9)], tmp_path)
    great = row("maker/Great-7B")
    return sweep, updated(first, [great, unreadable, row("owner/model-1", ["new/one"])], tmp_path)


@pytest.mark.parametrize("file", sorted({*schema.CHANGES} - {schema.TOMBSTONES_FILE}))
def test_the_documents_query_gives_the_day(
    file: str, days: tuple[Snapshot, Snapshot], tmp_path: Path
) -> None:
    sweep, day = days
    query = queries()[file].replace(BASE, sweep.id).replace(DAY, day.id)
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    found = connection.sql(query.replace("snapshots/", f"{tmp_path}/")).to_arrow_table()
    assert in_any_order(found, file) == in_any_order(day.table(file), file)
    assert in_any_order(found, file) != in_any_order(sweep.table(file), file)


MACROS = Path(__file__).parents[2] / "docs" / "history.sql"
ON = ("models", "metrics", "evidence", "edges", "counts", "tombstones")


@pytest.mark.parametrize("is_with_updates", [True, False])
def test_the_shipped_macros_give_every_day(
    days: tuple[Snapshot, Snapshot], tmp_path: Path, is_with_updates: bool
) -> None:
    store = tmp_path
    if not is_with_updates:
        store = tmp_path / "alone"
        published(WORLD, store)
    connection = duckdb.connect()
    connection.execute(MACROS.read_text("utf-8").replace("'*/", f"'{store}/*/"))
    snapshots = list(ParquetStore(str(store), NO_OPT_OUTS))
    assert connection.sql("SELECT id FROM snapshots ORDER BY id").fetchall() == [
        (snapshot.id,) for snapshot in snapshots
    ]
    for snapshot in snapshots:
        day = f"{snapshot.manifest.origin.taken_at:%Y-%m-%d}"
        for table in ON:
            found = connection.sql(f"FROM {table}_on('{day}')").to_arrow_table()
            file = f"{table}.parquet"
            assert in_any_order(found, file) == in_any_order(snapshot.table(file), file), table


def in_any_order(table: pa.Table, file: str) -> list[str]:
    """The rows of a table without numbers of nodes, which are one folder's own."""
    fields = [field for field in schema.TABLES[file] if not field.name.endswith("node")]
    return sorted(
        map(str, table.select([it.name for it in fields]).cast(pa.schema(fields)).to_pylist())
    )
