"""Claims inferred from license tags, partners in merges, children's names and local paths."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from lineage.domain.families import NameReading, Spelling
from lineage.evidence.local_paths import read_official_paths
from lineage.families.registry import all_families
from tests.builders import Row, published, row, rows_of
from tests.unit.analysis.worlds import a_family

BASE, OTHER = "kin/Kin-3-8B", "foe/Foe-1"
READING = NameReading(
    mentions=("kin",),
    look_alikes=("tiny", "foe"),
    model_types=("llama",),
    spellings=(Spelling("kin-3", "kin-3"),),
)
KIN = a_family({"Kin 3": [BASE]}, former={"kin/Meta-Kin-3-8B": BASE})
KIN = replace(
    KIN, names=READING, releases=tuple(replace(it, license="kin3") for it in KIN.releases)
)
FOE_READING = NameReading(
    mentions=("foe",),
    look_alikes=("kin",),
    model_types=("qwen2",),
    spellings=(Spelling("foe", "foe"),),
)
FOE = replace(a_family({"Foe 1": [OTHER]}, id="foe"), names=FOE_READING)


def inferred(folder: Path, rows: Sequence[Row], rule: str) -> dict[str, tuple[str, str]]:
    """What a rule claims, by child, with its words; the roots are there."""
    snapshot = published([row(BASE), row(OTHER), *rows], folder, families=[KIN, FOE])
    ids = {it["key"]: str(it["id"]) for it in rows_of(snapshot, "models.parquet")}
    claims = [it for it in rows_of(snapshot, "evidence.parquet") if it["rule"] == rule]
    return {ids[it["child_key"]]: (str(it["parent_as_written"]), str(it["quote"])) for it in claims}


def test_a_license_tag_of_the_family_counts_with_its_architecture_alone(tmp_path: Path) -> None:
    llama, other = {"model_type": "llama"}, {"model_type": "qwen2"}
    tag = ["license:kin3"]
    rows = [
        row("a/both", tags=tag, config=llama),
        row("b/tag-alone", tags=tag),
        row("c/other-architecture", tags=tag, config=other),
        row("d/other-tag", tags=["license:mit"], config=llama),
        row("e/tiny-both", tags=tag, config=llama),
        row("f/declares", [OTHER], tags=tag, config=llama),
    ]
    assert inferred(tmp_path, rows, "license_tag") == {"a/both": ("family:kin", "license: kin3")}


def test_partners_in_merges_say_a_family_if_all_are_of_one(tmp_path: Path) -> None:
    rows = [
        row("a/kin-child", [BASE]),
        row("b/silent"),
        row("c/merge", ["b/silent", "a/kin-child", BASE], "merge"),
        row("d/between"),
        row("e/mixed", ["d/between", BASE, OTHER], "merge"),
        row("f/with-own-child"),
        row("g/own-child", ["f/with-own-child"]),
        row("h/merge", ["f/with-own-child", "g/own-child"], "merge"),
        row("i/with-stranger"),
        row("j/merge", ["i/with-stranger", "nobody/knows"], "merge"),
        row("k/tiny"),
        row("l/merge", ["k/tiny", BASE], "merge"),
    ]
    assert set(inferred(tmp_path, rows, "merge_partners")) == {"b/silent"}


def test_half_of_the_children_s_names_say_a_family(tmp_path: Path) -> None:
    rows = [
        row("a/half"),
        row("q/half-kin-3", ["a/half"]),
        row("q/half-other", ["a/half"]),
        row("b/few"),
        *(row(f"q/few-{number}", ["b/few"]) for number in range(3)),
        row("q/few-kin-3", ["b/few"]),
        row("c/tiny"),
        row("q/tiny-or-kin-3", ["c/tiny"]),
        row("d/torn"),
        row("q/torn-kin-3", ["d/torn"]),
        row("q/torn-foe", ["d/torn"]),
        row("e/encoder", config={"model_type": "bert"}),
        row("q/judge-kin-3", ["e/encoder"]),
        row("f/of-an-encoder"),
        row("q/encoder-kin-3", ["f/of-an-encoder"], config={"model_type": "bert"}),
    ]
    assert inferred(tmp_path, rows, "child_names") == {
        "a/half": ("family:kin", "its child q/half-kin-3")
    }


@pytest.mark.parametrize(
    ("path", "official"),
    [
        ("/data/models/Kin-3-8B", BASE),
        ("./Kin-3-8B/", BASE),
        ("C:\\models\\Kin-3-8B", BASE),
        ("../hub/Meta-Kin-3-8B", BASE),
        ("/data/kin-3-8b", None),
        ("/data/Kin-3-8B/checkpoint-500", None),
        ("/data/my-Kin-3-8B", None),
        ("Kin-3-8B", None),
        ("/", None),
        ("", None),
    ],
)
def test_a_path_names_the_official_model_that_it_ends_in(path: str, official: str | None) -> None:
    assert read_official_paths([KIN, FOE])(path) == official
    twin = a_family({"Twin": ["twin/Kin-3-8B"]}, id="twin")
    assert read_official_paths([KIN, twin])("/data/Kin-3-8B") is None


def test_of_real_roots_hardly_a_name_is_two_models() -> None:
    find_official = read_official_paths(all_families())
    assert find_official("/root/autodl-tmp/Llama-2-7b-chat-hf") == "meta-llama/Llama-2-7b-chat-hf"
    assert find_official("/models/Meta-Llama-3.1-8B") == "meta-llama/Llama-3.1-8B"


def test_a_local_path_is_inferred_where_nothing_is_declared(tmp_path: Path) -> None:
    def adapter(path: str) -> Row:
        return {"peft": {"base_model_name_or_path": path}}

    rows = [
        row("a/silent", config=adapter("/workspace/Kin-3-8B")),
        row("b/declares", [OTHER], config=adapter("/workspace/Kin-3-8B")),
        row("c/elsewhere", config=adapter("/workspace/output")),
        row("d/loaded", config={"_name_or_path": "/scratch/Kin-3-8B"}),
    ]
    assert inferred(tmp_path, rows, "local_path") == {
        "a/silent": (BASE, "/workspace/Kin-3-8B"),
        "d/loaded": (BASE, "/scratch/Kin-3-8B"),
    }
