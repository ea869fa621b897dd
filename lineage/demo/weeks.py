"""The sixteen weeks of the corpus: its weekly lists and their clock."""

from collections.abc import Iterable, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lineage.demo.catalog import Catalog, Fact, Row, is_in_catalog, made_up_demo_key, row_of
from lineage.domain.clock import SystemClock

FIRST = datetime(2025, 3, 12, tzinfo=UTC)
WEEKS = tuple(FIRST + timedelta(weeks=number) for number in range(17))
"""The Wednesdays of the weekly lists, up to `CORPUS_ENDS`. Of most uploads and of every deletion
the corpus knows the list that shows it, and no more. No source names the hour of a list, for which
midnight stands."""


class WeekClock(SystemClock):
    """Its date is the one it was set to; waits and durations are those of the machine."""

    # It stands still between two settings: a snapshot is named by the day it shows, however long
    # the machine took.

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def set_to(self, moment: datetime) -> None:
        """Show this moment from now on."""
        self._moment = moment

    def now(self) -> datetime:
        return self._moment


@dataclass(frozen=True, slots=True)
class UndatedModels:
    """How many models the weeks cannot place by what the corpus knows."""

    undated: int
    """Listed from the first week on, if not known to be deleted; their creation date is unknown."""
    later: int
    """Created after the last week: never listed."""
    backwards: int
    """Deleted before the first list that shows them: never listed."""


class History:
    """Moves through the weeks; each costs what changed in it.

    A model is listed from the list that first shows it, an undated one from the first, up to the
    list that no longer has it.
    """

    def __init__(self, facts: Iterable[Fact]) -> None:
        self._facts = {fact["id"]: fact for fact in facts}
        self._keys: dict[str, str] = {}
        """Of the models that are listed now."""
        self._rows: dict[str, Row] = {}
        self._children: dict[str, list[str]] = {}
        for id, fact in self._facts.items():
            for parent in fact["base_models"] or ():
                self._children.setdefault(parent, []).append(id)

    def __len__(self) -> int:
        return len(self._facts)

    def catalog_at(self, moment: datetime) -> Catalog:
        """Return what a Hub listed at a moment."""
        listed = {id for id, fact in self._facts.items() if is_in_catalog(fact, moment)}
        changed = listed ^ self._keys.keys()
        for id in changed - listed:
            del self._keys[id], self._rows[id]
        for id in changed & listed:
            self._keys[id] = made_up_demo_key(self._facts[id])
        for id in self._with_children(changed) & listed:
            self._rows[id] = row_of(self._facts[id], self._keys)
        return Catalog(self._rows.values())

    def count_undated(self) -> UndatedModels:
        """Count the models that the weeks cannot place."""
        dates = [(fact["created_at"], fact["deleted_at"]) for fact in self._facts.values()]
        return UndatedModels(
            undated=sum(created is None for created, _ in dates),
            later=sum(created is not None and created > WEEKS[-1] for created, _ in dates),
            backwards=sum(
                bool(created and deleted and deleted <= created) for created, deleted in dates
            ),
        )

    def _with_children(self, ids: Set[str]) -> set[str]:
        """Return models and their children: a Hub resolves the parents that it lists, no others."""
        return set(ids).union(*(self._children.get(id, ()) for id in ids))
