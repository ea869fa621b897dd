"""What the demo prints: what it did, five answers, the growth of a family, and where to look."""

import os
import shutil
import sys
from base64 import standard_b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from shlex import quote

import click
from rich.console import Group as Stack
from rich.padding import Padding
from rich.text import Text

from lineage.analysis.definition_text import Line
from lineage.analysis.growth.results import Curve
from lineage.cli.output import show
from lineage.cli.tables.curves import Sparklines
from lineage.cli.tables.layout import quote_for_terminal, terminal_heading, terminal_table_of_facts
from lineage.demo.replay import DemoHistory, Replay
from lineage.demo.tour import SOURCES, TourResults
from lineage.domain.clock import spell_day_of_moment
from lineage.domain.escape import escape_invisible
from lineage.store.manifest import Manifest, SnapshotKind

_MOST_RELEASES = 5
_NAMED_SOURCES = 2


def print_demo_tour(
    folder: Path,
    weeks: Replay,
    results: TourResults,
    history: DemoHistory,
    files: Sequence[Path],
) -> None:
    """Print all of it, in at most 60 lines of 80 columns."""
    last = weeks.manifests[-1]
    show(terminal_heading("A Hub in a box, followed through 16 weeks as the real one would be"))
    click.echo()
    show(terminal_table_of_facts(_print_tour_steps(folder, weeks, history)))
    show(
        terminal_heading(
            f"Five questions, answered for {_tour_day(last)} (of the sample, not the Hub)"
        )
    )
    for number, answer in enumerate(results.answers, 1):
        margin = (0, 0, 0, 5)
        show(
            Stack(
                Text(),
                Text(f"  {number}. ").append(answer.question, "bold"),
                Padding(quote_for_terminal(answer.answer), margin),
                Padding(quote_for_terminal(answer.command, "cyan"), margin),
            )
        )
    show(terminal_heading(f"The Llama family by release, {_tour_day(weeks.manifests[0])} to then"))
    click.echo()
    picture = _find_printed_trend_file(files, ".png", ".svg")
    if picture.suffix != ".png" or not show_terminal_picture(picture.read_bytes()):
        show(_draw_tour_curve(results.curve))
    show(terminal_heading("To look at, and to ask yourself"))
    click.echo()
    page = _find_printed_trend_file(files, ".html", ".md")
    # Not as a table, which would cut what is to be copied in two.
    for label, text in _print_next_commands(folder, picture, page):
        click.echo(f"  {label:<8} {escape_invisible(text)}")


def _print_tour_steps(folder: Path, weeks: Replay, history: DemoHistory) -> list[Line]:
    first, last = weeks.manifests[0], weeks.manifests[-1]
    full = sum(manifest.origin.kind is SnapshotKind.FULL for manifest in weeks.manifests)
    previous = len(weeks.manifests) - weeks.crawled
    undated = history.count_undated()
    sources = f"{', '.join(SOURCES[:_NAMED_SOURCES])} and {len(SOURCES) - _NAMED_SOURCES} more"
    return [
        (
            "crawled",
            f"{len(weeks.manifests)} snapshots, {_tour_day(first)} to {_tour_day(last)}, "
            f"{full} of them full crawls: {weeks.crawled} in this run ({weeks.tally.sent:,} "
            f"requests, {weeks.seconds:.0f} s), {previous} in earlier ones",
        ),
        (
            "holds",
            f"{first.models:,} models at first, {last.models:,} at last; {last.tombstones:,} were "
            "deleted",
        ),
        (
            "sample",
            f"facts about {len(history):,} real models, from {sources} "
            "(lineage/demo/corpus/README.md), newcomers from the first week on: nothing here is a "
            "count of the Hub",
        ),
        (
            "assumed",
            f"{undated.undated:,} undated models are there from the first week on; changes come on "
            "Wednesdays; keys, commits and their dates are made up. Left out: "
            f"{undated.later:,} models of later days, {undated.backwards} deleted before they came",
        ),
        ("written", f"{folder / 'snapshots'}, {folder / 'reports'}; delete {folder} at any time"),
    ]


def _draw_tour_curve(curve: Curve) -> Sparklines:
    """Draw the largest releases and the whole, with numbers of full crawls."""
    lines = sorted(curve.parts, key=lambda line: -line.values[-1].total)[:_MOST_RELEASES]
    named = [*((line.key, line) for line in lines), ("all releases", curve.whole)]
    rows = [(name, [point.total for point in line.values]) for name, line in named]
    # Numbers of full crawls only: an update cannot see deletions, so that it counts too many.
    full = [at for at, it in enumerate(curve.moments) if it.kind is SnapshotKind.FULL]
    return Sparklines("release", [moment.taken_at for moment in curve.moments], rows, full)


def _find_printed_trend_file(files: Sequence[Path], *endings: str) -> Path:
    """Return the trend report's first file of the first kind there is: what leads the report."""
    trend = [path for path in files if path.name.startswith("trend.")]
    return next(path for ending in endings for path in trend if path.suffix == ending)


def _print_next_commands(folder: Path, picture: Path, page: Path) -> list[Line]:
    # `make demo` leaves the program where no shell looks for it.
    program = Path(sys.argv[0])
    is_hidden = program.name == "lineage" and shutil.which("lineage") is None
    activate = f". {quote(str(program.with_name('activate')))}; " if is_hidden else ""
    is_whole = page.suffix == ".html" and picture.suffix == ".png"
    extra_hint = "pages and PNG pictures: pip install '.[report]' in lineage's source"
    store = quote(str(folder / "snapshots"))
    browse = f"lineage serve --store {store}, then http://127.0.0.1:8000"
    return [
        ("picture", str(picture)),
        ("open", page.resolve().as_uri()),
        ("ask", f"{activate}export LINEAGE_STORE={store}"),
        ("browse", browse) if is_whole else ("left out", extra_hint),
        ("next", "lineage hub: the box, for any client; lineage crawl: the real Hub"),
    ]


def _tour_day(manifest: Manifest) -> str:
    return spell_day_of_moment(manifest.origin.taken_at)


COLUMNS = 76
_MOST_BYTES = 1_000_000
_CHUNK = 4096
_KITTY = frozenset({"xterm-kitty", "xterm-ghostty"})
_INLINE = frozenset({"iTerm.app", "WezTerm"})


def encode_terminal_picture(png: bytes, environment: Mapping[str, str]) -> bytes | None:
    """Return what makes the terminal of this environment show a PNG, 76 columns wide.

    Kitty's protocol and iTerm2's; None for any other terminal, or where the picture is too large.
    """
    # A multiplexer names itself in TERM or its own variable, and passes no pictures through.
    term = environment.get("TERM", "")
    is_multiplexed = "TMUX" in environment or term.startswith(("screen", "tmux"))
    if is_multiplexed or term == "dumb" or len(png) > _MOST_BYTES:
        return None
    text = standard_b64encode(png)
    if term in _KITTY or "KITTY_WINDOW_ID" in environment:
        chunks = [text[at : at + _CHUNK] for at in range(0, len(text), _CHUNK)]
        parts = []
        for at, chunk in enumerate(chunks):
            # q=2: a terminal that cannot show it must not answer into the user's command line.
            head = f"a=T,f=100,q=2,c={COLUMNS}," if at == 0 else ""
            more = int(at < len(chunks) - 1)
            parts.append(b"\x1b_G" + f"{head}m={more};".encode() + chunk + b"\x1b\\")
        return b"".join(parts) + b"\n"
    program = environment.get("TERM_PROGRAM", "")
    if program in _INLINE or environment.get("LC_TERMINAL") == "iTerm2":
        head = f"inline=1;size={len(png)};width={COLUMNS};preserveAspectRatio=1"
        return f"\x1b]1337;File={head}:".encode() + text + b"\x07\n"
    return None


def show_terminal_picture(png: bytes) -> bool:
    """Show a PNG on standard output where that is a terminal that can; say whether it did."""
    if sys.stdout is None or not sys.stdout.isatty():
        return False
    content = encode_terminal_picture(png, os.environ)
    if content is None:
        return False
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()
    return True
