"""Whatever goes wrong on the way: exact counts or a clear exit, and the truth when it is over."""

import random
from itertools import pairwise

import pytest

from lineage.crawl.runs import CrawlReport
from lineage.demo.box import Bucket, Quota
from lineage.domain.clock import Clock
from lineage.errors import LineageError, SourceUnavailable
from lineage.store import schema
from tests.fakes.fake_hub import Cut, FakeHub, Fault, FaultKind, Faults
from tests.fakes.live_catalog import LiveCatalog
from tests.story.conftest import Play
from tests.story.stage import Stage, a_world, counted_slowly, sent_pages

WORLD = a_world(2100)
PAGES = 3 + 1
"""The newest model is asked for at the end."""
TRUTH = counted_slowly(WORLD)
STALL = 0.15
"""Seconds that a run waits for a Hub that may be slow: real ones, since sockets know no others."""

PASSING = [
    *[Fault(FaultKind.STATUS, status=status) for status in (408, 500, 502, 503, 504)],
    *[Fault(FaultKind.CUT, cut=cut) for cut in Cut],
    Fault(FaultKind.RESET),
    Fault(FaultKind.HTML),
    Fault(FaultKind.SLOW, seconds=60),
    Fault(FaultKind.SLOW, seconds=60, in_body=True),
    Fault(FaultKind.REPEAT),
    *[
        Fault(FaultKind.REFUSE429, seconds=5, headers=headers, remaining=remaining, html=html)
        for headers, remaining in ((True, 0), (True, 7), (False, 0))
        for html in (True, False)
    ],
]
ENDING = [
    Fault(FaultKind.LOOP),
    Fault(FaultKind.REDIRECT),
    *[Fault(FaultKind.STATUS, status=status) for status in (400, 401, 403, 404, 410, 501)],
]
SPOILING = [Fault(FaultKind.GARBAGE, variant=variant, replaces=False) for variant in range(14)]


def of_fault(fault: Fault) -> str:
    return f"{fault.kind} {fault.status} {fault.cut} {fault.headers} {fault.remaining} {fault.html}"


def tables(stage: Stage, id: str) -> dict[str, str]:
    """The digests of all tables but of the one that keeps what could not be read."""
    return {name: sha for name, sha in stage.tables(id).items() if name != schema.BAD_ROWS_FILE}


def tells_the_truth(stage: Stage, report: CrawlReport) -> bool:
    id = report.manifest.id
    return report.manifest.models == len(WORLD) and stage.counts(id) == TRUTH


def ended_well(stage: Stage) -> bool:
    """Run once: the truth, or an end that says "run again" or "look at it"."""
    try:
        return tells_the_truth(stage, stage.crawl(timeout_seconds=STALL))
    except LineageError as error:
        return error.exit_code in {3, 4}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    with FakeHub(LiveCatalog(WORLD)) as box:
        stage = Stage(tmp_path_factory.mktemp("undisturbed"), box.url)
        return tables(stage, stage.crawl().manifest.id)


@pytest.mark.parametrize(("first", "late"), [*pairwise([*PASSING, PASSING[0]])], ids=of_fault)
def test_a_fault_that_passes_changes_nothing_early_or_late(
    play: Play, undisturbed: dict[str, str], first: Fault, late: Fault
) -> None:
    box, stage = play(WORLD, faults=Faults({1: first, 4: late}))
    is_slow = FaultKind.SLOW in (first.kind, late.kind)
    report = stage.crawl(timeout_seconds=4 * STALL if is_slow else 10)
    again = sum(fault.kind is not FaultKind.REPEAT for fault in (first, late))
    assert len(box.requests) == report.tally.sent == PAGES + again
    assert tells_the_truth(stage, report)
    assert tables(stage, report.manifest.id) == undisturbed


@pytest.mark.parametrize(
    ("fault", "at"),
    [(fault, 1 if fault.kind is FaultKind.LOOP else 3) for fault in ENDING] + [(ENDING[-1], 1)],
    ids=str,
)
def test_a_fault_that_ends_the_run_loses_no_page(
    play: Play, undisturbed: dict[str, str], fault: Fault, at: int
) -> None:
    box, stage = play(WORLD, faults=Faults({at: fault}))
    with pytest.raises(LineageError) as ended:
        stage.crawl()
    assert ended.value.exit_code == 3
    assert str(ended.value)
    assert stage.published() == []
    report = stage.crawl()
    assert len(box.requests) == PAGES + 1
    assert tables(stage, report.manifest.id) == undisturbed


@pytest.mark.parametrize("fault", SPOILING, ids=lambda fault: f"{fault.variant}")
def test_rows_that_are_none_are_counted_and_spoil_no_other(
    play: Play, undisturbed: dict[str, str], fault: Fault
) -> None:
    _, stage = play(WORLD, faults=Faults({2: fault}))
    report = stage.crawl()
    assert report.manifest.bad_rows == 1
    assert tells_the_truth(stage, report)
    assert tables(stage, report.manifest.id) == undisturbed


def test_a_hub_that_stays_down_ends_the_run_with_its_pages_kept(
    play: Play, undisturbed: dict[str, str]
) -> None:
    down = Fault(FaultKind.STATUS, status=503)
    box, stage = play(WORLD, faults=Faults(dict.fromkeys(range(3, 100), down)))
    with pytest.raises(SourceUnavailable, match="503") as ended:
        stage.crawl()
    assert ended.value.exit_code == 3
    assert stage.published() == []
    box.faults = Faults()
    report = stage.crawl()
    assert (report.tally.sent, report.tally.replayed) == (2, 2)
    assert tables(stage, report.manifest.id) == undisturbed


@pytest.mark.parametrize("seed", range(12))
def test_faults_mixed_at_random_never_give_a_wrong_snapshot(
    play: Play, undisturbed: dict[str, str], seed: int
) -> None:
    dice = random.Random(seed)
    mixed = [*PASSING, *ENDING, *dice.sample(SPOILING, 3)]
    odds = {fault: dice.uniform(0, 1.6) / len(mixed) for fault in mixed}
    box, stage = play(WORLD, faults=Faults(odds=odds, seed=seed, most=25))
    for _ in range(4):
        assert ended_well(stage)
    assert box.faults.applied
    box.faults = Faults()
    report = stage.crawl()
    assert tells_the_truth(stage, report)
    assert all(not stage.store.find_damage(id) for id in stage.published())
    assert {tuple(sorted(tables(stage, id).items())) for id in stage.published()} == {
        tuple(sorted(undisturbed.items()))
    }


# Refusals for the rate limit


def asked_at(box: FakeHub, clock: Clock) -> list[float]:
    """Notes when each request comes."""
    moments: list[float] = []
    box.on_request = lambda _: moments.append(clock.monotonic())
    return moments


STORMS = [fault for fault in PASSING if fault.kind is FaultKind.REFUSE429]


@pytest.mark.parametrize("fault", STORMS, ids=of_fault)
def test_a_storm_of_refusals_is_waited_out_and_not_hammered(
    play: Play, undisturbed: dict[str, str], fault: Fault
) -> None:
    length = 6
    box, stage = play(WORLD, faults=Faults({2 + n: fault for n in range(length)}))
    moments = asked_at(box, stage.clock)
    report = stage.crawl()
    assert tables(stage, report.manifest.id) == undisturbed
    assert report.tally.refused_429 == length
    assert len(box.requests) == PAGES + length
    waits = [later - sooner for sooner, later in pairwise(moments[1:])]
    named = fault.seconds if fault.headers and not fault.remaining else 30
    assert all(wait >= named for wait in waits[:length])
    assert waits[length:] == [0.0] * (PAGES - 2)


def test_a_storm_without_an_end_ends_the_run_and_not_its_pages(
    play: Play, undisturbed: dict[str, str]
) -> None:
    storm = Fault(FaultKind.REFUSE429, headers=False, html=True)
    box, stage = play(WORLD, faults=Faults(dict.fromkeys(range(3, 100), storm)))
    with pytest.raises(SourceUnavailable, match="in a row") as ended:
        stage.crawl()
    assert ended.value.exit_code == 3
    assert len(box.requests) <= 2 + 8
    box.faults = Faults()
    report = stage.crawl()
    assert (report.tally.sent, report.tally.replayed) == (2, 2)
    assert tables(stage, report.manifest.id) == undisturbed


def test_others_on_the_same_address_cost_waiting_and_nothing_else(
    play: Play, undisturbed: dict[str, str]
) -> None:
    box, stage = play(WORLD, quotas={None: Quota(3)})

    def another_client_asks(_: int) -> None:
        box.windows.spend_box_quota("127.0.0.1", None, Bucket.API)

    box.on_request = another_client_asks
    report = stage.crawl()
    assert tables(stage, report.manifest.id) == undisturbed
    assert len(sent_pages(box)) == PAGES
    assert report.tally.refused_429 <= PAGES
