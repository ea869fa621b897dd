"""The models a box holds: found by key, name, order or tag, and changed while the box serves."""

import hashlib
import re
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from datetime import UTC, datetime
from threading import RLock
from typing import Any

Row = dict[str, Any]
"""A model in the Hub's own JSON shape, all fields; keys that begin with an underscore, but for
`_id`, are marks for the box alone (`_gate`, `_disabled`, `_private`, `_readme`), never sent."""

Rank = tuple[int, float, str]


class Catalog:
    """Models by `_id`, safe to read and change from several threads.

    Rows are replaced, never changed in place, so that an answer under way stays whole.
    """

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self._lock = RLock()
        self._rows: dict[str, Row] = {}
        self._keys: list[str] = []
        self._key_of: dict[str, str] = {}
        self._former: dict[str, str] = {}
        self._orders: dict[str, list[Row]] = {}
        self._children: dict[str, list[str]] | None = None
        for row in rows:
            self._put(_as_shown(row))
        self._keys = sorted(self._rows)

    def __len__(self) -> int:
        return len(self._keys)

    def get(self, id: str) -> Row | None:
        """Return the model of this name, None where there is none now."""
        with self._lock:
            key = self._key_of.get(id)
            return None if key is None else self._rows[key]

    def by_key(self, key: str) -> Row | None:
        """Return the model with this `_id`, None where there is none now."""
        return self._rows.get(key)

    def name_now(self, former: str) -> str | None:
        """Return what a renamed model is called now, None where the name was never given up."""
        with self._lock:
            row = self._rows.get(self._former.get(former, ""))
            return None if row is None else str(row["id"])

    def after(self, key: str, most: int) -> list[Row]:
        """Return up to so many rows whose `_id` is greater, smallest first."""
        with self._lock:
            start = bisect_right(self._keys, key)
            return [self._rows[k] for k in self._keys[start : start + most]]

    def before(self, key: str | None, most: int) -> list[Row]:
        """Return up to so many rows whose `_id` is smaller, or all the last, greatest first."""
        with self._lock:
            end = len(self._keys) if key is None else bisect_left(self._keys, key)
            return [self._rows[k] for k in reversed(self._keys[max(0, end - most) : end])]

    def rows(self) -> list[Row]:
        """Return all rows by `_id`, smallest first."""
        with self._lock:
            return [self._rows[key] for key in self._keys]

    def ordered(self, field: str) -> list[Row]:
        """Return all rows by `rank` of a field; kept until the shelf changes."""
        with self._lock:
            if field not in self._orders:
                self._orders[field] = sorted(self.rows(), key=lambda row: rank(row, field))
            return self._orders[field]

    def tagged(self, tag: str) -> list[Row]:
        """Return the rows that carry a `base_model:` tag, by `_id`, without a walk of the shelf."""
        with self._lock:
            if self._children is None:
                self._children = _children_by_tag(self.rows())
            return [self._rows[key] for key in self._children.get(tag, ())]

    def add(self, row: Row) -> None:
        """Put a model on the shelf, in place of the one with the same `_id` if there is one."""
        row = _as_shown(row)
        with self._lock:
            if row["_id"] in self._rows:
                del self._key_of[self._rows[row["_id"]]["id"]]
            self._put(row)
            if self._place(row["_id"]) is None:
                insort(self._keys, row["_id"])

    def delete(self, id: str) -> None:
        """Take a model away; its children keep tag and card, but the Hub resolves it no more.

        Raises `KeyError` where no model has this name, as `rename` and `touch` do.
        """
        with self._lock:
            key = self._key_of.pop(id)
            del self._rows[key]
            self._list_no_more(key)
            for row in self.rows():
                if any(parent["id"] == id for parent in _parents(row)):
                    self._put(_without_parent(row, id))
            self._changed()

    def hide(self, id: str, *, private: bool = True) -> None:
        """List a model no more; a private one is shown to nobody, others to who asks by name.

        Its children's `baseModels` are left as they are: what the Hub does then is not known.
        """
        with self._lock:
            key = self._key_of[id]
            self._put(self._rows[key] | {"_private": private})
            self._list_no_more(key)

    def rename(self, old: str, new: str) -> None:
        """Give a model a new name: `_id` stays, the old name redirects, cards keep the old one.

        Children's `baseModels` and tags say the new name from now on, as on the Hub.
        """
        with self._lock:
            if new in self._key_of:
                raise ValueError(f"{new} is taken")
            key = self._key_of.pop(old)
            self._former[old] = key
            self._former.pop(new, None)
            owner, slash, _ = new.partition("/")
            self._put(self._rows[key] | {"id": new} | ({"author": owner} if slash else {}))
            for row in self.rows():
                changed = _with_parent_renamed(row, old, new)
                if changed is not row:
                    self._put(changed)

    def touch(self, id: str, at: datetime) -> None:
        """Commit to a model: a new `lastModified` and a new `sha`."""
        moment = hub_moment(at)
        sha = hashlib.sha1(f"{id}@{moment}".encode(), usedforsecurity=False).hexdigest()
        with self._lock:
            row = self._rows[self._key_of[id]]
            self._put(row | {"lastModified": moment, "sha": sha})

    def _list_no_more(self, key: str) -> None:
        if (at := self._place(key)) is not None:
            del self._keys[at]

    def _place(self, key: str) -> int | None:
        """Return where a listed model stands, None where it is not listed."""
        at = bisect_left(self._keys, key)
        return at if at < len(self._keys) and self._keys[at] == key else None

    def _put(self, row: Row) -> None:
        if self._key_of.get(row["id"], row["_id"]) != row["_id"]:
            raise ValueError(f"{row['id']} is on the shelf under another _id")
        self._rows[row["_id"]] = row
        self._key_of[row["id"]] = row["_id"]
        self._changed()

    def _changed(self) -> None:
        self._orders.clear()
        self._children = None


def rank(row: Row, field: str) -> Rank:
    """Return where a row stands in a descending order: the greatest first, those without last.

    Equal values stand by `_id`, smallest first.
    """
    return rank_of(row.get(field), row["_id"])


def rank_of(value: object, key: str) -> Rank:
    """Return where a value with this `_id` stands; anything but a number or a moment is none."""
    if isinstance(value, str) and (digits := re.sub(r"\D", "", value)):
        return (0, -int(digits), key)
    if isinstance(value, int | float):
        return (0, -value, key)
    return (1, 0, key)


def hub_moment(at: datetime) -> str:
    """Spell a moment as the Hub does, `2026-07-18T10:47:16.000Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _as_shown(row: Row) -> Row:
    shown = {"gated": row["_gate"]} if "_gate" in row else {}
    return row | shown | ({"disabled": True} if row.get("_disabled") else {})


def _parents(row: Row) -> list[Row]:
    resolved = row.get("baseModels")
    return resolved["models"] if isinstance(resolved, dict) else []


def _without_parent(row: Row, id: str) -> Row:
    left = [parent for parent in _parents(row) if parent["id"] != id]
    if left:
        return row | {"baseModels": row["baseModels"] | {"models": left}}
    return {field: value for field, value in row.items() if field != "baseModels"}


def _with_parent_renamed(row: Row, old: str, new: str) -> Row:
    changed = row
    tags = row.get("tags", [])
    suffix = f":{old}"
    if any(tag.startswith("base_model:") and tag.endswith(suffix) for tag in tags):
        changed = changed | {"tags": [_tag_renamed(tag, suffix, new) for tag in tags]}
    if any(parent["id"] == old for parent in _parents(row)):
        models = [p | {"id": new} if p["id"] == old else p for p in _parents(row)]
        changed = changed | {"baseModels": row["baseModels"] | {"models": models}}
    return changed


def _tag_renamed(tag: str, suffix: str, new: str) -> str:
    fits = tag.startswith("base_model:") and tag.endswith(suffix)
    return f"{tag.removesuffix(suffix)}:{new}" if fits else tag


def _children_by_tag(rows: list[Row]) -> dict[str, list[str]]:
    children: dict[str, list[str]] = {}
    for row in rows:
        for tag in row.get("tags", ()):
            if tag.startswith("base_model:"):
                children.setdefault(tag, []).append(row["_id"])
    return children
