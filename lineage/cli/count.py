"""The command `lineage count`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from lineage.cli import options
from lineage.domain.definitions import Definition, Grouping
from lineage.errors import SettingsError

if TYPE_CHECKING:
    from lineage.analysis.results import Comparison, Count
    from lineage.domain.families import Family
    from lineage.store.reader import Snapshot


@click.command(
    short_help="Count the derivatives of models or of a family.",
    epilog=options.examples(
        "lineage count meta-llama/Llama-2-7b-hf",
        "lineage count --family llama --by release",
        "lineage count --top 20 --direct --format csv",
        "lineage count meta-llama/Llama-3.1-8B --explain",
    ),
)
@click.argument("bases", metavar="[BASE]...", nargs=-1)
@options.options(
    options.FAMILY,
    options.FAMILIES,
    click.option(
        "--top", type=click.IntRange(min=1), metavar="N", help="The N bases with most of it."
    ),
    options.defined,
    options.BY,
    click.option(
        "--explain", is_flag=True, help="Count by one definition after the other, and say why."
    ),
    options.SNAPSHOT,
    options.STORE,
    options.FORMAT,
    options.logged,
)
def count(
    *,
    bases: Sequence[str],
    family: str | None,
    families: str | None,
    top: int | None,
    definition: Definition,
    by: str | None,
    explain: bool,
    snapshot: str | None,
    store: str | None,
    format: str,
) -> None:
    """Count the derivatives of models, of a family, or of the largest bases.

    BASE is a model as the Hub names it, `owner/name`; a former name gives the same answer. Every
    number comes with the definition it was counted by.
    """
    _check(bases, family, top, by)
    from lineage.cli import context, output
    from lineage.families.registry import family as family_called

    asked = context.open_snapshot(store, snapshot, definition.as_of)
    known = context.known_families(families)
    whole = None if family is None else family_called(family, known)
    if explain:
        _check_ladder(top, by, definition)
        ladders = _ladders(asked, bases, whole, known, definition)
        output.ladders(format, ladders, asked.manifest)
        return
    found = _counts(asked, bases, whole=whole, known=known, top=top, definition=definition, by=by)
    output.counts(format, found, asked.manifest)


def _counts(
    asked: "Snapshot",
    bases: Sequence[str],
    *,
    whole: "Family | None",
    known: "Sequence[Family]",
    top: int | None,
    definition: Definition,
    by: str | None,
) -> "list[Count]":
    from lineage.analysis.counts import count_base, count_family

    if top is not None:
        from lineage.analysis.rankings import count_top

        return count_top(asked, top, definition, whole, known)
    grouping = None if by is None else Grouping(by)
    if whole is not None:
        return [count_family(asked, whole, definition, known, grouping)]
    return [count_base(asked, base, definition, known, grouping) for base in bases]


def _ladders(
    asked: "Snapshot",
    bases: Sequence[str],
    whole: "Family | None",
    known: "Sequence[Family]",
    definition: Definition,
) -> "list[Comparison]":
    from lineage.analysis.comparison import LEAST_DOWNLOADS, ladder_of_base, ladder_of_family

    least, day = definition.min_downloads or LEAST_DOWNLOADS, definition.as_of
    if whole is not None:
        return [ladder_of_family(asked, whole, known, least, day)]
    return [ladder_of_base(asked, base, known, least, day) for base in bases]


def _check_ladder(top: int | None, by: str | None, definition: Definition) -> None:
    if top is not None or by is not None:
        raise SettingsError("--explain explains one base or family", "leave out --top and --by")
    chosen = Definition(min_downloads=definition.min_downloads, as_of=definition.as_of)
    if definition != chosen:
        raise SettingsError(
            "--explain climbs through the definitions by itself",
            "leave out --direct, --relations, --mirrors, --curated, --least and --deleted",
        )


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
