"""Recorded pages to a published snapshot: rows a second on one core, memory, where the time goes.

`python -m benchmarks.synthetic_hub CACHE` makes the pages; `python -m benchmarks.publication CACHE`
replays them and prints a Markdown table. Each pass runs in a process of its own, held to one core.
The unit of comparison is the JSON decoder alone over the same pages, in the same run: machines
differ and drift, that ratio hardly does.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from lineage.domain.progress import Progress

PAGES_OF_A_PASS = 600


def bodies(cache: Path, most: int = PAGES_OF_A_PASS) -> Iterator[bytes]:
    """Yield the bodies of the first recorded pages, unpacked."""
    from lineage.domain.clock import SystemClock
    from lineage.http.page_log import PageLogs

    logs = PageLogs(cache / "pages", SystemClock())
    identity = json.loads(next((cache / "pages").glob("*/log.json")).read_bytes())["identity"]
    log = logs.find_latest_page_log(identity)
    assert log is not None
    for _, request in zip(range(most), log.logged_requests(), strict=False):
        page = log.get_logged_page(request)
        assert page is not None
        yield page.body


def unpack(cache: Path) -> int:
    """Read, check and decompress the pages."""
    return sum(1 for _ in bodies(cache)) * 1000


def decode(cache: Path) -> int:
    """Unpack, then decode the JSON to typed rows with msgspec: the unit."""
    import msgspec

    from lineage.sources.listing_rows import ListingRow

    decoder = msgspec.json.Decoder(list[ListingRow])
    return sum(len(decoder.decode(body)) for body in bodies(cache))


def parse(cache: Path) -> int:
    """Unpack, then read records, as a crawl does."""
    from lineage.domain.progress import garbage_collector_paused
    from lineage.sources.listing_pages import parse_batches

    with garbage_collector_paused():
        return sum(len(part.records) for body in bodies(cache) for part in parse_batches(body))


def extract_claims(cache: Path) -> int:
    """Unpack, read records, hear witnesses."""
    from lineage.domain.progress import garbage_collector_paused
    from lineage.evidence import RULES
    from lineage.evidence import extract_claims as hear
    from lineage.sources.listing_pages import parse_batches

    with garbage_collector_paused():
        parts = (part for body in bodies(cache) for part in parse_batches(body))
        return sum(len(hear(part.records, RULES)) for part in parts)


def publish(cache: Path) -> int:
    """Publish a snapshot of every page: the whole way."""
    from lineage.crawl.runs import crawl
    from lineage.settings import Settings

    with TemporaryDirectory() as folder:
        settings = Settings(store=folder, cache=str(cache), offline=True, min_kept_share=0)
        return crawl(settings, progress=Stopwatch()).manifest.models


class Stopwatch(Progress):
    """Says how long each stage took."""

    def __init__(self) -> None:
        self._stage, self._began = "", time.perf_counter()

    def begin(self, stage: str, total: int | None = None) -> None:
        self._stage, self._began = stage, time.perf_counter()

    def say(self, message: str) -> None:
        print(message, file=sys.stderr)

    def end(self) -> None:
        seconds = time.perf_counter() - self._began
        print(f"{self._stage}: {seconds:.1f} s", file=sys.stderr)


PASSES: dict[str, Callable[[Path], int]] = {
    one.__name__: one for one in (unpack, decode, parse, extract_claims, publish)
}


def run_pass(name: str, cache: Path) -> None:
    """Run one pass on one core and print what it took as JSON."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    began = time.process_time()
    rows = PASSES[name](cache)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(
        json.dumps({"rows": rows, "seconds": time.process_time() - began, "kib": usage.ru_maxrss})
    )


def main() -> None:
    """Run every pass and print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("cache", type=Path)
    arguments.add_argument("--only", choices=PASSES, help="run one pass in this process")
    given = arguments.parse_args()
    if given.only:
        run_pass(given.only, given.cache)
        return
    print(f"{datetime.now(UTC):%Y-%m-%d}, CPU seconds of one core\n")
    print("| pass | rows | microseconds a row | beside decoding | rows/s | peak MiB |")
    print("|---|--:|--:|--:|--:|--:|")
    unit = 0.0
    for name in PASSES:
        command = [sys.executable, "-m", "benchmarks.publication", str(given.cache)]
        done = subprocess.run([*command, "--only", name], stdout=subprocess.PIPE, check=True)
        result = json.loads(done.stdout)
        each = result["seconds"] / result["rows"] * 1e6
        unit = each if name == "decode" else unit
        ratio = f"{each / unit:.1f}" if unit else ""
        print(
            f"| {name} | {result['rows']:,} | {each:.2f} | {ratio} | {1e6 / each:,.0f} | "
            f"{result['kib'] / 1024:,.0f} |"
        )


if __name__ == "__main__":
    main()
