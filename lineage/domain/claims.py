"""Claims that one model comes from another: in which words, how sure, as values and as columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    # Every command's options are made of the words below, and help must not pay for numpy.
    from lineage.domain.arrays import Codes, Mask, Nodes


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


# Columns in memory hold codes, the position here; files hold the words. The order decides, too:
# between relations that are believed alike, and which of two strengths is the greater.
RELATIONS = tuple(Relation)
STRENGTHS = tuple(Strength)


class Claim(NamedTuple):
    """One source's assertion that one model comes from another."""

    rule: str
    """The name of the rule that read it; `RULES` in `lineage.evidence` lists them."""
    parent_as_written: str
    quote: str
    """The words themselves."""
    relation: str | None = None
    parent_key: str | None = None
    """The parent's key, where the source gives it and not only a name."""


@dataclass(frozen=True, slots=True)
class Claims:
    """Claims as columns: one element each, in order of the child."""

    # Millions of claims as `Claim` values would fill the memory; as codes each takes 14 bytes, and
    # every distinct name is resolved once.

    child: "Nodes"
    rule: "Codes"
    """Position of the rule among the names that the columns were made with."""
    relation: "Codes"
    """-1 where none was claimed, or one that is no `Relation`."""
    name: "Nodes"
    """Position of the parent as written in `names`: millions of claims repeat few names."""
    names: Sequence[str]
    key: "Nodes"
    """Position of the parent's key in `keys`, -1 where the source knows only a name."""
    keys: Sequence[str]


@dataclass(frozen=True, slots=True)
class ResolvedClaims:
    """Claims whose parents are nodes: one element each."""

    child: "Nodes"
    parent: "Nodes"
    """-1 where the name was resolved to nothing."""
    rule: "Codes"
    relation: "Codes"
    """-1 where none was claimed."""

    def select(self, chosen: "Mask") -> "ResolvedClaims":
        """Return some of the claims."""
        return ResolvedClaims(
            self.child[chosen], self.parent[chosen], self.rule[chosen], self.relation[chosen]
        )

    def claims_followed_by(self, more: "ResolvedClaims") -> "ResolvedClaims":
        """Return these claims, then more."""
        import numpy as np

        return ResolvedClaims(
            np.concatenate([self.child, more.child]),
            np.concatenate([self.parent, more.parent]),
            np.concatenate([self.rule, more.rule]),
            np.concatenate([self.relation, more.relation]),
        )
