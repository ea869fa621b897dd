"""Quantized copies that name their grandparent, as far as their own names give it away."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.anomalies.columns import Columns, are_in, distinct, packed
from lineage.analysis.anomalies.wording import Sighting, Sightings, listed
from lineage.domain.arrays import Indices, Int64s
from lineage.domain.claims import Relation
from lineage.evidence.name_stems import MARKED, stem_of

_QUANTIZED = Relation.QUANTIZED.code
_NAMED_IN_A_SENTENCE = 3
_MOST_COMPARED = 100


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Child and parent of some edges, and a code for the name that is compared."""

    child: Indices
    parent: Indices
    code: Indices

    def keys(self) -> Int64s:
        """Return parent and name as one number: siblings of one name share it."""
        return packed(self.parent, self.code)


def skipped_generations(columns: Columns) -> Sightings:
    """Find quantized models with one parent, and named after a sibling: it is skipped.

    The name without what quantizing added is compared, in lower case, with those of the parent's
    other children that are not quantized, as `name` and as `owner_name`. Where the declared parent
    bears that name itself, or someone calls it so, nothing is skipped.
    """
    copies, stems = _copies(columns)
    known = pc.unique(stems)
    codes = pc.index_in(stems, value_set=known).to_numpy(zero_copy_only=False)
    copies = _Pairs(copies.child, copies.parent, codes)
    siblings = _siblings(columns, copies, known)
    order = np.lexsort((siblings.child, siblings.keys()))
    keys, child = siblings.keys()[order], siblings.child[order]
    first = np.searchsorted(keys, copies.keys())
    last = np.searchsorted(keys, copies.keys(), side="right")
    skips = (last > first) & ~are_in(copies.keys(), _names_of_parents(columns, known))
    found = np.flatnonzero(skips).tolist()
    each = (
        _skipped(
            columns, int(copies.child[at]), int(copies.parent[at]), child[first[at] : last[at]]
        )
        for at in found
    )
    return Sightings(len(found), each)


def _copies(columns: Columns) -> tuple[_Pairs, pa.StringArray]:
    """Return quantized models with one parent whose name says what was quantized, and that name."""
    edges = columns.edges
    parents = np.bincount(edges.child, minlength=columns.nodes)
    rows = np.flatnonzero(
        (edges.relation == _QUANTIZED)
        & (edges.parent < columns.listed)
        & (parents[edges.child] == 1)
        & (edges.child != edges.parent)
    )
    names = _repository(_lowered(columns, edges.child[rows]))
    marked = pc.indices_nonzero(pc.match_substring_regex(names, MARKED))
    stems = pa.array(map(_stem, names.take(marked).to_pylist()), pa.string())
    rows = rows[marked.to_numpy()]
    child, parent = edges.child[rows], edges.parent[rows]
    elder = _lowered(columns, parent)
    own = pc.or_(
        pc.equal(stems, _repository(elder)),
        pc.equal(stems, _with_owner(elder)),
    )
    told = pc.indices_nonzero(pc.invert(pc.fill_null(own, True)))
    at = told.to_numpy()
    return _Pairs(child[at], parent[at], at), stems.take(told)


def _stem(name: str) -> str | None:
    stem = stem_of(name)
    return None if stem is None else stem.text


def _names_of_parents(columns: Columns, names: pa.StringArray) -> Int64s:
    """Return which of these names anyone calls a parent by, packed: former names are among them."""
    said = columns.statements
    spelled = _repository(pc.utf8_lower(said.names))
    codes = pc.fill_null(pc.index_in(spelled, value_set=names), -1).to_numpy()[said.name]
    called = (codes >= 0) & (said.parent >= 0)
    return distinct(packed(said.parent[called], codes[called]))


def _siblings(columns: Columns, copies: _Pairs, names: pa.StringArray) -> _Pairs:
    """Return the copies' parents' other listed children that bear one of these names, no copies."""
    edges = columns.scope.edges
    is_parent = np.zeros(columns.nodes, np.bool_)
    is_parent[copies.parent] = True
    rows = np.flatnonzero(
        is_parent[edges.parent]
        & (edges.relation != _QUANTIZED)
        & (edges.child < columns.listed)  # the dead keep their edges, and have no row in `ids`
    )
    child, parent = edges.child[rows], edges.parent[rows]
    ids = _lowered(columns, child)
    found = []
    for spelled in (_repository(ids), _with_owner(ids)):
        codes = pc.fill_null(pc.index_in(spelled, value_set=names), -1).to_numpy()
        at = np.flatnonzero(codes >= 0)
        found.append((child[at], parent[at], codes[at]))
    return _Pairs(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def _lowered(columns: Columns, nodes: Indices) -> pa.StringArray:
    return pc.utf8_lower(columns.ids.take(pa.array(nodes)))


def _repository(ids: pa.StringArray) -> pa.StringArray:
    return pc.replace_substring_regex(ids, "^.*/", "")


def _with_owner(ids: pa.StringArray) -> pa.StringArray:
    return pc.replace_substring(ids, "/", "_")


def _skipped(columns: Columns, child: int, parent: int, siblings: Indices) -> Sighting:
    copy, elder = columns.name(child), columns.name(parent)
    named = [columns.name(node) for node in siblings[:_MOST_COMPARED].tolist()]
    owner = copy.partition("/")[0]
    named.sort(key=lambda name: name.partition("/")[0] != owner)
    meant = listed(named, len(siblings), _NAMED_IN_A_SENTENCE)
    kin = "child" if len(siblings) == 1 else "children"
    detail = f"{copy} declares {elder} as its parent, and bears the name of the {kin} {meant}"
    return Sighting([copy, elder, *named], detail, len(siblings) + 2)
