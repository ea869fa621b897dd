"""The crawler behind the weeks: what it publishes, goes on with, and leaves alone."""

from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest

from lineage.build.pipeline import build_snapshot
from lineage.demo.box import HubBox
from lineage.demo.catalog import Catalog, Fact
from lineage.demo.replay import WEEKS, DemoHistory, demo_settings, replay_weeks
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.domain.progress import Progress
from lineage.errors import SettingsError
from lineage.store.manifest import SnapshotKind
from lineage.store.store import ParquetStore
from tests.builders import origin, pages, publication, row
from tests.unit.demo.facts import a_fact

FULL, UPDATE = SnapshotKind.FULL, SnapshotKind.UPDATE


class Heard(Progress):
    def __init__(self) -> None:
        self.stages: list[str] = []
        self.said: list[str] = []

    def begin(self, stage: str, total: int | None = None) -> None:
        self.stages.append(stage)

    def say(self, message: str) -> None:
        self.said.append(message)


def some_facts() -> list[Fact]:
    """Twenty old models, then a newcomer each week; the second is gone from the fourth list on."""
    old = [a_fact(f"old/model-{number}") for number in range(20)]
    new = [a_fact(f"new/model-{at}", "old/model-0", created_at=WEEKS[at]) for at in range(1, 6)]
    new[1] = a_fact("new/model-2", "old/model-0", created_at=WEEKS[2], deleted_at=WEEKS[3])
    return [*old, *new]


def test_every_fourth_week_is_a_full_crawl_and_those_between_are_updates(
    tmp_path: Path,
) -> None:
    followed = replay_weeks(tmp_path, DemoHistory(some_facts()), Progress(), WEEKS[:6])
    taken = followed.manifests
    assert [one.origin.kind for one in taken] == [FULL, UPDATE, UPDATE, UPDATE, FULL, UPDATE]
    assert [one.origin.taken_at for one in taken] == list(WEEKS[:6])
    assert [one.id for one in taken] == [f"{week:%Y%m%dT%H%M%SZ}" for week in WEEKS[:6]]
    assert [one.models for one in taken] == [20, 21, 22, 23, 23, 24]
    assert [one.tombstones for one in taken] == [0, 0, 0, 0, 1, 1]
    assert followed.crawled == 6
    assert followed.tally.sent > 6


def test_the_hub_tells_the_date_of_its_week(tmp_path: Path) -> None:
    followed = replay_weeks(tmp_path, DemoHistory(some_facts()), Progress(), WEEKS[:2])
    dates = [one.origin.requests["hub_date"] for one in followed.manifests]
    assert dates == [format_datetime(week, usegmt=True) for week in WEEKS[:2]]


def test_deleted_models_are_missed_by_the_next_full_crawl(tmp_path: Path) -> None:
    replay_weeks(tmp_path, DemoHistory(some_facts()), Progress(), WEEKS[:5])
    last = ParquetStore(demo_settings(tmp_path, "").store, NO_OPT_OUTS).snapshot()
    (dead,) = last.tombstones(["id", "missed_at"]).to_pylist()
    assert dead == {"id": "new/model-2", "missed_at": WEEKS[4]}


def test_a_run_that_was_stopped_goes_on_at_the_same_address(tmp_path: Path) -> None:
    facts = some_facts()
    replay_weeks(tmp_path, DemoHistory(facts), Progress(), WEEKS[:2])
    followed = replay_weeks(tmp_path, DemoHistory(facts), Progress(), WEEKS[:5])
    assert followed.crawled == 3
    assert [one.origin.taken_at for one in followed.manifests] == list(WEEKS[:5])
    assert len({one.origin.endpoint for one in followed.manifests}) == 1


def test_what_is_there_is_not_crawled_again(tmp_path: Path) -> None:
    first = replay_weeks(tmp_path, DemoHistory(some_facts()), Progress(), WEEKS[:2])
    again = replay_weeks(tmp_path, DemoHistory([]), Progress(), WEEKS[:2])
    assert (again.crawled, again.tally.sent) == (0, 0)
    assert again.manifests == first.manifests


def test_each_stage_names_its_week_and_nothing_is_said_beside_it(tmp_path: Path) -> None:
    heard = Heard()
    replay_weeks(tmp_path, DemoHistory(some_facts()), heard, WEEKS[:2])
    assert {stage.partition(":")[0] for stage in heard.stages} == {"week 1 of 2", "week 2 of 2"}
    assert heard.said == []


@pytest.mark.parametrize(
    ("endpoint", "taken_at"),
    [
        ("https://hub.example", WEEKS[0]),
        ("http://127.0.0.1:8765", datetime(2026, 11, 22, tzinfo=UTC)),
    ],
)
def test_a_real_history_is_never_touched(tmp_path: Path, endpoint: str, taken_at: datetime) -> None:
    store = tmp_path / "snapshots"
    build_snapshot(pages([row()]), origin(endpoint=endpoint, taken_at=taken_at), publication(store))
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(SettingsError, match="none of this demo") as refused:
        replay_weeks(tmp_path, DemoHistory(some_facts()), Progress())
    assert "another folder" in refused.value.hint
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_with_other_things_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work", "utf-8")
    with pytest.raises(SettingsError, match=r"holds other things: thesis\.txt"):
        replay_weeks(tmp_path, DemoHistory(some_facts()), Progress(), WEEKS[:1])
    assert [one.name for one in tmp_path.iterdir()] == ["thesis.txt"]


def test_an_address_that_is_taken_is_said_before_anything_is_crawled(tmp_path: Path) -> None:
    store = tmp_path / "snapshots"
    with HubBox(Catalog()) as other:
        there = origin(endpoint=other.url, taken_at=WEEKS[0])
        build_snapshot(pages([row()]), there, publication(store))
        with pytest.raises(SettingsError, match="cannot be had") as refused:
            replay_weeks(tmp_path, DemoHistory(some_facts()), Progress())
    assert "another folder" in refused.value.hint
    assert len(list(store.iterdir())) == 1


def test_a_demo_has_no_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "somebodys")
    assert demo_settings(tmp_path, "http://127.0.0.1:9").token is None
