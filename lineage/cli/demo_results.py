"""What the demo shows, in the order in which it is told."""

import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from shlex import quote
from textwrap import indent

import click

from lineage.analysis.definition_text import Line, whence
from lineage.analysis.growth import Curve
from lineage.cli.output import show
from lineage.cli.tables import (
    comparison,
    deleted,
    diffs,
    facts,
    sparklines,
    terminal,
    traces,
    tree,
)
from lineage.demo.tour import SOURCES, Sights
from lineage.demo.weeks.history import Doubts
from lineage.demo.weeks.replay import FULL_EVERY_DAYS, Replay
from lineage.store.manifest import Manifest, SnapshotKind

_NEXT = """\
{lineage} count --family llama --as-of 2025-05-07 --store {store}
{lineage} count meta-llama/Llama-3.1-8B --by relation --store {store}
{lineage} count --top 20 --store {store}
{lineage} count --family llama --explain --store {store}
{lineage} snapshots diff {first} {last} --store {store}
{lineage} trace {dead} --store {store}
{lineage} anomalies --store {store}
{lineage} tree Qwen/Qwen2.5-7B --store {store}
{lineage} hub                 the same Hub in a box, for any client
{lineage} crawl               the real Hub: about 3,240 requests; ask lineage doctor first"""


def tell(folder: Path, followed: Replay, sights: Sights, pages: Sequence[Path]) -> None:
    """Print all of it: the crawls, the last snapshot, the weeks, the reports."""
    _crawls(folder, followed, sights.doubts)
    _last_snapshot(followed.manifests[-1], sights)
    _weeks(followed, sights)
    show(terminal.heading("Three reports to open in a browser"))
    click.echo()
    for page in pages:
        click.echo(f"  {page}")
    show(terminal.heading("What to try next"))
    click.echo()
    asked = {
        "lineage": _program(),
        "store": quote(str(folder / "snapshots")),
        "first": followed.manifests[0].id,
        "last": followed.manifests[-1].id,
        "dead": sights.graves.shown[0].id,
    }
    click.echo(indent(_NEXT.format(**asked), "  "))


def _crawls(folder: Path, followed: Replay, doubts: Doubts) -> None:
    last = followed.manifests[-1]
    earlier = len(followed.manifests) - followed.crawled
    more = [
        ("crawls", f"{followed.crawled} in this run, {earlier} in earlier ones"),
        ("published", str(folder / "snapshots")),
        ("sample", f"put together from public research data: {SOURCES}"),
        *_what_is_known(doubts),
    ]
    show(terminal.heading("A Hub in a box, followed through 16 weeks as the real one would be"))
    click.echo()
    show(facts.snapshots(followed.manifests))
    click.echo()
    show(facts.crawl(last, asdict(followed.tally), followed.seconds, more))


def _what_is_known(doubts: Doubts) -> list[Line]:
    return [
        (
            "known",
            "ids, relations, parents; of most uploads and of every deletion the weekly list that "
            "shows it, not the day",
        ),
        (
            "assumed",
            f"{doubts.undated:,} models without a date are there from the first week on; what "
            "happened between two lists happened on the Wednesday of the later one; keys, commits "
            "and their dates are made up",
        ),
        (
            "left out",
            f"{doubts.later} models created after the last week, {doubts.backwards} that are said "
            "to be gone before they were first seen",
        ),
    ]


def _last_snapshot(manifest: Manifest, sights: Sights) -> None:
    sample = _sample(manifest)
    show(terminal.heading(f"The Llama family by release, {_day(manifest)}"))
    show(terminal.counts([sights.by_release], manifest, sample))
    show(terminal.heading("Some well-known bases"))
    show(terminal.counts(sights.bases, manifest, sample))
    show(terminal.heading("The Llama family as a tree"))
    show(tree.tree(sights.tree, manifest, sample))
    show(terminal.heading("Children of Llama? Asked by name"))
    show(traces.verdicts(sights.traces))
    show(terminal.heading("What is counted: the ladder of one release"))
    show(comparison.ladder(sights.ladder, manifest, sample))


def _weeks(followed: Replay, sights: Sights) -> None:
    first, last = followed.manifests[0], followed.manifests[-1]
    show(terminal.heading(f"Each Llama release from {_day(first)} to {_day(last)}"))
    click.echo()
    show(_curves(sights.curve))
    click.echo()
    show(terminal.lines(_how_to_read(followed.manifests, sights)))
    show(terminal.heading("Deleted, with children below"))
    click.echo()
    show(deleted.graves(sights.graves.shown))
    click.echo()
    show(terminal.lines(_about_the_dead(last, sights)))
    show(terminal.heading(f"What changed between {_day(first)} and {_day(last)}"))
    show(diffs.diff(sights.diff, first, last))
    click.echo()
    show(terminal.lines([("source", _sample(last))]))


def _curves(found: Curve) -> sparklines.Curves:
    """Draw who ever had anybody; numbers are told of sweeps, since those saw who is gone."""
    lines = [line for line in found.parts if any(point.total for point in line.values)]
    named = [*((line.key, line) for line in lines), ("all", found.whole)]
    rows = [(name, [point.total for point in line.values]) for name, line in named]
    sweeps = [at for at, one in enumerate(found.moments) if one.kind is SnapshotKind.FULL]
    return sparklines.Curves("release", [one.taken_at for one in found.moments], rows, sweeps)


def _how_to_read(manifests: Sequence[Manifest], sights: Sights) -> list[Line]:
    first, last = manifests[0], manifests[-1]
    return [
        ("counted", "as by release above, in each of the snapshots; the numbers are of sweeps"),
        ("bars", "stand on 0; the highest of a line is its own greatest number"),
        (
            "between",
            f"a deletion shows at the next sweep, here every {FULL_EVERY_DAYS} days: an update "
            "cannot see it",
        ),
        (
            "growth",
            f"of the sample, not of the Hub: newcomers were collected from {_day(first)} on; of "
            f"older models it holds those that other sources name, {first.models:,} in the first "
            f"list; {sights.by_release.undated:,} of the family have no date and pass for old",
        ),
        *whence(last, _sample(last)),
    ]


def _about_the_dead(manifest: Manifest, sights: Sights) -> list[Line]:
    found = sights.graves
    return [
        (
            "shown",
            f"{len(found.shown)} of {found.parents:,} with something below them, of "
            f"{found.dead:,} that are gone; the most below first",
        ),
        (
            "below",
            "who is listed still, at any depth; it counts through the dead, who do not count",
        ),
        ("gone", "the day of the weekly list that lacked it first, as the sample has it"),
        ("missed", "the day of the sweep that missed it, as its tombstone has it"),
        *whence(manifest, _sample(manifest)),
    ]


def _sample(manifest: Manifest) -> str:
    return f"Counted in a sample of {manifest.models:,} models, not on the Hub"


def _day(manifest: Manifest) -> str:
    moment = manifest.origin.taken_at
    return f"{moment.day} {moment:%B %Y}"


def _program() -> str:
    """Return what the user types: `make demo` leaves the program where no shell looks for it."""
    called = Path(sys.argv[0])
    unseen = called.name == "lineage" and shutil.which("lineage") is None
    return quote(str(called)) if unseen else "lineage"
