"""Boxes that are closed when the test ends, and a stage beside each."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from lineage.demo.catalog import Row
from tests.fakes.fake_clock import FakeClock
from tests.fakes.fake_hub import FakeHub
from tests.fakes.live_catalog import LiveCatalog
from tests.story.stage import PLENTY, Stage

Play = Callable[..., tuple[FakeHub, Stage]]


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Play]:
    """Opens a box over rows and gives it with a stage; both share one clock that is not real."""
    with ExitStack() as stack:

        def opened(rows: list[Row], **options: Any) -> tuple[FakeHub, Stage]:
            clock = FakeClock()
            wanted: dict[str, Any] = {"quotas": PLENTY, "clock": clock} | options
            box = stack.enter_context(FakeHub(LiveCatalog(rows), **wanted))
            return box, Stage(tmp_path, box.url, clock)

        yield opened
