"""A hundred thousand hostile inputs at the boundaries: each ends in a result or a LineageError.

`python -m benchmarks.fuzz [--tries N] [--seed S] [TARGET ...]` prints what every target answered;
exit 1 where anything else was raised, with the first trace of each kind.
"""

import argparse
import atexit
import hashlib
import io
import json
import math
import random
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import islice
from pathlib import Path
from tempfile import mkdtemp
from typing import cast

import httpx
import pyarrow as pa
import pyarrow.parquet as pq

from lineage.analysis.cut_tables import list_whole_tables_of_scope
from lineage.analysis.diffs import diff_snapshots
from lineage.analysis.documents import snapshot_document
from lineage.analysis.growth.curves import curve_of_family
from lineage.domain.definitions import Definition
from lineage.domain.documents import convert_to_document, to_json
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.domain.subjects import parse_subject
from lineage.errors import LineageError, SettingsError, SnapshotDamaged
from lineage.families.registry import all_families, family
from lineage.http.client import check_endpoint_address
from lineage.http.page_log import PageLog, RecordedPage
from lineage.http.pages import PageLogReader
from lineage.settings import Settings, load_settings
from lineage.sources.availability import HubAvailability
from lineage.sources.hub import HubSource
from lineage.sources.listing_pages import parse_page
from lineage.store import schema
from lineage.store.local_files import LocalFiles
from lineage.store.manifest import Manifest
from lineage.store.reader import Snapshot, stored_availability_counts
from lineage.store.store import ParquetStore
from tests.builders import key_of, outlived, row
from tests.hostile import HOSTILE
from tests.questions import count_base, count_family, find_anomalies, trace, tree_of_base
from tests.unit.http.doubles import client_of

TEXTS = (
    *HOSTILE,
    *("owner/name", "None", "null", "/workspace/model", "../llm/base", "C:\\models\\base", "~/x"),
    *("base_model:merge:a/b", "models--owner--name", "https://huggingface.co/owner/name/tree/main"),
    *("2022-03-02T23:29:05.000Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"),
    *("nan", "1e400", "\ufeff", "%00", "a" * 24, "0" * 24, "s3://key:secret@bucket/?x=y"),
)
NUMBERS = (0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**400, 0.5, -0.0, 1e308, float("inf"))
NAMES = (
    *("_id", "id", "author", "baseModels", "cardData", "config", "createdAt", "downloads"),
    *("downloadsAllTime", "gated", "lastModified", "library_name", "likes", "pipeline_tag"),
    *("private", "sha", "siblings", "tags", "safetensors", "base_model", "models", "relation"),
    *("base_model_relation", "license", "peft", "_name_or_path", "base_model_name_or_path"),
)
_DEEP = 400
_ON_DISK = 0.005
"""Which part of the manifests is read through a store, with every question asked of it."""
_ALONE = 0.99
"""So many manifests and tables are read by themselves; of the others a whole store is asked."""

Target = Callable[[random.Random], object]
"""Makes one hostile input of its own and gives it to the program."""


def hostile_text(random: random.Random) -> str:
    """Return a text that is odd by itself, or by a letter that was put into it."""
    text = random.choice(TEXTS)
    if random.random() < 0.3:
        at = random.randint(0, len(text))
        text = text[:at] + chr(random.choice((0, 10, 34, 92, 0xA0, 0x200B, 0xD800))) + text[at:]
    return text


def hostile_value(random: random.Random, depth: int = 4) -> object:
    """Return any JSON value; now and then one that is nested deeper than most readers like."""
    pick = random.random()
    if pick < 0.35 or depth == 0:
        return hostile_text(random)
    if pick < 0.65:
        return random.choice((None, True, False, *NUMBERS))
    if pick < 0.82:
        return [hostile_value(random, depth - 1) for _ in range(random.randint(0, 4))]
    if pick < 0.99:
        return hostile_object(random, NAMES, depth - 1)
    nested: object = None
    for _ in range(_DEEP):
        nested = [nested]
    return nested


def hostile_object(
    random: random.Random, names: tuple[str, ...], depth: int = 4
) -> dict[str, object]:
    """Return an object with some of these names, and at times a stranger's."""
    chosen = random.sample(names, random.randint(0, min(5, len(names))))
    chosen += [hostile_text(random)] if random.random() < 0.1 else []
    return {name: hostile_value(random, depth) for name in chosen}


def read_row(random: random.Random) -> None:
    """A row among good ones: it is a record or a bad row, and costs no neighbour."""
    odd = hostile_object(random, NAMES)
    mixed = [row("a/b"), {**row("c/d"), **odd} if random.random() < 0.8 else odd, row("e/f")]
    page = parse_page(json.dumps(mixed).encode())
    assert page.problem is None
    assert {key_of("a/b"), key_of("e/f")} <= {record.key for record in page.records}


def read_subject_of_command_line(random: random.Random) -> None:
    """A SUBJECT as a stranger spells it."""
    spelling = "".join(hostile_text(random) for _ in range(random.randint(1, 2)))
    try:
        parse_subject(spelling)
    except ValueError as error:
        raise SettingsError(str(error)) from error


HEADERS = (
    *("Link", "Date", "ETag", "RateLimit", "RateLimit-Policy", "Retry-After", "Location"),
    *("Content-Encoding", "Content-Type", "Content-Length", "Set-Cookie", "Transfer-Encoding"),
    *("X-Error-Message", "X-Error-Code", "X-Linked-ETag", "X-Request-Id"),
)
HEADER_VALUES = (
    *(b"", b"\xff", b"caf\xe9", b"gzip", b"chunked", b"-1", b"9" * 40, b"text/html", b"\t \t"),
    *(b'<https://h/a?cursor=%ff&cursor=>; rel="next"', b'<a?cursor=b>; rel="next"', b"<"),
    *(b'"api";r=1;t=9', b'"api";r=-1;t=9999999999', b'"a";"b";q=0;w=0', b"Wed, 99 Foo 0000"),
    *(
        b"Sat, 21 Nov 2026 12:00:00 +9999",
        b"http://[::",
        b"//x",
        b"/api/models/a/b",
        b"caf\xc3\xa9",
    ),
)
BODIES = (
    b"",
    b"[]",
    b"{}",
    b"null",
    b"[",
    b'[{"error": "x"}]',
    b'{"error": {"message": 1}}',
    b"<html>",
)


def read_answers(random: random.Random) -> None:
    """A walk, and a look at one model, where each answer has any status, headers and body."""

    def answer(request: httpx.Request) -> httpx.Response:
        chosen = random.choices(HEADERS, k=random.randint(0, 6))
        headers = [(name.encode(), random.choice(HEADER_VALUES)) for name in chosen]
        if random.random() < 0.2:
            headers.append((b"X-Any", bytes(random.choices(range(256), k=20))))
        body = random.choice((*BODIES, json.dumps(hostile_value(random)).encode()))
        if random.random() < 0.4:
            body = json.dumps([row(f"a/b{number}") for number in range(3)]).encode()
        status = random.choice((200,) * 9 + (204, 301, 307, 401, 403, 404, 418, 429, 500, 503))
        response = httpx.Response(status, stream=httpx.ByteStream(body))
        response.headers = httpx.Headers(headers)
        return response

    token = "hf_VQzWxTeJkLmNoPq0123456789abcdefGHI"
    with client_of(httpx.MockTransport(answer), token=token) as client:
        reader = PageLogReader(client, NoLog(), client.tally)
        if random.random() < 0.5:
            list(islice(HubSource(reader).list_everything_of_source(), 20))
        HubSource(reader).read_model_from_source("owner/name")
        HubAvailability(reader).ask(key_of("owner/name"), "owner/name")


class NoLog(PageLog):
    """Keeps nothing: every page is asked for."""

    def __init__(self) -> None:
        self.started_at = datetime(2026, 11, 21, tzinfo=UTC)

    def get_logged_page(self, request: str) -> RecordedPage | None:
        return None

    def put_logged_page(
        self, request: str, headers: Mapping[str, str], body: bytes, status: int = 200
    ) -> RecordedPage:
        return RecordedPage(request, headers, body, self.started_at, status)

    def set_aside(self, request: str) -> None:
        pass


def read_settings(random: random.Random) -> None:
    """Settings by a project's or a person's file, of any value each, and what they are used for."""
    names = tuple(field.name for field in fields(Settings))
    values = hostile_object(random, names).items()
    lines = [f"{json.dumps(name)} = {toml_value(value)}" for name, value in values]
    with tempfile.TemporaryDirectory() as name:
        own = Path(name) / "lineage"
        own.mkdir()
        text = "\n".join(lines).encode("utf-8", "surrogatepass")
        (own / "lineage.toml").write_bytes(text)
        here, home = random.choice(((own, own), (Path(name), Path(name))))
        settings = load_settings({}, {"XDG_CONFIG_HOME": str(home)}, here, with_token=False)
    settings.user_agent.encode("ascii")
    check_endpoint_address(settings.endpoint)


def toml_value(value: object) -> str:
    """Return a value as TOML spells it, or as nobody does: null."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {toml_value(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    # A whole number of any length: Python spells the longest ones in base 16 alone.
    if type(value) is int and value >= 0:
        return hex(value)
    return repr(value) if isinstance(value, float) else json.dumps(value)


def spoil_object(random: random.Random, content: object) -> object:
    """Return a JSON value with one value of it, wherever, replaced, left out or added to."""
    if not isinstance(content, dict) or not content or random.random() < 0.05:
        return hostile_value(random)
    name, pick = random.choice(sorted(content)), random.random()
    if pick < 0.1:
        return {key: value for key, value in content.items() if key != name}
    if pick < 0.2:
        return {**content, hostile_text(random): hostile_value(random)}
    return {**content, name: spoil_object(random, content[name])}


def read_manifest(random: random.Random) -> None:
    """A snapshot whose manifest is odd in one place, beside a good one."""
    folder, manifest = store_of_two()
    odd = json.dumps(spoil_object(random, manifest)).encode()
    if random.random() < 0.1:
        at = random.randrange(len(odd))
        odd = odd[:at] + bytes([random.randrange(256)]) + odd[at + random.randrange(9) :]
    if random.random() < _ALONE:
        read = Manifest.from_json(odd, "manifest.json")
        to_json(convert_to_document(read) | snapshot_document(read))
        return
    path = folder / str(manifest["id"]) / "manifest.json"
    if random.random() > _ON_DISK:
        Manifest.from_json(odd, path.name)
        return
    whole = path.read_bytes()
    path.write_bytes(odd)
    try:
        ask_everything(folder, path.parent.name)
    finally:
        path.write_bytes(whole)


def read_table(random: random.Random) -> None:
    """A snapshot with a table that is not as its schema says, though its manifest agrees."""
    folder, manifest = store_of_two()
    file = random.choice(sorted(schema.TABLES))
    path = folder / str(manifest["id"]) / file
    whole, about = path.read_bytes(), path.with_name("manifest.json")
    said = about.read_bytes()
    try:
        path.write_bytes(spoil_table(random, pq.read_table(path), whole))
        rows = 0
        with suppress(pa.ArrowException, OSError):
            rows = pq.read_metadata(path).num_rows
        facts: dict[str, object] = {"rows": rows, "bytes": path.stat().st_size, "footer": None}
        facts["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
        counts = {"models.parquet": "models", "edges.parquet": "edges"}
        counts |= {"tombstones.parquet": "tombstones", "bad_rows.parquet": "bad_rows"}
        files = {**cast("dict[str, object]", manifest["files"]), file: facts}
        odd = {**manifest, "files": files}
        if file in counts:
            odd[counts[file]] = rows
        about.write_text(json.dumps(odd), "utf-8")
        if random.random() < _ALONE:
            Snapshot(LocalFiles(str(folder)), Manifest.from_json(about.read_bytes(), file)).table(
                file
            )
            return
        ask_everything(folder, path.parent.name)
    finally:
        path.write_bytes(whole)
        about.write_bytes(said)


def spoil_table(random: random.Random, table: pa.Table, whole: bytes) -> bytes:
    """Return a Parquet file of the table with other columns, types, values, rows, or bytes."""
    at = random.randrange(table.num_columns)
    name, column = table.schema.names[at], table.column(at)
    rows = len(table)
    odd = pa.array([b"\xff\xfe"] * rows, pa.binary()).view(pa.string())
    changes: list[Callable[[], pa.Table]] = [
        lambda: table.drop_columns([name]),
        lambda: table.append_column(name, column),
        lambda: table.rename_columns([f"{it}_" if it == name else it for it in table.schema.names]),
        lambda: table.take(pa.array(random.sample(range(rows), rows))),
        lambda: table.slice(0, rows // 2),
        lambda: pa.concat_tables([table, table]),
        lambda: table.set_column(at, name, pa.nulls(rows, column.type)),
        lambda: table.set_column(at, name, pa.nulls(rows)),
        lambda: table.set_column(at, name, odd),
        lambda: table.set_column(at, table.schema.field(at), odd),
        lambda: table.set_column(at, name, pa.array([hostile_text(random)] * rows)),
        lambda: table.set_column(at, table.schema.field(at), pa.array(["nobody"] * rows)),
        lambda: table.set_column(at, name, column.cast(pa.string()).dictionary_encode()),
        lambda: table.set_column(at, name, column.cast(pa.large_string())),
        lambda: table.set_column(at, name, pa.array([[1]] * rows)),
        lambda: table.set_column(
            at,
            table.schema.field(at),
            pa.array([random.choice((-1, 0, 2**31 - 1, 2**63 - 1, -(2**63)))] * rows, column.type),
        ),
    ]
    sink = io.BytesIO()
    with suppress(pa.ArrowException, TypeError, ValueError, UnicodeError):
        pq.write_table(random.choice(changes)(), sink)
        return sink.getvalue()
    return whole[: random.randrange(len(whole))]


def ask_everything(folder: Path, id: str) -> None:
    """Ask a store of two snapshots, one of which is odd, what the commands ask."""
    store = ParquetStore(str(folder), NO_OPT_OUTS)
    # Whatever the odd one says, it is read or named, and its neighbour is not harmed.
    assert len(store.manifests()) + len(store.damaged()) == 2
    good = store.snapshot_at(date(2026, 11, 22))
    assert count_base(good, "meta-llama/Llama-2-7b-hf").total == 3
    ends = Counter[bool]()
    questions: list[Callable[[Snapshot], object]] = [
        lambda it: store.find_damage(it.id),
        lambda it: to_json(convert_to_document(it.manifest) | snapshot_document(it.manifest)),
        stored_availability_counts,
        lambda it: count_base(it, "meta-llama/Llama-2-7b-hf"),
        lambda it: count_base(it, "meta-llama/Llama-2-7b-hf", Definition(deleted=True), ()),
        lambda it: count_family(it, family("llama"), Definition(), all_families()),
        lambda it: trace(it, "kid/d", family("llama"), all_families()),
        lambda it: tree_of_base(it, "meta-llama/Llama-2-7b-hf", Definition(), ()),
        lambda it: list(find_anomalies(it, examples=3).anomalies),
        lambda it: curve_of_family(
            store, family("llama"), all_families(), None, say=lambda _: None
        ),
        lambda it: diff_snapshots(good, it, all_families()),
        lambda it: [
            piece.num_rows for pieces in list_whole_tables_of_scope(it).values() for piece in pieces
        ],
    ]
    for ask in questions:
        try:
            ask(store.snapshot(id))
        except LineageError:
            ends[False] += 1
    if ends[False]:
        raise SnapshotDamaged(f"{ends[False]} of {len(questions)} questions are not answered")


@cache
def store_of_two() -> tuple[Path, dict[str, object]]:
    """Return a folder with two snapshots, and what the manifest of the second says."""
    folder = Path(mkdtemp())
    atexit.register(shutil.rmtree, folder)
    root = "meta-llama/Llama-2-7b-hf"
    rows = [row(root), row("kid/c", [root]), row("kid/d", ["kid/c"]), row("gone/e", [root])]
    last = outlived(rows, ["gone/e"], folder, after=timedelta(days=9))
    return folder, json.loads(last.manifest.to_json())


TARGETS: Mapping[str, Target] = {
    "settings": read_settings,
    "headers": read_answers,
    "rows": read_row,
    "subjects": read_subject_of_command_line,
    "manifests": read_manifest,
    "tables": read_table,
}
"""One entry for each boundary; all get the same number of tries, but for `SLOW`."""
SLOW = {"tables": 200}
"""Targets that get one try where others get so many: each writes files and asks every question."""


def main() -> None:
    """Try every target, print a line for each, and end with 1 where one raised what it must not."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    arguments.add_argument("--tries", type=int, default=100_000)
    arguments.add_argument("--seed", type=int, default=random.randrange(10**9))
    given = arguments.parse_args()
    chosen = given.targets or list(TARGETS)
    print(f"seed {given.seed}")
    shares = {name: 1 / SLOW.get(name, 1) for name in chosen}
    other = 0
    for name, share in shares.items():
        tries = math.ceil(given.tries * share / sum(shares.values()))
        other += try_target(name, tries, given.seed)
    sys.exit(1 if other else 0)


def try_target(name: str, tries: int, seed: int) -> int:
    """Give a target so many inputs; print and return how many ended in another exception."""
    source, target = random.Random(f"{seed} {name}"), TARGETS[name]
    ends = Counter[str]()
    began = time.perf_counter()
    for number in range(tries):
        try:
            target(source)
            ends["result"] += 1
        except LineageError:
            ends["LineageError"] += 1
        except Exception as error:
            kind = type(error).__name__
            ends[kind] += 1
            if ends[kind] == 1:
                print(f"{name}, try {number}:", *traceback.format_exception(error), sep="\n")
    others = tries - ends["result"] - ends["LineageError"]
    seconds = time.perf_counter() - began
    print(
        f"{name}: {tries:,} tries in {seconds:.0f} s: {ends['result']:,} results, "
        f"{ends['LineageError']:,} LineageErrors, {others:,} other exceptions"
    )
    return others


if __name__ == "__main__":
    main()
