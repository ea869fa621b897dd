"""Writes the generated part of docs/commands.md: python -m tests.house.write_docs."""

from tests.house.command_docs import PAGE, with_help

if __name__ == "__main__":
    PAGE.write_text(with_help(PAGE.read_text("utf-8")), "utf-8")
