"""The commands `lineage demo` and `lineage hub`: the program and its Hub, without the network."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lineage.cli import options
from lineage.cli.context import Format, Invocation
from lineage.errors import file_error

if TYPE_CHECKING:
    from lineage.store.reader import Snapshot

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
    from lineage.cli.demo_tour import print_tour
    from lineage.cli.output import print_result, write_output_files
    from lineage.demo import tour
    from lineage.demo.catalog import corpus_facts
    from lineage.demo.replay import replay_weeks
    from lineage.demo.weeks import History
    from lineage.domain.opt_outs import NO_OPT_OUTS
    from lineage.store.store import ParquetStore

    with progress.show_progress() as display:
        display.begin("read the sample")
        history = History(corpus_facts())
        display.end()
        weeks = replay_weeks(folder, history, display)
        display.begin("count")
        results = tour.ask_tour_questions(folder, history, weeks)
        display.begin("write reports")
        # The demo is the corpus; a list of opt-outs is about the Hub, and would change its numbers.
        last = ParquetStore(str(folder / "snapshots"), NO_OPT_OUTS).snapshot(weeks.manifests[-1].id)
        paths = list(write_output_files(_print_llama_reports(last), folder / "reports"))
    if invocation.format is Format.TABLE:
        print_tour(folder, weeks, results, [path for path in paths if path.suffix == ".html"])
        return
    documents = [snapshot_document(manifest) for manifest in weeks.manifests]
    document = {"folder": str(folder), "snapshots": documents, "files": list(map(str, paths))}
    print_result(invocation.format, document, lambda _: documents, str)


def _print_llama_reports(snapshot: "Snapshot") -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each file of the three reports about Llama, one at a time.

    Pictures as PNG need an extra; without it they are left out, and SVG shows the same.
    """
    from lineage.analysis.growth.trends import find_trends
    from lineage.analysis.licenses.judging import judge_licenses
    from lineage.analysis.scope import Scope
    from lineage.analysis.subjects import find_subject
    from lineage.cli.report import check_report_extra
    from lineage.families.registry import all_families, family
    from lineage.reporting.family_tree import family_tree
    from lineage.reporting.files import license_report_files, tree_report_files, trend_report_files
    from lineage.reporting.language import Language

    llama, families = family("llama"), all_families()
    language, manifest, with_extra = Language.ENGLISH, snapshot.manifest, check_report_extra()
    scope = Scope(snapshot, families)
    tree = family_tree(scope, find_subject(scope, "family:llama"))
    yield from tree_report_files(tree, language, with_extra=with_extra)
    trends = find_trends(scope, llama)
    yield from trend_report_files(trends, manifest, language, families, with_extra=with_extra)
    findings = judge_licenses(scope, find_subject(scope, "family:llama"))
    yield from license_report_files(findings, manifest, language, with_extra=with_extra)


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
    from lineage.domain.clock import ShiftedClock

    # Reading the corpus takes seconds in which the address is not there yet.
    logs.say("starting: reading the corpus")
    try:
        box = HubBox(Catalog(corpus_rows()), port=port, clock=ShiftedClock(CORPUS_ENDS))
    except OSError as error:
        raise file_error(f"port {port} is not available", error, "name another --port") from error
    # On standard output, as a script that starts the box waits for the line with its address.
    with signals.stop_signal_requests() as stop, box:
        if invocation.format is Format.TABLE:
            day = f"{CORPUS_ENDS.day} {CORPUS_ENDS:%B %Y}"
            number = f"{len(box.catalog):,} models of {day}"
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
    logs.say(f"stopped: {signals.describe_outcome()}")
