from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from lineage.demo.box import HubBox
from lineage.demo.catalog import Catalog

Serve = Callable[..., tuple[HubBox, httpx.Client]]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Opens a box and a client for it; both are closed when the test ends."""
    with ExitStack() as stack:

        def opened(catalog: Catalog, **options: Any) -> tuple[HubBox, httpx.Client]:
            box = stack.enter_context(HubBox(catalog, **options))
            return box, stack.enter_context(httpx.Client(base_url=box.url, timeout=10))

        yield opened
