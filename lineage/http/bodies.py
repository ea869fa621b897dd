"""Takes in what a server sends: whole and within a cap, and safe to show."""

import re
import zlib
from collections.abc import Iterable

_GZIP_ONLY = 16 + zlib.MAX_WBITS
_SECRET = re.compile(r"hf_\w+|(?<=bearer )\S+", re.IGNORECASE)


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
        return _decompress_gzip(chunks, max_bytes)
    if encoding not in {"", "identity"}:
        raise BodyBroken(f"the encoding {printable(encoding, 40)} was not asked for")
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > max_bytes:
            raise BodyTooLarge
    return bytes(body)


def _decompress_gzip(chunks: Iterable[bytes], max_bytes: int) -> bytes:
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


def printable(text: str | bytes, most: int = 200) -> str:
    """Return the text's first characters for a message: no control codes, no secrets."""
    if isinstance(text, bytes):
        text = text[: 4 * most].decode("utf-8", "replace")
    hidden = _SECRET.sub("[secret]", text)
    plain = "".join(c if c.isprintable() else " " for c in hidden[: 2 * most])
    return " ".join(plain.split())[:most]
