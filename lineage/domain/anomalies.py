"""The words for what is odd in the data: its kinds, how much each weighs, where a rule begins."""

from dataclasses import dataclass
from enum import StrEnum


class AnomalyKind(StrEnum):
    """What can be odd; the values are stable handles."""

    SELF_PARENT = "self_parent"
    CYCLE = "cycle"
    UNKNOWN_PARENT = "unknown_parent"
    MANY_PARENTS = "many_parents"
    CHILD_OLDER_THAN_PARENT = "child_older_than_parent"
    PARENT_UNDER_TWO_NAMES = "parent_under_two_names"
    MODEL_UNDER_SEVERAL_NAMES = "model_under_several_names"
    CASE_TWINS = "case_twins"
    RELATION_DISAGREEMENT = "relation_disagreement"
    PARENT_DISAGREEMENT = "parent_disagreement"
    SKIPPED_GENERATION = "skipped_generation"
    IMPOSSIBLE_SIZE = "impossible_size"
    UPLOAD_BURST = "upload_burst"


class AnomalySeverity(StrEnum):
    """How much is made of it; neither proves that anyone did wrong."""

    NOTE = "note"
    """Has harmless reasons often enough."""
    ODD = "odd"
    """Cannot be true as it stands, or two sources contradict each other."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where the rules that count something begin."""

    burst_models: int = 20
    """So many children of one parent by one author are a burst ..."""
    burst_days: int = 7
    """... if they were created within so many days."""
    many_parents: int = 20
    """More parents than these are many."""


@dataclass(frozen=True, slots=True)
class Anomaly:
    """One odd thing."""

    kind: AnomalyKind
    severity: AnomalySeverity
    size: int
    """How many models are involved."""
    models: tuple[str, ...]
    """The ids involved, the one it is about first; of many the first twenty."""
    detail: str
    """One sentence. It quotes the Hub: hostile, like the ids."""


@dataclass(frozen=True, slots=True)
class AnomaliesOfKind:
    """All anomalies of one kind."""

    kind: AnomalyKind
    severity: AnomalySeverity
    count: int
    meaning: str
    """The rule in one line."""
    examples: tuple[Anomaly, ...]
    """The most telling first, up to the number that was asked for."""


@dataclass(frozen=True, slots=True)
class Anomalies:
    """What is odd in one snapshot, or in one family of it."""

    snapshot: str
    family: str | None
    """The family's id; None for the whole snapshot."""
    bounds: Bounds
    anomalies: tuple[AnomaliesOfKind, ...]
    parents_known: bool = True
    """False for a dump without any column that names parents."""
    opted_out: int = 0
    """How many models the snapshot is read without."""
