"""The Hub's own client works against the box, in a process of its own: it reads its
environment once, when it is imported."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lineage.demo.box import Quota
from tests.fakes.fake_hub import FakeHub
from tests.fakes.live_catalog import LiveCatalog
from tests.unit.demo.rows import a_child, a_row

SCRIPT = """
import json, sys
from pathlib import Path
from huggingface_hub import HfApi, hf_hub_download
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

api = HfApi(endpoint=sys.argv[1], token=False)
parent, old = "owner/model-0", "owner/old"

def failure(**asked):
    try:
        api.model_info(**asked)
    except HfHubHTTPError as raised:
        return type(raised).__name__

walk = list(api.list_models(sort="created_at", limit=1500, expand=["baseModels", "cardData"]))
info = api.model_info(parent, expand=["childrenModelCount", "tags"])
card = hf_hub_download("owner/model-1", "README.md", endpoint=sys.argv[1], token=False)
print(json.dumps({
    "walk": [model.id for model in walk],
    "base_models": walk[-2].base_models,
    "card_base": walk[-2].card_data.base_model,
    "default": len(list(api.list_models())),
    "children": [m.id for m in api.list_models(filter=f"base_model:{parent}")],
    "both": [m.id for m in api.list_models(filter=[f"base_model:{parent}", "gguf"])],
    "full": next(iter(api.list_models(full=True, cardData=True, limit=1))).sha,
    "info": [info.id, info.children_model_count],
    "plain": api.model_info("owner/model-1").id,
    "renamed": api.model_info(old).id,
    "missing": failure(repo_id="no/one", token="hf_good"),
    "missing_anonymous": failure(repo_id="no/one"),
    "revision": failure(repo_id=parent, revision="v9"),
    "disabled": failure(repo_id="owner/disabled"),
    "files": [f.path for f in api.list_repo_tree("owner/model-1")],
    "card": Path(card).read_text(),
}))
"""
COUNT = 1200


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    parent = a_row(0)
    child = a_child(1, parent)
    child["tags"].append("gguf")
    catalog = LiveCatalog([parent, child, *(a_child(n, parent) for n in range(2, COUNT))])
    catalog.add(a_row(5000, id="owner/old"))
    catalog.rename("owner/old", "owner/new")
    catalog.add(a_row(5001, id="owner/disabled", _disabled=True))
    with FakeHub(catalog, quotas={None: Quota(60)}) as box:
        return _asked(box.url, tmp_path_factory.mktemp("hub"))


def _asked(url: str, home: Path) -> dict[str, Any]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    ours = {"HF_HOME": str(home), "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_XET": "1"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, url],
        env=kept | ours,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_it_walks_the_listing_over_its_pages(told: dict[str, Any]) -> None:
    assert len(told["walk"]) == len(set(told["walk"])) == COUNT + 2
    assert told["walk"][:2] == ["owner/disabled", "owner/new"]
    assert told["default"] == COUNT + 2


def test_it_reads_parents_and_cards(told: dict[str, Any]) -> None:
    assert told["base_models"]["relation"] == "finetune"
    assert told["base_models"]["models"][0]["id"] == "owner/model-0"
    assert told["card_base"] == "owner/model-0"
    assert len(told["full"]) == 40


def test_it_finds_children_by_tag(told: dict[str, Any]) -> None:
    assert len(told["children"]) == COUNT - 1
    assert told["both"] == ["owner/model-1"]


def test_it_reads_one_model_also_by_its_former_name(told: dict[str, Any]) -> None:
    counted = {"adapter": 0, "merge": 0, "quantized": 0, "finetune": COUNT - 1}
    assert told["info"] == ["owner/model-0", counted]
    assert told["plain"] == "owner/model-1"
    assert told["renamed"] == "owner/new"


def test_it_raises_what_it_raises_against_the_hub(told: dict[str, Any]) -> None:
    assert told["missing"] == "RepositoryNotFoundError"
    assert told["missing_anonymous"] == "HfHubHTTPError"  # over plain http; see its REPO_API_REGEX
    assert told["revision"] == "RevisionNotFoundError"
    assert told["disabled"] == "DisabledRepoError"


def test_it_lists_and_downloads_the_card(told: dict[str, Any]) -> None:
    assert told["files"] == ["README.md"]
    assert 'base_model: "owner/model-0"' in told["card"]
