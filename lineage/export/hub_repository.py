"""One data set on the Hub, by the Hub's own client: its files, and commits that never overwrite."""

import hashlib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import HfHubHTTPError, HTTPError, RepositoryNotFoundError
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils import disable_progress_bars
from huggingface_hub.utils.logging import set_verbosity_error

from lineage.domain.addresses import is_loopback_address, mask_secrets_in_address
from lineage.domain.files import read_regular_file
from lineage.domain.repo_ids import is_repo_id
from lineage.errors import (
    AccessRefused,
    LineageError,
    SettingsError,
    SourceUnavailable,
    StoreError,
    UnexpectedPage,
)
from lineage.settings import Settings

_ADDRESS = re.compile(r"hf://datasets/([^/]+/[^/]+)")
_REFUSED = frozenset({401, 403, 404})
# Another commit came first: the Hub says 412, or 409 while it is still at work on that one.
_OVERTAKEN = frozenset({409, 412})
_BUSY = frozenset({408, 429})
_SHA256_LETTERS = 64
_BLOCK = 1 << 20


class OvertakenCommit(SourceUnavailable):
    """Somebody else's commit came first: what was planned stands on a head that is none now."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a data set holds at one commit."""

    commit: str
    is_private: bool
    digests: Mapping[str, str]
    """By path: SHA-256 in hex of large files, git's SHA-1 of small ones."""


def data_set_name_of_address(text: str) -> str:
    """Return OWNER/NAME of `hf://datasets/OWNER/NAME`; SettingsError for anything else."""
    match = _ADDRESS.fullmatch(text)
    if match is None or not is_repo_id(match[1]):
        raise SettingsError(
            f"{mask_secrets_in_address(text)} is no address of a data set on the Hub",
            "example: hf://datasets/OWNER/NAME",
        )
    return match[1]


class HubRepository:
    """A data set on the Hub; every method raises LineageError for what the Hub answers."""

    def __init__(self, id: str, settings: Settings) -> None:
        """Send nothing yet; SettingsError without a token that may be sent there."""
        endpoint = settings.endpoint.rstrip("/")
        if settings.offline:
            raise SettingsError("nothing can be published offline", "unset HF_HUB_OFFLINE")
        if not settings.token:
            raise SettingsError(
                "publishing needs a token of the Hub that may write",
                "name it with HF_TOKEN or --token-file, or log in with: hf auth login",
            )
        if urlsplit(endpoint).scheme != "https" and not is_loopback_address(endpoint):
            raise SettingsError(
                f"no token is sent to {mask_secrets_in_address(endpoint)}: it is neither https "
                "nor on this machine",
                "name another --endpoint",
            )
        self.id = id
        self.url = f"{endpoint}/datasets/{id}"
        self._api = HfApi(endpoint=endpoint, token=settings.token, user_agent=settings.user_agent)
        self._place: dict[str, Any] = {"repo_id": id, "repo_type": "dataset"}
        # Its bars and notes would stand between our own lines.
        disable_progress_bars()
        set_verbosity_error()

    def read_head(self, *, private: bool) -> Head:
        """Return what is there; the data set is made where there is none, private on demand."""
        with self._explain_errors():
            try:
                info = self._api.repo_info(**self._place)
            except RepositoryNotFoundError:
                self._api.create_repo(**self._place, private=private or None, exist_ok=True)
                info = self._api.repo_info(**self._place)
            tree = self._api.list_repo_tree(**self._place, recursive=True, revision=info.sha)
            digests = {
                file.path: file.blob_id if file.lfs is None else file.lfs.sha256
                for file in tree
                if isinstance(file, RepoFile)
            }
        return Head(str(info.sha), bool(info.private), digests)

    def read_small_file(self, path: str, commit: str) -> bytes:
        """Return a small file of one commit."""
        # Into a folder of its own: the client's cache would keep it for ever.
        with TemporaryDirectory() as folder, self._explain_errors():
            local = self._api.hf_hub_download(
                **self._place, filename=path, revision=commit, local_dir=folder
            )
            return read_regular_file(Path(local))

    def commit_files(
        self, head: str, files: Mapping[str, Path | bytes], deleted: Sequence[str], message: str
    ) -> str:
        """Make one commit on top of `head`; return its id. OvertakenCommit where it is no head."""
        # Open files and no paths: the client then sends them over HTTP (LFS). For paths it would
        # use the Xet protocol, which no test without the Hub itself can try.
        with ExitStack() as stack, self._explain_errors():
            additions = [
                CommitOperationAdd(
                    path_in_repo=path,
                    path_or_fileobj=stack.enter_context(_open_data_set_content(it)),
                )
                for path, it in files.items()
            ]
            # Of files with one content, empty tables say, the client would send the last one, once
            # for each of them, and read it for all at the same time.
            contents = {it.upload_info.sha256: it for it in additions}
            self._api.preupload_lfs_files(
                **self._place, additions=list(contents.values()), free_memory=False
            )
            deletions = [CommitOperationDelete(path_in_repo=path) for path in deleted]
            commit = self._api.create_commit(
                **self._place,
                operations=[*deletions, *additions],
                commit_message=message,
                parent_commit=head,
            )
        return str(commit.oid)

    def drop_earlier_commits(self, message: str) -> str:
        """Make the head the only commit, and delete every large file that it does not hold.

        Return the new head.
        """
        with self._explain_errors():
            self._api.super_squash_history(**self._place, commit_message=message)
            tree = self._api.list_repo_tree(**self._place, recursive=True)
            kept = {it.lfs.sha256 for it in tree if isinstance(it, RepoFile) and it.lfs}
            files = self._api.list_lfs_files(**self._place)
            self._api.permanently_delete_lfs_files(
                **self._place, lfs_files=[file for file in files if file.file_oid not in kept]
            )
            return str(self._api.repo_info(**self._place).sha)

    @contextmanager
    def _explain_errors(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError, RuntimeError, HTTPError) as error:
            # A fault of one upload of several comes wrapped.
            cause = error.__cause__ if isinstance(error, RuntimeError) else None
            raise self._explain_error(cause or error) from error

    def _explain_error(self, error: BaseException) -> LineageError:
        again = "run it again: what was sent is kept"
        match error:
            case HfHubHTTPError():
                status = error.response.status_code
            case HTTPError():
                return SourceUnavailable(f"{self.url} cannot be reached: {error!r}", again)
            case _:
                return UnexpectedPage(f"what {self.url} answers cannot be read: {error}", again)
        if status in _OVERTAKEN:
            return OvertakenCommit(f"others publish to {self.url} at the same time", again)
        if status in _REFUSED:
            owner = self.id.partition("/")[0]
            return AccessRefused(
                f"{self.url} refuses this token (HTTP {status})",
                f"it must be there, and the token allowed to write to what {owner} owns",
            )
        if status in _BUSY or status >= 500:
            return SourceUnavailable(f"{self.url} answers with HTTP {status}", again)
        return StoreError(
            f"{self.url} refuses what was sent (HTTP {status})", error.server_message or ""
        )


def has_repository_digest(content: Path | bytes, digest: str) -> bool:
    """Say whether a file is what the Hub knows by a digest: a SHA-256, or git's SHA-1."""
    with _open_data_set_content(content) as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(0)
        is_large = len(digest) == _SHA256_LETTERS
        start = hashlib.sha256() if is_large else hashlib.sha1(b"blob %d\0" % size)
        while block := file.read(_BLOCK):
            start.update(block)
        return start.hexdigest() == digest


def _open_data_set_content(content: Path | bytes) -> BinaryIO:
    return io.BytesIO(content) if isinstance(content, bytes) else content.open("rb")
