"""Settings of a run: flags, then environment, then files, then defaults; validated once."""

import logging
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lineage.domain.files import (
    expand_home_in_path,
    open_regular_file,
    parse_toml_text,
    read_regular_file,
    read_text_file,
    words_of_os_error,
)
from lineage.errors import SettingsError, file_error
from lineage.version import __version__

DEFAULT_ENDPOINT = "https://huggingface.co"
DEFAULT_CONTACT = "+https://github.com/llama-lineage/lineage"
# A cloned folder must not be able to send anybody's token elsewhere, to run a command, or to change
# a number unseen: these come from flags, the environment or the user's configuration folder alone.
PERSONAL_SETTINGS = frozenset(
    {
        *("endpoint", "token_file", "contact"),
        *("on_publish", "on_publish_seconds"),
        *("opt_outs", "max_bad_share", "min_kept_share", "alert_lost_share"),
    }
)
"""Settings that a project's own files may not set."""
RENAMED_SETTINGS = {
    "forget": "opt_outs",
    "sweep_every_days": "full_every_days",
    "max_standing_requests": "max_availability_requests",
}

# A number beyond these would overflow the clock, a timer of the system or a buffer.
_RANGES: Mapping[str, tuple[float, float]] = {
    **dict.fromkeys(("max_bad_share", "min_kept_share", "alert_lost_share"), (0, 1)),
    **dict.fromkeys(
        ("timeout_seconds", "request_deadline_seconds", "on_publish_seconds"), (0.001, 7 * 86_400)
    ),
    "max_log_age_hours": (0.001, 1_000_000),
    "full_every_days": (0.001, 36_500),
    "whole_every_days": (0, 36_500),
    **dict.fromkeys(("max_page_bytes", "max_dump_bytes"), (1, 2**50)),
    **dict.fromkeys(("max_requests", "max_cards", "max_availability_requests"), (0, 10**12)),
    "keep_closed_logs": (0, 10**12),
}
_MOST_SETTINGS_BYTES = 1024 * 1024
_MOST_TOKEN_BYTES = 64 * 1024

_LOG = logging.getLogger(__name__)
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set; field names are the keys in files."""

    store: str = "snapshots"
    """Folder or URL of the history."""
    cache: str = "cache"
    """Folder of recorded pages."""
    endpoint: str = DEFAULT_ENDPOINT
    token_file: str | None = None
    contact: str = DEFAULT_CONTACT
    """How the Hub's operators reach the person who runs this: named in the User-Agent."""
    families: str | None = None
    """A TOML file, or a folder of them: families beside the bundled ones."""
    offline: bool = False
    max_requests: int | None = None
    max_cards: int = 10_000
    """How many cards one crawl asks for at most, the most downloaded first."""
    max_availability_requests: int = 1000
    """About how many missing members of families one full crawl asks the Hub by name, at most."""
    share: float = 0.9
    """The part of the rate limit that a crawl may spend."""
    timeout_seconds: float = 60.0
    """How long one read from the network may take."""
    request_deadline_seconds: float = 300.0
    """How long one whole request may take, a download included; then the run ends."""
    max_page_bytes: int = 64 * 1024 * 1024
    """Cap of one decompressed page."""
    max_dump_bytes: int = 16 * 1024**3
    """Cap of a dump that is fetched from an address."""
    max_log_age_hours: float = 24.0
    """An unfinished crawl older than this starts anew."""
    keep_closed_logs: int = 2
    opt_outs: str = ""
    """Ids and owners, divided by commas, that no answer and no new snapshot may name."""
    full_every_days: float = 7.0
    """How old the last full crawl may be before `crawl --auto` takes another, not an update."""
    whole_every_days: float = 30.0
    """Until the last whole snapshot is so old, full crawls are stored as changes of it too; 0:
    each is stored whole."""
    max_bad_share: float = 0.01
    min_kept_share: float = 0.9
    on_publish: str | None = None
    """A command to run for each new snapshot, as one types it; no shell reads it."""
    on_publish_seconds: float = 300.0
    """How long that command may take."""
    alert_lost_share: float = 0.05
    """A family that lost more than this share of its members is an alert."""
    token: str | None = field(default=None, repr=False)
    """Found, never configured: see `find_token_setting`."""

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise SettingsError(f"share must be above 0 and at most 1, got {self.share}")
        for name, (least, most) in _RANGES.items():
            value = getattr(self, name)
            if value is not None and not least <= value <= most:  # no nan lies between
                raise SettingsError(f"{name} must be between {least:,} and {most:,}, got {value}")
        for name in ("store", "cache"):
            if not getattr(self, name):  # a script's variable that was not set, most of the time
                raise SettingsError(f"{name} is empty", "name a folder")
        # Lists and commands may go over lines.
        for name in _TEXTS - {"opt_outs", "on_publish"}:
            # NUL ends a path early, and a line break would begin another header of a request.
            if re.search(r"[\x00-\x1f\x7f]", text := getattr(self, name) or ""):
                raise SettingsError(f"{name} holds a control character: {text!r}")

    @property
    def user_agent(self) -> str:
        """What the Hub is told of who asks; a header holds ASCII alone, so the rest is escaped."""
        contact = quote(self.contact, safe="".join(map(chr, range(0x20, 0x7F))), errors="replace")
        return f"lineage/{__version__} (llama-lineage; {contact})"


def load_settings(
    flags: Mapping[str, object],
    environment: Mapping[str, str] = os.environ,
    folder: Path | None = None,
    *,
    with_token: bool = True,
) -> Settings:
    """Merge all sources of settings; a flag of None counts as absent.

    The flag `opt_outs` is a file of names; in the environment and in the user's own file it is a
    file or the names themselves. Raises SettingsError, which names the culprit. Commands that read
    snapshots alone need no token, and do not pay for the search.
    """
    flag_values = {name: value for name, value in flags.items() if value is not None}
    if "opt_outs" in flag_values:
        flag_values["opt_outs"] = read_opt_outs_setting(
            expand_home_in_path(str(flag_values["opt_outs"]))
        )
    merged = (
        _read_own_settings_file(_own_settings_file(environment), personal=True)
        | _read_project_settings(folder or Path())
        | _read_settings_environment(environment)
        | flag_values
    )
    settings = Settings(**merged)  # type: ignore[arg-type]
    return (
        replace(settings, token=find_token_setting(settings.token_file)) if with_token else settings
    )


def find_token_setting(token_file: str | None) -> str | None:
    """Return the Hub token: from the named file, else where the Hub's own tools look for it."""
    if token_file is None:
        return _find_hub_token_setting()
    try:
        token = read_text_file(expand_home_in_path(token_file), _MOST_TOKEN_BYTES).strip()
    except OSError as error:
        raise file_error(f"the token file cannot be read: {token_file}", error) from error
    if not token:
        raise SettingsError(f"the token file is empty: {token_file}")
    return _check_token_setting(token, token_file)


def _find_hub_token_setting() -> str | None:
    # Imported late: it takes longer than a look-up in a snapshot, which needs no token.
    from huggingface_hub import constants, get_token

    place = Path(constants.HF_TOKEN_PATH)
    try:
        # The Hub's client would wait for ever for a pipe that has no writer.
        if "HF_TOKEN" not in os.environ and place.exists():
            open_regular_file(place).close()
        token: str | None = get_token()
    except (OSError, ValueError) as error:
        # The file belongs to another tool, and the Hub's listing needs no token.
        _LOG.warning("no token is read from %s: %s", place, words_of_os_error(error))
        return None
    return (
        None if token is None else _check_token_setting(token, "HF_TOKEN or the Hub's token file")
    )


def _check_token_setting(token: str, place: str) -> str:
    # What no header holds would end the first request; the token itself is never shown.
    if not re.fullmatch(r"[!-~]+", token):
        raise SettingsError(
            f"{place} holds no token: blanks, line breaks or letters beyond ASCII are in it",
            "a token of the Hub is one word that begins with hf_",
        )
    return token


def read_opt_outs_setting(path: Path) -> str:
    """Return the names in a file: one a line, or several divided by commas; `#` begins a comment.

    Raises SettingsError where the file cannot be read.
    """
    try:
        lines = read_text_file(path).splitlines()
    except OSError as error:
        raise file_error(
            f"the opt-outs file cannot be read: {path}",
            error,
            "it holds ids and owners, one a line; # begins a comment",
        ) from error
    return ",".join(filter(None, (line.partition("#")[0].strip() for line in lines)))


def _read_opt_outs_setting(text: str) -> str:
    # Only what looks like a path is opened: else a file called `owner` in a cloned folder would
    # take the place of the owner's name in the user's own list.
    return (
        read_opt_outs_setting(expand_home_in_path(text.strip()))
        if _PATH_LIKE.search(text)
        else text
    )


def _own_settings_file(environment: Mapping[str, str]) -> Path | None:
    """Return the user's own settings file; None where the environment names no home."""
    # A relative folder would lie in the project, whose file must not pass for the user's own.
    for folder, below in (
        (environment.get("XDG_CONFIG_HOME", ""), "lineage"),
        (environment.get("HOME") or str(expand_home_in_path("~")), ".config/lineage"),
    ):
        if Path(folder).is_absolute():
            return Path(folder) / below / "lineage.toml"
    return None


def _read_own_settings_file(path: Path | None, *, personal: bool) -> dict[str, object]:
    try:
        # A link that leads nowhere is a file all the same: somebody wanted settings there.
        if path is None or not os.path.lexists(path):
            return {}
        content = parse_toml_text(read_regular_file(path, _MOST_SETTINGS_BYTES))
    except (OSError, ValueError) as error:
        raise file_error(f"{path} cannot be read", error, "mend or remove it") from error
    return _check_lineage_toml_table(content, path, personal=personal)


def _read_project_settings(folder: Path) -> dict[str, object]:
    settings: dict[str, object] = {}
    pyproject = folder / "pyproject.toml"
    try:
        tools = parse_toml_text(read_regular_file(pyproject)).get("tool", {})
    except (OSError, ValueError) as error:
        # The file belongs to other tools: that it is damaged is theirs to report.
        _LOG.debug("%s is ignored: %s", pyproject, error)
        tools = {}
    table = tools.get("lineage", {}) if isinstance(tools, dict) else {}
    if not isinstance(table, dict):
        raise SettingsError(f"{pyproject}: tool.lineage must be a table")
    settings.update(_check_lineage_toml_table(table, pyproject, personal=False))
    return settings | _read_own_settings_file(folder / "lineage.toml", personal=False)


def _check_lineage_toml_table(
    table: Mapping[str, Any], path: Path, *, personal: bool
) -> dict[str, object]:
    checked: dict[str, object] = {}
    for name, value in table.items():
        if name in RENAMED_SETTINGS:
            raise SettingsError(
                f"{path}: unknown setting {name}; it is {RENAMED_SETTINGS[name]} now"
            )
        if name not in _READERS:
            raise SettingsError(
                f"{path}: unknown setting {name!r}", f"known: {', '.join(sorted(_READERS))}"
            )
        # An address would send the user's object store keys to the author of the file.
        is_remote_store = name == "store" and "://" in str(value)
        if not personal and (name in PERSONAL_SETTINGS or is_remote_store):
            raise SettingsError(
                f"{path} sets {name!r}{' to an address' * is_remote_store}, "
                "which a project's file may not",
                "use a flag, the environment or "
                f"{_own_settings_file(os.environ) or 'a file of your own'}",
            )
        # TOML has types of its own: `share = true` must not pass for 1, nor `offline = 1` for true.
        fits = isinstance(value, str) or (
            name in _SWITCHES
            if isinstance(value, bool)
            else isinstance(value, int | float) and name not in _TEXTS
        )
        if not fits:
            raise SettingsError(f"{path}: {name} cannot be {value!r}")
        checked[name] = _read_setting_value(name, str(value), str(path))
    return checked


def _read_settings_environment(environment: Mapping[str, str]) -> dict[str, object]:
    settings: dict[str, object] = {}
    if environment.get("HF_ENDPOINT"):
        settings["endpoint"] = environment["HF_ENDPOINT"]
    if environment.get("HF_HUB_OFFLINE", "").lower() in _TRUE:
        settings["offline"] = True
    for old_name, name in RENAMED_SETTINGS.items():
        if environment.get(old := f"LINEAGE_{old_name.upper()}"):
            raise SettingsError(f"unknown setting {old}; it is LINEAGE_{name.upper()} now")
    for name in _READERS:
        variable = f"LINEAGE_{name.upper()}"
        if environment.get(variable):
            settings[name] = _read_setting_value(name, environment[variable], variable)
    return settings


def _read_setting_value(name: str, text: str, place: str) -> object:
    try:
        return _READERS[name](text)
    except ValueError as error:
        raise SettingsError(f"{place}: {name} cannot be {text!r}") from error


def _read_setting_switch(text: str) -> bool:
    if text.lower() not in _TRUE | _FALSE:
        raise ValueError(text)
    return text.lower() in _TRUE


_PATH_LIKE = re.compile(r"^\s*(/|\./|\.\./|~)|^[^,\s]+\.txt\s*$")
_BY_TYPE: Mapping[object, Callable[[str], object]] = {
    bool: _read_setting_switch,
    int: int,
    float: float,
    int | None: int,
}
_READERS = {
    setting.name: _BY_TYPE.get(setting.type, str)
    for setting in fields(Settings)
    if setting.name != "token"
} | {"opt_outs": _read_opt_outs_setting}
_TEXTS = frozenset(setting.name for setting in fields(Settings) if setting.type not in _BY_TYPE)
_SWITCHES = frozenset(setting.name for setting in fields(Settings) if setting.type is bool)
