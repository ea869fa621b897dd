"""What each rule hears, case by case: tests/cases/evidence has one file for each rule."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from lineage.domain.claims import Claim
from lineage.evidence import RULES
from lineage.evidence.rules import silent
from lineage.sources.parse import parse_page
from tests.builders import Row, body, row

CASES = Path(__file__).parents[2] / "cases" / "evidence"
KEYS_OF_A_FILE = {"rule", "cases"}
KEYS_OF_A_CASE = {"says", "row", "witnesses"}
KEYS_OF_A_ROW = {"baseModels", "tags", "cardData", "config"}
KEYS_OF_A_WITNESS = set(Claim._fields) - {"rule"}


def cases_in(text: str) -> Iterator[tuple[str, str, Row, list[Claim]]]:
    """Read a case file: rule, sentence, row and witnesses; a key that is none is an error."""
    file = json.loads(text)
    assert set(file) == KEYS_OF_A_FILE
    for case in file["cases"]:
        assert set(case) == KEYS_OF_A_CASE
        assert set(case["row"]) <= KEYS_OF_A_ROW
        assert all(set(expected) <= KEYS_OF_A_WITNESS for expected in case["witnesses"])
        claims = [Claim(file["rule"], **expected) for expected in case["witnesses"]]
        yield file["rule"], case["says"], case["row"], claims


FILES = sorted(CASES.glob("*.json"))
ALL = [case for path in FILES for case in cases_in(path.read_text("utf-8"))]


@pytest.mark.parametrize(
    ("rule", "fields", "claims"),
    [pytest.param(rule, fields, said, id=f"{rule}: {says}") for rule, says, fields, said in ALL],
)
def test_a_rule_hears_what_the_case_says(rule: str, fields: Row, claims: list[Claim]) -> None:
    (hear,) = (one.hear for one in RULES if one.name == rule)
    (record,) = parse_page(body([row() | fields])).records
    assert list(hear(record)) == claims


def test_every_rule_has_its_case_file_and_no_file_is_left_over() -> None:
    rules = {rule.name for rule in RULES if rule.hear is not silent}
    assert [path.stem for path in FILES] == sorted(rules)
    assert {rule for rule, *_ in ALL} == rules


@pytest.mark.parametrize(
    "mistyped",
    [
        '{"rule": "hub", "case": []}',
        '{"rule": "hub", "cases": [{"says": "", "row": {}, "witness": []}]}',
        '{"rule": "hub", "cases": [{"says": "", "row": {"basemodels": 1}, "witnesses": []}]}',
        '{"rule": "hub", "cases": [{"says": "", "row": {}, "witnesses": [{"qoute": ""}]}]}',
    ],
)
def test_a_mistyped_key_in_a_case_file_is_noticed(mistyped: str) -> None:
    with pytest.raises(AssertionError):
        list(cases_in(mistyped))
