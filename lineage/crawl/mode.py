"""Which walk is due: an update of the last snapshot, or a sweep because it cannot be trusted."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from lineage.build.opt_out import refuse_forgotten
from lineage.build.tombstones import has_stand_ins
from lineage.build.watermark import last_page_of, watermark_of
from lineage.crawl.below import below
from lineage.crawl.full import sweep
from lineage.crawl.update import Since, update
from lineage.domain.moments import iso
from lineage.domain.opt_outs import NO_OPT_OUTS, OptOuts
from lineage.errors import NoSuchSnapshot, SnapshotDamaged
from lineage.sources.hub import SWEEP_PARAMS, HubSource
from lineage.sources.interface import RecordPage
from lineage.store import schema
from lineage.store.manifest import SnapshotKind
from lineage.store.opt_outs import holds_forgotten
from lineage.store.reader import Snapshot
from lineage.store.store import ParquetStore


class CrawlMode(StrEnum):
    """What a crawl is asked to be."""

    FULL = "full"
    UPDATE = "update"
    AUTO = "auto"
    """An update, or a sweep where the last one is too long ago or an update has no ground."""


def spelled(mode: CrawlMode, base: str | None) -> str:
    """Return the command that asks for it."""
    if base is not None:
        return f"lineage crawl --below {base}"
    return "lineage crawl" if mode is CrawlMode.FULL else f"lineage crawl --{mode}"


@dataclass(frozen=True, slots=True)
class Walk:
    """What is asked for."""

    kind: SnapshotKind
    base: str | None = None
    """Where kind is `below`."""
    before: Snapshot | None = None
    """The snapshot that an update goes on from, and its id."""
    onto: str | None = None

    def pages(self, source: HubSource) -> Iterator[RecordPage]:
        """Yield what the source shows of it."""
        if self.base is not None:
            return below(source, self.base)
        return sweep(source) if self.before is None else update(source, since(self.before))

    def identity(self, endpoint: str) -> dict[str, str]:
        """Return what makes two walks the same one, so that a later run goes on with it."""
        asked = "&".join(f"{name}={value}" for name, value in SWEEP_PARAMS)
        identity = {"endpoint": endpoint, "asked": asked, "below": self.base or ""}
        return identity if self.onto is None else identity | {"update": self.onto}

    def repeated(self) -> "Walk | None":
        """Return the update that made the snapshot this one goes on from, None where none did."""
        if self.before is None or self.before.manifest.origin.kind is not SnapshotKind.UPDATE:
            return None
        return Walk(SnapshotKind.UPDATE, onto=self.before.manifest.previous)


def choose(
    mode: CrawlMode,
    base: str | None,
    store: ParquetStore,
    *,
    now: datetime,
    every: timedelta,
    say: Callable[[str], None],
    opt_outs: OptOuts = NO_OPT_OUTS,
) -> Walk:
    """Return the walk to make; `every` is how often a sweep is due, `say` hears why.

    Raises SettingsError for a base that is to be forgotten.
    """
    if base is not None:
        refuse_forgotten(base, opt_outs)
        return Walk(SnapshotKind.BELOW, base)
    if mode is CrawlMode.AUTO:
        if (why := why_sweep(store, now, every, opt_outs)) is not None:
            say(f"A sweep is due: {why}.")
            return Walk(SnapshotKind.FULL)
        say("An update is enough: the last sweep is young, the last snapshot whole.")
    elif mode is CrawlMode.FULL:
        return Walk(SnapshotKind.FULL)
    before = ground_of_update(store, opt_outs)
    return Walk(SnapshotKind.UPDATE, before=before, onto=before.id)


def why_sweep(
    store: ParquetStore, now: datetime, every: timedelta, opt_outs: OptOuts = NO_OPT_OUTS
) -> str | None:
    """Return why nothing less than a sweep will do, None where an update does."""
    whole = [one for one in store.manifests() if one.origin.kind is not SnapshotKind.BELOW]
    swept = [one.origin.taken_at for one in whole if one.origin.kind is SnapshotKind.FULL]
    if not swept:
        return "there is no sweep yet"
    if now - swept[-1] >= every:
        return f"the last sweep began at {iso(swept[-1])}, {every.days} days ago or more"
    if whole[-1].origin.kind is SnapshotKind.DUMP:
        return f"the last snapshot is a dump{_lacking(whole[-1].origin.dump)}"
    if found := store.problems(whole[-1].id):
        return f"the last snapshot is damaged: {found[0]}"
    if opt_outs and holds_forgotten(store.snapshot(whole[-1].id), opt_outs):
        return "the last snapshot names somebody who is to be forgotten"
    return None


def _lacking(dump: Mapping[str, str]) -> str:
    """Return what a dump lacks, as the end of a sentence."""
    lacking = "the Hub's keys" if "keys" in dump else dump.get("missing")
    return f" that lacks {lacking}" if lacking else ""


def ground_of_update(store: ParquetStore, opt_outs: OptOuts = NO_OPT_OUTS) -> Snapshot:
    """Return the snapshot that an update goes on from: the last walk, else a dump to begin with.

    A dump that came after a walk may hold a part of the Hub; what it knows is heard all the same.
    Raises NoSuchSnapshot where there is none, SnapshotDamaged where it is not as published: what
    is wrong in it would be wrong in every snapshot after it.
    """
    before = store.latest_walk() or store.latest_sweep()
    if before is None or not before.manifest.models:
        raise NoSuchSnapshot(
            f"there is no snapshot in {store.location} that an update could go on from",
            "take one with: lineage crawl",
        )
    if has_stand_ins(before):
        raise NoSuchSnapshot(
            f"{before.id} is a dump without the Hub's keys: nothing in it can be told apart",
            "take a sweep: lineage crawl",
        )
    if found := store.problems(before.id):
        raise SnapshotDamaged(
            f"an update cannot go on from a damaged snapshot: {found[0]}",
            "restore its files from a copy, or take a sweep: lineage crawl",
        )
    if opt_outs and holds_forgotten(before, opt_outs):
        raise NoSuchSnapshot(
            f"{before.id} names somebody who is to be forgotten since",
            "take a sweep, which names nobody of them: lineage crawl",
        )
    return before


def since(before: Snapshot) -> Since:
    """Return where an update of a snapshot goes on."""
    newest = before.column(schema.MODELS_FILE, "key")[-1].as_py()
    return Since(watermark_of(before), last_page_of(before), newest)
