"""The command `lineage crawl`."""

import click

from lineage.cli import options
from lineage.domain.repo_ids import is_repo_id, tidy_name
from lineage.errors import SettingsError

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


@click.command(
    short_help="Take a snapshot of the Hub.",
    epilog=options.examples(
        "lineage crawl",
        "lineage crawl --auto",
        "lineage crawl --below meta-llama/Llama-Guard-3-8B --store small",
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
        "wish",
        flag_value="update",
        help="Ask only what changed since the last snapshot; deletions show in a sweep alone.",
    ),
    click.option(
        "--auto",
        "wish",
        flag_value="auto",
        help="An update; a sweep where the last one is a week old, or where an update cannot be.",
    ),
    click.option(
        "--cards",
        is_flag=True,
        help="Read the texts of model cards where they can help; asked for once a commit.",
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
    options.FAMILIES,
    options.STORE,
    options.CACHE,
    options.FORMAT,
    options.logged,
)
def crawl(below: str | None, wish: str | None, cards: bool, format: str, **flags: object) -> None:
    """Take a snapshot of every model that the Hub lists, and publish it.

    A run that was stopped goes on where it was when it is run again. Needs no token; one found in
    HF_TOKEN or where the Hub's own tools keep it doubles the pace.
    """
    if below is not None and wish is not None:
        raise SettingsError(f"--{wish} and --below are two walks", "leave one of them out")
    from dataclasses import asdict

    from lineage import wiring
    from lineage.cli import ending, logs, output, progress
    from lineage.crawl.due import Wish
    from lineage.settings import load_settings

    settings = load_settings(flags)
    if below is not None:
        logs.say(_COST)
    with ending.sigterm_ends_at_once(), progress.shown() as shown:
        asked = Wish(wish or Wish.SWEEP)
        report = wiring.crawl(settings, base=below, wish=asked, cards=cards, progress=shown)
    output.crawl(format, report.manifest, asdict(report.tally), report.seconds, report.cards)
