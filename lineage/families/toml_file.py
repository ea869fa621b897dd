"""A TOML file decoded into its shape; a complaint names file, place and what is allowed."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, inspect

from lineage.domain.families import CuratedSource
from lineage.domain.files import parse_toml_text, read_regular_file
from lineage.domain.repo_ids import REPO_ID_PATTERN
from lineage.errors import SettingsError, file_error

MOST_WORDS = 40

REPO_ID = "a repository id like owner/name"
Text = Annotated[str, Meta(pattern=r"\S", description="a text that is not empty")]
RepoId = Annotated[str, Meta(pattern=REPO_ID_PATTERN, description=REPO_ID)]
_HANDLE = r"\A[a-z0-9]+(?:[.-][a-z0-9]+)*\Z"
Handle = Annotated[str, Meta(pattern=_HANDLE, description="a short handle like llama-3.1")]
# Reports print addresses as links: of no other scheme, and without control characters.
_ADDRESS = "an address that begins with https://"
Address = Annotated[str, Meta(pattern=r"\Ahttps://", description=_ADDRESS)]

_Shape = TypeVar("_Shape")
_MARK = re.compile(r"\[([A-Z][A-Z0-9]{0,7})\]")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_NAMES_OF_ENTRIES = ("id", "child", "model", "release")
_KINDS: tuple[tuple[type[inspect.Type], str], ...] = (
    (inspect.DateType, "a date without quotes or time, like 2024-04-18"),
    (inspect.VarTupleType, "a list of"),
    (inspect.DictType, "a table of texts"),
    (inspect.StructType, "a table"),
    (inspect.StrType, "a text"),
)


class Shape(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A table whose keys are all known: a misspelled one is an error and no comment."""


class SourcedShape(Shape, kw_only=True):
    """An entry that says where it comes from."""

    source: Text
    quote: Text | None = None
    url: Address | None = None


def read_registry_toml(file: Path | Traversable, shape: type[_Shape]) -> _Shape:
    """Decode a file into its shape; SettingsError where it is none."""
    try:
        # A family is a user's file too; those of this package may lie in an archive.
        content = parse_toml_text(
            read_regular_file(file) if isinstance(file, Path) else file.read_bytes()
        )
    except (OSError, ValueError) as error:
        raise file_error(f"{file.name} cannot be read as TOML", error) from error
    try:
        # A date in quotes is refused: other tools would read it as a text.
        return msgspec.convert(content, shape, builtin_types=(date, datetime))
    except msgspec.ValidationError as error:
        raise explain_registry_error(file.name, content, shape, str(error)) from error


def make_registry_source(
    place: str, entry: SourcedShape, marks: Mapping[str, str]
) -> CuratedSource:
    """Return where an entry comes from, its marks replaced."""
    check_registry_quote(place, entry.quote)
    if entry.url is not None and not entry.url.isprintable():
        raise SettingsError(f"{place}: url must be {_ADDRESS}, not {entry.url!r}")
    return CuratedSource(replace_registry_marks(place, entry.source, marks), entry.quote, entry.url)


def check_registry_quote(place: str, quote: str | None) -> None:
    """Raise SettingsError for a long quotation: one proves a point, a copy is not ours to print."""
    if (words := len((quote or "").split())) > MOST_WORDS:
        hint = f"keep the {MOST_WORDS} that prove the point"
        raise SettingsError(f"{place}: the quote has {words} words", hint)


def replace_registry_marks(place: str, text: str, marks: Mapping[str, str]) -> str:
    """Replace marks such as [LM] by what the file's table `sources` has for them."""
    # Without that table brackets are brackets.
    for mark in _MARK.findall(text) if marks else ():
        if mark not in marks:
            hint = f"give {mark} in [sources]; there are {', '.join(marks)}"
            raise SettingsError(f"{place}: [{mark}] in {text!r} stands for nothing", hint)
    return _MARK.sub(lambda match: marks.get(match[1], match[0]), text)


def list_registry_files(folder: Traversable) -> Iterator[tuple[str, Traversable]]:
    """Yield the TOML files of a folder of this package, each with its name before the dot."""
    for file in folder.iterdir():
        if file.name.endswith(".toml"):
            yield file.name.removesuffix(".toml"), file


def explain_registry_error(
    file: str, content: dict[str, Any], shape: type, error: str
) -> SettingsError:
    """Turn msgspec's message and path, `... - at `$.release[0].name``, into file, place, words."""
    message, _, path = error.partition(" - at ")
    place, key, element = file, "", False
    value: Any = content
    info: Any = inspect.type_info(shape)
    # Content and shape are walked side by side, so that entries are named and not numbered.
    for field, number in _STEP.findall(path):
        if field:
            place, element = f"{place}, {key}" if key and not element else place, False
            key, value, info = field, value[field], _registry_field_types(info)[field]
            continue
        value, info, element = value[int(number)], info.item_type, True
        if isinstance(value, dict):
            names = [value[name] for name in _NAMES_OF_ENTRIES if name in value]
            place = f"{place}, {key} {names[0] if names else f'number {int(number) + 1}'}"
    if isinstance(info, inspect.StructType) and isinstance(value, dict):
        place = f"{place}, {key}" if key and not element else place
        fields, name = _registry_field_types(info), message.partition("`")[2].rstrip("`")
        if name not in fields:
            return SettingsError(f"{place}: unknown key {name}", f"known keys: {', '.join(fields)}")
        return SettingsError(
            f"{place}: {name} is missing", f"it must be {_describe_registry_error(fields[name])}"
        )
    if element:
        return SettingsError(
            f"{place}: {value!r} in {key} must be {_describe_registry_error(info)}"
        )
    return SettingsError(f"{place}: {key} must be {_describe_registry_error(info)}, not {value!r}")


def _registry_field_types(info: Any) -> dict[str, Any]:
    """Return the type of each field; of an optional one without None, which TOML lacks."""
    types = {field.encode_name: field.type for field in info.fields}
    return {name: getattr(it, "types", (it,))[0] for name, it in types.items()}


def _describe_registry_error(info: Any) -> str:
    """Say in words what a value must be."""
    if isinstance(info, inspect.Metadata):
        return str((info.extra_json_schema or {})["description"])
    if isinstance(info, inspect.EnumType | inspect.LiteralType):
        allowed = info.cls if isinstance(info, inspect.EnumType) else info.values
        return f"one of {', '.join(map(str, allowed))}"
    words: str = next(words for kind, words in _KINDS if isinstance(info, kind))
    if isinstance(info, inspect.VarTupleType):
        return f"{words} {'tables' if isinstance(info.item_type, inspect.StructType) else 'texts'}"
    return words
