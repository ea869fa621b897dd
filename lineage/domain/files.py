"""How files are read, replaced and deleted: regular ones of a bounded size, whole, and by name.

What is being written bears a temporary name and a lock (flock) of its process. A kill lets the lock
go, so that the next run knows what is written no more, whatever process has that number by now.
"""

import errno
import fcntl
import os
import re
import stat
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

MOST_BYTES = 64 * 1024 * 1024
"""The cap of a file that is read into memory; what people write by hand is far smaller."""
_TEMPORARY = re.compile(r"\.lineage-[0-9a-f]{16}\.tmp")


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
        return read_file_within_bound(file, most_bytes)


def read_text_file(path: Path, most_bytes: int = MOST_BYTES) -> str:
    """Return the text of a regular file; OSError where it is not UTF-8 or larger than the cap."""
    return decode_utf8_text(read_regular_file(path, most_bytes))


def read_file_within_bound(file: BinaryIO, most_bytes: int = MOST_BYTES) -> bytes:
    """Return the rest of an open file; OSError where that is more than the cap."""
    if len(content := file.read(most_bytes + 1)) > most_bytes:
        raise OSError(errno.EINVAL, f"larger than {most_bytes:,} bytes")
    return content


def decode_utf8_text(content: bytes) -> str:
    """Return bytes as text; OSError where they are not UTF-8."""
    try:
        # Editors of Windows begin a file with an invisible mark.
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise OSError(errno.EILSEQ, "not text in UTF-8") from error


def parse_toml_text(content: bytes) -> dict[str, Any]:
    """Return a TOML file's tables; OSError or ValueError where it is none."""
    try:
        return tomllib.loads(decode_utf8_text(content))
    except RecursionError:  # a file of nothing but brackets
        raise ValueError("nested too deeply") from None


def expand_home_in_path(path: str) -> Path:
    """Return a path with `~` replaced; as it is where there is no such home, as a shell does."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def words_of_os_error(error: Exception) -> str:
    """Return why a file cannot be read or written, in the system's words and without the path."""
    # Arrow's words go on for lines, and say twice that there is no file.
    if isinstance(error, FileNotFoundError):
        return "No such file or directory"
    words = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(words).splitlines()[0]


def temporary_name() -> str:
    """Return a new name for what is being written; a kill may leave it behind."""
    # At random, since two processes, on two machines perhaps, may write the same file.
    return f".lineage-{os.urandom(8).hex()}.tmp"


def is_temporary(name: str) -> bool:
    """Say whether a name is one that `temporary_name` gives."""
    return _TEMPORARY.fullmatch(name) is not None


@contextmanager
def write_file_atomically(target: Path, *, sync: bool) -> Iterator[BinaryIO]:
    """Write a file beside its place and move it there at the end; after a fault nothing is left.

    `sync` returns when the content will survive a power cut. A link at the place is replaced, never
    followed.
    """
    # In the same folder, since only there a rename is atomic.
    temporary, handle = _open_temporary_file(target.parent)
    try:
        # The file is closed before it is moved, as some systems say only then that a disk is full;
        # the lock stays with the other handle until it has its name.
        with os.fdopen(os.dup(handle), "wb") as file:
            yield file
            if sync:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
        os.close(handle)


def sync_folder_to_disk(folder: Path) -> None:
    """Return when the names in a folder will survive a power cut."""
    # Without this a file may be safe on disk while the entry that names it is not.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def hold_temporary_folder(parent: Path) -> Iterator[Path]:
    """Make a folder with a temporary name, locked until the end; who asked moves or deletes it."""
    parent.mkdir(parents=True, exist_ok=True)
    folder, handle = _open_temporary_file(parent, is_folder=True)
    try:
        yield folder
    finally:
        os.close(handle)


def delete_leftovers(folder: Path, delete: Callable[[Path], None] = Path.unlink) -> None:
    """Delete what killed processes left below temporary names; `delete` knows what it holds.

    What cannot be looked at or deleted stays: another user's, or on a file system without locks.
    """
    with suppress(OSError), os.scandir(folder) as entries:
        for name in [entry.name for entry in entries if is_temporary(entry.name)]:
            with suppress(OSError):
                path = folder / name
                handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    delete(path)
                finally:
                    os.close(handle)


def delete_own_files(folder: Path, is_own: Callable[[str], bool], last: str = "") -> None:
    """Delete the files of a folder whose names are this program's, then the folder if it is empty.

    Never anything else: no folder in it, no link, no file of another name. `last` goes last.
    """
    with suppress(FileNotFoundError, NotADirectoryError):
        if folder.is_symlink():
            return
        with os.scandir(folder) as entries:
            names = [
                entry.name
                for entry in entries
                if is_own(entry.name) and entry.is_file(follow_symlinks=False)
            ]
        for name in sorted(names, key=last.__eq__):
            (folder / name).unlink(missing_ok=True)
        with suppress(OSError):  # not empty: what is left there is somebody else's
            folder.rmdir()


def _open_temporary_file(parent: Path, *, is_folder: bool = False) -> tuple[Path, int]:
    """Make and lock a file or folder with a temporary name; return its path and a handle."""
    while True:
        path = parent / temporary_name()
        if is_folder:
            path.mkdir(mode=0o700)
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        else:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        with suppress(OSError):  # some network file systems have no locks: leftovers stay there
            fcntl.flock(handle, fcntl.LOCK_EX)
        if path.exists():
            return path, handle
        os.close(handle)  # another run took it for a leftover before it was locked
