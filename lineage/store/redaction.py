"""Rows of a snapshot without those who asked to be left out, whom no other row names either."""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.domain.arrays import Mask
from lineage.domain.opt_outs import LEFT_OUT, OptOuts
from lineage.domain.repo_ids import NAME_PREFIX

_VOCABULARIES = frozenset({"license", "pipeline", "gated", "relation"})
_OURS = frozenset(
    {
        *("rule", "rules", "strength", "source", "last_seen_in", "reason", "standing"),
        *("family", "of", "month", "definition", "registry", "overlay"),
    }
)
"""Columns whose words are ours."""
_FREE = "card_text"
"""The rule whose quotes are sentences; those of the others are the parent as it was written."""
_KEYS = frozenset({"key", "child_key", "parent_key"})
_IDS = frozenset({"id", "child", "parent", "name"})


def naming(batch: pa.RecordBatch, opt_outs: OptOuts) -> Mask:
    """Say of each row whether anything in it names one of them."""
    named = np.zeros(batch.num_rows, np.bool_)
    for name, values in zip(batch.schema.names, batch.columns, strict=True):
        if name in _OURS:
            continue
        if name == "quote":
            named |= _in_quotes(batch, opt_outs)
        elif pa.types.is_string(values.type):
            named |= _named(name, values, opt_outs)
        elif pa.types.is_list(values.type) and pa.types.is_string(values.type.value_type):
            rows = pc.list_parent_indices(values).to_numpy()
            named[rows[_in_tags(pc.list_flatten(values), opt_outs)]] = True
    return named


def named_ones(table: pa.Table, name: str, opt_outs: OptOuts) -> Mask:
    """Say of each row whether it is theirs: by its `key`, or by the column that names it."""
    return _are_keys(table["key"], opt_outs) | _named(name, table[name], opt_outs)


def is_forgotten(name: str, key: str, opt_outs: OptOuts) -> bool:
    """Say whether one of them bears a name or a key."""
    return key in opt_outs.keys or opt_outs.names_in(name)


def dead_without(table: pa.Table, opt_outs: OptOuts) -> pa.Table:
    """Return records without theirs, whom no other one names either."""
    return table if not opt_outs else records_without(table, opt_outs)


def records_without(table: pa.Table, opt_outs: OptOuts) -> pa.Table:
    """Return rows of models or tombstones without theirs, and without their names."""
    table = table.filter(pa.array(~named_ones(table, "id", opt_outs)))
    for at, field in enumerate(table.schema):
        if field.name in _KEYS | _IDS:
            continue
        if pa.types.is_string(field.type):
            named = _named(field.name, table[field.name], opt_outs)
            cleaned = pc.if_else(pa.array(named), None, table[field.name])
            table = table.set_column(at, field, cleaned) if named.any() else table
        elif pa.types.is_list(field.type):
            table = table.set_column(at, field, _tags_without(table[field.name], opt_outs))
    return table


def said_without(words: Iterable[pa.RecordBatch], opt_outs: OptOuts) -> Iterator[pa.RecordBatch]:
    """Yield what was said, but for what names one of them as a parent; other words are kept."""
    for batch in words:
        yield batch if not opt_outs else _said_without(batch, opt_outs)


def _said_without(batch: pa.RecordBatch, opt_outs: OptOuts) -> pa.RecordBatch:
    gone = _named("parent_as_written", batch["parent_as_written"], opt_outs)
    for name in _KEYS & set(batch.schema.names):
        gone |= _are_keys(batch[name], opt_outs)
    batch = batch.filter(pa.array(~gone))
    cleaned = {
        "quote": (_in_quotes(batch, opt_outs), LEFT_OUT),
        "relation": (_named("relation", batch["relation"], opt_outs), None),
    }
    for name, (named, instead) in cleaned.items():
        at = batch.schema.get_field_index(name)
        texts = pc.if_else(pa.array(named), pa.scalar(instead, pa.string()), batch[name])
        batch = batch.set_column(at, batch.schema.field(at), texts)
    return batch


def _in_quotes(batch: pa.RecordBatch, opt_outs: OptOuts) -> Mask:
    sentences = np.asarray(pc.equal(batch["rule"], _FREE))
    return sentences & _named("quote", batch["quote"], opt_outs)


def names_without(names: pa.Table, opt_outs: OptOuts) -> pa.Table:
    """Return former names without theirs, and without those that lead to their keys."""
    return names.filter(pa.array(~named_ones(names, "name", opt_outs)))


def bad_rows_without(rows: pa.Table, opt_outs: OptOuts) -> pa.Table:
    """Return the bad rows that name none of them, anywhere in what they hold."""
    batches = rows.to_batches()
    return pa.Table.from_batches(
        [batch.filter(pa.array(~naming(batch, opt_outs))) for batch in batches], rows.schema
    )


def _named(name: str, values: pa.ChunkedArray, opt_outs: OptOuts) -> Mask:
    """Say of each text whether it names one of them; only those that may are looked at."""
    if name in _KEYS:
        return _are_keys(values, opt_outs)
    named = np.zeros(len(values), np.bool_)
    rows = pc.indices_nonzero(
        pc.fill_null(pc.match_substring_regex(values, opt_outs.hint, ignore_case=True), False)
    )
    for row, text in zip(rows.to_pylist(), values.take(rows).to_pylist(), strict=True):
        named[row] = _names(name, text, opt_outs)
    return named


def _names(name: str, text: str, opt_outs: OptOuts) -> bool:
    if name in _VOCABULARIES and text.lower() in opt_outs.names:
        return False
    if name in ("quote", "raw"):
        return opt_outs.named_in(text)
    if name == "request":  # the rest of it is ours, or the Hub's
        path, _, query = text.partition("?")
        return opt_outs.named_in(path.removeprefix("/api/models"), query.partition("base_model")[2])
    return opt_outs.names_in(text)


def _are_keys(keys: pa.ChunkedArray, opt_outs: OptOuts) -> Mask:
    """Say of each key whether it is one of theirs, or made of one of their names."""
    theirs = pa.array(list(opt_outs.keys), pa.string())
    found: Mask = np.array(pc.is_in(keys, value_set=theirs), np.bool_)
    made = pc.fill_null(pc.starts_with(keys, NAME_PREFIX), False)
    rows = pc.indices_nonzero(made)
    for row, key in zip(rows.to_pylist(), keys.take(rows).to_pylist(), strict=True):
        found[row] = opt_outs.names_in(key.removeprefix(NAME_PREFIX))
    return found


def _in_tags(tags: pa.StringArray, opt_outs: OptOuts) -> Mask:
    """Say of each tag whether it names one of them; each of the many that repeat is read once."""
    encoded = tags.dictionary_encode()
    named = [tag is not None and opt_outs.in_tag(tag) for tag in encoded.dictionary.to_pylist()]
    if not any(named):
        return np.zeros(len(tags), np.bool_)
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
    found: Mask = np.append(np.array(named, np.bool_), False)[codes]
    return found


def _tags_without(column: pa.ChunkedArray, opt_outs: OptOuts) -> pa.ChunkedArray:
    values: list[list[str] | None] = column.to_pylist()
    cleaned = (
        None if tags is None else [tag for tag in tags if not opt_outs.in_tag(tag)]
        for tags in values
    )
    return pa.chunked_array([pa.array(cleaned, column.type)])
