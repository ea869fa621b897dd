"""The registry for a terminal: the families, one of them with every source, and what is odd."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderableType
from rich.console import Group as Stack
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lineage.analysis.definition_text import Line
from lineage.analysis.registry.checks import Finding, Severity
from lineage.cli.tables.family_shapes import of_families
from lineage.cli.tables.terminal import INDENT, heading, lines, quoted
from lineage.domain.families import CuratedSource, Family, Outsider, Release, Reupload

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}
_NUMBERS = ("releases", "roots", "mirrors", "quantized", "changed", "edges", "outsiders")
_WIDE = 104
"""So many columns hold a name, an organization, a version and the numbers."""


@dataclass(frozen=True, slots=True)
class _List:
    """A row a family; who made it stands there where nothing else is cut for it."""

    found: Sequence[Family]

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        wide = options.max_width >= _WIDE
        table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="dim")
        table.add_column("family", overflow="fold")
        if wide:
            table.add_column("organization", overflow="fold", min_width=len("organization"))
        for name in _NUMBERS:
            table.add_column(name, justify="right", no_wrap=True)
        if wide:
            table.add_column("version", no_wrap=True)
        for row in of_families(self.found):
            numbers = [f"{row[name]:,}" for name in _NUMBERS]
            who = [quoted(str(row["organization"] or ""))] if wide else []
            version = [quoted(str(row["version"]))] if wide else []
            table.add_row(quoted(str(row["family"])), *who, *numbers, *version)
        yield table
        if not wide:
            yield Text("organization and version: in a wider terminal, or --format csv", "dim")


def families(found: Sequence[Family]) -> RenderableType:
    """Return a row for each family."""
    return Padding(_List(found), INDENT, expand=False)


def family(one: Family) -> RenderableType:
    """Return all of a family: releases, then edges, outsiders and former names."""
    by = f", by {one.organization}" if one.organization else ""
    head = Text.assemble(quoted(one.name, "bold"), quoted(f"{by}; version {one.version}", "dim"))
    parts: list[RenderableType] = [Padding(head, INDENT, expand=False)]
    parts += [_release(release) for release in one.releases]
    if one.edges:
        parts.append(_edges(one))
    if one.outsiders:
        parts.append(_outsiders(one.outsiders))
    if one.renamed:
        names: list[Line] = [(old.name, f"is now {old.now}") for old in one.renamed]
        parts += [heading("Former names"), lines(names)]
    return Stack(*parts)


def findings(
    found: Sequence[Finding], families: Sequence[Family], snapshot: str | None
) -> RenderableType:
    """Return what is odd, worst first, and what was looked at."""
    number = {one: sum(it.severity is one for it in found) for one in Severity}
    beside = snapshot or "none at hand: what a snapshot could say was not looked at"
    looked: list[Line] = [
        ("families", f"{len(families)}: {', '.join(one.id for one in families)}"),
        ("snapshot", beside),
        ("found", ", ".join(f"{n:,} {one}{'' if n == 1 else 's'}" for one, n in number.items())),
    ]
    grid = Table.grid(padding=(0, 2))
    for _ in range(2):
        grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for one in found:
        says = Text.assemble(quoted(one.entry, "bold"), " ", quoted(one.says))
        if one.hint:
            says = Text.assemble(says, "\n", quoted(one.hint, "dim"))
        grid.add_row(Text(one.severity.value, _STYLES[one.severity]), quoted(one.family), says)
    return Stack(Text(), Padding(grid, INDENT, expand=False), Text(), lines(looked))


def _release(release: Release) -> RenderableType:
    license = release.license or "no license tag"
    gate = "" if release.gated is None else f", gated: {release.gated}"
    facts: list[Line] = [
        ("release", f"{release.id}, {release.released}, {license}{gate}"),
        ("sizes", ", ".join(release.sizes)),
        ("source", release.source),
        *_repeated("official", release.official),
        *_copies("mirror", release.mirrors, release.deleted),
        *_copies("quantized", release.quantized),
        *_copies("changed", release.changed),
        *(("former name", f"{old.name} is now {old.now}") for old in release.former_names),
    ]
    return Stack(heading(release.name), lines([fact for fact in facts if fact[1]]))


def _repeated(label: str, texts: Iterable[str]) -> Iterator[Line]:
    """Yield lines of which the first alone has the label."""
    for number, text in enumerate(texts):
        yield ("" if number else label), text


def _copies(label: str, copies: Iterable[Reupload], dead: Sequence[str] = ()) -> Iterator[Line]:
    """Yield copies with what they stand for; the source stands below those that share it."""
    sharing: dict[str, list[str]] = defaultdict(list)
    for copy in copies:
        gone = " (deleted)" if copy.id in dead else ""
        of = f" of {copy.of}" if copy.of else ""
        sharing[copy.source or "not told"].append(f"{copy.id}{gone}{of}")
    for source, texts in sharing.items():
        yield from _repeated(label, texts)
        yield "  source", source


def _edges(one: Family) -> RenderableType:
    told = []
    for edge in one.edges:
        says = f"{edge.relation} of {edge.parent}, {edge.proof.replace('_', ' ')}"
        told.append(_entry(edge.child, says, edge.source))
    return Stack(heading("Curated edges"), *told)


def _outsiders(outsiders: Iterable[Outsider]) -> RenderableType:
    told = []
    for one in outsiders:
        root = f"; its root is {one.root}" if one.root else ""
        says = f"{one.reason.replace('_', ' ')}{root}. {one.sentence}"
        told.append(_entry(one.id, says, one.source))
    return Stack(heading("Not of this family"), *told)


def _entry(id: str, says: str, source: CuratedSource) -> RenderableType:
    facts = [quoted(says)]
    if source.quote:
        facts.append(quoted(f"“{source.quote}”", "italic"))
    facts.append(quoted(source.text + (f"  {source.url}" if source.url else ""), "dim"))
    body = Padding(Stack(*facts), (0, 0, 0, 4), expand=False)
    return Padding(Stack(quoted(id, "bold"), body), INDENT, expand=False)
