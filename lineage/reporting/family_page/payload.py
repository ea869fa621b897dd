"""Columns and lists packed for a page: one block of bytes, deflated, as base64."""

import base64
import json
import zlib
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from lineage.domain.arrays import Indices

_ALIGNED = 8
_TYPES = {"u1", "u2", "u4", "i1", "i4", "f8"}

Columns = Mapping[str, npt.NDArray[np.number]]


def pack(head: Mapping[str, object], columns: Columns) -> str:
    """Return base64 of a deflated block: length of the head, the head as JSON, the columns.

    The head gets `columns`: by name the type (`u1` `u2` `u4` `i1` `i4` `f8`, little-endian), where
    it begins after the head, counted in bytes, and how many numbers it has. Equal input gives
    equal text.
    """
    table: dict[str, list[object]] = {}
    parts: list[bytes] = []
    at = 0
    for name, column in columns.items():
        kind = column.dtype.str[1:]
        if kind not in _TYPES:
            raise ValueError(f"column {name}: a page cannot read {column.dtype}")
        content = column.astype(column.dtype.newbyteorder("<")).tobytes()
        content += bytes(-len(content) % _ALIGNED)
        table[name] = [kind, at, len(column)]
        parts.append(content)
        at += len(content)
    spelled = json.dumps({**head, "columns": table}, separators=(",", ":")).encode()
    spelled += b" " * (-len(spelled) % _ALIGNED)
    length = len(spelled).to_bytes(_ALIGNED, "little")
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = [deflate.compress(part) for part in (length, spelled, *parts)]
    return base64.b64encode(b"".join((*packed, deflate.flush()))).decode("ascii")


def smallest(column: Indices) -> Indices:
    """Return a column without negative numbers in the smallest type that holds it."""
    top = int(column.max(initial=0))
    return column.astype(np.uint8 if top < 1 << 8 else np.uint16 if top < 1 << 16 else np.uint32)
