"""A definition that cannot be followed yet is refused, never answered by another one."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from lineage.analysis.counts import count_base
from lineage.analysis.family_graph import family_graph
from lineage.analysis.rankings import count_top
from lineage.analysis.trees import tree_of_base
from lineage.domain.definitions import Definition
from lineage.errors import SettingsError
from lineage.store.snapshot import Snapshot
from tests.builders import published, row

UNBUILT = [Definition(as_of=date(2025, 1, 1)), replace(Definition(), deleted=True)]


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    return published([row("meta/base"), row("a/kid", ["meta/base"])], tmp_path)


@pytest.mark.parametrize("definition", UNBUILT)
def test_no_answer_pretends_to_be_as_of_a_date_or_with_the_deleted(
    snapshot: Snapshot, definition: Definition
) -> None:
    with pytest.raises(SettingsError, match="as of a date"):
        count_base(snapshot, "meta/base", definition, ())
    with pytest.raises(SettingsError):
        count_top(snapshot, 3, definition)
    with pytest.raises(SettingsError):
        tree_of_base(snapshot, "meta/base", definition, ())
    with pytest.raises(SettingsError):
        family_graph(snapshot, "meta/base", (), definition)
