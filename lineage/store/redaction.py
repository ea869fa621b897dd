"""A snapshot as if the models that opted out had never been in it.

Two layers: what a single row says of them, and the copy of a snapshot that says nothing.
"""

import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import gettempdir

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.domain.arrays import Mask, Nodes
from lineage.domain.claims import Strength
from lineage.domain.families import is_claimable
from lineage.domain.files import delete_leftovers, hold_temporary_folder
from lineage.domain.opt_outs import OPTED_OUT, OptOuts
from lineage.domain.repo_ids import NAME_PREFIX
from lineage.store import derived_rows, schema
from lineage.store.delta import select_stored_rows
from lineage.store.local_files import LocalFiles
from lineage.store.manifest import Manifest
from lineage.store.reader import EdgeColumns, Snapshot
from lineage.store.table_writer import delete_tables, write_tables

# Columns whose words are the Hub's: `mit` is a license, whatever owner bears the same name.
_VOCABULARIES = frozenset({"license", "pipeline", "gated", "relation"})
# Columns whose words are ours, and can name no model.
_OURS = frozenset(
    {
        *("rule", "rules", "strength", "source", "last_seen_in", "reason", "standing"),
        *("family", "of", "month", "definition", "registry", "overlay"),
    }
)
# The rule whose quotes are sentences; those of the others are the parent as it was written.
_SENTENCES = "card_text"
_KEYS = frozenset({"key", "child_key", "parent_key"})
_IDS = frozenset({"id", "child", "parent", "name"})
# An author's card may teach a wrong former name, where the Hub's own word does not.
_UNSURE_SOURCES = frozenset({"card"})


# The copy of a snapshot


def redact_snapshot(snapshot: Snapshot, opt_outs: OptOuts) -> Snapshot:
    """Return the snapshot itself where it names none of them, else a copy that names none.

    What follows from records, edges and counts, is derived anew. The copy lies in the system's
    temporary folder as long as it is in use.
    """
    if not needs_redacted_copy(snapshot, opt_outs):
        return snapshot
    opt_outs = learn_redacted_opt_outs(snapshot, opt_outs)
    bad_rows = redact_bad_rows(snapshot.table(schema.BAD_ROWS_FILE), opt_outs)
    manifest = replace(
        redact_manifest(snapshot.manifest, opt_outs),
        bad_rows=bad_rows.num_rows,
        left_out=opt_outs.all_opt_out_marks(),
    )
    tables = {**_redacted_tables(snapshot, opt_outs), schema.BAD_ROWS_FILE: [bad_rows]}
    # A whole copy: a mask at each column that is read would be forgotten somewhere. One that a kill
    # left behind still names them.
    delete_leftovers(Path(gettempdir()), delete_tables)
    with ExitStack() as stack:
        folder = stack.enter_context(hold_temporary_folder(Path(gettempdir())))
        stack.callback(delete_tables, folder)
        manifest = write_tables(LocalFiles(str(folder / snapshot.id), "TMPDIR"), tables, manifest)
        copy = Snapshot(LocalFiles(str(folder)), manifest, snapshot)
        weakref.finalize(copy, stack.pop_all().close)
    return copy


def redact_manifest(manifest: Manifest, opt_outs: OptOuts) -> Manifest:
    """Return a manifest that names none of them: a crawl below one of them says so no more."""
    below = manifest.origin.below
    if below is None or not opt_outs.covers(below):
        return manifest
    return replace(manifest, origin=replace(manifest.origin, below=OPTED_OUT, requests={}))


@dataclass(frozen=True, slots=True)
class _Cut:
    """What of a snapshot stays; `nodes` rise, and their places in it are their new numbers."""

    nodes: Nodes
    keys: pa.StringArray
    ids: pa.StringArray
    listed: Mask
    """Which rows of the models."""
    deleted: Mask
    """Which rows of the tombstones."""
    edges: EdgeColumns
    """The edges that stay, by new numbers."""
    edge_rows: Mask
    """Which rows of the edges."""


def _cut_redacted(snapshot: Snapshot, opt_outs: OptOuts) -> _Cut:
    edges, records = snapshot.edges(), snapshot.records
    highest = max(int(ends.max(initial=-1)) for ends in (edges.child, edges.parent))
    stays = np.ones(max(records, highest + 1), np.bool_)
    stays[:records] = ~mark_redacted_rows(snapshot.record_table(["key", "id"]), "id", opt_outs)
    bases = snapshot.table(schema.COUNTS_FILE, ["key", "id", "node"])
    stays[bases["node"].to_numpy()[mark_redacted_rows(bases, "id", opt_outs)]] = False
    # A node without a record is known only as a declared parent, or as a release that claims name:
    # it stays while a child of it does.
    rows = stays[edges.child] & stays[edges.parent]
    declared = rows & (edges.strength >= Strength.DECLARED.code)
    counted = bases["key"].to_pylist()
    is_claimed = np.array([is_claimable(key) for key in counted], np.bool_)
    claimed = rows & np.isin(edges.parent, bases["node"].to_numpy()[is_claimed])
    stays[records:] &= np.isin(np.arange(records, len(stays)), edges.parent[declared | claimed])
    rows &= stays[edges.parent]
    nodes, numbers = np.flatnonzero(stays).astype(np.int32), np.cumsum(stays, dtype=np.int32) - 1
    models = snapshot.manifest.models
    return _Cut(
        nodes,
        *snapshot.names_of(nodes),
        stays[:models],
        stays[models:records],
        EdgeColumns(
            numbers[edges.child[rows]],
            numbers[edges.parent[rows]],
            edges.relation[rows],
            edges.strength[rows],
        ),
        rows,
    )


def _redacted_tables(snapshot: Snapshot, opt_outs: OptOuts) -> Mapping[str, Iterable[pa.Table]]:
    cut = _cut_redacted(snapshot, opt_outs)
    tombstones = snapshot.tombstones().filter(pa.array(cut.deleted))
    absences, names = snapshot.absences(), snapshot.former_names()
    their_names = mark_redacted_rows(names, "name", opt_outs)
    models = select_stored_rows(snapshot.batches(schema.MODELS_FILE), cut.listed)
    created = snapshot.column(schema.MODELS_FILE, "created_at").filter(pa.array(cut.listed))
    undated = np.array(created.is_null(), np.bool_)
    return {
        schema.MODELS_FILE: (redact_records(piece, opt_outs) for piece in models),
        schema.METRICS_FILE: select_stored_rows(snapshot.batches(schema.METRICS_FILE), cut.listed),
        schema.EVIDENCE_FILE: _redacted_evidence(snapshot, cut, opt_outs),
        schema.EDGES_FILE: _redacted_edges(snapshot, cut),
        schema.COUNTS_FILE: [derived_rows.counts_table(cut.keys, cut.ids, cut.edges, undated)],
        schema.NAMES_FILE: [names.filter(pa.array(~their_names))],
        schema.TOMBSTONES_FILE: [redact_records(tombstones, opt_outs)],
        schema.ABSENCES_FILE: [absences.filter(pc.is_in(absences["key"], value_set=cut.keys))],
        # Trends count families as they were: a curve of the copy is counted anew.
        schema.TRENDS_FILE: [],
    }


def _redacted_evidence(snapshot: Snapshot, cut: _Cut, opt_outs: OptOuts) -> Iterator[pa.Table]:
    for batch in redact_evidence_batches(snapshot.batches(schema.EVIDENCE_FILE), opt_outs):
        stays = pc.is_in(batch["child_key"], value_set=cut.keys)
        yield pa.Table.from_batches([batch.filter(stays)])


def _redacted_edges(snapshot: Snapshot, cut: _Cut) -> Iterator[pa.Table]:
    start = 0
    for piece in select_stored_rows(snapshot.batches(schema.EDGES_FILE), cut.edge_rows):
        rows = slice(start, start + piece.num_rows)
        nodes = {"child_node": cut.edges.child[rows], "parent_node": cut.edges.parent[rows]}
        columns = {name: nodes.get(name, piece[name]) for name in piece.schema.names}
        yield pa.table(columns, piece.schema)
        start = rows.stop


# Whether a snapshot holds some of them, and under which keys and names


def learn_redacted_opt_outs(snapshot: Snapshot | None, opt_outs: OptOuts) -> OptOuts:
    """Return the same with the keys and other names of their models that a history tells."""
    if snapshot is None or not opt_outs:
        return opt_outs
    opt_outs = opt_outs.marked(snapshot.manifest.left_out)
    if opt_outs.digest() in snapshot.manifest.left_out:
        return opt_outs
    pairs = [*_redacted_keys_and_ids(snapshot), *_sure_redacted_names(snapshot)]
    keys: dict[str, str] = {}
    for key_column, ids in pairs:
        rows = pc.indices_nonzero(pc.match_substring_regex(ids, opt_outs.hint, ignore_case=True))
        some = zip(key_column.take(rows).to_pylist(), ids.take(rows).to_pylist(), strict=True)
        keys |= {key: listed for key, id in some if (listed := opt_outs.behind(id)) is not None}
    theirs = pa.array([key for key in keys if not key.startswith(NAME_PREFIX)], pa.string())
    # A model renamed since has its other names under the same key.
    names: dict[str, str] = {}
    for key_column, ids in pairs:
        rows = pc.indices_nonzero(pc.is_in(key_column, value_set=theirs))
        some = zip(key_column.take(rows).to_pylist(), ids.take(rows).to_pylist(), strict=True)
        names |= {id: keys[key] for key, id in some}
    return opt_outs.and_opt_outs({key: keys[key] for key in theirs.to_pylist()}, names)


def needs_redacted_copy(snapshot: Snapshot, opt_outs: OptOuts) -> bool:
    """Say whether a snapshot lists, keeps, counts or names a model that opted out.

    A snapshot that was made with this very list is not read.
    """
    if not opt_outs or opt_outs.digest() in snapshot.manifest.left_out:
        return False
    opt_outs = learn_redacted_opt_outs(snapshot, opt_outs)
    return any(
        mark_rows_naming_redacted(batch, opt_outs).any()
        for file in schema.TABLES
        for batch in snapshot.batches(file)
    )


def snapshot_holds_learned_keys(snapshot: Snapshot, learned: OptOuts, before: OptOuts) -> bool:
    """Say whether a snapshot knows a model that a crawl learned to be one of them.

    `before` is what was known when the crawl began, `learned` what it knew at its end.
    """
    new = pa.array(learned.keys.keys() - before.keys.keys(), pa.string())
    masks = (pc.is_in(keys, value_set=new) for keys, _ in _redacted_keys_and_ids(snapshot))
    return len(new) > 0 and any(pc.any(mask).as_py() for mask in masks)


def _redacted_keys_and_ids(snapshot: Snapshot) -> Iterator[tuple[pa.ChunkedArray, pa.ChunkedArray]]:
    yield snapshot.record_column("key"), snapshot.record_column("id")
    bases = snapshot.table(schema.COUNTS_FILE, ["key", "id"])
    yield bases["key"], bases["id"]


def _sure_redacted_names(snapshot: Snapshot) -> Iterator[tuple[pa.ChunkedArray, pa.ChunkedArray]]:
    names = snapshot.former_names()
    unsure = pc.is_in(names["source"], value_set=pa.array(sorted(_UNSURE_SOURCES)))
    names = names.filter(pc.invert(unsure))
    yield names["key"], names["name"]


# Rows without them


def redact_records(table: pa.Table, opt_outs: OptOuts) -> pa.Table:
    """Return rows of models or tombstones without theirs, and without their names."""
    if not opt_outs:
        return table
    table = table.filter(pa.array(~mark_redacted_rows(table, "id", opt_outs)))
    for at, field in enumerate(table.schema):
        if field.name in _KEYS | _IDS:
            continue
        if pa.types.is_string(field.type):
            naming = _mark_naming_redacted(field.name, table[field.name], opt_outs)
            cleaned = pc.if_else(pa.array(naming), None, table[field.name])
            table = table.set_column(at, field, cleaned) if naming.any() else table
        elif pa.types.is_list(field.type):
            table = table.set_column(at, field, _redact_tags(table[field.name], opt_outs))
    return table


def redact_evidence_batches(
    batches: Iterable[pa.RecordBatch], opt_outs: OptOuts
) -> Iterator[pa.RecordBatch]:
    """Yield claims but for those that name one of them as a parent; other words are replaced."""
    for batch in batches:
        yield batch if not opt_outs else _redact_claims(batch, opt_outs)


def _redact_claims(batch: pa.RecordBatch, opt_outs: OptOuts) -> pa.RecordBatch:
    naming = _mark_naming_redacted("parent_as_written", batch["parent_as_written"], opt_outs)
    for name in _KEYS & set(batch.schema.names):
        naming |= _mark_redacted_keys(batch[name], opt_outs)
    batch = batch.filter(pa.array(~naming))
    cleaned = {
        "quote": (_mark_redacted_quotes(batch, opt_outs), OPTED_OUT),
        "relation": (_mark_naming_redacted("relation", batch["relation"], opt_outs), None),
    }
    for name, (rows, instead) in cleaned.items():
        at = batch.schema.get_field_index(name)
        texts = pc.if_else(pa.array(rows), pa.scalar(instead, pa.string()), batch[name])
        batch = batch.set_column(at, batch.schema.field(at), texts)
    return batch


def redact_bad_rows(rows: pa.Table, opt_outs: OptOuts) -> pa.Table:
    """Return the bad rows that name none of them, anywhere in what they hold."""
    batches = rows.to_batches()
    return pa.Table.from_batches(
        [batch.filter(pa.array(~mark_rows_naming_redacted(batch, opt_outs))) for batch in batches],
        rows.schema,
    )


def _redact_tags(column: pa.ChunkedArray, opt_outs: OptOuts) -> pa.ChunkedArray:
    values: list[list[str] | None] = column.to_pylist()
    cleaned = (
        None if tags is None else [tag for tag in tags if not opt_outs.opted_out_in_tag(tag)]
        for tags in values
    )
    return pa.chunked_array([pa.array(cleaned, column.type)])


# Which rows are theirs, or name them


def is_table_row_opted_out(name: str, key: str, opt_outs: OptOuts) -> bool:
    """Say whether one of them bears a name or a key."""
    return key in opt_outs.keys or opt_outs.opt_out_names_in(name)


def mark_redacted_rows(table: pa.Table, name: str, opt_outs: OptOuts) -> Mask:
    """Say of each row whether it is theirs: by its `key`, or by the column that names it."""
    return _mark_redacted_keys(table["key"], opt_outs) | _mark_naming_redacted(
        name, table[name], opt_outs
    )


def mark_rows_naming_redacted(batch: pa.RecordBatch, opt_outs: OptOuts) -> Mask:
    """Say of each row whether anything in it names one of them."""
    naming = np.zeros(batch.num_rows, np.bool_)
    for name, values in zip(batch.schema.names, batch.columns, strict=True):
        if name in _OURS:
            continue
        if name == "quote":
            naming |= _mark_redacted_quotes(batch, opt_outs)
        elif pa.types.is_string(values.type):
            naming |= _mark_naming_redacted(name, values, opt_outs)
        elif pa.types.is_list(values.type) and pa.types.is_string(values.type.value_type):
            rows = pc.list_parent_indices(values).to_numpy()
            naming[rows[_mark_redacted_tags(pc.list_flatten(values), opt_outs)]] = True
    return naming


def _mark_naming_redacted(name: str, values: pa.ChunkedArray, opt_outs: OptOuts) -> Mask:
    """Say of each text of a column whether it names one of them."""
    if name in _KEYS:
        return _mark_redacted_keys(values, opt_outs)
    naming = np.zeros(len(values), np.bool_)
    # Undoing every disguise costs microseconds a text: only the few texts that may name them are
    # looked at one by one, and Arrow finds those.
    rows = pc.indices_nonzero(
        pc.fill_null(pc.match_substring_regex(values, opt_outs.hint, ignore_case=True), False)
    )
    for row, text in zip(rows.to_pylist(), values.take(rows).to_pylist(), strict=True):
        naming[row] = _names_one_redacted(name, text, opt_outs)
    return naming


def _names_one_redacted(column: str, text: str, opt_outs: OptOuts) -> bool:
    if column in _VOCABULARIES and text.lower() in opt_outs.names:
        return False
    if column in ("quote", "raw"):
        return opt_outs.opted_out_named_in(text)
    if column == "request":  # the rest of it is ours, or the Hub's
        path, _, query = text.partition("?")
        return opt_outs.opted_out_named_in(
            path.removeprefix("/api/models"), query.partition("base_model")[2]
        )
    return opt_outs.opt_out_names_in(text)


def _mark_redacted_keys(keys: pa.ChunkedArray, opt_outs: OptOuts) -> Mask:
    """Say of each key whether it is one of theirs, or made of one of their names."""
    theirs = pa.array(list(opt_outs.keys), pa.string())
    mask: Mask = np.array(pc.is_in(keys, value_set=theirs), np.bool_)
    rows = pc.indices_nonzero(pc.fill_null(pc.starts_with(keys, NAME_PREFIX), False))
    for row, key in zip(rows.to_pylist(), keys.take(rows).to_pylist(), strict=True):
        mask[row] = opt_outs.opt_out_names_in(key.removeprefix(NAME_PREFIX))
    return mask


def _mark_redacted_quotes(batch: pa.RecordBatch, opt_outs: OptOuts) -> Mask:
    sentences = np.asarray(pc.equal(batch["rule"], _SENTENCES))
    return sentences & _mark_naming_redacted("quote", batch["quote"], opt_outs)


def _mark_redacted_tags(tags: pa.StringArray, opt_outs: OptOuts) -> Mask:
    """Say of each tag whether it names one of them; each of the many that repeat is read once."""
    encoded = tags.dictionary_encode()
    naming = [
        tag is not None and opt_outs.opted_out_in_tag(tag) for tag in encoded.dictionary.to_pylist()
    ]
    if not any(naming):
        return np.zeros(len(tags), np.bool_)
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
    mask: Mask = np.append(np.array(naming, np.bool_), False)[codes]
    return mask
