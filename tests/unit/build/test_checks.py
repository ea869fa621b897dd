"""Where refusal begins, to the row."""

from dataclasses import replace

import pytest

from lineage.build.checks import (
    CHECKS,
    DraftFacts,
    Limits,
    check_bad_rows,
    check_draft_endpoint,
    check_not_empty,
    check_sudden_loss,
    run_checks,
)
from lineage.store.manifest import SnapshotKind

SOUND = DraftFacts(
    kind=SnapshotKind.FULL,
    endpoint="https://hub.example",
    models=1000,
    bad_rows=0,
    previous_models=1000,
    previous_endpoint="https://hub.example",
)
LIMITS = Limits()


def test_a_sound_draft_passes_every_check() -> None:
    results = run_checks(SOUND, LIMITS)
    assert len(results) == len(CHECKS)
    assert all(one.passed for one in results)


@pytest.mark.parametrize(
    ("models", "bad_rows", "passes"),
    [
        (0, 0, True),
        (0, 10, True),
        (0, 11, False),
        (989, 10, True),
        (990, 11, False),
        (9_900, 100, True),
        (9_899, 101, False),
        (1_089, 11, True),
        (1_088, 11, False),
    ],
)
def test_more_than_one_percent_of_bad_rows_and_more_than_ten_are_refused(
    models: int, bad_rows: int, passes: bool
) -> None:
    facts = replace(SOUND, models=models, bad_rows=bad_rows)
    assert check_bad_rows(facts, LIMITS).passed is passes


def test_the_share_of_bad_rows_is_a_setting() -> None:
    facts = replace(SOUND, models=50, bad_rows=50)
    assert check_bad_rows(facts, Limits(max_bad_share=0.5)).passed
    assert not check_bad_rows(facts, Limits(max_bad_share=0.49)).passed


@pytest.mark.parametrize(
    ("models", "previous", "passes"),
    [
        (900, 1000, True),
        (899, 1000, False),
        (9, 10, True),
        (8, 10, False),
        (0, 1, False),
        (1, 1, True),
        (0, 0, True),
        (0, None, True),
        (5000, 1000, True),
    ],
)
def test_fewer_than_nine_tenths_of_the_last_models_are_refused(
    models: int, previous: int | None, passes: bool
) -> None:
    facts = replace(SOUND, models=models, previous_models=previous)
    assert check_sudden_loss(facts, LIMITS).passed is passes


def test_the_share_to_be_kept_is_a_setting() -> None:
    facts = replace(SOUND, models=500)
    assert check_sudden_loss(facts, Limits(min_kept_share=0.5)).passed
    assert not check_sudden_loss(facts, Limits(min_kept_share=0.501)).passed


@pytest.mark.parametrize("kind", [kind for kind in SnapshotKind if kind is not SnapshotKind.FULL])
def test_only_a_full_crawl_can_lose_models(kind: SnapshotKind) -> None:
    assert check_sudden_loss(replace(SOUND, kind=kind, models=1), LIMITS).passed


@pytest.mark.parametrize(
    ("previous", "passes"),
    [
        (None, True),
        ("https://hub.example", True),
        ("https://hub.example/", True),
        ("https://elsewhere.example", False),
        ("http://hub.example", False),
    ],
)
def test_snapshots_of_two_hubs_do_not_mix(previous: str | None, passes: bool) -> None:
    assert check_draft_endpoint(replace(SOUND, previous_endpoint=previous), LIMITS).passed is passes


def test_notes_say_the_numbers() -> None:
    facts = replace(SOUND, models=899, bad_rows=3, previous_endpoint="https://elsewhere.example")
    notes = {one.name: one.notes for one in run_checks(facts, LIMITS)}
    assert "3 of 902 rows" in notes["few_bad_rows"]
    assert "899 models" in notes["no_sudden_loss"]
    assert "at least 900" in notes["no_sudden_loss"]
    assert "elsewhere" in notes["same_endpoint"]


@pytest.mark.parametrize(("models", "passes"), [(0, False), (1, True)])
def test_a_draft_without_models_is_refused(models: int, passes: bool) -> None:
    assert check_not_empty(replace(SOUND, models=models), LIMITS).passed is passes
