"""Which crawl to make: a full one, an update of the last snapshot, or one below a base."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from lineage.build.checks import CENSUS_AT, CENSUS_MODELS, GROWTH_A_DAY
from lineage.build.draft import last_page_of_draft, watermark_of
from lineage.build.opt_out import refuse_opted_out_draft
from lineage.build.tombstones import has_tombstones_without_keys
from lineage.crawl.modes import UpdateStart, crawl_below, crawl_changes, crawl_everything
from lineage.domain.clock import iso
from lineage.domain.opt_outs import NO_OPT_OUTS, OptOuts
from lineage.errors import NoSuchSnapshot, SnapshotDamaged, StoreError
from lineage.sources.hub import FULL_PARAMS, HubSource
from lineage.sources.interface import RecordPage
from lineage.store import schema
from lineage.store.manifest import Manifest, SnapshotKind
from lineage.store.reader import Snapshot
from lineage.store.redaction import snapshot_holds_opted_out
from lineage.store.store import ParquetStore


class CrawlMode(StrEnum):
    """Which crawl is asked for."""

    FULL = "full"
    UPDATE = "update"
    AUTO = "auto"
    """An update, or a full crawl where the last one is too old or an update has no start."""


def crawl_command_of(mode: CrawlMode, base: str | None) -> str:
    """Return the command that asks for it."""
    if base is not None:
        return f"lineage crawl --below {base}"
    return "lineage crawl" if mode is CrawlMode.FULL else f"lineage crawl --{mode}"


def expect_crawled_models(latest: Snapshot | None, endpoint: str, now: datetime) -> int:
    """Return about how many models a full crawl will meet: as the last time, else by the census."""
    if latest is not None and latest.manifest.origin.endpoint == endpoint:
        return latest.manifest.models
    return CENSUS_MODELS + max(0, (now - CENSUS_AT).days) * GROWTH_A_DAY


@dataclass(frozen=True, slots=True)
class CrawlPlan:
    """What a run reads, and which snapshot it goes on from."""

    kind: SnapshotKind
    base: str | None = None
    """Where kind is `below`."""
    previous: Snapshot | None = None
    """The snapshot that an update goes on from."""
    previous_id: str | None = None
    """Its id."""

    def read_pages(self, source: HubSource) -> Iterator[RecordPage]:
        """Yield what the source shows of it."""
        if self.base is not None:
            return crawl_below(source, self.base)
        if self.previous is None:
            return crawl_everything(source)
        return crawl_changes(source, update_start(self.previous))

    def identity(self, endpoint: str) -> dict[str, str]:
        """Return what two attempts at one crawl share, so that the later goes on with its pages."""
        params = "&".join(f"{name}={value}" for name, value in FULL_PARAMS)
        identity = {"endpoint": endpoint, "asked": params, "below": self.base or ""}
        return identity if self.previous_id is None else identity | {"update": self.previous_id}

    def previous_plan(self) -> "CrawlPlan | None":
        """Return the update that made the previous snapshot, None where no update did."""
        if self.previous is None or self.previous.manifest.origin.kind is not SnapshotKind.UPDATE:
            return None
        return CrawlPlan(SnapshotKind.UPDATE, previous_id=self.previous.manifest.previous)


def choose_plan(
    mode: CrawlMode,
    base: str | None,
    store: ParquetStore,
    *,
    now: datetime,
    full_interval: timedelta,
    say: Callable[[str], None],
    opt_outs: OptOuts = NO_OPT_OUTS,
) -> CrawlPlan:
    """Return the crawl to make, and tell `say` why where the mode leaves it open.

    Raises SettingsError for a base that opted out.
    """
    if base is not None:
        refuse_opted_out_draft(base, opt_outs)
        return CrawlPlan(SnapshotKind.BELOW, base)
    if mode is CrawlMode.AUTO:
        if (reason := why_full_crawl(store, now, full_interval, opt_outs)) is not None:
            say(f"Full crawl: {reason}.")
            return CrawlPlan(SnapshotKind.FULL)
        age = (now - _full_crawl_manifests(store)[-1].origin.taken_at).days
        days = f"{age} day{'s' * (age != 1)} old"
        say(f"Incremental update: the last full crawl is {days}.")
    elif mode is CrawlMode.FULL:
        return CrawlPlan(SnapshotKind.FULL)
    previous = find_update_base(store, opt_outs)
    return CrawlPlan(SnapshotKind.UPDATE, previous=previous, previous_id=previous.id)


def why_full_crawl(
    store: ParquetStore, now: datetime, full_interval: timedelta, opt_outs: OptOuts = NO_OPT_OUTS
) -> str | None:
    """Return why only a full crawl will do, None where an update does."""
    full = _full_crawl_manifests(store)
    if not full:
        return "there is none yet"
    # An update cannot see deletions: a listing of changes shows nothing of who is listed no longer.
    if now - (began := full[-1].origin.taken_at) >= full_interval:
        return f"the last one began at {iso(began)}, {full_interval.days} days ago or more"
    last = _crawl_history_of(store)[-1]
    if last.origin.kind is SnapshotKind.DUMP:
        return f"the last snapshot is a dump{_describe_crawl_gaps(last.origin.dump)}"
    if problems := store.find_damage(last.id):
        return f"the last snapshot is damaged: {problems[0]}"
    if opt_outs and snapshot_holds_opted_out(store.snapshot(last.id), opt_outs):
        return "the last snapshot names a model or an owner on the opt-out list"
    return None


def find_update_base(store: ParquetStore, opt_outs: OptOuts = NO_OPT_OUTS) -> Snapshot:
    """Return the snapshot that an update goes on from: the last crawl, else a dump.

    Raises NoSuchSnapshot where there is none, SnapshotDamaged where it is not as published.
    """
    # A dump that came after a crawl may hold a part of the Hub alone; what it knows is merged by
    # the draft all the same.
    previous = store.latest_crawl() or store.latest_whole()
    if previous is None or not previous.manifest.models:
        raise NoSuchSnapshot(
            f"there is no snapshot in {store.location} that an update could go on from",
            "take one with: lineage crawl",
        )
    if has_tombstones_without_keys(previous):
        raise NoSuchSnapshot(
            f"{previous.id} is a dump without the Hub's keys: an update could match no model in it",
            "take a full crawl: lineage crawl",
        )
    # What is wrong in it would be wrong in every snapshot after it.
    if problems := store.find_damage(previous.id):
        raise SnapshotDamaged(
            f"an update cannot go on from a damaged snapshot: {problems[0]}",
            "restore its files from a copy, or take a full crawl: lineage crawl",
        )
    if opt_outs and snapshot_holds_opted_out(previous, opt_outs):
        raise NoSuchSnapshot(
            f"{previous.id} names a model or an owner on the opt-out list",
            "take a full crawl, which leaves them out: lineage crawl",
        )
    return previous


def update_start(previous: Snapshot) -> UpdateStart:
    """Return where an update of a snapshot goes on."""
    newest_key = previous.column(schema.MODELS_FILE, "key")[-1].as_py()
    models = previous.manifest.models
    return UpdateStart(watermark_of(previous), last_page_of_draft(previous), newest_key, models)


# History goes forwards: a crawl published behind the newest snapshot would never be asked, nothing
# would go on from it, and it would know nothing of what came after. Dumps may be dated back; what
# lies below one base stands apart.


def newest_crawl_of(store: ParquetStore) -> Manifest | None:
    """Return the snapshot of more than one family that was taken last."""
    return max(
        _crawl_history_of(store), key=lambda manifest: manifest.origin.taken_at, default=None
    )


def refuse_crawl_with_set_back_clock(store: ParquetStore, now: datetime) -> None:
    """Raise StoreError, before the first request, where the clock is before history's end."""
    newest = newest_crawl_of(store)
    if newest is not None and now < newest.origin.taken_at:
        raise StoreError(
            f"the clock says {iso(now)}, but snapshot {newest.id} was taken at "
            f"{iso(newest.origin.taken_at)}: it was set back, or was wrong then",
            "set the clock right; if it was wrong then, move the folder "
            f"{newest.id} out of {store.location}",
        )


def _crawl_history_of(store: ParquetStore) -> list[Manifest]:
    manifests = store.manifests()
    return [item for item in manifests if item.origin.kind is not SnapshotKind.BELOW]


def _full_crawl_manifests(store: ParquetStore) -> list[Manifest]:
    return [item for item in store.manifests() if item.origin.kind is SnapshotKind.FULL]


def _describe_crawl_gaps(dump: Mapping[str, str]) -> str:
    """Return what a dump lacks, as the end of a sentence."""
    gaps = "the Hub's keys" if "keys" in dump else dump.get("missing")
    return f" that lacks {gaps}" if gaps else ""
