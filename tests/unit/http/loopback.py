"""A real server on this machine that misbehaves on demand, one fault for each path."""

import gzip
import json
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ROWS = json.dumps([{"_id": f"{number:024x}"} for number in range(500)]).encode()
BOMB = gzip.compress(bytes(30_000_000))


class MisbehavingServer(ThreadingHTTPServer):
    """Shows the fault of a path at its first request, and answers properly after."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: Counter[str] = Counter()
        self.authorizations: list[str | None] = []
        self.redirect_to = ""
        self.released = threading.Event()
        """Set when the test is over: whoever stalls may go."""

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: MisbehavingServer

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.server.authorizations.append(self.headers["Authorization"])
        self.server.asked[path] += 1
        fault = FAULTS.get(path)
        always = path in {"/bomb", "/bomb-in-chunks", "/redirect", "/circle"}
        if fault is not None and (always or self.server.asked[path] == 1):
            fault(self)
        else:
            self.answer(ROWS)

    def answer(self, body: bytes, status: int = 200, /, **headers: str) -> None:
        self.head(status, **{"Content-Length": str(len(body)), **headers})
        self.wfile.write(body)

    def head(self, status: int = 200, /, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:
        pass


def _reset(handler: _Handler) -> None:
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.connection.close()


def _reset_in_the_body(handler: _Handler) -> None:
    handler.head(Content_Length=str(len(ROWS)))
    handler.wfile.write(ROWS[:1000])
    _reset(handler)


def _stall(handler: _Handler) -> None:
    handler.server.released.wait(20)
    handler.close_connection = True


def _stall_in_the_body(handler: _Handler) -> None:
    handler.head(Content_Length=str(len(ROWS)))
    handler.wfile.write(ROWS[:1000])
    handler.wfile.flush()
    _stall(handler)


def _shorter_than_said(handler: _Handler) -> None:
    handler.head(Content_Length=str(len(ROWS)))
    handler.wfile.write(ROWS[:1000])
    handler.close_connection = True


def _json_cut_at_the_close(handler: _Handler) -> None:
    handler.head(Connection="close")
    handler.wfile.write(ROWS[:1000])
    handler.close_connection = True


def _gzip_cut_at_the_close(handler: _Handler) -> None:
    # The rows end whole before the cut: only the missing trailer of the stream tells.
    handler.head(Connection="close", Content_Encoding="gzip")
    handler.wfile.write(gzip.compress(ROWS)[:-8])
    handler.close_connection = True


def _chunks_without_an_end(handler: _Handler) -> None:
    handler.head(Transfer_Encoding="chunked")
    handler.wfile.write(b"3e8\r\n" + ROWS[:1000] + b"\r\n")
    handler.close_connection = True


def _no_http(handler: _Handler) -> None:
    handler.wfile.write(b"\x00\xffgarbage\r\n\r\n")
    handler.close_connection = True


def _html_429(handler: _Handler) -> None:
    handler.answer(b"<!doctype html><h1>429</h1>", 429, Content_Type="text/html")


def _bomb(handler: _Handler) -> None:
    handler.answer(BOMB, Content_Encoding="gzip")


def _bomb_in_chunks(handler: _Handler) -> None:
    handler.head(Transfer_Encoding="chunked", Content_Encoding="gzip")
    handler.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(BOMB), BOMB))


def _redirect(handler: _Handler) -> None:
    handler.answer(b"Temporary Redirect.", 307, Location=handler.server.redirect_to)


def _circle(handler: _Handler) -> None:
    link = f'<{handler.server.endpoint}/circle?cursor=same>; rel="next"'
    handler.answer(ROWS, Link=link)


FAULTS: dict[str, Callable[[_Handler], None]] = {
    "/reset": _reset,
    "/reset-in-the-body": _reset_in_the_body,
    "/stall": _stall,
    "/stall-in-the-body": _stall_in_the_body,
    "/shorter-than-said": _shorter_than_said,
    "/json-cut": _json_cut_at_the_close,
    "/gzip-cut": _gzip_cut_at_the_close,
    "/chunks-without-an-end": _chunks_without_an_end,
    "/no-http": _no_http,
    "/html-429": _html_429,
    "/bomb": _bomb,
    "/bomb-in-chunks": _bomb_in_chunks,
    "/redirect": _redirect,
    "/circle": _circle,
}


@contextmanager
def serving() -> Iterator[MisbehavingServer]:
    server = MisbehavingServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
