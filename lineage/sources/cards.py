"""The text of one model's card: from the store, else from the Hub, by `/resolve/`.

Recorded of the Hub in 2026: `/resolve/` answers 307 to its cache on the same host and names the
file's own tag, also for gated models; a renamed model redirects to its name; large files redirect
to another host.
"""

from typing import Final
from urllib.parse import parse_qsl, quote, unquote

from lineage.errors import UnexpectedPage
from lineage.http.client import Answer, HubClient
from lineage.sources.card_store import CardStore, StoredCard

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

    def __init__(self, client: HubClient | None, store: CardStore) -> None:
        self._client = client
        self._store = store
        self.requested = 0
        """How many cards were asked for in this run, each with one request or more."""

    def needs_request(self, key: str, sha: str | None) -> bool:
        """Say whether the store lacks the card of this commit and the Hub may be asked."""
        if self._client is None:
            return False
        known = self._store.get(key)
        return known is None or known.sha != sha

    def stored_text(self, key: str) -> str | None:
        """Return the text in the store, whatever commit it is from; None if there is none."""
        card = self._store.get(key)
        return None if card is None or card.status != 200 else card.text.decode("utf-8", "replace")

    def request_card(self, key: str, id: str, sha: str | None) -> None:
        """Ask the Hub for a card and keep the answer, also that there is none.

        Raises SourceUnavailable where no proper answer comes (nothing is kept then, so that it is
        asked again), RequestLimitReached instead of one request too many.
        """
        if self._client is None:
            return
        self.requested += 1
        before = self._store.get(key)
        try:
            card = self._answered(self._client, id, sha, before)
        except UnexpectedPage:
            card = StoredCard(sha, _ELSEWHERE)
        self._store.put(key, card)

    def _answered(
        self, client: HubClient, id: str, sha: str | None, before: StoredCard | None
    ) -> StoredCard:
        headers = {"If-None-Match": before.etag} if before is not None and before.etag else {}
        path, params = f"{quote(id, safe='/')}/resolve/main/README.md", _NO_PARAMS
        for _ in range(_MOST_HOPS):
            answer = client.get(path, params, headers)
            if before is not None and _is_unchanged(answer, before):
                return StoredCard(sha, before.status, before.etag, before.text)
            if answer.status not in _REDIRECTS:
                return _card_of(answer, sha)
            target = _on_this_host(answer.headers.get("location", ""), client.endpoint)
            if target is None:
                break
            path, params = target
        return StoredCard(sha, _ELSEWHERE)


def _card_of(answer: Answer, sha: str | None) -> StoredCard:
    if answer.status != 200:
        return StoredCard(sha, answer.status)
    return StoredCard(sha, 200, answer.headers.get("etag", ""), answer.body[:KEPT_BYTES])


def _is_unchanged(answer: Answer, before: StoredCard) -> bool:
    """Say whether the answer is 304, or a redirect that already names the tag we have."""
    if answer.status == 304:
        return True
    tag = answer.headers.get("x-linked-etag", "").removeprefix("W/")
    return answer.status in _REDIRECTS and tag != "" and tag == before.etag.removeprefix("W/")


def _on_this_host(location: str, endpoint: str) -> tuple[str, _Params] | None:
    """Return path and query of a redirect on the same host; None where it leads elsewhere.

    The token goes with every request: it must not be led to another host.
    """
    own = location.partition("#")[0].removeprefix(endpoint)
    if not own.startswith("/") or own.startswith(("//", "/\\")):
        return None
    path, _, query = own.partition("?")
    return unquote(path), tuple(parse_qsl(query, keep_blank_values=True))
