"""The command `lineage trace`."""

from datetime import date

import click

from lineage.cli import options
from lineage.errors import SettingsError


@click.command(
    short_help="Say where a model comes from, and why.",
    epilog=options.examples(
        "lineage trace lmsys/vicuna-7b-v1.5",
        "lineage trace databricks/dolly-v2-12b --format json",
        "lineage trace owner/new-model --live",
    ),
)
@click.argument("model", metavar="MODEL")
@options.options(
    click.option(
        "--family",
        metavar="NAME",
        default="llama",
        show_default=True,
        help="The family it may descend from.",
    ),
    click.option(
        "--live",
        is_flag=True,
        help="Ask the Hub for a model that is not in the snapshot: a request each.",
    ),
    options.AS_OF,
    options.FAMILIES,
    options.ENDPOINT,
    options.TOKEN_FILE,
    options.SNAPSHOT,
    options.STORE,
    options.FORMAT,
    options.logged,
)
def trace(
    *,
    model: str,
    family: str,
    families: str | None,
    live: bool,
    as_of: date | None,
    endpoint: str | None,
    token_file: str | None,
    snapshot: str | None,
    store: str | None,
    format: str,
) -> None:
    """Trace a model up to its roots: the evidence of each step, and a verdict.

    `yes` rests on a line of stated edges, `no` on a statement that it comes from elsewhere;
    guesses alone are `not known`, as is everything else.
    """
    if live and as_of is not None:
        raise SettingsError("--live asks for today, --as-of for another day", "leave one out")
    from lineage.cli import context, output
    from lineage.families.registry import family as family_called

    asked, known = context.open_snapshot(store, snapshot, as_of), context.known_families(families)
    whole = family_called(family, known)
    if live:
        from lineage.crawl.live import trace_live
        from lineage.settings import load_settings

        settings = load_settings({"endpoint": endpoint, "token_file": token_file})
        found = trace_live(settings, asked, model, whole, known)
    else:
        from lineage.analysis.traces import trace as traced

        found = traced(asked, model, whole, known)
    output.trace(format, found, asked.manifest)
