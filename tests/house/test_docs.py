"""What the documents say of the program is what the program says of itself."""

from tests.house.command_docs import PAGE, WIDTH, help_texts, with_help


def test_every_commands_help_is_in_the_docs() -> None:
    page = PAGE.read_text("utf-8")
    assert with_help(page) == page, "write it anew: python -m tests.house.write_docs"


def test_the_docs_hold_more_than_one_command() -> None:
    assert {"lineage", "lineage count", "lineage snapshots verify"} <= set(help_texts())


def test_every_option_says_what_it_does() -> None:
    for name, told in help_texts().items():
        options = told.partition("Options:\n")[2].partition("\n\n")[0]
        assert options, name
        for line in options.splitlines():
            lonely = line.startswith("  -") and len(line.split("  ")) < 3 and len(line) < 30
            assert not lonely, f"{name}: {line}"


def test_help_fits_a_terminal_of_eighty_columns() -> None:
    lines = [(name, line) for name, told in help_texts().items() for line in told.splitlines()]
    assert not [(name, line) for name, line in lines if len(line) > WIDTH]
