"""Claims inferred for models that declare no parent, by rules that must know what exists.

Extraction sees one record alone. What exists, and who comes from whom, is known only after all
names are resolved; then the rules here are asked about the models that still have no parent.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import NamedTuple, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.domain.arrays import Mask, Nodes
from lineage.domain.claims import Claim
from lineage.domain.families import Family
from lineage.graph.sorted_sets import find_equal_rows

_IDS_AT_ONCE = 131_072


class KnownModel(NamedTuple):
    """What a rule may know of one model once names are resolved."""

    id: str
    created_at: datetime | None = None
    """None also where the model is listed nowhere."""
    model_type: str | None = None
    parents: tuple[str, ...] = ()
    """What it declares to come from, by present ids."""


class InferenceCatalog(Protocol):
    """Every model of a snapshot, by name; a former name finds the model that had it."""

    def models_named(self, repository: str) -> Sequence[KnownModel]:
        """Return the models of a repository name, of any owner, without case, sorted by id."""
        ...


class InferenceRule(Protocol):
    """A rule that infers parents; it knows the families, for their roots and their outsiders."""

    @property
    def id_pattern(self) -> str:
        """An RE2 pattern for ids: models that it does not match are never asked about."""
        ...

    def list_names(self, id: str) -> Iterable[str]:
        """Yield the repository names, in lower case, that `infer_parents` may look up."""
        ...

    def infer_parents(
        self, model: KnownModel, catalog: InferenceCatalog
    ) -> Iterable[tuple[Claim, str]]:
        """Yield claims, each with its pattern.

        Each parent is an id that `catalog` returned, or a release or family, `release:llama-3.1`.
        """
        ...


@dataclass(frozen=True, slots=True)
class InferenceInput:
    """Every node after names are resolved: the listed models by row, the deleted, the others."""

    keys: pa.StringArray
    ids: pa.StringArray
    created_at: pa.Array
    """Of the models with a record, listed or deleted, as are the next three."""
    model_type: pa.Array
    license: pa.Array
    parameters: pa.Array
    child: Nodes
    """The declared edges, a pair of nodes each, in order of the child."""
    parent: Nodes
    former: Mapping[str, str]
    """Former name to key."""
    renamed: Mapping[str, str]
    """Former name to present name, from the registry."""
    claimable: Mapping[str, int]
    """The nodes of what a claim may name in place of a model: releases and families."""


class InferredClaim(NamedTuple):
    """One inferred claim and the nodes that it links."""

    child: int
    parent: int
    claim: Claim
    pattern: str
    """How it was inferred: patterns are measured one by one."""


def find_parents(node: int, child: Nodes, parent: Nodes) -> list[int]:
    """Return a node's parents from edges in order of the child, itself left out."""
    own = parent[find_equal_rows(child, node)].tolist()
    return [each for each in dict.fromkeys(own) if each != node]


def find_parentless_claimants(models: int, child: Nodes, parent: Nodes) -> Mask:
    """Say of each listed model whether no edge leads up from it but one to itself."""
    mask = np.ones(models, np.bool_)
    mask[child[(parent >= 0) & (parent != child)]] = False
    return mask


def list_inferable_subjects(families: Iterable[Family]) -> list[str]:
    """Return what a claim may name in place of a model, in a fixed order."""
    return sorted(name for family in families for name in family.claimable())


def infer_claims(
    rule: InferenceRule, nodes: InferenceInput, candidates: Mask
) -> Iterator[InferredClaim]:
    """Ask one rule about the listed models in `candidates`, in order of their rows."""
    # Columns are sifted first: Python sees only models whose id the pattern matches, and of what
    # exists only the names that the rule looks up, a few of a hundred.
    rows = match_claimed_ids(rule.id_pattern, nodes.ids, candidates)
    ids = nodes.ids.take(pa.array(rows)).to_pylist()
    names_by_row = [tuple(rule.list_names(id)) for id in ids]
    catalog = _ColumnInferenceCatalog(nodes, {name for names in names_by_row for name in names})
    # Most names look up models that do not exist.
    exists = [not names or any(map(catalog.models_named, names)) for names in names_by_row]
    rows = rows[np.array(exists, np.bool_)]
    # The model's own parents are hidden from the rule: `evaluate` asks about models that have
    # some, and must measure what publication would have inferred.
    models = catalog.describe(rows, with_parents=False)
    for row, model in zip(rows.tolist(), models, strict=True):
        for claim, pattern in rule.infer_parents(model, catalog):
            name = claim.parent_as_written
            parent = nodes.claimable[name] if name in nodes.claimable else catalog.node_of[name]
            yield InferredClaim(row, parent, claim, pattern)


class _ColumnInferenceCatalog:
    """The models of some repository names, read from columns."""

    def __init__(self, nodes: InferenceInput, names: set[str]) -> None:
        self._nodes = nodes
        rows = _claim_rows_named(nodes.ids, pa.array(sorted(names), pa.string()))
        models = self.describe(rows, with_parents=True)
        self.node_of: dict[str, int] = {}
        self._models_by_name: dict[str, list[KnownModel]] = {}
        for node, model in zip(rows.tolist(), models, strict=True):
            # Of two nodes with one name the listed one has it: those come first.
            self.node_of.setdefault(model.id, node)
            self._add_model(_claimed_repository_name(model.id), model)
        self._add_former_names(names)
        for namesakes in self._models_by_name.values():
            namesakes.sort(key=lambda model: model.id)

    def models_named(self, repository: str) -> Sequence[KnownModel]:
        return self._models_by_name.get(repository, ())

    def describe(self, nodes: Nodes, *, with_parents: bool) -> list[KnownModel]:
        """Return what is known of some nodes, listed or not, in their order."""
        columns = self._nodes
        recorded = pa.array(nodes, pa.int64(), mask=nodes >= len(columns.created_at))
        created = columns.created_at.take(recorded).to_pylist()
        types = columns.model_type.take(recorded).to_pylist()
        parents = self._list_parents(nodes) if with_parents else [()] * len(nodes)
        ids = columns.ids.take(pa.array(nodes)).to_pylist()
        return [KnownModel(*row) for row in zip(ids, created, types, parents, strict=True)]

    def _list_parents(self, nodes: Nodes) -> list[tuple[str, ...]]:
        child, parent = self._nodes.child, self._nodes.parent
        sought = nodes.astype(child.dtype)
        starts, ends = (np.searchsorted(child, sought, side) for side in ("left", "right"))
        spans = [parent[start:end] for start, end in zip(starts, ends, strict=True)]
        flat = np.concatenate([np.empty(0, np.int32), *spans])
        ids = iter(self._nodes.ids.take(pa.array(flat)).to_pylist())
        return [tuple(dict.fromkeys(islice(ids, len(span)))) for span in spans]

    def _add_former_names(self, names: set[str]) -> None:
        """Let former names find their models."""
        nodes = self._nodes
        renamed = {
            old: now for old, now in nodes.renamed.items() if _claimed_repository_name(old) in names
        }
        former = {
            old: key for old, key in nodes.former.items() if _claimed_repository_name(old) in names
        }
        pairs = [
            *_find_claimed_values(renamed, nodes.ids),
            *_find_claimed_values(former, nodes.keys),
        ]
        rows = np.array([node for _, node in pairs], np.int32)
        models = self.describe(rows, with_parents=True)
        for (old, node), model in zip(pairs, models, strict=True):
            self.node_of.setdefault(model.id, node)
            self._add_model(_claimed_repository_name(old), model)

    def _add_model(self, repository: str, model: KnownModel) -> None:
        namesakes = self._models_by_name.setdefault(repository, [])
        if all(namesake.id != model.id for namesake in namesakes):
            namesakes.append(model)


def _find_claimed_values(
    value_of: Mapping[str, str], column: pa.StringArray
) -> list[tuple[str, int]]:
    """Return each name whose value the column holds, with the row of the value."""
    # The few values are hashed and the millions of rows looked up in them, not the reverse.
    values = pc.unique(pa.array(value_of.values(), pa.string()))
    if not len(values):
        return []
    place = pc.index_in(column, value_set=values)
    rows = pc.indices_nonzero(pc.is_valid(place)).to_pylist()
    places = values.take(pc.drop_null(place)).to_pylist()
    # Read backwards, so that of two nodes with one name the listed one stays.
    row_of = dict(zip(reversed(places), reversed(rows), strict=True))
    return [(name, row_of[value]) for name, value in value_of.items() if value in row_of]


def match_claimed_ids(pattern: str, ids: pa.StringArray, candidates: Mask) -> Nodes:
    """Return the rows of `candidates` whose id the pattern matches."""
    rows = np.flatnonzero(candidates).astype(np.int32)
    hits = pc.match_substring_regex(ids.take(pa.array(rows)), pattern)
    matches: Nodes = rows[hits.to_numpy(zero_copy_only=False)]
    return matches


def _claim_rows_named(ids: pa.StringArray, names: pa.StringArray) -> Nodes:
    """Return the nodes whose repository name is one of these, without case."""
    rows = [np.empty(0, np.int64)]
    for start in range(0, len(ids) if len(names) else 0, _IDS_AT_ONCE):
        lowered = pc.utf8_lower(ids.slice(start, _IDS_AT_ONCE))
        repositories = pc.replace_substring_regex(lowered, r"^.*/", "")
        hits = pc.indices_nonzero(pc.is_in(repositories, value_set=names)).to_numpy()
        rows.append(hits.astype(np.int64) + start)
    return np.concatenate(rows).astype(np.int32)


def _claimed_repository_name(id: str) -> str:
    return id.rpartition("/")[2].lower()
