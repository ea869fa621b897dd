"""The sixteen weeks of the corpus: who stood in each of its weekly lists."""

from collections.abc import Iterable, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lineage.demo.catalog import Catalog, Row
from lineage.demo.corpus_rows import Fact, is_there, made_up_key, row_of

FIRST = datetime(2025, 3, 12, tzinfo=UTC)
WEEKS = tuple(FIRST + timedelta(weeks=number) for number in range(17))
"""The Wednesdays of the weekly lists. Of most uploads and of every deletion the corpus knows the
list that shows it, and no more; nor the hour of a list, for which midnight stands."""


@dataclass(frozen=True, slots=True)
class Doubts:
    """How many models the weeks cannot place by what the corpus knows."""

    undated: int
    """Listed from the first week on, if not known to be gone; nobody knows since when."""
    later: int
    """Created after the last week: never listed."""
    backwards: int
    """Gone from a list before the first list that shows them: never listed."""


class History:
    """Moves through the weeks; each costs what changed in it.

    A model is listed from the list that first shows it, an undated one from the first, up to the
    list from which it is gone.
    """

    def __init__(self, facts: Iterable[Fact]) -> None:
        self._facts = {fact["id"]: fact for fact in facts}
        self._keys: dict[str, str] = {}
        """Of those who are listed now."""
        self._rows: dict[str, Row] = {}
        self._children: dict[str, list[str]] = {}
        for id, fact in self._facts.items():
            for parent in fact["base_models"]:
                self._children.setdefault(parent, []).append(id)

    def at(self, moment: datetime) -> Catalog:
        """Return what a Hub listed at a moment."""
        listed = {id for id, fact in self._facts.items() if is_there(fact, moment)}
        changed = listed ^ self._keys.keys()
        for id in changed - listed:
            del self._keys[id], self._rows[id]
        for id in changed & listed:
            self._keys[id] = made_up_key(self._facts[id])
        for id in self._with_children(changed) & listed:
            self._rows[id] = row_of(self._facts[id], self._keys)
        return Catalog(self._rows.values())

    def gone_from(self, id: str) -> datetime | None:
        """Return the first weekly list without a model, None where it is not known to be gone."""
        fact = self._facts.get(id)
        gone: datetime | None = None if fact is None else fact["deleted_at"]
        return gone

    def doubts(self) -> Doubts:
        """Count whom the weeks cannot place."""
        dates = [(fact["created_at"], fact["deleted_at"]) for fact in self._facts.values()]
        return Doubts(
            undated=sum(created is None for created, _ in dates),
            later=sum(created is not None and created > WEEKS[-1] for created, _ in dates),
            backwards=sum(bool(created and gone and gone <= created) for created, gone in dates),
        )

    def _with_children(self, ids: Set[str]) -> set[str]:
        """Return models and all who name one: a Hub resolves parents that it lists, no others."""
        return set(ids).union(*(self._children.get(id, ()) for id in ids))
