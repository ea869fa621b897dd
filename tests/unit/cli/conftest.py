"""A small published store, and the program run in this process as a shell would run it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lineage.cli.main import run_command_line
from tests.builders import published, row
from tests.fakes.fake_hub import FakeHub
from tests.fakes.live_catalog import LiveCatalog

BASE = "meta-llama/Llama-2-7b-hf"
OTHER = "mistralai/Mistral-7B-v0.1"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a shell sees of one run."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Program = Callable[..., Outcome]


@pytest.fixture
def program(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Program:
    """Runs the command line in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def ran(*arguments: object) -> Outcome:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            run_command_line([str(one) for one in arguments])
        told = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Outcome(ended.value.code, told.out, told.err)

    return ran


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with one snapshot: two bases, three generations, a merge, a hostile license."""
    folder = tmp_path_factory.mktemp("store")
    tuned = row("owner/tuned", [BASE], license="mit", downloads=500, tags=["license:mit"])
    rows = [
        row(BASE),
        row(OTHER),
        tuned,
        row("owner/adapter", ["owner/tuned"], "adapter"),
        row("owner/merge", ["owner/tuned", OTHER], "merge"),
        row("owner/quantized", [BASE], "quantized", tags=["license:=1+1"]),
    ]
    published(rows, folder)
    return folder


@pytest.fixture
def box() -> Iterator[FakeHub]:
    """A Hub with a base, its child and a grandchild."""
    rows: list[Any] = [
        row(BASE),
        row("owner/tuned", [BASE]),
        row("owner/adapter", ["owner/tuned"], "adapter"),
    ]
    with FakeHub(LiveCatalog(rows)) as opened:
        yield opened
