"""Names read after all others are resolved to the nodes there are, as names in records are."""

import numpy as np
import pyarrow as pa
import pytest

from lineage.build.resolve import resolve_existing_nodes
from lineage.evidence.infer import InferenceInput

IDS = ["owner/Alpha", "owner/beta", "owner/BETA", "other/now", "gone/unlisted"]


def nodes() -> InferenceInput:
    empty = np.empty(0, np.int32)
    return InferenceInput(
        keys=pa.array([f"key {id}" for id in IDS]),
        ids=pa.array(IDS),
        created_at=pa.array([None] * 4, pa.timestamp("us", "UTC")),
        model_type=pa.array([None] * 4, pa.string()),
        license=pa.array([None] * 4, pa.string()),
        parameters=pa.array([None] * 4, pa.int64()),
        child=empty,
        parent=empty,
        former={"other/seen-before": "key other/now", "other/lost": "key of nobody"},
        renamed={"other/registered": "other/now"},
        claimable={},
    )


@pytest.mark.parametrize(
    ("name", "node"),
    [
        ("owner/Alpha", 0),
        (" https://huggingface.co/owner/Alpha/ ", 0),
        ("owner/alpha", 0),
        ("owner/beta", 1),
        ("owner/Beta", -1),
        ("other/seen-before", 3),
        ("other/registered", 3),
        ("other/lost", -1),
        ("gone/unlisted", 4),
        ("nobody/knows", -1),
        ("", -1),
    ],
)
def test_a_name_means_what_it_would_have_meant_before(name: str, node: int) -> None:
    assert resolve_existing_nodes([name], nodes()).tolist() == [node]


def test_names_keep_their_order_and_none_give_none() -> None:
    assert resolve_existing_nodes(["owner/beta", "x/y", "owner/beta"], nodes()).tolist() == [
        1,
        -1,
        1,
    ]
    assert resolve_existing_nodes([], nodes()).tolist() == []
