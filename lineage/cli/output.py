"""Results to standard output in the format that was chosen, and files that appear whole."""

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO, TypeVar

import click

from lineage.cli.context import Format
from lineage.domain.addresses import mask_secrets_in_address
from lineage.domain.documents import Document, convert_to_document, to_json
from lineage.domain.escape import escape_log_lines, escaped_csv_lines
from lineage.domain.files import delete_leftovers, write_file_atomically
from lineage.errors import SettingsError, UnknownModel, file_error

if TYPE_CHECKING:
    from rich.console import RenderableType

Result = TypeVar("Result")

STANDARD_OUTPUT = "-"
# A narrower table would lose its names; a terminal that narrow wraps the lines instead.
NARROWEST_TABLE = 76

_WIDTH_OF_A_FILE = 100
_NO_WIDTH = 10
"""A terminal narrower than this has not been given its size yet: nothing fits into it."""
_PLAIN = str.maketrans("├│└─…·▁▂▃▄▅▆▇█", "||`-~.12345678")
"""For terminals that cannot show these characters."""


def print_result(
    format: Format,
    result: Result,
    rows: Callable[[Result], Iterable[Document]],
    table: "Callable[[Result], RenderableType]",
    *,
    narrowest: int = NARROWEST_TABLE,
    document: "Callable[[Result], Document | list[Document]]" = convert_to_document,
    columns: Sequence[str] = (),
) -> None:
    """Print a result: as a table, as CSV, or as JSON with its fields unless `document` differs.

    `columns` head a CSV that may have no row.
    """
    # Only the chosen form is made: a table needs rich, and a family has a hundred thousand rows.
    match format:
        case Format.JSON:
            click.echo(to_json(document(result)))
        case Format.CSV:
            click.echo("".join(escaped_csv_lines(rows(result), columns)), nl=False)
        case Format.TABLE:
            show(table(result), narrowest)


def print_answers(
    format: Format,
    answers: Sequence[Result],
    unknown: UnknownModel | None,
    *,
    rows: Callable[[Result], Iterable[Document]],
    table: "Callable[[Sequence[Result]], RenderableType]",
    document: Callable[[Result], Document],
    narrowest: int = NARROWEST_TABLE,
) -> None:
    """Print the answers about several subjects, then raise what says which ones are unknown."""
    print_result(
        format,
        answers,
        lambda results: (row for answer in results for row in rows(answer)),
        table,
        narrowest=narrowest,
        document=lambda results: [document(answer) for answer in results],
    )
    # Last, so that a script gets both: the answers there are, and exit code 5.
    if unknown is not None:
        raise unknown


def print_files(format: Format, paths: Iterable[Path]) -> None:
    """Print the files that a command wrote, each as soon as it is there."""
    if format is Format.TABLE:
        for path in paths:
            click.echo(path)
        return
    files: list[Document] = [{"file": str(path)} for path in paths]
    print_result(format, files, rows=list, table=str)


def show(picture: "RenderableType", narrowest: int = 1) -> None:
    """Print something drawn, as wide as the terminal is, but no narrower than that."""
    from rich.console import Console  # JSON and CSV do without

    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    width = None if is_terminal or "COLUMNS" in os.environ else _WIDTH_OF_A_FILE
    console = Console(width=width, highlight=False, markup=False, emoji=False)
    if console.width < _NO_WIDTH:
        console.width = _WIDTH_OF_A_FILE
    console.width = max(console.width, narrowest)
    # Drawn into memory first: only the whole text tells whether the terminal can encode it.
    with console.capture() as captured:
        console.print(picture)
    text = escape_log_lines("\n".join(line.rstrip() for line in captured.get().splitlines()))
    click.echo(text if _can_terminal_encode(sys.stdout, text) else text.translate(_PLAIN))


def _can_terminal_encode(stream: TextIO | None, text: str) -> bool:
    try:
        text.encode(getattr(stream, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def print_text_output(pieces: Iterable[str], out: str | None) -> None:
    """Write text as UTF-8, whatever the terminal's encoding is, piece by piece."""
    # A family is a hundred megabytes of GraphML: it never is one string. Lone surrogates of
    # somebody's card have no UTF-8; they are written as escapes.
    with _open_output_option(out) as file:
        for piece in pieces:
            file.write(piece.encode("utf-8", "backslashreplace"))


def write_files_to_out_option(files: Iterable[tuple[str, bytes]], folder: Path) -> Iterator[Path]:
    """Write files into a folder, made where it is missing; yield each path once it is written."""
    refuse_address_as_out_option(str(folder))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise file_error(f"{folder} cannot be made", error, "name another --out") from error
    for name, content in files:
        with _open_output_option(str(folder / name)) as file:
            file.write(content)
        yield folder / name


def refuse_address_as_out_option(out: str) -> None:
    """Raise SettingsError where an --out is an address: it would be a folder of that name."""
    # A path has lost the second slash.
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/", out):
        shown = mask_secrets_in_address(out if "://" in out else out.replace(":/", "://", 1))
        raise SettingsError(f"--out names a path, not an address: {shown}", "copy it from there")


@contextmanager
def _open_output_option(out: str | None) -> Iterator[BinaryIO]:
    """Give standard output, or a file that takes its name when it is whole."""
    if out is None or out == STANDARD_OUTPUT:
        # Closed by the shell (`>&-`), standard output is not there at all.
        with nullcontext(sys.stdout.buffer) if sys.stdout else Path(os.devnull).open("wb") as file:
            yield file
            file.flush()
        return
    refuse_address_as_out_option(out)
    # Where a link leads, not the link itself; a pipe or a device is written to, not replaced.
    target = Path(os.path.realpath(out))
    try:
        delete_leftovers(target.parent)
        is_replaced = target.is_file() or not target.exists()
        with (
            write_file_atomically(target, sync=False) if is_replaced else target.open("wb") as file
        ):
            yield file
    except OSError as error:
        raise file_error(f"{out} cannot be written", error, "name another --out") from error
