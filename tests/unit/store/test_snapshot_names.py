"""A snapshot is named by its ID, `latest`, or a date: the newest up to that day's end."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from lineage.build.pipeline import build_snapshot
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.errors import NoSuchSnapshot, SettingsError, UnknownSnapshot
from lineage.store.manifest import Origin, SnapshotKind
from lineage.store.reader import Snapshot
from lineage.store.store import ParquetStore
from tests.builders import ENDPOINT, pages, publication, published, row
from tests.fakes.fake_clock import NOON

FIRST, SECOND = "20261121T120000Z", "20261123T120000Z"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ParquetStore:
    folder = tmp_path_factory.mktemp("store")
    published([row("base/a")], folder)
    published([row("base/a"), row("kid/a", ["base/a"])], folder, taken_at=NOON + timedelta(days=2))
    below(folder, "base/late", 5)
    return ParquetStore(str(folder), NO_OPT_OUTS)


def below(folder: Path, base: str, days: int) -> str:
    taken = Origin(SnapshotKind.BELOW, ENDPOINT, NOON + timedelta(days=days), below=base)
    return build_snapshot(
        pages([row(base), row(f"{base}-kid", [base])]), taken, publication(folder)
    ).id


@pytest.mark.parametrize(
    ("name", "id"),
    [
        (None, SECOND),
        ("latest", SECOND),
        (FIRST, FIRST),
        ("2026-11-21", FIRST),
        ("2026-11-22", FIRST),
        ("2026-11-23", SECOND),
        ("2030-01-01", SECOND),
    ],
)
def test_a_name_means_one_snapshot(store: ParquetStore, name: str | None, id: str) -> None:
    assert store.snapshot(name).id == id


@pytest.mark.parametrize("name", ["20261120T000000Z", "newest", "../x", ""])
def test_a_name_of_none_is_refused(store: ParquetStore, name: str) -> None:
    with pytest.raises(UnknownSnapshot) as unknown:
        store.snapshot(name)
    assert unknown.value.exit_code == 5


def test_a_day_that_is_none_is_a_wrong_argument(store: ParquetStore) -> None:
    with pytest.raises(SettingsError, match="not a date: use YYYY-MM-DD"):
        store.snapshot("2026-02-30")


def test_before_the_first_snapshot_the_first_answers_for_a_day(store: ParquetStore) -> None:
    assert store.snapshot_at(date(2020, 1, 1)).id == FIRST
    with pytest.raises(NoSuchSnapshot, match="by 2020-01-01"):
        store.snapshot("2020-01-01")


def holds(id: str) -> "Holds":
    return Holds(id)


class Holds:
    """Says whether a snapshot lists a model; keeps which ones were looked at."""

    def __init__(self, id: str) -> None:
        self.id = id
        self.seen: list[str] = []

    def __call__(self, snapshot: Snapshot) -> bool:
        self.seen.append(snapshot.id)
        return bool(snapshot.nodes_of([self.id]))


def test_where_single_families_are_all_the_latest_that_holds_the_subject_answers(
    tmp_path: Path,
) -> None:
    early, late, other = (
        below(tmp_path, "a/x", 0),
        below(tmp_path, "a/x", 1),
        below(tmp_path, "b/y", 2),
    )
    store = ParquetStore(str(tmp_path), NO_OPT_OUTS)
    assert store.snapshot(holds=holds("a/x")).id == late
    assert store.snapshot("latest", holds("b/y")).id == other
    assert store.snapshot("2026-11-21", holds("a/x")).id == early
    for nothing in (None, holds("c/z")):
        with pytest.raises(NoSuchSnapshot, match="hold one base's family each"):
            store.snapshot(holds=nothing)


def test_a_family_alone_is_not_asked_where_one_snapshot_holds_everything(
    store: ParquetStore,
) -> None:
    asked = holds("base/late")
    assert (store.snapshot(holds=asked).id, asked.seen) == (SECOND, [])
