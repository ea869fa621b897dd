"""The options that commands share: the same flag means the same everywhere."""

import functools
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from datetime import date
from enum import StrEnum
from typing import Any

import click

from lineage.cli import logs, signals
from lineage.cli.context import Format, Invocation
from lineage.domain.claims import RELATIONS, Relation, Strength
from lineage.domain.definitions import Closure, Definition, Grouping

Callback = Callable[..., None]
Option = Callable[[Callback], Callback]

# Scripts of older versions name these: an unknown option says nothing about what became of it.
RENAMED = {
    "--least": "it is --min-strength now",
    "--at-least": "it is --min-size now",
    "--bulk": "it is --dump now",
    "--forget": "it is --opt-outs now",
    "--family": "a family is a SUBJECT now: family:llama",
}

# As shells count SIGPIPE.
READER_LEFT = 141

WHOLE_FILES = "files that were written are whole; run the same command again"

_VALUES = "lineage.global_options"
_TYPED = "lineage.typed_options"


def combine_options(*options: Option) -> Option:
    """Return several options as one decorator, shown in the order given."""
    return lambda command: functools.reduce(lambda made, add: add(made), reversed(options), command)


def examples(*lines: str) -> str:
    """Return what stands below a command's options; click keeps the lines of a marked part."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


# Global options: before or after the command, on every command. click gives an option to one
# command; here every command has them all, and the values meet in the context that they share.


def _remember_flag(context: click.Context, option: click.Parameter, value: Any) -> None:
    """Keep the value where the command finds it: what is typed later beats what is typed first."""
    # click reads variables again for every command: they yield to what is typed before it.
    assert option.name is not None
    values = context.meta.setdefault(_VALUES, {})
    if context.get_parameter_source(option.name) is click.core.ParameterSource.COMMANDLINE:
        values[option.name] = (
            value + values.get("verbose", 0) if option.name == "verbose" else value
        )
        context.meta.setdefault(_TYPED, set()).add(option.name)
    elif value:
        values.setdefault(option.name, value)


class Number(click.ParamType[int]):
    """A whole number of models, rows or generations, within bounds that every column can hold."""

    name = "number"

    def __init__(self, least: int = 0, most: int = 10**12) -> None:
        self._least, self._most = least, most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number that a text spells; a usage error where it spells none."""
        with suppress(ValueError):
            if self._least <= (number := int(value)) <= self._most:
                return number
        bounds = f"{self._least:,} to {self._most:,}"
        return self.fail(f"{value!r} is not a whole number from {bounds}", param, ctx)


def _global_option(*names: str, **settings: Any) -> click.Option:
    settings["show_envvar"] = "envvar" in settings
    return click.Option(names, callback=_remember_flag, expose_value=False, **settings)


# Values of older versions, too.
_RENAMED_VALUES = {
    "guessed": Strength.INFERRED.value,
    "stated": Strength.DECLARED.value,
    "unstated": Relation.UNSPECIFIED.value,
}


def _say_renamed_option_value(word: str) -> str:
    old = word.strip().lower()
    return f"; {old} is {now} now" if (now := _RENAMED_VALUES.get(old)) else ""


class _Choice(click.Choice[str]):
    """One of some words; a word of older versions is answered with its new one."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        """Return what is said of a word that is none of them."""
        return super().get_invalid_choice_message(value, ctx).rstrip(
            "."
        ) + _say_renamed_option_value(str(value))


def _choice_option(words: type[StrEnum]) -> click.Choice[str]:
    return _Choice([word.value for word in words])


GLOBALS = (
    _global_option(
        "--store",
        metavar="PATH_OR_URL",
        envvar="LINEAGE_STORE",
        help="Where the snapshots are.  [default: snapshots]",
    ),
    _global_option(
        "--cache",
        metavar="DIR",
        envvar="LINEAGE_CACHE",
        help="Where recorded pages are.  [default: cache]",
    ),
    _global_option(
        "--families",
        metavar="PATH",
        envvar="LINEAGE_FAMILIES",
        help="Your own families: a TOML file, or a folder of them.",
    ),
    _global_option(
        "--snapshot",
        metavar="ID",
        envvar="LINEAGE_SNAPSHOT",
        help="The snapshot to ask: its ID, latest, or a date.  [default: latest]",
    ),
    # Its variable holds names or a path: the settings read it, not click.
    _global_option(
        "--opt-outs",
        "opt_outs_file",
        metavar="FILE",
        help="Models and owners who asked to be left out: one a line.  [env var: LINEAGE_OPT_OUTS]",
    ),
    _global_option(
        "--format",
        type=_choice_option(Format),
        envvar="LINEAGE_FORMAT",
        help="How the result is printed; sarif and lines belong to check.  [default: table]",
    ),
    _global_option(
        "--log-format",
        type=_choice_option(logs.LogFormat),
        envvar="LINEAGE_LOG_FORMAT",
        help="How standard error is printed; with json the result is JSON too.  [default: text]",
    ),
    _global_option(
        "-v",
        "--verbose",
        count=True,
        type=Number(),
        envvar="LINEAGE_VERBOSE",
        help="Log each stage; -vv each request.",
    ),
)


class Command(click.Command):
    """A command that takes the global options, and is called with them as `invocation`.

    `refuses` names those that would promise something else than the command does, with the reason;
    one from the environment is passed over. `outcome` says what an interrupted run leaves, and how
    to go on.
    """

    def __init__(
        self,
        *args: Any,
        refuses: Mapping[str, str] | None = None,
        outcome: str = signals.NOTHING_CHANGED,
        formats: Collection[Format] = (),
        **settings: Any,
    ) -> None:
        settings["params"] = [*(settings.get("params") or ()), *GLOBALS]
        super().__init__(*args, **settings)
        self.refuses = refuses or {}
        self.outcome = outcome
        self.formats = {Format.TABLE, Format.JSON, Format.CSV, *formats}

    def invoke(self, ctx: click.Context) -> Any:
        """Set up logging, then run the command with all its options."""
        values: dict[str, Any] = dict(ctx.meta.get(_VALUES, {}))
        # Only what is typed: a variable in the environment is set for other commands too.
        for name in sorted(ctx.meta.get(_TYPED, ())):
            if name in self.refuses:
                raise click.UsageError(f"--{name} {self.refuses[name]}", ctx)
        log_format = logs.LogFormat(values.pop("log_format", None) or logs.LogFormat.TEXT)
        logs.set_up_command_log(log_format, values.pop("verbose", 0))
        # A program that reads standard error reads the result as well.
        as_json = log_format is logs.LogFormat.JSON
        values["format"] = Format(
            values.get("format") or (Format.JSON if as_json else Format.TABLE)
        )
        if values["format"] not in self.formats:
            if "format" in ctx.meta.get(_TYPED, ()):
                known = ", ".join(it for it in Format if it in self.formats)
                raise click.UsageError(f"--format {values['format']}: here there are {known}", ctx)
            values["format"] = Format.TABLE
        ctx.params["invocation"] = Invocation(**values)
        signals.set_interrupted_command_outcome(self.outcome)
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # The reader of the output has left, `head` for one: no fault of this command.
            raise SystemExit(READER_LEFT) from None

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show a command's own options first, then those of every command."""
        write_options(self, ctx, formatter)


class CommandGroup(click.Group):
    """A group of such commands; it takes the global options too."""

    command_class = Command
    group_class = type

    def __init__(self, *args: Any, **settings: Any) -> None:
        settings["params"] = [*(settings.get("params") or ()), *GLOBALS]
        super().__init__(*args, **settings)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show the group's commands, then the options of every command."""
        write_options(self, ctx, formatter)
        self.format_commands(ctx, formatter)


def write_options(
    command: click.Command, context: click.Context, formatter: click.HelpFormatter
) -> None:
    """Write a command's own options in full; the global ones only in the program's help."""
    shared = frozenset(GLOBALS)
    own = [it for it in command.get_params(context) if isinstance(it, click.Option)]
    records = {it: record for it in own if (record := it.get_help_record(context))}
    with formatter.section("Options"):
        formatter.write_dl([record for it, record in records.items() if it not in shared])
    with formatter.section("Global options"):
        if context.parent is None:
            formatter.write_dl([record for it, record in records.items() if it in shared])
        else:
            # Written by hand: click would break a line within a name.
            names = [option.opts[-1] for option in GLOBALS]
            for line in (names[:5], [*names[5:], " (lineage --help explains them)"]):
                formatter.write(f"{'':{formatter.current_indent}}{' '.join(line)}\n")


# The Hub

ENDPOINT = click.option(
    "--endpoint",
    metavar="URL",
    envvar=["LINEAGE_ENDPOINT", "HF_ENDPOINT"],
    show_envvar=True,
    help="The Hub to ask.  [default: https://huggingface.co]",
)
TOKEN_FILE = click.option(
    "--token-file",
    metavar="FILE",
    envvar="LINEAGE_TOKEN_FILE",
    show_envvar=True,
    help="File with the Hub token.  [default: where the Hub's own tools keep it]",
)
# None and not False by default: a flag that is absent must not overrule HF_HUB_OFFLINE.
OFFLINE = click.option(
    "--offline", is_flag=True, default=None, help="Use recorded pages only; send no request."
)
ON_PUBLISH = click.option(
    "--on-publish",
    metavar="COMMAND",
    envvar="LINEAGE_ON_PUBLISH",
    show_envvar=True,
    help="Run this when a snapshot is published; what changed is its input, as JSON.",
)
SHARE = click.option(
    "--share",
    type=float,
    metavar="0-1",
    envvar="LINEAGE_SHARE",
    show_envvar=True,
    help="Part of the rate limit to spend.  [default: 0.9]",
)

# What is counted


def _read_relations_option(
    _: click.Context, __: click.Parameter, text: str | None
) -> tuple[Relation, ...]:
    if text is None:
        return RELATIONS
    words = {word.strip().lower() for word in text.split(",") if word.strip()}
    allowed = ", ".join(RELATIONS)
    if unknown := sorted(words - set(RELATIONS)):
        renamed = "".join(map(_say_renamed_option_value, unknown))
        raise click.BadParameter(
            f"unknown relation {', '.join(unknown)}; there are: {allowed}{renamed}"
        )
    if not words:
        raise click.BadParameter(f"name at least one relation; there are: {allowed}")
    return tuple(relation for relation in RELATIONS if relation in words)


def read_day_option(_: click.Context, __: click.Parameter, text: str | None) -> date | None:
    """Return the day that an option spells; a usage error where it spells none."""
    try:
        return None if text is None else date.fromisoformat(text.strip())
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a date: use YYYY-MM-DD") from None


def read_days_option(
    context: click.Context, option: click.Parameter, texts: tuple[str, ...]
) -> tuple[date, ...]:
    """Return the days that an option given several times spells."""
    days = (read_day_option(context, option, text) for text in texts)
    return tuple(day for day in days if day is not None)


BY = click.option("--by", type=_choice_option(Grouping), help="Divide the total by this.")
AS_OF = click.option(
    "--as-of",
    metavar="DATE",
    callback=read_day_option,
    help="Answer for the end of that day, UTC, from the newest snapshot up to then, else from the "
    "first one.",
)
MIN_STRENGTH = click.option(
    "--min-strength",
    type=_choice_option(Strength),
    default=Strength.DECLARED.value,
    show_default=True,
    help="Follow links of at least this strength.",
)
_DEFINITION = (
    click.option("--direct", is_flag=True, help="Count only models one link below."),
    click.option(
        "--relations",
        metavar="A,B",
        callback=_read_relations_option,
        help=f"Follow links of these relations only: {', '.join(RELATIONS)}.",
    ),
    click.option("--mirrors", is_flag=True, help="Let mirrors join the roots."),
    click.option("--curated", is_flag=True, help="Add the curated links of the family registry."),
    MIN_STRENGTH,
    click.option(
        "--min-downloads",
        type=Number(),
        metavar="N",
        default=0,
        help="Count only models with at least N downloads; paths through others still count.",
    ),
    click.option("--deleted", is_flag=True, help="Count deleted models too."),
    AS_OF,
)


# Options that are fields of a definition as they are.
_AS_DEFINED = ("relations", "mirrors", "curated", "min_downloads", "deleted", "as_of")


def with_definition_options(command: Callback) -> Callback:
    """Give a command the filters of a count; they reach it together, as `definition`."""

    @functools.wraps(command)
    def call(*args: Any, direct: bool, min_strength: str, **others: Any) -> None:
        chosen = {name: others.pop(name) for name in _AS_DEFINED}
        definition = Definition(
            closure=Closure.DIRECT if direct else Closure.ALL,
            min_strength=Strength(min_strength),
            **chosen,
        )
        command(*args, definition=definition, **others)

    return combine_options(*_DEFINITION)(call)
