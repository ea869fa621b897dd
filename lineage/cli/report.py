"""The commands `lineage report`: pages and files about a subject, in English or German."""

import functools
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lineage.cli import logs, options
from lineage.cli.context import Invocation
from lineage.domain.definitions import Closure, Definition
from lineage.domain.progress import garbage_collector_paused
from lineage.errors import SettingsError

if TYPE_CHECKING:
    from lineage.reporting.files import PictureChoice
    from lineage.reporting.language import Language

_SUBJECT = click.argument("subject", metavar="[SUBJECT]", default="llama")
_OPTIONS = (
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
        "--chart",
        metavar="NAME",
        help="Write this one picture alone, with its numbers; a wrong name lists those there are.",
    ),
    click.option(
        "--theme",
        type=click.Choice(["light", "dark"]),
        help="The paper of that picture.  [default: light]",
    ),
    click.option(
        "--width",
        type=options.Number(200, 4000),
        metavar="N",
        help="The width of that picture in pixels; 390 is a phone's.  [default: 1200]",
    ),
    click.option(
        "--out",
        type=click.Path(file_okay=False, path_type=Path),
        default=Path("reports"),
        show_default=True,
        metavar="FOLDER",
        help="Where it is written; a report of the same name is replaced.",
    ),
    options.with_definition_options,
)


@dataclass(frozen=True, slots=True)
class ReportRun:
    """What the options that all reports share ask for."""

    language: "Language"
    choice: "PictureChoice | None"
    with_extra: bool
    out: Path
    siblings: Collection[str]
    """Names of the files that stand in `out` already."""


def _with_report_options(command: options.Callback) -> options.Callback:
    """Give a command the options of all reports; they reach it together, as `run`."""

    # The collector would take a tenth of a report's time.
    @functools.wraps(command)
    @garbage_collector_paused()
    def call(
        *args: Any,
        lang: str,
        chart: str | None,
        theme: str | None,
        width: int | None,
        out: Path,
        **others: Any,
    ) -> None:
        from lineage.reporting.charts.draw import WIDTH
        from lineage.reporting.charts.palette import Theme
        from lineage.reporting.files import PictureChoice
        from lineage.reporting.language import Language

        if chart is None and (theme or width):
            raise SettingsError(
                "--theme and --width are of one picture", "name it: --chart NAME --theme dark"
            )
        choice = None
        if chart is not None:
            choice = PictureChoice(chart, Theme(theme or "light"), width or WIDTH)
        # What cannot be listed is refused where it is written, with a sentence.
        siblings: list[str] = []
        with suppress(OSError):
            siblings = [file.name for file in out.iterdir()]
        run = ReportRun(Language(lang), choice, warn_without_report_extra(), out, siblings)
        command(*args, run=run, **others)

    return options.combine_options(*_OPTIONS)(call)


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
@_with_report_options
def family_tree(
    *, subject: str, run: ReportRun, definition: Definition, invocation: Invocation
) -> None:
    """Write the tree of a family, a release or one model as pages and pictures.

    One HTML file holds every model with its evidence and works offline, without a server; a
    poster as SVG and PNG, and Markdown, hold the largest branches with sums of the rest.
    """
    from lineage.analysis.subjects import find_subject
    from lineage.cli.output import print_files, write_files_to_out_option
    from lineage.reporting.family_tree import family_tree
    from lineage.reporting.files import tree_report_files

    # A poster of children alone would look like a family without grandchildren.
    if definition.closure is Closure.DIRECT:
        raise SettingsError(
            "a tree needs all generations", "list children: lineage export csv SUBJECT --direct"
        )
    scope = invocation.open_scope(definition, [subject])
    tree = family_tree(scope, find_subject(scope, subject))
    files = tree_report_files(
        tree, run.language, run.choice, with_extra=run.with_extra, siblings=run.siblings
    )
    print_files(invocation.format, write_files_to_out_option(files, run.out))


@report.command(
    "trend",
    outcome=options.WHOLE_FILES,
    short_help="How a family, a release or a model grew: by snapshot, month and day.",
    epilog=options.examples(
        "lineage report trend",
        "lineage report trend qwen --lang de --out public --since 2025-01-01",
        "lineage report trend llama-3.1 --day 2025-04-30 --day 2025-06-30",
        "lineage report trend --claim published.toml",
    ),
)
@_SUBJECT
@options.combine_options(
    click.option(
        "--since",
        metavar="DATE",
        callback=options.read_day_option,
        help="Show time from that day on.",
    ),
    click.option(
        "--day",
        "days",
        metavar="DATE",
        multiple=True,
        callback=options.read_days_option,
        help="Say how many there were at the end of that day, UTC; several are given one by one.  "
        "[default: some snapshots and ends of years]",
    ),
    click.option(
        "--claim",
        metavar="FILE",
        help="Published numbers to hold against every definition, in TOML, beside those that are "
        "known; docs/reports.md says how they are written.",
    ),
    _with_report_options,
)
def report_trend_command(
    *,
    subject: str,
    since: date | None,
    days: tuple[date, ...],
    claim: str | None,
    run: ReportRun,
    definition: Definition,
    invocation: Invocation,
) -> None:
    """Show how a family, a release or a model grew, and which definition gives what others say.

    Written are a page, the same as Markdown, each chart as SVG, five of them as PNG, and the
    numbers behind them as CSV. Growth is as counted in each snapshot; before the first one it is
    told by the dates on which today's models were created.
    """
    from lineage.analysis.growth.trends import TrendQuestion, find_trends
    from lineage.analysis.subjects import find_subject
    from lineage.cli.output import print_files, write_files_to_out_option
    from lineage.families.published import bundled_published_numbers, read_published_numbers
    from lineage.reporting.files import trend_report_files

    own = () if claim is None else read_published_numbers(claim)
    scope = invocation.open_scope(definition, [subject])
    question = TrendQuestion(since, days, (*bundled_published_numbers(), *own))
    trends = find_trends(
        invocation.open_store(), scope, find_subject(scope, subject), question, logs.say
    )
    manifest, families = scope.snapshot.manifest, scope.families
    files = trend_report_files(
        trends,
        manifest,
        run.language,
        families,
        run.choice,
        with_extra=run.with_extra,
        siblings=run.siblings,
    )
    print_files(invocation.format, write_files_to_out_option(files, run.out))


@report.command(
    "licenses",
    outcome=options.WHOLE_FILES,
    short_help="What derivatives declare as their license, beside the terms above them.",
    epilog=options.examples(
        "lineage report licenses",
        "lineage report licenses qwen --lang de --relations finetune,merge",
        "lineage report licenses --chart tags --theme dark --width 390",
    ),
)
@_SUBJECT
@_with_report_options
def report_licenses_command(
    *, subject: str, run: ReportRun, definition: Definition, invocation: Invocation
) -> None:
    """Hold every derivative's license against the terms of the release it stems from.

    Of a family, a release or a model. Written are a page, the same as Markdown, a matrix of terms
    and tags as picture and numbers, and every model as CSV. It is no legal advice: it finds what
    somebody should look at.
    """
    from lineage.analysis.licenses.judging import judge_licenses
    from lineage.analysis.subjects import find_subject
    from lineage.cli.output import print_files, write_files_to_out_option
    from lineage.reporting.files import license_report_files

    scope = invocation.open_scope(definition, [subject])
    findings = judge_licenses(scope, find_subject(scope, subject))
    manifest = scope.snapshot.manifest
    files = license_report_files(
        findings,
        manifest,
        run.language,
        run.choice,
        with_extra=run.with_extra,
        siblings=run.siblings,
    )
    print_files(invocation.format, write_files_to_out_option(files, run.out))


def warn_without_report_extra() -> bool:
    """Say whether pages and PNG pictures can be made; where not, tell the user what makes them."""
    from lineage.reporting.files import has_report_extra

    # Everything else of a report is worth writing without them: Markdown and SVG show the same.
    if not has_report_extra():
        logs.say(
            "pages and PNG pictures are left out; pip install '.[report]' in lineage's source"
            " makes them"
        )
        return False
    return True
