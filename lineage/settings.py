"""Settings of a run: flags, then environment, then files, then defaults; validated once."""

import logging
import math
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from lineage.errors import SettingsError

DEFAULT_ENDPOINT = "https://huggingface.co"
DEFAULT_CONTACT = "+https://github.com/llama-lineage/lineage"
# A cloned folder must not be able to send anybody's token elsewhere, to run a command, or to change
# a number unseen: these come from flags, the environment or the user's configuration folder alone.
PERSONAL_SETTINGS = frozenset(
    {
        *("endpoint", "token_file", "contact"),
        *("on_publish", "on_publish_seconds"),
        *("opt_outs", "max_bad_share", "min_kept_share"),
    }
)
"""Settings that a project's own files may not set."""
RENAMED_SETTINGS = {
    "forget": "opt_outs",
    "sweep_every_days": "full_every_days",
    "max_standing_requests": "max_availability_requests",
}

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
    """How many cards one crawl asks for at most, the most useful first."""
    max_availability_requests: int = 1000
    """About how many missing members of families one full crawl asks the Hub by name, at most."""
    share: float = 0.9
    """The part of the rate limit that a crawl may spend."""
    timeout_seconds: float = 60.0
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
    max_bad_share: float = 0.01
    min_kept_share: float = 0.9
    on_publish: str | None = None
    """A command to run for each new snapshot, as one types it; no shell reads it."""
    on_publish_seconds: float = 300.0
    """How long that command may take."""
    alert_lost_share: float = 0.05
    """A family that lost more than this share of its members is an alert."""
    token: str | None = field(default=None, repr=False)
    """Found, never configured: see `find_token`."""

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise SettingsError(f"share must be above 0 and at most 1, got {self.share}")
        for name in ("max_bad_share", "min_kept_share", "alert_lost_share"):
            if not 0 <= (value := getattr(self, name)) <= 1:
                raise SettingsError(f"{name} must be between 0 and 1, got {value}")
        for name in (
            *("timeout_seconds", "on_publish_seconds", "max_log_age_hours", "full_every_days"),
            *("max_page_bytes", "max_dump_bytes"),
        ):
            value = getattr(self, name)
            if not (value > 0 and math.isfinite(value)):
                raise SettingsError(f"{name} must be a number above 0, got {value}")
        for name in ("max_requests", "max_cards", "max_availability_requests", "keep_closed_logs"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise SettingsError(f"{name} must be 0 or more, got {value}")


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
        flag_values["opt_outs"] = read_opt_outs(Path(str(flag_values["opt_outs"])))
    merged = (
        _read_own_file(_own_file(environment), personal=True)
        | _read_project(folder or Path())
        | _read_environment(environment)
        | flag_values
    )
    settings = Settings(**merged)  # type: ignore[arg-type]
    return replace(settings, token=find_token(settings.token_file)) if with_token else settings


def find_token(token_file: str | None) -> str | None:
    """Return the Hub token: from the named file, else where the Hub's own tools look for it."""
    if token_file is not None:
        try:
            token = Path(token_file).expanduser().read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            raise SettingsError(f"the token file cannot be read: {token_file}") from error
        if not token:
            raise SettingsError(f"the token file is empty: {token_file}")
        return token
    # Imported late: it takes longer than a look-up in a snapshot, which needs no token.
    from huggingface_hub import get_token

    hub_token: str | None = get_token()
    return hub_token


def read_opt_outs(path: Path) -> str:
    """Return the names in a file: one a line, or several divided by commas; `#` begins a comment.

    Raises SettingsError where the file cannot be read.
    """
    try:
        lines = path.expanduser().read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"the opt-outs file cannot be read: {path}",
            "it holds ids and owners, one a line; # begins a comment",
        ) from error
    return ",".join(filter(None, (line.partition("#")[0].strip() for line in lines)))


def _read_opt_outs_value(text: str) -> str:
    # Only what looks like a path is opened: else a file called `owner` in a cloned folder would
    # take the place of the owner's name in the user's own list.
    return read_opt_outs(Path(text)) if _PATH_LIKE.search(text) else text


def _own_file(environment: Mapping[str, str]) -> Path:
    home = environment.get("XDG_CONFIG_HOME") or str(Path("~/.config").expanduser())
    return Path(home) / "lineage" / "lineage.toml"


def _read_own_file(path: Path, *, personal: bool) -> dict[str, object]:
    if not path.is_file():
        return {}
    try:
        return _check_table(_read_toml(path), path, personal=personal)
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error


def _read_project(folder: Path) -> dict[str, object]:
    settings: dict[str, object] = {}
    pyproject = folder / "pyproject.toml"
    if pyproject.is_file():
        try:
            tools = _read_toml(pyproject).get("tool", {})
        except (OSError, ValueError) as error:
            # The file belongs to other tools: that it is damaged is theirs to report.
            _LOG.debug("%s is ignored: %s", pyproject, error)
            tools = {}
        table = tools.get("lineage", {}) if isinstance(tools, dict) else {}
        if not isinstance(table, dict):
            raise SettingsError(f"{pyproject}: tool.lineage must be a table")
        settings.update(_check_table(table, pyproject, personal=False))
    return settings | _read_own_file(folder / "lineage.toml", personal=False)


def _read_toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _check_table(table: Mapping[str, Any], path: Path, *, personal: bool) -> dict[str, object]:
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
                f"use a flag, the environment or {_own_file(os.environ)}",
            )
        # TOML has types of its own: `share = true` must not pass for 1, nor `offline = 1` for true.
        fits = isinstance(value, str) or (
            name in _SWITCHES
            if isinstance(value, bool)
            else isinstance(value, int | float) and name not in _TEXTS
        )
        if not fits:
            raise SettingsError(f"{path}: {name} cannot be {value!r}")
        checked[name] = _read_value(name, str(value), str(path))
    return checked


def _read_environment(environment: Mapping[str, str]) -> dict[str, object]:
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
            settings[name] = _read_value(name, environment[variable], variable)
    return settings


def _read_value(name: str, text: str, place: str) -> object:
    try:
        return _READERS[name](text)
    except ValueError as error:
        raise SettingsError(f"{place}: {name} cannot be {text!r}") from error


def _read_switch(text: str) -> bool:
    if text.lower() not in _TRUE | _FALSE:
        raise ValueError(text)
    return text.lower() in _TRUE


_PATH_LIKE = re.compile(r"^\s*(/|\./|\.\./|~)|^[^,\s]+\.txt\s*$")
_BY_TYPE: Mapping[object, Callable[[str], object]] = {
    bool: _read_switch,
    int: int,
    float: float,
    int | None: int,
}
_READERS = {
    setting.name: _BY_TYPE.get(setting.type, str)
    for setting in fields(Settings)
    if setting.name != "token"
} | {"opt_outs": _read_opt_outs_value}
_TEXTS = frozenset(setting.name for setting in fields(Settings) if setting.type not in _BY_TYPE)
_SWITCHES = frozenset(setting.name for setting in fields(Settings) if setting.type is bool)
