"""Whatever stands in a row, parsing does not raise, costs no neighbour and can be stored."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.build.checks import Limits
from lineage.build.pipeline import build_snapshot
from lineage.sources.interface import RecordPage
from lineage.sources.listing_pages import ParsedPage, is_whole_hub_body, parse_page
from lineage.store.schema import BAD_ROWS_FILE, MODELS_FILE
from tests.builders import key_of, origin, publication, row, rows_of

FIELDS = (
    *("_id", "id", "author", "baseModels", "cardData", "config", "createdAt", "downloads"),
    *("downloadsAllTime", "gated", "lastModified", "library_name", "likes", "pipeline_tag"),
    *("sha", "tags", "trendingScore", "private", "siblings", "safetensors"),
)
DEEP = 20_000
# JSON that Python's own writer does not make; the marks are replaced in the written text.
BEYOND = {
    b'"!huge!"': b"1" + b"0" * 5000,
    b'"!minus!"': b"-" + b"9" * 400,
    b'"!float!"': b"1e400",
    b'"!deep!"': b"[" * DEEP + b"]" * DEEP,
    b'"!deeper!"': b'{"a":' * 2000 + b"1" + b"}" * 2000,
    b'"!broken!"': b'"\xff\xfe a\xc3"',
    b'"!nul!"': b'"a\x00\x01\nb"',
    b'"!escape!"': b'"\\ud800 \\uDFFF \\u0000"',
    b'"!bad escape!"': b'"\\x"',
    b'"!long!"': b'"' + b"x" * 5000 + b'"',
    b'"!nan!"': b"NaN",
    b'"!none!"': b"undefined",
}
MARKS = st.sampled_from([mark.decode().strip('"') for mark in BEYOND])
WORDS = st.sampled_from(
    [
        "base_model",
        "_id",
        "id",
        "models",
        "relation",
        "peft",
        "a/b",
        "base_model:merge:a/b",
        "2024-01-01T00:00:00Z",
        "license",
        "model_type",
        "base_model_name_or_path",
        "tags",
    ]
)
TEXTS = WORDS | st.text(max_size=20)
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | MARKS | st.dates().map(str)
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
PARENTS = st.fixed_dictionaries(
    {}, optional={"models": st.lists(ANYTHING, max_size=3), "relation": ANYTHING}
)
CARDS = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ("base_model", "base_model_relation", "license", "license_name"), ANYTHING
    ),
)
VALUES = {"baseModels": PARENTS | ANYTHING, "cardData": CARDS | ANYTHING}
GARBAGE = st.fixed_dictionaries({}, optional={name: VALUES.get(name, ANYTHING) for name in FIELDS})


@st.composite
def raw_rows(draw: st.DrawFn) -> bytes:
    """One row's bytes: nearly right, or any JSON, or what no strict reader takes."""
    value: object = draw(ANYTHING | GARBAGE | GARBAGE.map(lambda odd: row("some/model") | odd))
    ascii_only = draw(st.booleans())
    raw = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    for mark, text in BEYOND.items():
        raw = raw.replace(mark, text)
    return raw


def page_of(raws: list[bytes]) -> tuple[ParsedPage, list[str]]:
    """Read garbage between good rows; the ids of the good ones come with it."""
    good = [f"good/{number}" for number in range(len(raws) + 1)]
    rows = [json.dumps(row(id, parents=["a/b"])).encode() for id in good]
    mixed = [raw for pair in zip(rows, [*raws, b""], strict=True) for raw in pair][:-1]
    return parse_page(b"[%s]" % b",".join(mixed)), good


@given(st.lists(raw_rows(), min_size=1, max_size=10))
@settings(max_examples=100)
def test_every_row_is_a_record_or_a_bad_row_and_costs_no_neighbour(raws: list[bytes]) -> None:
    page, good = page_of(raws)
    assert page.problem is None
    private = sum(b'"private": true' in raw for raw in raws)
    read = len(page.records) + len(page.bad_rows)
    assert len(raws) + len(good) - private <= read <= len(raws) + len(good)
    assert {key_of(id) for id in good} <= {record.key for record in page.records}
    assert all(bad.reason and (bad.raw or not all(raws)) for bad in page.bad_rows)


@given(st.lists(raw_rows(), max_size=4))
@settings(max_examples=50)
def test_a_page_of_garbage_is_whole_and_its_beginning_is_not(raws: list[bytes]) -> None:
    text = b"[%s]" % b",".join(raws)
    assert is_whole_hub_body(text)
    assert not is_whole_hub_body(text[:-1])


@given(st.binary(max_size=300) | st.binary(max_size=100).map(lambda odd: b"[%s]" % odd))
@settings(max_examples=100)
def test_any_bytes_are_a_page_or_a_problem(text: bytes) -> None:
    page = parse_page(text)
    assert page.problem is None or not (page.records or page.bad_rows)


@given(st.lists(st.lists(raw_rows(), min_size=1, max_size=6), min_size=1, max_size=4))
@settings(max_examples=20)
def test_every_record_can_be_stored_and_read_again(drawn: list[list[bytes]]) -> None:
    parsed = [page_of(raws)[0] for raws in drawn]
    pages = [RecordPage(page.records, page.bad_rows, page.unread_fields) for page in parsed]
    with TemporaryDirectory() as folder:
        into = publication(Path(folder), limits=Limits(max_bad_share=1))
        manifest = build_snapshot(pages, origin(), into)
        snapshot = into.store.snapshot(manifest.id)
        assert len(rows_of(snapshot, MODELS_FILE)) == manifest.models > 0
        assert len(rows_of(snapshot, BAD_ROWS_FILE)) == manifest.bad_rows


@pytest.mark.parametrize("nested", [b"[" * 300_000, b'[{"a":' * 100_000, b"[" * DEEP + b"]" * DEEP])
def test_endless_nesting_is_no_end_of_the_run(nested: bytes) -> None:
    page = parse_page(nested)
    assert page.problem is not None or len(page.bad_rows) == 1


def test_a_row_that_cannot_be_read_at_all_still_says_which_model_it_is() -> None:
    raw = b'{"_id": "%s", "id": "a/b", "x": %s}' % (key_of("a/b").encode(), BEYOND[b'"!deep!"'])
    (bad,) = parse_page(b"[%s]" % raw).bad_rows
    assert bad.key == key_of("a/b")


def test_a_text_with_holes_is_kept_with_its_holes_marked() -> None:
    text = json.dumps([row("a/b", author="!broken!")]).encode()
    (record,) = parse_page(text.replace(b'"!broken!"', BEYOND[b'"!broken!"'])).records
    assert record.author is not None
    assert "a" in record.author
