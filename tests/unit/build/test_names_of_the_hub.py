"""A parent renamed while the Hub was read: its children still write the old name with its key."""

from pathlib import Path

from tests.builders import hub_parents, key_of, published, row, rows_of
from tests.questions import DEFAULT, count_base


def test_a_name_that_only_the_hub_still_wrote_gives_the_same_answer(tmp_path: Path) -> None:
    rows = [
        row("farm/new", _id=key_of("farm/old")),
        row("kid/one", baseModels=hub_parents("farm/old")),
        row("kid/two", cardData={"base_model": "farm/old"}),
        row("kid/three", cardData={"base_model": "FARM/old"}),
    ]
    snapshot = published(rows, tmp_path)
    now, before = (count_base(snapshot, id, DEFAULT, ()) for id in ("farm/new", "farm/old"))
    assert (now.total, before.total) == (3, 3)
    assert before.definition.roots == ("farm/new",)
    told = [(name["name"], name["source"]) for name in rows_of(snapshot, "names.parquet")]
    assert told == [("farm/old", "hub")]
