"""The files of a store that lies in a folder of this machine.

Links inside a store are never followed: who gives somebody a store could lead reading, writing and
deletion anywhere by them. The root itself may be a link, which is its owner's choice.
"""

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.fs as pafs

from lineage.domain.files import delete_own_files, sync_folder_to_disk, write_file_atomically
from lineage.errors import SnapshotDamaged, StoreError
from lineage.store.lease import Holder, hold

_BLOCK = 1 << 20


class LocalFiles:
    """Files below a folder; what each method promises stands in `Files`."""

    def __init__(self, location: str, option: str = "--store") -> None:
        """`option` is what names another place, where this one cannot be written."""
        self._option = option
        self.location = location
        self._root = str(Path(location).absolute())
        self._filesystem = pafs.LocalFileSystem()

    @property
    def folder(self) -> Path:
        return Path(self._root)

    def open_input(self, path: str) -> pa.NativeFile:
        with self._reading(path):
            status = self._read_file_status(path)
            if status is not None and stat.S_ISLNK(status.st_mode):
                raise self._say_store_link(path)
            if status is not None and not stat.S_ISREG(status.st_mode):
                # A pipe would be waited for without end.
                raise SnapshotDamaged(
                    f"{self.location}/{path} is no regular file", "delete it, or restore the file"
                )
            return self._filesystem.open_input_file(self._encode_path(path))

    def open_output(self, path: str) -> pa.NativeFile:
        with self.writing(path):
            self._make_parent(path)
            return self._filesystem.open_output_stream(self._store_path_of(path))

    def read(self, path: str, most_bytes: int) -> bytes:
        with self.open_input(path) as file, self._reading(path):
            if file.size() > most_bytes:
                raise SnapshotDamaged(
                    f"{path} is larger than {most_bytes:,} bytes", "restore the file from a copy"
                )
            return bytes(file.read())

    def read_fresh(self, path: str, most_bytes: int) -> bytes | None:
        with suppress(FileNotFoundError):
            return self.read(path, most_bytes)
        return None

    def write_whole(self, path: str, content: bytes) -> None:
        with self.writing(path):
            self._make_parent(path)
            target = self._local_path(path)
            with write_file_atomically(target, sync=True) as file:
                file.write(content)
            sync_folder_to_disk(target.parent)

    def claim(self, path: str) -> bool:
        # Who makes drafts holds the folder's lock: whatever is there was left by a kill.
        self.write_whole(path, b"")
        return True

    def publish(self, path: str, content: bytes) -> None:
        self.write_whole(path, content)

    def hold(self, holder: Holder) -> AbstractContextManager[bool]:
        return hold(self.folder, holder)

    def sync(self, path: str) -> None:
        target = self._local_path(path)
        with self.writing(path), target.open("rb") as file:
            os.fsync(file.fileno())
        sync_folder_to_disk(target.parent)

    def size_and_digest(self, path: str) -> tuple[int, str]:
        digest, size = hashlib.sha256(), 0
        with self.open_input(path) as file, self._reading(path):
            while block := file.read(_BLOCK):
                digest.update(block)
                size += len(block)
        return size, digest.hexdigest()

    def exists(self, path: str) -> bool:
        with self._reading(path):
            return self._read_file_status(path) is not None

    def is_link(self, path: str) -> bool:
        with self._reading(path):
            status = self._read_file_status(path)
            return status is not None and stat.S_ISLNK(status.st_mode)

    def names(self, path: str) -> list[str]:
        with self._reading(path):
            status = self._read_file_status(path)
            is_folder = status is not None and stat.S_ISDIR(status.st_mode)
            return [it.name for it in Path(self._root, path).iterdir()] if is_folder else []

    def folders(self) -> list[str]:
        with self._reading(""):
            with suppress(FileNotFoundError), os.scandir(self._root) as files:
                return sorted(it.name for it in files if it.is_symlink() or it.is_dir())
            return []

    def move(self, path: str, to: str) -> None:
        with self.writing(to):
            self._filesystem.move(self._store_path_of(path), self._store_path_of(to))

    def delete_file(self, path: str) -> None:
        with self.writing(path):
            self._local_path(path).unlink(missing_ok=True)

    def delete_folder(self, path: str, is_own: Callable[[str], bool], last: str) -> None:
        with self.writing(path):
            delete_own_files(self._local_path(path), is_own, last)

    @contextmanager
    def writing(self, path: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(
                f"{self.location}/{path} cannot be written: {_reason_of_store_error(error)}",
                f"free space or rights there, or name another place with {self._option}",
            ) from error

    @contextmanager
    def _reading(self, path: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except OSError as error:
            place = f"{self.location}/{path}" if path else self.location
            raise StoreError(
                f"{place} cannot be read: {_reason_of_store_error(error)}",
                "see whether you may read it, or name another store with --store",
            ) from error

    def _store_path_of(self, path: str) -> bytes:
        """Return where a file lies; SnapshotDamaged where that is a link, or behind one."""
        status = self._read_file_status(path)
        if status is not None and stat.S_ISLNK(status.st_mode):
            raise self._say_store_link(path)
        return self._encode_path(path)

    def _encode_path(self, path: str) -> bytes:
        # As bytes: the names of a local file system need not be UTF-8, and Arrow's strings are.
        return os.fsencode(f"{self._root}/{path}")

    def _local_path(self, path: str) -> Path:
        """Return a local path whose folder is no link; its own name may be one."""
        self._store_path_of(path.rpartition("/")[0])
        return Path(self._root, path)

    def _read_file_status(self, path: str) -> os.stat_result | None:
        """Return what lies at a local path, None where nothing does; of a link, itself."""
        status, place = None, self._root
        for part in filter(None, path.split("/")):
            if status is not None and stat.S_ISLNK(status.st_mode):
                raise self._say_store_link(path.rpartition("/")[0])
            place = f"{place}/{part}"
            try:
                status = os.lstat(place)
            except (FileNotFoundError, NotADirectoryError):
                return None
        return status

    def _say_store_link(self, path: str) -> SnapshotDamaged:
        return SnapshotDamaged(
            f"{self.location}/{path} is a link, and links inside a store are never followed",
            "delete it, or put in its place what it leads to",
        )

    def _make_parent(self, path: str) -> None:
        self._local_path(path).parent.mkdir(parents=True, exist_ok=True)


def _reason_of_store_error(error: OSError) -> str:
    """Return what the system says, without the path that Arrow puts around it."""
    return os.strerror(error.errno) if error.errno else str(error)
