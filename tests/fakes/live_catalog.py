"""A catalog that tests change while the box serves it."""

import hashlib
from bisect import bisect_left, insort
from datetime import datetime

from lineage.demo.catalog import Catalog, Row, box_moment, show_row_with_catalog_marks


class LiveCatalog(Catalog):
    """Rows are replaced, never changed in place, so that an answer under way stays whole."""

    def add(self, row: Row) -> None:
        """Put a model in the catalog, in place of the one with the same `_id` if there is one."""
        row = show_row_with_catalog_marks(row)
        with self._lock:
            if row["_id"] in self._rows:
                del self._key_of[self._rows[row["_id"]]["id"]]
            self._put_in_catalog(row)
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
            for row in self.box_rows():
                if any(parent["id"] == id for parent in _parents(row)):
                    self._put_in_catalog(_without_parent(row, id))
            self._forget_catalog_orders()

    def hide(self, id: str, *, private: bool = True) -> None:
        """Leave a model out of listings; one that is not private is still shown by its name.

        Its children's `baseModels` are left as they are: what the Hub does then is not known.
        """
        with self._lock:
            key = self._key_of[id]
            self._put_in_catalog(self._rows[key] | {"_private": private})
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
            self._put_in_catalog(
                self._rows[key] | {"id": new} | ({"author": owner} if slash else {})
            )
            for row in self.box_rows():
                changed = _with_parent_renamed(row, old, new)
                if changed is not row:
                    self._put_in_catalog(changed)

    def touch(self, id: str, at: datetime) -> None:
        """Commit to a model: a new `lastModified` and a new `sha`."""
        moment = box_moment(at)
        sha = hashlib.sha1(f"{id}@{moment}".encode(), usedforsecurity=False).hexdigest()
        with self._lock:
            row = self._rows[self._key_of[id]]
            self._put_in_catalog(row | {"lastModified": moment, "sha": sha})

    def _list_no_more(self, key: str) -> None:
        if (at := self._place(key)) is not None:
            del self._keys[at]

    def _place(self, key: str) -> int | None:
        """Return where a listed model stands, None where it is not listed."""
        at = bisect_left(self._keys, key)
        return at if at < len(self._keys) and self._keys[at] == key else None


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
