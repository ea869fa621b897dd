"""Which model a name means: as it is now, as it was before, or but for the case."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from lineage.domain.definitions import Definition
from lineage.domain.families import Family
from lineage.errors import UnknownModel
from lineage.store.reader import Snapshot
from tests.builders import key_of, published, row
from tests.questions import count_base, find_base
from tests.unit.analysis.plain import told
from tests.unit.analysis.worlds import a_family

NOW, BEFORE = "meta/Kin-2-7b-hf", "meta/Meta-Kin-2-7b"
KIN = a_family({"Kin 2": [NOW]}, former={BEFORE: NOW})


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    rows = [
        row(NOW),
        row("meta/Kin-2-13b-hf"),
        row("a/Child", [NOW]),
        row("a/of-former", [BEFORE], baseModels=None),
        row("a/of-dead", ["dead/Base"], baseModels=None),
        row("bare-model"),
    ]
    return published(rows, tmp_path_factory.mktemp("snapshot"), families=[KIN])


def meant(snapshot: Snapshot, name: str, known: Sequence[Family] = (KIN,)) -> str:
    return find_base(snapshot, name, known).id


def hint(snapshot: Snapshot, name: str) -> str:
    with pytest.raises(UnknownModel) as caught:
        find_base(snapshot, name, [KIN])
    assert name in caught.value.message
    assert caught.value.exit_code == 5
    return caught.value.hint


@pytest.mark.parametrize(
    "asked",
    [BEFORE, NOW.upper(), BEFORE.lower(), f" https://huggingface.co/{NOW}/ ", f"hf.co/{BEFORE}"],
)
def test_every_way_to_write_a_name_gives_the_same_answer(snapshot: Snapshot, asked: str) -> None:
    count, plain = (count_base(snapshot, one, Definition(), [KIN]) for one in (asked, NOW))
    assert (count.subject, count.id, count.key) == (asked, NOW, key_of(NOW))
    assert told(count) == told(plain) == (2, 2, {"finetune": 2})
    assert (count.definition, count.undated) == (plain.definition, plain.undated)


def test_a_name_from_an_earlier_snapshot_gives_the_same_answer(tmp_path: Path) -> None:
    published([row("a/old"), row("b/child", ["a/old"])], tmp_path)
    parent = {"relation": "finetune", "models": [{"_id": key_of("a/old"), "id": "a/new"}]}
    rows = [row("a/new", _id=key_of("a/old")), row("b/child", ["a/new"], baseModels=parent)]
    snapshot = published(rows, tmp_path)
    for asked in ("a/old", "A/OLD", "a/new"):
        count = count_base(snapshot, asked, Definition(), ())
        assert (count.subject, count.id, count.total) == (asked, "a/new", 1)
        assert count.definition.roots == ("a/new",)


def test_a_name_that_a_card_taught_gives_the_same_answer(tmp_path: Path) -> None:
    taught = row("b/child", ["a/new"], cardData={"base_model": "a/first"})
    snapshot = published([row("a/new"), taught], tmp_path)
    assert [one.id for one in (find_base(snapshot, "a/first", ()),)] == ["a/new"]


def test_who_bears_a_name_now_is_meant_and_not_who_bore_it(tmp_path: Path) -> None:
    """A former name that was given to another model."""
    snapshot = published([row(NOW), row(BEFORE), row("a/1", [BEFORE])], tmp_path, families=[KIN])
    assert meant(snapshot, BEFORE) == BEFORE
    assert count_base(snapshot, NOW, Definition(), [KIN]).total == 0


def test_a_parent_that_nobody_lists_is_a_base(snapshot: Snapshot) -> None:
    for asked in ("dead/Base", "DEAD/base"):
        count = count_base(snapshot, asked, Definition(), [KIN])
        assert (count.id, count.key, count.total) == ("dead/Base", "name:dead/Base", 1)


def test_a_listed_model_without_children_is_a_base(snapshot: Snapshot) -> None:
    assert meant(snapshot, "a/CHILD") == "a/Child"
    assert meant(snapshot, "bare-model") == "bare-model"


def test_two_names_that_differ_in_case_alone_are_two_bases(tmp_path: Path) -> None:
    snapshot = published([row("a/x"), row("A/X")], tmp_path)
    assert [meant(snapshot, name) for name in ("a/x", "A/X")] == ["a/x", "A/X"]
    assert "did you mean" in hint(snapshot, "A/x")


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("meta/Kin-2-7b", NOW),
        ("meta/kin-2-7b-fh", NOW),
        ("mata/Kin-2-7b-hf", NOW),
        ("Kin-2-7b", NOW),
        ("dead/Bse", "dead/Base"),
        ("bare-mode", "bare-model"),
        ("someone/Child", "a/Child"),
    ],
)
def test_a_misspelt_name_is_told_the_closest_ones(
    snapshot: Snapshot, asked: str, names: str
) -> None:
    assert hint(snapshot, asked).startswith("did you mean ")
    assert names in hint(snapshot, asked)


@pytest.mark.parametrize("asked", ["/", "nobody/nothing-like-it", "x", "%", "a" * 500, "é/ü"])
def test_a_name_like_no_other_is_unknown_without_a_guess(snapshot: Snapshot, asked: str) -> None:
    assert hint(snapshot, asked) == "check the spelling: owner/name"
