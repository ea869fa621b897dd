"""What a check says of models, the broken rules first."""

from rich.console import Group as Stack
from rich.console import RenderableType
from rich.text import Text

from lineage.analysis.check import (
    CheckOutcome,
    CheckVerdict,
    explain_check_match,
    explain_check_unknown,
)
from lineage.analysis.verdicts import PathEdge
from lineage.cli.tables.layout import fact_lines, indented, quoted

_STYLES = {
    CheckVerdict.PASS: "green",
    CheckVerdict.FAIL: "bold red",
    CheckVerdict.UNKNOWN: "yellow",
}
_ORDER = (CheckVerdict.FAIL, CheckVerdict.UNKNOWN, CheckVerdict.PASS)


def check_table(result: CheckOutcome) -> RenderableType:
    """Return each model with its verdict, what decides and the path to it, then the sum."""
    parts: list[RenderableType] = []
    for model in sorted(result.models, key=lambda it: _ORDER.index(it.verdict)):
        line = Text.assemble(
            (f"{model.verdict.value:<8}", _STYLES[model.verdict]), quoted(model.model)
        )
        if model.place is not None:
            line.append("  ").append(quoted(model.place))
        parts.append(line)
        if model.verdict is CheckVerdict.UNKNOWN and model.unknown is not None:
            parts.append(indented(Text(explain_check_unknown(model.unknown))))
        for match in model.matches:
            parts.append(indented(quoted(explain_check_match(match))))
            parts += [indented(indented(_edge_cell(edge))) for edge in match.path]
        for match in model.warnings:
            parts.append(indented(Text("warning: ", "yellow") + quoted(explain_check_match(match))))
    counts = {it: sum(model.verdict is it for model in result.models) for it in _ORDER}
    numbers = ", ".join(
        f"{number:,} {verdict.value}" for verdict, number in counts.items() if number
    )
    facts = [("verdict", f"{result.verdict.value}: {numbers}"), ("snapshot", result.snapshot)]
    facts += [("note", note) for note in result.notes]
    return Stack(*parts, Text(), fact_lines(facts))


def _edge_cell(edge: PathEdge) -> Text:
    """Return one link of a path with its relation, strength and first claim."""
    words = f"{edge.child} <- {edge.parent}  {edge.relation.value}, {edge.strength.value}"
    claim = next((claim for claim in edge.evidence if claim.quote), None)
    return quoted(words if claim is None else f'{words}: "{claim.quote}" ({claim.rule})', "dim")
