"""A history as a data set: published to a Hub on loopback, then read as strangers read it."""

import hashlib
import itertools
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lineage.build.checks import Limits
from lineage.build.pipeline import build_snapshot
from lineage.domain.opt_outs import NO_OPT_OUTS, OptOuts
from lineage.errors import (
    AccessRefused,
    NoSuchSnapshot,
    SettingsError,
    SnapshotDamaged,
    SourceUnavailable,
    StoreError,
)
from lineage.export.data_set_tables import HISTORY, LATEST, write_latest_data_set_table
from lineage.export.hub_data_set import DataSetPublisher, Publication
from lineage.export.hub_repository import HubRepository, data_set_name_of_address
from lineage.settings import DEFAULT_ENDPOINT, Settings
from lineage.store.manifest import SnapshotKind
from lineage.store.reader import Snapshot
from lineage.store.store import ParquetStore
from tests.builders import Row, origin, pages, publication, published, row
from tests.fakes.data_set_hub import TOKEN, DataSetHub, Repository
from tests.fakes.fake_clock import NOON
from tests.updates import updated

# The Hub's own client sends large files in a way that its HTTP library would rather not see.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content:DeprecationWarning")

ID = "owner/lineage"
BASE = "meta-llama/Llama-2-7b-hf"
ROWS = [
    row(BASE),
    *(row(f"kid/model-{n}", [BASE], likes=n, tags=["a", f"t{n}"]) for n in range(30)),
    row("zorgo/one", [BASE]),
    row("kid/below", ["zorgo/one"]),
]


def made_history(folder: Path) -> ParquetStore:
    """A full crawl, two updates, and a full crawl that finds a model deleted."""
    into = publication(folder, limits=Limits(min_kept_share=0.0))

    def crawl(rows: Sequence[Row], days: int) -> Snapshot:
        ordered = sorted(rows, key=lambda it: str(it["_id"]))
        where = origin(taken_at=NOON + timedelta(days=days))
        return into.store.snapshot(build_snapshot(pages(ordered), where, into).id)

    changed = [row("kid/model-3", [BASE], likes=99), row("new/one")]
    second = updated(crawl(ROWS, 0), changed, folder)
    updated(second, [row("kid/model-4", ["new/one"])], folder)
    crawl([it for it in [*ROWS, row("new/one")] if it["id"] != "kid/model-5"], 9)
    return ParquetStore(str(folder), NO_OPT_OUTS)


def next_day(store: ParquetStore) -> Snapshot:
    """An update upon the newest snapshot."""
    newest = store.latest_whole()
    assert newest is not None
    folder, more = Path(store.location), row("kid/later", [BASE])
    return updated(newest, [more], folder, endpoint=newest.manifest.origin.endpoint)


@pytest.fixture
def hub() -> Iterator[DataSetHub]:
    with DataSetHub() as opened:
        yield opened


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> ParquetStore:
    """A history that no test changes."""
    return made_history(tmp_path_factory.mktemp("history"))


@pytest.fixture
def store(history: ParquetStore, tmp_path: Path) -> ParquetStore:
    """The same, for one test alone."""
    shutil.copytree(history.location, tmp_path / "store")
    return ParquetStore(str(tmp_path / "store"), NO_OPT_OUTS)


@pytest.fixture
def small(tmp_path: Path) -> ParquetStore:
    """One snapshot, where no history is asked about."""
    published(ROWS[:3], tmp_path / "small")
    return ParquetStore(str(tmp_path / "small"), NO_OPT_OUTS)


@pytest.fixture(scope="module")
def data_set(history: ParquetStore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That history published, as files."""
    with DataSetHub() as hub:
        send(hub, history)
        return downloaded(hub, tmp_path_factory.mktemp("data"))


def send(hub: DataSetHub, store: ParquetStore, **wish: Any) -> Publication:
    """Publish a store, as a sample unless said otherwise."""
    names = OptOuts.parse(wish.pop("opt_outs", ""))
    repository = HubRepository(
        wish.pop("id", ID), Settings(endpoint=wish.pop("endpoint", hub.url), token=TOKEN)
    )
    flags: dict[str, Any] = {"sample": True, "private": False, "cache": "cache"}
    flags["say"] = lambda _: None
    return DataSetPublisher(repository, store, names, **flags | wish).run()


def downloaded(hub: DataSetHub, folder: Path) -> Path:
    """The data set as files."""
    for path, content in hub.files(ID).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def as_rows(table: pa.Table) -> list[str]:
    """Rows in any order, without the numbers of nodes, which differ from day to day."""
    columns = [name for name in sorted(table.schema.names) if not name.endswith("node")]
    return sorted(map(str, table.select(columns).to_pylist()))


def is_named_in(word: str, hub: DataSetHub) -> bool:
    """Whether a data set says a word: any commit, and any large file that was ever sent."""
    repository = hub.repositories[ID]
    contents = {*repository.large.values()}.union(*(it.files.values() for it in repository.commits))
    return any(
        word in str(pq.read_table(pa.BufferReader(it)).to_pylist())
        if it.startswith(b"PAR1")
        else word.encode() in it
        for it in contents
    )


def sent_twice(hub: DataSetHub) -> dict[str, int]:
    """What came more often than there are files of that content."""
    contents = {
        (path, content)
        for commit in hub.repositories[ID].commits
        for path, content in commit.files.items()
    }
    numbers = Counter(hashlib.sha256(content).hexdigest() for _, content in contents)
    return {sha: n for sha, n in hub.sent.items() if n > numbers[sha]}


# What readers see


def test_load_dataset_reads_every_table_of_a_published_history(
    data_set: Path, history: ParquetStore, tmp_path: Path
) -> None:
    folder, newest = data_set, history.snapshot()
    # It takes seconds to load: only where it is used, not in every process that gathers tests.
    from datasets import disable_progress_bars, get_dataset_config_names, load_dataset

    disable_progress_bars()
    names = [*LATEST, *(f"{name}_history" for name in HISTORY)]
    assert get_dataset_config_names(str(folder)) == [f"sample_{name}" for name in names]
    for name in LATEST:
        loaded = load_dataset(
            str(folder), f"sample_{name}", split="train", cache_dir=str(tmp_path / "cache")
        )
        assert as_rows(loaded.data.table) == as_rows(newest.table(f"{name}.parquet"))
    curve = load_dataset(
        str(folder), "sample_counts_history", split="train", cache_dir=str(tmp_path / "cache")
    )
    assert set(curve["snapshot"]) <= {it.id for it in history.manifests()}
    assert len(set(curve["date"])) > 1


@pytest.mark.parametrize("name", ["counts", "edges", "models", "metrics"])
def test_the_readmes_query_gives_the_tables_of_any_day(
    name: str, data_set: Path, history: ParquetStore
) -> None:
    readme = (data_set / "README.md").read_text("utf-8")
    query = readme.rpartition("```sql\n")[2].partition(";")[0]
    query = query.replace(f"hf://datasets/{ID}", str(data_set)).replace("counts", name)
    if name == "edges":
        query = query.replace("PARTITION BY key", "PARTITION BY child_key, parent_key")
    newest = history.snapshot().manifest.origin.taken_at.date()
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for snapshot in history:
        day = snapshot.manifest.origin.taken_at.date()
        rows = connection.sql(query.replace(str(newest), str(day))).to_arrow_table()
        stored = snapshot.table(f"{name}.parquet")
        assert as_rows(rows.drop_columns(["snapshot", "date"])) == as_rows(stored), day


def test_the_folder_of_snapshots_is_a_store(data_set: Path, history: ParquetStore) -> None:
    copy = ParquetStore(str(data_set / "snapshots"), NO_OPT_OUTS)
    assert copy.manifests() == history.manifests()
    assert [copy.find_damage(it.id, in_values=True) for it in copy.manifests()] == [[]] * 4


class RangeFile:
    """A file of a data set, read by range requests; counts the bytes that came."""

    def __init__(self, hub: DataSetHub, path: str) -> None:
        self._url = f"{hub.url}/datasets/{ID}/resolve/main/{path}"
        self.size = int(httpx.head(self._url).headers["Content-Length"])
        self.bytes = self._place = 0
        self.closed = False

    def read(self, number: int) -> bytes:
        last = min(self._place + number, self.size) - 1
        content = httpx.get(self._url, headers={"Range": f"bytes={self._place}-{last}"}).content
        self._place += len(content)
        self.bytes += len(content)
        return content

    def seek(self, place: int, whence: int = 0) -> int:
        self._place = place + (0, self._place, self.size)[whence]
        return self._place

    def tell(self) -> int:
        return self._place

    def close(self) -> None:
        self.closed = True


def test_one_count_costs_at_most_44_kilobytes_of_range_requests(
    hub: DataSetHub, corpus_snapshot: Snapshot, tmp_path: Path
) -> None:
    local = write_latest_data_set_table(corpus_snapshot, "counts", tmp_path)
    hub.repositories[ID] = Repository(private=False)
    hub.repositories[ID].add("by hand", {"latest/counts.parquet": local.read_bytes()}, 1)
    stored = corpus_snapshot.base("meta-llama/Llama-3.1-8B")
    file = RangeFile(hub, "latest/counts.parquet")
    tail = file.seek(-8, 2)
    length = int.from_bytes(file.read(4), "little")
    file.seek(tail - length)
    footer = file.read(length + 8)
    metadata = pq.read_metadata(pa.BufferReader(b"PAR1" + footer))
    names = [metadata.schema.column(n).path for n in range(metadata.num_columns)]
    at = names.index("id")
    bounds = [metadata.row_group(n).column(at).statistics for n in range(metadata.num_row_groups)]
    (group,) = [n for n, it in enumerate(bounds) if it.min <= stored.id <= it.max]  # type: ignore[union-attr]
    parquet = pq.ParquetFile(pa.PythonFile(file, mode="r"), metadata=metadata)
    table = parquet.read_row_group(group, columns=["id", "total"])
    totals = dict(zip(table["id"].to_pylist(), table["total"].to_pylist(), strict=True))
    assert stored is not None
    assert totals[stored.id] == stored.total
    assert file.bytes <= 44_000
    assert metadata.row_group(0).column(at).has_column_index


# What is sent


def test_what_is_there_is_not_sent_again_and_a_day_is_one_commit(
    hub: DataSetHub, store: ParquetStore
) -> None:
    first = send(hub, store)
    assert (first.commits, len(first.added)) == (1, 4)
    again = send(hub, store)
    assert (again.commits, again.files) == (0, 0)
    day = next_day(store)
    more = send(hub, store)
    assert (more.commits, more.added, more.rewritten) == (1, (day.id,), ())
    assert not sent_twice(hub)
    commit = hub.repositories[ID].head
    assert commit.message == f"Sample: snapshot {day.id}"
    assert commit.operations < 40


def test_a_long_history_takes_several_commits_of_fewer_than_100_files(
    hub: DataSetHub, store: ParquetStore
) -> None:
    for _ in range(2):
        next_day(store)
    done = send(hub, store)
    commits = hub.repositories[ID].commits
    assert done.commits == len(commits) - 1 > 1
    assert max(commit.operations for commit in commits) < 100
    assert ["README.md" in commit.files for commit in commits] == [False] * (len(commits) - 1) + [
        True
    ]


def test_a_publication_that_was_killed_goes_on_and_sends_nothing_twice(
    hub: DataSetHub, store: ParquetStore
) -> None:
    for _ in range(2):
        next_day(store)
    for number in (3, 30, 20):
        answered = itertools.count()
        hub.fault = lambda method, path, a=answered, n=number: 403 if next(a) >= n else None  # type: ignore[misc]
        with pytest.raises(AccessRefused):
            send(hub, store)
    hub.fault = lambda method, path: None
    send(hub, store)
    assert not sent_twice(hub)
    with DataSetHub() as undisturbed:
        send(undisturbed, store)
        addresses = (undisturbed.url.encode(), hub.url.encode())
        assert hub.files(ID) == {
            path: content.replace(*addresses) for path, content in undisturbed.files(ID).items()
        }


def test_of_two_publications_at_once_one_wins_and_the_other_begins_anew(
    hub: DataSetHub, store: ParquetStore
) -> None:
    send(hub, store)
    day = next_day(store)
    inner: list[Publication] = []

    def publish_before(method: str, path: str) -> None:
        if path.endswith("/commit/main") and not inner:
            inner.append(replace(first, commits=0))
            inner[0] = send(hub, store)

    first = send(hub, store, id="owner/other")
    hub.fault = publish_before
    said: list[str] = []
    done = send(hub, store, say=said.append)
    assert (inner[0].commits, done.commits) == (1, 0)
    assert any("another publication came first" in line for line in said)
    assert [it.message for it in hub.repositories[ID].commits][2:] == [f"Sample: snapshot {day.id}"]


def test_snapshots_that_were_pruned_are_deleted_and_what_follows_is_written_anew(
    hub: DataSetHub, store: ParquetStore, tmp_path: Path
) -> None:
    send(hub, store)
    pruned, after = store.manifests()[1].id, store.manifests()[2].id
    store.delete(pruned)
    done = send(hub, store)
    assert (done.removed, done.rewritten, done.commits) == ((pruned,), (after,), 1)
    assert done.deleted_files > 10
    assert not [path for path in hub.files(ID) if pruned in path]
    newly = send(hub, store, id="owner/other")
    assert newly.snapshots == 3
    assert {path: it for path, it in hub.files(ID).items() if "history" in path} == {
        path: it for path, it in hub.files("owner/other").items() if "history" in path
    }


# Opting out


def test_who_opts_out_is_in_no_file_and_in_no_earlier_commit_also_after_a_kill(
    hub: DataSetHub, store: ParquetStore, tmp_path: Path
) -> None:
    send(hub, store)
    assert is_named_in("zorgo", hub)
    said: list[str] = []
    hub.fault = lambda method, path: 503 if "super-squash" in path else None
    with pytest.raises(SourceUnavailable):
        send(hub, store, opt_outs="zorgo", say=said.append)
    assert any("4 of 4 snapshots are written anew" in line for line in said)
    hub.fault = lambda method, path: None
    done = send(hub, store, opt_outs="zorgo")
    assert done.dropped_earlier_commits
    assert not is_named_in("zorgo", hub)
    copy = ParquetStore(str(downloaded(hub, tmp_path / "data") / "snapshots"), NO_OPT_OUTS)
    assert [copy.find_damage(it.id, in_values=True) for it in copy.manifests()] == [[]] * 4
    assert send(hub, store, opt_outs="zorgo").commits == 0


# What is refused


def test_a_sample_is_published_as_one_or_not_at_all(hub: DataSetHub, small: ParquetStore) -> None:
    with pytest.raises(SettingsError, match=r"no census of the Hub: .* was taken from"):
        send(hub, small, sample=False)
    assert not hub.repositories
    send(hub, small)
    readme = hub.files(ID)["README.md"].decode()
    assert "(a sample)" in readme.partition("\n")[2].partition("\n")[0]
    assert "**This is a sample, not a census.**" in readme
    assert readme.count("config_name: ") == readme.count("config_name: sample_")
    assert all("Sample: " in it.message for it in hub.repositories[ID].commits[1:])


def test_a_census_and_a_sample_never_share_a_data_set(
    hub: DataSetHub, small: ParquetStore, tmp_path: Path
) -> None:
    into = publication(tmp_path / "census", limits=Limits(min_kept_share=0.0))
    build_snapshot(pages(ROWS[:1]), origin(endpoint=DEFAULT_ENDPOINT), into)
    send(hub, into.store, sample=False)
    assert "sample" not in hub.files(ID)["README.md"].decode()
    with pytest.raises(SettingsError, match="is a census"):
        send(hub, small)


def test_a_dump_alone_proves_no_census(hub: DataSetHub, tmp_path: Path) -> None:
    into = publication(tmp_path)
    build_snapshot(pages(ROWS[:1]), origin(SnapshotKind.DUMP, endpoint=DEFAULT_ENDPOINT), into)
    with pytest.raises(SettingsError, match="is a dump, which may hold a part"):
        send(hub, into.store, sample=False)


def test_whoever_may_not_write_is_told_so(hub: DataSetHub, small: ParquetStore) -> None:
    with pytest.raises(AccessRefused, match="refuses this token"):
        send(hub, small, id="stranger/lineage")
    with pytest.raises(SettingsError, match="needs a token"):
        HubRepository(ID, Settings(endpoint=hub.url))
    with pytest.raises(SettingsError, match="no token is sent to"):
        HubRepository(ID, Settings(endpoint="http://hub.example", token=TOKEN))


def test_a_hub_that_is_away_can_be_tried_again(small: ParquetStore) -> None:
    with DataSetHub() as closed:
        address = closed.url
    with pytest.raises(SourceUnavailable, match="cannot be reached") as told:
        send(closed, small, endpoint=address)
    assert told.value.exit_code == 3


def test_what_others_wrote_is_never_overwritten(hub: DataSetHub, small: ParquetStore) -> None:
    send(hub, small)
    repository = hub.repositories[ID]
    repository.add("by hand", {"README.md": b"mine"}, 1)
    with pytest.raises(SettingsError, match=r"did not write: README\.md"):
        send(hub, small)
    repository.add("by hand", {"published.json": b'{"snapshots": {"../x": ""}}'}, 1)
    with pytest.raises(StoreError, match=r"published\.json cannot be read"):
        send(hub, small)


def test_a_store_that_is_behind_is_refused(
    hub: DataSetHub, store: ParquetStore, tmp_path: Path
) -> None:
    send(hub, store)
    published(ROWS, tmp_path / "behind")
    with pytest.raises(StoreError, match="newer than any in this store"):
        send(hub, ParquetStore(str(tmp_path / "behind"), NO_OPT_OUTS))


def test_nothing_is_published_of_a_store_without_or_with_damaged_snapshots(
    hub: DataSetHub, store: ParquetStore, tmp_path: Path
) -> None:
    with pytest.raises(NoSuchSnapshot):
        send(hub, ParquetStore(str(tmp_path / "none"), NO_OPT_OUTS))
    first = store.manifests()[0].id
    table = Path(store.location) / first / "names.parquet"
    content = table.read_bytes()
    table.write_bytes(content.replace(b"PAR1", b"PAR2", 1))
    with pytest.raises(SnapshotDamaged, match="not as it was published"):
        send(hub, store)
    (Path(store.location) / first / "manifest.json").write_bytes(b"{")
    with pytest.raises(SnapshotDamaged, match="nothing is published while"):
        send(hub, store)


def test_a_private_data_set_stays_private(hub: DataSetHub, small: ParquetStore) -> None:
    send(hub, small, private=True)
    assert hub.repositories[ID].private
    hub.repositories[ID].private = False
    with pytest.raises(SettingsError, match="is public already"):
        send(hub, small, private=True)


@pytest.mark.parametrize(
    "text", ["owner/name", "hf://owner/name", "hf://datasets/name", "hf://datasets/a/b/c", "s3://b"]
)
def test_only_an_address_of_a_data_set_is_taken(text: str) -> None:
    with pytest.raises(SettingsError, match="no address of a data set"):
        data_set_name_of_address(text)
