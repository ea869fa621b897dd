"""Without an extra everything else is written, and one sentence says which extra is missing."""

import subprocess
import sys
from pathlib import Path

import pytest

BASE = "meta-llama/Llama-2-7b-hf"


def run_without(packages: str, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the program in a process in which some packages cannot be imported."""
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({packages.split()!r})); "
        f"from lineage.cli.main import run_command_line as run; run({[*words]!r})"
    )
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, check=False, capture_output=True, text=True
    )


@pytest.mark.parametrize(
    ("report", "package"),
    [("family-tree", "jinja2"), ("licenses", "jinja2"), ("trend", "resvg_py")],
)
def test_a_report_without_the_extra_has_all_that_needs_none(
    report: str, package: str, store: Path, tmp_path: Path
) -> None:
    done = run_without(package, tmp_path, "report", report, "--store", str(store), "--out", "r")
    assert done.returncode == 0, done.stderr
    endings = {path.suffix for path in (tmp_path / "r").iterdir()}
    assert endings == {".md", ".svg", ".csv"}
    assert "pip install '.[report]'" in done.stderr


def test_a_bill_of_materials_names_its_extra(store: Path, tmp_path: Path) -> None:
    done = run_without("cyclonedx", tmp_path, "export", "cyclonedx", BASE, "--store", str(store))
    assert (done.returncode, done.stdout) == (2, "")
    assert "need the extra sbom" in done.stderr
    assert "pip install '.[sbom]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_tables_of_iceberg_name_their_extra(store: Path, tmp_path: Path) -> None:
    done = run_without("pyiceberg", tmp_path, "export", "iceberg", "--store", str(store))
    assert (done.returncode, done.stdout, [*tmp_path.iterdir()]) == (2, "", [])
    assert "tables of Apache Iceberg need the extra iceberg" in done.stderr
    assert "pip install '.[iceberg]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_count_needs_no_extra(store: Path, tmp_path: Path) -> None:
    packages = "jinja2 resvg_py cyclonedx pyiceberg"
    done = run_without(packages, tmp_path, "count", BASE, "--store", str(store))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("package", "words", "extra"),
    [("starlette", (), "serve"), ("uvicorn", (), "serve"), ("mcp", ("--mcp-stdio",), "mcp")],
)
def test_the_server_names_its_extra(
    package: str, words: tuple[str, ...], extra: str, store: Path, tmp_path: Path
) -> None:
    done = run_without(package, tmp_path, "serve", "--store", str(store), *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"pip install '.[{extra}]'" in done.stderr
    assert "Traceback" not in done.stderr
