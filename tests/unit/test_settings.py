"""Settings from files: what does not fit is refused by name, never taken for something else."""

import json
import os
from contextlib import suppress
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.domain.opt_outs import OptOuts
from lineage.errors import LineageError, SettingsError
from lineage.settings import RENAMED_SETTINGS, Settings, load_settings


def demo_settings_of(folder: Path, text: str, file: str = "lineage.toml", **env: str) -> Settings:
    (folder / file).write_text(text)
    here = {"XDG_CONFIG_HOME": str(folder / "nobody"), **env}
    return load_settings({}, here, folder, with_token=False)


def test_a_file_may_set_texts_numbers_and_switches(tmp_path: Path) -> None:
    found = demo_settings_of(
        tmp_path, "store = 'here'\nshare = 0.5\nmax_requests = 3\noffline = true"
    )
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
        demo_settings_of(tmp_path, line)


def test_a_project_whose_table_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="must be a table"):
        demo_settings_of(tmp_path, "[tool]\nlineage = 3", "pyproject.toml")


def test_a_misspelled_switch_in_the_environment_does_not_open_the_network(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="LINEAGE_OFFLINE"):
        demo_settings_of(tmp_path, "", LINEAGE_OFFLINE="y")


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
        *("opt_outs", "max_bad_share", "min_kept_share", "alert_lost_share", "store"),
    ],
)
@pytest.mark.parametrize("file", ["lineage.toml", "pyproject.toml"])
def test_a_project_may_send_no_token_anywhere_and_change_no_number(
    tmp_path: Path, name: str, file: str
) -> None:
    table = "" if file == "lineage.toml" else "[tool.lineage]\n"
    with pytest.raises(SettingsError, match=name):
        demo_settings_of(tmp_path, f"{table}{name} = 'https://evil.example'", file)


def test_a_refused_setting_says_where_it_may_stand(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as error:
        demo_settings_of(tmp_path, "store = 's3://bucket?endpoint_override=evil.example'")
    assert "a flag, the environment or" in error.value.hint
    assert "lineage/lineage.toml" in error.value.hint
    assert "evil" not in error.value.message + error.value.hint


def test_a_relative_configuration_folder_is_not_the_users_own(tmp_path: Path) -> None:
    (tmp_path / ".config" / "lineage").mkdir(parents=True)
    (tmp_path / ".config" / "lineage" / "lineage.toml").write_text("contact = 'evil'")
    env = {"XDG_CONFIG_HOME": ".config", "HOME": "."}
    assert load_settings({}, env, tmp_path, with_token=False) == Settings()


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[[[" * 5000, b"store = 1e", None])
def test_our_own_file_that_cannot_be_read_is_an_error(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "lineage.toml"
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings({}, {}, tmp_path, with_token=False)


@pytest.mark.parametrize("kind", ["bytes", "brackets", "folder", "pipe", "loop", "device"])
def test_a_file_of_other_tools_that_cannot_be_read_is_no_error(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "pyproject.toml"
    match kind:
        case "bytes" | "brackets":
            path.write_bytes(b"\xff\xfe" if kind == "bytes" else b"x = " + b"[" * 5000)
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case _:
            path.symlink_to(path if kind == "loop" else "/dev/zero")
    assert load_settings({}, {}, tmp_path, with_token=False) == Settings()


@pytest.mark.parametrize("kind", ["pipe", "device", "large"])
@pytest.mark.parametrize("name", ["lineage.toml", "token_file", "opt_outs"])
def test_pipes_devices_and_endless_files_are_refused(tmp_path: Path, name: str, kind: str) -> None:
    path = tmp_path / name
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        with path.open("wb") as file:
            file.truncate(1 << 40)
    flags = {} if name == "lineage.toml" else {name: str(path)}
    with pytest.raises(SettingsError, match=r"not a regular file|larger than"):
        load_settings(flags, {}, tmp_path)


@pytest.mark.parametrize(
    ("contact", "header"),
    [("Jürgen", "J%C3%BCrgen"), ("me@example.org", "me@example.org"), ("\udcff", "?")],
)
def test_a_contact_is_told_to_the_hub_in_ascii(contact: str, header: str) -> None:
    assert Settings(contact=contact).user_agent.endswith(f"(llama-lineage; {header})")


@pytest.mark.parametrize("name", ["contact", "endpoint", "store", "token_file", "families"])
def test_a_control_character_is_refused_in_every_text(name: str) -> None:
    for text in ("a\nb", "a\0b", "a\x7f"):
        with pytest.raises(SettingsError, match=f"{name} holds a control character"):
            Settings(**{name: text})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["store", "cache"])
def test_an_empty_name_is_not_the_working_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} is empty"):
        load_settings({name: ""}, {}, tmp_path, with_token=False)


def test_a_list_of_opt_outs_may_go_over_lines(tmp_path: Path) -> None:
    settings = demo_settings_of(
        tmp_path, "", LINEAGE_OPT_OUTS="a/b\nc/d\n", LINEAGE_ON_PUBLISH="run\n"
    )
    assert OptOuts.parse(settings.opt_outs).names == {"a/b", "c/d"}


@pytest.mark.parametrize("token", ["hf_a hf_b", "hf_ü", "hf_a\nhf_b", "hf_\0"])
def test_what_no_header_can_hold_is_no_token_and_is_not_shown(tmp_path: Path, token: str) -> None:
    path = tmp_path / "token"
    path.write_text(token)
    with pytest.raises(SettingsError, match="holds no token") as error:
        load_settings({"token_file": str(path)}, {}, tmp_path)
    assert "hf_a" not in error.value.message + error.value.hint


_TOML_VALUES = st.one_of(
    st.booleans().map(lambda it: str(it).lower()),
    st.integers().map(str),
    st.sampled_from(
        ("nan", "-inf", "1e308", "1e-320", "-0.0", "1e400", "9" * 5000, "0x" + "f" * 99)
    ),
    st.sampled_from(("1979-05-27", "07:32:00", "[]", "[{}]", "{a = 1}", "1979-05-27T07:32:00Z")),
    st.text(max_size=20).map(json.dumps),
)


@given(name=st.sampled_from(sorted(field.name for field in fields(Settings))), value=_TOML_VALUES)
@pytest.mark.parametrize("personal", [True, False])
def test_any_value_of_any_setting_ends_in_settings_or_in_an_error_of_ours(
    tmp_path_factory: pytest.TempPathFactory, personal: bool, name: str, value: str
) -> None:
    folder = tmp_path_factory.getbasetemp() / "any-value" / "lineage"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "lineage.toml").write_bytes(f"{name} = {value}".encode("utf-8", "surrogatepass"))
    env = {"XDG_CONFIG_HOME": str(folder.parent)} if personal else {}
    here = folder.parent if personal else folder
    with suppress(LineageError):
        settings = load_settings({}, env, here, with_token=False)
        settings.user_agent.encode("ascii")
        timedelta(days=settings.full_every_days, hours=settings.max_log_age_hours)


def test_another_tools_damaged_file_is_no_error_of_ours(tmp_path: Path) -> None:
    assert demo_settings_of(tmp_path, "[tool.other\nx = ", "pyproject.toml") == Settings()


def test_our_own_damaged_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        demo_settings_of(tmp_path, "[store")


@pytest.mark.parametrize(("old", "new"), RENAMED_SETTINGS.items())
def test_an_old_spelling_is_answered_with_the_new_one(tmp_path: Path, old: str, new: str) -> None:
    with pytest.raises(SettingsError, match=f"unknown setting {old}; it is {new} now") as in_file:
        demo_settings_of(tmp_path, f"{old} = 3")
    variable = f"LINEAGE_{old.upper()}"
    with pytest.raises(SettingsError, match=f"unknown setting {variable}; it is LINEAGE_"):
        demo_settings_of(tmp_path, "", **{variable: "3"})
    assert in_file.value.exit_code == 2


def test_an_unknown_setting_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="unknown setting 'shares'") as error:
        demo_settings_of(tmp_path, "shares = 0.5")
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
    of_file = demo_settings_of(tmp_path, "", LINEAGE_OPT_OUTS=str(path))
    assert of_file.opt_outs == "owner/name,other,a/b, c"
    assert demo_settings_of(tmp_path, "", LINEAGE_OPT_OUTS="a/b, c").opt_outs == "a/b, c"


@pytest.mark.parametrize("path", ["./names", "~/no/such", "names.txt", "/no/such"])
def test_a_misspelled_path_of_opt_outs_is_not_taken_for_a_name(tmp_path: Path, path: str) -> None:
    with pytest.raises(SettingsError, match="opt-outs file cannot be read"):
        demo_settings_of(tmp_path, "", LINEAGE_OPT_OUTS=path)


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
    found = demo_settings_of(tmp_path, "", **hub)
    assert (found.endpoint, found.offline) == ("https://hub.example", True)
    ours = demo_settings_of(tmp_path, "", **hub, LINEAGE_ENDPOINT="https://own.example")
    assert ours.endpoint == "https://own.example"
