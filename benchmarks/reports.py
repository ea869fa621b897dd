"""Reports of a family: seconds and memory of the trend report and the license report.

`python -m benchmarks.reports STORE` prints a Markdown table of the Llama family in the newest
snapshot of a store. `--made-up` is for a store of `benchmarks.synthetic_hub`, in which no name is
real: its largest bases then stand for Llama's official repositories. Each part runs in a process
of its own, imports included.
"""

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from lineage.analysis.scope import Scope
from lineage.domain.families import Family
from lineage.families.registry import all_families
from lineage.store.reader import Snapshot

PARTS = ("trend findings", "trend report", "license findings", "license report")


def families_of(snapshot: Snapshot, made_up: bool) -> tuple[Family, Sequence[Family]]:
    """Return the Llama family with all others; of a made-up Hub its largest bases as releases."""
    families = list(all_families())
    at = next(place for place, family in enumerate(families) if family.id == "llama")
    if made_up:
        names = iter([base.id for base in snapshot.largest_bases(100)])
        families[at] = replace(
            families[at],
            releases=tuple(
                replace(one, official=(next(names),), mirrors=()) for one in families[at].releases
            ),
        )
    return families[at], families


def run(part: str, snapshot: Snapshot, made_up: bool) -> Iterator[int]:
    """Do one part; yield how many models it is about, then the bytes of each file."""
    llama, families = families_of(snapshot, made_up)
    if part.startswith("trend"):
        from lineage.analysis.growth.trends import find_trends
        from lineage.analysis.subjects import ResolvedSubject

        subject = ResolvedSubject("family:llama", family=llama)
        found = find_trends(None, Scope(snapshot, families), subject)
        yield found.models
    else:
        from lineage.analysis.licenses.judging import judge_licenses
        from lineage.analysis.subjects import find_subject

        scope = Scope(snapshot, families)
        judged = judge_licenses(scope, find_subject(scope, "family:llama"))
        yield len(judged.rows)
    if part == "trend report":
        from lineage.reporting.files import trend_report_files
        from lineage.reporting.language import Language

        files = trend_report_files(found, snapshot.manifest, Language.ENGLISH, families)
        yield from (len(content) for _, content in files)
    if part == "license report":
        from lineage.reporting.files import license_report_files
        from lineage.reporting.language import Language

        files = license_report_files(judged, snapshot.manifest, Language.ENGLISH)
        yield from (len(content) for _, content in files)


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("store")
    arguments.add_argument("--made-up", action="store_true")
    arguments.add_argument("--only", choices=PARTS, help="run one part in this process")
    given = arguments.parse_args()
    if given.only:
        from lineage.domain.opt_outs import NO_OPT_OUTS
        from lineage.store.store import ParquetStore

        snapshot = ParquetStore(given.store, NO_OPT_OUTS).snapshot(None)
        models, *sizes = run(given.only, snapshot, given.made_up)
        used = resource.getrusage(resource.RUSAGE_SELF)
        print(f"{models:,} | {used.ru_utime + used.ru_stime:.1f} | ", end="")
        print(f"{used.ru_maxrss / 1024:.0f} | {sum(sizes) / 2**20:.1f}")
        return
    print(f"{datetime.now(UTC):%Y-%m-%d}\n")
    print("| part | models | CPU s | peak MiB | MiB written | wall s |\n|---|--:|--:|--:|--:|--:|")
    for part in PARTS:
        began = time.perf_counter()
        command = [sys.executable, "-m", "benchmarks.reports", given.store, "--only", part]
        command += ["--made-up"] if given.made_up else []
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
        print(f"| {part} | {told} | {time.perf_counter() - began:.1f} |", flush=True)


if __name__ == "__main__":
    main()
