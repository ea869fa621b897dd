"""Asks one Hub, politely: the only place that opens connections or handles the token."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlencode
from urllib.request import getproxies, proxy_bypass

import httpx

from lineage.domain.addresses import is_loopback_host
from lineage.domain.clock import Clock
from lineage.domain.progress import Progress
from lineage.errors import SettingsError, UnexpectedPage
from lineage.http.budget import Budget
from lineage.http.transports import (
    MOST_ATTEMPTS,
    PacedTransport,
    RequestTally,
    RetryingTransport,
)

__all__ = ["Answer", "HubClient", "RequestTally", "checked_address", "open_client", "request_text"]

_PATH_SAFE = "/%:@!$&'()*+,;=~"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, read whole: success, redirect or refusal; who asked decides."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    """Decompressed."""


class HubClient:
    """Gets paths from one endpoint; a redirect is an answer and is never followed."""

    def __init__(
        self, http: httpx.Client, endpoint: str, tally: RequestTally, budget: Budget
    ) -> None:
        self._http = http
        self.endpoint = endpoint
        self.tally = tally
        self.budget = budget

    def get(
        self,
        path: str,
        params: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Return the answer to GET path?params, asked with these headers besides the usual ones.

        Raises SourceUnavailable when it does not come whole, RequestLimitReached instead of
        sending one request too many, UnexpectedPage for a body over the cap.
        """
        request = request_text(path, params)
        try:
            response = self._http.get(self.endpoint + request, headers=headers)
        except (httpx.RemoteProtocolError, httpx.InvalidURL, UnicodeError) as error:
            # Even unfollowed, httpx reads where a redirect leads, and stumbles over garbage.
            raise UnexpectedPage(
                f"GET {request[:300]} holds or redirects to something that is no address"
            ) from error
        return Answer(response.status_code, dict(response.headers.items()), response.content)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def request_text(path: str, params: Sequence[tuple[str, str]] = ()) -> str:
    """Return path?params as it is sent and as it names a recorded page: no host, no token."""
    # One slash in front, always: without it a path could lengthen the host's name.
    clean = "/" + quote(path.lstrip("/"), safe=_PATH_SAFE, errors="replace")
    return f"{clean}?{urlencode(params, errors='replace')}" if params else clean


def open_client(
    *,
    endpoint: str,
    token: str | None,
    user_agent: str,
    share: float,
    max_requests: int | None,
    clock: Clock,
    progress: Progress,
    timeout_seconds: float,
    max_body_bytes: int,
    is_whole: Callable[[bytes], bool],
    attempts: int = MOST_ATTEMPTS,
    tally: RequestTally | None = None,
    random: Random | None = None,
    inner: httpx.BaseTransport | None = None,
) -> HubClient:
    """Return a client that paces, retries and caps; close it after use.

    `is_whole` says of the body of a 200 whether it arrived to its end. `tally` is given where two
    clients share one `max_requests`. `inner` stands in for the network. Raises SettingsError for
    an endpoint, token or share that cannot be used.
    """
    address = checked_address(endpoint)
    tally, budget = tally or RequestTally(), Budget(share)
    paced = PacedTransport(
        inner or open_network(address), budget, clock, progress, tally, max_requests=max_requests
    )
    http = httpx.Client(
        transport=RetryingTransport(
            paced, clock, tally, max_body_bytes, is_whole=is_whole, attempts=attempts, random=random
        ),
        headers=_make_headers(address, token, user_agent, progress),
        timeout=httpx.Timeout(timeout_seconds),
        follow_redirects=False,
        trust_env=False,
    )
    return HubClient(http, str(address).rstrip("/"), tally, budget)


def checked_address(endpoint: str) -> httpx.URL:
    """Return the endpoint as an address; SettingsError for one that cannot be used or shown."""
    try:
        address = httpx.URL(endpoint)
    except httpx.InvalidURL as error:
        raise SettingsError("The endpoint is no address", "Example: https://hub.example") from error
    if address.scheme not in {"http", "https"} or not address.host:
        raise SettingsError("The endpoint is no http or https address")
    if address.userinfo or address.query or address.fragment:
        # The text itself may hold a secret, so it is not shown.
        raise SettingsError("The endpoint holds more than scheme, host, port and path")
    return address


def _make_headers(
    address: httpx.URL, token: str | None, user_agent: str, progress: Progress
) -> dict[str, str]:
    headers = {"User-Agent": user_agent, "Accept-Encoding": "gzip"}
    if not token:
        return headers
    if not re.fullmatch(r"[!-~]+", token):
        # Caught here, since an error about an illegal header would show it.
        raise SettingsError("The token holds characters that no token has", "Is it cut or quoted?")
    if address.scheme == "https" or is_loopback_host(address.host):
        headers["Authorization"] = f"Bearer {token}"
    else:
        progress.say(f"The token is withheld: {address} is neither https nor on this machine.")
    return headers


def open_network(address: httpx.URL) -> httpx.HTTPTransport:
    """Return what reaches an address, through the environment's proxy where there is one."""
    try:
        return httpx.HTTPTransport(proxy=_find_proxy(address))
    except (httpx.InvalidURL, ValueError, ImportError):
        # The cause is dropped: it may quote the proxy's password.
        raise SettingsError(
            "The proxy in the environment cannot be used", "http and https proxies can."
        ) from None


def _find_proxy(address: httpx.URL) -> httpx.Proxy | None:
    """Return the environment's proxy for the endpoint; never one for this machine itself."""
    # Read here because httpx forgets its environment when it is given a transport. Its trust_env
    # stays off: whatever else it may come to trust (netrc once), the token comes from us alone.
    proxies = getproxies()
    proxy = proxies.get(address.scheme) or proxies.get("all")
    if not proxy or is_loopback_host(address.host) or proxy_bypass(address.host):
        return None
    return httpx.Proxy(proxy if "://" in proxy else f"http://{proxy}")
