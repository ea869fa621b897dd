"""A day that builds on another answers every question as the same day exported as a plain one."""

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from lineage.analysis.cut_tables import list_whole_tables_of_scope
from lineage.analysis.diffs import diff_snapshots
from lineage.demo.catalog import corpus_rows
from lineage.domain.claims import Strength
from lineage.domain.definitions import Definition, Grouping
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.families.registry import all_families, family
from lineage.store.reader import Snapshot
from lineage.store.store import ParquetStore
from lineage.store.table_writer import write_snapshot_tables
from tests.builders import Row, row
from tests.corpus import BOX
from tests.questions import count_base, count_family, find_anomalies, trace, tree_of_base
from tests.updates import updated

BASE = "meta-llama/Llama-3.1-8B"
LLAMA = family("llama")


@dataclass(frozen=True, slots=True)
class Days:
    """The corpus, a day later as changes alone, and that day as a plain snapshot."""

    before: Snapshot
    laid: Snapshot
    plain: Snapshot


@pytest.fixture(scope="module")
def days(corpus_snapshot: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> Days:
    folder = tmp_path_factory.mktemp("days")
    shutil.copytree(
        Path(corpus_snapshot.files.location) / corpus_snapshot.id, folder / corpus_snapshot.id
    )
    before = ParquetStore(str(folder), NO_OPT_OUTS).snapshot()
    laid = updated(before, read_again(), folder, endpoint=BOX)
    assert laid.manifest.builds_on is not None
    plain = tmp_path_factory.mktemp("plain")
    write_snapshot_tables(plain / laid.id, list_whole_tables_of_scope(laid), laid.manifest)
    return Days(before, laid, ParquetStore(str(plain), NO_OPT_OUTS).snapshot(laid.id))


def read_again() -> list[Row]:
    """Every fortieth model of the corpus with more likes, and some new ones."""
    rows: list[Row] = [one | {"likes": 77} for one in list(corpus_rows())[::40]]
    new = [row(f"owner/new-{number}", [BASE], "adapter", downloads=50) for number in range(9)]
    return [*rows, *new]


@pytest.mark.parametrize(
    ("definition", "by"),
    [
        (Definition(), None),
        (Definition(min_strength=Strength.INFERRED), Grouping.RELATION),
        (Definition(min_downloads=10), Grouping.AUTHOR),
        (Definition(deleted=True, as_of=date(2025, 1, 1)), Grouping.MONTH),
        (Definition(), Grouping.LICENSE),
        (Definition(), Grouping.RELEASE),
    ],
)
def test_counts_are_the_same(definition: Definition, by: Grouping | None, days: Days) -> None:
    on_laid, on_plain = (
        (
            count_base(one, BASE, definition, all_families(), by),
            count_family(one, LLAMA, definition, all_families(), by),
        )
        for one in (days.laid, days.plain)
    )
    assert on_laid == on_plain
    assert on_laid[0].total > 0


def test_trees_traces_and_findings_are_the_same(days: Days) -> None:
    for ask in (
        lambda one: tree_of_base(one, BASE, Definition(), all_families()),
        lambda one: trace(one, "owner/new-3", LLAMA, all_families()),
        lambda one: trace(one, "lmsys/vicuna-7b-v1.3", LLAMA, all_families()),
        lambda one: find_anomalies(one, examples=3),
    ):
        assert ask(days.laid) == ask(days.plain)


def test_a_day_differs_from_its_base_by_what_changed_and_from_itself_by_nothing(days: Days) -> None:
    found = diff_snapshots(days.before, days.laid, all_families())
    assert found == diff_snapshots(days.before, days.plain, all_families())
    assert len(found.added) == 9
    same = diff_snapshots(days.laid, days.plain, all_families())
    assert (same.added, same.removed, same.edges_added, same.edges_removed) == ((), (), 0, 0)
