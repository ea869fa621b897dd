"""Rows as the Hub shows them, pages of them, and snapshots made of those without any HTTP."""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from lineage.build.checks import Limits
from lineage.build.context import BuildContext
from lineage.build.pipeline import build_snapshot
from lineage.domain.families import Family
from lineage.domain.opt_outs import NO_OPT_OUTS, OptOuts
from lineage.domain.progress import Progress
from lineage.domain.records import HubParent, ModelRecord
from lineage.evidence import RULES, Rule
from lineage.sources.interface import RecordPage
from lineage.sources.listing_pages import parse_page
from lineage.store.manifest import Origin, SnapshotKind
from lineage.store.reader import Snapshot
from lineage.store.store import ParquetStore
from tests.fakes.fake_clock import NOON, FakeClock

Row = dict[str, object]
"""A model in the Hub's own JSON shape."""

ENDPOINT = "https://hub.example"
CREATED = "2024-03-24T10:00:00.000Z"


def key_of(id: str) -> str:
    """Return the `_id` that a model of this first name has in tests."""
    return hashlib.sha256(id.encode()).hexdigest()[:24]


def row(
    id: str = "owner/model",
    parents: Sequence[str] = (),
    relation: str | None = "finetune",
    **fields: object,
) -> Row:
    """A row on which Hub, tags and card agree; `fields` replace the Hub's fields by name."""
    said: Row = {
        "_id": key_of(id),
        "id": id,
        "author": id.partition("/")[0],
        "createdAt": CREATED,
        "lastModified": CREATED,
        "tags": [],
    }
    if parents:
        said["tags"] = [
            tag for id in parents for tag in (f"base_model:{id}", f"base_model:{relation}:{id}")
        ]
        said["cardData"] = {"base_model": list(parents)}
        said["baseModels"] = hub_parents(*parents, relation=relation)
    return said | fields


def hub_parents(*ids: str, relation: str | None = "finetune") -> Row:
    """`baseModels` as the Hub sends it."""
    return {"relation": relation, "models": [{"_id": key_of(id), "id": id} for id in ids]}


def record(id: str = "owner/model", **fields: object) -> ModelRecord:
    """A record of which nothing is known but what is given."""
    empty = dict.fromkeys(ModelRecord._fields)
    lists: Row = {"tags": [], "hub_parents": (), "card_parents": ()}
    return ModelRecord(**{**empty, **lists, "key": key_of(id), "id": id, **fields})  # type: ignore[arg-type]


def parents_of_hub(*ids: str) -> tuple[HubParent, ...]:
    """The same parents as `hub_parents`, after reading."""
    return tuple(HubParent(key_of(id), id) for id in ids)


def body(rows: Iterable[object]) -> bytes:
    """One page as it comes over the wire."""
    return json.dumps(list(rows)).encode()


def pages(rows: Sequence[Row], size: int = 1000) -> Iterator[RecordPage]:
    """Rows cut into pages and read."""
    for start in range(0, len(rows), size):
        read = parse_page(body(rows[start : start + size]))
        assert read.problem is None
        yield RecordPage(read.records, read.bad_rows, read.unread_fields, "GET /api/models", None)


def origin(
    kind: SnapshotKind = SnapshotKind.FULL, endpoint: str = ENDPOINT, taken_at: datetime = NOON
) -> Origin:
    """Where the rows of a test come from."""
    return Origin(kind, endpoint, taken_at)


def publication(
    folder: Path,
    families: Sequence[Family] = (),
    rules: Sequence[Rule] = RULES,
    limits: Limits | None = None,
) -> BuildContext:
    """What a publication needs besides its pages, with a clock that stands still."""
    store = ParquetStore(str(folder), NO_OPT_OUTS)
    return BuildContext(store, families, limits or Limits(), FakeClock(), Progress(), rules)


def published(
    rows: Sequence[Row],
    folder: Path,
    *,
    families: Sequence[Family] = (),
    taken_at: datetime = NOON,
    size: int = 1000,
    endpoint: str = ENDPOINT,
    opt_outs: OptOuts = NO_OPT_OUTS,
) -> Snapshot:
    """Publish rows, in order of their keys as a sweep sees them, and open the snapshot."""
    ordered = sorted(rows, key=lambda one: str(one["_id"]))
    into = replace(publication(folder, families), opt_outs=opt_outs)
    manifest = build_snapshot(
        pages(ordered, size), origin(endpoint=endpoint, taken_at=taken_at), into
    )
    return into.store.snapshot(manifest.id)


def outlived(
    rows: Sequence[Row],
    gone: Collection[str],
    folder: Path,
    *,
    after: timedelta = timedelta(days=40),
    families: Sequence[Family] = (),
) -> Snapshot:
    """Publish rows, then once more without those that went meanwhile, however many; the second."""
    published(rows, folder, families=families)
    left = sorted((one for one in rows if one["id"] not in gone), key=lambda one: str(one["_id"]))
    into = publication(folder, families, limits=Limits(min_kept_share=0.0))
    manifest = build_snapshot(pages(left), origin(taken_at=NOON + after), into)
    return into.store.snapshot(manifest.id)


def rows_of(snapshot: Snapshot, file: str) -> list[Row]:
    """Every row of one table."""
    found: list[Row] = snapshot.table(file).to_pylist()
    return found


def edges_of(snapshot: Snapshot) -> set[tuple[str, str]]:
    """Child and parent of every edge, by name."""
    return {(str(one["child"]), str(one["parent"])) for one in rows_of(snapshot, "edges.parquet")}
