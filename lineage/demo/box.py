"""A Hub in a box: a shelf served over real HTTP on 127.0.0.1, as the Hub serves its models."""

import base64
import gzip as gzip_format
import hashlib
import secrets
import socket
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from email.message import Message
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from threading import Condition, Event, Lock, Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import msgspec

from lineage.demo.answers import JSON, Answer, error
from lineage.demo.catalog import Catalog
from lineage.demo.faults import Fault, FaultKind, Faults, spoil_answer, spoil_page
from lineage.demo.limits import Bucket, Limits, Quotas
from lineage.demo.listing import BadQuery, list_models
from lineage.demo.repository import answer_cached_file, answer_detail, answer_file
from lineage.domain.clock import Clock, SystemClock

LISTING = "/api/models"
CACHED = "/api/resolve-cache/models/"
BAD_TOKEN = "bad"
"""The one token that the box does not know."""


class HubBox:
    """Serves while it is entered; everything a test wants to know or turn is an attribute.

    Any token but "bad" is good. Closing ends stalled answers and open connections.
    """

    def __init__(
        self,
        catalog: Catalog,
        *,
        quotas: Quotas | None = None,
        window_seconds: int = 300,
        faults: Faults | None = None,
        clock: Clock | None = None,
        gzip: bool = True,
        port: int = 0,
    ) -> None:
        self.catalog = catalog
        self.faults = faults or Faults()
        self.clock = clock or SystemClock()
        """What the `Date` of every answer and the windows of the quotas are told by."""
        self.limits = Limits(quotas, window_seconds, self.clock)
        self.requests: list[tuple[str, str, int]] = []
        """Method, path with query, and status of each answer, in the order they were given."""
        self.on_request: Callable[[int], None] | None = None
        """Called with n, from 1, before the n-th request is answered."""
        self.failures: list[BaseException] = []
        """What went wrong in the box itself; the first is raised when it closes."""
        self.gzip = gzip
        self.closing = Event()
        self._lock = Lock()
        self._arrived = 0
        self._server = _Server(self, port)
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """The endpoint, `http://127.0.0.1:<port>`."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        raised: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server.hang_up()
        if raised is None and self.failures:
            raise self.failures[0]

    def answer(self, method: str, target: str, headers: Message, address: str) -> Answer:
        """Return what is said to one request, and log it."""
        with self._lock:
            self._arrived += 1
            number = self._arrived
        if self.on_request is not None:
            self.on_request(number)
        answer = self._within_limits(method, target, _token(headers), address)
        self.requests.append((method, target, answer.status))
        return answer

    def _within_limits(self, method: str, target: str, token: str | None, address: str) -> Answer:
        path = urlsplit(target).path
        standing = self.limits.spend(address, token, _bucket(path))
        if standing.refused:
            answer = self.limits.refusal(standing)
        elif token == BAD_TOKEN:
            answer = error(401, "Invalid username or password.")
        else:
            answer = self._served(method, target, token)
        told = standing.headers() if answer.tells_limits else {}
        answer.headers.update(told | answer.headers)
        return answer

    def _served(self, method: str, target: str, token: str | None) -> Answer:
        parts = urlsplit(target)
        fault = self.faults.draw(
            parts.path, listing=parts.path == LISTING, first_page="cursor=" not in parts.query
        )
        try:
            answer = self._routed(method, parts.path, parts.query, token, fault)
        except BadQuery as bad:
            answer = error(400, str(bad))
        return spoil_answer(fault, answer) if fault else answer

    def _routed(
        self, method: str, path: str, query: str, token: str | None, fault: Fault | None
    ) -> Answer:
        if method not in ("GET", "HEAD") or path == "/api/agent-harnesses":
            return _not_found()
        if path == LISTING:
            return self._listing(query, fault)
        if path.startswith(f"{LISTING}/"):
            return answer_detail(self.catalog, path.removeprefix(f"{LISTING}/"), query, token)
        if path.startswith(CACHED):
            return answer_cached_file(self.catalog, path.removeprefix(CACHED))
        if "/resolve/" in path or "/raw/" in path:
            return answer_file(self.catalog, path.removeprefix("/"), query, token)
        return _not_found()

    def _listing(self, query: str, fault: Fault | None) -> Answer:
        repeats = fault is not None and fault.kind is FaultKind.REPEAT
        page = list_models(self.catalog, query, repeat_border=repeats)
        if fault is not None:
            page = spoil_page(fault, page, query)
        link = f'<{self.url}{LISTING}?{page.next}>; rel="next"'
        headers = {} if page.next is None else {"Link": link}
        return Answer(200, msgspec.json.encode(page.rows), JSON, headers)


class _Server(ThreadingHTTPServer):
    """Knows its open connections, so that closing the box ends every one of them."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, box: HubBox, port: int) -> None:
        self.box = box
        self._open: set[socket.socket] = set()
        self._changed = Condition()
        super().__init__(("127.0.0.1", port), _Handler)

    def server_bind(self) -> None:
        TCPServer.server_bind(self)  # HTTPServer's own would ask the resolver for a name
        self.server_name, self.server_port = self.socket.getsockname()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._changed:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        if request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8) == _RESET:
            request.close()
        else:
            super().shutdown_request(request)
        with self._changed:
            self._open.discard(request)
            self._changed.notify_all()

    def hang_up(self) -> None:
        """End the connections that clients keep alive, and wait for their threads."""
        with self._changed:
            for request in self._open:
                with suppress(OSError):  # the client may have gone first
                    request.shutdown(socket.SHUT_RDWR)
            self._changed.wait_for(lambda: not self._open, timeout=5)

    def handle_error(self, request: Any, client_address: Any) -> None:
        failure = sys.exception()
        if failure is not None and not isinstance(failure, ConnectionError):
            self.box.failures.append(failure)


_RESET = struct.pack("ii", 1, 0)


class _Handler(BaseHTTPRequestHandler):
    """Speaks HTTP/1.1 for the box: encodings, tags, and an answer's way over the wire."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def do_GET(self) -> None:
        box = self.server.box
        answer = box.answer(self.command, self.path, self.headers, self.client_address[0])
        said = self.headers.get("Content-Length", "")
        self.rfile.read(int(said) if said.isdigit() else 0)  # else it passes for a request
        zipped = box.gzip and "gzip" in self.headers.get("Accept-Encoding", "")
        body = gzip_format.compress(answer.body, 1, mtime=0) if zipped else answer.body
        self._send(answer, body, "gzip" if zipped else None)

    do_HEAD = do_POST = do_PUT = do_DELETE = do_GET

    def _send(self, answer: Answer, body: bytes, encoding: str | None) -> None:
        wire = answer.wire
        sent = body[: int(len(body) * wire.keep)]
        if not wire.stall_in_body:
            self._stall(wire.stall_seconds)
        self._send_head(answer, len(sent if wire.honest_length else body), encoding)
        if self.command != "HEAD":
            half = len(sent) // 2 if wire.stall_in_body else 0
            self.wfile.write(sent[:half])
            if wire.stall_in_body:
                self.wfile.flush()
                self._stall(wire.stall_seconds)
            self.wfile.write(sent[half:])
        self.wfile.flush()
        if wire.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        if wire.reset or (len(sent) < len(body) and not wire.honest_length):
            self.close_connection = True

    def _send_head(self, answer: Answer, length: int, encoding: str | None) -> None:
        self.send_response(answer.status)
        headers = {
            "Content-Type": answer.content_type,
            "Content-Length": str(length),
            "ETag": _express_etag(answer.body),
            "X-Request-Id": f"Root=1-{secrets.token_hex(4)}-{secrets.token_hex(12)}",
            "Vary": "Accept-Encoding",
        }
        if encoding:
            headers["Content-Encoding"] = encoding
        for name, value in (headers | answer.headers).items():
            self.send_header(name, value)
        self.end_headers()

    def _stall(self, seconds: float) -> None:
        if seconds and self.server.box.closing.wait(seconds):
            raise ConnectionAbortedError("the box closes")

    def date_time_string(self, timestamp: float | None = None) -> str:
        return format_datetime(self.server.box.clock.now(), usegmt=True)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the box keeps its own log."""


def _token(headers: Message) -> str | None:
    said = str(headers.get("Authorization", ""))
    return said.removeprefix("Bearer ").strip() or None


def _bucket(path: str) -> Bucket:
    if "/resolve/" in path or path.startswith("/api/resolve-cache/"):
        return Bucket.RESOLVERS
    return Bucket.API if path.startswith("/api/") else Bucket.PAGES


def _not_found() -> Answer:
    return error(404, "Sorry, we can't find the page you are looking for.")


def _express_etag(body: bytes) -> str:
    """Return the tag that the Hub's web framework makes; recomputed from two recorded answers."""
    digest = base64.b64encode(hashlib.sha1(body, usedforsecurity=False).digest())[:27].decode()
    return f'W/"{len(body):x}-{digest}"'
