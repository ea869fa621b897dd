"""Settings from files: what does not fit is refused by name, never taken for something else."""

from pathlib import Path

import pytest

from lineage.errors import SettingsError
from lineage.settings import Settings, load_settings


def settings_of(folder: Path, text: str, file: str = "lineage.toml", **env: str) -> Settings:
    (folder / file).write_text(text)
    here = {"XDG_CONFIG_HOME": str(folder / "nobody"), **env}
    return load_settings({}, here, folder, with_token=False)


def test_a_file_may_set_texts_numbers_and_switches(tmp_path: Path) -> None:
    found = settings_of(tmp_path, "store = 'here'\nshare = 0.5\nmax_requests = 3\noffline = true")
    assert (found.store, found.share, found.max_requests) == ("here", 0.5, 3)
    assert found.offline


@pytest.mark.parametrize(
    "line",
    [
        "store = ['a']",
        "store = true",
        "store = 3",
        "cache = {a = 1}",
        "share = true",
        "max_requests = true",
        "offline = 'maybe'",
        "timeout_seconds = nan",
        "max_log_age_hours = inf",
    ],
)
def test_a_value_of_an_odd_type_is_refused_by_its_name(tmp_path: Path, line: str) -> None:
    with pytest.raises(SettingsError, match=line.partition(" ")[0]):
        settings_of(tmp_path, line)


def test_a_project_whose_table_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no table"):
        settings_of(tmp_path, "[tool]\nlineage = 3", "pyproject.toml")


def test_a_misspelled_switch_in_the_environment_does_not_open_the_network(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="LINEAGE_OFFLINE"):
        settings_of(tmp_path, "", LINEAGE_OFFLINE="y")
