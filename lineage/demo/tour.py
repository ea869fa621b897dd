"""What the demo asks its snapshots, once the weeks are crawled."""

from dataclasses import dataclass, replace
from pathlib import Path

from lineage.analysis.comparison import compare_definitions
from lineage.analysis.counts import count_subject
from lineage.analysis.diff.diffs import Diff, diff_snapshots
from lineage.analysis.growth.curves import curve_of_family
from lineage.analysis.growth.results import Curve
from lineage.analysis.results import Comparison, Count
from lineage.analysis.scope import Scope
from lineage.analysis.subjects import find_subject
from lineage.analysis.traces import trace_model
from lineage.analysis.tree.prune import Tree, build_tree
from lineage.analysis.verdicts import Trace
from lineage.demo.replay import Replay, settings_of
from lineage.demo.weeks import DeletedModels, History, UndatedModels, find_deleted_of_demo
from lineage.domain.definitions import Grouping
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.families.registry import all_families, family
from lineage.store.store import ParquetStore

SOURCES = (
    "MSC-empirical/msc-empirical, hakanotal/hf-dep-network-analysis, park-jay/huggingface-network, "
    "anuska58/huggingface-network, hlzhang109/causal-eval, felipemaiapolo/sloth, "
    "gabtos/open-source-ai-discovery, hamidahoderinwale/model_metadata_analyses, "
    "simonw/scrape-huggingface-models, ParisNeo/models_zoo, "
    "local-ai-zone/local-ai-zone.github.io, fboulnois/llm-leaderboard-csv, sbdzdz/wild-llamas, "
    "leliuga/cohere-configurations, enochlev/CS573_Documentation_Quality, "
    "mosesy5688-cell/ai-nexus, Xtra-Computing/LLM-DNA, AlexsJones/llmfit, "
    "SrJuggernaut/featherless-models-table, mitjafelicijan/gguf-list, "
    "namhyeokwoo/huggingface-trending, MacAaronGlacey/mispLLMsGalaxy, "
    "shalini-k-git/open-source-ai-model-hub-trends"
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
_MOST_DELETED = 10
_MOST_BASES = 5


@dataclass(frozen=True, slots=True)
class TourResults:
    """What the demo shows: of its last snapshot, then of all of them."""

    by_release: Count
    bases: tuple[Count, ...]
    tree: Tree
    traces: tuple[tuple[str, Trace], ...]
    """Each with the name it is known by."""
    comparison: Comparison
    curve: Curve
    deleted: DeletedModels
    diff: Diff
    """Between the first and the last snapshot."""
    undated: UndatedModels


def ask_tour_questions(folder: Path, history: History, followed: Replay) -> TourResults:
    """Ask the snapshots of the demo what is worth seeing."""
    store = ParquetStore(settings_of(folder, "").store, NO_OPT_OUTS)
    first, last = (store.snapshot(followed.manifests[at].id) for at in (0, -1))
    known, llama = all_families(), family("llama")
    scope = Scope(last, known)
    whole = find_subject(scope, "family:llama")
    explained = find_subject(scope, f"release:{_EXPLAINED}")
    return TourResults(
        count_subject(scope, whole, Grouping.RELEASE),
        tuple(count_subject(scope, find_subject(scope, id)) for id in WELL_KNOWN),
        build_tree(scope, whole, depth=_DEPTH, min_size=_FOLD_BELOW),
        tuple((name, trace_model(scope, id, llama)) for name, id in ASKED_BY_NAME),
        compare_definitions(scope, explained),
        curve_of_family(store, llama, known, Grouping.RELEASE),
        find_deleted_of_demo(last, history.gone_from, _MOST_DELETED),
        _cut_tour_to_family(diff_snapshots(first, last, known), llama.id),
        history.count_undated(),
    )


def _cut_tour_to_family(found: Diff, family: str) -> Diff:
    """Return a difference cut down to one family and a few bases."""
    return replace(
        found,
        families=tuple(one for one in found.families if one.family == family),
        bases_gained=found.bases_gained[:_MOST_BASES],
        bases_lost=found.bases_lost[:_MOST_BASES],
    )
