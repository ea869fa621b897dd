"""What questions are answered with: frozen values, before anyone decides how to say them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from lineage.domain.claims import Relation
from lineage.domain.definitions import Definition, Grouping
from lineage.domain.subjects import SubjectKind


@dataclass(frozen=True, slots=True)
class Group:
    """One part of a count; the parts of a count add up to its total."""

    value: str
    """The release, month, library, license, author or relation; `unknown` where it is not known."""
    direct: int
    total: int
    by_relation: Mapping[Relation, int]
    complete: bool | None = None
    """Of a month: False where it ends after the snapshot was taken, or after the day asked."""


@dataclass(frozen=True, slots=True)
class Count:
    """The derivatives of one subject, with the definition they were counted by."""

    subject: str
    """As it was asked; a subject again."""
    id: str
    """A model's name now, `release:<id>` or `family:<id>`."""
    kind: SubjectKind
    key: str | None
    """None for a family or a release, which are no nodes."""
    snapshot: str
    direct: int
    total: int
    # What bounds a number stands beside it and not within: who reads `total` sees it.
    at_most: int
    """`total` and every member without a known date that may have existed on the day asked."""
    undated: int
    """How many models of `at_most` have no known creation date."""
    opted_out: int
    """How many more there would be if no model had opted out; all models opted out when the
    snapshot was made are among them, whatever they come from: only their digests are kept."""
    parents_known: bool
    """False for a dump without any column that names parents: then 0 says nothing."""
    by_relation: Mapping[Relation, int]
    """The models of `total`, each under its own relation; relations without any are left out."""
    definition: Definition
    declared: int | None = None
    """Where inferred links are counted: how many of `total` there are without them."""
    notes: tuple[str, ...] = ()
    """What the numbers cannot say, a sentence each: where the data begin and end, for a start."""
    grouping: Grouping | None = None
    groups: tuple[Group, ...] = ()


class ComparisonStep(StrEnum):
    """What a definition changes beside the one before it."""

    DIRECT = "direct"
    ALL_GENERATIONS = "all generations"
    MERGES = "with merges"
    MIRRORS = "with mirrors"
    CURATED = "with curated edges"
    DOWNLOADS = "with downloads"
    AUTHORS = "distinct authors"
    DELETED = "with deleted models"
    INFERRED = "with inferred edges"


@dataclass(frozen=True, slots=True)
class ComparedCount:
    """One definition and its numbers."""

    step: ComparisonStep
    number: int
    """Distinct models; of `distinct authors` the authors of the models of the step before."""
    direct: int
    authors: int
    """Distinct authors of the models."""
    definition: Definition
    at_most: int
    """The number, and the undated that may have existed on the day asked."""
    by_release: Mapping[str, int]
    """The number divided by release, `mixed` and `unknown` included; of a family alone."""
    by_rule: Mapping[str, int] = field(default_factory=dict)
    """Of the step with inferred edges: how many models each rule's edges add by themselves."""
    default: bool = False
    """Whether this is the subject's default number: what `count` answers without a filter."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What one question is answered with, from the narrowest definition to the widest."""

    subject: str
    """As it was asked; a subject again."""
    id: str
    """A model's name now, `release:<id>` or `family:<id>`."""
    kind: SubjectKind
    key: str | None
    snapshot: str
    steps: tuple[ComparedCount, ...]
    known_deleted: int
    """How many models the snapshot knows to be deleted, whatever they come from."""
    undated: int
    """As in the default count, like the two that follow."""
    opted_out: int
    parents_known: bool
    notes: tuple[str, ...] = ()
