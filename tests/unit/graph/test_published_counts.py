"""Counts are exact on any graph: from rows to counts.parquet, beside a count by brute force."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.domain.claims import RELATIONS, Relation
from tests.builders import CREATED, Row, published, row, rows_of

LISTED = [f"listed/{number}" for number in range(8)]
UNSEEN = ["gone/x", "gone/y"]
OLD = "2022-03-02T23:29:04.000Z"
WORDS = [word.value for word in Relation if word is not Relation.UNSPECIFIED]


@st.composite
def models(draw: st.DrawFn) -> Row:
    """A model without an id yet: some parents, of which any may be itself, and who says so."""
    parents = draw(st.lists(st.sampled_from(LISTED + UNSEEN), max_size=3, unique=True))
    relation = draw(st.sampled_from(WORDS))
    said = row("x/y", parents, relation, createdAt=draw(st.sampled_from([CREATED, OLD])))
    claims = ["tags", "cardData", "baseModels"]
    silent = draw(st.lists(st.sampled_from(claims), max_size=2, unique=True))
    return {field: value for field, value in said.items() if field not in silent} | {
        "parents": parents,
        "relation": relation if parents and {"tags", "baseModels"} - set(silent) else "unspecified",
    }


WORLDS = st.lists(models(), min_size=1, max_size=len(LISTED)).map(
    lambda drawn: [
        said | {key: row(id)[key] for key in ("_id", "id", "author")}
        for id, said in zip(LISTED, drawn, strict=False)
    ]
)


def counted_by_hand(rows: list[Row]) -> dict[str, tuple[object, ...]]:
    """Walk down from every base, one edge at a time."""
    by_id = {str(one["id"]): one for one in rows}
    children: dict[str, set[str]] = {}
    for id, one in by_id.items():
        for parent in one["parents"]:  # type: ignore[attr-defined]
            children.setdefault(parent, set()).add(id)
    found: dict[str, tuple[object, ...]] = {}
    for base, right_below in children.items():
        below: set[str] = set()
        waiting = [base]
        while waiting:
            fresh = children.get(waiting.pop(), set()) - below
            below |= fresh
            waiting += fresh
        below -= {base}
        said = [by_id[id]["relation"] for id in below]
        undated = sum(by_id[id]["createdAt"] == OLD for id in below)
        numbers = [said.count(word.value) for word in RELATIONS]
        found[base] = (len(right_below - {base}), len(below), undated, *numbers)
    return found


@given(WORLDS)
@settings(max_examples=40)
def test_every_base_of_any_small_world_is_counted_as_by_hand(rows: list[Row]) -> None:
    columns = ("direct", "total", "undated", *(word.value for word in RELATIONS))
    with TemporaryDirectory() as folder:
        counts = rows_of(published(rows, Path(folder), size=3), "counts.parquet")
    stored = {str(one["id"]): tuple(one[column] for column in columns) for one in counts}
    assert stored == counted_by_hand(rows)


def test_a_model_that_names_itself_is_not_its_own_descendant(tmp_path: Path) -> None:
    (count,) = rows_of(published([row("a/self", ["a/self"])], tmp_path), "counts.parquet")
    assert (count["direct"], count["total"]) == (0, 0)


def test_a_cycle_counts_everyone_but_the_base(tmp_path: Path) -> None:
    rows = [row("a/1", ["a/3"]), row("a/2", ["a/1"]), row("a/3", ["a/2"]), row("a/4", ["a/3"])]
    counts = rows_of(published(rows, tmp_path), "counts.parquet")
    assert {one["id"]: one["total"] for one in counts} == {"a/1": 3, "a/2": 3, "a/3": 3}
