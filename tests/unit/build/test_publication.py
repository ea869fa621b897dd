"""Publishing the same rows gives the same bytes, each model once, and a snapshot or none."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lineage.build.checks import Limits
from lineage.build.pipeline import build_snapshot
from lineage.domain.files import temporary_name
from lineage.errors import DraftRefused, SourceUnavailable
from lineage.sources.interface import RecordPage
from lineage.store import schema
from lineage.store.inventory import MARK
from lineage.store.local_files import LocalFiles
from lineage.store.manifest import SnapshotKind
from lineage.store.reader import Snapshot
from lineage.store.table_writer import ROW_GROUP, TableWriter
from tests.builders import (
    Row,
    edges_of,
    key_of,
    origin,
    pages,
    publication,
    published,
    row,
    rows_of,
)
from tests.corpus import publish_corpus
from tests.fakes.fake_clock import NOON

ROWS = sorted(
    [
        row("base/a", license="mit", likes=5, downloads=7, gated="auto"),
        row("kid/1", ["base/a"], createdAt="2022-03-02T23:29:04.000Z"),
        row("kid/2", ["base/a"], "adapter", cardData={"base_model": "base/old"}),
        row("kid/3", ["kid/1", "kid/2"], "merge", downloads=None),
        row("kid/4", ["gone/x"], tags=[], cardData="odd"),
        row("kid/5", cardData={"base_model": "nobody/knows"}),
        row("odd/row/", _id=key_of("odd")),
    ],
    key=lambda one: str(one["_id"]),
)


def files_of(snapshot: Snapshot, folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / snapshot.id).glob("*.parquet")}


def contents(folder: Path, size: int, rows: list[Row] = ROWS) -> dict[str, bytes]:
    into = publication(folder)
    manifest = build_snapshot(pages(rows, size), origin(), into)
    return files_of(into.store.snapshot(manifest.id), folder)


# The same bytes


def test_two_runs_over_the_same_pages_give_the_same_bytes(tmp_path: Path) -> None:
    first = contents(tmp_path / "one", 3)
    assert set(first) == set(schema.TABLES)
    assert contents(tmp_path / "two", 3) == first


def test_manifests_of_two_runs_differ_in_times_alone(tmp_path: Path) -> None:
    read = []
    for minutes in (0, 5):
        into = publication(tmp_path / str(minutes))
        into.clock.sleep(60 * minutes)
        manifest = build_snapshot(pages(ROWS), origin(taken_at=into.clock.now()), into)
        read.append(
            json.loads((tmp_path / str(minutes) / manifest.id / "manifest.json").read_text())
        )
    first, second = read
    differing = {name for name in first if first[name] != second[name]}
    assert differing == {"id", "published_at", "origin"}
    origins = first["origin"], second["origin"]
    assert {name for name in origins[0] if origins[0][name] != origins[1][name]} == {"taken_at"}


@pytest.mark.parametrize("size", [1, 2, 4, 1000])
def test_pages_cut_at_other_borders_give_the_same_bytes(size: int, tmp_path: Path) -> None:
    expected = contents(tmp_path / "threes", 3)
    assert contents(tmp_path / "other", size) == expected


def test_the_whole_corpus_in_other_pages_gives_the_same_bytes(
    corpus_snapshot: Snapshot, tmp_path: Path
) -> None:
    other = publish_corpus(tmp_path, size=777)
    assert other.manifest.files == corpus_snapshot.manifest.files


def test_a_file_of_many_pages_has_the_same_bytes_however_its_rows_arrived(tmp_path: Path) -> None:
    """Long texts: one row group holds several of Parquet's own pages."""
    dice = Random(1)
    keys = [f"{dice.getrandbits(96):024x}" for _ in range(ROW_GROUP + 5000)]
    table = pa.table(
        {
            "key": keys,
            "reason": [f"{key[:4]}" for key in keys],
            "raw": [key * 3 for key in keys],
            "request": ["GET"] * len(keys),
        },
        schema=schema.BAD_ROWS,
    )
    files = LocalFiles(str(tmp_path))
    for size in (len(keys), 1000, 7777):
        with TableWriter(files, f"{size}", schema.BAD_ROWS) as writer:
            for batch in table.to_batches(max_chunksize=size):
                writer.write(batch)
    contents = {files.read(str(size), 1 << 30) for size in (len(keys), 1000, 7777)}
    assert len(contents) == 1


# Each model once, in order


def test_a_row_repeated_at_a_page_border_is_taken_once_and_late(tmp_path: Path) -> None:
    first = row("a/model", likes=1)
    snapshot = publish_in_this_order([[first], [first | {"likes": 2}]], tmp_path)
    assert [one["likes"] for one in rows_of(snapshot, "metrics.parquet")] == [2]


def test_a_row_repeated_far_apart_is_taken_once_and_late(tmp_path: Path) -> None:
    early = row("kid/x", ["base/a"], likes=1)
    late = row("kid/x", ["base/b"], likes=2)
    others = [row("base/a"), row("base/b"), row("base/c")]
    snapshot = publish_in_this_order([[early], others[:2], [others[2], late]], tmp_path)
    assert edges_of(snapshot) == {("kid/x", "base/b")}
    keys = [str(one["key"]) for one in rows_of(snapshot, "models.parquet")]
    assert keys == sorted({key_of(f"{name}") for name in ("kid/x", "base/a", "base/b", "base/c")})


def test_a_row_repeated_on_one_page_is_taken_once_and_late(tmp_path: Path) -> None:
    one = row("a/model", likes=1)
    snapshot = publish_in_this_order([[one, one | {"likes": 2}, one | {"likes": 3}]], tmp_path)
    assert [found["likes"] for found in rows_of(snapshot, "metrics.parquet")] == [3]
    assert snapshot.manifest.models == 1


@pytest.mark.parametrize("seed", range(4))
def test_rows_in_any_order_end_in_order_of_their_keys(seed: int, tmp_path: Path) -> None:
    good = [one for one in ROWS if one["id"] != "odd/row/"]
    shuffled = Random(seed).sample(good, len(good))
    assert contents(tmp_path / "shuffled", 2, shuffled) == contents(tmp_path / "sorted", 2, good)


def publish_in_this_order(rows: list[list[Row]], folder: Path) -> Snapshot:
    into = publication(folder)
    page_stream = (page for some in rows for page in pages(some))
    return into.store.snapshot(build_snapshot(page_stream, origin(), into).id)


# Plain Parquet


def test_files_are_plain_parquet_with_moments_in_utc(tmp_path: Path) -> None:
    snapshot = published(ROWS, tmp_path)
    for name, fields in schema.TABLES.items():
        found = pq.read_schema(tmp_path / snapshot.id / name)
        assert found.names == fields.names
        assert not [field for field in found if pa.types.is_dictionary(field.type)]
        moments = [field.type for field in found if pa.types.is_timestamp(field.type)]
        assert set(moments) <= {pa.timestamp("us", tz="UTC")}


def test_models_without_any_parent_make_empty_tables(tmp_path: Path) -> None:
    snapshot = published([row("alone/a")], tmp_path)
    assert snapshot.manifest.models == 1
    for name in (schema.EVIDENCE_FILE, schema.EDGES_FILE, schema.COUNTS_FILE):
        assert rows_of(snapshot, name) == []


def test_what_is_known_of_a_model_is_stored(tmp_path: Path) -> None:
    snapshot = published(ROWS, tmp_path)
    models = {one["id"]: one for one in rows_of(snapshot, "models.parquet")}
    metrics = {one["key"]: one for one in rows_of(snapshot, "metrics.parquet")}
    assert models["kid/1"]["created_at"] is None
    assert models["kid/2"]["created_at"] == NOON.replace(2024, 3, 24, 10, tzinfo=UTC)
    assert models["base/a"]["gated"] == "auto"
    assert metrics[key_of("base/a")] == {
        "key": key_of("base/a"),
        "downloads": 7,
        "downloads_all_time": None,
        "likes": 5,
    }


def test_bad_rows_are_stored_and_counted_with_what_went_unread(tmp_path: Path) -> None:
    snapshot = published(ROWS, tmp_path)
    (bad,) = rows_of(snapshot, "bad_rows.parquet")
    assert (bad["key"], bad["reason"]) == (key_of("odd"), "id is not a repository id")
    assert json.loads(str(bad["raw"]))["id"] == "odd/row/"
    assert snapshot.manifest.bad_rows == 1
    assert snapshot.manifest.unread_fields == {"cardData": 1}


# Published or set aside


def test_a_refused_draft_is_kept_aside_with_its_reasons(tmp_path: Path) -> None:
    before = published([row(f"a/{n}") for n in range(20)], tmp_path)
    into = publication(tmp_path)
    later = origin(taken_at=NOON + timedelta(days=1))
    with pytest.raises(DraftRefused, match="no_sudden_loss") as refusal:
        build_snapshot(pages([row(f"a/{n}") for n in range(17)]), later, into)
    (id,) = into.store.refused()
    assert id in refusal.value.message
    assert into.store.snapshot().id == before.id
    assert [manifest.id for manifest in into.store.manifests()] == [before.id]
    reasons = json.loads((tmp_path / id / "refused.json").read_text())["checks"]
    assert [one["name"] for one in reasons if not one["passed"]] == ["no_sudden_loss"]
    assert (tmp_path / id / "models.parquet").is_file()


def test_the_next_good_draft_stands_beside_the_last_published_one(tmp_path: Path) -> None:
    rows = [row(f"a/{n}") for n in range(20)]
    before = published(rows, tmp_path)
    with pytest.raises(DraftRefused):
        published(rows[:10], tmp_path, taken_at=NOON + timedelta(days=1))
    after = published(rows[:19], tmp_path, taken_at=NOON + timedelta(days=2))
    assert after.manifest.previous == before.id


def test_a_draft_of_another_hub_is_refused(tmp_path: Path) -> None:
    published([row()], tmp_path)
    into = publication(tmp_path)
    other = origin(endpoint="https://elsewhere.example", taken_at=NOON + timedelta(days=1))
    with pytest.raises(DraftRefused, match="same_endpoint"):
        build_snapshot(pages([row()]), other, into)


def test_a_slash_at_its_end_makes_no_other_hub(tmp_path: Path) -> None:
    published([row()], tmp_path)
    same = origin(endpoint="https://hub.example/", taken_at=NOON + timedelta(days=1))
    assert build_snapshot(pages([row()]), same, publication(tmp_path)).models == 1


def test_too_many_bad_rows_are_refused_unless_allowed(tmp_path: Path) -> None:
    rows = [row(f"a/{n}") for n in range(100)] + [row("x/y/z", _id=f"{n:024x}") for n in range(11)]
    with pytest.raises(DraftRefused, match="few_bad_rows"):
        build_snapshot(pages(rows), origin(), publication(tmp_path))
    allowed = publication(tmp_path, limits=Limits(max_bad_share=0.1))
    assert build_snapshot(pages(rows), origin(), allowed).bad_rows == 11


def test_a_walk_of_one_family_is_never_the_latest(tmp_path: Path) -> None:
    full = published([row(f"a/{n}") for n in range(20)], tmp_path)
    into = publication(tmp_path)
    small = replace(origin(SnapshotKind.BELOW, taken_at=NOON + timedelta(days=1)), below="a/1")
    manifest = build_snapshot(pages([row("a/1")]), small, into)
    assert into.store.snapshot().id == full.id
    assert into.store.snapshot(manifest.id).manifest.origin.below == "a/1"
    after = published([row(f"a/{n}") for n in range(20)], tmp_path, taken_at=NOON.replace(day=23))
    assert after.manifest.previous == full.id


def test_two_drafts_of_one_moment_are_two_snapshots(tmp_path: Path) -> None:
    first, second = (published([row()], tmp_path) for _ in range(2))
    assert [first.id, second.id] == ["20261121T120000Z", "20261121T120001Z"]


def test_a_walk_that_breaks_off_leaves_nothing_that_looks_like_a_snapshot(tmp_path: Path) -> None:
    def breaking_off() -> Iterator[RecordPage]:
        yield from pages(ROWS, 2)
        raise SourceUnavailable("the Hub is down")

    into = publication(tmp_path)
    with pytest.raises(SourceUnavailable):
        build_snapshot(breaking_off(), origin(), into)
    assert into.store.manifests() == []
    assert into.store.refused() == []
    assert published(ROWS, tmp_path).id == "20261121T120000Z"


def test_what_a_killed_run_left_behind_is_cleared_away(tmp_path: Path) -> None:
    left = tmp_path / "20261121T120000Z"
    left.mkdir()
    for name in ("models.parquet", MARK, temporary_name()):
        (left / name).write_bytes(b"half")
    snapshot = published([row()], tmp_path)
    assert snapshot.id == left.name
    assert {path.name for path in left.iterdir()} == {*schema.TABLES, "manifest.json"}


def test_the_manifest_names_every_table_with_its_rows(tmp_path: Path) -> None:
    snapshot = published(ROWS, tmp_path)
    assert sorted(snapshot.manifest.files) == sorted(schema.TABLES)
    for name, facts in snapshot.manifest.files.items():
        assert facts.rows == len(rows_of(snapshot, name))
        assert facts.bytes == (tmp_path / snapshot.id / name).stat().st_size


def test_what_a_kill_left_long_ago_is_deleted_and_nothing_else(tmp_path: Path) -> None:
    for folder in ("20200101T000000Z", "20991231T000000Z", "not-a-draft"):
        (tmp_path / folder).mkdir()
    kept = published(ROWS, tmp_path, taken_at=NOON)
    published(ROWS, tmp_path, taken_at=NOON + timedelta(days=30))
    folders = {path.name for path in tmp_path.iterdir()}
    assert "20200101T000000Z" not in folders
    assert {"20991231T000000Z", "not-a-draft", kept.id} <= folders
