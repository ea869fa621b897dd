"""Results as plain values: JSON is the frozen result by its field names, CSV its flat rows."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any

from lineage.domain.claims import RELATIONS
from lineage.domain.clock import iso
from lineage.domain.escape import escaped_json_text

Document = dict[str, Any]
"""A result as plain values under the names that scripts rely on."""

NAME = "document_name"
"""Key of a field's metadata: its name in documents, where Python does not allow it (`from`)."""

_DIGITS = 4
_PLAIN = frozenset({str, int, bool, type(None)})
_BESIDE = frozenset({"by_relation", "definition", "requests"})
"""Inner documents whose fields keep their names in a flat row; others are told by a prefix."""


def convert_to_document(result: object) -> Any:
    """Return a result as plain values: fields by name, enums by value, moments as ISO 8601 UTC."""
    # One walk over dataclasses does what msgspec.to_builtins would; loading msgspec alone takes
    # longer than looking up a count.
    kind = type(result)
    if kind in _PLAIN:
        return result
    if names := _list_document_fields(kind):  # type: ignore[arg-type]
        return {name: convert_to_document(getattr(result, field)) for name, field in names}
    if isinstance(result, Mapping):
        return {
            str(convert_to_document(key)): convert_to_document(value)
            for key, value in result.items()
        }
    if isinstance(result, Iterable) and not isinstance(result, str):
        return [convert_to_document(element) for element in result]
    return _plain_document_value(result)


@cache
def _list_document_fields(kind: type) -> tuple[tuple[str, str], ...]:
    """Return the fields of a dataclass or named tuple with their names in documents."""
    if not is_dataclass(kind):
        return tuple((name, name) for name in getattr(kind, "_fields", ()))
    return tuple((it.metadata.get(NAME, it.name), it.name) for it in fields(kind))


def _plain_document_value(value: object) -> object:
    match value:
        case Enum():
            plain = value.value
        case float():
            # Sixteen digits of a share pretend to a precision that no sample has.
            plain = round(value, _DIGITS)
        case datetime():
            plain = iso(value)
        case date():
            plain = value.isoformat()
        case None | int() | str():
            plain = value
        case _:
            raise TypeError(f"a document cannot hold {type(value).__name__}")
    return plain


def to_json(document: Document | list[Document], indent: int | None = 2) -> str:
    """Return a document as JSON text; without an indent on one line."""
    # ASCII alone: what a model's name holds must not act on a terminal.
    return escaped_json_text(
        json.dumps(document, indent=indent, ensure_ascii=True, allow_nan=False)
    )


def document_as_flat_row(document: Document) -> Document:
    """Return one flat row: the fields of inner documents beside the others, no inner rows.

    Of a definition the number of roots stands for their names; of `by_relation` every relation has
    a column.
    """
    row: Document = {}
    for name, value in document.items():
        if isinstance(value, list) and any(isinstance(element, dict | list) for element in value):
            continue
        if not isinstance(value, dict):
            row[name] = value
            continue
        inner = value
        if name == "by_relation":
            inner = {word.value: value.get(word.value, 0) for word in RELATIONS}
        elif name == "definition":
            inner = value | {"roots": len(value["roots"])}
        for key, cell in document_as_flat_row(inner).items():
            row[key if name in _BESIDE else f"{name}_{key}"] = cell
    return row


def flat_document_rows(document: Document, *lists: str) -> Iterator[Document]:
    """Yield a flat row for each element of a list within, of a list within that, and so on.

    Each row begins with the fields around its list; an empty list leaves a row of those alone.
    """
    outer = document_as_flat_row(
        {name: value for name, value in document.items() if name not in lists}
    )
    elements = document.get(lists[0]) if lists else None
    if not elements:
        yield outer
        return
    for element in elements:
        for row in flat_document_rows(element, *lists[1:]):
            yield outer | row
