"""The curve of a family over the weeks."""

from pathlib import Path

from lineage.analysis.growth.curves import curve_of_family
from lineage.demo.replay import WEEKS, DemoHistory, demo_settings, replay_weeks
from lineage.domain.definitions import Definition, Grouping
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.domain.progress import Progress
from lineage.families.registry import all_families, family
from lineage.store.store import ParquetStore
from tests.questions import count_family
from tests.unit.demo.facts import a_fact

LLAMA_2, LLAMA_3 = "meta-llama/Llama-2-7b-hf", "meta-llama/Meta-Llama-3-8B"


def store_of(folder: Path) -> ParquetStore:
    return ParquetStore(demo_settings(folder, "").store, NO_OPT_OUTS)


def test_a_release_that_comes_later_stands_in_its_place_with_zeros_before(tmp_path: Path) -> None:
    facts = [
        *(a_fact(id) for id in (LLAMA_2, LLAMA_3)),
        a_fact("a/three", LLAMA_3),
        a_fact("a/two", LLAMA_2, created_at=WEEKS[1]),
        a_fact("a/both", LLAMA_2, LLAMA_3, created_at=WEEKS[2], relation="merge"),
    ]
    replay_weeks(tmp_path, DemoHistory(facts), Progress(), WEEKS[:3])
    store, llama, known = store_of(tmp_path), family("llama"), all_families()
    found = curve_of_family(store, llama, known, Grouping.RELEASE)
    assert [one.taken_at for one in found.moments] == list(WEEKS[:3])
    totals = {line.key: [point.total for point in line.values] for line in found.parts}
    totals = {name: numbers for name, numbers in totals.items() if any(numbers)}
    assert totals == {"Llama 2": [0, 1, 1], "Llama 3": [1, 1, 1], "mixed": [0, 0, 1]}
    assert list(totals) == ["Llama 2", "Llama 3", "mixed"]
    assert [point.total for point in found.whole.values] == [1, 2, 3]
    counted = count_family(store.snapshot(), llama, Definition(), known, Grouping.RELEASE)
    last = {name: numbers[-1] for name, numbers in totals.items()}
    assert last == {one.value: one.total for one in counted.groups if one.total}
