"""The commands `lineage anomalies` and `lineage evaluate`: how far the data can be trusted."""

import click

from lineage.cli import options
from lineage.cli.context import Invocation, read_input_of_command_line
from lineage.domain.anomalies import AnomalyKind, Bounds

_BOUNDS = Bounds()


@click.command(
    cls=options.Command,
    short_help="Show what is odd in the data, counted, with examples.",
    epilog=options.examples(
        "lineage anomalies",
        "lineage anomalies llama --examples 10",
        "lineage anomalies --kind cycle --format json",
    ),
)
@click.argument("subject", metavar="[FAMILY]", required=False)
@options.combine_options(
    click.option(
        "--kind",
        type=click.Choice([*map(str, AnomalyKind)]),
        metavar="KIND",
        help=f"Only one kind, with every example: {', '.join(AnomalyKind)}.",
    ),
    click.option(
        "--examples",
        type=options.Number(),
        metavar="N",
        help="Examples of each kind.  [default: 3; with --kind all]",
    ),
    click.option(
        "--burst-models",
        type=options.Number(2, 10**12),
        metavar="N",
        default=_BOUNDS.burst_models,
        show_default=True,
        help="At least N siblings by one author are a burst ...",
    ),
    click.option(
        "--burst-days",
        type=options.Number(1, 36_500),
        metavar="N",
        default=_BOUNDS.burst_days,
        show_default=True,
        help="... where they were created within N days.",
    ),
    click.option(
        "--many-parents",
        type=options.Number(1, 10**12),
        metavar="N",
        default=_BOUNDS.many_parents,
        show_default=True,
        help="More than N parents are many.",
    ),
)
def anomalies(
    *,
    subject: str | None,
    kind: str | None,
    examples: int | None,
    invocation: Invocation,
    **bounds: int,
) -> None:
    """Show what is odd in a snapshot: every kind with its number, its rule and some examples.

    It does not prove that anyone did wrong: `odd` cannot be true as it is, a `note` is often
    harmless.
    """
    from lineage.analysis.anomalies.rules import EXAMPLES, find_anomalies
    from lineage.cli.output import print_result
    from lineage.cli.tables.families import anomaly_table
    from lineage.domain.documents import convert_to_document, flat_document_rows

    scope = invocation.open_scope()
    result = find_anomalies(
        scope,
        family=None if subject is None else invocation.require_family(subject),
        kind=None if kind is None else AnomalyKind(kind),
        examples=EXAMPLES if kind is None and examples is None else examples,
        bounds=Bounds(**bounds),
    )
    print_result(
        invocation.format,
        result,
        lambda it: flat_document_rows(convert_to_document(it), "anomalies", "examples"),
        lambda it: anomaly_table(it, scope.snapshot.manifest),
    )


_NARROWEST_SCORES = 112


@click.command(
    cls=options.Command,
    short_help="Measure how often inferred parents are right.",
    epilog=options.examples(
        "lineage evaluate",
        "lineage evaluate llama --labels known.csv --format json",
    ),
)
@click.argument("subject", metavar="[FAMILY]", default="llama")
@click.option(
    "--labels",
    metavar="FILE",
    help="Known answers as CSV, `child,parent`, in place of what the models declare; a parent may"
    " be a release, `release:llama-3.1`.",
)
def evaluate(*, subject: str, labels: str | None, invocation: Invocation) -> None:
    """Hide the parents that models declare, infer them by the rules, and compare.

    Reported for each rule and pattern, each family and year, with intervals; and on the half of the
    authors that no rule was tuned on. FAMILY is the one that links wrongly led into are counted
    for.
    """
    from lineage.analysis.documents import evaluation_document, evaluation_rows
    from lineage.analysis.evaluate.evaluation import evaluate as evaluate_rules
    from lineage.analysis.evaluate.known_answers import read_evaluation_labels
    from lineage.cli.output import print_result
    from lineage.cli.tables.families import evaluation_table
    from lineage.evidence import RULES

    scope, family = invocation.open_scope(), invocation.require_family(subject)
    answers = None
    if labels is not None:
        # Somebody's spreadsheet may be in any encoding; ids are ASCII, so that no label is lost.
        answers = read_evaluation_labels(
            read_input_of_command_line(labels, lenient=True).splitlines()
        )
    result = evaluate_rules(scope, RULES, family.id, answers)
    print_result(
        invocation.format,
        result,
        evaluation_rows,
        evaluation_table,
        document=evaluation_document,
        narrowest=_NARROWEST_SCORES,
    )
