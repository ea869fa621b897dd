"""Rules on what sources claim and how models are named: disagreements, names, skipped parents."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.anomalies.columns import (
    MOST_IN_A_SENTENCE,
    SPECIFIED,
    DeclaredClaims,
    Occurrence,
    Occurrences,
    SnapshotColumns,
    join_names_of_anomaly,
    plural,
)
from lineage.domain.arrays import Indices, Int64s, Mask, Positions
from lineage.domain.claims import Relation
from lineage.domain.repo_ids import find_repo_id
from lineage.evidence.names import MARKED, list_claimed_stems
from lineage.graph.reach import mark_nodes
from lineage.graph.sorted_sets import mark_set_members, pack_node_pairs, sort_distinct_set
from lineage.store.keys import NOWHERE

_QUANTIZED = Relation.QUANTIZED.code
_LOW = 0xFFFFFFFF
_MOST_COMPARED = 100


# Hub and author contradict each other


def find_relation_disagreement_anomalies(columns: SnapshotColumns) -> Occurrences:
    """Find models of which two sources, or one in two places, declare different relations."""
    claims = columns.claims
    rows = np.flatnonzero(claims.relation >= 0)
    if not rows.size:
        return Occurrences(0, iter(()))
    child, relation = claims.child[rows], claims.relation[rows]
    first = np.flatnonzero(np.append(True, child[1:] != child[:-1]))
    last = np.append(first[1:], len(rows))
    differ = np.minimum.reduceat(relation, first) != np.maximum.reduceat(relation, first)
    children = np.flatnonzero(differ).tolist()

    def describe_model_anomaly(of_child: Positions) -> Occurrence:
        name = columns.name_of_anomalous(int(claims.child[of_child[0]]))
        relations: dict[str, list[str]] = {}
        pairs = zip(claims.rule[of_child], claims.relation[of_child], strict=True)
        for rule, relation in sorted(set(pairs)):
            relations.setdefault(claims.rules[rule], []).append(SPECIFIED[relation])
        parts = [f"{rule} says {' and '.join(relations[rule])}" for rule in sorted(relations)]
        return Occurrence([name], f"{name}: {', '.join(parts)}")

    each = (describe_model_anomaly(rows[first[place] : last[place]]) for place in children)
    return Occurrences(len(children), each)


def find_parent_anomalies(columns: SnapshotColumns) -> Occurrences:
    """Find models of which Hub and card name different parents, as names resolve for others."""
    claims = columns.claims
    hub = _anomalous_claim_pairs_of_rule(claims, "hub", claims.parent)
    card = _anomalous_claim_pairs_of_rule(claims, "card", _find_anomalous_parents(columns))
    card_alone = card[~mark_set_members(card, hub)]
    # The Hub resolves no name that is not listed: a card that names one contradicts nothing.
    card_alone = card_alone[(card_alone & _LOW) < columns.listed]
    hub_alone = hub[~mark_set_members(hub, card)]
    disputed = sort_distinct_set(np.concatenate((card_alone, hub_alone)) >> 32)
    both_name_parents = mark_set_members(disputed, hub >> 32) & mark_set_members(
        disputed, card >> 32
    )
    children = disputed[both_name_parents].tolist()

    def describe_model_anomaly(child: int) -> Occurrence:
        name, models, parts = columns.name_of_anomalous(child), [], []
        for source, pairs in (("the card", card_alone), ("the Hub", hub_alone)):
            start, stop = np.searchsorted(pairs, [child << 32, (child + 1) << 32])
            names = [columns.name_of_anomalous(int(pair) & _LOW) for pair in pairs[start:stop]]
            if names:
                models += names
                first = join_names_of_anomaly(names, len(names), MOST_IN_A_SENTENCE)
                parts.append(f"{source} alone names {first}")
        return Occurrence([name, *models], f"{name}: {', '.join(parts)}")

    return Occurrences(len(children), map(describe_model_anomaly, children))


def _find_anomalous_parents(columns: SnapshotColumns) -> Indices:
    """Return for each claim the model that everybody else means by its name, else its parent."""
    # A row's one name is its own one Hub parent: read by itself it contradicts nothing. So each
    # name is compared with the model that bears it, or is known to have borne it.
    claims = columns.claims
    texts = claims.names.to_pylist()
    names = pa.array([find_repo_id(text) or "" for text in texts], pa.string())
    former = columns.snapshot.former_keys()
    keys = pa.array([former.get(name) for name in names.to_pylist()], pa.string())
    owner, renamed = (
        pc.fill_null(pc.index_in(each, value_set=known, skip_nulls=True), NOWHERE).to_numpy()
        for each, known in ((names, columns.ids_of_anomalous), (keys, columns.keys_of_anomalous))
    )
    meant = np.where(owner >= 0, owner, renamed)[claims.name]
    parent = claims.parent.copy()
    differs = (meant >= 0) & (parent >= 0) & (meant != parent) & (renamed[claims.name] != parent)
    for row in np.flatnonzero(differs).tolist():
        if columns.name_of_anomalous(int(parent[row])) != names[int(claims.name[row])].as_py():
            parent[row] = meant[row]
    return parent


def _anomalous_claim_pairs_of_rule(claims: DeclaredClaims, rule: str, parent: Indices) -> Int64s:
    """Return the distinct pairs of child and parent that one rule claims."""
    if rule not in claims.rules:
        return np.empty(0, np.int64)
    rows: Mask = (claims.rule == claims.rules.index(rule)) & (parent >= 0)
    return sort_distinct_set(pack_node_pairs(claims.child[rows], parent[rows]))


# One model under several names, and several models under what is nearly one


def find_two_name_anomalies(columns: SnapshotColumns) -> Occurrences:
    """Find models that name one parent by two names or more."""
    claims = columns.claims
    if not len(claims.child):
        return Occurrences(0, iter(()))
    # Only children that write more than one name can qualify. They are few, and sorting rows of
    # three columns is what costs.
    first = np.flatnonzero(np.append(True, claims.child[1:] != claims.child[:-1]))
    several = np.minimum.reduceat(claims.name, first) != np.maximum.reduceat(claims.name, first)
    sizes = np.diff(np.append(first, len(claims.child)))
    rows = np.flatnonzero(np.repeat(several, sizes) & (claims.parent >= 0))
    pairs = _distinct_anomaly_rows(claims.child[rows], claims.parent[rows], claims.name[rows])
    same = (pairs[1:, :2] == pairs[:-1, :2]).all(axis=1)
    start = np.flatnonzero(np.append(True, ~same)[: len(pairs)])
    stop = np.append(start[1:], len(pairs)) if start.size else start
    ranges = np.flatnonzero(stop - start > 1).tolist()

    def describe_names_anomaly(of_pair: Int64s) -> Occurrence:
        child, parent = (
            columns.name_of_anomalous(int(of_pair[0, 0])),
            columns.name_of_anomalous(int(of_pair[0, 1])),
        )
        names = _quote_anomalous_twins(claims.names, of_pair[:, 2])
        number = plural(len(names), "name")
        detail = f"{child} names {parent} by {number}: {join_names_of_anomaly(names, len(names))}"
        return Occurrence([child, parent], detail)

    each = (describe_names_anomaly(pairs[start[place] : stop[place]]) for place in ranges)
    return Occurrences(len(ranges), each)


def find_several_name_anomalies(columns: SnapshotColumns) -> Occurrences:
    """Find models that go by several names over the snapshot, those with most first."""
    claims = columns.claims
    resolved = claims.parent >= 0
    names_of = (
        sort_distinct_set(pack_node_pairs(claims.parent[resolved], claims.name[resolved])) >> 32
    )
    numbers = np.bincount(names_of)
    parents = np.flatnonzero(numbers > 1)
    parents = parents[np.argsort(-numbers[parents], kind="stable")]
    return Occurrences(len(parents), _quote_anomalous_names(columns, parents))


def _quote_anomalous_names(columns: SnapshotColumns, parents: Indices) -> Iterator[Occurrence]:
    """Say of each name how many models write it."""
    claims = columns.claims
    # A generator: these rows are sorted only once an example is read.
    is_parent = mark_nodes(columns.nodes + 1, parents)
    rows = np.flatnonzero(is_parent[claims.parent])
    spellings = _distinct_anomaly_rows(claims.parent[rows], claims.name[rows], claims.child[rows])
    starts = np.searchsorted(spellings[:, 0], parents)
    stops = np.searchsorted(spellings[:, 0], parents, side="right")
    for parent, start, stop in zip(parents.tolist(), starts, stops, strict=True):
        codes, numbers = np.unique(spellings[start:stop, 1], return_counts=True)
        order = np.argsort(-numbers, kind="stable")
        names = _quote_anomalous_twins(claims.names, codes[order])
        parts = [
            f"{name} ({plural(number, 'model')})"
            for name, number in zip(names, numbers[order].tolist(), strict=True)
        ]
        name = columns.name_of_anomalous(parent)
        detail = f"{name} goes by {len(names):,} names: {join_names_of_anomaly(parts, len(parts))}"
        yield Occurrence([name], detail)


def find_case_twin_anomalies(columns: SnapshotColumns) -> Occurrences:
    """Find listed models whose ids differ by case alone."""
    lowered = pc.utf8_lower(columns.ids_of_anomalous).dictionary_encode()
    codes = lowered.indices.to_numpy()
    numbers = np.bincount(codes, minlength=len(lowered.dictionary))
    rows = np.flatnonzero(numbers[codes] > 1)
    inside = set(codes[rows[columns.is_inside_anomaly_bounds(rows)]].tolist())
    twins: dict[int, list[int]] = {}
    for row in rows.tolist():
        if int(codes[row]) in inside:
            twins.setdefault(int(codes[row]), []).append(row)

    def describe_twins_anomaly(of_name: list[int]) -> Occurrence:
        names = sorted(columns.name_of_anomalous(row) for row in of_name)
        return Occurrence(names, f"{join_names_of_anomaly(names, len(names))} differ by case alone")

    return Occurrences(len(twins), map(describe_twins_anomaly, twins.values()))


def _distinct_anomaly_rows(*columns: Indices) -> Int64s:
    """Return the distinct rows of some columns, in order."""
    rows = np.stack([column.astype(np.int64) for column in columns], axis=1)
    rows = rows[np.lexsort(rows.T[::-1])]
    is_new = (rows[1:] != rows[:-1]).any(axis=1)
    unique: Int64s = rows[np.append(True, is_new)[: len(rows)]]
    return unique


def _quote_anomalous_twins(names: pa.StringArray, codes: Indices) -> list[str]:
    """Return names in quotation marks: a trailing space is a difference too."""
    return [f'"{name}"' for name in names.take(pa.array(codes)).to_pylist()]


# Quantized copies that name their grandparent, as far as their own names show it


@dataclass(frozen=True, slots=True)
class _NamedPairs:
    """Child and parent of some edges, and a code for the name that is compared."""

    child: Indices
    parent: Indices
    code: Indices

    def keys(self) -> Int64s:
        """Return parent and name as one number: siblings of one name share it."""
        return pack_node_pairs(self.parent, self.code)


def find_quantized_sibling_name_anomalies(columns: SnapshotColumns) -> Occurrences:
    """Find quantized models with one parent that are named after a sibling: it is skipped.

    The name without what quantizing added is compared, in lower case, with those of the parent's
    other children that are not quantized, as `name` and as `owner_name`. Where the declared parent
    goes by that name too, nothing is skipped.
    """
    copies, stems = _find_anomalous_copies(columns)
    names = pc.unique(stems)
    codes = pc.index_in(stems, value_set=names).to_numpy(zero_copy_only=False)
    copies = _NamedPairs(copies.child, copies.parent, codes)
    siblings = _anomalous_siblings_by_name(columns, copies, names)
    order = np.lexsort((siblings.child, siblings.keys()))
    keys, sibling = siblings.keys()[order], siblings.child[order]
    first = np.searchsorted(keys, copies.keys())
    last = np.searchsorted(keys, copies.keys(), side="right")
    # A parent that any model calls by this name bore it once: the copy means the parent itself.
    claims = columns.claims
    spellings = _repository_part_of_anomalous_twin(pc.utf8_lower(claims.names))
    spelling = pc.fill_null(pc.index_in(spellings, value_set=names), -1).to_numpy()[claims.name]
    rows = (spelling >= 0) & (claims.parent >= 0)
    names_of_parents = sort_distinct_set(pack_node_pairs(claims.parent[rows], spelling[rows]))
    skips = (last > first) & ~mark_set_members(copies.keys(), names_of_parents)
    places = np.flatnonzero(skips).tolist()

    def describe_quantized_copy_anomaly(place: int) -> Occurrence:
        nodes = sibling[first[place] : last[place]]
        copy = columns.name_of_anomalous(int(copies.child[place]))
        parent = columns.name_of_anomalous(int(copies.parent[place]))
        named_after = [columns.name_of_anomalous(node) for node in nodes[:_MOST_COMPARED].tolist()]
        owner = copy.partition("/")[0]
        named_after.sort(key=lambda name: name.partition("/")[0] != owner)
        first_names = join_names_of_anomaly(named_after, len(nodes), MOST_IN_A_SENTENCE)
        children = "child" if len(nodes) == 1 else "children"
        detail = (
            f"{copy} declares {parent} as its parent, and bears the name of the {children}"
            f" {first_names}"
        )
        return Occurrence([copy, parent, *named_after], detail, len(nodes) + 2)

    return Occurrences(len(places), map(describe_quantized_copy_anomaly, places))


def _find_anomalous_copies(columns: SnapshotColumns) -> tuple[_NamedPairs, pa.StringArray]:
    """Return quantized models with one parent whose name says what was quantized, and that name."""
    edges = columns.edges
    parents = np.bincount(edges.child, minlength=columns.nodes)
    rows = np.flatnonzero(
        (edges.relation == _QUANTIZED)
        & (edges.parent < columns.listed)
        & (parents[edges.child] == 1)
        & (edges.child != edges.parent)
    )
    names = _repository_part_of_anomalous_twin(_lower_ids_of_anomalies(columns, edges.child[rows]))
    marked = pc.indices_nonzero(pc.match_substring_regex(names, MARKED))
    stems = pa.array(
        (
            None if not (stems := [*list_claimed_stems(name)]) else stems[-1].text
            for name in names.take(marked).to_pylist()
        ),
        pa.string(),
    )
    rows = rows[marked.to_numpy()]
    child, parent = edges.child[rows], edges.parent[rows]
    parent_ids = _lower_ids_of_anomalies(columns, parent)
    is_parent_name = pc.or_(
        pc.equal(stems, _repository_part_of_anomalous_twin(parent_ids)),
        pc.equal(stems, _add_owner_of_anomaly(parent_ids)),
    )
    named_otherwise = pc.indices_nonzero(pc.invert(pc.fill_null(is_parent_name, True)))
    places = named_otherwise.to_numpy()
    return _NamedPairs(child[places], parent[places], places), stems.take(named_otherwise)


def _anomalous_siblings_by_name(
    columns: SnapshotColumns, copies: _NamedPairs, names: pa.StringArray
) -> _NamedPairs:
    """Return the copies' parents' other listed children that bear one of these names, no copies."""
    edges = columns.scope.edges
    is_parent = mark_nodes(columns.nodes, copies.parent)
    rows = np.flatnonzero(
        is_parent[edges.parent]
        & (edges.relation != _QUANTIZED)
        & (edges.child < columns.listed)  # deleted models keep their edges, and have no row in ids
    )
    child, parent = edges.child[rows], edges.parent[rows]
    ids = _lower_ids_of_anomalies(columns, child)
    parts = []
    for spellings in (_repository_part_of_anomalous_twin(ids), _add_owner_of_anomaly(ids)):
        codes = pc.fill_null(pc.index_in(spellings, value_set=names), -1).to_numpy()
        places = np.flatnonzero(codes >= 0)
        parts.append((child[places], parent[places], codes[places]))
    return _NamedPairs(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _lower_ids_of_anomalies(columns: SnapshotColumns, nodes: Indices) -> pa.StringArray:
    return pc.utf8_lower(columns.ids_of_anomalous.take(pa.array(nodes)))


def _repository_part_of_anomalous_twin(ids: pa.StringArray) -> pa.StringArray:
    return pc.replace_substring_regex(ids, "^.*/", "")


def _add_owner_of_anomaly(ids: pa.StringArray) -> pa.StringArray:
    return pc.replace_substring(ids, "/", "_")
