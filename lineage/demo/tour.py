"""The story of the demo: a box is crawled as the Hub would be, then the snapshot is asked."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from lineage.analysis.counts import count_base, count_family
from lineage.analysis.results import Count, Tree
from lineage.analysis.trees import tree_of_family
from lineage.demo.box import HubBox
from lineage.demo.corpus_rows import corpus_rows
from lineage.demo.shelf import Shelf
from lineage.domain.definitions import Definition, Grouping
from lineage.errors import SettingsError
from lineage.families.registry import all_families, family
from lineage.progress import Progress
from lineage.settings import Settings
from lineage.store.store import ParquetStore
from lineage.wiring import CrawlReport, crawl

SOURCES = (
    "MSC-empirical/msc-empirical, hakanotal/hf-dep-network-analysis, park-jay/huggingface-network, "
    "anuska58/huggingface-network, hlzhang109/causal-eval, felipemaiapolo/sloth"
)
"""The public repositories that the corpus was put together from; its README says what each told."""

WELL_KNOWN = (
    "meta-llama/Llama-2-7b-hf",
    "meta-llama/Meta-Llama-3-8B",
    "meta-llama/Llama-3.1-8B",
    "meta-llama/Llama-3.1-8B-Instruct",
    "mistralai/Mistral-7B-v0.1",
    "Qwen/Qwen2.5-7B",
    "google/gemma-2-9b-it",
)
_DEPTH = 3
_FOLD_BELOW = 1000
"""Keeps the tree of the corpus on one screen."""


@dataclass(frozen=True, slots=True)
class Sights:
    """What the demo shows of its snapshot."""

    by_release: Count
    bases: tuple[Count, ...]
    tree: Tree


def settings_of(folder: Path, endpoint: str) -> Settings:
    """Return the settings of a demo: nothing is taken from the user's own, least of all a token."""
    return Settings(
        store=str(folder / "snapshots"), cache=str(folder / "cache"), endpoint=endpoint, token=None
    )


def crawl_the_box(folder: Path, progress: Progress) -> CrawlReport:
    """Serve the corpus on this machine, crawl it and publish a snapshot in the folder.

    A second demo serves at the address of the first: one store never mixes two Hubs.
    """
    progress.begin("fill the box")
    shelf = Shelf(corpus_rows())
    progress.end()
    port = _port_of_the_last(folder)
    try:
        box = HubBox(shelf, port=port)
    except OSError as error:
        raise SettingsError(
            f"port {port}, where the snapshots in {folder} were taken, cannot be had",
            "wait for who uses it, or take another folder: lineage demo --folder other",
        ) from error
    with box:
        return crawl(settings_of(folder, box.url), progress=progress)


def look_around(folder: Path, snapshot: str) -> Sights:
    """Ask a snapshot of the demo what is worth seeing."""
    asked = ParquetStore(settings_of(folder, "").store).snapshot(snapshot)
    rule, known, llama = Definition(), all_families(), family("llama")
    return Sights(
        count_family(asked, llama, rule, known, Grouping.RELEASE),
        tuple(count_base(asked, base, rule, known) for base in WELL_KNOWN),
        tree_of_family(asked, llama, rule, known, depth=_DEPTH, at_least=_FOLD_BELOW),
    )


def _port_of_the_last(folder: Path) -> int:
    """Return the port of the newest snapshot's box; 0, which means any, where there is none."""
    taken = ParquetStore(settings_of(folder, "").store).manifests()
    return (urlsplit(taken[-1].origin.endpoint).port or 0) if taken else 0
