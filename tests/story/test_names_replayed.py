"""Histories of names made at random: models pushed, renamed, deleted and pushed again.

Beside each stands the truth: who was meant when a card was written. After every publication each
declared parent is one edge to the model that was meant, each name is one living model's, and nobody
comes from what was made after it was gone.
"""

import os
import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from lineage.build.checks import Limits
from lineage.build.pipeline import build_snapshot
from lineage.crawl.plan import find_update_base
from lineage.store.manifest import Origin, SnapshotKind
from lineage.store.reader import Snapshot
from tests.builders import ENDPOINT, Row, pages, publication, row, rows_of
from tests.fakes.fake_clock import NOON

HOUR = timedelta(hours=1)
NAMES = st.integers(0, 7)
WHICH = st.integers(0, 40)


@dataclass(eq=False)
class Pushed:
    """One repository of the Hub, from its first push on."""

    key: str
    id: str
    created: datetime
    parents: "list[Pushed]" = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    """The names of its parents when it was pushed, which its card says for ever."""
    is_alive: bool = True
    is_keyed: bool = True
    """Whether the Hub gives the keys of its parents; of older rows it gives none."""

    def row(self) -> Row:
        alive = [parent for parent in self.parents if parent.is_alive]
        models = [{"_id": parent.key, "id": parent.id} for parent in alive]
        fields: Row = {"createdAt": self.created.isoformat(), "_id": self.key, "sha": self.key}
        if self.words:
            fields |= {"cardData": {"base_model": self.words}}
            fields |= {"tags": [f"base_model:{word}" for word in self.words]}
        if models and self.is_keyed:
            fields |= {"baseModels": {"relation": "merge", "models": models}}
        return row(self.id) | fields


class NamesReplayed(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        limits = Limits(max_bad_share=1.0, min_kept_share=0.0)
        self.into = publication(self.folder, limits=limits)
        self.now = NOON
        self.models: list[Pushed] = []
        self.changed: list[Pushed] = []
        self.missed: dict[str, datetime] = {}

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    @initialize()
    def begin(self) -> None:
        for number in range(6):
            self.push(number, set(), is_keyed=True)
        self.crawl()

    # What happens on the Hub; each time a crawl or an update sees it

    @rule(name=NAMES, parents=st.sets(WHICH, max_size=2), is_keyed=st.booleans())
    def push(self, name: int, parents: set[int], *, is_keyed: bool) -> None:
        """A new repository; where the name is taken, in place of the one that had it."""
        self.now += HOUR
        id = f"owner/m{name}"
        alive = [model for model in self.models if model.is_alive and model.id != id]
        above = [alive[at % len(alive)] for at in sorted(parents)] if alive else []
        for model in self.models:
            model.is_alive &= model.id != id
        above = list(dict.fromkeys(above))
        words = [parent.id for parent in above]
        key = f"{len(self.models) + 1:024x}"
        pushed = Pushed(key, id, self.now, above, words, is_keyed=is_keyed)
        self.models.append(pushed)
        self.changed.append(pushed)
        if self.into.store.manifests():
            self.update()

    @rule(which=WHICH)
    def delete(self, which: int) -> None:
        alive = self._alive()
        if len(alive) > 1:
            alive[which % len(alive)].is_alive = False
            self.crawl()

    @rule(which=WHICH, name=NAMES)
    def rename(self, which: int, name: int) -> None:
        alive, id = self._alive(), f"owner/m{name}"
        # Where a model takes the name of a deleted one that it has long lived beside, no date says
        # which of both a child's card means: docs/counting.md.
        if all(model.id != id for model in self.models):
            model = alive[which % len(alive)]
            model.id = id
            self.changed.append(model)
            self.update()

    @rule()
    def crawl(self) -> None:
        self.now += HOUR
        self._publish(self._alive(), SnapshotKind.FULL, None)

    def update(self) -> None:
        self.now += HOUR
        changed = [model for model in dict.fromkeys(self.changed) if model.is_alive]
        self._publish(changed, SnapshotKind.UPDATE, find_update_base(self.into.store))

    # What must hold

    def _alive(self) -> list[Pushed]:
        return [model for model in self.models if model.is_alive]

    def _publish(self, read: list[Pushed], kind: SnapshotKind, onto: Snapshot | None) -> None:
        self.into.clock.sleep(3600)
        origin = Origin(kind, ENDPOINT, self.now)
        manifest = build_snapshot(
            pages([model.row() for model in read]), origin, self.into, update_of=onto
        )
        self.changed = []
        self._holds(self.into.store.snapshot(manifest.id))

    def _holds(self, snapshot: Snapshot) -> None:
        listed = {one["key"]: one["id"] for one in rows_of(snapshot, "models.parquet")}
        assert len(set(listed.values())) == len(listed)
        assert listed == {model.key: model.id for model in self._alive()}
        edges = [
            (str(one["child_key"]), str(one["parent_key"]))
            for one in rows_of(snapshot, "edges.parquet")
        ]
        meant = {(model.key, parent.key) for model in self.models for parent in model.parents}
        assert sorted(edges) == sorted(meant)
        created = {model.key: model.created for model in self.models}
        missed = {one["key"]: one["missed_at"] for one in snapshot.tombstones().to_pylist()}
        assert all(created[parent] <= missed.get(child, self.now) for child, parent in edges)


TestNamesReplayed = NamesReplayed.TestCase
TestNamesReplayed.settings = settings(
    max_examples=int(os.environ.get("STORY_HISTORIES", "5")),
    stateful_step_count=14,
    deadline=None,
    phases=[Phase.generate],
)
