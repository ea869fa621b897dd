"""The command `lineage demo`."""

from pathlib import Path

import click

from lineage.cli import options


@click.command(
    short_help="Follow a Hub in a box through 16 real weeks and count, offline.",
)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo"),
    show_default=True,
    help="Where snapshots, recorded pages and reports of the demo go.",
)
@options.logged
def demo(folder: Path) -> None:
    """Follow a Hub in a box through 16 real weeks and count what it holds, offline.

    The box serves real facts about 75,606 models over real HTTP on this machine, as they were
    listed week by week from 12 March to 2 July 2025. A run that was stopped goes on where it was;
    deleting the folder is safe.
    """
    from lineage.cli import progress
    from lineage.cli.demo_results import tell
    from lineage.demo import tour
    from lineage.demo.corpus_rows import corpus_facts
    from lineage.demo.weeks.history import History
    from lineage.demo.weeks.replay import replay

    with progress.shown() as shown:
        shown.begin("read the sample")
        history = History(corpus_facts())
        shown.end()
        followed = replay(folder, history, shown)
        shown.begin("count")
        sights = tour.look_around(folder, history, followed)
        shown.begin("write reports")
        written = _reports(folder / "reports", followed.manifests[-1].id, folder / "snapshots")
    tell(folder, followed, sights, written)


def _reports(out: Path, id: str, store: Path) -> "list[Path]":
    """Write the three reports about Llama; return their pages."""
    from lineage.cli.demo_reports import demo_reports
    from lineage.cli.output_file import deliver_file
    from lineage.domain.opt_outs import NO_OPT_OUTS
    from lineage.store.store import ParquetStore

    out.mkdir(parents=True, exist_ok=True)
    pages = []
    for name, content in demo_reports(ParquetStore(str(store), NO_OPT_OUTS).snapshot(id)):
        deliver_file(content, out / name)
        pages += [out / name] if name.endswith(".html") else []
    return pages
