"""The command `lineage publish`."""

from typing import TYPE_CHECKING, Any

import click

from lineage.cli import logs, options
from lineage.cli.context import Invocation

if TYPE_CHECKING:
    from rich.console import RenderableType

    from lineage.export.hub_data_set import Publication


@click.command(
    cls=options.Command,
    refuses={"snapshot": "has no meaning here: the whole history is published"},
    outcome="what was committed is kept; run the same command again to go on",
    short_help="Publish the history as a data set on the Hub.",
    epilog=options.examples(
        "lineage publish hf://datasets/OWNER/NAME",
        "lineage publish hf://datasets/OWNER/NAME --private --token-file token",
    ),
)
@click.argument("address", metavar="hf://datasets/OWNER/NAME")
@options.combine_options(
    click.option("--private", is_flag=True, help="Make a new data set private."),
    click.option("--sample", is_flag=True, help="Mark it as a sample everywhere: no census."),
    options.ENDPOINT,
    options.TOKEN_FILE,
)
def publish(
    *, address: str, private: bool, sample: bool, invocation: Invocation, **flags: Any
) -> None:
    """Publish the history as a data set that the Hub's viewer and load_dataset read.

    What is there is not sent again: one commit a day, and a run that was stopped goes on. Models
    that opted out are removed from all of it, earlier commits included. Snapshots that the store
    holds no more are deleted there. A store that is no census is refused without --sample.
    """
    from lineage.cli.output import print_result
    from lineage.domain.documents import convert_to_document
    from lineage.domain.opt_outs import NO_OPT_OUTS, OptOuts
    from lineage.export.hub_data_set import DataSetPublisher
    from lineage.export.hub_repository import HubRepository, data_set_name_of_address
    from lineage.store.store import ParquetStore

    id = data_set_name_of_address(address)
    settings = invocation.settings(flags, token=True)
    publication = DataSetPublisher(
        HubRepository(id, settings),
        ParquetStore(settings.store, NO_OPT_OUTS, settings.cache),
        OptOuts.parse(settings.opt_outs),
        cache=settings.cache,
        sample=sample,
        private=private,
        say=logs.say,
    ).run()
    print_result(
        invocation.format, publication, lambda it: [convert_to_document(it)], _describe_publication
    )


def _describe_publication(publication: "Publication") -> "RenderableType":
    from lineage.cli.tables.layout import terminal_table_of_facts

    done = publication
    lists = {
        "added": done.added,
        "rewritten": done.rewritten,
        "removed": done.removed,
        "without opt-outs": done.redacted,
    }
    sent = f"{done.files:,} files, {done.bytes / 1e6:,.1f} MB in {done.commits:,} commits"
    return terminal_table_of_facts(
        [
            ("data set", done.url + (", marked as a sample" if done.sample else "")),
            ("holds", f"{done.snapshots:,} snapshots, the newest {done.snapshot}"),
            ("sent", sent if done.commits else "nothing: it is up to date"),
            *((name, f"{len(ids):,}: {_name_ends(ids)}") for name, ids in lists.items() if ids),
            *([("deleted", f"{done.deleted_files:,} files")] if done.deleted_files else []),
            *([("dropped", "all earlier commits")] if done.dropped_earlier_commits else []),
        ]
    )


def _name_ends(ids: "tuple[str, ...]") -> str:
    return ids[0] if len(ids) == 1 else f"{ids[0]} to {ids[-1]}"
