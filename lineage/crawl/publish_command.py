"""A command of the user's own, run for each new snapshot: its words, environment and end."""

import errno
import logging
import os
import re
import shlex
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from threading import Thread

from lineage.domain.addresses import mask_secrets_in_address
from lineage.domain.files import words_of_os_error
from lineage.errors import SettingsError

# A list of what is no secret, since no list has the names of all secrets: cloud keys, proxies
# with a password, the folder of the Hub's token. LINEAGE_ON_PUBLISH is not in it: a command that
# crawls would call itself for ever.
_ALLOWED = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "PWD", "TMPDIR", "TMP", "TEMP"),
        *("LANG", "LANGUAGE", "TZ", "TERM", "LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV"),
        *("DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
        # Its own `lineage` must answer from the same history, with the same opt-outs.
        *("LINEAGE_STORE", "LINEAGE_CACHE", "LINEAGE_FAMILIES", "LINEAGE_OPT_OUTS"),
    }
)
_MOST_OUTPUT = 2000
"""Bytes of the command's own words that the log shows, from their end."""

# In double quotes a shell still expands `$` and backticks; all else in quotes stands as it is.
_QUOTED = re.compile(r"""\\.|'[^']*'|"((?:\\.|[^"\\])*)\"""", re.DOTALL)
_EXPANSION = r"`|\$(?:\w+|[({$?#@*!-])"
_SHELL_SYNTAX = re.compile(
    rf"{_EXPANSION}|&&|\|\||>>|<<|[|&;<>()*?\n]|\[\S+\]|\{{\S*(?:,|\.\.)\S*\}}|(?<!\S)[~#]|^\s*\w+="
)

logger = logging.getLogger(__name__)


def split_publish_command(text: str | None) -> list[str]:
    """Return the words of a command of --on-publish; none where there is no command.

    Raises SettingsError where it is none, or where only a shell would do what it says.
    """
    if text is None:
        return []
    try:
        words = shlex.split(text)
    except ValueError as error:
        hint = "quote it as in a shell"
        raise SettingsError(f"not a command: {text!r}: {error}", hint) from error
    if not words or not words[0]:
        raise SettingsError("the command of --on-publish is empty", "leave the flag out")
    if (syntax := _find_shell_syntax_of_command(text)) is not None:
        raise SettingsError(
            f"no shell reads the command of --on-publish, so {syntax} does nothing in {text!r}",
            f"where a shell is to run it, the command is: sh -c {shlex.quote(text)}; a sign that "
            "is meant as it stands belongs in quotes",
        )
    return words


def _find_shell_syntax_of_command(text: str) -> str | None:
    """Return the first sign that a shell would act on."""

    def unquote(match: re.Match[str]) -> str:
        within = re.sub(r"\\.", "", match[1] or "")
        return "".join(("x", *re.findall(_EXPANSION, within)))

    match = _SHELL_SYNTAX.search(_QUOTED.sub(unquote, text))
    return None if match is None else match[0].strip() or "a line break"


def run_command(
    words: Sequence[str],
    message: bytes,
    environment: Mapping[str, str],
    seconds: float,
    token: str | None = None,
) -> None:
    """Run a command with a message on its standard input; how it ended is logged.

    It sees what is no secret of the environment: no token, no cloud key, no proxy's password.
    Raises OSError and ValueError where it cannot be started.
    """
    with tempfile.TemporaryFile() as input_file:
        input_file.write(message)
        input_file.seek(0)
        process = subprocess.Popen(
            words,
            stdin=input_file,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=_select_command_variables(environment, token),
            start_new_session=True,
        )
    # Read while it runs, and only the end is kept: it may write for hours, and fills no disk.
    output = bytearray()
    reader = Thread(target=_keep_command_tail, args=(process, output), daemon=True)
    reader.start()
    try:
        code = process.wait(seconds)
    except subprocess.TimeoutExpired:
        logger.warning("%s took over %g s and was ended", words[0], seconds)
    else:
        # A child that it left behind may hold its output open.
        _end_publish_command_group(process)
        reader.join(1.0)
        _log_publish_command_outcome(words[0], code, output.decode("utf-8", "replace").strip())
    finally:
        _end_publish_command_group(process)
        process.wait()


def explain_failed_publish_command(words: Sequence[str], error: OSError) -> str:
    """Return why a command could not be started, and what to do about it."""
    program = words[0]
    match error.errno:
        case errno.ENOENT:
            return f"there is no program {program}; no shell looks for it: name its path"
        case errno.EACCES:
            return f"{program} is no program that this user may run: chmod +x {program}"
        case errno.ENOEXEC:
            return f"{program} is no program: a script begins with a line such as #!/bin/sh"
        case _:
            return f"{program}: {words_of_os_error(error)}"


def _select_command_variables(environment: Mapping[str, str], token: str | None) -> dict[str, str]:
    return {
        name: value
        for name, value in environment.items()
        if (name in _ALLOWED or name.upper() in _ALLOWED or name.startswith("LC_"))
        and not (token and token in value)
        and mask_secrets_in_address(value) == value
        and not (name.lower().endswith("_proxy") and "@" in value)
    }


def _keep_command_tail(process: "subprocess.Popen[bytes]", output: bytearray) -> None:
    if process.stdout is None:
        return
    with process.stdout as stream, suppress(OSError, ValueError):
        while chunk := os.read(stream.fileno(), 65536):
            output[:] = (output + chunk)[-_MOST_OUTPUT:]


def _end_publish_command_group(process: "subprocess.Popen[bytes]") -> None:
    """End what still runs of the command, its own children included."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _log_publish_command_outcome(program: str, code: int, output: str) -> None:
    words = f"; its words: {output}" if output else ""
    if code == 0:
        logger.info("%s was told%s", program, f": {output}" if output else "")
    elif code < 0:
        logger.warning("%s was ended by signal %d, told of a snapshot%s", program, -code, words)
    else:
        logger.warning("%s ended with exit code %d, told of a snapshot%s", program, code, words)
