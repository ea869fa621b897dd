"""The command `lineage crawl`."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from lineage.cli import options
from lineage.domain.repo_ids import is_repo_id, tidy_name

if TYPE_CHECKING:
    from lineage.crawl.runs import CrawlReport
    from lineage.settings import Settings

_COST = (
    "A walk below one base sends at least one request for each model it finds, those without "
    "children too; a sweep of the whole Hub sends about 3,240 and answers for every base. "
    "Above some 3,000 descendants the sweep is cheaper."
)


def _base(_: click.Context, __: click.Parameter, below: str | None) -> str | None:
    name = None if below is None else tidy_name(below)
    if name is not None and not is_repo_id(name):
        raise click.BadParameter(f"{name!r} is no name of a model; it is spelled owner/name")
    return name


def _utc(_: click.Context, __: click.Parameter, moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


@click.command(
    short_help="Take a snapshot of the Hub.",
    epilog=options.examples(
        "lineage crawl",
        "lineage crawl --auto",
        "lineage crawl --below meta-llama/Llama-Guard-3-8B --store small",
        "lineage crawl --bulk models.parquet --taken-at 2026-10-03",
    ),
)
@options.options(
    click.option(
        "--below",
        metavar="BASE",
        callback=_base,
        help="Walk down from one base; no more is seen.",
    ),
    click.option(
        "--update",
        "mode",
        flag_value="update",
        help="Ask only what changed since the last snapshot; deletions show in a sweep alone.",
    ),
    click.option(
        "--auto",
        "mode",
        flag_value="auto",
        help="An update; a sweep where the last one is a week old, or where an update cannot be.",
    ),
    click.option(
        "--cards",
        is_flag=True,
        help="Read the texts of model cards where they can help; asked for once a commit.",
    ),
    click.option(
        "--bulk",
        metavar="FILE_OR_URL",
        help="Take a Parquet dump of the Hub's listing instead of asking the Hub.",
    ),
    click.option(
        "--taken-at",
        type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"]),
        metavar="DATE",
        callback=_utc,
        help="When the dump was taken, UTC.  [default: the newest moment in it]",
    ),
    options.ENDPOINT,
    options.TOKEN_FILE,
    options.OFFLINE,
    click.option(
        "--max-requests",
        type=click.IntRange(min=0),
        metavar="N",
        envvar="LINEAGE_MAX_REQUESTS",
        show_envvar=True,
        help="Stop after so many, with exit code 3; run again to go on.",
    ),
    options.SHARE,
    options.ON_PUBLISH,
    options.FAMILIES,
    options.STORE,
    options.CACHE,
    options.FORMAT,
    options.logged,
)
def crawl(
    *,
    below: str | None,
    mode: str | None,
    cards: bool,
    bulk: str | None,
    taken_at: datetime | None,
    format: str,
    **flags: object,
) -> None:
    """Take a snapshot of every model that the Hub lists, and publish it.

    A run that was stopped goes on where it was when it is run again. Needs no token; one found in
    HF_TOKEN or where the Hub's own tools keep it doubles the pace.
    """
    import os
    from dataclasses import asdict

    from lineage.cli import logs, output, signals
    from lineage.crawl.notify import notify
    from lineage.settings import load_settings

    _refuse_contradictions(below, mode, bulk, taken_at, cards=cards)
    settings = load_settings(flags)
    if below is not None:
        logs.say(_COST)
    with signals.sigterm_ends_at_once():
        did = _crawled(settings, below, mode, bulk, taken_at, cards=cards)
        output.crawl(format, did.manifest, asdict(did.tally), did.seconds, did.cards)
        notify(settings, did.manifest, os.environ)


def _crawled(
    settings: "Settings",
    below: str | None,
    mode: str | None,
    bulk: str | None,
    taken_at: datetime | None,
    *,
    cards: bool,
) -> "CrawlReport":
    from lineage.cli import progress
    from lineage.crawl.dump import crawl_dump
    from lineage.crawl.plan import CrawlMode
    from lineage.crawl.runs import crawl

    with progress.shown() as shown:
        if bulk is not None:
            return crawl_dump(settings, bulk, taken_at=taken_at, progress=shown)
        asked = CrawlMode(mode or CrawlMode.FULL)
        return crawl(settings, base=below, mode=asked, cards=cards, progress=shown)


def _refuse_contradictions(
    below: str | None,
    mode: str | None,
    bulk: str | None,
    taken_at: datetime | None,
    *,
    cards: bool,
) -> None:
    if mode is not None and (below is not None or bulk is not None):
        raise click.UsageError(f"--{mode} goes on from the last snapshot: leave out the others")
    if bulk is not None and (below is not None or cards):
        raise click.UsageError("--bulk asks no Hub: leave out --below and --cards")
    if taken_at is not None and bulk is None:
        raise click.UsageError("--taken-at dates a dump: name it with --bulk")
