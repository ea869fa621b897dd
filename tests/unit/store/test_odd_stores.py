"""A manifest or table that is not as the schema has it is damage of its snapshot, and named."""

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.errors import LineageError, SchemaTooNew, SnapshotDamaged
from lineage.store import schema
from lineage.store.store import ParquetStore
from tests.builders import published, row
from tests.fakes.fake_clock import NOON
from tests.questions import count_base

Manifest = dict[str, object]
Change = Callable[[pa.Table], pa.Table]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=4,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of two snapshots; tests put back what they change of the second one."""
    folder = tmp_path_factory.mktemp("store")
    rows = [row("base/a"), *(row(f"kid/{n}", ["base/a"]) for n in range(3))]
    published(rows, folder)
    published(rows, folder, taken_at=NOON + timedelta(days=2))
    return folder


@pytest.fixture(scope="module")
def store(folder: Path) -> ParquetStore:
    return ParquetStore(str(folder), NO_OPT_OUTS)


FIRST, SECOND = "20261121T120000Z", "20261123T120000Z"


def expect_second_alone_is_damaged(
    store: ParquetStore, match: str = "cannot be read|says it is"
) -> None:
    assert [it.id for it in store.manifests()] == [FIRST]
    assert list(store.damaged()) == [SECOND]
    assert f"{SECOND}/manifest.json" in store.damaged()[SECOND]
    assert store.snapshot_at(date(2030, 1, 1)).id == FIRST
    for ask in (store.snapshot, lambda: store.snapshot(SECOND), lambda: store.find_damage(SECOND)):
        with pytest.raises(SnapshotDamaged, match=match):
            ask()


@pytest.fixture
def manifest(folder: Path) -> Iterator[Manifest]:
    path = folder / SECOND / "manifest.json"
    content = path.read_bytes()
    yield json.loads(content)
    path.write_bytes(content)


def write_manifest(folder: Path, content: bytes | Manifest) -> None:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    (folder / SECOND / "manifest.json").write_bytes(raw)


# Manifests


@pytest.mark.parametrize(
    "changes",
    [
        {"published_at": "2026-11-23T12:00:00"},
        {"published_at": "9999-12-31T23:59:59Z"},
        {"published_at": "2026-11-23T12:00:00+05:00"},
        {"published_at": 5},
        {"origin": {"taken_at": "2026-11-23T12:00:00", "kind": "full", "endpoint": "x"}},
        {"origin": {"taken_at": "0001-01-01T00:00:00Z", "kind": "full", "endpoint": "x"}},
        {"origin": {"taken_at": "2026-11-23T12:00:00Z", "kind": "bulk ", "endpoint": "x"}},
        {"origin": []},
        {"models": "4"},
        {"models": 5},
        {"models": -1},
        {"models": 4.5},
        {"models": True},
        {"models": 10**400},
        {"edges": 2**31},
        {"id": "../elsewhere"},
        {"id": FIRST},
        {"previous": "../elsewhere"},
        {"builds_on": {"id": "..", "files": {}}},
        {"builds_on": {"id": SECOND, "files": dict.fromkeys(schema.KEYS, "0" * 64)}},
        {"files": {}},
        {"files": {"../models.parquet": {"rows": 1, "bytes": 1, "sha256": "0" * 64}}},
        {"left_out": "abc"},
        {"checks": [{"name": 1, "passed": "yes", "notes": None}]},
        {"unread_fields": {"a": "b"}},
        {"schema_version": 0},
        {"schema_version": None},
    ],
)
def test_an_odd_manifest_harms_its_snapshot_alone(
    changes: Manifest, manifest: Manifest, folder: Path, store: ParquetStore
) -> None:
    write_manifest(folder, manifest | changes)
    expect_second_alone_is_damaged(store)


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"\xff\xfe{}", b'{"a":' * 100_000, b'{"schema_version": 4, "a": NaN}'],
)
def test_what_is_no_manifest_at_all_harms_its_snapshot_alone(
    content: bytes, manifest: Manifest, folder: Path, store: ParquetStore
) -> None:
    write_manifest(folder, content)
    expect_second_alone_is_damaged(store)


def test_a_huge_manifest_is_not_read_whole(
    manifest: Manifest, folder: Path, store: ParquetStore
) -> None:
    with (folder / SECOND / "manifest.json").open("r+b") as file:
        file.truncate(2**40)  # a terabyte of nothing
    expect_second_alone_is_damaged(store, "is larger than")


def test_a_newer_schema_is_named_and_its_neighbours_are_read(
    manifest: Manifest, folder: Path, store: ParquetStore
) -> None:
    write_manifest(folder, manifest | {"schema_version": schema.VERSION + 1})
    expect_second_alone_is_damaged(store, "update lineage|schema version")
    with pytest.raises(SchemaTooNew):
        store.latest_crawl()  # whoever makes snapshots goes on from the newest, or not at all


def test_what_a_later_lineage_adds_is_passed_over(
    manifest: Manifest, folder: Path, store: ParquetStore
) -> None:
    write_manifest(folder, manifest | {"mood": "good", "tables": [1]})
    assert store.snapshot().id == SECOND


@settings(max_examples=60, deadline=None)
@given(data=st.data(), value=JSON)
def test_any_value_anywhere_in_a_manifest_is_read_or_damage_of_its_snapshot(
    data: st.DataObject, value: object, folder: Path, store: ParquetStore
) -> None:
    path = folder / SECOND / "manifest.json"
    content = path.read_bytes()
    whole = json.loads(content)
    place = whole
    name = data.draw(st.sampled_from(sorted(place)))
    while isinstance(place[name], dict) and place[name] and data.draw(st.booleans()):
        place = place[name]
        name = data.draw(st.sampled_from(sorted(place)))
    place[name] = value
    try:
        write_manifest(folder, whole)
        assert len(store.manifests()) + len(store.damaged()) == 2
        assert store.snapshot(FIRST).id == FIRST
        try:
            assert count_base(store.snapshot(SECOND), "base/a").total == 3
            store.find_damage(SECOND)
        except LineageError:
            pass
    finally:
        path.write_bytes(content)


# Tables


def rewrite(folder: Path, file: str, change: Change, manifest: Manifest) -> None:
    """Write a table anew, and a manifest that agrees with it."""
    path = folder / SECOND / file
    pq.write_table(change(pq.read_table(path)), path)
    content, rows = path.read_bytes(), pq.read_metadata(path).num_rows
    digest = hashlib.sha256(content).hexdigest()
    odd = json.loads(json.dumps(manifest))
    odd["files"][file] = {"rows": rows, "bytes": len(content), "sha256": digest}
    if file in ("models.parquet", "edges.parquet"):
        odd[file.partition(".")[0]] = rows
    write_manifest(folder, odd)


def replaced(column: str, change: Callable[[pa.ChunkedArray], pa.Array]) -> Change:
    def apply(table: pa.Table) -> pa.Table:
        at = table.schema.names.index(column)
        values = change(table[column])
        return table.set_column(at, table.schema.field(at).with_type(values.type), values)

    return apply


def filled(value: object, kind: pa.DataType) -> Callable[[pa.ChunkedArray], pa.Array]:
    return lambda column: pa.array([value] * len(column), kind)


@pytest.mark.parametrize(
    ("file", "column", "change"),
    [
        ("models.parquet", "id", lambda it: it.drop_columns(["id"])),
        ("models.parquet", "tags", lambda it: it.drop_columns(["tags"])),
        ("models.parquet", "id", lambda it: it.append_column("id", it["id"])),
        ("models.parquet", "id", replaced("id", lambda it: it.cast(pa.large_string()))),
        ("models.parquet", "id", replaced("id", lambda it: it.dictionary_encode())),
        ("models.parquet", "id", replaced("id", lambda it: it.cast(pa.binary()))),
        ("models.parquet", "created_at", replaced("created_at", lambda it: it.cast(pa.int64()))),
        ("models.parquet", "tags", replaced("tags", filled("a", pa.string()))),
        ("models.parquet", "key", lambda it: it.take(pa.array([1, 0, 2, 3]))),
        ("models.parquet", "key", replaced("key", filled("short", pa.string()))),
        (
            "models.parquet",
            "created_at",
            replaced("created_at", filled(2**62, pa.timestamp("us", "UTC"))),
        ),
        (
            "models.parquet",
            "id",
            replaced("id", lambda it: filled(b"\xff", pa.binary())(it).view(pa.string())),
        ),
        ("edges.parquet", "child_node", replaced("child_node", filled(-1, pa.int32()))),
        ("edges.parquet", "parent_node", replaced("parent_node", filled(99, pa.int32()))),
        ("edges.parquet", "relation", replaced("relation", filled("cousin", pa.string()))),
        ("edges.parquet", "strength", replaced("strength", filled("", pa.string()))),
        ("edges.parquet", "child_node", replaced("child_node", lambda it: pc.add(it, 0.5))),
        ("counts.parquet", "node", replaced("node", filled(2**31 - 1, pa.int32()))),
        ("counts.parquet", "total", replaced("total", filled("3", pa.string()))),
    ],
)
def test_a_table_off_the_schema_is_named_with_its_column(
    file: str, column: str, change: Change, manifest: Manifest, folder: Path
) -> None:
    store = ParquetStore(str(folder), NO_OPT_OUTS)
    whole = (folder / SECOND / file).read_bytes()
    try:
        rewrite(folder, file, change, manifest)
        with pytest.raises(SnapshotDamaged, match=rf"{file} cannot be read: .*\b{column}\b"):
            store.snapshot(SECOND).table(file)
        (problem, *_) = store.find_damage(SECOND, in_values=True)
        assert file in problem
        assert column in problem
    finally:
        (folder / SECOND / file).write_bytes(whole)


def test_no_number_is_given_of_models_in_another_order(
    manifest: Manifest, folder: Path, store: ParquetStore
) -> None:
    path = folder / SECOND / "models.parquet"
    whole = path.read_bytes()
    try:
        rewrite(folder, path.name, lambda it: it.take(pa.array([3, 2, 1, 0])), manifest)
        counted = count_base(store.snapshot(SECOND), "base/a").total  # as it was stored
        assert counted == 3
        with pytest.raises(SnapshotDamaged, match="its column id is in another order"):
            store.snapshot(SECOND).nodes_of(["kid/1"])
    finally:
        path.write_bytes(whole)


def test_a_column_that_may_be_null_where_none_may_is_named(
    manifest: Manifest, folder: Path, store: ParquetStore
) -> None:
    path = folder / SECOND / "counts.parquet"
    whole = path.read_bytes()
    try:
        rewrite(
            folder,
            "counts.parquet",
            lambda it: it.set_column(2, "node", pa.nulls(len(it), pa.int32())),
            manifest,
        )
        with pytest.raises(SnapshotDamaged, match="its column node may be null"):
            store.snapshot(SECOND).base("base/a")
    finally:
        path.write_bytes(whole)


def test_another_number_of_rows_than_the_manifests_is_damage(
    manifest: Manifest, folder: Path, store: ParquetStore
) -> None:
    path = folder / SECOND / "evidence.parquet"
    whole = path.read_bytes()
    files = json.loads(json.dumps(manifest["files"]))
    files["evidence.parquet"] |= {"rows": 7}
    write_manifest(folder, manifest | {"files": files})
    with pytest.raises(SnapshotDamaged, match="it has 9 rows, the manifest says 7"):
        store.snapshot(SECOND).table("evidence.parquet")
    assert path.read_bytes() == whole
