"""The store's one way to where it lies: a local folder, or a bucket of an object store."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

import pyarrow as pa

from lineage.domain.addresses import mask_secrets_in_address
from lineage.errors import SettingsError
from lineage.store.lease import Holder
from lineage.store.local_files import LocalFiles


class Files(Protocol):
    """Files below one root, named by relative paths with `/`."""

    location: str
    """The root as it is shown to people, without secrets."""

    @property
    def folder(self) -> Path | None:
        """The root as a folder of this machine; None for an object store."""

    def open_input(self, path: str) -> pa.NativeFile:
        """Open a file for reading at random; FileNotFoundError where there is none."""

    def open_output(self, path: str) -> pa.NativeFile:
        """Open a file of a draft for writing, over whatever was there; folders are made."""

    def read(self, path: str, most_bytes: int) -> bytes:
        """Return a small file whole; SnapshotDamaged where it is larger than it can be."""

    def read_fresh(self, path: str, most_bytes: int) -> bytes | None:
        """Return a small file of any name as it is now, None where there is none."""

    def write_whole(self, path: str, content: bytes) -> None:
        """Write a file so that a reader sees all of it or none of it."""

    def claim(self, path: str) -> bool:
        """Make an empty file, and say whether that was done: elsewhere another may have made it."""

    def publish(self, path: str, content: bytes) -> None:
        """Write what makes a draft a snapshot, or one set aside, after everything else of it.

        Raises StoreError where another process published there, or holds the store by now.
        """

    def hold(self, holder: Holder) -> AbstractContextManager[bool]:
        """Keep other runs out meanwhile; gives False where nothing can be locked.

        Raises StoreLocked, which names the holder, where another run is at work.
        """

    def sync(self, path: str) -> None:
        """Return when a finished file will survive a power cut (local file systems only)."""

    def size_and_digest(self, path: str) -> tuple[int, str]:
        """Return a file's size in bytes and its SHA-256 in hex."""

    def exists(self, path: str) -> bool:
        """Say whether a file, folder or link is there; behind a link there is nothing."""

    def is_link(self, path: str) -> bool:
        """Say whether what is there is a link."""

    def names(self, path: str) -> list[str]:
        """Return the names of what is in a folder; none where no folder is, or a link."""

    def folders(self) -> list[str]:
        """Return the names of the folders and links right below the root, sorted."""

    def move(self, path: str, to: str) -> None:
        """Give a file of a draft another path, over whatever was there."""

    def delete_file(self, path: str) -> None:
        """Delete a file; of a link itself, not what it leads to."""

    def delete_folder(self, path: str, is_own: Callable[[str], bool], last: str) -> None:
        """Delete the files of a folder that are ours by name, one after all others; then itself.

        What is not ours stays, and the folder with it.
        """

    def writing(self, path: str) -> AbstractContextManager[None]:
        """Let what the system refuses meanwhile be said of this file, as a StoreError."""


def open_files(location: str, cache: str) -> Files:
    """Open a folder, a `file://` address or `s3://bucket/path`; nothing is created yet.

    What lies on an object store is read through a folder below `cache`. Raises SettingsError for
    any other address.
    """
    if "://" not in location:
        if "\0" in location:
            raise SettingsError("the address of a store holds a NUL character", "name a folder")
        return LocalFiles(location)
    shown = mask_secrets_in_address(location)
    try:
        parts = urlsplit(location)
        scheme, bucket = parts.scheme, parts.netloc
        path = unquote(parts.path, errors="strict")
    except ValueError as error:  # a bracket that is not closed, bytes that are no text
        raise _missing_store_error(shown, "it cannot be read") from error
    if parts.query or parts.fragment or "@" in location:
        # A secret in an address would stand in process lists, logs and shell histories.
        raise _missing_store_error(shown, "keys and the endpoint come from AWS_... variables alone")
    if scheme == "file" and path.startswith("/") and not bucket and "\0" not in path:
        return LocalFiles(path)
    if scheme != "s3":
        raise _missing_store_error(
            shown, f"{scheme or 'nothing'}:// is none that a store can lie on"
        )
    if not bucket:
        raise SettingsError(f"{shown} names no bucket", "example: s3://bucket/history")
    from lineage.store.object_files import open_object_files

    return open_object_files(bucket, parts.path.strip("/"), Path(cache))


def _missing_store_error(shown: str, reason: str) -> SettingsError:
    return SettingsError(
        f"{shown} is no address of a store: {reason}",
        "name a folder, or an address such as s3://bucket/history",
    )
