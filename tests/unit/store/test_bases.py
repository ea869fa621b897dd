"""What an update builds on: damage is named with the days it harms, and is never read silently."""

import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from lineage.domain.definitions import Definition
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.errors import DraftRefused, SnapshotDamaged, StoreError
from lineage.store import schema
from lineage.store.reader import Snapshot
from lineage.store.store import ParquetStore
from tests.builders import published, row, rows_of
from tests.fakes.fake_clock import NOON
from tests.questions import count_base
from tests.updates import updated

ROWS = [row("base/a"), *(row(f"kid/{number}", ["base/a"]) for number in range(30))]
SHARED = sorted(schema.CHANGES)


@pytest.fixture(scope="module")
def unharmed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep, two updates that build on it, and a second sweep."""
    folder = tmp_path_factory.mktemp("unharmed")
    sweep = published(ROWS, folder)
    first = updated(sweep, [row("kid/new", ["base/a"])], folder)
    updated(first, [row("kid/newer", ["base/a"])], folder)
    published(ROWS, folder, taken_at=NOON + timedelta(days=9))
    return folder


@pytest.fixture
def store(tmp_path: Path, unharmed: Path) -> ParquetStore:
    shutil.copytree(unharmed, tmp_path, dirs_exist_ok=True)
    return ParquetStore(str(tmp_path), NO_OPT_OUTS)


@pytest.fixture
def days(store: ParquetStore) -> list[Snapshot]:
    """The four in a store of the test's own."""
    return [store.snapshot(manifest.id) for manifest in store.manifests()]


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def problems(store: ParquetStore, days: list[Snapshot]) -> list[list[str]]:
    return [store.find_damage(one.id) for one in days]


def test_an_unharmed_history_has_no_problems(store: ParquetStore, days: list[Snapshot]) -> None:
    assert problems(store, days) == [[], [], [], []]
    assert [store.damaged_dependents(one.id) for one in days] == [[], [], [], []]


@pytest.mark.parametrize("name", SHARED)
def test_a_damaged_base_is_named_by_itself_and_by_the_days_that_build_on_it(
    name: str, store: ParquetStore, days: list[Snapshot], tmp_path: Path
) -> None:
    sweep, first, second, _ = days
    flip_a_bit(tmp_path / sweep.id / name)
    said = f"{sweep.id}/{name}: its content is not what was published (SHA-256 differs)"
    assert problems(store, days) == [
        [said],
        [f"{said}; {first.id} builds on it"],
        [f"{said}; {second.id} builds on it"],
        [],
    ]
    harmed = [first.id, second.id]
    assert [store.damaged_dependents(one.id) for one in days] == [harmed, harmed, harmed, []]


def test_what_an_update_does_not_need_of_its_base_harms_it_not(
    store: ParquetStore, days: list[Snapshot], tmp_path: Path
) -> None:
    flip_a_bit(tmp_path / days[0].id / schema.NAMES_FILE)
    assert [len(found) for found in problems(store, days)] == [1, 0, 0, 0]
    assert store.damaged_dependents(days[0].id) == []


@pytest.mark.parametrize("name", sorted(schema.UPDATE_TABLES))
def test_damage_to_an_update_harms_that_one_alone(
    name: str, store: ParquetStore, days: list[Snapshot], tmp_path: Path
) -> None:
    flip_a_bit(tmp_path / days[1].id / name)
    assert [len(found) for found in problems(store, days)] == [0, 1, 0, 0]
    assert store.find_damage(days[1].id)[0].startswith(f"{days[1].id}/{name}: ")
    assert store.damaged_dependents(days[1].id) == []
    assert days[2].column(schema.MODELS_FILE, "id").to_pylist().count("kid/new") == 1


def test_a_damaged_base_is_never_read_silently(days: list[Snapshot], tmp_path: Path) -> None:
    sweep, first, *_ = days
    truth = rows_of(first, schema.MODELS_FILE)
    path, refused = tmp_path / sweep.id / schema.MODELS_FILE, 0
    whole = path.read_bytes()
    for at in range(4, len(whole), max(1, len(whole) // 150)):
        harmed = bytearray(whole)
        harmed[at] ^= 1
        path.write_bytes(harmed)
        try:
            found = rows_of(first, schema.MODELS_FILE)
        except SnapshotDamaged:
            refused += 1
        else:
            assert found == truth
    assert refused > 100


def test_who_does_not_need_a_damaged_base_answers(days: list[Snapshot], tmp_path: Path) -> None:
    sweep, first, _, last = days
    (tmp_path / sweep.id / schema.MODELS_FILE).unlink()
    assert count_base(first, "base/a", Definition(), ()).total == 31  # a look-up in its own table
    assert count_base(last, "base/a", Definition(min_downloads=0), ()).total == 30
    with pytest.raises(SnapshotDamaged, match=sweep.id):
        first.column(schema.MODELS_FILE, "id")


def gone(folder: Path) -> None:
    shutil.rmtree(folder)


def without_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def replaced(folder: Path) -> None:
    """Another snapshot of the same moment takes its place."""
    gone(folder)
    published([*ROWS, row("another/one")], folder.parent)


LOST = [
    (gone, "which is not there"),
    (without_manifest, "which is not there"),
    (replaced, "builds on another"),
]


@pytest.mark.parametrize(("lose", "says"), LOST)
def test_a_base_that_is_gone_or_another_is_noticed(
    lose: Callable[[Path], None],
    says: str,
    store: ParquetStore,
    days: list[Snapshot],
    tmp_path: Path,
) -> None:
    sweep, first, second, last = days
    lose(tmp_path / sweep.id)
    again = store.snapshot(first.id)
    for file in SHARED:
        with pytest.raises(SnapshotDamaged, match=says):
            again.table(file)
        with pytest.raises(SnapshotDamaged, match=says):
            list(again.batches(file))
    assert says in store.find_damage(first.id)[0]
    told = [said for said in store.damaged().values() if says in said]
    assert [id in said for id, said in zip([first.id, second.id], told, strict=True)] == [True] * 2
    left = [one.id for one in store.manifests()]
    assert left == ([sweep.id, last.id] if lose is replaced else [last.id])
    assert store.snapshot_at((NOON + timedelta(days=2)).date()).id == left[0]


def test_the_same_tables_from_a_copy_mend_it(
    store: ParquetStore, days: list[Snapshot], tmp_path: Path
) -> None:
    shutil.copytree(tmp_path / days[0].id, tmp_path / "copy")
    (tmp_path / days[0].id / schema.MODELS_FILE).unlink()
    assert store.find_damage(days[2].id)
    shutil.rmtree(tmp_path / days[0].id)
    (tmp_path / "copy").rename(tmp_path / days[0].id)
    assert store.find_damage(days[2].id) == []


def test_nothing_is_deleted_on_which_another_builds(
    store: ParquetStore, days: list[Snapshot]
) -> None:
    sweep, first, second, last = days
    with pytest.raises(StoreError, match=f"{first.id}, {second.id} build on {sweep.id}"):
        store.delete(sweep.id)
    assert problems(store, days) == [[], [], [], []]
    store.delete(first.id)  # nobody builds on an update
    with pytest.raises(StoreError, match=f"{second.id} builds on {sweep.id}"):
        store.delete(sweep.id)
    store.delete(sweep.id, second.id)
    assert [one.id for one in store.manifests()] == [last.id]


def test_a_refused_update_is_accepted_only_upon_its_unharmed_base(tmp_path: Path) -> None:
    sweep = published([*ROWS, *(row(f"more/{number}") for number in range(20))], tmp_path)
    odd = [row(f"more/{number}") | {"id": "../../escape"} for number in range(11)]
    with pytest.raises(DraftRefused, match="few_bad_rows"):
        updated(sweep, odd, tmp_path)
    store = ParquetStore(str(tmp_path), NO_OPT_OUTS)
    (id,) = store.refused()
    path = tmp_path / sweep.id / schema.MODELS_FILE
    whole = path.read_bytes()
    flip_a_bit(path)
    with pytest.raises(SnapshotDamaged, match=f"{sweep.id}/models.parquet"):
        store.accept(id, NOON)
    path.write_bytes(whole)
    manifest = store.accept(id, NOON)
    assert manifest.builds_on is not None
    assert (manifest.builds_on.id, manifest.models, manifest.bad_rows) == (sweep.id, 51, 11)
    assert len(rows_of(store.snapshot(id), schema.MODELS_FILE)) == 51


@pytest.mark.parametrize(
    "builds_on",
    [
        {"id": "../elsewhere", "files": dict.fromkeys(schema.KEYS, "0")},
        {"id": "20261121T120000Z", "files": {}},
        {"id": "20261121T120000Z"},
        {"id": 5, "files": dict.fromkeys(schema.KEYS, "0")},
        "20261121T120000Z",
        [],
    ],
)
def test_a_manifest_that_builds_on_nothing_sensible_is_damaged(
    builds_on: object, store: ParquetStore, days: list[Snapshot], tmp_path: Path
) -> None:
    path = tmp_path / days[1].id / "manifest.json"
    content = json.loads(path.read_text("utf-8")) | {"builds_on": builds_on}
    path.write_text(json.dumps(content), "utf-8")
    with pytest.raises(SnapshotDamaged, match=r"manifest\.json cannot be read"):
        store.snapshot(days[1].id)
