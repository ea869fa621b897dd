"""The whole corpus: 360 cards with an old name, cycles and dirt, every base counted by hand."""

from collections import Counter

import networkx as nx
import pytest

from lineage.domain.claims import RELATIONS
from lineage.domain.families import is_claimable
from lineage.families.registry import bundled_families, family
from lineage.store.reader import Snapshot
from tests.builders import Row, rows_of

EDGES, COUNTS, MODELS, EVIDENCE, NAMES = (
    f"{table}.parquet" for table in ("edges", "counts", "models", "evidence", "names")
)


@pytest.fixture(scope="module")
def edges(corpus_snapshot: Snapshot) -> list[Row]:
    return rows_of(corpus_snapshot, EDGES)


def counted_by_networkx(snapshot: Snapshot, edges: list[Row]) -> dict[str, tuple[object, ...]]:
    """Direct, undated and totals by relation of every base, from stated edges alone."""
    edges = [one for one in edges if one["strength"] != "inferred"]
    relation = {one["child_key"]: one["relation"] for one in edges}
    undated = {one["key"]: one["created_at"] is None for one in rows_of(snapshot, MODELS)}
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_edges_from((one["parent_key"], one["child_key"]) for one in edges)
    found: dict[str, tuple[object, ...]] = {}
    for base in (node for node in graph if graph.out_degree(node)):
        below = [key for key in nx.descendants(graph, base) if key in undated]
        direct = [key for key in graph.successors(base) if key != base and key in undated]
        by_relation = Counter(relation[key] for key in below)
        found[base] = (
            len(direct),
            len(below),
            *(by_relation[word.value] for word in RELATIONS),
            sum(undated[key] for key in below),
        )
    return found


def test_every_base_has_the_count_that_networkx_finds(
    corpus_snapshot: Snapshot, edges: list[Row]
) -> None:
    columns = ("direct", "total", *(word.value for word in RELATIONS), "undated")
    stored = {
        str(one["key"]): tuple(one[column] for column in columns)
        for one in rows_of(corpus_snapshot, COUNTS)
        # Releases and families that names alone lead to have a row, and nothing declared below.
        if not is_claimable(str(one["key"]))
    }
    assert len(stored) > 10_000
    assert stored == counted_by_networkx(corpus_snapshot, edges)


def test_old_names_on_cards_make_no_second_parents(corpus_snapshot: Snapshot) -> None:
    """A model has at most as many parents as the Hub, or else the tags, give it.

    But for two cards that name the twin in small letters of a model: the Hub has one of the two,
    this sample both.
    """
    heard = rows_of(corpus_snapshot, EVIDENCE)
    said = {(one["child_key"], one["parent_key"]) for one in heard if one["rule"] != "card"}
    second = [
        one
        for one in heard
        if one["rule"] == "card" and (one["child_key"], one["parent_key"]) not in said
    ]
    twin = "unsloth/llama-3.2-3b-instruct-unsloth-bnb-4bit"
    assert [one["parent_as_written"] for one in second] == [twin, twin]


def test_old_names_are_there_and_lead_to_the_names_of_now(corpus_snapshot: Snapshot) -> None:
    former = {
        one.name: one.now for name in bundled_families() for one in family(name).former_names()
    }
    key_of = {one["id"]: one["key"] for one in rows_of(corpus_snapshot, MODELS)}
    old = [
        one for one in rows_of(corpus_snapshot, EVIDENCE) if str(one["parent_as_written"]) in former
    ]
    assert len({one["child_key"] for one in old}) >= 300
    for one in old:
        written = str(one["parent_as_written"])
        names = [former[written]]
        # Where a model bears the name today, the age of the child decides which of the two it is.
        if written in key_of:
            names.append(written)
        assert one["parent_key"] in [key_of.get(name, f"name:{name}") for name in names]


def test_no_false_pair_is_learned(corpus_snapshot: Snapshot) -> None:
    """All old names of the corpus stand in the registry: only other spellings are left to teach."""
    id_of = {one["key"]: str(one["id"]) for one in rows_of(corpus_snapshot, MODELS)}
    learned = [(str(one["name"]), id_of[one["key"]]) for one in rows_of(corpus_snapshot, NAMES)]
    assert len(learned) == 5
    assert all(name.lower() == id.lower() for name, id in learned)


def test_every_model_stands_there_once_in_order_of_its_key(corpus_snapshot: Snapshot) -> None:
    keys = [str(one["key"]) for one in rows_of(corpus_snapshot, MODELS)]
    assert keys == sorted(set(keys))
    assert len(keys) == corpus_snapshot.manifest.models


def test_no_pair_has_two_edges_and_a_child_has_one_relation(edges: list[Row]) -> None:
    assert len({(one["child_key"], one["parent_key"]) for one in edges}) == len(edges)
    relations = {(one["child_key"], one["relation"]) for one in edges}
    assert len(relations) == len({child for child, _ in relations})
