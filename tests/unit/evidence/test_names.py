"""Claims inferred from names: which parent a name means, and when it is better to infer none."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from lineage.domain.claims import Relation
from lineage.domain.families import CuratedSource, Outsider, OutsiderReason
from lineage.evidence.infer import KnownModel
from lineage.evidence.names import NameRule
from tests.fakes.model_catalog import FakeCatalog
from tests.unit.analysis.worlds import a_family

BORN = datetime(2024, 6, 1, tzinfo=UTC)
INSTRUCT = "kin/Kin-3-8B-Instruct"
BASE = "kin/Kin-3-8B"
TWO_FORMATS = ("kin/Kin-2-7b", "kin/Kin-2-7b-hf")
FAMILY = a_family(
    {"Kin 3": [BASE, INSTRUCT], "Kin 2": TWO_FORMATS},
    {"copycat/Kin-3-8B-Instruct": INSTRUCT},
    {"kin/Meta-Kin-3-8B-Instruct": INSTRUCT},
)
RULE = NameRule([FAMILY])


class Inferred(NamedTuple):
    """What the rule infers for one model."""

    parent: str
    pattern: str
    quote: str
    relation: str | None


def infer(
    child: KnownModel | str, *models: KnownModel | str, former: dict[str, str] | None = None
) -> Inferred:
    inferred = maybe(child, *models, former=former)
    assert inferred is not None
    return inferred


def maybe(
    child: KnownModel | str, *models: KnownModel | str, former: dict[str, str] | None = None
) -> Inferred | None:
    """Ask the rule as a publication does: only models whose id its pattern matches."""
    model = KnownModel(child) if isinstance(child, str) else child
    if not pc.match_substring_regex(pa.array([model.id]), RULE.id_pattern)[0].as_py():
        return None
    claims = list(RULE.infer_parents(model, FakeCatalog(*models, former=former)))
    assert len(claims) <= 1
    for claim, pattern in claims:
        parent = claim.parent_as_written
        assert parent.rpartition("/")[2].lower() in RULE.list_names(model.id) or former
        assert (claim.rule, claim.parent_key) == ("name", None)
        return Inferred(parent, pattern, claim.quote, claim.relation)
    return None


def test_a_copy_in_another_format_is_made_of_the_model_of_that_name() -> None:
    inferred = infer("quanter/Foo-7B-Q4_K_M-GGUF", "maker/Foo-7B")
    assert inferred == ("maker/Foo-7B", "sole", "…-Q4_K_M-GGUF of Foo-7B", Relation.QUANTIZED)


def test_a_conversion_states_no_relation() -> None:
    assert infer("quanter/Foo-7B-mlx", "maker/Foo-7B").relation is None


def test_the_authors_own_model_comes_first() -> None:
    inferred = infer("maker/foo-AWQ", "maker/foo", "other/foo")
    assert (inferred.parent, inferred.pattern) == ("maker/foo", "own")


def test_an_official_model_comes_before_its_namesakes() -> None:
    inferred = infer("quanter/Kin-3-8B-Instruct-GGUF", "someone/Kin-3-8B-Instruct", INSTRUCT)
    assert (inferred.parent, inferred.pattern) == (INSTRUCT, "root")


@pytest.mark.parametrize("name", ["Meta-Kin-3-8B-Instruct", "kin-3-8b-instruct"])
def test_an_official_model_is_found_by_former_names_and_without_case(name: str) -> None:
    former = {"kin/Meta-Kin-3-8B-Instruct": INSTRUCT}
    assert infer(f"quanter/{name}-GGUF", INSTRUCT, former=former).parent == INSTRUCT


def test_of_two_formats_of_a_checkpoint_the_common_one_is_meant() -> None:
    assert infer("quanter/Kin-2-7B-GPTQ", *TWO_FORMATS).parent == "kin/Kin-2-7b-hf"


def test_among_namesakes_the_one_that_the_others_come_from_is_meant() -> None:
    copy = KnownModel("copier/Foo-7B", parents=("maker/Foo-7B",))
    inferred = infer("quanter/Foo-7B-GGUF", "maker/Foo-7B", copy)
    assert (inferred.parent, inferred.pattern) == ("maker/Foo-7B", "original")


def test_namesakes_that_are_strangers_are_not_chosen_between() -> None:
    assert maybe("quanter/Foo-7B-GGUF", "maker/Foo-7B", "other/Foo-7B") is None


def test_a_name_spelled_otherwise_or_an_everyday_word_is_no_sign() -> None:
    assert maybe("quanter/foo-7b-GGUF", "maker/Foo-7B") is None
    assert maybe("quanter/final_model_gguf", "maker/final_model") is None


@pytest.mark.parametrize(
    "name",
    [
        *("maker_-_Foo-7B-gguf", "maker__Foo-7B-8bits", "maker--Foo-7B-awq"),
        *("maker_Foo-7B-GGUF", "maker.foo-7B-GGUF", "Maker-Foo-7B-AWQ"),
    ],
)
def test_owner_and_model_may_be_spelled_in_one(name: str) -> None:
    inferred = infer(f"quanter/{name}", "maker/Foo-7B", "other/Foo-7B")
    assert (inferred.parent, inferred.pattern) == ("maker/Foo-7B", "owner")


@pytest.mark.parametrize("owner", ["a-b_c.d-e", "someone"])
def test_an_owner_set_off_beyond_doubt_may_be_called_otherwise_by_now(owner: str) -> None:
    inferred = infer(f"quanter/{owner}_-_Foo-7B-gguf", "maker/Foo-7B")
    assert (inferred.parent, inferred.pattern) == ("maker/Foo-7B", "sole")
    assert maybe(f"quanter/{owner}_-_Foo-7B-gguf", "maker/Foo-7B", "other/Foo-7B") is None
    assert infer("q/someone_-_Kin-3-8B-Instruct-gguf", INSTRUCT).pattern == "root"


def test_the_longest_stem_that_exists_is_meant() -> None:
    both = ("maker/Foo-7B-bf16", "maker/Foo-7B")
    assert infer("quanter/Foo-7B-bf16-GGUF", *both).parent == "maker/Foo-7B-bf16"
    assert infer("quanter/Foo-7B-bf16-GGUF", "maker/Foo-7B").parent == "maker/Foo-7B"
    child = KnownModel("quanter/Foo-7B-bf16-GGUF", model_type="llama")
    stranger = KnownModel("maker/Foo-7B-bf16", model_type="gpt_neox")
    assert maybe(child, stranger, "maker/Foo-7B") is None


def test_a_parent_born_clearly_later_is_none() -> None:
    child = KnownModel("quanter/Foo-7B-GGUF", BORN)
    assert maybe(child, KnownModel("maker/Foo-7B", BORN + timedelta(days=30))) is None
    assert maybe(child, KnownModel("maker/Foo-7B", BORN + timedelta(days=3))) is not None
    assert maybe(child, KnownModel("maker/Foo-7B")) is not None


def test_a_root_may_be_dated_too_late() -> None:
    child = KnownModel("quanter/Kin-3-8B-Instruct-GGUF", BORN)
    assert infer(child, KnownModel(INSTRUCT, BORN + timedelta(days=999))).parent == INSTRUCT


def test_other_architectures_contradict() -> None:
    child = KnownModel("quanter/Foo-7B-GGUF", model_type="llama")
    assert maybe(child, KnownModel("maker/Foo-7B", model_type="gpt_neox")) is None
    assert maybe(child, KnownModel("maker/Foo-7B", model_type="llama")) is not None


def test_whoever_comes_from_a_model_is_not_its_parent() -> None:
    assert maybe("a/foo-2-GGUF", KnownModel("a/foo-2", parents=("a/foo-2-GGUF",))) is None


def test_a_name_that_begins_with_an_official_one_is_made_of_that() -> None:
    inferred = infer("me/Kin-3-8B-Instruct-cats", INSTRUCT, BASE)
    assert inferred == (INSTRUCT, "prefix", "Kin-3-8B-Instruct-…", None)


@pytest.mark.parametrize(
    "name",
    [
        "Kin-3-8B-cats",  # base or instruct: nobody knows
        "Kin-3-8B-Instruct",  # the same name is no proof
        "Kin-3-8B-Instruct-",
        "Kin-3-8B-Instruct-70B",  # another size
        "Kin-3-8B-Instruct-abliterated-cats",
        "Kin-3-8B-Instruct-slerp",
        "Kin-3-8B-Instructed",
        "My-Kin-3-8B-Instruct-cats",
        "TinyKin-3-8B-Instruct-cats",
    ],
)
def test_what_only_resembles_an_official_name_is_left_alone(name: str) -> None:
    assert maybe(f"me/{name}", INSTRUCT, BASE) is None


def test_a_root_that_nobody_lists_is_no_parent() -> None:
    assert maybe("me/Kin-3-8B-Instruct-cats", BASE) is None


def parents_by(rule: NameRule, id: str, *models: str) -> list[str]:
    claims = rule.infer_parents(KnownModel(id), FakeCatalog(*models))
    return [claim.parent_as_written for claim, _ in claims]


@pytest.mark.parametrize("root", ["kin/Kin-3-8B-Instruct", "copycat/Kin-3-8B-Instruct"])
def test_nothing_is_inferred_about_roots(root: str) -> None:
    assert parents_by(RULE, root, INSTRUCT, BASE) == []


def test_nothing_is_inferred_about_outsiders() -> None:
    outsider = Outsider(
        "me/Kin-3-8B-Instruct-cats",
        OutsiderReason.NAME_ONLY,
        "Only the name is.",
        CuratedSource("its card"),
    )
    rule = NameRule([replace(a_family({"Kin 3": [INSTRUCT]}), outsiders=(outsider,))])
    assert parents_by(rule, "ME/kin-3-8B-Instruct-cats", INSTRUCT) == []
    assert parents_by(rule, "you/Kin-3-8B-Instruct-cats", INSTRUCT) == [INSTRUCT]


def test_without_families_stems_alone_are_read() -> None:
    rule = NameRule([])
    assert parents_by(rule, "q/Foo-7B-GGUF", "m/Foo-7B") == ["m/Foo-7B"]
    assert parents_by(rule, "me/Kin-3-8B-Instruct-cats", INSTRUCT) == []
