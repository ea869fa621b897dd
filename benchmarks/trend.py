"""A year of daily snapshots of one family: the seconds of its curve, and of a count of a day past.

`python -m benchmarks.trend STORE` asks cold processes and prints a Markdown table. Where STORE is
not there yet it is made first, which takes some minutes and two gigabytes: the corpus's Llama
family, three fifths of it on the first day, the rest added day by day, one in fifty gone again.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from benchmarks.questions import RUNS
from lineage.analysis.growth.stored import FULL
from lineage.analysis.members import members_below
from lineage.analysis.scope import Scope
from lineage.build.checks import Limits
from lineage.build.context import BuildContext
from lineage.build.pipeline import build_snapshot
from lineage.demo.catalog import corpus_rows
from lineage.domain.clock import SystemClock
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.domain.progress import Progress
from lineage.families.registry import all_families, family
from lineage.sources.interface import RecordPage
from lineage.sources.listing_pages import parse_batches
from lineage.store.manifest import Origin, SnapshotKind
from lineage.store.reader import Snapshot
from lineage.store.store import ParquetStore

DAYS = 365
FIRST = datetime(2025, 11, 22, 6, tzinfo=UTC)
ON_THE_FIRST_DAY = 0.6
ONE_GONE_IN = 50
BASE = "meta-llama/Llama-3.1-8B"
_PAGE = 1000


def family_rows() -> list[bytes]:
    """Return the family's rows of the corpus as JSON, roots included, the oldest first."""
    rows = sorted(corpus_rows(), key=lambda row: str(row["_id"]))
    spelled = [json.dumps(row).encode() for row in rows]
    with TemporaryDirectory() as folder:
        whole = _published(spelled, FIRST, ParquetStore(folder, NO_OPT_OUTS))
        scope = Scope(whole, all_families(), FULL)
        roots = scope.roots_of(family("llama").root_repo_ids())
        wanted = members_below(scope, roots).counted
        wanted[roots] = True
        ids = set(whole.record_column("id").filter(pa.array(wanted[: whole.records])).to_pylist())
    return [said for row, said in zip(rows, spelled, strict=True) if row["id"] in ids]


def _published(rows: Sequence[bytes], moment: datetime, store: ParquetStore) -> Snapshot:
    def pages() -> Iterator[RecordPage]:
        for first in range(0, len(rows), _PAGE):
            body = b"[" + b",".join(rows[first : first + _PAGE]) + b"]"
            for part in parse_batches(body):
                yield RecordPage(part.records, part.bad_rows, part.unread_fields)

    into = BuildContext(store, all_families(), Limits(), SystemClock(), Progress())
    origin = Origin(SnapshotKind.FULL, "https://hub.example", moment)
    return store.snapshot(build_snapshot(pages(), origin, into).id)


def listed(rows: Sequence[bytes], day: int) -> list[bytes]:
    """Return the rows that are there on a day."""
    share = ON_THE_FIRST_DAY + (1 - ON_THE_FIRST_DAY) * day / (DAYS - 1)
    return [
        row
        for at, row in enumerate(rows[: round(share * len(rows))])
        if at % ONE_GONE_IN or at // ONE_GONE_IN % DAYS > day
    ]


def make(store: Path) -> None:
    """Publish a sweep a day."""
    rows = family_rows()
    for day in range(DAYS):
        began = time.perf_counter()
        moment = FIRST + timedelta(days=day)
        models = _published(
            listed(rows, day), moment, ParquetStore(str(store), NO_OPT_OUTS)
        ).manifest.models
        print(f"{moment:%Y-%m-%d} {models:,} {time.perf_counter() - began:.2f} s", file=sys.stderr)


def measured(command: list[str]) -> tuple[float, float]:
    """Return the medians of wall seconds and of processor seconds of a command."""
    walls, processors = [], []
    for _ in range(RUNS):
        before, began = os.times(), time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        walls.append(time.perf_counter() - began)
        after = os.times()
        spent = after.children_user + after.children_system
        processors.append(spent - before.children_user - before.children_system)
    return statistics.median(walls), statistics.median(processors)


def questions(store: Path) -> dict[str, list[str]]:
    """Return each question as a command."""
    lineage = [sys.executable, "-m", "lineage"]
    trend = [*lineage, "snapshots", "trend", "--store", str(store), "--format", "csv"]
    count = [*lineage, "count", "llama", "--store", str(store), "--format", "csv"]
    past = ["--as-of", f"{FIRST + timedelta(days=DAYS // 2):%Y-%m-%d}"]
    return {
        'python -c "import pyarrow"': [sys.executable, "-c", "import pyarrow"],
        "snapshots trend": trend,
        "snapshots trend --by release": [*trend, "--by", "release"],
        "snapshots trend --by month": [*trend, "--by", "month"],
        "snapshots trend BASE": [*trend, BASE],
        "count llama": count,
        "count llama --as-of, half a year ago": [*count, *past],
    }


def main() -> None:
    """Make the year where it is missing, ask everything and print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("store", type=Path)
    store = arguments.parse_args().store
    if not store.exists():
        make(store)
    manifests = ParquetStore(str(store), NO_OPT_OUTS).manifests()
    tables = sum(one.files["trends.parquet"].bytes for one in manifests)
    print(
        f"{datetime.now(UTC):%Y-%m-%d}, median of {RUNS} cold processes; {len(manifests)} ", end=""
    )
    print(f"snapshots, {manifests[0].models:,} to {manifests[-1].models:,} models, ", end="")
    print(f"{tables / 2**20:.1f} MiB of trends.parquet\n")
    print("| question | seconds | of the processor | beside import pyarrow |\n|---|--:|--:|--:|")
    unit = 0.0
    for name, command in questions(store).items():
        wall, processor = measured(command)
        unit = unit or processor
        print(f"| {name} | {wall:.2f} | {processor:.2f} | {processor / unit:.1f} |")


if __name__ == "__main__":
    main()
