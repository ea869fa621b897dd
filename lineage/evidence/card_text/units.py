"""A card cut into what can be read by itself: paragraphs, list items, rows, headings, code."""

import re
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

_FENCE = re.compile(r"[ >]{0,6}(```|~~~)")
_ITEM = re.compile(r"[\s>]{0,12}(?:[+*\u2022\u2013-]|\d{1,2}[.)])\s")
_HEADING = re.compile(r"[\s>]{0,4}#{1,6}(?:\s|$)")
_ROW = re.compile(r"[\s>]{0,4}\|")
_FOREIGN = re.compile(
    r"[\s#*_>:-]{0,16}(?:<[^<>]{0,80}>\s{0,4})?(?:(?:below|here|following) (?:is|follows) )?"
    r"(?:the )?original (?:(?:model|repo|repository)(?:'s)? )?(?:card|readme|description|text)\b"
    r"(?!\]|\s?\()",
    re.IGNORECASE,
)
"""From here on a quantizer's card repeats the card of what it quantized: another model's words."""


class Kind(Enum):
    """What a unit is, as far as a reader of lineage must know."""

    PROSE = "prose"
    ITEM = "item"
    ROW = "row"
    HEADING = "heading"
    CODE = "code"


class Unit(NamedTuple):
    """One part of a card, word for word."""

    kind: Kind
    text: str


def units(text: str) -> Iterator[Unit]:
    """Yield the parts of a card in order, without its front matter and without a repeated card."""
    prose: list[str] = []
    begun = False
    lines = iter(_without_front_matter(text.replace("\r\n", "\n")).split("\n"))
    for line in lines:
        kind = _kind(line)
        if begun and kind is not Kind.ROW and _FOREIGN.match(line):
            break
        begun = begun or bool(line.strip())
        if kind is Kind.PROSE and line.strip():
            prose.append(line)
            continue
        yield from _paragraph(prose)
        prose = []
        if kind is Kind.CODE:
            yield Unit(kind, _fenced(line, lines))
        elif line.strip():
            yield Unit(kind, line)
    yield from _paragraph(prose)


def _without_front_matter(text: str) -> str:
    """Cut the block between two lines of dashes: the listing has it, read by the Hub itself."""
    text = text.removeprefix("\ufeff").lstrip()
    if not text.startswith("---"):
        return text
    end = text.find("\n---", 3)
    return text if end == -1 else text[end + len("\n---") :]


def _kind(line: str) -> Kind:
    if _FENCE.match(line):
        return Kind.CODE
    if _HEADING.match(line):
        return Kind.HEADING
    if _ITEM.match(line):
        return Kind.ITEM
    return Kind.ROW if _ROW.match(line) else Kind.PROSE


def _paragraph(lines: list[str]) -> Iterator[Unit]:
    if lines:
        yield Unit(Kind.PROSE, "\n".join(lines))


def _fenced(opening: str, lines: Iterator[str]) -> str:
    """Take lines up to the fence that closes; an unclosed block goes to the end."""
    fence = opening.lstrip(" >")[:3]
    inside = []
    for line in lines:
        if line.lstrip(" >").startswith(fence):
            break
        inside.append(line)
    return "\n".join(inside)
