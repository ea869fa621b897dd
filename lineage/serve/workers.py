"""How much is done at once, for how long, and what was done: pools, limits, metrics."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from lineage.errors import LineageError

Result = TypeVar("Result")


class Overloaded(LineageError):
    """More is asked at once than can be answered soon."""

    def __init__(self) -> None:
        super().__init__("too many questions wait for an answer", "ask again in a moment")


class TimeLimitReached(LineageError):
    """The answer takes longer than a request may."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"the answer takes longer than {seconds:g} seconds", "ask for less, or again later"
        )


class Workers:
    """A few threads for what takes long, with a bound on how many questions wait for them."""

    def __init__(self, name: str, threads: int, waiting: int, seconds: float) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._most, self._pending = threads + waiting, 0
        self._seconds = seconds

    async def run(self, work: Callable[[], Result]) -> Result:
        """Return the result of some work; Overloaded or TimeLimitReached where it has none."""
        if self._pending >= self._most:
            raise Overloaded
        self._pending += 1
        future = asyncio.get_running_loop().run_in_executor(self._pool, work)
        # A thread cannot be stopped: its place is taken until it ends.
        future.add_done_callback(self._free_worker)
        try:
            return await asyncio.wait_for(asyncio.shield(future), self._seconds)
        except TimeoutError:
            raise TimeLimitReached(self._seconds) from None

    def close(self) -> None:
        """Begin nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _free_worker(self, future: "asyncio.Future[Result]") -> None:
        self._pending -= 1
        if not future.cancelled():
            future.exception()  # looked at, or asyncio complains of it


_BUCKETS = (0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0)


@dataclass(slots=True)
class Metrics:
    """What was answered so far, as Prometheus reads it; all of it on one thread."""

    requests: Counter[tuple[str, int]] = field(default_factory=Counter)
    """By route and status."""
    seconds: Counter[str] = field(default_factory=Counter)
    buckets: Counter[tuple[str, float]] = field(default_factory=Counter)
    in_flight: int = 0
    started_at: float = field(default_factory=time.time)

    def count_request(self, route: str, status: int, seconds: float) -> None:
        """Add one request that was answered."""
        self.requests[route, status] += 1
        self.seconds[route] += seconds  # type: ignore[assignment]
        for bound in _BUCKETS:
            if seconds <= bound:
                self.buckets[route, bound] += 1

    def lines(self, snapshot_taken_at: float | None) -> Iterator[str]:
        """Yield the lines of the text format of Prometheus, version 0.0.4."""
        yield "# HELP lineage_requests_total Requests answered."
        yield "# TYPE lineage_requests_total counter"
        for (route, status), number in sorted(self.requests.items()):
            yield f'lineage_requests_total{{route="{route}",status="{status}"}} {number}'
        yield "# HELP lineage_request_seconds Time from a request to the end of its answer."
        yield "# TYPE lineage_request_seconds histogram"
        totals: Counter[str] = Counter()
        for (route, _), number in self.requests.items():
            totals[route] += number
        for route, total in sorted(totals.items()):
            for bound in _BUCKETS:
                number = self.buckets[route, bound]
                yield f'lineage_request_seconds_bucket{{route="{route}",le="{bound}"}} {number}'
            yield f'lineage_request_seconds_bucket{{route="{route}",le="+Inf"}} {total}'
            yield f'lineage_request_seconds_sum{{route="{route}"}} {self.seconds[route]:.6f}'
            yield f'lineage_request_seconds_count{{route="{route}"}} {total}'
        yield "# HELP lineage_requests_in_flight Requests that are being answered."
        yield "# TYPE lineage_requests_in_flight gauge"
        yield f"lineage_requests_in_flight {self.in_flight}"
        yield "# HELP lineage_start_time_seconds When the server started."
        yield "# TYPE lineage_start_time_seconds gauge"
        yield f"lineage_start_time_seconds {self.started_at:.0f}"
        if snapshot_taken_at is not None:
            yield "# HELP lineage_snapshot_age_seconds Time since the latest snapshot was taken."
            yield "# TYPE lineage_snapshot_age_seconds gauge"
            yield f"lineage_snapshot_age_seconds {time.time() - snapshot_taken_at:.0f}"
