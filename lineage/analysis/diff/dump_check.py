"""A snapshot beside a dump of the listing: who is only here, only there, or told differently."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.diff.matching import NO_OPT_OUTS, Named, matched
from lineage.domain.arrays import Indices, Int64s
from lineage.domain.records import ModelRecord
from lineage.sources.interface import RecordPage
from lineage.store import schema
from lineage.store.reader import Snapshot

_NEEDED = {"id": "id", "author": "author", "license": "cardData", "created_at": "createdAt"}
"""What is compared of a model, and the listing's field without which it cannot be."""
_SECONDS = pa.timestamp("s", tz="UTC")
_HUB = "hub"
"""The rule that hears the Hub's own word."""


@dataclass(frozen=True, slots=True)
class Some:
    """How many there are, with examples in words."""

    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of models that are in both, told differently."""

    field: str
    count: int
    examples: tuple[tuple[str, str | None, str | None], ...]
    """Id in the snapshot, what the snapshot says, what the dump says."""


@dataclass(frozen=True, slots=True)
class EdgeCheck:
    """The edges that the Hub itself resolved (`baseModels`), each pair once."""

    here: int
    there: int
    only_here: Some
    only_there: Some


@dataclass(frozen=True, slots=True)
class DumpCheck:
    """A snapshot beside a dump."""

    snapshot: str
    dump: str
    models_here: int
    models_there: int
    bad_rows: int
    """Rows of the dump that could not be read: they are neither here nor there."""
    only_here: Some
    only_there: Some
    different: tuple[Difference, ...]
    edges: EdgeCheck | None
    """None where the dump has no `baseModels`."""
    not_compared: tuple[str, ...]
    """Fields of models that the dump does not have."""


@dataclass(frozen=True, slots=True)
class _Dump:
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
    there = _read(pages)
    mine = snapshot.table(schema.MODELS_FILE, ["key", *_NEEDED]).combine_chunks()
    here, over_there = _named(mine), _named(there.models)
    place = matched(over_there, here)
    alone = np.ones(here.listed, np.bool_)
    alone[place[place != NO_OPT_OUTS]] = False
    compared = [name for name, field in _NEEDED.items() if field not in missing]
    has_edges = "baseModels" not in missing
    return DumpCheck(
        snapshot=snapshot.id,
        dump=dump,
        models_here=here.listed,
        models_there=over_there.listed,
        bad_rows=there.bad_rows,
        only_here=_some(here.ids, np.flatnonzero(alone), examples),
        only_there=_some(over_there.ids, np.flatnonzero(place == NO_OPT_OUTS), examples),
        different=tuple(_differences(mine, there.models, place, compared, examples)),
        edges=_hub_edges(snapshot, there, place, here, examples) if has_edges else None,
        not_compared=tuple(name for name in _NEEDED if name not in compared),
    )


def _read(pages: Iterable[RecordPage]) -> _Dump:
    models, edges = [_models([])], [_edges([])]
    bad_rows = 0
    for page in pages:
        models.append(_models(page.records))
        edges.append(_edges(page.records))
        bad_rows += len(page.bad_rows)
    table = pa.concat_tables(models).combine_chunks()
    # A row that is repeated: the later wins, as in a snapshot.
    keys = table["key"].combine_chunks().dictionary_encode().indices.to_numpy()
    last = len(keys) - 1 - np.unique(keys[::-1], return_index=True)[1]
    pairs = pa.concat_tables(edges).group_by(["child_key", "parent_key"]).aggregate([])
    return _Dump(table.take(pa.array(np.sort(last))), pairs, bad_rows)


def _models(records: Sequence[ModelRecord]) -> pa.Table:
    columns: dict[str, Any] = {
        name: [getattr(record, name) for record in records] for name in ("key", *_NEEDED)
    }
    wanted = pa.schema([schema.MODELS.field(name) for name in columns])
    return pa.table(columns, schema=wanted)


def _edges(records: Sequence[ModelRecord]) -> pa.Table:
    pairs = [(record.key, one.key) for record in records for one in record.hub_parents]
    child, parent = zip(*pairs, strict=True) if pairs else ((), ())
    text = pa.string()
    return pa.table({"child_key": pa.array(child, text), "parent_key": pa.array(parent, text)})


def _named(models: pa.Table) -> Named:
    keys, ids = models["key"].combine_chunks(), models["id"].combine_chunks()
    return Named(keys, ids, len(models))


def _some(ids: pa.StringArray, rows: Indices, examples: int) -> Some:
    return Some(len(rows), tuple(ids.take(pa.array(rows[:examples])).to_pylist()))


def _differences(
    mine: pa.Table, theirs: pa.Table, place: Int64s, fields: Sequence[str], examples: int
) -> Iterator[Difference]:
    both = np.flatnonzero(place != NO_OPT_OUTS)
    rows, their_rows = pa.array(place[both]), pa.array(both)
    for field in fields:
        here, there = mine[field].take(rows), theirs[field].take(their_rows)
        if field == "created_at":  # dumps keep fewer digits
            here, there = (
                pc.floor_temporal(one, unit="second").cast(_SECONDS) for one in (here, there)
            )
        same = pc.or_(
            pc.fill_null(pc.equal(here, there), False),
            pc.and_(pc.is_null(here), pc.is_null(there)),
        )
        odd = np.flatnonzero(~same.to_numpy())
        some = pa.array(odd[:examples])
        told = (
            mine["id"].take(rows).take(some).to_pylist(),
            *(pc.cast(one.take(some), pa.string()).to_pylist() for one in (here, there)),
        )
        yield Difference(field, len(odd), tuple(zip(*told, strict=True)))


def _hub_edges(
    snapshot: Snapshot, there: _Dump, place: Int64s, here: Named, examples: int
) -> EdgeCheck:
    """Count the edges that the Hub resolved, here and there, and those that only one has."""
    said = snapshot.table(schema.EVIDENCE_FILE, ["child_key", "parent_key", "rule"])
    mine = said.filter(pc.equal(said["rule"], _HUB)).select(["child_key", "parent_key"])
    mine = mine.group_by(["child_key", "parent_key"]).aggregate([])
    # In the dump, a key that stands in is put back to the one that the snapshot knows.
    theirs = _translated(there.edges, there.models["key"].combine_chunks(), place, here.keys)
    keys = ["child_key", "parent_key"]
    only_here = mine.join(theirs, keys=keys, join_type="left anti")
    only_there = theirs.join(mine, keys=keys, join_type="left anti")
    nodes = Named.of(snapshot)
    known = pa.concat_arrays([nodes.keys, there.models["key"].combine_chunks()])
    names = pa.concat_arrays([nodes.ids, there.models["id"].combine_chunks()])
    here_alone, there_alone = (
        _some_edges(edges, known, names, examples) for edges in (only_here, only_there)
    )
    return EdgeCheck(len(mine), len(theirs), here_alone, there_alone)


def _translated(
    edges: pa.Table, their_keys: pa.StringArray, place: Int64s, our_keys: pa.StringArray
) -> pa.Table:
    columns = {}
    for name in ("child_key", "parent_key"):
        column = edges[name].combine_chunks()
        rows = pc.index_in(column, value_set=their_keys)
        ours = pa.array(place, mask=place == NO_OPT_OUTS).take(rows)
        columns[name] = pc.coalesce(our_keys.take(ours), column)
    return pa.table(columns)


def _some_edges(
    edges: pa.Table, keys: pa.StringArray, names: pa.StringArray, examples: int
) -> Some:
    """Spell edges as `parent > child`; one that nobody names by its key."""
    told = edges.sort_by([("child_key", "ascending"), ("parent_key", "ascending")])
    told = told.slice(0, examples)
    spelled = [
        pc.coalesce(names.take(pc.index_in(told[end].combine_chunks(), value_set=keys)), told[end])
        for end in ("parent_key", "child_key")
    ]
    pairs = zip(*(column.to_pylist() for column in spelled), strict=True)
    return Some(len(edges), tuple(f"{parent} > {child}" for parent, child in pairs))
