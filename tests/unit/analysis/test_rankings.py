"""What a ranking refuses to say."""

from pathlib import Path

import pytest

from lineage.domain.definitions import Definition
from lineage.errors import SettingsError
from tests.builders import published, row
from tests.questions import count_top


def test_a_ranking_does_not_claim_mirrors_that_it_cannot_join(tmp_path: Path) -> None:
    snapshot = published([row("a/base"), row("a/kid", ["a/base"])], tmp_path)
    with pytest.raises(SettingsError, match="mirrors"):
        count_top(snapshot, 3, Definition(mirrors=True))
