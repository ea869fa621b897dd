"""The parts of a trend report that divide a whole: depth, branching, survival."""

from collections.abc import Sequence

from lineage.analysis.growth import GroupSize
from lineage.reporting.chart_texts import Chart, ChartKind, Position, Series
from lineage.reporting.document import Block, Section
from lineage.reporting.trend_blocks import picture
from lineage.reporting.trend_words import Told

_TITLES = {
    "generations": "shape.generations_chart",
    "children": "shape.children_chart",
    "survival": "survival.chart",
}


def shape(told: Told) -> Section:
    """Say how deep the family is and how it branches."""
    found = told.found
    if not found.generations:
        return Section(told.say("shape.title"), [told.say("shape.none")])
    first, deepest = found.generations[0].models, len(found.generations)
    generations = (
        _bars(told, "generations", "generation", found.generations),
        told.say("shape.alt", models=first, deepest=deepest),
    )
    children = (
        _bars(told, "children", "children", found.children),
        told.say("shape.alt_children", models=found.children[0].models),
    )
    blocks: list[Block] = [told.say("shape.text")]
    for chart, alt in (generations, children):
        blocks += [alt, picture(told, chart)]
    return Section(told.say("shape.title"), blocks)


def survival(told: Told) -> Section:
    """Say what is known of the gone; without any, that and why."""
    found = told.found.deletions
    title = told.say("survival.title")
    if found is None:
        return Section(title, [told.say("survival.none")])
    if not found.deleted:
        return Section(title, [told.say("survival.none_here", known=found.ever_known)])
    text = told.say(
        "survival.text", gone=found.deleted, known=found.ever_known, undated=found.undated
    )
    chart = _bars(told, "survival", "lived", found.days_until_deletion)
    return Section(title, [text, picture(told, chart)])


def _bars(told: Told, name: str, along: str, parts: Sequence[GroupSize]) -> Chart:
    def positions(some: Sequence[GroupSize]) -> list[Position]:
        return [Position(part.key, part.key) for part in some]

    models = told.say("column.models")
    return Chart(
        name=name,
        kind=ChartKind.BARS,
        title=told.say(_TITLES[name]),
        text="; ".join(
            f"{one.name}: {told.says.number(part.models)}"
            for one, part in zip(positions(parts), parts, strict=True)
        ),
        along=Position(along, told.say(f"column.{along}")),
        positions=positions(parts),
        series=[Series("models", models, [part.models for part in parts])],
    )
