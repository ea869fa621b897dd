"""A crawl as a process of its own: settings as JSON in, says when it is ready, exits as the CLI.

A second argument says what it is to be: a sweep, an update.
"""

import json
import sys

from lineage.cli.main import run_command_line
from lineage.crawl.plan import CrawlMode
from lineage.crawl.runs import crawl
from lineage.errors import LineageError
from lineage.settings import load_settings

READY = "ready"


def crawl_in_process(flags: str, mode: str = CrawlMode.FULL) -> int:
    settings = load_settings(json.loads(flags))
    sys.stdout.write(f"{READY}\n")
    sys.stdout.flush()
    try:
        report = crawl(settings, mode=CrawlMode(mode))
    except LineageError as error:
        sys.stderr.write(f"{error.message}\n{error.hint}\n")
        return error.exit_code
    sys.stdout.write(f"{report.manifest.id}\n")
    return 0


def prune_in_process(flags: str) -> None:
    run_command_line(
        ["snapshots", "prune", "--keep", "1 yearly", "--store", json.loads(flags)["store"]]
    )


if __name__ == "__main__":
    sys.exit(crawl_in_process(*sys.argv[1:]))
