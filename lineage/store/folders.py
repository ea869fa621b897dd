"""What a folder of the store is: a snapshot, a draft in some state, or a snapshot without manifest.

A draft bears a mark from before its first table until after its manifest. So whatever has tables
and neither, lost its manifest: a snapshot is never taken for what a kill left behind.
"""

import re
from contextlib import suppress
from enum import Enum, auto

from lineage.store import schema
from lineage.store.files import Files
from lineage.store.manifest import FILE, REFUSAL_FILE

MARK = "unfinished"
_NAME = re.compile(r"\d{8}T\d{6}Z")


class State(Enum):
    """What a folder is."""

    SNAPSHOT = auto()
    REFUSED = auto()
    UNFINISHED = auto()
    """A draft that is being written, or that a kill left."""
    LOST = auto()
    """A snapshot whose manifest is gone."""
    FOREIGN = auto()
    """Nothing of ours: a store may lie beside other things."""


def state_of(files: Files, folder: str) -> State:
    """Say what a folder is."""
    if files.exists(f"{folder}/{FILE}"):
        return State.SNAPSHOT
    if files.exists(f"{folder}/{REFUSAL_FILE}"):
        return State.REFUSED
    if not _NAME.fullmatch(folder):
        return State.FOREIGN
    if files.exists(f"{folder}/{MARK}"):
        return State.UNFINISHED
    has_tables = any(files.exists(f"{folder}/{name}") for name in schema.TABLES)
    return State.LOST if has_tables else State.UNFINISHED


def mark(files: Files, folder: str) -> None:
    """Say of a folder that it is no snapshot, as long as it has no manifest."""
    files.write_whole(f"{folder}/{MARK}", b"")


def unmark(files: Files, folder: str) -> None:
    """Take the mark off a folder that has its manifest; left there, it would do no harm."""
    with suppress(OSError):
        if files.exists(f"{folder}/{MARK}"):
            files.delete_file(f"{folder}/{MARK}")


def discard(files: Files, folder: str) -> None:
    """Delete a folder; killed meanwhile, it is no snapshot any more and bears its mark."""
    if files.exists(folder):
        mark(files, folder)
        if files.exists(f"{folder}/{FILE}"):
            files.delete_file(f"{folder}/{FILE}")
        files.delete_folder(folder, last=MARK)
