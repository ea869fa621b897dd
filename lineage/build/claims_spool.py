"""The claims of a draft: spooled to disk as they stream in, read as columns."""

import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from itertools import chain
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lineage.domain.arrays import Codes, Int64s, KeyBytes, Nodes
from lineage.domain.claims import RELATIONS, Claim, Claims
from lineage.domain.files import words_of_os_error
from lineage.domain.repo_ids import NAME_PREFIX
from lineage.errors import StoreError
from lineage.store import schema
from lineage.store.keys import NOWHERE, table_keys_as_bytes, table_rows_of_keys
from lineage.store.reader import Snapshot

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
"""Columns of a claim; `settled` is the key that an earlier snapshot resolved its name to."""
_CLAIMS_AT_ONCE = 16_384
_CODED_COLUMNS = ("child", "rule", "parent_as_written", "relation", "parent_key")
_RELATIONS = pa.array([relation.value for relation in RELATIONS])


class ClaimsSpool:
    """Takes claims page by page; a file without a name, removed with the process."""

    __test__ = False  # pytest would take the name for a test class

    # On disk, because the quotes of millions of claims are needed twice and fit in no memory: once
    # to resolve their names, once to write the evidence when every node is known.

    def __init__(self) -> None:
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        with _writing_spool():
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
            self._writer = pa.ipc.new_file(self._file, SPOOL, options=options)
        self._buffer: list[pa.RecordBatch] = []
        self._buffered = 0
        self._final_rows: Int64s | None = None

    def add_page(self, first_row: int, claims: Sequence[Sequence[Claim]]) -> None:
        """Add the claims of the records whose rows begin at `first_row`."""
        rows = np.arange(first_row, first_row + len(claims), dtype=np.int32)
        children = np.repeat(rows, list(map(len, claims)))
        self.add_claims(children, chain.from_iterable(claims))

    def add_claims(self, children: Nodes, claims: Iterable[Claim]) -> None:
        """Add one claim for each of some children's rows."""
        values = tuple(zip(*claims, strict=True))
        if not values:
            return
        # At once, while the values are near the processor.
        texts = [pa.array(column, _TEXT) for column in values]
        columns = [children, *texts, pa.nulls(len(children), _TEXT)]
        self.add_batches([pa.RecordBatch.from_arrays(columns, schema=SPOOL)])

    def add_batches(self, claims: Iterable[pa.RecordBatch]) -> None:
        """Add claims in the shape of `SPOOL`."""
        for batch in claims:
            self._buffer.append(batch)
            self._buffered += batch.num_rows
            if self._buffered >= _CLAIMS_AT_ONCE:
                self._flush()

    def finish(self, final_rows: Int64s | None) -> None:
        """End the writing; `final_rows[row]` is a record's row, -1 where a later one replaced it.

        None means that every record stays in its row.
        """
        self._flush()
        with _writing_spool():
            self._writer.close()
        self._final_rows = final_rows

    def batches(self, columns: Sequence[str] = SPOOL.names) -> Iterator[pa.RecordBatch]:
        """Yield the claims, or some columns of them, in order of the child's final row."""
        self._file.seek(0)
        included = [SPOOL.names.index(name) for name in columns]
        options = pa.ipc.IpcReadOptions(included_fields=included)
        reader = pa.ipc.open_file(self._file, options=options)
        if self._final_rows is not None:
            yield from _renumber_spooled_children(reader.read_all(), self._final_rows).to_batches()
        else:
            for number in range(reader.num_record_batches):
                yield reader.get_batch(number)

    def table(self) -> pa.Table:
        """Return all claims as one table, in order of the child's final row."""
        return pa.Table.from_batches(list(self.batches()), SPOOL)

    def read_claims(self, rows: Int64s) -> pa.Table:
        """Return the claims of the records that streamed in at some rows; `child` is the place."""
        self._file.seek(0)
        table = pa.ipc.open_file(self._file).read_all()
        last = max(table["child"].to_numpy().max(initial=-1), rows.max(initial=-1))
        place = np.full(int(last) + 1, NOWHERE)
        place[rows] = np.arange(len(rows))
        return _renumber_spooled_children(table, place)

    def close(self) -> None:
        """Let the file go."""
        with suppress(OSError):  # a disk that is full: what waits to be written is needed no more
            self._file.close()

    def _flush(self) -> None:
        if self._buffer:
            with _writing_spool():
                self._writer.write_table(pa.Table.from_batches(self._buffer).combine_chunks())
            self._buffer, self._buffered = [], 0


@contextmanager
def _writing_spool() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        folder = tempfile.tempdir or "the folder for temporary files"
        raise StoreError(
            f"claims cannot be kept in {folder}: {words_of_os_error(error)}",
            "free space there, or name another folder by TMPDIR",
        ) from error


class DraftClaims:
    """The claims of a draft by their origin, in the order that the evidence lists them."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self.from_records, self.of_deleted, self.inferred = (
            self._open.enter_context(closing(ClaimsSpool())) for _ in range(3)
        )

    def replace_records(self, claims: Iterable[pa.RecordBatch]) -> None:
        """Put other claims in place of those of records; they may be made of them."""
        spool = self._open.enter_context(closing(ClaimsSpool()))
        spool.add_batches(claims)
        spool.finish(None)
        self.from_records.close()
        self.from_records = spool

    def as_columns(self, records: int, rule_names: Sequence[str]) -> Claims:
        """Return the claims of records, listed and deleted; once, when those of all are in."""
        self.of_deleted.finish(np.arange(records))
        return read_spooled_columns((self.from_records, self.of_deleted), rule_names)

    def close(self) -> None:
        """Let all files go."""
        self._open.close()


def read_spooled_columns(spools: Sequence[ClaimsSpool], rule_names: Sequence[str]) -> Claims:
    """Return all claims of some spools as bare columns; names and keys are kept once each."""
    rules = pa.array(rule_names)
    child, rule, relation, names, keys = [], [], [], [], []
    for batch in chain.from_iterable(spool.batches(_CODED_COLUMNS) for spool in spools):
        child.append(batch["child"].to_numpy())
        rule.append(_spooled_rule_codes(batch["rule"], rules))
        relation.append(_find_spool_codes(batch["relation"], _RELATIONS))
        names.append(batch["parent_as_written"].dictionary_encode())
        keys.append(batch["parent_key"].dictionary_encode())
    name_codes, distinct_names = _unify_spool_codes(names)
    key_codes, distinct_keys = _unify_spool_codes(keys)
    return Claims(
        child=_concatenate_spooled(child, np.int32),
        rule=_concatenate_spooled(rule, np.int8),
        relation=_concatenate_spooled(relation, np.int8),
        name=name_codes,
        names=distinct_names,
        key=key_codes,
        keys=distinct_keys,
    )


# Claims of an earlier snapshot, in the shape of a spool

RowsOf = Callable[[KeyBytes], Int64s]
"""From keys to the rows they have in the draft; -1 for those whose claims are not wanted."""


def previous_claims(
    snapshot: Snapshot,
    rows_of: RowsOf,
    *,
    keyed_rules: Collection[str],
    without_rules: Collection[str] = (),
) -> Iterator[pa.RecordBatch]:
    """Yield the claims of some models, in the order of the snapshot's evidence.

    Only the rules in `keyed_rules` knew a key themselves; elsewhere it is what a name was resolved
    to then, which may be another model by now. Claims by the rules in `without_rules` are left out.
    """
    keyed = pa.array(sorted(keyed_rules), pa.string())
    excluded = pa.array(sorted(without_rules), pa.string())
    for batch in snapshot.batches(schema.EVIDENCE_FILE):
        child = find_draft_children(batch["child_key"], rows_of)
        chosen = (child != NOWHERE) & ~np.asarray(pc.is_in(batch["rule"], value_set=excluded))
        if not chosen.any():
            continue
        claims = batch.take(pa.array(np.flatnonzero(chosen)))
        is_keyed = pc.is_in(claims["rule"], value_set=keyed)
        # The Hub names a parent without its key at times: then a name is all that was known.
        is_keyed = pc.and_not(is_keyed, pc.starts_with(claims["parent_key"], NAME_PREFIX))
        key = pc.if_else(is_keyed, claims["parent_key"], None)
        columns = {
            **{name: claims[name] for name in claims.schema.names},
            "child": pa.array(child[chosen].astype(np.int32)),
            "parent_key": key,
            "settled": claims["parent_key"],
        }
        yield pa.RecordBatch.from_arrays([columns[name] for name in SPOOL.names], schema=SPOOL)


def restrict_spooled_rows(keys: KeyBytes, rows_of: RowsOf) -> RowsOf:
    """Return the same rows, for these sorted keys alone."""
    return lambda wanted: np.where(
        table_rows_of_keys(keys, wanted) == NOWHERE, NOWHERE, rows_of(wanted)
    )


def find_draft_children(keys: pa.StringArray, rows_of: RowsOf) -> Int64s:
    """Return the row of each claim's child."""
    if len(keys) == 0:
        return np.empty(0, np.int64)
    # The claims of one child mostly stand together: each run of equal keys is looked up once.
    child_keys = table_keys_as_bytes(keys)
    first = np.flatnonzero(np.append(True, child_keys[1:] != child_keys[:-1]))
    return np.repeat(rows_of(child_keys[first]), np.diff(np.append(first, len(child_keys))))


def _renumber_spooled_children(table: pa.Table, final_rows: Int64s) -> pa.Table:
    rows = final_rows[table["child"].to_numpy()]
    kept_rows = np.flatnonzero(rows >= 0)
    order = kept_rows[np.argsort(rows[kept_rows], kind="stable")]
    child = pa.array(rows[order].astype(np.int32))
    return table.take(pa.array(order)).set_column(0, SPOOL.field("child"), child)


def _spooled_rule_codes(names: pa.Array, rules: pa.Array) -> Codes:
    codes = _find_spool_codes(names, rules)
    if (codes < 0).any():
        strangers = sorted(set(pc.unique(names).to_pylist()) - set(rules.to_pylist()))
        raise ValueError(f"claims name rules that are not registered: {strangers}")
    return codes


def _find_spool_codes(values: pa.Array, vocabulary: pa.Array) -> Codes:
    positions = pc.fill_null(pc.index_in(values, value_set=vocabulary, skip_nulls=True), -1)
    codes: Codes = positions.to_numpy(zero_copy_only=False).astype(np.int8)
    return codes


def _unify_spool_codes(chunks: list[pa.DictionaryArray]) -> tuple[Nodes, list[str]]:
    encoded = pa.chunked_array(chunks, pa.dictionary(pa.int32(), pa.string()))
    unified = encoded.unify_dictionaries().chunks
    codes = [pc.fill_null(chunk.indices, -1).to_numpy(zero_copy_only=False) for chunk in unified]
    distinct: list[str] = unified[0].dictionary.to_pylist() if unified else []
    return _concatenate_spooled(codes, np.int32), distinct


def _concatenate_spooled(parts: list[npt.NDArray[_T]], kind: type[_T]) -> npt.NDArray[_T]:
    return np.concatenate(parts).astype(kind) if parts else np.empty(0, kind)
