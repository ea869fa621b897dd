"""Global options stand before or after the command, and every command takes them."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import click
import pytest

from lineage.cli.main import lineage
from lineage.cli.options import GLOBALS
from tests.builders import published, row
from tests.fakes.fake_clock import NOON
from tests.unit.cli.conftest import BASE, Program

DAYS = ("2026-11-21", "2026-11-22", "2026-11-24")


def commands(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command and group below a group, by the words that call it."""
    for name, command in group.commands.items():
        yield f"{before}{name}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of three days; every day a child more."""
    folder = tmp_path_factory.mktemp("days")
    rows = [row(BASE), *(row(f"owner/{number}", [BASE]) for number in range(3))]
    for number, after in enumerate((0, 1, 3)):
        published(rows[: number + 2], folder, taken_at=NOON + timedelta(days=after))
    return folder


@pytest.mark.parametrize(("words", "command"), list(commands(lineage)))
def test_every_command_and_group_takes_them(words: str, command: click.Command) -> None:
    assert set(GLOBALS) <= set(command.params), words


@pytest.mark.parametrize(
    "order",
    [
        "--store {store} --format json count {base}",
        "count --store {store} --format json {base}",
        "--format json count {base} --store {store}",
        "--format csv count {base} --format json --store {store}",
    ],
)
def test_they_stand_before_or_after_the_command(program: Program, store: Path, order: str) -> None:
    words = order.format(store=store, base=BASE).split()
    assert program(*words).json[0]["total"] == 4


def test_they_stand_between_the_words_of_a_command(program: Program, store: Path) -> None:
    assert len(program("snapshots", "--store", store, "list", "--format", "json").json) == 1


def test_a_flag_before_the_command_beats_the_environment(
    program: Program, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINEAGE_STORE", "nowhere")
    monkeypatch.setenv("LINEAGE_FORMAT", "csv")
    told = program("--store", store, "--format", "json", "count", BASE)
    assert told.json[0]["total"] == 4


def test_json_lines_on_standard_error_mean_json_on_standard_output(
    program: Program, store: Path
) -> None:
    asked = ("count", BASE, "--store", store, "--log-format", "json")
    assert program(*asked).json[0]["total"] == 4
    assert program(*asked, "--format", "csv").out.startswith('"subject",')


@pytest.mark.parametrize(
    ("name", "total"),
    [("latest", 3), (DAYS[0], 1), (DAYS[1], 2), ("2026-11-23", 2), ("20261122T120000Z", 2)],
)
def test_a_snapshot_is_named_by_id_latest_or_date(
    program: Program, days: Path, name: str, total: int
) -> None:
    told = program("count", BASE, "--store", days, "--snapshot", name, "--format", "json")
    assert told.json[0]["total"] == total


def test_a_day_before_the_first_snapshot_names_none(program: Program, days: Path) -> None:
    told = program("count", BASE, "--store", days, "--snapshot", "2020-01-01")
    assert (told.code, told.out) == (4, "")


def test_a_diff_is_of_the_last_two_by_default(program: Program, days: Path) -> None:
    asked = ("snapshots", "diff", "--store", days, "--format", "json")
    assert program(*asked).json["before"] == "20261122T120000Z"
    assert program(*asked, DAYS[0]).json["added"] == ["owner/1", "owner/2"]
    assert program(*asked, DAYS[0], DAYS[1]).json["added"] == ["owner/1"]


def test_a_diff_needs_two_snapshots(program: Program, store: Path) -> None:
    told = program("snapshots", "diff", "--store", store)
    assert told.code == 4
    assert "needs two snapshots" in told.err


def test_every_snapshot_is_verified_at_once(program: Program, days: Path) -> None:
    told = program("snapshots", "verify", "--all", "--store", days, "--format", "json")
    assert [(one["snapshot"][:8], one["problems"]) for one in told.json] == [
        ("20261121", []),
        ("20261122", []),
        ("20261124", []),
    ]


def test_who_asked_to_be_left_out_is_so_in_answers(
    program: Program, store: Path, tmp_path: Path
) -> None:
    (tmp_path / "names.txt").write_text("owner/tuned\n", "utf-8")
    asked = ("count", BASE, "--store", store, "--format", "json")
    assert program("--opt-outs", "names.txt", *asked).json[0]["direct"] == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["snapshots", "trend", "--snapshot", "latest"], "about all snapshots"),
        (["--snapshot", "latest", "snapshots", "diff"], "an argument of this command"),
        (["crawl", "--snapshot", "latest"], "a crawl takes a new snapshot"),
        (["export", "csv", BASE, "--format", "json"], "the word after `export`"),
        (["demo", "--snapshot", "latest"], "takes its own snapshots"),
        (["demo"], "name a folder with --folder"),
    ],
)
def test_one_that_promises_another_answer_is_refused(
    program: Program, store: Path, words: list[str], says: str
) -> None:
    told = program("--store", store, *words)
    assert (told.code, told.out) == (2, "")
    assert says in told.err


def test_one_from_the_environment_is_meant_for_other_commands(
    program: Program, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINEAGE_SNAPSHOT", "20261121T120000Z")
    assert program("snapshots", "list", "--store", store).code == 0


def test_one_that_means_nothing_is_accepted_in_silence(program: Program) -> None:
    told = program("families", "list", "--snapshot", "latest", "--cache", "x", "--format", "json")
    assert (told.code, told.err) == (0, "")


@pytest.mark.parametrize(
    "subject",
    [
        f"model:{BASE}",
        f"https://huggingface.co/{BASE}/tree/main",
        f"hf://{BASE}",
        "models--meta-llama--Llama-2-7b-hf",
        f"pkg:huggingface/{BASE}@0e9e39f",
    ],
)
@pytest.mark.parametrize(
    "words", [["count"], ["tree"], ["trace"], ["export", "csv"], ["snapshots", "trend"]]
)
def test_a_subject_is_one_grammar_everywhere(
    program: Program, store: Path, words: list[str], subject: str
) -> None:
    told = program("--store", store, *words, subject)
    assert (told.code, BASE in told.out) == (0, True)


@pytest.mark.parametrize("words", [["count"], ["tree"], ["trace"], ["export", "csv"]])
def test_an_address_of_a_data_set_is_said_to_be_one(
    program: Program, store: Path, words: list[str]
) -> None:
    told = program("--store", store, *words, "https://huggingface.co/datasets/owner/set")
    assert told.code == 2
    assert "is a data set, not a model" in told.err
