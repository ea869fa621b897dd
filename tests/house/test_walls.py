"""Who may import whom, as pyproject.toml says it; and that its walls stop a trespasser."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

TRESPASSES = [  # a part of the house, and what it must not know
    ("domain", "lineage.errors"),
    ("http", "lineage.sources"),
    ("store", "lineage.build"),
    ("evidence", "lineage.crawl"),
    ("reporting", "lineage.build"),
    ("graph", "lineage.analysis"),
    ("reporting", "lineage.demo"),
    ("sources", "httpx"),
    ("cli", "httpx"),
    ("sources", "tenacity"),
    ("analysis", "networkx"),
    ("cli", "huggingface_hub"),
    ("http", "pyarrow"),
]


def _lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("lint-imports")
    command = [str(program), "--no-logo", "--no-cache"]
    return subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)


def _copy_of_the_house(folder: Path) -> Path:
    shutil.copy(ROOT / "pyproject.toml", folder)
    ignore = shutil.ignore_patterns("__pycache__", "corpus")
    return shutil.copytree(ROOT / "lineage", folder / "lineage", ignore=ignore)


def test_every_import_keeps_to_its_side() -> None:
    outcome = _lint_imports(ROOT)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_every_trespass_is_seen(tmp_path: Path) -> None:
    house = _copy_of_the_house(tmp_path)
    expected = []
    for part, forbidden in TRESPASSES:
        name = f"to_{forbidden.replace('.', '_')}"
        (house / part / f"{name}.py").write_text(f"import {forbidden}\n", "utf-8")
        expected.append(f"lineage.{part}.{name} -> {forbidden}")
    outcome = _lint_imports(tmp_path)
    assert outcome.returncode == 1
    assert not [import_ for import_ in expected if import_ not in outcome.stdout], outcome.stdout


def test_a_new_part_needs_its_place(tmp_path: Path) -> None:
    (_copy_of_the_house(tmp_path) / "extras.py").write_text('"""A part in no layer."""\n', "utf-8")
    outcome = _lint_imports(tmp_path)
    assert outcome.returncode == 1
    assert "lineage.extras" in outcome.stdout
