"""A trace for a terminal: the verdict, why, and each way up with its witnesses."""

from rich.console import Group as Stack
from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from lineage.analysis.verdicts import RootMet, Step, Trace, Voice
from lineage.domain.evidence import Strength
from lineage.render.because import because, verdict
from lineage.render.definition import taken
from lineage.render.escape import visible
from lineage.render.terminal import INDENT, lines, quoted
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
    parts: list[RenderableType] = [Text(), head, quoted(because(found))]
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


def _way(found: Trace, path: tuple[Step, ...]) -> RenderableType:
    top = path[-1].parent
    end = next((root for root in found.roots if root.root == top), None)
    told: list[RenderableType] = [Text(), Text.assemble("way to ", quoted(top), _kind(end))]
    for depth, step in enumerate(path):
        mark = "guessed" if step.strength is Strength.GUESSED else step.strength.value
        line = Text.assemble(
            quoted(step.child),
            "  ",
            (f"{step.relation.value}, {mark}", "dim"),
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
    return Text(f'{voice.rule}: "{visible(voice.quote)}"{visible_lines(source)}', style="dim")


def visible_lines(text: str) -> str:
    """Return our own lines of text, each made harmless."""
    return "\n".join(visible(line) for line in text.split("\n"))
