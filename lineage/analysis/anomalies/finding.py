"""Every kind of anomaly with its rule, and the question that asks for them all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from lineage.analysis.anomalies.bursts import upload_bursts
from lineage.analysis.anomalies.columns import Columns
from lineage.analysis.anomalies.disagreements import (
    parent_disagreements,
    relation_disagreements,
)
from lineage.analysis.anomalies.generations import skipped_generations
from lineage.analysis.anomalies.names import case_twins, several_names, two_names
from lineage.analysis.anomalies.shape import (
    cycles,
    many_parents,
    older_than_parent,
    self_parents,
    unknown_parents,
)
from lineage.analysis.anomalies.wording import MOST_NAMED, Sighting, Sightings
from lineage.analysis.members import members_below
from lineage.analysis.scope import Scope
from lineage.analysis.subjects import root_nodes
from lineage.domain.anomalies import Anomalies, Anomaly, AnomalyKind, Bounds, Found, Severity
from lineage.domain.arrays import Mask
from lineage.domain.definitions import Definition
from lineage.domain.families import Family
from lineage.store.reader import Snapshot

EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class _Rule:
    kind: AnomalyKind
    severity: Severity
    meaning: str
    """May quote the bounds by name."""
    find: Callable[[Columns], Sightings]


_RULES = (
    _Rule(
        AnomalyKind.SELF_PARENT,
        Severity.ODD,
        "a model given as its own parent",
        self_parents,
    ),
    _Rule(
        AnomalyKind.CYCLE,
        Severity.ODD,
        "models that descend from each other; each circle once",
        cycles,
    ),
    _Rule(
        AnomalyKind.UNKNOWN_PARENT,
        Severity.NOTE,
        "a parent that no listing shows: gone, private, misspelt, or outside a small snapshot",
        unknown_parents,
    ),
    _Rule(
        AnomalyKind.MANY_PARENTS,
        Severity.NOTE,
        "a model with more than {many_parents} parents",
        many_parents,
    ),
    _Rule(
        AnomalyKind.CHILD_OLDER_THAN_PARENT,
        Severity.NOTE,
        "a model created before a parent of it; no proof: a repository may be made anew or filled"
        " later, and a date nobody knows is no date",
        older_than_parent,
    ),
    _Rule(
        AnomalyKind.PARENT_UNDER_TWO_NAMES,
        Severity.NOTE,
        "a model that names one parent by several names, as names settle",
        two_names,
    ),
    _Rule(
        AnomalyKind.MODEL_UNDER_SEVERAL_NAMES,
        Severity.NOTE,
        "a model that its children, taken together, name in several ways",
        several_names,
    ),
    _Rule(
        AnomalyKind.CASE_TWINS,
        Severity.ODD,
        "listed models whose ids differ by case alone, or not at all",
        case_twins,
    ),
    _Rule(
        AnomalyKind.RELATION_DISAGREEMENT,
        Severity.ODD,
        "witnesses state different relations for one model",
        relation_disagreements,
    ),
    _Rule(
        AnomalyKind.PARENT_DISAGREEMENT,
        Severity.ODD,
        "Hub and card name different parents, as names settle; what only the card names and nobody"
        " lists is left out",
        parent_disagreements,
    ),
    _Rule(
        AnomalyKind.SKIPPED_GENERATION,
        Severity.NOTE,
        "a quantized copy that is named after one model and declares that model's parent",
        skipped_generations,
    ),
    _Rule(
        AnomalyKind.UPLOAD_BURST,
        Severity.NOTE,
        "at least {burst_models} children of one parent by one author created within {burst_days}"
        " days; overlapping windows are one burst",
        upload_bursts,
    ),
)


def find_anomalies(
    snapshot: Snapshot,
    *,
    family: Family | None = None,
    families: Sequence[Family] = (),
    kind: AnomalyKind | None = None,
    examples: int | None = EXAMPLES,
    bounds: Bounds | None = None,
) -> Anomalies:
    """Find what is odd: every kind or one, with up to `examples` of each; None gives all.

    Guessed edges and statements are left out, and so is the registry. With a family only what is
    odd about its roots and members is found, by the edges of every family that is given: an edge
    is its child's, twins are found where one of them belongs.
    """
    rules = bounds or Bounds()
    inside = None if family is None else _roots_and_members(snapshot, family, families)
    columns = Columns(snapshot, rules, inside)
    asked = (rule for rule in _RULES if kind in (None, rule.kind))
    found = tuple(_found(rule, columns, examples) for rule in asked)
    return Anomalies(snapshot.id, None if family is None else family.id, rules, found)


def _roots_and_members(snapshot: Snapshot, family: Family, families: Sequence[Family]) -> Mask:
    everyone = Definition(mirrors=True, curated=True)
    scope = Scope.of(snapshot, everyone, families or (family,))
    roots = root_nodes(scope, family.roots())
    inside = members_below(scope, roots).reached.copy()
    inside[roots] = True
    return inside


def _found(rule: _Rule, columns: Columns, examples: int | None) -> Found:
    bounds = columns.bounds
    seen = rule.find(columns)
    told = tuple(_anomaly(rule, one) for one in islice(seen.each, examples))
    meaning = rule.meaning.format(
        many_parents=bounds.many_parents,
        burst_models=bounds.burst_models,
        burst_days=bounds.burst_days,
    )
    return Found(rule.kind, rule.severity, meaning, seen.count, told)


def _anomaly(rule: _Rule, seen: Sighting) -> Anomaly:
    models = tuple(seen.models)
    size = seen.size or len(models)
    return Anomaly(rule.kind, rule.severity, models[:MOST_NAMED], size, seen.detail)
