"""A store on SeaweedFS, a real object store: races, kills and a reader beside them."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, nullcontext, suppress
from dataclasses import replace
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

from lineage.build.pipeline import build_snapshot
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.errors import LineageError, SnapshotPruned, StoreLocked
from lineage.store.lease import Holder
from lineage.store.store import ParquetStore
from tests.builders import origin, pages, publication, row
from tests.fakes.fake_clock import NOON

pytestmark = pytest.mark.slow

ME = Holder.this_process("lineage crawl", NOON)
ROWS = [row("base/a"), *(row(f"kid/{number}", ["base/a"]) for number in range(200))]
PUBLISHERS, RACES, KILLS = 16, 30, 40
IN_TIME = 60.0


KEYS = ("AKIA-of-a-test", "s3cr3t")


def free_ports(number: int) -> list[int]:
    # The server adds 10,000 to a port for a second protocol.
    with ExitStack() as open_sockets:
        ports = []
        for _ in range(number):
            opened = open_sockets.enter_context(socket.socket())
            opened.bind(("127.0.0.1", 0))
            ports.append(opened.getsockname()[1] % 20_000 + 20_000)
    return ports


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start SeaweedFS with one user and a bucket, and end it."""
    folder = tmp_path_factory.mktemp("weed")
    key, secret = KEYS
    user = {"name": "test", "credentials": [{"accessKey": key, "secretKey": secret}]}
    user["actions"] = ["Admin", "Read", "List", "Write"]
    (folder / "s3.json").write_text(json.dumps({"identities": [user]}), "utf-8")
    s3, *inner = free_ports(4)
    parts = zip(("master", "volume", "filer"), inner, strict=True)
    flags = [f"-{part}.port={port}" for part, port in parts]
    flags += ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={folder}"]
    flags += ["-s3", f"-s3.port={s3}", f"-s3.config={folder / 's3.json'}"]
    program = Path(sys.executable).with_name("weed")
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([program, "server", *flags], stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{s3}"
            client = boto3.client(
                "s3",
                endpoint_url=url,
                region_name="us-east-1",
                aws_access_key_id=key,
                aws_secret_access_key=secret,
                config=Config(retries={"max_attempts": 12, "mode": "standard"}),
            )
            client.create_bucket(Bucket="history")
            yield url
        finally:
            server.terminate()
            server.wait(IN_TIME)


@pytest.fixture
def address(endpoint: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    for name, value in {
        "AWS_ACCESS_KEY_ID": KEYS[0],
        "AWS_SECRET_ACCESS_KEY": KEYS[1],
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint,
    }.items():
        monkeypatch.setenv(name, value)
    return f"s3://history/{abs(hash(request.node.name))}"


def open_store(address: str, folder: Path) -> ParquetStore:
    return ParquetStore(address, NO_OPT_OUTS, str(folder))


def publish_once(store: ParquetStore, *, with_lease: bool = True) -> str | LineageError:
    context = replace(publication(Path("unused")), store=store)
    ordered = sorted(ROWS, key=lambda one: str(one["_id"]))
    try:
        with store.lock(ME) if with_lease else nullcontext():
            return build_snapshot(pages(ordered), origin(), context).id
    except LineageError as error:
        return error


def test_of_sixteen_publishers_at_once_one_wins_each_race(address: str, tmp_path: Path) -> None:
    for race in range(RACES):
        place = f"{address}/{race}"
        stores = [open_store(place, tmp_path / str(number)) for number in range(PUBLISHERS)]
        gate, held = threading.Barrier(PUBLISHERS), threading.Barrier(PUBLISHERS)

        def run(
            store: ParquetStore,
            gate: threading.Barrier = gate,
            held: threading.Barrier = held,
        ) -> str | LineageError:
            gate.wait(IN_TIME)
            try:
                with store.lock(ME):
                    held.wait(IN_TIME)  # nobody lets it go before all have asked
                    return publish_once(store, with_lease=False)
            except StoreLocked as error:
                held.wait(IN_TIME)
                return error

        with ThreadPoolExecutor(PUBLISHERS) as pool:
            outcomes = list(pool.map(run, stores))
        winners = [outcome for outcome in outcomes if isinstance(outcome, str)]
        assert len(winners) == 1, (race, outcomes)
        reader = open_store(place, tmp_path / "reader")
        assert [one.id for one in reader.manifests()] == winners
        assert not reader.find_damage(winners[0])


def test_without_a_lease_each_of_them_has_an_id_of_its_own(address: str, tmp_path: Path) -> None:
    stores = [open_store(address, tmp_path / str(number)) for number in range(PUBLISHERS)]
    with ThreadPoolExecutor(PUBLISHERS) as pool:
        outcomes = list(pool.map(lambda store: publish_once(store, with_lease=False), stores))
    ids = [outcome for outcome in outcomes if isinstance(outcome, str)]
    reader = open_store(address, tmp_path / "reader")
    assert sorted(ids) == [one.id for one in reader.manifests()]
    assert len(set(ids)) == len(ids) > 0
    assert not any(reader.find_damage(id) for id in ids)


_PUBLISH = """
import sys
from pathlib import Path
from tests.slow.test_seaweedfs import open_store, publish_once
store = open_store(sys.argv[1], Path(sys.argv[2]))
print("ready", flush=True)
print(publish_once(store, with_lease=False), flush=True)
"""


def test_a_publication_killed_at_any_moment_is_none_or_whole(
    address: str, endpoint: str, tmp_path: Path
) -> None:
    rng = random.Random(14)
    outcomes = []
    for number in range(KILLS):
        place = f"{address}/{number}"
        command = [sys.executable, "-c", _PUBLISH, place, str(tmp_path / "killed")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            with suppress(subprocess.TimeoutExpired):
                process.wait(rng.uniform(0, 1.2))
            if process.poll() is None:
                os.kill(process.pid, signal.SIGKILL)
        reader = open_store(place, tmp_path / "reader")
        snapshots = [one.id for one in reader.manifests()]
        assert len(snapshots) <= 1
        assert not any(reader.find_damage(id) for id in snapshots)
        assert isinstance(publish_once(open_store(place, tmp_path / "next")), str)
        outcomes.append(len(snapshots))
    assert {0, 1} == set(outcomes), "every kill came too early, or too late"
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=KEYS[0],
        aws_secret_access_key=KEYS[1],
    )
    assert not client.list_multipart_uploads(Bucket="history").get("Uploads")


def test_a_reader_beside_publication_and_pruning_sees_whole_snapshots(
    address: str, tmp_path: Path
) -> None:
    writer = open_store(address, tmp_path / "writer")
    assert isinstance(publish_once(writer), str)
    ended, seen = threading.Event(), 0

    def write() -> None:
        try:
            for _ in range(12):
                assert isinstance(publish_once(writer), str)
                writer.delete(writer.manifests()[0].id)
        finally:
            ended.set()

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        while not ended.is_set():
            try:
                edges = open_store(address, tmp_path / "reader").snapshot().edges()
            except SnapshotPruned:
                continue
            assert len(edges.child) == len(ROWS) - 1
            seen += 1
        writing.result()
    assert seen
