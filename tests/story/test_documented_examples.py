"""Every example of docs/commands.md and of the commands' help runs as it stands."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from lineage.cli.main import lineage
from lineage.demo.box import HubBox
from lineage.demo.catalog import Catalog, corpus_rows
from lineage.families.registry import all_families
from tests.builders import Row, published, row
from tests.house.command_docs import PAGE
from tests.story.stage import PLENTY

FIRST, LAST = "2025-03-12", "2025-07-02"
"""Days of the demo's history that the examples name."""
NEW = "owner/new-model"
SUBJECTS = ("Llama-3.1-8B", "Llama-2-7b", "Mistral-7B-v0.1", "Qwen2.5-7B", "Llama-Guard-3-8B")
CHILDREN = ("lmsys/vicuna-7b-v1.5", "databricks/dolly-v2-12b")
ENDLESS = frozenset({"lineage schedule run --every 24h"})
"""Runs until it is asked to end; tests/story/test_schedule.py does."""


def examples() -> list[str]:
    """Return the commands of the page, without what a shell does with their output."""
    page = PAGE.read_text("utf-8")
    in_help = re.findall(r"^    (lineage .+)$", page, re.MULTILINE)
    in_prose = [
        line
        for block in re.findall(r"^```sh\n(.+?)^```", page, re.MULTILINE | re.DOTALL)
        for line in block.splitlines()
    ]
    return sorted({*in_help, *in_prose} - ENDLESS)


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """Some thousand models of the corpus: all that lie near what the examples name."""
    return [
        dict(model)
        for model in corpus_rows()
        if model["id"] in CHILDREN or any(name in str(model) for name in SUBJECTS)
    ][:4000]


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory, rows: list[Row]) -> Path:
    """A store with two of the demo's days."""
    folder = tmp_path_factory.mktemp("examples")
    for day, models in ((FIRST, rows[:-50]), (LAST, rows)):
        taken_at = datetime.fromisoformat(day).replace(tzinfo=UTC)
        published(models, folder, families=all_families(), taken_at=taken_at)
    return folder


@pytest.fixture(scope="module")
def box(rows: list[Row]) -> Iterator[HubBox]:
    below = "meta-llama/Llama-Guard-3-8B"
    near = [model for model in rows if below in str(model)]
    some = [row(below), *near, row(NEW, ["meta-llama/Llama-3.1-8B"])]
    with HubBox(Catalog(some), quotas=PLENTY) as opened:
        yield opened


def lay_out_files(folder: Path) -> None:
    """Write what the examples read."""
    columns = {"_id": ["a" * 24], "id": ["owner/model"], "createdAt": ["2024-03-24T10:00:00Z"]}
    pq.write_table(pa.table(columns), folder / "models.parquet")
    (folder / "known.csv").write_text("child,parent\nowner/child,owner/parent\n", "utf-8")
    (folder / "models.txt").write_text("\n".join(CHILDREN), "utf-8")
    (folder / "lineage-check.toml").write_text('deny = ["Qwen/*"]\n', "utf-8")
    components = [{"type": "machine-learning-model", "name": name} for name in CHILDREN]
    bill = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": components}
    (folder / "bom.json").write_text(json.dumps(bill), "utf-8")


def environment(example: str, history: Path, box: HubBox) -> Mapping[str, str]:
    """Let crawls write into a store of their own, and ask the box alone."""
    crawls = example.startswith(("lineage crawl", "lineage schedule run"))
    return {
        "LINEAGE_STORE": "own" if crawls else str(history),
        "HF_ENDPOINT": box.url,
        "COLUMNS": "80",
    }


@pytest.mark.parametrize("example", examples())
def test_an_example_runs_as_it_stands(
    example: str, history: Path, box: HubBox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lay_out_files(tmp_path)
    command = re.split(r" [|>] ", example)[0]
    variables = environment(example, history, box)
    outcome = CliRunner(env=variables).invoke(lineage, shlex.split(command)[1:])
    # A check that found something has run as well.
    fine = {0, 6} if example.startswith("lineage check ") else {0}
    assert outcome.exit_code in fine, f"{example}: {outcome.exception!r}\n{outcome.output}"
