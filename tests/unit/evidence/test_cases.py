"""What each rule extracts, case by case: tests/cases/evidence has one file for each rule."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from lineage.domain.claims import Claim
from lineage.evidence import RULES
from lineage.sources.listing_pages import parse_page
from tests.builders import Row, body, row

CASES = Path(__file__).parents[2] / "cases" / "evidence"
KEYS_OF_A_FILE = {"rule", "cases"}
KEYS_OF_A_CASE = {"says", "row", "claims"}
KEYS_OF_A_ROW = {"baseModels", "tags", "cardData", "config"}
KEYS_OF_A_CLAIM = set(Claim._fields) - {"rule"}


def cases_in(text: str) -> Iterator[tuple[str, str, Row, list[Claim]]]:
    """Read a case file: rule, sentence, row and claims; a key that is none is an error."""
    file = json.loads(text)
    assert set(file) == KEYS_OF_A_FILE
    for case in file["cases"]:
        assert set(case) == KEYS_OF_A_CASE
        assert set(case["row"]) <= KEYS_OF_A_ROW
        assert all(set(expected) <= KEYS_OF_A_CLAIM for expected in case["claims"])
        claims = [Claim(file["rule"], **expected) for expected in case["claims"]]
        yield file["rule"], case["says"], case["row"], claims


FILES = sorted(CASES.glob("*.json"))
ALL = [case for path in FILES for case in cases_in(path.read_text("utf-8"))]


@pytest.mark.parametrize(
    ("rule", "fields", "claims"),
    [
        pytest.param(rule, fields, claims, id=f"{rule}: {says}")
        for rule, says, fields, claims in ALL
    ],
)
def test_a_rule_extracts_what_the_case_says(rule: str, fields: Row, claims: list[Claim]) -> None:
    (extract,) = (each.extract for each in RULES if each.name == rule)
    (record,) = parse_page(body([row() | fields])).records
    assert extract is not None
    assert list(extract(record)) == claims


def test_every_rule_has_its_case_file_and_no_file_is_left_over() -> None:
    rules = {rule.name for rule in RULES if not rule.infers}
    assert [path.stem for path in FILES] == sorted(rules)
    assert {rule for rule, *_ in ALL} == rules


@pytest.mark.parametrize(
    "mistyped",
    [
        '{"rule": "hub", "case": []}',
        '{"rule": "hub", "cases": [{"says": "", "row": {}, "claim": []}]}',
        '{"rule": "hub", "cases": [{"says": "", "row": {"basemodels": 1}, "claims": []}]}',
        '{"rule": "hub", "cases": [{"says": "", "row": {}, "claims": [{"qoute": ""}]}]}',
    ],
)
def test_a_mistyped_key_in_a_case_file_is_noticed(mistyped: str) -> None:
    with pytest.raises(AssertionError):
        list(cases_in(mistyped))
