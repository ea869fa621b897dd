"""A trace for a terminal: the verdict, why, and each way up with its witnesses."""

from collections.abc import Sequence

from rich.console import Group as Stack
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lineage.analysis.definition_text import taken
from lineage.analysis.reasons import reason, sentence, verdict
from lineage.analysis.verdicts import Origin, RootMet, Step, Trace, Voice
from lineage.cli.tables.terminal import INDENT, lines, quoted
from lineage.domain.escape import visible
from lineage.store.manifest import Manifest

_WAYS_SHOWN = 5
_COLORS = {True: "bold green", False: "bold red", None: "bold yellow"}


def trace(found: Trace, manifest: Manifest) -> RenderableType:
    """Return the verdict on one model with everything it rests on."""
    releases = dict.fromkeys(root.release for root in found.roots if root.family == found.family)
    if found.itself is not None and found.itself.family == found.family:
        releases = {found.itself.release: None}
    said = f": {', '.join(releases)}" if found.descends and releases else ""
    head = Text.assemble(
        quoted(found.id, "bold"),
        f"  of the {found.family} family?  ",
        (verdict(found), _COLORS[found.descends]),
        said,
    )
    parts: list[RenderableType] = [Text(), head, quoted(reason(found))]
    parts += [_way(found, path) for path in found.paths[:_WAYS_SHOWN]]
    if (more := len(found.paths) - _WAYS_SHOWN) > 0:
        parts.append(Text(f"and {more:,} more ways; all of them: --format json", style="dim"))
    facts = [("snapshot", f"{manifest.id}, {taken(manifest)}")]
    if found.outsider is not None:
        source = found.outsider.source
        facts += [("source", source.text)]
        facts += [("words", f'"{source.quote}"')] if source.quote else []
        facts += [("address", source.url)] if source.url else []
    return Stack(Padding(Stack(*parts), INDENT, expand=False), Text(), lines(facts))


def verdicts(several: Sequence[tuple[str, Trace]]) -> RenderableType:
    """Return the verdicts on several models, each under the name it is known by."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", ratio=1)
    for name, one in several:
        answer = Text(verdict(one), style=_COLORS[one.descends])
        found = "" if one.origin is Origin.SNAPSHOT else f"  known from the {one.origin.value}"
        why = Text.assemble(quoted(one.id), found, "\n", (visible(sentence(one)), "dim"))
        table.add_row(Text(name, "bold"), answer, why)
    return Stack(Text(), Padding(table, INDENT))


def _way(found: Trace, path: tuple[Step, ...]) -> RenderableType:
    top = path[-1].parent
    end = next((root for root in found.roots if root.root == top), None)
    told: list[RenderableType] = [Text(), Text.assemble("way to ", quoted(top), _kind(end))]
    for depth, step in enumerate(path):
        line = Text.assemble(
            quoted(step.child),
            "  ",
            (f"{step.relation.value}, {step.strength.value}", "dim"),
            "  of ",
            quoted(step.parent),
        )
        told.append(Padding(line, (0, 0, 0, 2 * depth + 2), expand=False))
        told += [Padding(_voice(one), (0, 0, 0, 2 * depth + 4)) for one in step.evidence]
    return Stack(*told)


def _kind(root: RootMet | None) -> Text:
    if root is None:
        return Text(", which leads no further", style="dim")
    return Text(f", {'official' if root.official else 'mirror'}, {root.release}", style="dim")


def _voice(voice: Voice) -> Text:
    source = "".join(f"\n{text}" for text in (voice.source, voice.url) if text)
    said = "" if voice.quote is None else f'"{visible(voice.quote)}"'
    told = visible_lines(source) if said else visible_lines(source.removeprefix("\n"))
    return Text(f"{voice.rule}: {said}{told}", style="dim")


def visible_lines(text: str) -> str:
    """Return our own lines of text, each made harmless."""
    return "\n".join(visible(line) for line in text.split("\n"))
