"""Snapshots older and newer than a rename answer under both names, with numbers that are alike."""

from datetime import datetime
from pathlib import Path

import pytest

from lineage.families.registry import all_families
from tests.builders import ENDPOINT, Row, key_of, published, row
from tests.story.test_dumps import a_dump
from tests.unit.cli.conftest import Program

OLD, NEW = "meta-llama/Meta-Llama-3.1-8B", "meta-llama/Llama-3.1-8B"
DUMPED, CRAWLED = "2024-08-01", datetime.fromisoformat("2026-11-20T12:00:00+00:00")
UNREGISTERED = "meta/Llama-2-7b"
"""What a root that the registry knows by one name alone was called before."""
OTHER_ROOT = "meta-llama/Llama-2-7b-hf"


def rows(names: dict[str, str]) -> list[Row]:
    """Two roots with their children, whose cards have the names that the roots had first."""
    made = []
    for first, children in ((OLD, 40), (UNREGISTERED, 30)):
        now = names.get(first, first)
        made.append(row(now, _id=key_of(first), createdAt="2024-07-14T22:20:15.000Z"))
        parent = {"relation": "finetune", "models": [{"_id": key_of(first), "id": now}]}
        made += [
            row(
                f"kid-{n}/of-{first.partition('/')[2]}",
                [first],
                baseModels=parent,
                createdAt="2024-07-20T00:00:00.000Z",
                lastModified="2024-07-31T00:00:00.000Z",
            )
            for n in range(children)
        ]
    return made


@pytest.fixture(params=["dump first", "dump last"])
def history(request: pytest.FixtureRequest, program: Program, tmp_path: Path) -> Program:
    """A dump of 2024-08-01 and a crawl after both renames, in either order."""
    place = a_dump(rows({}), tmp_path / "dumps")
    names = {OLD: NEW, UNREGISTERED: OTHER_ROOT}

    def dump() -> None:
        done = program("crawl", "--dump", place, "--taken-at", DUMPED, "--endpoint", ENDPOINT)
        assert done.code == 0, done.err

    if request.param == "dump first":
        dump()
    published(rows(names), tmp_path / "snapshots", families=all_families(), taken_at=CRAWLED)
    if request.param == "dump last":
        dump()
    return program


@pytest.mark.parametrize("snapshot", [DUMPED, "latest"])
def test_a_family_is_the_same_before_and_after_its_roots_were_renamed(
    history: Program, snapshot: str
) -> None:
    (count,) = history("count", "llama", "--snapshot", snapshot, "--format", "json").json
    assert (count["direct"], count["total"]) == (70, 70)
    for name, total in ((OLD, 40), (NEW, 40), (UNREGISTERED, 30), (OTHER_ROOT, 30)):
        (count,) = history("count", name, "--snapshot", snapshot, "--format", "json").json
        assert (name, count["total"]) == (name, total)
    for child in ("kid-3/of-Meta-Llama-3.1-8B", "kid-3/of-Llama-2-7b"):
        (answer,) = history("trace", child, "--snapshot", snapshot, "--format", "json").json
        assert (child, answer["descends"]) == (child, True)


def test_a_day_between_is_answered_by_the_dump(history: Program) -> None:
    for name, total in (("llama", 70), (OLD, 40), (NEW, 40), (OTHER_ROOT, 30)):
        (count,) = history("count", name, "--as-of", "2024-08-15", "--format", "json").json
        assert (name, count["snapshot"][:8], count["total"]) == (name, "20240801", total)


@pytest.mark.parametrize("subject", ["llama", OLD, NEW, UNREGISTERED, OTHER_ROOT])
def test_a_rename_is_no_growth(history: Program, subject: str) -> None:
    curve = history("snapshots", "trend", subject, "--format", "json").json
    assert len({point["total"] for point in curve["whole"]["values"]}) == 1


def test_a_rename_is_no_change_of_edges(history: Program) -> None:
    diff = history("snapshots", "diff", DUMPED, "latest", "--format", "json").json
    assert len(diff["renamed"]) == 2
    assert (diff["added"], diff["removed"]) == ([], [])
    assert (diff["edges_added"], diff["edges_removed"]) == (0, 0)
