"""Made-up worlds as snapshots and as plain values."""

import pytest

from lineage.store.reader import Snapshot
from tests.builders import outlived, published
from tests.unit.analysis.plain import Plain
from tests.unit.analysis.worlds import LISTED, a_world

World = tuple[Snapshot, Plain]


@pytest.fixture(scope="session", params=[1, 2])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A snapshot of ninety models, and the same as plain values."""
    folder = tmp_path_factory.mktemp("world")
    snapshot = published(a_world(request.param), folder).with_columns_held()
    return snapshot, Plain.of(snapshot)


@pytest.fixture(scope="session")
def mortal_world(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """A world of ninety models of which every sixth is gone by the second sweep."""
    folder = tmp_path_factory.mktemp("mortal")
    return outlived(a_world(3), set(LISTED[::6]), folder).with_columns_held()


@pytest.fixture(scope="session")
def plain_corpus(corpus_snapshot: Snapshot) -> Plain:
    return Plain.of(corpus_snapshot)
