"""A picture in a terminal: whole, bounded, in the terminal's own protocol, and never in a pipe."""

import base64
import os
import pty
import subprocess
import sys
from collections.abc import Mapping

import pytest

from lineage.cli.demo_tour import encode_terminal_picture

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40


def kitty_content(text: bytes) -> tuple[bytes, bytes]:
    """Return the keys of the first part, and what all parts hold together."""
    parts = [part.split(b"\x1b\\")[0].partition(b";") for part in text.split(b"\x1b_G")[1:]]
    assert all(len(content) <= 4096 for _, _, content in parts)
    assert [keys[-1:] for keys, _, _ in parts] == [b"1"] * (len(parts) - 1) + [b"0"]
    return parts[0][0], base64.b64decode(b"".join(content for _, _, content in parts))


@pytest.mark.parametrize("name", [{"TERM": "xterm-kitty"}, {"KITTY_WINDOW_ID": "1"}])
def test_kitty_gets_it_in_parts(name: Mapping[str, str]) -> None:
    text = encode_terminal_picture(PNG, name)
    assert text is not None
    keys, content = kitty_content(text)
    assert content == PNG
    assert {b"a=T", b"f=100", b"c=76", b"q=2"} <= set(keys.split(b","))


@pytest.mark.parametrize(
    "name", [{"TERM_PROGRAM": "iTerm.app"}, {"TERM_PROGRAM": "WezTerm"}, {"LC_TERMINAL": "iTerm2"}]
)
def test_iterm_gets_it_in_one(name: Mapping[str, str]) -> None:
    text = encode_terminal_picture(PNG, name)
    assert text is not None
    head, _, content = text.partition(b":")
    assert head.startswith(b"\x1b]1337;File=inline=1")
    assert base64.b64decode(content.removesuffix(b"\x07\n")) == PNG


@pytest.mark.parametrize(
    "name",
    [
        {},
        {"TERM": "xterm-256color"},
        {"TERM": "dumb", "TERM_PROGRAM": "iTerm.app"},
        {"TERM": "screen-256color", "LC_TERMINAL": "iTerm2"},
        {"TERM": "xterm-kitty", "TMUX": "socket,1,0"},
    ],
)
def test_who_does_not_say_that_it_shows_pictures_gets_none(name: Mapping[str, str]) -> None:
    assert encode_terminal_picture(PNG, name) is None


def test_a_picture_that_is_too_large_is_left_out() -> None:
    assert encode_terminal_picture(b"x" * 1_000_001, {"TERM": "xterm-kitty"}) is None


def test_it_goes_to_a_terminal_and_not_into_a_pipe() -> None:
    code = f"from lineage.cli.demo_tour import show_terminal_picture as s; s({PNG!r})"
    command = [sys.executable, "-c", code]
    environment = {**os.environ, "TERM": "xterm-kitty"}
    assert subprocess.check_output(command, env=environment) == b""
    leader, follower = pty.openpty()
    with subprocess.Popen(command, env=environment, stdout=follower) as showing:
        os.close(follower)
        text = b"".join(iter(lambda: _read_terminal(leader), b""))
    os.close(leader)
    assert showing.returncode == 0
    assert kitty_content(text)[1] == PNG


def _read_terminal(leader: int) -> bytes:
    try:
        return os.read(leader, 65536)
    except OSError:  # the other end is closed
        return b""
