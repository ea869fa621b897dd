"""What all witnesses of a draft said: spooled to disk as it streams in, then read as columns."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lineage.domain.arrays import Codes, Int64s, Nodes
from lineage.domain.claims import RELATIONS, Claim

_T = TypeVar("_T", bound=np.generic)

_TEXT = pa.string()
SPOOL = pa.schema(
    [
        ("child", pa.int32()),
        ("rule", _TEXT),
        ("parent_as_written", _TEXT),
        ("quote", _TEXT),
        ("relation", _TEXT),
        ("parent_key", _TEXT),
        ("settled", _TEXT),
    ]
)
"""As witnesses say it; `settled` is the node that words of an earlier snapshot settled to there."""
_AT_ONCE = 16_384
_TELLING = ("child", "rule", "parent_as_written", "relation", "parent_key")
_RELATIONS = pa.array([relation.value for relation in RELATIONS])


@dataclass(frozen=True, slots=True)
class Claims:
    """Every witness of a draft, one element each, in order of the child's row."""

    child: Nodes
    """Row of the child in models.parquet."""
    rule: Codes
    """Position of the rule in `rule_names`."""
    relation: Codes
    """Position of the relation in `Relation`, -1 where none or an unknown one was said."""
    name: Nodes
    """Position of the parent as written in `names`."""
    names: pa.StringArray
    key: Nodes
    """Position of the parent's key in `keys`, -1 where the witness knows only a name."""
    keys: pa.StringArray


class ClaimsSpool:
    """Takes witnesses page by page; a file without a name, gone when the process is."""

    __test__ = False  # pytest would take the name for a test class

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        self._writer = pa.ipc.new_file(self._file, SPOOL, options=options)
        self._batches: list[pa.RecordBatch] = []
        self._waiting = 0
        self._moved: Int64s | None = None

    def add(self, first_row: int, claims: Sequence[Sequence[Claim]]) -> None:
        """Add what was said of the records whose rows begin at `first_row`."""
        rows = np.arange(first_row, first_row + len(claims), dtype=np.int32)
        children = np.repeat(rows, list(map(len, claims)))
        self.add_for(children, chain.from_iterable(claims))

    def add_for(self, children: Nodes, claims: Iterable[Claim]) -> None:
        """Add one witness for each of some children's rows."""
        said = tuple(zip(*claims, strict=True))
        if not said:
            return
        # At once, while what was said is near the processor.
        texts = [pa.array(column, _TEXT) for column in said]
        columns = [children, *texts, pa.nulls(len(children), _TEXT)]
        self._batches.append(pa.RecordBatch.from_arrays(columns, schema=SPOOL))
        self._waiting += len(children)
        if self._waiting >= _AT_ONCE:
            self._flush()

    def add_batches(self, said: Iterable[pa.RecordBatch]) -> None:
        """Add what an earlier snapshot kept, in the shape of `SPOOL`."""
        for batch in said:
            self._batches.append(batch)
            self._waiting += batch.num_rows
            if self._waiting >= _AT_ONCE:
                self._flush()

    def finish(self, moved: Int64s | None) -> None:
        """End the writing; `moved[row]` is a record's final row, -1 where a later one took over."""
        self._flush()
        self._writer.close()
        self._moved = moved

    def batches(self, columns: Sequence[str] = SPOOL.names) -> Iterator[pa.RecordBatch]:
        """Yield what was said, or some columns of it, in order of the child's final row."""
        self._file.seek(0)
        wanted = [SPOOL.names.index(name) for name in columns]
        options = pa.ipc.IpcReadOptions(included_fields=wanted)
        reader = pa.ipc.open_file(self._file, options=options)
        if self._moved is not None:
            yield from _moved(reader.read_all(), self._moved).to_batches()
        else:
            for number in range(reader.num_record_batches):
                yield reader.get_batch(number)

    def whole(self) -> pa.Table:
        """Return all that was said as one table, in order of the child's final row."""
        return pa.Table.from_batches(list(self.batches()), SPOOL)

    def close(self) -> None:
        """Let the file go."""
        self._file.close()

    def _flush(self) -> None:
        if self._batches:
            self._writer.write_table(pa.Table.from_batches(self._batches).combine_chunks())
            self._batches, self._waiting = [], 0


def spooled(said: Iterable[pa.RecordBatch]) -> ClaimsSpool:
    """Return a spool of what was said, which is in order of the child's final row already."""
    spool = ClaimsSpool()
    try:
        spool.add_batches(said)
    except BaseException:
        spool.close()
        raise
    spool.finish(None)
    return spool


def as_columns(spools: Sequence[ClaimsSpool], rule_names: Sequence[str]) -> Claims:
    """Return all that was said as bare columns; names and keys are kept once each."""
    rules = pa.array(rule_names)
    child, rule, relation, names, keys = [], [], [], [], []
    for batch in chain.from_iterable(spool.batches(_TELLING) for spool in spools):
        child.append(batch["child"].to_numpy())
        rule.append(_rule_positions(batch["rule"], rules))
        relation.append(_positions(batch["relation"], _RELATIONS))
        names.append(batch["parent_as_written"].dictionary_encode())
        keys.append(batch["parent_key"].dictionary_encode())
    name_codes, distinct_names = _unified(names)
    key_codes, distinct_keys = _unified(keys)
    return Claims(
        _joined(child, np.int32),
        _joined(rule, np.int8),
        _joined(relation, np.int8),
        name_codes,
        distinct_names,
        key_codes,
        distinct_keys,
    )


def _moved(table: pa.Table, moved: Int64s) -> pa.Table:
    rows = moved[table["child"].to_numpy()]
    kept = np.flatnonzero(rows >= 0)
    order = kept[np.argsort(rows[kept], kind="stable")]
    child = pa.array(rows[order].astype(np.int32))
    return table.take(pa.array(order)).set_column(0, SPOOL.field("child"), child)


def _rule_positions(names: pa.Array, rules: pa.Array) -> Codes:
    positions = _positions(names, rules)
    if (positions < 0).any():
        strangers = sorted(set(pc.unique(names).to_pylist()) - set(rules.to_pylist()))
        raise ValueError(f"witnesses name rules that are not registered: {strangers}")
    return positions


def _positions(values: pa.Array, known: pa.Array) -> Codes:
    found = pc.fill_null(pc.index_in(values, value_set=known, skip_nulls=True), -1)
    positions: Codes = found.to_numpy(zero_copy_only=False).astype(np.int8)
    return positions


def _unified(chunks: list[pa.DictionaryArray]) -> tuple[Nodes, pa.StringArray]:
    encoded = pa.chunked_array(chunks, pa.dictionary(pa.int32(), pa.string()))
    unified = encoded.unify_dictionaries().chunks
    codes = [pc.fill_null(chunk.indices, -1).to_numpy(zero_copy_only=False) for chunk in unified]
    distinct = unified[0].dictionary if unified else pa.array([], pa.string())
    return _joined(codes, np.int32), distinct


def _joined(parts: list[npt.NDArray[_T]], kind: type[_T]) -> npt.NDArray[_T]:
    return np.concatenate(parts).astype(kind) if parts else np.empty(0, kind)
