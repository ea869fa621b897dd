"""The way to one host: each request under one deadline, on a connection that is clean."""

import math
import os
import socket
import ssl
import time
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, TypeVar
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

from lineage.domain.addresses import is_loopback_host
from lineage.domain.files import open_regular_file, words_of_os_error
from lineage.errors import SettingsError, SourceUnavailable
from lineage.http.bodies import printable_response_body

_T = TypeVar("_T")

LAST_PORT = 65_535
RUN_AGAIN = "Run the same command again: it goes on where it stopped."

_TLS_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")
_NO_SUCH_NAME = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})


class Deadline:
    """When a request must be over: name lookup, headers, body, trailers and all."""

    # The timeouts of httpx hold for one read each: a server that sends a byte now and then, in a
    # header, a chunk's extension or a trailer, never meets them.

    def __init__(self, seconds: float, *, spans_redirects: bool = False) -> None:
        """Begin with each request anew; where it spans redirects, with the first one alone."""
        self._seconds = seconds
        self._spans_redirects = spans_redirects
        self._ends_at = math.inf
        self._address = ""

    def begin_request_deadline(self, address: str) -> None:
        """Let the time of a request to an address run."""
        self._address = address
        if self._ends_at == math.inf or not self._spans_redirects:
            self._ends_at = time.monotonic() + self._seconds

    def run_before_deadline(self, action: Callable[[float], _T], timeout: float | None) -> _T:
        """Do what may block with the timeout that is left for it."""
        remaining = self._ends_at - time.monotonic()
        if remaining > 0:
            try:
                return action(remaining if timeout is None else min(timeout, remaining))
            except httpcore.TimeoutException:
                if time.monotonic() < self._ends_at:
                    raise
        raise SourceUnavailable(
            f"the answer of {self._address} was not complete after {self._seconds:g} s",
            f"{RUN_AGAIN} The bound of one request is the setting request_deadline_seconds.",
        )


class NetworkTransport(httpx.BaseTransport):
    """Reaches one address, through the environment's proxy where there is one.

    Raises SourceUnavailable when a request is not over by its deadline, SettingsError for a host
    that does not exist, and what httpx raises.
    """

    def __init__(self, address: httpx.URL, deadline: Deadline) -> None:
        self._deadline = deadline
        certificates = _check_tls_certificate_file()
        try:
            tls = _read_tls_context(certificates, *map(os.environ.get, _TLS_VARIABLES))
            self._http = httpx.HTTPTransport(verify=tls, proxy=_find_http_proxy(address))
        except OSError as error:
            raise _unusable_tls_certificates(error) from error
        except (httpx.InvalidURL, ValueError, ImportError):
            # The cause is dropped: it may quote the proxy's password.
            raise SettingsError(
                "The proxy in the environment cannot be used", "http and https proxies can."
            ) from None
        # httpx passes no backend on to its pool, so it is put there; the tests of drips notice
        # where that ends to work.
        self._pool = self._http._pool
        self._pool._network_backend = _TimedBackend(self._deadline)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        for connection in self._pool.connections:
            if _connection_holds_unread_bytes(connection):
                # They would be taken for the answer to this request.
                connection.close()
        self._deadline.begin_request_deadline(
            printable_response_body(request.url.host + request.url.path)
        )
        return self._http.handle_request(request)

    def close(self) -> None:
        self._http.close()


def _check_tls_certificate_file() -> tuple[int, int] | None:
    """Return size and time of the file of authorities that the environment names, if any.

    Raises SettingsError where that is no file.
    """
    # OpenSSL would wait for ever for a pipe that has no writer.
    if not (path := os.environ.get("SSL_CERT_FILE")):
        return None
    try:
        with open_regular_file(Path(path)) as file:
            facts = os.fstat(file.fileno())
    except OSError as error:
        raise _unusable_tls_certificates(error) from error
    return facts.st_size, facts.st_mtime_ns


def _unusable_tls_certificates(error: OSError) -> SettingsError:
    return SettingsError(
        f"the environment's certificates cannot be used: {words_of_os_error(error)}",
        f"check {', '.join(_TLS_VARIABLES[:-1])} and {_TLS_VARIABLES[-1]}",
    )


@cache
def _read_tls_context(
    certificates: tuple[int, int] | None, *environment: str | None
) -> ssl.SSLContext:
    """Return what verifies servers, made once for each state of `_TLS_VARIABLES` and that file."""
    # Reading the bundle of authorities takes longer than a small crawl's whole listing.
    return httpx.create_ssl_context()


def _connection_holds_unread_bytes(connection: Any) -> bool:
    """Say whether an answer on a connection was followed by bytes that belong to none."""
    # A proxy's connection wraps the one that speaks HTTP. Bytes that have not been read yet are
    # noticed by the pool itself.
    while connection is not None and not hasattr(connection, "_h11_state"):
        connection = getattr(connection, "_connection", None)
    return connection is not None and bool(connection._h11_state.trailing_data[0])


def _find_http_proxy(address: httpx.URL) -> httpx.Proxy | None:
    """Return the environment's proxy for the endpoint; never one for this machine itself."""
    # Read here because httpx forgets its environment when it is given a transport. Its trust_env
    # stays off: whatever else it may come to trust (netrc once), the token comes from us alone.
    proxies = getproxies()
    proxy = proxies.get(address.scheme) or proxies.get("all")
    if not proxy or is_loopback_host(address.host) or proxy_bypass(address.host):
        return None
    chosen = httpx.Proxy(proxy if "://" in proxy else f"http://{proxy}")
    if not 0 < (chosen.url.port or LAST_PORT) <= LAST_PORT:
        raise ValueError("no such port")
    return chosen


class _TimedBackend(httpcore.NetworkBackend):
    """Opens connections whose every operation is cut at the deadline."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._opener = httpcore.SyncBackend()
        self._was_connected = False

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        failure: httpcore.NetworkError | httpcore.TimeoutException | None = None
        for address in self._deadline.run_before_deadline(
            lambda seconds: self._resolve_host(host, seconds), timeout
        ):
            try:
                stream = self._deadline.run_before_deadline(
                    lambda seconds, address=address: self._opener.connect_tcp(  # type: ignore[misc]
                        address, port, seconds, local_address, socket_options
                    ),
                    timeout,
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                self._was_connected = True
                return TimedStream(stream, self._deadline)
        raise failure or httpcore.ConnectError(f"{host} has no address")

    def _resolve_host(self, host: str, seconds: float) -> list[str]:
        # In a thread, since the resolver knows no timeout.
        answers: SimpleQueue[list[str] | Exception] = SimpleQueue()

        def ask() -> None:
            try:
                infos = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
                answers.put([str(info[4][0]) for info in infos])
            except (OSError, ValueError) as error:
                answers.put(error)

        Thread(target=ask, daemon=True).start()
        try:
            answer = answers.get(timeout=seconds)
        except Empty:
            raise httpcore.ConnectTimeout(f"the name {host} was not looked up in time") from None
        if isinstance(answer, list):
            return answer
        if self._was_connected:
            raise httpcore.ConnectError(f"the name {host} cannot be looked up any more: {answer}")
        if isinstance(answer, socket.gaierror) and answer.errno not in _NO_SUCH_NAME:
            raise SourceUnavailable(
                f"the name of the host {host} cannot be looked up: {answer.strerror}",
                "Is there a network? " + RUN_AGAIN,
            ) from answer
        raise SettingsError(f"no such host: {host}", "check how the address is spelled") from answer


class TimedStream(httpcore.NetworkStream):
    """A connection whose every operation is cut at the deadline."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._deadline.run_before_deadline(
            lambda seconds: self._stream.read(max_bytes, seconds), timeout
        )

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._deadline.run_before_deadline(
            lambda seconds: self._stream.write(buffer, seconds), timeout
        )

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        try:
            stream = self._deadline.run_before_deadline(
                lambda seconds: self._stream.start_tls(ssl_context, server_hostname, seconds),
                timeout,
            )
        except httpcore.ConnectError as error:
            if isinstance(error.__cause__, ssl.SSLCertVerificationError):
                raise SettingsError(
                    f"the certificate of {server_hostname} is not valid: "
                    f"{error.__cause__.verify_message}",
                    "check the address, this machine's clock, and what stands on the way; "
                    "SSL_CERT_FILE names further authorities",
                ) from error
            raise
        return TimedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        own = self._stream.get_extra_info(info)
        if info == "is_readable" and not own:
            # Of a TLS record that was read in part the socket knows nothing.
            connection = self._stream.get_extra_info("socket")
            return isinstance(connection, ssl.SSLSocket) and connection.pending() > 0
        return own
