"""The commands `lineage schedule print` and `run`."""

from datetime import timedelta
from pathlib import Path

import click

from lineage.cli import options
from lineage.errors import SettingsError

_UNITS = ("systemd", "cron", "github-actions", "kubernetes")


def _duration(_: click.Context, __: click.Parameter, text: str) -> timedelta:
    from lineage.schedule.interval import duration

    try:
        return duration(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


_EVERY = click.option(
    "--every",
    metavar="24h",
    default="24h",
    show_default=True,
    callback=_duration,
    help="Time between two crawls: 90m, 24h, 1d, 1w.",
)


@click.group()
def schedule() -> None:
    """Crawl again and again."""


@schedule.command(
    "print",
    short_help="Write a ready unit for another scheduler.",
    epilog=options.examples(
        "lineage schedule print systemd --out units",
        "lineage schedule print kubernetes --every 12h",
        "lineage schedule print systemd --on-publish 'notify --to me'",
    ),
)
@click.argument("scheduler", type=click.Choice(_UNITS))
@options.options(
    _EVERY,
    options.TOKEN_FILE,
    options.ON_PUBLISH,
    click.option(
        "--out", metavar="FOLDER", help="Write files there, over none.  [default: print them]"
    ),
    options.STORE,
    options.CACHE,
    options.logged,
)
def print_(scheduler: str, every: timedelta, out: str | None, **flags: object) -> None:
    """Write a ready, commented unit: lock, token from a secret, retries, logs."""
    from lineage.schedule.plan import plan_here
    from lineage.schedule.units import UNITS
    from lineage.settings import load_settings

    settings = load_settings(flags, with_token=False)
    texts = UNITS[scheduler](plan_here(settings, every))
    for name, text in texts.items():
        if out is not None:
            _write(Path(out) / name, text)
        else:
            click.echo((f"# File: {name}\n" if len(texts) > 1 else "") + text)


@schedule.command(
    short_help="Crawl now and then, until asked to end.",
    epilog=options.examples("lineage schedule run --every 24h", "lineage schedule run --once"),
)
@options.options(
    _EVERY,
    click.option("--once", is_flag=True, help="Take one turn now, and exit as its last crawl did."),
    options.ENDPOINT,
    options.TOKEN_FILE,
    options.SHARE,
    options.ON_PUBLISH,
    options.STORE,
    options.CACHE,
    options.logged,
)
def run(every: timedelta, once: bool, **flags: object) -> None:
    """Crawl at once if a turn was missed, then at every interval; for containers.

    A crawl that ends with exit code 3 is tried again after ten minutes, up to three times. Ends
    with 0 on SIGTERM or Ctrl-C; a crawl that runs then goes on the next time.
    """
    from lineage.cli import logs, signals
    from lineage.domain.clock import SystemClock
    from lineage.domain.opt_outs import NO_OPT_OUTS
    from lineage.schedule.crawl_process import CrawlProcess
    from lineage.schedule.plan import command_of
    from lineage.schedule.runner import Runner, last_run
    from lineage.settings import load_settings
    from lineage.store.store import ParquetStore

    settings = load_settings(flags, with_token=False)
    command_of(settings.on_publish)
    store = ParquetStore(settings.store, NO_OPT_OUTS)
    with signals.asked_to_end() as asked:
        crawl = CrawlProcess(_crawl_with(flags))
        runner = Runner(crawl, asked, SystemClock(), logs.say)
        if once:
            raise SystemExit(runner.once())
        runner.every(every, last_run(store))


def _crawl_with(flags: dict[str, object]) -> list[str]:
    """Return the command that crawls with the same flags; the environment is handed on anyway."""
    from lineage.cli import logs
    from lineage.schedule.plan import CRAWL

    words = [*CRAWL, "-v", "--log-format", "json" if logs.in_json() else "text"]
    for name, value in flags.items():
        if value is not None:
            words.append(f"--{name.replace('_', '-')}={value}")
    return words


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror}") from error
