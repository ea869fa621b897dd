"""A command of the user's own: no shell reads it, it sees no secret, and its end is said."""

import logging
import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from lineage.crawl.publish_command import (
    explain_failed_publish_command,
    run_command,
    split_publish_command,
)
from lineage.errors import SettingsError

SHELL_SYNTAX = {
    "cat > out": ">",
    "cat >> out": ">>",
    "n 2>&1": ">",
    "n <in": "<",
    "cat|mail me": "|",
    "a && b": "&&",
    "a||b": "||",
    "a; b": ";",
    "a;": ";",
    "n &": "&",
    "n $HOME": "$HOME",
    'n "to $HOME"': "$HOME",
    "n ${X}": "${",
    "n $1": "$1",
    "n $(id)": "$(",
    "n `id`": "`",
    'n "`id`"': "`",
    "n *.json": "*",
    "n file?": "?",
    "n [ab]c": "[ab]",
    "n a{b,c}": "{b,c}",
    "n {1..3}": "{1..3}",
    "X=1 n": "X=",
    "~/bin/n": "~",
    "n a ~": "~",
    "n # later": "#",
    "n\nm": "a line break",
    "(n)": "(",
    "n 'a'>b": ">",
    "n 'it'\\''s' > x": ">",
    'n "a"$B': "$B",
}


@pytest.mark.parametrize("command", SHELL_SYNTAX)
def test_what_only_a_shell_would_do_is_refused_with_the_way_to_have_one(command: str) -> None:
    with pytest.raises(SettingsError, match="no shell reads") as caught:
        split_publish_command(command)
    assert f"so {SHELL_SYNTAX[command]} does nothing" in str(caught.value)
    assert f"sh -c {shlex.quote(command)};" in caught.value.hint
    assert split_publish_command(f"sh -c {shlex.quote(command)}") == ["sh", "-c", command]


@pytest.mark.parametrize(
    "command",
    [
        "notify --to me@example.org",
        "'/opt/my tools/notify' --to 'you & me' \"it's > that; (all) * ?\"",
        "n a\\>b \\$HOME \\*",
        'n "costs 5$ (five)" "\\$x" "\\`"',
        "n a~b a#b x=1 --k=v {} {a} a,b a-b:c %h ! @-",
        "curl -d @- https://hooks.example/~me/x#y",
        "/opt/ümläut/模型 🦙",
    ],
)
def test_a_plain_command_is_one_word_for_word(command: str) -> None:
    assert split_publish_command(command) == shlex.split(command)


@pytest.mark.parametrize("command", ["", " ", "''", "notify 'me", "notify \\"])
def test_what_is_no_command_is_refused(command: str) -> None:
    with pytest.raises(SettingsError, match=r"not a command|is empty"):
        split_publish_command(command)


def environment_of(tmp_path: Path, environment: Mapping[str, str], token: str | None = None) -> str:
    kept = tmp_path / "environment"
    code = f"import os; open({str(kept)!r}, 'w').write(repr(dict(os.environ)))"
    run_command([sys.executable, "-c", code], b"", environment, 20, token)
    return kept.read_text("utf-8")


def test_the_command_sees_what_a_program_needs_and_no_secret(tmp_path: Path) -> None:
    plain = {
        "PATH": os.environ["PATH"],
        "HOME": "/home/me",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "HTTPS_PROXY": "http://proxy.example:3128",
        "no_proxy": "localhost",
        "LINEAGE_STORE": "s3://bucket/history",
        "LINEAGE_OPT_OUTS": "somebody",
    }
    secrets = {
        **dict.fromkeys(["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "LINEAGE_TOKEN_FILE"], "secret"),
        **dict.fromkeys(["HF_HOME", "HF_TOKEN_PATH", "XDG_CACHE_HOME", "SSH_AUTH_SOCK"], "/secret"),
        **dict.fromkeys(["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"], "secret"),
        **dict.fromkeys(["AWS_SESSION_TOKEN", "AWS_CONFIG_FILE", "AWS_PROFILE"], "secret"),
        **dict.fromkeys(["GOOGLE_APPLICATION_CREDENTIALS", "AZURE_CLIENT_SECRET"], "secret"),
        **dict.fromkeys(["GITHUB_TOKEN", "ACTIONS_RUNTIME_TOKEN", "MY_PASSWORD"], "secret"),
        **dict.fromkeys(["OPENAI_API_KEY", "SLACK_WEBHOOK", "DATABASE_URL"], "secret"),
        **dict.fromkeys(["CREDENTIALS_DIRECTORY", "NETRC", "KUBECONFIG"], "/secret"),
        "HTTP_PROXY": "http://me:secret@proxy.example:3128",
        "http_proxy": "me:secret@proxy.example:3128",
        "ALL_PROXY": "socks5://secret@proxy.example",
        "LINEAGE_CACHE": "s3://key:secret@bucket",
        "LINEAGE_FAMILIES": "s3://bucket/x?secret_key=secret",
        "LINEAGE_ON_PUBLISH": "secret",
        "LANG": "the secret token",
    }
    seen = environment_of(tmp_path, plain | secrets, token="secret token")
    assert "secret" not in seen
    assert {name for name in plain if f"{name!r}: {plain[name]!r}" in seen} == set(plain)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import sys; print('no mail'); sys.exit(7)", "ended with exit code 7"),
        ("import sys; print('no mail'); sys.exit(7)", "its words: no mail"),
        ("import os; os.kill(os.getpid(), 15)", "was ended by signal 15"),
        ("import os; os.abort()", "was ended by signal 6"),
        ("import time; time.sleep(60)", "took over 0.4 s and was ended"),
        ("while True: print('x' * 100_000)", "took over 0.4 s and was ended"),
    ],
)
def test_however_the_command_ends_it_is_said(
    code: str, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    run_command(
        [sys.executable, "-c", code], b"{}", os.environ, 0.4 if "took over" in words else 20
    )
    (said,) = [one.getMessage() for one in caplog.records]
    assert words in said


def test_of_much_output_the_end_is_kept(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    code = "import sys; sys.stdout.write('x' * 20_000_000 + ' done'); sys.stdin.close()"
    run_command([sys.executable, "-c", code], b"x" * 1_000_000, os.environ, 20)
    (said,) = [one.getMessage() for one in caplog.records]
    assert said.endswith("xxx done")
    assert len(said) < 3000


def test_a_child_that_is_left_behind_holds_nothing_up(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    run_command(["sh", "-c", "sleep 60 & echo done"], b"", os.environ, 20)
    assert caplog.records[-1].getMessage() == "sh was told: done"


def test_a_program_that_cannot_be_started_is_explained(tmp_path: Path) -> None:
    plain, script = tmp_path / "plain", tmp_path / "script"
    plain.write_text("hello", "utf-8")
    script.write_text("hello", "utf-8")
    script.chmod(0o755)

    def said(*words: str) -> str:
        with pytest.raises(OSError) as caught:  # noqa: PT011 which one is what is tested
            run_command(words, b"", os.environ, 20)
        return explain_failed_publish_command(words, caught.value)

    assert "there is no program no-such-program" in said("no-such-program", "x")
    assert "there is no program cd" in said("cd", "/")
    assert f"chmod +x {plain}" in said(str(plain))
    assert f"chmod +x {tmp_path}" in said(str(tmp_path))
    assert "a script begins with a line" in said(str(script))
