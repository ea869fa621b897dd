"""The command `lineage check`: a gate for models by their ancestors, roots and licenses."""

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from lineage.cli import options
from lineage.cli.context import Format, Invocation
from lineage.domain.check_rules import CheckRules, UnknownPolicy, read_check_rules
from lineage.errors import SettingsError

if TYPE_CHECKING:
    from lineage.analysis.check import CheckOutcome

FOUND = 6
"""The exit code where a rule is broken, or by default where an origin is unknown."""


@click.command(
    cls=options.Command,
    formats=(Format.SARIF, Format.LINES),
    short_help="Hold models against rules: a gate for CI.",
    epilog=options.examples(
        "lineage check lmsys/vicuna-7b-v1.5 --deny 'Qwen/*' --deny family:qwen",
        "lineage check --from models.txt --allow 'mistralai/*' --format sarif",
        "lineage check --from bom.json --rules lineage-check.toml",
        "lineage check lmsys/vicuna-7b-v1.5 --deny-license monthly_users",
    ),
)
@click.argument("models", metavar="MODEL...", nargs=-1)
@options.combine_options(
    click.option(
        "--from",
        "files",
        metavar="FILE|FOLDER",
        multiple=True,
        help="Models from a list of one a line, a CycloneDX bill, code or YAML, or a cache folder "
        "of the Hub's client; - is standard input.",
    ),
    click.option(
        "--deny",
        metavar="PATTERN",
        multiple=True,
        help="Fail a model that matches, or any ancestor of it: owner/name with *, family:NAME or "
        "release:NAME.",
    ),
    click.option(
        "--allow",
        metavar="PATTERN",
        multiple=True,
        help="Fail a model with a root that matches none of these.",
    ),
    click.option(
        "--deny-license",
        metavar="NAME",
        multiple=True,
        help="Fail where a license applies to the model or an ancestor: terms of the registry, a "
        "clause such as monthly_users, or a license tag.",
    ),
    click.option(
        "--pinned",
        is_flag=True,
        help="Fail a model given at another revision than the snapshot's (owner/name@sha).",
    ),
    click.option("--rules", metavar="FILE", help="The same rules from a TOML file."),
    click.option(
        "--unknown",
        type=click.Choice([*map(str, UnknownPolicy)]),
        help="What a model of unknown origin does to the outcome.  [default: fail]",
    ),
    click.option(
        "--strict", is_flag=True, help="A pattern that matches nothing at all is an error."
    ),
)
def check(
    *,
    models: Sequence[str],
    files: Sequence[str],
    deny: Sequence[str],
    allow: Sequence[str],
    deny_license: Sequence[str],
    pinned: bool,
    rules: str | None,
    unknown: str | None,
    strict: bool,
    invocation: Invocation,
) -> None:
    """Check models: does any ancestor match a rule? Exits with 0, or with 6 where one does.

    Every ancestor on a declared path counts, deleted ones and curated links too; inferred links
    only warn. A model whose origin is unknown is never taken for clean.
    """
    from lineage.analysis.check import check_models
    from lineage.cli.model_lists import list_models, print_model_list_summaries, read_rules_option

    tables = [] if rules is None else [(rules, read_rules_option(rules))]
    typed = {
        "deny": list(deny),
        "allow": list(allow),
        "deny_license": list(deny_license),
        "pinned": pinned,
        "strict": strict,
    }
    policy = {} if unknown is None else {"unknown": unknown}
    all_rules = CheckRules()
    for place, table in (*tables, ("options", typed | policy)):
        try:
            # Without --unknown the file's own policy stands.
            default = {"unknown": all_rules.unknown.value}
            all_rules = all_rules.with_check_rules(read_check_rules(default | table))
        except ValueError as error:
            hint = "a pattern is owner/name with *, family:NAME or release:NAME"
            raise SettingsError(f"{place}: {error}", hint) from error
    listed = list(list_models(models, files))
    if not listed:
        raise SettingsError(
            "no model to check: give a MODEL or --from FILE",
            "example: lineage check --from bom.json",
        )
    for sentence in print_model_list_summaries(listed, files):
        click.echo(sentence, err=True)
    scope = invocation.open_scope(subjects=[model.name for model in listed])
    result = check_models(scope, listed, all_rules)
    for pattern in result.unmatched:
        click.echo(
            f"warning: {pattern} matches nothing in snapshot {result.snapshot} or the registry",
            err=True,
        )
    if all_rules.strict and result.unmatched:
        raise SettingsError(
            f"{len(result.unmatched)} patterns match nothing", "mend them, or leave out --strict"
        )
    _print_result(invocation.format, result)
    _exit_command_by_verdict(result, all_rules)


def _print_result(format: Format, result: "CheckOutcome") -> None:
    from lineage.analysis.documents import check_rows
    from lineage.cli.output import print_result
    from lineage.cli.tables.descent import check_table
    from lineage.domain.documents import to_json

    match format:
        case Format.LINES:
            for line in _check_lines(result):
                click.echo(line)
        case Format.SARIF:
            from lineage.export.sarif import sarif_document

            click.echo(to_json(sarif_document(result)))
        case _:
            print_result(format, result, check_rows, check_table, narrowest=1)


def _check_lines(result: "CheckOutcome") -> Iterator[str]:
    """Yield one line a model, for logs of CI: verdict, name, what decides."""
    from lineage.analysis.check import explain_check_match, explain_check_unknown
    from lineage.domain.escape import escape_invisible

    for model in result.models:
        reasons = [explain_check_match(match) for match in model.matches]
        if not reasons and model.unknown is not None:
            reasons = [explain_check_unknown(model.unknown)]
        place = "" if model.place is None else f" ({model.place})"
        parts = f"{model.verdict.value}: {model.model}{place}", *reasons[:1]
        more = f"; {len(reasons) - 1} more" if len(reasons) > 1 else ""
        yield escape_invisible(": ".join(parts) + more)


def _exit_command_by_verdict(result: "CheckOutcome", rules: CheckRules) -> None:
    from lineage.analysis.check import CheckVerdict

    unknown = sum(model.verdict is CheckVerdict.UNKNOWN for model in result.models)
    if unknown and rules.unknown is UnknownPolicy.WARN:
        click.echo(f"warning: the origin of {unknown:,} models is unknown", err=True)
    if result.verdict is not CheckVerdict.PASS:
        sys.exit(FOUND)
