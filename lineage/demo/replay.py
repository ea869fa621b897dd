"""The crawler follows the box through the weeks, over real HTTP, as a schedule would make it."""

import logging
from collections.abc import Iterable, Sequence, Set
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from lineage.crawl.plan import CrawlMode
from lineage.crawl.runs import CrawlReport, crawl
from lineage.demo.box import HubBox
from lineage.demo.catalog import (
    Catalog,
    Fact,
    Row,
    box_row_of_fact,
    is_in_catalog,
    made_up_demo_key,
)
from lineage.domain.addresses import is_loopback_address
from lineage.domain.clock import SystemClock
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.domain.progress import Progress
from lineage.errors import SettingsError
from lineage.http.client import RequestTally
from lineage.settings import Settings
from lineage.store.manifest import Manifest
from lineage.store.store import ParquetStore

FIRST = datetime(2025, 3, 12, tzinfo=UTC)
WEEKS = tuple(FIRST + timedelta(weeks=number) for number in range(17))
"""The Wednesdays of the weekly lists, up to `CORPUS_ENDS`. Of most uploads and of every deletion
the corpus knows the list that shows it, and no more. No source names the hour of a list, for which
midnight stands."""


class WeekClock(SystemClock):
    """Its date is the one it was set to; waits and durations are those of the machine."""

    # It stands still between two settings: a snapshot is named by the day it shows, however long
    # the machine took.

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def set_week_clock(self, moment: datetime) -> None:
        """Show this moment from now on."""
        self._moment = moment

    def now(self) -> datetime:
        return self._moment


@dataclass(frozen=True, slots=True)
class UndatedModels:
    """How many models the weeks cannot place by what the corpus knows."""

    undated: int
    """Listed from the first week on, if not known to be deleted; their creation date is unknown."""
    later: int
    """Created after the last week: never listed."""
    backwards: int
    """Deleted before the first list that shows them: never listed."""


class DemoHistory:
    """Moves through the weeks; each costs what changed in it.

    A model is listed from the list that first shows it, an undated one from the first, up to the
    list that no longer has it.
    """

    def __init__(self, facts: Iterable[Fact]) -> None:
        self._facts = {fact["id"]: fact for fact in facts}
        self._keys: dict[str, str] = {}
        """Of the models that are listed now."""
        self._rows: dict[str, Row] = {}
        self._children: dict[str, list[str]] = {}
        for id, fact in self._facts.items():
            for parent in fact["base_models"] or ():
                self._children.setdefault(parent, []).append(id)

    def __len__(self) -> int:
        return len(self._facts)

    def box_catalog_at(self, moment: datetime) -> Catalog:
        """Return what a Hub listed at a moment."""
        listed = {id for id, fact in self._facts.items() if is_in_catalog(fact, moment)}
        changed = listed ^ self._keys.keys()
        for id in changed - listed:
            del self._keys[id], self._rows[id]
        for id in changed & listed:
            self._keys[id] = made_up_demo_key(self._facts[id])
        for id in self._corpus_models_with_children(changed) & listed:
            self._rows[id] = box_row_of_fact(self._facts[id], self._keys)
        return Catalog(self._rows.values())

    def count_undated(self) -> UndatedModels:
        """Count the models that the weeks cannot place."""
        dates = [(fact["created_at"], fact["deleted_at"]) for fact in self._facts.values()]
        return UndatedModels(
            undated=sum(created is None for created, _ in dates),
            later=sum(created is not None and created > WEEKS[-1] for created, _ in dates),
            backwards=sum(
                bool(created and deleted and deleted <= created) for created, deleted in dates
            ),
        )

    def _corpus_models_with_children(self, ids: Set[str]) -> set[str]:
        """Return models and their children: a Hub resolves the parents that it lists, no others."""
        return set(ids).union(*(self._children.get(id, ()) for id in ids))


FULL_EVERY_DAYS = 28
_OURS = frozenset({"snapshots", "cache", "reports"})
WINDOW_SECONDS = 2
"""The box's window of quotas: the Hub's own of five minutes would make the weeks wait."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Replay:
    """What following the weeks brought."""

    manifests: tuple[Manifest, ...]
    """One a week, the first one first."""
    crawled: int
    """How many of them this run took; an earlier one may have taken the others."""
    tally: RequestTally
    seconds: float
    """Of this run's crawls."""


def demo_settings(folder: Path, endpoint: str) -> Settings:
    """Return the settings of a demo: nothing is taken from the user's own, least of all a token."""
    return Settings(
        store=str(folder / "snapshots"),
        cache=str(folder / "cache"),
        endpoint=endpoint,
        token=None,
        full_every_days=FULL_EVERY_DAYS,
        # What became of the missing is not among the facts: a box would make its answers up.
        max_availability_requests=0,
    )


def replay_weeks(
    folder: Path, history: DemoHistory, progress: Progress, weeks: Sequence[datetime] = WEEKS
) -> Replay:
    """Crawl the box in each week that the folder does not hold yet, and publish into it.

    Raises SettingsError where the folder holds anything else: a demo never mixes with a history.
    """
    store = ParquetStore(demo_settings(folder, "").store, NO_OPT_OUTS)
    manifests = store.manifests()
    origins = [each.origin for each in manifests]
    if not all(each.taken_at in WEEKS and is_loopback_address(each.endpoint) for each in origins):
        raise SettingsError(
            f"the snapshots in {folder / 'snapshots'} are none of this demo",
            "they stay as they are; take another folder: lineage demo --folder other",
        )
    _refuse_files_of_no_demo(folder)
    weeks_left = [week for week in weeks if not manifests or week > manifests[-1].origin.taken_at]
    reports: list[CrawlReport] = []
    if weeks_left:
        clock = WeekClock(weeks_left[0])
        with _open_box_of_weeks(folder, manifests, clock) as box:
            for week in weeks_left:
                stages = _WeekProgress(progress, f"week {1 + weeks.index(week)} of {len(weeks)}")
                stages.begin("the Hub moves on")
                clock.set_week_clock(week)
                box.catalog = history.box_catalog_at(week)
                stages.end()
                settings = demo_settings(folder, box.url)
                reports.append(crawl(settings, mode=CrawlMode.AUTO, clock=clock, progress=stages))
    seconds = sum(report.seconds for report in reports)
    return Replay(
        tuple(store.manifests()), len(reports), _add_tallies_of_demo_weeks(reports), seconds
    )


def _refuse_files_of_no_demo(folder: Path) -> None:
    """Let nothing else lie where a user is told that all of it may be deleted."""
    foreign = sorted(each.name for each in folder.glob("*") if each.name not in _OURS)
    if foreign:
        raise SettingsError(
            f"{folder} holds other things: {', '.join(foreign[:3])}",
            "take a folder for the demo alone: lineage demo --folder other",
        )


def _open_box_of_weeks(folder: Path, manifests: Sequence[Manifest], clock: WeekClock) -> HubBox:
    """Return a box at the address of the earlier weeks: one store never mixes two Hubs."""
    port = (urlsplit(manifests[-1].origin.endpoint).port or 0) if manifests else 0
    try:
        return HubBox(Catalog(), window_seconds=WINDOW_SECONDS, clock=clock, port=port)
    except OSError as error:
        raise SettingsError(
            f"port {port}, where the snapshots in {folder} were taken, cannot be had",
            "wait for who uses it, or take another folder: lineage demo --folder other",
        ) from error


def _add_tallies_of_demo_weeks(reports: Sequence[CrawlReport]) -> RequestTally:
    tallies = [asdict(report.tally) for report in reports]
    return RequestTally(
        **{name: sum(each[name] for each in tallies) for name in asdict(RequestTally())}
    )


class _WeekProgress(Progress):
    """Names the week with every stage; why a crawl is an update or a full crawl goes to the log."""

    def __init__(self, progress: Progress, week: str) -> None:
        self._progress, self._week = progress, week

    def begin(self, stage: str, total: int | None = None) -> None:
        self._progress.begin(f"{self._week}: {stage}", total)

    def step(self, done: int, note: str = "") -> None:
        self._progress.step(done, note)

    def waiting(self, seconds: float, why: str) -> None:
        self._progress.waiting(seconds, why)

    def say(self, message: str) -> None:
        _LOG.info("%s: %s", self._week, message)

    def end(self) -> None:
        self._progress.end()
