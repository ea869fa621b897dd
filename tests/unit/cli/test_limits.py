"""Every command says what its answer cannot say, in words and in fields."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lineage.build.pipeline import build_snapshot
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.store.store import ParquetStore
from tests.builders import origin, pages, publication, published, row
from tests.unit.cli.conftest import BASE, Program

UNDATED = "2022-03-02T23:29:05.000Z"
BEFORE, AFTER = ("--as-of", "2024-06-30"), ("--as-of", "9999-12-31")
QUESTIONS = [
    ("count", BASE),
    ("count", BASE, "--by", "month"),
    ("count", BASE, "--explain"),
    ("count", "--top", "3"),
    ("tree", BASE),
]
EXPORTS = ("graphml", "gexf", "dot", "mermaid", "csv", "jsonl")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("limits")
    rows = [
        row(BASE, createdAt=UNDATED),
        row("kid/old", [BASE], createdAt="2024-05-01T00:00:00.000Z"),
        row("kid/undated", [BASE], createdAt=UNDATED),
        row("shy/kid", [BASE], createdAt=UNDATED),
    ]
    published(rows, folder)
    return folder


def answer_of(program: Program, *asked: str | Path) -> dict[str, Any]:
    """The one answer as JSON, alone or in a list."""
    answers = program(*asked, "--format", "json").json
    (answer,) = answers if isinstance(answers, list) else [answers]
    return dict(answer)


@pytest.mark.parametrize("question", QUESTIONS, ids=" ".join)
def test_a_day_before_the_first_snapshot_gives_a_range_in_every_format(
    program: Program, store: Path, question: tuple[str, ...]
) -> None:
    asked: tuple[str | Path, ...] = (*question, *BEFORE, "--store", store)
    table = " ".join(program(*asked).out.split())
    assert "between 1 and 3: 2 have no known date" in table
    assert "2024-06-30 is before the first snapshot, taken 2026-11-21 12:00 UTC" in table
    answer = answer_of(program, *asked)
    assert "before the first snapshot" in answer["notes"][0]
    steps = answer.get("steps", [answer])
    default = next(step for step in steps if step.get("default", True))
    assert (default.get("total", default.get("number")), default["at_most"]) == (1, 3)
    lines = program(*asked, "--format", "csv").out.splitlines()
    assert all("before the first snapshot" in line for line in lines[1:])
    assert "at_most" in lines[0]


def test_a_trace_says_it_too(program: Program, store: Path) -> None:
    asked = ("trace", "kid/old", *BEFORE, "--store", store)
    assert "is before the first snapshot" in program(*asked).out
    (answer,) = program(*asked, "--format", "json").json
    assert (answer["parents_known"], answer["opted_out"], len(answer["notes"])) == (True, 0, 1)


@pytest.mark.parametrize("format", EXPORTS)
def test_an_export_says_it_in_the_file_or_beside_it(
    program: Program, store: Path, format: str
) -> None:
    told = program("export", format, BASE, *BEFORE, "--store", store)
    assert f"{BASE}: 2024-06-30 is before the first snapshot" in told.err
    assert ("before the first snapshot" in told.out) is (format not in ("csv", "jsonl"))


@pytest.mark.parametrize("question", [*QUESTIONS, ("trace", "kid/old")], ids=" ".join)
def test_a_day_after_the_last_snapshot_says_when_the_data_end(
    program: Program, store: Path, question: tuple[str, ...]
) -> None:
    told = " ".join(program(*question, *AFTER, "--store", store).out.split())
    assert "the data end 2026-11-21 12:00 UTC, before 9999-12-31 is over" in told


@pytest.mark.parametrize("question", [*QUESTIONS, ("trace", "shy/kid")], ids=" ".join)
def test_who_opted_out_is_counted_and_never_named(
    program: Program, store: Path, question: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINEAGE_OPT_OUTS", "shy")
    told = program(*question, "--store", store)
    if question[0] == "trace":
        assert told.code == 5
        return
    assert "1 is left out: they, or what they come from, asked for it" in " ".join(told.out.split())
    assert "shy" not in told.out
    assert answer_of(program, *question, "--store", store)["opted_out"] == 1


def test_an_empty_ranking_of_a_snapshot_without_parents_says_so(
    program: Program, tmp_path: Path
) -> None:
    build_snapshot(
        pages([row(BASE)]), replace(origin(), parents_known=False), publication(tmp_path)
    )
    assert not ParquetStore(str(tmp_path), NO_OPT_OUTS).snapshot().manifest.origin.parents_known
    for format, stream in (("table", "out"), ("json", "err"), ("csv", "err")):
        told = program("count", "--top", "3", "--store", tmp_path, "--format", format)
        assert "parents are not known" in " ".join(getattr(told, stream).split())
    told = program("count", BASE, "--store", tmp_path)
    assert "0 without a known date; parents are not known" in told.out
