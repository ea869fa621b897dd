"""Rows that could not be read, however many: kept on disk, not in memory."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from lineage.build.draft import open_draft
from lineage.build.pipeline import build_snapshot
from lineage.domain.records import BadRow
from lineage.errors import DraftRefused
from lineage.sources.interface import RecordPage
from lineage.store import schema
from lineage.store.table_writer import ROW_GROUP
from tests.builders import origin, publication


def test_bad_rows_leave_the_memory_while_they_stream_in(tmp_path: Path) -> None:
    into = publication(tmp_path)
    draft = open_draft(into.store, origin())
    bad = BadRow("_id is not 24 hex digits", "{}", None)
    draft.add_bad_rows([bad] * (ROW_GROUP + 1), "GET /api/models")
    on_disk = tmp_path / draft.id / schema.BAD_ROWS_FILE
    assert draft.bad_rows == ROW_GROUP + 1
    assert on_disk.stat().st_size > 0  # a whole group has left the memory already
    draft.close()


def test_bad_rows_of_all_pages_are_in_the_table_in_order(tmp_path: Path) -> None:
    into = publication(tmp_path)
    pages = [
        RecordPage([], [BadRow(f"reason {n}", "{}", None)] * 6, request=str(n)) for n in range(3)
    ]
    with pytest.raises(DraftRefused, match="18 of 18 rows"):
        build_snapshot(pages, origin(), into)
    (refused,) = into.store.refused()
    table = pq.read_table(tmp_path / refused / schema.BAD_ROWS_FILE)
    assert table["request"].to_pylist() == ["0"] * 6 + ["1"] * 6 + ["2"] * 6
