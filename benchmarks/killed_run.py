"""One run of `benchmarks.kills` as a process: says on standard output which phase it is in."""

import json
import sys

from lineage.domain.progress import Progress

MARK = "phase: "
READY, PRUNE = "start", "prune"
AFTER = {
    "settle names, merge evidence, count": "check and publish",
    "ask about the missing": "publish once the missing are asked about",
}
"""What comes after a stage and tells of none itself: checks, files, manifest, page log."""


class Told(Progress):
    """Prints each stage as it begins."""

    def __init__(self) -> None:
        self._stage = ""

    def begin(self, stage: str, total: int | None = None) -> None:
        self._stage = stage
        tell(stage)

    def end(self) -> None:
        if (after := AFTER.get(self._stage)) is not None:
            tell(after)


def tell(phase: str) -> None:
    """Print a phase at once."""
    sys.stdout.write(f"{MARK}{phase}\n")
    sys.stdout.flush()


def main(flags: str, run: str) -> None:
    """Make one run with these settings."""
    from lineage.cli.main import lineage as program
    from lineage.crawl.plan import CrawlMode
    from lineage.crawl.runs import crawl
    from lineage.settings import load_settings

    said = json.loads(flags)
    if run == PRUNE:
        tell(PRUNE)
        command = [
            "snapshots",
            "prune",
            "--keep",
            "1 yearly",
            "--store",
            said["store"],
            "--format",
            "csv",
        ]
        program.main(command, standalone_mode=False)
        return
    tell(READY)
    crawl(load_settings(said), mode=CrawlMode(run), progress=Told())


if __name__ == "__main__":
    main(*sys.argv[1:])
