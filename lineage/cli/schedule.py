"""The commands `lineage schedule print` and `run`."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from lineage.cli import logs, options
from lineage.cli.context import Format, Invocation
from lineage.domain.files import expand_home_in_path
from lineage.errors import file_error

_SCHEDULERS = ("systemd", "cron", "github-actions", "kubernetes")
_REFUSES = {"snapshot": "has no meaning here: crawls take new snapshots"}


def _read_duration_option(_: click.Context, __: click.Parameter, text: str) -> timedelta:
    from lineage.schedule.plan import parse_schedule_interval

    try:
        return parse_schedule_interval(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


_EVERY = click.option(
    "--every",
    metavar="24h",
    default="24h",
    show_default=True,
    callback=_read_duration_option,
    help="Time between two crawls: 90m, 24h, 1d, 1w.",
)


_PUBLISH = click.option(
    "--publish",
    metavar="hf://datasets/OWNER/NAME",
    help="After each crawl, publish the history to this data set.",
)


@click.group(cls=options.CommandGroup)
def schedule() -> None:
    """Crawl again and again."""


@schedule.command(
    "print",
    refuses=_REFUSES,
    short_help="Write a ready unit for another scheduler.",
    epilog=options.examples(
        "lineage schedule print systemd --out units",
        "lineage schedule print kubernetes --every 12h",
        "lineage schedule print systemd --on-publish 'notify --to me'",
        "lineage schedule print systemd --publish hf://datasets/OWNER/NAME",
    ),
)
@click.argument("scheduler", type=click.Choice(_SCHEDULERS))
@options.combine_options(
    _EVERY,
    options.TOKEN_FILE,
    options.ON_PUBLISH,
    _PUBLISH,
    click.option(
        "--out",
        metavar="FOLDER",
        help="Write files there; never overwrites.  [default: print them]",
    ),
)
def print_units(
    *,
    scheduler: str,
    every: timedelta,
    publish: str | None,
    out: str | None,
    invocation: Invocation,
    **flags: Any,
) -> None:
    """Write a ready, commented unit: lock, token from a secret, retries, logs."""
    from lineage.cli.output import print_files, print_result
    from lineage.schedule.plan import plan_schedule_here
    from lineage.schedule.units import UNITS

    texts = UNITS[scheduler](plan_schedule_here(invocation.settings(flags), every, publish))
    if out is not None:
        print_files(
            invocation.format,
            [_write_unit_files_of_option(Path(out) / name, texts[name]) for name in texts],
        )
        return
    if invocation.format is Format.TABLE:
        for name, text in texts.items():
            click.echo((f"# File: {name}\n" if len(texts) > 1 else "") + text)
        return
    rows: list[dict[str, Any]] = [{"file": name, "text": text} for name, text in texts.items()]
    print_result(invocation.format, rows, list, str)


@schedule.command(
    "run",
    refuses=_REFUSES,
    outcome="an unfinished crawl goes on when the schedule is started again",
    short_help="Crawl at an interval, until asked to end.",
    epilog=options.examples("lineage schedule run --every 24h", "lineage schedule run --once"),
)
@options.combine_options(
    _EVERY,
    click.option("--once", is_flag=True, help="Crawl once, now, and exit as the last try did."),
    options.ENDPOINT,
    options.TOKEN_FILE,
    options.SHARE,
    options.ON_PUBLISH,
    _PUBLISH,
)
def run_schedule_command(
    *, every: timedelta, once: bool, publish: str | None, invocation: Invocation, **flags: Any
) -> None:
    """Crawl at once if a crawl is overdue, then at every interval; for containers.

    A crawl that ends with exit code 3 is tried again after ten minutes, up to three times. Ends
    with 0 on SIGTERM or Ctrl-C; an unfinished crawl goes on the next time.
    """
    from lineage.cli import signals
    from lineage.crawl.publish_command import split_publish_command
    from lineage.domain.clock import SystemClock
    from lineage.schedule.plan import CRAWL, publish_command_words
    from lineage.schedule.runner import CrawlProcess, Runner, last_scheduled_run

    # Read once now: a wrong command would fail a day later, at the first crawl.
    split_publish_command(invocation.settings(flags).on_publish)
    # As variables, and not as flags: an address with a secret in it would stand on a command line,
    # which every process of the machine can read.
    log_format = ["--log-format", "json" if logs.is_command_log_json() else "text"]
    words = [*CRAWL, "-v", *log_format]
    then = [] if publish is None else [*publish_command_words(publish), *log_format]
    variables = {
        f"LINEAGE_{name.upper()}": str(value)
        for name, value in (invocation.setting_flags() | flags).items()
        if value is not None
    }
    if (names := invocation.opt_outs_file) is not None:  # without a slash it would be a name
        variables["LINEAGE_OPT_OUTS"] = str(expand_home_in_path(names).absolute())
    with signals.stop_signal_requests() as stop:
        runner = Runner(CrawlProcess(words, variables, then), stop, SystemClock(), logs.say)
        if once:
            raise SystemExit(runner.run_once())
        runner.run_every(every, last_scheduled_run(invocation.open_store()))
    logs.say(f"stopped: {signals.describe_interrupted_command_outcome()}")


def _write_unit_files_of_option(path: Path, text: str) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # A unit that somebody has edited since is theirs: mode x refuses where a file is.
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise file_error(f"{path} cannot be written", error, "name another --out") from error
    return path
