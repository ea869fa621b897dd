"""A year of days in one store: bytes beside whole snapshots, and how long a day of it answers.

`python -m benchmarks.synthetic_hub CACHE --models N` makes the pages; `python -m benchmarks.year
CACHE` lets that Hub live (`benchmarks.living_hub`), takes a full crawl a week and an update on each
other day, and prints a Markdown table of what each day stores. A year is told from five weeks,
after which a full crawl is stored whole again. `--take 0,1,2,7` takes some of the days alone. Then
bases are counted as of days all over.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import msgspec

from benchmarks.living_hub import LivingHub
from benchmarks.publication import bodies
from benchmarks.updates import taken

QUESTIONS = 25
PERIOD = 35
"""Days from one whole snapshot to the next, where there is a full crawl a week."""
PARTS = ("models", "metrics", "evidence", "edges", "counts", "changed")
MIB = 2**20


@dataclass(frozen=True, slots=True)
class Day:
    """What one day's snapshot stores."""

    number: int
    kind: str
    seconds: float
    """Of the processor."""
    bytes_of: dict[str, int]
    """By table."""

    @property
    def bytes(self) -> int:
        return sum(self.bytes_of.values())

    def line(self) -> str:
        """Return it as a line of a table."""
        rest = self.bytes - sum(self.bytes_of.get(part, 0) for part in PARTS)
        sizes = [self.bytes, *(self.bytes_of.get(part, 0) for part in PARTS), rest]
        cells = [f"{size / MIB:.2f}" for size in sizes]
        return f"| {self.number} | {self.kind} | {' | '.join(cells)} | {self.seconds:.0f} |"


def take(
    cache: Path, store: Path, days: Sequence[int], share: float, whole_every: float
) -> Iterator[Day]:
    """Publish the snapshots of some days; yield what each of them stores."""
    pages = (
        msgspec.json.decode(body, type=list[msgspec.Raw]) for body in bodies(cache, sys.maxsize)
    )
    hub = LivingHub(sum(map(len, pages)), share)
    for day in days:
        began, full = time.process_time(), day % 7 == 0
        taken(
            hub.pages_of(day, bodies(cache, sys.maxsize), full=full),
            store,
            full=full,
            taken_at=hub.moment(day),
            whole_every=timedelta(days=whole_every),
        )
        seconds = time.process_time() - began
        newest = max(store.glob("2*"))
        sizes: dict[str, int] = {}
        for path in newest.iterdir():
            part = path.name.partition(".")[0]
            sizes[part] = sizes.get(part, 0) + path.stat().st_size
        is_whole = (newest / "models.parquet").exists()
        yield Day(day, ("whole" if is_whole else "full") if full else "update", seconds, sizes)


def ask(store: Path, days: Sequence[int]) -> tuple[float, float]:
    """Return the median seconds of a look-up and of a filtered count, each as of a day."""
    from lineage.domain.definitions import Definition
    from lineage.domain.opt_outs import NO_OPT_OUTS
    from lineage.store.store import ParquetStore
    from tests.questions import count_base

    history = ParquetStore(str(store), NO_OPT_OUTS)
    base = history.snapshot().largest_bases(1)[0].id
    hub = LivingHub(0, 1)
    some = [days[at * len(days) // QUESTIONS] for at in range(QUESTIONS)]

    def seconds(day: int, *, filtered: bool) -> float:
        began, moment = time.perf_counter(), hub.moment(day).date()
        question = Definition(as_of=moment) if filtered else Definition()
        count_base(history.snapshot_at(moment), base, question, ())
        return time.perf_counter() - began

    look_ups, counts = ([seconds(day, filtered=it) for day in some] for it in (False, True))
    return median(look_ups), median(counts)


def main() -> None:
    """Take the days and print what they cost."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("cache", type=Path)
    arguments.add_argument("--days", type=int, default=PERIOD)
    arguments.add_argument("--take", help="these days alone, divided by commas")
    arguments.add_argument("--share", type=float, default=0.01, help="of the models, a day")
    arguments.add_argument("--whole-every", type=float, default=30, help="days")
    arguments.add_argument("--store", type=Path, help="keep the snapshots there")
    given = arguments.parse_args()
    numbers = [int(it) for it in given.take.split(",")] if given.take else range(given.days)
    with TemporaryDirectory() as folder:
        store, days = given.store or Path(folder), []
        print(f"| day | | MiB | {' | '.join(PARTS)} | rest | CPU s |")
        print(f"|--:|---|{'--:|' * (len(PARTS) + 3)}")
        for day in take(given.cache, store, numbers, given.share, given.whole_every):
            days.append(day)
            print(day.line(), flush=True)
        look_up, as_of = ask(store, numbers)
    if len(days) >= PERIOD:
        year = 365 / PERIOD * sum(day.bytes for day in days[:PERIOD])
        print(f"\na year: {year / 2**30:.2f} GiB; whole {365 * days[0].bytes / 2**30:.2f} GiB")
    print(f"as of a day: look-up {look_up:.3f} s, computed {as_of:.3f} s")


if __name__ == "__main__":
    main()
