"""A Hub in a box: a catalog served over real HTTP on 127.0.0.1, as the Hub serves its models."""

import base64
import gzip as gzip_format
import hashlib
import math
import secrets
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message
from email.utils import format_datetime
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from threading import Condition, Event, Lock, Thread
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

import msgspec

from lineage.demo.catalog import Catalog
from lineage.demo.listing import BadQuery, ListingPage, list_box_models
from lineage.demo.repo_answers import (
    JSON,
    BoxAnswer,
    answer_box_detail,
    answer_box_file,
    answer_cached_file,
    box_error,
)
from lineage.domain.clock import Clock, SystemClock


class Bucket(StrEnum):
    """What a request is counted under."""

    API = "api"
    RESOLVERS = "resolvers"
    PAGES = "pages"


@dataclass(frozen=True, slots=True)
class Quota:
    """Requests allowed in one window, for each bucket."""

    api: int
    resolvers: int = 3000
    pages: int = 100

    def box_quota_of(self, bucket: Bucket) -> int:
        """Return what this bucket allows."""
        return {"api": self.api, "resolvers": self.resolvers, "pages": self.pages}[bucket]


ANONYMOUS = Quota(500, 3000, 100)
FREE = Quota(1000, 5000, 200)

ROUNDING = 1e-6
"""Seconds: a wait to the very end of a window may fall short by this much in floating point."""

Quotas = Mapping[str | None, Quota]
"""The quota of each token that has its own; None is the quota without a token."""


@dataclass(frozen=True, slots=True)
class QuotaState:
    """What a client has left of its window after a request."""

    bucket: Bucket
    quota: int
    window_seconds: int
    remaining: int
    reset_seconds: int
    refused: bool

    def rate_limit_headers_of_box(self) -> dict[str, str]:
        """Return both headers, in the form of draft-ietf-httpapi-ratelimit-headers-09."""
        return {
            "RateLimit": f'"{self.bucket}";r={self.remaining};t={self.reset_seconds}',
            "RateLimit-Policy": (
                f'"fixed window";"{self.bucket}";q={self.quota};w={self.window_seconds}'
            ),
        }


class QuotaWindows:
    """Counts requests; a window begins with a client's first request in a bucket."""

    def __init__(
        self, quotas: Quotas | None = None, window_seconds: int = 300, clock: Clock | None = None
    ) -> None:
        self._quotas: Quotas = quotas or {}
        self._window_seconds = window_seconds
        self._clock = clock or SystemClock()
        self._windows: dict[tuple[str, Bucket], tuple[float, int]] = {}
        self._lock = Lock()

    def spend_box_quota(self, address: str, token: str | None, bucket: Bucket) -> QuotaState:
        """Count one request of a token, or of an address without one."""
        quota = self._quotas.get(token, ANONYMOUS if token is None else FREE).box_quota_of(bucket)
        client = (f"address {address}" if token is None else f"token {token}", bucket)
        with self._lock:
            now = self._clock.monotonic()
            start, spent = self._windows.get(client, (now, 0))
            seconds_left = self._window_seconds - (now - start)
            if seconds_left < ROUNDING:
                start, spent, seconds_left = now, 0, self._window_seconds
            refused = spent >= quota
            self._windows[client] = (start, spent if refused else spent + 1)
            remaining = max(0, quota - spent - 1)
            reset = math.ceil(seconds_left)
            return QuotaState(bucket, quota, self._window_seconds, remaining, reset, refused)


LISTING = "/api/models"
CACHED = "/api/resolve-cache/models/"
NOT_FOUND = "Sorry, we can't find the page you are looking for."
RATE_LIMITED = "We had to rate limit you. Wait for the reset that the headers name."


class BoxHandler(BaseHTTPRequestHandler):
    """Speaks HTTP/1.1 for the box: encodings and tags."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: "_BoxServer"

    def do_GET(self) -> None:
        """Answer any request; the box decides what methods it takes."""
        box = self.server.box
        answer = box.answer_box_request(
            self.command, self.path, self.headers, self.client_address[0]
        )
        # A body left in the connection would be read as the next request.
        length = self.headers.get("Content-Length", "")
        self.rfile.read(int(length) if length.isdigit() else 0)
        zipped = box.gzip and "gzip" in self.headers.get("Accept-Encoding", "")
        body = gzip_format.compress(answer.body, 1, mtime=0) if zipped else answer.body
        self.send_answer(answer, body, "gzip" if zipped else None)

    do_HEAD = do_POST = do_PUT = do_DELETE = do_GET

    def send_answer(self, answer: BoxAnswer, body: bytes, encoding: str | None) -> None:
        """Send an answer, given its body as it is encoded."""
        self.send_head(answer, len(body), encoding)
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def send_head(self, answer: BoxAnswer, length: int, encoding: str | None) -> None:
        """Send status and headers."""
        self.send_response(answer.status)
        # The tag that the Hub's web framework makes; recomputed from two recorded answers
        digest = hashlib.sha1(answer.body, usedforsecurity=False).digest()
        tag = base64.b64encode(digest)[:27].decode()
        headers = {
            "Content-Type": answer.content_type,
            "Content-Length": str(length),
            "ETag": f'W/"{len(answer.body):x}-{tag}"',
            "X-Request-Id": f"Root=1-{secrets.token_hex(4)}-{secrets.token_hex(12)}",
            "Vary": "Accept-Encoding",
        }
        if encoding:
            headers["Content-Encoding"] = encoding
        for name, value in (headers | answer.headers).items():
            self.send_header(name, value)
        self.end_headers()

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the box's own time, which the demo sets to a week of the past."""
        return format_datetime(self.server.box.clock.now(), usegmt=True)

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing: standard error belongs to the command that runs the box."""


class HubBox:
    """Serves while it is entered; any token is good. Closing ends open connections."""

    handler: ClassVar[type[BoxHandler]] = BoxHandler

    def __init__(
        self,
        catalog: Catalog,
        *,
        quotas: Quotas | None = None,
        window_seconds: int = 300,
        clock: Clock | None = None,
        port: int = 0,
    ) -> None:
        self.catalog = catalog
        self.clock = clock or SystemClock()
        """Dates every answer and times the windows of the quotas."""
        self.windows = QuotaWindows(quotas, window_seconds, self.clock)
        self.failures: list[BaseException] = []
        """Errors in the box itself; the first is raised when it closes."""
        self.gzip = True
        self.closing = Event()
        self._server = _BoxServer(self, port)
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """The endpoint, `http://127.0.0.1:<port>`."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server.hang_up_box_connection()
        if kind is None and self.failures:
            raise self.failures[0]

    def answer_box_request(
        self, method: str, target: str, headers: Message, address: str
    ) -> BoxAnswer:
        """Return the answer to one request, with the headers that name its quota."""
        token = str(headers.get("Authorization", "")).removeprefix("Bearer ").strip() or None
        quota_state = self.windows.spend_box_quota(
            address, token, _box_quota_bucket_of(urlsplit(target).path)
        )
        if quota_state.refused:
            answer = self.refuse_box_request(quota_state)
        else:
            answer = self.serve(method, target, token)
        return self.add_box_rate_limits(answer, quota_state)

    def refuse_box_request(self, quota_state: QuotaState) -> BoxAnswer:
        """Return the 429 for a client whose quota is used up."""
        return box_error(429, RATE_LIMITED)

    def serve(self, method: str, target: str, token: str | None) -> BoxAnswer:
        """Return the answer to one request within its quota."""
        parts = urlsplit(target)
        try:
            answer = self._route_box_request(method, parts.path, parts.query, token)
        except BadQuery as bad_query:
            return box_error(400, str(bad_query))
        return box_error(404, NOT_FOUND) if answer is None else answer

    def _route_box_request(
        self, method: str, path: str, query: str, token: str | None
    ) -> BoxAnswer | None:
        # The Hub's own client asks for the harnesses, and takes a 404 for an answer.
        if method not in ("GET", "HEAD") or path == "/api/agent-harnesses":
            return None
        if path == LISTING:
            return self.send_box_page(list_box_models(self.catalog, query))
        if path.startswith(f"{LISTING}/"):
            return answer_box_detail(self.catalog, path.removeprefix(f"{LISTING}/"), query, token)
        if path.startswith(CACHED):
            return answer_cached_file(self.catalog, path.removeprefix(CACHED))
        if "/resolve/" in path or "/raw/" in path:
            return answer_box_file(self.catalog, path.removeprefix("/"), query, token)
        return None

    def send_box_page(self, page: ListingPage) -> BoxAnswer:
        """Return the answer that holds a page of the listing and links to the next."""
        link = f'<{self.url}{LISTING}?{page.next}>; rel="next"'
        headers = {} if page.next is None else {"Link": link}
        return BoxAnswer(200, msgspec.json.encode(page.rows), JSON, headers)

    def add_box_rate_limits(self, answer: BoxAnswer, quota_state: QuotaState) -> BoxAnswer:
        """Return the answer with the rate limit's headers, unless it has its own."""
        answer.headers.update(quota_state.rate_limit_headers_of_box() | answer.headers)
        return answer


class _BoxServer(ThreadingHTTPServer):
    """Knows its open connections, so that closing the box ends every one of them."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, box: HubBox, port: int) -> None:
        self.box = box
        self._open: set[socket.socket] = set()
        self._changed = Condition()
        super().__init__(("127.0.0.1", port), box.handler)

    def server_bind(self) -> None:
        # HTTPServer's own would ask the resolver for a name: seconds, on a machine without one.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.socket.getsockname()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._changed:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self._changed:
            self._open.discard(request)
            self._changed.notify_all()

    def hang_up_box_connection(self) -> None:
        """End the connections that clients keep alive, and wait for their threads."""
        with self._changed:
            for request in self._open:
                with suppress(OSError):  # the client may have closed it already
                    request.shutdown(socket.SHUT_RDWR)
            self._changed.wait_for(lambda: not self._open, timeout=5)

    def handle_error(self, request: Any, client_address: Any) -> None:
        failure = sys.exception()
        # A client that closes its connection is no failure of the box.
        if failure is not None and not isinstance(failure, ConnectionError):
            self.box.failures.append(failure)


def _box_quota_bucket_of(path: str) -> Bucket:
    if "/resolve/" in path or path.startswith("/api/resolve-cache/"):
        return Bucket.RESOLVERS
    return Bucket.API if path.startswith("/api/") else Bucket.PAGES
