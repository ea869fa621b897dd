"""Runs the program: `python -m lineage`, and the command `lineage`."""

import signal


def main() -> None:
    """Run the command line."""
    # Nothing has begun while the program is still being loaded: Ctrl-C ends it without a word.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from lineage.cli.main import run_command_line

    run_command_line()


if __name__ == "__main__":
    main()
