"""The evidence of a draft: each witness with the keys that its names settled to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lineage.build.claims_spool import ClaimsSpool
from lineage.domain.arrays import Mask, Nodes
from lineage.store import schema


@dataclass(frozen=True, slots=True)
class ResolvedClaims:
    """All that was said, in the order of the evidence."""

    first: Sequence[ClaimsSpool]
    """What was heard in records, of the listed and of the dead."""
    second: ClaimsSpool
    """What was guessed after that."""
    child_keys: pa.StringArray
    """The key of every node with a record."""
    node_keys: pa.StringArray
    """The key of every node."""
    parents: Nodes
    """The node of each witness's parent; -1 = its name settled to nothing."""

    def in_order(self) -> Iterator[tuple[ClaimsSpool, pa.RecordBatch, pa.Array]]:
        """Yield testimony piece by piece, whence it comes, and the nodes of its parents."""
        done = 0
        for spool in (*self.first, self.second):
            for batch in spool.batches():
                nodes = self.parents[done : done + batch.num_rows]
                done += batch.num_rows
                yield spool, batch, pa.array(nodes, pa.int32(), mask=nodes < 0)

    def of_all(self) -> Iterator[pa.RecordBatch]:
        """Yield every row of the evidence."""
        for _, batch, parents in self.in_order():
            yield _batch(self._columns(batch, parents), schema.EVIDENCE)

    def of_some(self, children: Mask) -> Iterator[pa.RecordBatch]:
        """Yield the rows of the marked nodes, each with its place in the whole."""
        table, first = schema.UPDATE_TABLES[schema.CHANGES[schema.EVIDENCE_FILE]], 0
        for _, batch, parents in self.in_order():
            rows = np.flatnonzero(children[np.asarray(batch["child"])])
            taken = pa.array(rows)
            columns = self._columns(batch.take(taken), parents.take(taken))
            yield _batch(columns | {schema.PLACE: pa.array(rows + first)}, table)
            first += batch.num_rows

    def _columns(self, batch: pa.RecordBatch, parents: pa.Array) -> dict[str, pa.Array]:
        return {
            **{name: batch[name] for name in batch.schema.names},
            "child_key": self.child_keys.take(batch["child"]),
            "parent_key": self.node_keys.take(parents),
        }


def _batch(columns: dict[str, pa.Array], table: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([columns[name] for name in table.names], schema=table)
