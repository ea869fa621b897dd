"""A store lies wherever its path or address says; a wrong one is an error, without its secrets."""

from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.errors import LineageError, SettingsError, StoreError
from lineage.store.lease import Holder
from lineage.store.store import ParquetStore
from tests.builders import published, row
from tests.fakes.fake_clock import NOON

ID = "20261121T120000Z"
ME = Holder.this_process("lineage crawl", NOON)
_EMPTY = b'<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></ListBucketResult>'


class _OneEmptyBucket(BaseHTTPRequestHandler):
    """An object store that knows the bucket `history` alone, and shows nobody `private`."""

    def answer(self) -> None:
        bucket = self.path.strip("/").partition("?")[0].partition("/")[0]
        is_object = "/" in self.path.strip("/").partition("?")[0]
        found = bucket == "history" and not is_object
        self.send_response(403 if bucket == "private" else 200 if found else 404)
        body = _EMPTY if found and self.command == "GET" else b""
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", "application/xml")
        self.end_headers()
        self.wfile.write(body)

    do_HEAD = do_GET = answer

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _OneEmptyBucket) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def at_bucket(bucket: str, endpoint: str) -> ParquetStore:
    query = f"scheme=http&region=eu-west-1&endpoint_override={endpoint}"
    return ParquetStore(f"s3://AKIA:s3cr3t@{bucket}/store?{query}", NO_OPT_OUTS)


def test_a_bucket_that_is_there_may_be_empty(endpoint: str) -> None:
    store = at_bucket("history", endpoint)
    assert (store.manifests(), store.damaged(), store.refused()) == ([], {}, [])


@pytest.mark.parametrize("bucket", ["hystory", "private"])
def test_a_wrong_bucket_is_an_error_and_no_empty_store(bucket: str, endpoint: str) -> None:
    store = at_bucket(bucket, endpoint)
    for ask in (store.manifests, store.refused, store.snapshot, partial(store.snapshot, ID)):
        with pytest.raises(StoreError) as wrong:
            ask()
        assert bucket in wrong.value.message
        assert "s3cr3t" not in wrong.value.message + wrong.value.hint


@pytest.mark.parametrize(
    "address",
    [
        "s3://AKIA:s3cr3t@bucket/h?unknown=s3cr3t",
        "s3://AKIA:s3/cr3t@bucket/h",
        "nothing://AKIA:s3cr3t@bucket/h",
        "s3://",
        "://",
        "file:///tmp/%ff",
    ],
)
def test_what_is_no_address_is_a_wrong_setting_and_shows_no_secret(address: str) -> None:
    with pytest.raises(LineageError) as wrong:
        ParquetStore(address, NO_OPT_OUTS).snapshot()
    assert "cr3t" not in wrong.value.message + wrong.value.hint
    assert isinstance(wrong.value, SettingsError) or address == "://"


@pytest.mark.parametrize(
    "name", ["st\udcff", "a#b", "a?b=c", "a%41", "new\nline", "a:b", " ", "🦙"]
)
def test_a_store_lies_in_a_folder_of_any_name(name: str, tmp_path: Path) -> None:
    snapshot = published([row("base/a"), row("kid/b", ["base/a"])], tmp_path / name)
    store = ParquetStore(str(tmp_path / name), NO_OPT_OUTS)
    assert (store.find_damage(snapshot.id), len(store.snapshot().edges().child)) == ([], 1)
    with store.lock(ME) as held:
        assert held
        store.delete(snapshot.id)
    assert [path.name for path in (tmp_path / name).iterdir()] == ["lock"]


def test_a_store_that_is_a_file_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("mine", "utf-8")
    store = ParquetStore(str(tmp_path / "store"), NO_OPT_OUTS)
    for ask in (store.manifests, store.snapshot, lambda: published([row()], tmp_path / "store")):
        with pytest.raises(StoreError, match=r"Not a directory|File exists"):
            ask()
    assert (tmp_path / "store").read_text("utf-8") == "mine"
