"""What a crawl costs the Hub: no request too many, and no more of the limit than its share."""

import pytest

from lineage.demo.box import Quota
from tests.story.conftest import Play
from tests.story.stage import PAGE, a_world
from tests.unit.demo.rows import a_row

MANY = [a_row(number) for number in range(44_900)]
WINDOW = 300


@pytest.mark.parametrize("rows", [1, 999, 1000, 1001, 3500])
def test_a_full_crawl_costs_a_request_for_a_thousand_models(play: Play, rows: int) -> None:
    box, stage = play(a_world(rows))
    report = stage.crawl()
    assert report.manifest.models == rows
    pages, full_end = max(1, -(-rows // PAGE)), 2 * (rows % PAGE == 0)
    # The newest model is asked for, and a full page that names no next is asked for three times.
    assert len(box.requests) == report.tally.sent == pages + full_end + 1


@pytest.mark.parametrize(("quota", "share"), [(10, 0.9), (20, 0.5), (7, 1.0)])
def test_a_long_crawl_spends_its_share_of_every_window_and_meets_no_refusal(
    play: Play, quota: int, share: float
) -> None:
    box, stage = play(MANY, quotas={None: Quota(quota)}, window_seconds=WINDOW)
    asked_at: list[float] = []
    box.on_request = lambda _: asked_at.append(stage.clock.monotonic())
    report = stage.crawl(share=share)
    assert report.manifest.models == len(MANY)
    assert {status for _, _, status in box.requests} == {200}
    spent = in_windows(asked_at)
    assert max(spent) <= share * quota
    assert min(spent[:-1]) >= 0.98 * share * quota
    assert stage.clock.monotonic() <= (len(spent) - 1) * (WINDOW + 1)


def in_windows(moments: list[float]) -> list[int]:
    """How many requests fell into each window; one begins with the first request after another."""
    spent: list[int] = []
    start = -float(WINDOW)
    for moment in moments:
        if moment - start >= WINDOW:
            start = moment
            spent.append(0)
        spent[-1] += 1
    return spent
