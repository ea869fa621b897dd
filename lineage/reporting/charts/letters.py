"""How wide a text is in this package's font, read from the font itself: nothing may overlap."""

import struct
from functools import cache
from importlib import resources

from lineage.domain.escape import visible

FONT = "DejaVuSans.ttf"
_ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
_SEGMENTS = 4
"""The format of the font's table of characters: runs of them."""


def spelled(text: str) -> str:
    r"""Return text in which what acts, and every letter that the font lacks, is `\u4e2d`.

    So a picture shows the same letters wherever it is painted, and each as wide as we think.
    """
    known = _advances()
    return "".join(one if one in known else _code(one) for one in visible(text))


def width(text: str, size: float) -> float:
    """Return how wide a spelled text is, in the unit of `size`; close pairs may take less."""
    known = _advances()
    return sum(known[one] for one in text) * size


def fitted(text: str, size: float, room: float) -> str:
    """Return a spelled text cut with an ellipsis to what there is room for; maybe nothing."""
    if width(text, size) <= room:
        return text
    return _cut(text, size, room)


def wrapped(text: str, size: float, room: float) -> list[str]:
    """Return a text as lines that fit; a word that is too long is cut."""
    lines: list[str] = []
    for word in (fitted(spelled(one), size, room) for one in text.split(" ") if one):
        if lines and width(f"{lines[-1]} {word}", size) <= room:
            lines[-1] = f"{lines[-1]} {word}"
        else:
            lines.append(word)
    return lines


def _cut(text: str, size: float, room: float) -> str:
    known, left, end = _advances(), room / size - _advances()[_ELLIPSIS], 0
    for one in text:
        left -= known[one]
        if left < 0:
            break
        end += 1
    return f"{text[:end]}{_ELLIPSIS}" if end else ""


def _code(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


@cache
def _advances() -> dict[str, float]:
    """Return for each character of the font how far it moves the pen, in parts of its size."""
    data = (resources.files("lineage.reporting.charts") / "font" / FONT).read_bytes()
    tables = _tables(data)
    (per_em,) = struct.unpack_from(">H", data, tables["head"] + 18)
    (many,) = struct.unpack_from(">H", data, tables["hhea"] + 34)
    widths = [at[0] / per_em for at in struct.iter_unpack(">Hh", _part(data, tables["hmtx"], many))]
    glyphs = _glyphs(data, tables["cmap"])
    return {chr(code): widths[min(glyph, many - 1)] for code, glyph in glyphs.items()}


def _part(data: bytes, start: int, pairs: int) -> bytes:
    return data[start : start + 4 * pairs]


def _tables(data: bytes) -> dict[str, int]:
    """Return where each table of a TrueType font begins."""
    (many,) = struct.unpack_from(">H", data, 4)
    records = (struct.unpack_from(">4sIII", data, 12 + 16 * at) for at in range(many))
    return {tag.decode(): start for tag, _, start, _ in records}


def _glyphs(data: bytes, cmap: int) -> dict[int, int]:
    """Return the glyph of each character; the font has one table of runs of characters."""
    (many,) = struct.unpack_from(">H", data, cmap + 2)
    starts = [struct.unpack_from(">I", data, cmap + 8 + 8 * at)[0] for at in range(many)]
    table = next(
        cmap + start
        for start in starts
        if struct.unpack_from(">H", data, cmap + start)[0] == _SEGMENTS
    )
    runs = struct.unpack_from(">H", data, table + 6)[0] // 2
    ends, firsts, deltas, offsets = (
        struct.unpack_from(f">{runs}H", data, table + 14 + 2 * part * runs + 2 * (part > 0))
        for part in range(4)
    )
    found = {}
    for run, (first, end, delta, offset) in enumerate(
        zip(firsts, ends, deltas, offsets, strict=True)
    ):
        for code in range(first, min(end, 0xFFFE) + 1):
            glyph = code
            if offset:
                at = table + 16 + 6 * runs + 2 * run + offset + 2 * (code - first)
                (glyph,) = struct.unpack_from(">H", data, at)
            found[code] = (glyph + delta) & 0xFFFF
    return found
