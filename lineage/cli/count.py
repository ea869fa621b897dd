"""The command `lineage count`."""

from collections.abc import Sequence

import click

from lineage.cli import options
from lineage.domain.definitions import Definition, Grouping
from lineage.errors import SettingsError


@click.command(
    short_help="Count the derivatives of models or of a family.",
    epilog=options.examples(
        "lineage count meta-llama/Llama-2-7b-hf",
        "lineage count --family llama --by release",
        "lineage count --top 20 --direct --format csv",
    ),
)
@click.argument("bases", metavar="[BASE]...", nargs=-1)
@options.options(
    options.FAMILY,
    click.option(
        "--top", type=click.IntRange(min=1), metavar="N", help="The N bases with most of it."
    ),
    options.defined,
    options.BY,
    options.SNAPSHOT,
    options.STORE,
    options.FORMAT,
    options.logged,
)
def count(
    *,
    bases: Sequence[str],
    family: str | None,
    top: int | None,
    definition: Definition,
    by: str | None,
    snapshot: str | None,
    store: str | None,
    format: str,
) -> None:
    """Count the derivatives of models, of a family, or of the largest bases.

    BASE is a model as the Hub names it, `owner/name`; a former name gives the same answer. Every
    number comes with the definition it was counted by.
    """
    _check(bases, family, top, by)
    from lineage.analysis.counts import count_base, count_family
    from lineage.analysis.rankings import count_top
    from lineage.cli import asking, output
    from lineage.families.registry import family as family_called

    asked = asking.open_snapshot(store, snapshot)
    known, whole = asking.known_families(), None if family is None else family_called(family)
    grouping = None if by is None else Grouping(by)
    if top is not None:
        found = count_top(asked, top, definition, whole, known)
    elif whole is not None:
        found = [count_family(asked, whole, definition, known, grouping)]
    else:
        found = [count_base(asked, base, definition, known, grouping) for base in bases]
    output.counts(format, found, asked.manifest)


def _check(bases: Sequence[str], family: str | None, top: int | None, by: str | None) -> None:
    example = "example: lineage count meta-llama/Llama-2-7b-hf"
    if not bases and family is None and top is None:
        raise SettingsError("nothing to count: give a BASE, --family NAME or --top N", example)
    if bases and family is not None:
        raise SettingsError("a BASE and --family are two questions", "ask them one by one")
    if bases and top is not None:
        raise SettingsError("--top ranks all bases, and a BASE is given", "leave one of them out")
    if by is not None and top is not None:
        raise SettingsError("--top and --by cannot be combined", "divide one base at a time")
