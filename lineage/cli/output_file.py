"""Text into a file that appears whole or not at all, or to standard output."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from lineage.errors import LineageError

STANDARD_OUTPUT = "-"


def deliver(pieces: Iterator[str], out: str | None) -> None:
    """Write text as UTF-8, whatever the terminal's letters are, piece by piece."""
    with _opened(out) as file:
        for piece in pieces:
            file.write(piece.encode("utf-8", "backslashreplace"))


def deliver_file(content: bytes, target: Path) -> None:
    """Write a whole file, of text or not."""
    with _opened(str(target)) as file:
        file.write(content)


def folder_for(out: Path) -> Path:
    """Return a folder to write into, made where it is not there; LineageError where it cannot."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise LineageError(f"{out} cannot be made: {reason}", "name another --out") from error
    return out


@contextmanager
def _opened(out: str | None) -> Iterator[BinaryIO]:
    if out is None or out == STANDARD_OUTPUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    target = Path(out)
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            yield file
        temporary.replace(target)
    except OSError as error:
        reason = error.strerror or str(error)
        raise LineageError(f"{out} cannot be written: {reason}", "name another --out") from error
    finally:
        temporary.unlink(missing_ok=True)
