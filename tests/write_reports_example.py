"""Writes reports/example and README's answers anew: python -m tests.write_reports_example."""

import re
import shutil
import tempfile
from pathlib import Path

from click.testing import CliRunner

from lineage.cli.main import lineage
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.store.store import ParquetStore
from tests.corpus import BOX
from tests.demo_run import DemoRun, run_demo

README = Path(__file__).parent.parent / "README.md"
EXAMPLE = README.parent / "reports" / "example"
MOST_BYTES = 2_000_000
CHOSEN = (
    "family-tree.llama.en.html",
    "family-tree.llama.poster.en.svg",
    "licenses.llama.en.html",
    "trend.llama.de.html",
    "trend.llama.en.html",
    "trend.llama.history.csv",
    "trend.llama.history.en.svg",
)
"""What a reader wants to see: of every report a page, of one its German, of two the picture."""
_ANSWERS = re.compile(r"(?<=<!-- answers: begin -->\n).*(?=<!-- answers: end -->)", re.DOTALL)


def example_files(run: DemoRun) -> dict[str, bytes]:
    """Return every file of the example: the demo's own, and a page in German."""
    # Each box has a port of its own: one address stands for all of them.
    manifest = ParquetStore(str(run.store), NO_OPT_OUTS).manifests()[-1]
    endpoint = manifest.origin.endpoint.encode()
    with tempfile.TemporaryDirectory() as folder:
        command = ["report", "trend", "--lang", "de"]
        where = ["--store", str(run.store), "--out", folder]
        outcome = CliRunner().invoke(lineage, [*command, *where])
        assert outcome.exit_code == 0, outcome.output
        folders = (Path(folder), run.reports)
        paths = [next(at / name for at in folders if (at / name).exists()) for name in CHOSEN]
        return {path.name: path.read_bytes().replace(endpoint, BOX.encode()) for path in paths}


def with_answers(readme: str, run: DemoRun) -> str:
    """Return README with the questions that the demo asks, and what it printed as answers."""
    rows = ["| question | command | answer |", "|---|---|---|"]
    for block in re.findall(r"^  \d\. .+?(?=\n\n)", run.out, re.DOTALL | re.MULTILINE):
        question, *answer, command = (line.strip() for line in block.splitlines())
        rows.append(f"| {question[3:]} | `{command}` | {' '.join(answer)} |")
    table = "\n".join(rows)
    return _ANSWERS.sub(lambda _: f"{table}\n", readme)


def write_example(run: DemoRun) -> None:
    """Write the example and README's answers anew from a run of the demo."""
    files = example_files(run)
    README.write_text(with_answers(README.read_text("utf-8"), run), "utf-8")
    shutil.rmtree(EXAMPLE, ignore_errors=True)
    EXAMPLE.mkdir(parents=True)
    for name, content in files.items():
        (EXAMPLE / name).write_bytes(content)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        write_example(run_demo(Path(made)))
