"""Lists of models as people have them: lines, a bill of materials, a cache folder, code."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from lineage.cli.context import read_input_of_command_line
from lineage.domain.check_rules import ListedModel
from lineage.domain.files import expand_home, read_text_file
from lineage.domain.repo_ids import find_repo_id
from lineage.errors import SettingsError, file_error

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


def list_models(names: Sequence[str], files: Sequence[str]) -> Iterator[ListedModel]:
    """Yield the models that are named and those of each file or folder, in that order.

    Raises:
        SettingsError: a file cannot be read, or is a bill of materials that is none.
    """
    for name in names:
        yield ListedModel.spelled(name)
    for file in files:
        path = expand_home(file)
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
    from lineage.domain.files import parse_toml, read_regular_file

    try:
        return parse_toml(read_regular_file(expand_home(file)))
    except (OSError, ValueError) as error:
        hint = "a rules file is TOML: deny = [...]"
        raise file_error(f"{file} cannot be read", error, hint) from error
