"""The table of what counts as odd, one rule a kind, and the question that goes through it.

Rules on the shape of the edges are here, those on what sources claim in `claim_rules`.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

import numpy as np
import pyarrow.compute as pc

from lineage.analysis.anomalies import claim_rules
from lineage.analysis.anomalies.columns import (
    MOST_IN_A_SENTENCE,
    MOST_MODELS,
    UNDATED,
    Occurrence,
    Occurrences,
    SnapshotColumns,
    format_duration_of_anomaly,
    join_names_of_anomaly,
    plural,
)
from lineage.analysis.groups import find_releases_above_nodes
from lineage.analysis.members import members_below
from lineage.analysis.scope import Scope
from lineage.domain.anomalies import (
    Anomalies,
    AnomaliesOfKind,
    Anomaly,
    AnomalyKind,
    AnomalySeverity,
    Bounds,
)
from lineage.domain.arrays import Indices
from lineage.domain.definitions import Definition
from lineage.domain.families import Family
from lineage.domain.opt_outs import count_opt_out_marks
from lineage.domain.repo_ids import NAME_PREFIX
from lineage.evidence.sizes import match_parameters_to_known_sizes, sizes_by_number
from lineage.graph.cycles_and_bursts import find_graph_cycles, find_sibling_bursts_in_graph
from lineage.store import schema

EXAMPLES = 3
_DAY = 86_400_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def find_self_parent_anomalies(columns: SnapshotColumns) -> Occurrences:
    """Find models that are their own parent."""
    edges = columns.edges
    nodes = edges.child[edges.child == edges.parent].tolist()
    names = (columns.name_of_anomalous(node) for node in nodes)
    each = (Occurrence([name], f"{name} is given as its own parent") for name in names)
    return Occurrences(len(nodes), each)


def find_circle_anomalies(columns: SnapshotColumns) -> Occurrences:
    """Find models that descend from each other, each circle once, the largest first."""

    def describe_circle_anomaly(members: list[int]) -> Occurrence:
        names = [columns.name_of_anomalous(node) for node in members[:MOST_MODELS]]
        detail = (
            f"{len(members):,} models descend from each other:"
            f" {join_names_of_anomaly(names, len(members))}"
        )
        return Occurrence(names, detail, len(members))

    edges = columns.edges
    circles = find_graph_cycles(edges.child, edges.parent, columns.nodes)
    return Occurrences(len(circles), map(describe_circle_anomaly, circles))


def find_unknown_parent_anomalies(columns: SnapshotColumns) -> Occurrences:
    """Find parents that no listing shows, those with most children first."""

    def describe_parent_anomaly(node: int, children: Indices) -> Occurrence:
        key, name = columns.find_unlisted_anomalous[node]
        names = [columns.name_of_anomalous(child) for child in children[: MOST_MODELS - 1].tolist()]
        first = join_names_of_anomaly(names, len(children), MOST_IN_A_SENTENCE)
        by_name = key.startswith(NAME_PREFIX)
        source = "known by its name alone" if by_name else "the Hub gives its key"
        number = plural(len(children), "model")
        detail = f"{name} is a parent of {number} and not listed ({source}): {first}"
        return Occurrence([name, *names], detail, len(children) + 1)

    edges = columns.edges
    rows = np.flatnonzero(edges.parent >= columns.listed)
    groups = _group_anomalies_by_node(edges.parent[rows], edges.child[rows])
    number = len(np.unique(edges.parent[rows]))
    return Occurrences(number, (describe_parent_anomaly(*group) for group in groups))


def find_parent_count_anomalies(columns: SnapshotColumns) -> Occurrences:
    """Find models with more parents than the bound, those with most first."""

    def describe_child_anomaly(node: int, parents: Indices) -> Occurrence:
        names = [
            columns.name_of_anomalous(parent) for parent in parents[: MOST_MODELS - 1].tolist()
        ]
        first = join_names_of_anomaly(names, len(parents), MOST_IN_A_SENTENCE)
        name, number = columns.name_of_anomalous(node), len(parents)
        return Occurrence([name, *names], f"{name} has {number:,} parents: {first}", number + 1)

    edges = columns.edges
    numbers = np.bincount(edges.child, minlength=columns.nodes)
    rows = np.flatnonzero(numbers[edges.child] > columns.bounds.many_parents)
    groups = _group_anomalies_by_node(edges.child[rows], edges.parent[rows])
    number = int((numbers > columns.bounds.many_parents).sum())
    return Occurrences(number, (describe_child_anomaly(*group) for group in groups))


def find_creation_order_anomalies(columns: SnapshotColumns) -> Occurrences:
    """Find models created before a parent of theirs, the widest gap first; both dates known."""

    def describe_pair_anomaly(child: int, parent: int, gap: int) -> Occurrence:
        names = [columns.name_of_anomalous(child), columns.name_of_anomalous(parent)]
        early = format_duration_of_anomaly(gap)
        return Occurrence(names, f"{names[0]} was created {early} before its parent {names[1]}")

    edges = columns.edges
    listed = np.flatnonzero(edges.parent < columns.listed)
    child, parent = edges.child[listed], edges.parent[listed]
    child_date, parent_date = columns.created[child], columns.created[parent]
    is_dated = (child_date != UNDATED) & (parent_date != UNDATED)
    rows = np.flatnonzero(is_dated & (child_date < parent_date))
    gap = parent_date[rows] - child_date[rows]
    order = np.argsort(-gap, kind="stable")
    triples = (column[order].tolist() for column in (child[rows], parent[rows], gap))
    each = (describe_pair_anomaly(*triple) for triple in zip(*triples, strict=True))
    return Occurrences(len(rows), each)


def find_burst_anomalies(columns: SnapshotColumns) -> Occurrences:
    """Find many siblings by one author in few days, the largest burst first.

    Windows that overlap are one burst, which may last longer than one window. A model without a
    known date or author is in none.
    """
    authors = columns.snapshot.column(schema.MODELS_FILE, "author").combine_chunks()
    codes = pc.fill_null(authors.dictionary_encode().indices, -1).to_numpy(zero_copy_only=False)
    edges, bounds = columns.edges, columns.bounds
    is_known = (codes >= 0) & (columns.created != UNDATED)
    rows = is_known[edges.child] & (edges.child != edges.parent)
    child, parent = edges.child[rows], edges.parent[rows]
    bursts = find_sibling_bursts_in_graph(
        child,
        parent,
        codes[child],
        columns.created[child],
        least=bounds.burst_models,
        within=bounds.burst_days * _DAY,
    )

    def describe_burst_anomaly(start: int, stop: int) -> Occurrence:
        children, number = bursts.child[start:stop], stop - start
        nodes = [int(bursts.parent[start]), *children[: MOST_MODELS - 1].tolist()]
        names = [columns.name_of_anomalous(node) for node in nodes]
        author = authors[int(children[0])].as_py()
        first, last = int(bursts.moment[start]), int(bursts.moment[stop - 1])
        detail = (
            f"{author} published {number:,} children of {names[0]} within"
            f" {format_duration_of_anomaly(last - first)},"
            f" {_burst_day(first)} to {_burst_day(last)}"
        )
        return Occurrence(names, detail, number + 1)

    ranges = sorted(bursts.ranges, key=lambda burst: burst[0] - burst[1])
    return Occurrences(len(ranges), (describe_burst_anomaly(*burst) for burst in ranges))


def _burst_day(microseconds: int) -> str:
    return f"{_EPOCH + timedelta(microseconds=microseconds):%Y-%m-%d}"


def _group_anomalies_by_node(node: Indices, other: Indices) -> Iterator[tuple[int, Indices]]:
    """Yield each node with the other ends: the longest group first, then by node."""
    order = np.argsort(node, kind="stable")
    nodes, first, numbers = np.unique(node[order], return_index=True, return_counts=True)
    for place in np.argsort(-numbers, kind="stable").tolist():
        yield int(nodes[place]), other[order[first[place] : first[place] + numbers[place]]]


@dataclass(frozen=True, slots=True)
class AnomalyRule:
    """One kind of anomaly."""

    kind: AnomalyKind
    severity: AnomalySeverity
    meaning: str
    """May quote the bounds by name."""
    find: Callable[[SnapshotColumns], Occurrences]

    def find_anomalies_by_rule(
        self, columns: SnapshotColumns, examples: int | None
    ) -> AnomaliesOfKind:
        """Count what is odd, with up to so many examples; None gives all."""
        occurrences = self.find(columns)
        meaning = self.meaning.format(**asdict(columns.bounds))
        anomalies = tuple(
            Anomaly(
                self.kind,
                self.severity,
                occurrence.size or len(occurrence.models),
                tuple(occurrence.models)[:MOST_MODELS],
                occurrence.detail,
            )
            for occurrence in islice(occurrences.each, examples)
        )
        return AnomaliesOfKind(self.kind, self.severity, occurrences.count, meaning, anomalies)


# What has harmless reasons often enough is a NOTE: most oddities of the Hub are hurry and renames,
# and a list that cries wolf is read once.
_NAMED = 3


def find_impossible_sizes(columns: SnapshotColumns) -> Occurrences:
    """Find models that have the size of one release and declare another, of known sizes too."""
    scope, snapshot = columns.scope, columns.snapshot
    sizes = sizes_by_number(scope.families)
    # The listed alone: what is known of a deleted model stands as it was.
    parameters = snapshot.column("models.parquet", "parameters").combine_chunks()
    number = match_parameters_to_known_sizes(parameters, list(sizes))
    rows = np.flatnonzero(number > 0)
    rows = rows[columns.is_inside_anomaly_bounds(rows)]
    releases = find_releases_above_nodes(scope, scope.edges)
    odd: list[tuple[int, str, str]] = []
    for row in rows.tolist():
        declared = releases.met_by(row)
        alike = sizes[int(number[row])]
        if not declared or not all(release.parameters for release in declared):
            continue
        if {release.id for release in declared}.isdisjoint(release.id for _, release, _ in alike):
            ours = join_names_of_anomaly((it.name for it in declared), len(declared), _NAMED)
            theirs = [f"{release.name} {size}" for _, release, size in alike]
            odd.append((row, ours, join_names_of_anomaly(theirs, len(theirs), _NAMED)))

    def describe_size(row: int, ours: str, theirs: str) -> Occurrence:
        name = columns.name_of_anomalous(row)
        detail = (
            f"{name} is declared to come from {ours}, and has the size of {theirs}:"
            f" {number[row]:,} parameters"
        )
        return Occurrence([name], detail)

    return Occurrences(len(odd), (describe_size(*each) for each in odd))


RULES = (
    AnomalyRule(
        AnomalyKind.SELF_PARENT,
        AnomalySeverity.ODD,
        "a model given as its own parent",
        find_self_parent_anomalies,
    ),
    AnomalyRule(
        AnomalyKind.CYCLE,
        AnomalySeverity.ODD,
        "models that descend from each other; each circle once",
        find_circle_anomalies,
    ),
    AnomalyRule(
        AnomalyKind.UNKNOWN_PARENT,
        AnomalySeverity.NOTE,
        "a parent that no listing shows: deleted, private, misspelt, or outside a small snapshot",
        find_unknown_parent_anomalies,
    ),
    AnomalyRule(
        AnomalyKind.MANY_PARENTS,
        AnomalySeverity.NOTE,
        "a model with more than {many_parents} parents",
        find_parent_count_anomalies,
    ),
    AnomalyRule(
        AnomalyKind.CHILD_OLDER_THAN_PARENT,
        AnomalySeverity.NOTE,
        "a model created before a parent of it; no proof: a repository may be made anew or filled"
        " later; models without a known date are excluded",
        find_creation_order_anomalies,
    ),
    AnomalyRule(
        AnomalyKind.PARENT_UNDER_TWO_NAMES,
        AnomalySeverity.NOTE,
        "a model that names one parent by several names, as names resolve",
        claim_rules.find_two_name_anomalies,
    ),
    AnomalyRule(
        AnomalyKind.MODEL_UNDER_SEVERAL_NAMES,
        AnomalySeverity.NOTE,
        "a model that its children, taken together, call by several names",
        claim_rules.find_several_name_anomalies,
    ),
    AnomalyRule(
        AnomalyKind.CASE_TWINS,
        AnomalySeverity.ODD,
        "listed models whose ids differ by case alone, or not at all",
        claim_rules.find_case_twin_anomalies,
    ),
    AnomalyRule(
        AnomalyKind.RELATION_DISAGREEMENT,
        AnomalySeverity.ODD,
        "sources declare different relations for one model",
        claim_rules.find_relation_disagreement_anomalies,
    ),
    AnomalyRule(
        AnomalyKind.PARENT_DISAGREEMENT,
        AnomalySeverity.ODD,
        "Hub and card name different parents, as names resolve; parents that only the card names"
        " and that are not listed are excluded",
        claim_rules.find_parent_anomalies,
    ),
    AnomalyRule(
        AnomalyKind.SKIPPED_GENERATION,
        AnomalySeverity.NOTE,
        "a quantized copy that is named after one model and declares that model's parent",
        claim_rules.find_quantized_sibling_name_anomalies,
    ),
    AnomalyRule(
        AnomalyKind.IMPOSSIBLE_SIZE,
        AnomalySeverity.ODD,
        "a model with just as many parameters as a release that it is not declared to come from;"
        " only where the numbers of all releases above it are known",
        find_impossible_sizes,
    ),
    AnomalyRule(
        AnomalyKind.UPLOAD_BURST,
        AnomalySeverity.NOTE,
        "at least {burst_models} children of one parent by one author created within {burst_days}"
        " days; overlapping windows are one burst",
        find_burst_anomalies,
    ),
)


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
        roots = full.tops_of(family)
        inside = members_below(full, roots).reached.copy()
        inside[roots] = True
    columns = SnapshotColumns(scope.under(Definition()), bounds, inside)
    rules = (rule for rule in RULES if kind in (None, rule.kind))
    anomalies = tuple(rule.find_anomalies_by_rule(columns, examples) for rule in rules)
    manifest = scope.snapshot.manifest
    return Anomalies(
        manifest.id,
        None if family is None else family.id,
        bounds,
        anomalies,
        manifest.origin.parents_known,
        count_opt_out_marks(manifest.left_out),
    )
