from collections import Counter
from datetime import UTC, datetime

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from lineage.demo.catalog import (
    CORPUS,
    CORPUS_ENDS,
    Row,
    corpus_rows,
    is_in_catalog,
    read_corpus_facts,
)
from lineage.demo.replay import FIRST
from lineage.demo.tour import SOURCES


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return list(corpus_rows())


def test_the_deleted_and_those_of_later_days_are_left_out(rows: list[Row]) -> None:
    facts = read_corpus_facts()
    later = [it for it in facts if it["created_at"] and it["created_at"] > CORPUS_ENDS]
    deleted = [it for it in facts if it["deleted_at"]]
    assert (len(facts), len(later), len(deleted)) == (82_261, 1_571, 4_258)
    assert len(rows) == len(facts) - len(later) - len(deleted)


def test_its_readme_counts_what_the_table_holds() -> None:
    facts = read_corpus_facts()
    dates = [it["created_at"] for it in facts if it["created_at"]]
    parents = [it["base_models"] or () for it in facts]
    cards = [it["card_base_models"] or () for it in facts]
    spellings = [
        pair for named in zip(parents, cards, strict=True) for pair in zip(*named, strict=True)
    ]
    own = [it["id"] for it, named in zip(facts, parents, strict=True) if it["id"] in named]
    renamed = [(now, card) for now, card in spellings if now.lower() != card.lower()]
    spelled_otherwise = [pair for pair in spellings if pair[0] != pair[1]]
    smalls = Counter(str(it["id"]).lower() for it in facts)
    text = " ".join(CORPUS.with_name("README.md").read_text("utf-8").split())
    for words in (
        f"facts about {len(facts):,} models",
        f"{sum(map(len, parents)):,} links from a model to a parent, {len(dates):,} dated models",
        f"({sum(it.year == 2023 for it in dates):,} of 2023, ",
        f"{sum(it.year == 2024 for it in dates):,} of 2024)",
        f"{sum(it['license'] is not None for it in facts):,} license tags",
        f"{len(facts) - len(dates):,} models have no date",
        f"{len(renamed)} cards still say",
        f"{len(spelled_otherwise) - len(renamed)} others differ by capital letters",
        f"{sum(FIRST < it <= CORPUS_ENDS for it in dates):,} of the dated models came",
        f"{sum(it <= FIRST for it in dates):,} stood before",
        f"{len(own)} models that name themselves",
        f"{sum(number > 1 for number in smalls.values())} ids that another spells",
        f"{sum(is_in_catalog(it, FIRST) for it in facts):,} models stand in the first listing",
        f"{sum(is_in_catalog(it, CORPUS_ENDS) for it in facts):,} in the last",
    ):
        assert words in text, words


def test_its_sources_are_all_named_in_its_readme() -> None:
    text = CORPUS.with_name("README.md").read_text("utf-8")
    (column,) = pq.read_table(CORPUS, columns=["sources"]).columns
    sources = {str(source) for source in pc.unique(pc.list_flatten(column)).to_pylist()}
    assert len(sources) > 20
    assert not [source for source in sources if f"`{source}`" not in text]
    assert not [source for source in SOURCES if f"| {source} |" not in text]


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
