"""The command `lineage recount`."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import click

from lineage.cli import logs, options
from lineage.cli.context import Invocation, answer_each_argument
from lineage.domain.definitions import Definition, Grouping
from lineage.errors import SettingsError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from lineage.analysis.growth.recount import RecountEngine
    from lineage.analysis.growth.results import Curve

_EVERY = {"day": "daily", "week": "weekly", "month": "monthly"}


@click.command(
    cls=options.Command,
    short_help="Count a subject again in every snapshot, by any definition.",
    epilog=options.examples(
        "lineage recount llama --every month --relations finetune",
        "lineage recount qwen llama --every week --min-downloads 10 --format csv",
        "lineage recount llama --every week --engine spark --store s3://bucket/data",
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
        help="How many processes count at once, of the local engine.",
    ),
    click.option(
        "--engine",
        type=click.Choice(["local", "spark"]),
        default="local",
        show_default=True,
        help="Count on this machine, or on the executors of Spark.",
    ),
    options.with_definition_options,
    options.BY,
)
def recount(
    *,
    subjects: Sequence[str],
    every: str,
    workers: int,
    engine: str,
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
    from lineage.domain.documents import convert_to_document
    from lineage.domain.opt_outs import OptOuts
    from lineage.store.retention import Rhythm

    if definition.as_of is not None:
        raise SettingsError(
            "a curve counts each snapshot as it was taken",
            "leave out --as-of, or ask lineage count",
        )
    run_tasks = _choose_recount_engine(engine, workers)
    settings = invocation.settings()
    task = RecountTask(
        store=settings.store,
        opt_outs=OptOuts.parse(settings.opt_outs),
        cache=settings.cache,
        families=invocation.known_families(),
        snapshot="",
        subjects=(),
        definition=definition,
        by=None if by is None else Grouping(by),
    )
    scope = invocation.open_scope(definition, subjects)
    resolved, unknown = answer_each_argument(
        subjects or ("llama",), lambda name: find_subject(scope, name)
    )
    curves = recount_curves(task, resolved, Rhythm(_EVERY[every]), run_tasks, logs.say)

    print_answers(
        invocation.format,
        curves,
        unknown,
        rows=curve_rows,
        table=_draw_curve_tables,
        document=convert_to_document,
    )


def _draw_curve_tables(curves: "Sequence[Curve]") -> "RenderableType":
    from rich.console import Group

    from lineage.cli.tables.curves import curve_table

    return Group(*map(curve_table, curves))


def _choose_recount_engine(engine: str, workers: int) -> "RecountEngine":
    from lineage.analysis.growth.recount import recount_here

    if engine == "local":
        return partial(recount_here, workers=workers)
    if workers != 1:
        raise SettingsError(
            "--workers is for the local engine", "executors are asked for in Spark's own settings"
        )
    from lineage.export.spark import recount_on_spark

    return partial(recount_on_spark, say=logs.say)
