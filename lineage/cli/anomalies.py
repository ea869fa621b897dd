"""The command `lineage anomalies`."""

import click

from lineage.cli import options
from lineage.domain.anomalies import AnomalyKind, Bounds

_BOUNDS = Bounds()


@click.command(
    short_help="Show what is odd in the data, counted, with examples.",
    epilog=options.examples(
        "lineage anomalies",
        "lineage anomalies --family llama --examples 10",
        "lineage anomalies --kind cycle --format json",
    ),
)
@options.options(
    options.FAMILY,
    click.option(
        "--kind",
        type=click.Choice([kind.value for kind in AnomalyKind]),
        metavar="KIND",
        help=f"One kind alone, with everything found: {', '.join(AnomalyKind)}.",
    ),
    click.option(
        "--examples",
        type=click.IntRange(min=0),
        metavar="N",
        help="Examples of each kind.  [default: 3; with --kind all]",
    ),
    click.option(
        "--burst-models",
        type=click.IntRange(min=2),
        metavar="N",
        default=_BOUNDS.burst_models,
        show_default=True,
        help="So many siblings by one author are a burst ...",
    ),
    click.option(
        "--burst-days",
        type=click.IntRange(min=1, max=36_500),
        metavar="N",
        default=_BOUNDS.burst_days,
        show_default=True,
        help="... if created within so many days.",
    ),
    click.option(
        "--many-parents",
        type=click.IntRange(min=1),
        metavar="N",
        default=_BOUNDS.many_parents,
        show_default=True,
        help="More parents than these are many.",
    ),
    options.SNAPSHOT,
    options.STORE,
    options.FORMAT,
    options.logged,
)
def anomalies(
    *,
    family: str | None,
    kind: str | None,
    examples: int | None,
    snapshot: str | None,
    store: str | None,
    format: str,
    **bounds: int,
) -> None:
    """Show what is odd in a snapshot: every kind with its number, its rule and some examples.

    Nothing here proves that anyone did wrong: `odd` cannot be true as it stands, a `note` often
    has harmless reasons.
    """
    from lineage.analysis.anomalies import EXAMPLES, find_anomalies
    from lineage.cli import context, output
    from lineage.families.registry import family as family_called

    asked = context.open_snapshot(store, snapshot)
    found = find_anomalies(
        asked,
        family=None if family is None else family_called(family),
        families=context.known_families(),
        kind=None if kind is None else AnomalyKind(kind),
        examples=EXAMPLES if kind is None and examples is None else examples,
        bounds=Bounds(**bounds),
    )
    output.anomalies(format, found, asked.manifest)
