"""Files that appear whole or not at all: the one way in which this program replaces a file."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

TEMPORARY_SUFFIX = ".tmp"
"""How the name of a file ends that is being written; a kill may leave one behind."""


@contextmanager
def write_atomically(target: Path, *, sync: bool) -> Iterator[BinaryIO]:
    """Write a file beside its place and move it there at the end; after a fault nothing is left.

    `sync` returns when the content will survive a power cut.
    """
    # In the same folder, since only there a rename is atomic; named at random, since two processes,
    # on two machines perhaps, may write the same file.
    temporary = target.with_name(f".{secrets.token_hex(8)}{TEMPORARY_SUFFIX}")
    try:
        with temporary.open("wb") as file:
            yield file
            if sync:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Return when the names in a folder will survive a power cut."""
    # Without this a file may be safe on disk while the entry that names it is not.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
