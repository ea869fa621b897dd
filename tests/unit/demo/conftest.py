from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from tests.fakes.fake_hub import FakeHub
from tests.fakes.live_catalog import LiveCatalog

Serve = Callable[..., tuple[FakeHub, httpx.Client]]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Opens a box and a client for it; both are closed when the test ends."""
    with ExitStack() as stack:

        def opened(catalog: LiveCatalog, **options: Any) -> tuple[FakeHub, httpx.Client]:
            box = stack.enter_context(FakeHub(catalog, **options))
            return box, stack.enter_context(httpx.Client(base_url=box.url, timeout=10))

        yield opened
