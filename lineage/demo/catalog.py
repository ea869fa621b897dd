"""The models a box holds, found by key, name, order or tag."""

import hashlib
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from threading import RLock
from typing import Any

import pyarrow.parquet as pq

from lineage.domain.clock import UNKNOWN_CREATION
from lineage.evidence.names import sizes_in_claimed_name
from lineage.families.registry import all_families

_PACKED = re.compile(r"fp8|int[48]|[48]bit|gguf|awq|gptq", re.IGNORECASE)

Row = dict[str, Any]
"""A model in the Hub's own JSON shape, all fields. Keys that begin with an underscore, except for
`_id`, are for the box alone (`_gate`, `_disabled`, `_private`, `_readme`) and never sent."""

Rank = tuple[int, float, str]


class Catalog:
    """Models by `_id`, safe to read from several threads."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self._lock = RLock()
        self._rows: dict[str, Row] = {}
        self._keys: list[str] = []
        self._key_of: dict[str, str] = {}
        self._former: dict[str, str] = {}
        """Key by a name that its model had before."""
        self._orders: dict[str, list[Row]] = {}
        self._children: dict[str, list[str]] | None = None
        for row in rows:
            self._put_in_catalog(show_row_with_catalog_marks(row))
        self._keys = sorted(self._rows)

    def __len__(self) -> int:
        return len(self._keys)

    def box_model_at(self, id: str) -> Row | None:
        """Return the model of this name, None where there is none now."""
        with self._lock:
            key = self._key_of.get(id)
            return None if key is None else self._rows[key]

    def by_key(self, key: str) -> Row | None:
        """Return the model with this `_id`, None where there is none now."""
        return self._rows.get(key)

    def box_name_now(self, former: str) -> str | None:
        """Return what a renamed model is called now, None where the name was never given up."""
        with self._lock:
            row = self._rows.get(self._former.get(former, ""))
            return None if row is None else str(row["id"])

    def box_models_after(self, key: str, most: int) -> list[Row]:
        """Return up to so many rows whose `_id` is greater, smallest first."""
        with self._lock:
            start = bisect_right(self._keys, key)
            return [self._rows[k] for k in self._keys[start : start + most]]

    def box_models_before(self, key: str | None, most: int) -> list[Row]:
        """Return up to so many rows whose `_id` is smaller, or all the last, greatest first."""
        with self._lock:
            end = len(self._keys) if key is None else bisect_left(self._keys, key)
            return [self._rows[k] for k in reversed(self._keys[max(0, end - most) : end])]

    def box_rows(self) -> list[Row]:
        """Return all rows by `_id`, smallest first."""
        with self._lock:
            return [self._rows[key] for key in self._keys]

    def ordered_box_models(self, field: str) -> list[Row]:
        """Return all rows by `rank` of a field; kept until the catalog changes."""
        with self._lock:
            if field not in self._orders:
                self._orders[field] = sorted(
                    self.box_rows(), key=lambda row: rank_in_catalog(row, field)
                )
            return self._orders[field]

    def tagged_box_models(self, tag: str) -> list[Row]:
        """Return the rows that carry a `base_model:` tag, by `_id`, without a look at all rows."""
        with self._lock:
            if self._children is None:
                self._children = _corpus_children_by_tag(self.box_rows())
            return [self._rows[key] for key in self._children.get(tag, ())]

    def _put_in_catalog(self, row: Row) -> None:
        if self._key_of.get(row["id"], row["_id"]) != row["_id"]:
            raise ValueError(f"{row['id']} is in the catalog under another _id")
        self._rows[row["_id"]] = row
        self._key_of[row["id"]] = row["_id"]
        self._forget_catalog_orders()

    def _forget_catalog_orders(self) -> None:
        self._orders.clear()
        self._children = None


def rank_in_catalog(row: Row, field: str) -> Rank:
    """Return where a row stands in a descending order: the greatest first, those without last.

    Equal values stand by `_id`, smallest first.
    """
    return rank_of_box_row(row.get(field), row["_id"])


def rank_of_box_row(value: object, key: str) -> Rank:
    """Return where a value with this `_id` stands; anything but a number or a moment is none."""
    if isinstance(value, str) and (digits := re.sub(r"\D", "", value)):
        return (0, -int(digits), key)
    if isinstance(value, int | float):
        return (0, -value, key)
    return (1, 0, key)


def box_moment(at: datetime) -> str:
    """Spell a moment as the Hub does, `2026-07-18T10:47:16.000Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def show_row_with_catalog_marks(row: Row) -> Row:
    """Return a row with the public fields that its marks for the box imply."""
    if "_gate" not in row and not row.get("_disabled"):
        return row  # as nearly all are: a copy of each would cost a demo seconds
    shown = {"gated": row["_gate"]} if "_gate" in row else {}
    return row | shown | ({"disabled": True} if row.get("_disabled") else {})


def _corpus_children_by_tag(rows: list[Row]) -> dict[str, list[str]]:
    children: dict[str, list[str]] = {}
    for row in rows:
        for tag in row.get("tags", ()):
            if tag.startswith("base_model:"):
                children.setdefault(tag, []).append(row["_id"])
    return children


CORPUS = Path(__file__).with_name("corpus") / "models.parquet"
CORPUS_ENDS = datetime(2025, 7, 2, tzinfo=UTC)
"""The last of its weekly lists; of later days single models are known, and nothing of the rest."""

Fact = Mapping[str, Any]


def corpus_rows(moment: datetime = CORPUS_ENDS) -> Iterator[Row]:
    """Yield the models of the corpus as rows of a listing, in no promised order.

    They are those created and not gone by a moment; the undated count as old. `_id`,
    `lastModified` and `sha` are made up from id and creation date, always the same;
    `corpus/README.md` says how.
    """
    yield from box_rows_of_facts(read_corpus_facts(), moment)


def box_rows_of_facts(facts: Iterable[Fact], moment: datetime) -> Iterator[Row]:
    """Yield those of some models that are listed at a moment, as rows of a listing."""
    listed = [fact for fact in facts if is_in_catalog(fact, moment)]
    keys = {fact["id"]: made_up_demo_key(fact) for fact in listed}
    for fact in listed:
        yield box_row_of_fact(fact, keys)


def read_corpus_facts() -> list[Fact]:
    """Return what the table says, a mapping of its columns for each model."""
    columns = [
        *("id", "created_at", "deleted_at", "license", "library", "downloads", "likes"),
        *("relation", "base_models", "card_base_models"),
    ]
    facts: list[Fact] = pq.read_table(CORPUS, columns=columns).to_pylist()
    return facts


def is_in_catalog(fact: Fact, moment: datetime) -> bool:
    """Say whether a model is listed at a moment, as `corpus_rows` has it."""
    created, gone = fact["created_at"], fact["deleted_at"]
    return (created is None or created <= moment) and (gone is None or gone > moment)


def made_up_demo_key(fact: Fact) -> str:
    """Return the `_id` of a model: its creation in seconds, then a digest of its name."""
    seconds = int((fact["created_at"] or UNKNOWN_CREATION).timestamp())
    return f"{seconds:08x}{hashlib.sha256(fact['id'].encode()).hexdigest()[:16]}"


def box_row_of_fact(fact: Fact, keys: Mapping[str, str]) -> Row:
    """Return a model as listings show it; keys are those of all who are listed with it."""
    id = fact["id"]
    created = box_moment(fact["created_at"] or UNKNOWN_CREATION)
    tags = [fact["library"]] if fact["library"] else []
    for parent in fact["base_models"] or ():
        tags.append(f"base_model:{parent}")
        if fact["relation"]:
            tags.append(f"base_model:{fact['relation']}:{parent}")
    if fact["license"]:
        tags.append(f"license:{fact['license']}")
    row: Row = {
        "_id": keys[id],
        "id": id,
        "author": id.partition("/")[0],
        "private": False,
        "disabled": False,
        "createdAt": created,
        "lastModified": created,
        "sha": hashlib.sha1(f"{id}@{created}".encode(), usedforsecurity=False).hexdigest(),
        "tags": [*tags, "region:us"],
    }
    known = {
        "downloads": fact["downloads"],
        "likes": fact["likes"],
        "library_name": fact["library"],
        "cardData": _box_card(fact) or None,
        "baseModels": _resolve_corpus_parents(fact, keys),
        "safetensors": _known_corpus_weights().get(id),
    }
    return row | {field: value for field, value in known.items() if value is not None}


@cache
def _known_corpus_weights() -> Mapping[str, Row]:
    """Return `safetensors` of the roots whose number of parameters is known; none is made up.

    Not of packed weights, nor of Meta's own format, which has no such files.
    """
    weights: dict[str, Row] = {}
    for release in (release for family in all_families() for release in family.releases):
        numbers = {size.lower(): number for size, number in release.parameters}
        for id in release.root_repo_ids():
            sizes = sizes_in_claimed_name(id.rpartition("/")[2])
            own = [numbers[size] for size in sizes if size in numbers]
            is_packed = _PACKED.search(id) is not None
            has_files = release.id != "llama-2" or id.endswith("-hf")
            if len(own) == 1 and has_files and not is_packed:
                weights[id] = {"parameters": {"BF16": own[0]}, "total": own[0]}
    return weights


def _box_card(fact: Fact) -> Row:
    parents = list(fact["card_base_models"] or ())
    card: Row = {}
    if parents:
        card["base_model"] = parents[0] if len(parents) == 1 else parents
    if fact["license"]:
        card["license"] = fact["license"]
    return card


def _resolve_corpus_parents(fact: Fact, keys: Mapping[str, str]) -> Row | None:
    listed = [{"_id": keys[id], "id": id} for id in fact["base_models"] or () if id in keys]
    if not fact["relation"] or not listed:
        return None
    return {"relation": fact["relation"], "models": listed}
