"""What is odd in a snapshot: counted by kind, each kind by one rule, with examples in words."""

from lineage.analysis.anomalies.columns import SnapshotColumns
from lineage.analysis.anomalies.rules import RULES
from lineage.analysis.members import members_below
from lineage.analysis.scope import Scope
from lineage.domain.anomalies import Anomalies, AnomalyKind, Bounds
from lineage.domain.definitions import Definition
from lineage.domain.families import Family
from lineage.domain.opt_outs import count_opt_out_marks

EXAMPLES = 3


def find_anomalies(
    scope: Scope,
    *,
    family: Family | None = None,
    kind: AnomalyKind | None = None,
    examples: int | None = EXAMPLES,
    bounds: Bounds | None = None,
) -> Anomalies:
    """Find what is odd: every kind or one, with up to `examples` of each; None gives all.

    Inferred edges and claims are excluded, and so is the registry. With a family only what is odd
    about its roots and members is found, by the edges of every family of the scope: an edge
    is its child's, twins are found where one of them belongs.
    """
    bounds = bounds or Bounds()
    inside = None
    if family is not None:
        # Who belongs is asked as `count` asks it; what is odd about them is then looked for in
        # what the Hub and authors declare alone, or our own registry would show up as theirs.
        full = scope.under(Definition(mirrors=True, curated=True))
        roots = full.roots_of(family.roots())
        inside = members_below(full, roots).reached.copy()
        inside[roots] = True
    columns = SnapshotColumns(scope.under(Definition()), bounds, inside)
    rules = (rule for rule in RULES if kind in (None, rule.kind))
    anomalies = tuple(rule.apply(columns, examples) for rule in rules)
    manifest = scope.snapshot.manifest
    return Anomalies(
        manifest.id,
        None if family is None else family.id,
        bounds,
        anomalies,
        manifest.origin.parents_known,
        count_opt_out_marks(manifest.left_out),
    )
