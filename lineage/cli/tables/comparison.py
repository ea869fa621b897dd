"""A ladder of definitions: one table, each number with its reason; and its plain document."""

from collections.abc import Mapping

from rich import box
from rich.console import Group as Stack
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lineage.analysis.definition_text import in_words
from lineage.analysis.results import Comparison, Rung, Step
from lineage.cli.tables.comparison_shapes import why
from lineage.cli.tables.terminal import INDENT, lines, quoted
from lineage.store.manifest import Manifest

_NARROWEST_REASON = 16
"""A wider least would be cut off at 80 columns instead of being folded."""
_SHORT: Mapping[Step, str] = {
    Step.DIRECT: "direct",
    Step.ALL_GENERATIONS: "all",
    Step.MERGES: "+merges",
    Step.MIRRORS: "+mirrors",
    Step.CURATED: "+curated",
    Step.INFERRED: "+inferred",
    Step.NOT_DELETED: "listed",
    Step.DOWNLOADS: "downloads",
}


def ladder(found: Comparison, manifest: Manifest, source_note: str = "") -> RenderableType:
    """Return one base's or family's numbers under every definition."""
    name = quoted(found.id.removeprefix("family:"), "bold")
    if found.id.startswith("family:"):
        name = Text("family ").append_text(name)
    parts = [Text(), Padding(name, INDENT, expand=False), Text(), _steps(found)]
    if any(rung.by_release for rung in found.rungs):
        parts += [Text(), _releases(found)]
    default = next(rung for rung in found.rungs if rung.step is Step.MERGES)
    day = default.definition.as_of
    words = [] if day is None else [("as of", f"the end of {day}, UTC")]
    words += [
        line
        for line in in_words(default.definition, manifest, source_note)
        if line[0] in ("snapshot", "source")
    ]
    return Stack(*parts, Text(), lines(words))


def _steps(found: Comparison) -> RenderableType:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim", show_edge=False)
    table.add_column("step", no_wrap=True)
    for head in ("number", "change", "direct", "authors"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("why it differs", overflow="fold", min_width=_NARROWEST_REASON)
    before: Rung | None = None
    for rung in found.rungs:
        change = "" if before is None else f"{rung.number - before.number:+,}"
        table.add_row(
            Text(_named(rung)),
            Text(f"{rung.number:,}", "bold"),
            change,
            "" if rung.step is Step.AUTHORS else f"{rung.direct:,}",
            "" if rung.step is Step.AUTHORS else f"{rung.authors:,}",
            Text(why(rung, found), style="dim"),
        )
        before = rung
    return Padding(table, INDENT, expand=False)


def _named(rung: Rung) -> str:
    least = rung.definition.min_downloads
    return f"with {least:,}+ downloads" if rung.step is Step.DOWNLOADS else rung.step.value


def _releases(found: Comparison) -> RenderableType:
    rungs = [rung for rung in found.rungs if rung.step in _SHORT]
    names = list(dict.fromkeys(name for rung in rungs for name in rung.by_release))
    order = {name: at for at, name in enumerate(_in_order(rungs))}
    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="dim")
    table.add_column("release", overflow="fold", min_width=12)
    for rung in rungs:
        table.add_column(_SHORT[rung.step], justify="right", no_wrap=True)
    for name in sorted(names, key=order.__getitem__):
        table.add_row(quoted(name), *(f"{rung.by_release.get(name, 0):,}" for rung in rungs))
    table.add_row("all", *(f"{rung.number:,}" for rung in rungs), style="bold")
    return Padding(table, INDENT, expand=False)


def _in_order(rungs: list[Rung]) -> list[str]:
    """Return the releases as the widest rung has them, which is in the registry's order."""
    widest = max(rungs, key=lambda rung: len(rung.by_release))
    others = [name for rung in rungs for name in rung.by_release]
    return list(dict.fromkeys([*widest.by_release, *others]))
