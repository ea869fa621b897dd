"""The command `lineage count`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from lineage.cli import options
from lineage.cli.context import Format, Invocation, answer_each_argument
from lineage.domain.definitions import Definition, Grouping
from lineage.domain.subjects import SubjectKind
from lineage.errors import SettingsError, UnknownModel

if TYPE_CHECKING:
    from rich.console import RenderableType

    from lineage.analysis.results import Comparison, Count


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
@options.combine_options(
    click.option(
        "--top",
        type=options.Number(1),
        metavar="N",
        help="Rank the N models with the most derivatives.",
    ),
    options.with_definition_options,
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

    SUBJECT is a model, `owner/name` or any address of it, a release, `llama-3.1`, or a family,
    `llama`; a former name gives the same answer. Every number comes with its definition.
    """
    if not subjects and top is None:
        raise SettingsError(
            "nothing to count: give a SUBJECT or --top N",
            "a model: lineage count meta-llama/Llama-2-7b-hf; a family: lineage count llama",
        )
    if len(subjects) > 1 and top is not None:
        raise SettingsError("--top ranks the models of one family, or all", "give one SUBJECT")
    if by is not None and top is not None:
        raise SettingsError("--top and --by cannot be combined", "divide one subject at a time")
    if explain:
        _refuse_definition_flags_of_explain(top, by, definition)
        _print_comparisons(invocation, subjects, definition)
    else:
        _print_counts(invocation, subjects, definition, top=top, by=by)


def _print_counts(
    invocation: Invocation,
    subjects: Sequence[str],
    definition: Definition,
    *,
    top: int | None,
    by: str | None,
) -> None:
    from lineage.analysis import documents
    from lineage.analysis.counts import count_subject, rank_bases_by_count
    from lineage.analysis.definition_text import list_count_notes
    from lineage.analysis.subjects import find_subject
    from lineage.cli.output import print_answers

    scope = invocation.open_scope(definition, subjects)
    grouping = None if by is None else Grouping(by)
    unknown: UnknownModel | None = None
    if top is None:
        counts, unknown = answer_each_argument(
            subjects, lambda name: count_subject(scope, find_subject(scope, name), grouping)
        )
    else:
        subject = find_subject(scope, subjects[0]) if subjects else None
        if subject is not None and subject.kind is not SubjectKind.FAMILY:
            raise SettingsError(
                f"--top ranks the models of a family, and {subject.id} is none",
                "give a family, or no SUBJECT: lineage count llama --top 10",
            )
        counts = rank_bases_by_count(scope, top, None if subject is None else subject.family)
        if not counts and invocation.format is not Format.TABLE:
            # An empty list has no place to say it.
            for note in list_count_notes(definition, scope.snapshot.manifest, opted_out=0):
                click.echo(note, err=True)

    def table(results: "Sequence[Count]") -> "RenderableType":
        from lineage.cli.tables.counts import counts_table

        return counts_table(results, scope.snapshot.manifest)

    print_answers(
        invocation.format,
        counts,
        unknown,
        rows=documents.count_rows,
        table=table,
        document=documents.count_document,
    )


def _print_comparisons(
    invocation: Invocation, subjects: Sequence[str], definition: Definition
) -> None:
    from lineage.analysis import documents
    from lineage.analysis.comparison import LEAST_DOWNLOADS, compare_definitions
    from lineage.analysis.subjects import find_subject
    from lineage.cli.output import print_answers

    scope = invocation.open_scope(definition, subjects)
    downloads = definition.min_downloads or LEAST_DOWNLOADS

    def compare(name: str) -> "Comparison":
        return compare_definitions(scope, find_subject(scope, name), downloads)

    def table(results: "Sequence[Comparison]") -> "RenderableType":
        from rich.console import Group

        from lineage.cli.tables.counts import comparison_table

        return Group(*(comparison_table(it, scope.snapshot.manifest) for it in results))

    print_answers(
        invocation.format,
        *answer_each_argument(subjects, compare),
        rows=documents.comparison_rows,
        table=table,
        document=documents.comparison_document,
    )


def _refuse_definition_flags_of_explain(
    top: int | None, by: str | None, definition: Definition
) -> None:
    if top is not None or by is not None:
        raise SettingsError("--explain is about subjects by name", "leave out --top and --by")
    # Its steps are definitions: one that was chosen as well would be applied to some of them alone.
    allowed = Definition(min_downloads=definition.min_downloads, as_of=definition.as_of)
    if definition != allowed:
        raise SettingsError(
            "--explain chooses the definitions by itself",
            "leave out --direct, --relations, --mirrors, --curated, --min-strength and --deleted",
        )
