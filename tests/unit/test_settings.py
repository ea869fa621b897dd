"""Settings from files: what does not fit is refused by name, never taken for something else."""

from pathlib import Path

import pytest

from lineage.errors import SettingsError
from lineage.settings import RENAMED_SETTINGS, Settings, load_settings


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
    with pytest.raises(SettingsError, match="must be a table"):
        settings_of(tmp_path, "[tool]\nlineage = 3", "pyproject.toml")


def test_a_misspelled_switch_in_the_environment_does_not_open_the_network(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="LINEAGE_OFFLINE"):
        settings_of(tmp_path, "", LINEAGE_OFFLINE="y")


def test_flags_beat_the_environment_which_beats_the_project_which_beats_the_person(
    tmp_path: Path,
) -> None:
    person = tmp_path / "me" / "lineage"
    person.mkdir(parents=True)
    (person / "lineage.toml").write_text("store = 'person'\ncache = 'person'\nshare = 0.1")
    (tmp_path / "lineage.toml").write_text("store = 'project'\ncache = 'project'")
    env = {"XDG_CONFIG_HOME": str(tmp_path / "me"), "LINEAGE_STORE": "environment"}
    found = load_settings({}, env, tmp_path, with_token=False)
    assert (found.store, found.cache, found.share) == ("environment", "project", 0.1)
    assert load_settings({"store": "flag"}, env, tmp_path, with_token=False).store == "flag"


@pytest.mark.parametrize(
    "name",
    [
        *("endpoint", "token_file", "contact", "on_publish", "on_publish_seconds"),
        *("opt_outs", "max_bad_share", "min_kept_share", "store"),
    ],
)
@pytest.mark.parametrize("file", ["lineage.toml", "pyproject.toml"])
def test_a_project_may_send_no_token_anywhere_and_change_no_number(
    tmp_path: Path, name: str, file: str
) -> None:
    table = "" if file == "lineage.toml" else "[tool.lineage]\n"
    with pytest.raises(SettingsError, match=name):
        settings_of(tmp_path, f"{table}{name} = 'https://evil.example'", file)


def test_another_tools_damaged_file_is_no_error_of_ours(tmp_path: Path) -> None:
    assert settings_of(tmp_path, "[tool.other\nx = ", "pyproject.toml") == Settings()


def test_our_own_damaged_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        settings_of(tmp_path, "[store")


@pytest.mark.parametrize(("old", "new"), RENAMED_SETTINGS.items())
def test_an_old_spelling_is_answered_with_the_new_one(tmp_path: Path, old: str, new: str) -> None:
    with pytest.raises(SettingsError, match=f"unknown setting {old}; it is {new} now") as in_file:
        settings_of(tmp_path, f"{old} = 3")
    variable = f"LINEAGE_{old.upper()}"
    with pytest.raises(SettingsError, match=f"unknown setting {variable}; it is LINEAGE_"):
        settings_of(tmp_path, "", **{variable: "3"})
    assert in_file.value.exit_code == 2


def test_an_unknown_setting_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="unknown setting 'shares'") as error:
        settings_of(tmp_path, "shares = 0.5")
    assert "share" in error.value.hint


@pytest.mark.parametrize("share", [0.0, 2.0, float("nan")])
def test_a_share_outside_of_its_bounds_is_refused_with_its_bounds(share: float) -> None:
    with pytest.raises(SettingsError, match="share must be above 0 and at most 1, got"):
        Settings(share=share)


OPT_OUTS_FILE = "# who asked\nowner/name\n\nother # an owner\na/b, c\n"


def test_the_flag_names_a_file_of_opt_outs(tmp_path: Path) -> None:
    path = tmp_path / "names"
    path.write_text(OPT_OUTS_FILE)
    settings = load_settings({"opt_outs": str(path)}, {}, tmp_path, with_token=False)
    assert settings.opt_outs == "owner/name,other,a/b, c"
    with pytest.raises(SettingsError, match="opt-outs file cannot be read"):
        load_settings({"opt_outs": "owner/name"}, {}, tmp_path, with_token=False)


def test_the_environment_gives_opt_outs_as_a_list_or_a_file(tmp_path: Path) -> None:
    path = tmp_path / "names.txt"
    path.write_text(OPT_OUTS_FILE)
    of_file = settings_of(tmp_path, "", LINEAGE_OPT_OUTS=str(path))
    assert of_file.opt_outs == "owner/name,other,a/b, c"
    assert settings_of(tmp_path, "", LINEAGE_OPT_OUTS="a/b, c").opt_outs == "a/b, c"


@pytest.mark.parametrize("path", ["./names", "~/no/such", "names.txt", "/no/such"])
def test_a_misspelled_path_of_opt_outs_is_not_taken_for_a_name(tmp_path: Path, path: str) -> None:
    with pytest.raises(SettingsError, match="opt-outs file cannot be read"):
        settings_of(tmp_path, "", LINEAGE_OPT_OUTS=path)


def test_a_person_may_list_opt_outs(tmp_path: Path) -> None:
    person = tmp_path / "lineage"
    person.mkdir()
    (person / "lineage.toml").write_text("opt_outs = 'a/b'")
    env = {"XDG_CONFIG_HOME": str(tmp_path)}
    assert load_settings({}, env, tmp_path, with_token=False).opt_outs == "a/b"


def test_a_person_may_name_an_endpoint_and_a_token_file(tmp_path: Path) -> None:
    person = tmp_path / "lineage"
    person.mkdir()
    (person / "lineage.toml").write_text("endpoint = 'https://hub.example'")
    found = load_settings({}, {"XDG_CONFIG_HOME": str(tmp_path)}, tmp_path, with_token=False)
    assert found.endpoint == "https://hub.example"


def test_the_hubs_own_variables_hold_and_ours_come_after_them(tmp_path: Path) -> None:
    hub = {"HF_ENDPOINT": "https://hub.example", "HF_HUB_OFFLINE": "1"}
    found = settings_of(tmp_path, "", **hub)
    assert (found.endpoint, found.offline) == ("https://hub.example", True)
    ours = settings_of(tmp_path, "", **hub, LINEAGE_ENDPOINT="https://own.example")
    assert ours.endpoint == "https://own.example"
