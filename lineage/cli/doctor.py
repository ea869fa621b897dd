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

    Asks the Hub at most two small requests. Exit code 1: something looked at is not as it must be.
    """
    from lineage import wiring
    from lineage.cli import output
    from lineage.cli.progress import SilentProgress
    from lineage.settings import load_settings

    found = wiring.examine(load_settings(flags), progress=SilentProgress())
    output.examination(format, found)
    if any(finding.ok is False for finding in found.findings):
        raise SystemExit(1)
