"""A year of days in one store: bytes beside whole snapshots, and how long a day of it answers.

`python -m benchmarks.synthetic_hub CACHE --models N` makes the pages; `python -m benchmarks.year
CACHE` takes a sweep a week and updates between, each of which reads some other pages, and prints a
Markdown table. With fewer days than 365 the year is told from those: 52 times the mean sweep and
313 times the mean update. Then bases are counted as of days all over.
"""

import argparse
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.updates import taken

START = datetime(2026, 1, 1, 6, tzinfo=UTC)
QUESTIONS = 25
SWEEPS, UPDATES = 52, 313


def stored(folder: Path) -> int:
    """Return the bytes of one snapshot."""
    return sum(path.stat().st_size for path in folder.iterdir())


def take(cache: Path, store: Path, days: int, share: float) -> list[tuple[bool, int, float]]:
    """Publish so many days; return of each whether it was a sweep, its bytes, its seconds."""
    found = []
    for day in range(days):
        began, sweep = time.perf_counter(), day % 7 == 0
        moment = START + timedelta(days=day)
        taken(cache, store, 1.0 if sweep else share, taken_at=moment, first=day)
        newest = max(one for one in store.glob("2*"))
        found.append((sweep, stored(newest), time.perf_counter() - began))
    return found


def ask(store: Path, days: int) -> tuple[float, float, float]:
    """Return the median seconds of a look-up, a filtered count and a cold process, each as of."""
    from lineage.domain.definitions import Definition
    from lineage.domain.opt_outs import NO_OPT_OUTS
    from lineage.store.store import ParquetStore
    from tests.questions import count_base

    history = ParquetStore(str(store), NO_OPT_OUTS)
    base = history.snapshot().largest_bases(1)[0].id
    moments = [(START + timedelta(days=at * days // QUESTIONS)).date() for at in range(QUESTIONS)]

    def seconds(question: Definition, day: int) -> float:
        began = time.perf_counter()
        count_base(history.snapshot_at(moments[day]), base, question, ())
        return time.perf_counter() - began

    def cold(day: int) -> float:
        began = time.perf_counter()
        asked = ["count", base, "--as-of", moments[day].isoformat(), "--store", str(store)]
        subprocess.run(
            [sys.executable, "-m", "lineage", *asked], stdout=subprocess.PIPE, check=True
        )
        return time.perf_counter() - began

    all_of_it = [seconds(Definition(), day) for day in range(QUESTIONS)]
    as_of = [seconds(Definition(as_of=moments[day]), day) for day in range(QUESTIONS)]
    return median(all_of_it), median(as_of), median(cold(day) for day in range(0, QUESTIONS, 5))


def main() -> None:
    """Take the days and print what they cost."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("cache", type=Path)
    arguments.add_argument("--days", type=int, default=7)
    arguments.add_argument("--share", type=float, default=0.01, help="of the pages, a day")
    given = arguments.parse_args()
    with TemporaryDirectory() as folder:
        found = take(given.cache, Path(folder), given.days, given.share)
        look_up, as_of, cold = ask(Path(folder), given.days)
    sweeps, updates = ([one for one in found if one[0] is kind] for kind in (True, False))
    print("| | days | MiB a day | seconds a day |\n|---|--:|--:|--:|")
    for name, some in (("sweeps", sweeps), ("updates", updates)):
        mib, seconds = (sum(one[at] for one in some) / len(some) for at in (1, 2))
        print(f"| {name} | {len(some)} | {mib / 2**20:.1f} | {seconds:.1f} |")
    sweep, update = (sum(size for _, size, _ in some) / len(some) for some in (sweeps, updates))
    year = (SWEEPS * sweep + UPDATES * update) / 2**30
    print(f"\na year: {year:.2f} GiB; of whole snapshots {365 * sweep / 2**30:.2f} GiB")
    print("updates, MiB by day:", *(f"{size / 2**20:.1f}" for _, size, _ in updates[:6]))
    print(
        f"as of a day: look-up {look_up:.3f} s, computed {as_of:.3f} s, cold process {cold:.2f} s"
    )


if __name__ == "__main__":
    main()
