"""Ready units for other schedulers: templates, filled with what each format takes as a text."""

import posixpath
import shlex
from collections.abc import Callable, Mapping
from datetime import timedelta
from importlib import resources
from string import Template

from lineage.errors import SettingsError, SourceError
from lineage.schedule.plan import CRAWL, Plan, spell_calendar_event, spell_cron
from lineage.schedule.runner import MOST_ATTEMPTS, PAUSE
from lineage.version import __version__

# Every exit code but 0 and that of a Hub that could not be read to its end.
_OTHER_CODES = "1 2 4 5"
_ENDED_BY_SIGTERM = 143
_VOLUME = "/data"
# systemd has no spelling for these in the path of a program.
_NOT_IN_A_PROGRAM = frozenset("\"'\\")
# What the cache and artifact actions of GitHub read as a pattern.
_PATTERN_CHARACTERS = frozenset("*?[]!~{}")
# Debian's cron cuts a variable's line at 1,000 bytes.
_LONGEST_LINE = 990
# GitHub takes `${{` for the beginning of an expression; this expression is that text.
_LITERAL_BRACES = "${{ '${{' }}"
_MOST_SECONDS = 6 * 3600
"""A crawl that takes longer hangs."""
_RESULTS = "lineage-results.json"
# The manager opens it as root: in a folder of the user's a link could lead it elsewhere.
_RESULTS_OF_SYSTEMD = f"/var/log/{_RESULTS}"
_LOOPBACK_ALONE = """\
# It asks no server and answers this machine alone: with another --host take these two lines out.
IPAddressDeny=any
IPAddressAllow=localhost"""
_TOKEN_ADVICE = "# {} Put it into a file that {} can read, and uncomment:"


def systemd_units(plan: Plan) -> Mapping[str, str]:
    """Fill the units of crawl and server (systemd.service, systemd.timer, systemd.syntax)."""
    if _NOT_IN_A_PROGRAM.intersection(plan.program):
        raise SettingsError(
            f"systemd runs no program with quotes or backslashes in its path: {plan.program}",
            "install lineage elsewhere",
        )
    variables = plan.environment_here()
    token_path = _escape_systemd_percents(
        plan.absolute_unit_path(plan.token_file or "/etc/lineage/hf_token")
    )
    if plan.token_file is None:
        token_note = _TOKEN_ADVICE.format(plan.token_use, "root alone")
    else:
        token_note = "# Only root need be able to read the token's file; the service sees a copy."
    if plan.is_scheduled_by_root:
        user = "lineage"
        user_note = "# Never root. Where there is no such user: useradd --system lineage"
    else:
        user, user_note = plan.user, "# Who can run the program and write the folders below."
    local_store = [] if plan.store_is_remote else [plan.absolute_store()]
    folders = [*local_store, plan.absolute_unit_path(plan.cache)]
    service = _fill_unit_template(
        "lineage.service",
        results=_RESULTS_OF_SYSTEMD,
        folders=" ".join(map(_quote_systemd, folders)),
        folders_as_words=shlex.join(folders),
        most_seconds=f"{_MOST_SECONDS}s",
        user_note=user_note,
        limit_seconds=_spell_systemd_seconds(plan.interval / 2),
        most_attempts=MOST_ATTEMPTS,
        pause_seconds=_spell_systemd_seconds(min(PAUSE, plan.interval / 12)),
        user=_escape_systemd_percents(user),
        folder=_escape_systemd_percents(plan.folder),
        environment=_list_systemd_variables(variables),
        token_note=token_note,
        token_mark="#" if plan.token_file is None else "",
        token_file=token_path,
        command=_list_systemd_commands(plan),
        retry_code=SourceError.exit_code,
        other_codes=_OTHER_CODES,
        other_codes_in_words=_OTHER_CODES.replace(" ", ", "),
    )
    event = spell_calendar_event(plan.interval)
    # A crawl tells a command of its snapshot; the server has nothing to tell.
    served = {name: it for name, it in variables.items() if name != "LINEAGE_ON_PUBLISH"}
    server = _fill_unit_template(
        "lineage-serve.service",
        user_note=user_note,
        user=_escape_systemd_percents(user),
        folder=_escape_systemd_percents(plan.folder),
        environment=_list_systemd_variables(served),
        command=f"{_quote_systemd(plan.program)} serve",
        addresses="" if plan.store_is_remote else _LOOPBACK_ALONE,
    )
    return {
        "lineage-serve.service": server,
        "lineage.service": service,
        "lineage.timer": _fill_unit_template("lineage.timer", calendar_event=event),
    }


def _list_systemd_commands(plan: Plan) -> str:
    words = [" ".join(CRAWL), *([f"publish {plan.publish}"] if plan.publish else [])]
    return "\nExecStart=".join(f"{_quote_systemd(plan.program)} {it} -v" for it in words)


def _list_systemd_variables(variables: Mapping[str, str]) -> str:
    return "\n".join(
        f"Environment={_quote_systemd(f'{name}={value}')}" for name, value in variables.items()
    )


def crontab(plan: Plan) -> Mapping[str, str]:
    """Fill lineage.cron, for cron as Debian has it (crontab(5))."""
    variables = {
        "LINEAGE_PROGRAM": plan.program,
        "LINEAGE_FOLDER": plan.folder,
        "LINEAGE_RESULTS": plan.absolute_unit_path(_RESULTS),
        **plan.environment_here(),
    }
    if plan.token_file is None:
        advice = _TOKEN_ADVICE.format(plan.token_use, "you alone")
        token = f"{advice}\n#LINEAGE_TOKEN_FILE=/path/of/a/file"
    else:
        token = _spell_cron_variable("LINEAGE_TOKEN_FILE", plan.absolute_unit_path(plan.token_file))
    text = _fill_unit_template(
        "lineage.cron",
        most_attempts=MOST_ATTEMPTS,
        most_seconds=_MOST_SECONDS,
        edit="crontab -e -u SOMEBODY" if plan.is_scheduled_by_root else "crontab -e",
        environment="\n".join(_spell_cron_variable(*item) for item in variables.items()),
        token=token,
        turn=plan.turn,
        schedule=spell_cron(plan.interval),
    )
    return {"lineage.cron": text}


def github_schedule_workflow(plan: Plan) -> Mapping[str, str]:
    """Fill lineage.yml, for .github/workflows."""
    _refuse_unit_with_own_families(plan)
    paths = [plan.cache] if plan.store_is_remote else [plan.store, plan.cache]
    for path in paths:
        if _PATTERN_CHARACTERS.intersection(path):
            raise SettingsError(
                f"a workflow would read {path!r} as a pattern", "name another folder"
            )
    # Folders are named by variables, so that no step needs a spelling of its own for them.
    names = ["LINEAGE_CACHE"] if plan.store_is_remote else ["LINEAGE_STORE", "LINEAGE_CACHE"]
    if plan.store_is_remote:
        store_note = (
            "# The store is an object store: give the step `crawl` its credentials from secrets "
            "too."
        )
    else:
        store_note = (
            "# The history is carried from run to run in GitHub's cache, which GitHub may empty: "
            "to keep it\n# for years, name an object store with --store, or use a machine of your "
            "own."
        )
    variables = plan.unit_environment(plan.store, plan.cache)
    text = _fill_unit_template(
        "lineage.yml",
        store_note=store_note,
        schedule=quote_yaml(spell_cron(plan.interval)),
        environment="\n".join(
            f"  {name}: {quote_yaml(value.replace('${{', _LITERAL_BRACES))}"
            for name, value in variables.items()
        ),
        folders="\n".join(f"            ${{{{ env.{name} }}}}" for name in names),
        results=_RESULTS,
        turn=plan.turn,
        token_use=plan.token_use,
        history="" if plan.store_is_remote else "            ${{ env.LINEAGE_STORE }}\n",
        most_minutes=_MOST_SECONDS // 60 - 60,
    )
    return {"lineage.yml": text}


def kubernetes_schedule_manifests(plan: Plan) -> Mapping[str, str]:
    """Fill lineage.yaml: a PersistentVolumeClaim and a CronJob."""
    _refuse_unit_with_own_families(plan)
    volume = _VOLUME
    if not plan.store_is_remote and posixpath.isabs(plan.store):
        volume = posixpath.dirname(posixpath.normpath(plan.store))
    store = plan.store if plan.store_is_remote else posixpath.join(volume, plan.store)
    cache = posixpath.join(volume, plan.cache)
    for path in [cache] if plan.store_is_remote else [store, cache]:
        if not posixpath.normpath(path).startswith(volume + "/") or ":" in path:
            raise SettingsError(
                f"{path} does not lie on the volume {volume}",
                "name a cache in the folder of the store, or relative paths for both",
            )
    indent = " " * 16
    results = {"LINEAGE_RESULTS": posixpath.join(volume, _RESULTS)}
    variables = plan.unit_environment(store, cache) | results
    text = _fill_unit_template(
        "lineage.yaml",
        schedule=quote_yaml(spell_cron(plan.interval)),
        deadline=int(plan.interval.total_seconds()) // 2,
        retry_code=SourceError.exit_code,
        retries=MOST_ATTEMPTS - 1,
        terminated=_ENDED_BY_SIGTERM,
        most_seconds=_MOST_SECONDS,
        results=_RESULTS,
        token_use=plan.token_use,
        # Where two commands run, `schedule run` hands the signal that ends a pod on to them.
        line=quote_yaml(
            f'exec lineage {plan.turn if plan.publish else " ".join(CRAWL)} -v >>"$LINEAGE_RESULTS"'
        ),
        # Kubernetes expands `$(NAME)`; `$$` is a dollar.
        environment="\n".join(
            f"{indent}- name: {name}\n{indent}  value: {quote_yaml(value.replace('$', '$$'))}"
            for name, value in variables.items()
        ),
        volume=quote_yaml(volume),
    )
    return {"lineage.yaml": text}


UNITS: Mapping[str, Callable[[Plan], Mapping[str, str]]] = {
    "systemd": systemd_units,
    "cron": crontab,
    "github-actions": github_schedule_workflow,
    "kubernetes": kubernetes_schedule_manifests,
}
"""By the name of a scheduler: what spells a plan for it, as texts by file name."""


def _refuse_unit_with_own_families(plan: Plan) -> None:
    if plan.families is not None:
        raise SettingsError(
            f"a family file of this machine lies on no other: {plan.families}",
            "leave --families out, and put the file into the source that is installed there",
        )


def _fill_unit_template(name: str, **values: object) -> str:
    file = resources.files("lineage.schedule") / "templates" / name
    return Template(file.read_text("utf-8")).substitute(values, version=__version__)


def _spell_systemd_seconds(duration: timedelta) -> str:
    return f"{int(duration.total_seconds())}s"


def _escape_systemd_percents(text: str) -> str:
    """Spell a text where systemd takes a line as it is, but for its specifiers."""
    return text.replace("%", "%%")


def _quote_systemd(text: str) -> str:
    """Spell one word. In the path of a program and in Environment= a `$` means itself."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_escape_systemd_percents(escaped)}"'


def _spell_cron_variable(name: str, value: str) -> str:
    """Spell a variable: unquoted it is taken as it stands, but for a quote at its beginning."""
    quoted, hint = value, "begin it with another word than a quoted one"
    if value.startswith(("'", '"')):
        quote = '"' if value[0] == "'" else "'"
        quoted = f"{quote}{value}{quote}"
        if quote in value:
            raise SettingsError(f"cron takes no such value: {value}", hint)
    line = f"{name}={quoted}"
    if len(line.encode()) > _LONGEST_LINE:
        hint = "shorten it: rename a folder, or name a script"
        raise SettingsError(f"cron takes no such value: {value}", hint)
    return line


def quote_yaml(text: str) -> str:
    """Spell any text as one YAML scalar (YAML 1.2, 5.7 and 7.3.1: double-quoted)."""
    return '"' + "".join(_escape_yaml(character) for character in text) + '"'


def _escape_yaml(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if " " <= character <= "~":
        return character
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
