"""Names are resolved to models before parents are counted: each naming rule of the contract."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from lineage.analysis.anomalies.rules import find_anomalies
from lineage.analysis.scope import Scope
from lineage.build.former_names import find_renames_in_draft
from lineage.domain.anomalies import Anomaly, AnomalyKind
from lineage.domain.families import Family, FormerName, Release, Reupload
from lineage.store.reader import Snapshot
from tests.builders import Row, edges_of, hub_parents, key_of, published, row, rows_of
from tests.fakes.fake_clock import NOON

FAMILY = Family(
    "alpaca",
    "Alpaca",
    "2026-01-01",
    (
        Release(
            "alpaca-1",
            "Alpaca 1",
            date(2024, 1, 1),
            None,
            ("farm/Alpaca-7B", "farm/Alpaca-70B"),
            (Reupload("barn/alpaca-7b", "farm/Alpaca-7B"),),
            (FormerName("farm/Paco-7B", "farm/Alpaca-7B"), FormerName("Paco", "farm/Alpaca-70B")),
        ),
    ),
)


def card(*names: str) -> Row:
    return {"base_model": list(names)}


def peft(base: str) -> Row:
    return {"peft": {"base_model_name_or_path": base}}


def parents(rows: list[Row], folder: Path, child: str = "kid/one") -> set[str]:
    return parents_in(published(rows, folder), child)


def parents_in(snapshot: Snapshot, child: str = "kid/one") -> set[str]:
    return {parent for name, parent in edges_of(snapshot) if name == child}


def keys_of_parents(snapshot: Snapshot, child: str = "kid/one") -> set[object]:
    edges = rows_of(snapshot, "edges.parquet")
    return {edge["parent_key"] for edge in edges if edge["child"] == child}


def renamed_row(now: str, before: str) -> Row:
    """A model under a new name: its key is that of the old one."""
    return row(now, _id=key_of(before))


# By spelling


def test_the_exact_name_wins_over_one_in_another_case(tmp_path: Path) -> None:
    rows = [row("base/Llama"), row("base/llama"), row("kid/one", cardData=card("base/llama"))]
    assert parents(rows, tmp_path) == {"base/llama"}


def test_a_name_in_another_case_is_the_one_model_that_it_can_be(tmp_path: Path) -> None:
    rows = [row("base/Llama"), row("kid/one", cardData=card("BASE/llama"))]
    assert parents(rows, tmp_path) == {"base/Llama"}


def test_a_name_in_another_case_that_two_could_be_is_neither(tmp_path: Path) -> None:
    rows = [row("base/Llama"), row("base/llama"), row("kid/one", cardData=card("BASE/LLAMA"))]
    found = published(rows, tmp_path)
    assert keys_of_parents(found) == {"name:BASE/LLAMA"}


@pytest.mark.parametrize(
    "written",
    [" base/Llama", "base/Llama/", "https://huggingface.co/base/Llama", "hf.co/BASE/llama/ "],
)
def test_a_name_is_tidied_first(written: str, tmp_path: Path) -> None:
    rows = [row("base/Llama"), row("kid/one", cardData=card(written))]
    assert parents(rows, tmp_path) == {"base/Llama"}


def test_the_same_parent_under_many_spellings_is_one_parent(tmp_path: Path) -> None:
    told = row(
        "kid/one",
        ["base/Llama"],
        cardData=card("base/Llama ", "BASE/LLAMA", "https://hf.co/base/Llama"),
        config=peft("base/llama"),
    )
    found = published([row("base/Llama"), told], tmp_path)
    assert parents_in(found) == {"base/Llama"}
    assert [one["direct"] for one in rows_of(found, "counts.parquet")] == [1]


def test_what_was_written_is_kept_word_for_word(tmp_path: Path) -> None:
    found = published([row("kid/one", cardData=card(" Base/Llama/ "))], tmp_path)
    (claim,) = rows_of(found, "evidence.parquet")
    assert claim["parent_as_written"] == " Base/Llama/ "
    assert claim["parent_key"] == "name:Base/Llama"


def test_a_name_that_is_only_what_is_cut_names_no_model(tmp_path: Path) -> None:
    told = row(
        "kid/one", cardData=card("https://huggingface.co/", "/", "  /"), tags=["base_model:"]
    )
    found = published([told], tmp_path)
    assert edges_of(found) == set()
    assert {one["parent_key"] for one in rows_of(found, "evidence.parquet")} == {None}


# Nodes without a record


def test_a_name_that_no_model_has_is_a_node_of_its_own(tmp_path: Path) -> None:
    rows = [row("kid/one", cardData=card("gone/base")), row("kid/two", cardData=card("gone/base"))]
    found = published(rows, tmp_path)
    (count,) = rows_of(found, "counts.parquet")
    assert (count["key"], count["id"], count["direct"]) == ("name:gone/base", "gone/base", 2)
    assert found.manifest.models == 2


def test_a_hub_parent_that_is_not_listed_is_a_node_by_its_key(tmp_path: Path) -> None:
    rows = [row("kid/one", ["gated/base"]), row("kid/two", cardData=card("GATED/base"))]
    found = published(rows, tmp_path)
    (count,) = rows_of(found, "counts.parquet")
    assert (count["key"], count["direct"]) == (key_of("gated/base"), 2)


def test_a_path_in_an_adapter_config_is_evidence_and_no_edge(tmp_path: Path) -> None:
    found = published([row("kid/one", config=peft("maker/gone-7b"))], tmp_path)
    assert edges_of(found) == set()
    (claim,) = rows_of(found, "evidence.parquet")
    assert (claim["parent_as_written"], claim["parent_key"]) == ("maker/gone-7b", None)


def test_a_path_makes_no_edge_either_where_another_card_gives_its_name(tmp_path: Path) -> None:
    rows = [
        row("kid/one", config=peft("maker/gone-7b")),
        row("kid/two", cardData=card("maker/gone-7b")),
    ]
    assert edges_of(published(rows, tmp_path)) == {("kid/two", "maker/gone-7b")}


def test_an_adapter_config_that_names_a_model_makes_an_edge(tmp_path: Path) -> None:
    rows = [row("base/one"), row("kid/one", config=peft("BASE/one"))]
    assert parents(rows, tmp_path) == {"base/one"}


PATHS = (
    *("/data/home/u/model/Mistral-7B", "/workspace/model", "./results", "../llm/base"),
    *("C:\\models\\base", "~/models/x", "None", "null", "N/A", "My Model", "model.safetensors"),
    *("output/checkpoint-500", "$MODEL", "s3://bucket/model", "https://github.com/a/b", "gpt9"),
)


@pytest.fixture(scope="module")
def path_rows(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """Adapters of one model, each with a word that names none somewhere beside it."""
    rows = [row("base/one")]
    for number, path in enumerate(PATHS):
        by_hub = {"models": [{"_id": key_of("base/one"), "id": "base/one"}, {"id": path}]}
        tag = "base_model:base/one"
        rows += [
            row(f"tag/{number}", tags=[tag, f"base_model:adapter:{path}", f"base_model:{path}"]),
            row(f"card/{number}", cardData=card("base/one", path)),
            row(f"text/{number}", tags=[tag], cardData={"base_model": path}),
            row(f"peft/{number}", tags=[tag], config=peft(path)),
            row(f"config/{number}", tags=[tag], config={"_name_or_path": path}),
            row(f"hub/{number}", baseModels=by_hub),
        ]
    return published(rows, tmp_path_factory.mktemp("paths"))


def test_a_word_that_names_no_model_is_no_edge_wherever_it_stands(path_rows: Snapshot) -> None:
    assert {parent for _, parent in edges_of(path_rows)} == {"base/one"}
    assert len(edges_of(path_rows)) == 6 * len(PATHS)


def test_a_word_that_names_no_model_stays_as_evidence(path_rows: Snapshot) -> None:
    claims = [one for one in rows_of(path_rows, "evidence.parquet") if one["parent_key"] is None]
    for kind in ("tag", "card", "text", "peft", "config", "hub"):
        ids = {f"{kind}/{number}": path for number, path in enumerate(PATHS)}
        written = {(one["child_key"], one["parent_as_written"]) for one in claims}
        assert {(key_of(id), path) for id, path in ids.items()} <= written


def test_a_path_beside_an_unknown_key_of_the_hub_is_no_edge(tmp_path: Path) -> None:
    models = [{"_id": key_of("gone/one"), "id": "/workspace/model"}, {"_id": key_of("base/one")}]
    rows = [row("base/one"), row("kid/one", baseModels={"models": [*models, {"id": "base/one"}]})]
    assert edges_of(published(rows, tmp_path)) == {("kid/one", "base/one")}


def test_a_path_beside_a_key_teaches_no_other_path(tmp_path: Path) -> None:
    models = [
        {"_id": key_of("gone/one"), "id": "/workspace/model"},
        {"_id": key_of("gone/one"), "id": "gone/one"},
    ]
    rows = [
        row("kid/one", baseModels={"models": models}),
        row("kid/two", baseModels={"models": models[:1]}, cardData=card("./results")),
        row("kid/three", cardData=card("../other")),
        row("kid/four", tags=["base_model:adapter:/data/x"]),
    ]
    edges = edges_of(published(rows, tmp_path))
    assert {pair for pair in edges if pair[0] in {"kid/three", "kid/four"}} == set()


def test_one_word_is_a_parent_where_the_hub_knows_it(tmp_path: Path) -> None:
    rows = [row("gpt9"), row("kid/one", cardData=card("gpt9")), row("kid/two", cardData=card("x9"))]
    assert edges_of(published(rows, tmp_path)) == {("kid/one", "gpt9")}


SPELLINGS = (
    *(
        "/root/hub/models--base--one/snapshots/0e9e39f/x",
        "https://huggingface.co/base/one/tree/main",
    ),
    *(
        "[one](https://hf.co/base/one)",
        "`base/one`",
        "\u201cbase/one\u201d",
        "base/\u200bone\u00a0",
    ),
    *("base/one@main", "hf://base/one", "git@hf.co:base/one.git", "base%2Fone", "BASE/one/"),
)


def test_every_spelling_of_a_parent_leads_to_it_wherever_it_stands(tmp_path: Path) -> None:
    rows = [row("base/one")]
    for number, spelling in enumerate(SPELLINGS):
        rows += [
            row(f"tag/{number}", tags=[f"base_model:adapter:{spelling}"]),
            row(f"card/{number}", cardData=card(spelling)),
            row(f"peft/{number}", config=peft(spelling)),
            row(f"config/{number}", config={"_name_or_path": spelling}),
            row(f"hub/{number}", baseModels={"models": [{"id": spelling}]}),
        ]
    edges = edges_of(published(rows, tmp_path))
    assert {parent for _, parent in edges} == {"base/one"}
    assert len(edges) == 5 * len(SPELLINGS)


# Former names


@pytest.mark.parametrize("written", ["farm/Paco-7B", "farm/paco-7b", "farm/Alpaca-7B"])
@pytest.mark.parametrize("listed", [True, False])
def test_a_former_name_in_the_registry_is_the_model_listed_or_not(
    written: str, listed: bool, tmp_path: Path
) -> None:
    rows = [
        row("kid/one", cardData=card(written)),
        row("kid/two", cardData=card("farm/Alpaca-7B")),
        row("kid/adapter", config=peft(written)),
    ]
    found = published(rows + [row("farm/Alpaca-7B")] * listed, tmp_path, families=[FAMILY])
    assert {parent for _, parent in edges_of(found)} == {"farm/Alpaca-7B"}
    assert [one["direct"] for one in rows_of(found, "counts.parquet")] == [3]


def test_a_model_that_bears_a_former_name_now_is_meant_itself(tmp_path: Path) -> None:
    rows = [row("farm/Alpaca-7B"), row("farm/Paco-7B"), row("kid/one", ["farm/Paco-7B"])]
    found = published(rows, tmp_path, families=[FAMILY])
    assert parents_in(found) == {"farm/Paco-7B"}


def test_a_name_of_an_earlier_snapshot_is_the_model_with_its_key(tmp_path: Path) -> None:
    published([row("old/base")], tmp_path)
    rows = [renamed_row("new/base", "old/base"), row("kid/one", cardData=card("old/base"))]
    second = published(rows, tmp_path, taken_at=NOON + timedelta(days=1))
    assert parents_in(second) == {"new/base"}
    third = published(
        [renamed_row("newest/base", "old/base"), row("kid/one", cardData=card("OLD/base"))],
        tmp_path,
        taken_at=NOON + timedelta(days=2),
    )
    assert parents_in(third) == {"newest/base"}
    names = {one["name"]: one["source"] for one in rows_of(third, "names.parquet")}
    assert names == {"old/base": "earlier snapshot", "new/base": "earlier snapshot"}


def test_a_row_with_one_hub_parent_and_one_card_name_teaches_a_former_name(tmp_path: Path) -> None:
    rows = [
        row("new/base"),
        row("kid/teacher", ["new/base"], cardData=card("old/base")),
        row("kid/one", cardData=card("old/base")),
        row("kid/case", cardData=card("OLD/BASE")),
    ]
    found = published(rows, tmp_path)
    assert {parent for _, parent in edges_of(found)} == {"new/base"}
    (name,) = rows_of(found, "names.parquet")
    assert name == {"name": "old/base", "key": key_of("new/base"), "source": "card"}


def test_what_was_taught_once_is_remembered(tmp_path: Path) -> None:
    taught = [row("new/base"), row("kid/teacher", ["new/base"], cardData=card("old/base"))]
    published(taught, tmp_path)
    rows = [row("new/base"), row("kid/one", cardData=card("old/base"))]
    later = published(rows, tmp_path, taken_at=NOON + timedelta(days=1))
    assert parents_in(later) == {"new/base"}


def test_a_name_is_never_learned_by_its_place_in_a_list(tmp_path: Path) -> None:
    rows = [
        row("new/a"),
        row("new/b"),
        row("kid/two-parents", ["new/a", "new/b"], cardData=card("old/a", "old/b")),
        row("kid/one-parent", ["new/a"], cardData=card("old/a", "old/b")),
        row("kid/one-name", ["new/a", "new/b"], cardData=card("old/a")),
        row("kid/one", cardData=card("old/a")),
    ]
    found = published(rows, tmp_path)
    assert keys_of_parents(found) == {"name:old/a"}
    assert rows_of(found, "names.parquet") == []


@pytest.mark.parametrize("spelling", ["old/base", "old/base/", "OLD/base"])
def test_most_of_the_teachers_are_believed_and_each_has_its_own_parent(
    spelling: str, tmp_path: Path
) -> None:
    rows = [
        row("new/a"),
        row("new/b"),
        row("kid/says-a", ["new/a"], cardData=card("old/base")),
        row("kid/says-b", ["new/b"], cardData=card(spelling)),
        row("kid/says-a-too", ["new/a"], cardData=card(spelling)),
        row("kid/one", cardData=card("old/base")),
    ]
    found = published(rows, tmp_path)
    assert edges_of(found) == {
        ("kid/says-a", "new/a"),
        ("kid/says-a-too", "new/a"),
        ("kid/says-b", "new/b"),
        ("kid/one", "new/a"),
    }


def test_two_teachers_of_whom_neither_is_in_the_majority_teach_nothing(tmp_path: Path) -> None:
    rows = [
        row("new/a"),
        row("new/b"),
        row("kid/says-a", ["new/a"], cardData=card("old/base")),
        row("kid/says-b", ["new/b"], cardData=card("old/base")),
        row("kid/one", cardData=card("old/base")),
    ]
    found = published(rows, tmp_path)
    assert parents_in(found, "kid/says-a") | parents_in(found, "kid/says-b") == {"new/a", "new/b"}
    assert keys_of_parents(found) == {"name:old/base"}
    assert rows_of(found, "names.parquet") == []


def gpt2(child: str, parent: str) -> Row:
    """A row as the Hub serves it: parent by key and present name, the card's word in the tags."""
    tags = ["base_model:gpt2", "base_model:finetune:gpt2"]
    return row(child, [parent], tags=tags, cardData=card("gpt2"))


GPT2 = [row("openai-community/gpt2"), row("distilbert/distilgpt2"), row("evil/model")]
TEACHERS = [gpt2(f"kid/{n}", "openai-community/gpt2") for n in range(50)]


def test_one_row_that_contradicts_a_former_name_undoes_it_for_nobody(tmp_path: Path) -> None:
    rows = [*GPT2, *TEACHERS, gpt2("kid/odd", "distilbert/distilgpt2")]
    found = published(rows, tmp_path)
    assert len(rows_of(found, "edges.parquet")) == 51
    assert parents_in(found, "kid/odd") == {"distilbert/distilgpt2"}
    assert {one["id"]: one["direct"] for one in rows_of(found, "counts.parquet")} == {
        "openai-community/gpt2": 50,
        "distilbert/distilgpt2": 1,
    }
    (odd,) = anomalies_of(found, AnomalyKind.PARENT_DISAGREEMENT)
    assert odd.models == ("kid/odd", "openai-community/gpt2", "distilbert/distilgpt2")


def test_a_hostile_row_takes_no_name_away(tmp_path: Path) -> None:
    """Neither from a model that bears it, nor from the registry's dead, nor from history."""
    dead = replace(FAMILY.releases[0], deleted=("barn/alpaca-7b",))
    family = replace(FAMILY, releases=(dead,))
    hostile = [
        row(f"evil/{n}", ["evil/model"], cardData=card(name))
        for n, name in enumerate(("openai-community/gpt2", "barn/alpaca-7b", "gpt2"))
    ]
    published([*GPT2, *TEACHERS], tmp_path, families=[family])
    silent = [
        row("kid/gpt2", cardData=card("gpt2")),
        row("kid/barn", cardData=card("barn/alpaca-7b")),
    ]
    plain = row("kid/plain", cardData=card("openai-community/gpt2"))
    found = published(
        [*GPT2, *TEACHERS[4:], *hostile, *silent, plain],
        tmp_path,
        families=[family],
        taken_at=NOON + timedelta(days=1),
    )
    assert parents_in(found, "kid/gpt2") == parents_in(found, "kid/plain")
    assert parents_in(found, "kid/gpt2") == {"openai-community/gpt2"}
    assert keys_of_parents(found, "kid/barn") == {"name:barn/alpaca-7b"}
    assert {parents_in(found, f"evil/{n}").pop() for n in range(3)} == {"evil/model"}


@pytest.mark.parametrize("tags", [True, False])
def test_each_declared_parent_of_a_merge_is_one_edge(tags: bool, tmp_path: Path) -> None:
    """Its names are older than both renames, and nobody else says what they mean."""
    names = ["old/a", "old/b"]
    merge = row("kid/merge", ["new/a", "new/b"], "merge", cardData=card(*names))
    merge["tags"] = [f"base_model:merge:{name}" for name in names]
    if tags:
        del merge["cardData"]
    last = row("kid/last", ["new/a", "new/b"], "merge", cardData=card("new/a", "old/b"))
    found = published([row("new/a"), row("new/b"), merge, last], tmp_path)
    assert edges_of(found) == {
        (child, parent) for child in ("kid/merge", "kid/last") for parent in ("new/a", "new/b")
    }


@pytest.mark.parametrize(
    ("names", "present"),
    [
        (["o/a", "o/b"], ["o/renamed", "o/b"]),
        (["o/unknown", "o/a"], ["o/renamed", "o/b"]),
        (["o/a", "o/b", "o/c"], ["o/renamed", "o/b", "o/c"]),
        (["o/a", "None"], ["o/renamed"]),
    ],
)
def test_a_merge_has_the_parents_that_the_hub_says_also_where_others_bear_their_names(
    names: list[str], present: list[str], tmp_path: Path
) -> None:
    others = [row(name) for name in ("o/a", "o/b", "o/c", "o/renamed")]
    merge = row("k/m", names, baseModels=hub_parents(*present, relation="merge"))
    assert edges_of(published([*others, merge], tmp_path)) == {("k/m", id) for id in present}


def test_a_row_whose_card_is_lost_has_its_parent_once(tmp_path: Path) -> None:
    child = row("kid/one", ["new/a"], tags=["base_model:old/a", "base_model:adapter:old/a"])
    del child["cardData"]
    found = published([row("new/a"), child, row("kid/two", cardData=card("old/a"))], tmp_path)
    assert edges_of(found) == {("kid/one", "new/a"), ("kid/two", "new/a")}


def test_a_name_that_a_model_bears_cannot_be_taught_away(tmp_path: Path) -> None:
    rows = [
        row("base/a"),
        row("base/b"),
        row("kid/wrong", ["base/a"], cardData=card("base/b")),
        row("kid/one", cardData=card("base/b")),
    ]
    found = published(rows, tmp_path)
    assert edges_of(found) == {("kid/wrong", "base/a"), ("kid/one", "base/b")}
    (odd,) = anomalies_of(found, AnomalyKind.PARENT_DISAGREEMENT)
    assert odd.models == ("kid/wrong", "base/b", "base/a")


def anomalies_of(snapshot: Snapshot, kind: AnomalyKind) -> Sequence[Anomaly]:
    return find_anomalies(Scope(snapshot), kind=kind, examples=None).anomalies[0].examples


def test_a_parent_renamed_while_the_hub_is_walked_is_one_parent(tmp_path: Path) -> None:
    """Rows read before the rename name it as it was, with the key that it still has."""
    before = row("kid/one", ["old/base", "other/base"], "merge")
    rows = [renamed_row("new/base", "old/base"), row("other/base"), before]
    assert parents(rows, tmp_path) == {"new/base", "other/base"}


def test_an_unlisted_parent_renamed_while_the_hub_is_walked_is_one_parent(tmp_path: Path) -> None:
    later = {"relation": "finetune", "models": [{"_id": key_of("old/base"), "id": "new/base"}]}
    rows = [
        row("kid/one", ["old/base"]),
        row("kid/two", baseModels=later, tags=["base_model:new/base"]),
    ]
    found = published(rows, tmp_path)
    assert {edge["parent_key"] for edge in rows_of(found, "edges.parquet")} == {key_of("old/base")}


def test_the_order_of_rows_changes_no_edge(tmp_path: Path) -> None:
    rows = [
        row("new/base"),
        row("base/Case"),
        row("kid/a", ["new/base"], cardData=card("old/base")),
        row("kid/b", cardData=card("old/base", "BASE/case", "gone/x", "Gone/X")),
        row("kid/c", ["gated/y"], tags=["base_model:gone/x"]),
    ]
    # Other keys put the same models into another order.
    other = [row(str(one["id"]), _id=f"{at:024x}") for at, one in enumerate(rows)]
    assert len({str(one["_id"]) for one in other}) == len(rows)
    turned = [old | {"_id": new["_id"]} for old, new in zip(rows, other, strict=True)]
    turned[2]["baseModels"] = {
        "relation": "finetune",
        "models": [{"_id": other[0]["_id"], "id": "new/base"}],
    }
    expected = edges_of(published(rows, tmp_path / "one"))
    assert edges_of(published(turned, tmp_path / "other")) == expected


# Renames beside the snapshot before


def strings(*values: str) -> pa.StringArray:
    return pa.array(values, pa.string())


def test_only_keys_that_bear_another_name_are_renamed() -> None:
    keys = strings("a" * 24, "b" * 24, "c" * 24)
    ids = strings("x/a", "x/b", "x/c")
    later = strings("a" * 24, "b" * 24, "d" * 24)
    assert find_renames_in_draft(keys, ids, later, strings("x/a", "y/b", "x/c")) == {
        "x/b": "b" * 24
    }


def test_nothing_before_or_nothing_now_is_no_rename() -> None:
    nothing = strings()
    assert find_renames_in_draft(nothing, nothing, strings("a" * 24), strings("x/a")) == {}
    assert find_renames_in_draft(strings("a" * 24), strings("x/a"), nothing, nothing) == {}


def test_hub_parents_of_the_builders_are_those_of_the_rows() -> None:
    assert row("kid/one", ["base/a"])["baseModels"] == hub_parents("base/a")
