"""A PNG in a terminal that shows pictures, by what the environment says of it; never in a pipe."""

import os
import sys
from base64 import standard_b64encode
from collections.abc import Mapping

COLUMNS = 76
_MOST_BYTES = 1_000_000
_CHUNK = 4096
_KITTY = frozenset({"xterm-kitty", "xterm-ghostty"})
_INLINE = frozenset({"iTerm.app", "WezTerm"})


def encode_terminal_picture(png: bytes, environment: Mapping[str, str]) -> bytes | None:
    """Return what makes the terminal of this environment show a PNG, 76 columns wide.

    Kitty's protocol and iTerm2's; None for any other terminal, or where the picture is too large.
    """
    # A multiplexer names itself in TERM or its own variable, and passes no pictures through.
    term = environment.get("TERM", "")
    is_multiplexed = "TMUX" in environment or term.startswith(("screen", "tmux"))
    if is_multiplexed or term == "dumb" or len(png) > _MOST_BYTES:
        return None
    text = standard_b64encode(png)
    if term in _KITTY or "KITTY_WINDOW_ID" in environment:
        chunks = [text[at : at + _CHUNK] for at in range(0, len(text), _CHUNK)]
        parts = []
        for at, chunk in enumerate(chunks):
            # q=2: a terminal that cannot show it must not answer into the user's command line.
            head = f"a=T,f=100,q=2,c={COLUMNS}," if at == 0 else ""
            more = int(at < len(chunks) - 1)
            parts.append(b"\x1b_G" + f"{head}m={more};".encode() + chunk + b"\x1b\\")
        return b"".join(parts) + b"\n"
    program = environment.get("TERM_PROGRAM", "")
    if program in _INLINE or environment.get("LC_TERMINAL") == "iTerm2":
        head = f"inline=1;size={len(png)};width={COLUMNS};preserveAspectRatio=1"
        return f"\x1b]1337;File={head}:".encode() + text + b"\x07\n"
    return None


def show_terminal_picture(png: bytes) -> bool:
    """Show a PNG on standard output where that is a terminal that can; say whether it did."""
    if sys.stdout is None or not sys.stdout.isatty():
        return False
    content = encode_terminal_picture(png, os.environ)
    if content is None:
        return False
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()
    return True
