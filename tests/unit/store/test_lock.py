"""The store's lock: one holder, who is named; gone with its holder, whatever the file says."""

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.errors import StoreError, StoreLocked
from lineage.store.lease import FILE, Holder, hold
from lineage.store.store import ParquetStore
from tests.fakes.fake_clock import NOON

ME = Holder.this_process("lineage crawl", NOON)
_HOLDS_UNTIL_KILLED = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from lineage.store.lease import Holder, hold
with hold(Path(sys.argv[1]), Holder.this_process("lineage crawl --below a/b", datetime.now(UTC))):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_holder_is_told_who_the_first_is(tmp_path: Path) -> None:
    with hold(tmp_path, ME), pytest.raises(StoreLocked) as refused, hold(tmp_path, ME):
        pass
    for fact in (ME.host, str(ME.pid), "lineage crawl", "2026-11-21T12:00:00Z", str(tmp_path)):
        assert fact in refused.value.message
    assert refused.value.exit_code == 3


def test_it_can_be_held_again_when_it_was_let_go(tmp_path: Path) -> None:
    for _ in range(3):
        with hold(tmp_path, ME) as held:
            assert held


def test_it_is_let_go_when_the_run_fails(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), hold(tmp_path, ME):
        raise ZeroDivisionError
    with hold(tmp_path, ME) as held:
        assert held


def test_a_killed_holder_is_no_obstacle(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _HOLDS_UNTIL_KILLED, str(tmp_path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(StoreLocked, match=f"--below a/b .process {other.pid} on"):
            hold(tmp_path, ME).__enter__()
        other.kill()
    with hold(tmp_path, ME) as held:
        assert held
        assert json.loads((tmp_path / FILE).read_text("utf-8"))["pid"] == ME.pid


@pytest.mark.parametrize("said", ["", "{", "[]", "{}", '{"host": 1}', '{"pid": "x"}', "\x00\xff"])
def test_a_holder_that_says_nothing_useful_still_holds(tmp_path: Path, said: str) -> None:
    with hold(tmp_path, ME), ExitStack() as second:
        (tmp_path / FILE).write_text(said, "utf-8")
        with pytest.raises(StoreLocked, match="another process"):
            second.enter_context(hold(tmp_path, ME))


def test_the_lock_is_no_snapshot(tmp_path: Path) -> None:
    store = ParquetStore(str(tmp_path / "new"), NO_OPT_OUTS)
    with store.lock(ME) as held:
        assert held
        assert (store.manifests(), store.refused()) == ([], [])
    assert (store.manifests(), store.refused()) == ([], [])


def test_a_local_address_is_a_folder_too(tmp_path: Path) -> None:
    with (
        ParquetStore(f"file://{tmp_path}", NO_OPT_OUTS).lock(ME) as held,
        pytest.raises(StoreLocked),
        hold(tmp_path, ME),
    ):
        assert held


def test_a_store_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file", "utf-8")
    with pytest.raises(StoreError, match="cannot be written"), hold(tmp_path / "store", ME):
        pass
