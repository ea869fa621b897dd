"""What is odd in the data, and how often inferred parents are right."""

from collections.abc import Sequence

from rich.console import Group as Stack
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from lineage.analysis.definition_text import Line, definition_snapshot_lines
from lineage.analysis.evaluate.accuracy import ALL, Accuracy, Share
from lineage.analysis.evaluate.evaluation import Evaluation
from lineage.cli.tables.layout import fact_lines, heading, indented, new_table, quoted
from lineage.domain.anomalies import Anomalies, AnomaliesOfKind, AnomalySeverity
from lineage.store.manifest import Manifest

_ANOMALY_STYLES = {AnomalySeverity.ODD: "yellow", AnomalySeverity.NOTE: "dim"}
_ACCURACY = ("fired", "exact", "release", "family", "held out", "by author", "recall")


def anomaly_table(anomalies: Anomalies, manifest: Manifest) -> RenderableType:
    """Return every kind with its number and rule, then the examples in words."""
    table = new_table(fixed=["kind", ""], numbers=["number"], tail="rule")
    for kind in anomalies.anomalies:
        severity = Text(kind.severity.value, _ANOMALY_STYLES[kind.severity])
        number = Text(f"{kind.count:,}", "bold" if kind.count else "dim")
        table.add_row(kind.kind.value, severity, number, kind.meaning)
    examples = [_example_table_lines(kind) for kind in anomalies.anomalies if kind.examples]
    models = (
        "all" if anomalies.family is None else f"roots and members of family {anomalies.family}"
    )
    facts = [
        ("models", models),
        ("links", "declared by the Hub or an author; inferred and curated ones excluded"),
        *definition_snapshot_lines(manifest),
    ]
    return Stack(Text(), indented(table), *examples, Text(), fact_lines(facts))


def _example_table_lines(kind: AnomaliesOfKind) -> RenderableType:
    listed = len(kind.examples)
    number = f"{listed:,} of {kind.count:,}" if listed < kind.count else f"{listed:,}"
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for example in kind.examples:
        grid.add_row("-", quoted(example.detail))
    head = Text.assemble((kind.kind.value, "bold"), (f"  {number}", "dim"))
    return indented(Stack(Text(), head, grid))


def evaluation_table(evaluation: Evaluation) -> RenderableType:
    """Return how often rules are right, the worst mistakes, and what the numbers mean."""
    parts: list[RenderableType] = []
    for title, rows in (
        ("by rule", (*evaluation.rules[1:], *evaluation.rules[:1])),
        ("by rule and pattern", evaluation.patterns),
        ("by family, all rules", evaluation.by_family),
        ("by year, all rules", evaluation.by_year),
    ):
        if rows:
            parts += [heading(title), Text(), _accuracy_table(rows)]
    if evaluation.mistakes:
        table = new_table("model", "inferred", "declared")
        for mistake in evaluation.mistakes:
            names = (mistake.child, mistake.inferred, " ".join(mistake.declared))
            table.add_row(*map(quoted, names))
        parts += [heading("the worst mistakes"), Text(), indented(table)]
    return Stack(*parts, Text(), fact_lines(_evaluation_table_lines(evaluation)))


def _accuracy_table(rows: Sequence[Accuracy]) -> RenderableType:
    table = new_table(fixed=[""], numbers=_ACCURACY)
    # The sum stands last, as in every other table.
    for row in rows:
        release = Share(row.release, row.release_named)
        right = Share(row.family, row.judged)
        cells = [f"{row.fired:,}", *(_plain_percent_cell(it) for it in (row.exact_share, release))]
        cells += [_percent_cell(right), _plain_percent_cell(row.held_out)]
        cells += [_plain_percent_cell(row.by_author)]
        cells += ["-" if row.recall is None else f"{100 * row.recall:.1f}"]
        table.add_row(quoted(row.name), *cells, style="bold" if row.name == ALL else "")
    return indented(table)


def _plain_percent_cell(share: Share) -> str:
    return "-" if share.value is None else f"{100 * share.value:.1f}"


def _percent_cell(share: Share) -> str:
    if share.value is None or share.interval is None:
        return "-"
    low, high = share.interval
    # A hundred without its zeros leaves the interval whole in a narrow terminal.
    value = "100" if share.value == 1 else f"{100 * share.value:.1f}"
    return f"{value} ({100 * low:.0f}-{100 * high:.0f})"


def _evaluation_table_lines(evaluation: Evaluation) -> list[Line]:
    declared = evaluation.hidden_by == "declared"
    hidden = "declared parents" if declared else "parents of the labels"
    facts: list[Line] = [
        ("asked", f"models with {hidden}, those hidden; snapshot {evaluation.snapshot}"),
        ("numbers", "percent; in brackets Wilson's interval of 95 %"),
        ("exact", "the inferred parent is a hidden one, or carries the same weights"),
        ("release", "of those that name one: it is among the releases of the hidden parents"),
        ("family", "precision: both lead to one family; outside of all, to one parent"),
        ("held out", "precision on the half of the authors that no rule was tuned on"),
        ("by author", "precision, each author's share counted once"),
        ("recall", "models with a claim that is right, among all that were asked about"),
        (
            "wrong yes",
            f"{evaluation.crossings:,} inferred links lead into {evaluation.family} from outside",
        ),
    ]
    facts += [("note", note) for note in evaluation.notes]
    if evaluation.unmeasured:
        silent = ", ".join(evaluation.unmeasured)
        facts.append(("unmeasured", f"{silent}: no link inferred for these models"))
    if evaluation.labels_unknown or evaluation.labels_bad:
        unknown = f"{evaluation.labels_unknown:,} models are not in the snapshot"
        facts.append(("labels", f"{unknown}, {evaluation.labels_bad:,} lines are not id pairs"))
    return facts
