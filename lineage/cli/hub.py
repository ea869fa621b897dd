"""The command `lineage hub`."""

import click

from lineage.cli import options, signals
from lineage.errors import SettingsError


@click.command(
    short_help="Serve a Hub in a box on 127.0.0.1.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="N",
    default=0,
    help="Port on 127.0.0.1.  [default: any that is free]",
)
@options.logged
def hub(port: int) -> None:
    """Serve a Hub in a box on 127.0.0.1, until Ctrl-C: the bundled corpus over real HTTP.

    Any client of the Hub can be pointed at it by HF_ENDPOINT.
    """
    from lineage.demo.box import HubBox
    from lineage.demo.catalog import Catalog
    from lineage.demo.corpus_rows import corpus_rows

    try:
        box = HubBox(Catalog(corpus_rows()), port=port)
    except OSError as error:
        raise SettingsError(f"port {port} cannot be had: {error.strerror}") from error
    with signals.asked_to_end() as asked, box:
        click.echo(f"{len(box.catalog):,} models at {box.url}, until Ctrl-C. For example:")
        click.echo(f"  HF_ENDPOINT={box.url} lineage crawl --store box/snapshots --cache box/cache")
        asked.wait()
