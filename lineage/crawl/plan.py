"""Which crawl to make: a full one, an update of the last snapshot, or one below a base."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import chain, islice

from lineage.build.checks import CENSUS_AT, CENSUS_MODELS, GROWTH_A_DAY
from lineage.build.draft import last_page_of_draft, read_published_watermark
from lineage.build.opt_out import refuse_opted_out_draft
from lineage.build.tombstones import has_tombstones_without_keys
from lineage.domain.clock import iso
from lineage.domain.opt_outs import NO_OPT_OUTS, OptOuts
from lineage.domain.records import ModelRecord
from lineage.errors import (
    NoSuchSnapshot,
    PageNotRecorded,
    QueryRefused,
    SnapshotDamaged,
    StoreError,
    UnknownModel,
)
from lineage.sources.hub import FULL_PARAMS, HubSource
from lineage.sources.interface import ChangingSource, RecordPage, Source
from lineage.sources.listing_check import BORDER_ROWS
from lineage.store import schema
from lineage.store.manifest import Manifest, SnapshotKind
from lineage.store.reader import Snapshot
from lineage.store.redaction import needs_redacted_copy
from lineage.store.store import ParquetStore

OVERLAP = 500
"""So many rows from before the watermark are read again, and the rest of their page."""


@dataclass(frozen=True, slots=True)
class UpdateStart:
    """Where an update goes on."""

    watermark: datetime
    """Every commit before it was seen; those of that very second lie in the overlap."""
    last_page: str | None
    """The request of the last page in order of creation; None where there is none."""
    newest_key: str
    """The greatest key of the snapshot."""
    models: int
    """How many models the snapshot holds."""


# Listings do not say who has children, so walking down costs a request for every member, leaves
# included; the whole Hub is some 3,240 requests. So everything is listed, not descended.
def crawl_everything(source: Source) -> Iterator[RecordPage]:
    """Yield every model the source lists, each once."""
    return drop_rows_recrawled_at_border(source.list_everything_of_source())


def drop_rows_recrawled_at_border(pages: Iterable[RecordPage]) -> Iterator[RecordPage]:
    """Drop rows that the next page repeats: at a page border the later one wins."""
    # The Hub's census of 2026-10-03 saw rows twice where a page border moved during the listing.
    # Only the end of a page is held back for that, so that the rest can be stored at once; what is
    # repeated from further away the draft resolves when it is sealed.
    tail: list[ModelRecord] = []
    for page in pages:
        rows = _drop_rows_crawled_before(tail, page.records[:BORDER_ROWS]) + page.records
        tail = rows[-BORDER_ROWS:]
        yield replace(page, records=rows[:-BORDER_ROWS])
    if tail:
        yield RecordPage(tail)


def _drop_rows_crawled_before(
    tail: list[ModelRecord], next_rows: list[ModelRecord]
) -> list[ModelRecord]:
    # In the full listing keys ascend, so a look at two of them nearly always settles it.
    if not tail or not next_rows or tail[-1].key < next_rows[0].key:
        return tail
    repeated = {record.key for record in next_rows}
    return [record for record in tail if record.key not in repeated]


def crawl_changes(source: ChangingSource, start: UpdateStart) -> Iterator[RecordPage]:
    """Yield the models committed to since a snapshot, then those created since; some twice."""
    # A listing in order of the last commit moves while it is read: a model committed to meanwhile
    # goes to its top, unseen. The next update begins early enough to meet it (build.draft).
    older = 0
    for page in source.by_last_commit(start.models):
        yield page
        older += sum(not _crawl_changed_after(record, start.watermark) for record in page.records)
        if older >= OVERLAP:
            break
    # The created ones come last: of a row in both listings the later one wins, and the draft's
    # last request is where the next update goes on.
    pages = _continue_crawl_from(source, start)
    if pages is not None:
        yield from drop_rows_recrawled_at_border(pages)
        return
    for page in source.newest_first(start.models):
        yield page
        if any(record.key <= start.newest_key for record in page.records):
            return


def _continue_crawl_from(source: ChangingSource, start: UpdateStart) -> Iterator[RecordPage] | None:
    """Return the listing from a page asked for before; None where the Hub refuses its cursor."""
    # The cursor is the Hub's own and may expire. A refusal is not recorded, so that in a replay
    # the page is missing instead.
    if start.last_page is None:
        return None
    pages = source.created_from(start.last_page, start.newest_key)
    try:
        first_page = list(islice(pages, 1))
    except (QueryRefused, PageNotRecorded):
        return None
    return chain(first_page, pages)


def _crawl_changed_after(record: ModelRecord, watermark: datetime) -> bool:
    return record.modified_at is not None and record.modified_at > watermark


def crawl_below(source: Source, base: str) -> Iterator[RecordPage]:
    """Yield the base itself, where the source shows it, and each descendant once.

    One request for every member at least: above some three thousand a full crawl is cheaper.
    Raises UnknownModel where the source shows neither the base nor a child of it.
    """
    seen_keys: set[str] = set()
    parents = deque([base])
    if (base_page := source.read_model_from_source(base)) is not None:
        yield _drop_rows_crawled_twice(base_page, seen_keys)
        # A former name leads to the model; its children are listed under the name it has now.
        parents = deque(record.id for record in base_page.records) or parents
    while parents:
        for page in source.list_children_from_source(parents.popleft()):
            new_rows = _drop_rows_crawled_twice(page, seen_keys)
            parents.extend(record.id for record in new_rows.records)
            yield new_rows
    if not seen_keys:
        raise UnknownModel(
            f"the Hub shows no model {base!r} and no model made from it",
            "check the spelling, upper and lower case included: owner/name",
        )


def _drop_rows_crawled_twice(page: RecordPage, seen_keys: set[str]) -> RecordPage:
    """Return the page without rows of earlier pages; a name may change meanwhile, a key not."""
    # A child of two parents is listed twice, and counts once also where it cannot be read.
    records = {record.key: record for record in page.records if record.key not in seen_keys}
    bad_rows = {row.key or row.raw: row for row in page.bad_rows}
    bad_rows = {key: row for key, row in bad_rows.items() if key not in seen_keys}
    seen_keys.update(records, bad_rows)
    return replace(page, records=list(records.values()), bad_rows=list(bad_rows.values()))


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


def expect_models_of_full_crawl(latest: Snapshot | None, endpoint: str, now: datetime) -> int:
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

    def previous_crawl_plan(self) -> "CrawlPlan | None":
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
        age = (now - _list_full_crawls(store)[-1].origin.taken_at).days
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
    full = _list_full_crawls(store)
    if not full:
        return "there is none yet"
    # An update cannot see deletions: a listing of changes shows nothing of who is listed no longer.
    if now - (began := full[-1].origin.taken_at) >= full_interval:
        return f"the last one began at {iso(began)}, {full_interval.days} days ago or more"
    last = _read_crawl_history(store)[-1]
    if last.origin.kind is SnapshotKind.DUMP:
        dump = last.origin.dump
        gaps = "the Hub's keys" if "keys" in dump else dump.get("missing")
        return "the last snapshot is a dump" + (f" that lacks {gaps}" if gaps else "")
    if problems := store.find_damage(last.id):
        return f"the last snapshot is damaged: {problems[0]}"
    if opt_outs and needs_redacted_copy(store.snapshot(last.id), opt_outs):
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
    if opt_outs and needs_redacted_copy(previous, opt_outs):
        raise NoSuchSnapshot(
            f"{previous.id} names a model or an owner on the opt-out list",
            "take a full crawl, which leaves them out: lineage crawl",
        )
    return previous


def update_start(previous: Snapshot) -> UpdateStart:
    """Return where an update of a snapshot goes on."""
    newest_key = previous.column(schema.MODELS_FILE, "key")[-1].as_py()
    models = previous.manifest.models
    return UpdateStart(
        read_published_watermark(previous), last_page_of_draft(previous), newest_key, models
    )


# History goes forwards: a crawl published behind the newest snapshot would never be asked, nothing
# would go on from it, and it would know nothing of what came after. Dumps may be dated back; what
# lies below one base stands apart.


def newest_crawl_of(store: ParquetStore) -> Manifest | None:
    """Return the snapshot of more than one family that was taken last."""
    return max(
        _read_crawl_history(store), key=lambda manifest: manifest.origin.taken_at, default=None
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


def _read_crawl_history(store: ParquetStore) -> list[Manifest]:
    manifests = store.manifests()
    return [item for item in manifests if item.origin.kind is not SnapshotKind.BELOW]


def _list_full_crawls(store: ParquetStore) -> list[Manifest]:
    return [item for item in store.manifests() if item.origin.kind is SnapshotKind.FULL]
