"""What the demo prints, in order: crawls, the last snapshot, the weeks, and what to try next."""

import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from shlex import quote
from textwrap import indent

import click

from lineage.analysis.definition_text import Line, definition_snapshot_lines
from lineage.analysis.growth.results import Curve
from lineage.cli.output import show
from lineage.cli.tables.changes import diff_table
from lineage.cli.tables.counts import comparison_table, counts_table
from lineage.cli.tables.curves import Sparklines, short_day_cell
from lineage.cli.tables.descent import tree_table, verdict_table
from lineage.cli.tables.layout import fact_lines, heading, indented, new_table, quoted
from lineage.cli.tables.snapshots import crawl_table, snapshot_list
from lineage.demo.replay import FULL_EVERY_DAYS, Replay
from lineage.demo.tour import SOURCES, TourResults
from lineage.store.manifest import Manifest, SnapshotKind

_NEXT = """\
{lineage} count llama --as-of 2025-05-07 --store {store}
{lineage} count meta-llama/Llama-3.1-8B --by relation --store {store}
{lineage} count --top 20 --store {store}
{lineage} count llama --explain --store {store}
{lineage} snapshots diff {first} {last} --store {store}
{lineage} trace {deleted} --store {store}
{lineage} anomalies --store {store}
{lineage} tree Qwen/Qwen2.5-7B --store {store}
{lineage} hub                 the same Hub in a box, for any client
{lineage} crawl               the real Hub: about 3,240 requests; ask lineage doctor first"""


def print_tour(folder: Path, weeks: Replay, results: TourResults, pages: Sequence[Path]) -> None:
    """Print all of it."""
    _print_crawls(folder, weeks, results)
    _print_last_snapshot(weeks.manifests[-1], results)
    _print_weeks(weeks, results)
    show(heading("Three reports to open in a browser"))
    click.echo()
    for page in pages:
        click.echo(f"  {page}")
    show(heading("What to try next"))
    click.echo()
    # `make demo` leaves the program where no shell looks for it: then its whole path is printed.
    program = Path(sys.argv[0])
    is_hidden = program.name == "lineage" and shutil.which("lineage") is None
    text = _NEXT.format(
        lineage=quote(str(program)) if is_hidden else "lineage",
        store=quote(str(folder / "snapshots")),
        first=weeks.manifests[0].id,
        last=weeks.manifests[-1].id,
        deleted=results.deleted.largest[0].id,
    )
    click.echo(indent(text, "  "))


def _print_crawls(folder: Path, weeks: Replay, results: TourResults) -> None:
    undated = results.undated
    previous = len(weeks.manifests) - weeks.crawled
    facts: list[Line] = [
        ("crawls", f"{weeks.crawled} in this run, {previous} in earlier ones"),
        ("published", str(folder / "snapshots")),
        ("sample", f"put together from public research data: {SOURCES}"),
        (
            "known",
            "ids, relations, parents; of most uploads and every deletion the week, not the day",
        ),
        (
            "assumed",
            f"the {undated.undated:,} models without a date exist from the first week on; changes "
            "happen on the Wednesday of the week; keys, commits and their dates are made up",
        ),
        (
            "excluded",
            f"{undated.later:,} models created after the last week, {undated.backwards} with a "
            "deletion before their first week",
        ),
    ]
    show(heading("A Hub in a box, followed through 16 weeks as the real one would be"))
    click.echo()
    show(snapshot_list(weeks.manifests))
    click.echo()
    show(crawl_table(weeks.manifests[-1], asdict(weeks.tally), weeks.seconds, facts))


def _print_last_snapshot(manifest: Manifest, results: TourResults) -> None:
    sample = _tour_note(manifest)
    show(heading(f"The Llama family by release, {_tour_day(manifest)}"))
    show(counts_table([results.by_release], manifest, sample))
    show(heading("Some well-known models"))
    show(counts_table(results.bases, manifest, sample))
    show(heading("The Llama family as a tree"))
    show(tree_table(results.tree, manifest, sample))
    show(heading("Do these descend from Llama?"))
    show(verdict_table(results.traces))
    show(heading("Definitions compared: one release, several counts"))
    show(comparison_table(results.comparison, manifest, sample))


def _print_weeks(weeks: Replay, results: TourResults) -> None:
    first, last = weeks.manifests[0], weeks.manifests[-1]
    show(heading(f"Each Llama release from {_tour_day(first)} to {_tour_day(last)}"))
    click.echo()
    show(_print_curve(results.curve))
    click.echo()
    facts: list[Line] = [
        ("counted", "as by release above, in each snapshot; the numbers are of full crawls"),
        ("bars", "start at 0; the highest of a line is its own greatest number"),
        (
            "deletions",
            f"show at the next full crawl, here every {FULL_EVERY_DAYS} days: an update cannot "
            "see them",
        ),
        (
            "growth",
            f"of the sample, not of the Hub: new models were collected from {_tour_day(first)} on; "
            f"of older ones it holds the {first.models:,} that other sources name; "
            f"{results.by_release.undated:,} of the family have no date and count as old",
        ),
        *definition_snapshot_lines(last, _tour_note(last)),
    ]
    show(fact_lines(facts))
    _print_deleted(last, results)
    show(heading(f"What changed between {_tour_day(first)} and {_tour_day(last)}"))
    show(diff_table(results.diff, first, last))
    click.echo()
    show(fact_lines([("source", _tour_note(last))]))


def _print_curve(curve: Curve) -> Sparklines:
    """Draw the releases that ever had derivatives, with numbers of full crawls."""
    lines = [line for line in curve.parts if any(point.total for point in line.values)]
    named = [*((line.key, line) for line in lines), ("all", curve.whole)]
    rows = [(name, [point.total for point in line.values]) for name, line in named]
    # Numbers of full crawls only: an update cannot see deletions, so that it counts too many.
    full = [at for at, it in enumerate(curve.moments) if it.kind is SnapshotKind.FULL]
    return Sparklines("release", [moment.taken_at for moment in curve.moments], rows, full)


def _print_deleted(manifest: Manifest, results: TourResults) -> None:
    table = new_table("deleted", numbers=("direct", "total", "not listed from", "found missing"))
    for model in results.deleted.largest:
        day = "unknown" if model.gone_from is None else _tour_date(model.gone_from)
        numbers = (f"{model.direct:,}", f"{model.total:,}")
        table.add_row(quoted(model.id), *numbers, day, _tour_date(model.missed_at))
    deleted = results.deleted
    facts: list[Line] = [
        (
            "shown",
            f"{len(deleted.largest)} of {deleted.parents:,} with models below them, of "
            f"{deleted.total:,} deleted ones; the largest first",
        ),
        ("below", "listed models, at any depth; they count through the deleted, which do not"),
        ("listed", "the first weekly list without it, as the sample says"),
        ("missing", "the day of the full crawl that found it missing, as its tombstone says"),
        *definition_snapshot_lines(manifest, _tour_note(manifest)),
    ]
    show(heading("Deleted models with derivatives"))
    click.echo()
    show(indented(table))
    click.echo()
    show(fact_lines(facts))


def _tour_note(manifest: Manifest) -> str:
    return f"Counted in a sample of {manifest.models:,} models, not on the Hub"


def _tour_day(manifest: Manifest) -> str:
    moment = manifest.origin.taken_at
    return f"{moment.day} {moment:%B %Y}"


def _tour_date(moment: datetime) -> str:
    return f"{short_day_cell(moment)} {moment:%Y}"
