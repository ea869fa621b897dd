"""What a printed unit is to do: the values that each format spells in its own way."""

import os
import pwd
import re
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lineage.crawl.publish_command import split_publish_command
from lineage.domain.addresses import mask_secrets_in_address
from lineage.domain.escape import escape_invisible
from lineage.domain.files import expand_home_in_path
from lineage.errors import SettingsError
from lineage.settings import Settings

_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes"}
_DURATION = re.compile(r"([1-9][0-9]{0,4})([mhdw])")

# Away from the full hour, when everybody's schedules begin.
_HOUR, _MINUTE = 4, 17
# A calendar repeats every day: other numbers of hours would leave a shorter gap at midnight.
_HOURS_OF_A_DAY = (1, 2, 3, 4, 6, 8, 12)


def parse_schedule_interval(text: str) -> timedelta:
    """Read `90m`, `24h`, `1d` or `1w`; ValueError where it is none of them."""
    if (match := _DURATION.fullmatch(text.strip().lower())) is None:
        raise ValueError(f"not a duration: {text!r}; use one like 90m, 24h, 1d or 1w")
    number, unit = match.groups()
    return timedelta(**{_UNITS[unit]: int(number)})


def spell_cron(interval: timedelta) -> str:
    """Return the five fields of a crontab; SettingsError where there are none."""
    days, hours = _split_schedule_interval(interval)
    hour = "*" if hours == 1 else str(_HOUR) if hours == 24 else f"*/{hours}"
    return f"{_MINUTE} {hour} * * {0 if days == 7 else '*'}"


def spell_calendar_event(interval: timedelta) -> str:
    """Return what systemd's OnCalendar= takes; SettingsError where there is nothing."""
    days, hours = _split_schedule_interval(interval)
    hour = "*" if hours == 1 else f"{_HOUR:02}" if hours == 24 else f"00/{hours}"
    return f"{'Sun ' if days == 7 else ''}*-*-* {hour}:{_MINUTE}:00 UTC"


def first_run(last: datetime | None, interval: timedelta, now: datetime) -> datetime:
    """Return when the first run is due: now where there was none yet, or one was missed."""
    if last is None:
        return now
    # By a clock that was set back the last run lies in the future: it must not hold up the next
    # one for longer than an interval.
    return max(now, min(last, now) + interval).astimezone(UTC)


def _split_schedule_interval(interval: timedelta) -> tuple[int, int]:
    """Return the days and hours between two runs."""
    if interval == timedelta(weeks=1):
        return 7, 24
    for hours in (*_HOURS_OF_A_DAY, 24):
        if interval == timedelta(hours=hours):
            return 1, hours
    possible = ", ".join(f"{hours}h" for hours in _HOURS_OF_A_DAY)
    raise SettingsError(
        f"cron and systemd cannot run every {_spell_schedule_duration(interval)}",
        f"they can every {possible}, 24h and 7d; `lineage schedule run` takes any",
    )


def _spell_schedule_duration(interval: timedelta) -> str:
    """Spell a duration in the largest unit that it is a whole number of."""
    for unit in _UNITS.values():
        number, remainder = divmod(interval, timedelta(**{unit: 1}))
        if not remainder:
            return f"{number} {unit}"
    return str(interval)


CRAWL = ("crawl", "--auto")
"""What a schedule runs."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A schedule for one store; texts hold nothing that no format can spell."""

    interval: timedelta
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
    """The command that is told of each new snapshot, as one types it."""
    families: str | None = None
    """A file or folder of this machine."""
    opt_outs: str = ""
    """Ids and owners, divided by commas."""
    publish: str | None = None
    """The data set that each snapshot is published to: an address without a sign of any format."""

    def __post_init__(self) -> None:
        texts = (self.store, self.cache, self.program, self.folder, self.user)
        more = (self.token_file, self.on_publish, self.families, self.opt_outs)
        for text in (*texts, *(text or "" for text in more)):
            _check_unit_text(text)
        if mask_secrets_in_address(self.store) != self.store:
            raise SettingsError(
                f"{mask_secrets_in_address(self.store)} holds a secret, which a unit would show",
                "name the store without it, and give the secret where the scheduler keeps secrets: "
                "as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
            )

    @property
    def turn(self) -> str:
        """One turn, with its own attempts, as the words after the program's name."""
        return "schedule run --once" + (f" --publish {self.publish}" if self.publish else "")

    @property
    def token_use(self) -> str:
        """What a token is for."""
        if self.publish is not None:
            return f"Publishing needs a token that may write to {self.publish}."
        return "A token doubles the pace, and none is needed."

    @property
    def is_scheduled_by_root(self) -> bool:
        """Whether root printed it; no unit runs as root."""
        return self.user in {"root", "0"}

    def unit_environment(self, store: str, cache: str) -> dict[str, str]:
        """Return the variables that every unit sets, with store and cache as it names them."""
        # The command of --on-publish is a variable too: on a line that runs, some schedulers would
        # split it or expand what is in it.
        variables = {
            "LINEAGE_STORE": store,
            "LINEAGE_CACHE": cache,
            "LINEAGE_LOG_FORMAT": "json",
        }
        command = {} if self.on_publish is None else {"LINEAGE_ON_PUBLISH": self.on_publish}
        return variables | command

    def environment_here(self) -> dict[str, str]:
        """Return the variables of a unit of this machine."""
        # A crawl without the opt-outs would store whom every answer leaves out.
        own = {"LINEAGE_OPT_OUTS": self.opt_outs} if self.opt_outs else {}
        if self.families is not None:
            own["LINEAGE_FAMILIES"] = self.absolute_unit_path(self.families)
        return (
            self.unit_environment(self.absolute_store(), self.absolute_unit_path(self.cache)) | own
        )

    @property
    def store_is_remote(self) -> bool:
        """Whether the store is named by a URL."""
        return "://" in self.store

    def absolute_store(self) -> str:
        """Return the store as it is named from any folder of this machine."""
        return self.store if self.store_is_remote else self.absolute_unit_path(self.store)

    def absolute_unit_path(self, path: str) -> str:
        """Return a path as it is named from any folder of this machine."""
        return str(Path(self.folder) / expand_home_in_path(path))


def publish_command_words(address: str) -> list[str]:
    """Return the words that publish to a data set; SettingsError where an address names none."""
    # Imported here: it brings the Hub's client, and most schedules publish nothing.
    from lineage.export.hub_repository import data_set_name_of_address

    data_set_name_of_address(address)
    return ["publish", address, "-v"]


def plan_schedule_here(settings: Settings, interval: timedelta, publish: str | None = None) -> Plan:
    """Return the plan that runs this program, in this folder, as this user.

    Raises SettingsError where the command of --on-publish, or the address of --publish, is none.
    """
    # Said now and not at night, by the first crawl that has something to tell.
    split_publish_command(settings.on_publish)
    if publish is not None:
        publish_command_words(publish)
    # The script beside this Python belongs to it; what argv names may be a module's path.
    script = Path(sys.executable).with_name("lineage")
    return Plan(
        interval=interval,
        store=settings.store,
        cache=settings.cache,
        program=str(script if script.exists() else Path(sys.argv[0]).absolute()),
        folder=str(Path.cwd()),
        user=_name_schedule_user(),
        token_file=settings.token_file,
        on_publish=settings.on_publish,
        families=settings.families,
        opt_outs=settings.opt_outs,
        publish=publish,
    )


def _name_schedule_user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _check_unit_text(text: str) -> None:
    # A line break would end a line of a unit; invisible characters deceive the reader of one.
    if escape_invisible(text) != text or text != text.strip() or text.endswith("\\"):
        raise SettingsError(
            f"{text!r} cannot stand in a unit",
            "it holds control or invisible characters, or begins or ends with a blank or ends "
            "with a backslash: rename it",
        )
