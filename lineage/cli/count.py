"""The command `lineage count`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from lineage.cli import options
from lineage.cli.context import Invocation, answer_each, read_subject
from lineage.domain.definitions import Definition, Grouping
from lineage.errors import SettingsError, UnknownModel

if TYPE_CHECKING:
    from rich.console import RenderableType

    from lineage.analysis.results import Comparison, Count
    from lineage.store.reader import Snapshot


@click.command(
    cls=options.Command,
    short_help="Count the derivatives of models and families.",
    epilog=options.examples(
        "lineage count meta-llama/Llama-2-7b-hf",
        "lineage count llama --by release",
        "lineage count --top 20 --direct --format csv",
        "lineage count meta-llama/Llama-3.1-8B --explain",
    ),
)
@click.argument("subjects", metavar="[SUBJECT]...", nargs=-1)
@options.combine(
    click.option(
        "--top", type=click.IntRange(min=1), metavar="N", help="The N models with most of it."
    ),
    options.with_definition,
    options.BY,
    click.option(
        "--explain", is_flag=True, help="Compare definitions: a number each, and why it differs."
    ),
)
def count(
    *,
    subjects: Sequence[str],
    top: int | None,
    definition: Definition,
    by: str | None,
    explain: bool,
    invocation: Invocation,
) -> None:
    """Count the derivatives of models, of families, or of the largest models.

    SUBJECT is a model as the Hub names it, `owner/name`, or a family, `llama`; a former name gives
    the same answer. Every number comes with the definition it was counted by.
    """
    _refuse_contradictions(subjects, top, by)
    snapshot = invocation.open_snapshot(definition.as_of)
    if explain:
        _refuse_other_definitions(top, by, definition)
        _print_comparisons(invocation, snapshot, subjects, definition)
    else:
        _print_counts(invocation, snapshot, subjects, definition, top=top, by=by)


def _print_counts(
    invocation: Invocation,
    snapshot: "Snapshot",
    subjects: Sequence[str],
    definition: Definition,
    *,
    top: int | None,
    by: str | None,
) -> None:
    from lineage.analysis import documents
    from lineage.analysis.counts import count_base, count_family
    from lineage.cli.output import print_answers

    families, grouping = invocation.known_families(), None if by is None else Grouping(by)

    def count_subject(name: str) -> "Count":
        if (family := invocation.find_family(name)) is not None:
            return count_family(snapshot, family, definition, families, grouping)
        return count_base(snapshot, read_subject(name).name, definition, families, grouping)

    unknown: UnknownModel | None = None
    if top is None:
        counts, unknown = answer_each(subjects, count_subject)
    else:
        from lineage.analysis.rankings import count_top

        family = invocation.find_family(subjects[0]) if subjects else None
        counts = count_top(snapshot, top, definition, family, families)

    def table(results: "Sequence[Count]") -> "RenderableType":
        from lineage.cli.tables.counts import counts_table

        return counts_table(results, snapshot.manifest)

    print_answers(
        invocation.format,
        counts,
        unknown,
        rows=documents.count_rows,
        table=table,
        document=documents.count_document,
    )


def _print_comparisons(
    invocation: Invocation, snapshot: "Snapshot", subjects: Sequence[str], definition: Definition
) -> None:
    from lineage.analysis import documents
    from lineage.analysis.comparison import LEAST_DOWNLOADS, compare_base, compare_family
    from lineage.cli.output import print_answers

    families, day = invocation.known_families(), definition.as_of
    downloads = definition.min_downloads or LEAST_DOWNLOADS

    def compare(name: str) -> "Comparison":
        if (family := invocation.find_family(name)) is not None:
            return compare_family(snapshot, family, families, downloads, day)
        return compare_base(snapshot, read_subject(name).name, families, downloads, day)

    def table(results: "Sequence[Comparison]") -> "RenderableType":
        from rich.console import Group

        from lineage.cli.tables.counts import comparison_table

        return Group(*(comparison_table(it, snapshot.manifest) for it in results))

    print_answers(
        invocation.format,
        *answer_each(subjects, compare),
        rows=documents.comparison_rows,
        table=table,
        document=documents.comparison_document,
    )


def _refuse_contradictions(subjects: Sequence[str], top: int | None, by: str | None) -> None:
    if not subjects and top is None:
        raise SettingsError(
            "nothing to count: give a SUBJECT or --top N",
            "a model: lineage count meta-llama/Llama-2-7b-hf; a family: lineage count llama",
        )
    if len(subjects) > 1 and top is not None:
        raise SettingsError("--top ranks the models of one family, or all", "give one SUBJECT")
    if by is not None and top is not None:
        raise SettingsError("--top and --by cannot be combined", "divide one subject at a time")


def _refuse_other_definitions(top: int | None, by: str | None, definition: Definition) -> None:
    if top is not None or by is not None:
        raise SettingsError("--explain is about subjects by name", "leave out --top and --by")
    # Its steps are definitions: one that was chosen as well would be applied to some of them alone.
    allowed = Definition(min_downloads=definition.min_downloads, as_of=definition.as_of)
    if definition != allowed:
        raise SettingsError(
            "--explain chooses the definitions by itself",
            "leave out --direct, --relations, --mirrors, --curated, --min-strength and --deleted",
        )
