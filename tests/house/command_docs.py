"""docs/commands.md and what it must say: the program's own help, command by command."""

import re
from collections.abc import Iterator
from pathlib import Path

import click

from lineage.cli.main import lineage

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"
WIDTH = 80
_BLOCK = re.compile(r"(?<=<!-- help: begin -->\n).*(?=<!-- help: end -->)", re.DOTALL)


def help_texts() -> dict[str, str]:
    """Return the help of the program and of each command, by the words that call it."""
    settings = {**lineage.context_settings, "terminal_width": WIDTH}
    return dict(_of(lineage, click.Context(lineage, info_name="lineage", **settings)))


def with_help(page: str) -> str:
    """Return the page with its generated part made anew."""
    parts = [
        f"## `{name}`\n\n```console\n$ {name} --help\n{told}\n```\n"
        for name, told in help_texts().items()
    ]
    made = "\n" + "\n".join(parts) + "\n"
    return _BLOCK.sub(lambda _: made, page)


def _of(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from _of(
                below, click.Context(below, context, info_name=name, terminal_width=WIDTH)
            )
