"""Questions to a snapshot of three million models, each asked by a cold process.

`python -m benchmarks.questions STORE` prints a Markdown table: the median of several runs beside
`python -c "import pyarrow"` in the same run. STORE holds what `lineage crawl --offline` made of
`benchmarks.synthetic_hub`'s pages.
"""

import argparse
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime

RUNS = 7
FAMILY = 200_000
"""How many models should lie below the base that is asked for."""


def measured(command: list[str]) -> float:
    """Return the median wall seconds of a command."""
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def questions(store: str, base: str) -> dict[str, list[str]]:
    """Return each question as a command."""
    python = [sys.executable, "-c"]
    lineage = [sys.executable, "-m", "lineage", "count", "--store", store]
    snapshot = f"lineage.open_store({store!r}).snapshot()"
    load = f"import lineage; lineage.load_family({base!r}, snapshot={snapshot})"
    return {
        'python -c "import pyarrow"': [*python, "import pyarrow"],
        "lineage count X --format json": [*lineage, base, "--format", "json"],
        "lineage count X": [*lineage, base],
        "count X --relations finetune,adapter": [*lineage, base, "--relations", "finetune,adapter"],
        "count X --min-downloads 10 --by author": [
            *(*lineage, base, "--min-downloads", "10", "--by", "author"),
        ],
        "count llama --by release": [*lineage, "llama", "--by", "release"],
        "count --top 20": [*lineage, "--top", "20"],
        "load_family(X) as networkx": [*python, load],
    }


def main() -> None:
    """Ask everything and print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("store")
    given = arguments.parse_args()
    from lineage import open_store

    bases = open_store(given.store).snapshot().largest_bases(100_000)
    base = min(bases, key=lambda one: abs(one.total - FAMILY))
    print(f"{datetime.now(UTC):%Y-%m-%d}, median of {RUNS} cold processes; ", end="")
    print(f"X = a base with {base.total:,} models below it\n")
    print("| question | seconds | beside import pyarrow |\n|---|--:|--:|")
    unit = 0.0
    for name, command in questions(given.store, base.id).items():
        seconds = measured(command)
        unit = unit or seconds
        print(f"| {name} | {seconds:.2f} | {seconds / unit:.1f} |")


if __name__ == "__main__":
    main()
