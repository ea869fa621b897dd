"""How fast `lineage serve` answers: look-ups, lists, closures and all of them, over loopback.

`python -m benchmarks.serve STORE` starts the server on a store, asks it by bare sockets from
another process (so that the client's own work is little and stands on the other core), and prints
requests a second with the median and the 99th percentile. Nothing else is asked, and no more than
--requests of each kind. With --publish, a copy of the latest snapshot appears under a new id while
look-ups go on.
"""

import argparse
import json
import multiprocessing
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from lineage.domain.clock import moment_of_snapshot_id, snapshot_id
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.store.manifest import FILE
from lineage.store.store import ParquetStore

SEED = 20261201
CLOSURES = ("relations=adapter", "relations=merge,quantized", "min_strength=inferred", "by=month")


@dataclass(frozen=True, slots=True)
class Result:
    """What one kind of question took."""

    kind: str
    connections: int
    seconds: Sequence[float]
    """Of each request."""
    elapsed: float
    cpu: float
    """Seconds that the server computed meanwhile, which no other load on the machine changes."""
    refused: int

    def line(self) -> str:
        """Return the row that is printed."""
        ordered = sorted(self.seconds)
        p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
        rate = len(ordered) / self.elapsed
        return (
            f"{self.kind:26} {self.connections:3} {len(ordered):7} {rate:9.0f}/s "
            f"{statistics.median(ordered) * 1000:9.2f} ms {p99 * 1000:9.2f} ms "
            f"{self.cpu / len(ordered) * 1000:8.2f} ms {self.refused:5}"
        )


class Connection:
    """One connection that is kept open; answers are read by their length."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), 60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def get(self, target: str) -> int:
        """Ask for an address and return the status, when the whole answer is there."""
        self._socket.sendall(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self._receive()
        head, _, body = answer.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        missing = length - len(body)
        while missing > 0:
            missing -= len(self._receive())
        return int(head[9:12])

    def _receive(self) -> bytes:
        piece = self._socket.recv(1 << 18)
        if not piece:
            raise ConnectionError("the server closed the connection")
        return piece


def ask(port: int, targets: Sequence[str], seconds: float) -> list[tuple[int, float]]:
    """Ask for addresses one after the other; return each status and time."""
    connection, answers = Connection(port), []
    end = time.perf_counter() + seconds
    for target in targets:
        start = time.perf_counter()
        answers.append((connection.get(target), time.perf_counter() - start))
        if time.perf_counter() > end:
            break
    return answers


def cpu_of(process: int) -> float:
    """Return the seconds that a process has computed."""
    fields = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(
    kind: str, targets: Sequence[str], *, server: int, port: int, connections: int, most: float
) -> Result:
    """Ask over some connections at once, each in a process of its own."""
    before = cpu_of(server)
    shares = [targets[at::connections] for at in range(connections)]
    start = time.perf_counter()
    with multiprocessing.get_context("fork").Pool(connections) as pool:
        parts = pool.starmap(ask, [(port, share, most) for share in shares])
    elapsed = time.perf_counter() - start
    answers = [answer for part in parts for answer in part]
    refused = sum(status != 200 for status, _ in answers)
    cpu = cpu_of(server) - before
    return Result(kind, connections, [seconds for _, seconds in answers], elapsed, cpu, refused)


def questions(store: str, number: int) -> dict[str, list[str]]:
    """Return the addresses of each kind of question, the same for the same store."""
    dice = random.Random(SEED)
    snapshot = ParquetStore(store, NO_OPT_OUTS).snapshot()
    ids = snapshot.column("models.parquet", "id")
    counts = snapshot.table("counts.parquet", ["id", "node"])
    # Names that nobody lists are looked for under former names too, which takes longer.
    is_listed = counts["node"].to_numpy() < snapshot.manifest.models
    bases = counts["id"].filter(is_listed)
    top = [row.id for row in snapshot.largest_bases(20)]

    def some(names: Sequence[object], count: int) -> list[str]:
        return [str(names[dice.randrange(len(names))]) for _ in range(count)]

    lookups = [
        f"/api/models/{id}/counts" for id in some(ids, number // 2) + some(bases, number // 2)
    ]
    lists = [f"/api/models/{id}/derivatives" for id in top[:5] for _ in range(number // 100)]
    closures = [
        f"/api/models/{id}/counts?{query}&min_downloads={n}"
        for n in range(max(1, number // 400))
        for query in CLOSURES
        for id in top[:5]
    ]
    dice.shuffle(lookups)
    mixed = lookups[: number // 2] + lists[:20] + closures[:20]
    dice.shuffle(mixed)
    return {"look-ups": lookups, "lists of 1,000": lists, "closures": closures, "mixed": mixed}


def publish_copy(store: Path) -> str:
    """Publish the latest snapshot once more, an hour later; its files are linked, not copied."""
    latest = ParquetStore(str(store), NO_OPT_OUTS).snapshot().manifest
    moment = moment_of_snapshot_id(latest.id)
    assert moment is not None
    id = snapshot_id(moment + timedelta(hours=1))
    folder = store / id
    shutil.copytree(store / latest.id, folder, copy_function=os.link)
    text = (store / latest.id / FILE).read_text("utf-8").replace(latest.id, id)
    (folder / FILE).unlink()
    (folder / f".{FILE}").write_text(text, "utf-8")
    (folder / f".{FILE}").rename(folder / FILE)
    return id


def memory_of(process: int) -> str:
    """Return how much memory a process takes now, and took at most."""
    lines = Path(f"/proc/{process}/status").read_text("ascii").splitlines()
    return ", ".join(line for line in lines if line.startswith(("VmRSS", "VmHWM")))


def main() -> None:
    """Start the server, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("store")
    parser.add_argument("--requests", type=int, default=4000)
    parser.add_argument("--seconds", type=float, default=15.0, help="at most, of each kind")
    parser.add_argument("--publish", action="store_true")
    arguments = parser.parse_args()
    targets, most = questions(arguments.store, arguments.requests), arguments.seconds
    command = [sys.executable, "-m", "lineage", "serve", "--port", "0", "--format", "json"]
    start = time.perf_counter()
    server = subprocess.Popen(
        [*command, "--store", arguments.store],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert server.stdout is not None
    text = ""
    while "}" not in text:
        text += server.stdout.readline()
    port = int(json.loads(text)["url"].rstrip("/").rpartition(":")[2])
    asked = {"server": server.pid, "port": port, "most": most}
    assert Connection(port).get(targets["look-ups"][0]) == 200
    print(f"start to first answer: {time.perf_counter() - start:.2f} s")
    # What is read ahead is read when the server computes no more.
    while (before := cpu_of(server.pid)) is not None:
        time.sleep(2)
        if cpu_of(server.pid) - before < 0.1:
            break
    print(f"after reading ahead: {memory_of(server.pid)}")
    print(
        f"{'':26} {'con':>3} {'asked':>7} {'rate':>11} {'median':>12} {'99 %':>12} {'not 200':>5}"
    )
    for connections in (1, 16):
        for kind, addresses in targets.items():
            print(measure(kind, addresses, connections=connections, **asked).line(), flush=True)
    if arguments.publish:
        context = multiprocessing.get_context("fork")
        publisher = context.Process(target=publish_copy, args=(Path(arguments.store),))
        publisher.start()
        kind = "look-ups, publishing"
        print(measure(kind, targets["look-ups"] * 4, connections=1, **asked).line())
        publisher.join()
    print(f"at the end: {memory_of(server.pid)}")
    server.terminate()
    start = time.perf_counter()
    print(f"exit code {server.wait(30)} after {time.perf_counter() - start:.2f} s")


if __name__ == "__main__":
    main()
