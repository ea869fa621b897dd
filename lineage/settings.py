"""What a run may be told: flags, then environment, then files, then defaults; validated once.

A checked-out project must not be able to send somebody's token somewhere or to run commands, so
endpoint and token come from flags, the environment or the user's own configuration folder alone.
"""

import math
import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from lineage.errors import SettingsError

DEFAULT_ENDPOINT = "https://huggingface.co"
DEFAULT_CONTACT = "+https://github.com/llama-lineage/lineage"
PERSONAL = frozenset({"endpoint", "token_file", "contact", "on_publish"})
"""Settings that a project's own files may not set."""

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
    """How the Hub's operators reach whoever runs this: named in the User-Agent."""
    families: str | None = None
    """A TOML file, or a folder of them: families beside the bundled ones."""
    offline: bool = False
    max_requests: int | None = None
    max_cards: int = 10_000
    """How many cards one crawl asks for at most, the most useful first."""
    max_standing_requests: int = 1000
    """About how many missing members of families one sweep asks the Hub by name, at most."""
    share: float = 0.9
    """The part of the rate limit that a crawl may spend."""
    timeout_seconds: float = 60.0
    max_page_bytes: int = 64 * 1024 * 1024
    """Cap of one decompressed page."""
    max_dump_bytes: int = 16 * 1024**3
    """Cap of a dump that is fetched from an address."""
    max_log_age_hours: float = 24.0
    """An unfinished walk older than this starts anew."""
    keep_closed_logs: int = 2
    forget: str = ""
    """Ids and owners, divided by commas, that no new snapshot may name."""
    sweep_every_days: float = 7.0
    """How old the last sweep may be before `crawl --auto` takes another instead of an update."""
    max_bad_share: float = 0.01
    min_kept_share: float = 0.9
    on_publish: str | None = None
    """A command that hears of each new snapshot, as one types it; no shell reads it."""
    on_publish_seconds: float = 300.0
    """How long that command may take."""
    alert_lost_share: float = 0.05
    """An alert tells of a family that lost more than this share of its members."""
    token: str | None = field(default=None, repr=False)
    """Found, never configured: see `find_token`."""

    def __post_init__(self) -> None:
        for name in ("share", "max_bad_share", "min_kept_share", "alert_lost_share"):
            value = getattr(self, name)
            if not 0 <= value <= 1 or (name == "share" and value == 0):
                raise SettingsError(f"{name} is {value}", f"{name} is a share: above 0, up to 1")
        for name in (
            *("timeout_seconds", "on_publish_seconds", "max_log_age_hours", "sweep_every_days"),
            *("max_page_bytes", "max_dump_bytes"),
        ):
            value = getattr(self, name)
            if not (value > 0 and math.isfinite(value)):
                raise SettingsError(f"{name} is {value}", "it must be a number above 0")
        if self.max_requests is not None and self.max_requests < 0:
            raise SettingsError(f"max_requests is {self.max_requests}", "it must be 0 or more")
        for name in ("max_cards", "max_standing_requests", "keep_closed_logs"):
            if getattr(self, name) < 0:
                raise SettingsError(f"{name} is {getattr(self, name)}", "it must be 0 or more")


def load_settings(
    flags: Mapping[str, object],
    environment: Mapping[str, str] = os.environ,
    folder: Path | None = None,
    *,
    with_token: bool = True,
) -> Settings:
    """Put settings together; a flag of None was not given. SettingsError names the culprit.

    Who reads snapshots alone needs no token, and does not pay for the search.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    merged = (
        _from_file(_personal_file(environment), personal=True)
        | _from_project(folder or Path())
        | _from_environment(environment)
        | given
    )
    settings = Settings(**merged)  # type: ignore[arg-type]
    return replace(settings, token=find_token(settings.token_file)) if with_token else settings


def find_token(token_file: str | None) -> str | None:
    """Return the Hub token: from the named file, else where the Hub's own tools look for it."""
    if token_file is not None:
        try:
            token = Path(token_file).expanduser().read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"the token file cannot be read: {token_file}") from error
        if not token:
            raise SettingsError(f"the token file is empty: {token_file}")
        return token
    from huggingface_hub import get_token  # its import is only worth it for who crawls

    found: str | None = get_token()
    return found


def _personal_file(environment: Mapping[str, str]) -> Path:
    home = environment.get("XDG_CONFIG_HOME") or str(Path("~/.config").expanduser())
    return Path(home) / "lineage" / "lineage.toml"


def _from_project(folder: Path) -> dict[str, object]:
    found = {}
    pyproject = folder / "pyproject.toml"
    if pyproject.is_file():
        tools = _read(pyproject).get("tool", {})
        table = tools.get("lineage", {}) if isinstance(tools, dict) else {}
        if not isinstance(table, dict):
            raise SettingsError(f"{pyproject}: tool.lineage is no table")
        found.update(_checked(table, pyproject, personal=False))
    return found | _from_file(folder / "lineage.toml", personal=False)


def _from_file(path: Path, *, personal: bool) -> dict[str, object]:
    return _checked(_read(path), path, personal=personal) if path.is_file() else {}


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error


def _checked(table: Mapping[str, Any], path: Path, *, personal: bool) -> dict[str, object]:
    checked: dict[str, object] = {}
    for name, value in table.items():
        if name not in _READERS:
            raise SettingsError(
                f"{path} sets {name!r}, which is no setting",
                f"known: {', '.join(sorted(_READERS))}",
            )
        if name in PERSONAL and not personal:
            raise SettingsError(
                f"{path} sets {name!r}, which a project's file may not",
                f"use a flag, the environment or {_personal_file(os.environ)}",
            )
        fits = isinstance(value, str) or (
            name in _SWITCHES
            if isinstance(value, bool)
            else isinstance(value, int | float) and name not in _TEXTS
        )
        if not fits:
            raise SettingsError(f"{path}: {name} cannot be {value!r}")
        checked[name] = _value(name, str(value), str(path))
    return checked


def _from_environment(environment: Mapping[str, str]) -> dict[str, object]:
    found: dict[str, object] = {}
    if environment.get("HF_ENDPOINT"):
        found["endpoint"] = environment["HF_ENDPOINT"]
    if environment.get("HF_HUB_OFFLINE", "").lower() in _TRUE:
        found["offline"] = True
    for name in _READERS:
        variable = f"LINEAGE_{name.upper()}"
        if environment.get(variable):
            found[name] = _value(name, environment[variable], variable)
    return found


def _value(name: str, text: str, where: str) -> object:
    try:
        return _READERS[name](text)
    except ValueError as error:
        raise SettingsError(f"{where}: {name} cannot be {text!r}") from error


def _flag(text: str) -> bool:
    if text.lower() not in _TRUE | _FALSE:
        raise ValueError(text)
    return text.lower() in _TRUE


_BY_TYPE: Mapping[object, Callable[[str], object]] = {
    bool: _flag,
    int: int,
    float: float,
    int | None: int,
}
_READERS = {
    one.name: _BY_TYPE.get(one.type, str) for one in fields(Settings) if one.name != "token"
}
_TEXTS = frozenset(name for name, read in _READERS.items() if read is str)
_SWITCHES = frozenset(name for name, read in _READERS.items() if read is _flag)
