"""A stage for a crawl: a made-up Hub on one side, folders of its own on the other."""

import hashlib
import json
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lineage.analysis.cut_tables import list_whole_tables_of_scope
from lineage.crawl.plan import CrawlMode
from lineage.crawl.runs import CrawlReport, crawl
from lineage.demo.box import Quota, Quotas
from lineage.demo.catalog import Row
from lineage.domain.clock import Clock
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.domain.progress import Progress
from lineage.settings import Settings
from lineage.store import schema
from lineage.store.manifest import Manifest
from lineage.store.store import ParquetStore
from lineage.store.table_writer import write_snapshot_tables
from tests.fakes.fake_clock import FakeClock
from tests.fakes.fake_hub import FakeHub
from tests.unit.demo.rows import a_child, a_row

PAGE = 1000
PLENTY: Quotas = {None: Quota(10**6)}
RELATIONS = ("adapter", "finetune", "merge", "quantized")
HANGS_ON_TIME = ("id", "previous", "published_at", "taken_at", "hub_date", "watermark")


@dataclass(slots=True)
class Stage:
    """Where one crawl plays; a run may be repeated on it."""

    folder: Path
    endpoint: str
    clock: Clock = field(default_factory=FakeClock)
    progress: Progress = field(default_factory=Progress)

    def settings(self, **more: Any) -> Settings:
        plain = Settings(
            store=str(self.folder / "snapshots"),
            cache=str(self.folder / "cache"),
            endpoint=self.endpoint,
            timeout_seconds=10.0,
        )
        return replace(plain, **more)

    def crawl(
        self,
        base: str | None = None,
        cards: bool = False,
        mode: CrawlMode = CrawlMode.FULL,
        **more: Any,
    ) -> CrawlReport:
        return crawl(
            self.settings(**more),
            base=base,
            mode=mode,
            cards=cards,
            clock=self.clock,
            progress=self.progress,
        )

    @property
    def store(self) -> ParquetStore:
        return ParquetStore(str(self.folder / "snapshots"), NO_OPT_OUTS)

    def published(self) -> list[str]:
        return [manifest.id for manifest in self.store.manifests()]

    def logs(self) -> list[Path]:
        return sorted(path.parent for path in self.folder.glob("cache/pages/*/log.json"))

    def stored(self, id: str) -> dict[str, str]:
        """The SHA-256 of every Parquet file of a snapshot."""
        return digests(self.folder / "snapshots" / id)

    def tables(self, id: str) -> dict[str, str]:
        """The SHA-256 of every table, as a plain snapshot."""
        snapshot = self.store.snapshot(id)
        if snapshot.manifest.builds_on is None:
            return self.stored(id)
        with TemporaryDirectory() as folder:
            write_snapshot_tables(
                Path(folder), list_whole_tables_of_scope(snapshot), snapshot.manifest
            )
            return digests(Path(folder))

    def counts(self, id: str) -> dict[str, tuple[int, int]]:
        table = self.store.snapshot(id).table(schema.COUNTS_FILE, ["id", "direct", "total"])
        return {row["id"]: (row["direct"], row["total"]) for row in table.to_pylist()}

    def column(self, id: str, file: str, name: str) -> list[Any]:
        return list(self.store.snapshot(id).column(file, name).to_pylist())

    def parents(self, id: str, child: str) -> list[str]:
        table = self.store.snapshot(id).table(schema.EDGES_FILE, ["child", "parent"])
        return sorted(row["parent"] for row in table.to_pylist() if row["child"] == child)


def digests(folder: Path) -> dict[str, str]:
    """The SHA-256 of every Parquet file of a folder."""
    files = folder.glob("*.parquet")
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def timeless(manifest: Manifest) -> Mapping[str, Any]:
    """What a manifest says, but for what hangs on when it was written."""
    said = json.loads(manifest.to_json())
    for part in (said, said["origin"], said["origin"]["requests"]):
        for name in HANGS_ON_TIME:
            part.pop(name, None)
    return dict(said)


def sent_pages(box: FakeHub) -> list[str]:
    """The path and query of every listing page that was answered with 200."""
    return [target for _, target, status in box.requests if status == 200]


def asked_targets(box: FakeHub) -> list[str]:
    """Path and query of every request but for `/`, whose answer tells a crawl the box's day."""
    return [target for _, target, _ in box.requests if target != "/"]


# A world of models, and its counts by the slowest way


def a_world(count: int, seed: int = 1) -> list[Row]:
    """So many models: roots, children, merges, cycles, dead parents, cards with former names."""
    dice = random.Random(seed)
    rows = [a_row(number) for number in range(count)]
    return [_with_parents(number, rows, dice) for number in range(count)]


def _with_parents(number: int, rows: list[Row], dice: random.Random) -> Row:
    chance = dice.random()
    parent = rows[dice.randrange(max(1, number))]
    relation = dice.choice(RELATIONS)
    if number == 0 or chance < 0.45:
        return rows[number]
    if chance < 0.85:
        return a_child(number, parent, relation, downloads=number)
    if chance < 0.92:
        return _merge(number, [parent, rows[dice.randrange(number)]])
    if chance < 0.95:
        return a_row(number, cardData={"base_model": f"gone/elder-{dice.randrange(9)}"})
    if chance < 0.98:
        former = parent["id"].replace("owner/", "former/")
        return a_child(number, parent, relation, cardData={"base_model": former})
    return a_child(number, dice.choice(rows[number : number + 50]), relation)


def _merge(number: int, parents: list[Row]) -> Row:
    named = list({parent["id"]: parent for parent in parents}.values())
    models = [{"_id": parent["_id"], "id": parent["id"]} for parent in named]
    return a_row(
        number,
        tags=[f"base_model:{how}{parent['id']}" for how in ("", "merge:") for parent in named],
        cardData={"base_model": [parent["id"] for parent in named]},
        baseModels={"relation": "merge", "models": models},
    )


def counted_slowly(rows: Iterable[Row]) -> dict[str, tuple[int, int]]:
    """Direct and all descendants of each base, by walking down from every one of them."""
    children: dict[str, set[str]] = {}
    for row in rows:
        for parent in _parents(row):
            children.setdefault(parent, set()).add(row["id"])
    return {base: _below(base, children) for base in children}


def _below(base: str, children: Mapping[str, set[str]]) -> tuple[int, int]:
    reached: set[str] = set()
    waiting = [base]
    while waiting:
        fresh = children.get(waiting.pop(), set()) - reached
        reached |= fresh
        waiting.extend(fresh)
    return len(children[base] - {base}), len(reached - {base})


def members_below(rows: Iterable[Row], base: str) -> set[str]:
    """The ids of everything below one base."""
    reached: set[str] = set()
    grown = {base}
    known = list(rows)
    while grown - reached:
        reached |= grown
        grown = {row["id"] for row in known if _parents(row) & reached}
    return reached - {base}


def _parents(row: Row) -> set[str]:
    card = row.get("cardData", {}).get("base_model", [])
    said = [card] if isinstance(card, str) else list(card)
    said += [parent["id"] for parent in row.get("baseModels", {}).get("models", [])]
    for tag in row["tags"]:
        if tag.startswith("base_model:"):
            said.append(tag.rpartition(":")[2])
    return {name.replace("former/", "owner/") for name in said}
