"""A Hub of bare sockets: whatever bytes a test wants, on any connection, as slow as it says."""

import json
import socket
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Thread
from types import TracebackType
from typing import Self


@dataclass(frozen=True, slots=True)
class Drip:
    """Bytes that are sent one by one, for ever when they are over."""

    before: bytes
    """Sent at once."""
    dripped: bytes = b"a"
    """Sent byte by byte, again and again."""
    seconds: float = 0.05


Reply = bytes | Drip
Answering = Callable[[str], Reply]
"""What is sent for a request, given by its path and query."""


def reply(body: bytes | object, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    """Return a whole answer; what is no bytes is sent as JSON. Headers are raw lines."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [b"HTTP/1.1 " + status, b"Content-Length: %d" % len(content), *headers]
    return b"\r\n".join([*lines, b"", content])


class RawHub:
    """Serves each connection by its script, a reply for each request; then by `answering`.

    A connection ends with its script where there is no `answering`.
    """

    def __init__(self, *connections: Sequence[Reply], answering: Answering | None = None) -> None:
        self._scripts = list(connections)
        self._answering = answering
        self._closing = Event()
        self._threads: list[Thread] = []
        self._open: list[socket.socket] = []
        self.requests: list[str] = []
        """Each request as it came, head and all."""
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def targets(self) -> list[str]:
        """Path and query of each request."""
        return [request.split(" ", 2)[1] for request in self.requests]

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        raised: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._closing.set()
        for opened in (self._listener, *self._open):
            with suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)
            opened.close()
        for thread in self._threads:
            thread.join(timeout=5)

    def _start(self, action: Callable[..., None], *arguments: object) -> None:
        thread = Thread(target=action, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            self.connections += 1
            script = self._scripts.pop(0) if self._scripts else ()
            self._start(self._serve, connection, script)

    def _serve(self, connection: socket.socket, script: Iterable[Reply]) -> None:
        replies = iter(script)
        with suppress(OSError), connection:
            while (request := _read_head(connection)) is not None:
                self.requests.append(request)
                answer = next(replies, None)
                if answer is None and self._answering is not None:
                    answer = self._answering(request.split(" ", 2)[1])
                if answer is None:
                    return
                self._send(connection, answer)

    def _send(self, connection: socket.socket, answer: Reply) -> None:
        if isinstance(answer, bytes):
            connection.sendall(answer)
            return
        connection.sendall(answer.before)
        while True:
            for code in answer.dripped:
                if self._closing.wait(answer.seconds):
                    return
                connection.sendall(bytes([code]))


def _read_head(connection: socket.socket) -> str | None:
    """Return a request's head; None where the client closed the connection."""
    head = b""
    while b"\r\n\r\n" not in head:
        part = connection.recv(65536)
        if not part:
            return None
        head += part
    return head.decode("latin-1")
