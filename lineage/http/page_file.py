"""One recorded page as the bytes of one file: a line of JSON, then the compressed body."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec
import zstandard

_LEVEL = 3
_KEPT_HEADERS = frozenset({"content-type", "date", "etag", "link", "x-error-code", "x-request-id"})


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
class _Head:
    request: str
    status: int
    headers: dict[str, str]
    size: int
    recorded_at: datetime
    sha256: str
    """Of this head without it and of the compressed body: a bit lost in a cursor is noticed too."""


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers worth keeping with a page: none that could hold a secret."""
    lower = ((name.lower(), value) for name, value in headers.items())
    return {
        name: value
        for name, value in sorted(lower)
        if name in _KEPT_HEADERS or name.startswith("ratelimit")
    }


def pack(page: RecordedPage) -> bytes:
    """Return the bytes of the file for a page."""
    frame = zstandard.ZstdCompressor(level=_LEVEL).compress(page.body)
    headers = kept_headers(page.headers)
    head = _Head(page.request, page.status, headers, len(page.body), page.recorded_at, "")
    line = msgspec.json.encode(replace(head, sha256=_checksum(head, frame)))
    return line + b"\n" + frame


def unpack(data: bytes, request: str, max_body_bytes: int) -> RecordedPage | None:
    """Return the page if the bytes are whole and answer this request, else None."""
    line, _, frame = data.partition(b"\n")
    head = _read_head(line)
    if head is None or head.request != request or head.sha256 != _checksum(head, frame):
        return None
    try:
        # Asked first, since decompress reserves whatever size a frame claims.
        if not head.size == zstandard.frame_content_size(frame) <= max_body_bytes:
            return None
        body = zstandard.ZstdDecompressor().decompress(frame)
    except zstandard.ZstdError:
        return None
    return RecordedPage(head.request, head.headers, body, head.recorded_at, head.status)


def request_of(line: bytes) -> str | None:
    """Return the request that a file's first line names; None if it is damaged."""
    head = _read_head(line)
    return head.request if head else None


def _read_head(line: bytes) -> _Head | None:
    try:
        return msgspec.json.decode(line, type=_Head)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _checksum(head: _Head, frame: bytes) -> str:
    digest = hashlib.sha256(msgspec.json.encode(replace(head, sha256="")))
    digest.update(frame)
    return digest.hexdigest()
