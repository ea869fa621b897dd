"""Takes in what a server sends: whole and within a cap, and safe to show."""

import json
import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_GZIP_ONLY = 16 + zlib.MAX_WBITS
_SECRET = re.compile(r"hf_\w+|(?<=bearer )\S+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, read whole: success, redirect or refusal; who asked decides."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    """Decompressed."""

    @property
    def hub_words_of_answer(self) -> str:
        """What the Hub itself says of a refusal; empty where somebody on the way may have."""
        return printable_response_body(
            self.headers.get("x-error-message", "") or _read_error_of_answer_body(self.body)
        )

    @property
    def is_answer_of_hub(self) -> bool:
        """Whether a refusal is the Hub's own; a CDN or a proxy answers with a page of its own."""
        return bool(
            self.hub_words_of_answer or "x-error-code" in self.headers or not self.body.strip()
        )


def _read_error_of_answer_body(body: bytes) -> str:
    """Return the `error` of a JSON object, as the Hub words refusals."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    words = value.get("error") if isinstance(value, dict) else None
    if isinstance(words, dict):
        words = words.get("message")
    return words if isinstance(words, str) else ""


def describe_refused_http_request(answer: Answer, address: str) -> str:
    """Return status first, then who was asked, then the words that came with it."""
    words = answer.hub_words_of_answer
    if not words and answer.body.lstrip()[:1] != b"<":
        words = printable_response_body(answer.body)
    return (
        f"status {answer.status} from {printable_response_body(address)}{': ' * bool(words)}{words}"
    )


class BodyBroken(Exception):
    """The body ended too early, or is not what its encoding says."""


class BodyTooLarge(Exception):
    """The decompressed body goes over the cap; no more than the cap was held in memory."""


def read_body(chunks: Iterable[bytes], encoding: str, max_bytes: int) -> bytes:
    """Return the decoded body: `encoding` is the Content-Encoding, identity or gzip.

    Raises BodyBroken for a stream that is cut or damaged and BodyTooLarge over max_bytes.
    """
    # Our own, because httpx takes a gzip stream that ends in the middle for a whole one, and hands
    # out what a chunk unfolds to before it can be counted.
    encoding = encoding.strip().lower()
    if encoding in {"gzip", "x-gzip"}:
        return _decompress_gzip_body(chunks, max_bytes)
    if encoding not in {"", "identity"}:
        raise BodyBroken(f"the encoding {printable_response_body(encoding, 40)} was not asked for")
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > max_bytes:
            raise BodyTooLarge
    return bytes(body)


def _decompress_gzip_body(chunks: Iterable[bytes], max_bytes: int) -> bytes:
    body = bytearray()
    unzip = zlib.decompressobj(_GZIP_ONLY)
    begun = False
    for chunk in chunks:
        remaining = chunk
        while remaining:
            begun = True
            if unzip.eof:
                unzip = zlib.decompressobj(_GZIP_ONLY)
            try:
                body += unzip.decompress(remaining, max_bytes + 1 - len(body))
            except zlib.error as error:
                raise BodyBroken(f"the gzip stream is damaged: {error}") from error
            if len(body) > max_bytes:
                raise BodyTooLarge
            remaining = unzip.unused_data or unzip.unconsumed_tail
    if begun and not unzip.eof:
        raise BodyBroken("the gzip stream is cut")
    return bytes(body)


def printable_response_body(text: str | bytes, most: int = 200) -> str:
    """Return the text's first characters for a message: no control codes, no secrets."""
    if isinstance(text, bytes):
        text = text[: 4 * most].decode("utf-8", "replace")
    hidden = _SECRET.sub("[secret]", text)
    plain = "".join(c if c.isprintable() else " " for c in hidden[: 2 * most])
    return " ".join(plain.split())[:most]
