"""The options that commands share, as values: the same flag means the same everywhere."""

import functools
from collections.abc import Callable, Sequence
from datetime import date
from enum import StrEnum

import click

from lineage.cli import logs
from lineage.domain.claims import RELATIONS, Relation, Strength
from lineage.domain.definitions import Closure, Definition, Grouping

Command = Callable[..., None]
Option = Callable[[Command], Command]


class Format(StrEnum):
    """How a result is spelled."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def options(*shared: Option) -> Option:
    """Put several options on a command, shown in the order given."""
    return lambda command: functools.reduce(lambda made, one: one(made), reversed(shared), command)


def examples(*lines: str) -> str:
    """Return what stands below a command's options; click keeps the lines of a marked part."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def _relations(
    context: click.Context, parameter: click.Parameter, text: str | None
) -> tuple[Relation, ...]:
    if text is None:
        return RELATIONS
    asked = {word.strip().lower() for word in text.split(",") if word.strip()}
    if unknown := sorted(asked - set(Relation)):
        known = ", ".join(Relation)
        raise click.BadParameter(f"{', '.join(unknown)} is no relation; known: {known}")
    if not asked:
        raise click.BadParameter(f"no relation is named; known: {', '.join(Relation)}")
    return tuple(relation for relation in Relation if relation in asked)


def _day(context: click.Context, parameter: click.Parameter, text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text.strip())
    except ValueError:
        raise click.BadParameter(f"{text!r} is no day; it is spelled 2025-03-31") from None


def _choice(words: type[StrEnum]) -> click.Choice[str]:
    return click.Choice([word.value for word in words])


# Where

STORE = click.option(
    "--store",
    metavar="PATH_OR_URL",
    envvar="LINEAGE_STORE",
    show_envvar=True,
    help="Where the snapshots are.  [default: snapshots]",
)
CACHE = click.option(
    "--cache",
    metavar="DIR",
    envvar="LINEAGE_CACHE",
    show_envvar=True,
    help="Where recorded pages are.  [default: cache]",
)
SNAPSHOT = click.option(
    "--snapshot",
    metavar="ID",
    envvar="LINEAGE_SNAPSHOT",
    show_envvar=True,
    help="Which snapshot is asked.  [default: the latest of everything]",
)

# How it is told

FORMAT = click.option(
    "--format",
    type=_choice(Format),
    default=Format.TABLE.value,
    show_default=True,
    envvar="LINEAGE_FORMAT",
    show_envvar=True,
    help="How the result is spelled.",
)
_LOG_FORMAT = click.option(
    "--log-format",
    type=_choice(logs.LogFormat),
    default=logs.LogFormat.TEXT.value,
    show_default=True,
    envvar="LINEAGE_LOG_FORMAT",
    show_envvar=True,
    help="How standard error is spelled.",
)
_VERBOSE = click.option(
    "-v", "--verbose", count=True, help="Say each stage on standard error; -vv each request."
)

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
OFFLINE = click.option(
    "--offline", is_flag=True, default=None, help="Ask recorded pages alone, never the network."
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

FAMILY = click.option("--family", metavar="NAME", help="A whole family below its curated roots.")
FAMILIES = click.option(
    "--families",
    metavar="PATH",
    envvar="LINEAGE_FAMILIES",
    show_envvar=True,
    help="Your own families: a TOML file, or a folder of them.",
)
BY = click.option("--by", type=_choice(Grouping), help="Divide the total.")
AS_OF = click.option(
    "--as-of",
    metavar="DATE",
    callback=_day,
    help="As it stood at the end of that day, UTC: by the newest snapshot up to then, else by "
    "the first one.",
)
LEAST = click.option(
    "--least",
    type=_choice(Strength),
    default=Strength.DECLARED.value,
    show_default=True,
    help="Follow edges at least so strong.",
)
_DEFINITION = (
    click.option("--direct", is_flag=True, help="Models right below the base alone."),
    click.option(
        "--relations",
        metavar="A,B",
        callback=_relations,
        help=f"Follow edges of these relations alone: {', '.join(Relation)}.",
    ),
    click.option("--mirrors", is_flag=True, help="Let plain re-uploads join the roots."),
    click.option(
        "--curated", is_flag=True, help="Lay the edges of the family registry over the snapshot."
    ),
    LEAST,
    click.option(
        "--min-downloads",
        type=click.IntRange(min=0),
        metavar="N",
        default=0,
        help="Count models with so many downloads; cuts no path.",
    ),
    click.option("--deleted", is_flag=True, help="Count models that are known to be gone too."),
    AS_OF,
)


def logged(command: Command) -> Command:
    """Give a command -v and --log-format, and set up logging before it runs."""

    @functools.wraps(command)
    def after_setup(*args: object, log_format: str, verbose: int, **others: object) -> None:
        logs.set_up(logs.LogFormat(log_format), verbose)
        command(*args, **others)

    return options(_LOG_FORMAT, _VERBOSE)(after_setup)


def defined(command: Command) -> Command:
    """Give a command the filters of a count; they reach it together, as `definition`."""

    @functools.wraps(command)
    def with_definition(
        *args: object,
        direct: bool,
        relations: Sequence[Relation],
        mirrors: bool,
        curated: bool,
        least: str,
        min_downloads: int,
        deleted: bool,
        as_of: date | None,
        **others: object,
    ) -> None:
        definition = Definition(
            relations=tuple(relations),
            closure=Closure.DIRECT if direct else Closure.ALL,
            least=Strength(least),
            mirrors=mirrors,
            curated=curated,
            min_downloads=min_downloads,
            deleted=deleted,
            as_of=as_of,
        )
        command(*args, definition=definition, **others)

    return options(*_DEFINITION)(with_definition)
