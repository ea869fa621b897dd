"""A snapshot compared with a dump of the listing: models on one side alone, fields that differ.

`here` is the snapshot, `there` the dump. The result is spelled as JSON as it is.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.diffs import NO_NODE, NamedNodes, match_compared_nodes
from lineage.domain.arrays import Indices, Int64s
from lineage.domain.records import ModelRecord
from lineage.sources.interface import RecordPage
from lineage.store import schema
from lineage.store.reader import Snapshot

_NEEDED = {"id": "id", "author": "author", "license": "cardData", "created_at": "createdAt"}
"""What is compared of a model, and the listing's field without which it cannot be."""
_SECONDS = pa.timestamp("s", tz="UTC")
_HUB = "hub"
"""The rule that reads the parents that the Hub itself resolved."""
_PAIR = ["child_key", "parent_key"]


@dataclass(frozen=True, slots=True)
class CountWithExamples:
    """How many there are, with examples in words."""

    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """One field of models that are on both sides, with different values."""

    field: str
    count: int
    examples: tuple[tuple[str, str | None, str | None], ...]
    """Id in the snapshot, what the snapshot says, what the dump says."""


@dataclass(frozen=True, slots=True)
class EdgeCheck:
    """The edges that the Hub itself resolved (`baseModels`), each pair once."""

    here: int
    there: int
    only_here: CountWithExamples
    only_there: CountWithExamples


@dataclass(frozen=True, slots=True)
class DumpCheck:
    """A snapshot compared with a dump."""

    snapshot: str
    dump: str
    models_here: int
    models_there: int
    bad_rows: int
    """Rows of the dump that could not be read: they are on neither side."""
    only_here: CountWithExamples
    only_there: CountWithExamples
    different: tuple[FieldDifference, ...]
    edges: EdgeCheck | None
    """None where the dump has no `baseModels`."""
    not_compared: tuple[str, ...]
    """Fields of models that the dump does not have."""


@dataclass(frozen=True, slots=True)
class _DumpColumns:
    """The columns of a dump that are compared, each model once, and the Hub's edges."""

    models: pa.Table
    edges: pa.Table
    """`child_key`, `parent_key`."""
    bad_rows: int


def check_against(
    snapshot: Snapshot,
    pages: Iterable[RecordPage],
    *,
    dump: str,
    missing: Sequence[str],
    examples: int = 5,
) -> DumpCheck:
    """Compare by key, or by name where the dump has no keys; `missing` are the fields it lacks."""
    columns = _read_dump_for_comparison(pages)
    models = snapshot.table(schema.MODELS_FILE, ["key", *_NEEDED]).combine_chunks()
    here, there = _nodes_of_compared_snapshot(models), _nodes_of_compared_snapshot(columns.models)
    place = match_compared_nodes(there, here)
    alone = np.ones(here.listed, np.bool_)
    alone[place[place != NO_NODE]] = False
    compared = [name for name, field in _NEEDED.items() if field not in missing]
    has_edges = "baseModels" not in missing
    return DumpCheck(
        snapshot=snapshot.id,
        dump=dump,
        models_here=here.listed,
        models_there=there.listed,
        bad_rows=columns.bad_rows,
        only_here=_count_differences_with_examples(here.ids, np.flatnonzero(alone), examples),
        only_there=_count_differences_with_examples(
            there.ids, np.flatnonzero(place == NO_NODE), examples
        ),
        different=tuple(
            _compare_fields_with_dump(models, columns.models, place, compared, examples)
        ),
        edges=_compare_dump_edges(snapshot, columns, here, place, examples) if has_edges else None,
        not_compared=tuple(name for name in _NEEDED if name not in compared),
    )


def _read_dump_for_comparison(pages: Iterable[RecordPage]) -> _DumpColumns:
    models, edges = [_compared_model_table([])], [_compared_edge_table([])]
    bad_rows = 0
    for page in pages:
        models.append(_compared_model_table(page.records))
        edges.append(_compared_edge_table(page.records))
        bad_rows += len(page.bad_rows)
    table = pa.concat_tables(models).combine_chunks()
    # Of a row that is repeated the last one wins, as it does in a snapshot.
    keys = table["key"].combine_chunks().dictionary_encode().indices.to_numpy()
    last = len(keys) - 1 - np.unique(keys[::-1], return_index=True)[1]
    pairs = pa.concat_tables(edges).group_by(_PAIR).aggregate([])
    return _DumpColumns(table.take(pa.array(np.sort(last))), pairs, bad_rows)


def _compared_model_table(records: Sequence[ModelRecord]) -> pa.Table:
    columns: dict[str, Any] = {
        name: [getattr(record, name) for record in records] for name in ("key", *_NEEDED)
    }
    return pa.table(columns, schema=pa.schema([schema.MODELS.field(name) for name in columns]))


def _compared_edge_table(records: Sequence[ModelRecord]) -> pa.Table:
    pairs = [(record.key, parent.key) for record in records for parent in record.hub_parents]
    pairs = [pair for pair in pairs if pair[1] is not None]
    child, parent = zip(*pairs, strict=True) if pairs else ((), ())
    text = pa.string()
    return pa.table({"child_key": pa.array(child, text), "parent_key": pa.array(parent, text)})


def _nodes_of_compared_snapshot(models: pa.Table) -> NamedNodes:
    keys, ids = models["key"].combine_chunks(), models["id"].combine_chunks()
    return NamedNodes(keys, ids, len(models))


def _count_differences_with_examples(
    ids: pa.StringArray, rows: Indices, examples: int
) -> CountWithExamples:
    return CountWithExamples(len(rows), tuple(ids.take(pa.array(rows[:examples])).to_pylist()))


def _compare_fields_with_dump(
    models: pa.Table, dumped: pa.Table, place: Int64s, fields: Sequence[str], examples: int
) -> Iterator[FieldDifference]:
    shared = np.flatnonzero(place != NO_NODE)
    rows, dump_rows = pa.array(place[shared]), pa.array(shared)
    for field in fields:
        here, there = models[field].take(rows), dumped[field].take(dump_rows)
        if field == "created_at":  # dumps keep fewer digits
            here, there = (
                pc.floor_temporal(column, unit="second").cast(_SECONDS) for column in (here, there)
            )
        same = pc.or_(
            pc.fill_null(pc.equal(here, there), False), pc.and_(pc.is_null(here), pc.is_null(there))
        )
        different = np.flatnonzero(~same.to_numpy())
        first = pa.array(different[:examples])
        columns = (
            models["id"].take(rows).take(first).to_pylist(),
            *(pc.cast(column.take(first), pa.string()).to_pylist() for column in (here, there)),
        )
        yield FieldDifference(field, len(different), tuple(zip(*columns, strict=True)))


def _compare_dump_edges(
    snapshot: Snapshot, columns: _DumpColumns, here: NamedNodes, place: Int64s, examples: int
) -> EdgeCheck:
    """Count the edges that the Hub resolved, here and there, and those on one side alone."""
    claims = snapshot.table(schema.EVIDENCE_FILE, [*_PAIR, "rule"])
    hub = claims.filter(pc.equal(claims["rule"], _HUB)).group_by(_PAIR).aggregate([])
    # The dump's edges, with its stand-in keys put back to those that the snapshot knows
    keys_there = columns.models["key"].combine_chunks()
    table = {}
    for name in _PAIR:
        column = columns.edges[name].combine_chunks()
        rows = pc.index_in(column, value_set=keys_there)
        matched = pa.array(place, mask=place == NO_NODE).take(rows)
        table[name] = pc.coalesce(here.keys.take(matched), column)
    dumped = pa.table(table)
    nodes, there = (
        NamedNodes.nodes_named_in_diff(snapshot),
        _nodes_of_compared_snapshot(columns.models),
    )
    keys = pa.concat_arrays([nodes.keys, there.keys])
    names = pa.concat_arrays([nodes.ids, there.ids])
    # Compared by key alone: a rename between the two dates is no different edge.
    only_here, only_there = (
        _spell_edges_that_differ(
            edges.join(other, keys=_PAIR, join_type="left anti"), keys, names, examples
        )
        for edges, other in ((hub, dumped), (dumped, hub))
    )
    return EdgeCheck(len(hub), len(dumped), only_here, only_there)


def _spell_edges_that_differ(
    edges: pa.Table, keys: pa.StringArray, names: pa.StringArray, examples: int
) -> CountWithExamples:
    """Spell edges as `parent > child`; an end without a name by its key."""
    first = edges.sort_by([("child_key", "ascending"), ("parent_key", "ascending")])
    first = first.slice(0, examples)
    ends = [
        pc.coalesce(
            names.take(pc.index_in(first[end].combine_chunks(), value_set=keys)), first[end]
        )
        for end in ("parent_key", "child_key")
    ]
    pairs = zip(*(column.to_pylist() for column in ends), strict=True)
    return CountWithExamples(len(edges), tuple(f"{parent} > {child}" for parent, child in pairs))
