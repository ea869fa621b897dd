"""The command line: parse, call, print; a command decides nothing itself."""
