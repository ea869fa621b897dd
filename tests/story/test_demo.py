"""The demo as a user runs it: 16 weeks offline, in a folder of its own, honest about its sample."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from lineage.demo.replay import WEEKS
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.store.manifest import SnapshotKind
from lineage.store.store import ParquetStore
from tests.demo_run import WIDTH, DemoRun

MOST_LINES = 60


def words_of(run: DemoRun) -> str:
    return " ".join(run.out.split())


def test_the_demo_runs_to_its_end_without_a_word_of_trouble(demo_run: DemoRun) -> None:
    assert (demo_run.code, demo_run.err) == (0, "")


def test_it_prints_no_more_than_a_page(demo_run: DemoRun) -> None:
    lines = demo_run.out.splitlines()
    assert len(lines) <= MOST_LINES
    # An address to be opened is never cut, however long the path of the folder is.
    assert max(len(line) for line in lines if "file://" not in line) <= WIDTH
    assert "\x1b" not in demo_run.out


def test_it_asks_five_questions_and_says_how_to_ask_them_again(demo_run: DemoRun) -> None:
    for number in range(1, 6):
        assert f"\n  {number}. " in demo_run.out
    assert demo_run.out.count("\n     lineage ") == 5
    assert "export LINEAGE_STORE=demo/snapshots" in demo_run.out


def test_its_answers_are_what_the_commands_say(demo_run: DemoRun) -> None:
    ask = [sys.executable, "-m", "lineage", "--store", str(demo_run.store), "--format", "json"]

    def answer(*command: str) -> Any:
        return json.loads(subprocess.check_output([*ask, *command], env={}))

    (count,) = answer("count", "meta-llama/Llama-3.1-8B")
    numbers = f"{count['total']:,}, {count['direct']:,} of them directly; {count['undated']:,}"
    assert numbers in demo_run.out
    (family,) = answer("count", "llama", "--by", "release")
    assert f"to {family['total']:,} models in 16 weeks" in words_of(demo_run)
    largest = max(family["groups"], key=lambda group: group["total"])
    assert f"{largest['total']:,}" in demo_run.out


def test_it_names_its_sources_and_says_it_is_a_sample(demo_run: DemoRun) -> None:
    text = words_of(demo_run)
    assert "facts about 82,261 real models, from MSC-empirical/msc-empirical" in text
    assert "nothing here is a count of the Hub" in text
    assert "2 July 2025 (of the sample, not the Hub)" in text


def test_it_says_what_is_assumed_of_the_weeks(demo_run: DemoRun) -> None:
    text = words_of(demo_run)
    assert "17,847 undated models are there from the first week on" in text
    assert "1,571 models of later days, 35 deleted before they came" in text


def test_it_ends_with_a_picture_and_an_address_to_open(demo_run: DemoRun) -> None:
    (line,) = [line for line in demo_run.out.splitlines() if "file://" in line]
    page = Path(line.split("file://")[1])
    assert page == (demo_run.reports / "trend.llama.en.html").resolve()
    assert page.stat().st_size > 0
    assert "picture  demo/reports/trend.llama." in demo_run.out
    for name in ("family-tree", "licenses"):
        assert (demo_run.reports / f"{name}.llama.en.html").stat().st_size > 0


def test_it_writes_in_its_own_folder_alone(demo_run: DemoRun) -> None:
    assert {path.name for path in demo_run.folder.iterdir()} == {"demo"}
    made = {path.name for path in (demo_run.folder / "demo").iterdir()}
    assert made == {"snapshots", "cache", "reports"}


def test_nobodys_token_reaches_a_file(demo_run: DemoRun) -> None:
    files = [path for path in demo_run.folder.rglob("*") if path.is_file()]
    assert not [path for path in files if b"somebodys" in path.read_bytes()]


def test_it_follows_sixteen_weeks_with_full_crawls_and_updates(demo_run: DemoRun) -> None:
    manifests = ParquetStore(str(demo_run.store), NO_OPT_OUTS).manifests()
    assert [one.origin.taken_at for one in manifests] == list(WEEKS)
    full = [at for at, one in enumerate(manifests) if one.origin.kind is SnapshotKind.FULL]
    assert full == [0, 4, 8, 12, 16]
    text = words_of(demo_run)
    assert "17 snapshots, 12 March 2025 to 2 July 2025, 5 of them full crawls: 17 in this" in text
    first, last = manifests[0], manifests[-1]
    assert f"{first.models:,} models at first, {last.models:,} at last" in text


def test_running_it_again_gives_the_same_answers_to_programs_without_a_crawl(
    demo_run: DemoRun,
) -> None:
    command = [sys.executable, "-m", "lineage", "demo", "--format", "json"]
    document = json.loads(subprocess.check_output(command, cwd=demo_run.folder, env={}))
    manifests = ParquetStore(str(demo_run.store), NO_OPT_OUTS).manifests()
    assert [one["id"] for one in document["snapshots"]] == [one.id for one in manifests]
    assert len(manifests) == len(WEEKS)
    assert len(document["answers"]) == 5
    for answer in document["answers"]:
        assert answer["command"] in demo_run.out
        assert answer["question"] in demo_run.out
        assert answer["answer"] in words_of(demo_run)
