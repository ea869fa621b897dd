"""The demo's own ground: one address for all its runs, nobody's settings."""

from pathlib import Path

import pytest

from lineage.demo.box import HubBox
from lineage.demo.shelf import Shelf
from lineage.demo.tour import crawl_the_box, settings_of
from lineage.errors import SettingsError
from lineage.pipeline import publish
from lineage.progress import Progress
from tests.builders import origin, pages, publication, row


def test_an_address_that_is_taken_is_said_before_anything_is_crawled(tmp_path: Path) -> None:
    store = tmp_path / "snapshots"
    with HubBox(Shelf([])) as other:
        publish(pages([row()]), origin(endpoint=other.url), publication(store))
        with pytest.raises(SettingsError, match="cannot be had") as refused:
            crawl_the_box(tmp_path, Progress())
    assert "another folder" in refused.value.hint
    assert len(list(store.iterdir())) == 1


def test_a_demo_has_no_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "somebodys")
    assert settings_of(tmp_path, "http://127.0.0.1:9").token is None
