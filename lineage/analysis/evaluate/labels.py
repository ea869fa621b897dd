"""A table of known answers, child and parent, as somebody wrote it; what cannot be read is told."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass

from lineage.domain.repo_ids import is_repo_id, tidy_name

_HEADER = ("child", "parent")


@dataclass(frozen=True, slots=True)
class Labels:
    """Pairs of child and parent, each once, and how many lines held none."""

    pairs: tuple[tuple[str, str], ...]
    bad_lines: int = 0


def read_labels(lines: Iterable[str]) -> Labels:
    """Read CSV lines `child,parent`; a header, empty lines and further columns are passed over."""
    pairs: dict[tuple[str, str], None] = {}
    bad = 0
    for number, line in enumerate(lines, start=1):
        cells = _cells(line)
        if not cells or (number == 1 and tuple(cell.lower() for cell in cells[:2]) == _HEADER):
            continue
        if len(cells) < 2 or not all(is_repo_id(cell) for cell in cells[:2]):
            bad += 1
        else:
            pairs[cells[0], cells[1]] = None
    return Labels(tuple(pairs), bad)


def _cells(line: str) -> list[str]:
    """Cut one line; a field too large for the reader is a bad line, as a stray quote is."""
    try:
        cells = next(csv.reader([line.removeprefix("\ufeff")], skipinitialspace=True), [])
    except csv.Error:
        return [""]
    tidy = [tidy_name(cell) for cell in cells]
    return tidy if any(tidy) else []
