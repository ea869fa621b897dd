"""The bundled corpus: stored counts are computed counts, and the Llama family by another way."""

import random
from collections import Counter

import networkx as nx
import pytest

from lineage.analysis.tree.rows import RowKind
from lineage.domain.definitions import Definition, Grouping
from lineage.domain.families import is_claimable
from lineage.families.registry import family
from lineage.store.reader import Snapshot
from tests.builders import rows_of
from tests.questions import (
    count_base,
    count_family,
    count_top,
    drawn_and_folded,
    tree_of_base,
    tree_of_family,
)
from tests.questions import graph_of_family as family_graph
from tests.unit.analysis.plain import Plain, closed, told

DEFAULT = Definition()
LLAMA = family("llama")
KNOWN = [LLAMA]


FULL = Definition(mirrors=True, curated=True)


@pytest.fixture(scope="module")
def whole_corpus(plain_corpus: Plain) -> Plain:
    """The corpus with the registry's edges."""
    return plain_corpus.over(KNOWN, FULL)


@pytest.fixture(scope="module")
def llama(whole_corpus: Plain) -> dict[str, set[str]]:
    """The releases that each derivative of Llama meets, by networkx and a walk up from each."""
    plain_corpus = whole_corpus
    roots = plain_corpus.tops_of(LLAMA)
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_edges_from((one["parent_key"], one["child_key"]) for one in plain_corpus.kept(FULL))
    below = {key for root in roots if root in graph for key in nx.descendants(graph, root)}
    return plain_corpus.releases_of((below - roots) & set(plain_corpus.models), KNOWN, FULL)


def test_three_hundred_counts_are_those_of_a_slow_walk(
    corpus_snapshot: Snapshot, plain_corpus: Plain
) -> None:
    bases = sorted({str(one["parent"]) for one in plain_corpus.kept(DEFAULT)})
    children = plain_corpus.children(DEFAULT)
    relation = {str(one["child_key"]): str(one["relation"]) for one in plain_corpus.edges}
    for name in random.Random(3).sample(bases, 300):
        key = plain_corpus.keys[name]
        direct = plain_corpus.countable(children[key] - {key}, DEFAULT)
        below = plain_corpus.countable(closed([key], children) - {key}, DEFAULT)
        stored = count_base(corpus_snapshot, name, DEFAULT, ())
        by_relation = Counter(relation[one] for one in below)
        assert told(stored) == (len(direct), len(below), by_relation)
        assert (stored.key, stored.undated) == (key, plain_corpus.undated(below))


def test_stored_counts_are_the_computed_ones(
    corpus_snapshot: Snapshot, plain_corpus: Plain
) -> None:
    bases = sorted({str(one["parent"]) for one in plain_corpus.kept(DEFAULT)})
    for name in random.Random(6).sample(bases, 40):
        stored = count_base(corpus_snapshot, name, DEFAULT, ())
        computed = count_base(corpus_snapshot, name, DEFAULT, (), Grouping.RELATION)
        assert (told(stored), stored.undated) == (told(computed), computed.undated)
        assert (stored.key, stored.definition) == (computed.key, computed.definition)


def test_the_llama_family_by_release_is_that_of_a_walk_up_from_each_model(
    corpus_snapshot: Snapshot, llama: dict[str, set[str]]
) -> None:
    count = count_family(corpus_snapshot, LLAMA, DEFAULT, KNOWN, Grouping.RELEASE)
    met = Counter(next(iter(found)) if len(found) == 1 else "mixed" for found in llama.values())
    assert {group.value: group.total for group in count.groups} == met
    assert count.total == len(llama) > 10_000
    assert len(count.groups) > 8


@pytest.mark.parametrize("by", list(Grouping))
def test_the_parts_of_the_llama_family_add_up(corpus_snapshot: Snapshot, by: Grouping) -> None:
    count = count_family(corpus_snapshot, LLAMA, DEFAULT, KNOWN, by)
    assert sum(group.total for group in count.groups) == count.total
    assert sum(group.direct for group in count.groups) == count.direct
    whole: Counter[str] = Counter()
    for group in count.groups:
        whole.update(group.by_relation)
    assert whole == count.by_relation


def test_the_tree_of_the_llama_family_is_complete(
    corpus_snapshot: Snapshot, llama: dict[str, set[str]]
) -> None:
    tree = tree_of_family(corpus_snapshot, LLAMA, DEFAULT, KNOWN, depth=99, min_size=0)
    sizes = Counter(next(iter(found)) if len(found) == 1 else "mixed" for found in llama.values())
    assert {node.name: node.total for node in tree.nodes if node.kind == RowKind.GROUP} == sizes
    models = [node.name for node in tree.nodes if node.counted]
    assert len(models) == len(set(models)) == tree.count.total == len(llama)
    assert not any(node.remainder for node in tree.nodes)


def test_the_thirty_largest_bases_show_their_largest_branches_and_add_up(
    corpus_snapshot: Snapshot,
) -> None:
    for base in count_top(corpus_snapshot, 30):
        tree = tree_of_base(corpus_snapshot, base.subject, DEFAULT, ())
        assert drawn_and_folded(tree) == tree.count.total == base.total
        largest = max(node.total for node in tree.nodes[1:])
        assert largest >= max(node.total for node in tree.nodes if node.depth > 1)
        assert 20 < len(tree.nodes) <= 48


def test_the_graph_of_the_llama_family_holds_its_members_and_their_edges(
    corpus_snapshot: Snapshot, whole_corpus: Plain, llama: dict[str, set[str]]
) -> None:
    graph = family_graph(corpus_snapshot, "llama", KNOWN, DEFAULT)
    kept = whole_corpus.kept(FULL)
    bearing = {str(one["parent_key"]) for one in kept if one["child_key"] in llama}
    bases = {str(one["key"]) for one in rows_of(corpus_snapshot, "counts.parquet")}
    # A release that only inferred claims name is no part of what is declared.
    bases = {key for key in bases if not is_claimable(key)}
    roots = whole_corpus.tops_of(LLAMA)
    keys = roots & {*whole_corpus.models, *bases, *bearing} | set(llama)
    assert {key for _, key in graph.nodes(data="key")} == keys
    edges = [e for e in kept if {e["parent_key"], e["child_key"]} <= keys]
    assert graph.number_of_edges() == len(edges)
    for one in random.Random(4).sample(edges, 500):
        said = graph.edges[one["parent"], one["child"]]
        assert (said["relation"], said["strength"]) == (one["relation"], one["strength"])


def test_old_names_of_llama_give_the_answer_of_the_new_ones(
    corpus_snapshot: Snapshot, plain_corpus: Plain
) -> None:
    keys = plain_corpus.keys
    known = [it for it in LLAMA.former_names() if it.now in keys and it.name not in keys]
    assert len(known) > 5
    for one in known:
        old, new = (count_base(corpus_snapshot, id, DEFAULT, KNOWN) for id in (one.name, one.now))
        assert (old.subject, old.id, told(old)) == (one.name, one.now, told(new))


def test_the_largest_bases_below_a_filter_are_those_of_a_walk(
    corpus_snapshot: Snapshot, plain_corpus: Plain
) -> None:
    """Whoever is ranked has its count, and no other base of the sample has more than the last."""
    rule = Definition(min_downloads=100)
    top = count_top(corpus_snapshot, 20, rule)
    for count in top[::7]:
        assert told(count_base(corpus_snapshot, count.id, rule, ())) == told(count)
    others = sorted({str(one["parent"]) for one in plain_corpus.edges} - {one.id for one in top})
    for name in random.Random(5).sample(others, 20):
        assert count_base(corpus_snapshot, name, rule, ()).total <= top[-1].total
