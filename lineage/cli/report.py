"""The commands `lineage report`: pages and files about a family, in English or German."""

from pathlib import Path

import click

from lineage.cli import logs, options
from lineage.cli.context import Invocation
from lineage.domain.definitions import Closure, Definition
from lineage.errors import SettingsError

_SUBJECT = click.argument("subject", metavar="[SUBJECT]", default="llama")
_SHARED = (
    click.option(
        "--lang",
        type=click.Choice(["en", "de"]),
        default="en",
        show_default=True,
        envvar="LINEAGE_LANG",
        show_envvar=True,
        help="The report's language.",
    ),
    click.option(
        "--out",
        type=click.Path(file_okay=False, path_type=Path),
        default=Path("reports"),
        show_default=True,
        metavar="FOLDER",
        help="Where it is written; a report of the same name is replaced.",
    ),
    options.with_definition,
)


@click.group(cls=options.CommandGroup, short_help="Write reports about a family.")
def report() -> None:
    """Write reports about a family: the same snapshot gives the same bytes."""


@report.command(
    "family-tree",
    outcome=options.WHOLE_FILES,
    short_help="The whole family, explorable offline; its largest branches as a poster.",
    epilog=options.examples(
        "lineage report family-tree",
        "lineage report family-tree qwen --lang de --out public",
        "lineage report family-tree meta-llama/Llama-3.1-8B --relations merge",
    ),
)
@_SUBJECT
@options.combine_options(*_SHARED)
def family_tree(
    *, subject: str, lang: str, out: Path, definition: Definition, invocation: Invocation
) -> None:
    """Write the tree of a family, a release or one model as pages and pictures.

    One HTML file holds every model with its evidence and works offline, without a server; a
    poster as SVG and PNG, and Markdown, hold the largest branches with sums of the rest.
    """
    from lineage.analysis.subjects import find_subject
    from lineage.cli.output import print_files, write_output_files
    from lineage.reporting.family_tree import family_tree
    from lineage.reporting.files import tree_report_files
    from lineage.reporting.language import Language

    # A poster of children alone would look like a family without grandchildren.
    if definition.closure is Closure.DIRECT:
        raise SettingsError(
            "a tree needs all generations", "list children: lineage export csv SUBJECT --direct"
        )
    scope = invocation.open_scope(definition, [subject])
    tree = family_tree(scope, find_subject(scope, subject))
    files = tree_report_files(tree, Language(lang), with_png=can_option_paint_png())
    print_files(invocation.format, write_output_files(files, out))


@report.command(
    "trend",
    outcome=options.WHOLE_FILES,
    short_help="How a family grew: by month, beside its rivals, on the days people quote.",
    epilog=options.examples(
        "lineage report trend",
        "lineage report trend qwen --lang de --out public --min-downloads 10",
        "lineage report trend --as-of 2025-06-30 --claim 10000",
    ),
)
@_SUBJECT
@options.combine_options(
    click.option(
        "--claim",
        type=options.Number(1),
        default=7000,
        show_default=True,
        metavar="N",
        help="A number of derivatives that somebody claims to be exceeded: since when it was.",
    ),
    *_SHARED,
)
def report_trend(
    *,
    subject: str,
    claim: int,
    lang: str,
    out: Path,
    definition: Definition,
    invocation: Invocation,
) -> None:
    """Show how a family grew, each number by several definitions side by side.

    Written are a page, the same as Markdown, each chart as SVG and PNG, and the numbers behind
    each chart as CSV. What the snapshot does not know is said in words, not drawn.
    """
    from lineage.analysis.growth.trends import find_trends
    from lineage.cli.output import print_files, write_output_files
    from lineage.reporting.files import trend_report_files
    from lineage.reporting.language import Language

    family = invocation.require_family(subject)
    scope = invocation.open_scope(definition, [subject])
    trends = find_trends(scope, family, claim=claim)
    manifest, families = scope.snapshot.manifest, scope.families
    files = trend_report_files(
        trends, manifest, Language(lang), families, with_png=can_option_paint_png()
    )
    print_files(invocation.format, write_output_files(files, out))


@report.command(
    "licenses",
    outcome=options.WHOLE_FILES,
    short_help="What derivatives declare as their license, beside the terms above them.",
    epilog=options.examples(
        "lineage report licenses",
        "lineage report licenses --lang de --out public --relations finetune,merge",
    ),
)
@_SUBJECT
@options.combine_options(*_SHARED)
def report_licenses(
    *, subject: str, lang: str, out: Path, definition: Definition, invocation: Invocation
) -> None:
    """Hold every derivative's license against the terms of the release it stems from.

    Written are a page, the same as Markdown, and every model as CSV. It is no legal advice: it
    finds what somebody should look at.
    """
    from lineage.analysis.licenses.judging import judge_licenses
    from lineage.analysis.subjects import find_subject
    from lineage.cli.output import print_files, write_output_files
    from lineage.reporting.files import license_report_files
    from lineage.reporting.language import Language

    scope = invocation.open_scope(definition, [subject])
    findings = judge_licenses(scope, find_subject(scope, subject))
    files = license_report_files(findings, scope.snapshot.manifest, Language(lang))
    print_files(invocation.format, write_output_files(files, out))


def can_option_paint_png() -> bool:
    """Say whether PNG pictures can be painted; where not, tell the user what paints them."""
    from lineage.reporting.charts.old_svg import can_paint

    # Everything else of a report is worth writing without them: SVG shows the same.
    if not can_paint():
        logs.say(
            "PNG pictures are left out; pip install '.[report]' in lineage's source paints them."
        )
        return False
    return True
