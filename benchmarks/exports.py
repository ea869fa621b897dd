"""A family in each format of `lineage export`: seconds and memory.

`python -m benchmarks.exports STORE` prints a Markdown table. STORE holds what `lineage crawl
--offline` made of `benchmarks.synthetic_hub`'s pages; its largest bases stand for the releases of
Llama, as in `benchmarks.reports`. Each format is written by a process of its own.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.reports import families_of
from lineage.analysis.family_graph import FamilyColumns
from lineage.domain.definitions import Definition
from lineage.store.reader import Snapshot
from tests.questions import family_columns

FORMATS = ("graph alone", "graphml", "gexf", "dot", "csv", "jsonl", "parquet")


def write(format: str, snapshot: Snapshot, folder: Path) -> tuple[int, int]:
    """Write one format; return how many models it is about, and its bytes."""
    from lineage.analysis.cut_tables import cut_manifest_to_scope, cut_tables_to_scope
    from lineage.analysis.family_graph import make_family_graph
    from lineage.cli.output import print_text_output
    from lineage.export import FORMATS as WRITERS
    from lineage.export import export_graph
    from lineage.store.table_writer import write_snapshot_tables

    columns: FamilyColumns = family_columns(
        snapshot, "llama", families_of(snapshot, True)[1], Definition()
    )
    out = folder / format
    if format == "graph alone":
        return make_family_graph(columns).number_of_nodes(), 0
    if format == "parquet":
        write_snapshot_tables(
            out, cut_tables_to_scope(columns), cut_manifest_to_scope(snapshot.manifest, "llama")
        )
    else:
        print_text_output(export_graph(WRITERS[format], columns, "llama"), str(out))
    files: Sequence[Path] = list(out.iterdir()) if out.is_dir() else [out]
    return 0, sum(file.stat().st_size for file in files)


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("store")
    arguments.add_argument("--only", choices=FORMATS, help="write one format in this process")
    given = arguments.parse_args()
    if given.only:
        from lineage.domain.opt_outs import NO_OPT_OUTS
        from lineage.store.store import ParquetStore

        with tempfile.TemporaryDirectory() as folder:
            snapshot = ParquetStore(given.store, NO_OPT_OUTS).snapshot()
            models, size = write(given.only, snapshot, Path(folder))
        used = resource.getrusage(resource.RUSAGE_SELF)
        name = f"{given.only}, {models:,} models" if models else given.only
        print(f"| {name} | {used.ru_utime + used.ru_stime:.1f} | ", end="")
        print(f"{used.ru_maxrss / 1024:.0f} | {size / 2**20:.1f} |")
        return
    print(f"{datetime.now(UTC):%Y-%m-%d}\n\n| format | CPU s | peak MiB | MiB |\n|---|--:|--:|--:|")
    for format in FORMATS:
        command = [sys.executable, "-m", "benchmarks.exports", given.store, "--only", format]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
