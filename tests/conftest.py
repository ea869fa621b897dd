"""The same start for every test: nobody's settings, nobody's token, no network but loopback.

`tests/house/test_isolation.py` holds it to this.
"""

import fcntl
import gc
import ipaddress
import logging
import os
import pickle
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from lineage.reporting.family_tree import FamilyTreeReport
    from lineage.store.reader import Snapshot
    from tests.demo_run import DemoRun

SYSTEM_PROGRAMS = {
    "chromium": "chromium",
    "systemd-analyze": "systemd",
    "crontab": "cron",
    "dot": "graphviz",
}
"""What tests marked `needs` may ask for, with the Debian package that has it."""

MERMAID = Path(__file__).parent / "mermaid"
"""Mermaid's own parser, which needs node: `npm ci --prefix tests/mermaid` brings it."""
SARIF_SCHEMA = MERMAID / "node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"
"""The schema of SARIF 2.1.0, as a package of its authors carries it; it comes with Mermaid."""

_MEMORY = Path("/dev/shm")
"""Where Linux keeps files in memory."""


def _choose_temporary_folder() -> None:
    # A publication asks the disk some twenty times for durability, which is most of its time here:
    # in memory the tests take half of theirs. A container may have next to nothing there.
    if "TMPDIR" in os.environ or not os.access(_MEMORY, os.W_OK):
        return
    if shutil.disk_usage(_MEMORY).free > 6 << 30:
        os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)


_choose_temporary_folder()
_HOME = tempfile.TemporaryDirectory(prefix="lineage-tests-")


def _clean_environment() -> None:
    for name in list(os.environ):
        if name.startswith(("HF_", "HUGGING_FACE_", "HUGGINGFACE_", "LINEAGE_")):
            del os.environ[name]
    os.environ["HF_HOME"] = os.environ["XDG_CONFIG_HOME"] = _HOME.name
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"


# huggingface_hub reads its environment once, when it is imported: before that, not in a fixture.
_clean_environment()

# A shared machine is slow at times; in CI the same examples come every time.
settings.register_profile(
    "ci",
    deadline=None,
    max_examples=40,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("ci")


@pytest.fixture(scope="session")
def corpus_snapshot(tmp_path_factory: pytest.TempPathFactory) -> "Snapshot":
    """Return a snapshot of the whole bundled corpus, made once a run; tests must not change it."""
    from lineage.domain.opt_outs import NO_OPT_OUTS
    from lineage.store.store import ParquetStore
    from tests.corpus import publish_corpus

    with _folder_of_run(tmp_path_factory, "corpus") as folder:
        store = ParquetStore(str(folder), NO_OPT_OUTS)
        snapshot = store.snapshot() if store.manifests() else publish_corpus(folder)
    return snapshot.with_columns_held()


@pytest.fixture(scope="session")
def llama(
    corpus_snapshot: "Snapshot", tmp_path_factory: pytest.TempPathFactory
) -> "FamilyTreeReport":
    """Return the report on the corpus's Llama family, made once a run; tests must not change it."""
    from lineage.families.registry import all_families, family
    from tests.questions import family_tree

    with _folder_of_run(tmp_path_factory, "llama") as folder:
        file = folder / "report.pickle"
        if not file.exists():
            report = family_tree(corpus_snapshot, family("llama"), all_families())
            file.write_bytes(pickle.dumps(report))
        whole: FamilyTreeReport = pickle.loads(file.read_bytes())
        return whole


@pytest.fixture(scope="session")
def demo_run(tmp_path_factory: pytest.TempPathFactory) -> "DemoRun":
    """Return what `lineage demo` did and printed, run once a run; tests must not change it."""
    from tests.demo_run import read_demo_run, run_demo

    with _folder_of_run(tmp_path_factory, "demo-run") as folder:
        return read_demo_run(folder) or run_demo(folder)


@contextmanager
def _folder_of_run(factory: pytest.TempPathFactory, name: str) -> Iterator[Path]:
    """Give a folder that all workers of a run share, and let one of them at a time be in it."""
    # Each of xdist's workers has a folder of its own, below one that all of them share.
    own = factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / name
    folder.mkdir(exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def pytest_configure(config: pytest.Config) -> None:
    if config.option.markexpr != "live":
        sys.addaudithook(_refuse_the_outside)
    gc.disable()


def pytest_collection_finish() -> None:
    # Thousands of tests and their modules stay to the end: looking through them for garbage again
    # and again would take a quarter of the time until here, and much of each test's.
    gc.freeze()
    # Each look still goes through all that is young: rarer ones take an eighth off the whole.
    gc.set_threshold(10_000, 20, 20)
    gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs a program that this system lacks; .ci/run installs all of them."""
    lacking = [item for item in items for need in item.iter_markers("needs") if _lacks(need)]
    config.hook.pytest_deselected(items=lacking)
    items[:] = [item for item in items if item not in lacking]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for program, package in SYSTEM_PROGRAMS.items():
        if shutil.which(program) is None:
            terminalreporter.write_line(
                f"left out: tests that need {program}; Debian has it in the package {package}"
            )
    if not _has_mermaid():
        terminalreporter.write_line(
            "left out: tests that need mermaid or the schema of SARIF; "
            "npm ci --prefix tests/mermaid brings both"
        )


def _lacks(need: pytest.Mark) -> bool:
    (program,) = need.args
    if program in ("mermaid", "sarif"):
        return not (SARIF_SCHEMA.exists() if program == "sarif" else _has_mermaid())
    assert program in SYSTEM_PROGRAMS, f"{program} is none of SYSTEM_PROGRAMS"
    return shutil.which(program) is None


def _has_mermaid() -> bool:
    return shutil.which("node") is not None and (MERMAID / "node_modules" / "mermaid").is_dir()


def pytest_unconfigure() -> None:
    # Libraries in C tell of every object that outlives the process as of a leak.
    gc.unfreeze()
    _HOME.cleanup()


def _refuse_the_outside(event: str, args: tuple[object, ...]) -> None:
    """An audit hook sees every connection of this process, whichever library opens it."""
    if event == "socket.connect" and isinstance(args[1], tuple) and not _is_here(str(args[1][0])):
        raise PermissionError(f"a test asked {args[1][0]}: tests talk to this machine alone")


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(autouse=True)
def _quiet_house() -> Iterator[None]:
    """Undo what a command run in this process did to the house's log."""
    yield
    house = logging.getLogger("lineage")
    house.handlers, house.propagate = [], True
    house.setLevel(logging.NOTSET)
