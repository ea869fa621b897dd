"""One small history, and the server's application over it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.families.registry import all_families
from lineage.serve.app import Server, make_app
from lineage.serve.open_snapshots import OpenSnapshots, warm_served_snapshot
from lineage.serve.pages import page_routes
from lineage.store.store import ParquetStore
from tests.builders import published, row
from tests.fakes.fake_clock import NOON

LLAMA_2, LLAMA_3 = "meta-llama/Llama-2-7b-hf", "meta-llama/Llama-3.1-8B"
QWEN = "Qwen/Qwen2.5-7B"


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two days: a deletion, a rename, a merge, an undated model, a mirror."""
    folder = tmp_path_factory.mktemp("served")
    renamed = row("o/old-name", [LLAMA_3])
    rows = [
        *(row(LLAMA_2, license="llama2"), row(LLAMA_3), row(QWEN), row("gpt2", author=None)),
        row("o/child", [LLAMA_2], downloads=1_000, createdAt="2024-01-02T03:04:05.000Z"),
        row("o/adapter", ["o/child"], "adapter"),
        row("o/merge", [LLAMA_2, QWEN], "merge"),
        row("o/leaf", [LLAMA_3]),
        row("o/of-the-deleted", ["o/deleted"]),
        row("o/undated", [LLAMA_2], createdAt="2022-03-02T23:29:04.000Z"),
        *(row(f"aside/{number}") for number in range(30)),
    ]
    families = all_families()
    published([*rows, renamed, row("o/deleted", [LLAMA_2])], folder, families=families)
    later = [*rows, renamed | {"id": "o/new-name"}]
    published(later, folder, families=families, taken_at=NOON + timedelta(days=1))
    return folder


def open_history(folder: Path) -> OpenSnapshots:
    """Open a store as the command does, all of it read."""
    snapshots = OpenSnapshots(
        ParquetStore(str(folder), NO_OPT_OUTS), all_families(), NO_OPT_OUTS.digest()
    )
    snapshots.refresh_served_snapshots()
    assert snapshots.latest_served_snapshot is not None
    warm_served_snapshot(snapshots.latest_served_snapshot)
    return snapshots


@pytest.fixture(scope="module")
def client(history: Path) -> Iterator[TestClient]:
    server = Server(open_history(history))
    with TestClient(
        make_app(server, more=page_routes(server)), raise_server_exceptions=False
    ) as client:
        yield client
    server.close_server()
