"""A descent: one base and all that lies below it, without asking for the rest of the Hub."""

import pytest

from lineage.demo.catalog import Row
from lineage.errors import NoSuchSnapshot, RequestLimitReached, SourceUnavailable
from lineage.store import schema
from lineage.store.manifest import SnapshotKind
from tests.fakes.fake_hub import Fault, FaultKind, Faults
from tests.story.conftest import Play
from tests.story.stage import Stage, a_world, counted_slowly, members_below
from tests.unit.demo.rows import a_child, a_row

WORLD = a_world(400)
BASES = [f"owner/model-{number}" for number in (0, 3, 12, 30)]


def listed(stage: Stage, id: str) -> set[str]:
    ids = stage.column(id, schema.MODELS_FILE, "id")
    assert len(ids) == len(set(ids))
    return set(ids)


def a_family() -> tuple[Row, list[Row]]:
    """A base with two children and a grandchild, beside a stranger."""
    base = a_row(0)
    child, other = a_child(1, base), a_child(2, base, "adapter")
    return base, [base, child, other, a_child(3, child, "quantized"), a_row(4)]


@pytest.mark.parametrize("base", BASES)
def test_a_descent_gives_exactly_the_descendants(play: Play, base: str) -> None:
    box, stage = play(WORLD)
    report = stage.crawl(base)
    below = tagged_below(base)
    assert below
    assert listed(stage, report.manifest.id) == below | {base}
    truth = counted_slowly(row for row in WORLD if row["id"] in below | {base})
    assert stage.counts(report.manifest.id) == truth
    # For each member its children, and the newest of them: so it is known that none is missing.
    assert len(box.requests) == 1 + 2 * len(below | {base})


def test_a_descent_from_a_leaf_gives_the_leaf(play: Play) -> None:
    box, stage = play(WORLD)
    leaf = a_leaf()
    report = stage.crawl(leaf)
    assert leaf in listed(stage, report.manifest.id)
    assert report.manifest.models == 1
    assert len(box.requests) == 3


def a_leaf() -> str:
    return next(str(row["id"]) for row in reversed(WORLD) if not tagged_below(row["id"]))


def tagged_below(base: str) -> set[str]:
    """What the Hub lists below a base: it knows tags, and no card without one."""
    tagged = [row for row in WORLD if row["tags"]]
    return members_below(tagged, base)


def test_a_descent_says_what_it_is_and_never_becomes_the_latest(play: Play) -> None:
    base, rows = a_family()
    _, stage = play(rows)
    report = stage.crawl(base["id"])
    assert (report.manifest.origin.kind, report.manifest.origin.below) == (
        SnapshotKind.BELOW,
        base["id"],
    )
    with pytest.raises(NoSuchSnapshot):
        stage.store.snapshot()
    stage.clock.sleep(60)
    sweep = stage.crawl().manifest.id
    stage.clock.sleep(60)
    again = stage.crawl(base["id"]).manifest
    assert stage.store.snapshot().id == sweep
    assert stage.published() == [report.manifest.id, sweep, again.id]


def test_a_full_crawl_is_not_compared_with_a_descent(play: Play) -> None:
    base, rows = a_family()
    _, stage = play(rows)
    stage.crawl()
    stage.clock.sleep(60)
    stage.crawl(base["id"])
    stage.clock.sleep(60)
    assert stage.crawl().manifest.models == len(rows)


def test_a_circle_below_a_base_is_walked_once(play: Play) -> None:
    one = a_row(0)
    two = a_child(1, one)
    three = a_child(2, two)
    one = a_child(0, three)
    selfish = a_child(3, a_row(3))
    box, stage = play([one, two, three, selfish])
    report = stage.crawl(one["id"])
    assert listed(stage, report.manifest.id) == {one["id"], two["id"], three["id"]}
    assert stage.counts(report.manifest.id)[one["id"]] == (1, 2)
    assert len(box.requests) == 7
    stage.clock.sleep(60)
    alone = stage.crawl(selfish["id"]).manifest
    assert listed(stage, alone.id) == {selfish["id"]}
    assert stage.counts(alone.id) == {selfish["id"]: (0, 0)}


def test_a_renamed_base_is_found_by_its_old_name(play: Play) -> None:
    base, rows = a_family()
    box, stage = play(rows)
    box.catalog.rename(base["id"], "owner/renamed")
    report = stage.crawl(base["id"])
    assert listed(stage, report.manifest.id) == {"owner/renamed", *(r["id"] for r in rows[1:4])}
    assert stage.counts(report.manifest.id)["owner/renamed"] == (2, 3)


def test_a_dead_base_still_has_its_children(play: Play) -> None:
    base, rows = a_family()
    box, stage = play(rows)
    box.catalog.delete(base["id"])
    report = stage.crawl(base["id"])
    assert listed(stage, report.manifest.id) == {row["id"] for row in rows[1:4]}
    assert stage.counts(report.manifest.id)[base["id"]] == (2, 3)


@pytest.mark.parametrize("change", ["none", "renamed", "dead"])
def test_a_descent_is_replayed_offline(play: Play, change: str) -> None:
    base, rows = a_family()
    box, stage = play(rows)
    if change == "renamed":
        box.catalog.rename(base["id"], "owner/renamed")
    if change == "dead":
        box.catalog.delete(base["id"])
    first = stage.crawl(base["id"]).manifest.id
    asked = len(box.requests)
    second = stage.crawl(base["id"], offline=True).manifest.id
    assert len(box.requests) == asked
    assert stage.tables(second) == stage.tables(first)


@pytest.mark.parametrize("most", range(9))
def test_a_descent_goes_on_where_it_stopped(play: Play, most: int) -> None:
    base, rows = a_family()
    box, stage = play(rows)
    with pytest.raises(RequestLimitReached):
        stage.crawl(base["id"], max_requests=most)
    report = stage.crawl(base["id"])
    assert (report.tally.sent, report.tally.replayed) == (9 - most, most)
    assert len(listed(stage, report.manifest.id)) == 4
    assert len(box.requests) == 9


def test_a_descent_outlives_a_hub_that_fails_at_every_request_but_the_first(play: Play) -> None:
    base, rows = a_family()
    down = Fault(FaultKind.STATUS, status=500)
    box, stage = play(rows, faults=Faults(dict.fromkeys(range(2, 60), down), everywhere=True))
    with pytest.raises(SourceUnavailable):
        stage.crawl(base["id"])
    assert stage.published() == []
    box.faults = Faults()
    assert len(listed(stage, stage.crawl(base["id"]).manifest.id)) == 4


def test_full_crawl_and_descent_share_no_pages(play: Play) -> None:
    base, rows = a_family()
    _, stage = play(rows)
    with pytest.raises(RequestLimitReached):
        stage.crawl(base["id"], max_requests=2)
    assert stage.crawl().tally.replayed == 0
    assert stage.crawl(base["id"]).tally.replayed == 2


def test_a_base_may_be_given_as_the_address_of_its_page(play: Play) -> None:
    _, stage = play(WORLD)
    report = stage.crawl(f" https://huggingface.co/{BASES[1]}/ ")
    assert report.manifest.origin.below == BASES[1]
    assert listed(stage, report.manifest.id) == tagged_below(BASES[1]) | {BASES[1]}


def test_a_bad_row_listed_below_two_parents_counts_once(play: Play) -> None:
    base, rows = a_family()
    tags = [f"base_model:{row['id']}" for row in rows[:2]]
    bad = {"_id": "f" * 24, "id": "../x", "tags": tags}
    _, stage = play([*rows, bad])
    assert stage.crawl(base["id"]).manifest.bad_rows == 1
