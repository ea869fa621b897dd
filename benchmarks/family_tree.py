"""The family tree page: how long it takes to write, how large it is, how fast it opens.

`python -m benchmarks.family_tree STORE` prints Markdown: the Llama family of a store's newest
snapshot, and made-up families of other sizes; each page opened in Chromium several times.
"""

import argparse
import resource
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.synthetic_family import synthetic_report
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.families.registry import all_families, family
from lineage.reporting.family_tree import FamilyTreeReport
from lineage.store.store import ParquetStore
from tests.questions import family_tree, page_of

RUNS = 5
SIZES = (200_000,)
_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
_READY = "performance.getEntriesByName('ready')[0].startTime"
_HEAP = "performance.memory.usedJSHeapSize / 2 ** 20"
_TIMED = "() => {{ const began = performance.now(); {act}; return performance.now() - began; }}"
_ACTS = {
    "graph": "document.querySelector('#tab-graph').click()",
    "list": "document.querySelector('#tab-list').click()",
    "unfold": "document.querySelectorAll('#rows .twist')[{at}].click()",
    "filter": "document.querySelector('#relation-merge').click()",
    "search": (
        "const box = document.querySelector('#search'); box.value = '{text}'; "
        "box.dispatchEvent(new Event('input'))"
    ),
}


def measured(browser: Browser, file: Path) -> dict[str, float]:
    """Return milliseconds to first view and to interactive, and of acts; MiB of heap."""
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    opened.goto(file.as_uri())
    opened.wait_for_selector("html[data-ready=true]", timeout=60_000)
    found = {
        "first view": opened.evaluate(_PAINT),
        "interactive": opened.evaluate(_READY),
        "heap": opened.evaluate(_HEAP),
    }
    found["graph"] = _time(opened, "graph")
    _time(opened, "list")
    found["unfold"] = max(_time(opened, "unfold", at=at) for at in (1, 2))
    found["filter"] = _time(opened, "filter")
    found["search"] = max(_time(opened, "search", text=text) for text in ("llama", "mi"))
    opened.close()
    return found


def _time(opened: Page, act: str, **places: object) -> float:
    taken: float = opened.evaluate(_TIMED.format(act=_ACTS[act].format(**places)))
    return taken


def row(browser: Browser, name: str, report: FamilyTreeReport, folder: Path) -> str:
    """Write and open one page; return its row of the table."""
    began = time.perf_counter()
    text = page_of(report)
    written = time.perf_counter() - began
    file = folder / "page.html"
    file.write_text(text, "utf-8")
    runs = [measured(browser, file) for _ in range(RUNS)]
    median = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
    size = file.stat().st_size / 2**20
    numbers = (f"{median[key]:.0f}" for key in median)
    return f"| {name} | {written:.1f} | {size:.2f} | {' | '.join(numbers)} |"


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("store")
    given = arguments.parse_args()
    snapshot = ParquetStore(given.store, NO_OPT_OUTS).snapshot(None)
    began = time.perf_counter()
    llama = family_tree(snapshot, family("llama"), all_families())
    print(f"report of {llama.count.total:,} models: {time.perf_counter() - began:.1f} s; ", end="")
    print(f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB\n")
    print("| family | page s | MiB | first view ms | interactive ms | heap MiB | ", end="")
    print(
        "graph ms | unfold ms | filter ms | search ms |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
    )
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        options = ["--no-sandbox", "--enable-precise-memory-info"]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=options)
        print(row(browser, f"Llama, {llama.count.total:,}", llama, Path(folder)))
        for size in SIZES:
            report = synthetic_report(size, llama)
            print(row(browser, f"synthetic, {size:,}", report, Path(folder)))
        browser.close()


if __name__ == "__main__":
    main()
