"""The story of the demo: a box is crawled as the Hub would be, then the snapshot is asked."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from lineage.analysis.counts import count_base, count_family
from lineage.analysis.ladders import ladder_of_release
from lineage.analysis.results import Count, Ladder, Tree
from lineage.analysis.traces import trace
from lineage.analysis.trees import tree_of_family
from lineage.analysis.verdicts import Trace
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
ASKED_BY_NAME = (
    ("Vicuna v1.5", "lmsys/vicuna-7b-v1.5"),
    ("Vicuna v1.3", "lmsys/vicuna-7b-v1.3"),
    ("Alpaca", "tatsu-lab/alpaca-7b-wdiff"),
    ("Koala", "young-geng/koala"),
    ("Dolly v2", "databricks/dolly-v2-12b"),
    ("RedPajama", "togethercomputer/RedPajama-INCITE-7B-Base"),
)
"""Names that the press gives as children of Llama; two are none."""

_EXPLAINED = "llama-2"
_DEPTH = 3
_FOLD_BELOW = 2000
"""Keeps the tree of the corpus on one screen."""


@dataclass(frozen=True, slots=True)
class Sights:
    """What the demo shows of its snapshot."""

    by_release: Count
    bases: tuple[Count, ...]
    tree: Tree
    traces: tuple[tuple[str, Trace], ...]
    """Each with the name it is known by."""
    ladder: Ladder


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
    explained = next(release for release in llama.releases if release.id == _EXPLAINED)
    return Sights(
        count_family(asked, llama, rule, known, Grouping.RELEASE),
        tuple(count_base(asked, base, rule, known) for base in WELL_KNOWN),
        tree_of_family(asked, llama, rule, known, depth=_DEPTH, at_least=_FOLD_BELOW),
        tuple((name, trace(asked, id, llama, known)) for name, id in ASKED_BY_NAME),
        ladder_of_release(asked, llama, explained, known),
    )


def _port_of_the_last(folder: Path) -> int:
    """Return the port of the newest snapshot's box; 0, which means any, where there is none."""
    taken = ParquetStore(settings_of(folder, "").store).manifests()
    return (urlsplit(taken[-1].origin.endpoint).port or 0) if taken else 0
