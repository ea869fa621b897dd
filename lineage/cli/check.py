"""The command `lineage check`: a gate for models by their ancestors, roots and licenses."""

import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lineage.cli import options
from lineage.cli.context import Format, Invocation, read_input_of_command_line
from lineage.domain.check_rules import CheckRules, ListedModel, UnknownPolicy, read_check_rules
from lineage.domain.files import expand_home_in_path, read_text_file
from lineage.domain.repo_ids import find_repo_id
from lineage.errors import SettingsError, file_error

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
    listed = list(list_models_command(models, files))
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
    from lineage.cli.tables.descent import terminal_table_of_check
    from lineage.domain.documents import to_json

    match format:
        case Format.LINES:
            for line in _check_lines(result):
                click.echo(line)
        case Format.SARIF:
            from lineage.export.sarif import sarif_document

            click.echo(to_json(sarif_document(result)))
        case _:
            print_result(format, result, check_rows, terminal_table_of_check, narrowest=1)


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


_CODE = frozenset(
    {
        *(".py", ".ipynb", ".yaml", ".yml", ".toml", ".json", ".jsonl", ".sh", ".cfg", ".ini"),
        *(".js", ".ts", ".md", ".rs", ".go", ".java", ".env"),
    }
)
_CALL = re.compile(r"""from_pretrained\(\s*\\?["']([^"'\\\s]+)\\?["']""")
_ENTRY = re.compile(
    r"""(?<![\w.-])\\?["']?(?:model|base_model|model_id|model_name|model_name_or_path|repo_id)"""
    r"""\\?["']?\s*[:=]\s*\\?["']?([^\s"'\\,#)}\]]+)"""
)
_LIST = re.compile(r"""^\s*base_model:\s*(?:\[(.*)\]\s*)?$""")
_LIST_ITEM = re.compile(r"""^\s*-\s+["']?([^\s"'#]+)""")
_DEEPEST = 100


def list_models_command(names: Sequence[str], files: Sequence[str]) -> Iterator[ListedModel]:
    """Yield the models that are named and those of each file or folder, in that order.

    Raises:
        SettingsError: a file cannot be read, or is a bill of materials that is none.
    """
    for name in names:
        yield ListedModel.spelled(name)
    for file in files:
        path = expand_home_in_path(file)
        if file != "-" and path.is_dir():
            yield from _read_cache_folder_argument(path)
            continue
        text = read_input_of_command_line(file)
        if text.lstrip().startswith("{") and '"bomFormat"' in text:
            yield from _read_model_bill(file, text)
        elif path.suffix.lower() in _CODE:
            yield from _read_code_arguments(file, text)
        else:
            yield from _read_model_lines(file, text)


def _read_model_lines(file: str, text: str) -> Iterator[ListedModel]:
    for number, line in enumerate(text.splitlines(), start=1):
        # A remark begins a line or stands behind a space: an address has its fragment without one.
        name = re.split(r"(?:^|\s)#", line, maxsplit=1)[0].strip()
        if name:
            yield ListedModel.spelled(name, f"{file}:{number}")


def _read_code_arguments(file: str, text: str) -> Iterator[ListedModel]:
    """Yield the ids in calls and entries that name a model, each with its line."""
    in_list = False
    for number, line in enumerate(text.splitlines(), start=1):
        spellings = [*_CALL.findall(line), *_ENTRY.findall(line)]
        # A card's front matter lists several base models, one a line or in brackets.
        if (opening := _LIST.match(line)) is not None:
            spellings += (opening[1] or "").replace(",", " ").split()
            in_list = True
        elif in_list and (item := _LIST_ITEM.match(line)) is not None:
            spellings.append(item[1])
        elif line.strip():
            in_list = False
        for spelling in dict.fromkeys(it.strip("\"'[") for it in spellings):
            if "/" in spelling and find_repo_id(spelling) is not None:
                yield ListedModel.spelled(spelling, f"{file}:{number}")


def _read_model_bill(file: str, text: str) -> Iterator[ListedModel]:
    """Yield the models of a CycloneDX bill: components by package address, else by their type."""
    try:
        bill = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"{file} is no JSON: {error}", "name a CycloneDX bill") from error
    if not isinstance(bill, dict) or bill.get("bomFormat") != "CycloneDX":
        raise SettingsError(f"{file} is no CycloneDX bill", 'its "bomFormat" must be "CycloneDX"')
    metadata = bill.get("metadata")
    subject = metadata.get("component") if isinstance(metadata, dict) else None
    components = [subject, *_read_argument_as_model_list(bill.get("components"))]
    for place, component in _list_components_of_argument(components):
        purl, kind = component.get("purl"), component.get("type")
        if isinstance(purl, str) and purl.lower().startswith("pkg:huggingface/"):
            yield ListedModel.spelled(purl, f"{file}: {place}")
        elif kind == "machine-learning-model" and isinstance(component.get("name"), str):
            group, version = component.get("group"), component.get("version")
            parts = [part for part in (group, component["name"]) if isinstance(part, str) and part]
            revision = f"@{version}" if isinstance(version, str) else ""
            model = ListedModel.spelled("/".join(parts) + revision, f"{file}: {place}")
            yield replace(model, name="/".join(parts))


def _list_components_of_argument(components: Sequence[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every component, those within others too, with what it is called."""
    queue = [(it, 0) for it in components]
    for component, depth in queue:
        if isinstance(component, dict):
            yield str(component.get("bom-ref") or component.get("name") or "component"), component
            if depth < _DEEPEST:
                queue += [
                    (it, depth + 1)
                    for it in _read_argument_as_model_list(component.get("components"))
                ]


def _read_argument_as_model_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _read_cache_folder_argument(folder: Path) -> Iterator[ListedModel]:
    """Yield the models of a cache folder of the Hub's client, with the revision it points to."""
    if folder.name.startswith("models--"):
        repositories = [folder]
    else:
        places = (folder, folder / "hub")
        repositories = sorted(path for place in places for path in place.glob("models--*"))
    if not repositories:
        raise SettingsError(
            f"{folder} is no cache folder: it holds no models--owner--name",
            "name a file, or a cache folder such as ~/.cache/huggingface/hub",
        )
    for repository in repositories:
        name = "/".join(repository.name.split("--")[1:])
        shas = [path.name for path in sorted((repository / "snapshots").glob("*"))]
        try:
            sha = read_text_file(repository / "refs" / "main", 1000).strip()
        except OSError:  # a revision that was fetched by its number has no `main`
            sha = shas[0] if len(shas) == 1 else ""
        yield ListedModel(name, sha or None, str(repository))


def print_model_list_summaries(
    listed: Sequence[ListedModel], files: Sequence[str]
) -> Iterator[str]:
    """Yield one sentence for each file: how many models were read from it."""
    for file in files:
        number = sum(it.place is not None and it.place.startswith(file) for it in listed)
        yield f"{file}: {number:,} models"


def read_rules_option(file: str) -> dict[str, Any]:
    """Return the table of a rules file; SettingsError where it is no TOML."""
    from lineage.domain.files import parse_toml_text, read_regular_file

    try:
        return parse_toml_text(read_regular_file(expand_home_in_path(file)))
    except (OSError, ValueError) as error:
        hint = "a rules file is TOML: deny = [...]"
        raise file_error(f"{file} cannot be read", error, hint) from error
