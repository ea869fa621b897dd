"""The bundled corpus in the Hub's own shape; what it does not know is left out, not invented."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from lineage.demo.catalog import Row, hub_moment
from lineage.domain.moments import UNKNOWN_CREATION

CORPUS = Path(__file__).with_name("corpus") / "models.parquet"

Fact = Mapping[str, Any]


def corpus_rows(moment: datetime | None = None) -> Iterator[Row]:
    """Yield the models of the corpus as rows of a listing, in no promised order.

    Without a moment all that are not known to be gone; with one, those created and not gone by
    then (the undated count as old). `_id`, `lastModified` and `sha` are made up from id and
    creation date, always the same; `corpus/README.md` says how.
    """
    facts = [fact for fact in corpus_facts() if is_there(fact, moment)]
    keys = {fact["id"]: made_up_key(fact) for fact in facts}
    for fact in facts:
        yield row_of(fact, keys)


def corpus_facts() -> list[Fact]:
    """Return what the table says, a mapping of its columns for each model."""
    columns = [
        *("id", "created_at", "deleted_at", "license", "library", "downloads", "likes"),
        *("relation", "base_models", "card_base_models"),
    ]
    facts: list[Fact] = pq.read_table(CORPUS, columns=columns).to_pylist()
    return facts


def is_there(fact: Fact, moment: datetime | None) -> bool:
    """Say whether a model is listed at a moment, or at last: as `corpus_rows` has it."""
    created, gone = fact["created_at"], fact["deleted_at"]
    if moment is None:
        return gone is None
    return (created is None or created <= moment) and (gone is None or gone > moment)


def made_up_key(fact: Fact) -> str:
    """Return the `_id` of a model: its creation in seconds, then a digest of its name."""
    seconds = int((fact["created_at"] or UNKNOWN_CREATION).timestamp())
    return f"{seconds:08x}{hashlib.sha256(fact['id'].encode()).hexdigest()[:16]}"


def row_of(fact: Fact, keys: Mapping[str, str]) -> Row:
    """Return a model as listings show it; keys are those of all who are listed with it."""
    id = fact["id"]
    created = hub_moment(fact["created_at"] or UNKNOWN_CREATION)
    row: Row = {
        "_id": keys[id],
        "id": id,
        "author": id.partition("/")[0],
        "private": False,
        "disabled": False,
        "createdAt": created,
        "lastModified": created,
        "sha": hashlib.sha1(f"{id}@{created}".encode(), usedforsecurity=False).hexdigest(),
        "tags": _tags(fact),
    }
    known = {
        "downloads": fact["downloads"],
        "likes": fact["likes"],
        "library_name": fact["library"],
        "cardData": _card(fact) or None,
        "baseModels": _resolved_parents(fact, keys),
    }
    return row | {field: value for field, value in known.items() if value is not None}


def _tags(fact: Fact) -> list[str]:
    tags = [fact["library"]] if fact["library"] else []
    for parent in fact["base_models"]:
        tags.append(f"base_model:{parent}")
        if fact["relation"]:
            tags.append(f"base_model:{fact['relation']}:{parent}")
    if fact["license"]:
        tags.append(f"license:{fact['license']}")
    return [*tags, "region:us"]


def _card(fact: Fact) -> Row:
    parents = list(fact["card_base_models"])
    card: Row = {}
    if parents:
        card["base_model"] = parents[0] if len(parents) == 1 else parents
    if fact["license"]:
        card["license"] = fact["license"]
    return card


def _resolved_parents(fact: Fact, keys: Mapping[str, str]) -> Row | None:
    listed = [{"_id": keys[id], "id": id} for id in fact["base_models"] if id in keys]
    if not fact["relation"] or not listed:
        return None
    return {"relation": fact["relation"], "models": listed}
