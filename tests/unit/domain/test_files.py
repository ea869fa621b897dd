"""A file is replaced whole or not at all, and a fault leaves nothing beside it."""

import subprocess
import sys
from pathlib import Path

import pytest

from lineage.domain.files import (
    delete_leftovers,
    delete_own_files,
    hold_temporary_folder,
    is_temporary,
    temporary_name,
    write_file_atomically,
)

_WRITES_UNTIL_KILLED = """
import sys
from pathlib import Path
from lineage.domain.files import hold_temporary_folder, write_file_atomically
with (
    write_file_atomically(Path(sys.argv[1], "target"), sync=False) as file,
    hold_temporary_folder(Path(sys.argv[1])) as folder,
):
    (folder / "half").write_bytes(b"half")
    print("writing", flush=True)
    sys.stdin.read()
"""


def write_half(target: Path) -> None:
    with write_file_atomically(target, sync=True) as file:
        file.write(b"half")
        raise ValueError("no")


@pytest.mark.parametrize("sync", [True, False])
def test_the_new_content_appears_at_the_end(sync: bool, tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_bytes(b"before")
    with write_file_atomically(target, sync=sync) as file:
        file.write(b"after")
        assert target.read_bytes() == b"before"
    assert target.read_bytes() == b"after"
    assert list(tmp_path.iterdir()) == [target]


def test_a_fault_keeps_what_was_there_and_leaves_nothing(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_bytes(b"before")
    with pytest.raises(ValueError, match="no"):
        write_half(target)
    assert target.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [target]


def test_a_link_at_the_place_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "mine").write_bytes(b"mine")
    (tmp_path / "file").symlink_to(tmp_path / "mine")
    with write_file_atomically(tmp_path / "file", sync=False) as file:
        file.write(b"after")
    assert (tmp_path / "mine").read_bytes() == b"mine"
    assert not (tmp_path / "file").is_symlink()


def test_what_a_kill_left_goes_with_the_next_run_and_not_what_is_being_written(
    tmp_path: Path,
) -> None:
    def delete(path: Path) -> None:
        delete_own_files(path, lambda name: name == "half")
        path.unlink(missing_ok=True) if path.is_file() else None

    command = [sys.executable, "-c", _WRITES_UNTIL_KILLED, str(tmp_path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "writing\n"
        delete_leftovers(tmp_path, delete)
        names = [path.name for path in tmp_path.iterdir()]
        assert (len(names), all(map(is_temporary, names))) == (2, True)
        other.kill()
    delete_leftovers(tmp_path, delete)
    assert list(tmp_path.iterdir()) == []


def test_leftovers_are_known_by_their_names_alone(tmp_path: Path) -> None:
    for name in (".o.123", ".lineage-x.tmp", "lineage-0123456789abcdef.tmp", ".a.tmp"):
        (tmp_path / name).write_bytes(b"mine")
    before = set(tmp_path.iterdir())
    (tmp_path / temporary_name()).symlink_to(tmp_path / ".a.tmp")
    delete_leftovers(tmp_path)
    assert before <= set(tmp_path.iterdir())


def test_a_temporary_folder_is_its_owners_alone(tmp_path: Path) -> None:
    with hold_temporary_folder(tmp_path) as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
