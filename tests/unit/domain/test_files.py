"""A file is replaced whole or not at all, and a fault leaves nothing beside it."""

from pathlib import Path

import pytest

from lineage.domain.files import write_atomically


def write_half(target: Path) -> None:
    with write_atomically(target, sync=True) as file:
        file.write(b"half")
        raise ValueError("no")


@pytest.mark.parametrize("sync", [True, False])
def test_the_new_content_appears_at_the_end(sync: bool, tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_bytes(b"before")
    with write_atomically(target, sync=sync) as file:
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
