"""In a store of single families alone the latest snapshot that holds the subject answers."""

from datetime import timedelta
from pathlib import Path

import pytest

import lineage
from lineage.build.pipeline import build_snapshot
from lineage.store.manifest import Origin, SnapshotKind
from tests.builders import ENDPOINT, Row, pages, publication, row
from tests.fakes.fake_clock import NOON
from tests.unit.cli.conftest import BASE, OTHER, Program


@pytest.fixture
def families(tmp_path: Path) -> tuple[Path, str, str]:
    """A store with what lies below one model, then below another, of which one is a merge."""
    folder = tmp_path / "snapshots"
    first = below(folder, BASE, [row(BASE), row("kid/a", [BASE])], 0)
    merge = row("kid/merge", [OTHER, BASE], "merge")
    return folder, first, below(folder, OTHER, [row(OTHER), merge], 1)


def below(folder: Path, base: str, rows: list[Row], days: int) -> str:
    taken = Origin(SnapshotKind.BELOW, ENDPOINT, NOON + timedelta(days=days), below=base)
    return build_snapshot(pages(rows), taken, publication(folder)).id


@pytest.mark.parametrize(
    "command",
    [
        ("count", BASE),
        ("count", "llama"),
        ("count", BASE, "--explain"),
        ("tree", BASE),
        ("trace", "kid/a"),
        ("export", "csv", BASE),
    ],
)
def test_the_snapshot_of_the_subject_answers(
    program: Program, families: tuple[Path, str, str], command: tuple[str, ...]
) -> None:
    _, first, _ = families
    outcome = program(*command)
    named = program(*command, "--snapshot", first)
    assert (outcome.code, outcome.out) == (0, named.out)


def test_a_day_before_the_first_of_a_family_is_answered_by_it(
    program: Program, families: tuple[Path, str, str]
) -> None:
    _, first, second = families
    for subject, id in ((BASE, first), (OTHER, second)):
        (count,) = program("count", subject, "--as-of", "2024-03-30", "--format", "json").json
        assert (count["snapshot"], count["total"]) == (id, 1)
        assert "is before the first snapshot" in count["notes"][0]


def test_the_answer_says_that_it_is_one_family(
    program: Program, families: tuple[Path, str, str]
) -> None:
    _, first, second = families
    counted = " ".join(program("count", BASE).out.split())
    assert f"{first}, taken" in counted
    assert f"it holds only what lies below {BASE}" in counted
    (count,) = program("count", OTHER, "--format", "json").json
    assert (count["snapshot"], count["total"]) == (second, 1)


def test_a_subject_that_none_of_them_holds_is_refused(
    program: Program, families: tuple[Path, str, str]
) -> None:
    outcome = program("count", "no/body")
    assert outcome.code == 4
    assert "one base's family each" in outcome.err


def test_python_answers_alike(
    families: tuple[Path, str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert lineage.count_derivatives(BASE).total == 1
    assert lineage.trace_model("kid/a").descends is True
    assert len(lineage.load_family(BASE)) == 2
