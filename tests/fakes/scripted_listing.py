"""A Hub of small pages whose every page can be spoiled, for one answer or for all of them."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import httpx

from lineage.demo.catalog import Row
from tests.fakes.raw_hub import reply

DATE = "Sat, 21 Nov 2026 12:00:00 GMT"


@dataclass(frozen=True, slots=True)
class Page:
    """One page as it should be sent: its rows as JSON, and its link to the next, if any."""

    rows: Sequence[Row]
    link: str = ""
    status: int = 200
    body: bytes | None = None
    """Sent in place of the rows."""

    @property
    def content(self) -> bytes:
        return json.dumps(list(self.rows)).encode() if self.body is None else self.body


Spoil = Callable[[Page], Page]


@dataclass
class ScriptedListing:
    """Answers what a crawl asks for; `spoiled` pages of the main walk are not what they should be.

    Pages are counted from 0; each is spoiled as often as `times` says.
    """

    rows: list[Row]
    spoiled: Mapping[int, Spoil] = field(default_factory=dict)
    times: int = 1
    size: int = 10
    listed: Callable[[Row], bool] = lambda row: True
    """Which models any listing shows; all are shown by their name."""
    endless: bool = False
    """The last page leads to the first one under a new cursor, for ever."""
    asked: list[str] = field(default_factory=list)
    spoils: int = 0

    def answer(self, target: str) -> Page:
        self.asked.append(target)
        parts = urlsplit(target)
        if parts.path != "/api/models":
            name = unquote(parts.path.removeprefix("/api/models/"))
            for row in self.rows:
                if row["id"] == name:
                    return Page((), body=json.dumps(row).encode())
            return Page((), status=404, body=b'{"error":"Repository not found"}')
        query = dict(parse_qsl(parts.query))
        page = self._make_page(query, parts.query)
        number = int(query.get("cursor", 0)) // self.size
        if query["limit"] == "1000" and number in self.spoiled and self.spoils < self.times:
            self.spoils += 1
            return self.spoiled[number](page)
        return page

    def send(self, target: str) -> bytes:
        """Answer as the bytes on the wire."""
        page = self.answer(target)
        link = [f"Link: {page.link}".encode()] if page.link else []
        status = f"{page.status} Any".encode()
        return reply(page.content, f"Date: {DATE}".encode(), *link, status=status)

    def transport(self) -> httpx.MockTransport:
        """Answer without a network."""

        def handle(request: httpx.Request) -> httpx.Response:
            page = self.answer(request.url.raw_path.decode())
            headers = {"Date": DATE} | ({"Link": page.link} if page.link else {})
            return httpx.Response(page.status, headers=headers, content=page.content)

        return httpx.MockTransport(handle)

    def _make_page(self, query: Mapping[str, str], text: str) -> Page:
        field = {"createdAt": "_id", "lastModified": "lastModified"}[query["sort"]]
        wanted = query.get("filter")
        rows = [
            row for row in self.rows if self.listed(row) and (not wanted or wanted in row["tags"])
        ]
        rows.sort(key=lambda row: row[field], reverse=query["direction"] == "-1")
        start, limit = int(query.get("cursor", 0)), min(self.size, int(query["limit"]))
        end = start + limit
        if self.endless and end >= len(rows):
            end = start + 10**6
        if self.endless and start >= 10**6:
            start %= 10**6
        pairs = [pair for pair in parse_qsl(text) if pair[0] != "cursor"]
        link = f'</api/models?{urlencode([*pairs, ("cursor", str(end))])}>; rel="next"'
        return Page(rows[start : start + limit], link if end < len(rows) or self.endless else "")
