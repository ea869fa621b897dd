"""The demo as a user runs it: 16 weeks offline, in a folder of its own, honest about its sample."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from lineage.demo.weeks import WEEKS
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.store.manifest import SnapshotKind
from lineage.store.store import ParquetStore

WIDTH = 100


def _demo(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run it as a process: at a width, with somebody's token and endpoint about."""
    about = {"COLUMNS": str(WIDTH), "HF_TOKEN": "somebodys", "HF_ENDPOINT": "http://127.0.0.1:9"}
    command = [sys.executable, "-m", "lineage", "demo"]
    return subprocess.run(
        command, cwd=folder, env=about, check=False, capture_output=True, text=True
    )


def lines_of(told: subprocess.CompletedProcess[str]) -> list[list[str]]:
    return [line.split() for line in told.stdout.splitlines()]


def part(told: subprocess.CompletedProcess[str], heading: str) -> list[str]:
    """Return the lines between the heading that begins so and the next one."""
    lines = told.stdout.splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith(heading)) + 1
    rest = lines[start:]
    end = next((at for at, line in enumerate(rest) if line and not line.startswith(" ")), len(rest))
    return rest[:end]


def named(line: str) -> tuple[str, list[str]]:
    """Return the name that a line begins with, and the whole numbers after it."""
    found = re.match(r"  (\S.*?) {2,}(\d[\d,]*(?: +\d[\d,]*)*)(?: .*)?$", line)
    return (found[1], found[2].split()) if found else ("", [])


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
    assert told.stdout.count("Counted in a sample of 76,432 models, not on the Hub") == 7


def test_it_ends_with_three_reports_and_says_where(
    folder: Path, told: subprocess.CompletedProcess[str]
) -> None:
    for name in ("family-tree", "trend", "licenses"):
        page = Path("demo") / "reports" / f"{name}.llama.en.html"
        assert f"  {page}\n" in told.stdout
        assert (folder / page).stat().st_size > 0


def test_every_number_carries_its_rule(told: subprocess.CompletedProcess[str]) -> None:
    for label in ("roots", "counted", "links", "filters", "snapshot"):
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


def test_it_follows_sixteen_weeks_with_full_crawls_and_updates(
    folder: Path, told: subprocess.CompletedProcess[str]
) -> None:
    assert told.returncode == 0
    taken = ParquetStore(str(folder / "demo" / "snapshots"), NO_OPT_OUTS).manifests()
    assert [one.origin.taken_at for one in taken] == list(WEEKS)
    swept = [at for at, one in enumerate(taken) if one.origin.kind is SnapshotKind.FULL]
    assert swept == [0, 4, 8, 12, 16]
    assert "17 in this run, 0 in earlier ones" in told.stdout
    for one in taken:
        numbers = [f"{number:,}" for number in (one.models, one.edges, one.tombstones)]
        assert [one.id, *numbers] in [[words[0], *words[-3:]] for words in lines_of(told) if words]


def test_it_says_what_is_known_of_the_weeks_and_what_is_assumed(
    told: subprocess.CompletedProcess[str],
) -> None:
    words = " ".join(told.stdout.split())
    assert "17,847 models without a date exist from the first week on" in words
    assert "of most uploads and every deletion the week, not the day" in words
    assert "1,571 models created after the last week" in words
    assert "35 with a deletion before their first week" in words


def test_its_curve_ends_with_the_counts_by_release(told: subprocess.CompletedProcess[str]) -> None:
    curve, counted = part(told, "Each Llama release"), part(told, "The Llama family by release")
    ends = {name: numbers[-1] for name, numbers in map(named, curve) if len(numbers) == 5}
    totals = {name: numbers[1] for name, numbers in map(named, counted) if len(numbers) == 7}
    assert len(ends) == 14
    assert ends == totals


def test_it_names_the_dead_with_children_and_both_days(
    told: subprocess.CompletedProcess[str],
) -> None:
    first = part(told, "Deleted models with derivatives")[2].split()
    dead = ["ResplendentAI/Theory_of_Mind_Llama3", "8", "504"]
    assert first == [*dead, "2", "Jul", "2025", "2", "Jul", "2025"]


def test_it_ends_its_weeks_with_a_difference(told: subprocess.CompletedProcess[str]) -> None:
    lines = [" ".join(line.split()) for line in part(told, "What changed between 12 March 2025")]
    for words in ("models 25,282 -> 76,432", "added: 51,200", "removed: 50", "and 40 more"):
        assert words in lines


def test_running_it_again_shows_the_same_weeks_without_a_crawl(
    folder: Path, told: subprocess.CompletedProcess[str]
) -> None:
    assert told.returncode == 0
    again = _demo(folder)
    assert (again.returncode, again.stderr) == (0, "")
    assert "0 in this run, 17 in earlier ones" in again.stdout
    assert "  requests    0 sent" in again.stdout
    assert part(again, "Each Llama release") == part(told, "Each Llama release")
    assert len(ParquetStore(str(folder / "demo" / "snapshots"), NO_OPT_OUTS).manifests()) == 17


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
