"""A store lies wherever its path or address says; a wrong one is an error, without its secrets."""

from pathlib import Path

import pytest

from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.errors import LineageError, SettingsError, StoreError
from lineage.store.lease import Holder
from lineage.store.store import ParquetStore
from tests.builders import published, row
from tests.fakes.fake_clock import NOON

ME = Holder.this_process("lineage crawl", NOON)


@pytest.mark.parametrize(
    "address",
    [
        "s3://AKIA:s3cr3t@bucket/h?unknown=s3cr3t",
        "s3://AKIA:s3/cr3t@bucket/h",
        "nothing://AKIA:s3cr3t@bucket/h",
        "s3://",
        "://",
        "file:///tmp/%ff",
    ],
)
def test_what_is_no_address_is_a_wrong_setting_and_shows_no_secret(address: str) -> None:
    with pytest.raises(LineageError) as wrong:
        ParquetStore(address, NO_OPT_OUTS).snapshot()
    assert "cr3t" not in wrong.value.message + wrong.value.hint
    assert isinstance(wrong.value, SettingsError) or address == "://"


@pytest.mark.parametrize(
    "name", ["st\udcff", "a#b", "a?b=c", "a%41", "new\nline", "a:b", " ", "🦙"]
)
def test_a_store_lies_in_a_folder_of_any_name(name: str, tmp_path: Path) -> None:
    snapshot = published([row("base/a"), row("kid/b", ["base/a"])], tmp_path / name)
    store = ParquetStore(str(tmp_path / name), NO_OPT_OUTS)
    assert (store.find_damage(snapshot.id), len(store.snapshot().edges().child)) == ([], 1)
    with store.lock(ME) as held:
        assert held
        store.delete(snapshot.id)
    assert [path.name for path in (tmp_path / name).iterdir()] == ["lock"]


def test_a_store_that_is_a_file_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("mine", "utf-8")
    store = ParquetStore(str(tmp_path / "store"), NO_OPT_OUTS)
    for ask in (store.manifests, store.snapshot, lambda: published([row()], tmp_path / "store")):
        with pytest.raises(StoreError, match=r"Not a directory|File exists"):
            ask()
    assert (tmp_path / "store").read_text("utf-8") == "mine"
