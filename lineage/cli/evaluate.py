"""The command `lineage evaluate`."""

from pathlib import Path

import click

from lineage.cli import options


@click.command(
    short_help="Measure how often guessed parents are right.",
    epilog=options.examples(
        "lineage evaluate",
        "lineage evaluate --labels known.csv --format json",
    ),
)
@options.options(
    click.option(
        "--labels",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Known answers as CSV, `child,parent`, in place of what the models declare.",
    ),
    click.option(
        "--family",
        metavar="NAME",
        default="llama",
        show_default=True,
        help="The family to tell apart from all others.",
    ),
    options.FAMILIES,
    options.SNAPSHOT,
    options.STORE,
    options.FORMAT,
    options.logged,
)
def evaluate(
    *,
    labels: Path | None,
    family: str,
    families: str | None,
    snapshot: str | None,
    store: str | None,
    format: str,
) -> None:
    """Hide the parents that models declare, let the rules guess, and compare.

    Reported for each rule and habit, for one family and all others, with intervals; and on the
    half of the authors that no rule was tuned on.
    """
    from lineage.analysis.evaluate.evaluation import evaluate as evaluated
    from lineage.analysis.evaluate.known_answers import read_labels
    from lineage.cli import context, output
    from lineage.evidence import RULES
    from lineage.families.registry import family as family_called

    asked, known = context.open_snapshot(store, snapshot), context.known_families(families)
    whole = family_called(family, known)
    given = None
    if labels is not None:
        given = read_labels(labels.read_text("utf-8", errors="replace").splitlines())
    output.evaluation(format, evaluated(asked, known, RULES, whole.id, given))
