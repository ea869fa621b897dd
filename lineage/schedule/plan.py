"""What a printed unit is to do: the values that each format spells in its own way."""

import os
import pwd
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from lineage.errors import SettingsError
from lineage.render.escape import visible
from lineage.settings import Settings

CRAWL = ("crawl", "--auto")
"""What a schedule runs."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A schedule for one store; texts hold nothing that no format can spell."""

    every: timedelta
    store: str
    """Folder or URL, as it was given."""
    cache: str
    program: str
    """Absolute path of the program `lineage`."""
    folder: str
    """Where it is run: relative paths begin here, a lineage.toml is read here."""
    user: str
    token_file: str | None = None

    def __post_init__(self) -> None:
        texts = (self.store, self.cache, self.program, self.folder, self.user)
        for text in (*texts, self.token_file or ""):
            _refuse_unspeakable(text)

    @property
    def store_is_remote(self) -> bool:
        """Whether the store is named by a URL."""
        return "://" in self.store

    def absolute_store(self) -> str:
        """Return the store as it is named from any folder of this machine."""
        return self.store if self.store_is_remote else self.at_home(self.store)

    def at_home(self, path: str) -> str:
        """Return a path as it is named from any folder of this machine."""
        return str(Path(self.folder) / Path(path).expanduser())


def plan_here(settings: Settings, every: timedelta) -> Plan:
    """Return the plan that runs this program, in this folder, as this user."""
    return Plan(
        every=every,
        store=settings.store,
        cache=settings.cache,
        program=_program(),
        folder=str(Path.cwd()),
        user=_user(),
        token_file=settings.token_file,
    )


def _program() -> str:
    beside = Path(sys.executable).with_name("lineage")
    return str(beside if beside.exists() else Path(sys.argv[0]).absolute())


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _refuse_unspeakable(text: str) -> None:
    """A line break would end a line of a unit; what is invisible deceives who reads it."""
    if visible(text) != text or text != text.strip() or text.endswith("\\"):
        raise SettingsError(
            f"{text!r} cannot stand in a unit",
            "it holds control or invisible characters, or begins or ends with a blank or ends "
            "with a backslash: rename it",
        )
