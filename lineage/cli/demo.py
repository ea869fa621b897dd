"""The command `lineage demo`."""

import shutil
import sys
from pathlib import Path
from shlex import quote
from textwrap import indent
from typing import TYPE_CHECKING

import click

from lineage.cli import options

if TYPE_CHECKING:
    from lineage.demo.tour import Sights
    from lineage.wiring import CrawlReport

_NEXT = """\
{lineage} count meta-llama/Llama-3.1-8B --by relation --store {store}
{lineage} count --family llama --by license --store {store}
{lineage} count --top 20 --store {store}
{lineage} count --family llama --explain --store {store}
{lineage} trace lmsys/vicuna-7b-v1.5 --store {store}
{lineage} anomalies --store {store}
{lineage} tree Qwen/Qwen2.5-7B --store {store}
{lineage} hub                 the same Hub in a box, for any client
{lineage} crawl               the real Hub: about 3,240 requests; ask lineage doctor first"""


@click.command(
    short_help="Crawl a Hub in a box and count, offline.",
)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo"),
    show_default=True,
    help="Where snapshots and recorded pages of the demo go.",
)
@options.logged
def demo(folder: Path) -> None:
    """Crawl a Hub in a box and count what it holds, offline.

    The box serves real facts about 71,000 models over real HTTP on this machine. A further run
    adds a further snapshot; deleting the folder is safe.
    """
    from lineage.cli import progress
    from lineage.demo import tour

    with progress.shown() as shown:
        report = tour.crawl_the_box(folder, shown)
        shown.begin("count")
        sights = tour.look_around(folder, report.manifest.id)
        shown.end()
        shown.begin("write reports")
        written = _reports(folder / "reports", report.manifest.id, folder / "snapshots")
    _tell(folder, report, sights, written)


def _reports(out: Path, id: str, store: Path) -> "list[Path]":
    """Write the three reports about Llama; return their pages."""
    from lineage.cli.delivery import deliver_file
    from lineage.cli.demo_reports import demo_reports
    from lineage.store.store import ParquetStore

    out.mkdir(parents=True, exist_ok=True)
    pages = []
    for name, content in demo_reports(ParquetStore(str(store)).snapshot(id)):
        deliver_file(content, out / name)
        pages += [out / name] if name.endswith(".html") else []
    return pages


def _tell(folder: Path, report: "CrawlReport", sights: "Sights", pages: "list[Path]") -> None:
    from dataclasses import asdict

    from lineage.cli.output import show
    from lineage.demo.tour import SOURCES
    from lineage.render import facts, ladders, terminal, traces, tree

    manifest = report.manifest
    sample = f"Counted in a sample of {manifest.models:,} models, not on the Hub"
    show(terminal.heading("A Hub in a box, crawled as the real one would be"))
    more = [
        ("published", str(folder / "snapshots" / manifest.id)),
        ("sample", f"put together from public research data: {SOURCES}"),
    ]
    click.echo()
    show(facts.crawl(manifest, asdict(report.tally), report.seconds, more))
    show(terminal.heading("The Llama family by release"))
    show(terminal.counts([sights.by_release], manifest, sample))
    show(terminal.heading("Some well-known bases"))
    show(terminal.counts(sights.bases, manifest, sample))
    show(terminal.heading("The Llama family as a tree"))
    show(tree.tree(sights.tree, manifest, sample))
    show(terminal.heading("Children of Llama? Asked by name"))
    show(traces.verdicts(sights.traces))
    show(terminal.heading("What is counted: the ladder of one release"))
    show(ladders.ladder(sights.ladder, manifest, sample))
    show(terminal.heading("Three reports to open in a browser"))
    click.echo()
    for page in pages:
        click.echo(f"  {page}")
    show(terminal.heading("What to try next"))
    click.echo()
    store = quote(str(folder / "snapshots"))
    click.echo(indent(_NEXT.format(lineage=_program(), store=store), "  "))


def _program() -> str:
    """Return what the user types: `make demo` leaves the program where no shell looks for it."""
    called = Path(sys.argv[0])
    unseen = called.name == "lineage" and shutil.which("lineage") is None
    return quote(str(called)) if unseen else "lineage"
