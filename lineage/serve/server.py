"""The process: a socket, uvicorn on a thread of its own, and a watch for new snapshots."""

import asyncio
import socket
from collections.abc import Callable
from threading import Event, Thread

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from lineage.errors import LineageError
from lineage.serve.open_snapshots import OpenSnapshots

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
        self.loop.call_later(_HEADER_SECONDS, self._close_if_silent)

    def _close_if_silent(self) -> None:
        if self.transport.is_closing():
            return
        is_waiting = self.cycle is None or self.cycle.response_complete
        if is_waiting and self._last_cycle is (self.cycle or self):
            self.transport.close()
            return
        self._last_cycle = self.cycle or self
        self.loop.call_later(_HEADER_SECONDS, self._close_if_silent)


def open_socket(host: str, port: int) -> socket.socket:
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


def address_of_socket(bound: socket.socket) -> str:
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
    watching = Thread(target=snapshots.watch, args=(stop, interval), name="watch", daemon=True)
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
