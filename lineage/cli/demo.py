"""The commands `lineage demo` and `lineage hub`: the program and its Hub, without the network."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lineage.cli import options
from lineage.cli.context import Format, Invocation
from lineage.errors import file_error

if TYPE_CHECKING:
    from lineage.analysis.licenses.statements import LicenseFindings

_REFUSES = {
    "store": "has no meaning here: name a folder with --folder",
    "snapshot": "has no meaning here: the demo takes its own snapshots",
}


@click.command(
    cls=options.Command,
    refuses=_REFUSES,
    outcome="the weeks that were replayed are kept; run the same command again to go on",
    short_help="Follow a Hub in a box through 16 real weeks and count, offline.",
)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo"),
    show_default=True,
    help="Where snapshots, recorded pages and reports of the demo go.",
)
def demo(*, folder: Path, invocation: Invocation) -> None:
    """Follow a Hub in a box through 16 real weeks and count what it holds, offline.

    The box serves real facts about 82,261 models over real HTTP on this machine, as they were
    listed week by week from 12 March to 2 July 2025. A run that was stopped goes on where it was;
    deleting the folder is safe.
    """
    from lineage.analysis.documents import snapshot_document
    from lineage.cli import progress
    from lineage.cli.demo_tour import print_demo_tour
    from lineage.cli.output import print_result, write_files_to_out_option
    from lineage.demo import tour
    from lineage.demo.catalog import read_corpus_facts
    from lineage.demo.replay import DemoHistory, replay_weeks
    from lineage.domain.documents import convert_to_document

    with progress.show_progress() as display:
        display.begin("read the sample")
        history = DemoHistory(read_corpus_facts())
        display.end()
        weeks = replay_weeks(folder, history, display)
        display.begin("count")
        results = tour.ask_tour_questions(folder, weeks)
        display.begin("write reports")
        reports = _render_demo_report_files(folder, weeks.manifests[-1].id, results.licenses)
        paths = list(write_files_to_out_option(reports, folder / "reports"))
    if invocation.format is Format.TABLE:
        print_demo_tour(folder, weeks, results, history, paths)
        return
    documents = [snapshot_document(manifest) for manifest in weeks.manifests]
    answers = [convert_to_document(answer) for answer in results.answers]
    document = {
        "folder": str(folder),
        "snapshots": documents,
        "answers": answers,
        "files": list(map(str, paths)),
    }
    print_result(invocation.format, document, lambda _: documents, str)


def _render_demo_report_files(
    folder: Path, snapshot_id: str, licenses: "LicenseFindings"
) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each file of the three reports about Llama, one at a time.

    Pages and PNG pictures need an extra; without it they are left out, and Markdown and SVG show
    the same.
    """
    from lineage.analysis.growth.trends import find_trends
    from lineage.analysis.scope import Scope
    from lineage.analysis.subjects import find_subject
    from lineage.domain.opt_outs import NO_OPT_OUTS
    from lineage.families.registry import all_families
    from lineage.reporting.family_tree import family_tree
    from lineage.reporting.files import (
        has_report_extra,
        license_report_files,
        tree_report_files,
        trend_report_files,
    )
    from lineage.reporting.language import Language
    from lineage.store.store import ParquetStore

    # The demo is the corpus; a list of opt-outs is about the Hub, and would change its numbers.
    store = ParquetStore(str(folder / "snapshots"), NO_OPT_OUTS)
    snapshot, families = store.snapshot(snapshot_id), all_families()
    language, manifest, extra = Language.ENGLISH, snapshot.manifest, has_report_extra()
    scope = Scope(snapshot, families)
    llama = find_subject(scope, "family:llama")
    tree = family_tree(scope, llama)
    yield from tree_report_files(tree, language, with_extra=extra)
    trends = find_trends(store, scope, llama)
    yield from trend_report_files(trends, manifest, language, families, with_extra=extra)
    yield from license_report_files(licenses, manifest, language, with_extra=extra)


@click.command(
    cls=options.Command,
    outcome="the box keeps nothing; start it again, with --port N at the same address",
    short_help="Serve a Hub in a box on 127.0.0.1.",
)
@click.option(
    "--port",
    type=options.Number(0, 65535),
    metavar="N",
    default=0,
    help="Port on 127.0.0.1.  [default: any that is free]",
)
def hub(*, port: int, invocation: Invocation) -> None:
    """Serve a Hub in a box on 127.0.0.1, until Ctrl-C: the bundled corpus over real HTTP.

    It shows the corpus's last day, 2 July 2025; a snapshot that is crawled from it bears that
    date. Any client of the Hub can be pointed at it by HF_ENDPOINT.
    """
    from lineage.cli import logs, signals
    from lineage.cli.output import print_result
    from lineage.demo.box import HubBox
    from lineage.demo.catalog import CORPUS_ENDS, Catalog, corpus_rows
    from lineage.domain.clock import ShiftedClock, spell_day_of_moment

    # Reading the corpus takes seconds in which the address is not there yet.
    logs.say("starting: reading the corpus")
    try:
        box = HubBox(Catalog(corpus_rows()), port=port, clock=ShiftedClock(CORPUS_ENDS))
    except OSError as error:
        raise file_error(f"port {port} is not available", error, "name another --port") from error
    # On standard output, as a script that starts the box waits for the line with its address.
    with signals.stop_signal_requests() as stop, box:
        if invocation.format is Format.TABLE:
            number = f"{len(box.catalog):,} models of {spell_day_of_moment(CORPUS_ENDS)}"
            click.echo(f"{number} at {box.url}, until Ctrl-C. For example:")
            words = "lineage crawl --store box/snapshots --cache box/cache"
            click.echo(f"  HF_ENDPOINT={box.url} {words}")
            click.echo("A sample, not the Hub; keys, commits and their dates are made up.")
        else:
            document = {
                "url": box.url,
                "models": len(box.catalog),
                "day": CORPUS_ENDS.date().isoformat(),
            }
            print_result(invocation.format, document, lambda it: [it], str)
        stop.wait()
    logs.say(f"stopped: {signals.describe_interrupted_command_outcome()}")
