"""Guesses from names: which parent a name speaks of, and when it is better to say nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from lineage.domain.claims import Relation
from lineage.domain.families import Outsider, Reason, Source
from lineage.evidence.inference import Guess, Known
from lineage.evidence.names import NameGuesses
from tests.fakes.shelf_of_models import FakeShelf
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
RULE = NameGuesses([FAMILY])


def guess(child: Known | str, *models: Known | str, former: dict[str, str] | None = None) -> Guess:
    found = maybe(child, *models, former=former)
    assert found is not None
    return found


def maybe(
    child: Known | str, *models: Known | str, former: dict[str, str] | None = None
) -> Guess | None:
    """Ask the rule as a second hearing does: only models whose id its pattern finds."""
    model = Known(child) if isinstance(child, str) else child
    if not pc.match_substring_regex(pa.array([model.id]), RULE.pattern)[0].as_py():
        return None
    catalog = FakeShelf(*models, former=former)
    (said,) = (*RULE.hear(model, catalog), None)[:1]
    if said is not None:
        assert said.parent.rpartition("/")[2].lower() in RULE.asks_for(model.id) or former
    return said


def test_a_copy_in_another_format_is_made_of_the_model_of_that_name() -> None:
    said = guess("quanter/Foo-7B-Q4_K_M-GGUF", "maker/Foo-7B")
    assert said == ("maker/Foo-7B", "sole", "…-Q4_K_M-GGUF of Foo-7B", Relation.QUANTIZED)


def test_a_conversion_states_no_relation() -> None:
    assert guess("quanter/Foo-7B-mlx", "maker/Foo-7B").relation is None


def test_the_authors_own_model_comes_first() -> None:
    said = guess("maker/foo-AWQ", "maker/foo", "other/foo")
    assert (said.parent, said.habit) == ("maker/foo", "own")


def test_an_official_model_comes_before_its_namesakes() -> None:
    said = guess("quanter/Kin-3-8B-Instruct-GGUF", "someone/Kin-3-8B-Instruct", INSTRUCT)
    assert (said.parent, said.habit) == (INSTRUCT, "root")


@pytest.mark.parametrize("name", ["Meta-Kin-3-8B-Instruct", "kin-3-8b-instruct"])
def test_an_official_model_is_found_by_former_names_and_without_case(name: str) -> None:
    former = {"kin/Meta-Kin-3-8B-Instruct": INSTRUCT}
    assert guess(f"quanter/{name}-GGUF", INSTRUCT, former=former).parent == INSTRUCT


def test_of_two_formats_of_a_checkpoint_the_common_one_is_meant() -> None:
    assert guess("quanter/Kin-2-7B-GPTQ", *TWO_FORMATS).parent == "kin/Kin-2-7b-hf"


def test_among_namesakes_the_one_that_the_others_come_from_is_meant() -> None:
    copy = Known("copier/Foo-7B", parents=("maker/Foo-7B",))
    said = guess("quanter/Foo-7B-GGUF", "maker/Foo-7B", copy)
    assert (said.parent, said.habit) == ("maker/Foo-7B", "original")


def test_namesakes_that_are_strangers_are_not_guessed_between() -> None:
    assert maybe("quanter/Foo-7B-GGUF", "maker/Foo-7B", "other/Foo-7B") is None


def test_a_name_spelled_otherwise_or_an_everyday_word_is_no_sign() -> None:
    assert maybe("quanter/foo-7b-GGUF", "maker/Foo-7B") is None
    assert maybe("quanter/final_model_gguf", "maker/final_model") is None


@pytest.mark.parametrize("name", ["maker_Foo-7B-GGUF", "maker.foo-7B-GGUF", "Maker-Foo-7B-AWQ"])
def test_owner_and_model_may_be_spelled_in_one(name: str) -> None:
    said = guess(f"quanter/{name}", "maker/Foo-7B", "other/Foo-7B")
    assert (said.parent, said.habit) == ("maker/Foo-7B", "owner")


def test_a_parent_born_clearly_later_is_none() -> None:
    child = Known("quanter/Foo-7B-GGUF", BORN)
    assert maybe(child, Known("maker/Foo-7B", BORN + timedelta(days=30))) is None
    assert maybe(child, Known("maker/Foo-7B", BORN + timedelta(days=3))) is not None
    assert maybe(child, Known("maker/Foo-7B")) is not None


def test_a_root_may_be_dated_too_late() -> None:
    child = Known("quanter/Kin-3-8B-Instruct-GGUF", BORN)
    assert guess(child, Known(INSTRUCT, BORN + timedelta(days=999))).parent == INSTRUCT


def test_other_architectures_contradict() -> None:
    child = Known("quanter/Foo-7B-GGUF", model_type="llama")
    assert maybe(child, Known("maker/Foo-7B", model_type="gpt_neox")) is None
    assert maybe(child, Known("maker/Foo-7B", model_type="llama")) is not None


def test_whoever_comes_from_a_model_is_not_its_parent() -> None:
    assert maybe("a/foo-2-GGUF", Known("a/foo-2", parents=("a/foo-2-GGUF",))) is None


def test_a_name_that_begins_with_an_official_one_is_made_of_that() -> None:
    said = guess("me/Kin-3-8B-Instruct-cats", INSTRUCT, BASE)
    assert said == (INSTRUCT, "prefix", "Kin-3-8B-Instruct-…", None)


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


@pytest.mark.parametrize("root", ["kin/Kin-3-8B-Instruct", "copycat/Kin-3-8B-Instruct"])
def test_nothing_is_guessed_about_roots(root: str) -> None:
    assert list(RULE.hear(Known(root), FakeShelf(INSTRUCT, BASE))) == []


def test_nothing_is_guessed_about_outsiders() -> None:
    outsider = Outsider(
        "me/Kin-3-8B-Instruct-cats", Reason.NAME_ONLY, "Only the name is.", Source("its card")
    )
    rule = NameGuesses([replace(a_family({"Kin 3": [INSTRUCT]}), outsiders=(outsider,))])
    assert list(rule.hear(Known("ME/kin-3-8B-Instruct-cats"), FakeShelf(INSTRUCT))) == []
    assert list(rule.hear(Known("you/Kin-3-8B-Instruct-cats"), FakeShelf(INSTRUCT))) != []


def test_without_families_stems_alone_are_read() -> None:
    rule = NameGuesses([])
    assert [one.parent for one in rule.hear(Known("q/Foo-7B-GGUF"), FakeShelf("m/Foo-7B"))] == [
        "m/Foo-7B"
    ]
    assert list(rule.hear(Known("me/Kin-3-8B-Instruct-cats"), FakeShelf(INSTRUCT))) == []
