"""Histories made at random, beside a plain model of the truth: who is listed, who gone, and since.

No HTTP in between: what a walk would have read is published, in any chain of sweeps, updates, dumps
(dated back, or of a part of the Hub), walks below a base, refused and accepted drafts, and prunes.
"""

import os
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from lineage.analysis.cut_tables import list_whole_tables_of_scope
from lineage.analysis.members import find_countable
from lineage.analysis.scope import Scope
from lineage.build.checks import Limits
from lineage.build.pipeline import build_snapshot
from lineage.crawl.plan import find_update_base
from lineage.domain.clock import end_of_day_utc
from lineage.domain.definitions import Definition
from lineage.errors import DraftRefused
from lineage.store import schema
from lineage.store.manifest import Manifest, Origin, SnapshotKind
from lineage.store.reader import Snapshot
from lineage.store.retention import read_retention_rule, snapshots_kept_by
from lineage.store.table_writer import write_snapshot_tables
from tests.builders import ENDPOINT, Row, pages, publication, row
from tests.fakes.fake_clock import NOON
from tests.questions import find_base

DAY = timedelta(days=1)
SAME = (schema.MODELS_FILE, schema.EVIDENCE_FILE, schema.EDGES_FILE, schema.COUNTS_FILE)
ALL = Limits(max_bad_share=1.0, min_kept_share=0.0)
KEYS = st.integers(0, 6)


@dataclass
class Model:
    """One model of the Hub as it is."""

    key: str
    id: str
    parent: "Model | None"
    said: str | None
    """How its card names the parent, for ever."""
    alive: bool = True
    readable: bool = True
    changed: bool = True

    def row(self) -> Row:
        parent = self.parent
        more: dict[str, Any] = {"_id": self.key, "sha": self.key}
        if parent is not None:
            more["cardData"] = {"base_model": self.said}
            more["tags"] = [f"base_model:{self.said}"]
            if parent.alive:
                model = {"_id": parent.key, "id": parent.id}
                more["baseModels"] = {"relation": "finetune", "models": [model]}
        return row(self.id if self.readable else "../../nobody", **more)


@dataclass
class Known:
    """What the history must know."""

    listed: set[str] = field(default_factory=set)
    dead: dict[str, datetime] = field(default_factory=dict)
    """When each was missed."""
    over: set[tuple[str, datetime, datetime]] = field(default_factory=set)
    seen_in_dumps: dict[str, datetime] = field(default_factory=dict)
    """Who only dumps showed, or showed since; with the newest of their dates."""
    blurred: set[str] = field(default_factory=set)
    """Who was dead and in a dump since: when is not said, but who is gone or listed."""
    names: dict[str, set[str]] = field(default_factory=dict)
    """The keys that have borne each name in what was published."""

    def met(self, key: str, at: datetime) -> None:
        if key in self.dead:
            self.over.add((key, self.dead.pop(key), at))
        self.listed.add(key)


class Histories(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.into = publication(self.folder / "store", limits=ALL)
        self.now = NOON
        self.models: list[Model] = []
        self.known = Known()
        self.sweeps: list[datetime] = []
        self.quiet = False
        """Whether nothing was deleted, renamed or put back since the last sweep."""
        self.dumps = 0

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    # What happens on the Hub

    @initialize(parents=st.lists(st.none() | KEYS, min_size=7, max_size=7))
    def fill(self, parents: list[int | None]) -> None:
        for number, parent in enumerate(parents):
            above = self.models[parent] if parent is not None and parent < number else None
            said = None if above is None else above.id
            self.models.append(Model(f"{number:024x}", f"o/m{number}", above, said))
        self.sweep()

    @rule(number=KEYS)
    def delete(self, number: int) -> None:
        self.models[number].alive = False
        self.quiet = False

    @rule(number=KEYS, changed=st.booleans())
    def put_back(self, number: int, changed: bool) -> None:
        one = self.models[number]
        if not one.alive and all(other.id != one.id for other in self.models if other.alive):
            one.alive, one.changed, one.readable = True, True, True
            self.quiet = False

    @rule(number=KEYS, name=st.integers(0, 9))
    def rename(self, number: int, name: int) -> None:
        id = f"o/n{name}"
        if self.models[number].alive and all(one.id != id for one in self.models):
            self.models[number].id = id
            self.quiet = False

    @rule(number=KEYS, readable=st.booleans())
    def break_row(self, number: int, readable: bool) -> None:
        self.models[number].readable = readable
        self.models[number].changed = True

    @rule(number=KEYS)
    def commit(self, number: int) -> None:
        self.models[number].changed = True

    # What is published

    @rule()
    def sweep(self) -> None:
        self.now += DAY
        snapshot = self._published(self._alive(), Origin(SnapshotKind.FULL, ENDPOINT, self.now))
        self._after_sweep(snapshot)

    @rule()
    def update(self) -> None:
        self.now += DAY
        changed = [one for one in self._alive() if one.changed]
        origin = Origin(SnapshotKind.UPDATE, ENDPOINT, self.now)
        beside = self._swept_beside() if self.quiet else None
        snapshot = self._published(changed, origin, find_update_base(self.into.store))
        self._learn_of_dumps_dated_back()
        for one in changed:
            if one.readable:
                self.known.met(one.key, self.now)
        if beside is not None:
            assert self._tables(snapshot) == beside
        self._walked(snapshot)
        assert self._dead_of(snapshot) == set(self.known.dead)

    @rule(which=st.sets(KEYS, min_size=1))
    def dump(self, which: set[int]) -> None:
        self.now += DAY
        some = [one for one in self._alive() if int(one.key, 16) in which and one.readable]
        if some:
            self._dumped(some, self.now)

    @rule(which=st.sets(KEYS, min_size=1), days=st.integers(1, 20), name=st.integers(0, 9))
    def dump_dated_back(self, which: set[int], days: int, name: int) -> None:
        """A dump of a day before the last sweep: models that nobody knows, under any name."""
        at = self.now - days * DAY + timedelta(hours=1)
        if at < self.sweeps[-1]:
            strangers = [
                Model(f"{one + 100 + 10 * name:024x}", f"old/m{one}-{name}", None, None)
                for one in which
            ]
            self._dumped(strangers, at)

    @rule()
    def below(self) -> None:
        self.now += DAY
        origin = Origin(SnapshotKind.BELOW, ENDPOINT, self.now, below=self.models[0].id)
        if self.models[0].alive and self.models[0].readable:
            self._published(self.models[:1], origin)

    @rule(keep=KEYS, accepted=st.booleans())
    def outage(self, keep: int, accepted: bool) -> None:
        self.now += DAY
        shown = [one for one in self._alive() if int(one.key, 16) <= keep and one.readable]
        strict = replace(self.into, limits=Limits(max_bad_share=1.0, min_kept_share=0.99))
        origin = Origin(SnapshotKind.FULL, ENDPOINT, self.now)
        try:
            id = build_snapshot(pages([one.row() for one in shown]), origin, strict).id
        except DraftRefused:
            id = self.into.store.refused()[-1]
            if not accepted or not shown:
                return
            self.into.store.accept(id, self.into.clock.now())
        self._after_sweep(self.into.store.snapshot(id), shown)
        self.quiet = False  # who was hidden is back without a commit

    @rule()
    def prune(self) -> None:
        store = self.into.store
        manifests = store.manifests()
        kept = snapshots_kept_by(read_retention_rule("1 daily"), manifests)
        walks = [one for one in manifests if one.origin.kind is not SnapshotKind.DUMP]
        store.delete(*(one.id for one in walks if one.id not in kept))

    # How the truth goes on

    def _alive(self) -> list[Model]:
        return [one for one in self.models if one.alive]

    def _published(
        self, models: list[Model], origin: Origin, onto: Snapshot | None = None
    ) -> Snapshot:
        self.into.clock.sleep(3600)
        rows = [one.row() for one in models]
        manifest: Manifest = build_snapshot(pages(rows), origin, self.into, update_of=onto)
        snapshot = self.into.store.snapshot(manifest.id)
        self._note_names(snapshot)
        return snapshot

    def _note_names(self, snapshot: Snapshot) -> None:
        if snapshot.manifest.origin.kind is not SnapshotKind.BELOW:
            for one in snapshot.table(schema.MODELS_FILE, ["key", "id"]).to_pylist():
                self.known.names.setdefault(one["id"], set()).add(one["key"])

    def _dumped(self, models: list[Model], at: datetime) -> None:
        self.dumps += 1
        about = {"file": f"{self.dumps}", "sha256": "", "missing": ""}
        self._published(models, Origin(SnapshotKind.DUMP, ENDPOINT, at, dump=about))
        for one in models:
            if one.key in self.known.dead and at > self.sweeps[-1]:
                self.known.blurred.add(one.key)
            self.known.seen_in_dumps[one.key] = max(at, self.known.seen_in_dumps.get(one.key, at))

    def _learn_of_dumps_dated_back(self) -> None:
        """Who a sweep after the dump did not show is gone since then, as far as it was kept."""
        manifests = self.into.store.manifests()
        sweeps = [one.origin.taken_at for one in manifests if one.origin.kind is SnapshotKind.FULL]
        for key, at in list(self.known.seen_in_dumps.items()):
            if at < self.sweeps[-1]:
                del self.known.seen_in_dumps[key]
                if key not in self.known.listed and key not in self.known.dead:
                    self.known.dead[key] = next(one for one in sweeps if one > at)

    def _after_sweep(self, snapshot: Snapshot, shown: list[Model] | None = None) -> None:
        known, at = self.known, snapshot.manifest.origin.taken_at
        if self.sweeps:
            self._learn_of_dumps_dated_back()
        shown = self._alive() if shown is None else shown
        met = {one.key for one in shown if one.readable}
        unread = {one.key for one in shown if not one.readable}
        for key in sorted(known.listed | set(known.seen_in_dumps)):
            if key not in met | unread and (key not in known.dead or key in known.listed):
                known.dead[key] = at
                known.listed.discard(key)
        known.listed |= {key for key in unread & set(known.seen_in_dumps) if key not in known.dead}
        for key in met:
            known.met(key, at)
        known.seen_in_dumps.clear()
        self.sweeps.append(at)
        self.quiet = True
        self._note_names(snapshot)
        self._walked(snapshot)
        assert self._dead_of(snapshot) == set(known.dead)

    def _walked(self, snapshot: Snapshot) -> None:
        """Every claim that holds after each walk."""
        known = self.known
        for one in self.models:
            one.changed = False
        listed = snapshot.table(schema.MODELS_FILE, ["key", "id"]).to_pylist()
        assert {one["key"] for one in listed} == known.listed
        missed = {one["key"]: one["missed_at"] for one in snapshot.tombstones().to_pylist()}
        clear = set(known.dead) - known.blurred
        assert {key: missed[key] for key in clear} == {key: known.dead[key] for key in clear}
        over = {
            (one["key"], one["missed_at"], one["back_at"])
            for one in snapshot.absences().to_pylist()
        }
        assert {one for one in over if one[0] not in known.blurred} == {
            one for one in known.over if one[0] not in known.blurred
        }
        self._names_answer(snapshot, {one["id"] for one in listed})
        self._days_answer(snapshot)

    def _names_answer(self, snapshot: Snapshot, present: set[str]) -> None:
        for name, keys in self.known.names.items():
            if keys & (self.known.listed | set(self.known.dead)):
                found = find_base(snapshot, name, ())
                assert found.key in keys or name in present

    def _days_answer(self, snapshot: Snapshot) -> None:
        """On the day of each sweep, all later history counts who it did not miss."""
        keys = snapshot.record_column("key").to_pylist()
        for at in self.sweeps:
            rule = Definition(as_of=at.date())
            mask = find_countable(Scope(snapshot, (), rule)).surely
            end = end_of_day_utc(at.date())
            for key, counted in zip(keys, mask.tolist(), strict=True):
                away = [(m, b) for one, m, b in self.known.over if one == key]
                missed = self.known.dead.get(key, end)
                there = missed >= end and not any(m < end <= b for m, b in away)
                assert key in self.known.blurred or counted == there

    # Beside it

    def _swept_beside(self) -> dict[str, bytes]:
        copy = self.folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.folder / "store", copy)
        into = replace(publication(copy, limits=ALL), clock=self.into.clock)
        origin = Origin(SnapshotKind.FULL, ENDPOINT, self.now)
        id = build_snapshot(pages([one.row() for one in self._alive()]), origin, into).id
        return self._tables(into.store.snapshot(id))

    def _tables(self, snapshot: Snapshot) -> dict[str, bytes]:
        """Return what `export parquet` writes of a snapshot: an update keeps changes alone."""
        plain = self.folder / "plain"
        shutil.rmtree(plain, ignore_errors=True)
        write_snapshot_tables(plain, list_whole_tables_of_scope(snapshot), snapshot.manifest)
        return {name: (plain / name).read_bytes() for name in SAME}

    def _dead_of(self, snapshot: Snapshot) -> set[str]:
        return {str(key) for key in snapshot.tombstones(["key"])["key"].to_pylist()}


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=int(os.environ.get("STORY_HISTORIES", "10")),
    stateful_step_count=14,
    deadline=None,
    phases=[Phase.generate],  # to shrink a history would take minutes, and its steps are told
)
