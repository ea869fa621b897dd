"""Readers of a store leave opt-outs out by themselves: no caller has to think of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import lineage
from lineage.domain.opt_outs import NO_OPT_OUTS, OptOuts
from lineage.store import schema
from lineage.store.manifest import Origin, SnapshotKind
from lineage.store.reader import Snapshot
from lineage.store.store import ParquetStore
from tests.builders import ENDPOINT, origin, outlived, pages, publication, row
from tests.fakes.fake_clock import NOON

LIST = OptOuts.parse("shyowl, some/hidden")
ROWS = [
    row("base/a", license="mit"),
    row("shyowl/nest", ["base/a"]),
    row("kid/of-nest", ["shyowl/nest"]),
    row("some/hidden", ["base/a"], "adapter"),
    row("kid/of-both", ["some/hidden", "base/a"], "merge"),
    row("kid/linked", ["base/a"], cardData={"license_link": "https://hf.co/shyowl/nest"}),
    row("kid/loaded", config={"_name_or_path": "shyowl/nest"}),
    row("shyowl/deleted", ["base/a"]),
    row("not/a/name", tags=["shyowl/nest"]),
]


@pytest.fixture(scope="module")
def location(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("store")
    outlived(ROWS, {"shyowl/deleted"}, folder)
    return str(folder)


def texts(snapshot: Snapshot) -> Iterator[str]:
    """Every value of every table, by every way that a reader has to it, and the manifest."""
    for file in schema.TABLES:
        yield str(snapshot.table(file).to_pylist())
        yield from (str(batch.to_pylist()) for batch in snapshot.batches(file))
        yield from (str(snapshot.column(file, name)) for name in schema.TABLES[file].names)
    yield str(snapshot.tombstones().to_pylist())
    yield str(snapshot.record_table(["key", "id", "tags"]).to_pylist())
    yield str(snapshot.largest_bases(99))
    yield str(snapshot.former_names().to_pylist())
    yield snapshot.manifest.to_json().decode()


def opted_out_named_in(snapshot: Snapshot) -> bool:
    return any(
        "shyowl" in text or "some/hidden" in text for text in map(str.lower, texts(snapshot))
    )


def readers(store: ParquetStore) -> Iterator[Snapshot]:
    """Every way to get a reader of a published snapshot."""
    yield store.snapshot()
    yield store.snapshot("latest")
    yield store.snapshot("2099-01-01")
    yield store.snapshot_at(NOON.date())
    yield from (store.snapshot(one.id) for one in store.manifests())
    yield from store.history(print)
    yield from (one for one in (store.latest_whole(), store.latest_crawl()) if one is not None)


def test_a_store_opened_without_opt_outs_names_them(location: str) -> None:
    assert all(map(opted_out_named_in, readers(ParquetStore(location, NO_OPT_OUTS))))


def test_a_new_caller_gets_no_reader_that_names_them(
    location: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINEAGE_OPT_OUTS", "shyowl, some/hidden")
    assert not any(map(opted_out_named_in, readers(lineage.open_store(location))))


def test_nobody_can_open_a_store_without_saying_whom_it_leaves_out() -> None:
    with pytest.raises(TypeError, match="opt_outs"):
        ParquetStore("snapshots")  # type: ignore[call-arg]


def test_what_is_left_is_whole_and_counted_anew(location: str) -> None:
    raw = ParquetStore(location, NO_OPT_OUTS).snapshot()
    redacted = ParquetStore(location, LIST).snapshot()
    base, before = redacted.base("base/a"), raw.base("base/a")
    assert base is not None
    assert before is not None
    assert (base.direct, base.total) == (2, 2) < (before.direct, before.total)
    assert redacted.manifest.models == redacted.table(schema.MODELS_FILE).num_rows == 5
    edges = redacted.table(schema.EDGES_FILE).to_pylist()
    ids = redacted.record_column("id").to_pylist()
    assert {(ids[one["child_node"]], ids[one["parent_node"]]) for one in edges} == {
        ("kid/of-both", "base/a"),
        ("kid/linked", "base/a"),
    }
    assert all(one["child"] == ids[one["child_node"]] for one in edges)


def test_a_manifest_of_what_lies_below_one_of_them_does_not_say_so(tmp_path: Path) -> None:
    into = publication(tmp_path)
    below = Origin(SnapshotKind.BELOW, ENDPOINT, NOON, below="shyowl/nest")
    from lineage.build.pipeline import build_snapshot

    build_snapshot(pages(ROWS[:3]), below, into)
    (manifest,) = ParquetStore(str(tmp_path), LIST).manifests()
    assert "shyowl" not in manifest.to_json().decode()
    assert origin().below is None
