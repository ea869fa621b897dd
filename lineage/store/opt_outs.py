"""Whether a snapshot holds somebody who asked to be left out, and under which keys and names."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from lineage.domain.opt_outs import OptOuts
from lineage.domain.repo_ids import NAME_PREFIX
from lineage.store import schema
from lineage.store.reader import Snapshot
from lineage.store.redaction import naming

_UNSURE = frozenset({"card"})
"""Who teaches a name and may be wrong: an author's card beside the Hub's word."""


def known_to(snapshot: Snapshot | None, opt_outs: OptOuts) -> OptOuts:
    """Return the same with the keys and other names of their models that a history tells."""
    if snapshot is None or not opt_outs:
        return opt_outs
    opt_outs = opt_outs.marked(snapshot.manifest.left_out)
    if opt_outs.digest() in snapshot.manifest.left_out:
        return opt_outs
    pairs = [*_records_and_bases(snapshot), *_sure_names(snapshot)]
    keys: dict[str, str] = {}
    for found_keys, ids in pairs:
        rows = pc.indices_nonzero(pc.match_substring_regex(ids, opt_outs.hint, ignore_case=True))
        some = zip(found_keys.take(rows).to_pylist(), ids.take(rows).to_pylist(), strict=True)
        keys |= {key: listed for key, id in some if (listed := opt_outs.behind(id)) is not None}
    theirs = pa.array([key for key in keys if not key.startswith(NAME_PREFIX)], pa.string())
    names: dict[str, str] = {}
    for found_keys, ids in pairs:
        rows = pc.indices_nonzero(pc.is_in(found_keys, value_set=theirs))
        some = zip(found_keys.take(rows).to_pylist(), ids.take(rows).to_pylist(), strict=True)
        names |= {id: keys[key] for key, id in some}
    return opt_outs.and_also({key: keys[key] for key in theirs.to_pylist()}, names)


def _records_and_bases(snapshot: Snapshot) -> Iterator[tuple[pa.ChunkedArray, pa.ChunkedArray]]:
    yield snapshot.record_column("key"), snapshot.record_column("id")
    bases = snapshot.table(schema.COUNTS_FILE, ["key", "id"])
    yield bases["key"], bases["id"]


def _sure_names(snapshot: Snapshot) -> Iterator[tuple[pa.ChunkedArray, pa.ChunkedArray]]:
    names = snapshot.former_names()
    unsure = pc.is_in(names["source"], value_set=pa.array(sorted(_UNSURE)))
    names = names.filter(pc.invert(unsure))
    yield names["key"], names["name"]


def holds_forgotten(snapshot: Snapshot, opt_outs: OptOuts) -> bool:
    """Say whether a snapshot lists, keeps, counts or names somebody who is to be forgotten.

    A snapshot that was made with this very list is not read.
    """
    if not opt_outs or opt_outs.digest() in snapshot.manifest.left_out:
        return False
    opt_outs = known_to(snapshot, opt_outs)
    return any(_any_named(snapshot, file, opt_outs) for file in schema.TABLES)


def holds_keys_of(snapshot: Snapshot, learned: OptOuts, known: OptOuts) -> bool:
    """Say whether a snapshot knows a model that a walk found to be one of the forgotten.

    `learned` is what was known after the walk, `known` before it.
    """
    new = pa.array(learned.keys.keys() - known.keys.keys(), pa.string())
    found = (pc.is_in(keys, value_set=new) for keys, _ in _records_and_bases(snapshot))
    return len(new) > 0 and any(pc.any(one).as_py() for one in found)


def _any_named(snapshot: Snapshot, file: str, opt_outs: OptOuts) -> bool:
    return any(naming(batch, opt_outs).any() for batch in snapshot.batches(file))
