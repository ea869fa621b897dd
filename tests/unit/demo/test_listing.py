import base64
import json
from typing import Any
from urllib.parse import parse_qs, parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.demo.catalog import Row
from lineage.demo.listing import BadQuery, list_box_models
from tests.fakes.fake_hub import Fault, FaultKind, spoil_page
from tests.fakes.live_catalog import LiveCatalog
from tests.unit.demo.rows import a_catalog, a_child, a_row, ids

ASCENDING = "sort=createdAt&direction=1"
SORTS = (ASCENDING, "sort=createdAt", "sort=likes", "sort=lastModified", "", "sort=downloads")


def walk(catalog: LiveCatalog, query: str) -> list[Any]:
    rows = []
    following: str | None = query
    while following is not None:
        page = list_box_models(catalog, following)
        rows += page.rows
        following = page.next
    return rows


def cursor(following: str | None) -> Row:
    assert following is not None
    said: Row = json.loads(base64.b64decode(parse_qs(following)["cursor"][0]))
    return said


numbers = st.one_of(st.none(), st.integers(0, 5), st.sampled_from([0.5, 1.5]))


@given(
    st.lists(st.tuples(numbers, numbers, st.booleans()), max_size=25),
    st.sampled_from(SORTS),
    st.integers(1, 8),
    st.booleans(),
)
def test_any_walk_sees_every_row_once(
    values: list[tuple[float | None, float | None, bool]], sort: str, limit: int, narrow: bool
) -> None:
    catalog = LiveCatalog()
    expected = []
    for number, (likes, score, tagged) in enumerate(values):
        known = {"likes": likes, "trendingScore": score, "downloads": likes}
        some = {field: value for field, value in known.items() if value is not None}
        catalog.add(a_row(number, tags=["gguf"] if tagged else [], **some))
        if tagged or not narrow:
            expected.append(f"owner/model-{number}")
    seen = ids(walk(catalog, f"{sort}&limit={limit}" + ("&filter=gguf" if narrow else "")))
    assert sorted(seen) == sorted(expected)


def test_the_created_walk_is_in_the_order_of_keys_both_ways() -> None:
    keys = [row["_id"] for row in a_catalog(9).box_rows()]
    assert [row["_id"] for row in walk(a_catalog(9), f"{ASCENDING}&limit=2")] == keys
    assert [row["_id"] for row in walk(a_catalog(9), "sort=createdAt&limit=2")] == keys[::-1]


def test_the_last_page_names_no_next_also_when_it_is_full() -> None:
    assert list_box_models(a_catalog(4), f"{ASCENDING}&limit=4").next is None
    assert list_box_models(LiveCatalog(), "").next is None


def test_the_next_page_repeats_all_parameters_but_the_cursor() -> None:
    first = list_box_models(
        a_catalog(9), f"{ASCENDING}&limit=2&expand[]=tags&expand[]=sha&x=1"
    ).next
    second = list_box_models(a_catalog(9), first or "").next or ""
    sent = [pair for pair in parse_qsl(second) if pair[0] != "cursor"]
    assert sent == [
        *[("sort", "createdAt"), ("direction", "1"), ("limit", "2")],
        *[("expand[]", "tags"), ("expand[]", "sha"), ("x", "1")],
    ]
    assert cursor(second) == {"_id": {"$gt": a_row(3)["_id"]}}
    assert second.count("cursor=") == 1


def test_cursors_have_the_forms_that_were_recorded() -> None:
    key = a_row(0)["_id"]
    scored = LiveCatalog([a_row(0, trendingScore=2), a_row(1)])
    assert cursor(list_box_models(scored, "limit=1").next) == {
        "$or": [
            {"trendingScore": 2, "_id": {"$gt": key}},
            {"trendingScore": {"$lt": 2}},
            {"trendingScore": None},
        ]
    }
    assert cursor(list_box_models(a_catalog(3), "sort=createdAt&limit=1").next) == {
        "_id": {"$lt": a_row(2)["_id"]}
    }
    narrowed = LiveCatalog([a_row(0, tags=["gguf"]), a_row(1, tags=["gguf"])])
    said = cursor(list_box_models(narrowed, f"{ASCENDING}&limit=1&filter=gguf").next)
    assert said["_id"] == {"$gt": key}
    assert said["searchSequenceToken"]


def test_a_cursor_without_its_padding_is_understood() -> None:
    following = list_box_models(a_catalog(4), "sort=likes&limit=1").next or ""
    assert following.endswith("%3D")
    bare = following.replace("%3D", "")
    assert ids(list_box_models(a_catalog(4), bare).rows) == ["owner/model-1"]


def test_a_page_holds_at_most_a_thousand_rows() -> None:
    catalog = a_catalog(1003)
    assert len(list_box_models(catalog, ASCENDING).rows) == 1000
    assert len(list_box_models(catalog, f"{ASCENDING}&limit=1500").rows) == 1000


@pytest.mark.parametrize(
    "query",
    [
        *["limit=0", "limit=-1", "limit=abc", "limit=", "limit=²"],
        *["sort=likes&direction=1", "direction=1", "sort=lastModified&direction=1"],
        *["sort=beauty", "sort=createdAt&direction=up", "gated=perhaps"],
        *["cursor=%21%21", "cursor=e30%3D", "cursor=bnVsbA", "sort=likes&cursor=W10%3D"],
        *["expand=childrenModelCount", "expand[]=usedStorage", "expand=a,b", "expand="],
    ],
)
def test_a_bad_query_is_refused(query: str) -> None:
    with pytest.raises(BadQuery):
        list_box_models(a_catalog(3), query)


def test_a_refused_field_is_named_by_its_place() -> None:
    with pytest.raises(BadQuery, match=r'expected one of "author"\|.*→ at expand\[1\]'):
        list_box_models(a_catalog(1), "expand[]=tags&expand[]=childrenModelCount")


def test_a_row_has_the_fields_asked_for_and_absent_is_not_null() -> None:
    catalog = LiveCatalog(
        [a_row(0, likes=3, cardData={"license": "mit"}, _gate="manual", _readme="x")]
    )
    row = list_box_models(catalog, "expand=likes&expand[]=downloads&expand=gated").rows[0]
    assert row == {"_id": a_row(0)["_id"], "id": "owner/model-0", "likes": 3, "gated": "manual"}


def test_the_default_row_has_no_author_gate_or_card() -> None:
    catalog = LiveCatalog([a_row(0, likes=3, cardData={"license": "mit"}, gated="auto", config={})])
    default = list_box_models(catalog, "").rows[0]
    assert set(default) == {"_id", "id", "likes", "private", "tags", "createdAt", "modelId"}
    full = list_box_models(catalog, "full=True&cardData=true&config=true").rows[0]
    more = {"author", "gated", "lastModified", "sha", "cardData", "config"}
    assert set(full) - set(default) == more


def test_only_model_index_is_sent_as_null() -> None:
    assert list_box_models(a_catalog(1), "expand=model-index").rows[0]["model-index"] is None


def test_filters_are_joined_by_and() -> None:
    tags: list[list[str]] = [["bert"], ["bert", "jax"], ["jax"]]
    catalog = LiveCatalog(a_row(number, tags=tag) for number, tag in enumerate(tags))
    assert ids(list_box_models(catalog, "filter=bert&filter=jax").rows) == ["owner/model-1"]


def test_children_are_listed_by_bare_and_by_qualified_tag() -> None:
    parent = a_row(0)
    catalog = LiveCatalog([parent, a_child(1, parent), a_child(2, parent, "adapter", gated="auto")])
    bare = list_box_models(catalog, f"{ASCENDING}&filter=base_model:owner/model-0").rows
    assert ids(bare) == ["owner/model-1", "owner/model-2"]
    adapters = list_box_models(catalog, "filter=base_model%3Aadapter%3Aowner%2Fmodel-0").rows
    assert ids(adapters) == ["owner/model-2"]
    open_ones = list_box_models(catalog, "filter=base_model:owner/model-0&gated=false").rows
    assert ids(open_ones) == ["owner/model-1"]


def test_author_search_and_pipeline_narrow() -> None:
    catalog = LiveCatalog(
        [a_row(0), a_row(1, author="Other", id="Other/Llama", pipeline_tag="fill-mask")]
    )
    for query in ("author=Other", "search=lLaMa", "pipeline_tag=fill-mask"):
        assert ids(list_box_models(catalog, query).rows) == ["Other/Llama"]


def test_a_repeated_border_row_moves_the_border() -> None:
    catalog = a_catalog(5)
    following = list_box_models(catalog, f"{ASCENDING}&limit=2").next or ""
    page = spoil_page(Fault(FaultKind.REPEAT), catalog, following)
    assert ids(page.rows) == ["owner/model-1", "owner/model-2"]
    rest = walk(catalog, page.next or "")
    assert ids(rest) == ["owner/model-3", "owner/model-4"]
