"""Unique descendants of every base on a Hub-sized graph: ours beside other engines.

`python -m benchmarks.closure` prints a Markdown table. Every engine runs in a process of its own,
so that its memory is its own, and reads the same columns from a file. Ours splits each count by
kind; the others count in total alone. rustworkx is optional: `pip install rustworkx`.
"""

import argparse
import importlib
import importlib.util
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

GRAPH = "graph.npz"
COUNTS = "counts.npy"
SAMPLED_PER_SIZE = 10


@dataclass(frozen=True, slots=True)
class Result:
    """What one engine took: seconds of processor time on all its threads, memory in MiB."""

    seconds: float
    pairs: int | None
    """Sum of all counts: pairs of a base and a descendant; None where only some were counted."""
    peak: float = 0.0
    before: float = 0.0
    """Memory with the columns read and the engine imported."""
    note: str = ""


def reach(folder: Path) -> Result:
    """Count with our own kernel and keep the counts, so that a sample can be checked by them."""
    import numpy as np

    from benchmarks.synthetic_graph import KINDS, load
    from lineage.graph.reach import count_below

    graph = load(folder / GRAPH)
    before, start = memory("VmRSS"), time.process_time()
    counts = count_below(graph.child, graph.parent, graph.nodes, graph.kind, KINDS)
    seconds, peak = time.process_time() - start, memory("VmHWM")
    np.save(folder / COUNTS, counts.sum(axis=1))
    return Result(seconds, int(counts.sum()), peak, before, "by kind")


def plain_python(folder: Path) -> Result:
    """Walk up from each model, with a set of the nodes met."""
    from benchmarks.synthetic_graph import load

    graph = load(folder / GRAPH)
    before, start = memory("VmRSS"), time.process_time()
    parents: dict[int, list[int]] = {}
    for child, parent in zip(graph.child.tolist(), graph.parent.tolist(), strict=True):
        parents.setdefault(child, []).append(parent)
    counts = [0] * graph.nodes
    for model, first in parents.items():
        seen = set(first)
        line = list(seen)
        for node in line:
            for parent in parents.get(node, ()):
                if parent not in seen:
                    seen.add(parent)
                    line.append(parent)
        seen.discard(model)
        for node in seen:
            counts[node] += 1
    return Result(time.process_time() - start, sum(counts), memory("VmHWM"), before)


def duckdb(folder: Path) -> Result:
    """Close the edges in SQL, on as many threads as DuckDB likes."""
    from benchmarks.synthetic_graph import load

    engine = importlib.import_module("duckdb")
    arrow = importlib.import_module("pyarrow")
    graph = load(folder / GRAPH)
    connection = engine.connect()
    connection.register("columns", arrow.table({"child": graph.child, "parent": graph.parent}))
    before, start = memory("VmRSS"), time.process_time()
    connection.execute("CREATE TABLE edges AS SELECT DISTINCT * FROM columns")
    counts = connection.execute("""
        WITH RECURSIVE above(child, node) AS (
            SELECT child, parent FROM edges
            UNION SELECT above.child, edges.parent FROM above JOIN edges ON edges.child = node
        )
        SELECT node, count(*) AS total FROM above WHERE child <> node GROUP BY node
    """).fetchnumpy()
    seconds = time.process_time() - start
    connection.close()
    note = f"{os.cpu_count()} threads"
    return Result(seconds, int(counts["total"].sum()), memory("VmHWM"), before, note)


def rustworkx(folder: Path) -> Result:
    """Ask for the descendants of every node that has children."""
    from benchmarks.synthetic_graph import load

    engine = importlib.import_module("rustworkx")
    graph = load(folder / GRAPH)
    before, start = memory("VmRSS"), time.process_time()
    edges = list(zip(graph.parent.tolist(), graph.child.tolist(), strict=True))
    below = engine.PyDiGraph()
    below.add_nodes_from(range(graph.nodes))
    below.add_edges_from_no_data(edges)
    pairs = sum(len(engine.descendants(below, base)) for base in {parent for parent, _ in edges})
    return Result(time.process_time() - start, pairs, memory("VmHWM"), before)


def networkx(folder: Path) -> Result:
    """Ask for the descendants of a few bases of each size, and extrapolate each size by its own."""
    import networkx as nx
    import numpy as np

    from benchmarks.synthetic_graph import load

    graph = load(folder / GRAPH)
    counts = np.load(folder / COUNTS)
    bases = np.flatnonzero(counts)
    size = np.log2(counts[bases]).astype(int)
    rng = np.random.default_rng(0)
    before, start = memory("VmRSS"), time.process_time()
    below = nx.DiGraph()
    below.add_nodes_from(range(graph.nodes))
    below.add_edges_from(zip(graph.parent.tolist(), graph.child.tolist(), strict=True))
    built = time.process_time() - start
    seconds, asked, wrong = built, 0, 0
    for of_size in (bases[size == each] for each in np.unique(size)):
        sample = rng.permutation(of_size)[:SAMPLED_PER_SIZE].tolist()
        start = time.process_time()
        found = [len(nx.descendants(below, base)) for base in sample]
        seconds += (time.process_time() - start) * of_size.size / len(sample)
        asked += len(sample)
        wrong += int(np.count_nonzero(counts[sample] != found))
    note = f"extrapolated; {built:.1f} s of it to build; {wrong} of {asked} counts differ from ours"
    return Result(seconds, None, memory("VmHWM"), before, note)


ENGINES: dict[str, Callable[[Path], Result]] = {
    "reach": reach,
    "plain_python": plain_python,
    "duckdb": duckdb,
    "rustworkx": rustworkx,
    "networkx": networkx,
}


def memory(field: str) -> float:
    """Return a field of this process's status in MiB: VmRSS is now, VmHWM the highest ever."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    return 0.0


def machine() -> str:
    """Say where and when the numbers were taken."""
    cpus = Path("/proc/cpuinfo").read_text().splitlines()
    name = next((line.split(": ")[1] for line in cpus if line.startswith("model name")), "?")
    now = datetime.now(UTC)
    return f"{name}, {os.cpu_count()} cores, Python {platform.python_version()}, {now:%Y-%m-%d}"


def run_apart(task: str, folder: Path) -> Result | None:
    """Run one task in a process of its own; None for the task that only writes the graph."""
    command = [sys.executable, "-m", "benchmarks.closure", "--task", task, "--folder", str(folder)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return Result(**json.loads(answer)) if answer else None


def table(nodes: int, chosen: list[str]) -> None:
    """Print a row as soon as its engine is done; ours runs first, and the others must agree."""
    print(f"{machine()}; {nodes:,} nodes\n")
    print("| engine | CPU seconds | ratio to ours | peak MiB | above its input, MiB | pairs | |")
    print("|---|--:|--:|--:|--:|--:|---|")
    with TemporaryDirectory() as name:
        folder = Path(name)
        run_apart(f"graph:{nodes}", folder)
        ours = run_apart("reach", folder)
        assert ours is not None
        for engine in chosen:
            if engine in {"duckdb", "rustworkx"} and importlib.util.find_spec(engine) is None:
                print(f"| {engine} | not installed | | | | | |", flush=True)
                continue
            got = ours if engine == "reach" else run_apart(engine, folder)
            assert got is not None
            print(row(engine, got, ours), flush=True)


def row(engine: str, got: Result, ours: Result) -> str:
    """Say what an engine took, and whether it counted what ours did."""
    pairs = "a sample" if got.pairs is None else f"{got.pairs:,}"
    if got.pairs not in {None, ours.pairs}:
        pairs = f"**differs: {pairs}**"
    return (
        f"| {engine} | {got.seconds:.2f} | {got.seconds / ours.seconds:.1f} "
        f"| {got.peak:,.0f} | {got.peak - got.before:,.0f} | {pairs} | {got.note} |"
    )


def main() -> None:
    """Read the arguments; `--task` and `--folder` are for the processes this one starts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--nodes", type=int, default=2_500_000)
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    parser.add_argument("--task", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.task is None:
        table(arguments.nodes, arguments.engines)
    elif arguments.task.startswith("graph:"):
        from benchmarks.synthetic_graph import save, synthetic_graph

        save(synthetic_graph(int(arguments.task.removeprefix("graph:"))), arguments.folder / GRAPH)
    else:
        print(json.dumps(asdict(ENGINES[arguments.task](arguments.folder))))


if __name__ == "__main__":
    main()
