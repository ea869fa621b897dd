"""Who is asked about: roots of any family, and what stated edges lead down to from them."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.store.reader import Snapshot
from tests.builders import key_of, published, row
from tests.questions import relatives_among
from tests.unit.analysis.worlds import a_family, said

KIN = a_family(
    {"Kin 1": ["meta/kin-1"]},
    {"copy/kin-1": "meta/kin-1"},
    edges=[said("b/curated", "meta/kin-1")],
)
OTHER = a_family({"Other 1": ["else/root"]}, id="other")


def among(snapshot: Snapshot, *names: str) -> list[str]:
    keys = pa.chunked_array([[key_of(name) for name in names]], pa.string())
    ids = {key_of(name): name for name in names}
    return [ids[key] for key in relatives_among(snapshot, [KIN, OTHER], keys)]


def test_members_of_every_family_are_relatives_and_guesses_make_none(tmp_path: Path) -> None:
    rows = [
        row("meta/kin-1"),
        row("copy/kin-1"),
        row("else/root"),
        row("a/child", ["meta/kin-1"]),
        row("a/grandchild", ["a/child"]),
        row("b/of-copy", ["copy/kin-1"]),
        row("b/curated"),
        row("c/of-other", ["else/root"]),
        row("c/guess", config={"_name_or_path": "meta/kin-1"}),
        row("d/stranger", ["d/nobody"]),
    ]
    snapshot = published(rows, tmp_path, families=[KIN, OTHER])
    names = [str(one["id"]) for one in rows]
    found = among(snapshot, *names, "never/seen")
    assert set(found) == set(names) - {"c/guess", "d/stranger"}
    assert found[0] == "meta/kin-1"
    assert found.index("a/child") < found.index("a/grandchild")
    assert among(snapshot) == []


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=20))
def test_relatives_are_those_that_a_walk_down_meets(pairs: list[tuple[int, int]]) -> None:
    names = ["meta/kin-1", *(f"m/{number}" for number in range(1, 12))]
    parents = {name: sorted({names[p] for c, p in pairs if names[c] == name}) for name in names}
    reached, grown = set[str](), {"meta/kin-1"}
    while grown - reached:
        reached |= grown
        grown = {name for name in names if reached & set(parents[name])}
    with TemporaryDirectory() as folder:
        rows = [row(name, parents[name]) for name in names]
        snapshot = published(rows, Path(folder), families=[KIN, OTHER])
        found = among(snapshot, *names)
        totals = {name: stored.total if (stored := snapshot.base(name)) else 0 for name in names}
    assert set(found) == reached
    assert [totals[name] for name in found] == sorted((totals[one] for one in found), reverse=True)
