"""Where files cannot grow an update ends with what the system says, and nothing is lost."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.store.store import ParquetStore
from tests.builders import published, row
from tests.updates import updated

ROWS = [row(f"owner/model-{number}", [f"owner/model-{number // 2}"]) for number in range(3000)]
AN_UPDATE = """
import sys
from pathlib import Path
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.store.store import ParquetStore
from tests.unit.store.test_full_disk import ROWS
from tests.updates import updated
updated(ParquetStore(sys.argv[1], NO_OPT_OUTS).snapshot(), ROWS[:600], Path(sys.argv[1]))
"""


def updated_with_files_up_to(most: int, folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", AN_UPDATE, str(folder)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[3],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
    )


@pytest.mark.parametrize("most", [300, 25_000, 90_000])
def test_an_update_on_a_full_disk_leaves_the_history_as_it_was(most: int, tmp_path: Path) -> None:
    sweep = published(ROWS, tmp_path)
    ended = updated_with_files_up_to(most, tmp_path)
    last_line = ended.stderr.splitlines()[-1]
    assert last_line.startswith("lineage.errors.StoreError: ")
    assert "File too large" in last_line
    store = ParquetStore(str(tmp_path), NO_OPT_OUTS)
    assert [one.id for one in store.manifests()] == [sweep.id]
    assert (store.damaged(), store.find_damage(sweep.id)) == ({}, [])
    again = updated(sweep, ROWS[:600], tmp_path)
    assert again.manifest.builds_on is not None
    assert store.find_damage(again.id) == []
