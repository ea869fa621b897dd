"""JSON and CSV have just the names that the contract promises."""

import csv
import io
import json

from lineage.analysis.documents import (
    count_document,
    count_rows,
    snapshot_document,
    tree_document,
    tree_rows,
)
from lineage.domain import escape
from lineage.domain.definitions import Definition, Grouping
from lineage.domain.documents import convert_to_document, to_json
from tests.unit.cli import drawn

RELATIONS = ["adapter", "merge", "quantized", "finetune", "unspecified"]
RULE = {
    "roots": ["owner/base"],
    "relations": RELATIONS,
    "closure": "all",
    "min_strength": "declared",
    "mirrors": False,
    "curated": False,
    "deleted": False,
    "as_of": None,
    "min_downloads": 0,
}


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_count_is_as_promised() -> None:
    assert json.loads(to_json([count_document(drawn.count())])) == [
        {
            "subject": "owner/base",
            "id": "owner/base",
            "kind": "model",
            "key": "0" * 24,
            "snapshot": drawn.ID,
            "direct": 1234,
            "total": 12345,
            "at_most": 12345,
            "undated": 678,
            "opted_out": 0,
            "parents_known": True,
            "by_relation": {"adapter": 345, "finetune": 12000},
            "definition": RULE,
            "declared": None,
            "notes": [],
        }
    ]


def test_groups_are_named_after_what_divides() -> None:
    divided = drawn.count(grouping=Grouping.LICENSE, groups=(drawn.group("mit"),))
    document = count_document(divided)
    group = {"license": "mit", "direct": 1, "total": 10, "by_relation": {"merge": 10}}
    assert document["groups"] == [group]


def test_a_list_of_snapshots_is_as_promised() -> None:
    assert snapshot_document(drawn.manifest()) == (
        {
            "id": drawn.ID,
            "kind": "full",
            "taken_at": "2026-11-21T06:00:00Z",
            "models": 3117871,
            "edges": 1130000,
            "tombstones": 0,
            "parents_known": True,
            "previous": None,
            "builds_on": None,
        }
    )


def test_csv_has_a_row_for_each_base_with_its_definition() -> None:
    (row,) = rows("".join(escape.escaped_csv_lines(count_rows(drawn.count()))))
    head = ["subject", "id", "kind", "key", "snapshot", "direct", "total", "at_most", "undated"]
    head += ["opted_out", "parents_known", *RELATIONS]
    assert list(row)[: len(head)] == head
    assert set(row) == {*head, *RULE, "declared", "notes"}
    assert (row["total"], row["adapter"], row["merge"]) == ("12345", "345", "0")
    assert (row["mirrors"], row["as_of"], row["relations"]) == ("false", "", " ".join(RELATIONS))
    assert row["roots"] == "1"


def test_csv_has_a_row_for_each_base_and_group() -> None:
    groups = (drawn.group("mit"), drawn.group("unknown", 3))
    divided = drawn.count(grouping=Grouping.LICENSE, groups=groups)
    found = rows("".join(escape.escaped_csv_lines(count_rows(divided))))
    assert [(row["subject"], row["license"], row["total"]) for row in found] == [
        ("owner/base", "mit", "10"),
        ("owner/base", "unknown", "3"),
    ]


def test_nothing_hostile_acts_in_csv() -> None:
    groups = (drawn.group("=HYPERLINK(1)"), drawn.group(drawn.HOSTILE))
    divided = drawn.count(grouping=Grouping.LICENSE, groups=groups)
    text = "".join(escape.escaped_csv_lines(count_rows(divided)))
    first, second = rows(text)
    assert first["license"] == "'=HYPERLINK(1)"
    assert second["license"].startswith("\\x1b[2J")
    assert text.replace("\n", "").isprintable()


def test_nothing_hostile_acts_in_json() -> None:
    text = to_json([count_document(drawn.count(drawn.HOSTILE))])
    assert text.replace("\n", "").isprintable()
    assert json.loads(text)[0]["subject"] == drawn.HOSTILE


def test_no_row_is_an_empty_line() -> None:
    assert "".join(escape.escaped_csv_lines([])) == "\n"


def test_a_tree_is_a_list_of_nodes_under_the_head_of_a_count() -> None:
    document = json.loads(to_json(tree_document(drawn.tree())))
    assert list(document) == [*count_document(drawn.count()), "nodes"]
    merge = document["nodes"][2]
    assert (merge["other_parents"], merge["total"], merge["drawn_below"]) == (2, 3, 1)
    assert (merge["kind"], merge["parent"]) == ("model", "owner/child")
    found = rows("".join(escape.escaped_csv_lines(tree_rows(drawn.tree()))))
    assert [(row["depth"], row["parent"], row["name"]) for row in found] == [
        ("0", "", "owner/base"),
        ("1", "owner/base", "owner/child"),
        ("2", "owner/child", "owner/child-of-merge"),
        ("1", "owner/base", "z/z"),
    ]


def test_a_definition_tells_its_day() -> None:
    assert convert_to_document(Definition(as_of=drawn.TAKEN.date()))["as_of"] == "2026-11-21"
