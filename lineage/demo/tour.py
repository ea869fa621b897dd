"""The five questions that the demo asks its history, with their answers in a sentence each."""

from dataclasses import dataclass
from pathlib import Path

from lineage.analysis.comparison import compare_definitions
from lineage.analysis.counts import count_subject
from lineage.analysis.groups import MIXED, UNKNOWN
from lineage.analysis.growth.curves import curve_of_family
from lineage.analysis.growth.results import Curve
from lineage.analysis.licenses.judging import judge_licenses
from lineage.analysis.licenses.statements import LicenseFindings
from lineage.analysis.results import Comparison, ComparisonStep
from lineage.analysis.scope import Scope
from lineage.analysis.subjects import find_subject
from lineage.analysis.traces import trace_model
from lineage.analysis.verdicts import Trace
from lineage.demo.replay import Replay, demo_settings
from lineage.domain.clock import spell_day_of_moment
from lineage.domain.definitions import Grouping
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.families.registry import all_families, family
from lineage.reporting.language import Language, load_texts
from lineage.reporting.license_matrix import license_headline
from lineage.store.store import ParquetStore

SOURCES = (
    "MSC-empirical/msc-empirical",
    "hakanotal/hf-dep-network-analysis",
    "park-jay/huggingface-network",
    "anuska58/huggingface-network",
    "hlzhang109/causal-eval",
    "felipemaiapolo/sloth",
    "gabtos/open-source-ai-discovery",
    "hamidahoderinwale/model_metadata_analyses",
    "simonw/scrape-huggingface-models",
    "ParisNeo/models_zoo",
    "local-ai-zone/local-ai-zone.github.io",
    "fboulnois/llm-leaderboard-csv",
    "sbdzdz/wild-llamas",
    "leliuga/cohere-configurations",
    "enochlev/CS573_Documentation_Quality",
    "mosesy5688-cell/ai-nexus",
    "Xtra-Computing/LLM-DNA",
    "AlexsJones/llmfit",
    "SrJuggernaut/featherless-models-table",
    "mitjafelicijan/gguf-list",
    "namhyeokwoo/huggingface-trending",
    "MacAaronGlacey/mispLLMsGalaxy",
    "shalini-k-git/open-source-ai-model-hub-trends",
)
"""The public repositories that the corpus was put together from; its README says what each told."""

BASE = "meta-llama/Llama-3.1-8B"
DELETED = "ResplendentAI/Theory_of_Mind_Llama3"
"""The deleted model of the corpus with most models below it."""


@dataclass(frozen=True, slots=True)
class TourAnswer:
    """A question that people ask, and what the demo's history says."""

    question: str
    command: str
    """What asks it, where the store is known."""
    answer: str


@dataclass(frozen=True, slots=True)
class TourResults:
    """What the demo shows of its history."""

    answers: tuple[TourAnswer, ...]
    curve: Curve
    """The Llama family by release."""
    licenses: LicenseFindings


def ask_tour_questions(folder: Path, weeks: Replay) -> TourResults:
    """Ask the snapshots of the demo."""
    # The demo is the corpus; a list of opt-outs is about the Hub, and would change its numbers.
    store = ParquetStore(demo_settings(folder, "").store, NO_OPT_OUTS)
    llama, families = family("llama"), all_families()
    scope = Scope(store.snapshot(weeks.manifests[-1].id), families)
    base = find_subject(scope, BASE)
    curve = curve_of_family(store, llama, families, Grouping.RELEASE)
    licenses = judge_licenses(scope, find_subject(scope, "family:llama"))
    count = count_subject(scope, base)
    dates = f"{count.undated:,} have no known date"
    answers = (
        TourAnswer(
            "How many models descend from Llama 3.1 8B?",
            f"lineage count {BASE}",
            f"{count.total:,}, {count.direct:,} of them directly; {dates}.",
        ),
        TourAnswer(
            "Why does somebody else publish another number?",
            f"lineage count {BASE} --explain",
            _answer_tour_comparison(compare_definitions(scope, base)),
        ),
        TourAnswer(
            "Where does this model come from, and who says so?",
            f"lineage trace {DELETED}",
            _answer_tour_trace(trace_model(scope, DELETED, llama)),
        ),
        TourAnswer(
            "How does the Llama family grow?",
            "lineage snapshots trend llama --by release",
            _answer_tour_curve(curve),
        ),
        TourAnswer(
            "Whose license tag differs from the terms of the release?",
            "lineage report licenses",
            license_headline(licenses, load_texts(Language.ENGLISH, "licenses")) + ".",
        ),
    )
    return TourResults(answers, curve, licenses)


def _answer_tour_comparison(comparison: Comparison) -> str:
    number = {line.step: line.number for line in comparison.steps}
    return (
        f"{number[ComparisonStep.DIRECT]:,} one link below it without merges, "
        f"{number[ComparisonStep.MERGES]:,} by default, "
        f"{number[ComparisonStep.CURATED]:,} with mirrors and curated links, "
        f"{number[ComparisonStep.DOWNLOADS]:,} of these with 10 downloads or more: "
        "a row for each definition."
    )


def _answer_tour_trace(trace: Trace) -> str:
    steps = len(trace.paths[0])
    text = f"From {trace.roots[0].release}, in {steps} step{'s' * (steps != 1)}, "
    text += "each with the words that declare it"
    if trace.deletion is not None:
        text += f"; found deleted on {spell_day_of_moment(trace.deletion.missed_at)}"
    return f"{text}."


def _answer_tour_curve(curve: Curve) -> str:
    first, last = (curve.whole.values[at].total for at in (0, -1))
    gain = {
        line.key: line.values[-1].total - line.values[0].total
        for line in curve.parts
        if line.key not in (MIXED, UNKNOWN)
    }
    most = max(gain, key=lambda name: gain[name])
    weeks = (curve.moments[-1].taken_at - curve.moments[0].taken_at).days // 7
    numbers = f"{first:,} to {last:,} models in {weeks} weeks of this sample"
    return f"From {numbers}; {most} adds most, {gain[most]:,}."
