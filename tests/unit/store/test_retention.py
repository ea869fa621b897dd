"""Which snapshots a rule keeps: the newest of each period, and what no rule may take away."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.domain.clock import snapshot_id
from lineage.errors import SettingsError
from lineage.store.manifest import BuildsOn, Manifest, Origin, SnapshotKind
from lineage.store.retention import DEFAULT, read_retention_rule, snapshots_kept_by

START = datetime(2025, 1, 1, 6, tzinfo=UTC)


def a_manifest(moment: datetime, kind: SnapshotKind = SnapshotKind.UPDATE) -> Manifest:
    origin = Origin(
        kind, "https://hub.example", moment, "a/b" if kind is SnapshotKind.BELOW else None
    )
    return Manifest(snapshot_id(moment), origin, moment, None, 1, 0, 0, 0, {}, {}, (), "test")


def daily(days: int, every: int = 7) -> list[Manifest]:
    """So many days of updates with a sweep every week."""
    kinds = [SnapshotKind.UPDATE if day % every else SnapshotKind.FULL for day in range(days)]
    return [a_manifest(START + timedelta(days=day), kind) for day, kind in enumerate(kinds)]


def on_bases(some: list[Manifest]) -> list[Manifest]:
    """The same days, each update upon the last sweep before it."""
    found, base = [], ""
    for one in some:
        base = one.id if one.origin.kind is SnapshotKind.FULL else base
        upon = None if one.id == base else BuildsOn(base, {})
        found.append(replace(one, builds_on=upon))
    return found


def trend_days_of(kept: list[str]) -> list[int]:
    return [(datetime.strptime(id, "%Y%m%dT%H%M%S%z") - START).days for id in sorted(kept)]


def test_a_year_of_days_keeps_thirty_days_then_weeks_then_months() -> None:
    kept = trend_days_of(list(snapshots_kept_by(read_retention_rule(DEFAULT), daily(400))))
    assert kept[-30:] == list(range(370, 400))
    weeks = [day for day in kept if 100 <= day < 300]
    assert {later - earlier for earlier, later in pairwise(weeks)} <= {*range(1, 8)}
    assert len([day for day in kept if day < 31]) <= 3
    assert kept[0] == 0


def test_of_one_period_the_newest_is_kept() -> None:
    hours = [a_manifest(START + timedelta(hours=n), SnapshotKind.FULL) for n in (0, 5, 9, 30)]
    kept = snapshots_kept_by(read_retention_rule("all daily"), hours)
    assert [one.id in kept for one in hours] == [True, False, True, True]  # the first always stays


def test_the_newest_the_last_full_crawl_and_the_first_one_always_stay() -> None:
    some = daily(10)
    kept = snapshots_kept_by((), some)
    assert trend_days_of(list(kept)) == [0, 7, 9]


def test_what_lies_below_one_base_stays() -> None:
    below = a_manifest(START + timedelta(hours=1), SnapshotKind.BELOW)
    assert below.id in snapshots_kept_by(read_retention_rule("1 yearly"), [*daily(3), below])
    assert snapshots_kept_by(read_retention_rule("1 daily"), []) == {}


def test_what_a_kept_update_builds_on_stays_with_it_and_says_why() -> None:
    some = on_bases(daily(20))
    kept = snapshots_kept_by(read_retention_rule("1 daily"), some)
    assert trend_days_of(list(kept)) == [0, 14, 19]  # the first, and the newest with its base
    kept = snapshots_kept_by(read_retention_rule("7 daily"), some)
    assert trend_days_of(list(kept)) == [0, 7, *range(13, 20)]
    assert kept[some[7].id] == f"{some[13].id} builds on it"


@pytest.mark.parametrize(
    "text", ["", "daily", "30 days", "0 daily", "-1 daily", "5 daily;", "all", "٣ daily"]
)
def test_a_rule_that_says_nothing_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="no rule"):
        read_retention_rule(text)


@given(st.lists(st.integers(0, 900), unique=True, max_size=60), st.integers(1, 40), st.booleans())
def test_pruning_twice_is_pruning_once(days: list[int], periods: int, chained: bool) -> None:
    rule = read_retention_rule(f"{periods} daily, 4 weekly, all monthly")
    kinds = [
        SnapshotKind.UPDATE if chained and at % 5 else SnapshotKind.FULL for at in range(len(days))
    ]
    moments = [START + timedelta(days=day) for day in sorted(days)]
    some = on_bases([a_manifest(*one) for one in zip(moments, kinds, strict=True)])
    kept = snapshots_kept_by(rule, some)
    left = [one for one in some if one.id in kept]
    assert set(snapshots_kept_by(rule, left)) == set(kept)
    assert all(one.builds_on.id in kept for one in left if one.builds_on is not None)
