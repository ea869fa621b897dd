"""Model cards: asked for at the Hub, and kept by commit."""

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, quote, unquote

import msgspec
import zstandard

from lineage.domain.files import delete_leftovers, read_regular_file, write_file_atomically
from lineage.errors import SourceUnavailable, StoreError, UnexpectedPage
from lineage.http.bodies import Answer, describe_refused_http_request
from lineage.http.client import HubClient
from lineage.http.network import RUN_AGAIN
from lineage.sources.listing_rows import read_listing_row_leniently

_LEVEL = 3
_SUFFIX = ".card"


class StoredCard(msgspec.Struct, frozen=True):
    """What the Hub answered when it was asked for one model's card."""

    sha: str | None
    """The model's commit as the listing gave it then."""
    status: int
    """200 where `text` is the card; anything else is why there is none."""
    etag: str = ""
    text: bytes = b""
    """The card's first bytes, as many as are read."""


class _CardHead(msgspec.Struct, frozen=True):
    sha: str | None
    status: int
    etag: str
    size: int
    sha256: str
    """Of the compressed text: a file that was cut by a lost write is no card."""


class HubCardCache:
    """A folder of cards; a file that is damaged counts as none."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get_stored_card(self, key: str) -> StoredCard | None:
        """Return what was kept for a model; None if there is nothing whole."""
        try:
            data = read_regular_file(self._card_path(key))
        except OSError:
            return None
        line, _, frame = data.partition(b"\n")
        try:
            head = msgspec.json.decode(line, type=_CardHead)
            if hashlib.sha256(frame).hexdigest() != head.sha256:
                return None
            # Asked first, since decompress reserves whatever size a frame claims.
            if zstandard.frame_content_size(frame) != head.size:
                return None
            text = zstandard.ZstdDecompressor().decompress(frame)
        except (msgspec.MsgspecError, UnicodeDecodeError, zstandard.ZstdError):
            return None
        return StoredCard(head.sha, head.status, head.etag, text)

    def put_stored_card(self, key: str, card: StoredCard) -> None:
        """Keep an answer in place of the one before.

        Not synced to disk: what a power cut damages is noticed and asked again.
        """
        path = self._card_path(key)
        try:
            if not path.parent.is_dir():
                path.parent.mkdir(parents=True, exist_ok=True)
                with suppress(FileExistsError), (self.folder / ".gitignore").open("x") as ignore:
                    ignore.write("*\n")
            delete_leftovers(path.parent)
            with write_file_atomically(path, sync=False) as file:
                file.write(_pack_hub_card(card))
        except OSError as error:
            raise StoreError(
                f"A card cannot be kept in {self.folder}: {error.strerror}",
                "Free space there, or name another folder with --cache.",
            ) from error

    def _card_path(self, key: str) -> Path:
        # A hash, so that nothing from the Hub ever becomes a path, and no folder gets too full.
        name = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        return self.folder / name[:2] / f"{name}{_SUFFIX}"


def _pack_hub_card(card: StoredCard) -> bytes:
    frame = zstandard.ZstdCompressor(level=_LEVEL).compress(card.text)
    digest = hashlib.sha256(frame).hexdigest()
    head = _CardHead(card.sha, card.status, card.etag, len(card.text), digest)
    return msgspec.json.encode(head) + b"\n" + frame


MOST_BYTES_OF_A_CARD: Final = 4 * 1024 * 1024
"""Over this a card is not taken in; the largest honest ones have some hundred kilobytes."""
KEPT_BYTES: Final = 256 * 1024
"""How much of a card is kept; a little more than is ever read."""
ATTEMPTS_AT_A_CARD: Final = 3
"""Fewer than for a page: a card that fails is left for the next crawl."""
REQUESTS_A_CARD: Final = 2
"""The question, and the place it redirects to."""
QUOTAS: Final = (3000, 5000)
"""Requests in five minutes without and with a token: the Hub's documentation, September 2025."""
WINDOW_SECONDS: Final = 300

_Params = tuple[tuple[str, str], ...]
_NO_PARAMS: _Params = ()
_MOST_HOPS = 4
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ELSEWHERE = 0
"""The status kept where the Hub sends us to another host, in a circle, or sends too much."""


class HubCards:
    """The cards of one Hub; without a client those in the store alone."""

    def __init__(self, client: HubClient | None, store: HubCardCache) -> None:
        self._client = client
        self._store = store
        self.requested = 0
        """How many cards were asked for in this run, each with one request or more."""

    def needs_request(self, key: str, sha: str | None) -> bool:
        """Say whether the store lacks the card of this commit and the Hub may be asked."""
        if self._client is None:
            return False
        card = self._store.get_stored_card(key)
        return card is None or card.sha != sha

    def stored_text(self, key: str) -> str | None:
        """Return the text in the store, whatever commit it is from; None if there is none."""
        card = self._store.get_stored_card(key)
        return None if card is None or card.status != 200 else card.text.decode("utf-8", "replace")

    def request_card(self, key: str, id: str, sha: str | None) -> None:
        """Ask the Hub for a card and keep the answer, also that there is none.

        Raises SourceUnavailable where no proper answer comes (nothing is kept then, so that it is
        asked again), RequestLimitReached instead of one request too many.
        """
        if self._client is None:
            return
        self.requested += 1
        before = self._store.get_stored_card(key)
        try:
            card = self._answered_hub_card(self._client, id, sha, before)
        except UnexpectedPage:
            card = StoredCard(sha, _ELSEWHERE)
        self._store.put_stored_card(key, card)

    def _answered_hub_card(
        self, client: HubClient, id: str, sha: str | None, before: StoredCard | None
    ) -> StoredCard:
        headers = {"If-None-Match": before.etag} if before is not None and before.etag else {}
        path, params = f"{quote(id, safe='/')}/resolve/main/README.md", _NO_PARAMS
        for _ in range(_MOST_HOPS):
            answer = client.get(path, params, headers, _doubt_card)
            if before is not None and _is_card_answer_unchanged(answer, before):
                return StoredCard(sha, before.status, before.etag, before.text)
            if answer.status not in _REDIRECTS:
                return _card_of_answer(answer, sha)
            target = _card_redirect_path(answer.headers.get("location", ""), client.endpoint)
            if target is None:
                break
            path, params = target
        return StoredCard(sha, _ELSEWHERE)


def _doubt_card(answer: Answer) -> str | None:
    """Return why an answer is not believed to be a card; None where it is."""
    if _is_card_other_than_text(answer):
        return "an answer that is no card"
    return None if answer.body.strip() else "an empty card"


def _is_card_other_than_text(answer: Answer) -> bool:
    """Say whether a gateway's page or an error came in a card's place."""
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in {"text/html", "application/json"} or _is_card_error(answer.body)


def _is_card_error(body: bytes) -> bool:
    """Say whether a text is an error in JSON, alone or in a list."""
    if not body.lstrip().startswith((b"{", b"[")):
        return False
    value = read_listing_row_leniently(body[:KEPT_BYTES])
    items = value if isinstance(value, list) else [value]
    return any(isinstance(it, dict) and "error" in it for it in items)


def _card_of_answer(answer: Answer, sha: str | None) -> StoredCard:
    if answer.status != 200:
        if answer.status in {401, 403, 404} and not answer.is_answer_of_hub:
            raise SourceUnavailable(
                describe_refused_http_request(answer, "where cards are kept"), RUN_AGAIN
            )
        return StoredCard(sha, answer.status)
    if _is_card_other_than_text(answer):
        raise SourceUnavailable("an answer that is no card came in a card's place", RUN_AGAIN)
    return StoredCard(sha, 200, answer.headers.get("etag", ""), answer.body[:KEPT_BYTES])


def _is_card_answer_unchanged(answer: Answer, before: StoredCard) -> bool:
    """Say whether the answer is 304, or a redirect that already names the tag we have."""
    if answer.status == 304:
        return True
    tag = answer.headers.get("x-linked-etag", "").removeprefix("W/")
    return answer.status in _REDIRECTS and tag != "" and tag == before.etag.removeprefix("W/")


def _card_redirect_path(location: str, endpoint: str) -> tuple[str, _Params] | None:
    """Return path and query of a redirect on the same host; None where it leads elsewhere.

    The token goes with every request: it must not be led to another host.
    """
    own = location.partition("#")[0].removeprefix(endpoint)
    if not own.startswith("/") or own.startswith(("//", "/\\")):
        return None
    path, _, query = own.partition("?")
    return unquote(path), tuple(parse_qsl(query, keep_blank_values=True))
