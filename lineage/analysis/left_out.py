"""A snapshot as if those who asked to be left out since had never been in it: a copy to ask."""

import shutil
import weakref
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pyarrow as pa

from lineage.analysis.cut_tables import cut_tables
from lineage.analysis.family_graph import FamilyColumns
from lineage.analysis.scope import Scope, kept
from lineage.domain.claims import Strength
from lineage.domain.definitions import Definition
from lineage.domain.opt_outs import LEFT_OUT, OptOuts
from lineage.store import schema
from lineage.store.files import Files
from lineage.store.manifest import Manifest
from lineage.store.opt_outs import holds_forgotten, known_to
from lineage.store.plain import write_plain
from lineage.store.reader import Snapshot
from lineage.store.redaction import (
    bad_rows_without,
    named_ones,
    names_without,
    records_without,
    said_without,
)

_EVERY_EDGE = Definition(least=Strength.INFERRED)


def without_forgotten(snapshot: Snapshot, opt_outs: OptOuts) -> Snapshot:
    """Return the snapshot itself where it names none of them, else a copy that names none.

    What follows from records, edges and counts, is derived anew. The copy lies in the system's
    temporary folder as long as it is in use.
    """
    if not holds_forgotten(snapshot, opt_outs):
        return snapshot
    known = known_to(snapshot, opt_outs)
    folder = Path(mkdtemp(prefix="lineage-"))
    try:
        bad_rows = bad_rows_without(snapshot.table(schema.BAD_ROWS_FILE), known)
        manifest = replace(
            manifest_without(snapshot.manifest, known),
            bad_rows=bad_rows.num_rows,
            left_out=known.all_marks(),
        )
        tables = {**_tables(snapshot, known), schema.BAD_ROWS_FILE: [bad_rows]}
        manifest = write_plain(folder / snapshot.id, tables, manifest)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    copy = Snapshot(Files(str(folder)), manifest)
    weakref.finalize(copy, shutil.rmtree, folder, ignore_errors=True)
    return copy


def manifest_without(manifest: Manifest, opt_outs: OptOuts) -> Manifest:
    """Return what a snapshot says of itself; one that was taken below one of them names nobody."""
    below = manifest.origin.below
    if below is None or not opt_outs.covers(below):
        return manifest
    return replace(manifest, origin=replace(manifest.origin, below=LEFT_OUT, requests={}))


def _tables(snapshot: Snapshot, opt_outs: OptOuts) -> Mapping[str, Iterable[pa.Table]]:
    tables = cut_tables(_cut(snapshot, opt_outs))
    return {
        **tables,
        **{
            file: (records_without(piece, opt_outs) for piece in tables[file])
            for file in (schema.MODELS_FILE, schema.TOMBSTONES_FILE)
        },
        schema.EVIDENCE_FILE: _words(tables[schema.EVIDENCE_FILE], opt_outs),
        schema.NAMES_FILE: [names_without(snapshot.former_names(), opt_outs)],
    }


def _words(pieces: Iterable[pa.Table], opt_outs: OptOuts) -> Iterator[pa.Table]:
    for piece in pieces:
        for batch in said_without(piece.to_batches(), opt_outs):
            yield pa.Table.from_batches([batch])


def _cut(snapshot: Snapshot, opt_outs: OptOuts) -> FamilyColumns:
    """Cut out every node but theirs, and every edge between those that stay."""
    scope = Scope.of(snapshot, _EVERY_EDGE, ())
    stays = np.ones(scope.nodes, np.bool_)
    records = snapshot.record_table(["key", "id"])
    stays[: snapshot.records] = ~named_ones(records, "id", opt_outs)
    bases = snapshot.table(schema.COUNTS_FILE, ["key", "id", "node"])
    stays[bases["node"].to_numpy()[named_ones(bases, "id", opt_outs)]] = False
    edges = kept(scope.edges, stays[scope.edges.child] & stays[scope.edges.parent])
    # Who has no record is known only as somebody's parent.
    stays[snapshot.records :] &= np.isin(np.arange(snapshot.records, scope.nodes), edges.parent)
    nodes = np.flatnonzero(stays).astype(np.int32)
    return FamilyColumns(scope, nodes, nodes[:0], edges)
