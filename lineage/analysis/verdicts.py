"""What a question about one model's descent is answered with: frozen values, before any format."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lineage.domain.claims import Relation, Strength
from lineage.domain.families import Outsider
from lineage.domain.records import AvailabilityAnswer


class VerdictReason(StrEnum):
    """What a verdict rests on."""

    IS_ROOT = "is_root"
    """It is an official repository of the family, or a mirror of one."""
    DECLARED_PATH = "declared_path"
    """A path of declared edges leads up to a root of the family."""
    IS_OUTSIDER = "is_outsider"
    """The registry says, with its source, why it is no descendant."""
    BELOW_OUTSIDER = "below_outsider"
    """Everything it is declared to come from is none, and the registry says why."""
    IS_OTHER_ROOT = "is_other_root"
    """It is a root of another family."""
    OTHER_ROOTS = "other_roots"
    """Every declared path ends at roots of other families."""
    SOURCES_DISAGREE = "sources_disagree"
    INFERRED_PATH = "inferred_path"
    """Only inferred edges lead to a root of the family."""
    DEAD_ENDS = "dead_ends"
    """It is declared to come from models whose own origin is unknown."""
    NOTHING_DECLARED = "nothing_declared"


class ModelOrigin(StrEnum):
    """Where the model was found."""

    SNAPSHOT = "snapshot"
    TOMBSTONE = "tombstone"
    """It is no longer listed; the snapshot keeps its last record."""
    NAMED = "named"
    """The snapshot lists no such model; others name it as their parent."""
    REGISTRY = "registry"
    """No snapshot knows it; the family registry does."""
    LIVE = "live"
    """It was asked for at the Hub just now."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """When a deleted model was last seen, and found missing."""

    last_seen_in: str
    """The last snapshot that held it."""
    missed_at: datetime
    """When the full crawl began that no longer listed it."""
    asked: AvailabilityAnswer | None = None
    """What the Hub said of it then, asked by name; None where it was not asked."""


@dataclass(frozen=True, slots=True)
class PathClaim:
    """One claim behind an edge, word for word."""

    rule: str
    """The rule that extracted or inferred it, or `registry`."""
    quote: str | None
    """The words themselves; None where a source states it without words fit to be quoted."""
    source: str | None = None
    """Where a curated statement stands."""
    url: str | None = None


@dataclass(frozen=True, slots=True)
class PathEdge:
    """One edge of a path up."""

    parent: str
    child: str
    relation: Relation
    strength: Strength
    evidence: tuple[PathClaim, ...]


@dataclass(frozen=True, slots=True)
class PathRoot:
    """A root that a path up ends at."""

    root: str
    release: str
    """The release's name, `Llama 3.1`."""
    family: str
    """The family's id."""
    official: bool
    """False for a plain mirror."""


@dataclass(frozen=True, slots=True)
class Trace:
    """Whether a model descends from a family, by which paths, and what that rests on."""

    model: str
    """The name as asked."""
    id: str
    """Its name now."""
    key: str | None
    snapshot: str
    family: str
    """The family asked about, by its id."""
    descends: bool | None
    """None = not known."""
    reason: VerdictReason
    origin: ModelOrigin
    roots: tuple[PathRoot, ...] = ()
    """Roots met first on the paths shown; of other families too."""
    paths: tuple[tuple[PathEdge, ...], ...] = ()
    """From the model upwards; the surest and shortest first."""
    dead_ends: tuple[str, ...] = ()
    """Models that declared paths end at without meeting any root."""
    outsider: Outsider | None = None
    unresolved_claims: tuple[PathClaim, ...] = ()
    """Claims that lead to no known model, such as a local path."""
    itself: PathRoot | None = None
    """Set where the model is a root itself."""
    deletion: Deletion | None = None
    opted_out: int = 0
    """How many more models would stand above it if no model had opted out; all models
    opted out when the snapshot was made are among them."""
    parents_known: bool = True
    """False for a dump without any column that names parents: without a path it says nothing."""
    notes: tuple[str, ...] = ()
    """What the answer cannot say, a sentence each."""
