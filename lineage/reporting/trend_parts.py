"""The parts of a trend report that divide a whole: depth, branching, licenses, survival."""

from collections.abc import Sequence

from lineage.analysis.trends import Part
from lineage.reporting.charts import Chart, ChartKind, Position, Series
from lineage.reporting.document import Block, Section
from lineage.reporting.trend_blocks import picture
from lineage.reporting.trend_words import Told

_MOST_TAGS = 12


def shape(told: Told) -> Section:
    """Say how deep the family is and how it branches."""
    found = told.found
    first = found.generations[0].models if found.generations else 0
    deepest = len(found.generations)
    generations = (
        _bars(told, "generations", "generation", "shape.generations_chart", found.generations),
        told.say("shape.alt", models=first, deepest=deepest),
    )
    children = (
        _bars(told, "children", "children", "shape.children_chart", found.children),
        told.say("shape.alt_children", models=found.children[0].models),
    )
    blocks: list[Block] = [told.say("shape.text")]
    for chart, alt in (generations, children):
        blocks += [alt, picture(told, chart)]
    return Section(told.say("shape.title"), blocks)


def licenses(told: Told, is_sample: bool) -> Section:
    """Say which tags are known; of a sample never that somebody declares none."""
    found = told.found
    title, known = told.say("license.title"), sum(part.models for part in found.licenses)
    if not known:
        return Section(title, [told.say("license.none")])
    parts = list(found.licenses[:_MOST_TAGS])
    rest = sum(part.models for part in found.licenses[_MOST_TAGS:])
    parts += [Part("others", rest)] if rest else []
    key = "license.text" if is_sample else "license.text_hub"
    chart = _bars(told, "licenses", "license", "license.chart", parts, found.licenses)
    top = found.licenses[0]
    alt = told.say("license.alt", name=top.key, models=top.models)
    return Section(
        title, [told.say(key, models=found.models, known=known), alt, picture(told, chart)]
    )


def survival(told: Told) -> Section:
    """Say what is known of the gone."""
    found = told.found.survival
    title = told.say("survival.title")
    if found is None:
        return Section(title, [told.say("survival.none")])
    text = told.say("survival.text", gone=found.gone, undated=found.undated)
    chart = _bars(told, "survival", "lived", "survival.chart", found.lived)
    return Section(title, [text, picture(told, chart)])


def _bars(
    told: Told,
    name: str,
    along: str,
    title: str,
    parts: Sequence[Part],
    in_file: Sequence[Part] = (),
) -> Chart:
    def positions(some: Sequence[Part]) -> list[Position]:
        return [Position(part.key, told.name(part.key)) for part in some]

    models = told.say("column.models")
    return Chart(
        name=name,
        kind=ChartKind.BARS,
        title=told.say(title),
        text="; ".join(
            f"{one.name}: {told.says.number(part.models)}"
            for one, part in zip(positions(parts), parts, strict=True)
        ),
        along=Position(along, told.say(f"column.{along}")),
        positions=positions(parts),
        series=[Series("models", models, [part.models for part in parts])],
        all_positions=positions(in_file),
        all_series=[Series("models", models, [part.models for part in in_file])] if in_file else (),
    )
