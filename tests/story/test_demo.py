"""The demo as a user runs it: offline, in a folder of its own, honest about being a sample."""

import subprocess
import sys
from pathlib import Path

import pytest

from lineage.store.store import ParquetStore

WIDTH = 100


def _demo(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run it as a process: at a width, with somebody's token and endpoint about."""
    about = {"COLUMNS": str(WIDTH), "HF_TOKEN": "somebodys", "HF_ENDPOINT": "http://127.0.0.1:9"}
    command = [sys.executable, "-m", "lineage.cli.main", "demo"]
    return subprocess.run(
        command, cwd=folder, env=about, check=False, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def told(folder: Path) -> subprocess.CompletedProcess[str]:
    return _demo(folder)


def test_the_demo_runs_to_its_end_without_a_word_of_trouble(
    told: subprocess.CompletedProcess[str],
) -> None:
    assert (told.returncode, told.stderr) == (0, "")


def test_it_shows_releases_bases_and_a_tree(told: subprocess.CompletedProcess[str]) -> None:
    for words in ("Llama 3.1", "mistralai/Mistral-7B-v0.1", "├─ Llama Guard 1", "lineage hub"):
        assert words in told.stdout


def test_it_names_its_sources_and_says_it_is_a_sample(
    told: subprocess.CompletedProcess[str],
) -> None:
    assert "put together from public research data: MSC-empirical/msc-empirical" in told.stdout
    assert told.stdout.count("Counted in a sample of 71,347 models, not on the Hub") == 4


def test_it_ends_with_three_reports_and_says_where(
    folder: Path, told: subprocess.CompletedProcess[str]
) -> None:
    for name in ("family-tree", "trend", "licenses"):
        page = Path("demo") / "reports" / f"{name}.llama.en.html"
        assert f"  {page}\n" in told.stdout
        assert (folder / page).stat().st_size > 0


def test_every_number_carries_its_rule(told: subprocess.CompletedProcess[str]) -> None:
    for label in ("roots", "counted", "edges", "filters", "snapshot"):
        lines = [line.split() for line in told.stdout.splitlines()]
        assert sum(words[:1] == [label] for words in lines) >= 3, label


def test_it_fits_the_terminal(told: subprocess.CompletedProcess[str]) -> None:
    lines = told.stdout.splitlines()
    assert max(map(len, lines)) <= WIDTH
    tree = [line for line in lines if line.lstrip().startswith(("├", "│", "└"))]
    assert 20 < len(tree) <= 45


def test_it_writes_in_its_own_folder_alone(
    folder: Path, told: subprocess.CompletedProcess[str]
) -> None:
    assert told.returncode == 0
    assert {path.name for path in folder.iterdir()} == {"demo"}
    made = {path.name for path in (folder / "demo").iterdir()}
    assert made == {"snapshots", "cache", "reports"}


def test_nobodys_token_reaches_a_file(folder: Path, told: subprocess.CompletedProcess[str]) -> None:
    assert told.returncode == 0
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert not [path for path in files if b"somebodys" in path.read_bytes()]


def test_running_it_again_adds_a_snapshot(
    folder: Path, told: subprocess.CompletedProcess[str]
) -> None:
    assert told.returncode == 0
    again = _demo(folder)
    assert (again.returncode, again.stderr) == (0, "")
    manifests = ParquetStore(str(folder / "demo" / "snapshots")).manifests()
    assert [one.previous for one in manifests] == [None, manifests[0].id]


def test_names_of_the_press_get_their_verdicts(told: subprocess.CompletedProcess[str]) -> None:
    words = [line.split() for line in told.stdout.splitlines()]
    for name, answer in [
        (["Vicuna", "v1.5"], "yes"),
        (["Alpaca"], "yes"),
        (["Koala"], "yes"),
        (["Dolly", "v2"], "no"),
        (["RedPajama"], "no"),
    ]:
        assert [*name, answer] in [line[: len(name) + 1] for line in words]


def test_one_release_is_explained_step_by_step(told: subprocess.CompletedProcess[str]) -> None:
    for step in ("all generations", "with merges", "with curated edges", "distinct authors"):
        assert f"  {step} " in told.stdout
