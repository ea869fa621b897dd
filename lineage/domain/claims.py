"""Who says that one model comes from another, in which words, and how much that weighs."""

from enum import StrEnum
from typing import NamedTuple


class Relation(StrEnum):
    """How a model was made from its parents: one for a whole repository, as on the Hub."""

    ADAPTER = "adapter"
    MERGE = "merge"
    QUANTIZED = "quantized"
    FINETUNE = "finetune"
    UNSPECIFIED = "unstated"


class Strength(StrEnum):
    """How sure an edge is, weakest first."""

    INFERRED = "guessed"
    DECLARED = "stated"
    CONFIRMED = "confirmed"


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
