"""The store's one way to a file system: a local folder today, an object store by its URL."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.fs as pafs

from lineage.domain.files import sync_folder, write_atomically
from lineage.errors import StoreError

_BLOCK = 1 << 20


class Files:
    """Files below one root, named by relative paths with `/`."""

    def __init__(self, location: str) -> None:
        """Open a folder or a URL that pyarrow knows (`s3://…`); nothing is created yet."""
        self.location = location
        if "://" in location:
            self._filesystem, self._root = pafs.FileSystem.from_uri(location)
        else:
            self._filesystem, self._root = pafs.LocalFileSystem(), str(Path(location).absolute())
        self._local = isinstance(self._filesystem, pafs.LocalFileSystem)

    @property
    def folder(self) -> Path | None:
        """The root as a folder of this machine; None for an object store."""
        return Path(self._root) if self._local else None

    def open_input(self, path: str) -> pa.NativeFile:
        """Open a file for reading at random; FileNotFoundError where there is none."""
        return self._filesystem.open_input_file(self._at(path))

    def open_output(self, path: str) -> pa.NativeFile:
        """Open a file for writing, over whatever was there; folders are made."""
        with self._writing(path):
            self._make_parent(path)
            return self._filesystem.open_output_stream(self._at(path))

    def read(self, path: str) -> bytes:
        """Return a small file whole."""
        with self.open_input(path) as file:
            return bytes(file.read())

    def write_whole(self, path: str, content: bytes) -> None:
        """Write a file so that a reader sees all of it or none of it."""
        if not self._local:
            with self.open_output(path) as file:  # an object appears when its upload is complete
                file.write(content)
            return
        with self._writing(path):
            self._make_parent(path)
            target = Path(self._at(path))
            with write_atomically(target, sync=True) as file:
                file.write(content)
            sync_folder(target.parent)

    def sync(self, path: str) -> None:
        """Return when a finished file will survive a power cut (local file systems only)."""
        if self._local:
            target = Path(self._at(path))
            with target.open("rb") as file:
                os.fsync(file.fileno())
            sync_folder(target.parent)

    def size_and_digest(self, path: str) -> tuple[int, str]:
        """Return a file's size in bytes and its SHA-256 in hex."""
        digest, size = hashlib.sha256(), 0
        with self.open_input(path) as file:
            while block := file.read(_BLOCK):
                digest.update(block)
                size += len(block)
        return size, digest.hexdigest()

    def exists(self, path: str) -> bool:
        """Say whether a file or folder is there."""
        info = self._filesystem.get_file_info(self._at(path))
        return bool(info.type != pafs.FileType.NotFound)

    def folders(self) -> list[str]:
        """Return the names of the folders right below the root, sorted."""
        selector = pafs.FileSelector(self._root, allow_not_found=True)
        entries = self._filesystem.get_file_info(selector)
        return sorted(info.base_name for info in entries if info.type == pafs.FileType.Directory)

    def move(self, path: str, to: str) -> None:
        """Give a file another path, over whatever was there."""
        with self._writing(to):
            self._filesystem.move(self._at(path), self._at(to))

    def delete_file(self, path: str) -> None:
        """Delete a file that is there."""
        self._filesystem.delete_file(self._at(path))

    def delete_folder(self, path: str, last: str) -> None:
        """Delete a folder with all it holds, one file of it after all others."""
        selector = pafs.FileSelector(self._at(path), recursive=True)
        for info in self._filesystem.get_file_info(selector):
            if info.type == pafs.FileType.File and info.base_name != last:
                self._filesystem.delete_file(info.path)
        self._filesystem.delete_dir(self._at(path))

    def _at(self, path: str) -> str:
        return f"{self._root}/{path}"

    def _make_parent(self, path: str) -> None:
        self._filesystem.create_dir(self._at(path).rpartition("/")[0], recursive=True)

    @contextmanager
    def _writing(self, path: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(
                f"{self.location}/{path} cannot be written: {error.strerror or error}",
                "free space or rights there, or name another store with --store",
            ) from error
