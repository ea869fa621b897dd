"""What is packed for a page comes out of it again."""

import base64
import json
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.reporting.family_page.page import pack_page_block, smallest_type_for_report_page


def unpacked(text: str) -> tuple[dict[str, object], dict[str, list[float]]]:
    """Read a block as the page's script does."""
    digits = text.translate(str.maketrans(",./:", "<>&`"))
    block = zlib.decompress(base64.b85decode(digits), -zlib.MAX_WBITS)
    length = int.from_bytes(block[:8], "little")
    head = json.loads(block[8 : 8 + length])
    columns = {
        name: np.frombuffer(block, f"<{kind}", size, 8 + length + at).tolist()
        for name, (kind, at, size) in head.pop("columns").items()
    }
    return head, columns


@given(
    st.dictionaries(st.text(), st.text() | st.lists(st.integers() | st.none())),
    st.lists(st.integers(0, 2**32 - 1)),
    st.lists(st.integers(-128, 127)),
)
def test_heads_and_columns_come_back(
    head: dict[str, object], numbers: list[int], small: list[int]
) -> None:
    head.pop("columns", None)
    columns = {
        "one": smallest_type_for_report_page(np.array(numbers, np.int64)),
        "two": np.array(small, np.int8),
    }
    assert unpacked(pack_page_block(head, columns)) == (head, {"one": numbers, "two": small})


def test_columns_begin_where_any_type_may_begin() -> None:
    text = pack_page_block({"odd": "x"}, {"a": np.array([1], np.uint8), "b": np.array([0.5])})
    assert unpacked(text)[1] == {"a": [1], "b": [0.5]}


def test_nothing_of_the_text_can_end_its_element() -> None:
    text = pack_page_block({"name": "</script><!--"}, {})
    assert not set(text) & set("<>&\"'\u2028")


def test_a_type_that_no_page_reads_is_refused() -> None:
    with pytest.raises(ValueError, match="float16"):
        pack_page_block({}, {"a": np.array([1], np.float16)})
