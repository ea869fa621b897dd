"""`lineage demo` as a user runs it: a process in an empty folder, once a run of the tests."""

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

WIDTH = 80


@dataclass(frozen=True, slots=True)
class DemoRun:
    """What a run of the demo left and printed."""

    folder: Path
    """Where it was run; the demo's own folder lies in it."""
    code: int
    out: str
    err: str

    @property
    def store(self) -> Path:
        return self.folder / "demo" / "snapshots"

    @property
    def reports(self) -> Path:
        return self.folder / "demo" / "reports"


def run_demo(folder: Path, *arguments: str) -> DemoRun:
    """Run it, and write beside its folder what it printed."""
    own = folder / "own"
    own.mkdir(exist_ok=True)
    environment = {
        "COLUMNS": str(WIDTH),
        "HF_TOKEN": "somebodys",
        "HF_ENDPOINT": "http://127.0.0.1:9",
    }
    ended = subprocess.run(
        [sys.executable, "-m", "lineage", "demo", *arguments],
        cwd=own,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    run = DemoRun(own, ended.returncode, ended.stdout, ended.stderr)
    words = {name: value for name, value in asdict(run).items() if name != "folder"}
    _result_file(folder).write_text(json.dumps(words), "utf-8")
    return run


def read_demo_run(folder: Path) -> DemoRun | None:
    """Return the run that this folder holds, None where it holds none."""
    if not _result_file(folder).exists():
        return None
    return DemoRun(folder / "own", **json.loads(_result_file(folder).read_text("utf-8")))


def _result_file(folder: Path) -> Path:
    return folder / "result.json"
