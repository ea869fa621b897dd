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
from lineage.analysis.ground import Ground, kept
from lineage.domain.definitions import Definition
from lineage.domain.evidence import Strength
from lineage.domain.forgotten import LEFT_OUT, Forgotten
from lineage.store import schema
from lineage.store.files import Files
from lineage.store.forgetting import (
    bad_rows_without,
    named_ones,
    names_without,
    records_without,
    said_without,
)
from lineage.store.forgotten import holds_forgotten, known_to
from lineage.store.manifest import Manifest
from lineage.store.plain import write_plain
from lineage.store.snapshot import Snapshot

_EVERY_EDGE = Definition(least=Strength.GUESSED)


def without_forgotten(snapshot: Snapshot, forgotten: Forgotten) -> Snapshot:
    """Return the snapshot itself where it names none of them, else a copy that names none.

    What follows from records, edges and counts, is derived anew. The copy lies in the system's
    temporary folder as long as it is in use.
    """
    if not holds_forgotten(snapshot, forgotten):
        return snapshot
    known = known_to(snapshot, forgotten)
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


def manifest_without(manifest: Manifest, forgotten: Forgotten) -> Manifest:
    """Return what a snapshot says of itself; one that was taken below one of them names nobody."""
    below = manifest.origin.below
    if below is None or not forgotten.covers(below):
        return manifest
    return replace(manifest, origin=replace(manifest.origin, below=LEFT_OUT, requests={}))


def _tables(snapshot: Snapshot, forgotten: Forgotten) -> Mapping[str, Iterable[pa.Table]]:
    tables = cut_tables(_cut(snapshot, forgotten))
    return {
        **tables,
        **{
            file: (records_without(piece, forgotten) for piece in tables[file])
            for file in (schema.MODELS_FILE, schema.TOMBSTONES_FILE)
        },
        schema.EVIDENCE_FILE: _words(tables[schema.EVIDENCE_FILE], forgotten),
        schema.NAMES_FILE: [names_without(snapshot.former_names(), forgotten)],
    }


def _words(pieces: Iterable[pa.Table], forgotten: Forgotten) -> Iterator[pa.Table]:
    for piece in pieces:
        for batch in said_without(piece.to_batches(), forgotten):
            yield pa.Table.from_batches([batch])


def _cut(snapshot: Snapshot, forgotten: Forgotten) -> FamilyColumns:
    """Cut out every node but theirs, and every edge between those that stay."""
    ground = Ground.of(snapshot, _EVERY_EDGE, ())
    stays = np.ones(ground.nodes, np.bool_)
    records = snapshot.record_table(["key", "id"])
    stays[: snapshot.records] = ~named_ones(records, "id", forgotten)
    bases = snapshot.table(schema.COUNTS_FILE, ["key", "id", "node"])
    stays[bases["node"].to_numpy()[named_ones(bases, "id", forgotten)]] = False
    edges = kept(ground.edges, stays[ground.edges.child] & stays[ground.edges.parent])
    # Who has no record is known only as somebody's parent.
    stays[snapshot.records :] &= np.isin(np.arange(snapshot.records, ground.nodes), edges.parent)
    nodes = np.flatnonzero(stays).astype(np.int32)
    return FamilyColumns(ground, nodes, nodes[:0], edges)
