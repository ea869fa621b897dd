"""The store's one way to a file system: a local folder today, an object store by its URL.

Links inside a store are never followed: who gives somebody a store could lead reading, writing and
deletion anywhere by them. The root itself may be a link, which is its owner's choice.
"""

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.fs as pafs

from lineage.domain.addresses import show_address
from lineage.domain.files import delete_own_files, sync_folder, write_atomically
from lineage.errors import SettingsError, SnapshotDamaged, StoreError

_BLOCK = 1 << 20
_BUCKETS = frozenset({"s3", "gcs", "abfs"})
"""File systems whose paths begin with a bucket, which is made by its owner and never by us."""


class Files:
    """Files below one root, named by relative paths with `/`."""

    def __init__(self, location: str, option: str = "--store") -> None:
        """Open a folder or a URL that pyarrow knows (`s3://…`); nothing is created yet.

        `option` is what names another place, where this one cannot be written.
        """
        self._option = option
        self.location = show_address(location)
        """The root as it is shown to people, without secrets."""
        self._filesystem, self._root = _open_store_root(location)
        self._local = isinstance(self._filesystem, pafs.LocalFileSystem)

    @property
    def folder(self) -> Path | None:
        """The root as a folder of this machine; None for an object store."""
        return Path(self._root) if self._local else None

    def open_input(self, path: str) -> pa.NativeFile:
        """Open a file for reading at random; FileNotFoundError where there is none."""
        with self._reading(path):
            place = self._store_path_of(path)
            status = self._read_file_status(path) if self._local else None
            if status is not None and not stat.S_ISREG(status.st_mode):
                # A pipe would be waited for without end.
                raise SnapshotDamaged(
                    f"{self.location}/{path} is no regular file", "delete it, or restore the file"
                )
            return self._filesystem.open_input_file(place)

    def open_output(self, path: str) -> pa.NativeFile:
        """Open a file for writing, over whatever was there; folders are made."""
        with self.writing(path):
            self._make_parent(path)
            return self._filesystem.open_output_stream(self._store_path_of(path))

    def read(self, path: str, most_bytes: int) -> bytes:
        """Return a small file whole; SnapshotDamaged where it is larger than it can be."""
        with self.open_input(path) as file, self._reading(path):
            if file.size() > most_bytes:
                raise SnapshotDamaged(
                    f"{path} is larger than {most_bytes:,} bytes", "restore the file from a copy"
                )
            return bytes(file.read())

    def write_whole(self, path: str, content: bytes) -> None:
        """Write a file so that a reader sees all of it or none of it."""
        if not self._local:
            with self.open_output(path) as file:  # an object appears when its upload is complete
                file.write(content)
            return
        with self.writing(path):
            self._make_parent(path)
            target = self._local_path(path)
            with write_atomically(target, sync=True) as file:
                file.write(content)
            sync_folder(target.parent)

    def sync(self, path: str) -> None:
        """Return when a finished file will survive a power cut (local file systems only)."""
        if self._local:
            target = self._local_path(path)
            with self.writing(path), target.open("rb") as file:
                os.fsync(file.fileno())
            sync_folder(target.parent)

    def size_and_digest(self, path: str) -> tuple[int, str]:
        """Return a file's size in bytes and its SHA-256 in hex."""
        digest, size = hashlib.sha256(), 0
        with self.open_input(path) as file, self._reading(path):
            while block := file.read(_BLOCK):
                digest.update(block)
                size += len(block)
        return size, digest.hexdigest()

    def exists(self, path: str) -> bool:
        """Say whether a file, folder or link is there; behind a link there is nothing."""
        with self._reading(path):
            if self._local:
                return self._read_file_status(path) is not None
            info = self._filesystem.get_file_info(self._store_path_of(path))
            return bool(info.type != pafs.FileType.NotFound)

    def is_link(self, path: str) -> bool:
        """Say whether what is there is a link."""
        with self._reading(path):
            status = self._read_file_status(path) if self._local else None
            return status is not None and stat.S_ISLNK(status.st_mode)

    def names(self, path: str) -> list[str]:
        """Return the names of what is in a folder; none where no folder is, or a link."""
        with self._reading(path):
            if not self._local:
                selector = pafs.FileSelector(self._store_path_of(path), allow_not_found=True)
                return [info.base_name for info in self._filesystem.get_file_info(selector)]
            status = self._read_file_status(path)
            is_folder = status is not None and stat.S_ISDIR(status.st_mode)
            return [it.name for it in Path(self._root, path).iterdir()] if is_folder else []

    def folders(self) -> list[str]:
        """Return the names of the folders and links right below the root, sorted."""
        with self._reading(""):
            if not self._local:
                selector = pafs.FileSelector(self._root, allow_not_found=True)
                entries = self._filesystem.get_file_info(selector)
                if not entries:
                    self._refuse_missing_bucket()
                folder = pafs.FileType.Directory
                return sorted(info.base_name for info in entries if info.type == folder)
            with suppress(FileNotFoundError), os.scandir(self._root) as files:
                return sorted(it.name for it in files if it.is_symlink() or it.is_dir())
            return []

    def move(self, path: str, to: str) -> None:
        """Give a file another path, over whatever was there."""
        with self.writing(to):
            self._filesystem.move(self._store_path_of(path), self._store_path_of(to))

    def delete_file(self, path: str) -> None:
        """Delete a file that is there; of a link itself, not what it leads to."""
        with self.writing(path):
            if self._local:
                self._local_path(path).unlink(missing_ok=True)
            else:
                self._filesystem.delete_file(self._store_path_of(path))

    def delete_folder(self, path: str, is_own: Callable[[str], bool], last: str) -> None:
        """Delete the files of a folder that are ours by name, one after all others; then itself.

        What is not ours stays, and the folder with it.
        """
        with self.writing(path):
            if self._local:
                delete_own_files(self._local_path(path), is_own, last)
                return
            own = [name for name in self.names(path) if is_own(name)]
            for name in sorted(own, key=last.__eq__):
                self._filesystem.delete_file(self._store_path_of(f"{path}/{name}"))
            if not self.names(path):
                self._filesystem.delete_dir(self._store_path_of(path))

    @contextmanager
    def writing(self, path: str) -> Iterator[None]:
        """Let what the system refuses meanwhile be said of this file, as a StoreError."""
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

    def _store_path_of(self, path: str) -> str | bytes:
        """Return where a file lies; SnapshotDamaged where that is a link, or behind one."""
        if not self._local:
            return f"{self._root}/{path}" if path else self._root
        status = self._read_file_status(path)
        if status is not None and stat.S_ISLNK(status.st_mode):
            raise self._say_store_link(path)
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
        folder = path.rpartition("/")[0]
        if self._local:
            self._local_path(path).parent.mkdir(parents=True, exist_ok=True)
        else:
            self._filesystem.create_dir(self._store_path_of(folder), recursive=True)

    def _refuse_missing_bucket(self) -> None:
        """Raise StoreError where not even the bucket is there: it is misspelled, not empty."""
        bucket = self._root.partition("/")[0]
        if self._filesystem.type_name not in _BUCKETS:
            return
        if self._filesystem.get_file_info(bucket).type == pafs.FileType.NotFound:
            raise StoreError(
                f"there is no bucket {bucket!r}, so no store at {self.location}",
                "see how it is spelled, or make it first",
            )


def _open_store_root(location: str) -> tuple[pafs.FileSystem, str]:
    """Return a file system and the path of the root on it; SettingsError for no such address."""
    if "://" not in location:
        if "\0" in location:
            raise SettingsError("the address of a store holds a NUL character", "name a folder")
        return pafs.LocalFileSystem(), str(Path(location).absolute())
    shown = show_address(location)
    # Arrow has the Hub as a file system that writes commit by commit: no place for a history.
    if location.lower().startswith("hf:"):
        raise SettingsError(f"{shown} cannot hold a store", "name a folder, or an s3:// address")
    try:
        filesystem, root = pafs.FileSystem.from_uri(location)
    except (OSError, ValueError, pa.ArrowException) as error:
        # Arrow quotes what it was given, secrets and all.
        reason = str(error) if shown == location else "see its scheme and its parameters"
        raise SettingsError(
            f"{shown} is no address of a store: {reason}",
            "name a folder, or an address such as s3://bucket/history",
        ) from None
    if not root:
        raise SettingsError(f"{shown} names no bucket", "example: s3://bucket/history")
    return filesystem, root


def _reason_of_store_error(error: OSError) -> str:
    """Return what the system says, without the path that Arrow puts around it."""
    return os.strerror(error.errno) if error.errno else str(error)
