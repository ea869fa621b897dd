"""Fetches one large file into a file, with a cap; sends no token to anyone.

A dump of the Hub is a gigabyte that a redirect leads to: too much for a client that holds answers
whole and follows nowhere.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx

from lineage.domain.addresses import is_loopback_host
from lineage.domain.progress import Progress
from lineage.errors import RequestLimitReached, SettingsError, SourceUnavailable, UnexpectedPage
from lineage.http.bodies import printable_response_body
from lineage.http.network import LAST_PORT, RUN_AGAIN, Deadline, NetworkTransport
from lineage.http.transports import RequestTally

MOST_REDIRECTS = 5
_CHUNK = 1 << 20


def download(
    url: str,
    target: Path,
    *,
    user_agent: str,
    timeout_seconds: float,
    deadline_seconds: float,
    max_bytes: int,
    max_requests: int | None,
    progress: Progress,
    tally: RequestTally,
) -> None:
    """Write what an https address holds to a file; plain http is for this machine alone.

    Raises SettingsError for an address that may not be asked, SourceUnavailable where it does not
    come whole, UnexpectedPage for more than max_bytes, RequestLimitReached instead of one request
    too many.
    """
    address = _check_download_address(url, None)
    headers = {"User-Agent": user_agent, "Accept-Encoding": "identity"}
    deadline = Deadline(deadline_seconds, spans_redirects=True)
    try:
        for _ in range(MOST_REDIRECTS + 1):
            if max_requests is not None and tally.sent >= max_requests:
                raise RequestLimitReached(f"The limit of {max_requests} requests is reached")
            tally.sent += 1
            with _open_download_response(address, headers, timeout_seconds, deadline) as response:
                if not response.has_redirect_location:
                    _write_downloaded_body(response, address, target, max_bytes, progress)
                    return
                address = _check_download_address(
                    str(address.join(response.headers["location"])), address
                )
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise SourceUnavailable(
            f"{address.host} did not send the dump whole: "
            f"{type(error).__name__}: {printable_response_body(str(error))}",
            f"{RUN_AGAIN.partition(':')[0]}, or download it first and name the file.",
        ) from error
    raise UnexpectedPage(f"{address.host} redirects more than {MOST_REDIRECTS} times")


@contextmanager
def _open_download_response(
    address: httpx.URL, headers: dict[str, str], timeout_seconds: float, deadline: Deadline
) -> Iterator[httpx.Response]:
    timeout = httpx.Timeout(timeout_seconds).as_dict()
    request = httpx.Request("GET", address, headers=headers, extensions={"timeout": timeout})
    with closing(NetworkTransport(address, deadline)) as network:
        response = network.handle_request(request)
        with closing(response):
            yield response


def _write_downloaded_body(
    response: httpx.Response, address: httpx.URL, target: Path, max_bytes: int, progress: Progress
) -> None:
    if response.status_code != 200:
        raise SourceUnavailable(
            f"status {response.status_code} from {address.host}",
            "Check the address; a dump that needs a token must be downloaded first.",
        )
    length = response.headers.get("content-length", "")
    whole = int(length) if length.isascii() and length.isdigit() else None
    progress.begin("download the dump, MB", None if whole is None else whole // _CHUNK)
    size = 0
    target.unlink(missing_ok=True)  # a link of that name is not written through
    with target.open("xb") as file:
        for chunk in response.iter_raw(_CHUNK):
            size += len(chunk)
            if size > max_bytes:
                raise UnexpectedPage(
                    f"The dump is over {max_bytes} bytes", "The cap is the setting max_dump_bytes."
                )
            file.write(chunk)
            progress.step(size // _CHUNK)
    progress.end()


def _check_download_address(url: str, before: httpx.URL | None) -> httpx.URL:
    """Return an address that may be asked; a redirect leads neither to plain http nor in here."""
    try:
        address = httpx.URL(url)
        is_local = is_loopback_host(address.host)
    except (httpx.InvalidURL, ValueError) as error:
        raise SettingsError("The dump's address is none") from error
    leads_inwards = is_local and before is not None and not is_loopback_host(before.host)
    if (
        address.scheme not in {"https", "http"}
        or not address.host
        or address.userinfo
        or not 0 < (address.port or 443) < 65_536
        or leads_inwards
    ):
        # The text itself may hold a secret, so it is not shown.
        raise SettingsError("The dump's address, or where it leads, may not be asked")
    if address.port is not None and not 0 < address.port <= LAST_PORT:
        raise SettingsError(f"The port {address.port} is not between 1 and {LAST_PORT}")
    if address.scheme == "http" and not is_local:
        raise SettingsError(
            f"{address.host} would send the dump over plain http",
            "name an https address, or download it first and name the file",
        )
    return address
