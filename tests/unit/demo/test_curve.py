"""The curve of a family, and which deleted models stand above living children."""

from pathlib import Path

from lineage.analysis.growth.curves import curve_of_family
from lineage.demo.replay import replay_weeks, settings_of
from lineage.demo.weeks import WEEKS, History, find_deleted_of_demo
from lineage.domain.definitions import Definition, Grouping
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.domain.progress import Progress
from lineage.families.registry import all_families, family
from lineage.store.store import ParquetStore
from tests.questions import count_family
from tests.unit.demo.facts import a_fact

LLAMA_2, LLAMA_3 = "meta-llama/Llama-2-7b-hf", "meta-llama/Meta-Llama-3-8B"


def store_of(folder: Path) -> ParquetStore:
    return ParquetStore(settings_of(folder, "").store, NO_OPT_OUTS)


def test_a_release_that_comes_later_stands_in_its_place_with_zeros_before(tmp_path: Path) -> None:
    facts = [
        *(a_fact(id) for id in (LLAMA_2, LLAMA_3)),
        a_fact("a/three", LLAMA_3),
        a_fact("a/two", LLAMA_2, created_at=WEEKS[1]),
        a_fact("a/both", LLAMA_2, LLAMA_3, created_at=WEEKS[2], relation="merge"),
    ]
    replay_weeks(tmp_path, History(facts), Progress(), WEEKS[:3])
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


def test_the_dead_with_most_below_them_come_first(tmp_path: Path) -> None:
    gone = WEEKS[2]
    facts = [
        *(a_fact(f"a/{number}") for number in range(60)),
        a_fact("dead/one", deleted_at=gone),
        a_fact("a/child", "dead/one"),
        a_fact("a/grandchild", "a/child"),
        a_fact("dead/child", "dead/one", deleted_at=gone),
        a_fact("dead/two", deleted_at=gone),
        a_fact("a/only", "dead/two"),
        a_fact("dead/childless", deleted_at=gone),
    ]
    history = History(facts)
    replay_weeks(tmp_path, history, Progress(), WEEKS[:5])
    last = store_of(tmp_path).snapshot()
    found = find_deleted_of_demo(last, history.gone_from, 10)
    assert (found.total, found.parents) == (4, 2)
    told = [(one.id, one.direct, one.total) for one in found.largest]
    assert told == [("dead/one", 1, 2), ("dead/two", 1, 1)]
    assert {(one.gone_from, one.missed_at) for one in found.largest} == {(gone, WEEKS[4])}
    assert [one.id for one in find_deleted_of_demo(last, history.gone_from, 1).largest] == [
        "dead/one"
    ]
