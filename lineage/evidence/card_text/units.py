"""A card cut into what can be read by itself: paragraphs, list items, rows, headings, code."""

import re
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

_FENCE = re.compile(r"[ >]{0,6}(```|~~~)")
_ITEM = re.compile(r"[\s>]{0,12}(?:[+*\u2022\u2013-]|\d{1,2}[.)])\s")
_HEADING = re.compile(r"[\s>]{0,4}#{1,6}(?:\s|$)")
_ROW = re.compile(r"[\s>]{0,4}\|")
# From here on a quantizer's card repeats the card of what it quantized: another model's words.
_FOREIGN = re.compile(
    r"[\s#*_>:-]{0,16}(?:<[^<>]{0,80}>\s{0,4})?(?:(?:below|here|following) (?:is|follows) )?"
    r"(?:the )?original (?:(?:model|repo|repository)(?:'s)? )?(?:card|readme|description|text)\b"
    r"(?!\]|\s?\()",
    re.IGNORECASE,
)


class UnitKind(Enum):
    """How a unit is to be read."""

    PROSE = "prose"
    ITEM = "item"
    ROW = "row"
    HEADING = "heading"
    CODE = "code"


class Unit(NamedTuple):
    """One part of a card, word for word."""

    kind: UnitKind
    text: str


def split_card(text: str) -> Iterator[Unit]:
    """Yield the parts of a card in order, without its front matter and without a repeated card."""
    prose: list[str] = []
    has_text = False
    lines = iter(_cut_front_matter(text.replace("\r\n", "\n")).split("\n"))
    for line in lines:
        kind = _kind_of_line(line)
        if has_text and kind is not UnitKind.ROW and _FOREIGN.match(line):
            break
        has_text = has_text or bool(line.strip())
        if kind is UnitKind.PROSE and line.strip():
            prose.append(line)
            continue
        yield from _join_paragraph(prose)
        prose = []
        if kind is UnitKind.CODE:
            yield Unit(kind, _read_fenced(line, lines))
        elif line.strip():
            yield Unit(kind, line)
    yield from _join_paragraph(prose)


def _cut_front_matter(text: str) -> str:
    """Cut the block between two lines of dashes: the listing has it, read by the Hub itself."""
    text = text.removeprefix("\ufeff").lstrip()
    if not text.startswith("---"):
        return text
    end = text.find("\n---", 3)
    return text if end == -1 else text[end + len("\n---") :]


def _kind_of_line(line: str) -> UnitKind:
    if _FENCE.match(line):
        return UnitKind.CODE
    if _HEADING.match(line):
        return UnitKind.HEADING
    if _ITEM.match(line):
        return UnitKind.ITEM
    return UnitKind.ROW if _ROW.match(line) else UnitKind.PROSE


def _join_paragraph(lines: list[str]) -> Iterator[Unit]:
    if lines:
        yield Unit(UnitKind.PROSE, "\n".join(lines))


def _read_fenced(opening: str, lines: Iterator[str]) -> str:
    """Take lines up to the fence that closes; an unclosed block goes to the end."""
    fence = opening.lstrip(" >")[:3]
    inside = []
    for line in lines:
        if line.lstrip(" >").startswith(fence):
            break
        inside.append(line)
    return "\n".join(inside)
