"""The commands `lineage trace` and `lineage tree`: upwards to the roots, downwards from a model."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import click

from lineage.cli import options
from lineage.cli.context import (
    Invocation,
    answer_each_argument,
    read_input_of_command_line,
    read_subject_of_command_line,
)
from lineage.domain.definitions import Definition
from lineage.errors import SettingsError, UnknownModel

if TYPE_CHECKING:
    from rich.console import RenderableType

    from lineage.analysis.verdicts import Trace
    from lineage.store.reader import Snapshot


@click.command(
    cls=options.Command,
    short_help="Say where models come from, and why.",
    epilog=options.examples(
        "lineage trace lmsys/vicuna-7b-v1.5",
        "lineage trace databricks/dolly-v2-12b --format json",
        "lineage trace --from models.txt --format csv",
        "lineage trace owner/new-model --live",
    ),
)
@click.argument("models", metavar="MODEL...", nargs=-1)
@options.combine_options(
    click.option(
        "--from",
        "file",
        metavar="FILE",
        help="Models from a file, one a line; - is standard input.",
    ),
    click.option(
        "--family",
        metavar="NAME",
        default="llama",
        show_default=True,
        help="The family they may descend from.",
    ),
    click.option(
        "--live",
        is_flag=True,
        help="Ask the Hub for a model that is not in the snapshot: a request each.",
    ),
    options.AS_OF,
    options.ENDPOINT,
    options.TOKEN_FILE,
)
def trace(
    *,
    models: Sequence[str],
    file: str | None,
    family: str,
    live: bool,
    as_of: date | None,
    endpoint: str | None,
    token_file: str | None,
    invocation: Invocation,
) -> None:
    """Trace models up to their roots: the evidence of each step, and a verdict.

    `yes` rests on a path of declared links, `no` on a statement that it comes from elsewhere;
    where links are only inferred, or lead nowhere, the answer is `not known`.
    """
    names = [*models, *(_read_names_option(file) if file is not None else ())]
    if not names:
        raise SettingsError(
            "no model to trace: give a MODEL or --from FILE",
            "example: lineage trace lmsys/vicuna-7b-v1.5",
        )
    if live and as_of is not None:
        raise SettingsError("--live asks for today, --as-of for another day", "leave one out")
    from lineage.analysis import documents
    from lineage.analysis.traces import trace_models
    from lineage.cli.output import print_answers
    from lineage.families.registry import family as find_family

    scope = invocation.open_scope(Definition(as_of=as_of), names)
    snapshot, families = scope.snapshot, scope.families
    asked_family = find_family(family.removeprefix("family:"), families)

    ids = [read_subject_of_command_line(name).name for name in names]
    # A list is answered by one look at the snapshot; the Hub is asked about models one by one.
    stored = {} if live else dict(zip(ids, trace_models(scope, ids, asked_family), strict=True))

    def trace_name(name: str) -> "Trace":
        if live:
            from lineage.crawl.live import trace_live

            flags = {"endpoint": endpoint, "token_file": token_file}
            settings = invocation.settings(flags, token=True)
            return trace_live(settings, snapshot, name, asked_family, families)
        if isinstance(answer := stored[name], UnknownModel):
            raise answer
        return answer

    print_answers(
        invocation.format,
        *answer_each_argument(ids, trace_name),
        rows=documents.trace_rows,
        table=lambda traces: _print_trace_tables(traces, snapshot),
        document=documents.trace_document,
        narrowest=1,
    )


def _print_trace_tables(traces: "Sequence[Trace]", snapshot: "Snapshot") -> "RenderableType":
    from rich.console import Group

    from lineage.cli.tables.descent import trace_table

    return Group(*(trace_table(it, snapshot.manifest) for it in traces))


def _read_names_option(file: str) -> list[str]:
    """Return the names of a file; empty lines and those that begin with # are no names."""
    # A list is often edited by hand: blank lines and remarks are its author's, not models.
    lines = (line.strip() for line in read_input_of_command_line(file).splitlines())
    return [line for line in lines if line and not line.startswith("#")]


@click.command(
    cls=options.Command,
    short_help="Draw what lies below a model or a family.",
    epilog=options.examples(
        "lineage tree llama",
        "lineage tree mistralai/Mistral-7B-v0.1 --depth 4 --min-size 100",
    ),
)
@click.argument("subject", metavar="SUBJECT")
@options.combine_options(
    click.option(
        "--depth",
        type=options.Number(1),
        metavar="N",
        default=3,
        show_default=True,
        help="Generations to draw.",
    ),
    click.option(
        "--min-size",
        type=options.Number(),
        metavar="N",
        help="The least number of models below a model that is drawn; 0 and 1 show leaves too.  "
        "[default: the largest branches, on a page]",
    ),
    options.with_definition_options,
)
def tree(
    *,
    subject: str,
    depth: int,
    min_size: int | None,
    definition: Definition,
    invocation: Invocation,
) -> None:
    """Draw what lies below a model, or a family by its releases.

    Small branches are folded: `+ 643 more, 71 below` stands for 643 models and the 71 that
    descend from them.
    """
    from lineage.analysis.documents import tree_document, tree_rows
    from lineage.analysis.subjects import find_subject
    from lineage.analysis.tree.prune import build_tree
    from lineage.cli.output import print_result
    from lineage.cli.tables.descent import tree_table

    scope = invocation.open_scope(definition, [subject])
    drawing = build_tree(scope, find_subject(scope, subject), depth=depth, min_size=min_size)
    print_result(
        invocation.format,
        drawing,
        tree_rows,
        lambda it: tree_table(it, scope.snapshot.manifest),
        narrowest=1,
        document=tree_document,
    )
