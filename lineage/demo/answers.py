"""What the box says to one request, before it goes over the wire."""

import json
from dataclasses import dataclass, field

JSON = "application/json; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Wire:
    """How an answer is ill-treated on its way; the plain one is not."""

    stall_seconds: float = 0.0
    stall_in_body: bool = False
    """Stall when half of the body is out, not before the first byte."""
    keep: float = 1.0
    """The part of the encoded body that is sent at all."""
    honest_length: bool = False
    """Content-Length tells what is sent, not what would have been sent."""
    reset: bool = False
    """The connection ends with a reset instead of an orderly end."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body and headers of one answer."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    wire: Wire = field(default_factory=Wire)
    tells_limits: bool = True
    """RateLimit headers are sent with it."""


def error(status: int, message: str, code: str | None = None) -> Answer:
    """Return an error as the Hub words it: a JSON body, and the code in a header if there is one.

    The plain 401 and the bad query carry no error headers (recorded 2026-07 and 2026-10).
    """
    headers = {"X-Error-Code": code} if code else {}
    if code or status in (403, 404):
        headers["X-Error-Message"] = "".join(c if " " <= c <= "~" else "?" for c in message)
    return Answer(status, error_body(message), JSON, headers)


def error_body(message: str) -> bytes:
    """Return an error as compact JSON, byte for byte what the Hub sends."""
    return json.dumps({"error": message}, separators=(",", ":"), ensure_ascii=False).encode()


def redirect(location: str) -> Answer:
    """Return a 307 with the Hub's body, `Temporary Redirect. Redirecting to ...`."""
    body = f"Temporary Redirect. Redirecting to {location}".encode()
    return Answer(307, body, TEXT, {"Location": location})
