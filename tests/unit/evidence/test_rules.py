"""Rules are unordered: who speaks first changes nothing about edges and counts."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from lineage.build.pipeline import build_snapshot
from lineage.domain.claims import Strength
from lineage.evidence import RULES, Rule
from tests.builders import Row, hub_parents, origin, pages, publication, row, rows_of

TABLES = ("edges.parquet", "counts.parquet", "names.parquet")


def peft(base: str) -> Row:
    return {"peft": {"base_model_name_or_path": base}}


ROWS = [
    row("base/one"),
    row("base/two"),
    row("kid/agrees", ["base/one"]),
    row("kid/merge", ["base/one", "base/two"], "merge"),
    row("kid/disagrees", ["base/one"], "quantized", cardData={"base_model": "base/two"}),
    row("kid/tag", tags=["base_model:merge:base/one", "base_model:adapter:base/one"]),
    row("kid/card", cardData={"base_model": "BASE/TWO", "base_model_relation": "finetune"}),
    row("kid/adapter", cardData={"base_model": "base/two"}, config=peft("base/one")),
    row("kid/path", config=peft("./out")),
    row("kid/old", ["base/two"], cardData={"base_model": "base/two-old"}),
    row("kid/reader", cardData={"base_model": "base/two-old"}),
    row("kid/odd", baseModels=hub_parents("base/one", relation="distilled"), config=peft("x/y")),
]


def tables_by(rules: Sequence[Rule], folder: Path) -> list[list[Row]]:
    into = publication(folder, rules=rules)
    manifest = build_snapshot(pages(ROWS), origin(), into)
    return [rows_of(into.store.snapshot(manifest.id), file) for file in TABLES]


@pytest.mark.parametrize("turn", range(1, len(RULES)))
def test_the_order_of_rules_changes_nothing(turn: int, tmp_path: Path) -> None:
    turned = (*RULES[turn:], *RULES[:turn])
    expected = tables_by(RULES, tmp_path / "as they stand")
    assert tables_by(turned, tmp_path / "turned") == expected
    assert tables_by(turned[::-1], tmp_path / "reversed") == expected


def test_each_rule_has_a_name_and_a_rank_of_its_own() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    ranks = [rule.relation_rank for rule in RULES if rule.relation_rank is not None]
    assert len(set(ranks)) == len(ranks)


def test_only_the_hub_confirms() -> None:
    assert [rule.name for rule in RULES if rule.strength is Strength.CONFIRMED] == ["hub"]


@pytest.mark.parametrize(
    ("child", "relation"),
    [
        ("kid/agrees", "finetune"),
        ("kid/merge", "merge"),
        ("kid/disagrees", "quantized"),
        ("kid/tag", "adapter"),
        ("kid/card", "finetune"),
        ("kid/adapter", "adapter"),
        ("kid/reader", "unspecified"),
        ("kid/odd", "adapter"),
    ],
)
def test_the_relation_is_the_hubs_else_the_tags_else_the_cards_else_adapter(
    child: str, relation: str, tmp_path: Path
) -> None:
    edges = tables_by(RULES, tmp_path)[0]
    assert {edge["relation"] for edge in edges if edge["child"] == child} == {relation}


def test_an_edge_keeps_who_says_it_and_is_as_sure_as_the_surest(tmp_path: Path) -> None:
    edges = {(edge["child"], edge["parent"]): edge for edge in tables_by(RULES, tmp_path)[0]}
    agreed = edges["kid/agrees", "base/one"]
    assert (agreed["rules"], agreed["strength"]) == (["card", "hub", "tag"], "confirmed")
    # Beside the one parent of the Hub the one name of a card means just that.
    disagreeing = edges["kid/disagrees", "base/one"]
    assert (disagreeing["rules"], disagreeing["strength"]) == (["card", "hub", "tag"], "confirmed")
    card = edges["kid/adapter", "base/two"]
    assert (card["rules"], card["strength"]) == (["card"], "declared")
