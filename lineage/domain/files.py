"""How files are read and replaced: regular ones of a bounded size; whole or not at all."""

import errno
import os
import secrets
import stat
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

TEMPORARY_SUFFIX = ".tmp"
"""How the name of a file ends that is being written; a kill may leave one behind."""
MOST_BYTES = 64 * 1024 * 1024
"""The cap of a file that is read into memory; what people write by hand is far smaller."""


def open_regular_file(path: Path) -> BinaryIO:
    """Open a file for reading; OSError where it is a folder, a pipe, a device or no path."""
    try:
        # A pipe without a writer would be waited for, deaf to SIGTERM; and looked at is what was
        # opened, since a name may lead elsewhere a moment later.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except ValueError as error:  # NUL, which no path holds
        raise OSError(errno.EINVAL, "not a path", str(path)) from error
    if stat.S_ISREG(os.fstat(handle).st_mode):
        return os.fdopen(handle, "rb")
    os.close(handle)
    raise OSError(errno.EINVAL, "not a regular file", str(path))


def read_regular_file(path: Path, most_bytes: int = MOST_BYTES) -> bytes:
    """Return what a regular file holds; OSError where it is none, or larger than the cap."""
    with open_regular_file(path) as file:
        return read_bounded(file, most_bytes)


def read_text_file(path: Path, most_bytes: int = MOST_BYTES) -> str:
    """Return the text of a regular file; OSError where it is not UTF-8 or larger than the cap."""
    return decode_text(read_regular_file(path, most_bytes))


def read_bounded(file: BinaryIO, most_bytes: int = MOST_BYTES) -> bytes:
    """Return the rest of an open file; OSError where that is more than the cap."""
    if len(content := file.read(most_bytes + 1)) > most_bytes:
        raise OSError(errno.EFBIG, f"larger than {most_bytes:,} bytes")
    return content


def decode_text(content: bytes) -> str:
    """Return bytes as text; OSError where they are not UTF-8."""
    try:
        # Editors of Windows begin a file with an invisible mark.
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise OSError(errno.EILSEQ, "not text in UTF-8") from error


def parse_toml(content: bytes) -> dict[str, Any]:
    """Return a TOML file's tables; OSError or ValueError where it is none."""
    try:
        return tomllib.loads(decode_text(content))
    except RecursionError:  # a file of nothing but brackets
        raise ValueError("nested too deeply") from None


def expand_home(path: str) -> Path:
    """Return a path with `~` replaced; as it is where there is no such home, as a shell does."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def reason_of(error: Exception) -> str:
    """Return why a file cannot be read or written, in the system's words and without the path."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


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
