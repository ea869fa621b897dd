"""Text from outside as XML 1.0: attribute values and contents that hold nothing but text."""

from collections.abc import Iterable
from xml.sax.saxutils import escape

from lineage.domain.escape import visible
from lineage.graph.lineage_graph import Value

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


def text(value: str) -> str:
    """Return the content of an element; XML has no word for most controls: they are spelled."""
    return escape(visible(value))


def attribute(value: str) -> str:
    """Return an attribute's value with its quotes."""
    return f'"{escape(visible(value), {chr(34): "&quot;"})}"'


def spelled(value: Value) -> str:
    """Return a value as XML Schema writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def distinct(names: Iterable[str]) -> dict[str, str]:
    """Return what each name becomes when it is made visible: no two the same."""
    shown: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        label, number = visible(name), 1
        while label in taken:
            number += 1
            label = f"{visible(name)} ({number})"
        taken.add(label)
        shown[name] = label
    return shown
