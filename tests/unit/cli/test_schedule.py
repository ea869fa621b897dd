"""The commands `lineage schedule print` and `run`, as they are called."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lineage.cli.main import lineage
from lineage.errors import SettingsError
from tests.unit.cli.conftest import Program


def called(*arguments: str) -> Result:
    return CliRunner().invoke(lineage, ["schedule", *arguments])


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_several_files_are_told_apart() -> None:
    said = called("print", "systemd").output
    assert "# File: lineage.service\n" in said
    assert "# File: lineage.timer\n" in said


def test_one_file_is_printed_as_it_is() -> None:
    assert called("print", "kubernetes").output.startswith("# lineage ")


def test_files_are_written_by_their_names(tmp_path: Path) -> None:
    assert called("print", "systemd", "--out", "units").exit_code == 0
    written = {path.name for path in (tmp_path / "units").iterdir()}
    assert written == {"lineage-serve.service", "lineage.service", "lineage.timer"}


def test_no_file_is_written_over_another(tmp_path: Path) -> None:
    (tmp_path / "lineage.cron").write_text("mine", "utf-8")
    refused = called("print", "cron", "--out", ".")
    assert isinstance(refused.exception, SettingsError)
    assert (tmp_path / "lineage.cron").read_text("utf-8") == "mine"


def test_the_store_of_the_settings_stands_in_the_unit(tmp_path: Path) -> None:
    (tmp_path / "lineage.toml").write_text('store = "history"\n', "utf-8")
    assert f"LINEAGE_STORE={tmp_path}/history\n" in called("print", "cron").output
    assert "LINEAGE_STORE=/else\n" in called("print", "cron", "--store", "/else").output


def test_printing_needs_no_token_that_can_be_read() -> None:
    said = called("print", "systemd", "--token-file", "/etc/lineage/not-mine")
    assert said.exit_code == 0
    assert "LoadCredential=hf_token:/etc/lineage/not-mine\n" in said.output


@pytest.mark.parametrize("command", [["print", "cron"], ["run"]])
def test_what_is_no_duration_is_refused(command: list[str]) -> None:
    refused = called(*command, "--every", "often")
    assert refused.exit_code == 2
    assert "not a duration" in refused.output


def test_what_a_calendar_cannot_say_is_refused() -> None:
    assert isinstance(called("print", "cron", "--every", "5h").exception, SettingsError)


def test_the_command_that_hears_of_snapshots_stands_in_the_unit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = called("print", "cron", "--on-publish", "notify --to 'me & you'").output
    assert "\nLINEAGE_ON_PUBLISH=notify --to 'me & you'\n" in said
    monkeypatch.setenv("LINEAGE_ON_PUBLISH", "from the environment")
    assert "\nLINEAGE_ON_PUBLISH=from the environment\n" in called("print", "cron").output


@pytest.mark.parametrize(
    "words",
    ["crawl", "crawl --auto", "schedule print cron", "schedule run", "schedule run --once"],
)
@pytest.mark.parametrize(
    ("command", "hint"), [("notify 'me", "quote it"), ("cat > out", "sh -c 'cat > out'")]
)
def test_what_is_no_command_is_refused_before_anything_runs(
    program: Program, tmp_path: Path, words: str, command: str, hint: str
) -> None:
    refused = program(*words.split(), "--on-publish", command)
    assert refused.code == 2
    assert hint in refused.err
    assert not [*tmp_path.iterdir()]
