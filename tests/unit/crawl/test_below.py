"""A descent yields a base and everything below it, asks for each once, and ends on any graph."""

from collections.abc import Iterator, Mapping, Sequence

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from lineage.crawl.plan import crawl_below
from lineage.domain.records import BadRow
from lineage.sources.interface import RecordPage
from tests.builders import key_of, record


class Family:
    """A source that knows who lists whom as a parent, and what it was asked."""

    def __init__(
        self, children: Mapping[str, Sequence[str]], hidden: frozenset[str] = frozenset()
    ) -> None:
        self._children = children
        self._hidden = hidden
        self.asked: list[str] = []

    def list_everything_of_source(self) -> Iterator[RecordPage]:
        raise AssertionError

    def list_children_from_source(self, id: str) -> Iterator[RecordPage]:
        self.asked.append(id)
        names = self._children.get(id, ())
        for start in range(0, len(names), 2):
            yield RecordPage([record(name) for name in names[start : start + 2]])

    def read_model_from_source(self, id: str) -> RecordPage | None:
        return None if id in self._hidden else RecordPage([record(id)])


def ids_below(source: Family, base: str) -> list[str]:
    return [found.id for page in crawl_below(source, base) for found in page.records]


def test_the_base_comes_first_then_its_children_then_theirs() -> None:
    source = Family({"a/base": ["a/1", "a/2"], "a/1": ["a/3"]})
    assert ids_below(source, "a/base") == ["a/base", "a/1", "a/2", "a/3"]
    assert source.asked == ["a/base", "a/1", "a/2", "a/3"]


def test_a_model_with_two_ways_to_it_is_visited_once() -> None:
    source = Family({"a/base": ["a/1", "a/2"], "a/1": ["a/3"], "a/2": ["a/3"]})
    assert sorted(ids_below(source, "a/base")) == ["a/1", "a/2", "a/3", "a/base"]
    assert source.asked.count("a/3") == 1


def test_a_model_that_one_page_repeats_is_visited_once() -> None:
    source = Family({"a/base": ["a/1", "a/1", "a/1"]})
    assert ids_below(source, "a/base") == ["a/base", "a/1"]
    assert source.asked == ["a/base", "a/1"]


def test_a_cycle_ends() -> None:
    source = Family({"a/base": ["a/1"], "a/1": ["a/2", "a/1"], "a/2": ["a/base"]})
    assert sorted(ids_below(source, "a/base")) == ["a/1", "a/2", "a/base"]
    assert source.asked == ["a/base", "a/1", "a/2"]


def test_a_base_that_nobody_shows_still_has_children() -> None:
    source = Family({"gone/base": ["a/1"]}, hidden=frozenset({"gone/base"}))
    assert ids_below(source, "gone/base") == ["a/1"]


def test_a_former_name_leads_to_the_children_of_the_name_of_now() -> None:
    class Renamed(Family):
        def read_model_from_source(self, id: str) -> RecordPage | None:
            return super().read_model_from_source("a/new")

    source = Renamed({"a/new": ["a/1"]})
    assert ids_below(source, "a/old") == ["a/new", "a/1"]
    assert source.asked == ["a/new", "a/1"]


def test_a_model_renamed_on_the_way_is_visited_once() -> None:
    class Renaming(Family):
        def list_children_from_source(self, id: str) -> Iterator[RecordPage]:
            for page in super().list_children_from_source(id):
                yield RecordPage([found._replace(key=key_of("a/same")) for found in page.records])

    assert ids_below(Renaming({"a/base": ["a/old", "b/other", "a/new"]}), "a/base") == [
        "a/base",
        "b/other",
    ]


def test_a_base_whose_row_is_odd_is_still_walked_down_from() -> None:
    class Odd(Family):
        def read_model_from_source(self, id: str) -> RecordPage | None:
            return RecordPage([], [BadRow("odd", "{}", None)])

    pages = list(crawl_below(Odd({"a/base": ["a/1"]}), "a/base"))
    assert [found.id for page in pages for found in page.records] == ["a/1"]
    assert len(pages[0].bad_rows) == 1


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=20))
def test_all_descendants_are_found_on_any_graph(pairs: list[tuple[int, int]]) -> None:
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_node("a/0")
    graph.add_edges_from((f"a/{parent}", f"a/{child}") for parent, child in pairs)
    source = Family({node: list(graph.successors(node)) for node in graph})
    found = ids_below(source, "a/0")
    assert sorted(found) == sorted(nx.descendants(graph, "a/0") | {"a/0"})
    assert sorted(source.asked) == sorted(found)
