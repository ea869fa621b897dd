"""The process: a socket, uvicorn on a thread of its own, and a watch for new snapshots."""

import asyncio
import logging
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import TypeVar

import uvicorn
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from lineage.domain.escape import escape_invisible
from lineage.errors import LineageError
from lineage.serve.open_snapshots import OpenSnapshots

Result = TypeVar("Result")


class Overloaded(LineageError):
    """More is asked at once than can be answered soon."""

    def __init__(self) -> None:
        super().__init__("too many questions wait for an answer", "ask again in a moment")


class TimeLimitReached(LineageError):
    """The answer takes longer than a request may."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"the answer takes longer than {seconds:g} seconds", "ask for less, or again later"
        )


class ServerWorkers:
    """A few threads for what takes long, with a bound on how many questions wait for them."""

    def __init__(self, name: str, threads: int, waiting: int, seconds: float) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._most, self._pending = threads + waiting, 0
        self._seconds = seconds

    async def run_in_worker(self, work: Callable[[], Result]) -> Result:
        """Return the result of some work; Overloaded or TimeLimitReached where it has none."""
        if self._pending >= self._most:
            raise Overloaded
        self._pending += 1
        future = asyncio.get_running_loop().run_in_executor(self._pool, work)
        # A thread cannot be stopped: its place is taken until it ends.
        future.add_done_callback(self._free_worker)
        try:
            return await asyncio.wait_for(asyncio.shield(future), self._seconds)
        except TimeoutError:
            raise TimeLimitReached(self._seconds) from None

    def close_workers(self) -> None:
        """Begin nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _free_worker(self, future: "asyncio.Future[Result]") -> None:
        self._pending -= 1
        if not future.cancelled():
            future.exception()  # looked at, or asyncio complains of it


_BUCKETS = (0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0)


@dataclass(slots=True)
class Metrics:
    """What was answered so far, as Prometheus reads it; all of it on one thread."""

    requests: Counter[tuple[str, int]] = field(default_factory=Counter)
    """By route and status."""
    seconds: Counter[str] = field(default_factory=Counter)
    buckets: Counter[tuple[str, float]] = field(default_factory=Counter)
    in_flight: int = 0
    started_at: float = field(default_factory=time.time)

    def count_request(self, route: str, status: int, seconds: float) -> None:
        """Add one request that was answered."""
        self.requests[route, status] += 1
        self.seconds[route] += seconds  # type: ignore[assignment]
        for bound in _BUCKETS:
            if seconds <= bound:
                self.buckets[route, bound] += 1

    def server_metrics_lines(self, snapshot_taken_at: float | None) -> Iterator[str]:
        """Yield the lines of the text format of Prometheus, version 0.0.4."""
        yield "# HELP lineage_requests_total Requests answered."
        yield "# TYPE lineage_requests_total counter"
        for (route, status), number in sorted(self.requests.items()):
            yield f'lineage_requests_total{{route="{route}",status="{status}"}} {number}'
        yield "# HELP lineage_request_seconds Time from a request to the end of its answer."
        yield "# TYPE lineage_request_seconds histogram"
        totals: Counter[str] = Counter()
        for (route, _), number in self.requests.items():
            totals[route] += number
        for route, total in sorted(totals.items()):
            for bound in _BUCKETS:
                number = self.buckets[route, bound]
                yield f'lineage_request_seconds_bucket{{route="{route}",le="{bound}"}} {number}'
            yield f'lineage_request_seconds_bucket{{route="{route}",le="+Inf"}} {total}'
            yield f'lineage_request_seconds_sum{{route="{route}"}} {self.seconds[route]:.6f}'
            yield f'lineage_request_seconds_count{{route="{route}"}} {total}'
        yield "# HELP lineage_requests_in_flight Requests that are being answered."
        yield "# TYPE lineage_requests_in_flight gauge"
        yield f"lineage_requests_in_flight {self.in_flight}"
        yield "# HELP lineage_start_time_seconds When the server started."
        yield "# TYPE lineage_start_time_seconds gauge"
        yield f"lineage_start_time_seconds {self.started_at:.0f}"
        if snapshot_taken_at is not None:
            yield "# HELP lineage_snapshot_age_seconds Time since the latest snapshot was taken."
            yield "# TYPE lineage_snapshot_age_seconds gauge"
            yield f"lineage_snapshot_age_seconds {time.time() - snapshot_taken_at:.0f}"


_REQUEST_SECONDS = 60.0
_LOG = logging.getLogger("lineage.serve")
_ACCESS = logging.getLogger("lineage.serve.access")
FAULT = ("a fault of lineage itself", "please report it")


class Front:
    """Stands before every route: time limit, access log, metrics, headers, and what went wrong."""

    def __init__(self, app: ASGIApp, metrics: Metrics, cors: str | None) -> None:
        self._app, self._metrics = app, metrics
        self._headers = [(b"x-content-type-options", b"nosniff")]
        if cors is not None:
            self._headers += [
                (b"access-control-allow-origin", cors.encode("latin-1")),
                (b"access-control-expose-headers", b"ETag, Link, X-Error-Code"),
            ]
            if cors != "*":
                self._headers.append((b"vary", b"Origin"))
        self._cors = cors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, status, size = time.perf_counter(), 0, 0
        self._metrics.in_flight += 1

        async def send_on(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *self._headers]
            else:
                size += len(message.get("body", b""))
            await send(message)

        try:
            async with asyncio.timeout(_REQUEST_SECONDS):
                if self._cors is not None and _is_cors_preflight(scope):
                    await _answer_preflight()(scope, receive, send_on)
                else:
                    await self._app(scope, receive, send_on)
        except (TimeoutError, ClientDisconnect):
            _LOG.info("a client was too slow, or left")
        except Exception as error:
            # A traceback is for the log of who runs it, never for a client.
            _LOG.error("a fault of lineage itself: %s: %s", type(error).__name__, error)
            _LOG.info("where it happened", exc_info=error)
            if not status:
                headers = {"X-Error-Code": "LineageError", "Cache-Control": "no-store"}
                body = dict(zip(("error", "hint"), FAULT, strict=True))
                response = JSONResponse(body, 500, headers)
                with suppress(OSError):
                    await response(scope, receive, send_on)
        finally:
            self._metrics.in_flight -= 1
            seconds = time.perf_counter() - start
            route = scope.get("route")
            name = getattr(route, "name", None) or "other"
            self._metrics.count_request(name, status or 499, seconds)
            _log_served_request(scope, status, size, seconds)


def _is_cors_preflight(scope: Scope) -> bool:
    names = {name for name, _ in scope["headers"]}
    return scope["method"] == "OPTIONS" and b"access-control-request-method" in names


def _answer_preflight() -> Response:
    headers = {
        "Access-Control-Allow-Methods": "GET, HEAD, POST",
        "Access-Control-Allow-Headers": "Content-Type, If-None-Match",
        "Access-Control-Max-Age": "600",
    }
    return Response(status_code=204, headers=headers)


def _log_served_request(scope: Scope, status: int, size: int, seconds: float) -> None:
    """Log one request on one line; nothing that a client sent acts in it."""
    if not _ACCESS.isEnabledFor(logging.INFO):
        return
    client = scope.get("client") or ("-", 0)
    target = (scope.get("raw_path") or b"").decode("latin-1")
    if scope.get("query_string"):
        target += "?" + scope["query_string"].decode("latin-1")
    target = escape_invisible(target[:500])
    facts = {
        "client": client[0],
        "method": scope["method"],
        "target": target,
        "status": status,
        "bytes": size,
        "seconds": round(seconds, 6),
    }
    line = f"{client[0]} {scope['method']} {target} {status} {size} {seconds * 1000:.1f} ms"
    _ACCESS.info("%s", line, extra={"facts": facts})


_MOST_CONNECTIONS = 256
_MOST_HEADER_BYTES = 32_768
_KEEP_ALIVE_SECONDS = 15
_HEADER_SECONDS = 15.0
"""How long a client may take for the head of a request."""
_STOP_SECONDS = 8
"""How long open requests may take once the server is asked to stop."""
_LOCAL_INTERVAL, _REMOTE_INTERVAL = 1.0, 30.0


class _Connection(H11Protocol):
    """One connection; who sends no whole head of a request in time is cut off."""

    # uvicorn bounds the time between two requests alone.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._last_cycle: object = self
        self.loop.call_later(_HEADER_SECONDS, self._close_silent_connection)

    def _close_silent_connection(self) -> None:
        if self.transport.is_closing():
            return
        is_waiting = self.cycle is None or self.cycle.response_complete
        if is_waiting and self._last_cycle is (self.cycle or self):
            self.transport.close()
            return
        self._last_cycle = self.cycle or self
        self.loop.call_later(_HEADER_SECONDS, self._close_silent_connection)


def open_server_socket(host: str, port: int) -> socket.socket:
    """Return a socket that is bound; OSError where the system refuses it."""
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    # With its protocol named, or asyncio leaves Nagle's algorithm on, at 40 ms an answer.
    bound = socket.socket(family, kind, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(512)
    except OSError:
        bound.close()
        raise
    return bound


def address_of_server_socket(bound: socket.socket) -> str:
    """Return where a browser finds it."""
    host, port = bound.getsockname()[:2]
    if host in ("0.0.0.0", "::"):
        host = "127.0.0.1" if host == "0.0.0.0" else "::1"
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def run_server(
    app: ASGIApp,
    bound: socket.socket,
    snapshots: OpenSnapshots,
    stop: Event,
    say_ready: Callable[[], None],
) -> None:
    """Answer until asked to stop; then let open requests end, for some seconds."""
    config = uvicorn.Config(
        app,
        http=_Connection,
        ws="none",
        loop="asyncio",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_STOP_SECONDS,
        h11_max_incomplete_event_size=_MOST_HEADER_BYTES,
    )
    server = uvicorn.Server(config)
    # On a thread of its own, so that signals stay with the command, as in all others.
    serving = Thread(target=server.run, kwargs={"sockets": [bound]}, name="http", daemon=True)
    is_local = snapshots.store.files.folder is not None
    interval = _LOCAL_INTERVAL if is_local else _REMOTE_INTERVAL
    watching = Thread(
        target=snapshots.watch_served_snapshots, args=(stop, interval), name="watch", daemon=True
    )
    serving.start()
    while not server.started:
        serving.join(0.005)
        if not serving.is_alive():
            raise LineageError("the server could not start", "see what it says with -v")
    say_ready()
    watching.start()
    while not stop.wait(1.0):
        if not serving.is_alive():
            raise LineageError("the server ended by itself", "see what it says with -v")
    server.should_exit = True
    serving.join(_STOP_SECONDS + 5)
