"""Schemathesis asks a running server whatever its OpenAPI document allows, and what it forbids."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.story.test_serve import environment, publish_day, serving

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_headers_conformance,response_schema_conformance,unsupported_method"
)


def test_the_server_does_what_its_document_says(tmp_path: Path) -> None:
    publish_day(tmp_path / "snapshots", 3, 0)
    program = Path(sys.executable).with_name("schemathesis")
    assert program.exists() or shutil.which("schemathesis")
    with serving(tmp_path / "snapshots", tmp_path / "log") as running:
        asked = subprocess.run(
            [
                *(str(program), "run", f"{running.url}openapi.json", "--checks", CHECKS),
                *("--max-examples", "2", "--seed", "1", "--phases", "examples,coverage,fuzzing"),
                *("--no-color", "--request-timeout", "20"),
            ],
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert asked.returncode == 0, asked.stdout[-6000:]
        assert running.stop() == 0
    assert "Traceback" not in (tmp_path / "log").read_text("utf-8")
