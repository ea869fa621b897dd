"""The commands `lineage crawl` and `lineage doctor`: a snapshot, and what it will cost."""

import logging
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from lineage.cli import logs, options, signals
from lineage.cli.context import Invocation, read_subject_of_command_line
from lineage.domain.repo_ids import is_repo_id
from lineage.domain.subjects import SubjectKind

if TYPE_CHECKING:
    from rich.console import RenderableType

    from lineage.crawl.runs import CrawlReport

_LOG = logging.getLogger(__name__)
# The Hub answers no question about a whole tree: the children of each model are a listing.
_COST = (
    "Crawling below one model sends at least one request for each model it finds, those without "
    "children too; a full crawl sends about 3,240 and answers for every model. Above some 3,000 "
    "descendants the full crawl is cheaper."
)
_KEPT = "what was recorded is kept; run the same command again to go on"
_REFUSES = {"snapshot": "has no meaning here: a crawl takes a new snapshot"}


def _read_model_option(_: click.Context, __: click.Parameter, below: str | None) -> str | None:
    if below is None:
        return None
    subject = read_subject_of_command_line(below)
    if not is_repo_id(subject.name) or subject.kind not in {None, SubjectKind.MODEL}:
        raise click.BadParameter(f"{below!r} is not a model: use owner/name")
    return subject.name


def _read_moment_of_command_line(
    _: click.Context, __: click.Parameter, text: str | None
) -> datetime | None:
    if text is None:
        return None
    for form in ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"):
        with suppress(ValueError):
            return datetime.strptime(text.strip(), form).replace(tzinfo=UTC)
    raise click.BadParameter(f"{text!r} is not a date: use YYYY-MM-DD or YYYY-MM-DDTHH:MM:SSZ")


@click.command(
    cls=options.Command,
    refuses=_REFUSES,
    outcome=_KEPT,
    short_help="Take a snapshot of the Hub.",
    epilog=options.examples(
        "lineage crawl",
        "lineage crawl --auto",
        "lineage crawl --below meta-llama/Llama-Guard-3-8B --store small",
        "lineage crawl --dump models.parquet --taken-at 2026-10-03",
    ),
)
@options.combine_options(
    click.option(
        "--update",
        "mode",
        flag_value="update",
        help="Ask only what changed since the last snapshot; only a full crawl sees deletions.",
    ),
    click.option(
        "--auto",
        "mode",
        flag_value="auto",
        help="An update; a full crawl where the last one is a week old, or an update impossible.",
    ),
    click.option(
        "--below",
        metavar="SUBJECT",
        callback=_read_model_option,
        help="Crawl only what lies below one model.",
    ),
    click.option(
        "--dump",
        metavar="FILE|FOLDER|URL",
        help="Read a Parquet dump of the Hub's listing instead of asking the Hub: a file, a "
        "folder of files, or a pattern in quotes.",
    ),
    click.option(
        "--taken-at",
        metavar="DATE",
        callback=_read_moment_of_command_line,
        help="When the dump was taken, UTC.  [default: the newest moment in it]",
    ),
    click.option(
        "--cards", is_flag=True, help="Read model cards where they can help, each once per commit."
    ),
    options.ENDPOINT,
    options.TOKEN_FILE,
    options.OFFLINE,
    click.option(
        "--max-requests",
        type=options.Number(),
        metavar="N",
        envvar="LINEAGE_MAX_REQUESTS",
        show_envvar=True,
        help="Stop after N requests, with exit code 3; run again to go on.",
    ),
    options.SHARE,
    options.ON_PUBLISH,
)
def crawl(
    *,
    mode: str | None,
    below: str | None,
    dump: str | None,
    taken_at: datetime | None,
    cards: bool,
    invocation: Invocation,
    **flags: Any,
) -> None:
    """Take a snapshot of every model that the Hub lists, and publish it.

    A run that was stopped goes on where it was when it is run again. It needs no token; one found
    in HF_TOKEN or where the Hub's own tools keep it doubles the pace.
    """
    if dump is not None:  # nothing of it is recorded: it is there already
        signals.set_interrupted_command_outcome(
            "no snapshot was published; run the same command again"
        )
    import os

    from lineage.cli import progress
    from lineage.crawl.dump import crawl_dump
    from lineage.crawl.notify import notify
    from lineage.crawl.plan import CrawlMode
    from lineage.crawl.publish_command import split_publish_command
    from lineage.crawl.runs import crawl as run_crawl

    if mode is not None and (below is not None or dump is not None):
        raise click.UsageError(f"--{mode} goes on from the last snapshot: leave out the others")
    # A dump is a listing as it was: nothing of it can be asked for again, no child and no card.
    if dump is not None and (below is not None or cards):
        raise click.UsageError("--dump asks no Hub: leave out --below and --cards")
    # A crawl is dated by its own clock: another date would break the order of the history.
    if taken_at is not None and dump is None:
        raise click.UsageError("--taken-at is the date of a dump: name it with --dump")
    # The one kind of command that looks for a token: the search imports the Hub's own client.
    settings = invocation.settings(flags, token=True)
    split_publish_command(settings.on_publish)  # said now, and not when the crawl is over
    if below is not None:
        logs.say(_COST)
    with progress.show_progress() as display:
        if dump is not None:
            report = crawl_dump(settings, dump, taken_at=taken_at, progress=display)
        else:
            chosen = CrawlMode(mode or CrawlMode.FULL)
            report = run_crawl(settings, base=below, mode=chosen, cards=cards, progress=display)
    cut_short = "; --on-publish was cut short" if settings.on_publish else ""
    signals.set_interrupted_command_outcome(
        f"snapshot {report.manifest.id} is published{cut_short}"
    )
    _print_report(invocation, report)
    notify(settings, report.manifest, os.environ)


def _print_report(invocation: Invocation, report: "CrawlReport") -> None:
    from dataclasses import asdict

    from lineage.cli.output import print_result
    from lineage.domain.documents import Document, document_as_flat_row

    manifest, requests = report.manifest, asdict(report.tally)
    cards = {} if report.cards is None else {"cards": report.cards}
    document: Document = {
        "snapshot": manifest.id,
        "kind": manifest.origin.kind.value,
        "models": manifest.models,
        "edges": manifest.edges,
        "bad_rows": manifest.bad_rows,
        "tombstones": manifest.tombstones,
        "requests": requests,
        "seconds": round(report.seconds, 3),
        **cards,
    }

    _LOG.info("published snapshot %s", manifest.id, extra={"facts": document})

    def table(_: Document) -> "RenderableType":
        from lineage.cli.tables.snapshots import crawl_table

        more = [("cards", f"{report.cards:,} asked for")] if cards else []
        return crawl_table(manifest, requests, report.seconds, more)

    print_result(
        invocation.format, document, lambda it: [document_as_flat_row(it)], table, narrowest=1
    )


@click.command(
    cls=options.Command, refuses=_REFUSES, short_help="Say what a crawl will meet and cost."
)
@options.combine_options(options.ENDPOINT, options.TOKEN_FILE, options.OFFLINE, options.SHARE)
def doctor(*, invocation: Invocation, **flags: Any) -> None:
    """Say what a crawl will meet and cost: settings, token, Hub, store. Changes nothing.

    Sends the Hub at most two small requests, each again where no answer comes. Where something is
    not as it must be, the exit code is the one that a crawl would end with.
    """
    from lineage.cli import progress
    from lineage.cli.output import print_result
    from lineage.cli.tables.snapshots import examination_table
    from lineage.crawl.doctor import diagnose_crawl
    from lineage.domain.documents import convert_to_document

    settings = invocation.settings(flags, token=True)
    with progress.show_progress() as display:
        display.begin("ask the Hub")
        result = diagnose_crawl(settings, progress=display)
    findings = [(finding.name, finding.ok, finding.message) for finding in result.findings]
    cost = (result.models_expected, result.requests_needed, result.minutes)
    print_result(
        invocation.format,
        result,
        lambda it: convert_to_document(it.findings),
        lambda _: examination_table(findings, *cost),
        narrowest=1,
    )
    # The code is the one that a crawl would end with.
    if codes := [finding.exit_code for finding in result.findings if finding.ok is False]:
        raise SystemExit(codes[0])
