"""The command `lineage snapshots trend`."""

from typing import TYPE_CHECKING

import click

from lineage.cli import options
from lineage.domain.definitions import Grouping
from lineage.errors import SettingsError

if TYPE_CHECKING:
    from lineage.analysis.growth import Curve

_FAMILY = "llama"


@click.command(
    short_help="Show a family or base in every snapshot.",
    epilog=options.examples(
        "lineage snapshots trend --family llama --by release",
        "lineage snapshots trend meta-llama/Llama-3.1-8B --format csv",
    ),
)
@click.argument("base", metavar="[BASE]", required=False)
@options.options(
    options.FAMILY,
    options.FAMILIES,
    click.option(
        "--by",
        type=click.Choice([Grouping.RELEASE.value, Grouping.MONTH.value]),
        help="Divide the totals by release, or by month of creation.",
    ),
    click.option(
        "--as-stored",
        is_flag=True,
        help="Take what was stored at publication, whatever registry counted it; else a snapshot "
        "that another one counted is counted anew.",
    ),
    options.STORE,
    options.FORMAT,
    options.logged,
)
def trend(
    *,
    base: str | None,
    family: str | None,
    families: str | None,
    by: str | None,
    as_stored: bool,
    store: str | None,
    format: str,
) -> None:
    """Show how many models lay below a family or base in each snapshot, and what came and went.

    The numbers were stored when the snapshots were published, so that years of them are read in
    seconds. Without BASE and --family it is the family llama. A renamed base is followed.
    """
    from lineage.cli import output
    from lineage.cli.tables import curve_shapes, curves

    grouping = None if by is None else Grouping(by)
    found = _curve(base, family, families, grouping, as_stored=as_stored, store=store)
    output.result(
        format,
        lambda: curve_shapes.of_curve(found),
        lambda: curve_shapes.rows_of_curve(found),
        lambda: curves.curve(found),
    )


def _curve(
    base: str | None,
    family: str | None,
    families: str | None,
    by: Grouping | None,
    *,
    as_stored: bool,
    store: str | None,
) -> "Curve":
    from lineage.analysis.growth.curves import curve_of_base, curve_of_family
    from lineage.cli import context, logs
    from lineage.families.registry import family as family_called

    opened, known = context.open_store(store), context.known_families(families)
    if base is None:
        whole = family_called(family or _FAMILY, known)
        return curve_of_family(
            opened,
            whole,
            known,
            by,
            as_stored=as_stored,
            say=logs.say,
        )
    if family is not None:
        raise SettingsError("a BASE and --family are two questions", "ask them one by one")
    if by is Grouping.RELEASE:
        raise SettingsError("a base has no releases", "leave out --by, or ask for its --family")
    return curve_of_base(opened, base, known, by, say=logs.say)
