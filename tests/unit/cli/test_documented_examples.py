"""Every example of docs/commands.md and of the commands' help runs as it stands."""

import json
import re
import shlex
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from lineage.cli.main import lineage
from lineage.demo.box import HubBox
from lineage.demo.catalog import Catalog, corpus_rows
from tests.builders import row
from tests.demo_run import DemoRun
from tests.house.command_docs import PAGE
from tests.story.stage import PLENTY

NEW = "owner/new-model"
DELETING = ("lineage snapshots prune", "lineage snapshots accept")
CHILDREN = ("lmsys/vicuna-7b-v1.5", "databricks/dolly-v2-12b")
ENDLESS = ("lineage schedule run --every 24h", "lineage serve")
"""They run until they are asked to end, as other tests do."""
AWAY = re.compile(r"s3://|^lineage publish ")
"""They need a bucket or the Hub, as other tests have them."""


def examples() -> list[str]:
    """Return the commands of the page, without what a shell does with their output."""
    page = PAGE.read_text("utf-8")
    in_help = re.findall(r"^    (lineage .+)$", page, re.MULTILINE)
    in_prose = [
        line
        for block in re.findall(r"^```sh\n(.+?)^```", page, re.MULTILINE | re.DOTALL)
        for line in block.splitlines()
    ]
    return sorted(
        it for it in {*in_help, *in_prose} if not it.startswith(ENDLESS) and not AWAY.search(it)
    )


@pytest.fixture(scope="module")
def box() -> Iterator[HubBox]:
    """A small Hub for what crawls: a model, what lies near it in the corpus, and a new one."""
    below = "meta-llama/Llama-Guard-3-8B"
    near = [dict(model) for model in corpus_rows() if below in str(model["tags"])]
    some = [row(below), *near, row(NEW, ["meta-llama/Llama-3.1-8B"])]
    with HubBox(Catalog(some), quotas=PLENTY) as opened:
        yield opened


def lay_out_files(folder: Path) -> None:
    """Write what the examples read."""
    columns = {"_id": ["a" * 24], "id": ["owner/model"], "createdAt": ["2024-03-24T10:00:00Z"]}
    pq.write_table(pa.table(columns), folder / "models.parquet")
    (folder / "known.csv").write_text("child,parent\nowner/child,owner/parent\n", "utf-8")
    (folder / "models.txt").write_text("\n".join(CHILDREN), "utf-8")
    claim = 'subject = "llama"\nnumber = 20000\ndate = "2025-06"\ncounts = "derivatives"\n'
    (folder / "published.toml").write_text(f"[[claim]]\n{claim}", "utf-8")
    (folder / "lineage-check.toml").write_text('deny = ["Qwen/*"]\n', "utf-8")
    components = [{"type": "machine-learning-model", "name": name} for name in CHILDREN]
    bill = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": components}
    (folder / "bom.json").write_text(json.dumps(bill), "utf-8")


def environment(example: str, store: Path, box: HubBox) -> Mapping[str, str]:
    """Let what writes do so in a store of its own, and crawls ask the box alone."""
    crawls = example.startswith(("lineage crawl", "lineage schedule run"))
    return {
        "LINEAGE_STORE": "own" if crawls else str(store),
        "HF_ENDPOINT": box.url,
        "COLUMNS": "80",
    }


@pytest.mark.parametrize("example", examples())
def test_an_example_runs_as_it_stands_on_the_demo_s_history(
    example: str, demo_run: DemoRun, box: HubBox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lay_out_files(tmp_path)
    store = demo_run.store
    if example.startswith(DELETING):
        store = Path(shutil.copytree(store, tmp_path / "copy"))
    command = re.split(r" [|>] ", example)[0]
    outcome = CliRunner(env=environment(example, store, box)).invoke(
        lineage, shlex.split(command)[1:]
    )
    shutil.rmtree(tmp_path / "copy", ignore_errors=True)  # a hundred megabytes
    # A check that found something has run as well.
    fine = {0, 6} if example.startswith("lineage check ") else {0}
    assert outcome.exit_code in fine, f"{example}: {outcome.exception!r}\n{outcome.output}"
