"""An update beside a full rebuild of the same snapshot: seconds, memory, bytes.

`python -m benchmarks.synthetic_hub CACHE --models N` makes the pages; `python -m benchmarks.updates
CACHE` publishes them as a full crawl, then updates of it, each in a process of its own, and prints
a Markdown table. The changed rows are every so many-th page again, so that they lie all over.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.publication import bodies

SHARES = (0.01, 0.1)


def taken(
    bodies: Iterable[bytes],
    store: Path,
    *,
    full: bool,
    taken_at: datetime | None = None,
    whole_every: timedelta = timedelta(0),
) -> int:
    """Publish pages as a full crawl, or as an update of the newest snapshot; return the rows."""
    from lineage.build.checks import Limits
    from lineage.build.context import BuildContext
    from lineage.build.pipeline import build_snapshot
    from lineage.domain.clock import SystemClock
    from lineage.domain.opt_outs import NO_OPT_OUTS
    from lineage.domain.progress import Progress
    from lineage.sources.interface import RecordPage
    from lineage.sources.listing_pages import parse_batches
    from lineage.store.manifest import Origin, SnapshotKind
    from lineage.store.store import ParquetStore

    history, clock, rows = ParquetStore(str(store), NO_OPT_OUTS), SystemClock(), 0

    def pages() -> Iterator[RecordPage]:
        nonlocal rows
        for body in bodies:
            for part in parse_batches(body):
                rows += len(part.records)
                yield RecordPage(part.records, part.bad_rows, part.unread_fields)

    onto = None if full else history.latest_whole()
    kind = SnapshotKind.FULL if onto is None else SnapshotKind.UPDATE
    origin = Origin(kind, "https://hub.example", taken_at or clock.now())
    into = BuildContext(history, (), Limits(), clock, Progress(), whole_every=whole_every)
    build_snapshot(pages(), origin, into, update_of=onto)
    return rows


def main() -> None:
    """Run every share in a process of its own and print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("cache", type=Path)
    arguments.add_argument("--only", nargs=2, metavar=("STORE", "SHARE"), help="one publication")
    given = arguments.parse_args()
    if given.only:
        began = time.perf_counter()
        share = float(given.only[1])
        pages = islice(bodies(given.cache, sys.maxsize), 0, None, round(1 / share))
        rows = taken(pages, Path(given.only[0]), full=share == 1)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        seconds = time.perf_counter() - began
        print(json.dumps({"rows": rows, "seconds": seconds, "kib": peak}))
        return
    print("| publication | rows read | seconds | peak MiB | MiB stored |\n|---|--:|--:|--:|--:|")
    with TemporaryDirectory() as folder:
        for share in (1.0, *SHARES):
            only = ["--only", folder, str(share)]
            command = [sys.executable, "-m", "benchmarks.updates", str(given.cache), *only]
            done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
            result = json.loads(done.stdout)
            newest = max(Path(folder).glob("2*"))
            stored = sum(path.stat().st_size for path in newest.glob("*")) / 2**20
            name = "full" if share == 1 else f"update of {share:.0%}"
            print(
                f"| {name} | {result['rows']:,} | {result['seconds']:.1f} | "
                f"{result['kib'] / 1024:,.0f} | {stored:,.0f} |"
            )


if __name__ == "__main__":
    main()
