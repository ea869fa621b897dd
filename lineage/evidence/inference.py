"""The second hearing: what a rule may know that guesses for models of which nothing was said.

The first hearing sees one record alone. What exists, and who is whose child, is known only after
all names are settled; then such rules are asked about the models that are still without a parent.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from lineage.domain.claims import Relation


class Known(NamedTuple):
    """What is known of one model once names are settled."""

    id: str
    created_at: datetime | None = None
    """None also where the model is listed nowhere."""
    model_type: str | None = None
    parents: tuple[str, ...] = ()
    """What it was said to come from in the first hearing, by present ids."""


class Guess(NamedTuple):
    """One guessed parent, and what led to it."""

    parent: str
    """As it is called now."""
    habit: str
    """What kind of guess it is: habits are measured one by one."""
    quote: str
    """The words that say so."""
    relation: Relation | None = None


class WhatExists(Protocol):
    """Every model of a snapshot, by name; a former name finds the model that had it."""

    def called(self, repository: str) -> Sequence[Known]:
        """Return the models of a repository name, whoever owns them, without case, by id."""
        ...


class SecondHearing(Protocol):
    """A rule that guesses; it is told of the families, for their roots and their outsiders."""

    @property
    def pattern(self) -> str:
        """An RE2 pattern for ids; of models that it does not find nothing is asked."""
        ...

    def asks_for(self, id: str) -> Iterable[str]:
        """Yield the repository names, lower case, of which `hear` may ask for this model."""
        ...

    def hear(self, model: Known, exists: WhatExists) -> Iterable[Guess]:
        """Yield the guesses for one model; each parent is one that `exists` gave."""
        ...
