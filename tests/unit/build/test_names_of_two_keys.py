"""A name is one repository's at a time: a newer key of the same name ends the older."""

from datetime import timedelta
from pathlib import Path

import pytest

from lineage.analysis.cut_tables import list_whole_tables_of_scope
from lineage.domain.claims import Strength
from lineage.domain.definitions import Definition
from lineage.store.reader import Snapshot
from tests.builders import Row, edges_of, key_of, published, row, rows_of
from tests.fakes.fake_clock import NOON
from tests.questions import count_base, count_family, find_base, trace
from tests.unit.analysis.worlds import a_family
from tests.updates import updated

BASE = "owner/base"
OLD, NEW = "1" * 24, "e" * 24
KIN = a_family({"Kin 1": [BASE]})
YEARS = {"before": "2024-05-01T00:00:00.000Z", "after": "2025-05-01T00:00:00.000Z"}
FILLER = [row(f"other/{n}") for n in range(40)]


def base(key: str) -> Row:
    created = "2024-01-01" if key == OLD else "2025-01-01"
    return row(BASE, ["above/one"], _id=key, createdAt=f"{created}T00:00:00.000Z")


def child(name: str, when: str, key: str | None = None) -> Row:
    """A model that names the base in its card, as it was before or after it was made anew."""
    fields: Row = {"cardData": {"base_model": BASE}, "tags": [f"base_model:{BASE}"]}
    if key is not None:
        fields["baseModels"] = {"relation": "finetune", "models": [{"_id": key, "id": BASE}]}
    return row(name, createdAt=YEARS[when]) | fields


CHILDREN = [
    child("kid/early", "before"),
    child("kid/late", "after"),
    child("kid/early-by-key", "before", OLD),
    child("kid/late-by-key", "after", NEW),
    child("kid/edited", "before", NEW),
]
PARENTS = {
    "kid/early": OLD,
    "kid/late": NEW,
    "kid/early-by-key": OLD,
    "kid/late-by-key": NEW,
    "kid/edited": NEW,
}
BEFORE = [*FILLER, base(OLD), *(one for one in CHILDREN if PARENTS[str(one["id"])] == OLD)]
AFTER = [base(NEW), *(one for one in CHILDREN if PARENTS[str(one["id"])] == NEW)]


@pytest.fixture(params=["one crawl", "crawls", "update", "later crawl"])
def made_anew(request: pytest.FixtureRequest, tmp_path: Path) -> Snapshot:
    if request.param == "one crawl":
        return published([*BEFORE, *AFTER], tmp_path, families=[KIN])
    first = published(BEFORE, tmp_path, families=[KIN])
    rest = [one for one in BEFORE if one["_id"] != OLD]
    day = timedelta(days=1)
    if request.param == "crawls":
        return published([*rest, *AFTER], tmp_path, families=[KIN], taken_at=NOON + day)
    found = updated(first, AFTER, tmp_path)
    if request.param == "later crawl":
        return published([*rest, *AFTER], tmp_path, families=[KIN], taken_at=NOON + 2 * day)
    return found


def test_one_model_lives_and_the_older_is_a_tombstone_with_its_record(made_anew: Snapshot) -> None:
    keys = [one["key"] for one in rows_of(made_anew, "models.parquet") if one["id"] == BASE]
    assert keys == [NEW]
    (tombstone,) = made_anew.tombstones().to_pylist()
    assert (tombstone["key"], tombstone["id"], tombstone["author"]) == (OLD, BASE, "owner")
    assert (OLD, "above/one") in {
        (one["child_key"], one["parent"]) for one in rows_of(made_anew, "edges.parquet")
    }
    assert find_base(made_anew, BASE).key == NEW


def test_children_go_to_the_one_that_stood_when_they_declared_it(made_anew: Snapshot) -> None:
    edges = rows_of(made_anew, "edges.parquet")
    of_children = [one for one in edges if str(one["child"]).startswith("kid/")]
    assert {one["child"]: one["parent_key"] for one in of_children} == PARENTS
    assert len(of_children) == len(PARENTS)
    assert count_base(made_anew, BASE).total == 3


def test_children_of_both_are_of_the_family_that_names_it(made_anew: Snapshot) -> None:
    assert count_family(made_anew, KIN, Definition(), [KIN]).total == 5
    for name in PARENTS:
        answer = trace(made_anew, name, KIN, [KIN])
        assert (name, answer.descends) == (name, True)
        assert answer.paths[0][-1].strength is not Strength.INFERRED


def test_an_update_holds_what_a_crawl_of_the_same_day_holds(tmp_path: Path) -> None:
    first = published(BEFORE, tmp_path / "updated")
    later = updated(first, AFTER, tmp_path / "updated")
    rest = [one for one in BEFORE if one["_id"] != OLD]
    published(BEFORE, tmp_path / "crawled")
    crawled = published([*rest, *AFTER], tmp_path / "crawled", taken_at=NOON + timedelta(days=1))
    assert later.manifest.builds_on is not None
    for (file, some), (_, same) in zip(
        sorted(list_whole_tables_of_scope(later).items()),
        sorted(list_whole_tables_of_scope(crawled).items()),
        strict=True,
    ):
        rows, others = (
            [line for part in each for line in part.to_pylist()] for each in (some, same)
        )
        assert (file, rows) == (file, others)


def test_of_three_of_a_name_each_child_has_the_one_of_its_time(tmp_path: Path) -> None:
    keys = ["1" * 24, "5" * 24, "e" * 24]
    bases = [
        row(BASE, _id=key, createdAt=f"202{n}-01-01T00:00:00.000Z") for n, key in enumerate(keys, 3)
    ]
    children = [
        row(f"kid/{n}", cardData={"base_model": BASE}, createdAt=f"202{n}-06-01T00:00:00.000Z")
        for n in range(2, 6)
    ]
    found = published([*bases, *children], tmp_path)
    edges = {one["child"]: one["parent_key"] for one in rows_of(found, "edges.parquet")}
    assert edges == {"kid/2": keys[0], "kid/3": keys[0], "kid/4": keys[1], "kid/5": keys[2]}
    assert found.manifest.models == 5


@pytest.mark.parametrize("has_gone", [False, True])
def test_a_name_that_an_older_model_took_over_is_its_for_later_children(
    tmp_path: Path, *, has_gone: bool
) -> None:
    """The newer model of the name was deleted before; in the end the older one may be so too."""
    day = timedelta(days=1)
    older, newer = row("a/x", _id="1" * 24), row("a/y", _id="e" * 24)
    newer["createdAt"] = "2024-06-01T00:00:00.000Z"
    early = child("kid/early", "after") | {"cardData": {"base_model": "a/y"}, "tags": []}
    late = early | {"_id": key_of("late"), "id": "kid/late"}
    late["createdAt"] = (NOON + 2 * day).isoformat()
    published([*FILLER, older, newer, early], tmp_path)
    published([*FILLER, older, early], tmp_path, taken_at=NOON + day)
    rows = [*FILLER, row("a/y", _id="1" * 24), early, late]
    found = published(rows, tmp_path, taken_at=NOON + 3 * day)
    if has_gone:
        found = published([*FILLER, early, late], tmp_path, taken_at=NOON + 4 * day)
    parents = {one["child"]: one["parent_key"] for one in rows_of(found, "edges.parquet")}
    assert parents == {"kid/early": "e" * 24, "kid/late": "1" * 24}


def test_a_name_that_was_read_is_not_that_of_a_model_that_was_not(tmp_path: Path) -> None:
    """The older key took the name of a newer model, which is deleted or renamed since."""
    older, newer = row("a/x", _id="1" * 24), row("a/y", _id="e" * 24)
    first = published([older, newer, *FILLER], tmp_path)
    found = updated(first, [row("a/y", _id="1" * 24)], tmp_path)
    keys = {one["id"]: one["key"] for one in rows_of(found, "models.parquet")}
    assert keys["a/y"] == "1" * 24
    assert [one["key"] for one in found.tombstones().to_pylist()] == ["e" * 24]
    back = updated(found, [row("a/z", _id="e" * 24)], tmp_path)
    assert back.tombstones().num_rows == 0


def test_two_models_that_swap_their_names_stay_themselves(tmp_path: Path) -> None:
    children = [row("kid/x", ["a/x"]), row("kid/y", ["a/y"])]
    first = published([row("a/x"), row("a/y"), *children, *FILLER], tmp_path)
    swapped = [row("a/y", _id=key_of("a/x")), row("a/x", _id=key_of("a/y"))]
    crawl = published(
        [*swapped, *children, *FILLER], tmp_path / "crawl", taken_at=NOON + timedelta(days=1)
    )
    for found in (updated(first, swapped, tmp_path), crawl):
        assert edges_of(found) == {("kid/x", "a/y"), ("kid/y", "a/x")}
        assert found.tombstones().num_rows == 0


def test_nobody_comes_from_what_was_made_after_it_was_gone(tmp_path: Path) -> None:
    dead = row("dead/child", cardData={"base_model": BASE})
    published([*FILLER, dead], tmp_path)
    day = timedelta(days=1)
    published(FILLER, tmp_path, taken_at=NOON + day)
    late = row(BASE, createdAt=(NOON + 2 * day).isoformat())
    found = published([*FILLER, late], tmp_path, taken_at=NOON + 3 * day)
    assert {one["parent_key"] for one in rows_of(found, "edges.parquet")} == {f"name:{BASE}"}
    assert find_base(found, BASE).key == key_of(BASE)
