"""Whether a Hub still answers in the shape we read: two small requests, looked at closely."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from lineage.errors import LineageError
from lineage.http.bodies import Answer
from lineage.http.client import HubClient
from lineage.http.pages import next_cursor
from lineage.sources.hub import FIELDS, FULL_PARAMS, LISTING
from lineage.sources.listing_pages import parse_page
from lineage.sources.listing_rows import cut_rows, lenient_row_json

_ROWS = 100


@dataclass(frozen=True, slots=True)
class DoctorFinding:
    """One thing that `lineage doctor` checks."""

    name: str
    ok: bool | None
    """None where nothing can be said."""
    message: str
    exit_code: int = 1
    """Where it is not as it must be: what a crawl would end with."""


def probe_hub(client: HubClient) -> Iterator[DoctorFinding]:
    """Ask for the first rows as a full crawl would, and for the page after them."""
    first = client.get(LISTING, _probe_page_params())
    if first.status != 200:
        yield DoctorFinding("listing", False, f"{LISTING} answers {first.status}")
        return
    yield DoctorFinding("listing", True, f"{LISTING} answers, ascending by creation")
    yield from _probe_rows(first)
    yield _probe_budget(client)
    yield from _probe_paging(client, first)


def _probe_page_params(cursor: str | None = None) -> tuple[tuple[str, str], ...]:
    own = tuple((name, value) for name, value in FULL_PARAMS if name != "limit")
    more = () if cursor is None else (("cursor", cursor),)
    return (*own, ("limit", str(_ROWS)), *more)


def _probe_rows(answer: Answer) -> Iterator[DoctorFinding]:
    page = parse_page(answer.body)
    if page.problem is not None or not page.records:
        yield DoctorFinding("rows", False, page.problem or "the listing is empty")
        return
    summary = f"{len(page.records)} rows read, {len(page.bad_rows)} unreadable"
    unread = ", ".join(f"{name} {n}x" for name, n in page.unread_fields.items())
    yield DoctorFinding(
        "rows", not page.bad_rows and not unread, summary + (f"; unread: {unread}" * bool(unread))
    )
    rows = [lenient_row_json(raw) for raw in cut_rows(answer.body) or ()]
    names_seen = {name for row in rows if isinstance(row, dict) for name in row}
    absent = [name for name in FIELDS if name not in names_seen]
    # A field that no row has may be a sign of change or of a sample: said, not judged.
    message = f"not seen in {len(page.records)} rows: {', '.join(absent)}" if absent else "all seen"
    yield DoctorFinding("fields", None if absent else True, message)
    weights = [row["safetensors"] for row in rows if isinstance(row, dict) and "safetensors" in row]
    cost = sum(len(json.dumps(it)) + len('"safetensors":,') for it in weights) / len(answer.body)
    known = sum(record.parameters is not None for record in page.records)
    yield DoctorFinding(
        "parameters",
        None,
        f"{known} of {len(page.records)} rows have a number of parameters; asking for it is"
        f" {100 * cost:.1f} % of the page",
    )
    ascending = all(a.key < b.key for a, b in zip(page.records, page.records[1:], strict=False))
    yield DoctorFinding(
        "order", ascending, "rows ascend by key" if ascending else "rows do not ascend"
    )


def _probe_budget(client: HubClient) -> DoctorFinding:
    last = client.budget.latest_limit
    if last is None or last.quota is None or last.window is None:
        return DoctorFinding(
            "rate limit", None, "no RateLimit headers: a crawl would not pace itself"
        )
    message = (
        f"{last.quota} requests in {last.window} s ({_name_probed_tier(last.quota)}), "
        f"{last.remaining} left, reset in {last.reset_seconds} s"
    )
    return DoctorFinding("rate limit", True, message)


def _name_probed_tier(quota: int) -> str:
    """Name the plan of a quota, as the Hub's documentation of September 2025 lists them."""
    tiers = {500: "anonymous", 1000: "free account", 2500: "PRO", 3000: "Team or Academia"}
    return tiers.get(quota, "Enterprise" if quota >= 6000 else "no plan we know")


def _probe_paging(client: HubClient, first: Answer) -> Iterator[DoctorFinding]:
    try:
        cursor = next_cursor(first.headers.get("link", ""))
    except LineageError as error:
        yield DoctorFinding("paging", False, error.message)
        return
    if cursor is None:
        yield DoctorFinding("paging", None, f"no next page after {_ROWS} rows: a small Hub")
        return
    second = client.get(LISTING, _probe_page_params(cursor))
    whole = second.status == 200
    fresh = {record.key for record in parse_page(second.body).records} if whole else set()
    repeated = fresh & {record.key for record in parse_page(first.body).records}
    good = bool(fresh) and not repeated
    yield DoctorFinding(
        "paging", good, "the next page follows" if good else "the next page does not follow"
    )
