from collections import Counter
from datetime import UTC, datetime

import pytest

from lineage.demo.catalog import Row, corpus_rows


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return list(corpus_rows())


def test_the_deleted_are_left_out(rows: list[Row]) -> None:
    assert len(rows) == 75_606 - 4_258


def test_keys_are_distinct_and_begin_with_the_creation_date(rows: list[Row]) -> None:
    assert len({row["_id"] for row in rows}) == len(rows)
    for row in rows[:2000]:
        created = datetime.fromtimestamp(int(row["_id"][:8], 16), UTC)
        assert created.strftime("%Y-%m-%dT%H:%M:%S.000Z") == row["createdAt"]
        assert len(row["_id"]) == 24
        assert len(row["sha"]) == 40


def test_the_undated_have_the_constant_of_the_hub(rows: list[Row]) -> None:
    undated = [row for row in rows if row["createdAt"] == "2022-03-02T23:29:04.000Z"]
    assert len(undated) > 10_000
    assert all(row["_id"].startswith("621ffdc0") for row in undated)


def test_nothing_is_null_and_nothing_unknown_is_said(rows: list[Row]) -> None:
    said = Counter(field for row in rows for field in row)
    assert all(value is not None for row in rows for value in row.values())
    assert said["likes"] < said["downloads"] < len(rows)
    assert not {"gated", "pipeline_tag", "config", "trendingScore"} & set(said)
    assert all(row["cardData"] for row in rows if "cardData" in row)


def test_resolved_parents_are_on_the_catalog_and_have_both_tags(rows: list[Row]) -> None:
    key_of = {row["id"]: row["_id"] for row in rows}
    resolved = [row for row in rows if "baseModels" in row]
    assert len(resolved) > 30_000
    for row in resolved:
        relation = row["baseModels"]["relation"]
        for parent in row["baseModels"]["models"]:
            assert key_of[parent["id"]] == parent["_id"]
            assert f"base_model:{parent['id']}" in row["tags"]
            assert f"base_model:{relation}:{parent['id']}" in row["tags"]


def test_without_a_relation_there_are_bare_tags_and_the_card_only(rows: list[Row]) -> None:
    bare = [row for row in rows if row["tags"] and not any(t.count(":") > 1 for t in row["tags"])]
    with_parents = [row for row in bare if any(t.startswith("base_model:") for t in row["tags"])]
    assert len(with_parents) > 5_000
    assert all("baseModels" not in row and "base_model" in row["cardData"] for row in with_parents)


def test_a_card_keeps_the_old_name_while_the_tag_says_the_new_one(rows: list[Row]) -> None:
    old = [row for row in rows if "meta-llama/Meta-Llama-3.1" in str(row.get("cardData"))]
    assert len(old) > 100
    assert not any("meta-llama/Meta-Llama-3.1" in str(row["tags"]) for row in old)


def test_at_a_moment_those_created_and_not_gone_by_then_are_there(rows: list[Row]) -> None:
    early = {row["id"]: row for row in corpus_rows(datetime(2025, 4, 1, tzinfo=UTC))}
    late = {row["id"]: row for row in rows}
    assert all(row["createdAt"] <= "2025-04-01T00:00:00.000Z" for row in early.values())
    assert early.keys() - late.keys()
    assert late.keys() - early.keys()
    assert all(early[id]["_id"] == late[id]["_id"] for id in early.keys() & late.keys())
