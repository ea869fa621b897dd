"""A model with all its ancestors and what is known of each: what a bill of materials lists."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from lineage.analysis.scope import Scope, select_scope_edges
from lineage.analysis.traces import EVERYTHING, find_evidence_of_paths, find_root_nodes, trace_model
from lineage.analysis.verdicts import PathEdge, PathRoot, Trace
from lineage.domain.arrays import Generations, Indices
from lineage.domain.claims import RELATIONS, STRENGTHS, Strength
from lineage.domain.families import Family
from lineage.graph import reach
from lineage.store import schema
from lineage.store.reader import EdgeColumns

_FACTS = [
    *("created_at", "modified_at", "license", "license_name", "license_link"),
    *("author", "library", "pipeline", "model_type", "sha"),
]


@dataclass(frozen=True, slots=True)
class Part:
    """One model of a bill; unknown values are None."""

    id: str
    key: str | None
    listed: bool
    """Whether the snapshot has a record of it; of others only the name is known."""
    root: PathRoot | None = None
    """Set where it is a root of some family."""
    created_at: datetime | None = None
    modified_at: datetime | None = None
    license: str | None = None
    license_name: str | None = None
    license_link: str | None = None
    author: str | None = None
    library: str | None = None
    pipeline: str | None = None
    model_type: str | None = None
    sha: str | None = None


@dataclass(frozen=True, slots=True)
class Ancestor:
    """A model that the subject comes from, directly or not."""

    part: Part
    generation: int
    """Edges on the shortest path: 1 for a parent."""
    steps: tuple[PathEdge, ...]
    """The edges that lead up to it from the subject and other ancestors."""


@dataclass(frozen=True, slots=True)
class Bill:
    """What a bill of materials says."""

    subject: Part
    trace: Trace
    ancestors: tuple[Ancestor, ...]
    """The nearest first, then by id."""


def bill_of(
    scope: Scope, name: str, family: Family, min_strength: Strength = Strength.DECLARED
) -> Bill:
    """Find every ancestor by edges at least so strong, the registry's included.

    Beyond a root the walk goes on: an official model tuned from another has it as an ancestor.
    Raises UnknownModel where neither snapshot nor registry knows the name.
    """
    scope = scope.under(EVERYTHING)
    trace = trace_model(scope, name, family)
    node = scope.nodes_of([trace.id]).get(trace.id)
    roots = find_root_nodes(scope)
    if node is None:
        return Bill(Part(trace.id, trace.key, False, trace.itself), trace, ())
    edges, generation = _list_edges_for_bill_of_materials(scope, node, min_strength)
    parts = _read_cyclonedx_bill_parts(scope, np.union1d(np.flatnonzero(generation), [node]), roots)
    steps = _list_bill_steps(scope, edges, parts)
    ancestors = [
        Ancestor(part, int(generation[at]), tuple(steps.get(at, ())))
        for at, part in parts.items()
        if at != node
    ]
    ancestors.sort(key=lambda ancestor: (ancestor.generation, ancestor.part.id))
    return Bill(parts[node], trace, tuple(ancestors))


def _list_edges_for_bill_of_materials(
    scope: Scope, node: int, least: Strength
) -> tuple[EdgeColumns, Generations]:
    """Return the edges between a model and its ancestors, and each one's generation."""
    edges = select_scope_edges(scope.edges, scope.edges.strength >= least.code)
    start = np.array([node], np.int32)
    generation = reach.generations_below_roots(edges.parent, edges.child, scope.nodes, start)
    # On a cycle it would be an ancestor of its own.
    generation[node] = 0
    inside = generation > 0
    from_here = inside.copy()
    from_here[node] = True
    own = edges.child != edges.parent
    return select_scope_edges(
        edges, from_here[edges.child] & inside[edges.parent] & own
    ), generation


def _list_bill_steps(
    scope: Scope, edges: EdgeColumns, parts: Mapping[int, Part]
) -> dict[int, list[PathEdge]]:
    """Return the edges by the parent's node, each with its claims."""
    evidence = find_evidence_of_paths(scope, edges.child.tolist())
    steps: dict[int, list[PathEdge]] = {}
    order = np.lexsort((edges.child, edges.parent)).tolist()
    for edge in order:
        child, parent = parts[int(edges.child[edge])], parts[int(edges.parent[edge])]
        claims = evidence.by_edge.get((child.key or "", parent.key or ""), ())
        relation, strength = RELATIONS[edges.relation[edge]], STRENGTHS[edges.strength[edge]]
        steps.setdefault(int(edges.parent[edge]), []).append(
            PathEdge(parent.id, child.id, relation, strength, claims)
        )
    return steps


def _read_cyclonedx_bill_parts(
    scope: Scope, nodes: Indices, roots: Mapping[int, PathRoot]
) -> dict[int, Part]:
    keys, ids = (column.to_pylist() for column in scope.names_of(nodes))
    listed = nodes[nodes < scope.snapshot.manifest.models]
    table = scope.snapshot.table(schema.MODELS_FILE, _FACTS).take(pa.array(listed))
    rows: list[dict[str, Any]] = [*table.to_pylist(), *({} for _ in nodes[len(listed) :])]
    return {
        node: Part(id, key, bool(facts), roots.get(node), **facts)
        for node, key, id, facts in zip(nodes.tolist(), keys, ids, rows, strict=True)
    }
