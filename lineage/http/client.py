"""Asks one Hub, politely: the only place that opens connections or handles the token."""

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Self
from urllib.parse import quote, urlencode

import httpx

from lineage.domain.addresses import is_loopback_host
from lineage.domain.clock import Clock
from lineage.domain.progress import Progress
from lineage.errors import SettingsError, UnexpectedPage
from lineage.http.bodies import Answer, printable_response_body
from lineage.http.budget import Budget
from lineage.http.network import LAST_PORT, Deadline, NetworkTransport
from lineage.http.transports import (
    MOST_ATTEMPTS,
    AnswerReader,
    FindDoubt,
    PacedTransport,
    RequestTally,
)

__all__ = [
    "Answer",
    "HubClient",
    "RequestTally",
    "check_endpoint_address",
    "open_client",
    "request_text",
]

MASK = b"[token]"
SHORTEST_TOKEN = 8
"""A shorter word would be found in texts that hold no token, and be no secret."""

# Each begins with the one letter that it is looked for by: over whole pages that is a hundred times
# as fast as one pattern for all.
_ESCAPES = (
    (b"\\", re.compile(rb"\\\\*(?:u0{6}|u00|[ux]\{0*|x)([0-7][0-9a-f])\}?", re.IGNORECASE), 16),
    (b"\\", re.compile(rb"\\\\*([01][0-7]{2})"), 8),
    (b"=", re.compile(rb"=([2-7][0-9A-F])"), 16),
    (b"%", re.compile(rb"%(?:25)*([0-7][0-9a-f])", re.IGNORECASE), 16),
    (b"&#", re.compile(rb"&#x0*([0-7][0-9a-f]);?", re.IGNORECASE), 16),
    (b"&#", re.compile(rb"&#0*([0-9]{2,3});?"), 10),
)
_ESCAPED_BREAK = rb"\\\\*(?:u(?:00a[0d]|200[b-f]|2060|feff)|[nrtbf])"
_ESCAPED_BREAKS = re.compile(_ESCAPED_BREAK, re.IGNORECASE)
_INVISIBLE = re.compile(rb"\xe2\x80[\x8b-\x8f]|\xc2[\xa0\xad]|\xe2\x81\xa0|\xef\xbb\xbf")
_INVISIBLE_STARTS = (b"\xe2\x80", b"\xc2\xa0", b"\xc2\xad", b"\xe2\x81\xa0", b"\xef\xbb\xbf")
_BETWEEN = b" \t\r\n\"'+,:\\"
_MOST_NESTING = 3
"""How often an escaped text may have been escaped again."""


def make_token_mask(token: str | None) -> Callable[[bytes], bytes]:
    """Return what masks a token in a text: plain, escaped, encoded, or broken by escapes.

    The returned function raises ValueError for a text that still spells the token afterwards.
    """
    if token is None or len(token) < SHORTEST_TOKEN:
        return bytes
    needles = _list_token_encodings(token.encode())
    bare_needles = [_strip_token(needle) for needle in needles]
    pattern: re.Pattern[bytes] | None = None

    def mask(text: bytes) -> bytes:
        nonlocal pattern
        if not _spells_hub_token(text, bare_needles):
            return text
        # Made and used where there is a token alone: slow, as it reads every spelling in place.
        pattern = pattern or re.compile(b"|".join(map(_token_spelling_of, needles)), re.IGNORECASE)
        masked = pattern.sub(MASK, text)
        if _spells_hub_token(masked, bare_needles):
            raise ValueError("the token is spelled in a way that cannot be masked")
        return masked

    return mask


def _list_token_encodings(token: bytes) -> list[bytes]:
    """Return the token, and how it reads in hexadecimal digits and in the midst of base64."""
    encodings = [token, token.hex().encode()]
    for lead, skipped in ((0, 0), (1, 2), (2, 3)):
        # What stands before and after it decides the first and the last letters.
        whole = base64.b64encode(bytes(lead) + token)
        inner = whole[skipped : len(whole) - (0, 3, 2)[(lead + len(token)) % 3]]
        encodings += {inner, inner.translate(bytes.maketrans(b"+/", b"-_"))}
    return encodings


def _spells_hub_token(text: bytes, bare_needles: list[bytes]) -> bool:
    """Say whether a text holds one of them once its escapes are undone."""
    if any(start in text for start in _INVISIBLE_STARTS):
        text = _INVISIBLE.sub(b"", text)
    for _ in range(_MOST_NESTING):
        unbroken = _ESCAPED_BREAKS.sub(b"", text) if b"\\" in text else text
        for bare in {_strip_token(text), _strip_token(unbroken)}:
            if any(needle in bare for needle in bare_needles):
                return True
        escaped = text
        for sign, pattern, base in _ESCAPES:
            if sign in text:
                text = pattern.sub(lambda escape, base=base: _unescape_for_mask(escape, base), text)  # type: ignore[misc]
        if text == escaped:
            return False
    return False


def _strip_token(text: bytes) -> bytes:
    return text.translate(None, _BETWEEN).lower()


def _unescape_for_mask(escape: re.Match[bytes], base: int) -> bytes:
    code = int(escape[1], base)
    return bytes([code]) if code < 128 else escape[0]


def _token_spelling_of(needle: bytes) -> bytes:
    """Return the pattern of a text whose every letter may be escaped, with breaks between."""
    breaks = rb"(?:%s|%s|[ \t\r\n\"'+,:\\]|%%(?:25)*(?:0[9ad]|20)){0,8}"
    breaks %= (_ESCAPED_BREAK, _INVISIBLE.pattern)
    escaped = rb"\\+(?:u0{6}|u00|[ux]\{0*|x)%02x\}?|\\+%03o|=%02x"
    escaped += rb"|(?:%%|\\+u0025)(?:25)*%02x|&#x0*%02x;?|&#0*%d;?"
    letters = [
        rb"(?:%s|%s)" % (re.escape(bytes([code])), escaped % ((code,) * 6)) for code in needle
    ]
    return breaks.join(letters)


_PATH_SAFE = "/%:@!$&'()*+,;=~"


class HubClient:
    """Gets paths from one endpoint; a redirect is an answer and is never followed."""

    # Not by httpx.Client, which keeps cookies and reads where a redirect leads: either ends a run
    # over a byte that does not concern it.

    def __init__(
        self,
        reader: AnswerReader,
        endpoint: str,
        *,
        headers: Mapping[str, str],
        timeout_seconds: float,
        tally: RequestTally,
        budget: Budget,
    ) -> None:
        self._reader = reader
        self._headers = headers
        self._timeout = httpx.Timeout(timeout_seconds).as_dict()
        self.endpoint = endpoint
        self.tally = tally
        self.budget = budget

    def get(
        self,
        path: str,
        params: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        find_doubt: FindDoubt = lambda answer: None,
    ) -> Answer:
        """Return the answer to GET path?params, asked with these headers besides the usual ones.

        A 200 against which `find_doubt` gives a reason is asked for again, a few times. Raises
        SourceUnavailable when no answer comes whole, RequestLimitReached instead of sending one
        request too many, UnexpectedPage for a body over the cap.
        """
        try:
            request = httpx.Request(
                "GET",
                self.endpoint + request_text(path, params),
                headers={**self._headers, **(headers or {})},
                extensions={"timeout": self._timeout},
            )
        except (httpx.InvalidURL, ValueError) as error:
            raise UnexpectedPage(
                f"what is asked next is no address: {printable_response_body(path)}"
            ) from error
        return self._reader.ask_for_http_answer(request, find_doubt)

    def close(self) -> None:
        """Close the connections."""
        self._reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
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
    deadline_seconds: float,
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
    address = check_endpoint_address(endpoint)
    tally, budget = tally or RequestTally(), Budget(share)
    network = inner or NetworkTransport(address, Deadline(deadline_seconds))
    paced = PacedTransport(network, budget, clock, progress, tally, max_requests=max_requests)
    reader = AnswerReader(
        paced,
        clock,
        tally,
        max_body_bytes,
        is_whole=is_whole,
        mask=make_token_mask(token),
        attempts=attempts,
        random=random,
    )
    return HubClient(
        reader,
        str(address).rstrip("/"),
        headers=_make_request_headers(address, token, user_agent, progress),
        timeout_seconds=timeout_seconds,
        tally=tally,
        budget=budget,
    )


def check_endpoint_address(endpoint: str) -> httpx.URL:
    """Return the endpoint as an address; SettingsError for one that cannot be used or shown."""
    try:
        address = httpx.URL(endpoint)
        has_host = bool(address.host)  # decoded when it is looked at
    except (httpx.InvalidURL, ValueError) as error:
        raise SettingsError("The endpoint is no address", "Example: https://hub.example") from error
    if address.scheme not in {"http", "https"} or not has_host:
        raise SettingsError("The endpoint is no http or https address")
    if address.port is not None and not 0 < address.port <= LAST_PORT:
        raise SettingsError(f"The endpoint's port {address.port} is not between 1 and {LAST_PORT}")
    if address.userinfo or address.query or address.fragment:
        # The text itself may hold a secret, so it is not shown.
        raise SettingsError("The endpoint holds more than scheme, host, port and path")
    return address


def _make_request_headers(
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
