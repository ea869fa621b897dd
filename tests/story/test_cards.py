"""Card texts over real HTTP: which are asked for, what they bring, when they are asked again."""

from datetime import timedelta
from pathlib import Path

import pytest

from lineage.crawl.plan import CrawlMode
from lineage.demo.box import Quota
from lineage.demo.catalog import Row
from lineage.domain.progress import Progress
from lineage.errors import RequestLimitReached
from lineage.store import schema
from tests.fakes.fake_hub import FakeHub
from tests.story.conftest import Play
from tests.story.stage import Stage
from tests.unit.demo.rows import a_child, a_row

ROOT = "meta-llama/Llama-2-7b-hf"
LINK = f"[Llama 2](https://huggingface.co/{ROOT})"


def a_llama(number: int, text: str | None, **more: object) -> Row:
    card = {} if text is None else {"_readme": text}
    return a_row(number, config={"model_type": "llama"}, **card, **more)


def a_hub() -> list[Row]:
    """A root, two undeclared fine-tunes, one that declares its parent, one of another kind."""
    root = a_row(0, id=ROOT, author="meta-llama", config={"model_type": "llama"})
    return [
        root,
        a_llama(1, f"This model is a fine-tuned version of {LINK} on our data.", downloads=5),
        a_llama(2, f"Original model: {LINK}", downloads=9),
        a_child(3, root, _readme=f"A merge of {LINK} and nothing."),
        a_row(4, config={"model_type": "bert"}, _readme=f"Fine-tuned from {LINK}."),
        a_llama(5, None),
    ]


def card_paths(box: FakeHub) -> list[str]:
    return [path for _, path, _ in box.requests if "/resolve/" in path]


def guessed(stage: Stage, id: str) -> list[tuple[str, str, str]]:
    columns = ["child", "relation", "strength", "rules"]
    rows = stage.store.snapshot(id).table(schema.EDGES_FILE, columns).to_pylist()
    return [
        (row["child"], row["relation"], row["strength"])
        for row in rows
        if row["rules"] == ["card_text"]
    ]


def listen(box: FakeHub, stage: Stage) -> list[tuple[str, int]]:
    """Return what a stage says from now on, and how many cards were asked for by then."""
    told: list[tuple[str, int]] = []

    class Listener(Progress):
        def say(self, message: str) -> None:
            told.append((message, len(card_paths(box))))

    stage.progress = Listener()
    return told


def test_a_card_gives_an_undeclared_model_an_inferred_parent(play: Play) -> None:
    _, stage = play(a_hub())
    report = stage.crawl(cards=True)
    assert guessed(stage, report.manifest.id) == [
        ("owner/model-1", "finetune", "inferred"),
        ("owner/model-2", "unspecified", "inferred"),
    ]
    assert stage.counts(report.manifest.id) == {ROOT: (1, 1)}


def test_without_being_told_no_card_is_read(play: Play) -> None:
    box, stage = play(a_hub())
    report = stage.crawl()
    assert report.cards is None
    assert card_paths(box) == []


def test_only_cards_that_can_help_are_asked_for_and_the_most_downloaded_first(play: Play) -> None:
    box, stage = play(a_hub())
    report = stage.crawl(cards=True)
    asked = [path.partition("/resolve/")[0] for path in card_paths(box)]
    assert asked == ["/owner/model-2", "/owner/model-1", "/owner/model-5"]
    assert report.cards == 3
    assert report.tally.sent == len(box.requests)


def test_a_card_is_asked_for_once_a_commit(play: Play) -> None:
    box, stage = play(a_hub())
    first = stage.crawl(cards=True).manifest.id
    before = guessed(stage, first)
    box.requests.clear()
    stage.clock.sleep(60)
    second = stage.crawl(cards=True)
    assert (card_paths(box), second.cards) == ([], 0)
    assert guessed(stage, second.manifest.id) == before
    box.catalog.touch("owner/model-1", stage.clock.now() + timedelta(days=1))
    stage.clock.sleep(60)
    third = stage.crawl(cards=True)
    assert card_paths(box) == ["/owner/model-1/resolve/main/README.md"]
    assert third.cards == 1
    assert guessed(stage, third.manifest.id) == before


def test_a_new_text_is_read_when_the_commit_changed(play: Play) -> None:
    box, stage = play(a_hub())
    stage.crawl(cards=True)
    row = box.catalog.box_model_at("owner/model-1")
    assert row is not None
    box.catalog.add(row | {"_readme": "No more is said.", "sha": "f" * 40})
    stage.clock.sleep(60)
    said = guessed(stage, stage.crawl(cards=True).manifest.id)
    assert [child for child, *_ in said] == ["owner/model-2"]


@pytest.mark.parametrize("mode", [CrawlMode.UPDATE, CrawlMode.FULL])
def test_between_crawls_that_read_cards_their_words_are_kept(play: Play, mode: CrawlMode) -> None:
    box, stage = play([*a_hub(), *(a_row(number) for number in range(6, 40))])
    before = stage.crawl(cards=True).manifest.id
    assert len(guessed(stage, before)) == 2
    box.requests.clear()
    for _ in range(2):
        stage.clock.sleep(60)
        kept = stage.crawl(mode=mode).manifest.id
        assert stage.tables(kept)["evidence.parquet"] == stage.tables(before)["evidence.parquet"]
        assert stage.tables(kept)["edges.parquet"] == stage.tables(before)["edges.parquet"]
    assert card_paths(box) == []


@pytest.mark.parametrize("mode", [CrawlMode.UPDATE, CrawlMode.FULL])
def test_a_commit_ends_what_a_card_said_until_it_is_read_again(play: Play, mode: CrawlMode) -> None:
    box, stage = play([*a_hub(), *(a_row(number) for number in range(6, 40))])
    stage.crawl(cards=True)
    stage.clock.sleep(60)
    box.catalog.touch("owner/model-1", stage.clock.now())
    assert [child for child, *_ in guessed(stage, stage.crawl(mode=mode).manifest.id)] == [
        "owner/model-2"
    ]
    stage.clock.sleep(60)
    again = stage.crawl(mode=mode, cards=True).manifest.id
    assert [child for child, *_ in guessed(stage, again)] == ["owner/model-1", "owner/model-2"]


def test_an_update_and_a_full_crawl_keep_the_same_words(play: Play, tmp_path: Path) -> None:
    world = [*a_hub(), *(a_row(number) for number in range(6, 40))]
    box, stage = play(world)
    other = Stage(tmp_path / "other", box.url)
    for one in (stage, other):
        one.crawl(cards=True)
    box.catalog.touch("owner/model-2", stage.clock.now())
    box.catalog.add(a_child(40, world[1]))
    tables = []
    for one, mode in ((stage, CrawlMode.UPDATE), (other, CrawlMode.FULL)):
        one.clock.sleep(60)
        id = one.crawl(mode=mode).manifest.id
        assert [child for child, *_ in guessed(one, id)] == ["owner/model-1"]
        tables.append(one.tables(id))
    assert tables[0] == tables[1]


def test_who_comes_back_unchanged_brings_its_words_along(play: Play) -> None:
    box, stage = play([*a_hub(), *(a_row(number) for number in range(6, 40))])
    before = guessed(stage, stage.crawl(cards=True).manifest.id)
    row = box.catalog.box_model_at("owner/model-1")
    assert row is not None
    box.catalog.delete("owner/model-1")
    stage.clock.sleep(60)
    gone = stage.crawl().manifest
    assert (gone.tombstones, guessed(stage, gone.id)) == (1, before[1:] + before[:1])
    box.catalog.add(row)
    stage.clock.sleep(60)
    assert guessed(stage, stage.crawl().manifest.id) == before


def test_the_bound_on_requests_holds_for_cards_too_and_what_came_is_kept(play: Play) -> None:
    box, stage = play(a_hub())
    with pytest.raises(RequestLimitReached):
        stage.crawl(cards=True, max_requests=4)
    assert len(box.requests) == 4
    assert stage.published() == []
    report = stage.crawl(cards=True)
    assert report.cards == 2
    assert len(guessed(stage, report.manifest.id)) == 2


def test_so_many_cards_at_most_are_asked_for_in_one_crawl(play: Play) -> None:
    _, stage = play(a_hub())
    report = stage.crawl(cards=True, max_cards=1)
    assert report.cards == 1
    assert [child for child, *_ in guessed(stage, report.manifest.id)] == ["owner/model-2"]
    stage.clock.sleep(60)
    assert stage.crawl(cards=True, max_cards=1).cards == 1


def test_offline_uses_the_cards_that_are_stored(play: Play) -> None:
    box, stage = play(a_hub())
    online = stage.crawl(cards=True).manifest.id
    box.requests.clear()
    offline = stage.crawl(cards=True, offline=True)
    assert (box.requests, offline.cards) == ([], 0)
    assert guessed(stage, offline.manifest.id) == guessed(stage, online)


def test_a_damaged_card_is_asked_for_again(play: Play) -> None:
    box, stage = play(a_hub())
    stage.crawl(cards=True)
    for path in stage.folder.glob("cache/cards/*/*.card"):
        path.write_bytes(path.read_bytes()[:-3])
    box.requests.clear()
    stage.clock.sleep(60)
    report = stage.crawl(cards=True)
    assert len(card_paths(box)) == 3
    assert len(guessed(stage, report.manifest.id)) == 2


def test_a_renamed_model_s_card_is_found_under_its_new_name(play: Play) -> None:
    box, stage = play(a_hub())

    def renamed(number: int) -> None:
        if number == 2:  # after the listing, before its card
            box.catalog.rename("owner/model-2", "owner/model-two")

    box.on_request = renamed
    report = stage.crawl(cards=True)
    assert ("owner/model-2", "unspecified", "inferred") in guessed(stage, report.manifest.id)


def test_the_resolvers_quota_is_kept_beside_the_listing_s(play: Play) -> None:
    box, stage = play(a_hub(), quotas={None: Quota(10**6, resolvers=4)})
    began = stage.clock.monotonic()
    report = stage.crawl(cards=True)
    assert len(guessed(stage, report.manifest.id)) == 2
    assert report.tally.refused_429 == 0
    assert stage.clock.monotonic() - began >= 200
    assert all(status < 429 or status == 401 for *_, status in box.requests)


def test_the_plan_is_said_before_the_first_card_is_asked_for(play: Play) -> None:
    box, stage = play(a_hub())
    told = listen(box, stage)
    stage.crawl(cards=True)
    assert told == [
        (
            "cards: 3 to ask, 0 known; up to 6 requests, no wait for the resolvers' quota",
            0,
        )
    ]


def test_the_most_downloaded_cards_by_a_trainer_are_read_too_within_the_bound(play: Play) -> None:
    text = f"This model is a fine-tuned version of {LINK} on an unknown dataset."
    by_trainer = {"tags": ["generated_from_trainer"], "_readme": text}
    hub = a_hub()
    box, stage = play(
        [
            *hub,
            a_row(6, downloads=7, **by_trainer),
            a_row(7, downloads=1, **by_trainer),
            a_child(8, hub[0], downloads=99, _readme=text)
            | {"tags": ["generated_from_trainer", f"base_model:{ROOT}"]},
        ]
    )
    told = listen(box, stage)
    report = stage.crawl(cards=True, max_cards=2)
    asked = [path.partition("/resolve/")[0] for path in card_paths(box)]
    assert asked == ["/owner/model-2", "/owner/model-6"]
    assert [message for message, _ in told] == [
        "cards: 2 to ask, 0 known, 3 left for later crawls; up to 4 requests, "
        "no wait for the resolvers' quota"
    ]
    assert guessed(stage, report.manifest.id) == [
        ("owner/model-2", "unspecified", "inferred"),
        ("owner/model-6", "finetune", "inferred"),
    ]
