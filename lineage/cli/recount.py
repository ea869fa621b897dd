"""The command `lineage recount`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from lineage.cli import logs, options
from lineage.cli.context import Invocation, answer_each_argument
from lineage.domain.definitions import Definition, Grouping
from lineage.errors import SettingsError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from lineage.analysis.growth.results import Curve

_EVERY = {"day": "daily", "week": "weekly", "month": "monthly"}


@click.command(
    cls=options.Command,
    short_help="Count a subject again in every snapshot, by any definition.",
    epilog=options.examples(
        "lineage recount llama --every month --relations finetune",
        "lineage recount qwen llama --every week --min-downloads 10 --format csv",
    ),
)
@click.argument("subjects", metavar="[SUBJECT]...", nargs=-1)
@options.combine_options(
    click.option(
        "--every",
        type=click.Choice(list(_EVERY)),
        required=True,
        help="Count the newest snapshot of each day, week or month.",
    ),
    click.option(
        "--workers",
        type=options.Number(1),
        default=1,
        show_default=True,
        metavar="N",
        help="How many processes count at once.",
    ),
    options.with_definition,
    options.BY,
)
def recount(
    *,
    subjects: Sequence[str],
    every: str,
    workers: int,
    definition: Definition,
    by: str | None,
    invocation: Invocation,
) -> None:
    """Show a curve under any definition: each snapshot is counted again, as count counts it.

    Without SUBJECT it is the family llama. A model is followed by its key through renames. The
    numbers of the default definition are stored: lineage snapshots trend reads them.
    """
    from lineage.analysis.documents import curve_rows
    from lineage.analysis.growth.recount import RecountTask, recount_curves
    from lineage.analysis.subjects import find_subject
    from lineage.cli.output import print_answers
    from lineage.domain.documents import to_document
    from lineage.domain.opt_outs import OptOuts
    from lineage.store.retention import Rhythm

    if definition.as_of is not None:
        raise SettingsError(
            "a curve counts each snapshot as it was taken",
            "leave out --as-of, or ask lineage count",
        )
    settings = invocation.settings()
    task = RecountTask(
        store=settings.store,
        opt_outs=OptOuts.parse(settings.opt_outs),
        cache=settings.cache,
        families=settings.families,
        snapshot="",
        subjects=(),
        definition=definition,
        by=None if by is None else Grouping(by),
    )
    scope = invocation.open_scope(definition, subjects)
    resolved, unknown = answer_each_argument(
        subjects or ("llama",), lambda name: find_subject(scope, name)
    )
    curves = recount_curves(task, resolved, Rhythm(_EVERY[every]), workers, logs.say)

    def table(results: "Sequence[Curve]") -> "RenderableType":
        from rich.console import Group

        from lineage.cli.tables.curves import curve_table

        return Group(*map(curve_table, results))

    print_answers(
        invocation.format,
        curves,
        unknown,
        rows=curve_rows,
        table=table,
        document=to_document,
    )
