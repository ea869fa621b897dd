"""Who says that one model comes from another, in which words, and how much that weighs."""

from enum import StrEnum
from typing import NamedTuple


class Relation(StrEnum):
    """How a model was made from its parents: one for a whole repository, as on the Hub."""

    ADAPTER = "adapter"
    MERGE = "merge"
    QUANTIZED = "quantized"
    FINETUNE = "finetune"
    UNSPECIFIED = "unspecified"

    @property
    def code(self) -> int:
        """Its number in columns: the position in `RELATIONS`."""
        return RELATIONS.index(self)


class Strength(StrEnum):
    """How sure an edge is, weakest first."""

    INFERRED = "inferred"
    DECLARED = "declared"
    CONFIRMED = "confirmed"

    @property
    def code(self) -> int:
        """Its number in columns, greater where surer: the position in `STRENGTHS`."""
        return STRENGTHS.index(self)


RELATIONS = tuple(Relation)
STRENGTHS = tuple(Strength)


class Claim(NamedTuple):
    """One voice for one parent of one model."""

    rule: str
    """The name of the rule that heard it; `RULES` in `lineage.evidence` lists them."""
    parent_as_written: str
    quote: str
    """The words themselves."""
    relation: str | None = None
    parent_key: str | None = None
    """The parent's key, where the witness gives it and not only a name."""
