"""What questions are answered with: frozen values, before anyone decides how to say them."""

from collections.abc import Mapping
from dataclasses import dataclass

from lineage.domain.definitions import Definition, Grouping
from lineage.domain.evidence import Relation


@dataclass(frozen=True, slots=True)
class Group:
    """One part of a count; the parts of a count add up to its total."""

    value: str
    """The release, month, library, license, author or relation; `unknown` where nobody says."""
    direct: int
    total: int
    by_relation: Mapping[Relation, int]


@dataclass(frozen=True, slots=True)
class Count:
    """The derivatives of one base or family, with the definition they were counted by."""

    base: str
    """The name as asked; `family:<id>` for a family."""
    id: str
    """Its name now."""
    key: str | None
    """None for a family, which is no node."""
    snapshot: str
    direct: int
    total: int
    by_relation: Mapping[Relation, int]
    """The models of `total`, each under its own relation; relations without any are left out."""
    undated: int
    """How many models of `total` have no known creation date."""
    definition: Definition
    grouping: Grouping | None = None
    groups: tuple[Group, ...] = ()


@dataclass(frozen=True, slots=True)
class Branch:
    """One model, release or family in a tree, with what lies below it."""

    name: str
    relation: Relation | None
    """None for what is no derivative here: a family, a release, a root."""
    total: int
    """Distinct models below it, under the tree's definition."""
    branches: tuple["Branch", ...] = ()
    """The largest first."""
    folded: int = 0
    """How many direct branches are not drawn."""
    folded_total: int = 0
    """How many models lie below those, each counted once a branch."""
    other_parents: int = 0
    """How many parents it has besides the one it is drawn under: a merge, drawn once."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A family or base drawn as a tree: a cut through a graph in which merges have many parents."""

    snapshot: str
    root: Branch
    definition: Definition
