"""Rows to put into a catalog, and a plain client that follows links."""

from collections.abc import Iterator
from typing import Any

import httpx

from lineage.demo.catalog import Row
from tests.fakes.live_catalog import LiveCatalog

WALK: dict[str, Any] = {"sort": "createdAt", "direction": 1}


def a_row(number: int, **more: Any) -> Row:
    key = f"{0x66000000 + number:08x}{number:016x}"
    id = f"owner/model-{number}"
    sha = f"{number:040x}"
    created = "2024-03-24T10:00:00.000Z"
    row = {"_id": key, "id": id, "author": "owner", "sha": sha, "createdAt": created, "tags": []}
    return row | {"private": False, "disabled": False, "lastModified": created} | more


def a_child(number: int, parent: Row, relation: str = "finetune", **more: Any) -> Row:
    said = {
        "tags": [f"base_model:{parent['id']}", f"base_model:{relation}:{parent['id']}"],
        "cardData": {"base_model": parent["id"]},
        "baseModels": {
            "relation": relation,
            "models": [{"_id": parent["_id"], "id": parent["id"]}],
        },
    }
    return a_row(number, **(said | more))


def a_catalog(count: int) -> LiveCatalog:
    return LiveCatalog(a_row(number) for number in range(count))


def pages(client: httpx.Client, **params: Any) -> Iterator[httpx.Response]:
    answer = client.get("/api/models", params=params)
    yield answer
    while link := answer.links.get("next"):
        answer = client.get(link["url"])
        yield answer


def walked(client: httpx.Client, **params: Any) -> list[Any]:
    return [row for answer in pages(client, **params) for row in answer.json()]


def ids(rows: list[Row]) -> list[str]:
    return [row["id"] for row in rows]
