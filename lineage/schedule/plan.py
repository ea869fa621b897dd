"""What a printed unit is to do: the values that each format spells in its own way."""

import os
import pwd
import shlex
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from lineage.domain.escape import visible
from lineage.errors import SettingsError
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
    on_publish: str | None = None
    """The command that hears of each new snapshot, as one types it."""

    def __post_init__(self) -> None:
        texts = (self.store, self.cache, self.program, self.folder, self.user)
        for text in (*texts, self.token_file or "", self.on_publish or ""):
            _refuse_unspeakable(text)

    def environment(self, store: str, cache: str) -> dict[str, str]:
        """Return the variables that every unit sets, with store and cache as they are named there.

        The command of --on-publish is a variable too: on a line that runs, some schedulers would
        split it or expand what is in it.
        """
        variables = {
            "LINEAGE_STORE": store,
            "LINEAGE_CACHE": cache,
            "LINEAGE_LOG_FORMAT": "json",
        }
        command = {} if self.on_publish is None else {"LINEAGE_ON_PUBLISH": self.on_publish}
        return variables | command

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
    """Return the plan that runs this program, in this folder, as this user.

    Raises SettingsError where the command of --on-publish is none.
    """
    return Plan(
        every=every,
        store=settings.store,
        cache=settings.cache,
        program=_program(),
        folder=str(Path.cwd()),
        user=_user(),
        token_file=settings.token_file,
        on_publish=command_of(settings.on_publish),
    )


def command_of(text: str | None) -> str | None:
    """Return a command of --on-publish as it is.

    Raises SettingsError for what cannot be split into words: else it would be said at night, by
    the first crawl that has something to tell.
    """
    try:
        words = None if text is None else shlex.split(text)
    except ValueError as error:
        raise SettingsError(f"{text!r} is no command: {error}", "quote it as in a shell") from error
    if words == []:
        raise SettingsError("the command of --on-publish is empty", "leave the flag out")
    return text


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
