"""The command `lineage doctor`."""

import click

from lineage.cli import options


@click.command(
    short_help="Say what a crawl will meet and cost.",
)
@options.options(
    options.ENDPOINT,
    options.TOKEN_FILE,
    options.OFFLINE,
    options.SHARE,
    options.STORE,
    options.CACHE,
    options.FORMAT,
    options.logged,
)
def doctor(format: str, **flags: object) -> None:
    """Say what a crawl will meet and cost: settings, token, Hub, store. Changes nothing.

    Sends the Hub at most two small requests, each again where no answer comes. Exit code 1:
    something looked at is not as it must be.
    """
    from lineage.cli import output, progress
    from lineage.crawl.doctor import examine
    from lineage.settings import load_settings

    settings = load_settings(flags)
    with progress.shown() as shown:
        shown.begin("ask the Hub")
        found = examine(settings, progress=shown)
    output.examination(format, found)
    if any(finding.ok is False for finding in found.findings):
        raise SystemExit(1)
