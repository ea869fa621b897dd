"""A model that stands on two pages in a row is taken once, as the later page shows it."""

import itertools
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from lineage.crawl.plan import crawl_everything, drop_rows_recrawled_at_border
from lineage.domain.records import BadRow, ModelRecord
from lineage.sources.interface import RecordPage
from tests.builders import record


def model(number: int, likes: int = 0) -> ModelRecord:
    return record(f"a/{number}", key=f"{number:024x}", likes=likes)


def kept(*pages: list[ModelRecord]) -> list[ModelRecord]:
    out = drop_rows_recrawled_at_border(RecordPage(records) for records in pages)
    return [one for page in out for one in page.records]


def test_at_a_page_border_the_later_row_wins() -> None:
    first, second = [model(1), model(2)], [model(2, likes=9), model(3)]
    assert kept(first, second) == [model(1), *second]


def test_several_rows_may_be_repeated() -> None:
    assert kept([model(1), model(2)], [model(1), model(2)]) == [model(1), model(2)]


def test_a_long_walk_passes_whole_and_in_order() -> None:
    pages = [[model(1000 * at + n) for n in range(120)] for at in range(3)]
    assert kept(*pages) == [one for page in pages for one in page]


def test_bad_rows_and_what_is_known_of_a_page_stay() -> None:
    bad = BadRow("odd", "{}", None)
    first = RecordPage([model(1)], [bad], request="one", date="today")
    out = list(drop_rows_recrawled_at_border([first, RecordPage([model(1)])]))
    assert (out[0].records, out[0].bad_rows) == ([], [bad])
    assert (out[0].request, out[0].date) == ("one", "today")


ASCENDING = st.lists(st.integers(0, 5), unique=True, max_size=4).map(sorted)


@given(st.lists(ASCENDING, max_size=5))
def test_every_model_comes_through_and_none_is_repeated_at_a_border(
    numbers: list[list[int]],
) -> None:
    pages = [[model(n, likes=at) for n in page] for at, page in enumerate(numbers)]
    out = kept(*pages)
    assert {one.id for one in out} == {one.id for page in pages for one in page}
    for page, later in itertools.pairwise(pages):
        again = {one.key for one in later}
        assert not [one for one in page if one.key in again and one in out]


class ListedModels:
    """A source of two fixed pages."""

    def list_everything_of_source(self) -> Iterator[RecordPage]:
        yield from (RecordPage([model(1)]), RecordPage([model(1, likes=9)]))

    def list_children_from_source(self, id: str) -> Iterator[RecordPage]:
        raise AssertionError(id)

    def read_model_from_source(self, id: str) -> RecordPage | None:
        raise AssertionError(id)


def test_a_full_crawl_is_everything_without_repeats() -> None:
    pages = crawl_everything(ListedModels())
    assert [one for page in pages for one in page.records] == [model(1, likes=9)]
