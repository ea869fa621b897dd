"""A curve counted again: equal to what is stored, under other definitions, in other processes."""

import os
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from lineage.analysis.growth.curves import curve_of_base, curve_of_family
from lineage.analysis.growth.recount import RecountTask, recount_curves, recount_here
from lineage.analysis.growth.results import Curve
from lineage.analysis.scope import Scope
from lineage.analysis.subjects import find_subject
from lineage.domain.claims import Relation
from lineage.domain.definitions import Definition, Grouping
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.errors import LineageError
from lineage.families.registry import all_families, family
from lineage.store.retention import Rhythm
from lineage.store.store import ParquetStore
from tests.builders import published, row
from tests.fakes.fake_clock import NOON

LLAMA = "meta-llama/Llama-3.1-8B"
DAY = timedelta(days=1)
DEFAULT = Definition()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ParquetStore:
    """Four days, two of them in one week: models come, one is renamed, one has another relation."""
    folder = tmp_path_factory.mktemp("recount")
    aside = [row(f"aside/{number}") for number in range(40)]
    root, child = row(LLAMA), row("a/child", [LLAMA])
    more = row("a/grandchild", ["a/child"], "adapter")
    days = [
        (0, [root, child]),
        (1, [root, child, more]),
        (8, [root, child | {"id": "a/new-name"}, more, row("b/other", [LLAMA], "quantized")]),
        (40, [root, child | {"id": "a/new-name"}, more, row("b/other", [LLAMA], "quantized")]),
    ]
    for after, rows in days:
        moment = NOON + after * DAY
        published([*rows, *aside], folder, families=all_families(), taken_at=moment)
    return ParquetStore(str(folder), NO_OPT_OUTS)


def recounted(
    store: ParquetStore,
    subject: str,
    *,
    rhythm: Rhythm = Rhythm.DAILY,
    definition: Definition = DEFAULT,
    by: Grouping | None = None,
    workers: int = 1,
    say: list[str] | None = None,
) -> Curve:
    task = RecountTask(store.location, NO_OPT_OUTS, "cache", all_families(), "", (), definition, by)
    found = find_subject(Scope(store.snapshot(), all_families(), definition), subject)
    run_tasks = partial(recount_here, workers=workers)
    (curve,) = recount_curves(task, [found], rhythm, run_tasks, ([] if say is None else say).append)
    return curve


def totals(curve: Curve) -> list[int]:
    return [point.total for point in curve.whole.values]


def test_the_default_definition_gives_what_is_stored(store: ParquetStore) -> None:
    families = all_families()
    stored = curve_of_family(store, family("llama"), families, Grouping.RELEASE)
    again = recounted(store, "llama", by=Grouping.RELEASE)
    assert totals(again) == totals(stored) == [1, 2, 3, 3]
    assert {part.key: [it.total for it in part.values] for part in again.parts} == {
        part.key: [it.total for it in part.values] for part in stored.parts
    }
    assert totals(recounted(store, LLAMA)) == totals(curve_of_base(store, LLAMA, families))


def test_a_model_is_followed_by_its_key_and_absent_before_it_was_there(store: ParquetStore) -> None:
    assert totals(recounted(store, "a/new-name")) == [0, 1, 1, 1]
    assert totals(recounted(store, "b/other")) == [0, 0, 0, 0]


def test_other_definitions_count_otherwise(store: ParquetStore) -> None:
    finetunes = Definition(relations=(Relation.FINETUNE,))
    assert totals(recounted(store, "llama", definition=finetunes)) == [1, 1, 1, 1]


def test_a_rhythm_takes_the_newest_of_each_period(store: ParquetStore) -> None:
    weekly = recounted(store, "llama", rhythm=Rhythm.WEEKLY)
    assert [moment.snapshot[:8] for moment in weekly.moments] == [
        "20261122",
        "20261129",
        "20261231",
    ]
    assert len(recounted(store, "llama", rhythm=Rhythm.MONTHLY).moments) == 2


def test_processes_give_the_same_curve(store: ParquetStore) -> None:
    assert recounted(store, "llama", workers=2) == recounted(store, "llama")


def test_a_damaged_snapshot_is_left_out_and_said(store: ParquetStore, tmp_path: Path) -> None:
    rows = [row(LLAMA), row("a/child", [LLAMA]), *(row(f"aside/{it}") for it in range(40))]
    for after in (0, 1):
        published(rows, tmp_path, families=all_families(), taken_at=NOON + after * DAY)
    (tmp_path / "20261121T120000Z" / "edges.parquet").write_bytes(b"PAR1")
    said: list[str] = []
    harmed = ParquetStore(str(tmp_path), NO_OPT_OUTS)
    finetunes = Definition(relations=(Relation.FINETUNE,))
    assert totals(recounted(harmed, "llama", definition=finetunes, say=said)) == [1]
    assert "edges.parquet" in said[0]


class Deadly(Definition):
    """A definition that ends the process it is sent to."""

    def __reduce__(self) -> tuple[object, ...]:
        return os._exit, (1,)


def test_a_killed_process_ends_the_recount_with_a_clear_sentence(store: ParquetStore) -> None:
    with pytest.raises(LineageError, match="ended before its answer") as raised:
        recounted(store, "llama", definition=Deadly(), workers=2)
    assert raised.value.hint == "run it again with fewer --workers"
