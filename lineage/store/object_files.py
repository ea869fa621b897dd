"""The files of a store that lies in a bucket of an object store: S3, and what speaks it.

Reading costs one listing and each object once: a copy is kept under the version that the listing
names. A draft is written on this machine and uploaded when it is whole; every object of a snapshot
is created only where none is there, so that two runs at once never write over each other.
"""

import errno
import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from lineage.domain.addresses import is_loopback_address
from lineage.domain.files import (
    delete_leftovers,
    hold_temporary_folder,
    temporary_name,
    write_file_atomically,
)
from lineage.errors import (
    MissingExtra,
    SettingsError,
    SnapshotDamaged,
    StoreError,
    StoreUnreachable,
)
from lineage.store.inventory import is_snapshot_file_name, is_snapshot_id
from lineage.store.lease import Holder
from lineage.store.local_files import LocalFiles
from lineage.store.table_writer import delete_tables

if TYPE_CHECKING:
    from obstore import ObjectMeta, PutMode
    from obstore.store import S3Store

MOST_CACHED_BYTES = 8 << 30
"""Copies beyond that are deleted, those first that were not read for longest."""
_LISTING_SECONDS = 2.0
"""How long one listing answers; our own writing ends it at once."""
_NEVER = datetime.fromtimestamp(0, UTC)
_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>(\w{1,64})</Code>")


def open_object_files(bucket: str, path: str, cache: Path) -> "ObjectFiles":
    """Open what lies below a path of a bucket, by AWS's own variables.

    Raises MissingExtra without obstore, SettingsError for an endpoint that would send keys openly.
    """
    try:
        from obstore.store import S3Store
    except ImportError as error:
        raise MissingExtra("stores on an object store", "s3") from error
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""
    is_open = os.environ.get("AWS_ALLOW_HTTP", "").lower() in ("1", "true")
    if endpoint.startswith("http:") and not (is_loopback_address(endpoint) or is_open):
        raise SettingsError(
            "AWS_ENDPOINT_URL begins with http://, by which keys would be sent openly",
            "name it with https://, or set AWS_ALLOW_HTTP=true",
        )
    try:
        objects = S3Store(
            bucket,
            prefix=path or None,
            # A large table takes minutes on a slow line; a server that is away is said at once.
            client_options={
                "allow_http": True,
                "connect_timeout": timedelta(seconds=10),
                "timeout": timedelta(minutes=10),
            },
            retry_config={"max_retries": 5, "retry_timeout": timedelta(minutes=3)},
        )
    except Exception as error:  # what AWS's variables hold, in obstore's own words
        reason = str(error).partition("\n")[0]
        raise SettingsError(f"s3://{bucket} cannot be opened: {reason}", "see AWS_...") from error
    return ObjectFiles(objects, bucket, f"{bucket}/{path}".rstrip("/"), cache)


@dataclass(frozen=True, slots=True)
class ObjectVersion:
    """What an object held at some moment."""

    content: bytes
    version: str
    written_at: datetime
    """By the object store's clock."""


class ObjectFiles:
    """Files below a path of a bucket; what each method promises stands in `Files`."""

    folder: Path | None = None

    def __init__(self, objects: "S3Store", bucket: str, place: str, cache: Path) -> None:
        self.location = f"s3://{place}"
        self.confirm_lease: Callable[[], None] | None = None
        """Set while this process holds the store: raises StoreLocked where another does by now."""
        self._objects, self._bucket, self._cache = objects, bucket, cache
        self._listed_at = 0.0
        self._listing: dict[str, dict[str, ObjectMeta]] | None = None
        self._drafts: dict[str, LocalFiles] = {}
        self._temporary = ExitStack()

    # Reading: a listing, and each object once

    def folders(self) -> list[str]:
        return sorted(self._list_objects())

    def names(self, path: str) -> list[str]:
        return sorted(self._list_objects().get(path, ()))

    def exists(self, path: str) -> bool:
        import obstore

        if path in self._list_objects():
            return True  # a folder is there as long as anything is in it
        # Asked where something is missing: a listing of a moment ago would not know.
        with self._asking(path, "read"), suppress(FileNotFoundError):
            obstore.head(self._objects, path)
            return True
        return False

    def is_link(self, path: str) -> bool:
        return False

    def open_input(self, path: str) -> pa.NativeFile:
        folder, _, name = path.partition("/")
        if draft := self._drafts.get(folder):
            return draft.open_input(path)
        meta = self._list_objects().get(folder, {}).get(name)
        if meta is None:
            raise FileNotFoundError(path)
        copy = self._place_of_copy(path, meta)
        if not copy.exists():
            # Copy an object, at once or as none: a kill leaves nothing under its name
            import obstore

            with self._asking(path, "read"):
                chunks = obstore.get(self._objects, path).stream(min_chunk_size=1 << 20)
            with self._asking(path, "read"), self.writing(f"objects/{copy.name}"):
                copy.parent.mkdir(parents=True, exist_ok=True)
                with write_file_atomically(copy, sync=False) as file:
                    for chunk in chunks:
                        file.write(chunk)
            self._delete_oldest_copies(copy)
        os.utime(copy)  # read last: kept longest
        return LocalFiles(str(copy.parent), "--cache").open_input(copy.name)

    def read(self, path: str, most_bytes: int) -> bytes:
        with self.open_input(path) as file:
            if file.size() > most_bytes:
                raise SnapshotDamaged(
                    f"{path} is larger than {most_bytes:,} bytes", "restore the file from a copy"
                )
            return bytes(file.read())

    def read_fresh(self, path: str, most_bytes: int) -> bytes | None:
        found = self.read_version(path)
        return None if found is None else found.content

    def size_and_digest(self, path: str) -> tuple[int, str]:
        folder = path.partition("/")[0]
        if draft := self._drafts.get(folder):
            return draft.size_and_digest(path)
        with self.open_input(path) as file:
            content = file.read_buffer()
        return content.size, hashlib.sha256(content).hexdigest()

    def _list_objects(self) -> dict[str, dict[str, "ObjectMeta"]]:
        """Return the objects by folder and name, as they were a moment ago."""
        import obstore

        # While the store is held, no other process writes to it.
        is_recent = time.monotonic() - self._listed_at < _LISTING_SECONDS
        if self._listing is not None and (is_recent or self.confirm_lease is not None):
            return self._listing
        listing: dict[str, dict[str, ObjectMeta]] = {}
        with self._asking("", "read"):
            for batch in obstore.list(self._objects, chunk_size=1000):
                for meta in batch:
                    folder, _, name = meta["path"].partition("/")
                    # Whatever else lies in the bucket is none of ours, folder markers among it.
                    if is_snapshot_id(folder) and name and "/" not in name:
                        listing.setdefault(folder, {})[name] = meta
        self._listing, self._listed_at = listing, time.monotonic()
        return listing

    def _place_of_copy(self, path: str, meta: "ObjectMeta") -> Path:
        version = meta["e_tag"] or f"{meta['size']} {meta['last_modified']}"
        name = hashlib.sha256(f"{self.location}/{path} {version}".encode()).hexdigest()
        return self._cache / "objects" / name

    def _delete_oldest_copies(self, newest: Path) -> None:
        delete_leftovers(newest.parent)
        with suppress(OSError), os.scandir(newest.parent) as entries:
            copies = [(it.stat().st_mtime, it.stat().st_size, it.path) for it in entries]
            size = sum(size for _, size, _ in copies)
            for _, bytes_of_copy, place in sorted(copies):
                if size <= MOST_CACHED_BYTES or place == str(newest):
                    break
                Path(place).unlink()
                size -= bytes_of_copy

    # Writing: a draft lies here until it is whole

    def claim(self, path: str) -> bool:
        folder = path.partition("/")[0]
        if self.names(folder) or not self._create(path, b""):
            return False
        parent = self._cache / "drafts"
        delete_leftovers(parent, delete_tables)
        temporary = self._temporary.enter_context(hold_temporary_folder(parent))
        self._drafts[folder] = LocalFiles(str(temporary), "--cache")
        return True

    def open_output(self, path: str) -> pa.NativeFile:
        return self._drafts[path.partition("/")[0]].open_output(path)

    def move(self, path: str, to: str) -> None:
        self._drafts[path.partition("/")[0]].move(path, to)

    def sync(self, path: str) -> None:
        """What is uploaded is safe when the answer comes."""

    def publish(self, path: str, content: bytes) -> None:
        folder, _, last = path.partition("/")
        if (draft := self._drafts.pop(folder, None)) is None:
            self._upload(path, content)
            return
        draft.write_whole(path, content)
        names = sorted(filter(is_snapshot_file_name, draft.names(folder)))
        for name in sorted(names, key=last.__eq__):
            if name == last and self.confirm_lease is not None:
                self.confirm_lease()
            self._upload(f"{folder}/{name}", draft.folder / folder / name)
        delete_tables(draft.folder)
        self._temporary.close()

    def _upload(self, path: str, content: bytes | Path) -> None:
        """Make an object; where one is there already, it must be the same.

        What was a file of a draft becomes the copy that is read from now on.
        """
        if (created := self._create(path, content)) is None:
            mine = content if isinstance(content, bytes) else content.read_bytes()
            # Also where the answer to our own first try was lost.
            if self._fetch_bytes(path) != mine:
                raise StoreError(
                    f"{self.location}/{path} was written by another run meanwhile",
                    "run it again: it takes another name",
                )
        elif isinstance(content, Path):
            copy = self._place_of_copy(path, created)
            with self.writing(path):
                copy.parent.mkdir(parents=True, exist_ok=True)
                content.replace(copy)

    def _create(self, path: str, content: bytes | Path) -> "ObjectMeta | None":
        """Make an object where none is there, whole or not at all; None where one is."""
        import obstore
        from obstore.exceptions import AlreadyExistsError

        size = len(content) if isinstance(content, bytes) else content.stat().st_size
        with self._asking(path, "written"):
            try:
                # One request for each, however large: an upload in parts can be left open.
                result = obstore.put(
                    self._objects, path, content, mode="create", use_multipart=False
                )
            except AlreadyExistsError:
                self._listing = None
                return None
        meta: ObjectMeta = {"path": path, "size": size, "last_modified": _NEVER, **result}
        if self._listing is not None:
            folder, _, name = path.partition("/")
            self._listing.setdefault(folder, {})[name] = meta
        return meta

    def _fetch_bytes(self, path: str) -> bytes:
        import obstore

        with self._asking(path, "read"):
            return bytes(obstore.get(self._objects, path).bytes())

    def write_whole(self, path: str, content: bytes) -> None:
        import obstore

        self._listing = None
        with self._asking(path, "written"):
            obstore.put(self._objects, path, content, use_multipart=False)

    def delete_file(self, path: str) -> None:
        import obstore

        if draft := self._drafts.get(path.partition("/")[0]):
            draft.delete_file(path)
            return
        self._listing = None
        with self._asking(path, "deleted"), suppress(FileNotFoundError):
            obstore.delete(self._objects, path)

    def delete_folder(self, path: str, is_own: Callable[[str], bool], last: str) -> None:
        import obstore

        own = [f"{path}/{name}" for name in self.names(path) if is_own(name) and name != last]
        with self._asking(path, "deleted"):
            if own:
                obstore.delete(self._objects, own)
        self.delete_file(f"{path}/{last}")

    # The lease

    def hold(self, holder: Holder) -> AbstractContextManager[bool]:
        from lineage.store.object_lease import hold_object_lease

        return hold_object_lease(self, holder)

    def read_version(self, path: str) -> "ObjectVersion | None":
        """Return what an object holds now, None where none is there."""
        import obstore

        with self._asking(path, "read"), suppress(FileNotFoundError):
            # Contents may come from another server, by a redirect, which knows neither version nor
            # time. Should they be newer than the version, nothing can be written over that one.
            meta = obstore.head(self._objects, path)
            content = bytes(obstore.get(self._objects, path).bytes())
            return ObjectVersion(content, meta["e_tag"] or "", meta["last_modified"])
        return None

    def replace_version(self, path: str, content: bytes, version: str | None) -> str | None:
        """Write over one version of an object, or where none is; None where another is there."""
        import obstore
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        with self._asking(path, "written"):
            try:
                mode: PutMode = "create" if version is None else {"e_tag": version}
                written = obstore.put(self._objects, path, content, mode=mode, use_multipart=False)
            except (AlreadyExistsError, PreconditionError, FileNotFoundError):
                return None
        return written["e_tag"] or ""

    def read_server_time(self) -> datetime:
        """Return the object store's own time: that of an object which is written for it."""
        import obstore

        path = temporary_name()
        self.write_whole(path, b"")
        with self._asking(path, "read"):
            moment = obstore.head(self._objects, path)["last_modified"]
        self.delete_file(path)
        return moment

    @contextmanager
    def writing(self, path: str) -> Iterator[None]:
        with LocalFiles(str(self._cache), "--cache").writing(path):
            yield

    @contextmanager
    def _asking(self, path: str, action: str) -> Iterator[None]:
        """Let what the object store refuses meanwhile be said of this object, without its words."""
        from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

        try:
            yield
        except FileNotFoundError:
            raise FileNotFoundError(errno.ENOENT, "No such object", path) from None
        except (BaseError, PermissionError) as error:
            place = f"{self.location}/{path}" if path else self.location
            # Its answer is a stranger's text, and quotes the request: only codes are taken over.
            status, code = _STATUS.search(str(error)), _CODE.search(str(error))
            reason = " ".join(match[1] for match in (status, code) if match)
            if code and code[1] == "NoSuchBucket":
                raise StoreError(
                    f"there is no bucket {self._bucket!r}, so no store at {self.location}",
                    "see how it is spelled, or make it first",
                ) from error
            is_refused = isinstance(error, (PermissionDeniedError, UnauthenticatedError))
            if is_refused or (status and status[1][0] in "34" and status[1] not in ("408", "429")):
                raise StoreError(
                    f"{place} cannot be {action}: {reason or 'access is refused'}",
                    "see the bucket's name, its region and rights, and AWS_... variables",
                ) from error
            raise StoreUnreachable(
                f"{place} cannot be {action}: {reason or 'no answer'}",
                "run it again later, or see AWS_ENDPOINT_URL and the network",
            ) from error
