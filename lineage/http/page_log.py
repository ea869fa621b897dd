"""Keeps every page of a crawl as it came: a run that goes on, or is offline, reads them here."""

import hashlib
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import zstandard

from lineage.domain.clock import Clock, iso, snapshot_id
from lineage.domain.files import (
    delete_own_files,
    is_temporary,
    open_regular_file,
    read_regular_file,
    temporary_name,
    write_file_atomically,
)
from lineage.domain.progress import Progress
from lineage.errors import StoreError

MAX_BODY_BYTES = 256 * 1024 * 1024
LONGEST_HEAD = 1024 * 1024
LEFTOVER_AGE = timedelta(hours=1)
"""A temporary file this old belongs to a process that no longer writes."""

_ABOUT, _CLOSED, _PAGE, _BROKEN = "log.json", "closed.json", ".page", ".broken"

_PAGE_NAME = re.compile(r"[0-9a-f]{32}\.(page|broken)")
"""Only what is named so is deleted with a log: somebody may keep a file of theirs beside it."""

_LEVEL = 3
_KEPT_HEADERS = frozenset({"content-type", "date", "etag", "link", "x-error-code", "x-request-id"})

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RecordedPage:
    """A page as it came, with the request that it answers."""

    request: str
    """Path and query, without host."""
    headers: Mapping[str, str]
    """The kept ones, names in lower case."""
    body: bytes
    recorded_at: datetime
    status: int = 200


@dataclass(frozen=True, slots=True)
class _PageHead:
    request: str
    status: int
    headers: dict[str, str]
    size: int
    recorded_at: datetime
    sha256: str
    """Of this head without it and of the compressed body: a bit lost in a cursor is noticed too."""


@dataclass(frozen=True, slots=True)
class _About:
    identity: dict[str, str]
    started_at: datetime


class PageLog:
    """The pages of one crawl: a folder with one file for each request."""

    def __init__(self, folder: Path, about: _About, clock: Clock, max_body_bytes: int) -> None:
        self.folder = folder
        self.identity: Mapping[str, str] = about.identity
        """What makes two crawls the same one: endpoint, fields, order; never a token."""
        self.started_at = about.started_at
        self._clock = clock
        self._max_body_bytes = max_body_bytes

    @property
    def is_page_log_closed(self) -> bool:
        """Whether a snapshot was published from it, so that the next crawl asks anew."""
        return (self.folder / _CLOSED).exists()

    def get_logged_page(self, request: str) -> RecordedPage | None:
        """Return the recorded page; None if there is none or it is damaged (then set aside)."""
        path = self._path_in_page_log(request)
        try:
            data = read_regular_file(path, 2 * self._max_body_bytes + LONGEST_HEAD)
        except OSError:
            return None
        page = unpack_logged_page(data, request, self._max_body_bytes)
        if page is None:
            logger.warning("a recorded page is damaged and set aside: %s", path.name)
            path.replace(path.with_suffix(_BROKEN))
        return page

    def put_logged_page(
        self, request: str, headers: Mapping[str, str], body: bytes, status: int = 200
    ) -> RecordedPage:
        """Keep a page; after this returns, a kill or a power cut does not lose it."""
        page = RecordedPage(request, headers, body, self._clock.now(), status)
        _write_logged_page(self._path_in_page_log(request), pack_logged_page(page))
        return page

    def set_aside(self, request: str) -> None:
        """Set a recorded page aside, so that it is asked for again."""
        path = self._path_in_page_log(request)
        if path.exists():
            path.replace(path.with_suffix(_BROKEN))

    def close(self, snapshot_id: str) -> None:
        """Mark the crawl as published under this snapshot."""
        closing = {"snapshot": snapshot_id, "closed_at": self._clock.now()}
        _write_logged_page(self.folder / _CLOSED, msgspec.json.encode(closing))

    def logged_requests(self) -> Iterator[str]:
        """Yield the request of each recorded page, in an order that means nothing."""
        for path in sorted(self.folder.glob(f"*{_PAGE}")):
            try:
                with open_regular_file(path) as file:
                    head = _read_log_head(file.readline(LONGEST_HEAD))
            except OSError:  # no page of ours, or set aside meanwhile
                continue
            if head is not None:
                yield head.request

    def _path_in_page_log(self, request: str) -> Path:
        # A hash, so that nothing from the Hub (a cursor is in here) ever becomes a path.
        name = hashlib.sha256(request.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        return self.folder / f"{name}{_PAGE}"


class PageLogs:
    """All crawls under one root: which goes on, which begins, which may be deleted."""

    def __init__(
        self,
        root: Path,
        clock: Clock,
        max_age: timedelta = timedelta(hours=24),
        keep_closed: int = 2,
        *,
        progress: Progress | None = None,
        max_body_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        self._root = root
        self._clock = clock
        self._max_age = max_age
        self._keep_closed = keep_closed
        self._progress = progress or Progress()
        self._max_body_bytes = max_body_bytes

    def find_unfinished_page_log(self, identity: Mapping[str, str]) -> PageLog | None:
        """Return the newest open crawl of this identity that is young enough to go on.

        The other open ones of this identity are removed, and Progress hears of those too old.
        """
        candidates: PageLog | None = None
        for log in reversed(self._list_matching_logs(identity)):
            if log.is_page_log_closed:
                continue
            young = self._clock.now() - log.started_at <= self._max_age
            if candidates is None and young:
                candidates = log
                continue
            if not young:
                self._say_page_log_too_old(log)
            self._remove_log(log.folder)
        return candidates

    def begin_page_log(self, identity: Mapping[str, str]) -> PageLog:
        """Return a new, empty log in a folder of its own."""
        about = _About(dict(identity), self._clock.now())
        try:
            self._make_page_log_root()
            draft = self._root / temporary_name()
            draft.mkdir()
            _write_logged_page(draft / _ABOUT, msgspec.json.encode(about))
            plain = msgspec.json.encode(about.identity, order="sorted")
            digest = hashlib.sha256(plain).hexdigest()[:8]
            folder = _rename_page_log_to_free(draft, f"{snapshot_id(about.started_at)}-{digest}")
        except OSError as error:
            raise _explain_unwritable_page_log(self._root, error) from error
        return PageLog(folder, about, self._clock, self._max_body_bytes)

    def find_latest_page_log(self, identity: Mapping[str, str]) -> PageLog | None:
        """Return the newest crawl of this identity, open or closed: what --offline replays."""
        return next(reversed(self._list_matching_logs(identity)), None)

    def prune_page_logs(self) -> None:
        """Delete the closed crawls but the last few, those too old to go on, and leftovers."""
        logs = self._list_page_logs()
        for log in logs:
            if not log.is_page_log_closed and self._clock.now() - log.started_at > self._max_age:
                self._remove_log(log.folder)
        closed = [log for log in logs if log.is_page_log_closed]
        for log in closed[: max(0, len(closed) - self._keep_closed)]:
            self._remove_log(log.folder)
        for pattern in (".lineage-*", "*/.lineage-*"):
            for path in self._root.glob(pattern):
                if self._is_leftover_log(path):
                    delete_own_files(path, _is_page_log_name)
                    if path.is_file():
                        path.unlink(missing_ok=True)

    def _list_matching_logs(self, identity: Mapping[str, str]) -> list[PageLog]:
        return [log for log in self._list_page_logs() if log.identity == dict(identity)]

    def _list_page_logs(self) -> list[PageLog]:
        """Return every crawl, oldest first; other folders are left alone."""
        candidates = (self._open_page_log(path.parent) for path in self._root.glob(f"*/{_ABOUT}"))
        logs = [log for log in candidates if log is not None]
        return sorted(logs, key=lambda it: (it.started_at, len(it.folder.name), it.folder.name))

    def _open_page_log(self, folder: Path) -> PageLog | None:
        if folder.name.startswith(".") or folder.is_symlink():
            return None
        try:
            about = msgspec.json.decode(read_regular_file(folder / _ABOUT), type=_About)
        except PermissionError:
            raise
        except (msgspec.DecodeError, UnicodeDecodeError, OSError):
            return None
        if about.started_at.tzinfo is None:
            return None
        return PageLog(folder, about, self._clock, self._max_body_bytes)

    def _make_page_log_root(self) -> None:
        self._root.mkdir(parents=True, exist_ok=True)
        for name, text in _ROOT_FILES.items():
            # Never through a link, which may lead to nothing yet.
            with suppress(FileExistsError), (self._root / name).open("x", encoding="utf-8") as file:
                file.write(text)

    def _say_page_log_too_old(self, log: PageLog) -> None:
        hours = self._max_age / timedelta(hours=1)
        self._progress.say(
            f"The unfinished crawl of {iso(log.started_at)} is over {hours:g} hours old, too old "
            "to go on with: its pages are removed."
        )

    def _remove_log(self, folder: Path) -> None:
        # Out of sight first: half deleted, a closed crawl would look like an unfinished one.
        doomed = self._root / temporary_name()
        folder.rename(doomed)
        delete_own_files(doomed, _is_page_log_name)
        if doomed.exists():  # with something in it that is not ours
            doomed.rename(folder)

    def _is_leftover_log(self, path: Path) -> bool:
        if not is_temporary(path.name):
            return False
        try:
            touched_at = datetime.fromtimestamp(path.lstat().st_mtime, UTC)
        except FileNotFoundError:
            return False
        return self._clock.now() - touched_at > LEFTOVER_AGE


_ROOT_FILES = {
    ".gitignore": "*\n!README.md\n",
    "CACHEDIR.TAG": (
        "Signature: 8a477f597d28d172789f06886806bc55\n"
        "# Pages as they came from the Hub. May be deleted; costs a new crawl.\n"
        "# About this file: https://bford.info/cachedir/\n"
    ),
}


def _rename_page_log_to_free(draft: Path, name: str) -> Path:
    """Move the draft to name, or name-2, ...: a rename onto a filled folder fails, so none meet."""
    number = 1
    while True:
        folder = draft.with_name(name if number == 1 else f"{name}-{number}")
        if not folder.exists():
            try:
                return draft.rename(folder)
            except OSError:
                if not folder.exists():
                    raise
        number += 1


def _write_logged_page(path: Path, data: bytes) -> None:
    try:
        with write_file_atomically(path, sync=True) as file:
            file.write(data)
    except OSError as error:
        raise _explain_unwritable_page_log(path.parent, error) from error


def _explain_unwritable_page_log(folder: Path, error: OSError) -> StoreError:
    return StoreError(
        f"The page log cannot be written in {folder}: {error.strerror}",
        "Free space there, or name another folder with --cache.",
    )


def _is_page_log_name(name: str) -> bool:
    is_page = _PAGE_NAME.fullmatch(name) is not None
    return is_page or name in (_ABOUT, _CLOSED) or is_temporary(name)


# One file of a log: a line of JSON, then the compressed body.


def logged_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers worth keeping with a page: none that could hold a secret."""
    lower = ((name.lower(), value) for name, value in headers.items())
    return {
        name: value
        for name, value in sorted(lower)
        if name in _KEPT_HEADERS or name.startswith("ratelimit")
    }


def pack_logged_page(page: RecordedPage) -> bytes:
    """Return the bytes of the file for a page."""
    frame = zstandard.ZstdCompressor(level=_LEVEL).compress(page.body)
    headers = logged_headers(page.headers)
    head = _PageHead(page.request, page.status, headers, len(page.body), page.recorded_at, "")
    line = msgspec.json.encode(replace(head, sha256=_compute_page_checksum(head, frame)))
    return line + b"\n" + frame


def unpack_logged_page(data: bytes, request: str, max_body_bytes: int) -> RecordedPage | None:
    """Return the page if the bytes are whole and answer this request, else None."""
    line, _, frame = data.partition(b"\n")
    head = _read_log_head(line)
    if (
        head is None
        or head.request != request
        or head.sha256 != _compute_page_checksum(head, frame)
    ):
        return None
    try:
        # Asked first, since decompress reserves whatever size a frame claims.
        if not head.size == zstandard.frame_content_size(frame) <= max_body_bytes:
            return None
        body = zstandard.ZstdDecompressor().decompress(frame)
    except zstandard.ZstdError:
        return None
    return RecordedPage(head.request, head.headers, body, head.recorded_at, head.status)


def _read_log_head(line: bytes) -> _PageHead | None:
    try:
        return msgspec.json.decode(line, type=_PageHead)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _compute_page_checksum(head: _PageHead, frame: bytes) -> str:
    digest = hashlib.sha256(msgspec.json.encode(replace(head, sha256="")))
    digest.update(frame)
    return digest.hexdigest()
