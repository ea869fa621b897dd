"""Who reads a snapshot while another run deletes it is told so, and to ask again."""

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.errors import SnapshotDamaged, SnapshotPruned
from lineage.store import schema
from lineage.store.reader import Snapshot
from lineage.store.store import ParquetStore
from tests.builders import published, row
from tests.fakes.fake_clock import NOON
from tests.updates import updated

ROWS = [row("base/a"), *(row(f"kid/{number}", ["base/a"]) for number in range(9))]
_COUNTS_WHEN_TOLD = """
import sys
from lineage import count_derivatives, open_store
from lineage.errors import LineageError
snapshot = open_store(sys.argv[1]).snapshot(sys.argv[2])
print("opened", flush=True)
sys.stdin.readline()
try:
    count_derivatives("base/a", snapshot=snapshot)
except LineageError as error:
    sys.exit(f"{error.exit_code} {error.message}")
"""


@pytest.fixture
def first(tmp_path: Path) -> Snapshot:
    return published(ROWS, tmp_path)


@pytest.mark.parametrize(
    "read",
    [
        Snapshot.edges,
        Snapshot.former_names,
        lambda it: it.base("base/a"),
        lambda it: list(it.batches(schema.MODELS_FILE)),
        lambda it: it.evidence_of(["0" * 24]),
    ],
)
def test_a_reader_is_told_to_ask_again(
    read: Callable[[Snapshot], object], first: Snapshot, tmp_path: Path
) -> None:
    day = updated(first, [row("kid/new", ["base/a"])], tmp_path)
    assert day.manifest.builds_on is not None
    store = ParquetStore(str(tmp_path), NO_OPT_OUTS)
    opened = [store.snapshot(first.id), store.snapshot(day.id)]
    store.delete(first.id, day.id)
    for snapshot in opened:
        with pytest.raises(SnapshotPruned, match="was pruned meanwhile") as pruned:
            read(snapshot)
        assert (pruned.value.exit_code, "ask again" in pruned.value.hint) == (3, True)


def test_a_lost_table_of_a_snapshot_that_stays_is_damage(first: Snapshot, tmp_path: Path) -> None:
    (tmp_path / first.id / schema.EDGES_FILE).unlink()
    with pytest.raises(SnapshotDamaged, match=r"edges\.parquet cannot be read: it is not there"):
        first.edges()


def test_what_is_open_is_read_to_its_end(first: Snapshot, tmp_path: Path) -> None:
    batches = first.batches(schema.MODELS_FILE)
    read = next(batches).num_rows
    ParquetStore(str(tmp_path), NO_OPT_OUTS).delete(first.id)
    assert read + sum(batch.num_rows for batch in batches) == len(ROWS)


def test_a_count_beside_a_prune_of_another_process_ends_with_3(
    first: Snapshot, tmp_path: Path
) -> None:
    for day in (1, 2):
        published(ROWS, tmp_path, taken_at=NOON + timedelta(days=day))
    middle = "20261122T120000Z"
    counting = [sys.executable, "-c", _COUNTS_WHEN_TOLD, str(tmp_path), middle]
    pruning = [sys.executable, "-m", "lineage", "snapshots", "prune", "--keep", "1 daily"]
    with subprocess.Popen(
        counting, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as count:
        assert count.stdout is not None
        assert count.stdout.readline() == "opened\n"
        subprocess.run([*pruning, "--store", str(tmp_path)], check=True, capture_output=True)
        _, err = count.communicate("read\n")
    assert not (tmp_path / middle).exists()
    assert err == f"3 snapshot {middle} was pruned meanwhile\n"
