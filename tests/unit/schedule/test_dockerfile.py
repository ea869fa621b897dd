"""The Dockerfile, which only Docker can build: its linter, and what it copies."""

import re
import subprocess
import sys
from pathlib import Path

from lineage.cli.main import lineage

ROOT = Path(__file__).parents[3]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
IGNORED_BUT = {
    line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line[:1] == "!"
}


def test_its_linter_has_nothing_to_say() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    outcome = subprocess.run([linter, ROOT / "Dockerfile"], capture_output=True, check=False)
    assert (outcome.returncode, outcome.stdout) == (0, b"")


def test_what_it_copies_is_there_and_is_sent() -> None:
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE)
    names = {name for line in copied for name in line.split()}
    assert names == IGNORED_BUT
    assert not [name for name in names if not (ROOT / name).exists()]


def test_it_does_not_run_as_root() -> None:
    assert re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE) == ["10001:10001"]


def test_every_command_in_it_is_one_of_ours() -> None:
    words = re.findall(r"^(?:  )?CMD \[(.*)\]$", DOCKERFILE, re.MULTILINE)
    asked = [line.replace('"', "").replace("lineage, ", "").split(", ")[0] for line in words]
    assert set(asked) <= set(lineage.commands)
    assert len(asked) == 2
